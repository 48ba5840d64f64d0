package emulator

import "maps"

// notify counts what a new version tells those who watch the content or its space (register row PA-16). A minor edit
// tells nobody on Data Center; on Cloud the flag is ignored unless the option says otherwise. The lock must be held.
func (c *call) notify(p *content, minor bool) {
	if p.status != current || minor && (c.dc() || c.set.minorSuppresses) {
		return
	}
	for _, u := range c.people.users {
		if u == c.user || !u.active || !c.watching(watched{"content", p.root().id}, u) && !c.watching(watched{"space", p.space.id}, u) {
			continue
		}
		if p.sees(u) {
			if c.world.annex.notified == nil {
				c.world.annex.notified = map[string]int64{}
			}
			c.world.annex.notified[u.id]++
		}
	}
}

// Notifications returns how many notifications each account was sent so far, by account id.
func (s *Site) Notifications() map[string]int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := maps.Clone(s.world.annex.notified)
	if out == nil {
		out = map[string]int64{}
	}
	return out
}
