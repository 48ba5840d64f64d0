package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// removedRoutes are operations of REST v1 that the vendor took out of the documents: 410, but for callers with an API
// token on a site whose option ER-16 says legacy-v1 (register row ER-16, open-facts OF-45). Where no handler is named
// the answer is always 410.
var removedRoutes = []route{
	{method: "GET", template: "/wiki/rest/api/content", handle: legacyList},
	{method: "POST", template: "/wiki/rest/api/content", prepare: prepareLegacy, handle: legacyCreate},
	{method: "GET", template: "/wiki/rest/api/content/{id}", handle: legacyGet},
	{method: "PUT", template: "/wiki/rest/api/content/{id}", prepare: prepareLegacy, handle: legacyUpdate},
	{method: "DELETE", template: "/wiki/rest/api/content/{id}", handle: legacyDelete},
	{method: "GET", template: "/wiki/rest/api/content/{id}/history", handle: legacyHistory},
	{method: "GET", template: "/wiki/rest/api/content/{id}/child", handle: legacyChildren},
	{method: "GET", template: "/wiki/rest/api/content/{id}/child/comment", handle: childrenOfType("comment")},
	{method: "GET", template: "/wiki/rest/api/content/{id}/label", handle: legacyLabels},
	{method: "GET", template: "/wiki/rest/api/content/{id}/version", handle: legacyVersions},
	{method: "GET", template: "/wiki/rest/api/content/{id}/version/{versionNumber}", handle: legacyVersion},
	{method: "GET", template: "/wiki/rest/api/content/{id}/property", handle: legacyProperties},
	{method: "POST", template: "/wiki/rest/api/content/{id}/property", prepare: prepareLegacyProperty, handle: legacyCreateProperty},
	{method: "GET", template: "/wiki/rest/api/content/{id}/property/{key}", handle: legacyProperty},
	{method: "PUT", template: "/wiki/rest/api/content/{id}/property/{key}", prepare: prepareLegacyProperty, handle: legacyUpdateProperty},
	{method: "DELETE", template: "/wiki/rest/api/content/{id}/property/{key}", handle: legacyDeleteProperty},
	{method: "GET", template: "/wiki/rest/api/space", handle: legacySpaces},
	{method: "GET", template: "/wiki/rest/api/space/{spaceKey}", handle: legacySpace},
	{method: "GET", template: "/wiki/rest/api/space/{spaceKey}/content", handle: legacySpaceContent},
	{method: "GET", template: "/wiki/rest/api/space/{spaceKey}/content/{type}", handle: legacySpaceContent},
	{method: "GET", template: "/wiki/rest/api/space/{spaceKey}/property"}, {method: "POST", template: "/wiki/rest/api/space/{spaceKey}/property"},
	{method: "GET", template: "/wiki/rest/api/inlinetasks/search"}, {method: "GET", template: "/wiki/rest/api/inlinetasks/{taskId}"},
	{method: "PUT", template: "/wiki/rest/api/inlinetasks/{taskId}"},
	{method: "POST", template: "/wiki/rest/api/contentbody/convert/{to}", prepare: prepareLegacyConversion, handle: legacyConvert},
}

// legacyOf makes a removed operation a route.
func legacyOf(r route) route {
	prepare, handle := r.prepare, r.handle
	r.api, r.refuses, r.evidence = v1, true, byClient
	r.gap = "answers with the option legacy-v1 and an API token only"
	answers := func(c *call) bool { return handle != nil && c.set.legacyV1 && c.key == nil }
	if prepare != nil {
		r.prepare = func(c *call) (any, error) {
			c.mu.RLock()
			on := answers(c)
			c.mu.RUnlock()
			if !on {
				return nil, nil
			}
			return prepare(c)
		}
	}
	r.handle = func(c *call) (answer, error) {
		if !answers(c) {
			return answer{}, fail(http.StatusGone, "GONE", "This deprecated endpoint has been removed")
		}
		return handle(c)
	}
	return r
}

// legacyRequest is the body of a create or update of content.
type legacyRequest struct {
	ID     string  `json:"id"`
	Type   string  `json:"type"`
	Title  *string `json:"title"`
	Status string  `json:"status"`
	Space  *struct {
		Key string `json:"key"`
	} `json:"space"`
	Container *struct {
		ID any `json:"id"`
	} `json:"container"`
	Ancestors []struct {
		ID any `json:"id"`
	} `json:"ancestors"`
	Extensions struct {
		Location string `json:"location"`
	} `json:"extensions"`
	Body    json.RawMessage `json:"body"`
	Version *versionRequest `json:"version"`

	sent sentBody
}

func prepareLegacy(c *call) (any, error) {
	var q legacyRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	key := ""
	if q.Space != nil {
		key = q.Space.Key
	}
	var err error
	q.sent, err = c.readBody(q.Body, func() *space { return c.world.keys[foldKey(key)] }, append([]string{"legacy"}, c.params...)...)
	return &q, err
}

// page is the request as v2 would put it.
func (q *legacyRequest) page() *pageRequest {
	out := &pageRequest{ID: q.ID, Status: q.Status, Title: q.Title, Version: q.Version, sent: q.sent}
	if out.Status == "" {
		out.Status = "current"
	}
	if len(q.Ancestors) > 0 {
		parent := scalar(q.Ancestors[len(q.Ancestors)-1].ID)
		out.ParentID = &parent
	}
	return out
}

// legacyDefault are the expansions of an answer to a write.
var legacyDefault = []string{"body", "body.storage", "history", "space", "version", "ancestors", "container"}

func (c *call) legacyAnswer(p *content, members ...string) (answer, error) {
	e := c.expand()
	for _, m := range members {
		e[m] = true
	}
	return ok(c.whole(c.contentV1(p, e)))
}

// legacyCreate makes a page or blog post, or a comment; a page without ancestors stands at the root. Inline comments
// cannot be made (register row ER-06).
func legacyCreate(c *call) (answer, error) {
	q := c.prepared.(*legacyRequest)
	if q.Type == "comment" {
		return c.legacyComment(q)
	}
	k := page
	switch {
	case q.Type == "blogpost":
		k = blogPost
	case q.Type != "page":
		return answer{}, invalid("Cannot create content of type " + q.Type)
	case q.Space == nil:
		return answer{}, invalid("The space of the content is required")
	}
	s, err := c.spaceByKey(q.Space.Key)
	if err != nil {
		return answer{}, err
	}
	r := q.page()
	id := text(s.id)
	r.SpaceID = &id
	if r.ParentID == nil {
		c.query.Set("root-level", "true")
	}
	c.prepared = r
	made, err := createPage(k)(c)
	if err != nil {
		return made, err
	}
	n, err := strconv.ParseInt(made.json.(object)["id"].(string), 10, 64)
	if err != nil {
		return answer{}, err
	}
	return c.legacyAnswer(c.world.contents[n], legacyDefault...)
}

func (c *call) legacyComment(q *legacyRequest) (answer, error) {
	if q.Extensions.Location == "inline" {
		return answer{}, fail(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Inline comments cannot be created here")
	}
	if q.Container == nil || !q.sent.given {
		return answer{}, invalid("The container and the body of a comment are required")
	}
	on, err := c.any(scalar(q.Container.ID))
	if err != nil {
		return answer{}, err
	}
	if on.kind != page && on.kind != blogPost || !on.sees(c.user) || !on.space.allowed(c.user, "create", "comment") {
		return answer{}, c.forbidden("comment", on.idText())
	}
	var above *content
	if len(q.Ancestors) > 0 {
		if above, err = c.any(scalar(q.Ancestors[len(q.Ancestors)-1].ID)); err != nil || above.kind != comment || above.parent != on {
			return answer{}, invalid("The comment above is not on this content")
		}
	}
	return c.legacyAnswer(c.newComment(on, above, q.sent.text, false), legacyDefault...)
}

// legacyContent returns a page, blog post, comment or attachment of a state that is asked for.
func (c *call) legacyContent() (*content, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return nil, err
	}
	want := c.list("status")
	if p.kind == folder || len(want) == 0 && p.status != current || len(want) > 0 && !slices.Contains(want, "any") && !slices.Contains(want, p.status.String()) {
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No content found with id: ContentId{id=%s}", c.params[0])
	}
	return p, nil
}

func legacyGet(c *call) (answer, error) {
	p, err := c.legacyContent()
	if err != nil {
		return answer{}, err
	}
	members := []string{}
	if len(c.query["expand"]) == 0 {
		members = []string{"history", "space", "version"}
	}
	return c.legacyAnswer(p, members...)
}

func legacyUpdate(c *call) (answer, error) {
	q := c.prepared.(*legacyRequest)
	p, err := c.any(c.params[0])
	switch {
	case err != nil:
		return answer{}, err
	case p.kind != page && p.kind != blogPost:
		return answer{}, fail(http.StatusNotImplemented, "NOT_IMPLEMENTED", "Cannot validate update of content of type "+p.kind.String()) // open-facts OF-43
	case !p.edits(c.user):
		return answer{}, c.forbidden(nouns[p.kind], c.params[0])
	}
	r := q.page()
	r.ID = p.idText()
	if r.Title == nil {
		r.Title = &p.title
	}
	if err := c.checkUpdate(p, r); err != nil {
		return answer{}, err
	}
	switch {
	case p.status == trashed:
		_, err = c.restore(p, r)
	case p.status == archived:
		err = invalid("Archived content cannot be updated")
	case r.Status == "draft" && p.status != draft:
		_, err = c.savePending(p, r)
	default:
		_, err = c.update(p, r)
	}
	if err != nil {
		return answer{}, err
	}
	return c.legacyAnswer(p, legacyDefault...)
}

// legacyDelete puts content into the trash, with status=trashed or draft it removes it for good.
func legacyDelete(c *call) (answer, error) {
	n, err := strconv.ParseInt(numeric(c.params[0]), 10, 64)
	p := c.world.contents[n]
	if err != nil || p == nil || p.kind != page && p.kind != blogPost {
		return answer{}, failf(http.StatusNotFound, "NOT_FOUND", "No content found with id: ContentId{id=%s}", c.params[0])
	}
	switch c.query.Get("status") {
	case "trashed":
		c.query.Set("purge", "true")
	case "draft":
		c.query.Set("draft", "true")
	}
	return deletePage(p.kind)(c)
}

func legacyHistory(c *call) (answer, error) {
	p, err := c.legacyContent()
	if err != nil {
		return answer{}, err
	}
	return ok(c.whole(c.historyV1(p)))
}

func legacyChildren(c *call) (answer, error) {
	p, err := c.legacyContent()
	if err != nil {
		return answer{}, err
	}
	return ok(c.whole(c.familyV1(p, c.expand(), "child", 1)))
}

// legacyRows answers a list of contents.
func (c *call) legacyRows(all []*content) (answer, error) {
	start, limit, err := c.offset(25)
	if err != nil {
		return answer{}, err
	}
	e := c.expand()
	picked, more := slicePage(all, start, limit)
	rows := []object{}
	for _, p := range picked {
		rows = append(rows, c.contentV1(p, e))
	}
	return c.rowsV1(rows, start, limit, more)
}

// legacyList is GET content: by space, title, type and status; folders are not found there (open-facts OF-43).
func legacyList(c *call) (answer, error) {
	kind := c.query.Get("type")
	if kind == "" {
		kind = "page"
	}
	if kind == "folder" {
		return answer{}, fail(http.StatusNotImplemented, "NOT_IMPLEMENTED", "Cannot fetch folders with ContentFinder")
	}
	if kind != "page" && kind != "blogpost" {
		return answer{}, invalid("Cannot list content of type " + kind)
	}
	spaces := c.world.spaces
	if key := c.query.Get("spaceKey"); key != "" {
		s, err := c.spaceByKey(key)
		if err != nil {
			return answer{}, err
		}
		spaces = []*space{s}
	}
	var hits []*content
	for _, s := range spaces {
		if s.sees(c.user) {
			hits = append(hits, c.legacyOf(s, kind)...)
		}
	}
	return c.legacyRows(hits)
}

// legacyOf are the pages or blog posts of a space that the call asks for.
func (c *call) legacyOf(s *space, kind string) []*content {
	title, byTitle := c.query["title"]
	want := c.list("status")
	if len(want) == 0 {
		want = []string{"current"}
	}
	list := s.pages
	if kind == "blogpost" {
		list = s.blogs
	}
	var out []*content
	for _, p := range list {
		state := slices.Contains(want, p.status.String()) || slices.Contains(want, "any") && (p.status == current || p.status == trashed)
		if state && (!byTitle || fold(p.title) == fold(title[0])) && c.sees(p) {
			out = append(out, p)
		}
	}
	return out
}

func legacyLabels(c *call) (answer, error) {
	p, err := c.legacyContent()
	if err != nil {
		return answer{}, err
	}
	return ok(c.labelsV1(p.labels, "/rest/api/content/"+p.idText()+"/label"))
}

// legacyVersions lists the versions, newest first.
func legacyVersions(c *call) (answer, error) {
	p, err := c.legacyContent()
	if err != nil {
		return answer{}, err
	}
	start, limit, err := c.offset(200)
	if err != nil {
		return answer{}, err
	}
	rows := []object{}
	for n := p.number(); n >= int(p.firstAt); n-- {
		rows = append(rows, c.versionRowV1(p, n))
	}
	picked, more := slicePage(rows, start, limit)
	return c.rowsV1(picked, start, limit, more)
}

func legacyVersion(c *call) (answer, error) {
	p, err := c.legacyContent()
	if err != nil {
		return answer{}, err
	}
	n, err := strconv.Atoi(c.params[1])
	if _, _, found := p.versionAt(n); err != nil || !found {
		return answer{}, failf(http.StatusNotFound, "NOT_FOUND", "No version %s of content %s", c.params[1], c.params[0])
	}
	return ok(c.whole(c.versionRowV1(p, n)))
}

// versionRowV1 is one version of a content, an old one or the latest.
func (c *call) versionRowV1(p *content, n int) object {
	then := *p
	v, _, _ := p.versionAt(n)
	then.last, then.older = *v, p.older[:n-int(p.firstAt)]
	return c.versionV1(&then)
}

// legacySpaces gives at most 200 spaces whatever was asked for: a short page that is not the end (register row PG-03).
func legacySpaces(c *call) (answer, error) {
	start, limit, err := c.offsetTo(25, 1<<30)
	if err != nil {
		return answer{}, err
	}
	keys, kind, state := c.list("spaceKey"), c.query.Get("type"), c.query.Get("status")
	var hits []*space
	for _, s := range c.world.spaces {
		named := len(keys) == 0 || slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, s.key) })
		if named && s.sees(c.user) && (kind == "" || kind == s.kind) && (state == "" || state == s.status) {
			hits = append(hits, s)
		}
	}
	picked, more := slicePage(hits, start, min(limit, 200))
	rows := []object{}
	for _, s := range picked {
		rows = append(rows, c.spaceV1(s, false))
	}
	o := c.arrayV1(rows, start, len(picked), more)
	o["limit"] = limit
	return ok(o)
}

func legacySpace(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.spaceV1(s, c.expand()["homepage"] || c.expand()["description"]))
}

// legacySpaceContent lists the content of a space: of one type, or of both, each in a list of its own.
func legacySpaceContent(c *call) (answer, error) {
	s, err := c.spaceByKey(c.params[0])
	if err != nil {
		return answer{}, err
	}
	list := func(kind string) []*content {
		all := c.legacyOf(s, kind)
		if c.query.Get("depth") == "root" {
			all = slices.DeleteFunc(all, func(p *content) bool { return p.parent != nil })
		}
		return all
	}
	if len(c.params) > 1 {
		return c.legacyRows(list(c.params[1]))
	}
	o := object{"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/space/" + s.key + "/content"}}
	for _, kind := range []string{"page", "blogpost"} {
		a, err := c.legacyRows(list(kind))
		if err != nil {
			return answer{}, err
		}
		o[kind] = a.json
	}
	return ok(o)
}

func prepareLegacyConversion(c *call) (any, error) {
	var q conversionRequest
	return &q, c.decode(&q.Body)
}

// legacyConvert is the synchronous conversion of a body.
func legacyConvert(c *call) (answer, error) {
	q := c.prepared.(*conversionRequest)
	q.To = c.params[0]
	if err := q.check(); err != nil {
		return answer{}, err
	}
	in, on, err := c.contextOf(&conversionRequest{Space: c.query.Get("spaceKeyContext"), Content: c.query.Get("contentIdContext")})
	if err != nil {
		return answer{}, err
	}
	value, err := c.converted(q.Body.Value, q.Body.Representation, q.To, in, on)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"value": value, "representation": q.To, "embeddedContent": []object{}, "_expandable": object{"content": ""}})
}
