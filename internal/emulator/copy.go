package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// copied says what goes along with a copied page.
type copied struct {
	Attachments bool `json:"copyAttachments"`
	Permissions bool `json:"copyPermissions"`
	Properties  bool `json:"copyProperties"`
	Labels      bool `json:"copyLabels"`
}

// copyRequest is the body of POST content/{id}/copy.
type copyRequest struct {
	copied
	Destination *struct {
		Type  string `json:"type"`
		Value any    `json:"value"`
	} `json:"destination"`
	Title string          `json:"pageTitle"`
	Body  json.RawMessage `json:"body"`

	sent sentBody
}

func prepareCopy(c *call) (any, error) {
	var q copyRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	var err error
	q.sent, err = c.readBody(q.Body, nil, "copy", c.params[0], q.Title)
	return &q, err
}

// copySource returns the page that is to be copied.
func (c *call) copySource() (*content, error) {
	p, err := c.any(c.params[0])
	if err == nil && (p.kind != page || p.status != current) {
		err = failf(http.StatusNotFound, "NOT_FOUND", "No page found with id: %s", c.params[0])
	}
	return p, err
}

// copyPage is POST content/{id}/copy (register row TR-11).
func copyPage(c *call) (answer, error) {
	q := c.prepared.(*copyRequest)
	e := c.expand()
	if len(c.list("expand")) > 8 {
		return answer{}, invalid("At most 8 expansions are allowed")
	}
	src, err := c.copySource()
	if err != nil {
		return answer{}, err
	}
	if q.Destination == nil || q.Destination.Type == "" || scalar(q.Destination.Value) == "" {
		return answer{}, invalid("destination with type and value is required")
	}
	var p *content
	if q.Destination.Type == "existing_page" {
		p, err = c.copyOver(src, scalar(q.Destination.Value), q)
	} else {
		p, err = c.copyInto(src, q)
	}
	if err != nil {
		return answer{}, err
	}
	for _, member := range []string{"space", "history", "version"} {
		e[member] = true
	}
	return ok(c.whole(c.contentV1(p, e)))
}

// copyInto makes a new page of a copy.
func (c *call) copyInto(src *content, q *copyRequest) (*content, error) {
	var parent *content
	var in *space
	var err error
	switch value := scalar(q.Destination.Value); q.Destination.Type {
	case "space":
		in, err = c.spaceByKey(value)
	case "parent_page", "parent_content":
		if parent, err = c.copyParent(value, q.Destination.Type == "parent_content"); err == nil {
			in = parent.space
		}
	default:
		err = invalid("Invalid destination type: " + q.Destination.Type)
	}
	if err != nil {
		return nil, err
	}
	if !in.allowed(c.user, "create", "page") {
		return nil, c.forbidden("space", text(in.id))
	}
	title := q.Title
	if title == "" {
		title = src.title
	}
	if err := c.checkTitle(page, in, title, c.stamp(), nil); err != nil {
		return nil, err
	}
	p := c.duplicate(src, in, parent, title, q.copied)
	if q.sent.given {
		p.body = c.heap.putText(q.sent.text)
	}
	return p, nil
}

// copyParent returns what a copy is to stand below.
func (c *call) copyParent(id string, anything bool) (*content, error) {
	p, err := c.any(id)
	if err == nil && (!p.tree() || p.kind != page && !anything || p.status == trashed) {
		err = failf(http.StatusNotFound, "NOT_FOUND", "No destination page found with id: %s", id)
	}
	return p, err
}

// copyOver gives a page that exists the body of another, as a new version.
func (c *call) copyOver(src *content, id string, q *copyRequest) (*content, error) {
	p, err := c.copyParent(id, false)
	if err != nil {
		return nil, err
	}
	if !p.edits(c.user) {
		return nil, c.forbidden("page", id)
	}
	if q.Title != "" {
		if err := c.checkTitle(page, p.space, q.Title, p.created, p); err != nil {
			return nil, err
		}
	}
	c.commit(p, "", false)
	if q.Title != "" {
		c.retitle(p, q.Title)
	}
	body := c.heap.text(src.body)
	if q.sent.given {
		body = q.sent.text
	}
	c.setBody(p, body)
	c.along(src, p, q.copied)
	c.touch(p)
	return p, nil
}

// duplicate makes a new page with the body of another. Comments, versions and watches of others do not go along.
func (c *call) duplicate(src *content, in *space, parent *content, title string, with copied) *content {
	p := &content{
		id: c.world.newID(), kind: page, space: in, parent: parent, title: title, creator: c.user, created: c.stamp(),
		firstAt: 1, body: src.body, last: version{at: c.stamp(), by: c.user},
	}
	c.link(p, parent)
	c.lag(p, nil, true, c.stamp())
	c.add(p)
	c.along(src, p, with)
	c.touch(p)
	return p
}

// along copies what was asked for besides the body.
func (c *call) along(src, p *content, with copied) {
	if with.Labels {
		for _, l := range src.labels {
			p.stick(l)
		}
	}
	if with.Properties {
		for _, prop := range src.properties() {
			if slices.ContainsFunc(p.properties(), func(o *property) bool { return o.key == prop.key }) {
				continue
			}
			twin := *prop
			twin.id, twin.number, twin.at, twin.created, twin.by = c.world.newID(), 1, c.stamp(), c.stamp(), c.user
			p.extra().props = append(p.extra().props, &twin)
		}
	}
	if read, update := src.restricted(); with.Permissions && len(read)+len(update) > 0 {
		p.extra().read, p.more.update = slices.Clone(read), slices.Clone(update)
	}
	if with.Attachments {
		for _, f := range src.files() {
			if f.status == current {
				v := f.more.file
				c.attach(p, uploaded{f.title, v.mediaType, v.stored}, &upload{comment: v.comment})
			}
		}
	}
}

// hierarchyRequest is the body of POST content/{id}/pagehierarchy/copy.
type hierarchyRequest struct {
	copied
	Descendants *bool `json:"copyDescendants"`
	Destination any   `json:"destinationPageId"`
	Titles      struct {
		Prefix  string `json:"prefix"`
		Search  string `json:"search"`
		Replace string `json:"replace"`
	} `json:"titleOptions"`
}

func prepareHierarchy(c *call) (any, error) {
	var q hierarchyRequest
	return &q, c.decode(&q)
}

// branch is a page on its way into a copied tree: where it stands there.
type branch struct {
	src   *content
	above int // index of the branch above; -1 = the destination
	title string
}

// copyHierarchy copies a page with all below it that the caller sees, as a long task.
func copyHierarchy(c *call) (answer, error) {
	q := c.prepared.(*hierarchyRequest)
	src, err := c.copySource()
	if err != nil {
		return answer{}, err
	}
	under, err := c.copyParent(scalar(q.Destination), true)
	if err != nil {
		return answer{}, err
	}
	if !under.space.allowed(c.user, "create", "page") {
		return answer{}, c.forbidden("page", under.idText())
	}
	branches := c.branches(src, q)
	taken := map[string]bool{}
	for _, b := range branches {
		if err := c.checkTitle(page, under.space, b.title, c.stamp(), nil); err != nil {
			return answer{}, err
		}
		if taken[fold(b.title)] {
			return answer{}, invalid("Two pages would have the title " + strconv.Quote(b.title))
		}
		taken[fold(b.title)] = true
	}
	details := object{
		"destinationId": under.idText(), "destinationUrl": under.webUI(), "totalPageNeedToCopy": len(branches),
	}
	later := *c
	return c.submit("copyPageHierarchy", details, func(now stamp) error {
		later.now = now.time()
		if later.world.contents[under.id] != under || under.status == trashed {
			return invalid("The destination page is gone")
		}
		copies := make([]*content, len(branches))
		for i, b := range branches {
			at := under
			if b.above >= 0 {
				at = copies[b.above]
			}
			if at == nil || later.world.contents[b.src.id] != b.src || later.holder(page, under.space, b.title, 0) != nil {
				continue
			}
			copies[i] = later.duplicate(b.src, under.space, at, b.title, q.copied)
		}
		if slices.Contains(copies, nil) {
			return invalid("Some pages were not copied")
		}
		return nil
	})
}

// branches lists what is to be copied, parents before children.
func (c *call) branches(src *content, q *hierarchyRequest) []branch {
	name := func(title string) string {
		if q.Titles.Search != "" {
			title = strings.ReplaceAll(title, q.Titles.Search, q.Titles.Replace)
		}
		return q.Titles.Prefix + title
	}
	var out []branch
	var walk func(*content, int)
	walk = func(at *content, above int) {
		if at.kind != page || at.status != current || !c.sees(at) {
			return
		}
		out = append(out, branch{at, above, name(at.title)})
		here := len(out) - 1
		if q.Descendants == nil || *q.Descendants {
			for _, kid := range at.kids {
				walk(kid, here)
			}
		}
	}
	walk(src, -1)
	return out
}
