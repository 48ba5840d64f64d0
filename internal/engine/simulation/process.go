package simulation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/store"
)

// process is an engine with its data directory, from its start to its end or crash.
type process struct {
	w         *World
	name      string
	dir       string
	store     *store.Store
	engine    *engine.Engine
	ctx       context.Context
	cancel    context.CancelFunc
	work      sync.WaitGroup // its goroutines
	dead      bool           // guarded by the gate
	asleep    bool           // nothing of it happens; guarded by the gate
	overslept bool
	guest     bool // the store is another process's

	mu     sync.Mutex
	broken error // why Run ended by itself
	random *rand.Rand
	budget [2]*rest.Budget
}

// startProcess opens a data directory and starts an engine on it.
func (w *World) startProcess(dir string) error {
	p := w.newProcess(dir)
	st, err := store.Open(context.Background(), store.Options{
		Dir: dir, KeyFile: filepath.Join(w.dir, "key"), Now: p.now, Address: "simulation", Pass: p.passCommit,
	})
	if err != nil {
		return err
	}
	p.store = st
	w.proc = p
	p.run()
	return nil
}

func (w *World) newProcess(dir string) *process {
	w.births++
	p := &process{w: w, name: fmt.Sprintf("p%d", w.births), dir: dir, random: rand.New(rand.NewPCG(w.opt.Seed, uint64(w.births)))}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// run starts the engine on the store.
func (p *process) run() {
	w := p.w
	log := w.opt.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	fan := w.opt.Fan
	if fan == 0 {
		fan = 3
	}
	for side := range p.budget {
		// The engine keeps to the sites' rows; slots that are queued for would be handed out in no order of ours.
		p.budget[side] = rest.NewBudget(rest.BudgetOptions{Concurrent: 64, Clock: p.restClock()})
	}
	p.engine = engine.New(engine.Options{
		Store: p.store, Connect: p.connect, Now: p.now, Wait: p.wait, NewID: p.newID, Go: p.start, Fail: p.passPoint, Log: log, Count: p.w.opt.Count,
		Owner: p.name, Workers: w.opt.Workers, Parallel: 1, Slice: w.opt.Slice, Timeout: w.opt.Timeout,
	})
	p.startNamed(p.name, func() {
		err := p.engine.Run(p.ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil && p.ctx.Err() == nil {
			p.broken = err
		}
	})
}

// start starts a goroutine of the process.
func (p *process) start(f func()) { p.startNamed(p.w.gate.child(), f) }

func (p *process) startNamed(name string, f func()) {
	t := &ticket{Event: Event{Kind: Start, Key: name}, proc: p, open: make(chan struct{})}
	p.work.Add(1)
	parked := p.w.gate.add(t) == nil
	go func() {
		defer p.work.Done()
		if parked {
			<-t.open
		}
		// A dead process's goroutine runs too: somebody may wait for its end, and it gets nowhere.
		defer p.w.gate.enter(name, p)()
		f()
	}()
}

// newID mints an id that sorts by time and is the same in every run, whatever else runs.
func (p *process) newID() string {
	t := p.w.gate.self()
	t.ids++
	t.minted = true
	return fmt.Sprintf("%013d.%s.%d", p.now().UnixMilli(), strings.ReplaceAll(t.name, "/", "-"), t.ids)
}

func (p *process) passCommit(ctx context.Context, done bool) error {
	kind, t := Commit, p.w.gate.self()
	if t.proc != nil {
		p = t.proc // another engine on the same store
	}
	intent := t.minted && !done
	t.minted = false
	if done {
		kind, ctx = Committed, context.WithoutCancel(ctx)
	}
	return p.w.gate.pass(ctx, &ticket{Event: Event{Kind: kind, Key: p.w.gate.next(), Intent: intent}, proc: p})
}

func (p *process) passPoint(point string, verb confluence.Verb) {
	t := p.w.gate.self()
	t.verb = verb
	if point != "before-call" {
		t.verb = ""
	}
	key := fmt.Sprintf("%s %s %s", point, verb, p.w.gate.next())
	_ = p.w.gate.pass(context.Background(), &ticket{Event: Event{Kind: Point, Key: key, Point: point, Verb: verb}, proc: p})
}

// connect is the engine's Connect.
func (p *process) connect(ctx context.Context, row store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	side := confluence.A
	if row.URL == p.w.sites[confluence.B].URL {
		side = confluence.B
	}
	random := func() float64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.random.Float64()
	}
	if row.Kind == confluence.DataCenter {
		c, err := dc.Open(ctx, dc.Options{
			BaseURL: row.URL, Token: string(secret), Transport: line{p, side}, Budget: p.budget[side], Clock: p.restClock(),
			Random: random, Timeout: p.w.opt.Timeout,
		})
		if err != nil {
			return nil, nil, err
		}
		return c, c, nil
	}
	c, err := cloud.Open(ctx, cloud.Options{
		BaseURL: row.URL, Email: row.Email, Token: string(secret), Transport: line{p, side}, Budget: p.budget[side],
		Clock: p.restClock(), Random: random, Timeout: p.w.opt.Timeout,
	})
	if err != nil {
		return nil, nil, err
	}
	return c, c, nil
}

// end waits until nothing of the process runs any more.
func (p *process) end() error {
	p.w.gate.kill(p)
	p.cancel()
	p.work.Wait()
	var errs []error
	if p.engine != nil {
		errs = append(errs, p.engine.Close())
	}
	if p.store != nil && !p.guest {
		errs = append(errs, p.store.Close())
	}
	return errors.Join(errs...)
}

// copyState copies a data directory as a crash leaves it: the file and its log, but nothing that ends with the process.
func copyState(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if name := d.Name(); name == "lock" || strings.HasSuffix(name, "-shm") {
			return nil
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
}
