package reconcile

import (
	"iter"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// memory is what a plan works in: contents lie side by side in slabs, and what is needed again and again is used again.
type memory struct {
	items []*item // sorted by twin
	named named
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
	if m.named.slots == nil {
		m.items, m.digests = make([]*item, 0, expect), make([]print, 0, 2*expect)
		m.named.grow(expect)
		return
	}
	m.named.clear()
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

// named finds items by their twins. It holds no name but those of the items.
type named struct {
	slots  []*item
	used   int
	joined map[confluence.TwinID]*item // what has another name by now
}

// byTwin returns the item of a twin, nil for none.
func (m *memory) byTwin(twin confluence.TwinID) *item {
	if it := m.named.joined[twin]; it != nil {
		return it
	}
	x := &m.named
	for at := x.start(twin); ; at = (at + 1) % len(x.slots) {
		if it := x.slots[at]; it == nil || it.twin == twin {
			return it
		}
	}
}

// start is where the search for a twin begins (FNV-1a).
func (x *named) start(twin confluence.TwinID) int {
	h := uint64(14695981039346656037)
	for i := range len(twin) {
		h = (h ^ uint64(twin[i])) * 1099511628211
	}
	return int((h ^ h>>32) & uint64(len(x.slots)-1))
}

// add takes in an item whose twin is new.
func (x *named) add(it *item) {
	if x.used++; 4*x.used > 3*len(x.slots) {
		x.grow(x.used)
	}
	x.place(it)
}

func (x *named) place(it *item) {
	at := x.start(it.twin)
	for x.slots[at] != nil {
		at = (at + 1) % len(x.slots)
	}
	x.slots[at] = it
}

// grow makes room for so many items at least. The number of slots is a power of two.
func (x *named) grow(items int) {
	old, size := x.slots, 16
	for 3*size < 4*items || size <= len(old) {
		size *= 2
	}
	x.slots = make([]*item, size)
	for _, it := range old {
		if it != nil {
			x.place(it)
		}
	}
}

// join lets a twin lead to another's item.
func (x *named) join(twin confluence.TwinID, to *item) { put(&x.joined, twin, to) }

func (x *named) clear() {
	clear(x.slots)
	clear(x.joined)
	x.used = 0
}
