package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// contentRequest is what creates and updates contents of Data Center.
type contentRequest struct {
	ID     idText  `json:"id"`
	Type   string  `json:"type"`
	Status string  `json:"status"`
	Title  *string `json:"title"`
	Space  *struct {
		ID  idText `json:"id"`
		Key string `json:"key"`
	} `json:"space"`
	Ancestors []struct {
		ID idText `json:"id"`
	} `json:"ancestors"`
	Container *struct {
		ID   idText `json:"id"`
		Type string `json:"type"`
	} `json:"container"`
	Body     map[string]json.RawMessage `json:"body"`
	Position *int64                     `json:"position"`
	Version  *struct {
		Number  *int   `json:"number"`
		Message string `json:"message"`
		Minor   bool   `json:"minorEdit"`
	} `json:"version"`
	Metadata struct {
		Properties map[string]struct {
			Value json.RawMessage `json:"value"`
		} `json:"properties"`
	} `json:"metadata"`
	Extensions json.RawMessage `json:"extensions"`

	sent sentBody
}

// idText is an id, which clients send as a string or as a number.
type idText string

// UnmarshalJSON takes both forms.
func (t *idText) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	if s == "null" {
		s = ""
	}
	*t = idText(s)
	return nil
}

func (q *contentRequest) title() string {
	if q.Title == nil {
		return ""
	}
	return *q.Title
}

func (q *contentRequest) spaceKey() string {
	if q.Space == nil {
		return ""
	}
	return q.Space.Key
}

// prepareContentDC reads a create or an update and normalises its body before the lock is taken.
func prepareContentDC(c *call) (any, error) {
	var q contentRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	scope := append([]string{"dc", c.route.method, q.title(), q.spaceKey()}, c.params...)
	in := func() *space { return c.world.keys[foldKey(q.spaceKey())] }
	if len(c.params) > 0 {
		in = func() *space {
			if p, err := c.stored(c.params[0]); err == nil {
				return p.space
			}
			return nil
		}
	}
	for _, form := range []string{"storage", "wiki", "editor", "view", "export_view", "styled_view"} {
		raw, given := q.Body[form]
		if !given || string(raw) == "null" {
			continue
		}
		var body struct{ Value, Representation string }
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, invalid("Could not parse the body: " + err.Error())
		}
		text, err := c.storageDC(body.Value, form, body.Representation, in, scope...)
		if err != nil {
			return nil, err
		}
		q.sent = sentBody{given: true, text: text}
		break
	}
	return &q, nil
}

// homeless is a content that no space could be told for.
func homeless() error { return invalid("Space is required for creating content") }

// spaceOf finds the space that a request names.
func (c *call) spaceOf(q *contentRequest) (*space, error) {
	if q.Space == nil || q.Space.Key == "" && q.Space.ID == "" {
		return nil, homeless()
	}
	for _, s := range c.world.spaces {
		if (q.Space.Key != "" && foldKey(s.key) == foldKey(q.Space.Key) || q.Space.Key == "" && text(s.id) == string(q.Space.ID)) && s.sees(c.user) {
			return s, nil
		}
	}
	return nil, fail(http.StatusNotFound, "", "No space with key : "+q.Space.Key)
}

const writeDefault = "body.storage,history,space,container.history,container.version,version,ancestors"

// answerDC is what a write answers: the content with the expansions asked for, by default nearly all of it (open-facts
// OF-12).
func (c *call) answerDC(v shown) (answer, error) {
	e := c.expandDC(writeDefault)
	if c.set.bareWrites && c.route.method == "PUT" && !c.query.Has("expand") {
		delete(e, "body")
	}
	return ok(c.wholeDC(c.contentDC(v, e), "/rest/api/content"))
}

// createContentDC is POST content: pages, blog posts, comments, and drafts that get published.
func createContentDC(c *call) (answer, error) {
	q := c.prepared.(*contentRequest)
	switch q.Type {
	case "page", "blogpost":
	case "comment":
		return createCommentDC(c, q)
	case "":
		return answer{}, invalid("Content type is required")
	default:
		return answer{}, invalid("Cannot create content of type " + q.Type)
	}
	if q.ID != "" {
		return c.publishByID(string(q.ID), q)
	}
	k := page
	if q.Type == "blogpost" {
		k = blogPost
	}
	s, err := c.spaceOf(q)
	if err != nil {
		return answer{}, err
	}
	if !s.allowed(c.user, "create", k.String()) {
		return answer{}, notAllowed("Could not create content with type " + q.Type)
	}
	p, err := c.freshDC(k, s, q)
	if err != nil {
		return answer{}, err
	}
	var parent *content
	if k == page {
		if parent, err = c.parentDC(s, q); err != nil {
			return answer{}, err
		}
	}
	p.id = c.world.newID()
	p.body = c.heap.putText(q.sent.text)
	p.parent = parent
	c.add(p)
	if k == page {
		c.link(p, parent)
		c.positionDC(p, q)
	}
	c.giveProperties(p, q)
	c.touch(p)
	return c.answerDC(p.now())
}

// freshDC makes a page or blog post, not yet part of the site. Author and dates are the caller and now (register row
// PA-11).
func (c *call) freshDC(k kind, s *space, q *contentRequest) (*content, error) {
	p := &content{
		kind: k, space: s, title: q.title(), creator: c.user, created: c.stamp(), position: unset, firstAt: 1,
		last: version{at: c.stamp(), by: c.user},
	}
	if q.Version != nil {
		p.last.message, p.last.minor = q.Version.Message, q.Version.Minor
	}
	state := q.Status
	if state == "" {
		state = c.query.Get("status")
	}
	switch state {
	case "", "current":
		return p, c.checkTitleDC(k, s, p.title, p.created, nil)
	case "draft":
		p.status = draft
		if utf8.RuneCountInString(p.title) > maxTitle {
			return nil, invalid("Title cannot be longer than 255 characters.")
		}
		return p, nil
	}
	return nil, invalid("Content cannot be created with status " + state)
}

// checkTitleDC refuses titles that cannot be, and titles that are taken, in the product's own words (open-facts OF-05).
func (c *call) checkTitleDC(k kind, in *space, title string, created stamp, self *content) error {
	switch {
	case strings.TrimSpace(title) == "":
		return &refusal{status: http.StatusBadRequest, title: "Title is required", keys: []string{"content.title.required"}}
	case utf8.RuneCountInString(title) > maxTitle:
		return &refusal{status: http.StatusBadRequest, title: "Title cannot be longer than 255 characters."}
	}
	if taken := c.holder(k, in, title, created); taken == nil || taken == self {
		return nil
	}
	noun := "page"
	if k == blogPost {
		noun = "blog post"
	}
	return &refusal{status: http.StatusBadRequest, valid: true, unauthorized: true, title: fmt.Sprintf(
		"A %s with this title already exists: A %s already exists with the title %s in the space with key %s", noun, noun, title, in.key)}
}

// parentDC is the page that the first ancestor names; nil, the root of the space, where none is named.
func (c *call) parentDC(s *space, q *contentRequest) (*content, error) {
	if len(q.Ancestors) == 0 {
		return nil, nil
	}
	id := string(q.Ancestors[0].ID)
	p, err := c.findDC(id)
	switch {
	case err != nil, p.kind != page, p.status == trashed:
		return nil, invalid("Could not find the parent page with id " + id)
	case p.space != s:
		return nil, invalid("The parent page is not in the same space as the page: " + id)
	}
	return p, nil
}

// positionDC sets or unsets the position that a request names, from 10 on (dc-api.md section 4).
func (c *call) positionDC(p *content, q *contentRequest) bool {
	if q.Position == nil || c.product.release < since10 || p.kind != page {
		return false
	}
	want := *q.Position
	if want < 0 {
		want = unset
	}
	old := p.position
	p.position = want
	slices.SortStableFunc(*siblings(p.space, p.parent), comparePlaces)
	return old != want
}

// giveProperties adds the properties that come with a create.
func (c *call) giveProperties(p *content, q *contentRequest) {
	var keys []string
	for key := range q.Metadata.Properties {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		p.extra().props = append(p.extra().props, &property{
			id: c.world.newID(), key: key, value: q.Metadata.Properties[key].Value, number: 1, at: c.stamp(), created: c.stamp(), by: c.user,
		})
	}
}

// publishByID is a create with the id of a draft, which publishes it.
func (c *call) publishByID(id string, q *contentRequest) (answer, error) {
	p, err := c.findDC(id)
	if err != nil {
		return answer{}, err
	}
	if p.status != draft {
		return answer{}, invalid("Content with the id " + id + " exists already")
	}
	if err := c.publish(p, q); err != nil {
		return answer{}, err
	}
	return c.answerDC(p.now())
}

// publish makes a draft a current page or blog post, with what was sent.
func (c *call) publish(p *content, q *contentRequest) error {
	if !p.edits(c.user) {
		return notAllowed("Could not publish the draft " + p.idText())
	}
	title := p.title
	if q.Title != nil {
		title = *q.Title
	}
	if err := c.checkTitleDC(p.kind, p.space, title, p.created, p); err != nil {
		return err
	}
	parent := p.parent
	if p.kind == page && len(q.Ancestors) > 0 {
		var err error
		if parent, err = c.parentDC(p.space, q); err != nil {
			return err
		}
		if inSubtree(parent, p) {
			return invalid("A page cannot be moved below itself")
		}
	}
	c.release(p)
	p.status, p.last = current, version{at: c.stamp(), by: c.user}
	if q.Version != nil {
		p.last.message, p.last.minor = q.Version.Message, q.Version.Minor
	}
	p.title = title
	if q.sent.given {
		c.setBody(p, q.sent.text)
	}
	if p.kind == page {
		c.unlink(p)
		c.link(p, parent)
	}
	c.reserve(p)
	c.giveProperties(p, q)
	c.happens(p, "created")
	c.touch(p)
	return nil
}

// publishDraftDC is the way of the editor to publish a draft made from a blueprint.
func publishDraftDC(c *call) (answer, error) {
	return c.publishByID(c.params[0], c.prepared.(*contentRequest))
}
