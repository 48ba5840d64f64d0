package body

import (
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
	case 0xE4: // ideographs, as the next ones
		return b >= 0xB8
	case 0xE5, 0xE6, 0xE7, 0xE8, 0xE9:
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

// charAt returns the length of the character outside ASCII at i, 0 if there is none that XML allows, and whether
// isPlainNFC holds of it.
func charAt(s string, i int) (length int, plain bool) {
	switch c := s[i]; {
	case c < 0xC2:
	case c < 0xE0:
		if i+2 <= len(s) && s[i+1]&0xC0 == 0x80 {
			return 2, c <= 0xCB || isPlainPair(c, s[i+1])
		}
	case c < 0xF0:
		if i+3 > len(s) || s[i+1]&0xC0 != 0x80 || s[i+2]&0xC0 != 0x80 || c == 0xE0 && s[i+1] < 0xA0 ||
			c == 0xED && s[i+1] >= 0xA0 || c == 0xEF && s[i+1] == 0xBF && s[i+2] >= 0xBE {
			return 0, false // too long, half of a pair, or one of the two that XML forbids
		}
		return 3, isPlainTriple(c, s[i+1], s[i+2])
	default:
		if _, size := utf8.DecodeRuneInString(s[i:]); size == 4 {
			return 4, c == 0xF0 && s[i+1] == 0x9F
		}
	}
	return 0, false
}

// isPlainRune is isPlainNFC for one character.
func isPlainRune(r rune) bool {
	var buffer [utf8.UTFMax]byte
	return r < 0x300 || isPlainNFC(utf8.AppendRune(buffer[:0], r))
}
