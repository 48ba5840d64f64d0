package body

import "math/bits"

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
	charBlank
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
		case c == ' ':
			classes[c] = charBlank
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

// ones and tops hold the lowest and the highest bit of each of eight bytes.
const ones, tops = 0x0101010101010101, 0x8080808080808080

// eightBytes returns the first eight bytes of s as a number, the first of them lowest.
func eightBytes(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// quietBytes returns how many bytes come before the first that may need care: control characters and white space but
// the blank, markup, brackets, and a blank after a blank. It looks at eight at once, and not at the last few. high is
// not 0 if any byte it looked at is outside ASCII.
func quietBytes(s string) (quiet int, high uint64) {
	var blankBefore uint64
	for ; quiet+8 <= len(s); quiet += 8 {
		x := eightBytes(s[quiet:])
		// A byte of y that is zero sets its top bit in (y-ones)&^y. Bytes above it may be set wrongly, never the first.
		tag := (x | 0x02*ones) ^ '>'*ones // '<' and '>'
		reference := x ^ '&'*ones
		bracket := x ^ ']'*ones
		blank := x ^ ' '*ones
		blanks := (blank - ones) &^ blank & tops
		loud := (x-' '*ones)&^x | (tag-ones)&^tag | (reference-ones)&^reference | (bracket-ones)&^bracket |
			blanks&(blanks<<8|blankBefore)
		high |= x & tops
		if loud &= tops; loud != 0 {
			return quiet + bits.TrailingZeros64(loud)/8, high
		}
		blankBefore = blanks >> 56
	}
	return quiet, high
}

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
