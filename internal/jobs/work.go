package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/tandem-sync/tandem/internal/store"
)

// PanicError is what a panic in a Work becomes.
type PanicError struct {
	Value any
	Stack []byte
}

// Error names the value; the stack is for logs.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// start works on a claimed slice in a goroutine of its own, and returns when its lease must be renewed.
func (r *Runner) start(works context.Context, s store.Slice, ended chan ending) (renew time.Time) {
	ctx, cancel := context.WithCancelCause(works)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := claimed{id: s.ID, fence: s.Fence}
	r.running[c] = &running{slice: s, cancel: cancel}
	r.o.Go(func() {
		defer cancel(nil)
		next, err := call(ctx, r.o.Work[s.Kind], s)
		ended <- ending{claim: c, err: r.settle(works, s, next, err)}
	})
	return r.renewAt(s)
}

// call turns a panic into an error.
func call(ctx context.Context, work Work, s store.Slice) (next Next, err error) {
	returned := false
	defer func() {
		if p := recover(); p != nil || !returned {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	next, err = work(ctx, s)
	returned = true
	return next, err
}

// settle records how a work ended. It returns only errors of the store: a slice that was taken over is no matter of ours
// any more, and in a closed store everything is as a crash would have left it.
func (r *Runner) settle(works context.Context, s store.Slice, next Next, failure error) error {
	if failure == nil && next.Committed {
		return nil
	}
	stopped := works.Err() != nil && errors.Is(failure, context.Canceled)
	parked := r.o.Attempts > 0 && s.Attempt+1 >= r.o.Attempts
	err := r.o.Store.Commit(context.WithoutCancel(works), store.Lease{}, func(tx *store.Tx) error {
		switch {
		case stopped:
			return tx.Yield(s)
		case failure != nil:
			return tx.Retry(s, r.o.Now().Add(r.o.Backoff(s.Attempt+1)), failure, parked)
		case next.Done:
			return tx.Finish(s)
		}
		return tx.Continue(s, next.Cursor, next.Due)
	})
	if failure != nil && !stopped && r.o.Failed != nil {
		r.o.Failed(s, failure, parked && err == nil)
	}
	if errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrClosed) {
		return nil
	}
	return err
}
