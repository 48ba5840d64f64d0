package simulation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// ScenarioOptions say how a scenario is run.
type ScenarioOptions struct {
	Seed  uint64 // decides the order of what may happen in any order; 0: always the same
	Quiet func() // as Options.Quiet
	Log   *slog.Logger
	// Crash ends the engine at one write of the run, whatever the steps say. What is sent again after that is not held
	// against the bounds of calls.
	Crash CrashPoint

	// asleep lets the engine fall asleep at one point of one write, while another one takes over.
	asleep CrashPoint

	driver func(*play) driver // tests of the runner itself; nil: the engine
	// crashed, if set, hears how the scenario ends where the engine crashes at each point of each write.
	crashed func(CrashPoint, ScenarioResult, error)
}

// driver is tandem as a scenario uses it.
type driver interface {
	// Begin joins the two spaces and takes the baseline.
	Begin() error
	// Sync runs one cycle, sweep or feed, until nothing is due.
	Sync(kind string) error
	// Order does a step that is an act in tandem.
	Order(scriptStep) error
	// Standing says how the pair stands.
	Standing() (standing, error)
}

// standing is how a pair stands, in the words of scenarios.
type standing struct {
	Pair, Brake string
	Conflicts   []openConflict
}

// openConflict is a conflict that waits for a person.
type openConflict struct {
	Page, Facet, Kind string
	// Kept says that the texts of both sides can still be had from tandem.
	Kept bool
}

// CrashPoint is a moment around the N-th mutating call, from 1, of all cycles; N = 0 is none.
type CrashPoint struct {
	At string // before-call, after-call, after-outcome, in-commit
	N  int
}

// ScenarioResult says how a run of a scenario ended.
type ScenarioResult struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Holds      bool      `json:"holds"`
	Assertions int       `json:"assertions"` // that were made, the failed one included
	Writes     [2]int    `json:"writes"`     // mutating calls of all cycles on each side
	Runs       int       `json:"runs"`       // more than one where crashes are tried one by one
	Failed     string    `json:"failed,omitempty"`
	Line       int       `json:"line,omitempty"` // of the scenario file, of the assertion that failed
	End        [2]string `json:"-"`              // neutral dumps

	crashed bool
	sent    int // mutating calls of all cycles, refused ones included
	late    int // those of an engine that had overslept
}

// Failure is an assertion of a scenario that does not hold.
type Failure struct {
	Line int // of the scenario file; 0: an assertion that every scenario makes
	What string
}

// Error returns what does not hold.
func (f *Failure) Error() string { return f.What }

// Run plays the scenario and judges it. The error is nil also where an assertion fails: then the result says which. It
// is not nil where the scenario could not be played.
func (s *Scenario) Run(opt ScenarioOptions) (ScenarioResult, error) {
	all := allCrashes(s.Steps)
	if all == nil {
		return s.once(opt, 0)
	}
	whole := ScenarioResult{ID: s.ID, Name: s.Name, Holds: true}
	for n := 0; ; n++ {
		r, err := s.once(opt, n)
		if err != nil {
			return r, fmt.Errorf("crash %s %d: %w", all.At, n, err)
		}
		whole.Runs++
		whole.Assertions += r.Assertions
		if n == 0 {
			whole.Writes, whole.End = r.Writes, r.End
		}
		if !r.Holds {
			whole.Holds, whole.Line = false, r.Line
			whole.Failed = r.Failed
			if n > 0 {
				whole.Failed = fmt.Sprintf("crash %s at call %d: %s", all.At, n, r.Failed)
			}
			return whole, nil
		}
		if n > 0 && !r.crashed {
			return whole, nil // there is no such call any more
		}
		if diff := differ(whole.End, r.End); diff != "" {
			whole.Holds, whole.Line = false, all.line
			whole.Failed = fmt.Sprintf("crash %s at call %d ends in another state: %s", all.At, n, diff)
			return whole, nil
		}
	}
}

// allCrashes is the step that asks for a run for each call, if there is one.
func allCrashes(steps []scriptStep) *everyCrash {
	for _, st := range steps {
		if st.Crash != nil && st.Crash.N == 0 {
			return &everyCrash{st.Crash.At, st.Line}
		}
		if st.Repeat != nil {
			if c := allCrashes(st.Repeat.Steps); c != nil {
				return c
			}
		}
	}
	return nil
}

type everyCrash struct {
	At   string
	line int
}

// once plays the scenario one time. Of a step that crashes at every call it crashes at the n-th; 0 = not at all.
func (s *Scenario) once(opt ScenarioOptions, n int) (result ScenarioResult, err error) {
	p := &play{sc: s, opt: opt, each: n, cast: newCast(), at: map[*Call]*sent{}}
	p.tandem = p.engine()
	if opt.driver != nil {
		p.tandem = opt.driver(p)
	}
	defer func() {
		if p.w != nil {
			err = errors.Join(err, p.w.Close())
		}
	}()
	if err := p.open(); err != nil {
		return result, err
	}
	p.list = flat(s.Steps)
	if !hasCycle(s.Steps) {
		p.list = append(p.list, scriptStep{Cycle: "sweep"})
	}
	return p.result(p.script())
}

// result judges a play whose steps ended with err.
func (p *play) result(err error) (ScenarioResult, error) {
	result := ScenarioResult{ID: p.sc.ID, Name: p.sc.Name, Runs: 1}
	if err == nil {
		err = p.judge()
	}
	var failed *Failure
	if errors.As(err, &failed) {
		result.Failed, result.Line, err = failed.What, failed.Line, nil
	} else if err == nil {
		result.Holds = true
	}
	result.Assertions, result.crashed, result.sent, result.late = p.asserted, p.crashed, p.writes, p.late
	for _, c := range p.sent {
		if c.Cycle > 0 && c.Cycle <= p.cycles && !c.refused() {
			result.Writes[c.Side]++
		}
	}
	for _, side := range confluence.Sides {
		result.End[side] = string(p.w.Dump(side, "neutral"))
	}
	return result, err
}

// play is one run of a scenario.
type play struct {
	sc     *Scenario
	opt    ScenarioOptions
	each   int
	w      *World
	cast   *cast
	tandem driver

	start   [2]*siteState
	begun   [2]map[string]neutral // pages at the start, by id
	sent    []*sent
	at      map[*Call]*sent
	cycles  int // so far; calls before the first belong to the start
	list    []scriptStep
	step    int       // number of the step, from 1
	until   time.Time // how long the step goes on; zero: until nothing is due
	writes  int       // mutating calls of all cycles, for crashes
	crashed bool
	touched map[string]map[string]bool // page -> facets that people changed
	edited  map[string]bool            // texts that people replaced
	whole   map[string]bool            // pages of which people changed more than named blocks

	second   bool // another engine takes over in the next cycle
	crash    *crashStep
	crashing int // calls since the crash was set
	falling  bool
	late     int    // calls of an engine that had overslept
	sleeping string // key of the event that the engine fell asleep at
	returned int    // writes that were answered, and no commit has come since
	resent   bool   // the engine has crashed: bounds of calls are not held
	during   []*waiting
	seen     [2]int // lines of the readers' log that were looked at
	observed [2]map[string]map[string]bool
	shown    []shownTo
	broken   error
	marks    [2][]mark // checkpoints that the servers held
	started  bool      // the start is made and agreed on

	asserted int
}

// waiting is a step that comes with a call.
type waiting struct {
	duringStep
	calls int
}

// shownTo is who could read a page after a write to it.
type shownTo struct {
	side    confluence.Side
	page    string
	step    int
	by      bool // tandem wrote it
	readers map[string]bool
}

// open makes the two sites with their start state, and the pair with its baseline.
func (p *play) open() error {
	var sites [2]emulator.Options
	for side := range sites {
		sites[side].Faults = optionsOnly(p.sc.Faults)
	}
	w, err := New(Options{Seed: p.opt.Seed, Quiet: p.opt.Quiet, Log: p.opt.Log, Sites: sites, Names: siteNames, Before: p.before})
	if err != nil {
		return err
	}
	p.w = w
	p.touched, p.edited, p.whole = map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, side := range confluence.Sides {
		if err := p.populate(side); err != nil {
			return err
		}
	}
	for _, side := range confluence.Sides {
		if err := p.build(side); err != nil {
			return fmt.Errorf("the start state cannot be made: %w", err)
		}
	}
	if err := p.w.Advance(beginning); err != nil {
		return err
	}
	if err := p.tandem.Begin(); err != nil {
		return fmt.Errorf("the baseline cannot be taken: %w", err)
	}
	if err := p.equalStart(); err != nil {
		return err
	}
	p.sent = nil
	if err := p.tandem.Sync("sweep"); err != nil {
		return err
	}
	for _, c := range p.sent {
		return fmt.Errorf("the start is not clean: %s %s %s was sent after the baseline", siteNames[c.Side], c.Verb, c.Path)
	}
	for _, side := range confluence.Sides {
		if p.start[side], err = p.state(side); err != nil {
			return err
		}
		p.begun[side] = map[string]neutral{}
		for _, c := range p.start[side].pages(scenarioKey) {
			p.begun[side][c.ID] = p.cast.neutralOf(side, p.start[side], c)
		}
		if len(p.sc.Faults) > 0 {
			if err := p.w.Site(side).SetFaults(p.sc.Faults); err != nil {
				return err
			}
		}
		if err := p.readers(side, nil); err != nil {
			return err
		}
	}
	p.shown, p.started = nil, true
	return nil
}

// equalStart names the pages of both sides and holds them against each other.
func (p *play) equalStart() error {
	states, err := p.states()
	if err != nil {
		return err
	}
	p.callHome(confluence.B, states[confluence.B])
	p.cast.meet(states)
	if err := p.judgeSame(states, nil); err != nil {
		return fmt.Errorf("the start is not equal: %w", err)
	}
	p.asserted = 0
	return nil
}

// optionsOnly is a fault file without its rules: the start is made before anything goes wrong.
func optionsOnly(faults []byte) []byte {
	var out bytes.Buffer
	inside := false
	for line := range strings.Lines(string(faults)) {
		if strings.TrimSpace(line) != "" && line[0] != ' ' && line[0] != '#' && line[0] != '-' {
			inside = strings.HasPrefix(line, "options:")
		}
		if inside {
			out.WriteString(line)
		}
	}
	return out.Bytes()
}

// state reads the dump of a side.
func (p *play) state(side confluence.Side) (*siteState, error) {
	return readState(p.w.Dump(side, "full"))
}

func (p *play) states() (out [2]*siteState, err error) {
	for _, side := range confluence.Sides {
		if out[side], err = p.state(side); err != nil {
			return out, err
		}
	}
	return out, nil
}

// flat are steps with what is repeated written out.
func flat(steps []scriptStep) (out []scriptStep) {
	for _, st := range steps {
		if st.Repeat == nil {
			out = append(out, st)
			continue
		}
		for range st.Repeat.N {
			out = append(out, flat(st.Repeat.Steps)...)
		}
	}
	return out
}

// script does the steps that are left.
func (p *play) script() error {
	for p.step < len(p.list) {
		st := p.list[p.step]
		p.step++
		if err := p.do(st); err != nil {
			return p.misstep(st, err)
		}
	}
	return nil
}

func hasCycle(steps []scriptStep) bool {
	for _, st := range steps {
		if st.Cycle != "" || st.Repeat != nil && hasCycle(st.Repeat.Steps) {
			return true
		}
	}
	return false
}

// misstep tells what a step ended with: T-1003 where people of the scenario cannot do what it says, else a failure: what
// tandem cannot carry through is no fault of the scenario's.
func (p *play) misstep(st scriptStep, err error) error {
	var failed *Failure
	if errors.As(err, &failed) {
		return failed
	}
	if st.Act != nil || st.Checkpoint != nil {
		return confluence.Errorf(confluence.CodeBadFile, "the scenario cannot be played: step %d", p.step).
			At(confluence.Where{File: p.sc.file, Line: st.Line}).Because(err)
	}
	return wrong(st.Line, "step %d: %v", p.step, err)
}

// do does one step.
func (p *play) do(st scriptStep) error {
	switch {
	case st.Act != nil:
		return p.deed(st.Act.Side, st.Act.deed)
	case st.Cycle != "":
		return p.cycle(st.Cycle)
	case st.Wait > 0:
		p.cycles++
		p.observe(false)
		return errors.Join(p.pass(st.Wait), p.broken)
	case st.Crash != nil:
		c := *st.Crash
		if c.N == 0 {
			c.N = p.each
		}
		if c.N > 0 {
			p.crash, p.crashing = &c, 0
		}
		return nil
	case st.During != nil:
		p.during = append(p.during, &waiting{duringStep: *st.During})
		return nil
	case st.Checkpoint != nil:
		return p.checkpoint(*st.Checkpoint)
	case st.Engine > 0:
		p.second = true
		return nil
	}
	return p.tandem.Order(st)
}

// deed lets the person of a side act, and remembers which facets of which pages people have changed.
func (p *play) deed(side confluence.Side, d deed) error {
	if err := p.replaced(side, d); err != nil {
		return err
	}
	if err := p.act(side, actors[side], d); err != nil {
		return err
	}
	for _, page := range d.Pages {
		for _, facet := range changedBy[d.Name] {
			if p.touched[page] == nil {
				p.touched[page] = map[string]bool{}
			}
			p.touched[page][facet] = true
		}
	}
	return p.readers(side, nil)
}

// replaced remembers the texts that an action is about to replace.
func (p *play) replaced(side confluence.Side, d deed) error {
	switch d.Name {
	case "edit", "drop":
	case "body", "editor", "macro":
		for _, page := range d.Pages {
			p.whole[page] = true
		}
		return nil
	default:
		return nil
	}
	id, err := p.find(side, d.Args["page"])
	if err != nil {
		return err
	}
	state, err := p.state(side)
	if err != nil {
		return err
	}
	if text, err := markup.BlockText(state.byID[id].Body, d.Args["block"]); err == nil {
		p.edited[text] = true
	}
	return nil
}

// changedBy says which facets of a page an action changes.
var changedBy = map[string][]string{
	"edit": {"body"}, "insert": {"body"}, "drop": {"body"}, "body": {"body"}, "macro": {"body"}, "editor": {"body"},
	"rename": {"title"}, "move": {"parent"}, "moveOut": {"parent", "status"}, "trash": {"status"}, "restore": {"status", "parent"},
	"purge": {"status"}, "archive": {"status"}, "label": {"labels"}, "attach": {"files"}, "detach": {"files"},
	"comment": {"comments", "body"}, "editComment": {"comments"}, "dropComment": {"comments"}, "restrict": {"restrictions"},
}

// pass lets time pass.
func (p *play) pass(d time.Duration) error {
	p.until = p.w.Now().Add(d)
	err := p.w.Advance(d)
	p.until = time.Time{}
	return err
}

// cycle runs one cycle.
func (p *play) cycle(kind string) error {
	p.cycles++
	p.observe(kind == "sweep")
	return p.cycled(p.tandem.Sync(kind))
}

// cycled takes the end of a cycle into account.
func (p *play) cycled(err error) error {
	states, stateErr := p.states()
	if stateErr == nil {
		p.cast.meet(states)
		stateErr = p.remember(states)
	}
	p.crash, p.during = nil, nil
	return errors.Join(err, stateErr, p.broken)
}

// observe notes who can read what on the two sides when a cycle begins: what tandem writes from then on must not be
// shown to more. A feed need not see restrictions; what the last sweep saw still counts then.
func (p *play) observe(sweep bool) {
	states, err := p.states()
	if err != nil {
		p.broken = errors.Join(p.broken, err)
		return
	}
	for _, side := range confluence.Sides {
		was := p.observed[side]
		p.observed[side] = map[string]map[string]bool{}
		for _, c := range states[side].pages(scenarioKey) {
			name := p.cast.nameOf(side, c)
			p.observed[side][name] = p.cast.readers(side, states[side], c)
			if !sweep {
				maps.Copy(p.observed[side][name], was[name])
			}
		}
	}
}

// readers reads what is new in the readers' log of a side. Lines that a call of tandem's caused are its own.
func (p *play) readers(side confluence.Side, by *sent) error {
	var log bytes.Buffer
	if err := p.w.Site(side).Readers(&log); err != nil {
		return err
	}
	n := 0
	var state *siteState
	for line := range bytes.Lines(log.Bytes()) {
		if n++; n <= p.seen[side] {
			continue
		}
		p.seen[side] = n
		var row struct {
			Content    string   `json:"content"`
			Principals []string `json:"principals"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return err
		}
		if state == nil {
			var err error
			if state, err = p.state(side); err != nil {
				return err
			}
		}
		page := state.holder(state.byID[row.Content])
		if page == nil || page.Space != scenarioKey {
			continue
		}
		s := shownTo{side: side, page: p.cast.nameOf(side, page), step: p.step, by: by != nil, readers: map[string]bool{}}
		for _, principal := range row.Principals {
			id, _ := strings.CutPrefix(principal, "user:")
			if name := p.cast.person(side, id); name != "" {
				s.readers[name] = true
			}
			if principal == "everyone" {
				for _, name := range people {
					s.readers[name] = true
				}
			}
		}
		p.shown = append(p.shown, s)
		if by != nil {
			p.covered(s)
		}
	}
	return nil
}

// covered holds a write against what its source was seen to show (I11, D27).
func (p *play) covered(s shownTo) {
	allowed := p.observed[s.side.Other()][s.page]
	if allowed == nil || p.cycles == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.readers)) {
		if !allowed[name] && p.broken == nil {
			p.broken = &Failure{What: fmt.Sprintf("%s: after a write to page %q %s can read it, who could not read it on %s when the cycle began",
				siteNames[s.side], s.page, name, siteNames[s.side.Other()])}
		}
	}
}
