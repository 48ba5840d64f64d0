package reconcile

import "github.com/tandem-sync/tandem/internal/confluence"

// The decision table has a row for each pair of what the sides did to one content: edit, rename, move, delete. Side 1 is
// side A, in a mode of one direction the sender.

func (p *planner) row(n int) { p.result.Rows[n]++ }

// edits is what counts as an edit of a content.
const edits = Body | File

// countRows counts the rows that decided facet by facet, about places and about new contents. A row that says more takes
// the place of those that say less: of a page below one that was deleted (35) the deletion's. What joins and collisions
// decided has been counted.
func (p *planner) countRows() {
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			switch {
			case it.at[side].fresh && it.base == nil:
				p.countNew(it, side)
			case p.oneWay && !p.migrating && side == p.to && it.unmet(side) && carries(it.kind) != 0 && !it.collided:
				p.row(31)
			}
		}
	}
	for _, it := range p.items {
		switch {
		case it.row != 0 && !it.heir:
			p.row(int(it.row))
		case !it.skip && it.state[0] == here && it.state[1] == here && it.base != nil && (!p.migrating || carries(it.kind) != 0):
			p.countTwins(it)
		}
	}
}

// countTwins counts the rows that apply to a content which both sides have.
func (p *planner) countTwins(it *item) {
	one := confluence.A
	if p.oneWay {
		one = p.from
	}
	mine, theirs := it.changed[one], it.changed[one.Other()]
	if it.covered != 0 {
		mine, theirs = mine&^it.covered, theirs&^it.covered
		if mine|theirs == 0 {
			return
		}
	}
	if mine|theirs == 0 {
		p.row(1)
		return
	}
	pairs := [3][3]int{{10, 11, 12}, {11, 15, 16}, {12, 16, 19}}
	if it.kind == confluence.Attachment {
		pairs[0][0] = 25
	}
	for i, f := range [3]Facets{edits, Title, Parent} {
		if mine&f != 0 && theirs&(edits|Title|Parent) == 0 {
			p.row(2 + 2*i)
		}
		if theirs&f != 0 && mine&(edits|Title|Parent) == 0 {
			p.row(3 + 2*i)
		}
		for j, g := range [3]Facets{edits, Title, Parent} {
			if mine&f != 0 && theirs&g != 0 {
				p.row(pairs[i][j])
			}
		}
	}
	if mine.Has(Labels) || theirs.Has(Labels) {
		p.row(24)
	}
	if mine.Has(Restrictions) && theirs.Has(Restrictions) {
		p.row(26)
	}
}

// countNew counts the row of a content that is made: of a page also by what the other side did to the page above it.
func (p *planner) countNew(it *item, side confluence.Side) {
	up := p.up(it, side.Other())
	plain := !it.collided
	if it.kind == confluence.Page && up != nil && up.base != nil {
		var more Facets
		switch {
		case up.state[side].gone():
			up.heir, plain = true, false
			p.row(35)
		case up.changed[side].Has(Parent):
			more = Parent
			p.row(36)
		}
		if up.changed[side].Has(Title) {
			more |= Title
			p.row(37)
		}
		if plain = plain && more == 0; !p.oneWay {
			up.covered |= more
		}
	}
	if plain {
		p.row(31)
	}
}

// soloRow is the row of a facet that only the receiver of a safe mode changed.
func soloRow(f Facets) int {
	switch f {
	case Body, File:
		return 3
	case Title:
		return 5
	case Parent:
		return 7
	case Labels:
		return 24
	}
	return 0
}

// bothRow is the row of a facet that both sides changed.
func bothRow(f Facets) int {
	switch f {
	case Body:
		return 10
	case Title:
		return 15
	case Parent, Order:
		return 19
	case File:
		return 25
	case Restrictions:
		return 26
	}
	return 0
}
