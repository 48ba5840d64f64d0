package markup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth is the nesting at which a body is refused.
const maxDepth = 512

// SyntaxError says where and why a body is no storage format.
type SyntaxError struct {
	Line, Column int // from 1
	What         string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s\n at [row,col {unknown-source}]: [%d,%d]", e.What, e.Line, e.Column)
}

// Attr is an attribute with its prefix as written.
type Attr struct{ Name, Value string }

// Node is an element, a run of text, or a CDATA section. Name is empty for the latter two.
type Node struct {
	Name  string
	Attrs []Attr
	Kids  []*Node
	Text  string
	CDATA bool

	quoted bool // of a text: apostrophes are written as references
}

// Attr returns the value of an attribute and whether it is there.
func (n *Node) Attr(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// Set gives an attribute a value.
func (n *Node) Set(name, value string) {
	for i, a := range n.Attrs {
		if a.Name == name {
			n.Attrs[i].Value = value
			return
		}
	}
	n.Attrs = append(n.Attrs, Attr{name, value})
}

// Kid returns the first child element of that name, or nil.
func (n *Node) Kid(name string) *Node {
	for _, k := range n.Kids {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// boundPrefixes are the name spaces that the server declares around a body.
var boundPrefixes = map[string]bool{"": true, "ac": true, "ri": true, "at": true, "xml": true, "xmlns": true}

// Parse reads a body. The root it returns has no name. An error is a *SyntaxError.
func Parse(raw string) (*Node, error) {
	dec := xml.NewDecoder(strings.NewReader(raw))
	dec.Strict = true
	dec.Entity = xml.HTMLEntity
	p := parser{raw: raw, dec: dec, stack: []*Node{{}}, bound: map[string]int{}}
	for {
		at := dec.InputOffset()
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(at, tok)
		}
		if err != nil {
			return nil, p.fail(err)
		}
	}
	if open := p.top(); open.Name != "" {
		return nil, p.fail(refused("Unexpected EOF; was expecting a close tag for element <" + open.Name + ">"))
	}
	return p.stack[0], nil
}

type parser struct {
	raw   string
	dec   *xml.Decoder
	stack []*Node
	bound map[string]int // prefixes declared by open elements
}

func (p *parser) top() *Node { return p.stack[len(p.stack)-1] }

func (p *parser) take(at int64, tok xml.Token) error {
	switch t := tok.(type) {
	case xml.StartElement:
		return p.open(t)
	case xml.EndElement:
		name := written(t.Name)
		if open := p.top(); open.Name != name {
			return closedWrong(name, open.Name)
		}
		p.unbind(p.top())
		p.stack = p.stack[:len(p.stack)-1]
	case xml.CharData:
		p.text(string(t), strings.HasPrefix(p.raw[at:], "<![CDATA["))
	case xml.Directive:
		return refused("Unexpected DOCTYPE: a DTD is not allowed in content")
	}
	return nil
}

func (p *parser) open(t xml.StartElement) error {
	if len(p.stack) > maxDepth {
		return refused("Maximum Element Depth limit (512) Exceeded")
	}
	n := &Node{Name: written(t.Name)}
	for _, a := range t.Attr {
		name := written(a.Name)
		if _, twice := n.Attr(name); twice {
			return refused("Duplicate attribute '" + name + "'")
		}
		if a.Name.Space == "xmlns" {
			p.bound[a.Name.Local]++
		}
		n.Attrs = append(n.Attrs, Attr{name, a.Value})
	}
	if err := p.checkBound(n.Name); err != nil {
		return err
	}
	for _, a := range n.Attrs {
		if err := p.checkBound(a.Name); err != nil {
			return err
		}
	}
	p.top().Kids = append(p.top().Kids, n)
	p.stack = append(p.stack, n)
	return nil
}

func (p *parser) unbind(n *Node) {
	for _, a := range n.Attrs {
		if prefix, ok := strings.CutPrefix(a.Name, "xmlns:"); ok {
			p.bound[prefix]--
		}
	}
}

func (p *parser) checkBound(name string) error {
	prefix, _, ok := strings.Cut(name, ":")
	if !ok || boundPrefixes[prefix] || p.bound[prefix] > 0 {
		return nil
	}
	return refused("Undeclared namespace prefix \"" + prefix + "\"")
}

func (p *parser) text(s string, cdata bool) {
	if s == "" && !cdata {
		return
	}
	top := p.top()
	if n := len(top.Kids); n > 0 {
		if last := top.Kids[n-1]; last.Name == "" && last.CDATA == cdata {
			last.Text += s
			return
		}
	}
	top.Kids = append(top.Kids, &Node{Text: s, CDATA: cdata})
}

func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
