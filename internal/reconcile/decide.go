package reconcile

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// decide decides about every twin on its own: pages and posts first, because files and comments share the fate of theirs.
func (p *planner) decide() {
	for _, it := range p.items {
		if !it.attached() {
			p.decideOne(it)
		}
	}
	if p.policy.ResurrectAncestors {
		p.resurrect()
	}
	for _, it := range p.items {
		if it.attached() {
			p.decideAttached(it)
		}
	}
}

func (p *planner) decideOne(it *item) {
	if p.drafts(it); it.skip {
		return
	}
	a, b := it.state[confluence.A], it.state[confluence.B]
	switch {
	case p.migrating:
		p.migrateOne(it)
	case it.base != nil && it.base.detached:
		it.skip = true
	case a == away || b == away:
		p.decideAway(it)
	case a == here && b == here:
		p.compareTwins(it)
	case a == here && b == never:
		p.newcomer(it, confluence.A)
	case b == here && a == never:
		p.newcomer(it, confluence.B)
	case a == unseen || b == unseen:
		it.skip = true
		if !it.base.tomb {
			p.result.Unknown = append(p.result.Unknown, it.twin)
			p.outOfSight(it)
		}
	case a == archived || b == archived:
		p.decideArchived(it)
	case a.gone() && b.gone():
		p.bothGone(it)
	case a.gone() && b == here:
		p.deletion(it, confluence.A)
	case b.gone() && a == here:
		p.deletion(it, confluence.B)
	default:
		it.skip = true // never anything but trash on one side
	}
}

// outOfSight names a content that one side changed and the other should have and does not show: it may be hidden there for
// good, or purged, and a person has to know that the change is not carried.
func (p *planner) outOfSight(it *item) {
	for _, side := range confluence.Sides {
		other := side.Other()
		if it.state[side] != unseen || it.state[other] != here || !p.receives[side] {
			continue
		}
		if it.worked[other] || it.changed[other]&carries(it.kind)&p.policy.Facets&it.base.facets != 0 {
			p.clash(it, Clash{Facet: Status, Kind: "unseen", Open: true, What: fmt.Sprintf("changed at %s, and not to be seen at %s", p.name(other), p.name(side))})
		}
	}
}

// drafts leaves alone what only its author can see (row 38).
func (p *planner) drafts(it *item) {
	for _, side := range confluence.Sides {
		if n := it.node[side]; n != nil && n.Status() == confluence.Draft {
			p.row(38)
			it.skip = it.state[side.Other()] != here
		}
	}
}

// migrateOne decides in a migration: nothing is deleted, and what the destination alone has is left alone.
func (p *planner) migrateOne(it *item) {
	sent, received := it.live(p.from), it.live(p.to)
	switch {
	case sent == nil:
		p.missingAtSender(it)
	case carries(sent.Kind()) == 0:
	case received == nil:
		p.missingAtReceiver(it, sent)
	case sent.Kind() != received.Kind():
		p.clash(it, Clash{Facet: Status, Kind: "kind", Open: true, What: "another kind of content at the destination"})
	default:
		p.compareTwins(it)
	}
}

func (p *planner) missingAtSender(it *item) {
	if it.base == nil || !it.base.there[p.to] {
		return // never sent: of the receiver alone
	}
	if it.live(p.to) == nil {
		it.noted = true // gone on both sides
		return
	}
	p.result.Gone = append(p.result.Gone, it.twin)
}

func (p *planner) missingAtReceiver(it *item, sent *node) {
	if n := it.node[p.to]; n != nil && n.Status() == confluence.Archived {
		p.clash(it, Clash{Facet: Status, Kind: "archived", Open: true, What: "archived at the destination"})
		return
	}
	if it.base == nil || !it.base.there[p.to] {
		it.at[p.to].fresh = p.policy.Facets.Has(essential[sent.Kind()])
		return
	}
	if holder := p.above(it); holder != nil && sent.Kind() != confluence.Page && holder.base != nil && holder.live(p.to) == nil {
		return // went with the content it belongs to, which is reported
	}
	p.clash(it, Clash{Facet: Status, Kind: "delete", Open: true, What: "deleted at the destination"})
}

// newcomer decides about a content that only one side ever had (row 31).
func (p *planner) newcomer(it *item, on confluence.Side) {
	to := on.Other()
	n := it.node[on]
	switch {
	case carries(it.kind) == 0:
		it.skip = true
		p.clash(it, Clash{Facet: Status, Kind: "kind", What: fmt.Sprintf("a %s, which %s cannot hold", it.kind, p.name(to))})
	case p.receives[to]:
		it.at[to].fresh = p.policy.Facets.Has(essential[it.kind]) && p.visible(it, on)
	case p.mirror && p.policy.Prune && p.policy.Sweep && !n.Home:
		p.trash(it, on)
	default:
		p.clash(it, Clash{Facet: Status, Kind: "target-only", Row: 31, What: "only at the destination"})
	}
}

// visible reports whether a new content may be shown on the other side: who may see it must be known. Without a sweep it
// need not be.
func (p *planner) visible(it *item, on confluence.Side) bool {
	n := it.node[on]
	if p.policy.Sweep || !p.policy.Facets.Has(Restrictions) || it.attached() || n.Read.Has(Restrictions) {
		return true
	}
	it.skip = true
	return false
}

func (p *planner) bothGone(it *item) {
	it.skip = true
	if it.base != nil && it.base.tomb || it.base == nil || !p.policy.Sweep {
		return
	}
	p.row(23)
	p.result.Tombs = append(p.result.Tombs, it.twin)
}

// decideAway handles what left the scope on one side: that is no deletion (rows 29 and 30).
func (p *planner) decideAway(it *item) {
	it.skip = true
	if it.base == nil || !p.policy.Sweep {
		return
	}
	gone := confluence.A
	if it.state[confluence.A] != away {
		gone = confluence.B
	}
	stays := gone.Other()
	if p.mirror && p.policy.OutOfScope == ScopeTrash && gone == p.from && it.state[stays] == here {
		p.row(29)
		p.trash(it, stays)
		it.skip = false
		return
	}
	p.result.Detached = append(p.result.Detached, it.twin)
	c := Clash{Facet: Status, Kind: "detached", Row: 29, What: fmt.Sprintf("moved out of the space at %s; the other side keeps it", p.name(gone))}
	if it.worked[stays] {
		c.Row = 30
		c.What = fmt.Sprintf("moved out of the space at %s, and edited at %s, which keeps it", p.name(gone), p.name(stays))
	}
	p.row(c.Row)
	p.clash(it, c)
}

// decideArchived handles what one side archived: it can be undone there, so nothing is decided for a person (row 27).
func (p *planner) decideArchived(it *item) {
	it.skip = true
	on := confluence.A
	if it.state[confluence.A] != archived {
		on = confluence.B
	}
	other := on.Other()
	if it.base == nil || it.state[other] != here || !p.policy.Sweep {
		return // archived on both sides, or gone on the other
	}
	c := Clash{Facet: Status, Kind: "archived", Row: 27}
	undecided := p.decided(it, Status) == ""
	switch follows := p.oneWay && on == p.from; {
	case (it.changed[other]&(Body|Title|Parent) != 0 || it.worked[other]) && !follows && undecided:
		c.Open, c.What = true, fmt.Sprintf("archived at %s and edited at %s", p.name(on), p.name(other))
	case undecided && p.apart(it) && !(follows && p.policy.CanArchive[other]):
		// Nothing of what is archived is carried any more, so that a person has to know.
		c.Open, c.What = true, fmt.Sprintf("archived at %s; what was changed before or since differs from %s", p.name(on), p.name(other))
	case p.receives[other] && p.policy.CanArchive[other] && p.decided(it, Status) != preferred(other):
		p.row(27)
		it.skip = false
		p.trash(it, other)
		return
	default:
		c.What = "archived at " + p.name(on)
	}
	p.row(27)
	p.clash(it, c)
}

// apart reports whether anything of a content, its files and its comments was changed on either side since both agreed
// and is not the same on both now.
func (p *planner) apart(it *item) bool {
	changed := (it.changed[confluence.A] | it.changed[confluence.B]) & carries(it.kind) & p.policy.Facets
	for _, f := range AllFacets {
		sets := p.access[it]
		switch {
		case !changed.Has(f):
		case f == Restrictions && sets != nil:
			if !sets.own(confluence.A).equal(sets.own(confluence.B)) {
				return true
			}
		case !p.same(it, f):
			return true
		}
	}
	return it.worked[confluence.A] || it.worked[confluence.B]
}

// compareTwins decides facet by facet about a content that both sides have.
func (p *planner) compareTwins(it *item) {
	for _, f := range AllFacets {
		if carries(it.kind).Has(f) && p.policy.Facets.Has(f) {
			p.compareFacet(it, f)
		}
	}
	if it.kind != confluence.Attachment {
		return
	}
	for _, side := range confluence.Sides {
		n, other := it.node[side], it.node[side.Other()]
		if it.base == nil || n == nil || other == nil || p.oneWay && side == p.to {
			continue
		}
		if n.Parent != other.Parent && n.Parent != it.base.parent {
			p.clash(it, Clash{Facet: Parent, Kind: "attachment", Open: true, What: "moved to another page at " + p.name(side) + "; a file cannot be moved"})
		}
		if n.Title != other.Title && n.Title != it.base.title[side] {
			p.clash(it, Clash{Facet: Title, Kind: "attachment", Open: true, What: "has another name at " + p.name(side) + "; a file cannot be renamed"})
		}
	}
}

func (p *planner) compareFacet(it *item, f Facets) {
	switch f {
	case Labels:
		if it.sets.Has(Labels) {
			p.decideLabels(it)
			return
		}
	case Restrictions:
		if it.sets.Has(Restrictions) {
			p.decideAccess(it)
			return
		}
	case Parent:
		if it.node[confluence.A].Home || it.node[confluence.B].Home {
			return // a home page stays where it is
		}
	}
	p.judge(it, f)
}

// judge decides by who changed a facet.
func (p *planner) judge(it *item, f Facets) {
	a, b := it.changed[confluence.A].Has(f), it.changed[confluence.B].Has(f)
	if f == Body && it.contested {
		a, b = true, true
	}
	if !a && !b {
		return
	}
	byValue := f&(Title|Parent|Status) != 0
	empty := !byValue && p.bothEmpty(it, f)
	if (byValue || a && b && !p.migrating) && p.same(it, f) || empty {
		p.settle(it, f)
		return
	}
	switch {
	case it.base == nil && p.migrating && !p.takeover(it):
		p.contended(it, f)
		p.clash(it, Clash{Facet: f, Kind: kindOf(f), Open: true, What: "at the destination before the migration, and different"})
	case p.waits(it, f):
		p.contended(it, f)
		p.clash(it, Clash{Facet: f, Kind: "held", Open: true, What: "held, until a person decides"})
	case a && b:
		p.contend(it, f)
	case a:
		p.flow(it, f, confluence.A)
	default:
		p.flow(it, f, confluence.B)
	}
}

// contended notes that who may see a content is not settled.
func (p *planner) contended(it *item, f Facets) {
	if f == Restrictions {
		put(&p.wary, it, true)
	}
}

// waits reports whether a facet is held, and nobody has decided about it.
func (p *planner) waits(it *item, f Facets) bool {
	return it.base != nil && it.base.held.Has(f) && p.decided(it, f) == ""
}

func (p *planner) bothEmpty(it *item, f Facets) bool {
	return it.node[0].empty(f) && it.node[1].empty(f)
}

// flow carries what only one side changed, as far as the mode lets it.
func (p *planner) flow(it *item, f Facets, from confluence.Side) {
	to := from.Other()
	switch decided := p.decided(it, f); {
	case !p.readable(it, f, from):
	case !p.oneWay && decided == preferred(to) && p.readable(it, f, to):
		it.at[from].send |= f // held, and decided against the change
	case p.receives[to]:
		it.at[to].send |= f
	case p.mirror && !p.policy.Sweep && f&(Title|Parent) != 0:
		it.clashed = true // titles and places are taken back with the next sweep
	case p.mirror && decided != preferred(p.to):
		it.at[from].send |= f
		what := "edited at the destination, and taken back"
		if n := it.node[from]; f&(Body|Title|File) != 0 && n.Version > 0 {
			what += fmt.Sprintf("; it stays as version %d of its history", n.Version)
		}
		p.clash(it, Clash{Facet: f, Kind: kindOf(f), Row: soloRow(f), What: what})
	default:
		p.keepOwn(it, f)
	}
}

// readable reports whether a side's value of a facet is known, so that it can be sent.
func (p *planner) readable(it *item, f Facets, from confluence.Side) bool {
	return f&(Title|Parent|Status) != 0 || it.node[from].Read.Has(f)
}

// keepOwn is what a safe mode does with an edit of the receiver: it stays, and what the sender does to it waits. A person
// may decide otherwise.
func (p *planner) keepOwn(it *item, f Facets) {
	switch choice := p.decided(it, f); {
	case choice == preferred(p.from):
		it.at[p.to].send |= f
	default:
		p.contended(it, f)
		p.clash(it, Clash{Facet: f, Kind: kindOf(f), Row: soloRow(f), Policy: Hold, Open: true, What: "edited at the destination"})
	}
}

// contend decides about a facet that both sides changed to different values (rows 10, 15, 19 and 25).
func (p *planner) contend(it *item, f Facets) {
	c := Clash{Facet: f, Kind: kindOf(f), Row: bothRow(f), Policy: p.choice(it, f), What: "edited on both sides"}
	if it.base == nil || it.contested && f == Body {
		c.Row, c.Kind, c.What = 33, "contested", "made on both sides, and different"
	}
	winner, ok := p.winner(it, c.Policy)
	switch decided := p.decided(it, f); {
	case p.mirror:
		winner, ok = p.from, decided != preferred(p.to)
	case p.oneWay:
		winner, ok = p.from, decided == preferred(p.from)
		if !ok && c.Policy == Copy && f&(Body|File) != 0 {
			p.copy(it, f, p.from) // the receiver keeps its own, and gets the sender's beside it
		}
	}
	loser := winner.Other()
	if ok && c.Policy == Copy && !p.oneWay && f&(Body|File) != 0 {
		ok = p.copy(it, f, loser)
	}
	if !ok {
		p.contended(it, f)
		c.Open = true
		p.clash(it, c)
		return
	}
	it.at[loser].send |= f
	c.What += fmt.Sprintf("; that of %s counts", p.name(winner))
	if n := it.node[loser]; f&(Body|Title|File) != 0 && n.Version > 0 {
		c.What += fmt.Sprintf(", that of %s stays as version %d of its history", p.name(loser), n.Version)
	}
	p.clash(it, c)
}

// choice returns what is to happen where both sides changed a facet.
func (p *planner) choice(it *item, f Facets) Choice {
	if c := p.decided(it, f); c != "" {
		return c
	}
	if it.kind == confluence.Comment {
		return Hold // whatever pages do
	}
	if c := p.policy.Choices[f]; c != "" {
		return c
	}
	switch f {
	case Body:
		return Merge
	case Order:
		return preferred(p.policy.Primary)
	case Restrictions:
		return Tighten
	case Labels:
		return Union
	}
	return Hold
}

func (p *planner) decided(it *item, f Facets) Choice { return p.policy.Decided[Question{it.twin, f}] }

func preferred(side confluence.Side) Choice {
	if side == confluence.A {
		return PreferA
	}
	return PreferB
}

// winner returns the side that a choice prefers, if it can tell.
func (p *planner) winner(it *item, c Choice) (confluence.Side, bool) {
	if c == Copy {
		if c = cmp.Or(p.policy.CopyWinner, Newer); p.oneWay {
			c = preferred(p.from)
		}
	}
	switch c {
	case PreferA:
		return confluence.A, true
	case PreferB:
		return confluence.B, true
	case Newer:
		a, b := it.node[confluence.A].time(), it.node[confluence.B].time()
		margin := cmp.Or(p.policy.SkewMargin, 120*time.Second)
		if a.IsZero() || b.IsZero() || a.Sub(b).Abs() <= margin {
			return 0, false
		}
		if a.After(b) {
			return confluence.A, true
		}
		return confluence.B, true
	}
	return 0, false
}

func kindOf(f Facets) string {
	switch f {
	case File:
		return "attachment"
	case Labels:
		return "label"
	case Restrictions:
		return "restriction"
	}
	return facetNames[f.Index()]
}
