package body

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

// isPlainNFC never takes for normal what is not: every character alone, and before and after letters and accents.
func TestPlainNFC(t *testing.T) {
	plain := 0
	for r := rune(0x80); r <= 0x1FFFF; r++ {
		if !isChar(r) {
			continue
		}
		for _, s := range []string{string(r), "e" + string(r), string(r) + "é", "a" + string(r) + "\u2014日🙂"} {
			if isPlainNFC(s) {
				plain++
				if !norm.NFC.IsNormalString(s) {
					t.Fatalf("%+q is not normal", s)
				}
			}
		}
	}
	if plain < 100_000 {
		t.Errorf("only %d of all are quickly known", plain)
	}
	for _, s := range []string{"\xe2", "\xe2\x80", "\xf0\x9f", "\xff", "a\x80"} {
		isPlainNFC(s)
	}
	if isPlainNFC("e\u0301") {
		t.Error("a decomposed letter is taken for normal")
	}
}
