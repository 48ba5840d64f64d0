package markup

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// FromHTML converts what the legacy editor holds, and the views of a body, back to storage format: macros and links are
// known by their data attributes, other elements stay. The result is well-formed and still has to be normalised.
func FromHTML(src string) string {
	if strings.Contains(src, "<ac:") || strings.Contains(src, "<ri:") { // storage format sent under another name
		if _, err := Parse(src); err == nil {
			return src
		}
	}
	parsed, err := html.ParseFragment(strings.NewReader(src), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return EscapeText(xmlText(src))
	}
	root := &Node{}
	for _, n := range parsed {
		root.Kids = append(root.Kids, fromHTML(n, 0)...)
	}
	return root.String()
}

// shownOnly are attributes that a rendering adds.
var shownOnly = map[string]bool{"rel": true, "id": true, "contenteditable": true}

func fromHTML(n *html.Node, depth int) []*Node {
	switch n.Type {
	case html.TextNode:
		if text := xmlText(n.Data); text != "" {
			return []*Node{{Text: text}}
		}
		return nil
	case html.ElementNode:
	default:
		return nil
	}
	if depth > maxDepth-8 || n.DataAtom == atom.Script || n.DataAtom == atom.Style {
		return nil
	}
	var kids []*Node
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		kids = append(kids, fromHTML(k, depth+1)...)
	}
	class := htmlAttr(n, "class")
	switch {
	case htmlAttr(n, "data-macro-name") != "" && (strings.Contains(class, "wysiwyg-macro") || strings.Contains(class, "editor-inline-macro")):
		return []*Node{editedMacro(n, kids)}
	case strings.Contains(class, "confluence-userlink"):
		return []*Node{mentioned(n)}
	case n.DataAtom == atom.A && strings.Contains(class, "confluence-link") && htmlAttr(n, "data-linked-resource-default-alias") != "":
		return []*Node{el("ac:link", el("ri:page").withAttr("ri:content-title", htmlAttr(n, "data-linked-resource-default-alias")), el("ac:link-body", kids...))}
	case n.DataAtom == atom.Img && strings.Contains(class, "confluence-embedded-image"):
		return []*Node{editedImage(n)}
	case strings.Contains(class, "inline-comment-marker"):
		return []*Node{el("ac:inline-comment-marker", kids...).withAttr("ac:ref", htmlAttr(n, "data-ref"))}
	case strings.Contains(class, "confluence-embedded-file-wrapper"), strings.Contains(class, "table-wrap"):
		return kids
	}
	if !xmlName(n.Data) {
		return kids
	}
	out := el(n.Data, kids...)
	for _, a := range n.Attr {
		if xmlName(a.Key) && a.Namespace == "" && !shownOnly[a.Key] && !strings.HasPrefix(a.Key, "data-") && !strings.HasPrefix(a.Key, "on") {
			value := strings.TrimSpace(strings.NewReplacer("confluenceTable", "", "confluenceTh", "", "confluenceTd", "", "external-link", "").Replace(a.Val))
			if a.Key != "class" {
				value = a.Val
			}
			if _, twice := out.Attr(a.Key); !twice {
				out.withAttr(a.Key, xmlText(value))
			}
		}
	}
	return []*Node{out}
}

// xmlName reports whether a name of HTML can stand in storage format without a prefix.
func xmlName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != ""
}

func htmlAttr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return xmlText(a.Val)
		}
	}
	return ""
}

func editedMacro(n *html.Node, kids []*Node) *Node {
	out := el("ac:structured-macro").withAttr("ac:name", htmlAttr(n, "data-macro-name")).
		withAttr("ac:schema-version", htmlAttr(n, "data-macro-schema-version")).withAttr("ac:macro-id", htmlAttr(n, "data-macro-id"))
	if value := htmlAttr(n, "data-macro-default-parameter"); value != "" {
		out.Kids = append(out.Kids, parameter("", &Node{Text: value}))
	}
	for _, pair := range splitEscaped(htmlAttr(n, "data-macro-parameters"), '|') {
		parts := splitEscaped(pair, '=')
		if len(parts) == 2 && parts[0] != "" {
			out.Kids = append(out.Kids, parameter(unescaped(parts[0]), &Node{Text: unescaped(parts[1])}))
		}
	}
	body := &Node{Kids: kids}
	for _, name := range []string{"tbody", "tr", "td"} {
		if next := body.Kid(name); next != nil {
			body = next
		}
	}
	switch htmlAttr(n, "data-macro-body-type") {
	case "RICH_TEXT":
		out.Kids = append(out.Kids, el("ac:rich-text-body", body.Kids...))
	case "PLAIN_TEXT":
		out.Kids = append(out.Kids, el("ac:plain-text-body", &Node{CDATA: true, Text: rawText(body)}))
	}
	return out
}

// splitEscaped splits at a separator that no backslash stands before.
func splitEscaped(s string, at byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case at:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func unescaped(s string) string { return strings.NewReplacer(`\|`, "|", `\=`, "=").Replace(s) }

func mentioned(n *html.Node) *Node {
	user := el("ri:user")
	if id := htmlAttr(n, "data-account-id"); id != "" {
		user.withAttr("ri:account-id", id)
	} else {
		user.withAttr("ri:username", htmlAttr(n, "data-username"))
	}
	return el("ac:link", user)
}

func editedImage(n *html.Node) *Node {
	ref := el("ri:url").withAttr("ri:value", htmlAttr(n, "src"))
	if name := htmlAttr(n, "data-linked-resource-default-alias"); name != "" {
		ref = el("ri:attachment").withAttr("ri:filename", name)
	}
	out := el("ac:image", ref)
	for _, name := range []string{"alt", "width", "height"} {
		out.withAttr("ac:"+name, htmlAttr(n, name))
	}
	return out
}
