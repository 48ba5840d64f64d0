package body

// Put returns a new text for target that says what v says: Put(v, target) has v's canonical form. What the two have in
// common keeps target's bytes, with its ids and its comment markers: blocks that are equal, wherever they stand, as a
// whole; in blocks that were edited the words that stayed. What is new comes with v's bytes, but without v's ids and
// markers, which belong to another site. Where both say the same all the way, the result is target's text byte for
// byte.
func Put(v, target *Tree) string {
	p := putter{v: laidOut(v), t: laidOut(target), joints: map[int32]joint{}, lines: map[int32]line{}}
	if string(p.v.form) == string(p.t.form) {
		return target.raw
	}
	p.used = make([]bool, len(target.nodes))
	p.plan(0, 0)
	p.gather()
	p.content(0)
	// How white space beside a run of text counts depends on its neighbours. Should that ever give another text than
	// v's, ids and markers are given up rather than words.
	for _, out := range [...]string{string(p.out), string(v.anonymous(1, int32(len(v.nodes))))} {
		if again, err := Parse(out); err == nil && again.Canonical() == string(p.v.form) {
			return out
		}
	}
	return v.raw
}

// putter builds a new text for t that says what v says. It first plans which node of t each node of v is, then writes.
type putter struct {
	v, t   layout
	joints map[int32]joint // by element of v: how its content corresponds
	lines  map[int32]line  // by first node of a run of v
	used   []bool          // nodes of t that have a place in the text to be
	moved  map[string][]int32
	out    []byte
}

// joint is the correspondence of the contents of two elements.
type joint struct {
	of    int32 // the element of t
	v, t  []item
	rest  int32 // first node of t after the last item
	match []int // for each item of v: the item of t that it is, -1 for none
}

// plan pairs the contents of element i of v and element j of t.
func (p *putter) plan(i, j int32) {
	vi, _ := p.v.items(i)
	ti, rest := p.t.items(j)
	s := scorer{p: p, v: vi, t: ti}
	jt := joint{of: j, v: vi, t: ti, rest: rest, match: align(p.v.keys(vi), p.t.keys(ti), s.score)}
	p.joints[i] = jt
	for k, m := range jt.match {
		if m < 0 {
			continue
		}
		a, b := vi[k], ti[m]
		switch {
		case !a.block:
			p.use(b.first, b.past)
			p.planLine(a, b)
		case p.v.key(a) == p.t.key(b):
			p.use(b.first, b.past)
		case p.t.nodes[b.first].traits&leaf != 0:
			p.use(b.first, b.past)
		default:
			p.use(b.first, b.first+1)
			p.plan(a.first, b.first)
		}
	}
}

func (p *putter) use(first, past int32) {
	for c := first; c < past; c++ {
		p.used[c] = true
	}
}

// shortestMove is the length of the canonical form below which an equal block elsewhere says nothing about a move.
const shortestMove = 24

// gather collects the blocks of t that have no place yet, by what they say.
func (p *putter) gather() {
	p.moved = map[string][]int32{}
	for c := int32(1); c < int32(len(p.t.nodes)); c++ {
		n, s := &p.t.nodes[c], p.t.spans[c]
		if p.used[c] || n.kind != element || n.traits&(block|soft) == 0 || n.traits&(parameter|dropped) != 0 ||
			s.to-s.from < shortestMove {
			continue
		}
		key := string(p.t.form[s.from:s.to])
		p.moved[key] = append(p.moved[key], c)
	}
}

// take returns a block of t that says the same as block i of v and has no place yet; 0 if there is none.
func (p *putter) take(i int32) int32 {
	s := p.v.spans[i]
	if s.to-s.from < shortestMove {
		return 0
	}
candidates:
	for _, c := range p.moved[string(p.v.form[s.from:s.to])] {
		for d := c; d < p.t.nodes[c].next; d++ {
			if p.used[d] {
				continue candidates
			}
		}
		p.use(c, p.t.nodes[c].next)
		return c
	}
	return 0
}

// content writes the content of element i of v, which was planned.
func (p *putter) content(i int32) {
	jt := p.joints[i]
	for k, it := range jt.v {
		m := jt.match[k]
		if m < 0 {
			p.fresh(it)
			continue
		}
		b := jt.t[m]
		p.lead(b.lead, b.first, it.block && (k == 0 || jt.v[k-1].block))
		switch same := p.v.key(it) == p.t.key(b); {
		case same && (it.block || it.before == b.before && it.after == b.after):
			p.out = append(p.out, p.t.raw[b.start:b.end]...)
		case it.block:
			p.element(it.first, b.first)
		default:
			p.writeLine(it)
		}
	}
	p.lead(jt.rest, p.t.nodes[jt.of].next, len(jt.v) == 0 || jt.v[len(jt.v)-1].block)
}

// lead writes what counts for nothing between two items of t: white space, comments, ids. White space beside a run of
// text might count in its new place and is left out.
func (p *putter) lead(from, to int32, blank bool) {
	for c := from; c < to; c = p.t.nodes[c].next {
		if n := &p.t.nodes[c]; n.kind != text || blank {
			p.out = append(p.out, p.t.raw[n.start:n.end]...)
		}
	}
}

// fresh writes an item of v that t does not have in this place: as it stands elsewhere in t, or as v has it.
func (p *putter) fresh(it item) {
	if !it.block {
		p.out = append(p.out, p.v.anonymous(it.first, it.past)...)
		return
	}
	i := it.first
	if c := p.take(i); c > 0 {
		p.out = append(p.out, p.t.raw[p.t.nodes[c].start:p.t.nodes[c].end]...)
		return
	}
	n := &p.v.nodes[i]
	items, rest := p.v.items(i)
	if len(p.moved) == 0 || n.traits&leaf != 0 || len(items) == 0 {
		p.out = append(p.out, p.v.anonymous(i, n.next)...)
		return
	}
	p.out = append(p.out, p.v.anonymousTag(i)...)
	for _, it := range items {
		p.out = append(p.out, p.v.anonymous(it.lead, it.first)...)
		p.fresh(it)
	}
	p.out = append(p.out, p.v.anonymous(rest, n.next)...)
	p.out = append(p.out, p.v.raw[n.tail:n.end]...)
}

// element writes an element that both have with different content: v's content and attributes, t's ids.
func (p *putter) element(i, j int32) {
	name := p.v.name(i)
	p.out = append(p.out, p.tag(i, j)...)
	inner := len(p.out)
	if p.v.nodes[i].traits&leaf != 0 {
		p.out = append(p.out, p.v.anonymous(i+1, p.v.nodes[i].next)...)
	} else {
		p.content(i)
	}
	p.out = endTag(p.out, inner, name)
}

// tag returns the start tag of an element that both have, closed with '>'.
func (p *putter) tag(i, j int32) []byte {
	v, t := writer{t: *p.v.Tree, written: true}, writer{t: *p.t.Tree, written: true}
	tn := &p.t.nodes[j]
	if string(v.startTag(nil, i, 0)) == string(t.startTag(nil, j, 0)) {
		end := tn.start + 1 + int32(tn.name)
		if tn.count > 0 {
			end = p.t.attrsOf(j)[tn.count-1].valueEnd + 1
		}
		return append([]byte(p.t.raw[tn.start:end]), '>')
	}
	b := append([]byte{'<'}, p.v.name(i)...)
	for _, a := range p.v.attrsOf(i) {
		if !ownedByTarget(a.fate) {
			b = append(append(b, ' '), p.v.raw[a.name:a.valueEnd+1]...)
		}
	}
	for _, a := range p.t.attrsOf(j) {
		if ownedByTarget(a.fate) {
			b = append(append(b, ' '), p.t.raw[a.name:a.valueEnd+1]...)
		}
	}
	return append(b, '>')
}

func ownedByTarget(f fate) bool {
	return f == fateIdentity || f == fateBookkeeping || f == fatePresentation
}
