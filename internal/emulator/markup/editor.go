package markup

import (
	"slices"
	"strconv"
	"strings"
)

// EditorSave returns what the new editor makes of a body when a person opens it and saves (register row ST-04): the rows
// of cloud-api.md section 8.3 marked editor. id makes the n-th identifier that this save gives: the editor gives new ones
// each time. The result still has to be normalised. Two of its rules change what a reader sees as text: the title of a
// panel becomes a bold paragraph (row 22), and headings without content go (row 30). An error is a *SyntaxError.
func EditorSave(raw string, id func(n int) string) (string, error) {
	root, err := Parse(raw)
	if err != nil {
		return "", err
	}
	e := editing{id: id}
	e.element(root)
	return root.String(), nil
}

type editing struct {
	id  func(n int) string
	ids int
}

// short is an identifier of blocks: 12 hex digits.
func (e *editing) short() string {
	e.ids++
	return strings.ReplaceAll(e.id(e.ids), "-", "")[:12]
}

func (e *editing) long() string {
	e.ids++
	return e.id(e.ids)
}

// renamed are elements that the editor writes by another name (row 38).
var renamed = map[string]string{"b": "strong", "i": "em", "strike": "del", "s": "del", "tt": "code"}

// identified are blocks that get a local id (row 18).
var identified = map[string]bool{
	"p": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "li": true, "blockquote": true,
}

func (e *editing) element(n *Node) {
	if n.Name == "ac:plain-text-body" || n.Name == "ac:parameter" || n.Name == "ac:adf-fallback" {
		return
	}
	if other := renamed[n.Name]; other != "" {
		n.Name = other
	}
	n.Kids = slices.DeleteFunc(e.placed(n), func(k *Node) bool { return heading(k.Name) && len(k.Kids) == 0 }) // row 30
	if n.Name != "ac:adf-node" && n.Name != "ac:adf-extension" && n.Name != "ac:adf-content" {
		for i, k := range n.Kids {
			n.Kids[i] = panelOf(k)
		}
	}
	for _, k := range n.Kids {
		if k.Name != "" {
			e.element(k)
		}
	}
	switch {
	case identified[n.Name]:
		n.Set("local-id", e.short())
	case n.Name == "ac:structured-macro":
		e.macro(n)
	case n.Name == "table":
		e.table(n)
	}
}

// placed takes the paragraph around a macro that stands alone away, and gives one to a macro that only stands in text
// (row 36).
func (e *editing) placed(n *Node) []*Node {
	if !blockish(n) {
		return n.Kids
	}
	var out []*Node
	for _, k := range n.Kids {
		switch alone := onlyMacro(k); {
		case alone != nil && !isInline(alone):
			out = append(out, alone)
		case k.Name == "ac:structured-macro" && isInline(k):
			out = append(out, el("p", k))
		default:
			out = append(out, k)
		}
	}
	return out
}

// blockish reports whether a node holds blocks and nothing else.
func blockish(n *Node) bool {
	if n.Name != "" && n.Name != "ac:rich-text-body" && n.Name != "ac:layout-cell" {
		return false
	}
	for _, k := range n.Kids {
		if k.Name == "" && strings.TrimSpace(k.Text) != "" || k.Name != "" && k.Name != "ac:structured-macro" && isInline(k) {
			return false
		}
	}
	return true
}

// onlyMacro returns the macro that is all that a plain paragraph holds, or nil.
func onlyMacro(p *Node) *Node {
	if p.Name != "p" || slices.ContainsFunc(p.Attrs, func(a Attr) bool { return a.Name != "local-id" }) {
		return nil
	}
	var only *Node
	for _, k := range p.Kids {
		switch {
		case k.Name == "" && strings.Trim(k.Text, " \t\r\n") == "":
		case k.Name == "ac:structured-macro" && only == nil:
			only = k
		default:
			return nil
		}
	}
	return only
}

// panelOf makes a panel of the new editor that has a macro that macro (row 24).
func panelOf(n *Node) *Node {
	if n.Name != "ac:adf-extension" {
		return n
	}
	node := n.Kid("ac:adf-node")
	if node == nil {
		return n
	}
	if kind, _ := node.Attr("type"); kind != "panel" {
		return n
	}
	name := ""
	for _, k := range node.Kids {
		if key, _ := k.Attr("key"); k.Name == "ac:adf-attribute" && key == "panel-type" {
			name = panelMacro(rawText(k))
		}
	}
	content := node.Kid("ac:adf-content")
	if name == "" || content == nil {
		return n
	}
	return macro(name, Attr{}, el("ac:rich-text-body", content.Kids...))
}

// macro gives a macro its local id, and makes the title of a panel a bold paragraph (rows 18 and 22).
func (e *editing) macro(n *Node) {
	n.Set("ac:local-id", e.long())
	name, _ := n.Attr("ac:name")
	title, body := paramNode(n, "title"), n.Kid("ac:rich-text-body")
	if panels[name] == "" || title == nil || body == nil {
		return
	}
	n.Kids = slices.DeleteFunc(n.Kids, func(k *Node) bool { return k == title })
	if text := rawText(title); text != "" {
		bold := el("p", el("strong", &Node{Text: text}))
		bold.Set("local-id", e.short())
		body.Kids = append([]*Node{bold}, body.Kids...)
	}
}

// tableWidth is what a table without columns of its own gets, in pixels.
const tableWidth = 760

// table gives a table its layout, width, columns and ids (rows 16 and 17).
func (e *editing) table(n *Node) {
	widths, percent := columnsOf(n)
	if _, ok := n.Attr("data-layout"); !ok {
		n.Set("data-layout", tableLayout(n, widths, percent))
	}
	total := 0.0
	for _, w := range widths {
		total += w
	}
	if len(widths) == 0 || percent {
		total = tableWidth
	}
	if _, ok := n.Attr("data-table-width"); !ok {
		n.Set("data-table-width", strconv.FormatFloat(total, 'f', -1, 64))
	}
	n.Set("ac:local-id", e.long())
	most := 0
	eachRow(n, func(tr *Node) {
		tr.Set("ac:local-id", e.long())
		columns := 0
		for _, cell := range tr.Kids {
			if cell.Name != "td" && cell.Name != "th" {
				continue
			}
			cell.Set("ac:local-id", e.long())
			for _, span := range []string{"rowspan", "colspan"} {
				if _, ok := cell.Attr(span); !ok {
					cell.Set(span, "1")
				}
			}
			span, _ := cell.Attr("colspan")
			columns += max(1, min(number(span), 100))
		}
		most = max(most, columns)
	})
	if most == 0 || len(widths) > 0 && !percent {
		return
	}
	group := el("colgroup")
	for i := range most {
		w := total / float64(most)
		if percent && len(widths) == most {
			w = total * widths[i] / 100
		}
		group.Kids = append(group.Kids, el("col").withAttr("style", "width: "+strconv.FormatFloat(w, 'f', 1, 64)+"px;"))
	}
	n.Kids = append([]*Node{group}, slices.DeleteFunc(n.Kids, func(k *Node) bool { return k.Name == "colgroup" })...)
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
