package markup

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// ToADF returns a stored body as the document that the new editor reads, as JSON. What the format cannot express is
// lost, moved or put into an extension, as servers do (cloud-api.md section 8.3 rows 16 to 33; register row ST-05). An
// error is a *SyntaxError.
func ToADF(stored string, scene *Scene) (string, error) {
	root, err := Parse(stored)
	if err != nil {
		return "", err
	}
	d := docWriter{scene: scene}
	doc := &docNode{Type: "doc", Version: 1, Content: d.blocks(root.Kids, "doc")}
	return doc.marshal(), nil
}

type docWriter struct {
	scene *Scene
	ids   int
}

func (d *docWriter) localID(n *Node) string {
	for _, name := range []string{"ac:local-id", "local-id"} {
		if id, _ := n.Attr(name); id != "" {
			return id
		}
	}
	d.ids++
	return d.scene.id(d.ids)
}

// inlineElements are what stands in a paragraph.
var inlineElements = map[string]bool{
	"": true, "a": true, "strong": true, "b": true, "em": true, "i": true, "u": true, "s": true, "del": true, "strike": true, "code": true,
	"tt": true, "sub": true, "sup": true, "span": true, "br": true, "time": true, "ac:link": true, "ac:emoticon": true, "small": true, "big": true,
	"ac:inline-comment-marker": true, "ac:placeholder": true, "cite": true, "ins": true, "q": true, "abbr": true, "font": true, "mark": true,
}

// inlineMacros are macros that stand in text even where nothing else does.
var inlineMacros = []string{"status", "anchor", "jira-inline"}

func isInline(n *Node) bool {
	if n.Name == "ac:structured-macro" {
		name, _ := n.Attr("ac:name")
		return slices.Contains(inlineMacros, name)
	}
	return inlineElements[n.Name]
}

// blocks converts the children of a block; runs of text that stand alone become paragraphs. in is the node that will
// hold them: what may not stand there is lifted or put into an extension.
func (d *docWriter) blocks(kids []*Node, in string) []*docNode {
	var out []*docNode
	var run []*Node
	flush := func() {
		if len(run) > 0 {
			if content := d.inline(run); len(content) > 0 {
				out = append(out, &docNode{Type: "paragraph", Content: content})
			}
			run = nil
		}
	}
	for _, k := range kids {
		if isInline(k) {
			run = append(run, k)
			continue
		}
		flush()
		for _, b := range d.block(k, in) {
			if !slices.Contains(holds[in], b.Type) {
				b = d.legacy(k)
			}
			if slices.Contains(holds[in], b.Type) {
				out = append(out, b)
			} else {
				out = append(out, d.lifted(b, in)...)
			}
		}
	}
	flush()
	return out
}

// lifted returns what of a node's content may stand in another node.
func (d *docWriter) lifted(b *docNode, in string) []*docNode {
	var out []*docNode
	for _, k := range b.Content {
		if slices.Contains(holds[in], k.Type) {
			out = append(out, k)
		} else {
			out = append(out, d.lifted(k, in)...)
		}
	}
	return out
}

// legacy keeps as it is what the new editor cannot hold.
func (d *docWriter) legacy(n *Node) *docNode {
	return &docNode{Type: "extension", Attrs: attrs{
		"layout": "default", "extensionType": "com.atlassian.confluence.migration", "extensionKey": "legacy-content",
		"parameters": attrs{"cxhtml": n.String()}, "localId": d.localID(n),
	}}
}

func (d *docWriter) block(n *Node, in string) []*docNode {
	switch n.Name {
	case "p":
		return d.paragraph(n, in)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		if content := d.inline(n.Kids); len(content) > 0 { // an empty one is dropped (row 30)
			return []*docNode{{Type: "heading", Attrs: attrs{"level": int(n.Name[1] - '0')}, Content: content, Marks: d.aligned(n)}}
		}
		return nil
	case "ul":
		return []*docNode{{Type: "bulletList", Content: d.items(n)}}
	case "ol":
		return []*docNode{{Type: "orderedList", Attrs: attrs{"order": firstNumber(n)}, Content: d.items(n)}}
	case "hr":
		return []*docNode{{Type: "rule"}}
	case "pre":
		return []*docNode{codeBlock("", rawText(n))}
	case "blockquote":
		return []*docNode{{Type: "blockquote", Content: d.blocks(n.Kids, "blockquote")}}
	case "table":
		return []*docNode{d.table(n)}
	case "ac:structured-macro", "ac:macro":
		return []*docNode{d.macro(n)}
	case "ac:image":
		return []*docNode{d.image(n)}
	case "ac:task-list":
		return []*docNode{d.taskList(n)}
	case "ac:layout":
		return d.layout(n, in)
	case "ac:adf-extension":
		return d.extension(n)
	case "div", "section", "article", "header", "footer", "center", "address", "dl", "dt", "dd", "ac:rich-text-body", "details", "summary":
		return d.blocks(n.Kids, in)
	}
	return []*docNode{d.legacy(n)}
}

// paragraph splits at blocks that stand in it, such as images and macros with a body (row 36).
func (d *docWriter) paragraph(n *Node, in string) []*docNode {
	var out []*docNode
	var run []*Node
	flush := func(force bool) {
		content := d.inline(run)
		if len(content) > 0 || force {
			out = append(out, &docNode{Type: "paragraph", Content: content, Marks: d.aligned(n)})
		}
		run = nil
	}
	alone := len(n.Kids) == 1
	for _, k := range n.Kids {
		blocky := k.Name == "ac:image" || k.Name == "ac:task-list" || k.Name == "ac:adf-extension" ||
			(k.Name == "ac:structured-macro" && !isInline(k) && (alone || k.Kid("ac:rich-text-body") != nil || k.Kid("ac:plain-text-body") != nil))
		if !blocky {
			run = append(run, k)
			continue
		}
		flush(false)
		out = append(out, d.blocks([]*Node{k}, in)...)
	}
	flush(len(out) == 0)
	return out
}

// aligned returns the marks of a block's style: only the middle and the right side have one (row 13).
func (d *docWriter) aligned(n *Node) []docMark {
	style, _ := n.Attr("style")
	var out []docMark
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, _ := strings.Cut(declaration, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(property) {
		case "text-align":
			if side := map[string]string{"center": "center", "right": "end", "end": "end"}[value]; side != "" {
				out = append(out, docMark{"alignment", attrs{"align": side}})
			}
		case "margin-left":
			if px, err := strconv.ParseFloat(strings.TrimSuffix(value, "px"), 64); err == nil && px >= 30 {
				out = append(out, docMark{"indentation", attrs{"level": min(6, int(px/30))}})
			}
		}
	}
	if len(out) > 1 { // they exclude each other
		out = out[:1]
	}
	return out
}

func firstNumber(n *Node) int {
	start, _ := n.Attr("start")
	if number, err := strconv.Atoi(start); err == nil && number >= 0 {
		return number
	}
	return 1
}

func (d *docWriter) items(n *Node) []*docNode {
	var out []*docNode
	for _, k := range n.Kids {
		switch k.Name {
		case "li":
			content := d.blocks(k.Kids, "listItem")
			if len(content) == 0 || content[0].Type == "bulletList" || content[0].Type == "orderedList" {
				content = append([]*docNode{{Type: "paragraph"}}, content...)
			}
			out = append(out, &docNode{Type: "listItem", Content: content})
		case "":
		default:
			if len(out) > 0 {
				out[len(out)-1].Content = append(out[len(out)-1].Content, d.blocks([]*Node{k}, "listItem")...)
			}
		}
	}
	return out
}

func codeBlock(lang, text string) *docNode {
	out := &docNode{Type: "codeBlock"}
	if lang != "" {
		out.Attrs = attrs{"language": language(lang)}
	}
	if text != "" {
		out.Content = []*docNode{{Type: "text", Text: text}}
	}
	return out
}

func (d *docWriter) layout(n *Node, in string) []*docNode {
	var out []*docNode
	for _, section := range n.Kids {
		if section.Name != "ac:layout-section" {
			continue
		}
		var cells []*Node
		for _, k := range section.Kids {
			if k.Name == "ac:layout-cell" {
				cells = append(cells, k)
			}
		}
		if kind, _ := section.Attr("ac:type"); kind == "single" || kind == "fixed-width" || in != "doc" || len(cells) < 2 {
			for _, cell := range cells {
				out = append(out, d.blocks(cell.Kids, in)...)
			}
			continue
		}
		row := &docNode{Type: "layoutSection"}
		if mode, _ := section.Attr("ac:breakout-mode"); mode != "" && mode != "default" {
			row.Marks = []docMark{{"breakout", attrs{"mode": mode}}}
		}
		widths := columnWidths(section, len(cells))
		for i, cell := range cells {
			content := d.blocks(cell.Kids, "layoutColumn")
			if len(content) == 0 {
				content = []*docNode{{Type: "paragraph"}}
			}
			row.Content = append(row.Content, &docNode{Type: "layoutColumn", Attrs: attrs{"width": widths[i]}, Content: content})
		}
		out = append(out, row)
	}
	return out
}

// columnWidths are the shares of the columns of a section in percent.
func columnWidths(section *Node, n int) []float64 {
	kind, _ := section.Attr("ac:type")
	if known := map[string][]float64{
		"two_left_sidebar": {33.33, 66.66}, "two_right_sidebar": {66.66, 33.33}, "three_with_sidebars": {25, 50, 25},
	}[kind]; len(known) == n {
		return known
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(int(10000/n)) / 100
	}
	return out
}

func (d *docWriter) taskList(n *Node) *docNode {
	list := &docNode{Type: "taskList", Attrs: attrs{"localId": d.localID(n)}}
	for _, task := range n.Kids {
		if task.Name == "ac:task-list" {
			list.Content = append(list.Content, d.taskList(task))
			continue
		}
		if task.Name != "ac:task" {
			continue
		}
		state, id := "TODO", ""
		if s := task.Kid("ac:task-status"); s != nil && strings.TrimSpace(rawText(s)) == "complete" {
			state = "DONE"
		}
		if k := task.Kid("ac:task-id"); k != nil {
			id = rawText(k)
		}
		item := &docNode{Type: "taskItem", Attrs: attrs{"localId": id, "state": state}}
		var nested []*docNode
		if body := task.Kid("ac:task-body"); body != nil {
			item.Content, nested = d.taskText(body.Kids)
		}
		list.Content = append(append(list.Content, item), nested...)
	}
	return list
}

// taskText is the text of a task; lists of tasks in it stand behind it, other blocks are flattened.
func (d *docWriter) taskText(kids []*Node) (text, lists []*docNode) {
	for _, k := range kids {
		switch {
		case k.Name == "ac:task-list":
			lists = append(lists, d.taskList(k))
		case isInline(k) || k.Name == "ac:structured-macro":
			text = append(text, d.inlineNode(k, nil)...)
		default:
			more, inner := d.taskText(k.Kids)
			if len(text) > 0 && len(more) > 0 {
				text = append(text, &docNode{Type: "hardBreak"})
			}
			text, lists = append(text, more...), append(lists, inner...)
		}
	}
	return trimmed(mergedText(text)), lists
}

// millis is a date as the new editor holds it.
func millis(day string) string {
	at, err := time.Parse("2006-01-02", day)
	if err != nil {
		return "0"
	}
	return strconv.FormatInt(at.UnixMilli(), 10)
}
