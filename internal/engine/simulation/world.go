package simulation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// Options say what a World is made of. The zero value is a Data Center 9.2 as side A and a Cloud as side B, both empty,
// without index lag.
type Options struct {
	// Dir holds what the world writes; empty: a temporary directory, removed by Close.
	Dir string
	// Seed decides what goes on first wherever several things may. Zero: the first by kind and key, always.
	Seed uint64
	// Sites are start values of the emulators. Seed, Now, After and BaseURL are the world's unless set.
	Sites [2]emulator.Options
	// Names are the sites' names; empty: DC and Cloud.
	Names [2]string
	// Slice, Workers, Timeout and Fan are options of the engine; Fan is how many calls are in flight at each site at most.
	Slice   time.Duration
	Timeout time.Duration
	Workers int
	Fan     int
	// Quiet returns when every goroutine of the world waits for something. Nil: the runtime is watched until nothing
	// runs, which takes a process that does nothing else. Tests in a bubble give synctest.Wait, which is exact.
	Quiet func()
	// Count is that of the engine.
	Count func(what string, n int)
	// Before is called before an event goes on, when everything else stands still. It may act on the sites, and says what
	// is to happen to the event. Nil: everything goes on.
	Before func(Event) Fate
	Log    *slog.Logger
}

// Fate says what becomes of an event.
type Fate struct {
	// Crash ends the process in place of the event: what was parked never happens. Run and the like then start it again.
	Crash bool
	// Sleep lets the process stand still from here on, so long that a second one on the same store takes over what it
	// held. It wakes, and the event goes on, when that one has nothing left to do.
	Sleep bool
	// Lose cuts the connection of a Request: unreachable, before it arrived, or after; of an Answer: the answer.
	Lose Loss
	// Refuse makes a Commit fail as on a full disk.
	Refuse bool
	// Fault is what the site does to a Request: the `do` of a fault rule, in YAML flow style without the braces.
	Fault string
}

// Loss is a way to lose a request.
type Loss int

// The ways to lose a request.
const (
	Kept Loss = iota
	Unreachable
	Unsent  // it never arrives, and nobody knows
	Unheard // it has its effect, and nobody hears
)

// World is two sites, a data directory and an engine. Its methods must be called from one goroutine.
type World struct {
	opt     Options
	dir     string
	own     bool // dir is removed by Close
	gate    *gate
	clock   *clock
	sites   [2]*Site
	rand    *rand.Rand
	proc    *process
	others  []*process // further engines on the store of proc
	births  int
	calls   []*Call
	trace   bytes.Buffer // of every event that was let through
	crashes int
	steps   int
	drift   time.Duration // by which the process's clock is wrong
	limit   int           // of steps in one Settle, Do or Advance
	// acts counts those of people, answers what sites answered; glances are the last looks at the sites.
	acts, answers int
	glances       [2]glance
	// changed is told of a side whenever something may have changed it; nil: nobody.
	changed func(confluence.Side)
}

// Site is one side of a world.
type Site struct {
	*emulator.Site
	Side confluence.Side
	Name string
	URL  string

	handler http.Handler
}

// New makes a world and starts the engine. Both sites are known to it under their names.
func New(opt Options) (*World, error) {
	w, err := empty(opt)
	if err != nil {
		return nil, err
	}
	for side := range w.sites {
		var err error
		if w.sites[side], err = w.newSite(confluence.Side(side)); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	if err := w.startProcess(filepath.Join(w.dir, "state-0")); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	for _, s := range w.sites {
		if err := w.addSite(s); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	return w, nil
}

// empty makes a world of nothing but a folder and a clock.
func empty(opt Options) (*World, error) {
	w := &World{opt: opt, dir: opt.Dir, gate: newGate(), clock: &clock{now: Epoch}, limit: 60_000}
	if opt.Quiet == nil {
		w.opt.Quiet = watchRuntime()
	}
	if opt.Seed != 0 {
		w.rand = rand.New(rand.NewPCG(opt.Seed, 1))
	}
	if w.dir == "" {
		var err error
		if w.dir, err = os.MkdirTemp(scratch(), "tandem-world-"); err != nil {
			return nil, err
		}
		w.own = true
	}
	return w, nil
}

// scratch is where files live in memory, where the system has such a place.
func scratch() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

func (w *World) newSite(side confluence.Side) (*Site, error) {
	o := w.opt.Sites[side]
	if o.Personality == "" {
		o.Personality = [2]string{"dc", "cloud"}[side]
	}
	if o.Personality == "dc" && o.Version == "" {
		o.Version = "9.2.17"
	}
	if o.Seed == 0 {
		o.Seed = uint64(side) + 1
	}
	if o.BaseURL == "" {
		o.BaseURL = [2]string{"https://a.example.test", "https://b.example.test"}[side]
	}
	o.Now, o.After = w.clock.Now, w.after
	options := map[string]string{"CQ-01": "0s", "TR-03": "0s"}
	for name, value := range o.Options {
		options[name] = value
	}
	o.Options = options
	site, err := emulator.New(o)
	if err != nil {
		return nil, err
	}
	name := w.opt.Names[side]
	if name == "" {
		name = [2]string{"DC", "Cloud"}[side]
	}
	return &Site{Site: site, Side: side, Name: name, URL: o.BaseURL + site.Context(), handler: site.Handler()}, nil
}

// addSite makes a site known to the engine, as a person does.
func (w *World) addSite(s *Site) error {
	login, token := s.Account()
	row := store.Site{Name: s.Name, Kind: confluence.Cloud, URL: s.URL, Auth: "token", Email: login}
	if s.Product() != "Cloud" {
		row.Kind, row.Auth, row.Email = confluence.DataCenter, "pat", ""
	}
	return w.Do(func(e *engine.Engine) error {
		_, err := e.AddSite(w.proc.ctx, row, []byte(token), true)
		return err
	})
}

// Close ends the engine and removes what the world wrote.
func (w *World) Close() error {
	var errs []error
	for _, p := range w.others {
		errs = append(errs, p.end())
	}
	if w.proc != nil {
		errs = append(errs, w.proc.end())
	}
	for _, s := range w.sites {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	if w.own {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}

// Site returns the site of a side.
func (w *World) Site(side confluence.Side) *Site { return w.sites[side] }

// Engine returns the engine of the process that runs now. What it does with sites or the store needs the scheduler: call
// it inside Do.
func (w *World) Engine() *engine.Engine { return w.proc.engine }

// Store returns the store of the process that runs now. Reading needs no Do, committing does.
func (w *World) Store() *store.Store { return w.proc.store }

// Now is the world's time.
func (w *World) Now() time.Time { return w.clock.Now() }

// Calls returns the calls so far, in the order in which they were let through.
func (w *World) Calls() []*Call { return w.calls }

// Crashes is how often the process has crashed.
func (w *World) Crashes() int { return w.crashes }

// Dump returns the state of a side: "full" or "neutral".
func (w *World) Dump(side confluence.Side, form string) []byte { return w.sites[side].Dump(form) }

// Act performs an action of a person on a side, in the words of scenarios: {"edit": {…}}. An action that is no string is
// written as JSON.
func (w *World) Act(side confluence.Side, user string, action any) ([]string, error) {
	var raw json.RawMessage
	switch a := action.(type) {
	case string:
		raw = json.RawMessage(a)
	case []byte:
		raw = a
	case json.RawMessage:
		raw = a
	default:
		var err error
		if raw, err = json.Marshal(action); err != nil {
			return nil, err
		}
	}
	w.acts++
	ids, err := w.sites[side].Act(user, raw)
	if w.changed != nil {
		w.changed(side)
	}
	return ids, err
}

// Log returns the calls so far as text, one a line: the same for every run of a seed.
func (w *World) Log() []byte {
	var b bytes.Buffer
	for _, c := range w.calls {
		fmt.Fprintln(&b, c)
	}
	return b.Bytes()
}

// Skew makes the process's clock wrong from now on, by a time forward or, negative, backward.
func (w *World) Skew(d time.Duration) { w.drift = d }

func (w *World) skew() time.Duration { return w.drift }

func (w *World) stuck(what string) error {
	return fmt.Errorf("simulation: %s at %s; parked:\n%s\n%s", what, w.Now().Format(time.RFC3339Nano), w.gate.story(), stacks())
}

// stacks are those of goroutines of the product, shortened.
func stacks() string {
	debug.SetTraceback("all")
	buf := make([]byte, 1<<20)
	n := runtimeStack(buf)
	var out []string
	for _, s := range strings.Split(string(buf[:n]), "\n\n") {
		if strings.Contains(s, "tandem/internal") {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n\n")
}
