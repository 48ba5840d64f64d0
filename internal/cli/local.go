package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// house is tandem in one process: the store it owns, the engine over it, and the API in front.
type house struct {
	store  *store.Store
	engine *engine.Engine
	api    *api.Server
	stop   context.CancelFunc
	ended  chan error // what the engine's Run returned; nil if it was not driven
}

// houseOptions say how a house is built.
type houseOptions struct {
	address string // what the lock file says
	drive   bool   // carry on with work
	workers int
}

// open takes the data directory and puts the parts together.
func (a *app) open(ctx context.Context, o houseOptions) (*house, error) {
	fail, err := failpoint(a.env.Getenv("TANDEM_FAILPOINT"))
	if err != nil {
		return nil, err
	}
	s := a.settings
	st, err := store.Open(ctx, store.Options{Dir: s.DataDir, KeyFile: s.KeyFile, Now: a.env.Now, Address: o.address})
	if err != nil {
		return nil, err
	}
	log := a.log()
	var e *engine.Engine
	sites := connector{
		scratch: filepath.Join(s.DataDir, "scratch"), log: log, timeout: s.RequestTimeout, budgets: &budgets{},
		keep: func(ctx context.Context, site string, secret []byte) error { return e.KeepSecret(ctx, site, secret) },
	}
	if err := emptyScratch(sites.scratch); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	e = engine.New(engine.Options{
		Store: st, Connect: sites.open, Record: sites.record, Now: a.env.Now, Wait: waitUntil(a.env.Now), NewID: newOpIDs(a.env.Now), Go: func(f func()) { go f() },
		Fail: fail, Log: log, Workers: o.workers, Owner: fmt.Sprintf("%s:%d", hostName(), os.Getpid()),
		Timeout: s.RequestTimeout,
	})
	h := &house{store: st, engine: e, api: api.New(api.Options{Store: st, Engine: e, Now: a.env.Now, Log: log, Version: thisVersion()})}
	// The engine's context is not the command's: an interruption lets the step in progress end, see close.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	if o.drive && a.env.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if o.drive {
		h.ended = make(chan error, 1)
		go func() { h.ended <- e.Run(work) }()
	}
	return h, nil
}

// garbagePercent is how much garbage may stand beside what is in use, in percent of it. Most of what is in use are packed
// rows, which cost the collector nothing to look through, so that it may come often.
const garbagePercent = 20

// emptyScratch makes the directory of the indexes of exports and throws away what a killed owner of the data directory
// left in it.
func emptyScratch(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o700)
}

// close ends the engine after the step in progress and lets the data directory go.
func (h *house) close() error {
	h.stop()
	var failed error
	if h.ended != nil {
		if err := <-h.ended; err != nil && !errors.Is(err, context.Canceled) {
			failed = err
		}
	}
	h.api.Close()
	return errors.Join(failed, h.engine.Close(), h.store.Close())
}

// broken returns why the engine has ended although nobody told it to; nil while it works.
func (h *house) broken() error {
	select {
	case err := <-h.ended:
		h.ended <- err // close looks as well
		if err == nil {
			err = errors.New("the engine ended by itself")
		}
		return err
	default:
		return nil
	}
}

// local opens the data directory and returns a client of the API in this process.
func (a *app) local(ctx context.Context, drive bool) (*client, error) {
	h, err := a.open(ctx, houseOptions{drive: drive})
	if err != nil {
		return nil, err
	}
	calls := &sync.WaitGroup{}
	return &client{
		base: "http://in-process", http: &http.Client{Transport: inProcess{h.api, calls}}, broken: h.broken,
		close: func() error {
			err := h.close()
			calls.Wait()
			return err
		},
	}, nil
}

// log returns where the parts log to: standard error with --verbose, else nowhere. Nothing secret is ever logged.
func (a *app) log() *slog.Logger {
	var w io.Writer = io.Discard
	if a.settings.Verbose {
		w = a.env.Stderr
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// waitUntil makes the engine's Wait from a clock.
func waitUntil(now func() time.Time) func(context.Context, time.Time) error {
	return func(ctx context.Context, until time.Time) error {
		t := time.NewTimer(until.Sub(now()))
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// newOpIDs mints ids of journal rows: 48 bits of milliseconds and 80 random ones in Crockford's base 32 (a ULID), so that
// they sort by time.
func newOpIDs(now func() time.Time) func() string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	return func() string {
		var out [26]byte
		ms := uint64(now().UnixMilli())
		for i := 9; i >= 0; i-- {
			out[i] = digits[ms&31]
			ms >>= 5
		}
		var random [16]byte
		_, _ = rand.Read(random[:]) // never fails
		for i, b := range random {
			out[10+i] = digits[b&31]
		}
		return string(out[:])
	}
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}
