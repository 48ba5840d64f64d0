package engine_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// TestAWriteIsNotSentAfterItsTime stops the process between the intent of a comment and its call, until after the time from
// which others may look whether it was made: it is not sent then, but looked for and sent under an intent of its own.
func TestAWriteIsNotSentAfterItsTime(t *testing.T) {
	w := kept(t)
	w.stop()
	var slept atomic.Bool
	w.fail = func(point string, verb confluence.Verb) {
		if point == "before-call" && verb == confluence.VerbComment && !slept.Swap(true) {
			w.clock.Advance(time.Minute + time.Second)
		}
	}
	w.clock.Advance(time.Second)
	since := w.clock.Now()
	w.open()
	w.act(0, `{"comment":{"page":"A","text":"<p>A c2</p>"}}`)
	w.sweep()
	rows, err := w.store.Journal(t.Context(), store.JournalFilter{Verbs: []confluence.Verb{confluence.VerbComment}})
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	rows = slices.DeleteFunc(rows, func(r store.JournalRow) bool { return r.SentAt.Before(since) })
	for _, r := range rows {
		states[r.Outcome.State]++
		if r.Outcome.State == store.StateDone && r.Outcome.EndedAt.After(r.SentAt.Add(time.Minute)) {
			t.Errorf("sent %v after its intent", r.Outcome.EndedAt.Sub(r.SentAt))
		}
	}
	if len(rows) != 2 || states[store.StateAbsent] != 1 || states[store.StateDone] != 1 {
		t.Errorf("%v: %s", states, w.story())
	}
}
