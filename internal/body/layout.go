package body

// layout is a tree with the place of each element in its canonical form.
type layout struct {
	*Tree
	form    []byte
	spans   []span
	parents []int32
}

func laidOut(t *Tree) layout {
	w := writer{t: *t, written: true, spans: make([]span, len(t.nodes))}
	w.body()
	parents := make([]int32, len(t.nodes))
	for i := range t.nodes {
		for c := int32(i) + 1; t.nodes[i].kind == element && c < t.nodes[i].next; c = t.nodes[c].next {
			parents[c] = int32(i)
		}
	}
	return layout{t, w.out, w.spans, parents}
}

// item is what an element that holds blocks consists of: a block, or a run of text and inline elements between blocks.
type item struct {
	lead          int32 // first of the nodes before it that count for nothing
	first, past   int32 // its nodes
	block         bool
	soft          bool      // a macro or image that stands as a block
	from, to      int       // its canonical form
	start, end    int32     // in raw
	before, after neighbour // of a run
}

// neighbour says what a run of text stands beside: white space at its end counts beside a macro or image only.
type neighbour uint8

const (
	atLineEnd neighbour = iota
	atSoft
)

// key returns what an item says: two that say the same have equal keys.
func (l *layout) key(it item) string { return string(l.form[it.from:it.to]) }

func (l *layout) keys(items []item) []string {
	keys := make([]string, len(items))
	for k, it := range items {
		keys[k] = l.key(it)
	}
	return keys
}

// items returns the parts of an element's content that count, and the first node of what counts for nothing after them.
func (l *layout) items(i int32) (items []item, rest int32) {
	in := inside(l.nodes[i].traits, 0)
	c := collector{lead: i + 1, at: l.spans[i].inner}
	for k := i + 1; k < l.nodes[i].next; k = l.nodes[k].next {
		n, s := &l.nodes[k], l.spans[k]
		switch {
		case n.kind != element && (n.kind == comment || in&inStructure != 0 && n.kind == text && isBlank(l.chars(k))),
			n.kind == element && n.traits&dropped != 0:
			if c.open {
				c.run.past, c.run.end = n.next, n.end
			}
		case !l.isBlock(k, in):
			if !c.open {
				c.open = true
				c.run = item{lead: c.lead, first: k, start: n.start, from: c.at}
			}
			c.run.past, c.run.end = n.next, n.end
		default:
			c.endRun(s.from)
			c.at = s.to
			if s.from == s.to {
				continue
			}
			c.items = append(c.items, item{lead: c.lead, first: k, past: n.next, block: true,
				soft: n.traits&block == 0, from: s.from, to: s.to, start: n.start, end: n.end})
			c.lead = n.next
		}
	}
	c.endRun(l.spans[i].tail)
	for k := range c.items {
		if k > 0 && c.items[k-1].soft {
			c.items[k].before = atSoft
		}
		if k+1 < len(c.items) && c.items[k+1].soft {
			c.items[k].after = atSoft
		}
	}
	return c.items, c.lead
}

// collector collects items.
type collector struct {
	items []item
	run   item
	open  bool
	lead  int32
	at    int // end of the last block in the canonical form
}

// endRun ends a run of text whose canonical form reaches to to. One without any is no item.
func (c *collector) endRun(to int) {
	if c.open && c.run.from < to {
		c.run.to = to
		c.items = append(c.items, c.run)
		c.lead = c.run.past
	}
	c.open = false
}

// isBlock reports whether a node stands as a block where it is.
func (l *layout) isBlock(k int32, in context) bool {
	n := &l.nodes[k]
	return n.kind == element && (n.traits&block != 0 || n.traits&soft != 0 && in&inContainer != 0)
}

// anonymous returns a range of sibling nodes as written, without the ids that a site gave and without comment markers.
func (t *Tree) anonymous(first, past int32) []byte {
	if first >= past {
		return nil
	}
	var edits []edit
	for c := first; c < past; {
		n := &t.nodes[c]
		next := c + 1
		switch {
		case n.kind != element:
		case t.isOwnID(c):
			edits = append(edits, edit{from: n.start, to: n.end})
			next = n.next
		case n.traits&unwrapped != 0 && t.name(c) != "mark":
			edits = append(edits, edit{from: n.start, to: n.inner}, edit{from: n.tail, to: n.end})
		default:
			edits = t.withoutIDs(edits, c)
		}
		c = next
	}
	last := first
	for c := first; c < past; c = t.nodes[c].next {
		last = c
	}
	return t.applyWithin(t.nodes[first].start, t.nodes[last].end, edits)
}

// isOwnID reports whether an element is nothing but an id that a site gave.
func (t *Tree) isOwnID(i int32) bool {
	switch t.name(i) {
	case "ac:task-id", "ac:task-uuid":
		return true
	case "ac:adf-attribute":
		key := t.get(i, "key")
		return key == "local-id" || key == "localId"
	}
	return false
}

// withoutIDs adds the edits that take ids out of a start tag.
func (t *Tree) withoutIDs(edits []edit, i int32) []edit {
	for _, a := range t.attrsOf(i) {
		if a.fate != fateIdentity && t.attrName(&a) != "ri:version-at-save" {
			continue
		}
		from := a.name
		for isSpace(t.raw[from-1]) {
			from--
		}
		edits = append(edits, edit{from: from, to: a.valueEnd + 1})
	}
	return edits
}

// anonymousTag returns a start tag without ids.
func (t *Tree) anonymousTag(i int32) []byte {
	n := &t.nodes[i]
	return t.applyWithin(n.start, n.inner, t.withoutIDs(nil, i))
}
