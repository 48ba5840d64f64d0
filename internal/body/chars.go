package body

// The classes of bytes that the scanner tells apart.
const (
	charPlain = iota
	charTag
	charReference
	charBracket
	charControl
	charHigh
	charGreater
	charQuote // of either kind
	charBreak // white space but for the blank
)

var charClasses = func() (classes [256]uint8) {
	for c := range classes {
		switch {
		case c == '<':
			classes[c] = charTag
		case c == '&':
			classes[c] = charReference
		case c == '>':
			classes[c] = charGreater
		case c == '"', c == '\'':
			classes[c] = charQuote
		case c == '\t', c == '\n', c == '\r':
			classes[c] = charBreak
		case c == ']':
			classes[c] = charBracket
		case c < ' ':
			classes[c] = charControl
		case c >= 0x80:
			classes[c] = charHigh
		}
	}
	return classes
}()

// isSpace reports white space as XML has it: a no-break space is a character like any other.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

// isBlank reports whether s is white space only.
func isBlank[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if !isSpace(s[i]) {
			return false
		}
	}
	return true
}

// The classes of bytes in names.
const (
	nameNone = iota
	nameStart
	nameInner
	nameColon
)

var nameClasses = func() (classes [256]uint8) {
	for c := range classes {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z' && c < 0x80, c == '_':
			classes[c] = nameStart
		case c >= '0' && c <= '9', c == '-', c == '.':
			classes[c] = nameInner
		case c == ':':
			classes[c] = nameColon
		}
	}
	return classes
}()

// nameEnd returns where the name that starts at from ends, from itself if none does. Names are those of XML within
// ASCII, with at most one colon, and that inside: neither product has others.
func nameEnd(s string, from int) int {
	i, start := from, from // start of the part before or after the colon
	for i < len(s) {
		switch nameClasses[s[i]] {
		case nameStart:
			i++
			continue
		case nameInner:
			if i == start {
				return from
			}
			i++
			continue
		case nameColon:
			if i == start || start > from {
				return from
			}
			i++
			start = i
			continue
		}
		break
	}
	if i == start {
		return from
	}
	return i
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
