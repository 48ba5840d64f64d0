package emulator

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// pageRequest is the body of create and update of pages and blog posts.
type pageRequest struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"`
	Title     *string         `json:"title"`
	SpaceID   *string         `json:"spaceId"`
	ParentID  *string         `json:"parentId"`
	OwnerID   *string         `json:"ownerId"`
	Subtype   string          `json:"subtype"`
	CreatedAt string          `json:"createdAt"`
	Body      json.RawMessage `json:"body"`
	Version   *versionRequest `json:"version"`

	sent sentBody
}

// versionRequest is the version in the body of a write.
type versionRequest struct {
	Number  *int   `json:"number"`
	Message string `json:"message"`
	Minor   bool   `json:"minorEdit"`
}

func (q *pageRequest) title() string {
	if q.Title == nil {
		return ""
	}
	return *q.Title
}

// prepareCreate reads a create and normalises its body before the lock is taken.
func prepareCreate(c *call) (any, error) {
	var q pageRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	var err error
	id := ""
	if q.SpaceID != nil {
		id = *q.SpaceID
	}
	q.sent, err = c.readBody(q.Body, func() *space {
		s, err := c.spaceByID(id)
		if err != nil {
			return nil
		}
		return s
	}, "create", id, q.title())
	return &q, err
}

// prepareUpdate reads an update and normalises its body before the lock is taken.
func prepareUpdate(c *call) (any, error) {
	c.mu.RLock()
	limit := c.set.maxPut
	c.mu.RUnlock()
	if limit > 0 {
		limited := *c.route
		limited.limit = limit
		c.route = &limited
	}
	var q pageRequest
	if err := c.decode(&q); err != nil {
		return nil, err
	}
	var err error
	q.sent, err = c.readBody(q.Body, func() *space {
		id, _ := strconv.ParseInt(c.params[0], 10, 64)
		if p := c.world.contents[id]; p != nil {
			return p.space
		}
		return nil
	}, "update", c.params[0])
	return &q, err
}

// maxTitle is the longest title in characters.
const maxTitle = 255

// checkTitle refuses titles that cannot be and titles that are taken.
func (c *call) checkTitle(k kind, in *space, title string, created stamp, self *content) error {
	switch {
	case strings.TrimSpace(title) == "":
		return invalid("The title of a " + nouns[k] + " must not be empty")
	case utf8.RuneCountInString(title) > maxTitle:
		return invalid("Title is too long: at most 255 characters")
	}
	taken := c.holder(k, in, title, created)
	if taken == nil || taken == self {
		return nil
	}
	switch k {
	case folder:
		return invalid("A folder exists with the same title in this space")
	case blogPost:
		return invalid("A blog post with this title already exists: A blog post already exists with the same TITLE in this space on this day")
	}
	return invalid("A page with this title already exists: A page already exists with the same TITLE in this space")
}

// createPage creates a page or a blog post.
func createPage(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*pageRequest)
		if q.SpaceID == nil {
			return answer{}, invalid("'spaceId' is required")
		}
		s, err := c.spaceByID(*q.SpaceID)
		if err != nil {
			return answer{}, err
		}
		if !s.allowed(c.user, "create", k.String()) {
			return answer{}, c.forbidden("space", *q.SpaceID)
		}
		p, err := c.fresh(k, s, q)
		if err != nil {
			return answer{}, err
		}
		parent, err := c.parentFor(k, s, q)
		if err != nil {
			return answer{}, err
		}
		p.body = c.heap.putText(q.sent.text)
		switch {
		case q.Subtype == "live" && k == page:
			p.makeLive()
		case q.Subtype != "" && q.Subtype != "page":
			return answer{}, invalid("Provided value {" + q.Subtype + "} for 'subtype' is not valid")
		}
		if c.flag("private", false) {
			me := "user:" + c.user.id
			p.extra().read, p.extra().update = []string{me}, []string{me}
		}
		p.parent = parent
		if k == page {
			c.link(p, parent)
			c.lag(p, nil, true, c.stamp())
		}
		c.add(p)
		c.todoOf(p, q.sent.text)
		c.touch(p)
		return ok(c.written(p, q.sent.given))
	}
}

// fresh makes a new page or blog post, not yet part of the site.
func (c *call) fresh(k kind, s *space, q *pageRequest) (*content, error) {
	p := &content{
		id: 0, kind: k, space: s, title: q.title(), creator: c.user, created: c.stamp(), firstAt: 1,
		last: version{at: c.stamp(), by: c.user},
	}
	if q.Version != nil {
		p.last.message, p.last.minor = q.Version.Message, q.Version.Minor
	}
	switch q.Status {
	case "", "current":
	case "draft":
		p.status = draft
	default:
		return nil, invalid("Provided value {" + q.Status + "} for 'status' is not valid")
	}
	if k == blogPost && q.CreatedAt != "" {
		at, err := time.Parse("2006-01-02T15:04:05.000Z", q.CreatedAt)
		if err != nil {
			return nil, invalid("Provided value {" + q.CreatedAt + "} for 'createdAt' is not valid: expected yyyy-MM-ddTHH:mm:ss.SSSZ")
		}
		p.created = stampOf(at)
	}
	if p.status == draft && strings.TrimSpace(p.title) == "" {
		p.id = c.world.newID()
		return p, nil
	}
	var err error
	if p.status == current {
		err = c.checkTitle(k, s, p.title, p.created, nil)
	} else if utf8.RuneCountInString(p.title) > maxTitle {
		err = invalid("Title is too long: at most 255 characters")
	}
	if err == nil {
		p.id = c.world.newID()
	}
	return p, err
}

// parentFor returns what a new page stands under; nil = the root of the space.
func (c *call) parentFor(k kind, s *space, q *pageRequest) (*content, error) {
	if k != page {
		return nil, nil
	}
	root := c.flag("root-level", false)
	switch {
	case q.ParentID == nil || *q.ParentID == "":
		if root {
			return nil, nil
		}
		return s.home, nil
	case root:
		return nil, invalid("'parentId' may not be supplied when 'root-level' is true")
	}
	return c.parent(s, *q.ParentID)
}

// parent returns a page or folder of the space that something may stand under.
func (c *call) parent(s *space, id string) (*content, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	p := c.world.contents[n]
	if err != nil || p == nil || !p.tree() || p.status == trashed || !c.sees(p) {
		return nil, missing("parent", id)
	}
	if p.space != s {
		return nil, invalid("The parent is in another space")
	}
	return p, nil
}

// written is the answer to a create: with the body in the form it was sent (open-facts OF-12).
func (c *call) written(p *content, withBody bool) object {
	o := c.single(c.pageV2(p))
	if withBody && c.set.cloud.bodyIn != "none" {
		o["body"] = object{"storage": object{"representation": "storage", "value": c.heap.text(p.body)}}
	}
	return o
}
