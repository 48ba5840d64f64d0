package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// A hint that was noted while our own clock was ahead is looked at once, and neither for ever nor only when the clock has
// caught up.
func TestHintsOfAClockThatWentBack(t *testing.T) {
	w := kept(t)
	w.tick(15 * time.Second)
	ids := w.act(0, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
	row, err := w.store.PairRow(context.Background(), "keep")
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	note := func() {
		w.clock.Advance(10 * time.Minute)
		err := w.store.Commit(context.Background(), store.Lease{}, func(tx *store.Tx) error {
			return tx.PutHint(store.Hint{Pair: row.ID, Side: confluence.A, Kind: confluence.Page, ID: confluence.ID(ids[0])})
		})
		w.clock.Advance(-10 * time.Minute)
		if err != nil {
			t.Fatal(err)
		}
	}
	note()
	w.tick(12 * time.Second)
	if got := w.text(1, "A"); got != w.text(0, "A") {
		t.Errorf("Cloud holds %q after a feed: %s", got, w.story())
	}
	note()
	w.sweep()
	if left, err := w.store.Hints(context.Background(), row.ID); err != nil || len(left) != 0 {
		t.Errorf("%v left, %v", left, err)
	}
}
