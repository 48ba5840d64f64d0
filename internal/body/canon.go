package body

import (
	"bytes"
	"hash"
)

// CanonVersion numbers the rules of the canonical form. It is part of every content digest, and it rises with every
// change of a rule that can change a form.
const CanonVersion = 2

// slotMark stands in a skeleton for a reference. No body can hold it.
const slotMark = "\x01"

// chunk is how much of a canonical form is digested at a time.
const chunk = 1 << 10

// context is what a node needs to know about where it stands.
type context uint8

const (
	inContainer context = 1 << iota // blocks are expected
	inStructure                     // elements are expected, blank text is none
	inKeeps                         // white space counts
	inPlain                         // characters only
	inColumns                       // the columns of a table
)

// writer writes the canonical form of a tree.
//
// White space waits in space until it is known what follows. An ended mark waits in ends, because an equal mark may
// follow and continue it. Text is normalised as a whole once something else follows it.
type writer struct {
	t       Tree // not a pointer: one step less to every node
	written bool // references stand as written; otherwise as slots
	out     []byte
	sum     hash.Hash // if set, takes what is final, and out holds the rest
	summed  int       // bytes that sum has taken
	pinned  int       // open elements whose start may still be looked at or taken back: nothing is final
	drift   []byte    // presentation attributes
	slots   []Slot
	spans   []span // where each element stands in out; nil if not wanted

	running bool // text is being written, from start on
	start   int
	marks   marks // of that text
	space   bool  // white space is due before the next character
	edge    bool  // a line has begun and nothing is on it
	soft    bool  // nothing has followed since a macro or image that stands as a block
	visible bool  // there is something to see
	ends    []ended
	lone    [2]int // where the last macro stands in out, since the last start of a paragraph

	scratch, composed, styles []byte // room for a start tag, a text in NFC, a style
}

// span is where an element stands in the canonical form: all of it, and what is between its tags. It is exact for
// everything but marks, and within macro parameters.
type span struct{ from, inner, tail, to int }

// ended is a mark whose end tag is not written yet; its start tag stands at from to to.
type ended struct {
	from, to int
	name     string
}

func (w *writer) body() {
	room := len(w.t.raw) + len(w.t.raw)/16
	if w.sum != nil {
		room = min(room, 2*chunk)
	}
	w.out = make([]byte, 0, room)
	if !w.written && w.t.refs > 0 {
		w.slots = make([]Slot, 0, w.t.refs)
	}
	w.edge = true
	w.children(0, inContainer)
	w.endLine()
	if w.spans != nil {
		w.spans[0] = span{tail: len(w.out), to: len(w.out)}
	}
}

func (w *writer) children(i int32, in context) {
	end := w.t.nodes[i].next
	for c := i + 1; c < end; c = w.t.nodes[c].next {
		switch w.t.nodes[c].kind {
		case element:
			w.element(c, in)
			if w.sum != nil && len(w.out) > chunk && w.pinned == 0 && !w.running && len(w.ends) == 0 {
				w.sum.Write(w.out)
				w.out, w.summed = w.out[:0], w.summed+len(w.out)
			}
		case text, cdata:
			w.text(c, in)
		case instruction:
			n := &w.t.nodes[c]
			w.endRun()
			w.out = append(w.out, w.t.raw[n.start:n.end]...)
			w.edge, w.soft = false, false
		}
	}
}

// inside returns the context that an element gives to its content.
func inside(tr trait, in context) context {
	if in&inPlain != 0 {
		return in
	}
	var c context
	if tr&container != 0 {
		c |= inContainer
	}
	if tr&structure != 0 {
		c |= inStructure
	}
	if tr&column != 0 {
		c |= inColumns
	}
	if tr&plainText != 0 {
		return c | inKeeps | inPlain
	}
	if tr&keeps != 0 || in&inKeeps != 0 && tr&block == 0 {
		c |= inKeeps
	}
	return c
}

func (w *writer) element(i int32, in context) {
	tr := w.t.nodes[i].traits
	if tr&(dropped|unwrapped) != 0 {
		if tr&unwrapped != 0 {
			w.children(i, in)
		}
		return
	}
	if tr&object != 0 {
		w.visible = true
	}
	switch {
	case tr&mark != 0:
		w.mark(i, in)
	case tr&(block|edge) != 0:
		w.endLine()
		w.plainElement(i, in)
		w.endLine()
	case tr&soft != 0 && in&inContainer != 0:
		if w.soft {
			w.space = false
		}
		w.endRun()
		w.plainElement(i, in)
		w.endRun()
		w.edge, w.soft = false, true
	default:
		w.endRun()
		w.plainElement(i, in)
		w.endRun()
		w.edge, w.soft = false, false
	}
}

// plainElement writes an element that is no mark; nothing waits to be written before or after it.
func (w *writer) plainElement(i int32, in context) {
	n := &w.t.nodes[i]
	if n.traits&(resource|adf) != 0 && in&inPlain == 0 && (n.traits&adf != 0 && w.panel(i) || !w.written && n.traits&resource != 0 && w.slot(i)) {
		return
	}
	from, summed := len(w.out), w.summed
	w.out = w.startTag(w.out, i, in)
	inner := len(w.out)
	retractable := n.traits&column != 0 || n.traits&(keeps|leaf) == keeps|leaf
	if n.traits&wrapping != 0 {
		w.lone = [2]int{}
		w.pinned++
	}
	if retractable {
		w.pinned++
	}
	switch {
	case n.traits&macro != 0:
		w.macro(i)
	case n.traits&keeps != 0 && n.traits&leaf != 0:
		w.value(i, in)
	default:
		w.children(i, inside(n.traits, in))
		if n.traits&(block|edge) != 0 {
			w.endLine()
		} else {
			w.endRun()
		}
	}
	if w.summed != summed {
		inner = -1 // taken already, so there is content
	}
	tail := len(w.out)
	if length := int32(n.name) + 3; n.end-n.tail == length && tail != inner {
		w.out = append(w.out, w.t.raw[n.tail:n.end]...) // </name>
	} else {
		w.out = endTag(w.out, inner, w.t.name(i))
	}
	if retractable {
		w.pinned--
		if w.nothing(i, from, in) {
			w.out = w.out[:from]
			inner, tail = from, from
		}
	}
	if w.spans != nil {
		w.spans[i] = span{from, inner, tail, len(w.out)}
	}
	switch {
	case n.traits&macro != 0:
		w.lone = [2]int{from, len(w.out)}
	case n.traits&wrapping != 0:
		w.pinned--
		w.unwrap(i, from, inner, tail)
	}
}

// unwrap takes back the tags of a paragraph that holds nothing but a macro.
func (w *writer) unwrap(i int32, from, inner, tail int) {
	if inner-from != len("<p>") || w.lone != [2]int{inner, tail} || inner == tail {
		return
	}
	w.out = append(w.out[:from], w.out[inner:tail]...)
	w.lone = [2]int{from, len(w.out)}
	if w.spans == nil {
		return
	}
	by := inner - from
	for c := i + 1; c < w.t.nodes[i].next; c++ {
		s := &w.spans[c]
		s.from, s.inner, s.tail, s.to = s.from-by, s.inner-by, s.tail-by, s.to-by
	}
	w.spans[i] = span{from, from, len(w.out), len(w.out)}
}

// nothing reports whether the element written from there on counts for nothing now that its content is known: a
// parameter with neither name nor value, a local id of an extension, columns with nothing but widths.
func (w *writer) nothing(i int32, from int, in context) bool {
	n := &w.t.nodes[i]
	switch out := w.out[from:]; {
	case n.traits&parameter != 0:
		return string(out) == "<ac:parameter/>" || string(out) == `<ac:parameter ac:name=""/>` ||
			string(out) == "<ac:default-parameter/>"
	case n.traits&column != 0 && w.t.name(i) == "colgroup":
		return emptyColumns(out)
	case n.traits&column != 0:
		return string(out) == "<col/>" && in&inColumns == 0
	case n.traits&(keeps|leaf|parameter) == keeps|leaf:
		key := w.t.get(i, "key")
		return key == "local-id" || key == "localId"
	}
	return false
}

func emptyColumns(out []byte) bool {
	if string(out) == "<colgroup/>" {
		return true
	}
	rest, ok := bytes.CutPrefix(out, []byte("<colgroup>"))
	for ok {
		rest, ok = bytes.CutPrefix(rest, []byte("<col/>"))
	}
	return string(rest) == "</colgroup>"
}

// value writes the content of a parameter or an attribute of an extension: all white space counts, but for blank text
// beside elements.
func (w *writer) value(i int32, in context) {
	in = inside(w.t.nodes[i].traits, in)
	for c := i + 1; c < w.t.nodes[i].next; c = w.t.nodes[c].next {
		if w.t.nodes[c].kind == element {
			in |= inStructure
		}
	}
	w.children(i, in)
	w.endLine()
}

// mark writes formatted text. A mark that directly follows an equal one continues it.
func (w *writer) mark(i int32, in context) {
	open := ended{name: canonicalName(w.t.name(i))}
	switch k := len(w.ends) - 1; {
	case k < 0:
		w.endRun()
		open.from = len(w.out)
		w.out = w.startTag(w.out, i, in)
		open.to = len(w.out)
	default:
		w.scratch = w.startTag(w.scratch[:0], i, in)
		if last := w.ends[k]; bytes.Equal(w.out[last.from:last.to], w.scratch) {
			open, w.ends = last, w.ends[:k]
			break
		}
		w.endRun()
		open.from = len(w.out)
		w.out = append(w.out, w.scratch...)
		open.to = len(w.out)
	}
	w.soft = false
	w.pinned++
	w.children(i, inside(w.t.nodes[i].traits, in)|in&inContainer)
	w.pinned--
	w.ends = append(w.ends, open)
}

// canonicalName gives the names that a kind of formatting has as one.
func canonicalName(name string) string {
	switch name {
	case "tt":
		return "code"
	case "s", "strike":
		return "del"
	case "b":
		return "strong"
	case "i":
		return "em"
	}
	return name
}

// endTag ends the element whose start tag ends at inner; one without content becomes <x/>.
func endTag(out []byte, inner int, name string) []byte {
	if len(out) == inner {
		return append(out[:inner-1], '/', '>')
	}
	return append(append(append(out, '<', '/'), name...), '>')
}
