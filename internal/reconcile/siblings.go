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
	d := confluence.Sum([]byte("order of the children of " + parent))
	binary.BigEndian.PutUint64(d[:8], uint64(n)+1)
	return d
}

// placeOf returns the agreed place of a child below a parent, -1 if there is none.
func (p *planner) placeOf(it *item, parent confluence.TwinID) int {
	if it.base == nil || !it.base.Facets.Has(Order) {
		return -1
	}
	d := it.base.Digest[p.to][Order.Index()]
	n := int(binary.BigEndian.Uint64(d[:8])) - 1
	if n < 0 || place(parent, n) != d {
		return -1
	}
	return n
}

// orderSiblings puts the children of each parent into the sender's order, where that is explicit and the receiver's is
// known.
func (p *planner) orderSiblings() {
	if !p.policy.Facets.Has(Order) {
		return
	}
	children := make(map[confluence.TwinID][]*item)
	for _, it := range p.items {
		p.forgetPlace(it)
		if n := it.live(p.from); n != nil && n.Kind == confluence.Page && n.Rank >= 0 {
			children[n.Parent] = append(children[n.Parent], it)
		}
	}
	parents := make([]confluence.TwinID, 0, len(children))
	for parent := range children {
		parents = append(parents, parent)
	}
	slices.Sort(parents)
	for _, parent := range parents {
		if holder, ok := p.ordering(parent); ok {
			p.orderChildren(holder, parent, children[parent])
		}
	}
}

// forgetPlace takes back what was agreed about the place of a page that stands below another parent by now: should it
// ever come back, that place means nothing.
func (p *planner) forgetPlace(it *item) {
	if it.base == nil || it.base.Digest[p.to][Order.Index()].IsZero() || it.live(p.to) == nil || it.live(p.from) == nil {
		return
	}
	if p.placeOf(it, it.node[p.to].Parent) < 0 {
		it.ordered = new(confluence.Digest)
		it.base.Facets &^= Order
	}
}

// ordering returns what holds an order, and whether the receiver can be put in order there by us.
func (p *planner) ordering(parent confluence.TwinID) (holder *item, ok bool) {
	if parent == "" {
		return &item{}, p.policy.RootPosition[p.to]
	}
	it := p.byTwin[parent]
	if it == nil || !p.policy.Position[p.to] || it.live(p.to) == nil || it.live(p.from) == nil {
		return nil, false
	}
	return it, it.base != nil || p.takeover(it)
}

// orderChildren handles one parent. A side has changed the order if the children whose places were agreed on no longer
// stand in the order of those places; who came or went since does not matter.
func (p *planner) orderChildren(holder *item, parent confluence.TwinID, children []*item) {
	byRank(children, p.from)
	children, ready := p.common(parent, children)
	if !ready || len(children) < 2 {
		return
	}
	places := make(map[*item]int, len(children))
	for _, it := range children {
		places[it] = p.placeOf(it, parent)
	}
	received := slices.Clone(children)
	byRank(received, p.to)
	here, there := !rising(children, places), !rising(received, places)
	switch {
	case slices.Equal(children, received):
		p.agreePlaces(parent, children, places)
	case here && there:
		p.clash(holder, Order, "its children were put in another order on both sides")
	case there:
		p.clash(holder, Order, "its children were put in another order at the destination")
	default:
		p.reorder(parent, children)
	}
}

func byRank(children []*item, side confluence.Side) {
	slices.SortFunc(children, func(a, b *item) int {
		return cmp.Or(cmp.Compare(a.node[side].Rank, b.node[side].Rank), compareTwin(a, b))
	})
}

// rising reports whether the children with a place stand in the order of their places.
func rising(children []*item, places map[*item]int) bool {
	last := -1
	for _, it := range children {
		if n := places[it]; n >= 0 {
			if n <= last {
				return false
			}
			last = n
		}
	}
	return true
}

// agreePlaces lists the children whose places are to be recorded: those behind the last with a place, or all, if places
// do not rise or lack in between.
func (p *planner) agreePlaces(parent confluence.TwinID, children []*item, places map[*item]int) {
	first := len(children)
	for first > 0 && places[children[first-1]] < 0 {
		first--
	}
	next := 0
	if first > 0 {
		next = places[children[first-1]] + 1
	}
	gap := slices.ContainsFunc(children[:first], func(it *item) bool { return places[it] < 0 })
	if gap || !rising(children, places) {
		first, next = 0, 0
	}
	for i, it := range children[first:] {
		if it.base != nil {
			d := place(parent, next+i)
			it.ordered = &d
		}
	}
}

// common returns the children that stand under the parent on both sides, in the sender's order. It is not ready while
// one is still to come or its place is not known.
func (p *planner) common(parent confluence.TwinID, children []*item) (list []*item, ready bool) {
	for _, it := range children {
		received := it.live(p.to)
		switch {
		case it.fresh, it.send.Has(Parent):
			return nil, false
		case received == nil || received.Parent != parent:
			continue // reported as a clash
		case received.Rank < 0:
			return nil, false
		}
		list = append(list, it)
	}
	return list, true
}

// reorder moves as few children as possible: those outside a longest sequence that is in order already.
func (p *planner) reorder(parent confluence.TwinID, children []*item) {
	stays := p.longestInOrder(children)
	firstStaying := slices.Index(stays, true)
	var before *step
	for i, it := range children {
		if stays[i] {
			continue
		}
		s := p.step(it, confluence.VerbMove, Order)
		s.change.Parent = parent
		if i == 0 {
			s.change.First, s.change.Before = true, children[firstStaying].twin
		} else {
			s.change.After = children[i-1].twin
		}
		if before != nil {
			s.needs = append(s.needs, before)
		}
		before = s
	}
}

// longestInOrder marks a longest subsequence whose ranks on the receiver rise.
func (p *planner) longestInOrder(children []*item) []bool {
	var tails []int // tails[n] = index of the child with the least rank that ends a sequence of n+1
	previous := make([]int, len(children))
	rank := func(i int) int { return children[i].node[p.to].Rank }
	for i := range children {
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
	stays := make([]bool, len(children))
	for i := tails[len(tails)-1]; i >= 0; i = previous[i] {
		stays[i] = true
	}
	return stays
}
