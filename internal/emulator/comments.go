package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// commentRequest is the body of create and update of comments.
type commentRequest struct {
	PageID       string          `json:"pageId"`
	BlogPostID   string          `json:"blogPostId"`
	CustomID     string          `json:"customContentId"`
	AttachmentID string          `json:"attachmentId"`
	ParentID     string          `json:"parentCommentId"`
	Body         json.RawMessage `json:"body"`
	Resolved     *bool           `json:"resolved"`
	Version      *struct {
		Number  int    `json:"number"`
		Message string `json:"message"`
	} `json:"version"`
	Inline struct {
		Selection string `json:"textSelection"`
		Count     int    `json:"textSelectionMatchCount"`
		Index     int    `json:"textSelectionMatchIndex"`
	} `json:"inlineCommentProperties"`

	sent sentBody
}

func prepareComment(c *call) (any, error) {
	var q commentRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	var err error
	q.sent, err = c.readBody(q.Body, nil, "comment", q.PageID, q.BlogPostID, q.CustomID, q.AttachmentID, q.ParentID)
	return &q, err
}

// resolution is what an inline comment's state is called.
func (r *remark) state() string {
	if r.dangling {
		return "dangling"
	}
	return r.resolution
}

// commentV2 is a comment as REST v2 shows it; member names of the container differ by list.
func (c *call) commentV2(m *content) object {
	r := m.more.remark
	o := object{
		"id": m.idText(), "status": m.root().status.String(), "title": m.heading(), "version": versionV2(m.number(), &m.last),
		"body": object{}, "_links": object{"webui": m.webUI()},
	}
	switch m.parent.kind {
	case page:
		o["pageId"] = m.parent.idText()
	case blogPost:
		o["blogPostId"] = m.parent.idText()
	case attachment:
		o["attachmentId"] = m.parent.idText()
	case customContent:
		o["customContentId"] = m.parent.idText()
	}
	if r.replyTo != nil {
		o["parentCommentId"] = r.replyTo.idText()
	}
	if r.inline {
		o["resolutionStatus"] = cmp.Or(r.state(), "open") // nobody has settled it yet
		if r.changedBy != nil {
			o["resolutionLastModifierId"], o["resolutionLastModifiedAt"] = r.changedBy.id, r.changedAt.String()
		}
		o["properties"] = object{"inlineMarkerRef": r.marker, "inlineOriginalSelection": r.selection}
	}
	return o
}

// commentRows answers a listing of comments, whose rows lack the members of without.
func (c *call) commentRows(rows []*content, without []string, keep func(*content) bool) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	o, err := c.order("created-date", "modified-date")
	if err != nil {
		return answer{}, err
	}
	states, err := c.statuses([]string{"current", "archived", "trashed", "deleted", "historical", "draft"}, current, archived, draft)
	if err != nil {
		return answer{}, err
	}
	picked, cursor := pick(rows, func(m *content) bool { return states[m.root().status] && keep(m) && c.sees(m) }, o, w)
	var out []object
	for _, m := range picked {
		row := c.commentV2(m)
		if row["body"], err = c.bodyV2(m, m.body, bulkForms...); err != nil {
			return answer{}, err
		}
		for _, member := range without {
			delete(row, member)
		}
		out = append(out, row)
	}
	return c.listing(out, cursor)
}

// resolvedMembers say who resolved an inline comment and when; listings of one content do not have them.
var resolvedMembers = []string{"resolutionLastModifierId", "resolutionLastModifiedAt"}

// containerMembers say what a comment belongs to. Listings of replies do not have them either.
var containerMembers = append([]string{"pageId", "blogPostId", "attachmentId", "customContentId"}, resolvedMembers...)

// listComments lists the root comments of a content, footer or inline.
func listComments(k kind, inline bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(numeric(c.params[0]), k)
		if err != nil {
			return answer{}, err
		}
		states := c.list("resolution-status")
		return c.commentRows(p.comments(), resolvedMembers, func(m *content) bool {
			r := m.more.remark
			return r.inline == inline && r.replyTo == nil && (len(states) == 0 || slices.Contains(states, r.state()))
		})
	}
}

// listAllComments lists the comments of the whole site.
func listAllComments(inline bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		return c.commentRows(c.world.comments, nil, func(m *content) bool { return m.more.remark.inline == inline })
	}
}

func listReplies(inline bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		m, err := c.comment(inline)
		if err != nil {
			return answer{}, err
		}
		return c.commentRows(m.parent.comments(), containerMembers, func(r *content) bool { return r.more.remark.replyTo == m })
	}
}

// comment returns the comment of the call.
func (c *call) comment(inline bool) (*content, error) {
	m, err := c.visible(c.params[0], comment)
	if err == nil && m.more.remark.inline != inline {
		err = missing("comment", c.params[0])
	}
	return m, err
}

func getComment(inline bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		m, err := c.comment(inline)
		if err != nil {
			return answer{}, err
		}
		return c.singleVersion(m, c.single(c.commentV2(m)), singleForms)
	}
}

// commented returns what a new comment belongs to and answers.
func (c *call) commented(q *commentRequest) (on, replyTo *content, err error) {
	given := 0
	for _, ref := range []struct {
		id string
		k  kind
	}{{q.PageID, page}, {q.BlogPostID, blogPost}, {q.CustomID, customContent}, {q.AttachmentID, attachment}, {q.ParentID, comment}} {
		if ref.id == "" {
			continue
		}
		given++
		if on, err = c.visible(numeric(ref.id), ref.k); err != nil {
			return nil, nil, err
		}
	}
	if given != 1 {
		return nil, nil, invalid("Exactly one of pageId, blogPostId, attachmentId, customContentId and parentCommentId must be given")
	}
	if on.kind == comment {
		on, replyTo = on.parent, on
	}
	switch root := on.root(); {
	case root.status == trashed || on.status == trashed:
		return nil, nil, missing(nouns[on.kind], on.idText())
	case !root.space.allowed(c.user, "create", "comment"):
		return nil, nil, c.forbidden(nouns[on.kind], on.idText())
	}
	return on, replyTo, nil
}

func (c *call) newComment(on, replyTo *content, body string, inline bool) *content {
	m := &content{
		id: c.world.newID(), kind: comment, space: on.space, parent: on, creator: c.user, created: c.stamp(), firstAt: 1,
		body: c.heap.putText(body), last: version{at: c.stamp(), by: c.user}, more: &more{remark: &remark{replyTo: replyTo, inline: inline}},
	}
	c.add(m)
	c.touch(m)
	return m
}

func (c *call) commentAnswer(m *content, status int) (answer, error) {
	o := c.single(c.commentV2(m))
	o["body"] = object{"storage": object{"representation": "storage", "value": c.heap.text(m.body)}}
	a := answer{status: status, json: o}
	if status == http.StatusCreated {
		a.set("Location", c.r.URL.Path+"/"+m.idText())
	}
	return a, nil
}

func createFooterComment(c *call) (answer, error) {
	q := c.prepared.(*commentRequest)
	if !q.sent.given {
		return answer{}, invalid("'body' is required")
	}
	on, replyTo, err := c.commented(q)
	if err != nil {
		return answer{}, err
	}
	if replyTo != nil && replyTo.more.remark.inline {
		return answer{}, missing("comment", q.ParentID)
	}
	return c.commentAnswer(c.newComment(on, replyTo, q.sent.text, false), http.StatusCreated)
}

// createInlineComment puts a marker into the stored body without a new version (register row CO-02).
func createInlineComment(c *call) (answer, error) {
	q := c.prepared.(*commentRequest)
	if !q.sent.given {
		return answer{}, invalid("'body' is required")
	}
	on, replyTo, err := c.commented(q)
	if err != nil {
		return answer{}, err
	}
	if replyTo != nil {
		if !replyTo.more.remark.inline {
			return answer{}, missing("comment", q.ParentID)
		}
		m := c.newComment(on, replyTo, q.sent.text, true)
		r, above := m.more.remark, replyTo.more.remark
		r.marker, r.selection, r.resolution, r.dangling = above.marker, above.selection, "open", above.dangling
		return c.commentAnswer(m, http.StatusCreated)
	}
	ref := c.uuid("marker", text(c.world.next))
	body, count, err := markup.Mark(c.heap.text(on.body), q.Inline.Selection, q.Inline.Index, ref)
	switch {
	case err != nil:
		return answer{}, invalid("The content cannot be commented inline: " + err.Error())
	case count == 0 || count != q.Inline.Count || q.Inline.Index < 0 || q.Inline.Index >= count:
		return answer{}, invalid("The text selection does not match the content: found " + strconv.Itoa(count) + " times")
	}
	m := c.newComment(on, nil, q.sent.text, true)
	r := m.more.remark
	r.marker, r.selection, r.resolution = ref, q.Inline.Selection, "open"
	on.body = c.heap.putText(body)
	return c.commentAnswer(m, http.StatusCreated)
}

// anchor finds which inline comments of a content have their marker in the body (register row CO-06).
func (s *Site) anchor(p *content, body string) {
	var there []string
	for i, m := range p.comments() {
		if i == 0 {
			there = markup.Markers(body)
		}
		if r := m.more.remark; r.inline {
			r.dangling = !slices.Contains(there, r.marker)
		}
	}
}

func updateComment(inline bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*commentRequest)
		m, err := c.comment(inline)
		if err != nil {
			return answer{}, err
		}
		r := m.more.remark
		switch {
		case m.creator != c.user && !m.root().space.allowed(c.user, "administer", "space"):
			return answer{}, c.forbidden("comment", c.params[0])
		case q.Version == nil || q.Version.Number != m.number()+1:
			provided := 0
			if q.Version != nil {
				provided = q.Version.Number
			}
			return answer{}, failf(http.StatusConflict, "CONFLICT",
				"Version must be incremented when updating a comment. Current Version: [%d]. Provided version: [%d]", m.number(), provided)
		case r.dangling:
			return answer{}, invalid("A dangling comment cannot be updated")
		}
		if q.Resolved != nil && inline {
			r.resolution = map[bool]string{true: "resolved", false: "reopened"}[*q.Resolved]
			r.changedBy, r.changedAt = c.user, c.stamp()
		}
		c.commit(m, q.Version.Message, false)
		if q.sent.given {
			m.body = c.heap.putText(q.sent.text)
		}
		c.touch(m)
		return c.commentAnswer(m, http.StatusOK)
	}
}

// deleteComment removes a comment and the replies to it for good.
func deleteComment(inline bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		m, err := c.comment(inline)
		if err != nil {
			return answer{}, err
		}
		if m.creator != c.user && !m.root().space.allowed(c.user, "delete", "comment") {
			return answer{}, c.forbidden("comment", c.params[0])
		}
		c.dropThread(m)
		return status204()
	}
}

func (s *Site) dropThread(m *content) {
	for _, other := range slices.Clone(m.parent.comments()) {
		if other.more.remark.replyTo == m {
			s.dropThread(other)
		}
	}
	s.erase(m)
}
