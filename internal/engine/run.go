package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// What a person can ask of a run.
const (
	wantPause = "pause"
	wantStop  = "stop"
)

var emptyResult reconcile.Result

// Start begins a run of a plan and returns its name. A plan has one run at a time.
func (e *Engine) Start(ctx context.Context, plan string) (string, error) {
	if err := e.starting.take(ctx); err != nil {
		return "", err
	}
	defer e.starting.giveBack()
	row, err := e.store.Plan(ctx, plan)
	if err != nil {
		return "", err
	}
	runs, err := e.store.Runs(ctx, plan)
	if err != nil {
		return "", err
	}
	for _, r := range runs {
		if !r.Status.Final() {
			return "", e.unended(ctx, r)
		}
	}
	results, err := e.checks(ctx, plan, false)
	if err != nil {
		return "", err
	}
	for _, r := range results {
		if migration.Blocks(r.Findings) {
			return "", blocked(r.Findings)
		}
	}
	return e.begin(ctx, row)
}

// unended says that a plan has a run already. One that nobody works on is what a crash left: it is carried on, not begun anew.
func (e *Engine) unended(ctx context.Context, r store.Run) error {
	x := confluence.Errorf(confluence.CodeUsage, "run %s of this plan is %s", r.ID, r.Status)
	busy, err := e.busy(ctx, r.ID)
	switch {
	case err != nil:
		return err
	case r.Status == migration.PlanRunning && !busy:
		x.Cause = "the process that worked on it ended before the run did"
	case r.Status == migration.PlanRunning:
		x.Cause = "a plan has one run at a time"
	}
	x.Remedy = fmt.Sprintf("tandem run resume %s carries it on, tandem run stop %[1]s ends it", r.ID)
	return x
}

// blocked turns the finding of a check that stands in the way into an error.
func blocked(findings []migration.Finding) error {
	for _, f := range findings {
		if f.Severity == migration.SeverityError {
			e := confluence.Errorf(confluence.CodeCheckBlocks, "check %s blocks: %s", f.Check, f.What)
			e.Cause, e.Remedy = f.Cause, f.Remedy
			return e
		}
	}
	return nil
}

// begin writes the run with its tasks and their first slices in one transaction.
func (e *Engine) begin(ctx context.Context, row store.PlanRow) (string, error) {
	var run store.Run
	e.forgetCalls(ctx, row.Plan)
	err := e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		run = tx.NewRun(row.Plan.Name)
		run.Document = row.Plan.YAML()
		if err := tx.PutRun(run); err != nil {
			return err
		}
		for _, sc := range row.Plan.Spaces {
			task := migration.Task{Space: sc.Key, Target: targetOf(sc), Phase: migration.PhaseSurvey, Status: migration.TaskReady}
			if err := tx.PutTask(store.TaskRow{Run: run.ID, Space: sc.Key, Task: task}); err != nil {
				return err
			}
			if err := tx.AddSlice(store.Slice{Kind: sliceRun, Key: sliceKey(run.ID, sc.Key), Due: e.opt.Now()}); err != nil {
				return err
			}
		}
		row.Status, row.Updated = migration.PlanRunning, e.opt.Now().UTC()
		return tx.PutPlan(row)
	})
	if err == nil {
		e.say(ctx, run.ID, "", "info", "", fmt.Sprintf("run %s: %s", run.ID, migration.PlanRunning))
		e.hub.publish(Event{Kind: EventStatus, Run: run.ID, Text: string(migration.PlanRunning), At: e.opt.Now().UTC()})
	}
	return run.ID, err
}

func targetOf(sc migration.SpaceScope) string {
	if sc.Target != "" {
		return sc.Target
	}
	return sc.Key
}

// loadSpaceRun gathers everything a slice needs. It returns nil where there is nothing to do any more.
func (e *Engine) loadSpaceRun(ctx context.Context, runID, space string, slice store.Slice) (*spaceRun, error) {
	run, err := e.store.Run(ctx, runID)
	if err != nil {
		return nil, err
	}
	row, err := e.store.Task(ctx, runID, space)
	if err != nil {
		return nil, err
	}
	if run.Status != migration.PlanRunning || row.Task.Status.Final() {
		return nil, nil
	}
	plan, err := migration.ParsePlan(run.Document, runID)
	if err != nil {
		return nil, err
	}
	s := e.newSpaceRun(run, plan, row)
	s.slice, s.deadline = slice, e.opt.Now().Add(e.opt.Slice)
	if len(slice.Cursor) > 0 {
		if err := json.Unmarshal(slice.Cursor, &s.cursor); err != nil {
			s.cursor = cursor{} // a cursor only saves reading
		}
		s.listing = s.cursor.listing
	}
	if err := s.openSites(ctx); err != nil {
		return nil, err
	}
	if err := s.claim(ctx, asRun); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		s.yieldSpace()
		return nil, err
	}
	return s, nil
}

// newSpaceRun begins the work on a space of a plan. It reads nothing.
func (e *Engine) newSpaceRun(run store.Run, plan migration.Plan, row store.TaskRow) *spaceRun {
	s := &spaceRun{run: run, plan: plan, row: row}
	s.e, s.runID, s.space = e, run.ID, row.Space
	s.last = row.Task.Phase == migration.PhaseRelink
	s.concurrent, s.planned = plan.Options.Concurrent, map[string]string{}
	for _, sc := range plan.Spaces {
		s.planned[sc.Key] = targetOf(sc)
		if sc.Key == row.Space {
			s.scope = sc
		}
	}
	s.opens = s.scope.Permissions
	s.facets = reconcile.Title | reconcile.Parent | reconcile.Order | reconcile.Body | reconcile.Labels | reconcile.File
	if s.scope.Restrictions {
		s.facets |= reconcile.Restrictions
	}
	return s
}

func (s *spaceRun) openSites(ctx context.Context) error {
	names := [2]string{EndpointName(s.plan.From), EndpointName(s.plan.To)}
	prints := [2]string{s.plan.From.Fingerprint, s.plan.To.Fingerprint}
	for _, side := range confluence.Sides {
		var err error
		if s.sites[side], err = s.e.open(ctx, names[side]); err != nil {
			return err
		}
		if s.ids[side], err = s.e.identify(ctx, s.sites[side], prints[side]); err != nil {
			return err
		}
	}
	return nil
}

// sourceName is the name under which twins of this plan's source are remembered. An export has none of its own: later
// exports of the same site, put into the same plan, continue what earlier ones began.
func (s *spaceRun) sourceName() string { return sourceName(s.plan) }

func sourceName(p migration.Plan) string {
	if p.From.Site != "" {
		return p.From.Site
	}
	return exportPrefix + p.Name
}

// begin loads or makes the pair, and marks the task as running.
func (s *spaceRun) begin(ctx context.Context) error {
	list, err := s.sites[confluence.A].reader.Spaces(ctx, []string{s.scope.Key})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return s.end(ctx, migration.TaskSkipped, nil)
	}
	s.sourceSpace, s.permissions = list[0], list[0].Permissions
	if err := s.loadPair(ctx); err != nil {
		return err
	}
	s.meter = s.e.meterOf(s.run.ID, s.scope.Key, s.row.Task, s.sites)
	s.gauge = s.meter
	if s.row.Task.Status == migration.TaskReady {
		s.row.Task.Status, s.row.Task.Started = migration.TaskRunning, s.e.opt.Now().UTC()
	}
	s.row.Pair = s.pair.ID
	if err := s.rememberArrived(ctx); err != nil {
		return err
	}
	made, err := s.e.store.Journal(ctx, store.JournalFilter{Run: s.run.ID, Pair: s.pair.ID, Verbs: []confluence.Verb{confluence.VerbSpace}, Limit: 1})
	if err != nil {
		return err
	}
	s.fresh = len(made) > 0
	return s.saveTask(ctx)
}

// rememberArrived knows from the journal that something arrived in this run, also after a crash.
func (s *spaceRun) rememberArrived(ctx context.Context) error {
	if s.row.Task.Arrived {
		return nil
	}
	made, err := s.e.store.Journal(ctx, store.JournalFilter{Run: s.run.ID, Pair: s.pair.ID, States: []string{store.StateDone}, Limit: 1})
	s.row.Task.Arrived = len(made) > 0
	return err
}

func (s *spaceRun) loadPair(ctx context.Context) error {
	sites := [2]string{s.sourceName(), s.sites[confluence.B].row.Name}
	keys := [2]string{s.scope.Key, targetOf(s.scope)}
	p, err := s.e.store.PairOf(ctx, sites, keys)
	switch {
	case err == nil:
		if was := p.Fingerprints[confluence.B]; was != s.plan.To.Fingerprint {
			return otherSite(s.sites[confluence.B].row.Name, was, s.plan.To.Fingerprint)
		}
	case confluence.ClassOf(err) != confluence.ClassNotFound:
		return err
	}
	p.Sites, p.Keys = sites, keys
	p.Fingerprints = [2]string{s.plan.From.Fingerprint, s.plan.To.Fingerprint}
	p.Spaces[confluence.A], p.Homes[confluence.A] = s.sourceSpace.ID, s.sourceSpace.HomeID
	if err := s.commit(ctx, func(tx *store.Tx) error { return tx.PutPair(&p) }); err != nil {
		return err
	}
	s.pair = p
	return nil
}

// end gives the task its final status.
func (s *spaceRun) end(ctx context.Context, status migration.TaskStatus, why *migration.Finding) error {
	s.row.Task.Status, s.row.Task.Error, s.row.Task.Ended = status, why, s.e.opt.Now().UTC()
	if status == migration.TaskSkipped && s.row.Task.SkipReason == "" {
		s.row.Task.SkipReason = migration.SkipGone
	}
	if s.meter != nil {
		s.meter.flush() // once the task has ended, another chain may end the run
		s.meter.store(&s.row.Task)
	}
	if err := s.commit(ctx, func(tx *store.Tx) error { return tx.PutTask(s.row) }); err != nil {
		return err
	}
	s.e.say(ctx, s.run.ID, s.scope.Key, "info", "", fmt.Sprintf("%s: %s", s.scope.Key, status))
	s.e.hub.publish(Event{Kind: EventStatus, Run: s.run.ID, Space: s.scope.Key, Text: string(status), At: s.e.opt.Now().UTC()})
	return errParked
}

// endBadly decides what an error that came out of a slice means: a pause the site asked for, a halt of the whole run, or
// the end of this space.
func (e *Engine) endBadly(ctx context.Context, runID, space string, cause error) (jobs.Next, error) {
	if ctx.Err() != nil {
		return jobs.Next{}, ctx.Err()
	}
	switch {
	case errors.Is(cause, errParked):
		return jobs.Next{Done: true}, nil
	case errors.Is(cause, errBeingImported):
		return jobs.Next{Done: true}, e.skip(ctx, runID, space)
	case errors.Is(cause, errBeingProved):
		return jobs.Next{Due: e.opt.Now().Add(proofPause)}, nil
	case errors.Is(cause, store.ErrFenced):
		return jobs.Next{Done: true}, nil // another execution has taken over
	}
	x := confluence.AsError(cause)
	if x.Class() == confluence.ClassLimited && x.RetryAfter > 0 {
		e.say(ctx, runID, space, "warning", x.Code, fmt.Sprintf("%s: the site asks to wait %s", space, x.RetryAfter))
		return jobs.Next{Due: e.opt.Now().Add(x.RetryAfter)}, nil
	}
	if haltsRun(x) {
		if err := e.halt(ctx, runID, space, x); err != nil {
			return jobs.Next{}, err
		}
		return jobs.Next{Done: true}, nil
	}
	return jobs.Next{Done: true}, e.failTask(ctx, runID, space, x)
}

func haltsRun(x *confluence.Error) bool {
	return halts(x) && x.Class() != confluence.ClassInternal || x.Class() == confluence.ClassForbidden
}

// halt pauses a run that cannot go on by itself, with the reason.
func (e *Engine) halt(ctx context.Context, runID, space string, x *confluence.Error) error {
	f := migration.FromError(x)
	f.Run, f.Space, f.At = runID, space, e.opt.Now().UTC()
	f.Remedy = fmt.Sprintf("%s; then tandem run resume %s", x.Help(), runID)
	e.say(ctx, runID, space, "error", x.Code, "halted: "+x.Error())
	return e.setRun(ctx, runID, func(r *store.Run) bool {
		next, ok := r.Status.OnRun(migration.EventHalt)
		if ok {
			r.Status, r.Error = next, &f
		}
		return ok
	})
}

// setRun changes a run and the plan it belongs to, and tells whoever listens.
func (e *Engine) setRun(ctx context.Context, runID string, edit func(*store.Run) bool) error {
	run, err := e.store.Run(ctx, runID)
	if err != nil || !edit(&run) {
		return err
	}
	plan, planErr := e.store.Plan(ctx, run.Plan)
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if planErr == nil {
			plan.Status, plan.Updated = run.Status, e.opt.Now().UTC()
			if err := tx.PutPlan(plan); err != nil {
				return err
			}
		}
		return tx.PutRun(run)
	})
	if err == nil {
		e.hub.publish(Event{Kind: EventStatus, Run: runID, Text: string(run.Status), At: e.opt.Now().UTC()})
	}
	return err
}

func (e *Engine) skip(ctx context.Context, runID, space string) error {
	return e.setTask(ctx, runID, space, func(t *migration.Task) {
		t.Status, t.SkipReason, t.Ended = migration.TaskSkipped, migration.SkipBeingImported, e.opt.Now().UTC()
	})
}

func (e *Engine) failTask(ctx context.Context, runID, space string, x *confluence.Error) error {
	f := migration.FromError(x)
	f.Run, f.Space, f.At = runID, space, e.opt.Now().UTC()
	e.say(ctx, runID, space, "error", x.Code, space+": "+x.Error())
	return e.setTask(ctx, runID, space, func(t *migration.Task) {
		t.Status, t.Error, t.Ended = migration.TaskFailed, &f, e.opt.Now().UTC()
		if t.Arrived {
			t.Status = migration.TaskIncomplete
		}
	})
}

func (e *Engine) setTask(ctx context.Context, runID, space string, edit func(*migration.Task)) error {
	row, err := e.store.Task(ctx, runID, space)
	if err != nil {
		return err
	}
	edit(&row.Task)
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutTask(row) })
}
