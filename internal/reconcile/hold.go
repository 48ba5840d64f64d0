package reconcile

import "github.com/tandem-sync/tandem/internal/confluence"

// holdContended keeps new content from pages that the side it comes from restricts and whose restrictions are not settled:
// until a person has decided, it might be shown to somebody who is shut out there.
func (p *planner) holdContended() {
	if len(p.wary) == 0 {
		return
	}
	for _, to := range confluence.Sides {
		held := map[*item]bool{}
		marked := map[*item]bool{}
		for it := range p.wary {
			marked[it] = p.restricts(it, to.Other())
		}
		for _, it := range p.items {
			a := &it.at[to]
			if content := a.send &^ (Restrictions | Labels); (a.fresh || content != 0) && p.under(it, to.Other(), marked, held) {
				a.fresh, it.clashed = false, true
				a.send &^= content
			}
		}
	}
}

// under reports whether one of the marked contents is the content itself or above it on a side.
func (p *planner) under(it *item, side confluence.Side, marked, known map[*item]bool) bool {
	var walked []*item
	answer := false
	for at := it; at != nil; at = p.up(at, side) {
		if a, ok := known[at]; ok {
			answer = a
			break
		}
		known[at] = false // ends a ring as well
		walked = append(walked, at)
		if marked[at] {
			answer = true
			break
		}
	}
	for _, at := range walked {
		known[at] = answer
	}
	return answer
}

// restricts reports whether a side restricts by itself who sees a content.
func (p *planner) restricts(it *item, side confluence.Side) bool {
	n := it.live(side)
	if n == nil || !p.policy.Facets.Has(Restrictions) {
		return false
	}
	if p.migrating || len(n.Readers)+len(n.Editors) == 0 {
		return !n.empty(Restrictions)
	}
	return len(n.Readers) > 0
}

// holdExposed keeps new content from places on a side where a page that shuts people out on the side it comes from would
// not stand above it: because the content was moved there, or the page is missing. It reports whether it held anything
// that it had not held before: a page that is to move out of a deleted one is found again in each tree.
func (p *planner) holdExposed() bool {
	held := false
	for _, to := range confluence.Sides {
		if !p.receives[to] || !p.anyRestricts(to.Other()) {
			continue
		}
		for _, it := range p.items {
			a := &it.at[to]
			content := a.send &^ (Restrictions | Labels)
			if !a.fresh && content == 0 {
				continue
			}
			exposed, later := p.exposed(it, to)
			if !exposed {
				continue
			}
			held = held || a.fresh || content&^a.barred != 0
			a.fresh, it.clashed = false, true
			a.send &^= content
			a.barred |= content
			if later {
				a.late = true // until it is known where the restored page is
				continue
			}
			what := "held back: a page that restricts it at the source does not stand above it at the destination"
			if !p.oneWay {
				what = "held back: a page that restricts it at " + p.name(to.Other()) + " does not stand above it at " + p.name(to)
			}
			p.clash(p.page(it), Clash{Facet: Restrictions, Kind: "restriction", Open: true, What: what})
		}
	}
	return held
}

func (p *planner) anyRestricts(side confluence.Side) bool {
	for _, it := range p.items {
		if p.restricts(it, side) {
			return true
		}
	}
	return false
}

// exposed reports whether the final tree of a side lacks a page above the content that restricts it where it comes from.
// It is so for the moment only below a page that comes out of the trash, which may come back anywhere.
func (p *planner) exposed(it *item, to confluence.Side) (exposed, later bool) {
	page, from := p.page(it), to.Other()
	if page == nil {
		return false, false
	}
	shield := p.shield(page, from)
	for at := page; at != nil && shield != nil; at = at.at[to].dest {
		if at != page && at == shield {
			shield = p.shield(shield, from)
		}
		if at.at[to].restore && shield != nil {
			return true, true
		}
	}
	return shield != nil, false
}

// shield returns the nearest page above that restricts who sees a content on a side.
func (p *planner) shield(it *item, side confluence.Side) *item {
	up := p.up(it, side)
	for range p.items {
		if up == nil || p.restricts(up, side) {
			return up
		}
		up = p.up(up, side)
	}
	return nil // a ring
}
