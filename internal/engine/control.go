package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// afterChain is called whenever a slice of a chain has ended: it gives the run what a person asked for, and, where the
// chain is done, starts chains that were waiting for this one and gives the run its status when none is left. It may be
// called any number of times.
func (e *Engine) afterChain(ctx context.Context, runID string, done bool) error {
	run, err := e.store.Run(ctx, runID)
	if err != nil || run.Status.Final() || run.Status == migration.PlanPaused && run.Want != wantStop {
		return err
	}
	if !done && run.Want == "" {
		return nil
	}
	tasks, err := e.store.Tasks(ctx, runID)
	if err != nil {
		return err
	}
	if run.Want != "" {
		return e.honour(ctx, run, tasks)
	}
	if left := unfinished(tasks); len(left) > 0 {
		return e.wakeChains(ctx, runID, left, "")
	}
	return e.rollUp(ctx, run, tasks)
}

func unfinished(rows []store.TaskRow) []store.TaskRow {
	var left []store.TaskRow
	for _, r := range rows {
		if !r.Task.Status.Final() {
			left = append(left, r)
		}
	}
	return left
}

// honour gives a run what a person asked for, once no chain works on it any more.
func (e *Engine) honour(ctx context.Context, run store.Run, tasks []store.TaskRow) error {
	busy, err := e.busy(ctx, run.ID)
	if err != nil || busy {
		return err
	}
	event := migration.EventPause
	if run.Want == wantStop {
		event = migration.EventStop
		if err := e.stopTasks(ctx, unfinished(tasks)); err != nil {
			return err
		}
	}
	return e.setRun(ctx, run.ID, func(r *store.Run) bool {
		next, ok := r.Status.OnRun(event)
		if ok {
			r.Status = next
			if next.Final() {
				r.Ended = e.opt.Now().UTC()
			}
		}
		return ok
	})
}

// busy reports whether a chain of the run is at work in this process.
func (e *Engine) busy(ctx context.Context, runID string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.working[runID] > 0, ctx.Err()
}

func (e *Engine) stopTasks(ctx context.Context, rows []store.TaskRow) error {
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		for _, r := range rows {
			r.Task.Status = migration.TaskIncomplete
			if !r.Task.Arrived {
				r.Task.Status = migration.TaskFailed
			}
			r.Task.Ended = e.opt.Now().UTC()
			if err := tx.PutTask(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *Engine) rollUp(ctx context.Context, run store.Run, rows []store.TaskRow) error {
	tasks := make([]migration.Task, len(rows))
	for i, r := range rows {
		tasks[i] = r.Task
	}
	status := migration.RollUp(tasks)
	if !status.Final() {
		return nil
	}
	e.say(ctx, run.ID, "", "info", "", fmt.Sprintf("run %s: %s", run.ID, status))
	return e.setRun(ctx, run.ID, func(r *store.Run) bool {
		r.Status, r.Ended, r.Error = status, e.opt.Now().UTC(), nil
		return true
	})
}

// Pause asks a run to pause: what is in flight ends and is recorded, nothing new begins.
func (e *Engine) Pause(ctx context.Context, runID, reason string) error {
	return e.want(ctx, runID, wantPause, reason)
}

// Stop asks a run to stop. That is final for the run; its plan can be run again and takes over what arrived.
func (e *Engine) Stop(ctx context.Context, runID, reason string) error {
	return e.want(ctx, runID, wantStop, reason)
}

func (e *Engine) want(ctx context.Context, runID, want, reason string) error {
	run, err := e.store.Run(ctx, runID)
	if err != nil {
		return err
	}
	if run.Status.Final() {
		return confluence.Errorf(confluence.CodeUsage, "run %s has ended: %s", runID, run.Status)
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.WantRun(runID, want) })
	if err != nil {
		return err
	}
	e.say(ctx, runID, "", "info", "", fmt.Sprintf("%s asked for: %s", want, reason))
	e.signal(runID, true)
	return e.afterChain(ctx, runID, true)
}

// signal tells the chains at work in this process to look at the run's flag now.
func (e *Engine) signal(runID string, stop bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.live {
		if m.run == runID {
			m.stop.Store(stop)
		}
	}
}

// Resume lets a paused run go on.
func (e *Engine) Resume(ctx context.Context, runID string) error {
	run, err := e.store.Run(ctx, runID)
	if err != nil {
		return err
	}
	if run.Status == migration.PlanRunning {
		return nil
	}
	if _, ok := run.Status.OnRun(migration.EventResume); !ok {
		return confluence.Errorf(confluence.CodeUsage, "run %s cannot be resumed: it is %s", runID, run.Status)
	}
	return e.goOn(ctx, run, migration.EventResume, nil)
}

// goOn sets a run to running and gives every unfinished task a slice.
func (e *Engine) goOn(ctx context.Context, run store.Run, event migration.Event, edit func(*store.TaskRow) bool) error {
	if err := e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.WantRun(run.ID, "") }); err != nil {
		return err
	}
	e.signal(run.ID, false)
	err := e.setRun(ctx, run.ID, func(r *store.Run) bool {
		next, ok := r.Status.OnRun(event)
		if ok {
			r.Status, r.Error, r.Ended = next, nil, time.Time{}
		}
		return ok
	})
	if err != nil {
		return err
	}
	tasks, err := e.store.Tasks(ctx, run.ID)
	if err != nil {
		return err
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		for _, t := range tasks {
			if edit != nil && edit(&t) {
				if err := tx.PutTask(t); err != nil {
					return err
				}
			}
			if t.Task.Status.Final() {
				continue
			}
			if err := tx.AddSlice(store.Slice{Kind: sliceRun, Key: sliceKey(run.ID, t.Space), Due: e.opt.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.afterChain(ctx, run.ID, true)
}

// Retry queues what failed in an ended run again: all of it, or what failed with one code. It returns how many contents
// that are. Contents that arrived are compared again and not written.
func (e *Engine) Retry(ctx context.Context, runID string, code confluence.Code) (int, error) {
	run, err := e.store.Run(ctx, runID)
	if err != nil {
		return 0, err
	}
	if _, ok := run.Status.OnRun(migration.EventRetry); !ok {
		return 0, confluence.Errorf(confluence.CodeUsage, "run %s has nothing to retry: it is %s", runID, run.Status)
	}
	filter := store.FindingFilter{Run: runID, Severity: migration.SeverityError, State: migration.StateOpen, Code: code}
	failed, err := e.store.Findings(ctx, filter)
	if err != nil {
		return 0, err
	}
	if err := e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.RemoveFindings(filter) }); err != nil {
		return 0, err
	}
	err = e.goOn(ctx, run, migration.EventRetry, func(t *store.TaskRow) bool {
		if t.Task.Status != migration.TaskFailed && t.Task.Status != migration.TaskIncomplete {
			return false
		}
		t.Task.Status, t.Task.Error, t.Task.Phase = migration.TaskRunning, nil, migration.PhaseSurvey
		t.Task.Ended = time.Time{}
		return true
	})
	return len(failed), err
}

// reviveRuns starts what a dead process left behind: chains that ended without their successors being started.
func (e *Engine) reviveRuns(ctx context.Context) error {
	runs, err := e.store.Runs(ctx, "")
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.Status != migration.PlanRunning {
			continue
		}
		if err := e.revive(ctx, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// revive makes sure that every chain of a run has a slice; one that has keeps it, and one that may not go on yet parks.
func (e *Engine) revive(ctx context.Context, runID string) error {
	tasks, err := e.store.Tasks(ctx, runID)
	if err != nil {
		return err
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		for _, t := range unfinished(tasks) {
			if err := tx.AddSlice(store.Slice{Kind: sliceRun, Key: sliceKey(runID, t.Space), Due: e.opt.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.afterChain(ctx, runID, true)
}

// Wait returns when a run has ended or is paused.
func (e *Engine) Wait(ctx context.Context, runID string) (store.Run, error) {
	events, end := e.Subscribe()
	defer end()
	moved, forget := e.store.SlicesChanged() // by another engine on this store too
	defer forget()
	for {
		run, err := e.store.Run(ctx, runID)
		if err != nil || run.Status.Final() || run.Status == migration.PlanPaused {
			return run, err
		}
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-events:
		case <-moved:
		}
	}
}
