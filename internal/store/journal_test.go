package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

func sampleIntent(op string, n int) store.Intent {
	return store.Intent{Op: op, Run: "P#1", Pair: 1, Slice: "run/HR", Cycle: 2, Twin: twin(n), Side: confluence.B, Site: "cloud", Verb: confluence.VerbPost,
		TargetID: "t", Facets: reconcile.Title | reconcile.Body, PreVersion: 4, PreDigest: digestOf("pre"), PayloadDigest: digestOf("p"), PayloadBlob: digestOf("b"),
		NaturalKey: "HR/Title", Needs: "1 2", Attempt: 1, RetryOf: "", SentAt: time.Date(2026, 1, 5, 9, 0, 0, 123456789, time.UTC), TimeoutMS: 30_000}
}

func settle(t *testing.T, s *store.Store, o store.Outcome) {
	t.Helper()
	commit(t, s, func(tx *store.Tx) error { return tx.Settle(o) })
}

func journal(t *testing.T, s *store.Store, f store.JournalFilter) []store.JournalRow {
	t.Helper()
	return must[[]store.JournalRow](t)(s.Journal(ctx, f))
}

func TestJournalOfACall(t *testing.T) {
	s, c := open(t)
	l := lease(t, s, "pair")
	in := sampleIntent("01", 1)
	commitUnder(t, s, l, func(tx *store.Tx) error { return tx.Intend(in) })
	in.Fence = l.Fence
	want := store.JournalRow{Seq: 1, Intent: in, Outcome: store.Outcome{Op: "01", State: store.StateIntent}}
	equal(t, []store.JournalRow{want}, must[[]store.JournalRow](t)(s.OpenIntents(ctx, store.JournalFilter{Run: "P#1"})))

	// Before its outcome it cannot be read back.
	back := store.ReadBack{Content: digestOf("c"), Presentation: digestOf("pr"), Raw: digestOf("r"), Version: 5}
	if err := s.Commit(ctx, l, func(tx *store.Tx) error { return tx.ReadBack("01", back) }); err == nil {
		t.Error("read back before it was done")
	}
	want.Outcome = store.Outcome{Op: "01", State: store.StateDone, HTTPStatus: 200, Code: confluence.CodeLimited, NewID: "77", NewVersion: 1, EndedAt: c.Now()}
	settle(t, s, store.Outcome{Op: "01", State: store.StateDone, HTTPStatus: 200, Code: confluence.CodeLimited, NewID: "77", NewVersion: 1})
	equal(t, []store.JournalRow{want}, journal(t, s, store.JournalFilter{Unread: true}))
	commitUnder(t, s, l, func(tx *store.Tx) error { return tx.ReadBack("01", back) })
	back.At = c.Now()
	want.ReadBack = back
	equal(t, []store.JournalRow{want}, journal(t, s, store.JournalFilter{}))
	equal(t, 0, len(journal(t, s, store.JournalFilter{Unread: true})))
	equal(t, 0, len(must[[]store.JournalRow](t)(s.OpenIntents(ctx, store.JournalFilter{Pair: 1}))))
}

// At most one row per twin, side, site, verb and natural key is open.
func TestJournalIsUnique(t *testing.T) {
	s, _ := open(t)
	l := lease(t, s, "pair")
	intend := func(i store.Intent) error {
		return s.Commit(ctx, l, func(tx *store.Tx) error { return tx.Intend(i) })
	}
	if err := intend(sampleIntent("01", 1)); err != nil {
		t.Fatal(err)
	}
	again := sampleIntent("02", 1)
	wantCode(t, intend(again), confluence.CodeUnknownOutcome)
	settle(t, s, store.Outcome{Op: "01", State: store.StateUnknown})
	wantCode(t, intend(again), confluence.CodeUnknownOutcome)
	// The index itself holds, whoever writes.
	err := s.Commit(ctx, l, func(tx *store.Tx) error {
		return tx.Exec("INSERT INTO journal (op, run, pair, slice, fence, cycle, twin, side, site, verb, target_id, facets, pre_version, natural_key, needs, attempt, retry_of, sent_at, timeout_ms, state)" +
			" SELECT 'x', run, pair, slice, fence, cycle, twin, side, site, verb, target_id, facets, pre_version, natural_key, needs, attempt, retry_of, sent_at, timeout_ms, 'intent' FROM journal")
	})
	if err == nil {
		t.Error("the index let a second open row in")
	}
	for i, other := range []func(*store.Intent){
		func(i *store.Intent) { i.Twin = twin(2) }, func(i *store.Intent) { i.Side = confluence.A },
		func(i *store.Intent) { i.Site = "sandbox" }, func(i *store.Intent) { i.Verb = confluence.VerbPut }, func(i *store.Intent) { i.NaturalKey = "HR/Other" },
	} {
		in := sampleIntent(string(rune('a'+i)), 1)
		other(&in)
		if err := intend(in); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	settle(t, s, store.Outcome{Op: "01", State: store.StateAbsent})
	again.RetryOf = "01"
	if err := intend(again); err != nil {
		t.Errorf("after it was settled: %v", err)
	}
	if err := intend(sampleIntent("02", 9)); err == nil {
		t.Error("an op was used twice")
	}
}

func TestJournalStates(t *testing.T) {
	all := []string{store.StateIntent, store.StateUnknown, store.StateDone, store.StateRefused, store.StateAbsent, store.StateOvertaken}
	// From what to what a row goes. From a settled state it goes nowhere: what comes then is late.
	allowed := map[string]string{"intent": "unknown done refused", "unknown": "unknown done refused absent overtaken"}
	s, _ := open(t)
	l := lease(t, s, "pair")
	n := 0
	for _, from := range all {
		for _, to := range all {
			n++
			op := from + ">" + to
			commitUnder(t, s, l, func(tx *store.Tx) error { return tx.Intend(sampleIntent(op, n)) })
			if from != store.StateIntent {
				settle(t, s, store.Outcome{Op: op, State: store.StateUnknown})
				settle(t, s, store.Outcome{Op: op, State: from})
			}
			err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.Settle(store.Outcome{Op: op, State: to, NewID: "9"}) })
			row := journal(t, s, store.JournalFilter{Op: op})[0]
			states, open := allowed[from]
			switch {
			case open && contains(states, to):
				if err != nil || row.Outcome.State != to || len(row.Late) != 0 {
					t.Errorf("%s: %v %v", op, err, row)
				}
			case open:
				if err == nil || row.Outcome.State != from {
					t.Errorf("%s: %v %v", op, err, row)
				}
			default:
				if err != nil || row.Outcome.State != from || len(row.Late) != 1 || row.Late[0].State != to || row.Late[0].NewID != "9" {
					t.Errorf("%s: %v %v", op, err, row)
				}
			}
		}
	}
	err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.Settle(store.Outcome{Op: "none", State: store.StateDone}) })
	wantCode(t, err, confluence.CodeNoSuchName)
}

func contains(list, word string) bool {
	for w := range splitSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// An owner that was shut out can tell what its last call did, and can move nothing.
func TestLateOutcomeMovesNoBaseline(t *testing.T) {
	s, c := open(t)
	old, err := s.Acquire(ctx, "pair", "old", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	commitUnder(t, s, old, func(tx *store.Tx) error { return tx.Intend(sampleIntent("01", 1)) })
	c.Add(2 * time.Minute)
	neu, err := s.Acquire(ctx, "pair", "new", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, s, store.Outcome{Op: "01", State: store.StateUnknown}) // the new owner marks it,
	settle(t, s, store.Outcome{Op: "01", State: store.StateAbsent})  // probes, and does not find it yet

	calls := map[string]func(tx *store.Tx) error{
		"intent":     func(tx *store.Tx) error { return tx.Intend(sampleIntent("02", 2)) },
		"read-back":  func(tx *store.Tx) error { return tx.ReadBack("01", store.ReadBack{}) },
		"baseline":   func(tx *store.Tx) error { return tx.PutAgreed(1, sampleAgreed(1)) },
		"forgetting": func(tx *store.Tx) error { return tx.ForgetAgreed(1, twin(1)) },
	}
	for name, fn := range calls {
		called := false
		err := s.Commit(ctx, old, func(tx *store.Tx) error { called = true; return fn(tx) })
		if !errors.Is(err, store.ErrFenced) || called {
			t.Errorf("%s of the old owner: %v", name, err)
		}
		// Neither without any lease.
		err = s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { _ = fn(tx); return nil })
		if err == nil {
			t.Errorf("%s without a lease", name)
		}
	}
	stale := sampleIntent("03", 3)
	stale.Fence = old.Fence
	if err := s.Commit(ctx, neu, func(tx *store.Tx) error { return tx.Intend(stale) }); !errors.Is(err, store.ErrFenced) {
		t.Errorf("an intent of an older fence: %v", err)
	}

	settle(t, s, store.Outcome{Op: "01", State: store.StateDone, NewID: "77"})
	rows := journal(t, s, store.JournalFilter{})
	if len(rows) != 1 || rows[0].Outcome.State != store.StateAbsent || len(rows[0].Late) != 1 || rows[0].Late[0].NewID != "77" || rows[0].Late[0].State != store.StateDone {
		t.Errorf("journal %+v", rows)
	}
	if n := len(must[[]store.AgreedRow](t)(s.AgreedByTwin(ctx, 1, twin(1)))); n != 0 {
		t.Error("the baseline moved")
	}
	// The same word twice is one.
	settle(t, s, store.Outcome{Op: "01", State: store.StateAbsent})
	equal(t, 1, len(journal(t, s, store.JournalFilter{})[0].Late))
}

func TestJournalFilter(t *testing.T) {
	s, _ := open(t)
	l := lease(t, s, "pair")
	commitUnder(t, s, l, func(tx *store.Tx) error {
		for i := range 10 {
			in := sampleIntent(string(rune('a'+i)), i)
			if i >= 5 {
				in.Run, in.Pair, in.Verb = "P#2", 2, confluence.VerbPut
			}
			if err := tx.Intend(in); err != nil {
				return err
			}
		}
		return tx.Settle(store.Outcome{Op: "a", State: store.StateDone})
	})
	for name, row := range map[string]struct {
		filter store.JournalFilter
		want   string
	}{
		"all": {store.JournalFilter{}, "abcdefghij"}, "op": {store.JournalFilter{Op: "c"}, "c"}, "pair": {store.JournalFilter{Pair: 2}, "fghij"},
		"run": {store.JournalFilter{Run: "P#1"}, "abcde"}, "twin": {store.JournalFilter{Twin: twin(3)}, "d"},
		"verbs": {store.JournalFilter{Verbs: []confluence.Verb{"PUT", "MV"}}, "fghij"}, "states": {store.JournalFilter{States: []string{"done"}}, "a"},
		"page": {store.JournalFilter{After: 2, Limit: 3}, "cde"},
	} {
		got := ""
		for _, r := range journal(t, s, row.filter) {
			got += r.Op
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
