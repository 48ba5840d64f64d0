package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// wantRetire is what a person can ask of a pair besides wantPause.
const wantRetire = "retire"

// CycleReport is one cycle of a pair.
type CycleReport struct {
	Pair  string              `json:"pair"`
	State migration.PairState `json:"state"` // of the pair, when the report was made
	store.Cycle
}

// SyncOptions say what a cycle that a person asks for looks at.
type SyncOptions struct {
	// Page is one content to be looked at, by its id on Site; empty: a sweep of the pair.
	Page confluence.ID
	// Site is where Page is; empty: on the side that has a content of that id.
	Site string
	// AllowBrake lets the brake of that name pass once.
	AllowBrake string
	// DryRun shows what would be done and does nothing.
	DryRun bool
}

// SyncPair asks for a cycle now and returns when it has ended. The report says what was done, or, for a dry run and for a
// pair that a brake halts, what would have been done; the error is T-6001 if the pair is halted afterwards, T-6201 if it
// is in no state for a cycle. A halted pair takes a dry run, or a cycle that the brake is let pass in; a paused one a dry
// run.
func (e *Engine) SyncPair(ctx context.Context, name string, opt SyncOptions) (CycleReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return CycleReport{}, err
	}
	if err := maySync(row, opt); err != nil {
		return CycleReport{}, err
	}
	ask, err := e.request(ctx, row, opt)
	if err != nil {
		return CycleReport{}, err
	}
	events, end := e.Subscribe()
	defer end()
	moved, forget := e.store.SlicesChanged() // by another engine on this store too, of which there are no events here
	defer forget()
	var asked int64
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if asked, err = tx.AskPair(name, ask); err != nil {
			return err
		}
		return tx.AddSlice(store.Slice{Kind: sliceCycle, Key: name, Due: e.opt.Now(), Priority: 1})
	})
	if err != nil {
		return CycleReport{}, err
	}
	for {
		c, found, err := e.store.AnswerTo(ctx, row.ID, asked)
		if err != nil {
			return CycleReport{}, err
		}
		if found {
			return e.answered(ctx, name, c)
		}
		// A feed, or a cycle before, may halt the pair: then nobody answers. A cycle under way still may.
		if row, err = e.store.PairRow(ctx, name); err != nil {
			return CycleReport{}, err
		}
		if refused := maySync(row, opt); refused != nil {
			busy, err := e.cycling(ctx, row.ID)
			if err != nil {
				return CycleReport{}, err
			}
			if c, found, err := e.store.AnswerTo(ctx, row.ID, asked); err != nil {
				return CycleReport{}, err
			} else if found {
				return e.answered(ctx, name, c)
			}
			if !busy {
				return CycleReport{Pair: name, State: row.State}, refused
			}
		}
		select {
		case <-ctx.Done():
			return CycleReport{}, ctx.Err()
		case <-events:
		case <-moved:
		}
	}
}

// cycling reports whether a cycle of a pair is under way.
func (e *Engine) cycling(ctx context.Context, pair int64) (bool, error) {
	list, err := e.store.Cycles(ctx, pair, 1)
	return len(list) > 0 && list[0].Ended.IsZero(), err
}

// maySync refuses a cycle to a pair that is in no state for it.
func maySync(row store.PairRow, opt SyncOptions) error {
	halted := row.State == migration.PairHalted && (opt.DryRun || opt.AllowBrake != "")
	if row.State.Writes() || halted || row.State == migration.PairPaused && opt.DryRun {
		return nil
	}
	if row.State == migration.PairHalted && row.Sync.Halt != nil {
		return haltError(row)
	}
	return confluence.Errorf(confluence.CodePairState, "pair %s is %s: no cycle can be asked for", row.Spec.Name, row.State)
}

func (e *Engine) request(ctx context.Context, row store.PairRow, opt SyncOptions) (store.Request, error) {
	ask := store.Request{Sweep: opt.Page == "", DryRun: opt.DryRun}
	if opt.AllowBrake != "" {
		if !slices.Contains(brakes, opt.AllowBrake) {
			return ask, confluence.Errorf(confluence.CodeUsage, "%q is no brake: there are %s", opt.AllowBrake, strings.Join(brakes, ", "))
		}
		ask.Allow = []string{opt.AllowBrake}
	}
	if opt.Page == "" {
		return ask, nil
	}
	for _, side := range confluence.Sides {
		if opt.Site != "" && row.Sites[side] != opt.Site {
			continue
		}
		seen, err := e.store.ObservedByID(ctx, row.ID, side, opt.Page)
		if err != nil {
			return ask, err
		}
		if len(seen) > 0 || opt.Site != "" {
			ask.Pages = append(ask.Pages, store.RequestedPage{Side: side, ID: opt.Page})
		}
	}
	if len(ask.Pages) == 0 {
		return ask, confluence.Errorf(confluence.CodeNoSuchName, "pair %s has no content %s", row.Spec.Name, opt.Page)
	}
	return ask, nil
}

// answered returns an ended cycle, with the error that the caller of a sync is to see.
func (e *Engine) answered(ctx context.Context, name string, c store.Cycle) (CycleReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return CycleReport{}, err
	}
	r := CycleReport{Pair: name, State: row.State, Cycle: c}
	switch {
	case c.DryRun && c.Outcome != store.CycleFailed:
		return r, nil
	case c.Outcome == store.CycleHalted && row.Sync.Halt != nil:
		return r, haltError(row)
	case c.Error != nil && c.Outcome != store.CycleDone:
		return r, findingError(c.Error)
	}
	return r, nil
}

// findingError turns a finding that ended something back into the error it was.
func findingError(f *migration.Finding) error {
	x := confluence.Errorf(f.Code, "%s", f.What)
	x.Cause, x.Remedy = f.Cause, f.Remedy
	return x
}

// haltError is what a person sees of a halted pair.
func haltError(row store.PairRow) error {
	h := row.Sync.Halt
	if h.Brake == "" && h.Error != nil {
		return findingError(h.Error)
	}
	x := confluence.Errorf(confluence.CodeBrake, "pair %q halted by brake %q: %s", row.Spec.Name, h.Brake, h.What)
	x.Remedy = fmt.Sprintf("tandem pair sync %s --dry-run, then --allow-brake %s --reason …", row.Spec.Name, h.Brake)
	x.Where = confluence.Where{Site: row.Sites[h.Side], Space: row.Keys[h.Side]}
	return x
}

// PausePair stops the writing of a pair, after the write in progress. It returns when nothing is written any more. Edits
// keep being counted. Pausing a paused pair changes the reason alone.
func (e *Engine) PausePair(ctx context.Context, name, reason string) (PairReport, error) {
	return e.stopPair(ctx, name, reason, wantPause, migration.EventPause, migration.PairPaused)
}

// RetirePair ends a pair, after the write in progress. Both spaces stay as they are and no call is made for it any more;
// what was agreed on is kept. Retiring a retired pair does nothing.
func (e *Engine) RetirePair(ctx context.Context, name, reason string) (PairReport, error) {
	return e.stopPair(ctx, name, reason, wantRetire, migration.EventRetire, migration.PairRetired)
}

func (e *Engine) stopPair(ctx context.Context, name, reason, want string, event migration.Event, end migration.PairState) (PairReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return PairReport{}, err
	}
	if _, ok := row.State.On(event); !ok && row.State != end && row.State != migration.PairRetiring {
		return PairReport{}, confluence.Errorf(confluence.CodePairState, "pair %s is %s: it cannot be made %s", name, row.State, end)
	}
	err = e.changePair(ctx, name, func(r *store.PairRow) error {
		r.Sync.Reason = reason
		return nil
	})
	if err != nil || row.State == end {
		report, reportErr := e.Pair(ctx, name)
		return report, firstError(err, reportErr)
	}
	events, unsubscribe := e.Subscribe()
	defer unsubscribe()
	moved, forget := e.store.SlicesChanged()
	defer forget()
	if err := e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.WantPair(name, want) }); err != nil {
		return PairReport{}, err
	}
	e.cycleMeter(name).stop.Store(true)
	e.pairEvent(EventPair, name, want)
	for {
		if err := e.honourPair(ctx, name); err != nil {
			return PairReport{}, err
		}
		report, err := e.Pair(ctx, name)
		if err != nil || report.State == end || report.Want == "" {
			return report, err
		}
		select {
		case <-ctx.Done():
			return report, ctx.Err()
		case <-events:
		case <-moved:
		}
	}
}

// honourPair gives a pair what a person asked for, once no cycle of it is at work in this process.
func (e *Engine) honourPair(ctx context.Context, name string) error {
	if busy, err := e.busy(ctx, pairLog(name)); err != nil || busy {
		return err
	}
	row, err := e.store.PairRow(ctx, name)
	if err != nil || row.Want == "" {
		return err
	}
	want := row.Want
	err = e.changePair(ctx, name, func(r *store.PairRow) error {
		if want == wantPause {
			return movePair(r, migration.EventPause)
		}
		if r.State != migration.PairRetiring {
			if err := movePair(r, migration.EventRetire); err != nil {
				return err
			}
		}
		return movePair(r, migration.EventRetired)
	})
	if confluence.AsError(err) != nil && confluence.AsError(err).Code == confluence.CodePairState {
		err = nil // it came to another end meanwhile, which stands
	}
	if err != nil {
		return err
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if want == wantRetire {
			tx.RemoveSlice(sliceCycle, name)
		}
		return tx.WantPair(name, "")
	})
	e.cycleMeter(name).stop.Store(false)
	e.pairEvent(EventPair, name, "")
	return err
}

// ResumePair lets a paused pair write again, and a halted one once whatever halted it is mended: the next cycle is a
// sweep, and halts it again if the brake still holds.
func (e *Engine) ResumePair(ctx context.Context, name string) (PairReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return PairReport{}, err
	}
	if row.State != migration.PairActive {
		err = e.changePair(ctx, name, func(r *store.PairRow) error {
			r.Sync.Reason, r.NextSweep = "", e.opt.Now().UTC()
			return movePair(r, migration.EventResume)
		})
		if err != nil {
			return PairReport{}, err
		}
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.WantPair(name, "") })
	if err != nil {
		return PairReport{}, err
	}
	e.cycleMeter(name).stop.Store(false)
	if err := e.startPair(ctx, name); err != nil {
		return PairReport{}, err
	}
	return e.Pair(ctx, name)
}

// startPair makes sure that a pair has its slices: the feeds of its sites, and its cycles.
func (e *Engine) startPair(ctx context.Context, name string) error {
	row, err := e.store.PairRow(ctx, name)
	if err != nil || !row.State.Watched() {
		return err
	}
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if continuous(row) && row.Sync.Swept == row.Sync.Epoch {
			for _, site := range row.Sites {
				tx.AddSlice(store.Slice{Kind: sliceFeed, Key: site, Due: e.opt.Now()})
			}
		}
		if !row.State.Writes() {
			return nil
		}
		return tx.AddSlice(store.Slice{Kind: sliceCycle, Key: name, Due: row.NextSweep})
	})
}

// startFeeds begins the feeds of a pair whose epoch was just swept for the first time. One that runs already is left in
// its rhythm.
func (e *Engine) startFeeds(ctx context.Context, row store.PairRow) error {
	if !continuous(row) || !row.State.Watched() || row.Sync.Swept < row.Sync.Epoch {
		return nil
	}
	var missing []string
	for _, site := range row.Sites {
		_, err := e.store.Slice(ctx, sliceFeed, site)
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			missing = append(missing, site)
		} else if err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		for _, site := range missing {
			tx.AddSlice(store.Slice{Kind: sliceFeed, Key: site, Due: e.opt.Now()})
		}
		return nil
	})
}

// revivePairs starts what a dead process left behind.
func (e *Engine) revivePairs(ctx context.Context) error {
	rows, err := e.store.PairRows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Want != "" {
			if err := e.honourPair(ctx, row.Spec.Name); err != nil {
				return err
			}
		}
		if err := e.startPair(ctx, row.Spec.Name); err != nil {
			return err
		}
	}
	return nil
}

// failedSlice hears of slices whose work ended with an error that it did not deal with itself.
func (e *Engine) failedSlice(slice store.Slice, cause error, parked bool) {
	switch slice.Kind {
	case sliceRun:
		e.sliceFailed(slice, cause, parked)
	case sliceCycle:
		e.cycleFailed(slice, cause, parked)
	case sliceFeed:
		e.opt.Log.Error("feed failed", "site", slice.Key, "error", cause)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
