package emulator

import "strconv"

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
	if err != nil || p == nil || p.kind != k || c.hides(p) {
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
	s.happens(p, "removed")
	s.reserve(p)
}
