package jobs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/store"
)

// ending is what a work reports to the dispatcher; err is one of the store, never of the work.
type ending struct {
	claim claimed
	err   error
}

// dispatch hands out due slices and keeps those at work leased, until ctx ends, Drain is called, or the store fails.
func (r *Runner) dispatch(ctx, works context.Context, changed <-chan struct{}, ended chan ending) error {
	for {
		wake, err := r.turn(ctx, works, ended)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		// What has ended already is taken first: where several things have happened, chance decides nothing.
		select {
		case e := <-ended:
			r.forget(e.claim)
			if e.err != nil && ctx.Err() == nil {
				return e.err
			}
			continue
		default:
		}
		rang, cancel := r.alarm(ctx, wake)
		select {
		case <-ctx.Done():
		case <-r.drain:
		case <-changed:
		case e := <-ended:
			r.forget(e.claim)
			err = e.err
		case err = <-rang:
			rang = nil
		}
		cancel()
		if rang != nil {
			<-rang
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-r.drain:
			return r.finish(ctx, works, ended)
		default:
		}
	}
}

// finish waits for the works at hand and keeps them leased.
func (r *Runner) finish(ctx, works context.Context, ended chan ending) error {
	for r.busy() > 0 {
		wake, err := r.renew(works)
		if err != nil {
			return err
		}
		rang, cancel := r.alarm(ctx, wake)
		select {
		case <-ctx.Done():
			cancel()
			<-rang
			return nil
		case e := <-ended:
			r.forget(e.claim)
			err = e.err
		case err = <-rang:
			rang = nil
		}
		cancel()
		if rang != nil {
			<-rang
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// alarm rings at a time, never for the zero one. cancel must be called; after it, rang gives a value at once.
func (r *Runner) alarm(ctx context.Context, at time.Time) (rang chan error, cancel context.CancelFunc) {
	ctx, cancel = context.WithCancel(ctx)
	rang = make(chan error, 1)
	r.o.Go(func() {
		if at.IsZero() {
			<-ctx.Done()
			rang <- nil
			return
		}
		err := r.o.Wait(ctx, at)
		if ctx.Err() != nil {
			err = nil
		}
		rang <- err
	})
	return rang, cancel
}

// turn takes up what is due, as far as workers are free, and returns when to look again.
func (r *Runner) turn(ctx, works context.Context, ended chan ending) (wake time.Time, err error) {
	wake, err = r.renew(works)
	if err != nil {
		return wake, err
	}
	for len(r.kinds) > 0 && r.busy() < r.o.Workers {
		due, ok, err := r.o.Store.NextDue(ctx, r.kinds...)
		if err != nil || !ok {
			return wake, err
		}
		if due.After(r.o.Now()) {
			return earlier(wake, due), nil
		}
		if wake, err = r.takeUp(ctx, works, wake, ended); err != nil {
			return wake, err
		}
	}
	return wake, nil
}

// takeUp claims what is due and starts it. Between the two it is neither due nor at work, and Idle must not miss it.
func (r *Runner) takeUp(ctx, works context.Context, wake time.Time, ended chan ending) (time.Time, error) {
	r.taking(true)
	defer r.taking(false)
	claimed, err := r.claim(ctx, r.o.Workers-r.busy())
	if err != nil {
		return wake, err
	}
	for _, s := range claimed {
		wake = earlier(wake, r.start(works, s, ended))
	}
	return wake, nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (r *Runner) claim(ctx context.Context, n int) (got []store.Slice, err error) {
	err = r.o.Store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		for range n {
			s, found, err := tx.Claim(r.o.Owner, r.kinds, r.o.Lease)
			if err != nil || !found {
				return err
			}
			got = append(got, s)
		}
		return nil
	})
	return got, err
}

// renewAt is when a lease is renewed: when half of it is over.
func (r *Runner) renewAt(s store.Slice) time.Time { return s.LeaseEnd.Add(-r.o.Lease / 2) }

// renew gives the slices at work more time, where half of it is over, and returns when to do so next. A work whose slice
// was taken over is told to end.
func (r *Runner) renew(works context.Context) (wake time.Time, err error) {
	now := r.o.Now()
	r.mu.Lock()
	var late []*running
	for _, w := range r.running {
		if !r.renewAt(w.slice).After(now) {
			late = append(late, w)
		}
	}
	r.mu.Unlock()
	// In a certain order: one that has just ended is refused, and which comes first must not be chance.
	slices.SortFunc(late, func(a, b *running) int {
		return cmp.Or(strings.Compare(a.slice.ID, b.slice.ID), cmp.Compare(a.slice.Fence, b.slice.Fence))
	})
	for _, w := range late {
		until := now.Add(r.o.Lease)
		err := r.o.Store.Commit(context.WithoutCancel(works), store.Lease{}, func(tx *store.Tx) error { return tx.RenewSlice(w.slice, until) })
		if err != nil && !errors.Is(err, store.ErrFenced) {
			return wake, err
		}
		if err != nil {
			w.cancel(err)
		}
		// The work of a lost slice is asked to end once; what it writes is shut out anyway.
		r.mu.Lock()
		w.slice.LeaseEnd = until
		r.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.running {
		wake = earlier(wake, r.renewAt(w.slice))
	}
	return wake, nil
}
