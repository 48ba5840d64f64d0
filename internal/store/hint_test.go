package store_test

import (
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// A hint that was noted again after it was read is news, also within one tick of the clock.
func TestDropHintAsItWasRead(t *testing.T) {
	s, _ := open(t)
	put := func(version int) {
		t.Helper()
		commit(t, s, func(tx *store.Tx) error {
			return tx.PutHint(store.Hint{Pair: 1, Side: confluence.B, Kind: confluence.Page, ID: "7", Version: version})
		})
	}
	hints := func() []store.Hint {
		t.Helper()
		list, err := s.Hints(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	put(1)
	read := hints()[0]
	put(2)
	commit(t, s, func(tx *store.Tx) error { return tx.DropHint(read) })
	left := hints()
	if len(left) != 1 || left[0].Version != 2 {
		t.Fatalf("%v left", left)
	}
	commit(t, s, func(tx *store.Tx) error { return tx.DropHint(left[0]) })
	if left := hints(); len(left) != 0 {
		t.Errorf("%v left", left)
	}
}
