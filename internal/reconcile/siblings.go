package reconcile

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// OrderDigest returns the digest of the facet Order for the children of a content in their order; zero for none.
func OrderDigest(children []confluence.TwinID) confluence.Digest {
	if len(children) == 0 {
		return confluence.Digest{}
	}
	h := sha256.New()
	for _, twin := range children {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(twin)))
		h.Write(length[:])
		h.Write([]byte(twin))
	}
	var d confluence.Digest
	h.Sum(d[:0])
	return d
}

// orderSiblings puts the children of each parent into the sender's order, where that is explicit and the receiver's is
// known.
func (p *planner) orderSiblings() {
	if !p.policy.Facets.Has(Order) {
		return
	}
	var children [2]map[confluence.TwinID][]*item
	for _, side := range confluence.Sides {
		children[side] = make(map[confluence.TwinID][]*item)
		for _, it := range p.items {
			if n := it.live(side); n != nil && n.Kind == confluence.Page && n.Rank >= 0 {
				children[side][n.Parent] = append(children[side][n.Parent], it)
			}
		}
	}
	parents := make([]confluence.TwinID, 0, len(children[p.from]))
	for parent := range children[p.from] {
		parents = append(parents, parent)
	}
	slices.Sort(parents)
	for _, parent := range parents {
		var lists [2][]*item
		for _, side := range confluence.Sides {
			lists[side] = children[side][parent]
			slices.SortFunc(lists[side], func(a, b *item) int {
				return cmp.Or(cmp.Compare(a.node[side].Rank, b.node[side].Rank), compareTwin(a, b))
			})
		}
		p.orderChildren(parent, lists)
	}
}

// orderChildren handles one parent; lists are its ordered children on each side.
func (p *planner) orderChildren(parent confluence.TwinID, lists [2][]*item) {
	holder, base, ok := p.ordering(parent)
	if !ok {
		return
	}
	common, ready := p.common(parent, lists[p.from])
	if !ready || len(common) < 2 {
		return
	}
	var now [2]confluence.Digest
	for _, side := range confluence.Sides {
		var agreed []confluence.TwinID
		for _, it := range lists[side] {
			if it.base != nil {
				agreed = append(agreed, it.twin)
			}
		}
		now[side] = OrderDigest(agreed)
	}
	known := base != nil && base.Facets.Has(Order)
	var changed [2]bool
	for _, side := range confluence.Sides {
		changed[side] = !known || base.Digest[side][Order.Index()] != now[side]
	}
	inOrder := slices.IsSortedFunc(common, func(a, b *item) int { return cmp.Compare(a.node[p.to].Rank, b.node[p.to].Rank) })
	switch {
	case inOrder:
		if changed != [2]bool{} {
			p.result.Ordered = append(p.result.Ordered, Ordered{Twin: parent, Digest: now})
		}
	case !known, changed[p.from] && !changed[p.to]:
		p.reorder(parent, common)
	case changed[p.from]:
		p.clash(holder, Order, "its children were put in another order on both sides")
	case changed[p.to]:
		p.clash(holder, Order, "its children were put in another order at the destination")
	}
}

// ordering returns what holds an order, its baseline, and whether the receiver can be put in order there.
func (p *planner) ordering(parent confluence.TwinID) (holder *item, base *Agreed, ok bool) {
	if parent == "" {
		return &item{}, p.roots, p.policy.RootPosition
	}
	it := p.byTwin[parent]
	if it == nil || !p.policy.Position || it.live(p.to) == nil || it.live(p.from) == nil {
		return nil, nil, false
	}
	return it, it.base, it.base != nil || p.takeover(it)
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
