package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// clock is an injected clock: it stands until Add, which wakes who waits for a time that has come.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
	// waits gets every time that somebody begins to wait for.
	waits chan time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), waiting: map[chan struct{}]time.Time{}, waits: make(chan time.Time, 10_000)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for w, until := range c.waiting {
		if !until.After(c.now) {
			close(w)
			delete(c.waiting, w)
		}
	}
}

func (c *clock) Wait(ctx context.Context, until time.Time) error {
	c.mu.Lock()
	w := make(chan struct{})
	if until.After(c.now) {
		c.waiting[w] = until
	} else {
		close(w)
	}
	c.mu.Unlock()
	c.waits <- until
	select {
	case <-w:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, w)
		return ctx.Err()
	}
}

// awaitWait returns when the runner waits for a time.
func (c *clock) awaitWait(t *testing.T, until time.Time) {
	t.Helper()
	for {
		select {
		case at := <-c.waits:
			if at.Equal(until) {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nobody waits for %v", until)
		}
	}
}

type fixture struct {
	t     *testing.T
	clock *clock
	store *store.Store
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: newClock()}
	f.open("")
	return f
}

func (f *fixture) open(dir string) {
	f.t.Helper()
	s, err := store.Open(ctx, store.Options{Dir: dir, Now: f.clock.Now})
	if err != nil {
		f.t.Fatal(err)
	}
	f.store = s
	f.t.Cleanup(func() {
		if f.store != s {
			return
		}
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
	})
}

// start runs a runner until the test ends or stop is called, which returns what Run returned.
func (f *fixture) start(o jobs.Options) (r *jobs.Runner, stop func() error) {
	f.t.Helper()
	o.Store = f.store
	o.Wait = f.clock.Wait
	if o.Owner == "" {
		o.Owner = "ann"
	}
	r = jobs.New(o)
	runCtx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(runCtx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	f.t.Cleanup(func() {
		if err := stop(); err != nil {
			f.t.Error(err)
		}
	})
	return r, stop
}

func (f *fixture) add(slices ...store.Slice) {
	f.t.Helper()
	f.commit(func(tx *store.Tx) error {
		for _, s := range slices {
			if err := tx.AddSlice(s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *fixture) commit(fn func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.store.Commit(ctx, store.Lease{}, fn); err != nil {
		f.t.Fatal(err)
	}
}

// idle waits until the runner is, at most 20 seconds.
func (f *fixture) idle(r *jobs.Runner) {
	f.t.Helper()
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := r.Idle(limited); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) slices() []store.Slice {
	f.t.Helper()
	all, err := f.store.Slices(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// recorder notes what was worked on.
type recorder struct {
	mu    sync.Mutex
	notes []string
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *recorder) want(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.notes, want) {
		t.Errorf("got %q, want %q", r.notes, want)
	}
}
