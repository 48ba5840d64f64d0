package reconcile

import "github.com/tandem-sync/tandem/internal/confluence"

// The decision table has a row for each pair of what the sides did to one content: edit, rename, move, delete. Side 1 is
// side A, in a mode of one direction the sender.

func (p *planner) row(n int) { p.result.Rows[n]++ }

// edits is what counts as an edit of a content.
const edits = Body | File

// countRows counts the rows that apply to a content which both sides have.
func (p *planner) countRows(it *item) {
	if it.base == nil {
		return // counted when it was joined
	}
	one := confluence.A
	if p.oneWay {
		one = p.from
	}
	mine, theirs := it.changed[one], it.changed[one.Other()]
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

// countPlaces counts the rows of contents that are made below a page which the other side deleted, moved or renamed.
func (p *planner) countPlaces() {
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			if !it.at[side].fresh || it.kind != confluence.Page || it.base != nil {
				continue
			}
			up := p.byTwin[p.parentOf(it, side.Other())]
			if up == nil || up.base == nil {
				continue
			}
			if up.state[side].gone() {
				p.row(35)
			}
			if up.changed[side].Has(Parent) {
				p.row(36)
			}
			if up.changed[side].Has(Title) {
				p.row(37)
			}
		}
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
