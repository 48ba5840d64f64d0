package body

import (
	"math"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth   = 512
	cdataOpen  = "<![CDATA["
	cdataClose = "]]>"
)

// Parse reads a body. It is strict, as both servers are: tags are balanced, entities known, attributes unique and
// quoted, characters those of XML 1.0. Elements nest 512 deep at most. An error is a *SyntaxError.
func Parse(raw string) (*Tree, error) {
	if len(raw) > math.MaxInt32 {
		return nil, faultAt(raw, 0, "longer than 2 GiB")
	}
	// A tag for an end less, a text for a tag more: that comes out even on most pages.
	var open [64]int32
	s := scanner{raw: raw, nodes: make([]node, 1, strings.Count(raw, "<")+2), attrs: make([]attr, 0, 8), open: open[:1]}
	s.nodes[0] = node{end: int32(len(raw)), tail: int32(len(raw)), traits: container | block}
	for s.pos < len(raw) {
		if err := s.token(); err != nil {
			return nil, err
		}
	}
	if len(s.open) > 1 {
		last := s.open[len(s.open)-1]
		return nil, faultAt(raw, int(s.nodes[last].start), "<%s> is not closed", s.nameOf(last))
	}
	s.nodes[0].next = int32(len(s.nodes))
	return &Tree{raw: raw, nodes: s.nodes, attrs: s.attrs, refs: s.refs}, nil
}

type scanner struct {
	raw   string
	pos   int
	nodes []node
	attrs []attr
	refs  int
	open  []int32 // indices of the open elements; the first is the body
}

func (s *scanner) token() error {
	rest := s.raw[s.pos:]
	switch {
	case rest[0] != '<':
		return s.text()
	case len(rest) < 2:
		return s.fault(s.pos, "'<' at the end")
	case rest[1] == '/':
		return s.endTag()
	case rest[1] == '!':
		return s.declaration(rest)
	case rest[1] == '?':
		return s.instruction(rest)
	}
	return s.startTag()
}

func (s *scanner) fault(at int, what string, args ...any) error {
	return faultAt(s.raw, at, what, args...)
}

// leaf adds a node that reaches from the position to end, and moves there.
func (s *scanner) leaf(k kind, end int, m marks) {
	i := int32(len(s.nodes))
	s.nodes = append(s.nodes, node{
		start: int32(s.pos), end: int32(end), next: i + 1, kind: k, marks: m,
	})
	s.pos = end
}

func (s *scanner) text() error {
	raw, i := s.raw, s.pos
	var m marks
	var high uint64
scan:
	for i < len(raw) {
		quiet, set := quietBytes(raw[i:])
		if quiet > 0 && raw[i] == ' ' && i > s.pos && raw[i-1] == ' ' {
			m |= hasFold
		}
		high |= set
		if i += quiet; i == len(raw) {
			break
		}
		switch charClasses[raw[i]] {
		case charTag:
			break scan
		case charReference:
			length, marked := referenceMarks(raw[i:])
			if length == 0 {
				return s.badReference(i)
			}
			m |= marked
			i += length
			continue
		case charBreak, charGreater:
			m |= hasFold
		case charBlank:
			if i > s.pos && raw[i-1] == ' ' {
				m |= hasFold
			}
		case charBracket:
			if strings.HasPrefix(raw[i:], cdataClose) {
				return s.fault(i, "']]>' outside CDATA")
			}
		case charControl:
			return s.fault(i, "character U+%04X is not allowed", raw[i])
		case charHigh:
			high = 1
		}
		i++
	}
	if high != 0 {
		valid, plain := lookAt(raw[s.pos:i])
		if !valid {
			return s.badChar(s.pos, i)
		}
		m |= hasHigh
		if !plain {
			m |= hasComposing
		}
	}
	s.leaf(text, i, m)
	return nil
}

// referenceMarks returns the length of the reference that s begins with, 0 if there is none, and what it makes of a text.
func referenceMarks(s string) (length int, m marks) {
	r, length := reference(s)
	m = hasReference
	if r < utf8.RuneSelf && isSpace(byte(r)) {
		m |= hasFold
	} else if !isPlainRune(r) {
		m |= hasComposing
	}
	return length, m
}

// badChar is the fault of a range that is not all characters which XML allows.
func (s *scanner) badChar(from, to int) error {
	for i, r := range s.raw[from:to] {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s.raw[from+i:], "\uFFFD"):
			return s.fault(from+i, "not UTF-8")
		case !isChar(r):
			return s.fault(from+i, "character U+%04X is not allowed", r)
		}
	}
	return s.fault(from, "not UTF-8")
}

func (s *scanner) badReference(at int) error {
	word := s.raw[at:min(len(s.raw), at+maxEntity+2)]
	if end := strings.IndexByte(word, ';'); end >= 0 {
		return s.fault(at, "unknown entity %q", word[:end+1])
	}
	return s.fault(at, "'&' that starts no entity")
}

func (s *scanner) declaration(rest string) error {
	switch {
	case strings.HasPrefix(rest, cdataOpen):
		end := strings.Index(rest, cdataClose)
		if end < 0 {
			return s.fault(s.pos, "CDATA section without an end")
		}
		return s.verbatim(cdata, end+len(cdataClose))
	case strings.HasPrefix(rest, "<!--"):
		end := strings.Index(rest[4:], "--")
		if end < 0 {
			return s.fault(s.pos, "comment without an end")
		}
		if !strings.HasPrefix(rest[4+end:], "-->") {
			return s.fault(s.pos+4+end, "'--' inside a comment")
		}
		return s.verbatim(comment, 4+end+len("-->"))
	case len(rest) >= 9 && strings.EqualFold(rest[:9], "<!DOCTYPE"):
		return s.fault(s.pos, "a DOCTYPE is not allowed")
	}
	return s.fault(s.pos, "'<!' that starts neither comment nor CDATA section")
}

func (s *scanner) instruction(rest string) error {
	name := nameEnd(rest, 2)
	end := strings.Index(rest, "?>")
	switch {
	case end < 0 || name == 2 || name > end || name < end && !isSpace(rest[name]):
		return s.fault(s.pos, "ill-formed processing instruction")
	case strings.EqualFold(rest[2:name], "xml"):
		return s.fault(s.pos, "an XML declaration is not allowed")
	}
	return s.verbatim(instruction, end+len("?>"))
}

// verbatim adds a node of that length, whose characters are only checked.
func (s *scanner) verbatim(k kind, length int) error {
	var m marks
	for i := s.pos; i < s.pos+length; i++ {
		switch charClasses[s.raw[i]] {
		case charControl:
			return s.fault(i, "character U+%04X is not allowed", s.raw[i])
		case charHigh:
			m |= hasHigh | hasComposing // or so: a section is rarely text like any other
		}
	}
	if m != 0 {
		if valid, _ := lookAt(s.raw[s.pos : s.pos+length]); !valid {
			return s.badChar(s.pos, s.pos+length)
		}
	}
	s.leaf(k, s.pos+length, m)
	return nil
}

func (s *scanner) endTag() error {
	// Nearly always it is the one that is due, and plainly written.
	i := s.open[len(s.open)-1]
	if due := s.nameOf(i); i > 0 && len(s.raw) > s.pos+2+len(due) && s.raw[s.pos+2:s.pos+2+len(due)] == due &&
		s.raw[s.pos+2+len(due)] == '>' {
		s.end(i, s.pos+3+len(due))
		return nil
	}
	end := nameEnd(s.raw, s.pos+2)
	name := s.raw[s.pos+2 : end]
	end = skipSpace(s.raw, end)
	if name == "" || end >= len(s.raw) || s.raw[end] != '>' {
		return s.fault(s.pos, "ill-formed end tag")
	}
	if i == 0 {
		return s.fault(s.pos, "</%s> without a start tag", name)
	}
	if due := s.nameOf(i); due != name {
		return s.fault(s.pos, "</%s> where </%s> is due", name, due)
	}
	s.end(i, end+1)
	return nil
}

// end closes element i with an end tag from the position to end.
func (s *scanner) end(i int32, end int) {
	n := &s.nodes[i]
	s.open = s.open[:len(s.open)-1]
	n.tail, n.end, n.next = int32(s.pos), int32(end), int32(len(s.nodes))
	s.pos = end
}

func (s *scanner) nameOf(i int32) string {
	n := &s.nodes[i]
	return s.raw[n.start+1 : n.start+1+int32(n.name)]
}

func (s *scanner) startTag() error {
	raw, start := s.raw, s.pos
	end := nameEnd(raw, start+1)
	if end == start+1 {
		return s.fault(start, "'<' that starts no tag")
	}
	if end-start-1 > math.MaxUint8 {
		return s.fault(start, "name of more than %d characters", math.MaxUint8)
	}
	i := int32(len(s.nodes))
	traits := traitsOf(raw[start+1 : end])
	if traits&(resource|link) != 0 {
		s.refs++
	}
	s.nodes = append(s.nodes, node{
		start: int32(start), next: i + 1, attrs: int32(len(s.attrs)),
		name: uint8(end - start - 1), traits: traits,
	})
	if end < len(raw) && raw[end] == '>' {
		return s.opened(i, end+1)
	}
	for {
		at := skipSpace(raw, end)
		if at >= len(raw) {
			return s.fault(start, "tag without an end")
		}
		switch {
		case raw[at] == '>':
			return s.opened(i, at+1)
		case strings.HasPrefix(raw[at:], "/>"):
			return s.closed(i, at+2)
		case at == end:
			return s.fault(at, "ill-formed start tag")
		}
		var err error
		if end, err = s.attribute(i, at); err != nil {
			return err
		}
	}
}

func (s *scanner) opened(i int32, end int) error {
	if len(s.open) > maxDepth {
		return s.fault(s.pos, "elements nest more than %d deep", maxDepth)
	}
	s.open = append(s.open, i)
	s.nodes[i].inner = int32(end)
	s.pos = end
	if s.nodes[i].count > 1 {
		return s.unique(i)
	}
	return nil
}

func (s *scanner) closed(i int32, end int) error {
	n := &s.nodes[i]
	n.inner, n.tail, n.end = int32(end), int32(end), int32(end)
	if len(s.open) > maxDepth {
		return s.fault(s.pos, "elements nest more than %d deep", maxDepth)
	}
	s.pos = end
	return s.unique(i)
}
