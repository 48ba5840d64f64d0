package bodytest

import (
	"fmt"
	"math/rand/v2"

	"pgregory.net/rapid"
)

// Chooser picks one of n, from 0.
type Chooser func(n int) int

// Drawn returns a Chooser that draws from t, so that choices shrink.
func Drawn(t *rapid.T) Chooser {
	return func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
}

// Seeded returns a Chooser that gives the same choices for the same seed.
func Seeded(seed uint64) Chooser { return rand.New(rand.NewPCG(seed, 0x5eed)).IntN }

// Generate makes a body of few blocks that shrinks.
func Generate(t *rapid.T) *Body {
	return Make(Drawn(t), rapid.IntRange(0, 6).Draw(t, "blocks"))
}

// Random makes a body of about size blocks. The same seed and size give the same body.
func Random(seed uint64, size int) *Body { return Make(Seeded(seed), size) }

// Make makes a body of size blocks at its top.
func Make(pick Chooser, size int) *Body {
	g := generator{pick: pick}
	b := &Body{}
	if size > 1 && g.chance(6) {
		b.Kids = g.layout(size)
		return b
	}
	b.Kids = g.blocks(size, 3)
	return b
}

type generator struct {
	pick Chooser
	ids  int
}

// chance is true one time in n.
func (g *generator) chance(n int) bool { return g.pick(n) == n-1 }

func (g *generator) one(of ...string) string { return of[g.pick(len(of))] }

// id makes an identifier that the body has not had.
func (g *generator) id() string {
	g.ids++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", g.ids)
}

func el(name string, attrs []Attr, kids ...*Node) *Node {
	return &Node{Name: name, Attrs: attrs, Kids: kids}
}

func words(s string) *Node { return &Node{Text: s} }

func attrs(pairs ...string) []Attr {
	var as []Attr
	for i := 0; i+1 < len(pairs); i += 2 {
		as = append(as, Attr{pairs[i], pairs[i+1]})
	}
	return as
}

// maybeID gives an element an id of the new editor, sometimes.
func (g *generator) maybeID(n *Node, name string) *Node {
	if g.chance(3) {
		n.Set(name, g.id())
	}
	return n
}

func (g *generator) layout(size int) []*Node {
	kinds := map[string]int{"single": 1, "two_equal": 2, "three_equal": 3}
	layout := el("ac:layout", nil)
	for left := size; left > 0; {
		kind := g.one("single", "two_equal", "three_equal")
		section := el("ac:layout-section", attrs("ac:type", kind))
		if g.chance(3) {
			section.Set("ac:breakout-mode", g.one("wide", "default"))
		}
		for range kinds[kind] {
			n := 1 + g.pick(2)
			left -= n
			section.Kids = append(section.Kids, el("ac:layout-cell", nil, g.blocks(n, 2)...))
		}
		layout.Kids = append(layout.Kids, section)
	}
	return []*Node{layout}
}

// blocks makes n blocks that nest depth deep, with or without white space between them.
func (g *generator) blocks(n, depth int) []*Node {
	var out []*Node
	for range n {
		out = append(out, g.block(depth))
		if g.chance(4) {
			out = append(out, words(g.one("\n", "\n  ", " ")))
		}
	}
	return out
}

func (g *generator) block(depth int) *Node {
	if depth == 0 {
		return g.maybeID(el("p", nil, g.inline(2)...), "local-id")
	}
	switch g.pick(16) {
	case 0:
		return g.maybeID(el(g.one("h1", "h2", "h3", "h4", "h5", "h6"), nil, g.inline(1)...), "local-id")
	case 1:
		return g.list(depth)
	case 2, 3:
		return g.table(depth)
	case 4:
		return g.panel(depth)
	case 5:
		return g.code()
	case 6:
		return g.bodiless()
	case 7:
		return g.tasks()
	case 8:
		return g.image()
	case 9:
		return el("blockquote", nil, g.blocks(1+g.pick(2), depth-1)...)
	case 10:
		return g.extension(depth)
	case 11:
		return g.odd(depth)
	}
	p := el("p", nil, g.inline(2)...)
	if g.chance(5) {
		p.Set("style", g.one("text-align: center;", "margin-left: 30.0px;", "color: red; text-align: right"))
	}
	return g.maybeID(p, "local-id")
}

func (g *generator) odd(depth int) *Node {
	switch g.pick(5) {
	case 0:
		return el("pre", nil, words("  kept\n  as it is "))
	case 1:
		return el("hr", nil)
	case 2:
		return el("p", nil)
	case 3:
		return el("div", attrs("class", "content-wrapper"), g.blocks(1, depth-1)...)
	}
	return el("my-own", attrs("kind", g.text()), words(g.text()))
}

func (g *generator) list(depth int) *Node {
	list := el(g.one("ul", "ol"), nil)
	for range 1 + g.pick(3) {
		item := el("li", nil, g.inline(1)...)
		if g.chance(4) {
			item.Kids = append(item.Kids, g.list(depth-1+min(0, depth-1)))
			if depth <= 1 {
				item.Kids = item.Kids[:len(item.Kids)-1]
			}
		}
		list.Kids = append(list.Kids, g.maybeID(item, "local-id"))
	}
	return list
}

func (g *generator) table(depth int) *Node {
	columns := 1 + g.pick(3)
	body := el("tbody", nil)
	for row := range 1 + g.pick(3) {
		tr := el("tr", nil)
		for range columns {
			cell := el("td", nil, g.inline(1)...)
			if row == 0 {
				cell.Name = "th"
			}
			switch g.pick(5) {
			case 0:
				cell.Kids = g.blocks(1+g.pick(2), depth-1)
			case 1:
				cell.Set("data-highlight-colour", g.one("grey", "blue"))
			case 2:
				cell.Set("colspan", g.one("1", "2"))
			}
			tr.Kids = append(tr.Kids, cell)
		}
		body.Kids = append(body.Kids, tr)
	}
	table := el("table", attrs("class", "wrapped"))
	if g.chance(2) {
		group := el("colgroup", nil)
		for range columns {
			group.Kids = append(group.Kids, el("col", attrs("style", fmt.Sprintf("width: %d.0px;", 50+g.pick(300)))))
		}
		table.Kids = append(table.Kids, group)
	}
	table.Kids = append(table.Kids, body)
	return g.maybeID(table, "ac:local-id")
}

func (g *generator) extension(depth int) *Node {
	content := g.blocks(1, depth-1)
	return el("ac:adf-extension", nil,
		el("ac:adf-node", attrs("type", "panel"),
			el("ac:adf-attribute", attrs("key", "panel-type"), words(g.one("note", "custom", "info", "success", "error"))),
			el("ac:adf-content", nil, content...)),
		el("ac:adf-fallback", nil, el("p", nil, words("not what counts"))))
}
