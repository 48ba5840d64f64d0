package markup

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// markNames are the elements of marks without attributes.
var markNames = map[string]string{"em": "em", "strong": "strong", "strike": "del", "underline": "u", "code": "code"}

func (s *storageWriter) inline(nodes []*docNode) []*Node {
	var out []*Node
	for _, d := range nodes {
		made := s.inlineNode(d)
		if made == nil {
			continue
		}
		marks := slices.Clone(d.Marks)
		slices.SortStableFunc(marks, func(a, b docMark) int { return knownMarks[a.Type] - knownMarks[b.Type] })
		for _, m := range slices.Backward(marks) {
			made = s.marked(m, made)
		}
		out = joinMarked(out, made)
	}
	return out
}

// joinMarked makes equal elements of marks that stand side by side one.
func joinMarked(out []*Node, next *Node) []*Node {
	if len(out) > 0 {
		last := out[len(out)-1]
		joins := next.Name == "a" || next.Name == "span" || slices.Contains([]string{"em", "strong", "del", "u", "code", "sub", "sup", "ac:inline-comment-marker"}, next.Name)
		if joins && last.Name == next.Name && slices.Equal(last.Attrs, next.Attrs) {
			for _, k := range next.Kids {
				last.Kids = joinMarked(last.Kids, k)
			}
			return out
		}
		if next.Name == "" && last.Name == "" && !next.CDATA && !last.CDATA {
			last.Text += next.Text
			return out
		}
	}
	return append(out, next)
}

// marked wraps a node in a mark. Sizes of fonts are lost (row 32), as is what a link knows beside its address (row 28).
func (s *storageWriter) marked(m docMark, n *Node) *Node {
	if name := markNames[m.Type]; name != "" {
		return el(name, n)
	}
	switch m.Type {
	case "link":
		return el("a", n).withAttr("href", s.scene.pageAddress(xmlText(m.Attrs.text("href")))).withAttr("title", xmlText(m.Attrs.text("title")))
	case "subsup":
		if kind := m.Attrs.text("type"); kind == "sub" || kind == "sup" {
			return el(kind, n)
		}
	case "textColor":
		return el("span", n).withAttr("style", "color: "+colourText(m.Attrs.text("color"))+";")
	case "backgroundColor":
		return el("span", n).withAttr("style", "background-color: "+colourText(m.Attrs.text("color"))+";")
	case "annotation":
		if m.Attrs.text("annotationType") == "inlineComment" {
			return el("ac:inline-comment-marker", n).withAttr("ac:ref", xmlText(m.Attrs.text("id")))
		}
	}
	return n
}

// colourText writes #ff0000 as rgb(255,0,0), the way of storage format.
func colourText(hex string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != 7 {
		return xmlText(hex)
	}
	return "rgb(" + strconv.Itoa(int(n>>16)) + "," + strconv.Itoa(int(n>>8&255)) + "," + strconv.Itoa(int(n&255)) + ")"
}

func (s *storageWriter) inlineNode(d *docNode) *Node {
	switch d.Type {
	case "text":
		if text := xmlText(d.Text); text != "" {
			return &Node{Text: text}
		}
		return nil
	case "hardBreak":
		return el("br")
	case "mention":
		user := el("ri:user").withAttr("ri:account-id", xmlText(d.Attrs.text("id"))).withAttr("ri:local-id", xmlText(d.Attrs.text("localId")))
		return el("ac:link", user)
	case "emoji":
		return s.emoji(d)
	case "date":
		return el("time").withAttr("datetime", day(d.Attrs.text("timestamp")))
	case "status":
		return s.status(d)
	case "placeholder":
		return el("ac:placeholder", &Node{Text: xmlText(d.Attrs.text("text"))})
	case "inlineCard":
		return s.card(d, "inline")
	case "inlineExtension":
		return s.extension(d)[0]
	case "mediaInline":
		return s.mediaNode(d)
	}
	return nil
}

func (s *storageWriter) emoji(d *docNode) *Node {
	short := xmlText(d.Attrs.text("shortName"))
	return el("ac:emoticon").withAttr("ac:name", "blue-star").withAttr("ac:emoji-shortname", short).
		withAttr("ac:emoji-id", xmlText(d.Attrs.text("id"))).withAttr("ac:emoji-fallback", xmlText(d.Attrs.text("text")))
}

func (s *storageWriter) status(d *docNode) *Node {
	out := macro("status", Attr{"title", xmlText(d.Attrs.text("text"))}, nil)
	for name, colour := range statusColours {
		if name != "" && name != "Grey" && colour == d.Attrs.text("color") {
			out.Kids = append(out.Kids, parameter("colour", &Node{Text: name}))
		}
	}
	return out
}

func (s *storageWriter) card(d *docNode, looks string) *Node {
	href := xmlText(d.Attrs.text("url"))
	return el("a", &Node{Text: href}).withAttr("href", s.scene.pageAddress(href)).withAttr("data-card-appearance", looks)
}

// extension writes a macro back. One of the new editor's own panels or statuses becomes that (row 25).
func (s *storageWriter) extension(d *docNode) []*Node {
	params := d.Attrs.child("parameters")
	key := xmlText(d.Attrs.text("extensionKey"))
	switch kind := d.Attrs.text("extensionType"); {
	case key == "legacy-content":
		root, err := Parse(params.text("cxhtml"))
		if err != nil {
			s.err = badDoc("legacy content is not storage format: %v", err)
			return one(el("p"))
		}
		return root.Kids
	case kind != macroCore:
		return one(s.adfExtension(d))
	}
	out := el("ac:structured-macro").withAttr("ac:name", key)
	meta := params.child("macroMetadata")
	out.withAttr("ac:schema-version", xmlText(meta.child("schemaVersion").text("value")))
	if layout := d.Attrs.text("layout"); layout != "default" {
		out.withAttr("data-layout", xmlText(layout))
	}
	out.withAttr("ac:local-id", xmlText(d.Attrs.text("localId")))
	out.withAttr("ac:macro-id", xmlText(meta.child("macroId").text("value")))
	values := params.child("macroParams")
	var plain *Node
	for _, name := range sortedNames(values) {
		value := values.child(name)
		if name == "__bodyContent" {
			plain = el("ac:plain-text-body", &Node{CDATA: true, Text: xmlText(value.text("value"))})
			continue
		}
		kids := one(&Node{Text: xmlText(value.text("value"))})
		if markup := value.text("cxhtml"); markup != "" {
			if root, err := Parse(markup); err == nil {
				kids = root.Kids
			}
		}
		out.Kids = append(out.Kids, parameter(xmlText(name), kids...))
	}
	if plain != nil {
		out.Kids = append(out.Kids, plain)
	}
	if d.Type == "bodiedExtension" {
		out.Kids = append(out.Kids, s.rich(d))
	}
	return one(out)
}

// resolved finds the attachment of a media node.
func (s *storageWriter) resolved(d *docNode) *Node {
	if d.Attrs.text("type") == "external" {
		return el("ri:url").withAttr("ri:value", xmlText(d.Attrs.text("url")))
	}
	id := d.Attrs.text("id")
	if s.scene.Media != nil {
		if f, ok := s.scene.Media(id); ok {
			return el("ri:attachment").withAttr("ri:filename", f.Name)
		}
	}
	if !s.decorate && s.err == nil {
		s.err = &DocError{What: "No attachment with the file id " + strconv.Quote(id), Media: true}
	}
	return el("ri:attachment").withAttr("ri:filename", "UNKNOWN_ATTACHMENT-"+xmlText(id))
}

// mediaNode writes an image. Its alternative text is lost (row 33).
func (s *storageWriter) mediaNode(d *docNode) *Node {
	out := el("ac:image", s.resolved(d))
	return out.withAttr("ac:original-width", xmlText(d.Attrs.text("width"))).withAttr("ac:original-height", xmlText(d.Attrs.text("height")))
}

func (s *storageWriter) picture(d *docNode) []*Node {
	var image *Node
	for _, k := range d.Content {
		switch {
		case k.Type == "media":
			image = s.mediaNode(k)
			layout := d.Attrs.text("layout")
			image.withAttr("ac:layout", xmlText(layout))
			if align := map[string]string{"center": "center", "align-start": "left", "align-end": "right"}[layout]; align != "" {
				image.withAttr("ac:align", align)
			}
			if width := d.Attrs.text("width"); width != "" {
				image.withAttr("ac:width", xmlText(width)).withAttr("ac:custom-width", "true")
			}
		case image != nil:
			image.Kids = append(image.Kids, el("ac:caption", el("p", s.inline(k.Content)...)))
		}
	}
	if image == nil {
		return nil
	}
	return one(image)
}

// files writes a group of files: each is shown by a macro.
func (s *storageWriter) files(d *docNode) []*Node {
	var out []*Node
	for _, k := range d.Content {
		view := el("ac:structured-macro", parameter("name", s.resolved(k))).withAttr("ac:name", "view-file")
		out = append(out, view)
	}
	return out
}

func (s *storageWriter) table(d *docNode) *Node {
	out := el("table").withAttr("data-table-width", d.Attrs.text("width"))
	layout := d.Attrs.text("layout")
	if layout == "" {
		layout = "default"
	}
	out.withAttr("data-layout", xmlText(layout)).withAttr("ac:local-id", xmlText(d.Attrs.text("localId")))
	numbered := d.Attrs.text("isNumberColumnEnabled") == "true"
	if len(d.Content) > 0 {
		if group := columnGroup(d.Content[0]); group != nil {
			out.Kids = append(out.Kids, group)
		}
	}
	body := el("tbody")
	number := 0
	for _, row := range d.Content {
		tr := el("tr")
		if numbered {
			tr.Kids = append(tr.Kids, numberCell(row, &number))
		}
		for _, c := range row.Content {
			name := map[string]string{"tableCell": "td", "tableHeader": "th"}[c.Type]
			cell := el(name, s.all(c.Content)...)
			for _, span := range []string{"colspan", "rowspan"} {
				if v := c.Attrs.text(span); v != "" && v != "1" {
					cell.withAttr(span, xmlText(v))
				}
			}
			tr.Kids = append(tr.Kids, cell.withAttr("data-highlight-colour", xmlText(c.Attrs.text("background"))))
		}
		body.Kids = append(body.Kids, tr)
	}
	out.Kids = append(out.Kids, body)
	return out
}

// numberCell is a cell of the column that counts the rows; rows of headings are not counted.
func numberCell(row *docNode, number *int) *Node {
	for _, c := range row.Content {
		if c.Type == "tableCell" {
			*number++
			return el("td", &Node{Text: strconv.Itoa(*number)}).withAttr("class", "numberingColumn")
		}
	}
	return el("th").withAttr("class", "numberingColumn")
}

func columnGroup(row *docNode) *Node {
	group := el("colgroup")
	for _, c := range row.Content {
		var widths []float64
		raw, _ := json.Marshal(c.Attrs["colwidth"])
		if json.Unmarshal(raw, &widths) != nil || len(widths) == 0 {
			return nil
		}
		for _, w := range widths {
			group.Kids = append(group.Kids, el("col").withAttr("style", "width: "+strconv.FormatFloat(w, 'f', 1, 64)+"px;"))
		}
	}
	return group
}
