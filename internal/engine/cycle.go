package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// sliceCycle is the kind of the slices in which the cycles of a pair run: one chain per pair, by its name.
const sliceCycle = "cycle"

// cycle is one pass of look, decide, apply over a pair, as long as one slice lasts.
type cycle struct {
	work
	row    store.PairRow
	rec    store.Cycle
	cursor cycleCursor
	policy reconcile.Policy
	meter  *cycleMeter
	owner  string // how the lease is held; empty: as a cycle
	later  bool   // an earlier slice began the cycle
}

// cycleCursor is what one slice of a cycle tells the next. Everything that matters is in the tables; a lost cursor costs
// repeated reading, never a repeated write.
type cycleCursor struct {
	Cycle     int64        `json:"cycle,omitempty"` // under way
	Step      cycleStep    `json:"step,omitempty"`
	Listing   listing      `json:"listing,omitzero"`
	Began     [2]time.Time `json:"began,omitzero"`      // the listing of each side, by the clock of its site
	Hinted    time.Time    `json:"hinted,omitzero"`     // hints noted until then are looked at
	Round     int          `json:"round,omitempty"`     // rounds of decide, apply, read back
	Planned   int          `json:"planned,omitempty"`   // changes of the last round
	Confirmed bool         `json:"confirmed,omitempty"` // what was written was just read back
	Read      int          `json:"read,omitempty"`      // writes of this cycle that were read back
	Sure      bool         `json:"sure,omitempty"`      // canaries and checkpoints were asked for
	Fails     int          `json:"fails,omitempty"`     // cycles in a row that failed
}

// cycleStep is a part of a cycle.
type cycleStep string

// The steps, in the order of a sweep; a cycle that follows a feed begins with stepFetch.
const (
	stepOpen    cycleStep = ""        // are the sites what they were
	stepListA   cycleStep = "list-a"  // list side A
	stepListB   cycleStep = "list-b"  // list side B
	stepGone    cycleStep = "gone"    // what became of what the listings do not show
	stepAudit   cycleStep = "audit"   // facets that no listing carries, within the budget
	stepFetch   cycleStep = "fetch"   // what feeds, listings and people named
	stepDecide  cycleStep = "decide"  // decide and carry out
	stepConfirm cycleStep = "confirm" // read back what was written
	stepMark    cycleStep = "mark"    // the double checkpoint
)

var (
	errCycleOver = errors.New("the cycle is over")            // by itself
	errAsked     = errors.New("a person asked for the end")   // to pause or to retire
	errBusyPair  = errors.New("somebody else has the spaces") // a migration or a proof
)

// workCycle is the jobs.Work of a pair's chain.
func (e *Engine) workCycle(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	next, err := e.countedCycle(ctx, slice)
	if err == nil {
		err = e.honourPair(ctx, slice.Key)
	}
	return next, err
}

// countedCycle counts the pair among those at work, also while a panic passes.
func (e *Engine) countedCycle(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	e.enter(pairLog(slice.Key))
	defer e.leave(pairLog(slice.Key))
	return e.workPair(ctx, slice)
}

func (e *Engine) workPair(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	row, err := e.store.PairRow(ctx, slice.Key)
	if err != nil {
		return jobs.Next{Done: true}, ignoreMissing(err)
	}
	c := &cycle{row: row, meter: e.cycleMeter(row.Spec.Name)}
	if len(slice.Cursor) > 0 {
		if err := json.Unmarshal(slice.Cursor, &c.cursor); err != nil {
			c.cursor = cycleCursor{} // a cursor only saves reading
		}
	}
	c.init(e, slice)
	c.near = true
	next, begun, err := c.begin(ctx)
	if err != nil || !begun {
		return next, err
	}
	err = c.load(ctx)
	if err == nil {
		err = c.recallWritten(ctx)
	}
	if err == nil {
		err = c.carryOn(ctx)
	}
	return c.ended(ctx, err)
}

// begin takes up the cycle that is under way, or opens the next one if something asks for it. begun is false if there is
// nothing to do now; next then says when to look again.
func (c *cycle) begin(ctx context.Context) (next jobs.Next, begun bool, err error) {
	if c.row.Cycle > 0 {
		last, err := c.e.store.Cycle(ctx, c.row.ID, c.row.Cycle)
		if err != nil {
			return jobs.Next{}, false, err
		}
		if last.Ended.IsZero() {
			if c.cursor.Cycle != last.Number {
				c.cursor = cycleCursor{Cycle: last.Number, Fails: c.cursor.Fails}
			}
			c.rec, c.later = last, true
			return jobs.Next{}, true, nil
		}
	}
	kind, err := c.kind(ctx)
	if err != nil || kind == "" {
		return c.rest(), false, err
	}
	err = c.e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		c.rec, err = tx.NewCycle(c.row.Spec.Name, kind)
		return err
	})
	if err != nil {
		return jobs.Next{}, false, err
	}
	c.cursor = cycleCursor{Cycle: c.rec.Number, Fails: c.cursor.Fails}
	c.row.Cycle, c.row.Request = c.rec.Number, store.Request{}
	c.meter.begin()
	c.e.pairEvent(EventCycle, c.row.Spec.Name, "")
	return jobs.Next{}, true, nil
}

// kind says which cycle a pair needs now; empty: none.
func (c *cycle) kind(ctx context.Context) (string, error) {
	asked := c.row.Request
	if c.row.Want != "" || !c.row.State.Writes() && !asked.DryRun && len(asked.Allow) == 0 {
		return "", nil
	}
	switch {
	case asked.Sweep || len(asked.Allow) > 0:
		return store.CycleSweep, nil
	case len(asked.Pages) > 0:
		return store.CyclePage, nil
	case continuous(c.row) && !c.e.opt.Now().Before(c.row.NextSweep):
		return store.CycleSweep, nil
	case c.row.Sync.Epoch > 0 && c.row.Sync.Swept < c.row.Sync.Epoch:
		return store.CycleSweep, nil // a feed alone never begins an epoch
	}
	hints, err := c.e.store.Hints(ctx, c.row.ID)
	if err != nil || len(hints) == 0 || !c.row.State.Writes() {
		return "", err
	}
	return store.CycleFeed, nil
}

// rest says when a pair at rest is looked at again.
func (c *cycle) rest() jobs.Next {
	if c.row.Want != "" || !c.row.State.Writes() || !continuous(c.row) {
		return jobs.Next{Done: true}
	}
	cursor, err := json.Marshal(cycleCursor{Fails: c.cursor.Fails})
	if err != nil {
		cursor = nil
	}
	return jobs.Next{Due: c.row.NextSweep, Cursor: cursor}
}

// carryOn does steps, one at least, until the cycle is over, the slice's time is, or somebody asks to stop.
func (c *cycle) carryOn(ctx context.Context) error {
	for {
		if c.meter.wanted() {
			return errAsked
		}
		if err := c.step(ctx); err != nil {
			return err
		}
		if !c.e.opt.Now().Before(c.deadline) {
			return nil
		}
	}
}

// step does the next piece of the cycle and says in the cursor what comes after it.
func (c *cycle) step(ctx context.Context) error {
	switch c.cursor.Step {
	case stepOpen:
		return c.stepOpen(ctx)
	case stepListA:
		return c.list(ctx, confluence.A, stepListB)
	case stepListB:
		return c.list(ctx, confluence.B, stepGone)
	case stepGone:
		return c.stepGone(ctx)
	case stepAudit:
		return c.stepAudit(ctx)
	case stepFetch:
		return c.stepFetch(ctx)
	case stepDecide:
		return c.stepDecide(ctx)
	case stepConfirm:
		return c.stepConfirm(ctx)
	case stepMark:
		return c.stepMark(ctx)
	}
	return confluence.Errorf(confluence.CodeInternal, "unknown step %q", c.cursor.Step)
}

// enter moves the cycle to another step.
func (c *cycle) enter(step cycleStep) { c.cursor.Step, c.cursor.Listing = step, listing{} }

// sweeps reports whether the cycle lists both spaces.
func (c *cycle) sweeps() bool { return c.rec.Kind == store.CycleSweep }

// cycleFailed hears of slices of a pair that ended with a panic or an error of the store.
func (e *Engine) cycleFailed(slice store.Slice, cause error, parked bool) {
	var panicked *jobs.PanicError
	if errors.As(cause, &panicked) {
		e.opt.Log.Error("panic", "slice", slice.Key, "value", panicked.Value, "stack", string(panicked.Stack))
	} else {
		e.opt.Log.Error("cycle failed", "pair", slice.Key, "error", cause)
	}
	if !parked {
		return
	}
	ctx := context.Background() // that of the slice is over
	if err := e.haltPair(ctx, slice.Key, errorHalt(confluence.A, confluence.AsError(cause))); err != nil {
		e.opt.Log.Error("pair not halted", "pair", slice.Key, "error", err)
	}
}
