package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// dcCommentRoutes are comments; they are created as contents, and resolved by a resource of the pages' own scripts
// (dc-api.md section 5).
var dcCommentRoutes = []route{
	{method: "GET", template: "/rest/api/content/{id}/child/comment", api: dc, handle: listCommentsDC},
	{method: "GET", template: "/rest/inlinecomments/1.0/comments", api: dc, handle: listInline, evidence: byClient, gap: "the form of a row is general knowledge"},
	{method: "POST", template: "/rest/inlinecomments/1.0/comments", api: dc, guard: forKnown, prepare: prepareInline, handle: createInline, evidence: byMemory, gap: "the form is general knowledge"},
	{method: "GET", template: "/rest/inlinecomments/1.0/comments/{id}", api: dc, handle: getInline, evidence: byMemory},
	{method: "DELETE", template: "/rest/inlinecomments/1.0/comments/{id}", api: dc, guard: forKnown, handle: deleteInline, evidence: byMemory},
	{method: "GET", template: "/rest/inlinecomments/1.0/comments/{id}/replies", api: dc, handle: listInlineReplies, evidence: byMemory},
	{method: "POST", template: "/rest/inlinecomments/1.0/comments/{id}/replies", api: dc, guard: forKnown, prepare: prepareInline, handle: replyInline, evidence: byMemory},
	{method: "PUT", template: "/rest/inlinecomments/1.0/comments/{id}/resolve/{resolved}", api: dc, guard: forKnown, handle: resolveInline, evidence: byClient},
	{method: "PUT", template: "/rest/inlinecomments/1.0/comments/{id}/resolve/{resolved}/dangling/{dangling}", api: dc, guard: forKnown, handle: resolveInline, evidence: byClient},
	{method: "PATCH", template: "/rest/inlinecomments/1.0/comments/{id}/resolve/{resolved}", api: dc, guard: forKnown, handle: resolveInline, evidence: byMemory},
	{method: "PATCH", template: "/rest/inlinecomments/1.0/comments/{id}/resolve/{resolved}/dangling/{dangling}", api: dc, guard: forKnown, handle: resolveInline, evidence: byMemory},
}

// listCommentsDC lists the root comments of a content, with depth=all their replies too, of the places asked for (register
// row CO-09).
func listCommentsDC(c *call) (answer, error) {
	p, err := c.liveDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	depth, places := c.query.Get("depth"), c.list("location")
	if depth != "" && depth != "all" && depth != "root" {
		return answer{}, invalid("Invalid depth: " + depth)
	}
	for _, place := range places {
		if place != "footer" && place != "inline" && place != "resolved" {
			return answer{}, invalid("Invalid location: " + place)
		}
	}
	rows := slices.DeleteFunc(slices.Clone(p.comments()), func(m *content) bool {
		return depth != "all" && m.more.remark.replyTo != nil || len(places) > 0 && !slices.Contains(places, m.top().place())
	})
	e := c.expandDC("")
	return rowsDC(c, rows, 25, limitDC(1000, e, ""), c.sees, func(m *content) object { return c.contentDC(m.now(), e) })
}

// top is the comment that a thread begins with.
func (c *content) top() *content {
	for c.more.remark.replyTo != nil {
		c = c.more.remark.replyTo
	}
	return c
}

// place is where a comment is shown: at the foot, in the text, or put away as resolved.
func (c *content) place() string {
	switch r := c.more.remark; {
	case !r.inline:
		return "footer"
	case r.resolution == "resolved":
		return "resolved"
	}
	return "inline"
}

// remarkRequest is what a create of a comment has besides what every content has.
type remarkRequest struct {
	Location   string `json:"location"`
	Properties struct {
		Selection  string  `json:"originalSelection"`
		Matches    *int    `json:"numMatches"`
		Index      *int    `json:"matchIndex"`
		FetchTime  any     `json:"lastFetchTime"`
		Highlights *string `json:"serializedHighlights"`
	} `json:"inlineProperties"`
}

// commentDC creates a comment on a content, or a reply to a comment of it. Its author is the caller and its date is now
// (register rows CO-01, CO-08).
func (c *call) commentDC(on, replyTo *content, body string, extensions json.RawMessage) (*content, error) {
	var q remarkRequest
	if len(extensions) > 0 {
		if err := json.Unmarshal(extensions, &q); err != nil {
			return nil, invalid("Invalid extensions: " + err.Error())
		}
	}
	root := on.root()
	switch {
	case on.kind == comment || root.status != current || on.status != current:
		return nil, noContent(on.idText())
	case !root.space.allowed(c.user, "create", "comment"):
		return nil, notAllowed("You do not have permission to comment on the content with id " + on.idText())
	case replyTo != nil && replyTo.parent != on:
		return nil, invalid("The comment that is answered is on another content")
	case replyTo != nil:
		m := c.newComment(on, replyTo, body, replyTo.more.remark.inline)
		r, above := m.more.remark, replyTo.more.remark
		r.selection, r.dangling = above.selection, above.dangling
		return m, nil
	case q.Location == "inline":
		return c.inlineDC(on, body, &q)
	}
	return c.newComment(on, nil, body, false), nil
}

// inlineDC creates an inline comment: the marker goes into the stored body, which makes a version unless the option says
// otherwise (register row CO-03). Versions before 8 refuse it, and all do where one of four members is missing (CO-05,
// open-facts OF-40).
func (c *call) inlineDC(on *content, body string, q *remarkRequest) (*content, error) {
	if c.product.release < at(8, 0, 0) {
		return nil, &refusal{status: http.StatusBadRequest, title: "Could not create inline comment", valid: true, unauthorized: true}
	}
	var lack []string
	p := q.Properties
	for name, missing := range map[string]bool{
		"matchIndex": p.Index == nil, "numMatches": p.Matches == nil, "lastFetchTime": p.FetchTime == nil, "serializedHighlights": p.Highlights == nil,
	} {
		if missing {
			lack = append(lack, "inline.comment.create.missing."+name)
		}
	}
	slices.Sort(lack)
	if len(lack) > 0 || p.Selection == "" {
		return nil, &refusal{status: http.StatusBadRequest, title: "Could not create inline comment: " + strings.Join(lack, ", "), keys: lack}
	}
	ref := c.uuid("marker", text(c.world.next))
	marked, count, err := markup.Mark(c.heap.text(on.body), p.Selection, *p.Index, ref)
	if err != nil || count == 0 || *p.Index < 0 || *p.Index >= count || count != *p.Matches {
		return nil, invalid("The selection cannot be found in the content: it is there " + text(int64(count)) + " times")
	}
	if c.set.markerBumps {
		c.commit(on, "", false)
	}
	on.body = c.heap.putText(marked)
	m := c.newComment(on, nil, body, true)
	r := m.more.remark
	r.marker, r.selection, r.resolution = ref, p.Selection, "open"
	c.touch(on)
	return m, nil
}

// inlineOf returns the inline comment of a call.
func (c *call) inlineOf(id string) (*content, error) {
	m, err := c.findDC(id)
	if err == nil && (m.kind != comment || !m.more.remark.inline) {
		err = noContent(id)
	}
	return m, err
}

// inlineRow is an inline comment as the pages' own scripts see it.
func (c *call) inlineRow(m *content) object {
	r := m.more.remark
	return object{
		"id": m.id, "originalSelection": r.selection, "markerRef": r.marker, "body": c.heap.text(m.body), "authorUserName": m.creator.username,
		"authorDisplayName": m.creator.name, "lastModificationDate": int64(m.last.at), "containerId": m.parent.id, "containerVersion": m.parent.number(),
		"hasReplies": slices.ContainsFunc(m.parent.comments(), func(o *content) bool { return o.more.remark.replyTo == m }),
		"resolveProperties": object{
			"resolved": r.resolution == "resolved", "resolvedByDangling": r.dangling, "resolvedTime": int64(r.changedAt),
		},
		"hasDeletePermission": m.creator == c.user || m.space.allowed(c.user, "delete", "comment"), "hasResolvePermission": m.space.allowed(c.user, "create", "comment"),
	}
}

func listInline(c *call) (answer, error) {
	p, err := c.liveDC(c.query.Get("containerId"))
	if err != nil {
		return answer{}, err
	}
	rows := []object{}
	for _, m := range p.comments() {
		if m.more.remark.inline && m.more.remark.replyTo == nil {
			rows = append(rows, c.inlineRow(m))
		}
	}
	return ok(rows)
}

func getInline(c *call) (answer, error) {
	m, err := c.inlineOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	return ok(c.inlineRow(m))
}

func listInlineReplies(c *call) (answer, error) {
	m, err := c.inlineOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	rows := []object{}
	for _, o := range m.parent.comments() {
		if o.more.remark.replyTo == m {
			rows = append(rows, c.replyRow(o))
		}
	}
	return ok(rows)
}

func (c *call) replyRow(m *content) object {
	return object{
		"id": m.id, "commentId": m.more.remark.replyTo.id, "body": c.heap.text(m.body), "authorUserName": m.creator.username,
		"authorDisplayName": m.creator.name, "lastModificationDate": int64(m.last.at),
	}
}

// inlineRequest is the body of a create by the pages' own scripts.
type inlineRequest struct {
	ContainerID any    `json:"containerId"`
	Body        string `json:"body"`
	Selection   string `json:"originalSelection"`
	Matches     *int   `json:"numMatches"`
	Index       *int   `json:"matchIndex"`
	FetchTime   any    `json:"lastFetchTime"`
	Highlights  any    `json:"serializedHighlights"`
}

func prepareInline(c *call) (any, error) {
	var q inlineRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	text, err := c.normalise(q.Body, nil, "comment", c.r.URL.Path)
	q.Body = text
	return &q, err
}

func createInline(c *call) (answer, error) {
	q := c.prepared.(*inlineRequest)
	on, err := c.liveDC(strings.Trim(string(encode(q.ContainerID)), `"`))
	if err != nil {
		return answer{}, err
	}
	var r remarkRequest
	highlights := string(encode(q.Highlights))
	r.Properties.Selection, r.Properties.Matches, r.Properties.Index = q.Selection, q.Matches, q.Index
	if r.Properties.FetchTime = q.FetchTime; q.Highlights != nil {
		r.Properties.Highlights = &highlights
	}
	if !on.space.allowed(c.user, "create", "comment") {
		return answer{}, notAllowed("You do not have permission to comment")
	}
	m, err := c.inlineDC(on, q.Body, &r)
	if err != nil {
		return answer{}, err
	}
	return ok(c.inlineRow(m))
}

func replyInline(c *call) (answer, error) {
	q := c.prepared.(*inlineRequest)
	m, err := c.inlineOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	reply, err := c.commentDC(m.parent, m, q.Body, nil)
	if err != nil {
		return answer{}, err
	}
	return ok(c.replyRow(reply))
}

func deleteInline(c *call) (answer, error) {
	m, err := c.inlineOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if m.creator != c.user && !m.space.allowed(c.user, "delete", "comment") {
		return answer{}, notAllowed("You do not have permission to delete the comment")
	}
	c.dropThread(m)
	return status204()
}

// resolveInline resolves or reopens an inline comment (register row CO-07). Instances differ in the method that they
// take (open-facts OF-40).
func resolveInline(c *call) (answer, error) {
	if c.set.resolveBy != "both" && c.set.resolveBy != c.r.Method {
		return answer{}, fail(http.StatusMethodNotAllowed, "", "HTTP 405 Method Not Allowed")
	}
	m, err := c.inlineOf(c.params[0])
	if err != nil {
		return answer{}, err
	}
	r := m.top().more.remark
	switch {
	case !m.space.allowed(c.user, "create", "comment"):
		return answer{}, notAllowed("You do not have permission to resolve the comment")
	case c.params[1] == "true":
		r.resolution = "resolved"
	case c.params[1] == "false":
		r.resolution = "reopened"
	default:
		return answer{}, invalid("Invalid value for resolved: " + c.params[1])
	}
	r.changedBy, r.changedAt = c.user, c.stamp()
	c.happens(m, "updated")
	c.touch(m)
	return ok(c.inlineRow(m.top()))
}
