package xmlexport

import (
	"bytes"
	"errors"
	"io"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// maxDepth bounds the nesting of elements; Confluence itself nests five deep.
const maxDepth = 256

type tokenKind uint8

const (
	tokenStart tokenKind = iota
	tokenEnd
	tokenText
)

type attribute struct{ name, value []byte }

// scanner finds the tokens of an XML document that a cleaner has made readable. A token's slices are valid until the
// next call. Text and CDATA come in pieces as they lie in the buffer; comments and processing instructions are passed
// over. A document type is refused: it is the door of every entity attack, and Confluence writes none.
type scanner struct {
	feed func(*chunk) error // the next chunk, io.EOF at the end
	c    chunk
	buf  []byte // what is not read yet is buf[pos:]
	pos  int
	rest []byte // what more carries over
	done bool   // feed has ended

	name    []byte
	attrs   []attribute
	text    []byte
	inCDATA bool
	selfEnd bool // the start tag before was an empty element: its end comes next

	open    []byte // names of the open elements, one after the other
	marks   []int  // where each begins
	decoded []byte // decoded attribute values, and characters of references
	dropped int64  // references to characters that XML 1.0 forbids
}

func newScanner(feed func(*chunk) error) *scanner {
	return &scanner{feed: feed}
}

// offset returns the place in the raw document, exact unless the cleaner took out something in the current chunk.
func (s *scanner) offset() int64 { return s.c.off + int64(s.pos-headroom) }

func (s *scanner) fail(what string) error {
	return confluence.Errorf(confluence.CodeNoExport, "entities.xml is no well-formed XML: %s at byte %d", what, s.offset())
}

// next returns the kind of the next token, io.EOF at the end of a document whose elements are all closed.
func (s *scanner) next() (tokenKind, error) {
	if s.selfEnd {
		s.selfEnd = false
		return tokenEnd, s.pop(s.name)
	}
	for {
		if s.inCDATA {
			if more, err := s.cdata(); err != nil || more {
				return tokenText, err
			}
			continue
		}
		if s.pos == len(s.buf) {
			if err := s.more(); err != nil {
				if errors.Is(err, io.EOF) && len(s.marks) > 0 {
					return 0, s.truncated()
				}
				return 0, err
			}
		}
		if s.buf[s.pos] != '<' {
			return tokenText, s.chars()
		}
		kind, found, err := s.markup()
		if err != nil || found {
			return kind, err
		}
	}
}

func (s *scanner) truncated() error {
	s.pos = len(s.buf)
	return confluence.Errorf(confluence.CodeNoExport, "entities.xml is cut off at byte %d", s.offset()).
		Because(errors.New("the document ends before its last element is closed"))
}

// more brings the next chunk in behind what is left of the current one.
func (s *scanner) more() error {
	if s.done {
		return io.EOF
	}
	left := len(s.buf) - s.pos
	if left >= headroom {
		return s.fail("a tag or name is too long")
	}
	s.rest = append(s.rest[:0], s.buf[s.pos:]...)
	for {
		off := s.c.off
		if err := s.feed(&s.c); err != nil {
			s.c.off, s.done = off, errors.Is(err, io.EOF)
			return err
		}
		if len(s.c.buf) > headroom {
			break
		}
	}
	s.buf, s.pos = s.c.buf, headroom-left
	copy(s.buf[s.pos:], s.rest)
	return nil
}

// need makes sure that n bytes can be read.
func (s *scanner) need(n int) error {
	for len(s.buf)-s.pos < n {
		if err := s.more(); err != nil {
			return s.cut(err)
		}
	}
	return nil
}

func (s *scanner) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return s.truncated()
	}
	return err
}

// until returns the index of the first byte after mark, counted from pos, reading on as far as the headroom allows.
func (s *scanner) until(from int, mark string) (int, error) {
	for {
		if i := bytes.Index(s.buf[s.pos+from:], []byte(mark)); i >= 0 {
			return from + i + len(mark), nil
		}
		if err := s.more(); err != nil {
			return 0, s.cut(err)
		}
	}
}

// skip passes over everything up to and including mark, however long.
func (s *scanner) skip(mark string) error {
	for {
		if i := bytes.Index(s.buf[s.pos:], []byte(mark)); i >= 0 {
			s.pos += i + len(mark)
			return nil
		}
		s.pos = max(s.pos, len(s.buf)-len(mark)+1)
		if err := s.more(); err != nil {
			return s.cut(err)
		}
	}
}

// cdata takes the next piece of a CDATA section; false means that the section has ended and there was no piece.
func (s *scanner) cdata() (bool, error) {
	rest := s.buf[s.pos:]
	if i := bytes.Index(rest, []byte("]]>")); i >= 0 {
		s.text, s.inCDATA = rest[:i], false
		s.pos += i + 3
		return i > 0, nil
	}
	if keep := min(2, len(rest)); len(rest) > keep {
		s.text = rest[:len(rest)-keep]
		s.pos += len(s.text)
		return true, nil
	}
	if err := s.more(); err != nil {
		return false, s.cut(err)
	}
	return false, nil
}

// chars takes the next piece of text outside CDATA, or one reference.
func (s *scanner) chars() error {
	rest := s.buf[s.pos:]
	if i := bytes.IndexByte(rest, '<'); i >= 0 {
		rest = rest[:i]
	}
	amp := bytes.IndexByte(rest, '&')
	if amp != 0 {
		if amp > 0 {
			rest = rest[:amp]
		}
		s.text = rest
		s.pos += len(rest)
		return nil
	}
	for end := 1; end < 16; end++ {
		if err := s.need(end + 1); err != nil {
			return err
		}
		if s.buf[s.pos+end] == ';' {
			s.decoded = s.reference(s.decoded[:0], s.buf[s.pos:s.pos+end+1])
			s.text = s.decoded
			s.pos += end + 1
			return nil
		}
	}
	s.text = s.buf[s.pos : s.pos+1]
	s.pos++
	return nil
}

// markup reads what begins with '<'. found is false where there is nothing to tell.
func (s *scanner) markup() (kind tokenKind, found bool, err error) {
	if err := s.need(2); err != nil {
		return 0, false, err
	}
	switch s.buf[s.pos+1] {
	case '?':
		return 0, false, s.instruction()
	case '!':
		return 0, false, s.declaration()
	case '/':
		return tokenEnd, true, s.endTag()
	}
	return tokenStart, true, s.startTag()
}

// instruction passes over a processing instruction. An XML declaration may name no other encoding than UTF-8.
func (s *scanner) instruction() error {
	end, err := s.until(2, "?>")
	if err != nil {
		return err
	}
	pi := bytes.ToLower(s.buf[s.pos : s.pos+end])
	if bytes.HasPrefix(pi, []byte("<?xml ")) {
		_, enc, ok := bytes.Cut(pi, []byte("encoding"))
		if ok && !bytes.Contains(enc, []byte("utf-8")) && !bytes.Contains(enc, []byte("us-ascii")) {
			return s.fail("it declares an encoding other than UTF-8")
		}
	}
	s.pos += end
	return nil
}

// declaration passes over a comment, opens a CDATA section, and refuses everything else.
func (s *scanner) declaration() error {
	if err := s.need(3); err != nil {
		return err
	}
	switch s.buf[s.pos+2] {
	case '-':
		if err := s.need(4); err != nil {
			return err
		}
		if s.buf[s.pos+3] != '-' {
			return s.fail("a broken comment")
		}
		s.pos += 4
		return s.skip("-->")
	case '[':
		if err := s.need(9); err != nil {
			return err
		}
		if string(s.buf[s.pos:s.pos+9]) != "<![CDATA[" {
			return s.fail("a broken CDATA section")
		}
		s.pos += 9
		s.inCDATA = true
		return nil
	}
	return confluence.Errorf(confluence.CodeNoExport, "entities.xml holds a DOCTYPE or ENTITY declaration at byte %d", s.offset()).
		Because(errors.New("rule: no document type; Confluence writes none, and declared entities are a known attack"))
}

func (s *scanner) endTag() error {
	end, err := s.until(2, ">")
	if err != nil {
		return err
	}
	name := bytes.TrimRight(s.buf[s.pos+2:s.pos+end-1], " \t\n")
	s.pos += end
	s.name = name
	return s.pop(name)
}

// pop closes the innermost element, which must have the name.
func (s *scanner) pop(name []byte) error {
	if len(s.marks) == 0 {
		return s.fail("an end tag without a start tag")
	}
	at := s.marks[len(s.marks)-1]
	if !bytes.Equal(s.open[at:], name) {
		return s.fail("an end tag that closes another element")
	}
	s.open, s.marks = s.open[:at], s.marks[:len(s.marks)-1]
	return nil
}
