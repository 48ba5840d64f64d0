package cloud_test

import (
	"fmt"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// fill makes a space of n pages without anything on them.
func fill(t testing.TB, w confluence.Writer, n int) confluence.Space {
	t.Helper()
	r, err := w.Apply(t.Context(), confluence.CreateSpace{Key: "BIG", Name: "Big", Private: true}, confluence.Payload{})
	if err != nil {
		t.Fatal(err)
	}
	s := confluence.Space{ID: r.ID, Key: "BIG", HomeID: r.HomeID}
	for i := range n {
		body := confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: fmt.Sprintf("<p>%d</p>", i)}}
		if _, err := w.Apply(t.Context(), confluence.Create{Space: s, Kind: confluence.Page, Title: fmt.Sprintf("P%05d", i)}, body); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestScanCost holds the Scan to its price, right after the last page was written and the index shows none of them.
func TestScanCost(t *testing.T) {
	for n, most := range map[int]int64{1_000: 40, 3_000: 120} {
		if n > 1_000 && testing.Short() {
			continue
		}
		b := newBench(t, nil)
		c := b.open(t, nil)
		s := fill(t, c, n)
		before, _ := c.Calls()
		got := 0
		for cursor := confluence.Cursor(""); ; {
			batch, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s, Facets: confluence.AllFacets, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			got += len(batch.Contents)
			if cursor = batch.Next; cursor == "" {
				break
			}
		}
		after, _ := c.Calls()
		if got != n+1 || after-before > most {
			t.Errorf("a Scan of %d contents took %d calls, want %d contents and at most %d calls", got, after-before, n+1, most)
		}
		t.Logf("%d pages: %d calls", n, after-before)
	}
}
