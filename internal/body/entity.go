package body

import (
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxEntity is the longest name of an entity, "thetasym", and more than any number needs.
const maxEntity = 10

// entity is a named one, in a table hashed by name.
type entity struct {
	name string
	char rune
}

// entities are those of XHTML 1.0 and "apos", each at its hash or at the next free place behind. No others are declared
// by either product.
var entities = func() (table [1024]entity) {
	put := func(name string, r rune) {
		h := hashName(name)
		for table[h].name != "" {
			h = (h + 1) % uint32(len(table))
		}
		table[h] = entity{name, r}
	}
	put("apos", '\'')
	for name, text := range xml.HTMLEntity {
		r, _ := utf8.DecodeRuneInString(text)
		put(name, r)
	}
	return table
}()

func entityNamed(name string) (rune, bool) {
	for h := hashName(name); ; h = (h + 1) % uint32(len(entities)) {
		if e := &entities[h]; e.name == name || e.name == "" {
			return e.char, e.name != ""
		}
	}
}

// reference decodes the character reference at the start of s, which starts with '&'. It returns the character and the
// length of the reference, 0 if there is none.
func reference(s string) (r rune, length int) {
	switch {
	case strings.HasPrefix(s, "&amp;"):
		return '&', 5
	case strings.HasPrefix(s, "&nbsp;"):
		return '\u00a0', 6
	}
	end := strings.IndexByte(s[:min(len(s), maxEntity+2)], ';')
	if end < 2 {
		return 0, 0
	}
	name := s[1:end]
	if name[0] != '#' {
		r, ok := entityNamed(name)
		if !ok {
			return 0, 0
		}
		return r, end + 1
	}
	base, digits := 10, name[1:]
	if strings.HasPrefix(digits, "x") {
		base, digits = 16, digits[1:]
	}
	// ParseUint takes no sign and, with an explicit base, no underscore.
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isChar(rune(n)) {
		return 0, 0
	}
	return rune(n), end + 1
}

// isChar reports whether XML 1.0 allows the character.
func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD ||
		r >= 0x10000 && r <= utf8.MaxRune
}

// appendDecoded appends s with its references decoded. s has been checked by the scanner.
func appendDecoded(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		r, length := reference(s[i:])
		dst = utf8.AppendRune(dst, r)
		s = s[i+length:]
	}
}

// EscapeText returns s as text of a body: a body made of it shows s. White space stays as it is.
func EscapeText(s string) string { return string(appendEscaped(nil, s)) }

// appendEscaped appends s so that a parser reads s again, carriage returns included.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var as string
		switch s[i] {
		case '&':
			as = "&amp;"
		case '<':
			as = "&lt;"
		case '>':
			as = "&gt;"
		case '\r':
			as = "&#13;"
		default:
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, as...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}

// appendValue appends s as the value of an attribute between quotes of that kind.
func appendValue[T string | []byte](dst []byte, s T, quote byte) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var as string
		switch c := s[i]; {
		case c == '&':
			as = "&amp;"
		case c == '<':
			as = "&lt;"
		case c == '\t':
			as = "&#9;"
		case c == '\n':
			as = "&#10;"
		case c == '\r':
			as = "&#13;"
		case c == quote && c == '"':
			as = "&quot;"
		case c == quote:
			as = "&#39;"
		default:
			continue
		}
		dst = append(append(dst, s[from:i]...), as...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}
