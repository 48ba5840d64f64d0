package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// childKindsV1 are the kinds of content that REST v1 names below another, in the order of its documents.
var childKindsV1 = []string{"attachment", "comment", "page", "whiteboard", "database", "embed", "folder"}

// under lists contents of one kind below p, at most so many levels down: pages and folders in tree order, comments and
// attachments of p itself. It reads the tree as it is: in the live suite of confluence.js these calls, unlike those of
// v2, show pages that were made a moment ago.
func (c *call) under(p *content, kind string, levels int) []*content {
	var out []*content
	add := func(sub *content) {
		if sub.kind.String() == kind && sub.status == current && c.sees(sub) {
			out = append(out, sub)
		}
	}
	switch kind {
	case "attachment":
		for _, f := range p.files() {
			add(f)
		}
	case "comment":
		for _, m := range p.comments() {
			if levels > 1 || m.more.remark.replyTo == nil {
				add(m)
			}
		}
	default:
		var walk func(*content, int)
		walk = func(at *content, level int) {
			kids := slices.Clone(at.kids)
			slices.SortStableFunc(kids, comparePlaces)
			for _, kid := range kids {
				add(kid)
				if level < levels && c.sees(kid) {
					walk(kid, level+1)
				}
			}
		}
		walk(p, 1)
	}
	return out
}

// anyDepth is deeper than REST v1 looks.
const anyDepth = 100

// familyV1 is the expansion of children or descendants: one list for each kind that is expanded. what is the segment of
// the address.
func (c *call) familyV1(p *content, e expansions, what string, levels int) object {
	self := "/rest/api/content/" + p.idText() + "/" + what
	out, expandable := object{}, object{}
	for _, kind := range childKindsV1 {
		if !e[kind] {
			expandable[kind] = self + "/" + kind
			continue
		}
		picked, more := slicePage(c.under(p, kind, levels), 0, 25)
		rows := []object{}
		for _, sub := range picked {
			rows = append(rows, c.contentV1(sub, e.below(kind)))
		}
		links := object{"self": c.base() + self + "/" + kind}
		if more {
			links["next"] = self + "/" + kind + "?start=25&limit=25"
		}
		out[kind] = object{"results": rows, "start": 0, "limit": 25, "size": len(rows), "_links": links}
	}
	out["_expandable"] = expandable
	out["_links"] = object{"self": c.base() + self}
	return out
}

// descendantsV1 is GET content/{id}/descendant.
func descendantsV1(c *call) (answer, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.whole(c.familyV1(p, c.expand(), "descendant", anyDepth)))
}

// descendantsOfType is GET content/{id}/descendant/{type}: at all levels unless a depth is given, root being one level.
func descendantsOfType(c *call) (answer, error) {
	levels := anyDepth
	switch v := c.query.Get("depth"); v {
	case "", "all":
	case "root":
		levels = 1
	default:
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > anyDepth {
			return answer{}, invalid("Invalid depth: " + v)
		}
		levels = n
	}
	return c.underOfType(c.params[1], levels)
}

func (c *call) underOfType(kind string, levels int) (answer, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !slices.Contains(childKindsV1, kind) {
		return answer{}, invalid("Invalid content type: " + kind)
	}
	start, limit, err := c.offset(25)
	if err != nil {
		return answer{}, err
	}
	e := c.expand()
	picked, more := slicePage(c.under(p, kind, levels), start, limit)
	rows := []object{}
	for _, sub := range picked {
		rows = append(rows, c.contentV1(sub, e))
	}
	return c.rowsV1(rows, start, limit, more)
}

// childrenOfType is content/{id}/child/page, folder or attachment, which answer although no document has them any more
// (register row ER-17).
func childrenOfType(kind string) func(*call) (answer, error) {
	return func(c *call) (answer, error) { return c.underOfType(kind, 1) }
}

// undocumentedRoutes answer although the vendor's documents do not have them.
var undocumentedRoutes = []route{
	{method: http.MethodGet, template: "/wiki/rest/api/content/{id}/child/page", api: v1, handle: childrenOfType("page"), evidence: byClient},
	{method: http.MethodGet, template: "/wiki/rest/api/content/{id}/child/folder", api: v1, handle: childrenOfType("folder"), evidence: byClient},
	{method: http.MethodGet, template: "/wiki/rest/api/content/{id}/child/attachment", api: v1, handle: childrenOfType("attachment"), evidence: byClient},
	{method: http.MethodGet, template: "/wiki/rest/api/content/{id}/child/label", api: v1, handle: noChildLabels, refuses: true, evidence: byClient},
	{method: http.MethodPost, template: "/wiki/rest/api/content/{id}/child/label", api: v1, handle: noChildLabels, refuses: true, evidence: byClient},
}

// noChildLabels is the answer to labels as children (register row ER-06).
func noChildLabels(*call) (answer, error) {
	return answer{}, fail(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Method Not Allowed")
}
