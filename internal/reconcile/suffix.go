package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// claim is one page that will have a title on a side; it is nil for a stranger, which keeps what it has.
type claim struct {
	it   *item
	rank int // the lowest keeps the title
}

// Ranks of claims to a title: what cannot change, what stays as agreed, what the primary side (the sender) wants, the
// rest; what would come out of the trash comes last.
const (
	claimFixed = iota
	claimAgreed
	claimPrimary
	claimOther
	claimRestored
)

// settleTitles settles which page has a title that more than one would have; only pages are unique among each other. It
// reports whether something will not come, or not yet, because of that.
func (p *planner) settleTitles() bool {
	p.given = false
	for _, side := range confluence.Sides {
		for _, it := range p.items { // whom they make way for may have been given up since
			it.at[side].lend, it.at[side].away = false, false
		}
		if p.receives[side] {
			p.suffixTitles(side)
		}
	}
	return p.given
}

// suffixTitles gives another title to all but one of the pages that would have the same on a side (rows 33 and 34): the
// primary side's page keeps it, any other gets the name of the site where its title comes from, on both sides.
func (p *planner) suffixTitles(side confluence.Side) {
	claims := p.wantedTitles(side)
	if claims == nil {
		return
	}
	var doubled []string
	add := func(title string, c claim) {
		f := p.fold[side](title)
		list, wanted := claims[f]
		if !wanted {
			return
		}
		claims[f] = append(list, c)
		if len(list) == 1 {
			doubled = append(doubled, f)
		}
	}
	for _, n := range p.strangers[side] {
		if p.holdsTitle(n, side) {
			add(n.Title, claim{})
		}
	}
	for _, it := range p.items {
		if it.kind != confluence.Page {
			continue
		}
		switch {
		case it.will(side):
			add(it.finalTitle(side), claim{it: it})
		case !it.at[side].trash && p.holdsTitle(it.node[side], side):
			add(it.node[side].Title, claim{it: it, rank: claimFixed})
		}
	}
	for _, it := range p.items {
		if it.kind == confluence.Page && it.at[side].restore && it.at[side].send.Has(Title) {
			p.borrow(claims[p.fold[side](it.node[side].Title)], it, side)
		}
	}
	p.takenBack(claims, side)
	if len(doubled) == 0 {
		return
	}
	slices.Sort(doubled)
	free := p.titleSource()
	for _, f := range doubled {
		list := claims[f]
		if p.putOff(list, side) {
			continue
		}
		for i, c := range list {
			if c.it != nil && c.it.will(side) {
				list[i].rank = p.claimRank(c.it, side)
			}
		}
		slices.SortStableFunc(list, func(a, b claim) int { return cmp.Compare(a.rank, b.rank) })
		for _, c := range list[1:] {
			if c.rank == claimFixed {
				continue // the side itself lets both have it
			}
			p.yield(c.it, list, side, free)
			if list[0].it != nil {
				list[0].it.collided = true
			}
		}
	}
}

// wantedTitles returns the folded titles of a side that more than one page can come to have: those that pages take there,
// and those with which pages come out of the trash. It is nil where no page takes any: then there is nothing to settle.
func (p *planner) wantedTitles(side confluence.Side) map[string][]claim {
	var wanted map[string][]claim
	for _, it := range p.items {
		if it.kind != confluence.Page || !it.takes(side) {
			continue
		}
		put(&wanted, p.fold[side](it.finalTitle(side)), nil)
		if it.at[side].restore {
			wanted[p.fold[side](it.node[side].Title)] = nil
		}
	}
	return wanted
}

// putOff lets pages wait for a title that another page gives up only later.
func (p *planner) putOff(list []claim, side confluence.Side) bool {
	if !slices.ContainsFunc(list, func(c claim) bool { return c.it != nil && c.it.at[side].late }) {
		return false
	}
	for _, c := range list {
		if c.it == nil || c.it.at[side].late && c.it.takes(side) {
			continue
		}
		a := &c.it.at[side]
		if !c.it.takes(side) {
			a.away = c.it.state[side] == here && !a.trash && slices.ContainsFunc(list, func(c claim) bool { return c.it != nil && c.it.at[side].restore })
			continue
		}
		c.it.notYet(side)
		a.late, c.it.clashed = true, true
		a.send &^= Title
		p.given = true
	}
	return true
}

// takenBack notes collisions that end by taking back a rename of the receiver (row 34 of a mirror).
func (p *planner) takenBack(claims map[string][]claim, side confluence.Side) {
	if !p.mirror {
		return
	}
	for _, it := range p.items {
		if it.kind != confluence.Page || it.covered.Has(Title) || it.live(side) == nil || !it.at[side].send.Has(Title) || !it.changed[side].Has(Title) {
			continue
		}
		for _, c := range claims[p.fold[side](it.node[side].Title)] {
			if c.it != nil && c.it != it && c.it.takes(side) {
				c.it.collided = true
				it.covered |= Title
				p.unclash(it, Title)
				p.row(34)
				p.clash(it, Clash{Facet: Title, Kind: "title", Row: 34, What: "renamed at the destination to what another page is to be called, and taken back"})
				break
			}
		}
	}
}

// borrow makes way for a page that comes out of the trash with a title that another page has and keeps: that one gives it
// up until the restored page has its own.
func (p *planner) borrow(list []claim, it *item, side confluence.Side) {
	title := p.fold[side](it.node[side].Title)
	for _, c := range list {
		switch {
		case c.it == nil:
			p.stayInTrash(it, side)
			return
		case c.it == it, !p.holdsTitle(c.it.node[side], side), p.fold[side](c.it.node[side].Title) != title:
		case c.it.state[side] != here || p.shown(c.it, side):
			p.stayInTrash(it, side)
			return
		default:
			c.it.at[side].lend = true
		}
	}
}

func (p *planner) claimRank(it *item, side confluence.Side) int {
	other := side.Other()
	switch a := &it.at[side]; {
	case a.restore && !a.send.Has(Title):
		return claimRestored
	case it.unlent:
		return claimOther
	case it.title != "":
		return claimAgreed // has its suffix already
	case it.takes(side):
		switch {
		case it.agreedTitle(other):
			return claimAgreed
		case p.preferred(other):
			return claimPrimary
		}
		return claimOther
	case it.skip || p.oneWay && (side == p.from || !p.mirror && it.state[other] == never):
		return claimFixed
	case it.base == nil && it.state[other] == never, it.base != nil && !it.agreedTitle(side):
		if !p.oneWay && it.state[other] == here && !it.at[other].send.Has(Title) {
			return claimFixed // both sides renamed it, and it is held
		}
		if p.preferred(side) {
			return claimPrimary
		}
		return claimOther
	}
	return claimAgreed
}

// agreedTitle reports whether a side shows the title that both sides agreed on.
func (it *item) agreedTitle(side confluence.Side) bool {
	n := it.node[side]
	return n != nil && it.base != nil && it.base.facets.Has(Title) && it.base.title[side] == n.Title
}

// preferred reports whether titles that come from this side win a collision.
func (p *planner) preferred(side confluence.Side) bool { return side == p.from }

// yield gives a page another title than the one it would have on a side.
func (p *planner) yield(it *item, list []claim, side confluence.Side, free func(string) bool) {
	a := &it.at[side]
	if a.restore && !a.send.Has(Title) && !p.lenders(it, list, side) {
		p.stayInTrash(it, side)
		return
	}
	it.covered |= Title
	p.unclash(it, Title)
	origin := side
	if it.takes(side) && !it.unlent {
		origin = side.Other()
	}
	row, word := 34, p.site(origin)
	if first := list[0].it; first != nil && first.alone() && it.alone() {
		row, it.collided = 33, true
	}
	if p.mirror && it.state[side.Other()] == never && !it.takes(side) {
		word = "previous"
	}
	was := it.finalTitle(side)
	c := Clash{Facet: Title, Kind: "suffix", Row: row, Policy: preferred(p.from)}
	if n := it.live(side); n != nil && p.oneWay && hasSuffix(n.Title, was, word) {
		a.send &^= Title
		c.What = fmt.Sprintf("two pages would be called %q; this one is called %q", was, n.Title)
		p.clash(it, c)
		return
	}
	it.title, it.unlent = unused(was, word, free), false
	for _, s := range confluence.Sides {
		if s != side && it.at[s].barred.Has(Title) {
			continue // what it is called here is not for all who would see it there
		}
		if p.receives[s] && (it.will(s) || s == side) {
			if !it.at[s].fresh {
				it.at[s].send |= Title
			}
			it.at[s].merged |= Title
		}
	}
	p.row(row)
	c.What = fmt.Sprintf("two pages would be called %q; this one is called %q", was, it.title)
	p.clash(it, c)
}

// hasSuffix reports whether a title is another one with the word behind it.
func hasSuffix(title, plain, word string) bool {
	if title == suffixed(plain, " ("+word+")") {
		return true
	}
	for n := 2; n < 10; n++ {
		if title == suffixed(plain, fmt.Sprintf(" (%s %d)", word, n)) {
			return true
		}
	}
	return false
}

// shown reports whether a page stands where nothing may be written to it that comes from the other side.
func (p *planner) shown(it *item, side confluence.Side) bool {
	exposed, _ := p.exposed(it, side)
	return exposed
}

// lenders lets all who have the title of a page that is restored give it up for the moment, if they can.
func (p *planner) lenders(it *item, list []claim, side confluence.Side) bool {
	for _, c := range list {
		if c.it == nil || c.it != it && c.it.state[side] != here && c.it.node[side] != nil {
			return false
		}
	}
	p.borrow(list, it, side)
	return true
}

// stayInTrash gives up a restore: a page comes back with the title it had.
func (p *planner) stayInTrash(it *item, side confluence.Side) {
	p.given = true
	it.notYet(side)
	p.row(34)
	p.clash(it, Clash{Facet: Title, Kind: "title", Row: 34, Open: true, What: "cannot come back from the trash: another page has its title"})
}

// notYet gives up making a content, or bringing it back, and with that all that would be written to it.
func (it *item) notYet(side confluence.Side) {
	a := &it.at[side]
	a.fresh, a.restore = false, false
	if it.state[side] != here {
		a.send = 0
	}
}

// titleSource returns a function that says whether a title is nobody's on either side, and takes it if so.
func (p *planner) titleSource() func(string) bool {
	var taken [2]map[string]bool
	for _, side := range confluence.Sides {
		taken[side] = make(map[string]bool, len(p.items))
		for _, it := range p.items {
			if n := it.node[side]; n != nil && it.kind == confluence.Page {
				taken[side][p.fold[side](n.Title)] = true
			}
		}
		for _, n := range p.strangers[side] {
			taken[side][p.fold[side](n.Title)] = true
		}
	}
	return func(title string) bool {
		a, b := p.fold[0](title), p.fold[1](title)
		if taken[0][a] || taken[1][b] {
			return false
		}
		taken[0][a], taken[1][b] = true, true
		return true
	}
}

// unused returns the title with a word behind it in brackets, and a number where that is taken too.
func unused(title, word string, free func(string) bool) string {
	for n := 1; ; n++ {
		suffix := " (" + word + ")"
		if n > 1 {
			suffix = fmt.Sprintf(" (%s %d)", word, n)
		}
		if t := suffixed(title, suffix); free(t) {
			return t
		}
	}
}
