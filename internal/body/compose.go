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

// lookAt reports whether a text is UTF-8 without the two characters that XML forbids, and whether isPlainNFC holds of
// it. It looks at eight bytes at once, without regard to where characters begin, so that text of most scripts is read
// at about the speed of ASCII. Only where that is not enough it looks again.
func lookAt(s string) (valid, plain bool) {
	var due, unsure, doubtful uint64 // due: which of the next bytes have to go on with a character
	for i := 0; i < len(s); i += 8 {
		var x uint64
		if i+8 <= len(s) {
			x = eightBytes(s[i:])
		} else {
			x = lastBytes(s[i:])
		}
		top := x & tops
		if top|due == 0 {
			continue
		}
		two := top & (x << 1) // begins with one that at least one more has to follow
		three := two & (x << 2)
		four := three & (x << 3)
		if due|two<<8|three<<16|four<<24 != top&^(x<<1) {
			return false, false
		}
		due = two>>56 | three>>48 | four>>40
		// low+(0x100-c) has the top bit of every byte outside ASCII from c on.
		low := x &^ tops
		unsure |= top & ((low+0x40*ones)&^(low+0x3E*ones) | (low+0x20*ones)&^(low+0x1F*ones) | (low + 0x13*ones))
		doubtful |= top & ((low+0x34*ones)&^(low+0x31*ones) | (low+0x2E*ones)&^(low+0x1C*ones) |
			(low+0x16*ones)&^(low+0x15*ones) | (low + 0x13*ones))
	}
	if due != 0 {
		return false, false
	}
	valid = unsure == 0 || utf8.ValidString(s) && !strings.Contains(s, "\uFFFE") && !strings.Contains(s, "\uFFFF")
	return valid, valid && (doubtful == 0 || isPlainNFC(s))
}

// lastBytes is eightBytes for less than eight, with zeros behind.
func lastBytes(s string) (x uint64) {
	for i := len(s) - 1; i >= 0; i-- {
		x = x<<8 | uint64(s[i])
	}
	return x
}
