package reconcile

import (
	"encoding/binary"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// carries returns the facets of a kind that can be sent. Of other kinds there are none: they are left alone.
func carries(kind confluence.Kind) Facets {
	switch kind {
	case confluence.Page:
		return Title | Parent | Body | Labels | Restrictions
	case confluence.BlogPost:
		return Title | Body | Labels | Restrictions
	case confluence.Attachment:
		return File | Labels
	case confluence.Comment:
		return Body | Status
	}
	return 0
}

// essential is the facet without which a kind is not created.
var essential = map[confluence.Kind]Facets{
	confluence.Page: Title, confluence.BlogPost: Title, confluence.Attachment: File, confluence.Comment: Body,
}

// startEmpty are the facets that a content which we made does not have until we write them. Where they were never agreed
// on, they count as agreed to be empty.
const startEmpty = Labels | Restrictions

// agreed is what planning keeps of an Agreed: its digests are compared on the way in, and not kept.
type agreed struct {
	title    [2]string
	parent   confluence.TwinID
	version  [2]int32
	place    int32 // agreed place below the parent it has now, -1 if none
	facets   Facets
	held     Facets
	owed     [2]Facets
	there    [2]bool // it has an id on that side
	landed   [2]bool
	tomb     bool
	detached bool
	resolved bool
	places   bool // a place was agreed on, below whatever parent
}

// learn takes over one row of the baseline and compares with it what both sides show.
func (p *planner) learn(it *item, a *Agreed) {
	p.rows = room(p.rows, p.expect, len(p.items))
	p.rows = append(p.rows, agreed{
		there: [2]bool{a.ID[0] != "", a.ID[1] != ""}, version: [2]int32{int32(a.Version[0]), int32(a.Version[1])}, title: a.Title, parent: a.Parent,
		facets: a.Facets, held: a.Held, owed: a.Owed, landed: a.Landed, tomb: a.Tomb, detached: a.Detached, resolved: a.Resolved, place: -1,
	})
	it.base = &p.rows[len(p.rows)-1]
	for side, n := range it.node {
		if n != nil && n.Title == it.base.title[side] {
			it.base.title[side] = n.Title // one text for both
		}
	}
	it.contested = a.Contested
	i := Order.Index()
	if d := a.Digest[p.to][i]; a.Facets.Has(Order) && !d.IsZero() {
		it.base.places = true
	}
	if n := it.node[p.to]; n != nil && it.base.places {
		d := a.Digest[p.to][i]
		if at := int(binary.BigEndian.Uint64(d[:8])) - 1; at >= 0 && place(n.Parent, at) == d {
			it.base.place = int32(at)
		}
	}
	for _, f := range [...]Facets{Body, Labels, Restrictions, File} {
		p.compareDigests(it, f, a)
	}
	p.compareSets(it, a)
}

// compareDigests sets which sides changed a facet that only digests tell.
func (p *planner) compareDigests(it *item, f Facets, a *Agreed) {
	i := f.Index()
	agreed := a.Facets.Has(f)
	for _, side := range confluence.Sides {
		n := it.node[side]
		if n == nil || !n.Read.Has(f) {
			continue
		}
		switch was := &a.Digest[side][i]; {
		case agreed:
			if !p.shows(n, f, was) {
				it.changed[side] |= f
			}
		case startEmpty.Has(f):
			if !n.empty(f) {
				it.changed[side] |= f
			}
		case a.Owed[side.Other()].Has(f), a.Owed[side].Has(f):
			if !p.shows(n, f, was) {
				it.changed[side] |= f // since the half of the write that was made
			}
		case p.oneWay && side == p.to:
			// never agreed: the sender wins
		default:
			it.changed[side] |= f
		}
	}
}

// detect finds what changed beyond the digests: titles, parents, what is owed, and everything of contents that were
// never agreed on.
func (p *planner) detect() {
	for _, it := range p.items {
		if it.base == nil {
			p.detectMet(it)
			continue
		}
		for _, side := range confluence.Sides {
			if it.node[side] == nil || it.state[side] != here && it.state[side] != archived {
				it.changed[side] &= it.buried(side)
				continue
			}
			p.detectValues(it, side)
		}
		p.detectOwed(it)
		if !p.policy.Sweep {
			p.onlyFeed(it)
		}
	}
	for _, it := range p.items {
		p.markWorked(it)
	}
}

// buried are the facets of a content in the trash whose edits count if it comes back: a body that was edited before it was
// deleted, and seen so, is no less somebody's text than what the other side wrote.
func (it *item) buried(side confluence.Side) Facets {
	if it.state[side] != trashed || it.attached() {
		return 0
	}
	return Body & it.base.facets
}

// detectValues compares title, parent and resolution, which are kept by value.
func (p *planner) detectValues(it *item, side confluence.Side) {
	n, a := it.node[side], it.base
	changed := func(f Facets, differs bool) {
		switch {
		case a.facets.Has(f):
			if differs {
				it.changed[side] |= f
			}
		case !p.oneWay || side == p.from:
			it.changed[side] |= f
		}
	}
	if it.kind == confluence.Page || it.kind == confluence.BlogPost {
		changed(Title, n.Title != a.title[side])
	}
	if it.kind == confluence.Page && !n.Home {
		changed(Parent, p.parentOf(it, side) != a.parent)
	}
	if it.kind == confluence.Comment && n.Resolved != a.resolved {
		it.changed[side] |= Status
	}
}

// detectOwed lets the other side's value flow where a write of ours is not whole: what a side shows there is no act of a
// person. The same goes for a temporary title.
func (p *planner) detectOwed(it *item) {
	for _, side := range confluence.Sides {
		other := side.Other()
		if it.node[side] == nil || it.node[other] == nil {
			continue
		}
		owed := it.base.owed[side]
		if isTemporary(it.node[side].Title, it.twin) && !isTemporary(it.node[other].Title, it.twin) {
			owed |= Title
		}
		owed &= carries(it.kind)
		it.changed[other] |= owed
		it.changed[side] &^= owed & (Title | Parent)
	}
}

// onlyFeed keeps what a feed sees for sure.
func (p *planner) onlyFeed(it *item) {
	silent := false // a move without a version
	for _, side := range confluence.Sides {
		it.changed[side] &^= Labels | Status
		n := it.node[side]
		silent = silent || it.changed[side].Has(Parent) && (n == nil || n.Version <= it.base.version[side])
	}
	if silent {
		it.changed[0] &^= Parent &^ it.base.owed[1]
		it.changed[1] &^= Parent &^ it.base.owed[0]
	}
}

// detectMet handles contents without a baseline: all of them counts as changed.
func (p *planner) detectMet(it *item) {
	for _, side := range confluence.Sides {
		n := it.node[side]
		if n == nil {
			continue
		}
		it.changed[side] = carries(it.kind) &^ (Labels | Restrictions | Body | File | Status) & p.policy.Facets
		it.changed[side] |= n.Read & (Body | File) & carries(it.kind)
		if p.takeover(it) && p.oneWay && side == p.to {
			it.changed[side] = 0
		}
		for _, f := range []Facets{Labels, Restrictions} {
			if n.Read.Has(f) && (!n.empty(f) || len(n.Labels) > 0 && f == Labels) {
				it.changed[side] |= f
			}
		}
	}
	if it.node[confluence.A] != nil && it.node[confluence.B] != nil {
		p.compareSets(it, &Agreed{})
	}
}

// takeover reports whether a content without a baseline becomes ours all the same: the home page that came with the
// space.
func (p *planner) takeover(it *item) bool {
	return it.node[p.from] != nil && it.node[p.to] != nil && it.node[p.from].Home && it.node[p.to].Home
}

// markWorked notes that a person worked on a page on one side: on its body, a file or a comment. That is what keeps a
// page from being deleted.
func (p *planner) markWorked(it *item) {
	for _, side := range confluence.Sides {
		if it.attached() && it.base != nil && !it.base.tomb && (it.state[side] == trashed || it.state[side] == purged) {
			if page := p.page(it); page != nil {
				page.worked[side] = true
			}
		}
		if it.state[side] != here && !(it.attached() && it.state[side] == archived) { // with its page
			continue
		}
		fresh := it.attached() && (it.base == nil || !it.base.there[side.Other()] || it.base.tomb) // made, or brought back
		if !fresh && it.changed[side]&(Body|File) == 0 {
			continue
		}
		it.worked[side] = it.worked[side] || !fresh
		if page := p.page(it); page != nil {
			page.worked[side] = true
		}
		for up := p.holder(it); it.kind == confluence.Comment && up != nil && up.kind == confluence.Comment; up = p.holder(up) {
			up.worked[side] = true // its answers keep a comment
		}
	}
}

// same reports whether both sides show the same of a facet.
func (p *planner) same(it *item, f Facets) bool {
	a, b := it.node[confluence.A], it.node[confluence.B]
	switch f {
	case Title:
		return a.Title == b.Title
	case Parent:
		return p.parentOf(it, confluence.A) == p.parentOf(it, confluence.B)
	case Status:
		return a.Resolved == b.Resolved
	case Labels:
		if it.sets.Has(Labels) {
			return slices.Equal(a.Labels, b.Labels)
		}
	}
	if a.empty(f) && b.empty(f) {
		return true
	}
	if other, joined := p.partners[it]; joined {
		return p.policy.Met != nil && p.policy.Met([2]confluence.TwinID{it.twin, other}, f)
	}
	return p.policy.Same != nil && p.policy.Same(it.twin, f)
}
