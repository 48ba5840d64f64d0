package body

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/body/bodytest"
	"github.com/tandem-sync/tandem/internal/confluence"
)

// A long form is digested in pieces; the digest is that of the whole.
func TestLongFormsAreDigestedWhole(t *testing.T) {
	for seed := range uint64(20) {
		raw := bodytest.Random(seed, 400).String()
		switch seed % 5 {
		case 1: // nothing is final inside a mark
			raw = "<strong><em>" + raw + "</em></strong><strong>" + raw + "</strong>"
		case 2: // nor inside a parameter
			raw = `<ac:structured-macro><ac:parameter ac:name="">` + raw + `</ac:parameter><ac:parameter ac:name="a">` + raw + "</ac:parameter></ac:structured-macro>"
		case 3:
			raw = strings.Repeat("<div><blockquote>", 40) + raw + strings.Repeat("</blockquote></div>", 40)
		case 4:
			raw = "<pre><span>" + raw + "</span>x</pre>"
		}
		tree := parse(t, raw)
		w := writer{t: *tree}
		w.body()
		if len(w.out) < 4*chunk {
			t.Fatalf("only %d bytes", len(w.out))
		}
		if tree.Form().Skeleton != confluence.Sum(w.out) {
			t.Errorf("seed %d: digests differ", seed)
		}
		checkForm(t, raw)
	}
}

// Put on a page of a usual size and on a large one, with edits all over.
func TestPutLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("large bodies")
	}
	s := bodytest.Random(7, 2500)
	pick := rand.New(rand.NewPCG(1, 2)).IntN
	v := s
	for range 60 {
		if edited, _ := v.Edit(bodytest.Meaning, pick); edited != nil {
			v = edited
		}
	}
	checkPut(t, v.String(), s.String())
	// Deep, wide, and all alike: alignment has bounds.
	for _, raw := range []string{
		strings.Repeat("<div>", 400) + strings.Repeat("<p>same words</p>", 20_000) + strings.Repeat("</div>", 400),
		"<table><tbody>" + strings.Repeat("<tr><td>same</td></tr>", 20_000) + "</tbody></table>",
		"<p>" + strings.Repeat("word ", 100_000) + "</p>",
	} {
		changed := strings.Replace(strings.Replace(raw, "same", "other", 1), "word", "another", 1)
		middle := len(changed) / 2
		at := middle + strings.IndexAny(changed[middle:], "sw")
		changed = changed[:at] + "X" + changed[at+1:]
		checkPut(t, changed, raw)
	}
}
