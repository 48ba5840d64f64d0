package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/engine"
)

// TestAnsweredByAnotherEngine asks an engine for a cycle that another one on the same store carries out, as after a long
// sleep: that one's events are not heard here, and the answer is.
func TestAnsweredByAnotherEngine(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	asked := engine.New(engine.Options{
		Store: w.store, Connect: w.connect, Now: w.clock.Now, Wait: w.clock.Until, Go: func(f func()) { go f() },
		NewID: func() string { return fmt.Sprintf("OP%020d", w.ids.Add(1)) }, Owner: "asleep",
	})
	defer asked.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	report, err := asked.SyncPair(ctx, "keep", engine.SyncOptions{})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if report.Outcome != "done" {
		t.Errorf("the cycle is %q", report.Outcome)
	}
}
