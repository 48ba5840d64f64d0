package body

import ()

// word is a piece of a line: a word, a run of white space, a sign, or an element that stands in a line like a word.
type word struct {
	key        string
	node       int32 // the text, or the element
	start, end int32 // in raw
	atom       bool
}

// line is the correspondence of two runs of text.
type line struct {
	new, old []word // of v, of t
	match    []int
	// under gives for each word of v the marker of t that it stands under, 0 for none.
	under []int32
}

// planLine pairs the words of two runs.
func (p *putter) planLine(a, b item) {
	ln := line{new: p.v.words(a.first, a.past), old: p.t.words(b.first, b.past)}
	score := func(i, j int) int {
		x, y := ln.new[i], ln.old[j]
		if !x.atom || !y.atom || p.v.name(x.node) != p.t.name(y.node) ||
			p.v.get(x.node, "ac:name") != p.t.get(y.node, "ac:name") {
			return 0
		}
		return 1
	}
	ln.match = align(wordKeys(ln.new), wordKeys(ln.old), score)
	ln.under = make([]int32, len(ln.new))
	for k, m := range ln.match {
		if m < 0 {
			continue
		}
		x, y := ln.new[k], ln.old[m]
		ln.under[k] = p.t.marker(y.node, b)
		if x.atom && x.key != y.key && p.v.nodes[x.node].traits&leaf == 0 {
			p.plan(x.node, y.node)
		}
	}
	ln.bridge()
	p.lines[a.first] = ln
}

func wordKeys(words []word) []string {
	keys := make([]string, len(words))
	for k, w := range words {
		keys[k] = w.key
	}
	return keys
}

// bridge puts new words under the marker that the words on both sides of them share.
func (ln *line) bridge() {
	last := -1
	for k, m := range ln.match {
		if m < 0 {
			continue
		}
		if last >= 0 && ln.under[last] == ln.under[k] {
			for between := last + 1; between < k; between++ {
				ln.under[between] = ln.under[k]
			}
		}
		last = k
	}
}

// marker returns the innermost comment marker around a node within a run, 0 if there is none.
func (l *layout) marker(i int32, run item) int32 {
	for ; i >= run.first; i = l.parents[i] {
		if l.nodes[i].kind == element && l.name(i) == "ac:inline-comment-marker" {
			return i
		}
	}
	return 0
}

// words returns the words of a range of sibling nodes.
func (l *layout) words(first, past int32) (words []word) {
	for c := first; c < past; {
		n := &l.nodes[c]
		switch {
		case n.kind == text || n.kind == cdata:
			words = l.split(words, c)
			c++
		case l.isAtom(c):
			s := l.spans[c]
			words = append(words, word{key: "\x00" + string(l.form[s.from:s.to]), node: c, start: n.start, end: n.end, atom: true})
			c = n.next
		default:
			c++
		}
	}
	return words
}

// isAtom reports whether a node stands in a line like a word. The others are formatting around words, or nothing.
func (l *layout) isAtom(c int32) bool {
	n := &l.nodes[c]
	return n.kind == element && n.traits&(mark|unwrapped|dropped) == 0 && n.traits&(leaf|macro|soft|edge|block|structure) != 0
}

// split appends the words of a text.
func (l *layout) split(words []word, c int32) []word {
	n := &l.nodes[c]
	s := l.chars(c)
	base := n.start
	if n.kind == cdata {
		base += int32(len(cdataOpen))
	}
	for i := 0; i < len(s); {
		from := i
		for first := byte(0); i < len(s); {
			class, length := wordClass(s[i:], n.kind)
			if first != 0 && (class != first || class == 's') {
				break
			}
			first = class
			i += length
		}
		key := s[from:i]
		switch {
		case isBlank(key):
			key = " "
		case n.kind == text && n.marks&hasReference != 0:
			key = string(appendDecoded(nil, key))
		}
		words = append(words, word{key: composed(key), node: c, start: base + int32(from), end: base + int32(i)})
	}
	return words
}

// wordClass tells letters ('w'), white space (' ') and signs ('s') apart, and how many bytes the first one takes.
func wordClass(s string, k kind) (class byte, length int) {
	switch c := s[0]; {
	case isSpace(c):
		return ' ', 1
	case c == '&' && k == text:
		_, length := reference(s)
		return 'w', length
	case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c >= 0x80, c == '_':
		return 'w', 1
	}
	return 's', 1
}

// writeLine writes a run of v whose words were paired.
func (p *putter) writeLine(it item) {
	w := lineWriter{putter: p, ln: p.lines[it.first]}
	w.nodes(it.first, it.past)
	w.under(0)
}

// lineWriter writes words of v under markers of t.
type lineWriter struct {
	*putter
	ln   line
	at   int   // the next word
	open int32 // the marker that is open, 0 for none
}

func (w *lineWriter) nodes(first, past int32) {
	for c := first; c < past; c = w.v.nodes[c].next {
		n := &w.v.nodes[c]
		switch {
		case n.kind == text || n.kind == cdata:
			w.text(c)
		case w.v.isAtom(c):
			w.atom()
		case n.kind != element || n.traits&dropped != 0:
			w.under(0)
			w.out = append(w.out, w.v.anonymous(c, n.next)...)
		case n.traits&unwrapped != 0 && w.v.name(c) != "mark":
			w.nodes(c+1, n.next)
		default:
			w.under(0)
			w.out = append(w.out, w.v.anonymousTag(c)...)
			w.nodes(c+1, n.next)
			w.under(0)
			w.out = append(w.out, w.v.raw[n.tail:n.end]...)
		}
	}
}

func (w *lineWriter) text(c int32) {
	section := w.v.nodes[c].kind == cdata
	for ; w.at < len(w.ln.new) && w.ln.new[w.at].node == c; w.at++ {
		w.under(w.ln.under[w.at])
		raw := w.v.raw[w.ln.new[w.at].start:w.ln.new[w.at].end]
		if section {
			w.out = appendEscaped(w.out, raw)
		} else {
			w.out = append(w.out, raw...)
		}
	}
}

func (w *lineWriter) atom() {
	k := w.at
	w.at++
	w.under(w.ln.under[k])
	x := w.ln.new[k]
	if m := w.ln.match[k]; m < 0 {
		w.out = append(w.out, w.v.anonymous(x.node, w.v.nodes[x.node].next)...)
	} else if y := w.ln.old[m]; x.key == y.key {
		w.out = append(w.out, w.t.raw[y.start:y.end]...)
	} else {
		w.element(x.node, y.node)
	}
}

// under closes the marker that is open and opens another, unless it is the same. One marker may stand within another.
func (w *lineWriter) under(marker int32) {
	if marker == w.open {
		return
	}
	t := &w.t
	for m := w.open; m > 0; m = t.outer(m) {
		w.out = append(w.out, "</ac:inline-comment-marker>"...)
	}
	var tags []byte
	for m := marker; m > 0; m = t.outer(m) {
		tags = append([]byte(t.raw[t.nodes[m].start:t.nodes[m].inner]), tags...)
	}
	w.out = append(w.out, tags...)
	w.open = marker
}

// outer returns the marker around a marker, 0 if there is none.
func (l *layout) outer(m int32) int32 {
	for i := l.parents[m]; i > 0; i = l.parents[i] {
		if l.name(i) == "ac:inline-comment-marker" {
			return i
		}
	}
	return 0
}
