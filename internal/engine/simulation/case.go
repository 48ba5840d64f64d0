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
	// Small begins with a small space, which is migrated but once while things go wrong.
	Small bool
	// From is where a life begins that has no migration of its own; nil: at two empty sites.
	From *Prepared
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
	paired int    // calls before there was one; negative: there is none
	notes  []string
	backup *backup // nil: none
	// products are "dc" or "cloud", by side.
	products [2]string
	acted    int // acts before the life began
	// outside are contents of each side that belong to no pair.
	outside [2][]string
	small   bool // begins from a prepared world, or is one
	// meet decides about events in place of a storm; nil: none.
	meet func(Event) Fate
	// exchanged: side A of the pair is the site on side B.
	exchanged bool
	without   int             // the row of which no recipe is acted
	past      [2]past         // what the sites held at any moment, where somebody watched
	contested map[string]bool // pages by token that a conflict is open about
}

// spaceKey is the space that is kept together; otherSpace one on each side that is not.
const (
	spaceKey   = "K"
	otherSpace = "X"
)

// Run lives a case to its end. The error is one of the simulation or of an engine that does not get on; what does not hold
// stands in the outcome.
func (c Case) Run() (out Outcome, err error) {
	l := &life{Case: c, small: c.Small, products: usual, rand: rand.New(rand.NewPCG(c.Seed, 7)), counts: map[string]int{}}
	defer func() {
		story := ""
		if err != nil && l.w != nil && l.w.proc != nil {
			story = l.failures()
		}
		if l.backup != nil {
			err = errors.Join(err, l.backup.site.Close())
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
			out.Acts = l.story()
		}
	}()
	if c.From != nil {
		err = l.goOn(c.From)
	} else {
		err = l.arrive()
	}
	if err != nil || !c.Pair || len(l.broken) > 0 {
		return out, err
	}
	if err := errors.Join(l.backUp(), l.live()); err != nil {
		return out, err
	}
	if err := l.judgePair(); err != nil || len(l.broken) > 0 {
		return out, err
	}
	if l.Seed%4 == 1 {
		if err := l.judgeIdle(); err != nil {
			return out, err
		}
	}
	return out, l.after()
}

// story is what people did, with the mode of the pair and the conflicts that are open.
func (l *life) story() []string {
	out := append([]string{"pair " + l.mode}, l.notes...)
	if l.crowd == nil {
		return out
	}
	for i, a := range l.crowd.acts[l.acted:] {
		out = append(out, fmt.Sprintf("%d %s after call %d: %s %s %s", i+1, a.At.Format("15:04:05"), a.Call, letter(a.Side), a.Kind, a.Page))
	}
	return out
}

// arrive migrates a space, and makes a pair where the life has one.
func (l *life) arrive() error {
	if err := l.begin(); err != nil {
		return err
	}
	if err := l.plan(); err != nil {
		return err
	}
	l.paired = -1
	if err := l.migrate(); err != nil {
		return err
	}
	if err := l.judgeMigration(); err != nil || !l.Pair || len(l.broken) > 0 {
		return err
	}
	l.paired = len(l.w.calls)
	return l.pairUp()
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

// usual are the products of the two sides of most pairs.
var usual = [2]string{"dc", "cloud"}

// options that a site may have one way or the other.
var options = map[string]map[string][]string{
	"dc":    {"OF-01": {"last", "first", "alphabetical", "by set"}, "OF-16": {"root", "former parent"}, "OF-29": {"version", "silent"}, "PA-09": {"no", "yes"}, "OF-10": {"bumps", "no"}},
	"cloud": {"OF-01": {"last", "first"}, "OF-29": {"version", "silent"}, "PA-09": {"no", "yes"}, "OF-06": {"no", "bumps"}},
}

func (l *life) options() Options {
	return Options{Count: l.add, Seed: l.Seed + 1, Quiet: l.Quiet, Slice: 30 * time.Second, Before: func(e Event) Fate {
		if l.meet != nil {
			return l.meet(e)
		}
		if l.storm == nil {
			return Fate{}
		}
		return l.storm.before(e)
	}}
}

func (l *life) begin() error {
	opt := l.options()
	for side, product := range l.products {
		choices, chosen := options[product], map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(choices)) {
			chosen[name] = choices[name][l.rand.IntN(len(choices[name]))]
		}
		chosen["CQ-01"] = []string{"0s", "5s", "60s"}[l.rand.IntN(3)]
		opt.Sites[side] = emulator.Options{Personality: product, Options: chosen, Seed: l.Seed*2 + uint64(side) + 1, Answers: emulator.NoAnswers}
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
	for _, name := range []string{"alice", "bob", "carol"} {
		for _, s := range l.w.sites {
			s.AddUser(name, name, name+"@example.test")
		}
	}
	for side, s := range l.w.sites {
		s.AddGroup("g1", "carol")
		s.AddUser(strangers[side], strangers[side], strangers[side]+"@example.test")
	}
	return l.whoIsWho()
}

// keyOf is how the interfaces of a site call a person.
func (s *Site) keyOf(name string) (string, error) {
	if s.Product() == "Cloud" {
		return name, nil
	}
	answer, err := s.Ask(http.MethodGet, "/rest/api/user?username="+url.QueryEscape(name), nil)
	if err != nil {
		return "", err
	}
	var u struct{ UserKey string }
	err = json.Unmarshal(answer, &u)
	return u.UserKey, err
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
	if l.small {
		return l.crowd.settle()
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

// drawFaults chooses what may go wrong in this life: one fault by turns, and others by lot.
func (l *life) drawFaults() (faults map[int]bool, main int) {
	faults = map[int]bool{}
	for _, f := range l.Faults {
		faults[f] = true
	}
	if l.Faults != nil {
		return faults, 0
	}
	main = 1 + int(l.Seed%lastFault)
	faults[main] = true
	for range 1 + l.rand.IntN(2) {
		faults[1+l.rand.IntN(lastFault)] = true
	}
	seldom := []int{faultNormal, faultSecond, faultDisk, faultTooLarge, faultTooLarge, faultPartition}
	faults[seldom[l.rand.IntN(len(seldom))]] = true
	return faults, main
}

func (l *life) blow(left, acts int) {
	if l.storm == nil {
		faults, main := l.drawFaults()
		l.storm = &storm{w: l.w, rand: rand.New(rand.NewPCG(l.Seed, 13)), faults: faults, main: main, crowd: l.crowd, count: l.count}
	}
	s := l.storm
	s.left, s.acts, s.crashes, s.unsure, s.races = left, acts, 3, 4, 2
	s.blowing, s.paired = true, l.paired >= 0
}

// calm ends what goes wrong and lets the engine come to rest.
func (l *life) calm() error {
	l.storm.blowing = false
	err := l.storm.err
	if !l.w.proc.asleep {
		err = errors.Join(err, l.w.alone())
	}
	l.w.Skew(0)
	if err != nil {
		return err
	}
	// A pause that a site asked for is kept, also while nothing fails any more.
	if err := l.w.Advance(max(3*time.Minute, l.storm.paused.Sub(l.w.Now()))); err != nil {
		return err
	}
	return l.w.alone()
}

// plan is that of the migration of the space from side A to side B.
func (l *life) plan() error {
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site = "k", l.w.sites[confluence.A].Name, l.w.sites[confluence.B].Name
	p.Spaces = []migration.SpaceScope{migration.NewScope(spaceKey, spaceKey)}
	return l.w.Do(func(e *engine.Engine) error {
		_, err := e.CreatePlan(l.w.Context(), p)
		return err
	})
}

// migrate brings the space to side B while things go wrong, and once more when they do not any longer.
func (l *life) migrate() error {
	// A migration deletes nothing, so that nothing is deleted: what people take away would stay at the destination.
	l.crowd.may = []string{"create", "append", "replace", "drop", "rename", "swap titles", "move", "order", "label", "attach", "comment", "edit comment", "restrict", "resave"}
	l.blow(12, 8)
	if l.small {
		l.storm.left, l.storm.acts, l.storm.unsure, l.storm.crashes = 6, 2, 12, 5
	}
	for range l.runs() {
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

// runs is how often a space is migrated while things go wrong.
func (l *life) runs() int {
	if l.small {
		return 1
	}
	return 3
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
