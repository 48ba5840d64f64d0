package simulation

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

// furnish gives side A a small space K that alice wrote.
func furnish(t *testing.T, w *World) {
	t.Helper()
	for side := range w.sites {
		w.Site(confluence.Side(side)).AddUser("alice", "Alice", "alice@example.test")
	}
	w.addSpace(t, confluence.A, "K")
	for _, a := range []string{
		`{"create": {"title": "A", "under": "K", "text": "<p>A p1 alpha</p>"}}`,
		`{"create": {"title": "A1", "under": "A", "text": "<p>A1 p1 alpha</p>"}}`,
		`{"create": {"title": "B", "under": "K", "text": "<p>see <ac:link><ri:page ri:content-title=\"A1\"/></ac:link></p>"}}`,
		`{"label": {"page": "A", "add": ["x"]}}`,
		`{"attach": {"page": "A", "name": "f.png", "bytes": "A f.png"}}`,
		`{"comment": {"page": "A", "as": "c1", "text": "A c1"}}`,
	} {
		if _, err := w.Act(confluence.A, "alice", a); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *World) addSpace(t *testing.T, side confluence.Side, key string) {
	t.Helper()
	if err := w.AddSpace(side, key, key); err != nil {
		t.Fatal(err)
	}
}

// migrateK migrates space K from A to B and returns the run's id.
func migrateK(w *World) (string, error) {
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site, p.Spaces = "k", "DC", "Cloud", []migration.SpaceScope{migration.NewScope("K", "K")}
	var run string
	err := w.Do(func(e *engine.Engine) error {
		if _, err := e.CreatePlan(w.Context(), p); err != nil {
			return err
		}
		var err error
		run, err = e.Start(w.Context(), "k")
		return err
	})
	if err != nil {
		return run, err
	}
	return run, w.Settle()
}

// sameLog fails where two call logs differ, naming the first line that does.
func sameLog(t *testing.T, a, b []byte) {
	t.Helper()
	if bytes.Equal(a, b) {
		return
	}
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			t.Fatalf("line %d differs, after\n%s\n%s\n%s", i+1, strings.Join(x[max(0, i-8):i], "\n"), x[i], y[i])
		}
	}
	t.Fatalf("one run has %d calls, the other %d", len(x), len(y))
}

// TestMigrationInAWorld migrates a live Data Center's space to a Cloud, twice with each seed: the calls are the same.
func TestMigrationInAWorld(t *testing.T) {
	for _, seed := range []uint64{0, 1, 2, 3} {
		var logs [2][]byte
		for i := range logs {
			synctest.Test(t, func(t *testing.T) { logs[i] = migration1(t, Options{Seed: seed, Quiet: synctest.Wait}) })
		}
		sameLog(t, logs[0], logs[1])
	}
}

// TestMigrationOutsideABubble does the same where only the runtime tells when everything stands still.
func TestMigrationOutsideABubble(t *testing.T) {
	sameLog(t, migration1(t, Options{Seed: 5}), migration1(t, Options{Seed: 5}))
}

func migration1(t *testing.T, opt Options) []byte {
	w, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	furnish(t, w)
	id, err := migrateK(w)
	if err != nil {
		t.Fatal(err)
	}
	run, err := w.Store().Run(w.Context(), id)
	if err != nil || run.Status != migration.PlanFinished {
		t.Fatalf("%v %v", run.Status, err)
	}
	return w.Log()
}

// TestASecondEngineFindsTheDiskFull lets one engine sleep with a write on its way and the one that takes over end, because
// it cannot write: both are started again, and the migration arrives.
func TestASecondEngineFindsTheDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slept, refused := false, false
		w, err := New(Options{Seed: 1, Quiet: synctest.Wait, Before: func(e Event) Fate {
			switch {
			case !slept && e.Kind == Request && e.Call.Verb == confluence.VerbPost && e.Call.Writes():
				slept = true
				return Fate{Sleep: true}
			case slept && !refused && e.Kind == Commit:
				refused = true
				return Fate{Refuse: true}
			}
			return Fate{}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}()
		furnish(t, w)
		id, err := migrateK(w)
		if errors.Is(err, errCrashed) { // in the call that starts the run
			err = w.Settle()
		}
		if err != nil {
			t.Fatal(err)
		}
		run, err := w.Store().Run(w.Context(), id)
		if err != nil || run.Status != migration.PlanFinished {
			t.Errorf("%v %v", run.Status, err)
		}
		if !refused || w.Crashes() != 1 {
			t.Errorf("refused: %v, crashes: %d", refused, w.Crashes())
		}
	})
}
