package body

// Row is one place of bodies that are set side by side: a block, or a run of text between blocks, in canonical form.
// A body that has nothing at that place has an empty text there.
type Row struct {
	Base  string
	Sides [2]string
}

// Changed reports whether a side differs from the base at this place.
func (r Row) Changed(side int) bool { return r.Sides[side] != r.Base }

// Clash reports whether both sides changed this place, and differently.
func (r Row) Clash() bool { return r.Changed(0) && r.Changed(1) && r.Sides[0] != r.Sides[1] }

// Beside sets two bodies and what both come from side by side, block by block, in their order. Blocks that say the same
// stand in one row, and so do blocks that can be edits of one another. base may be nil: then nothing is known of what both
// come from, and every row with two different texts is a clash.
func Beside(base, a, b *Tree) []Row {
	from := &listed{}
	if base != nil {
		from = list(base)
	}
	sides := [2]*listed{list(a), list(b)}
	at := [2][]int{from.matched(sides[0]), from.matched(sides[1])}
	between := sides[0].matched(sides[1])
	var rows []Row
	next := [2]int{} // first item of each side without a row
	for k := range len(from.items) + 1 {
		end := [2]int{len(sides[0].items), len(sides[1].items)}
		for i, match := range at {
			for _, m := range match[k:] {
				if m >= 0 {
					end[i] = m
					break
				}
			}
		}
		rows = added(rows, sides, between, next, end)
		next = end
		if k == len(from.items) {
			break
		}
		row := Row{Base: from.keys[k]}
		for i, match := range at {
			if m := match[k]; m >= 0 {
				row.Sides[i], next[i] = sides[i].keys[m], m+1
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// added appends rows for items of the two sides that the base does not have: those that belong together in one row.
func added(rows []Row, sides [2]*listed, between []int, from, to [2]int) []Row {
	j := from[1]
	rest := func(end int) {
		for ; j < end; j++ {
			rows = append(rows, Row{Sides: [2]string{"", sides[1].keys[j]}})
		}
	}
	for i := from[0]; i < to[0]; i++ {
		row := Row{Sides: [2]string{sides[0].keys[i], ""}}
		if m := between[i]; m >= j && m < to[1] {
			rest(m)
			row.Sides[1], j = sides[1].keys[m], m+1
		}
		rows = append(rows, row)
	}
	rest(to[1])
	return rows
}

// listed is a body as the list of its items.
type listed struct {
	layout
	items []item
	keys  []string
}

func list(t *Tree) *listed {
	l := &listed{layout: laidOut(t)}
	l.items, _ = l.layout.items(0)
	l.keys = l.layout.keys(l.items)
	return l
}

// matched returns for each item the one of other that it is, -1 for none.
func (l *listed) matched(other *listed) []int {
	s := scorer{p: &putter{v: l.layout, t: other.layout}, v: l.items, t: other.items}
	return align(l.keys, other.keys, s.score)
}
