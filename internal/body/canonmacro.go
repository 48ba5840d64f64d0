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

// panelMacros are the macros that hold a panel of the new editor, by the kind of panel. Panels of other kinds have none.
var panelMacros = map[string]string{"info": "info", "success": "tip", "warning": "note", "error": "warning"}

// panel writes an extension that is a panel with a macro as that macro, and reports whether it was one.
func (w *writer) panel(i int32) bool {
	node, content, name := w.t.panel(i)
	if name == "" {
		return false
	}
	from, summed := len(w.out), w.summed
	w.out = append(append(append(w.out, `<ac:structured-macro ac:name="`...), name...), `">`...)
	body := len(w.out)
	w.out = append(w.out, "<ac:rich-text-body>"...)
	inner := len(w.out)
	w.endLine()
	w.children(content, inContainer)
	w.endLine()
	if w.summed != summed {
		inner = -1 // taken already, so there is content
	}
	tail := len(w.out)
	w.out = endTag(w.out, inner, "ac:rich-text-body")
	end := len(w.out)
	w.out = append(w.out, "</ac:structured-macro>"...)
	w.lone = [2]int{from, len(w.out)}
	if w.spans != nil {
		for c := i + 1; c < w.t.nodes[i].next; c++ {
			if w.spans[c] == (span{}) && c <= content {
				w.spans[c] = span{body, body, body, body}
			}
		}
		w.spans[i] = span{from, body, end, len(w.out)}
		w.spans[node] = span{body, body, end, end}
		w.spans[content] = span{body, inner, tail, end}
	}
	return true
}

// panel returns the node and the content of an extension that is a panel, and the macro that holds such a panel; no
// macro if it is none, or says more than its kind and content.
func (t *Tree) panel(i int32) (node, content int32, name string) {
	node = t.only(i, "ac:adf-node", "ac:adf-fallback")
	if node == 0 || t.get(node, "type") != "panel" {
		return 0, 0, ""
	}
	for _, a := range t.attrsOf(node) {
		if a.fate != fateIdentity && t.attrName(&a) != "type" {
			return 0, 0, ""
		}
	}
	content = t.only(node, "ac:adf-content", "ac:adf-attribute")
	if content == 0 || t.nodes[content].count > 0 {
		return 0, 0, ""
	}
	kind := ""
	for c := node + 1; c < t.nodes[node].next; c = t.nodes[c].next {
		if c == content || t.nodes[c].kind != element || t.isOwnID(c) {
			continue
		}
		if t.get(c, "key") != "panel-type" || kind != "" {
			return 0, 0, ""
		}
		kind = t.plain(c)
	}
	return node, content, panelMacros[kind]
}

// only returns the one element of that name in an element; 0 if there is none or more than one, or something else that
// counts than elements named other.
func (t *Tree) only(i int32, name, other string) (found int32) {
	for c := i + 1; c < t.nodes[i].next; c = t.nodes[c].next {
		switch n := &t.nodes[c]; n.kind {
		case element:
			switch t.name(c) {
			case name:
				if found != 0 {
					return 0
				}
				found = c
			case other:
			default:
				return 0
			}
		case comment:
		default:
			if !isBlank(t.chars(c)) {
				return 0
			}
		}
	}
	return found
}
