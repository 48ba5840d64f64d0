package body

// The classes of bytes that the scanner tells apart.
const (
	charPlain = iota
	charTag
	charReference
	charBracket
	charControl
	charHigh
)

var charClasses = func() (classes [256]uint8) {
	for c := range classes {
		switch {
		case c == '<':
			classes[c] = charTag
		case c == '&':
			classes[c] = charReference
		case c == ']':
			classes[c] = charBracket
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
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

// nameEnd returns where the name that starts at from ends, from itself if none does. Names are those of XML within
// ASCII, with at most one colon, and that inside: neither product has others.
func nameEnd(s string, from int) int {
	i, colon := from, -1
	for i < len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c == '_':
		case c == ':':
			if colon >= 0 || i == from {
				return from
			}
			colon = i
		case (c >= '0' && c <= '9' || c == '-' || c == '.') && i > from && i != colon+1:
		default:
			if colon == i-1 && colon >= 0 {
				return from
			}
			return i
		}
		i++
	}
	if colon == i-1 && colon >= 0 {
		return from
	}
	return i
}
