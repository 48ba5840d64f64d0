package emulator

import (
	"net/http"
	"time"
)

// commit makes a new version of a content.
func (c *call) commit(p *content, message string, minor bool) {
	old := p.last
	old.body = p.body
	p.older = append(p.older, old)
	p.last = version{at: c.stamp(), by: c.user, message: message, minor: minor}
	p.space.changed(p)
	if p.status != trashed {
		c.happens(p, "updated")
		c.notify(p, minor)
	}
}

// retitle changes the title and what it reserves.
func (c *call) retitle(p *content, title string) {
	before := p.title
	c.release(p)
	p.rename(title)
	c.reserve(p)
	c.renamed(p, before)
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
		if err := c.checkUpdate(p, q); err != nil {
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
func (c *call) checkUpdate(p *content, q *pageRequest) error {
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
	case !q.sent.given && c.set.cloud.bodyNeeded:
		return invalid("'body' is required")
	case q.SpaceID != nil && *q.SpaceID != "" && *q.SpaceID != text(p.space.id):
		return invalid("Moving content to another space by an update is not supported")
	}
	want := p.number() + 1
	if q.Status == "draft" || p.status == draft {
		want = 1
	}
	if n := *q.Version.Number; n != want && !(p.status == draft && c.set.cloud.nextPublishes && n == p.number()+1) {
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
		if home == p || c.set.cloud.toRoot && !c.dc() {
			home = nil
		}
		c.link(p, home)
		c.lag(p, nil, true, c.stamp())
	}
	c.touch(p)
}

// savePending keeps a draft over a published page, which stays as it is.
func (c *call) savePending(p *content, q *pageRequest) (answer, error) {
	p.extra().pending = &pending{title: q.title(), body: c.heap.putText(q.sent.text), base: p.body, at: c.stamp(), by: c.user}
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
	if !changed && !publish && !c.set.cloud.sameBumps { // a write without a change makes no version (open-facts OF-10)
		return ok(c.single(c.pageV2(p)))
	}
	if p.status == draft {
		p.last = version{at: c.stamp(), by: c.user, message: q.Version.Message, minor: q.Version.Minor}
		p.space.changed(p)
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
	before := p.title
	p.rename(q.title())
	c.reserve(p)
	if !publish {
		c.renamed(p, before) // a body that comes with the new title is taken at its word
	}
	if q.sent.given {
		c.setBody(p, q.sent.text)
	}
	if p.parent != parent {
		c.place(p, parent)
	}
	c.touch(p)
	return ok(c.written(p, c.set.cloud.bodyIn == "both"))
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
	s.todoOf(p, text)
	s.anchor(p, text)
	s.reconcile(p)
}

// place moves a page below another parent, as the last child there.
func (c *call) place(p, parent *content) {
	old := p.parent
	c.unlink(p)
	c.link(p, parent)
	c.lag(p, old, false, c.stamp())
	c.moves(p, old)
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
