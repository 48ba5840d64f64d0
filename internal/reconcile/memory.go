package reconcile

import (
	"iter"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// memory is what a plan works in: contents lie side by side in slabs, and what is needed again and again is used again.
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

// Desk is where plans are made one after the other, in the same memory. The zero value is ready. It is for one goroutine;
// nothing of a Result stays on it.
type Desk struct{ memory memory }

// Plan is what the function Plan is.
func (d *Desk) Plan(base iter.Seq[Agreed], snaps [2][]Node, policy Policy) Result {
	return plan(&d.memory, base, [2]visits{listed(snaps[0]), listed(snaps[1])}, policy, max(len(snaps[0]), len(snaps[1])))
}

// begin clears the memory for a plan of about so many contents on a side.
func (m *memory) begin(expect int) {
	if m.byTwin == nil {
		m.items, m.byTwin, m.digests = make([]*item, 0, expect), make(map[confluence.TwinID]*item, expect), make([]print, 0, 2*expect)
		return
	}
	clear(m.byTwin)
	clear(m.slab)
	clear(m.nodes)
	clear(m.rows)
	m.items, m.slab, m.nodes, m.rows, m.digests = m.items[:0], m.slab[:0], m.nodes[:0], m.rows[:0], m.digests[:0]
}

// room returns a slab with room for one more, of which so many should be enough.
func room[T any](slab []T, enough, have int) []T {
	if len(slab) < cap(slab) {
		return slab
	}
	return make([]T, 0, min(max(enough, 16+have/8), 1024))
}
