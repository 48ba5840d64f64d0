package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// ended decides what the end of a slice means: the cycle goes on in another one, or it is over, and how.
func (c *cycle) ended(ctx context.Context, cause error) (jobs.Next, error) {
	c.count()
	var halt *halting
	x := confluence.AsError(cause)
	switch {
	case ctx.Err() != nil:
		return jobs.Next{}, ctx.Err()
	case cause == nil:
		return c.goOn(c.e.opt.Now())
	case errors.Is(cause, errBusyPair):
		return c.goOn(c.e.opt.Now().Add(proofPause))
	case errors.Is(cause, errCycleOver):
		return c.close(ctx, store.CycleDone)
	case errors.Is(cause, errAsked):
		return c.close(ctx, store.CycleEnded)
	case errors.Is(cause, store.ErrFenced):
		return c.goOn(c.e.opt.Now().Add(proofPause)) // another execution has taken over
	case errors.As(cause, &halt):
		return c.halted(ctx, halt.halt)
	case x.Class() == confluence.ClassLimited && x.RetryAfter > 0:
		return c.goOn(c.e.opt.Now().Add(x.RetryAfter))
	case pairStops(x):
		return c.halted(ctx, errorHalt(sideOf(cause), x))
	}
	f := migration.FromError(x)
	c.rec.Error = &f
	c.e.say(ctx, c.runID, c.space, "warning", x.Code, fmt.Sprintf("cycle %d of %s failed: %s", c.rec.Number, c.row.Spec.Name, x.Error()))
	return c.close(ctx, store.CycleFailed)
}

func sideOf(err error) confluence.Side {
	var s *sideError
	if errors.As(err, &s) {
		return s.side
	}
	return confluence.A
}

// goOn ends a slice whose cycle is not over.
func (c *cycle) goOn(due time.Time) (jobs.Next, error) {
	cursor, err := json.Marshal(c.cursor)
	return jobs.Next{Cursor: cursor, Due: due}, err
}

// halted ends a cycle with its pair halted. A dry run only says that it would.
func (c *cycle) halted(ctx context.Context, h store.Halt) (jobs.Next, error) {
	h.Cycle = c.rec.Number
	c.rec.Halt = &h
	if !c.rec.Request.DryRun {
		if err := c.e.haltPair(ctx, c.row.Spec.Name, h); err != nil {
			return jobs.Next{}, err
		}
	}
	return c.close(ctx, store.CycleHalted)
}

// count adds to the record what was done in this slice.
func (c *cycle) count() {
	looked, refused := c.meter.take()
	for side := range confluence.Sides {
		c.rec.Looked[side] += looked[side]
		if s := c.sites[side]; s != nil {
			c.rec.Calls[side] += s.calls.take(s.reader)
		}
	}
	c.rec.Failed += refused
}

// close ends the cycle: counts, outcome, when the next one is due, and the news of it.
func (c *cycle) close(ctx context.Context, outcome string) (jobs.Next, error) {
	if err := c.tally(ctx); err != nil {
		return jobs.Next{}, err
	}
	c.rec.Outcome, c.rec.Ended, c.rec.DryRun = outcome, c.e.opt.Now().UTC(), c.rec.Request.DryRun
	err := c.e.changePair(ctx, c.row.Spec.Name, func(r *store.PairRow) error {
		c.remember(r)
		if outcome == store.CycleDone && r.State == migration.PairHalted && len(c.rec.Request.Allow) > 0 && !c.rec.DryRun {
			return movePair(r, migration.EventResume)
		}
		return nil
	})
	if err != nil {
		return jobs.Next{}, err
	}
	err = c.e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if err := tx.PutCycle(c.rec); err != nil {
			return err
		}
		return tx.KeepCycles(c.row.ID, keptCycles)
	})
	if err != nil {
		return jobs.Next{}, err
	}
	c.release()
	if c.row, err = c.e.store.PairRow(ctx, c.row.Spec.Name); err != nil {
		return jobs.Next{}, err
	}
	c.cursor = cycleCursor{Fails: c.fails(outcome)}
	c.tell(ctx)
	if err := c.e.startFeeds(ctx, c.row); err != nil {
		return jobs.Next{}, err
	}
	return c.after(ctx)
}

// keptCycles is how many of the newest cycles are kept whatever they did.
const keptCycles = 500

func (c *cycle) fails(outcome string) int {
	if outcome == store.CycleFailed {
		return c.cursor.Fails + 1
	}
	return 0
}

// tally counts from the journal what the sites accepted, so that a crash forgets none of it.
func (c *cycle) tally(ctx context.Context) error {
	rows, err := c.e.store.Carried(ctx, c.row.ID, c.rec.Number)
	if err != nil {
		return err
	}
	c.rec.Writes = [2]map[confluence.Verb]int{}
	for _, r := range rows {
		if r.State != store.StateDone || r.Verb == confluence.VerbProperty {
			continue
		}
		if c.rec.Writes[r.Side] == nil {
			c.rec.Writes[r.Side] = map[confluence.Verb]int{}
		}
		c.rec.Writes[r.Side][r.Verb]++
	}
	open, err := c.e.store.Conflicts(ctx, store.ConflictFilter{Pair: c.row.ID, State: store.ConflictOpen})
	c.rec.Open = len(open)
	return err
}

// remember takes over into the pair what this cycle learned, and decides when it is swept again.
func (c *cycle) remember(r *store.PairRow) {
	done := c.rec.Outcome == store.CycleDone
	_, rest := r.Spec.Intervals()
	if !c.sweeps() {
		return
	}
	next := rest
	switch {
	case !done:
		next = min(retryPause<<min(c.cursor.Fails, 6), rest)
	case c.rec.Written(confluence.A)+c.rec.Written(confluence.B) > 0:
		r.Sync.Quiet, next = 0, rest/3
	default:
		r.Sync.Quiet++
		next = min(rest, rest/3*time.Duration(r.Sync.Quiet))
	}
	if done && !c.rec.Request.DryRun {
		r.Sync.Scanned, r.Sync.Swept = c.cursor.Began, r.Sync.Epoch
		r.Sync.Audit, r.Sync.Round, r.Sync.Audited = c.row.Sync.Audit, c.row.Sync.Round, c.row.Sync.Audited
		r.Sync.Absent = c.row.Sync.Absent
	}
	r.NextSweep = c.e.opt.Now().Add(c.e.spreadOut(next)).UTC()
}

// retryPause is how long a pair waits after a first cycle that failed; each further failure in a row doubles it.
const retryPause = 10 * time.Second

// after says when the chain of the pair goes on: at once where something waits already, later after a failure.
func (c *cycle) after(ctx context.Context) (jobs.Next, error) {
	if c.cursor.Fails > 0 {
		next := c.rest()
		if !next.Done {
			next.Due = c.e.opt.Now().Add(retryPause << min(c.cursor.Fails-1, 5))
		}
		return next, nil
	}
	kind, err := c.kind(ctx)
	next := c.rest()
	if kind != "" {
		next.Done, next.Due = false, c.e.opt.Now()
	}
	return next, err
}

// tell says to the log and to whoever listens how the cycle ended.
func (c *cycle) tell(ctx context.Context) {
	wrote := [2]int{c.rec.Written(confluence.A), c.rec.Written(confluence.B)}
	if wrote != [2]int{} || c.rec.Opened+c.rec.Closed+c.rec.Failed > 0 || c.sweeps() && c.rec.Outcome != store.CycleDone {
		c.e.say(ctx, c.runID, c.space, "info", "", fmt.Sprintf("cycle %d (%s) %s: to %s %d, to %s %d, conflicts %d open, failed %d",
			c.rec.Number, c.rec.Kind, c.rec.Outcome, c.row.Sites[1], wrote[1], c.row.Sites[0], wrote[0], c.rec.Open, c.rec.Failed))
	}
	if c.rec.Opened+c.rec.Closed > 0 {
		c.e.pairEvent(EventConflict, c.row.Spec.Name, "")
	}
	c.e.pairEvent(EventCycle, c.row.Spec.Name, c.rec.Outcome)
}

// allowed reports whether a person let a brake pass in this cycle.
func (c *cycle) allowed(brake string) bool { return slices.Contains(c.rec.Request.Allow, brake) }
