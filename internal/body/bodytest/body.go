// Package bodytest makes bodies in storage format, and edits of them whose effect is known. It is for tests: of package
// body, and of everything that carries bodies.
//
// A body is made of all that pages consist of: formatted text with characters outside ASCII, lists, tables, macros with
// parameters and with formatted or plain bodies, links, mentions, images, tasks, layouts, extensions of the new editor,
// ids, comment markers, CDATA, entities written in every way.
package bodytest

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Body is a body as a tree that can be edited.
type Body struct{ Kids []*Node }

// Node is an element, a run of text, or a comment.
type Node struct {
	Name  string // empty: text or comment
	Attrs []Attr
	Kids  []*Node
	Wide  bool // without content, written <x></x>

	Text    string
	Form    Form
	Comment bool
}

// Attr is an attribute.
type Attr struct{ Name, Value string }

// Form is how a text is written.
type Form int

// The forms of texts.
const (
	Literal Form = iota // characters as such
	Named               // entities where there are any
	Numeric             // numbers outside ASCII
	Section             // CDATA
)

// String returns the body in storage format.
func (b *Body) String() string {
	var s strings.Builder
	for _, n := range b.Kids {
		n.write(&s)
	}
	return s.String()
}

// Clone returns a copy that shares nothing.
func (b *Body) Clone() *Body { return &Body{clone(b.Kids)} }

func clone(nodes []*Node) []*Node {
	var out []*Node
	for _, n := range nodes {
		c := *n
		c.Attrs = append([]Attr(nil), n.Attrs...)
		c.Kids = clone(n.Kids)
		out = append(out, &c)
	}
	return out
}

func (n *Node) write(s *strings.Builder) {
	switch {
	case n.Comment:
		s.WriteString("<!--" + n.Text + "-->")
		return
	case n.Name == "":
		s.WriteString(written(n.Text, n.Form))
		return
	}
	s.WriteString("<" + n.Name)
	for _, a := range n.Attrs {
		s.WriteString(" " + a.Name + `="` + strings.ReplaceAll(written(a.Value, Literal), `"`, "&quot;") + `"`)
	}
	if len(n.Kids) == 0 && !n.Wide {
		s.WriteString("/>")
		return
	}
	s.WriteString(">")
	for _, k := range n.Kids {
		k.write(s)
	}
	s.WriteString("</" + n.Name + ">")
}

func written(text string, form Form) string {
	if form == Section {
		return "<![CDATA[" + strings.ReplaceAll(text, "]]>", "]]]]><![CDATA[>") + "]]>"
	}
	var s strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			s.WriteString("&amp;")
		case r == '<':
			s.WriteString("&lt;")
		case r == '>':
			s.WriteString("&gt;")
		case r < 0x80 || form == Literal:
			s.WriteRune(r)
		case form == Named && names[r] != "":
			s.WriteString("&" + names[r] + ";")
		default:
			fmt.Fprintf(&s, "&#x%x;", r)
		}
	}
	return s.String()
}

// names are the entities by character.
var names = func() map[rune]string {
	m := map[rune]string{}
	for name, text := range xml.HTMLEntity {
		m[[]rune(text)[0]] = name
	}
	return m
}()

// Attr returns the value of an attribute, empty if it is not there.
func (n *Node) Attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Set gives an attribute a value.
func (n *Node) Set(name, value string) {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			n.Attrs[i].Value = value
			return
		}
	}
	n.Attrs = append(n.Attrs, Attr{name, value})
}

// Words returns the text inside that counts, with single blanks, for comparing.
func (n *Node) Words() string {
	if n.Comment || n.Name == "ac:task-id" || n.Name == "ac:task-uuid" || n.Name == "ac:adf-fallback" {
		return ""
	}
	s := n.Text
	for _, k := range n.Kids {
		s += " " + k.Words()
	}
	return strings.Join(strings.Fields(s), " ")
}
