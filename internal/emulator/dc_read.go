package emulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// noContent is the answer for what is not there or not visible, which look alike (register row ER-05).
func noContent(id string) error {
	return fail(http.StatusNotFound, "", "No content found with id: ContentId{id="+id+"}")
}

// notAllowed is a permission that the caller lacks.
func notAllowed(what string) error {
	return fail(http.StatusForbidden, "", "com.atlassian.confluence.api.service.exceptions.PermissionException: "+what)
}

// findDC returns a content that the caller may read, whatever its status.
func (c *call) findDC(id string) (*content, error) {
	n, err := strconv.ParseInt(numeric(id), 10, 64)
	p := c.world.contents[n]
	if err != nil || p == nil || p.kind == folder || !c.sees(p) {
		return nil, noContent(id)
	}
	return p, nil
}

// liveDC returns a content that is not in the trash and no draft.
func (c *call) liveDC(id string) (*content, error) {
	p, err := c.findDC(id)
	if err == nil && (p.status != current || p.root().status != current) {
		err = noContent(id)
	}
	return p, err
}

// statusesDC reads the status parameter: words of statuses, any for current and trashed (register rows DL-03, PG-15).
func (c *call) statusesDC() (map[string]bool, error) {
	out := map[string]bool{}
	for _, v := range c.list("status") {
		switch v {
		case "any":
			out["current"], out["trashed"] = true, true
		case "current", "trashed", "draft", "historical":
			out[v] = true
		default:
			return nil, invalid("Invalid status: " + v)
		}
	}
	if len(out) == 0 {
		out["current"] = true
	}
	return out, nil
}

const readDefault = "history,space,version"

// getContentDC is GET content/{id}. A past version takes status=historical and version (register row DL-11).
func getContentDC(c *call) (answer, error) {
	p, err := c.findDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	statuses, err := c.statusesDC()
	if err != nil {
		return answer{}, err
	}
	v, found := p.now(), false
	number, err := strconv.Atoi(c.query.Get("version"))
	switch {
	case err != nil && c.query.Get("version") != "":
		return answer{}, fail(http.StatusNotFound, "", "HTTP 404 Not Found")
	case err == nil && number > 0 && (statuses["historical"] || number == p.number()):
		v, found = p.then(number)
	case err == nil && number > 0:
	case statuses["draft"] && p.more != nil && p.more.pending != nil:
		v, found = p.draftOf(), true
	default:
		found = statuses[p.status.String()]
	}
	if p.root().status == trashed && !statuses["trashed"] && !statuses["historical"] {
		found = false
	}
	if !found {
		return answer{}, noContent(c.params[0])
	}
	return ok(c.wholeDC(c.contentDC(v, c.expandDC(readDefault)), "/rest/api/content"))
}

// listContentDC is GET content.
func listContentDC(c *call) (answer, error) {
	o, err := c.spanDC(25, c.expandDC(""))
	if err != nil {
		return answer{}, err
	}
	statuses, err := c.statusesDC()
	if err != nil {
		return answer{}, err
	}
	if statuses["historical"] {
		return answer{}, invalid("The status historical is not supported here")
	}
	lists, err := c.candidatesDC()
	if err != nil {
		return answer{}, err
	}
	title, byTitle := c.query["title"]
	day := c.query.Get("postingDay")
	rows := behind(lists, 0, false, o.start+o.limit+1, func(p *content) bool {
		return statuses[p.status.String()] && (!byTitle || fold(p.title) == fold(title[0])) &&
			(day == "" || p.kind == blogPost && p.created.time().Format("2006-01-02") == day)
	})
	return c.contentsDC(rows, c.sees)
}

// candidatesDC are the contents that a listing goes through, in lists by id: those of a list of ids, or of a type and
// space.
func (c *call) candidatesDC() ([][]*content, error) {
	if ids := c.list("ids"); len(ids) > 0 {
		var rows []*content
		for _, id := range ids {
			if p, err := c.findDC(id); err == nil && !slices.Contains(rows, p) {
				rows = append(rows, p)
			}
		}
		slices.SortFunc(rows, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
		return [][]*content{rows}, nil
	}
	k, err := kindDC(c.query.Get("type"))
	if err != nil {
		return nil, err
	}
	var lists [][]*content
	keys := c.list("spaceKey")
	for _, s := range c.world.spaces {
		if !s.sees(c.user) || len(keys) > 0 && !slices.ContainsFunc(keys, func(key string) bool { return foldKey(key) == foldKey(s.key) }) {
			continue
		}
		if title := c.query.Get("title"); k == page && title != "" && len(keys) == 1 && c.query.Get("status") == "" {
			if p := c.holder(page, s, title, 0); p != nil {
				lists = append(lists, []*content{p})
			}
			continue
		}
		lists = append(lists, c.inSpaceDC(s, k))
	}
	return lists, nil
}

// inSpaceDC are the contents of a kind in a space, by id.
func (c *call) inSpaceDC(s *space, k kind) []*content {
	switch k {
	case blogPost:
		return s.blogs
	case comment:
		var out []*content
		for _, p := range c.world.comments {
			if p.space == s {
				out = append(out, p)
			}
		}
		return out
	}
	return s.pages
}

func kindDC(name string) (kind, error) {
	switch name {
	case "", "page":
		return page, nil
	case "blogpost":
		return blogPost, nil
	case "comment":
		return comment, nil
	}
	return page, invalid("Unsupported content type: " + name)
}

var scanKinds = map[kind]string{page: "content", blogPost: "blog_post", comment: "comment"}

// scanContentDC is GET content/scan: by cursor, in the order of the ids (register row PG-10). The type is taken from the
// cursor where there is one.
func scanContentDC(c *call) (answer, error) {
	kind, err := kindDC(c.query.Get("type"))
	if err != nil {
		return answer{}, err
	}
	k, err := c.keysetDC(scanKinds[kind], 25)
	if err != nil {
		return answer{}, err
	}
	for other, name := range scanKinds {
		if name == k.kind {
			kind = other
		}
	}
	if scanKinds[kind] != k.kind {
		return answer{}, invalid("Invalid cursor: " + c.query.Get("cursor"))
	}
	statuses, err := c.statusesDC()
	if err != nil {
		return answer{}, err
	}
	var lists [][]*content
	for _, s := range c.world.spaces {
		if key := c.query.Get("spaceKey"); s.sees(c.user) && (key == "" || foldKey(key) == foldKey(s.key)) {
			lists = append(lists, c.inSpaceDC(s, kind))
		}
	}
	e := c.expandDC("")
	k.limit = limitDC(k.limit, e, "")
	match := func(p *content) bool {
		return statuses[p.status.String()] && (p.kind != comment || p.root().status != trashed)
	}
	return ok(c.scanDC(lists, k, match, func(p *content) object { return c.contentDC(p.now(), e) }))
}

// childrenDC are the children of a content by kind. Older versions always cut at 25 (register row PG-09,
// CONFSERVER-52558).
func (c *call) childrenDC(p *content, e expansions, start, limit int) object {
	out, expandable := object{}, object{}
	for _, name := range []string{"attachment", "comment", "page"} {
		if name == "page" && p.kind != page {
			continue
		}
		path := c.selfDC(p) + "/child/" + name
		if !e[name] {
			expandable[name] = path
			continue
		}
		from, size := e.cut(name, limit)
		if from == 0 {
			from = start
		}
		if c.set.oldChildren || c.product.release < at(8, 0, 0) {
			from, size = 0, 25
		}
		out[name] = c.collectionDC(c.kidsDC(p, name), from, size, path, e.below(name))
	}
	out["_expandable"] = expandable
	out["_links"] = object{"self": c.base() + c.selfDC(p) + "/child"}
	return out
}

// kidsDC are the children of one kind that are not in the trash, in the order of the product.
func (c *call) kidsDC(p *content, name string) []*content {
	var list []*content
	switch name {
	case "page":
		list = c.children(p, c.stamp())
	case "comment":
		list = slices.DeleteFunc(slices.Clone(p.comments()), func(m *content) bool { return m.more.remark.replyTo != nil })
	case "attachment":
		list = slices.Clone(p.files())
	}
	return slices.DeleteFunc(list, func(k *content) bool { return k.status != current || k.kind.String() != name || !c.sees(k) })
}

// collectionDC is a list inside another answer.
func (c *call) collectionDC(rows []*content, start, limit int, path string, e expansions) object {
	from := min(start, len(rows))
	to := min(from+limit, len(rows))
	results := []object{}
	for _, k := range rows[from:to] {
		results = append(results, c.contentDC(k.now(), e))
	}
	links := object{"self": c.base() + path}
	if to < len(rows) {
		links["next"] = path + "?limit=" + strconv.Itoa(limit) + "&start=" + strconv.Itoa(from+limit)
	}
	return object{"results": results, "start": from, "limit": limit, "size": len(results), "_links": links}
}

// descendantsDC are the comments of a content with their replies; no other kind is supported.
func (c *call) descendantsDC(p *content, e expansions) object {
	path := c.selfDC(p) + "/descendant"
	out := object{"_links": object{"self": c.base() + path}}
	if !e["comment"] {
		out["_expandable"] = object{"comment": path + "/comment"}
		return out
	}
	start, limit := e.cut("comment", 25)
	out["comment"] = c.collectionDC(c.repliesToo(p), start, limit, path+"/comment", e.below("comment"))
	out["_expandable"] = object{}
	return out
}

func (c *call) repliesToo(p *content) []*content {
	return slices.DeleteFunc(slices.Clone(p.comments()), func(m *content) bool { return m.status != current || !c.sees(m) })
}

// getChildrenDC is GET content/{id}/child: a map by kind of what is expanded.
func getChildrenDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	o, err := c.offsetsDC(25)
	if err != nil {
		return answer{}, err
	}
	return ok(c.wholeDC(c.childrenDC(p, c.expandDC(""), o.start, min(o.limit, 200)), ""))
}

// getChildTypeDC is GET content/{id}/child/{type}.
func getChildTypeDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	name := c.params[1]
	if !slices.Contains([]string{"page", "comment", "attachment"}, name) {
		return answer{}, invalid("Unsupported child type: " + name)
	}
	rows := c.kidsDC(p, name)
	if name == "comment" && strings.Contains(c.query.Get("depth"), "all") {
		rows = c.repliesToo(p)
	}
	return c.contentsDC(rows, everything)
}

func getDescendantsDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.wholeDC(c.descendantsDC(p, c.expandDC("")), ""))
}

func getDescendantTypeDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if c.params[1] != "comment" {
		return answer{}, invalid("Only comments are supported as descendants")
	}
	return c.contentsDC(c.repliesToo(p), everything)
}
