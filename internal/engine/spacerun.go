package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// sliceRun is the kind of the slices that carry a migration on: one chain per run and space.
const sliceRun = "run"

// cursor is what one slice of a space's chain tells the next. Everything that matters is in the tables; a lost cursor
// costs repeated reading, never a repeated write.
type cursor struct {
	Scan  string   `json:"scan,omitempty"` // of the listing under way
	Pass  [2]int64 `json:"pass,omitzero"`  // of the listing under way; 0 = none
	Step  step     `json:"step,omitempty"`
	Round int      `json:"round,omitempty"` // rounds of plan, apply, read back
}

// step is a part of a phase.
type step string

const (
	stepReadA step = ""
	stepReadB step = "read-b"
	stepApply step = "apply"
)

// spaceRun is the work on one space of one run, as long as one slice lasts.
type spaceRun struct {
	e        *Engine
	run      store.Run
	plan     migration.Plan
	scope    migration.SpaceScope
	row      store.TaskRow
	pair     store.Pair
	lease    store.Lease
	slice    store.Slice
	cursor   cursor
	sites    [2]*site
	ids      [2]confluence.Identity
	people   *people
	deadline time.Time
	meter    *meter
	ahead    *ahead // the next batch of the listing under way

	seen  *view       // what look saw last
	stale atomic.Bool // something was written since

	sourceSpace confluence.Space
	sourceOf    map[confluence.TwinID]confluence.ID

	heldMu   sync.Mutex
	heldBack map[confluence.TwinID]bool // bodies that wait for the relink phase
}

// hold leaves a body alone for the rest of the phase.
func (s *spaceRun) hold(twin confluence.TwinID) {
	s.heldMu.Lock()
	defer s.heldMu.Unlock()
	s.heldBack[twin] = true
}

func (s *spaceRun) held(twin confluence.TwinID) bool {
	s.heldMu.Lock()
	defer s.heldMu.Unlock()
	return s.heldBack[twin]
}

// errParked ends a slice without a continuation: somebody else will add the next one.
var errParked = errors.New("parked")

func sliceKey(run, space string) string { return run + "|" + space }

// workRun is the jobs.Work of a space's chain.
func (e *Engine) workRun(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	runID, space, _ := strings.Cut(slice.Key, "|")
	e.enter(runID)
	next, err := e.workSpace(ctx, runID, space, slice)
	e.leave(runID)
	if err == nil && next.Done {
		err = e.afterChain(ctx, runID)
	}
	return next, err
}

// enter and leave count the chains of a run that are at work.
func (e *Engine) enter(runID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.working[runID]++
}

// alone reports whether at most one chain is at work in this process.
func (e *Engine) alone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, k := range e.working {
		n += k
	}
	return n <= 1
}

func (e *Engine) leave(runID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.working[runID]--
}

func (e *Engine) workSpace(ctx context.Context, runID, space string, slice store.Slice) (jobs.Next, error) {
	s, err := e.loadSpaceRun(ctx, runID, space, slice)
	if err != nil {
		return e.endBadly(ctx, runID, space, err)
	}
	if s == nil {
		return jobs.Next{Done: true}, nil
	}
	defer s.release()
	defer func() { s.ahead.drop() }()
	err = s.carryOn(ctx)
	s.meter.flush()
	switch {
	case errors.Is(err, errParked):
		return jobs.Next{Done: true}, nil
	case err != nil:
		return e.endBadly(ctx, runID, space, err)
	}
	b, err := json.Marshal(s.cursor)
	return jobs.Next{Cursor: b, Due: e.opt.Now()}, err
}

// carryOn does steps until the slice's time is over, somebody asks to stop, or the chain parks.
func (s *spaceRun) carryOn(ctx context.Context) error {
	for s.e.opt.Now().Before(s.deadline) {
		if err := s.wanted(ctx); err != nil {
			return err
		}
		if err := s.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wanted reads the run's flag: a person who asked to pause or to stop gets it between two steps.
func (s *spaceRun) wanted(ctx context.Context) error {
	run, err := s.e.store.Run(ctx, s.run.ID)
	if err != nil {
		return err
	}
	if run.Want != "" || run.Status != migration.PlanRunning {
		return errParked
	}
	return nil
}

// step does the next piece of the current phase.
func (s *spaceRun) step(ctx context.Context) error {
	switch s.row.Task.Phase {
	case migration.PhaseSurvey:
		return s.stepSurvey(ctx)
	case migration.PhaseSpace:
		return s.stepSpace(ctx)
	case migration.PhaseContent, migration.PhaseRelink:
		return s.stepContent(ctx)
	case migration.PhaseVerify:
		return s.stepVerify(ctx)
	case migration.PhaseOpen:
		return s.stepOpen(ctx)
	}
	return confluence.Errorf(confluence.CodeInternal, "unknown phase %q", s.row.Task.Phase)
}

// enter moves the task to another phase.
func (s *spaceRun) enter(ctx context.Context, phase migration.Phase) error {
	s.row.Task.Phase = phase
	s.cursor = cursor{}
	s.heldMu.Lock()
	s.heldBack = map[confluence.TwinID]bool{}
	s.heldMu.Unlock()
	if len(s.plan.Spaces) > 1 {
		s.seen = nil // the other spaces have come further, and are in the view too
	}
	if err := s.saveTask(ctx); err != nil {
		return err
	}
	s.e.say(ctx, s.run.ID, s.scope.Key, "info", "", fmt.Sprintf("%s: %s", s.scope.Key, phase))
	return nil
}

func (s *spaceRun) saveTask(ctx context.Context) error {
	s.meter.store(&s.row.Task)
	return s.note(ctx, func(tx *store.Tx) error { return tx.PutTask(s.row) })
}

// commit writes under the space's lease: an execution that lost it changes nothing.
func (s *spaceRun) commit(ctx context.Context, fn func(*store.Tx) error) error {
	s.stale.Store(true)
	return s.e.store.Commit(ctx, s.lease, fn)
}

// note is a commit that changes nothing of what a view shows: tasks, proofs, findings.
func (s *spaceRun) note(ctx context.Context, fn func(*store.Tx) error) error {
	return s.e.store.Commit(ctx, s.lease, fn)
}

func (s *spaceRun) release() {
	// The context of the slice may be over; giving the lease back must not depend on it.
	if err := s.e.store.Release(context.Background(), s.lease); err != nil {
		s.e.opt.Log.Warn("lease not released", "lease", s.lease.Name, "error", err)
	}
}

// stepSurvey reads the source, and the destination if there already is one.
func (s *spaceRun) stepSurvey(ctx context.Context) error {
	if s.cursor.Step == stepReadA {
		done, err := s.scan(ctx, confluence.A)
		if err != nil || !done {
			return err
		}
		s.cursor.Step = stepReadB
		return nil
	}
	if s.pair.Spaces[confluence.B] != "" {
		if done, err := s.readBack(ctx); err != nil || !done {
			return err
		}
	}
	if err := s.total(ctx); err != nil {
		return err
	}
	return s.enter(ctx, migration.PhaseSpace)
}

// stepContent is one round of: settle what is unknown, decide, apply, read back. Rounds end when nothing is left to do.
func (s *spaceRun) stepContent(ctx context.Context) error {
	if s.cursor.Step == stepReadB {
		done, err := s.readBack(ctx)
		if err != nil || !done {
			return err
		}
		s.cursor.Step = stepApply
		s.cursor.Round++
		return nil
	}
	if err := s.settleUnknown(ctx); err != nil {
		return err
	}
	view, err := s.look(ctx)
	if err != nil {
		return err
	}
	result, err := s.decide(ctx, view)
	if err != nil {
		return err
	}
	if err := s.recordPlaces(ctx, view, result); err != nil {
		return err
	}
	s.meter.plan(result.Changes)
	if len(result.Changes) == 0 && s.cursor.Round == 0 && view.unread() {
		s.cursor.Step = stepReadB // an earlier execution wrote, and ended before it looked
		return nil
	}
	if len(result.Changes) == 0 || s.cursor.Round >= maxRounds {
		return s.endContent(ctx, view, result)
	}
	finished, err := s.apply(ctx, view, result)
	if err != nil || !finished {
		return err
	}
	s.cursor.Step = stepReadB
	return nil
}

// maxRounds bounds the rounds of one phase. Two are usual (do it; nothing left), one more for sibling order, one more for
// second passes; what still wants changing after that is reported by the proof of parity.
const maxRounds = 8

// endContent closes the content phase. The chain parks while another space of the run has not come as far, because
// bodies may refer to contents there by id; the relink phase then carries what became resolvable.
func (s *spaceRun) endContent(ctx context.Context, v *view, r reconcile.Result) error {
	if err := s.report(ctx, v, r); err != nil {
		return err
	}
	if s.row.Task.Phase == migration.PhaseRelink {
		return s.enter(ctx, migration.PhaseVerify)
	}
	if err := s.enter(ctx, migration.PhaseRelink); err != nil {
		return err
	}
	rows, err := s.e.store.Tasks(ctx, s.run.ID)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(unfinished(rows), func(r store.TaskRow) bool { return r.Space == s.scope.Key })
	if slices.ContainsFunc(others, func(r store.TaskRow) bool { return beforeRelink(r.Task.Phase) }) {
		return errParked
	}
	return s.e.wakeChains(ctx, s.run.ID, others)
}
