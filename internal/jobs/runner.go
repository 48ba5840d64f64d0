// Package jobs runs short slices of work, again after a crash, in this process. What is to be done stands in the store;
// the runner only decides who does it now.
package jobs

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/store"
)

// Work does one slice: at most about 30 seconds, then it returns with a cursor. When ctx ends, it stops at the next safe
// place and returns what is left, or ctx's error, which counts as no attempt. Any other error, or a panic, is recorded on
// the slice, which is tried again later from the cursor it had.
type Work func(ctx context.Context, slice store.Slice) (Next, error)

// Next says how a slice goes on.
type Next struct {
	Done      bool      // nothing is left
	Cursor    []byte    // where the continuation begins
	Due       time.Time // when it is due; zero: at once
	Committed bool      // the work has already written Continue or Finish in a commit of its own
}

// Options say what a runner runs, and how.
type Options struct {
	Store   *store.Store
	Work    map[string]Work  // by kind of slice; other kinds are left alone
	Owner   string           // differs from that of every other runner, dead ones too
	Now     func() time.Time // the clock of the store; nil: Store.Now
	Workers int              // slices at work at once; 0: 4
	// Wait returns when the clock shows until, or when ctx ends, with its error. nil: a timer of the real clock.
	Wait func(ctx context.Context, until time.Time) error
	// Go starts a goroutine; nil: the go statement.
	Go func(func())
	// Lease is how long a slice stays with a runner that gives no sign of life; 0: 3 minutes. A living runner renews it
	// as long as the work takes.
	Lease time.Duration
	// Backoff is the pause after a failed attempt, counted from 1; nil: 1 second, doubled each time, 5 minutes at most.
	Backoff func(attempt int) time.Duration
	// Attempts is after how many failures in a row a slice is parked; 0: 12, negative: never.
	Attempts int
	// Failed hears of each failed attempt after it was recorded. It may be called from several goroutines.
	Failed func(slice store.Slice, err error, parked bool)
}

// Runner works off due slices. Its methods are safe for concurrent use.
type Runner struct {
	o     Options
	kinds []string
	drain chan struct{} // closed by Drain
	ended chan struct{} // closed when Run has returned
	once  sync.Once

	mu      sync.Mutex
	started bool
	running map[claimed]*running
	takes   bool // slices are being claimed
	bells   map[chan struct{}]struct{}
}

// claimed names one claim of a slice: a runner may lose a slice and claim it again before its first work has returned.
type claimed struct {
	id    string
	fence int64
}

// running is a slice at work.
type running struct {
	slice  store.Slice
	cancel context.CancelCauseFunc
}

// New returns a runner that does nothing before Run.
func New(o Options) *Runner {
	if o.Now == nil {
		o.Now = o.Store.Now
	}
	if o.Wait == nil {
		o.Wait = func(ctx context.Context, until time.Time) error { return sleep(ctx, until.Sub(o.Now())) }
	}
	if o.Go == nil {
		o.Go = func(f func()) { go f() }
	}
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Lease <= 0 {
		o.Lease = 3 * time.Minute
	}
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	if o.Attempts == 0 {
		o.Attempts = 12
	}
	r := &Runner{o: o, kinds: slices.Sorted(maps.Keys(o.Work)), drain: make(chan struct{}), ended: make(chan struct{}), running: map[claimed]*running{}, bells: map[chan struct{}]struct{}{}}
	return r
}

func backoff(attempt int) time.Duration {
	return min(time.Second<<min(max(attempt-1, 0), 16), 5*time.Minute)
}

// sleep waits for d, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run works until ctx ends, which also ends the contexts of the works, or until Drain. It returns when all works have
// returned: nil, or the error of a store that cannot be used. It can be called once.
func (r *Runner) Run(ctx context.Context) error {
	r.mu.Lock()
	again := r.started
	r.started = true
	r.mu.Unlock()
	if again {
		return errors.New("jobs: Run was called before")
	}
	defer close(r.ended)
	changed, end := r.o.Store.SlicesChanged()
	defer end()
	ended := make(chan ending, r.o.Workers)
	works, stopWorks := context.WithCancel(ctx)
	defer stopWorks()
	err := r.dispatch(ctx, works, changed, ended)
	if err != nil {
		stopWorks()
	}
	for r.busy() > 0 {
		e := <-ended
		r.forget(e.claim)
		err = errors.Join(err, e.err)
	}
	return err
}

// Drain lets the works at hand finish as they like and takes up nothing new. It returns when Run has, or when ctx ends.
func (r *Runner) Drain(ctx context.Context) error {
	r.once.Do(func() { close(r.drain) })
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Idle returns when no slice of the runner's kinds is due or at work; those that are due later, and parked ones, do not
// count. It returns early only with ctx's error, or that of the store.
func (r *Runner) Idle(ctx context.Context) error {
	changed, end := r.o.Store.SlicesChanged()
	defer end()
	bell := make(chan struct{}, 1)
	r.mu.Lock()
	r.bells[bell] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.bells, bell)
	}()
	for {
		idle, err := r.idle(ctx)
		if idle || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-bell:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *Runner) idle(ctx context.Context) (bool, error) {
	if r.atWork() || len(r.kinds) == 0 {
		return len(r.kinds) == 0, nil
	}
	due, err := r.o.Store.DueSlices(ctx, r.kinds...)
	// One may have been claimed between the two questions; the first one is asked again.
	return err == nil && len(due) == 0 && !r.atWork(), err
}

func (r *Runner) atWork() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running) > 0 || r.takes
}

func (r *Runner) taking(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes = on
	if !on {
		r.ring()
	}
}

func (r *Runner) busy() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

func (r *Runner) forget(c claimed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, c)
	r.ring()
}

// ring tells who waits for Idle that something has changed. Its caller holds mu.
func (r *Runner) ring() {
	for bell := range r.bells {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}
