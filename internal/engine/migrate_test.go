package engine_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// counts are the counts of the emulator's state dump.
func (w *world) counts() map[string]int {
	w.t.Helper()
	var dump struct{ Counts map[string]int }
	if err := json.Unmarshal(w.site.Dump("full"), &dump); err != nil {
		w.t.Fatal(err)
	}
	return dump.Counts
}

func (w *world) mustFinish(run store.Run) {
	w.t.Helper()
	if run.Status != migration.PlanFinished {
		w.t.Fatalf("not finished: %s", w.story(run.ID))
	}
	proofs, err := w.store.Proofs(context.Background(), run.ID)
	if err != nil || len(proofs) == 0 {
		w.t.Fatalf("no proof: %v", err)
	}
	for _, p := range proofs {
		if !p.Proof.Equal {
			w.t.Fatalf("parity differs: %s", w.story(run.ID))
		}
	}
}

func TestASpaceIsMigratedAndProved(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddGroup("confluence-users")
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	run := w.migrate("P")
	w.mustFinish(run)
	t.Log(w.story(run.ID))
	got := w.counts()
	want := map[string]int{"currentPages": 5, "blogPosts": 1, "footerComments": 2, "replies": 1, "attachmentsCurrent": 1,
		"attachmentsWithBinary": 1, "labels": 2, "restrictedPages": 1, "spaces": 1}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: %d, want %d", k, got[k], n)
		}
	}
}

func TestRunningAgainWritesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	w.mustFinish(w.migrate("P"))
	before := w.writes()
	w.mustFinish(w.migrate("P"))
	if n := w.writes() - before; n != 0 {
		t.Errorf("the second run made %d writes", n)
	}
	_, err := w.engine.EditPlan(context.Background(), "P", func(p *migration.Plan) error {
		p.From.Export, p.From.Fingerprint = smallExport(t, w.dir, "edited"), ""
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before = w.writes()
	run := w.migrate("P")
	w.mustFinish(run)
	rows, err := w.store.Journal(context.Background(), store.JournalFilter{Run: run.ID})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.writes() - before; n != 1 || len(rows) != 1 || rows[0].Verb != confluence.VerbPut {
		t.Errorf("one edit at the source made %d writes, journal %+v", n, rows)
	}
	if name := engine.PeopleSource(migration.Plan{Name: "P"}); name != "export:P" {
		t.Error(name)
	}
}

// writes counts the requests that the site took for writes.
func (w *world) writes() int64 {
	var n int64
	for _, c := range w.site.Counters() {
		n += int64(c.Writes)
	}
	return n
}

// dump reads the emulator's full state dump.
func (w *world) dump(into any) {
	w.t.Helper()
	if err := json.Unmarshal(w.site.Dump("full"), into); err != nil {
		w.t.Fatal(err)
	}
}
