package reconcile

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// needsOf finds what a step needs.
func (p *planner) needsOf(s *step) {
	it, side, a := s.it, s.change.Side, s.on()
	if a.fresh && s != a.did().place {
		s.needs = append(s.needs, a.did().place)
		return // whatever it stands under is needed by its creation
	}
	p.comeBack(s)
	switch s.change.Verb {
	case confluence.VerbPost:
		s.needs = append(s.needs, p.guards(a.dest, side)...)
		s.needs = appendStep(s.needs, p.placedAbove(a.dest, side))
		p.openedFirst(s)
	case confluence.VerbRestore:
		if it.attached() {
			return
		}
		s.needs = append(s.needs, p.guards(a.dest, side)...)
		s.needs = appendStep(s.needs, p.placedAbove(a.dest, side))
	case confluence.VerbPut, confluence.VerbMove:
		p.openedFirst(s)
		if s != a.did().place {
			s.needs = append(s.needs, p.guards(it, side)...)
			s.needs = append(s.needs, p.shownFiles(s)...)
			return
		}
		if !a.did().loosen {
			s.needs = appendStep(s.needs, a.did().restrict)
		}
		s.needs = append(s.needs, p.guards(a.dest, side)...)
		s.needs = appendStep(s.needs, p.placedAbove(a.dest, side))
		s.needs = append(s.needs, p.shownFiles(s)...)
	case confluence.VerbAttach, confluence.VerbComment:
		p.openedFirst(s)
		s.needs = append(s.needs, p.guards(p.page(it), side)...)
		if up := a.dest; up != nil && up.at[side].fresh {
			s.needs = append(s.needs, up.at[side].did().place)
		}
		p.afterAnchor(s)
	case confluence.VerbReplace, confluence.VerbRecomment:
		p.openedFirst(s)
		s.needs = append(s.needs, p.guards(p.page(it), side)...)
	}
}

// comeBack lets everything that is done to a restored content, or to what comes back with it, wait for the restore.
func (p *planner) comeBack(s *step) {
	side := s.change.Side
	for up := s.it; up != nil; up = p.holder(up) {
		if r := up.at[side].did().revive; r != nil && r != s {
			s.needs = append(s.needs, r)
			return
		}
		if !up.attached() {
			return
		}
	}
}

// guards returns what must stand before new content comes to a page, so that nobody sees it whom the side it comes from
// shuts out: its own tightening and those of the pages above it in the final tree. Above a page that is created here its
// creation stands for them, and above one that moves below a restricted page its move.
func (p *planner) guards(it *item, side confluence.Side) []*step {
	var out []*step
	for ; it != nil; it = p.climb(it, side) {
		a := &it.at[side]
		if a.did().restrict != nil && !a.did().loosen {
			out = append(out, a.did().restrict)
		}
		if a.fresh || a.did().place != nil && p.restrictedAbove(a.dest, side) {
			return append(out, a.did().place)
		}
	}
	return out
}

// climb returns the next page upwards in the final tree that anything is done to, or that is restricted: on a quiet
// branch there is nothing to look at. It remembers the way.
func (p *planner) climb(it *item, side confluence.Side) *item {
	start := it
	var passed []*item
	for it = it.at[side].dest; it != nil; it = it.at[side].dest {
		a := &it.at[side]
		if a.did().restrict != nil || a.did().place != nil || a.fresh || p.restricts(it, side.Other()) {
			break
		}
		if next, known := p.quiet[side][it]; known {
			it = next
			break
		}
		passed = append(passed, it)
	}
	for _, q := range append(passed, start) {
		if q != start {
			put(&p.quiet[side], q, it)
		}
	}
	return it
}

// restrictedAbove reports whether the side that content comes from restricts a page of the final tree, or one above it.
func (p *planner) restrictedAbove(it *item, side confluence.Side) bool {
	for ; it != nil; it = p.climb(it, side) {
		if p.restricts(it, side.Other()) {
			return true
		}
	}
	return false
}

// openedFirst lets content wait until the side it comes from is opened, where the other side already is: until then it is
// for those alone whom that side lets in.
func (p *planner) openedFirst(s *step) {
	if p.oneWay || s.change.Facets&(Title|Body|File) == 0 {
		return
	}
	from := s.change.Side.Other()
	page := p.page(s.it)
	for at := page; at != nil; at = p.climb(at, s.change.Side) {
		if a := &at.at[from]; a.did().loosen || a.did().letsIn {
			s.needs = append(s.needs, a.did().restrict)
		}
	}
}

// placedAbove returns the step that puts the nearest page, from this one upwards, where it belongs.
func (p *planner) placedAbove(it *item, side confluence.Side) *step {
	for ; it != nil; it = p.climb(it, side) {
		if it.at[side].did().place != nil {
			return it.at[side].did().place
		}
	}
	return nil
}

// shownFiles returns the uploads of the files that a body shows, so that nobody reads it without them.
func (p *planner) shownFiles(s *step) []*step {
	if !s.change.Facets.Has(Body) || p.migrating {
		return nil
	}
	side := s.change.Side
	var out []*step
	for _, twin := range s.it.node[side.Other()].Files {
		if file := p.byTwin(twin); file != nil && file.at[side].fresh {
			out = appendStep(out, file.at[side].did().place)
		}
	}
	return out
}

// afterAnchor lets a new inline comment wait for the body that holds its anchor.
func (p *planner) afterAnchor(s *step) {
	side := s.change.Side
	if s.change.Verb != confluence.VerbComment || !s.it.node[side.Other()].Inline {
		return
	}
	if page := p.page(s.it); page != nil {
		s.needs = appendStep(s.needs, page.at[side].did().body)
	}
}

// loosenLast lets the opening of a page wait for every other change of it, and for the tightenings below it.
func (p *planner) loosenLast() {
	any := [2]bool{}
	for _, s := range p.steps {
		any[s.change.Side] = any[s.change.Side] || s.on().did().loosen
	}
	if !any[0] && !any[1] {
		return
	}
	for _, s := range p.steps {
		side := s.change.Side
		if !any[side] {
			continue
		}
		owner := p.page(s.it)
		if owner != nil && owner.at[side].did().loosen && s != owner.at[side].did().restrict {
			owner.at[side].did().restrict.needs = append(owner.at[side].did().restrict.needs, s)
		}
		if s != s.on().did().restrict || s.on().did().loosen {
			continue
		}
		for up := s.on().dest; up != nil; up = p.climb(up, side) {
			if up.at[side].did().loosen {
				up.at[side].did().restrict.needs = append(up.at[side].did().restrict.needs, s)
			}
		}
	}
}

// homeFirst lets new bodies wait until the home page, which the receiver made with the space under a title of its own,
// has the sender's title. A body that came first and names another page by that title would mean the home page as long
// as it has it, and servers rewrite such references when the home page is renamed (open-facts OF-29).
func (p *planner) homeFirst() {
	for _, home := range p.items {
		for _, side := range confluence.Sides {
			a := &home.at[side]
			s := a.did().retitle
			if s == nil || a.fresh || !home.node[side].Home || len(s.all())+len(s.change.rest().waits) > 0 {
				continue
			}
			for _, other := range p.steps {
				if other.change.Side == side && other.it != home && other.on().fresh && other == other.on().did().place && other.change.Facets.Has(Body) {
					other.waitFor(s)
				}
			}
		}
	}
}

// renamedFirst: a page that gets another title on both sides gets it first on the side where somebody renamed it. If the
// other call is never made, the next plan sees a rename of one side, and does not take half of a suffix for a second one.
func (p *planner) renamedFirst() {
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			first, then := it.at[side].did().retitle, it.at[side.Other()].did().retitle
			if first == nil || then == nil || !then.change.Merged.Has(Title) || !it.changed[side].Has(Title) || it.changed[side.Other()].Has(Title) {
				continue
			}
			if !first.reaches(then, map[*step]bool{}) {
				then.needs = append(then.needs, first)
				p.level()
			}
		}
	}
}

// reaches reports whether a step needs another one, by whatever way.
func (s *step) reaches(other *step, seen map[*step]bool) bool {
	if s == other {
		return true
	}
	if seen[s] {
		return false
	}
	seen[s] = true
	return slices.ContainsFunc(s.all(), func(n *step) bool { return n.reaches(other, seen) })
}
