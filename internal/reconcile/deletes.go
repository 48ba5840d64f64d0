package reconcile

import (
	"cmp"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// deletionRows are the rows of the table by which side deleted (the first or the second) and what the other did: nothing,
// worked on it, renamed it, moved it.
var deletionRows = [2][4]int{{8, 14, 18, 22}, {9, 13, 17, 21}}

// deletion decides about a content that is gone on one side, with evidence, and current on the other.
func (p *planner) deletion(it *item, gone confluence.Side) {
	it.skip = true
	stays := gone.Other()
	switch {
	case !p.policy.Sweep:
		return
	case it.base == nil:
		it.skip = false
		p.newcomer(it, stays)
		return
	case it.base.tomb && (!p.oneWay || stays == p.from):
		it.row = 28 // it came back on the other side
		p.revive(it, gone)
		return
	}
	it.row = int32(p.deletionRow(it, gone))
	c := Clash{Facet: Status, Kind: "delete-edit", Row: int(it.row), Policy: p.decided(it, Status)}
	switch p.fate(it, gone, &c) {
	case gone:
		p.revive(it, gone)
	case stays:
		if c.What != "" {
			p.clash(it, c)
		}
		p.trash(it, stays)
	default:
		c.Open = true
		p.clash(it, c)
	}
}

// neither is the fate of a content that stays as it is on both sides.
const neither confluence.Side = -1

// fate returns the side that has to follow: the one where it is gone gets it back, or the other loses it too.
func (p *planner) fate(it *item, gone confluence.Side, c *Clash) confluence.Side {
	stays := gone.Other()
	renamed, moved := it.changed[stays].Has(Title), it.changed[stays].Has(Parent)
	switch {
	case it.worked[stays]:
		c.What = fmt.Sprintf("deleted at %s and edited at %s", p.name(gone), p.name(stays))
	case renamed || moved:
		c.What = fmt.Sprintf("deleted at %s and renamed or moved at %s", p.name(gone), p.name(stays))
	}
	decided := p.decided(it, Status)
	switch {
	case p.oneWay && gone == p.to:
		return gone
	case decided == preferred(gone):
		return stays
	case decided == preferred(stays) && p.receives[gone]:
		return gone
	case p.oneWay && !p.mirror && (c.What != "" || decided != ""):
		return neither
	case p.oneWay:
		return stays
	case it.worked[stays]:
		switch cmp.Or(p.policy.DeleteVsEdit, EditWins) {
		case EditWins:
			return gone
		case HoldBoth:
			return neither
		}
	case renamed && p.policy.RenameProtects:
		return gone
	}
	return stays
}

func (p *planner) deletionRow(it *item, gone confluence.Side) int {
	second := 0
	if gone != p.first() {
		second = 1
	}
	stays := gone.Other()
	switch {
	case it.worked[stays]:
		return deletionRows[second][1]
	case it.changed[stays].Has(Title):
		return deletionRows[second][2]
	case it.changed[stays].Has(Parent):
		return deletionRows[second][3]
	}
	return deletionRows[second][0]
}

// first is side 1 of the decision table.
func (p *planner) first() confluence.Side {
	if p.oneWay {
		return p.from
	}
	return confluence.A
}

// trash takes a content away on one side, as the policy has it.
func (p *planner) trash(it *item, side confluence.Side) {
	a := &it.at[side]
	leave := func(what string) {
		it.skip = true
		p.clash(it, Clash{Facet: Status, Kind: "delete", Row: 8, What: what})
	}
	switch isHome := it.node[side].Home; {
	case isHome:
		leave("the home page of a space is not deleted")
	case it.state[side.Other()] == archived:
		it.skip, a.trash, a.archive = false, true, true
	case p.policy.Deletes == DeletesPropagate:
		it.skip, a.trash = false, true
	case p.policy.Deletes == DeletesArchive && it.kind == confluence.Page && p.policy.CanArchive[side]:
		it.skip, a.trash, a.archive = false, true, true
	case p.policy.Deletes == DeletesArchive:
		leave(fmt.Sprintf("deleted at %s; %s cannot archive it, and keeps it", p.name(side.Other()), p.name(side)))
	default:
		leave(fmt.Sprintf("deleted at %s; %s keeps it", p.name(side.Other()), p.name(side)))
	}
}

// revive brings a content back on a side: out of the trash with the id it had, or anew under the same twin. What changed
// on the other side since both agreed is written afterwards.
func (p *planner) revive(it *item, side confluence.Side) {
	a := &it.at[side]
	switch {
	case it.node[side] == nil, it.state[side] == purged, it.kind == confluence.Comment:
		it.skip, a.fresh = false, p.policy.Facets.Has(essential[it.kind])
	default:
		it.skip, a.restore = false, true
		p.carryOver(it)
	}
}

// carryOver compares a content that comes back with what was agreed on.
func (p *planner) carryOver(it *item) {
	for _, f := range AllFacets {
		if carries(it.kind).Has(f) && p.policy.Facets.Has(f) && !p.unseenInTrash(it, f) {
			p.compareFacet(it, f)
		}
	}
	for _, side := range confluence.Sides {
		titled := carries(it.kind).Has(Title) && p.policy.Facets.Has(Title)
		if it.at[side].restore && titled && it.node[side].Title != it.node[side.Other()].Title && !p.waits(it, Title) {
			it.at[side].send |= Title // renamed before it was deleted
		}
	}
}

// unseenInTrash reports whether a body that comes back may have been edited before it was deleted: its version has grown, or
// it was never read, and a listing of the trash shows no bodies. It is brought back first and compared when it has been
// read, so that nothing is written over an edit.
func (p *planner) unseenInTrash(it *item, f Facets) bool {
	if f != Body || it.base == nil {
		return false
	}
	for _, side := range confluence.Sides {
		n := it.node[side]
		if !it.at[side].restore || n == nil || it.changed[side].Has(Body) {
			continue
		}
		if n.Version > it.base.version[side] || !n.Read.Has(Body) {
			return true
		}
	}
	return false
}

// decideAttached decides about a file or a comment.
func (p *planner) decideAttached(it *item) {
	if p.migrating {
		p.drafts(it)
		p.migrateOne(it)
		return
	}
	if it.decided {
		return
	}
	it.decided = true
	if up := p.holder(it); up != nil && up.attached() {
		p.decideAttached(up) // an answer shares the fate of what it answers
		if p.followThread(it, up) {
			return
		}
	}
	page := p.page(it)
	if page == nil || page.skip || page.at[0].trash || page.at[1].trash {
		it.skip = true
		return
	}
	for _, side := range confluence.Sides {
		if it.state[side] == along && it.state[side.Other()] == here && (page.at[side].fresh || page.at[side].restore) {
			p.comesAlong(it, page, side)
			return
		}
	}
	if it.state[0] == along || it.state[1] == along {
		it.skip = true
		return
	}
	for _, side := range confluence.Sides {
		if it.kind == confluence.Attachment && it.unmet(side) && page.at[side.Other()].restore {
			it.skip, it.clashed = true, true // the page may come back with a file of that name
			return
		}
	}
	p.decideOne(it)
}

// followThread handles an answer that went with what it answers, which nobody can tell from one that was deleted by
// itself a moment before: both go, or both come back, or both wait.
func (p *planner) followThread(it, up *item) bool {
	for _, side := range confluence.Sides {
		other := side.Other()
		if !it.state[side].gone() || it.state[other] != here || !up.state[side].gone() || it.base == nil || it.base.tomb {
			continue
		}
		switch {
		case up.at[side].fresh:
			it.at[side].fresh = p.policy.Facets.Has(Body)
			p.clash(it, Clash{Facet: Status, Kind: "delete", What: "comes back at " + p.name(side) + " with the comment that it answers"})
			return true
		case up.at[other].trash:
			p.trash(it, other)
			return true
		case up.skip && up.clashed:
			it.skip = true
			p.clash(it, Clash{Facet: Status, Kind: "delete", Open: true, What: "deleted at " + p.name(side) + " with the comment that it answers, about which nothing is decided"})
			return true
		}
	}
	return false
}

// comesAlong handles what was gone with its page, now that the page comes back.
func (p *planner) comesAlong(it, page *item, side confluence.Side) {
	if page.at[side].fresh {
		it.at[side].fresh = p.policy.Facets.Has(essential[it.kind])
		return
	}
	it.skip, it.clashed = true, true // what came back with its page is seen afterwards
}

// resurrect brings back deleted pages above what would survive them, if the policy says so (rows 21 and 35).
func (p *planner) resurrect() {
	if p.oneWay {
		return
	}
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			a := &it.at[side]
			if it.kind != confluence.Page || it.skip || !a.fresh && !a.restore && !a.send.Has(Parent) {
				continue
			}
			from := side.Other()
			for up := p.up(it, from); up != nil && up.at[from].trash && up.state[side].gone(); up = p.up(up, from) {
				up.at[from].trash, up.at[from].archive = false, false
				p.revive(up, side)
			}
		}
	}
}

// blockDeletes keeps a page from being deleted while something stands below it that does not move out: what is not known
// on the other side, or not ours to move. Its ancestors stay as well.
func (p *planner) blockDeletes(side confluence.Side) {
	block := func(up *item) {
		for ; up != nil && up.at[side].trash; up = p.up(up, side) {
			up.at[side].trash, up.at[side].kept = false, true
			p.clash(up, Clash{Facet: Status, Kind: "delete", Row: 8, Open: true, What: "not deleted, because of what stands below it at " + p.name(side)})
		}
	}
	for _, it := range p.items {
		if up := p.holder(it); it.kind == confluence.Comment && it.state[side] == here && !it.at[side].trash && up != nil && up.kind == confluence.Comment {
			block(up)
		}
	}
	for _, it := range p.items {
		// Where a restored page comes back is seen afterwards: what it may come back below is deleted then.
		if it.kind != confluence.Page || !it.at[side].restore || it.node[side] == nil {
			continue
		}
		parents := []*item{p.up(it, side)}
		if it.base != nil {
			parents = append(parents, p.byTwin(it.base.parent))
		}
		for _, up := range parents {
			for ; up != nil && up.at[side].trash; up = p.up(up, side) {
				up.at[side].trash, up.at[side].kept, up.clashed = false, true, true
			}
		}
	}
	for _, n := range p.strangers[side] {
		if n.Kind() == confluence.Page || carries(n.Kind()) == 0 {
			block(p.byTwin(n.Parent))
		}
	}
	for _, it := range p.items {
		n := it.node[side]
		if n == nil || it.attached() || it.kind == confluence.BlogPost || n.Parent == "" {
			continue
		}
		stays := it.state[side] == here && it.skip || it.state[side] == never && n.Status() == confluence.Draft
		if up := p.byTwin(n.Parent); it.state[side] == archived && up != nil {
			stays = !up.at[side].archive // both in the archive, as after half of a tree went there
		}
		if p.oneWay && !p.mirror && it.state[side] == here && it.state[side.Other()] == never {
			stays = true // a page of the receiver alone
		}
		if stays || it.at[side].barred.Has(Parent) {
			block(p.byTwin(n.Parent))
		}
	}
}
