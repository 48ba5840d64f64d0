package body

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// isPlainNFC reports whether s holds nothing but characters that begin a character for the reader and are in NFC as they
// are: most letters, ideographs, punctuation and pictographs. It is a quick answer for most text; false says nothing.
func isPlainNFC[T string | []byte](s T) bool {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c < 0x80:
			i++
			continue
		case i+3 > len(s) && (c >= 0xE0 || i+2 > len(s)):
			return false
		case c <= 0xCB || c < 0xE0 && isPlainPair(c, s[i+1]):
			i += 2
			continue
		case c >= 0xE0 && c < 0xF0 && isPlainTriple(c, s[i+1], s[i+2]):
			i += 3
			continue
		case c == 0xF0 && s[i+1] == 0x9F: // pictographs
			i += 4
			continue
		}
		return false
	}
	return true
}

// isPlainPair is isPlainNFC for a character of two bytes beyond Latin.
func isPlainPair(a, b byte) bool {
	switch a {
	case 0xCE: // Greek
		return b >= 0x8E
	case 0xCF, 0xD0, 0xD1: // Greek, Cyrillic
		return true
	case 0xD7: // Hebrew
		return b >= 0x90 && b <= 0xAA
	case 0xD8: // Arabic, as the next one
		return b >= 0xA0 || b == 0x8C
	case 0xD9:
		return b <= 0x8A
	}
	return false
}

// isPlainTriple is isPlainNFC for a character of three bytes.
func isPlainTriple(a, b, c byte) bool {
	switch a {
	case 0xE1: // Vietnamese
		return b >= 0xB8 && b <= 0xBB
	case 0xE2: // punctuation, signs, arrows
		return b == 0x80 && c >= 0x82 || b == 0x81 || b == 0x82 || b >= 0x86 && b <= 0x8B || b >= 0x94 && b <= 0xAA
	case 0xE3: // Japanese
		return b == 0x80 && c <= 0x9F || b == 0x81 || b == 0x82 && c != 0x99 && c != 0x9A || b == 0x83
	case 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9: // ideographs
		return true
	case 0xEA: // Korean
		return b >= 0xB0
	case 0xEB, 0xEC:
		return true
	case 0xED:
		return b < 0x9E
	case 0xEF: // of full width
		return b == 0xBC || b == 0xBD
	}
	return false
}

// composed returns s in NFC.
func composed(s string) string {
	if isPlainNFC(s) {
		return s
	}
	return norm.NFC.String(s)
}

// isPlainRune is isPlainNFC for one character.
func isPlainRune(r rune) bool {
	var buffer [utf8.UTFMax]byte
	return r < 0x300 || isPlainNFC(utf8.AppendRune(buffer[:0], r))
}

// What a byte tells of UTF-8 text, in bits. The lowest three say which of the next three bytes have to go on with the
// character.
const (
	byteGoesOn   = 1 << 3 // goes on with a character
	byteDoubtful = 1 << 4 // begins characters of which not all are plain
	byteUnsure   = 1 << 5 // begins characters of which not all are valid
)

var byteTells = func() (table [256]uint8) {
	for c := 0x80; c < len(table); c++ {
		switch {
		case c < 0xC0:
			table[c] = byteGoesOn
		case c < 0xE0:
			table[c] = 0b001
		case c < 0xF0:
			table[c] = 0b011
		default:
			table[c] = 0b111
		}
		if c < 0xC2 && c >= 0xC0 || c == 0xE0 || c == 0xED || c == 0xEF || c >= 0xF0 {
			table[c] |= byteUnsure
		}
		if c >= 0xCC && c < 0xCF || c > 0xD1 && c < 0xE4 || c == 0xEA || c >= 0xED {
			table[c] |= byteDoubtful
		}
	}
	return table
}()

// lookAt reports whether a text is UTF-8 without the two characters that XML forbids, and whether isPlainNFC holds of
// it. It looks at all bytes alike, without regard to where characters begin: text of many scripts is read at the speed
// of ASCII. Only where that is not enough it looks again.
func lookAt(s string) (valid, plain bool) {
	var due, wrong, all uint8 // due: which of the next bytes have to go on
	for i := 0; i < len(s); i++ {
		tells := byteTells[s[i]]
		wrong |= due ^ tells>>3
		due = due>>1 | tells&0b111
		all |= tells
	}
	if wrong&1 != 0 || due != 0 {
		return false, false
	}
	valid = all&byteUnsure == 0 || utf8.ValidString(s) && !strings.Contains(s, "\uFFFE") && !strings.Contains(s, "\uFFFF")
	return valid, valid && (all&byteDoubtful == 0 || isPlainNFC(s))
}
