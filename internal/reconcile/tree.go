package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// buildTrees finds the final tree of pages on each side that is written to. First both sides' moves are merged into one
// tree; where they would close a ring the primary side's count, and the other's are taken back (algorithms A5). Then each
// side's tree takes over from its own what flows to it, from the top down. Contents attach to the nearest content above
// them that will be there.
func (p *planner) buildTrees() {
	p.seats()
	walk := p.walk()
	for i, it := range walk {
		it.order = int32(i)
	}
	if !p.migrating {
		p.mergeMoves(walk)
	}
	for _, side := range confluence.Sides {
		p.standing(side)
		if p.receives[side] && !p.migrating {
			p.blockDeletes(side)
		}
	}
	for _, side := range confluence.Sides {
		if p.receives[side] {
			p.buildTree(side, walk)
		}
	}
}

// seats gives each page its parent in the merged tree, before the moves of the secondary side: as the sender has it, or
// the primary side. What that side does not have is taken from the other.
func (p *planner) seats() {
	for _, it := range p.items {
		it.seat = nil
		if it.kind != confluence.Page {
			continue
		}
		side := p.from
		if it.state[side] != here && (it.state[side.Other()] == here || it.node[side] == nil) {
			side = side.Other()
		}
		switch {
		case it.node[side] != nil:
			it.sitAs(p, side)
		case it.base != nil:
			it.seat = p.byTwin(it.base.parent)
			it.astray = it.seat == nil && it.base.parent != ""
		}
	}
}

// sitAs gives a page the parent in the merged tree that it has on a side.
func (it *item) sitAs(p *planner, side confluence.Side) {
	it.seat = p.up(it, side)
	it.astray = it.seat == nil && p.parentOf(it, side) != ""
}

// walk returns all contents parents first, siblings by rank and twin, without those that stand in a ring. In a mode of one
// direction these are the sender's, then what only the receiver has.
func (p *planner) walk() []*item {
	below := p.group(func(it *item) int {
		if p.migrating && it.node[p.from] == nil {
			return leftOut
		}
		up := it.seat
		if it.kind != confluence.Page {
			up = p.holder(it)
		}
		if up == nil || p.migrating && up.node[p.from] == nil {
			return len(p.items)
		}
		return int(up.n)
	})
	p.walked = slices.Grow(p.walked[:0], len(p.items))
	next := p.next[:0]
	push := func(n int) {
		list := below.of(n)
		slices.SortFunc(list, p.bySibling)
		for i := len(list) - 1; i >= 0; i-- {
			next = append(next, list[i])
		}
	}
	for push(len(p.items)); len(next) > 0; {
		it := next[len(next)-1]
		next = next[:len(next)-1]
		p.walked = append(p.walked, it)
		push(int(it.n))
	}
	p.next = next
	return p.walked
}

// groups are items by what stands above them. It is valid until the next are made.
type groups struct {
	starts []int32
	kids   []*item
}

// of returns what stands below the item with a number; below the number of all items what stands at the root.
func (g groups) of(n int) []*item { return g.kids[g.starts[n]:g.starts[n+1]] }

// leftOut is the number of what is in no group.
const leftOut = -1

// group groups items by the number of what stands above each, in the order of the items.
func (p *planner) group(above func(*item) int) groups {
	n := len(p.items)
	for i, it := range p.items {
		it.n = int32(i)
	}
	g := &p.groups
	g.starts, g.kids = slices.Grow(g.starts[:0], n+3)[:n+3], slices.Grow(g.kids[:0], n)[:n]
	clear(g.starts)
	p.aboves = slices.Grow(p.aboves[:0], n)[:n]
	for i, it := range p.items {
		up := above(it)
		if p.aboves[i] = int32(up); up != leftOut {
			g.starts[up+2]++
		}
	}
	for i := 1; i < len(g.starts); i++ {
		g.starts[i] += g.starts[i-1]
	}
	for i, it := range p.items {
		if up := p.aboves[i]; up != leftOut {
			g.kids[g.starts[up+1]] = it
			g.starts[up+1]++
		}
	}
	return *g
}

// bySibling orders what stands below one content. Ranks of different kinds are not comparable; files come before comments,
// comments before pages.
func (p *planner) bySibling(a, b *item) int {
	if c := cmp.Compare(kindOrder(a.kind), kindOrder(b.kind)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(p.rank(a), p.rank(b)), compareTwin(a, b))
}

func (p *planner) rank(it *item) int32 {
	for _, side := range [2]confluence.Side{p.from, p.to} {
		if n := it.node[side]; n != nil {
			return n.Rank
		}
	}
	return -1
}

func kindOrder(k confluence.Kind) int {
	switch k {
	case confluence.Attachment:
		return 1
	case confluence.Comment:
		return 2
	case confluence.Page:
		return 3
	case confluence.BlogPost:
		return 4
	}
	return 0
}

// mergeMoves takes the secondary side's moves into the merged tree, top down, again and again until no more of them fits.
// Those left over close a ring with a move of the primary side, and are taken back (row 20). In a mode of one direction
// the receiver is the secondary side; its other moves stay out of the tree.
func (p *planner) mergeMoves(walk []*item) {
	primary, secondary := p.from, p.to
	var moves []*item
	for _, it := range walk {
		if it.kind != confluence.Page || it.node[secondary] == nil || it.skip {
			continue
		}
		if it.at[primary].send.Has(Parent) || p.oneWay && it.state[primary] == here && it.state[secondary] == here &&
			it.base != nil && it.changed[secondary].Has(Parent) && !it.changed[primary].Has(Parent) {
			moves = append(moves, it)
		}
	}
	if len(moves) == 0 {
		return
	}
	was := make(map[*item]*item, len(moves))
	// The walk follows the merged tree; moves need the order of the secondary side's.
	depth := p.depths(secondary, moves)
	slices.SortStableFunc(moves, func(a, b *item) int { return cmp.Compare(depth[a], depth[b]) })
	for len(moves) > 0 {
		var left []*item
		for _, it := range moves {
			to := p.up(it, secondary)
			if seatedIn(to, it) {
				left = append(left, it)
				continue
			}
			was[it] = it.seat
			it.sitAs(p, secondary)
		}
		if len(left) == len(moves) {
			break
		}
		moves = left
	}
	if p.oneWay {
		for it, seat := range was {
			it.seat = seat
		}
	}
	for _, it := range moves {
		p.takeBack(it)
	}
}

// takeBack undoes a move of the secondary side that would close a ring.
func (p *planner) takeBack(it *item) {
	primary, secondary := p.from, p.to
	it.at[primary].send &^= Parent
	it.at[secondary].send |= Parent
	if it.ring {
		return
	}
	it.ring = true
	p.row(20)
	it.covered |= Parent
	for at := p.up(it, secondary); at != nil && at != it; at = at.seat {
		if at.changed[primary].Has(Parent) {
			at.covered |= Parent // the move that counts
		}
	}
	p.unclash(it, Parent)
	p.clash(it, Clash{Facet: Parent, Kind: "cycle", Row: 20, Policy: preferred(primary),
		What: fmt.Sprintf("moved at %s below a page that was moved below it at %s, whose move counts", p.name(secondary), p.name(primary))})
}

// depths returns how deep contents stand on a side.
func (p *planner) depths(side confluence.Side, of []*item) map[*item]int {
	depth := make(map[*item]int, len(of))
	for _, it := range of {
		n := 0
		for up := p.up(it, side); up != nil && n <= len(p.items); up = p.up(up, side) {
			n++
		}
		depth[it] = n
	}
	return depth
}

// seatedIn reports whether a content is another one or stands below it in the merged tree.
func seatedIn(it, of *item) bool {
	for ; it != nil; it = it.seat {
		if it == of {
			return true
		}
	}
	return false
}

// standing takes over a side's tree as it stands, cutting rings open, which no site has.
func (p *planner) standing(side confluence.Side) {
	for _, it := range p.items {
		it.at[side].dest, it.mark = nil, 0
		if n := it.node[side]; n != nil && it.kind == confluence.Page && n.Parent != "" {
			it.at[side].dest = p.up(it, side)
		}
	}
	for i, it := range p.items { // mark is the walk in which each was met first
		for at := it; at != nil && at.mark == 0; at = at.at[side].dest {
			at.mark = int32(i) + 1
			if up := at.at[side].dest; up != nil && up.mark == int32(i)+1 {
				at.at[side].dest = nil
			}
		}
	}
}

// buildTree finds the final tree of one side.
func (p *planner) buildTree(side confluence.Side, walk []*item) {
	for _, it := range p.items {
		it.mark = 0
	}
	var moves []*item
	for _, it := range walk {
		it.mark = 1
		a := &it.at[side]
		switch {
		case it.kind != confluence.Page:
			p.attach(it, side)
		case a.fresh, a.restore:
			to, ok := p.landing(it, side)
			a.dest = to
			if !ok {
				p.wait(it, side)
			}
		case a.send.Has(Parent):
			moves = append(moves, it)
		case p.orphaned(it, side):
			a.send |= Parent
			a.merged |= Parent
			moves = append(moves, it)
		}
	}
	p.takeMoves(moves, side)
	for _, it := range p.items {
		if it.at[side].fresh && it.mark == 0 {
			it.at[side].fresh = false
			p.clash(it, Clash{Facet: Parent, Kind: "parent", Open: true, What: "stands in a ring of parents at " + p.name(side.Other())})
		}
	}
}

// orphaned reports whether a page stays on a side where the page above it is deleted: a survivor, which moves out before.
func (p *planner) orphaned(it *item, side confluence.Side) bool {
	up := it.at[side].dest
	return it.state[side] == here && !it.at[side].trash && !it.at[side].barred.Has(Parent) && up != nil && up.at[side].trash && !up.at[side].archive
}

// wait puts off what would come below a content of which nobody knows whether it is still there. That may stay so until a
// person does something about it at a site, which no decision about the page can take the place of.
func (p *planner) wait(it *item, side confluence.Side) {
	a := &it.at[side]
	c := Clash{Twin: it.twin, Facet: Parent, Kind: "parent", Open: true, What: "waits: it stands below a content that is not to be seen at " + p.name(side)}
	if a.fresh || a.restore {
		c.Facet = Status // nothing of it is carried
	}
	p.result.Clashes = append(p.result.Clashes, c)
	it.clashed = true
	it.notYet(side)
	a.send &^= Parent
}

// landing returns the nearest page above a page in the merged tree that will be on a side, nil for the root. It is not ok
// where that is not known.
func (p *planner) landing(it *item, side confluence.Side) (*item, bool) {
	at := it.seat
	for range len(p.items) + 1 {
		switch {
		case at == nil && it.astray && !p.migrating:
			return nil, false
		case at == nil:
			if it.seat != nil || it.astray {
				p.elsewhere(it, side)
			}
			return nil, true
		case at.will(side) && at.kind == confluence.Page:
			if at != it.seat {
				p.elsewhere(it, side)
			}
			return at, true
		case at.state[side] == unseen && !p.migrating && !at.at[side].fresh:
			return nil, false
		}
		at = at.seat
	}
	return nil, true
}

// elsewhere records that a page does not stand below the page above it: that one is not there, or is deleted.
func (p *planner) elsewhere(it *item, side confluence.Side) {
	if p.migrating {
		p.clash(it, Clash{Facet: Parent, Kind: "parent", Row: 6, Open: true, What: "stands elsewhere, because the page above it is not at the destination"})
		return
	}
	c := Clash{Facet: Parent, Kind: "parent", Row: 6, What: fmt.Sprintf("stands elsewhere at %s, because the page above it is not there", p.name(side))}
	if up := it.seat; up != nil && (up.at[side].trash || up.at[side.Other()].trash) {
		c.Kind, c.Row, c.What = "survivor", 21, "kept, though the page above it is deleted; it moves up"
		if it.at[side].fresh || it.base == nil {
			c.Row = 35
		}
		if up.survivors++; up.survivors == 1 {
			p.clash(up, Clash{Facet: Status, Kind: "survivor", Row: c.Row, What: "deleted; what stands below it and is kept moves up"})
		}
	}
	p.clash(it, c)
}

// attach gives up a file or comment whose page, or whose comment, will not be on a side.
func (p *planner) attach(it *item, side confluence.Side) {
	a := &it.at[side]
	if !a.fresh && !a.restore || it.kind == confluence.BlogPost {
		return
	}
	up := p.holder(it)
	if up != nil && up.will(side) {
		a.dest = up
		return
	}
	a.fresh, a.restore = false, false
	if p.migrating && (up == nil || up.base == nil) {
		p.clash(it, Clash{Facet: Parent, Kind: "parent", Open: true, What: "what it belongs to is not at the destination"})
	}
}

// takeMoves applies moves to a side's final tree, again and again until no more of them fits.
func (p *planner) takeMoves(moves []*item, side confluence.Side) {
	landings := make(map[*item]*item, len(moves))
	for _, it := range moves {
		to, ok := p.landing(it, side)
		if !ok {
			p.wait(it, side)
		}
		landings[it] = to
		if p.belowRestored(it, to, side) {
			it.at[side].send &^= Parent
			it.clashed = true
		}
	}
	moves = slices.DeleteFunc(moves, func(it *item) bool { return !it.at[side].send.Has(Parent) })
	for {
		var left []*item
		for _, it := range moves {
			to := landings[it]
			if p.inside(to, it, side) {
				left = append(left, it)
				continue
			}
			if standing := p.parentOf(it, side); to == nil && standing == "" || to != nil && to.twin == standing {
				it.at[side].send &^= Parent // it stands there already
			}
			it.at[side].dest = to
		}
		if len(left) == len(moves) {
			break
		}
		moves = left
	}
	for _, it := range moves {
		it.at[side].send &^= Parent
		what := "moved at the source below a page that was moved below it at the destination"
		if !p.oneWay {
			what = fmt.Sprintf("moved at %s below a page that stands below it at %s", p.name(side.Other()), p.name(side))
		}
		p.clash(it, Clash{Facet: Parent, Kind: "cycle", Row: 20, Policy: Hold, Open: true, What: what})
	}
}

// belowRestored reports whether a page is to move below one that comes out of the trash, and that may come back below the
// page itself: where it is must be seen first.
func (p *planner) belowRestored(it, to *item, side confluence.Side) bool {
	for n := 0; to != nil && n <= len(p.items); to, n = to.at[side].dest, n+1 {
		if !to.at[side].restore {
			continue
		}
		was := []*item{p.up(to, side), nil}
		if to.base != nil {
			was[1] = p.byTwin(to.base.parent)
		}
		for _, up := range was {
			for n := 0; up != nil && n <= len(p.items); up, n = p.up(up, side), n+1 {
				if up == it {
					return true
				}
			}
		}
	}
	return false
}

// inside reports whether a content is another one or stands below it in a side's final tree as far as it is built.
func (p *planner) inside(it, of *item, side confluence.Side) bool {
	for ; it != nil; it = it.at[side].dest {
		if it == of {
			return true
		}
	}
	return false
}
