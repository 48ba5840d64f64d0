package body

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

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

// lookAt agrees with the slow ways on every character, and on bytes that are none.
func TestLookAt(t *testing.T) {
	check := func(s string) {
		valid, plain := lookAt(s)
		wantValid := utf8.ValidString(s) && !strings.ContainsAny(s, "\uFFFE\uFFFF")
		if valid != wantValid || plain != (wantValid && isPlainNFC(s)) {
			t.Fatalf("lookAt(%+q) = %v, %v", s, valid, plain)
		}
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r < 0x30000 || r%97 == 0 || r > 0x10FF00 {
			check(string(r))
			check("aä" + string(r) + "日 b")
		}
	}
	pick := rand.New(rand.NewPCG(1, 2))
	bytes := []byte{'a', ' ', 0x80, 0xBF, 0xC1, 0xC3, 0xCC, 0xD0, 0xE0, 0xA0, 0x9F, 0xE4, 0xED, 0xEF, 0xBE, 0xF0, 0x90, 0xF4, 0xF5, 0xFF}
	for range 200_000 {
		s := make([]byte, 1+pick.IntN(7))
		for i := range s {
			s[i] = bytes[pick.IntN(len(bytes))]
		}
		check(string(s))
	}
}
