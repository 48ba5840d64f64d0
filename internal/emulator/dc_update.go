package emulator

import (
	"net/http"
	"strconv"
)

// updateContentDC is PUT content/{id}.
func updateContentDC(c *call) (answer, error) {
	q := c.prepared.(*contentRequest)
	p, err := c.findDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if p.kind == attachment {
		return answer{}, invalid("Attachments are updated by child/attachment")
	}
	if !p.edits(c.user) {
		return answer{}, notAllowed("Could not update content with id " + c.params[0])
	}
	if err := checkUpdateDC(p, q, c.query.Get("status")); err != nil {
		return answer{}, err
	}
	switch {
	case p.status == trashed:
		return c.restoreDC(p, q)
	case p.kind == comment:
		return updateCommentDC(c, p, q)
	case p.status == draft && q.Status != "draft":
		if err := c.publish(p, q); err != nil {
			return answer{}, err
		}
		return c.answerDC(p.now())
	case q.Status == "draft" && p.status == current:
		p.extra().pending = &pending{title: q.title(), body: c.heap.putText(q.sent.text), base: p.body, at: c.stamp(), by: c.user}
		return c.answerDC(p.draftOf())
	}
	return c.changeDC(p, q)
}

// checkUpdateDC checks the members that an update must have, and the version number, which must be the next one
// (register row PA-01). A draft is saved and published with its own number.
func checkUpdateDC(p *content, q *contentRequest, state string) error {
	switch {
	case q.ID != "" && numeric(string(q.ID)) != text(p.id):
		return invalid("The id in the body does not match the id in the path")
	case q.Type == "" && p.status != trashed:
		return invalid("Content type is required")
	case q.Type != "" && q.Type != p.kind.String():
		return invalid("The content type cannot be changed from " + p.kind.String() + " to " + q.Type)
	case q.Version == nil || q.Version.Number == nil:
		return invalid("Must supply an incremented version when updating Content. No version supplied.")
	}
	switch q.Status {
	case "", "current", "draft":
	case "trashed":
		return invalid("Content is moved to the trash by DELETE")
	default:
		return invalid("Invalid status: " + q.Status)
	}
	n := *q.Version.Number
	ofDraft := p.status == draft || q.Status == "draft" || state == "draft"
	if n != p.number()+1 && !(ofDraft && (n == 1 || n == p.number())) {
		return fail(http.StatusConflict, "", "Version must be incremented on update. Current version is: "+strconv.Itoa(p.number()))
	}
	return nil
}

// restoreDC takes a content out of the trash; nothing else that was sent is applied (register row PA-12).
func (c *call) restoreDC(p *content, q *contentRequest) (answer, error) {
	if q.Status != "current" {
		return answer{}, noContent(c.params[0])
	}
	if p.kind == page || p.kind == blogPost {
		if err := c.checkTitleDC(p.kind, p.space, p.title, p.created, p); err != nil {
			return answer{}, err
		}
	}
	c.commit(p, q.Version.Message, q.Version.Minor)
	c.untrashDC(p)
	return c.answerDC(p.now())
}

// untrashDC puts a content back: a page at the root of its space, or below its former parent (open-facts OF-16).
func (c *call) untrashDC(p *content) {
	p.status = current
	c.happens(p, "restored")
	c.reserve(p)
	if p.kind == page {
		var parent *content
		if p.more != nil && p.more.former != nil {
			if was := p.more.former; c.set.formerPlace && was.status == current && was.space == p.space && c.world.contents[was.id] == was {
				parent = was
			}
			p.more.former = nil
		}
		c.link(p, parent)
	}
	c.touch(p)
}

// place is where an update puts a page.
type targetDC struct {
	space  *space
	parent *content
	title  string
}

// targetOf reads title, space and parent of an update. To the top level there is no way (register row TR-06); to another
// space only where the instance lets it (TR-07, open-facts OF-42).
func (c *call) targetOf(p *content, q *contentRequest) (targetDC, error) {
	to := targetDC{p.space, p.parent, p.title}
	if q.Title != nil {
		to.title = *q.Title
	}
	if q.spaceKey() != "" && foldKey(q.spaceKey()) != foldKey(p.space.key) {
		s, err := c.spaceOf(q)
		switch {
		case err != nil:
			return to, err
		case !c.set.spacesByPut || p.kind != page:
			return to, invalid("Content cannot be moved to another space by an update")
		case !s.allowed(c.user, "create", "page"):
			return to, notAllowed("Could not create content in the space " + s.key)
		}
		to.space, to.parent = s, s.home
	}
	if p.kind == page && len(q.Ancestors) > 0 {
		parent, err := c.parentDC(to.space, q)
		if err != nil {
			return to, err
		}
		if inSubtree(parent, p) {
			return to, invalid("A page cannot be moved below itself")
		}
		to.parent = parent
	}
	return to, c.checkTitleDC(p.kind, to.space, to.title, p.created, p)
}

// changeDC applies an update to a current content, or to a draft that stays one.
func (c *call) changeDC(p *content, q *contentRequest) (answer, error) {
	if !q.sent.given && c.set.bodyNeeded {
		return answer{}, invalid("The body is required")
	}
	to, err := c.targetOf(p, q)
	if err != nil && (p.status != draft || to.space != p.space) {
		return answer{}, err
	}
	moved := to.space != p.space || to.parent != p.parent
	placed := q.Position != nil && c.product.release >= since10 && p.kind == page && *q.Position != positionOf(p)
	changed := moved || placed || to.title != p.title || q.sent.given && !sameBody(c.heap.text(p.body), q.sent.text)
	if p.more != nil && c.query.Get("status") == "draft" {
		p.more.pending = nil // publishing over the page takes its draft away (register row PA-04)
	}
	if !changed && !c.set.sameBumps {
		return c.answerDC(p.now())
	}
	if to.space != p.space {
		if err := c.changeSpace(p, to.space); err != nil {
			return answer{}, err
		}
	}
	if p.status == draft {
		p.last = version{at: c.stamp(), by: c.user, message: q.Version.Message, minor: q.Version.Minor}
	} else {
		c.commit(p, q.Version.Message, q.Version.Minor)
	}
	if to.title != p.title {
		c.retitle(p, to.title)
		c.settleOrder(p)
	}
	if q.sent.given { // behind the new title: a body that comes with it is taken at its word
		c.setBody(p, q.sent.text)
	}
	if moved {
		c.place(p, to.parent)
	}
	c.positionDC(p, q)
	c.touch(p)
	return c.answerDC(p.now())
}

// positionOf is the position as requests and answers have it: -1 where it is unset.
func positionOf(p *content) int64 {
	if p.position == unset {
		return -1
	}
	return p.position
}
