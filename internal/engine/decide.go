package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// maxCycleRounds bounds how often one cycle decides: once to do it, once to see that nothing is left, and more often only
// where somebody wrote in between or a body had to wait for what it refers to.
const maxCycleRounds = 5

// stepDecide decides what each side must do and carries it out. The baseline never runs ahead: what is written counts as
// agreed when it has been read back.
func (c *cycle) stepDecide(ctx context.Context) error {
	if err := c.settleUnknown(ctx); err != nil {
		return err
	}
	v, err := c.look(ctx)
	if err != nil {
		return err
	}
	if (v.unread() || c.unseen()) && !c.cursor.Confirmed {
		c.enter(stepConfirm) // an earlier execution wrote, and ended before it looked
		return nil
	}
	c.cursor.Confirmed = false
	if !c.rec.Request.DryRun {
		if v, err = c.disown(ctx, v); err != nil {
			return err
		}
	}
	if v, err = c.readAstray(ctx, v); err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		if err := c.removeSurplus(ctx, v, side); err != nil {
			return onSide(side, err)
		}
	}
	if v, err = c.look(ctx); err != nil { // another one only if something was removed
		return err
	}
	if wrote, err := c.writeResults(ctx, v); err != nil || wrote {
		c.enter(stepConfirm)
		return err
	}
	r, err := c.plan(ctx, v)
	if err != nil {
		return err
	}
	if err := c.brake(v, r); err != nil {
		return err
	}
	if c.rec.Request.DryRun {
		c.rec.Plan = planned(v, r.Changes)
		return errCycleOver
	}
	if joined, err := c.recordDecision(ctx, v, r); err != nil || joined {
		return err // decided anew, with the twins made
	}
	if len(r.Changes) == 0 || c.cursor.Round >= maxCycleRounds {
		c.enter(stepMark)
		return nil
	}
	c.reordered(v, r)
	finished, wrote, err := c.apply(ctx, v, r)
	if kept := errors.Join(c.keepRefusals(ctx, v), c.keepTrash(ctx)); err == nil {
		err = kept
	}
	if err != nil {
		return err
	}
	// A round that its slice cut short counts only where it brought the end no nearer.
	if finished || c.cursor.Planned > 0 && len(r.Changes) >= c.cursor.Planned {
		c.cursor.Round++
	}
	c.cursor.Planned = len(r.Changes)
	c.enter(stepConfirm)
	if !wrote && !c.again {
		c.enter(stepMark) // all that is left waits for something, or was refused
	}
	return nil
}

// reordered notes the siblings of what is put in order: a site may give all of them other positions.
func (c *cycle) reordered(v *view, r reconcile.Result) {
	var below [2]map[confluence.TwinID]bool
	for _, ch := range r.Changes {
		if ch.Verb != confluence.VerbMove || ch.Facets.Has(reconcile.Parent) {
			continue
		}
		if below[ch.Side] == nil {
			below[ch.Side] = map[confluence.TwinID]bool{}
		}
		below[ch.Side][ch.Parent] = true
	}
	for _, side := range confluence.Sides {
		if len(below[side]) == 0 {
			continue
		}
		var err error // the plan was made of the same nodes
		for n := range v.nodes(side, &err) {
			if n.Kind == confluence.Page && below[side][n.Parent] && v.agreed.has(n.Twin) {
				c.touch(side, n.Twin)
			}
		}
	}
}

// touch lets a content of a side be read again.
func (c *cycle) touch(side confluence.Side, twin confluence.TwinID) {
	c.touchedMu.Lock()
	defer c.touchedMu.Unlock()
	if c.touched[side] == nil {
		c.touched[side] = map[confluence.TwinID]bool{}
	}
	c.touched[side][twin] = true
}

// recordDecision writes down what a decision says of the baseline besides its changes, and its conflicts.
func (c *cycle) recordDecision(ctx context.Context, v *view, r reconcile.Result) (joined bool, err error) {
	for side, n := range unknownOn(v, r.Unknown) {
		c.rec.Unknown[side] = max(c.rec.Unknown[side], n)
	}
	if joined, err = c.record(ctx, v, r); err != nil || joined {
		return joined, err
	}
	return false, c.recordConflicts(ctx, v, r)
}

// unknownOn counts on which side contents of the baseline were not seen.
func unknownOn(v *view, twins []confluence.TwinID) (n [2]int) {
	for _, twin := range twins {
		for side := range confluence.Sides {
			if !v.seen[side].has(twin) {
				n[side]++
			}
		}
	}
	return n
}

// plan asks reconcile what to do, and leaves out what is frozen and what has failed in this cycle already.
func (c *cycle) plan(ctx context.Context, v *view) (reconcile.Result, error) {
	p := c.policy
	p.Same, p.Met = c.same(ctx, v), c.met(ctx, v)
	for side := range confluence.Sides {
		p.TrashHoldsTitle[side] = c.trashHolds[side].Load()
	}
	decided, err := c.decisions(ctx, v)
	if err != nil {
		return reconcile.Result{}, err
	}
	p.Decided = decided
	if planted.On(planted.NoConflict) {
		p.Choices = map[reconcile.Facets]reconcile.Choice{reconcile.Body: reconcile.PreferA, reconcile.Title: reconcile.PreferA}
	}
	r, err := v.plan(p)
	if err != nil {
		return r, err
	}
	if err := c.leaveAlone(ctx, v, &r, decided); err != nil {
		return r, err
	}
	r.Changes = without(r.Changes, func(ch reconcile.Change) bool {
		if planted.On(planted.TitleLeft) && ch.Verb == confluence.VerbPut && v.marked(ch) {
			return true
		}
		if planted.On(planted.HeldWhole) && slices.ContainsFunc(r.Clashes, func(x reconcile.Clash) bool { return x.Open && x.Twin == ch.Twin }) {
			return true
		}
		return c.refusedBefore(ch) || rewrites(ch) && c.held(ch.Twin)
	})
	return r, nil
}

// refusedBefore reports whether a site refused this change in this cycle: the next cycle tries again, this one does not.
func (c *cycle) refusedBefore(ch reconcile.Change) bool {
	return c.meter.refusedBefore(ch)
}

// brake halts the cycle where what would be done looks like an accident.
func (c *cycle) brake(v *view, r reconcile.Result) error {
	c.rec.Rows = addRows(c.rec.Rows, r.Rows)
	for row, n := range r.Rows {
		c.e.opt.Count(fmt.Sprintf("row %d", row), n)
	}
	for _, b := range r.Brakes {
		// What is missing without a trace has halted the sweep before; what lies in the trash passes with the deletes.
		if c.allowed(b.Name) || b.Name == brakeEmptied && c.sweeps() && c.allowed("deletes") {
			continue
		}
		c.rec.Plan = planned(v, r.Changes)
		h := store.Halt{Brake: b.Name, Side: b.Side, What: b.What, Count: b.Count, Of: b.Of}
		for _, twin := range b.Sample {
			h.Sample = append(h.Sample, titleOf(v, twin))
		}
		return &halting{h}
	}
	return nil
}

func addRows(sum, more map[int]int) map[int]int {
	if sum == nil {
		sum = map[int]int{}
	}
	for row, n := range more {
		if row != 1 { // nothing happened
			sum[row] += n
		}
	}
	return sum
}

// maxPlanned bounds the preview that is kept of what a brake or a dry run held back.
const maxPlanned = 1000

func planned(v *view, changes []reconcile.Change) []store.Planned {
	var out []store.Planned
	for _, ch := range changes {
		if len(out) == maxPlanned {
			break
		}
		title := ch.Title
		if title == "" {
			title = titleOf(v, ch.Twin)
		}
		out = append(out, store.Planned{Side: ch.Side, Verb: ch.Verb, Kind: ch.Kind, Twin: ch.Twin, Title: title, Facets: ch.Facets})
	}
	return out
}

// titleOf names a content for people, by the title it has on either side.
func titleOf(v *view, twin confluence.TwinID) string {
	for _, side := range confluence.Sides {
		if o := v.seen[side].get(twin); o != nil {
			if o.Content.Kind == confluence.Comment {
				return describe(o.Content)
			}
			return o.Content.Title
		}
	}
	if a := v.agreed.get(twin); a != nil {
		return a.Title[confluence.A]
	}
	return string(twin)
}

// stepConfirm reads back what was written, in batches by id, and advances the baseline to what the sites show.
func (c *cycle) stepConfirm(ctx context.Context) error {
	rows, err := c.e.store.Carried(ctx, c.row.ID, c.rec.Number)
	if err != nil {
		return err
	}
	if err := c.readWritten(ctx); err != nil {
		return err
	}
	c.cursor.Read = len(rows)
	c.enter(stepDecide)
	c.cursor.Confirmed = true // what the site does not show now is planned with as it is
	return nil
}
