// Package engine acts: it is the only place where decisions become effects.
//
// It looks at both sites, lets package reconcile decide, and carries the decisions out under a journal: an intent is
// durable before its call, the outcome after it, and what a site shows afterwards is read again before anything counts
// as agreed. It knows nothing of products; sites differ by their capabilities only.
package engine

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
)

// Connect opens a site with its unsealed secret. The Writer is nil for a site that cannot be written to. A Reader that
// is an io.Closer is closed with the engine.
type Connect func(ctx context.Context, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error)

// Record reads a site as a tour of it does and writes what it answers, masked, into a folder. It returns the number of
// exchanges written.
type Record func(ctx context.Context, site store.Site, secret []byte, space, dir string) (int, error)

// Options are what an Engine is made of. Clock, ids and fan-out are injected so that a simulation can own them.
type Options struct {
	Store   *store.Store
	Connect Connect
	Record  Record // nil: sites cannot be recorded
	Now     func() time.Time
	// Wait returns when the clock has reached until, or with ctx's error.
	Wait func(ctx context.Context, until time.Time) error
	// NewID mints the ids of journal rows; they sort by time.
	NewID func() string
	// Go starts a goroutine.
	Go func(func())
	// Fail is called at the named points before-call, after-call and after-outcome of every write; crash tests end the
	// process in it. Nil: nothing happens.
	Fail func(point string, verb confluence.Verb)
	// Count is told of what happens inside: "row 13" when a row of the decision table decides, "probe PUT" when a write of
	// unknown outcome is looked for. Nil: nobody counts.
	Count func(what string, n int)
	Log   *slog.Logger
	// Workers is how many chains of slices run side by side.
	Workers int
	// Parallel is how many bodies are looked at side by side; zero = one for each processor, at most 4.
	Parallel int
	// Slice is how long one slice may start new work; zero = 30 s.
	Slice time.Duration
	// Rand gives numbers from 0 to below 1, for the spread of intervals; nil: no spread.
	Rand func() float64
	// Owner names this process in leases.
	Owner string
	// Timeout is how long a write may take at a site before its outcome counts as unknown: the time that must pass
	// before a comment or a blog post is sent again (D30). Zero = 60 s.
	Timeout time.Duration
}

// Engine runs migrations and keeps pairs equal. Its methods are safe for concurrent use.
type Engine struct {
	opt    Options
	store  *store.Store
	runner *jobs.Runner

	mu      sync.Mutex
	sites   map[string]*site
	retired []confluence.Reader    // forgotten, and perhaps still read by a chain at work
	live    map[string]*meter      // by run and space
	working map[string]int         // chains at work, by run
	cycles  map[string]*cycleMeter // by pair
	hub     hub

	pairing turn // of reading, changing and writing a pair
	known   knownPeople

	starting turn // of beginning a run: a plan has one at a time

	// checkView is what a test does with every view that was followed instead of loaded; nil: nothing.
	checkView func(context.Context, *work, *view) error
}

// New makes an engine. It starts nothing; Run does.
func New(opt Options) *Engine {
	if opt.Slice == 0 {
		opt.Slice = 30 * time.Second
	}
	if opt.Timeout == 0 {
		opt.Timeout = time.Minute
	}
	if opt.Workers == 0 {
		opt.Workers = 4
	}
	if opt.Parallel == 0 {
		opt.Parallel = min(runtime.GOMAXPROCS(0), 4)
	}
	if opt.Rand == nil {
		opt.Rand = func() float64 { return 0.5 }
	}
	if opt.Fail == nil {
		opt.Fail = func(string, confluence.Verb) {}
	}
	if opt.Count == nil {
		opt.Count = func(string, int) {}
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{opt: opt, store: opt.Store, sites: map[string]*site{}, live: map[string]*meter{}, working: map[string]int{}, cycles: map[string]*cycleMeter{},
		pairing: newTurn(), starting: newTurn()}
	e.runner = jobs.New(jobs.Options{
		Store: opt.Store, Now: opt.Now, Wait: opt.Wait, Go: opt.Go, Workers: opt.Workers, Owner: opt.Owner,
		Work:   map[string]jobs.Work{sliceRun: e.workRun, sliceFeed: e.workFeed, sliceCycle: e.workCycle},
		Failed: e.failedSlice,
	})
	return e
}

// Run carries on what an earlier process left unfinished and works until ctx ends. It returns nil then.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.reviveRuns(ctx); err != nil {
		return err
	}
	if err := e.revivePairs(ctx); err != nil {
		return err
	}
	return e.runner.Run(ctx)
}

// Idle returns when nothing is due or at work: what is due later does not count. It returns early only with ctx's error, or
// that of the store.
func (e *Engine) Idle(ctx context.Context) error { return e.runner.Idle(ctx) }

// Close closes the sites that were opened.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var first error
	for name, s := range e.sites {
		if c, ok := s.reader.(io.Closer); ok {
			if err := c.Close(); err != nil && first == nil {
				first = err
			}
		}
		delete(e.sites, name)
	}
	for _, r := range e.retired {
		closeReader(r)
	}
	e.retired = nil
	return first
}
