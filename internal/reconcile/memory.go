package reconcile

import (
	"sync"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// memory is what a plan works in. Nothing of a Result points into it, so that the next plan takes it over: most plans are
// of small spaces, and one follows the other.
type memory struct {
	items  []*item // sorted by twin
	byTwin map[confluence.TwinID]*item
	// Where the next items, nodes and rows of the baseline are made.
	slab  []item
	nodes []node
	rows  []agreed
	// Of nodes, until the baseline has been compared: see node.digests.
	digests []print

	groups       groups
	aboves       []int32
	walked, next []*item
}

var memories = sync.Pool{New: func() any { return &memory{byTwin: map[confluence.TwinID]*item{}} }}

// most is how many items a memory may have held to be kept for the next plan.
const most = 1024

// borrow takes memory for a plan of about so many contents.
func borrow(expect int) *memory {
	if expect > most {
		return &memory{items: make([]*item, 0, expect), byTwin: make(map[confluence.TwinID]*item, expect), digests: make([]print, 0, 2*expect)}
	}
	return memories.Get().(*memory)
}

// giveBack lets the next plan have the memory of this one.
func (m *memory) giveBack() {
	if len(m.items) > most {
		return
	}
	clear(m.byTwin)
	clear(m.items)
	clear(m.slab)
	clear(m.nodes)
	clear(m.rows)
	clear(m.walked)
	clear(m.groups.kids)
	clear(m.next)
	m.items, m.slab, m.nodes, m.rows = m.items[:0], m.slab[:0], m.nodes[:0], m.rows[:0]
	memories.Put(m)
}

// room returns a slab with room for one more, of which so many should be enough.
func room[T any](slab []T, enough, have int) []T {
	if len(slab) < cap(slab) {
		return slab
	}
	return make([]T, 0, min(max(enough, 16+have/8), 1024))
}
