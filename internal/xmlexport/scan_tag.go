package xmlexport

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// startTag reads name and attributes.
func (s *scanner) startTag() error {
	end, err := s.tagEnd()
	if err != nil {
		return err
	}
	tag := s.buf[s.pos+1 : s.pos+end]
	if s.selfEnd = len(tag) > 0 && tag[len(tag)-1] == '/'; s.selfEnd {
		tag = tag[:len(tag)-1]
	}
	n := 0
	for n < len(tag) && !blank(tag[n]) {
		n++
	}
	if n == 0 || !nameStart(tag[0]) {
		return s.fail("a tag without a name")
	}
	s.name = tag[:n]
	if err := s.attributes(tag[n:]); err != nil {
		return err
	}
	s.pos += end + 1
	if len(s.marks) == maxDepth {
		return s.fail("elements nested too deep")
	}
	s.marks = append(s.marks, len(s.open))
	s.open = append(s.open, s.name...)
	return nil
}

// tagEnd returns the index from pos of the '>' that ends the tag at pos, quoted ones left aside.
func (s *scanner) tagEnd() (int, error) {
	var quote byte
	for i := 1; ; i++ {
		for s.pos+i >= len(s.buf) {
			if err := s.more(); err != nil {
				return 0, s.cut(err)
			}
		}
		switch c := s.buf[s.pos+i]; {
		case c == '<':
			return 0, s.fail("a '<' inside a tag")
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		}
	}
}

func (s *scanner) attributes(b []byte) error {
	s.attrs, s.decoded = s.attrs[:0], s.decoded[:0]
	for {
		for len(b) > 0 && blank(b[0]) {
			b = b[1:]
		}
		if len(b) == 0 {
			return nil
		}
		eq := bytes.IndexByte(b, '=')
		if eq <= 0 || !nameStart(b[0]) {
			return s.fail("an attribute without a value")
		}
		name := bytes.TrimRight(b[:eq], " \t\n")
		b = bytes.TrimLeft(b[eq+1:], " \t\n")
		if len(b) < 2 || b[0] != '"' && b[0] != '\'' || bytes.ContainsAny(name, " \t\n") {
			return s.fail("an attribute without quotes")
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return s.fail("an attribute without an end")
		}
		s.attrs = append(s.attrs, attribute{name, s.value(b[1 : 1+end])})
		b = b[end+2:]
	}
}

// value decodes the references of an attribute's value.
func (s *scanner) value(v []byte) []byte {
	amp := bytes.IndexByte(v, '&')
	if amp < 0 {
		return v
	}
	var out []byte
	for amp >= 0 {
		out = append(out, v[:amp]...)
		v = v[amp:]
		end := bytes.IndexByte(v, ';')
		if end < 0 {
			break
		}
		out = s.reference(out, v[:end+1])
		v = v[end+1:]
		amp = bytes.IndexByte(v, '&')
	}
	return append(out, v...)
}

// attr returns the value of an attribute of the start tag read last, nil if it has none of that name.
func (s *scanner) attr(name string) []byte {
	for _, a := range s.attrs {
		if string(a.name) == name {
			return a.value
		}
	}
	return nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= utf8.RuneSelf
}

// reference appends what ref ("&…;") stands for. An unknown name stays as it is written.
func (s *scanner) reference(to, ref []byte) []byte {
	name := string(ref[1 : len(ref)-1])
	switch name {
	case "lt":
		return append(to, '<')
	case "gt":
		return append(to, '>')
	case "amp":
		return append(to, '&')
	case "quot":
		return append(to, '"')
	case "apos":
		return append(to, '\'')
	}
	if len(name) < 2 || name[0] != '#' {
		return append(to, ref...)
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	switch r := rune(n); {
	case err != nil || n > utf8.MaxRune:
		return append(to, ref...)
	case n < 0x20 && n != '\t' && n != '\n' && n != '\r':
		s.dropped++
		return to
	case !utf8.ValidRune(r) || r == '\uFFFE' || r == '\uFFFF':
		s.dropped++
		return utf8.AppendRune(to, utf8.RuneError)
	default:
		return utf8.AppendRune(to, r)
	}
}
