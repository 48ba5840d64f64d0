package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

func splitSeq(s string) func(func(string) bool) { return strings.FieldsSeq(s) }

func TestLeaseOfOneOwner(t *testing.T) {
	s, c := open(t)
	ann, err := s.Acquire(ctx, "HR", "ann", time.Minute)
	if err != nil || ann.Fence != 1 || !ann.Until.Equal(c.Now().Add(time.Minute)) {
		t.Fatalf("%+v %v", ann, err)
	}
	if _, err := s.Acquire(ctx, "HR", "bob", time.Minute); !errors.Is(err, store.ErrHeld) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Acquire(ctx, "OPS", "bob", time.Minute); err != nil {
		t.Errorf("another name: %v", err)
	}
	c.Add(59 * time.Second)
	if ann, err = s.Renew(ctx, ann, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Add(59 * time.Second)
	if _, err := s.Acquire(ctx, "HR", "bob", time.Minute); !errors.Is(err, store.ErrHeld) {
		t.Errorf("a renewed one: %v", err)
	}
	// Its time runs out: nobody took it, so it still counts and can be renewed.
	c.Add(time.Second)
	commitUnder(t, s, ann, logLine("r", "still mine"))
	if ann, err = s.Renew(ctx, ann, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Add(time.Minute)
	bob, err := s.Acquire(ctx, "HR", "bob", time.Minute)
	if err != nil || bob.Fence != 2 {
		t.Fatalf("%+v %v", bob, err)
	}
	for what, err := range map[string]error{
		"commit": s.Commit(ctx, ann, func(tx *store.Tx) error { t.Error("called"); return nil }),
		"renew":  func() error { _, err := s.Renew(ctx, ann, time.Hour); return err }(),
	} {
		if !errors.Is(err, store.ErrFenced) {
			t.Errorf("%s of the old owner: %v", what, err)
		}
	}
	if err := s.Release(ctx, ann); err != nil {
		t.Errorf("release of the old owner: %v", err)
	}
	commitUnder(t, s, bob, logLine("r", "mine"))
	equal(t, bob, must[store.Lease](t)(s.Lease(ctx, "HR")))
	if err := s.Release(ctx, bob); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(ctx, bob, logLine("r", "x")); !errors.Is(err, store.ErrFenced) {
		t.Errorf("after release: %v", err)
	}
	cee, err := s.Acquire(ctx, "HR", "cee", time.Minute)
	if err != nil || cee.Fence != 3 {
		t.Errorf("%+v %v", cee, err)
	}
	_, err = s.Lease(ctx, "none")
	wantCode(t, err, confluence.CodeNoSuchName)
}

// The same owner may come again, after a failure of its own; its earlier self is shut out.
func TestLeaseTakenAgainByItsOwner(t *testing.T) {
	s, _ := open(t)
	first := lease(t, s, "HR")
	second := lease(t, s, "HR")
	if second.Fence != first.Fence+1 {
		t.Errorf("fences %d and %d", first.Fence, second.Fence)
	}
	if err := s.Commit(ctx, first, logLine("r", "x")); !errors.Is(err, store.ErrFenced) {
		t.Errorf("got %v", err)
	}
	commitUnder(t, s, second, logLine("r", "x"))
}

// A lease that was made up counts for nothing.
func TestLeaseOfNobody(t *testing.T) {
	s, _ := open(t)
	for _, l := range []store.Lease{{Name: "none", Owner: "x", Fence: 1}, {Name: "none"}, {Fence: 1}} {
		if err := s.Commit(ctx, l, logLine("r", "x")); !errors.Is(err, store.ErrFenced) {
			t.Errorf("%+v: %v", l, err)
		}
	}
	freed := lease(t, s, "freed")
	if err := s.Release(ctx, freed); err != nil {
		t.Fatal(err)
	}
	freed.Owner = ""
	if err := s.Commit(ctx, freed, logLine("r", "x")); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a freed one: %v", err)
	}
	for _, who := range [][2]string{{"", "ann"}, {"HR", ""}} {
		if _, err := s.Acquire(ctx, who[0], who[1], time.Minute); err == nil {
			t.Errorf("%q got a lease of %q", who[1], who[0])
		}
	}
}

// Opening the directory again frees what a dead owner held, and shuts the dead one out.
func TestOpenFreesWhatTheDeadHeld(t *testing.T) {
	dir, c := dataDir(t), newClock()
	s := openAt(t, store.Options{Dir: dir, Now: c.Now})
	l := lease(t, s, "HR")
	commitUnder(t, s, l, func(tx *store.Tx) error {
		_ = tx.Intend(sampleIntent("01", 1))
		_ = tx.AddSlice(store.Slice{Kind: "run", Key: "HR", Cursor: []byte("c")})
		_, _, err := tx.Claim("dead", []string{"run"}, time.Hour)
		return err
	})
	if due := must[[]store.Slice](t)(s.DueSlices(ctx)); len(due) != 0 {
		t.Errorf("due %v", due)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, store.Options{Dir: dir, Now: c.Now})
	defer s.Close()
	if due := must[[]store.Slice](t)(s.DueSlices(ctx, "run")); len(due) != 1 || string(due[0].Cursor) != "c" || due[0].Attempt != 0 {
		t.Errorf("due %+v", due)
	}
	if err := s.Commit(ctx, l, logLine("r", "x")); !errors.Is(err, store.ErrFenced) {
		t.Errorf("the dead owner: %v", err)
	}
	if _, err := s.Acquire(ctx, "HR", "other", time.Hour); err != nil {
		t.Error(err)
	}
	if open := must[[]store.JournalRow](t)(s.OpenIntents(ctx, store.JournalFilter{})); len(open) != 1 || open[0].Outcome.State != store.StateUnknown {
		t.Errorf("open %+v", open)
	}
}
