package engine

import (
	"context"
	"errors"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
)

// sliceCycle is the kind of the slices in which the cycles of a pair run: one chain per pair, by its name.
const sliceCycle = "cycle"

// workCycle is the jobs.Work of a pair's chain.
func (e *Engine) workCycle(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	return jobs.Next{Done: true}, ctx.Err()
}

// cycleFailed hears of slices of a pair that ended with a panic or an error of the store.
func (e *Engine) cycleFailed(slice store.Slice, cause error, _ bool) {
	var panicked *jobs.PanicError
	if errors.As(cause, &panicked) {
		e.opt.Log.Error("panic", "slice", slice.Key, "value", panicked.Value, "stack", string(panicked.Stack))
		return
	}
	e.opt.Log.Error("cycle failed", "pair", slice.Key, "error", confluence.AsError(cause))
}
