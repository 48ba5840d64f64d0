package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// Rows that grow again and again are moved together, and stay what they were put as.
func TestRowsStayWhatTheyAre(t *testing.T) {
	x := newShown(newRoster())
	row := func(i, round int) store.Observed {
		twin := confluence.TwinID(fmt.Sprintf("t%d", i))
		return store.Observed{ID: confluence.ID(fmt.Sprint(i + 1)), Twin: twin, Content: confluence.Content{
			ID: confluence.ID(fmt.Sprint(i + 1)), Kind: confluence.Page, Title: strings.Repeat("x", 200+40*round) + fmt.Sprint(i)}}
	}
	const rows, rounds = 3000, 12
	for round := range rounds {
		for i := range rows {
			o := row(i, round)
			x.put(o.Twin, &o)
		}
	}
	for i := range rows {
		want := row(i, rounds-1)
		got := x.get(want.Twin)
		if got == nil || got.Content.Title != want.Content.Title || got.Content.ID != want.Content.ID || got.Twin != want.Twin {
			t.Fatalf("row %d is %+v", i, got)
		}
	}
	if used := len(x.arena.pieces) * pieceSize; used > 2*rows*800 {
		t.Errorf("%d rows take %d bytes", rows, used)
	}
}
