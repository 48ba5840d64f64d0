package reconcile

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// place is where a child stood when both sides agreed on its order, as it is kept in a digest of the facet Order: the
// place from 1, then a digest of the parent, so that a place below another parent counts for nothing.
func place(parent confluence.TwinID, n int) confluence.Digest {
	var buffer [96]byte
	d := confluence.Sum(append(append(buffer[:0], "order of the children of "...), parent...))
	binary.BigEndian.PutUint64(d[:8], uint64(n)+1)
	return d
}

// placeOf returns the agreed place of a child below its parent, -1 if there is none.
func placeOf(it *item) int {
	if it.base == nil {
		return -1
	}
	return int(it.base.place)
}

// brood is the children of one parent that both sides show below it, in the order of each side.
type brood struct {
	parent   confluence.TwinID
	holder   *item // of the clashes; without a twin at the root
	lists    [2][]*item
	explicit [2]bool // people put them in order there
}

// orderSiblings puts the children of each parent into one order on both sides.
func (p *planner) orderSiblings() {
	if !p.policy.Facets.Has(Order) || !p.policy.Sweep {
		return
	}
	busy := &item{} // the root, if it is
	for _, it := range p.items {
		it.mark = 0
	}
	for _, it := range p.items {
		if it.kind == confluence.Page {
			p.forgetPlace(it)
			p.markBusy(it, busy)
		}
	}
	root := len(p.items)
	below := p.group(func(it *item) int {
		if it.kind != confluence.Page || !p.stands(it) {
			return leftOut
		}
		switch up := p.up(it, p.from); {
		case up != nil:
			return int(up.n)
		case p.parentOf(it, p.from) == "":
			return root
		}
		return leftOut // nobody shows what it stands below
	})
	if list := below.of(root); busy.mark == 0 && len(list) > 1 {
		p.orderBelow(nil, list)
	}
	for i, it := range p.items {
		if list := below.of(i); it.mark == 0 && len(list) > 1 {
			p.orderBelow(it, list)
		}
	}
}

func (p *planner) orderBelow(parent *item, children []*item) {
	if b, ok := p.broodOf(parent, children); ok {
		p.orderBrood(b)
	}
}

// stands reports whether both sides show a page below one parent, and its place there counts.
func (p *planner) stands(it *item) bool {
	sent, received := it.live(p.from), it.live(p.to)
	if sent == nil || received == nil || it.skip || it.at[p.from].trash || it.at[p.to].trash || !p.sameParent(it) {
		return false
	}
	return !p.migrating || sent.Rank >= 0
}

// sameParent reports whether both sides show a page below the same, which may be in no snapshot.
func (p *planner) sameParent(it *item) bool {
	a, b := p.up(it, confluence.A), p.up(it, confluence.B)
	return a == b && (a != nil || p.parentOf(it, confluence.A) == p.parentOf(it, confluence.B))
}

// markBusy marks parents that a page comes to or leaves by this plan: their order is planned afterwards.
func (p *planner) markBusy(it, root *item) {
	mark := func(up *item) {
		if up == nil {
			up = root
		}
		up.mark = 1
	}
	for _, side := range confluence.Sides {
		a := &it.at[side]
		switch {
		case a.fresh && p.migrating && it.node[p.from].Rank < 0:
		case a.fresh, a.restore, a.send.Has(Parent):
			mark(p.up(it, side.Other()))
			mark(a.dest)
		}
	}
}

// forgetPlace takes back what was agreed about the place of a page that stands below another parent by now: should it
// ever come back, that place means nothing.
func (p *planner) forgetPlace(it *item) {
	if it.base != nil && it.base.places && it.base.place < 0 && it.live(p.to) != nil && it.live(p.from) != nil {
		it.ordered = noPlace
	}
}

// broodOf puts the children in each side's order; no parent is the root. It is not ok where the parent is not on both
// sides, or a place that a migration needs is not known. The lists are valid until the next brood.
func (p *planner) broodOf(parent *item, children []*item) (brood, bool) {
	b := brood{holder: parent}
	if parent == nil {
		b.holder = &p.root
	} else if b.parent = parent.twin; parent.live(p.to) == nil || parent.live(p.from) == nil || parent.base == nil && !p.takeover(parent) {
		return b, false
	}
	p.next = append(p.next[:0], children...)
	b.lists = [2][]*item{children, p.next}
	for _, side := range confluence.Sides {
		b.explicit[side] = !slices.ContainsFunc(children, func(it *item) bool { return it.node[side].Rank < 0 })
		if p.migrating && !b.explicit[side] {
			return b, false
		}
		p.sortShown(b.lists[side], side)
	}
	return b, true
}

// sortShown sorts children as a side shows them: those with a place first, then by title.
func (p *planner) sortShown(list []*item, side confluence.Side) {
	slices.SortFunc(list, func(a, b *item) int {
		m, n := a.node[side], b.node[side]
		switch {
		case m.Rank >= 0 && n.Rank >= 0:
			return cmp.Or(cmp.Compare(m.Rank, n.Rank), compareTwin(a, b))
		case m.Rank >= 0:
			return -1
		case n.Rank >= 0:
			return 1
		}
		return cmp.Or(cmp.Compare(p.fold[side](m.Title), p.fold[side](n.Title)), compareTwin(a, b))
	})
}

// orderBrood handles one parent. A side has changed the order if the children whose places were agreed on no longer stand
// in the order of those places; who came or went since does not matter.
func (p *planner) orderBrood(b brood) {
	if slices.Equal(b.lists[0], b.lists[1]) {
		p.agreePlaces(b.lists[p.from])
		return
	}
	var changed [2]bool
	for _, side := range confluence.Sides {
		changed[side] = b.explicit[side] && !rising(b.lists[side])
	}
	switch {
	case changed[0] && changed[1]:
		p.contendOrder(b)
	case changed[0] || changed[1]:
		from := confluence.A
		if changed[confluence.B] {
			from = confluence.B
		}
		p.flowOrder(b, from)
	default:
		p.firstOrder(b)
	}
}

func (p *planner) flowOrder(b brood, from confluence.Side) {
	to := from.Other()
	switch {
	case p.receives[to]:
		p.reorder(b, to)
	case p.mirror:
		if b.explicit[to] {
			p.reorder(b, from)
		}
	case p.decided(b.holder, Order) == preferred(p.from):
		p.reorder(b, p.to)
	default:
		p.clash(b.holder, Clash{Facet: Order, Kind: "order", Policy: Hold, Open: true, What: "its children were put in another order at the destination"})
	}
}

// contendOrder decides where both sides changed an order (row 19).
func (p *planner) contendOrder(b brood) {
	p.row(19)
	c := Clash{Facet: Order, Kind: "order", Row: 19, Policy: p.choice(b.holder, Order), What: "its children were put in another order on both sides"}
	var winner confluence.Side
	switch decided := p.decided(b.holder, Order); {
	case p.mirror, p.oneWay && decided == preferred(p.from):
		winner = p.from
	case p.oneWay, c.Policy != PreferA && c.Policy != PreferB:
		c.Open = true
		p.clash(b.holder, c)
		return
	case c.Policy == PreferB:
		winner = confluence.B
	}
	c.What += "; that of " + p.name(winner) + " counts"
	p.clash(b.holder, c)
	p.reorder(b, winner.Other())
}

// firstOrder handles children of whom some have no agreed place yet, and that nobody moved among the others. Where tandem
// put them there, the place on the other side counts; where only one side has an order at all, that one is agreed on.
//
// A side that was never put in order by hand sorts by title, and does so no more after the first page that is moved among
// its siblings (open-facts, section 2). So it is left alone as long as nobody has put the new children anywhere: they
// stand last, where the other side puts whatever is new.
func (p *planner) firstOrder(b brood) {
	from, known := p.whoseOrder(b)
	if p.oneWay {
		from, known = p.from, true
	}
	switch {
	case p.oneWay && !b.explicit[p.from], !b.explicit[0] && !b.explicit[1]:
	case known && b.explicit[from] && !b.explicit[from.Other()] && newLast(b.lists[from]):
		p.agreePlaces(b.lists[from])
	case p.oneWay:
		p.reorder(b, p.to)
	case known && b.explicit[from]:
		p.reorder(b, from.Other())
	case known || b.explicit[0] != b.explicit[1]:
		side := confluence.A
		if !b.explicit[side] {
			side = confluence.B
		}
		p.agreePlaces(b.lists[side])
	default:
		p.reorder(b, p.policy.Primary.Other())
	}
}

// whoseOrder returns the side on which people placed the children without an agreed place, if it is one.
func (p *planner) whoseOrder(b brood) (confluence.Side, bool) {
	var landed [2]bool
	for _, it := range b.lists[0] {
		if placeOf(it) >= 0 {
			continue
		}
		if it.base == nil || it.base.landed[0] == it.base.landed[1] {
			return 0, false
		}
		landed[0], landed[1] = landed[0] || it.base.landed[0], landed[1] || it.base.landed[1]
	}
	switch landed {
	case [2]bool{true, false}:
		return confluence.B, true
	case [2]bool{false, true}:
		return confluence.A, true
	}
	return 0, false
}

// newLast reports whether the children without an agreed place stand behind all others.
func newLast(children []*item) bool {
	fresh := false
	for _, it := range children {
		placed := placeOf(it) >= 0
		if placed && fresh {
			return false
		}
		fresh = fresh || !placed
	}
	return true
}

// rising reports whether the children with a place stand in the order of their places.
func rising(children []*item) bool {
	last := -1
	for _, it := range children {
		if n := placeOf(it); n >= 0 {
			if n <= last {
				return false
			}
			last = n
		}
	}
	return true
}

// noPlace takes back what was recorded.
const noPlace = -1

// orderedOf is what is to be recorded of a page's place.
func (p *planner) orderedOf(it *item) Ordered {
	o := Ordered{Twin: it.twin}
	if it.ordered != noPlace {
		o.Digest = place(p.parentOf(it, p.from), int(it.ordered)-1)
	}
	return o
}

// agreePlaces lists the children whose places are to be recorded: those behind the last with a place, or all, if places
// do not rise or lack in between.
func (p *planner) agreePlaces(children []*item) {
	first := len(children)
	for first > 0 && placeOf(children[first-1]) < 0 {
		first--
	}
	next := 0
	if first > 0 {
		next = placeOf(children[first-1]) + 1
	}
	gap := slices.ContainsFunc(children[:first], func(it *item) bool { return placeOf(it) < 0 })
	if gap || !rising(children) {
		first, next = 0, 0
	}
	for i, it := range children[first:] {
		if it.base != nil {
			it.ordered = int32(next+i) + 1
		}
	}
}

// reorder moves as few children as possible on a side: those outside a longest sequence that is in order already.
func (p *planner) reorder(b brood, side confluence.Side) {
	if b.parent == "" && !p.policy.RootPosition[side] || b.parent != "" && !p.policy.Position[side] {
		if !p.migrating {
			p.clash(b.holder, Clash{Facet: Order, Kind: "order", What: "its children stand in another order at " + p.name(side) + ", which cannot be told"})
		}
		return
	}
	children := b.lists[side.Other()]
	stays := longestInOrder(children, b.lists[side])
	firstStaying := slices.Index(stays, true)
	var before *step
	for i, it := range children {
		if stays[i] {
			continue
		}
		s := p.step(it, side, confluence.VerbMove, Order)
		s.change.Parent = b.parent
		if i == 0 {
			s.change.also().First, s.change.also().Before = true, children[firstStaying].twin
		} else {
			s.change.also().After = children[i-1].twin
		}
		if before != nil {
			s.needs = append(s.needs, before)
		}
		before = s
	}
}

// longestInOrder marks a longest subsequence of the wanted order that stands in that order now.
func longestInOrder(wanted, now []*item) []bool {
	at := make(map[*item]int, len(now))
	for i, it := range now {
		at[it] = i
	}
	var tails []int // tails[n] = index of the child with the least rank that ends a sequence of n+1
	previous := make([]int, len(wanted))
	rank := func(i int) int { return at[wanted[i]] }
	for i := range wanted {
		n := sort.Search(len(tails), func(n int) bool { return rank(tails[n]) >= rank(i) })
		previous[i] = -1
		if n > 0 {
			previous[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	stays := make([]bool, len(wanted))
	for i := tails[len(tails)-1]; i >= 0; i = previous[i] {
		stays[i] = true
	}
	return stays
}
