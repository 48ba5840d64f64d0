// Package jobs runs short slices of work, again after a crash, in this process. What is to be done stands in the store;
// the runner only decides who does it now.
package jobs

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/store"
)

// Work does one slice: at most about 30 seconds, then it returns with a cursor. It checks ctx between items; when ctx
// ends, it stops at the next safe place and returns, whatever it returns. An error, or a panic, is recorded on the slice,
// which is tried again later.
type Work func(ctx context.Context, slice store.Slice) (Next, error)

// Next says how a slice goes on.
type Next struct {
	Done      bool      // nothing is left
	Cursor    []byte    // where the continuation begins
	Due       time.Time // when it is due; zero: at once
	Committed bool      // the work has already written Continue or Finish in a commit of its own
}
