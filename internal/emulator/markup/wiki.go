package markup

import (
	"fmt"
	"regexp"
	"strings"
)

// FromWiki converts wiki markup, the language of bodies before Confluence 4.0, to storage format: headings, paragraphs,
// lists, quotes, tables, rules, code, macros, marks, links and images. What it does not know stays as text; no text is
// lost. The result is always well-formed.
func FromWiki(wiki string) string {
	var w wikiWriter
	w.blocks(strings.Map(xmlRune, strings.ReplaceAll(wiki, "\r\n", "\n")), 0)
	return w.out.String()
}

// wikiDepth is how deep macros nest before their markup is taken as text.
const wikiDepth = 20

type wikiWriter struct {
	out   strings.Builder
	para  []string // lines of the open paragraph
	lists []byte   // markers of the open lists
	table bool     // a table is open
}

var (
	headingLine = regexp.MustCompile(`^\s*h([1-6])\.\s*(.*)$`)
	listLine    = regexp.MustCompile(`^\s*([*#-]+)\s+(.*)$`)
	quoteLine   = regexp.MustCompile(`^\s*bq\.\s*(.*)$`)
	ruleLine    = regexp.MustCompile(`^\s*-{4,}\s*$`)
	macroOpen   = regexp.MustCompile(`^\{([A-Za-z][A-Za-z0-9_-]*)(?::([^{}]*))?\}`)
)

// blocks converts a run of lines.
func (w *wikiWriter) blocks(text string, depth int) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		if m, ok := blockMacro(text); ok && depth < wikiDepth {
			w.endParagraph()
			w.endLists(0)
			w.macro(m, depth)
			text = m.rest
			continue
		}
		w.line(line)
		text = rest
	}
	w.endParagraph()
	w.endLists(0)
}

func (w *wikiWriter) line(line string) {
	trimmed := strings.TrimSpace(line)
	if m := listLine.FindStringSubmatch(line); m != nil && !ruleLine.MatchString(line) {
		w.endParagraph()
		w.item(m[1], m[2])
		return
	}
	if strings.HasPrefix(trimmed, "|") && len(trimmed) > 1 {
		if !w.table {
			w.endParagraph()
			w.endLists(0)
		}
		w.row(trimmed)
		return
	}
	w.endTable()
	if trimmed == "" {
		w.endParagraph()
		w.endLists(0)
		return
	}
	if len(w.lists) > 0 { // a line that goes on inside a list item
		w.out.WriteString("<br />" + inline(trimmed))
		return
	}
	switch {
	case headingLine.MatchString(line):
		m := headingLine.FindStringSubmatch(line)
		w.endParagraph()
		fmt.Fprintf(&w.out, "<h%s>%s</h%s>", m[1], inline(m[2]), m[1])
	case quoteLine.MatchString(line):
		w.endParagraph()
		w.out.WriteString("<blockquote><p>" + inline(quoteLine.FindStringSubmatch(line)[1]) + "</p></blockquote>")
	case ruleLine.MatchString(line):
		w.endParagraph()
		w.out.WriteString("<hr />")
	default:
		w.para = append(w.para, trimmed)
	}
}

func (w *wikiWriter) endParagraph() {
	if len(w.para) > 0 {
		parts := make([]string, len(w.para))
		for i, line := range w.para {
			parts[i] = inline(line)
		}
		w.out.WriteString("<p>" + strings.Join(parts, "<br />") + "</p>")
		w.para = nil
	}
	w.endTable()
}

// item writes one item of a list and opens or closes lists to its depth.
func (w *wikiWriter) item(markers, text string) {
	same := 0
	for same < len(w.lists) && same < len(markers) && w.lists[same] == markers[same] {
		same++
	}
	w.endLists(same)
	if same == len(markers) {
		w.out.WriteString("</li><li>")
	}
	for i := same; i < len(markers); i++ {
		w.out.WriteString("<" + listElement(markers[i]) + "><li>")
		w.lists = append(w.lists, markers[i])
	}
	w.out.WriteString(inline(text))
}

func listElement(marker byte) string {
	if marker == '#' {
		return "ol"
	}
	return "ul"
}

func (w *wikiWriter) endLists(keep int) {
	for len(w.lists) > keep {
		last := len(w.lists) - 1
		w.out.WriteString("</li></" + listElement(w.lists[last]) + ">")
		w.lists = w.lists[:last]
	}
}

// row writes a table row; rows that follow each other are one table.
func (w *wikiWriter) row(line string) {
	if !w.table {
		w.out.WriteString("<table><tbody>")
		w.table = true
	}
	w.out.WriteString("<tr>")
	for _, cell := range cells(line) {
		fmt.Fprintf(&w.out, "<%s>%s</%s>", cell.element, inline(strings.TrimSpace(cell.text)), cell.element)
	}
	w.out.WriteString("</tr>")
}

func (w *wikiWriter) endTable() {
	if w.table {
		w.out.WriteString("</tbody></table>")
		w.table = false
	}
}

type cell struct{ element, text string }

// cells splits a row at bars that do not stand in a link or a macro.
func cells(line string) []cell {
	var out []cell
	element, start, depth := "", 0, 0
	finish := func(end int) {
		if element != "" && (end < len(line) || strings.TrimSpace(line[start:end]) != "") {
			out = append(out, cell{element, line[start:end]})
		}
	}
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\':
			i++
		case line[i] == '[' || line[i] == '{':
			depth++
		case (line[i] == ']' || line[i] == '}') && depth > 0:
			depth--
		case line[i] == '|' && (depth == 0 || !strings.ContainsAny(line[i:], "]}")):
			finish(i)
			element, start = "td", i+1
			if strings.HasPrefix(line[i:], "||") {
				element, start = "th", i+2
				i++
			}
		}
	}
	finish(len(line))
	if len(out) == 0 {
		out = []cell{{"td", strings.Trim(line, "|")}}
	}
	return out
}
