package body

import "strings"

// Tree is a body with its structure. It does not change and may be used by many goroutines.
type Tree struct {
	raw   string
	nodes []node // in document order; nodes[0] stands for the body itself
	attrs []attr
	refs  int // elements that may be or hold a reference
}

// Raw returns the body byte for byte as it was read.
func (t *Tree) Raw() string { return t.raw }

type kind uint8

const (
	element kind = iota
	text
	cdata
	comment
	instruction
)

// marks of a node's or value's text.
type marks uint8

const (
	hasReference marks = 1 << iota // a character reference
	hasHigh                        // a byte outside ASCII
	hasFold                        // of a text: white space that is not a single blank, or a '>'
	hasComposing                   // of a text: a character that may not be in NFC
	hasOdd                         // of a value: a quote, '>' or white space but blanks
)

// node is one node; its texts are ranges of the raw body, so concatenating tokens gives the body again.
type node struct {
	start, end  int32 // all of it
	inner, tail int32 // element: between its tags; both are end where it is written <x/>
	next        int32 // index of the first node after this one and what it holds
	attrs       int32 // element: index of the first attribute
	traits      trait
	count       uint16 // element: number of attributes
	name        uint8  // element: length of the name
	kind        kind
	marks       marks
}

// attr is one attribute; the value stands between its quotes.
type attr struct {
	name, nameEnd   int32
	value, valueEnd int32
	fate            fate
	marks           marks
}

func (t *Tree) name(i int32) string {
	n := &t.nodes[i]
	return t.raw[n.start+1 : n.start+1+int32(n.name)]
}

func (t *Tree) attrsOf(i int32) []attr {
	n := &t.nodes[i]
	return t.attrs[n.attrs : n.attrs+int32(n.count)]
}

func (t *Tree) attrName(a *attr) string { return t.raw[a.name:a.nameEnd] }

// value returns the value of an attribute, decoded. White space in it reads as blanks, as XML has it for white space
// written as such; servers do not tell it from white space written as references.
func (t *Tree) value(a *attr) string {
	raw := t.raw[a.value:a.valueEnd]
	if a.marks&(hasReference|hasOdd) == 0 {
		return raw
	}
	if strings.Contains(raw, "\r\n") {
		raw = strings.ReplaceAll(raw, "\r\n", "\n")
	}
	b := appendDecoded(make([]byte, 0, len(raw)), raw)
	for i, c := range b {
		if isSpace(c) {
			b[i] = ' '
		}
	}
	return string(b)
}

// attr returns the attribute of that name, or nil.
func (t *Tree) attr(i int32, name string) *attr {
	as := t.attrsOf(i)
	for k := range as {
		if t.attrName(&as[k]) == name {
			return &as[k]
		}
	}
	return nil
}

// get returns the decoded value of the attribute of that name, empty if there is none.
func (t *Tree) get(i int32, name string) string {
	if a := t.attr(i, name); a != nil {
		return t.value(a)
	}
	return ""
}

// chars returns the characters of a text or CDATA node as written.
func (t *Tree) chars(i int32) string {
	n := &t.nodes[i]
	if n.kind == cdata {
		return t.raw[n.start+int32(len(cdataOpen)) : n.end-int32(len(cdataClose))]
	}
	return t.raw[n.start:n.end]
}

// plain returns the characters inside an element as they read, those of its descendants included.
func (t *Tree) plain(i int32) string {
	var b []byte
	for c := i + 1; c < t.nodes[i].next; c++ {
		switch t.nodes[c].kind {
		case text:
			b = appendDecoded(b, t.chars(c))
		case cdata:
			b = append(b, t.chars(c)...)
		}
	}
	return string(b)
}
