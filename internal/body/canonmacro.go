package body

import (
	"slices"
	"strings"
)

// part is one parameter of a macro in the canonical form.
type part struct {
	name       string
	node       int32
	from, to   int // in out
	slot, past int // in slots
}

// macro writes what a macro holds: its parameters sorted by name, then the rest. Parameters of one name keep their
// order.
func (w *writer) macro(i int32) {
	var few [8]part
	parts := few[:0]
	end := w.t.nodes[i].next
	for c := i + 1; c < end; c = w.t.nodes[c].next {
		if w.t.nodes[c].traits&parameter == 0 {
			continue
		}
		p := part{name: composed(w.t.get(c, "ac:name")), node: c, from: len(w.out), slot: len(w.slots)}
		w.element(c, inStructure)
		p.to, p.past = len(w.out), len(w.slots)
		parts = append(parts, p)
	}
	if len(parts) > 1 {
		w.sort(parts)
	}
	for c := i + 1; c < end; c = w.t.nodes[c].next {
		switch n := &w.t.nodes[c]; {
		case n.kind == element && n.traits&parameter == 0:
			w.element(c, inStructure)
		case n.kind == text || n.kind == cdata:
			w.text(c, inStructure)
		}
	}
	w.endRun()
}

// sort puts parameters that are written already into the order of their names.
func (w *writer) sort(parts []part) {
	byName := func(a, b part) int { return strings.Compare(a.name, b.name) }
	if slices.IsSortedFunc(parts, byName) {
		return
	}
	start, first := parts[0].from, parts[0].slot
	w.scratch = append(w.scratch[:0], w.out[start:]...)
	slots := slices.Clone(w.slots[first:])
	w.out, w.slots = w.out[:start], w.slots[:first]
	slices.SortStableFunc(parts, byName)
	for _, p := range parts {
		if w.spans != nil {
			by := len(w.out) - p.from
			s := w.spans[p.node]
			w.spans[p.node] = span{s.from + by, s.inner + by, s.tail + by, s.to + by}
		}
		w.out = append(w.out, w.scratch[p.from-start:p.to-start]...)
		w.slots = append(w.slots, slots[p.slot-first:p.past-first]...)
	}
}
