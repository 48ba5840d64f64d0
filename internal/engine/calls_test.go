package engine_test

import (
	"fmt"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

// TestEachRequestIsCountedOnce: three spaces at work through one connection, whose requests are the run's.
func TestEachRequestIsCountedOnce(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	export := exportOf(t, t.TempDir(), "three.zip", func(bw *backup.Writer) {
		for s := range int64(3) {
			pages := []backup.Content{page(1000*s+1001, 0, fmt.Sprintf("Home %d", s), "<p>home</p>")}
			for i := range int64(20 * (s + 1)) {
				pages = append(pages, page(1000*s+1002+i, 1000*s+1001, fmt.Sprintf("Page %d %d", s, i), "<p>text</p>"))
			}
			space(bw, fmt.Sprintf("S%d", s), pages...)
		}
	})
	w.plan("three", export, migration.NewScope("S0", ""), migration.NewScope("S1", ""), migration.NewScope("S2", ""))
	before, _ := w.calls()
	run := w.migrate("three")
	after, _ := w.calls()
	if run.Status != migration.PlanFinished {
		t.Fatal(w.story(run.ID))
	}
	// The checks before the run are calls too, and count for nobody: the account, the groups, and three for each space.
	if got, sent := run.Calls[confluence.B], after-before; got > sent || got < sent-13 {
		t.Errorf("%d requests counted, %d were sent", got, sent)
	}
}
