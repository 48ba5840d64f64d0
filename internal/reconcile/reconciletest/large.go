package reconciletest

import (
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// Large is a large space as both sides show it, with what they agreed on.
type Large struct {
	Nodes [2][]reconcile.Node
	Base  []reconcile.Agreed
}

// Each yields the baseline.
func (l *Large) Each(yield func(reconcile.Agreed) bool) {
	for i := range l.Base {
		if !yield(l.Base[i]) {
			return
		}
	}
}

// NewLarge makes a space of so many pages, ten below each. On each side one page in every is edited, renamed or moved in
// turn, never the same one on both; 0: none.
func NewLarge(pages, every int) *Large {
	l := &Large{}
	for side := range l.Nodes {
		l.Nodes[side] = make([]reconcile.Node, 0, pages)
	}
	l.Base = make([]reconcile.Agreed, 0, pages)
	for i := range pages {
		n := reconcile.Node{
			Twin: confluence.TwinID(fmt.Sprintf("%026d", i)), ID: confluence.ID(fmt.Sprint(1000 + i)), Kind: confluence.Page, Status: confluence.Current,
			Title: fmt.Sprint("Page ", i), Rank: i % 10, Version: 1, Home: i == 0, Read: pageFacets,
		}
		if i > 0 {
			n.Parent = l.Base[(i-1)/10].Twin
		}
		a := reconcile.Agreed{Twin: n.Twin, Kind: n.Kind, ID: [2]confluence.ID{n.ID, n.ID}, Version: [2]int{1, 1}, Title: [2]string{n.Title, n.Title},
			Parent: n.Parent, Facets: reconcile.Title | reconcile.Parent | pageFacets}
		for _, side := range confluence.Sides {
			n.Digest[reconcile.Body.Index()] = digest(side, reconcile.Body.Index(), uint32(i+1))
			a.Digest[side] = n.Digest
			l.Nodes[side] = append(l.Nodes[side], n)
		}
		l.Base = append(l.Base, a)
	}
	for i := 20; every > 0 && i < pages-1; i += every {
		for _, side := range confluence.Sides {
			change(l.Nodes[side], i+int(side), i/every%3, side)
		}
	}
	return l
}

func change(nodes []reconcile.Node, i, how int, side confluence.Side) {
	n := &nodes[i]
	n.Version++
	switch how {
	case 0:
		n.Digest[reconcile.Body.Index()] = digest(side, reconcile.Body.Index(), uint32(i+1)<<8)
	case 1:
		n.Title += " renamed"
	case 2:
		n.Parent, n.Rank = nodes[1].Twin, 10+i
	}
}
