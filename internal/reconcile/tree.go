package reconcile

import (
	"cmp"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// buildTree finds the final tree of pages on the receiver. It starts from the receiver's tree and takes over the
// sender's moves from the top down, leaving out those that would close a ring with an edit at the destination
// (algorithms A5, step 2). New contents attach to the nearest content above them that will be there.
func (p *planner) buildTree() {
	walk := p.walk()
	for i, it := range walk {
		it.order = i
	}
	p.standing()
	reached := make(map[*item]bool, len(walk))
	var moves []*item
	for _, it := range walk {
		reached[it] = true
		switch {
		case it.kind() != confluence.Page:
			p.attach(it)
		case it.fresh:
			it.dest = p.landing(it)
		case it.send.Has(Parent):
			moves = append(moves, it)
		}
	}
	p.takeMoves(moves)
	for _, it := range p.items {
		if it.fresh && !reached[it] {
			it.fresh = false
			p.clash(it, Parent, "stands in a ring of parents at the source")
		}
	}
}

// standing takes over the receiver's tree as it stands, cutting rings open, which no site has.
func (p *planner) standing() {
	settled := make(map[*item]bool)
	for _, it := range p.items {
		it.dest = nil
		if n := it.node[p.to]; n != nil && n.Kind == confluence.Page && n.Parent != "" {
			it.dest = p.byTwin[n.Parent]
		}
	}
	for _, it := range p.items {
		walked := map[*item]bool{}
		for at := it; at != nil && !settled[at]; at = at.dest {
			walked[at] = true
			if walked[at.dest] {
				at.dest = nil
			}
		}
		for at := range walked {
			settled[at] = true
		}
	}
}

// walk returns the sender's contents parents first, siblings by rank and twin; without those that stand in a ring.
func (p *planner) walk() []*item {
	children := make(map[*item][]*item)
	var next []*item
	for _, it := range p.items {
		if it.node[p.from] == nil {
			continue
		}
		if up := p.above(it); up != nil && up.node[p.from] != nil {
			children[up] = append(children[up], it)
		} else {
			next = append(next, it)
		}
	}
	siblings := func(a, b *item) int {
		m, n := a.node[p.from], b.node[p.from]
		// Ranks of different kinds are not comparable; files come before comments, comments before pages.
		return cmp.Or(cmp.Compare(kindOrder[m.Kind], kindOrder[n.Kind]), cmp.Compare(m.Rank, n.Rank), compareTwin(a, b))
	}
	slices.SortFunc(next, siblings)
	slices.Reverse(next)
	out := make([]*item, 0, len(p.items))
	for len(next) > 0 {
		it := next[len(next)-1]
		next = next[:len(next)-1]
		out = append(out, it)
		below := children[it]
		slices.SortFunc(below, siblings)
		slices.Reverse(below)
		next = append(next, below...)
	}
	return out
}

var kindOrder = map[confluence.Kind]int{confluence.Attachment: 1, confluence.Comment: 2, confluence.Page: 3, confluence.BlogPost: 4}

// landing returns the nearest page above a page of the sender that will be on the receiver, nil for the root.
func (p *planner) landing(it *item) *item {
	for at := p.above(it); at != nil; at = p.above(at) {
		if p.there(at) && at.kind() == confluence.Page {
			if at != p.above(it) {
				p.clash(it, Parent, "stands elsewhere, because the page above it is not at the destination")
			}
			return at
		}
	}
	if it.node[p.from].Parent != "" {
		p.clash(it, Parent, "stands elsewhere, because the page above it is not at the destination")
	}
	return nil
}

// attach gives up a file or comment whose page, or whose comment, will not be on the receiver.
func (p *planner) attach(it *item) {
	if !it.fresh || it.kind() == confluence.BlogPost {
		return
	}
	up := p.above(it)
	if up != nil && p.there(up) {
		it.dest = up
		return
	}
	it.fresh = false
	if up == nil || up.base == nil {
		p.clash(it, Parent, "what it belongs to is not at the destination")
	}
}

// takeMoves applies moves to the final tree, again and again until no more of them fits.
func (p *planner) takeMoves(moves []*item) {
	landings := make(map[*item]*item, len(moves))
	for _, it := range moves {
		landings[it] = p.landing(it)
	}
	for {
		var left []*item
		for _, it := range moves {
			to := landings[it]
			if inside(to, it) {
				left = append(left, it)
				continue
			}
			if n := it.node[p.to]; to == nil && n.Parent == "" || to != nil && to.twin == n.Parent {
				it.send &^= Parent // it stands there already
			}
			it.dest = to
		}
		if len(left) == len(moves) {
			break
		}
		moves = left
	}
	for _, it := range moves {
		it.send &^= Parent
		p.clash(it, Parent, "moved at the source below a page that was moved below it at the destination")
	}
}

// inside reports whether a content is another one or stands below it in the final tree as far as it is built.
func inside(it, of *item) bool {
	for ; it != nil; it = it.dest {
		if it == of {
			return true
		}
	}
	return false
}
