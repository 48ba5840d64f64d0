package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	listing
	Step  step `json:"step,omitempty"`
	Round int  `json:"round,omitempty"` // rounds of plan, apply, read back
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
	work
	run    store.Run
	plan   migration.Plan
	scope  migration.SpaceScope
	row    store.TaskRow
	cursor cursor // its listing is that of work
	meter  *meter

	sourceSpace confluence.Space
}

// errParked ends a slice without a continuation: somebody else will add the next one.
var errParked = errors.New("parked")

func sliceKey(run, space string) string { return run + "|" + space }

// workRun is the jobs.Work of a space's chain.
func (e *Engine) workRun(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	runID, space, _ := strings.Cut(slice.Key, "|")
	next, err := e.workCounted(ctx, runID, space, slice)
	if err == nil {
		err = e.afterChain(ctx, runID, next.Done)
	}
	return next, err
}

// workCounted counts the chain among those at work, also while a panic passes.
func (e *Engine) workCounted(ctx context.Context, runID, space string, slice store.Slice) (jobs.Next, error) {
	e.enter(runID)
	defer e.leave(runID)
	return e.workSpace(ctx, runID, space, slice)
}

// sliceFailed ends a space whose slices fail for a reason that the engine does not know how to deal with.
func (e *Engine) sliceFailed(slice store.Slice, cause error, parked bool) {
	runID, space, _ := strings.Cut(slice.Key, "|")
	var panicked *jobs.PanicError
	if errors.As(cause, &panicked) {
		e.opt.Log.Error("panic", "slice", slice.Key, "value", panicked.Value, "stack", string(panicked.Stack))
	}
	if !parked {
		return
	}
	ctx := context.Background() // that of the slice is over
	err := e.failTask(ctx, runID, space, confluence.AsError(cause))
	if err == nil {
		err = e.afterChain(ctx, runID, true)
	}
	if err != nil {
		e.opt.Log.Error("space not ended", "run", runID, "space", space, "error", err)
	}
}

// enter and leave count the chains of a run that are at work.
func (e *Engine) enter(runID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.working[runID]++
}

func (e *Engine) leave(runID string) {
	e.mu.Lock()
	if e.working[runID]--; e.working[runID] == 0 {
		delete(e.working, runID)
	}
	e.mu.Unlock()
	e.closeRetired()
}

func (e *Engine) workSpace(ctx context.Context, runID, space string, slice store.Slice) (jobs.Next, error) {
	s, err := e.loadSpaceRun(ctx, runID, space, slice)
	if err != nil {
		return e.endBadly(ctx, runID, space, err)
	}
	if s == nil {
		return jobs.Next{Done: true}, nil
	}
	defer s.yieldSpace()
	defer func() { s.ahead.drop() }()
	err = s.carryOn(ctx)
	s.meter.flush()
	switch {
	case errors.Is(err, errParked):
		return jobs.Next{Done: true}, nil
	case err != nil:
		return e.endBadly(ctx, runID, space, err)
	}
	s.cursor.listing = s.listing
	b, err := json.Marshal(s.cursor)
	return jobs.Next{Cursor: b, Due: e.opt.Now()}, err
}

// carryOn does steps, one at least, until the slice's time is over, somebody asks to stop, or the chain parks.
func (s *spaceRun) carryOn(ctx context.Context) error {
	// Before anything is read: what the source was when those writes were made, and the destination's own edits, cannot be
	// told from them afterwards.
	if err := s.settleUnknown(ctx); err != nil {
		return err
	}
	for {
		if err := s.wanted(ctx); err != nil {
			return err
		}
		if err := s.step(ctx); err != nil {
			return err
		}
		if !s.e.opt.Now().Before(s.deadline) {
			return nil
		}
	}
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
	if err := s.atGate(ctx); err != nil {
		return err
	}
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
	s.cursor, s.listing = cursor{}, listing{}
	s.last = phase == migration.PhaseRelink
	s.holdNone()
	if len(s.plan.Spaces) > 1 {
		s.seen = nil // the other spaces have come further, and are in the view too
	}
	if err := s.saveTask(ctx); err != nil {
		return err
	}
	s.e.say(ctx, s.run.ID, s.scope.Key, "info", "", fmt.Sprintf("%s: %s", s.scope.Key, phase))
	return s.wakeOthers(ctx)
}

func (s *spaceRun) saveTask(ctx context.Context) error {
	s.meter.store(&s.row.Task)
	return s.note(ctx, func(tx *store.Tx) error { return tx.PutTask(s.row) })
}

// stepSurvey reads the source, and the destination if there already is one.
func (s *spaceRun) stepSurvey(ctx context.Context) error {
	if s.cursor.Step == stepReadA {
		done, err := s.scan(ctx, confluence.A)
		if err != nil || !done {
			return err
		}
		if err := s.confirmHome(ctx); err != nil {
			return err
		}
		s.cursor.Step = stepReadB
		return nil
	}
	if s.pair.Spaces[confluence.B] != "" {
		if done, err := s.readBack(ctx, confluence.B); err != nil || !done {
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
		done, err := s.readBack(ctx, confluence.B)
		if err != nil || !done {
			return err
		}
		s.cursor.Step = stepApply
		return nil
	}
	if err := s.settleUnknown(ctx); err != nil {
		return err
	}
	began := s.e.opt.Now()
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
	s.meter.plan(result)
	s.planning = s.e.opt.Now().Sub(began)
	if len(result.Changes) == 0 && s.cursor.Round == 0 && view.unread() {
		s.cursor.Step = stepReadB // an earlier execution wrote, and ended before it looked
		s.cursor.Round++
		return nil
	}
	if len(result.Changes) == 0 || s.cursor.Round >= maxRounds {
		return s.endContent(ctx, view, result)
	}
	finished, wrote, err := s.apply(ctx, view, result)
	if err != nil {
		return err
	}
	if !finished || result.Later != nil {
		if slices.ContainsFunc(result.Changes, isMove) {
			s.cursor.Step = stepReadB // what was moved stands elsewhere now; planned from the old places it would be moved again
		}
		return nil
	}
	s.cursor.Round++
	if !wrote && !view.unread() {
		return s.endContent(ctx, view, result) // all that is left waits for something that has not arrived
	}
	s.cursor.Step = stepReadB
	return nil
}

func isMove(c reconcile.Change) bool { return c.Verb == confluence.VerbMove }

// maxRounds bounds the rounds of one phase. Two are usual (do it; nothing left), one more for sibling order, one more for
// second passes; what still wants changing after that is reported by the proof of parity.
const maxRounds = 8

// endContent closes the content phase, or the relink phase, which carries what became resolvable when every other space
// of the run had come as far.
func (s *spaceRun) endContent(ctx context.Context, v *view, r reconcile.Result) error {
	if err := s.report(ctx, v, r); err != nil {
		return err
	}
	if s.row.Task.Phase == migration.PhaseRelink {
		return s.enter(ctx, migration.PhaseVerify)
	}
	return s.enter(ctx, migration.PhaseRelink)
}
