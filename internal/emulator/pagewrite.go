package emulator

import (
	"encoding/json"
	"net/http"
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
	Version   *struct {
		Number  *int   `json:"number"`
		Message string `json:"message"`
		Minor   bool   `json:"minorEdit"`
	} `json:"version"`

	sent sentBody
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
	if withBody {
		o["body"] = object{"storage": object{"representation": "storage", "value": c.heap.text(p.body)}}
	}
	return o
}

// commit makes a new version of a content.
func (c *call) commit(p *content, message string, minor bool) {
	old := p.last
	old.body = p.body
	p.older = append(p.older, old)
	p.last = version{at: c.stamp(), by: c.user, message: message, minor: minor}
}

// retitle changes the title and what it reserves.
func (c *call) retitle(p *content, title string) {
	c.release(p)
	p.rename(title)
	c.reserve(p)
}

// rename changes the title; older versions keep what they were called.
func (p *content) rename(title string) {
	if p.title == title {
		return
	}
	for i := range p.older {
		if p.older[i].title == "" {
			p.older[i].title = p.title
		}
	}
	if p.extra().firstly == "" {
		p.more.firstly = p.title
	}
	p.title = title
}

// updatePage is PUT of a page or a blog post.
func updatePage(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		q := c.prepared.(*pageRequest)
		p, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		if !p.edits(c.user) {
			return answer{}, c.forbidden(nouns[k], c.params[0])
		}
		if err := checkUpdate(p, q); err != nil {
			return answer{}, err
		}
		switch {
		case p.status == trashed:
			return c.restore(p, q)
		case p.status == archived:
			return answer{}, invalid("Archived content cannot be updated")
		case q.Status == "draft" && p.status != draft:
			return c.savePending(p, q)
		}
		return c.update(p, q)
	}
}

// checkUpdate checks the members that an update must have, and the version number.
func checkUpdate(p *content, q *pageRequest) error {
	switch {
	case q.ID == "":
		return invalid("'id' is required")
	case q.ID != p.idText():
		return invalid("The 'id' in the body does not match the id in the path")
	case q.Status != "current" && q.Status != "draft":
		return invalid("Provided value {" + q.Status + "} for 'status' is not valid")
	case q.Title == nil:
		return invalid("'title' is required")
	case q.Version == nil || q.Version.Number == nil:
		return invalid("'version.number' is required")
	case q.SpaceID != nil && *q.SpaceID != "" && *q.SpaceID != text(p.space.id):
		return invalid("Moving content to another space by an update is not supported")
	}
	want := p.number() + 1
	if q.Status == "draft" || p.status == draft {
		want = 1
	}
	if *q.Version.Number != want {
		return failf(http.StatusConflict, "CONFLICT",
			"Version must be incremented when updating a page. Current Version: [%d]. Provided version: [%d]", p.number(), *q.Version.Number)
	}
	return nil
}

// restore takes a content out of the trash and ignores everything else that was sent (register row PA-12). A page comes
// back under the home page (open-facts OF-16).
func (c *call) restore(p *content, q *pageRequest) (answer, error) {
	if q.Status != "current" {
		return answer{}, invalid("Trashed content can only be updated to status current")
	}
	if err := c.checkTitle(p.kind, p.space, p.title, p.created, p); err != nil {
		return answer{}, err
	}
	c.commit(p, q.Version.Message, q.Version.Minor)
	c.untrash(p)
	return ok(c.single(c.pageV2(p)))
}

func (c *call) untrash(p *content) {
	p.status = current
	c.reserve(p)
	if p.kind == page {
		home := p.space.home
		if home == p {
			home = nil
		}
		c.link(p, home)
		c.lag(p, nil, true, c.stamp())
	}
	c.touch(p)
}

// savePending keeps a draft over a published page, which stays as it is.
func (c *call) savePending(p *content, q *pageRequest) (answer, error) {
	p.extra().pending = &pending{title: q.title(), body: c.heap.putText(q.sent.text), at: c.stamp(), by: c.user}
	o := c.single(c.pageV2(p))
	o["status"], o["title"], o["version"] = "draft", q.title(), versionV2(1, &version{at: c.stamp(), by: c.user})
	return ok(o)
}

// update applies an update to a current content or a draft.
func (c *call) update(p *content, q *pageRequest) (answer, error) {
	publish := p.status == draft && q.Status == "current"
	created, err := updatedDate(p, q)
	if err != nil {
		return answer{}, err
	}
	if p.status != draft || publish {
		if err := c.checkTitle(p.kind, p.space, q.title(), created, p); err != nil {
			return answer{}, err
		}
	}
	parent := p.parent
	if p.kind == page && q.ParentID != nil && *q.ParentID != "" {
		if parent, err = c.parent(p.space, *q.ParentID); err != nil {
			return answer{}, err
		}
		if inSubtree(parent, p) {
			return answer{}, invalid("A page cannot be moved below itself")
		}
	}
	if err := c.setOwner(p, q); err != nil {
		return answer{}, err
	}
	changed := p.title != q.title() || p.parent != parent || created != p.created ||
		q.sent.given && !sameBody(c.heap.text(p.body), q.sent.text)
	if !changed && !publish { // a write without a change makes no version (open-facts OF-10)
		return ok(c.single(c.pageV2(p)))
	}
	if p.status == draft {
		p.last = version{at: c.stamp(), by: c.user, message: q.Version.Message, minor: q.Version.Minor}
	} else {
		c.commit(p, q.Version.Message, q.Version.Minor)
	}
	c.release(p)
	p.created = created
	if publish {
		p.status = current
		if c.set.draftRestrict == "lost" && p.more != nil {
			p.more.read, p.more.update = nil, nil
		}
	}
	p.rename(q.title())
	c.reserve(p)
	if q.sent.given {
		c.setBody(p, q.sent.text)
	}
	if p.parent != parent {
		c.place(p, parent)
	}
	c.touch(p)
	return ok(c.single(c.pageV2(p)))
}

// updatedDate is the posting date after an update.
func updatedDate(p *content, q *pageRequest) (stamp, error) {
	if p.kind != blogPost || q.CreatedAt == "" {
		return p.created, nil
	}
	at, err := time.Parse("2006-01-02T15:04:05.000Z", q.CreatedAt)
	if err != nil {
		return 0, invalid("Provided value {" + q.CreatedAt + "} for 'createdAt' is not valid: expected yyyy-MM-ddTHH:mm:ss.SSSZ")
	}
	return stampOf(at), nil
}

func (c *call) setOwner(p *content, q *pageRequest) error {
	if q.OwnerID == nil || *q.OwnerID == "" || p.kind != page || *q.OwnerID == p.owner().id {
		return nil
	}
	owner := c.people.byID[*q.OwnerID]
	if owner == nil {
		return invalid("No user with account id " + *q.OwnerID)
	}
	p.extra().owner = owner
	return nil
}

// setBody stores a body and finds out which inline comments have lost their place in it.
func (s *Site) setBody(p *content, text string) {
	p.body = s.heap.putText(text)
	s.anchor(p, text)
}

// place moves a page below another parent, as the last child there.
func (c *call) place(p, parent *content) {
	old := p.parent
	c.unlink(p)
	c.link(p, parent)
	c.lag(p, old, false, c.stamp())
}

type titleRequest struct {
	Status string `json:"status"`
	Title  string `json:"title"`
}

func prepareTitle(c *call) (any, error) {
	var q titleRequest
	return &q, c.decode(&q)
}

func updateTitle(c *call) (answer, error) {
	q := c.prepared.(*titleRequest)
	p, err := c.visible(c.params[0], page)
	if err != nil {
		return answer{}, err
	}
	if !p.edits(c.user) || p.status == trashed || p.status == archived {
		return answer{}, c.forbidden("page", c.params[0])
	}
	if q.Status != "current" && q.Status != "draft" {
		return answer{}, invalid("Provided value {" + q.Status + "} for 'status' is not valid")
	}
	if err := c.checkTitle(page, p.space, q.Title, p.created, p); err != nil {
		return answer{}, err
	}
	if p.title != q.Title {
		if p.status != draft {
			c.commit(p, "", false)
		}
		c.retitle(p, q.Title)
		c.touch(p)
	}
	return ok(c.single(c.pageV2(p)))
}

// deletePage puts a page or blog post into the trash, or removes a trashed one or a draft for good.
func deletePage(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.deletable(k)
		if err != nil {
			return answer{}, err
		}
		purge, ofDraft := c.flag("purge", false), c.flag("draft", false)
		switch {
		case ofDraft && p.status != draft && p.more != nil && p.more.pending != nil:
			p.more.pending = nil
		case ofDraft != (p.status == draft), purge != (p.status == trashed):
			return answer{}, missing(nouns[k], c.params[0])
		case ofDraft || purge:
			if purge && !p.space.allowed(c.user, "administer", "space") {
				return answer{}, c.forbidden(nouns[k], c.params[0])
			}
			c.orphan(p)
			c.erase(p)
		default:
			c.trash(p)
		}
		return status204()
	}
}

// deletable returns the content of the call if the caller may delete it, which does not take permission to read it
// (open-facts OF-15).
func (c *call) deletable(k kind) (*content, error) {
	n, err := strconv.ParseInt(c.params[0], 10, 64)
	p := c.world.contents[n]
	if err != nil || p == nil || p.kind != k {
		return c.visible(c.params[0], k)
	}
	if !p.space.sees(c.user) || !p.space.allowed(c.user, "delete", k.String()) && p.creator != c.user {
		return nil, missing(nouns[k], c.params[0])
	}
	return p, nil
}

// trash puts a page, folder or blog post into the trash; its children move up (open-facts OF-14).
func (s *Site) trash(p *content) {
	s.release(p)
	if p.tree() {
		s.orphan(p)
		s.unlink(p)
		p.parent = nil
	}
	if p.space.home == p {
		p.space.home = nil
	}
	p.status = trashed
	s.reserve(p)
}
