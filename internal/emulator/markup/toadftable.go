package markup

import (
	"strconv"
	"strings"
)

// table converts a table; spans are filled in (open-facts OF-35), widths of columns in pixels stand at the cells.
func (d *docWriter) table(n *Node) *docNode {
	widths, percent := columnsOf(n)
	a := attrs{"layout": tableLayout(n, widths, percent), "localId": d.localID(n)}
	if w, _ := n.Attr("data-table-width"); w != "" {
		if px, err := strconv.ParseFloat(w, 64); err == nil {
			a["width"] = px
		}
	}
	out := &docNode{Type: "table", Attrs: a}
	numbered := false
	eachRow(n, func(tr *Node) {
		row := &docNode{Type: "tableRow"}
		column := 0
		for _, cell := range tr.Kids {
			if cell.Name != "td" && cell.Name != "th" {
				continue
			}
			if class, _ := cell.Attr("class"); strings.Contains(class, "numberingColumn") {
				numbered = true
				continue
			}
			made := d.cell(cell)
			span := made.Attrs["colspan"].(int)
			if column+span <= len(widths) && !percent {
				var wide []int
				for _, w := range widths[column : column+span] {
					wide = append(wide, int(w))
				}
				made.Attrs["colwidth"] = wide
			}
			column += span
			row.Content = append(row.Content, made)
		}
		if len(row.Content) > 0 {
			out.Content = append(out.Content, row)
		}
	})
	if numbered {
		a["isNumberColumnEnabled"] = true
	}
	if len(out.Content) == 0 {
		return d.legacy(n)
	}
	return out
}

func eachRow(n *Node, visit func(*Node)) {
	for _, k := range n.Kids {
		switch k.Name {
		case "tr":
			visit(k)
		case "tbody", "thead", "tfoot":
			eachRow(k, visit)
		}
	}
}

func (d *docWriter) cell(n *Node) *docNode {
	kind := map[string]string{"td": "tableCell", "th": "tableHeader"}[n.Name]
	a := attrs{"colspan": 1, "rowspan": 1}
	for _, name := range []string{"colspan", "rowspan"} {
		v, _ := n.Attr(name)
		if span, err := strconv.Atoi(v); err == nil && span > 0 && span < 1000 {
			a[name] = span
		}
	}
	if colour, _ := n.Attr("data-highlight-colour"); colour != "" {
		a["background"] = colour
	}
	out := &docNode{Type: kind, Attrs: a, Content: d.blocks(n.Kids, kind)}
	if len(out.Content) == 0 {
		out.Content = []*docNode{{Type: "paragraph"}}
	}
	if n.Name == "th" && d.scene.Comment { // row 31
		for _, p := range out.Content {
			for _, t := range p.Content {
				if t.Type == "text" {
					t.Marks = ordered(with(t.Marks, docMark{Type: "strong"}))
				}
			}
		}
	}
	return out
}

// columnsOf returns the widths of the columns, and whether they are percent. Without widths there are none.
func columnsOf(n *Node) (widths []float64, percent bool) {
	group := n.Kid("colgroup")
	if group == nil {
		return nil, false
	}
	for _, col := range group.Kids {
		if col.Name != "col" {
			continue
		}
		style, _ := col.Attr("style")
		value := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(style), "width:")), ";"))
		number := strings.TrimRight(value, "px%")
		w, err := strconv.ParseFloat(number, 64)
		if err != nil || w < 0 || w > 100000 {
			return nil, false
		}
		percent = percent || strings.HasSuffix(value, "%")
		widths = append(widths, w)
	}
	return widths, percent
}

// tableLayout is the layout that the new editor gives a table by the sum of its columns (row 16).
func tableLayout(n *Node, widths []float64, percent bool) string {
	switch layout, _ := n.Attr("data-layout"); layout {
	case "default", "wide", "full-width", "center", "align-start", "align-end":
		return layout
	}
	total := 0.0
	for _, w := range widths {
		total += w
	}
	if percent {
		v, _ := n.Attr("data-table-width")
		total, _ = strconv.ParseFloat(v, 64)
	}
	switch {
	case total <= 680:
		return "default"
	case total <= 960:
		return "wide"
	}
	return "full-width"
}
