package reconcile

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Labels and restrictions are sets. What one side did since both agreed is a difference, and carried as one, so that what
// only one side can hold stays there. Where a caller gives digests without values they are registers instead.

// labelSets are the labels of one content: as agreed on, and now.
type labelSets struct{ was, now [2][]string }

// labelChange is what becomes of the labels of one side.
type labelChange struct{ add, del []string }

// access says who can read and who can edit a content; empty: everyone.
type access struct{ readers, editors []confluence.Principal }

func (a access) equal(b access) bool {
	return slices.Equal(a.readers, b.readers) && slices.Equal(a.editors, b.editors)
}

func (a access) open() bool { return len(a.readers) == 0 && len(a.editors) == 0 }

// accessSets are the restrictions of one content: as agreed on, and now.
type accessSets struct{ was, now [2]access }

func accessOf(n *node) access { return access{n.Readers, n.Editors} }

// valued reports whether the values of a set are known, and not only its digest.
func valued(empty bool, length int) bool { return empty || length > 0 }

// compareSets looks at sets by their values, where they are known, and keeps what differs from the baseline.
func (p *planner) compareSets(it *item, a *Agreed) {
	if p.migrating || it.node[confluence.A] == nil || it.node[confluence.B] == nil {
		return
	}
	p.compareLabelSets(it, a)
	p.compareAccess(it, a)
}

// agreedOnNothing reports whether a facet was not agreed on, or as empty.
func (a *Agreed) agreedOnNothing(side confluence.Side, f Facets) bool {
	return !a.Facets.Has(f) || a.Digest[side][f.Index()].IsZero()
}

func (p *planner) compareLabelSets(it *item, a *Agreed) {
	var sets labelSets // copied to where it is kept, if it is
	changed := false
	for _, side := range confluence.Sides {
		n := it.node[side]
		was := a.Labels[side]
		if !a.Facets.Has(Labels) {
			was = nil
		}
		if !valued(a.agreedOnNothing(side, Labels), len(was)) {
			return
		}
		now := was
		if n.Read.Has(Labels) && shown(n) {
			if now = n.Labels; !valued(n.empty(Labels), len(now)) {
				return
			}
		}
		sets.was[side], sets.now[side] = was, now
		changed = changed || !slices.Equal(was, now)
	}
	for _, side := range confluence.Sides {
		it.changed[side] &^= Labels
		if !slices.Equal(sets.was[side], sets.now[side]) {
			it.changed[side] |= Labels
		}
	}
	it.sets |= Labels
	if changed {
		kept := sets
		put(&p.labels, it, &kept)
	}
}

// shown reports whether what the node says of its facets is how the content stands now.
func shown(n *node) bool {
	return !n.Away && (n.Status() == confluence.Current || n.Status() == "" || n.Status() == confluence.Archived)
}

func (p *planner) compareAccess(it *item, a *Agreed) {
	var sets accessSets
	changed := false
	for _, side := range confluence.Sides {
		n := it.node[side]
		was := access{a.Readers[side], a.Editors[side]}
		if !a.Facets.Has(Restrictions) {
			was = access{}
		}
		if !valued(a.agreedOnNothing(side, Restrictions), len(was.readers)+len(was.editors)) {
			return
		}
		now := was
		if n.Read.Has(Restrictions) && shown(n) {
			if now = accessOf(n); !valued(n.empty(Restrictions), len(now.readers)+len(now.editors)) {
				return
			}
		}
		if a.Owed[side].Has(Restrictions) {
			was, changed = now, true // shut by us until it is restricted: what it shows is no act of a person
		}
		sets.was[side], sets.now[side] = was, now
		changed = changed || !now.equal(was)
	}
	for _, side := range confluence.Sides {
		it.changed[side] &^= Restrictions
		if !sets.now[side].equal(sets.was[side]) {
			it.changed[side] |= Restrictions
		}
	}
	it.sets |= Restrictions
	if changed {
		kept := sets
		put(&p.access, it, &kept)
	}
}

// decideLabels carries what each side did to the labels (rows 24 and the like). Sets cannot clash: what was agreed on can
// only be taken away, and anything else only be added.
func (p *planner) decideLabels(it *item) {
	sets := p.labels[it]
	if sets == nil {
		return
	}
	p.settleLabels(it, sets)
	var changes [2]labelChange
	for _, side := range confluence.Sides {
		if !p.receives[side] {
			continue
		}
		other := side.Other()
		c := labelChange{
			add: minus(minus(sets.now[other], sets.was[other]), sets.now[side]),
			del: common(minus(sets.was[other], sets.now[other]), sets.now[side]),
		}
		if p.mirror || p.oneWay && p.decided(it, Labels) == preferred(p.from) {
			c.add = minus(minus(sets.now[other], sets.now[side]), minus(sets.was[other], sets.was[side]))
			c.del = minus(minus(sets.now[side], sets.now[other]), minus(sets.was[side], sets.was[other]))
		}
		if len(c.add)+len(c.del) > 0 {
			it.at[side].send |= Labels
			changes[side] = c
		}
	}
	if it.at[confluence.A].send.Has(Labels) || it.at[confluence.B].send.Has(Labels) {
		put(&p.relabel, it, &changes)
	}
	if p.oneWay && !p.mirror && p.decided(it, Labels) != preferred(p.from) {
		own := minus(minus(sets.now[p.to], sets.was[p.to]), sets.now[p.from])
		lost := common(minus(sets.was[p.to], sets.now[p.to]), sets.now[p.from])
		if len(own)+len(lost) > 0 {
			p.clash(it, Clash{Facet: Labels, Kind: "label", Row: 24, Open: true, What: "the labels were changed at the destination"})
		}
	}
}

// settleLabels moves what is agreed on by the labels that both sides came to show, or that neither shows any longer.
func (p *planner) settleLabels(it *item, sets *labelSets) {
	both := common(sets.now[0], sets.now[1])
	var agreed [2][]string
	moved := false
	for _, side := range confluence.Sides {
		neither := minus(minus(sets.was[side], sets.now[0]), sets.now[1])
		agreed[side] = union(minus(sets.was[side], neither), both)
		moved = moved || !slices.Equal(agreed[side], sets.was[side])
	}
	if moved {
		p.settle(it, Labels)
		put(&p.newLabels, it, agreed)
	}
}

// decideAccess carries restrictions. Where both sides changed them the tighter counts: nobody reads what either side
// shut him out of (row 26).
func (p *planner) decideAccess(it *item) {
	sets := p.access[it]
	if sets == nil {
		return
	}
	a, b := it.changed[confluence.A].Has(Restrictions), it.changed[confluence.B].Has(Restrictions)
	switch {
	case sets.own(confluence.A).equal(sets.own(confluence.B)):
		p.settle(it, Restrictions)
	case a && b:
		p.contendAccess(it, sets)
	default:
		from := confluence.A
		if b {
			from = confluence.B
		}
		p.flowAccess(it, sets, from)
	}
}

func (p *planner) flowAccess(it *item, sets *accessSets, from confluence.Side) {
	to := from.Other()
	switch {
	case p.waits(it, Restrictions):
		put(&p.wary, it, true)
		p.clash(it, Clash{Facet: Restrictions, Kind: "held", Open: true, What: "held, until a person decides"})
	case p.receives[to]:
		p.restrict(it, to, carryAccess(sets, from), 0)
	case p.mirror && p.decided(it, Restrictions) != preferred(p.to), p.decided(it, Restrictions) == preferred(p.from):
		p.restrict(it, from, carryAccess(sets, to), 0)
	default:
		put(&p.wary, it, true)
		p.clash(it, Clash{Facet: Restrictions, Kind: "restriction", Open: true, What: "the restrictions were changed at " + p.name(from)})
	}
}

func (p *planner) contendAccess(it *item, sets *accessSets) {
	choice := p.choice(it, Restrictions)
	c := Clash{Facet: Restrictions, Kind: "restriction", Row: 26, Policy: choice}
	both, ok := meet(sets.now[confluence.A], sets.now[confluence.B])
	switch {
	case p.mirror:
		p.restrict(it, p.to, carryAccess(sets, p.from), 0)
		c.What = "the restrictions were changed on both sides; those of " + p.name(p.from) + " count"
	case choice == PreferA, choice == PreferB:
		from := confluence.A
		if choice == PreferB {
			from = confluence.B
		}
		if p.receives[from.Other()] {
			p.restrict(it, from.Other(), carryAccess(sets, from), 0)
		} else {
			put(&p.wary, it, true)
		}
		c.What = "the restrictions were changed on both sides; those of " + p.name(from) + " count"
	case choice != Tighten || !ok:
		put(&p.wary, it, true)
		c.Open = true
		c.What = "the restrictions were changed on both sides, and nobody would be left who may see or edit the page on both"
		if choice != Tighten {
			c.What = "the restrictions were changed on both sides"
		}
	default:
		c.What = "the restrictions were changed on both sides; who is shut out on either is shut out on both"
		for _, side := range confluence.Sides {
			if p.receives[side] {
				p.restrict(it, side, both.with(sets.extra(side).kept(sets.now[side])), Restrictions)
			}
		}
	}
	p.clash(it, c)
}

// restrict notes the restrictions that a side is to have, unless it has them already.
func (p *planner) restrict(it *item, side confluence.Side, want access, merged Facets) {
	now := p.access[it].now[side]
	if want.equal(now) || !p.policy.Sweep && !tightens(now, want) {
		return
	}
	it.at[side].send |= Restrictions
	it.at[side].merged |= merged
	finals := p.finals[it]
	if finals == nil {
		finals = &[2]access{}
		put(&p.finals, it, finals)
	}
	finals[side] = want
}

// carryAccess returns the restrictions of one side as the other is to have them: with those whom only the other could
// name when both agreed.
func carryAccess(sets *accessSets, from confluence.Side) access {
	return sets.now[from].with(sets.extra(from.Other()).kept(sets.now[from.Other()]))
}

// extra returns whom only this side could name when both agreed.
func (s *accessSets) extra(side confluence.Side) access {
	was, other := s.was[side], s.was[side.Other()]
	var out access
	if len(other.readers) > 0 {
		out.readers = minus(was.readers, other.readers)
	}
	if len(other.editors) > 0 {
		out.editors = minus(was.editors, other.editors)
	}
	return out
}

// own returns the restrictions of a side without those whom only this side can name.
func (s *accessSets) own(side confluence.Side) access {
	extra := s.extra(side)
	return access{minus(s.now[side].readers, extra.readers), minus(s.now[side].editors, extra.editors)}
}

// with adds principals to lists that are not empty: an empty one is everyone.
func (a access) with(extra access) access {
	if len(a.readers) > 0 {
		a.readers = union(a.readers, extra.readers)
	}
	if len(a.editors) > 0 {
		a.editors = union(a.editors, extra.editors)
	}
	return a
}

// kept leaves out who is there no longer.
func (a access) kept(now access) access {
	return access{common(a.readers, now.readers), common(a.editors, now.editors)}
}

// meet returns who can read and edit under both. It is not ok where that would be nobody, which no site can express: an
// empty list is everyone.
func meet(a, b access) (access, bool) {
	readers, ok := meetOf(a.readers, b.readers)
	editors, okToo := meetOf(a.editors, b.editors)
	return access{readers, editors}, ok && okToo
}

func meetOf(a, b []confluence.Principal) ([]confluence.Principal, bool) {
	switch {
	case len(a) == 0:
		return b, true
	case len(b) == 0:
		return a, true
	}
	both := common(a, b)
	return both, len(both) > 0
}

// letsIn reports whether a change of restrictions lets somebody read who could not.
func letsIn(now, want access) bool {
	return len(now.readers) > 0 && (len(want.readers) == 0 || len(minus(want.readers, now.readers)) > 0)
}

// tightens reports whether a change of restrictions shuts somebody out, or at least lets nobody in.
func tightens(now, want access) bool {
	if len(now.readers) == 0 {
		return true
	}
	return len(want.readers) > 0 && (len(minus(want.readers, now.readers)) == 0 || len(minus(now.readers, want.readers)) > 0)
}

func minus[T ~string](list, without []T) []T {
	if len(list) == 0 || len(without) == 0 {
		return list
	}
	var out []T
	for _, x := range list {
		if _, found := slices.BinarySearch(without, x); !found {
			out = append(out, x)
		}
	}
	return out
}

func common[T ~string](list, with []T) []T {
	var out []T
	for _, x := range list {
		if _, found := slices.BinarySearch(with, x); found {
			out = append(out, x)
		}
	}
	return out
}

func union[T ~string](a, b []T) []T {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
