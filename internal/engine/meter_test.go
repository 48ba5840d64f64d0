package engine

import (
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// A slice that begins with counts as they were saved last does not take the progress of the slice before it back.
func TestProgressDoesNotGoBackBetweenSlices(t *testing.T) {
	e := &Engine{opt: Options{Now: time.Now}, live: map[string]*meter{}}
	saved := migration.Task{Status: migration.TaskRunning, Phase: migration.PhaseContent}
	saved.Counts.Pages.Total = 2
	e.meterOf("r#1", "K", saved, [2]*site{}).done(reconcile.Change{Twin: "t", Verb: confluence.VerbPost, Kind: confluence.Page})
	if n := e.meterOf("r#1", "K", saved, [2]*site{}).snapshot().Counts.Pages.Done; n != 1 {
		t.Errorf("%d of 2 pages are done", n)
	}
	if n := e.liveTasks("r#1")["K"].Counts.Pages.Done; n != 1 {
		t.Errorf("%d of 2 pages are reported", n)
	}
	saved.Status = migration.TaskFailed // and tried again: what was saved counts
	if n := e.meterOf("r#1", "K", saved, [2]*site{}).snapshot().Counts.Pages.Done; n != 0 {
		t.Errorf("%d pages are done before a retry", n)
	}
}
