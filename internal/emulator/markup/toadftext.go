package markup

import (
	"slices"
	"strings"
)

// markElements are elements of storage format by the mark that they are.
var markElements = map[string]docMark{
	"strong": {Type: "strong"}, "b": {Type: "strong"}, "em": {Type: "em"}, "i": {Type: "em"}, "u": {Type: "underline"}, "ins": {Type: "underline"},
	"s": {Type: "strike"}, "del": {Type: "strike"}, "strike": {Type: "strike"}, "code": {Type: "code"}, "tt": {Type: "code"},
	"sub": {Type: "subsup", Attrs: attrs{"type": "sub"}}, "sup": {Type: "subsup", Attrs: attrs{"type": "sup"}},
}

// inline converts the content of a text block.
func (d *docWriter) inline(kids []*Node) []*docNode {
	return trimmed(mergedText(d.inlineAll(kids, nil)))
}

func (d *docWriter) inlineAll(kids []*Node, marks []docMark) []*docNode {
	var out []*docNode
	for _, k := range kids {
		out = append(out, d.inlineNode(k, marks)...)
	}
	return out
}

func (d *docWriter) inlineNode(n *Node, marks []docMark) []*docNode {
	if mark, ok := markElements[n.Name]; ok {
		return d.inlineAll(n.Kids, with(marks, mark))
	}
	switch n.Name {
	case "":
		return textNode(collapsed(n.Text), marks)
	case "br":
		return []*docNode{{Type: "hardBreak"}}
	case "a":
		href, _ := n.Attr("href")
		if looks, _ := n.Attr("data-card-appearance"); looks != "" {
			return []*docNode{{Type: "inlineCard", Attrs: attrs{"url": href}}}
		}
		return d.inlineAll(n.Kids, with(marks, docMark{"link", attrs{"href": d.address(href)}})) // its title is lost (row 28)
	case "span", "font":
		return d.inlineAll(n.Kids, with(marks, coloured(n)...))
	case "ac:inline-comment-marker":
		ref, _ := n.Attr("ac:ref")
		return d.inlineAll(n.Kids, with(marks, docMark{"annotation", attrs{"annotationType": "inlineComment", "id": ref}}))
	case "time":
		day, _ := n.Attr("datetime")
		return []*docNode{{Type: "date", Attrs: attrs{"timestamp": millis(day)}}}
	case "ac:emoticon", "ac:hipchat-emoticon":
		return []*docNode{emoji(n)}
	case "ac:link":
		return d.link(n, marks)
	case "ac:placeholder":
		return []*docNode{{Type: "placeholder", Attrs: attrs{"text": rawText(n)}}}
	case "ac:structured-macro", "ac:macro":
		return []*docNode{d.inlineMacro(n)}
	case "ac:image":
		return []*docNode{d.inlineImage(n)}
	}
	return d.inlineAll(n.Kids, marks)
}

// with adds marks, each kind once.
func with(marks []docMark, more ...docMark) []docMark {
	out := slices.Clone(marks)
	for _, m := range more {
		if !slices.ContainsFunc(out, func(o docMark) bool { return o.Type == m.Type && m.Type != "annotation" }) {
			out = append(out, m)
		}
	}
	return out
}

// coloured returns the marks of a span's style.
func coloured(n *Node) []docMark {
	style, _ := n.Attr("style")
	var out []docMark
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, _ := strings.Cut(declaration, ":")
		switch strings.TrimSpace(property) {
		case "color":
			out = append(out, docMark{"textColor", attrs{"color": hexColour(strings.TrimSpace(value))}})
		case "background-color":
			out = append(out, docMark{"backgroundColor", attrs{"color": hexColour(strings.TrimSpace(value))}})
		}
	}
	return out
}

// named are the colours that the legacy editor writes by name.
var colourNames = map[string]string{
	"red": "#ff0000", "blue": "#0000ff", "green": "#008000", "black": "#000000", "white": "#ffffff", "yellow": "#ffff00", "orange": "#ffa500",
	"gray": "#808080", "grey": "#808080", "purple": "#800080",
}

// hexColour writes rgb(1,2,3) and names as #rrggbb.
func hexColour(value string) string {
	if hex := colourNames[strings.ToLower(value)]; hex != "" {
		return hex
	}
	rest, ok := strings.CutPrefix(value, "rgb(")
	if !ok {
		return strings.ToLower(value)
	}
	out := "#"
	for part := range strings.SplitSeq(strings.TrimSuffix(rest, ")"), ",") {
		n := 0
		for _, c := range strings.TrimSpace(part) {
			if c < '0' || c > '9' || n > 255 {
				return strings.ToLower(value)
			}
			n = n*10 + int(c-'0')
		}
		const digits = "0123456789abcdef"
		out += string(digits[min(n, 255)>>4]) + string(digits[n&15])
	}
	return out
}

// textNode makes text a node with its marks in the order of reading; code takes all but links and comments away (row 27).
func textNode(text string, marks []docMark) []*docNode {
	if text == "" { // empty text nodes are dropped (open-facts OF-35)
		return nil
	}
	return []*docNode{{Type: "text", Text: text, Marks: ordered(marks)}}
}

func ordered(marks []docMark) []docMark {
	out := slices.Clone(marks)
	if slices.ContainsFunc(out, func(m docMark) bool { return m.Type == "code" }) {
		out = slices.DeleteFunc(out, func(m docMark) bool { return m.Type != "code" && m.Type != "link" && m.Type != "annotation" })
	}
	slices.SortStableFunc(out, func(a, b docMark) int { return knownMarks[a.Type] - knownMarks[b.Type] })
	return out
}

// mergedText makes equal neighbours one (open-facts OF-35), and of two blanks where they meet one.
func mergedText(nodes []*docNode) []*docNode {
	var out []*docNode
	for _, n := range nodes {
		if len(out) > 0 && n.Type == "text" {
			last := out[len(out)-1]
			if last.Type == "text" && strings.HasSuffix(last.Text, " ") {
				n.Text = strings.TrimPrefix(n.Text, " ")
			}
			if n.Text == "" {
				continue
			}
			if last.Type == "text" && sameMarks(last.Marks, n.Marks) {
				last.Text += n.Text
				continue
			}
		}
		out = append(out, n)
	}
	return out
}

func sameMarks(a, b []docMark) bool {
	return slices.EqualFunc(a, b, func(x, y docMark) bool {
		if x.Type != y.Type || len(x.Attrs) != len(y.Attrs) {
			return false
		}
		for name := range x.Attrs {
			if x.Attrs.text(name) != y.Attrs.text(name) {
				return false
			}
		}
		return true
	})
}

// trimmed takes blanks away where a line begins or ends.
func trimmed(nodes []*docNode) []*docNode {
	for i, n := range nodes {
		if n.Type != "text" {
			continue
		}
		if i == 0 || nodes[i-1].Type == "hardBreak" {
			n.Text = strings.TrimLeft(n.Text, " ")
		}
		if i == len(nodes)-1 || nodes[i+1].Type == "hardBreak" {
			n.Text = strings.TrimRight(n.Text, " ")
		}
	}
	return slices.DeleteFunc(nodes, func(n *docNode) bool { return n.Type == "text" && n.Text == "" })
}

func collapsed(text string) string {
	var b strings.Builder
	blank := false
	for _, r := range text {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

func emoji(n *Node) *docNode {
	a := attrs{}
	for attr, member := range map[string]string{"ac:emoji-shortname": "shortName", "ac:emoji-id": "id", "ac:emoji-fallback": "text"} {
		if v, _ := n.Attr(attr); v != "" {
			a[member] = v
		}
	}
	if a["shortName"] == nil {
		name, _ := n.Attr("ac:name")
		a["shortName"] = ":" + name + ":"
	}
	return &docNode{Type: "emoji", Attrs: a}
}

// link is a mention, or text with the address that the link leads to: there is no link by title here (row 29).
func (d *docWriter) link(n *Node, marks []docMark) []*docNode {
	at := resource(n)
	if at != nil && at.Name == "ri:user" {
		who, _ := d.scene.user(at)
		name := who.Name
		if name == "" {
			name = who.ID
		}
		a := attrs{"id": who.ID, "text": "@" + name}
		if id, _ := at.Attr("ri:local-id"); id != "" {
			a["localId"] = id
		}
		return []*docNode{{Type: "mention", Attrs: a}}
	}
	href, shown := d.linkTarget(n, at)
	if looks, _ := n.Attr("ac:card-appearance"); looks != "" {
		return []*docNode{{Type: "inlineCard", Attrs: attrs{"url": href}}}
	}
	if href != "" {
		marks = with(marks, docMark{"link", attrs{"href": href}})
	}
	for _, name := range []string{"ac:link-body", "ac:plain-text-link-body"} {
		if body := n.Kid(name); body != nil && len(body.Kids) > 0 {
			return d.inlineAll(body.Kids, marks)
		}
	}
	return textNode(shown, marks)
}

func (d *docWriter) linkTarget(n, at *Node) (href, shown string) {
	anchor, _ := n.Attr("ac:anchor")
	if anchor != "" {
		anchor = "#" + anchor
	}
	if at == nil {
		return anchor, strings.TrimPrefix(anchor, "#")
	}
	switch ref := refOf(at); at.Name {
	case "ri:page", "ri:blog-post":
		if to, ok := d.scene.page(ref); ok {
			return d.scene.Base + to.Path + anchor, to.Title
		}
		return d.scene.Base + "/search?text=" + slug(ref.Title), ref.Title
	case "ri:attachment":
		if f, ok := d.scene.file(ref); ok {
			return d.scene.Base + f.Path, f.Name
		}
		return "", ref.File
	case "ri:space":
		key, _ := at.Attr("ri:space-key")
		return d.scene.Base + "/spaces/" + key + "/overview", key
	case "ri:url":
		value, _ := at.Attr("ri:value")
		return value, value
	}
	return "", ""
}
