package markup

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// FromADF converts a document of the new editor, as JSON, to storage format. Media must be attachments that the scene
// knows by id, else the document is invalid, unless decorate is set: then they become references to files that are not
// there (register row AT-10). The result still has to be normalised. An error is a *DocError.
func FromADF(raw string, scene *Scene, decorate bool) (string, error) {
	doc, err := parseDoc(raw)
	if err != nil {
		return "", err
	}
	s := storageWriter{scene: scene, decorate: decorate}
	root := &Node{Kids: s.all(doc.Content)}
	if s.err != nil {
		return "", s.err
	}
	return root.String(), nil
}

type storageWriter struct {
	scene    *Scene
	decorate bool
	err      error
}

func el(name string, kids ...*Node) *Node { return &Node{Name: name, Kids: kids} }

// withAttr adds an attribute where it has a value.
func (n *Node) withAttr(name, value string) *Node {
	if value != "" {
		n.Attrs = append(n.Attrs, Attr{name, value})
	}
	return n
}

func (s *storageWriter) all(nodes []*docNode) []*Node {
	var out []*Node
	for _, d := range nodes {
		out = append(out, s.node(d)...)
	}
	return out
}

func one(n *Node) []*Node { return []*Node{n} }

func (s *storageWriter) node(d *docNode) []*Node {
	switch d.Type {
	case "paragraph":
		return one(s.styled(el("p", s.inline(d.Content)...), d))
	case "heading":
		kids := s.inline(d.Content)
		if len(kids) == 0 { // row 30
			return nil
		}
		return one(s.styled(el("h"+d.Attrs.text("level"), kids...), d))
	case "bulletList":
		return one(el("ul", s.all(d.Content)...))
	case "orderedList":
		list := el("ol", s.all(d.Content)...)
		if order := d.Attrs.text("order"); order != "" && order != "1" {
			list.withAttr("start", order)
		}
		return one(list)
	case "listItem":
		return one(el("li", s.all(d.Content)...))
	case "rule":
		return one(el("hr"))
	case "blockquote":
		return one(el("blockquote", s.all(d.Content)...))
	case "codeBlock":
		return one(s.code(d))
	case "panel":
		return one(s.panel(d))
	case "expand", "nestedExpand":
		return one(macro("expand", Attr{"title", d.Attrs.text("title")}, s.rich(d)))
	case "table":
		return one(s.table(d))
	case "taskList":
		return one(s.tasks(d))
	case "mediaSingle":
		return s.picture(d)
	case "mediaGroup":
		return s.files(d)
	case "layoutSection":
		return one(s.layout(d))
	case "extension", "bodiedExtension":
		return s.extension(d)
	case "blockCard", "embedCard":
		looks := map[string]string{"blockCard": "block", "embedCard": "embed"}[d.Type]
		return one(el("p", s.card(d, looks)))
	}
	return one(s.adfExtension(d))
}

// styled writes the alignment and indentation of a block.
func (s *storageWriter) styled(n *Node, d *docNode) *Node {
	n.withAttr("local-id", d.Attrs.text("localId"))
	for _, m := range d.Marks {
		switch m.Type {
		case "alignment":
			side := map[string]string{"end": "right", "center": "center"}[m.Attrs.text("align")]
			if side != "" {
				n.withAttr("style", "text-align: "+side+";")
			}
		case "indentation":
			if level, err := strconv.Atoi(m.Attrs.text("level")); err == nil && level > 0 && level <= 6 {
				n.withAttr("style", "margin-left: "+strconv.Itoa(level*30)+".0px;")
			}
		}
	}
	return n
}

func macro(name string, param Attr, body *Node) *Node {
	out := el("ac:structured-macro").withAttr("ac:name", name)
	if param.Value != "" {
		out.Kids = append(out.Kids, parameter(param.Name, &Node{Text: param.Value}))
	}
	if body != nil {
		out.Kids = append(out.Kids, body)
	}
	return out
}

func parameter(name string, kids ...*Node) *Node {
	return &Node{Name: "ac:parameter", Attrs: []Attr{{"ac:name", name}}, Kids: kids}
}

func (s *storageWriter) rich(d *docNode) *Node { return el("ac:rich-text-body", s.all(d.Content)...) }

// code writes a block of code; the language takes the name that the new editor has for it (open-facts OF-35).
func (s *storageWriter) code(d *docNode) *Node {
	text := ""
	for _, k := range d.Content {
		text += k.Text
	}
	return macro("code", Attr{"language", language(d.Attrs.text("language"))}, el("ac:plain-text-body", &Node{CDATA: true, Text: xmlText(text)}))
}

func (s *storageWriter) panel(d *docNode) *Node {
	if name := panelMacro(d.Attrs.text("panelType")); name != "" {
		return macro(name, Attr{}, s.rich(d))
	}
	return s.adfExtension(d)
}

// adfExtension writes a node that storage format has no element for, with a fallback for readers of old (row 23;
// register row ST-06).
func (s *storageWriter) adfExtension(d *docNode) *Node {
	return el("ac:adf-extension", s.adfNode(d), el("ac:adf-fallback", s.fallback(d)...))
}

func (s *storageWriter) fallback(d *docNode) []*Node {
	switch d.Type {
	case "panel":
		return one(el("div", s.all(d.Content)...).withAttr("class", "panel"))
	case "decisionList":
		list := el("ul")
		for _, k := range d.Content {
			list.Kids = append(list.Kids, el("li", s.inline(k.Content)...))
		}
		return one(list)
	}
	return s.all(slices.DeleteFunc(slices.Clone(d.Content), func(k *docNode) bool { return !slices.Contains(blockNodes, k.Type) }))
}

func (s *storageWriter) adfNode(d *docNode) *Node {
	out := el("ac:adf-node").withAttr("type", kebab(d.Type))
	for _, name := range sortedNames(d.Attrs) {
		value := d.Attrs.text(name)
		out.Kids = append(out.Kids, el("ac:adf-attribute", &Node{Text: xmlText(value)}).withAttr("key", kebab(name)))
	}
	switch d.Type {
	case "decisionList", "multiBodiedExtension":
		for _, k := range d.Content {
			out.Kids = append(out.Kids, s.adfNode(k))
		}
	case "decisionItem":
		out.Kids = append(out.Kids, el("ac:adf-content", s.inline(d.Content)...))
	default:
		if len(d.Content) > 0 {
			out.Kids = append(out.Kids, el("ac:adf-content", s.all(d.Content)...))
		}
	}
	return out
}

func sortedNames(a attrs) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *storageWriter) tasks(d *docNode) *Node {
	list := el("ac:task-list")
	var last *Node
	for _, k := range d.Content {
		if k.Type == "taskList" {
			if last != nil {
				body := last.Kid("ac:task-body")
				body.Kids = append(body.Kids, s.tasks(k))
			} else {
				list.Kids = append(list.Kids, s.tasks(k).Kids...)
			}
			continue
		}
		state := "incomplete"
		if k.Attrs.text("state") == "DONE" {
			state = "complete"
		}
		content := k.Content
		if k.Type == "blockTaskItem" { // flattened (row 32)
			content = nil
			for _, block := range k.Content {
				content = append(content, block.Content...)
			}
		}
		last = el("ac:task")
		if id := k.Attrs.text("localId"); allDigits(id) {
			last.Kids = append(last.Kids, textElement("ac:task-id", id))
		}
		last.Kids = append(last.Kids, textElement("ac:task-status", state), el("ac:task-body", s.inline(content)...))
		list.Kids = append(list.Kids, last)
	}
	return list
}

func allDigits(id string) bool {
	return id != "" && len(id) < 10 && strings.Trim(id, "0123456789") == ""
}

func (s *storageWriter) layout(d *docNode) *Node {
	kind := map[int]string{1: "single", 2: "two_equal", 3: "three_equal", 4: "four_equal", 5: "five_equal"}[len(d.Content)]
	if len(d.Content) == 2 {
		switch first, _ := strconv.ParseFloat(d.Content[0].Attrs.text("width"), 64); {
		case first > 0 && first < 45:
			kind = "two_left_sidebar"
		case first > 55:
			kind = "two_right_sidebar"
		}
	} else if len(d.Content) == 3 {
		if middle, _ := strconv.ParseFloat(d.Content[1].Attrs.text("width"), 64); middle > 40 {
			kind = "three_with_sidebars"
		}
	}
	section := el("ac:layout-section").withAttr("ac:type", kind)
	for _, m := range d.Marks {
		if m.Type == "breakout" {
			section.withAttr("ac:breakout-mode", m.Attrs.text("mode"))
		}
	}
	for _, column := range d.Content {
		section.Kids = append(section.Kids, el("ac:layout-cell", s.all(column.Content)...))
	}
	return el("ac:layout", section)
}

// day is a date of the new editor as storage format has it.
func day(millis string) string {
	n, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		return ""
	}
	return time.UnixMilli(n).UTC().Format("2006-01-02")
}

// xmlText leaves out what XML cannot hold.
func xmlText(text string) string { return strings.Map(xmlRune, text) }
