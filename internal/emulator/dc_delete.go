package emulator

import "net/http"

// deleteContentDC is DELETE content/{id}: into the trash, or, with status=trashed, out of it for good. Comments and drafts
// are removed for good at once (register row DL-01). There is no check of a version (DL-06).
func deleteContentDC(c *call) (answer, error) {
	p, err := c.findDC(c.params[0])
	if err != nil {
		return answer{}, err
	}
	if !p.removes(c.user) {
		return answer{}, notAllowed("Could not delete content with id " + c.params[0])
	}
	switch state := c.query.Get("status"); {
	case state == "draft":
		return c.dropDraft(p)
	case state == "trashed" && p.status != trashed:
		return answer{}, noContent(c.params[0])
	case state == "trashed":
		if !p.space.allowed(c.user, "administer", "space") {
			return answer{}, notAllowed("Could not purge content with id " + c.params[0])
		}
		c.erase(p)
	case state != "" && state != "current":
		return answer{}, invalid("Invalid status: " + state)
	case p.status == trashed:
		return answer{}, noContent(c.params[0])
	case p.kind == comment:
		c.dropThread(p)
	case p.status == draft:
		c.orphan(p)
		c.erase(p)
	case p.kind == attachment:
		p.status = trashed
		c.happens(p, "removed")
		c.touch(p)
	default:
		from := p.parent
		c.trash(p)
		if from != nil {
			p.extra().former = from
		}
		c.touch(p)
	}
	return status204()
}

// dropDraft removes a draft; one that is older than the page it was made for is stale (register row DL-06).
func (c *call) dropDraft(p *content) (answer, error) {
	switch {
	case p.status == draft:
		c.orphan(p)
		c.erase(p)
	case p.more == nil || p.more.pending == nil:
		return answer{}, noContent(c.params[0])
	case p.more.pending.at < p.last.at:
		return answer{}, fail(http.StatusConflict, "", "The draft is stale: the page was changed since")
	default:
		p.more.pending = nil
	}
	return status204()
}
