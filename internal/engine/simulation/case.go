package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
)

// Case is one life of two sites and an engine between them, which its seed decides.
type Case struct {
	Seed uint64
	// Quiet is that of Options.
	Quiet func()
	// Faults that may strike; nil: those that the seed draws.
	Faults []int
	// Pair goes on with a pair of the two spaces, which people edit on both sides.
	Pair bool
}

// Outcome is what became of a case.
type Outcome struct {
	Log    []byte         // every call, one a line
	Trace  []byte         // every event that was let through, one a line
	Counts map[string]int // what happened how often
	Broken []string       // invariants that do not hold, with what shows it
	Acts   []string       // what people did
}

// life is a case under way.
type life struct {
	Case
	rand   *rand.Rand
	w      *World
	crowd  *crowd
	storm  *storm
	mu     sync.Mutex // guards counts
	counts map[string]int
	broken []string
	mode   string // of the pair
	paired int    // calls before there was one
}

const spaceKey = "K"

// Run lives a case to its end. The error is one of the simulation or of an engine that does not get on; what does not hold
// stands in the outcome.
func (c Case) Run() (out Outcome, err error) {
	l := &life{Case: c, rand: rand.New(rand.NewPCG(c.Seed, 7)), counts: map[string]int{}}
	defer func() {
		story := ""
		if err != nil && l.w != nil && l.w.proc != nil {
			story = l.failures()
		}
		if l.w != nil {
			err = errors.Join(err, l.w.Close())
			out.Log, out.Trace = l.w.Log(), l.w.trace.Bytes()
		}
		out.Counts, out.Broken = l.counts, l.broken
		if err != nil && l.w != nil && l.w.proc != nil {
			err = fmt.Errorf("%w\n%s", err, story)
		}
		if l.crowd != nil {
			out.Acts = append(out.Acts, "pair "+l.mode)
			for i, a := range l.crowd.acts {
				out.Acts = append(out.Acts, fmt.Sprintf("%d %s after call %d: %s %s %s", i+1, a.At.Format("15:04:05"), a.Call, letter(a.Side), a.Kind, a.Page))
			}
		}
	}()
	if err := l.begin(); err != nil {
		return out, err
	}
	if err := l.migrate(); err != nil {
		return out, err
	}
	if err := l.judgeMigration(); err != nil || !c.Pair || len(l.broken) > 0 {
		return out, err
	}
	l.paired = len(l.w.calls)
	if err := l.pairUp(); err != nil {
		return out, err
	}
	if err := l.live(); err != nil {
		return out, err
	}
	return out, l.judgePair()
}

func (l *life) count(what string) { l.add(what, 1) }

// add counts what happened; the engine's goroutines do as well.
func (l *life) add(what string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[what] += n
}

func (l *life) wrong(invariant, format string, args ...any) {
	l.broken = append(l.broken, invariant+": "+fmt.Sprintf(format, args...))
}

// options that a site may have one way or the other.
var options = [2]map[string][]string{
	{"OF-01": {"last", "first", "alphabetical", "by set"}, "OF-16": {"root", "former parent"}, "OF-29": {"version", "silent"}, "PA-09": {"no", "yes"}, "OF-10": {"bumps", "no"}},
	{"OF-01": {"last", "first"}, "OF-29": {"version", "silent"}, "PA-09": {"no", "yes"}, "OF-06": {"no", "bumps"}},
}

func (l *life) begin() error {
	opt := Options{Count: l.add, Seed: l.Seed + 1, Quiet: l.Quiet, Slice: 30 * time.Second, Before: func(e Event) Fate {
		if l.storm == nil {
			return Fate{}
		}
		return l.storm.before(e)
	}}
	for side, choices := range options {
		chosen := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(choices)) {
			chosen[name] = choices[name][l.rand.IntN(len(choices[name]))]
		}
		chosen["CQ-01"] = []string{"0s", "5s", "60s"}[l.rand.IntN(3)]
		opt.Sites[side] = emulator.Options{Options: chosen, Seed: l.Seed*2 + uint64(side) + 1}
	}
	var err error
	if l.w, err = New(opt); err != nil {
		return err
	}
	if err := l.people(); err != nil {
		return err
	}
	return l.furnish()
}

// people makes accounts on both sites, and the file that says who is who.
func (l *life) people() error {
	csv := "source_key,source_name,source_email,match,account_id,used\n"
	for _, name := range []string{"alice", "bob", "carol"} {
		for _, s := range l.w.sites {
			s.AddUser(name, name, name+"@example.test")
		}
		key := name
		if a := l.w.sites[confluence.A]; a.Product() != "Cloud" {
			answer, err := a.Ask(http.MethodGet, "/rest/api/user?username="+url.QueryEscape(name), nil)
			if err != nil {
				return err
			}
			var u struct{ UserKey string }
			if err := json.Unmarshal(answer, &u); err != nil {
				return err
			}
			key = u.UserKey
		}
		csv += key + "," + name + ",," + "manual," + name + ",\n"
	}
	for _, s := range l.w.sites {
		s.AddGroup("g1", "carol")
	}
	return l.w.Do(func(e *engine.Engine) error {
		_, err := e.ImportPeople(l.w.Context(), l.w.sites[confluence.A].Name, l.w.sites[confluence.B].Name, []byte(csv))
		return err
	})
}

// furnish lets people build the space on side A.
func (l *life) furnish() error {
	if err := l.w.AddSpace(confluence.A, spaceKey, "Home of K"); err != nil {
		return err
	}
	l.crowd = newCrowd(l.w, rand.New(rand.NewPCG(l.Seed, 11)), spaceKey, l.count, confluence.A)
	p, err := l.w.look(confluence.A, spaceKey)
	if err != nil {
		return err
	}
	home := p.items[p.home]
	home.origin = l.crowd.fresh('o', confluence.A, "")
	l.crowd.titles[home.Title] = true
	if err := l.crowd.setBody(confluence.A, "body", home, "<p>"+home.origin+"</p>"); err != nil {
		return err
	}
	for range 3 + l.rand.IntN(6) {
		if err := l.crowd.one("create"); err != nil {
			return err
		}
	}
	for range 10 + l.rand.IntN(20) {
		if err := l.crowd.one("create", "append", "move", "order", "label", "attach", "comment", "restrict"); err != nil {
			return err
		}
	}
	return nil
}

// drawFaults chooses what may go wrong in this life.
func (l *life) drawFaults() map[int]bool {
	faults := map[int]bool{}
	for _, f := range l.Faults {
		faults[f] = true
	}
	if l.Faults == nil {
		for range 1 + l.rand.IntN(5) {
			faults[1+l.rand.IntN(lastFault)] = true
		}
	}
	return faults
}

func (l *life) blow(left, acts int) {
	l.storm = &storm{
		w: l.w, rand: rand.New(rand.NewPCG(l.Seed, 13)), faults: l.drawFaults(), left: left, crashes: 3, crowd: l.crowd, acts: acts,
		blowing: true, count: l.count,
	}
}

// calm ends what goes wrong and lets the engine come to rest.
func (l *life) calm() error {
	err := l.storm.err
	l.storm.blowing = false
	l.w.Skew(0)
	if err != nil {
		return err
	}
	return l.w.Advance(15 * time.Minute)
}

// migrate brings the space to side B while things go wrong, and once more when they do not any longer.
func (l *life) migrate() error {
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site = "k", l.w.sites[confluence.A].Name, l.w.sites[confluence.B].Name
	p.Spaces = []migration.SpaceScope{migration.NewScope(spaceKey, spaceKey)}
	err := l.w.Do(func(e *engine.Engine) error {
		_, err := e.CreatePlan(l.w.Context(), p)
		return err
	})
	if err != nil {
		return err
	}
	// A migration deletes nothing, so that nothing is deleted: what people take away would stay at the destination.
	l.crowd.may = []string{"create", "append", "replace", "drop", "rename", "swap titles", "move", "order", "label", "attach", "comment", "edit comment", "restrict", "resave"}
	l.blow(12, 8)
	for range 3 {
		if err := l.migrateOnce(); err != nil && !tolerable(err) {
			return err
		}
	}
	if err := l.calm(); err != nil {
		return err
	}
	for range 6 {
		err := l.migrateOnce()
		if err != nil {
			return fmt.Errorf("a run after all faults: %w", err)
		}
		run, err := l.lastRun()
		if err != nil {
			return err
		}
		if l.count("run " + string(run)); run == migration.PlanFinished {
			// It may have been one that was read before the last edits.
			return l.migrateOnce()
		}
	}
	return nil
}

// tolerable reports whether an error is one that a person gets while things go wrong, and tries again later.
func tolerable(err error) bool {
	var e *confluence.Error
	return errors.Is(err, errCrashed) || errors.As(err, &e)
}

// migrateOnce starts a run, or carries the last one on, and lets it come to rest.
func (l *life) migrateOnce() error {
	err := l.w.Do(func(e *engine.Engine) error {
		runs, err := l.w.Store().Runs(l.w.Context(), "")
		if err != nil {
			return err
		}
		for _, r := range runs {
			if r.Status == migration.PlanPaused {
				return e.Resume(l.w.Context(), r.ID)
			}
			if !r.Status.Final() {
				return nil
			}
		}
		_, err = e.Start(l.w.Context(), "k")
		return err
	})
	if err != nil {
		return err
	}
	return l.w.Advance(10 * time.Minute)
}

func (l *life) lastRun() (migration.PlanStatus, error) {
	runs, err := l.w.Store().Runs(l.w.Context(), "")
	if err != nil || len(runs) == 0 {
		return "", err
	}
	newest := runs[0]
	for _, r := range runs {
		if r.Started.After(newest.Started) {
			newest = r
		}
	}
	return newest.Status, nil
}

// failures are what a failing case says about its runs.
func (l *life) failures() string {
	var b strings.Builder
	runs, _ := l.w.Store().Runs(l.w.Context(), "")
	for _, r := range runs {
		fmt.Fprintf(&b, "%s %s", r.ID, r.Status)
		if r.Error != nil {
			fmt.Fprintf(&b, " %s %s: %s", r.Error.Code, r.Error.What, r.Error.Cause)
		}
		tasks, _ := l.w.Store().Tasks(l.w.Context(), r.ID)
		for _, t := range tasks {
			fmt.Fprintf(&b, "; %s %s %s", t.Space, t.Task.Status, t.Task.Phase)
			if t.Task.Error != nil {
				fmt.Fprintf(&b, " %s %s: %s", t.Task.Error.Code, t.Task.Error.What, t.Task.Error.Cause)
			}
		}
		fmt.Fprintln(&b)
		if r.Number == len(runs) {
			proofs, _ := l.w.Store().Proofs(l.w.Context(), r.ID)
			for _, p := range proofs {
				fmt.Fprintln(&b, parity.Text(p.Proof))
			}
		}
	}
	pairs, _ := l.w.Store().PairRows(l.w.Context())
	for _, p := range pairs {
		fmt.Fprintf(&b, "pair %s: %s, halt %+v, request %+v\n", p.Spec.Name, p.State, p.Sync.Halt, p.Request)
	}
	slices, _ := l.w.Store().Slices(l.w.Context())
	for _, s := range slices {
		fmt.Fprintf(&b, "slice %s due %s, owner %q, parked %v, attempt %d: %s\n", s.ID, s.Due.Format(time.TimeOnly), s.Owner, s.Parked, s.Attempt, s.Error)
	}
	return b.String()
}
