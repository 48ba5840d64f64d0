package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// Hand is a work on a pair that a test drives step by step.
type Hand struct {
	w *work
}

type noGauge struct{}

func (noGauge) read(confluence.Side, int) {}
func (noGauge) done(reconcile.Change)     {}
func (noGauge) failed(reconcile.Change)   {}
func (noGauge) wanted() bool              { return false }

// Hand begins to work on a pair.
func (e *Engine) Hand(ctx context.Context, p store.Pair) (*Hand, error) {
	w := &work{e: e, runID: "hand", cycle: 1, space: p.Keys[confluence.A], pair: p, paired: true, receives: [2]bool{true, true}, gauge: noGauge{},
		deadline: e.opt.Now().Add(time.Hour)}
	for _, f := range reconcile.AllFacets {
		w.facets |= f
	}
	for _, side := range confluence.Sides {
		var err error
		if w.sites[side], err = e.open(ctx, p.Sites[side]); err != nil {
			return nil, err
		}
		if w.ids[side], err = e.identify(ctx, w.sites[side], p.Fingerprints[side]); err != nil {
			return nil, err
		}
	}
	var err error
	w.lease, err = e.store.Acquire(ctx, "hand", "hand", time.Hour)
	return &Hand{w}, err
}

// ReadAll reads both sides anew.
func (h *Hand) ReadAll(ctx context.Context) error {
	for _, side := range confluence.Sides {
		for done := false; !done; {
			var err error
			if done, err = h.w.scan(ctx, side); err != nil {
				return err
			}
		}
		v, err := h.w.look(ctx)
		if err != nil {
			return err
		}
		if err := h.w.confirmMissing(ctx, v, side); err != nil {
			return err
		}
	}
	return nil
}

// Settle looks up what an earlier hand left without an outcome.
func (h *Hand) Settle(ctx context.Context) error { return h.w.settleUnknown(ctx) }

// Plan decides by a mode.
func (h *Hand) Plan(ctx context.Context, mode reconcile.Mode) (reconcile.Result, error) {
	v, err := h.w.look(ctx)
	if err != nil {
		return reconcile.Result{}, err
	}
	var can [2]bool
	for _, side := range confluence.Sides {
		can[side] = h.w.ids[side].Caps.Position
	}
	return v.plan(reconcile.Policy{Mode: mode, Facets: h.w.facets, Position: can, Sweep: true,
		Deletes: reconcile.DeletesPropagate, FoldTitle: [2]func(string) string{migration.FoldTitle, migration.FoldTitle}})
}

// Apply carries changes out. It reports whether somebody was quicker.
func (h *Hand) Apply(ctx context.Context, changes ...reconcile.Change) (again bool, err error) {
	v, err := h.w.look(ctx)
	if err != nil {
		return false, err
	}
	for i := range changes {
		changes[i].N = i
	}
	_, _, err = h.w.apply(ctx, v, reconcile.Result{Changes: changes})
	return h.w.again, err
}

// ReadWritten reads back what was written.
func (h *Hand) ReadWritten(ctx context.Context) error { return h.w.readWritten(ctx) }

// Find returns the twin and the ids of the content that has this title on a side; comments are found by their id.
func (h *Hand) Find(ctx context.Context, side confluence.Side, title string) (confluence.TwinID, store.Observed) {
	v, err := h.w.look(ctx)
	if err != nil {
		panic(err)
	}
	for twin, o := range v.seen[side].all() {
		if o.Content.Title == title && o.Content.Kind != confluence.Comment || string(o.Content.ID) == title {
			return twin, *o
		}
	}
	return "", store.Observed{}
}

// Agreed returns what both sides agreed on about a twin.
func (h *Hand) Agreed(ctx context.Context, twin confluence.TwinID) store.AgreedRow {
	v, err := h.w.look(ctx)
	if err != nil {
		panic(err)
	}
	if a := v.agreed.get(twin); a != nil {
		return *a
	}
	return store.AgreedRow{}
}

// Node returns a content as planning sees it.
func (h *Hand) Node(ctx context.Context, side confluence.Side, twin confluence.TwinID) reconcile.Node {
	v, err := h.w.look(ctx)
	if err != nil {
		panic(err)
	}
	return v.nodeOf(side, twin)
}

// Bury makes tombstones.
func (h *Hand) Bury(ctx context.Context, twins ...confluence.TwinID) error {
	v, err := h.w.look(ctx)
	if err != nil {
		return err
	}
	var rows []store.AgreedRow
	for _, twin := range twins {
		row := *v.agreed.get(twin)
		row.Tomb = true
		rows = append(rows, row)
	}
	return h.w.putAgreed(ctx, rows)
}

// Me is tandem's account on a side.
func (h *Hand) Me(side confluence.Side) string { return string(h.w.ids[side].Me.ID) }

// Left says what of a side takes no part, and why.
func (h *Hand) Left(ctx context.Context, side confluence.Side) []string {
	v, err := h.w.look(ctx)
	if err != nil {
		panic(err)
	}
	var out []string
	for _, l := range v.left[side] {
		out = append(out, l.what)
	}
	return out
}

// ReadAgain reads pages of a side by id.
func (h *Hand) ReadAgain(ctx context.Context, side confluence.Side, pages ...confluence.ID) error {
	return h.w.fetchAgain(ctx, side, confluence.Page, pages, confluence.AllFacets)
}

// Beside loads the view, if wanted with all other spaces, and returns the keys of the spaces of side A in it and where each
// reference of both sides leads.
func (h *Hand) Beside(ctx context.Context, all bool) (keys, targets []string, err error) {
	h.w.seen = nil
	v, err := h.w.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	pairs, err := h.w.e.store.Pairs(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range h.w.others(pairs) {
		if all {
			if err := h.w.loadOther(ctx, v, p); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, side := range confluence.Sides {
		for twin, o := range v.seen[side].all() {
			p, err := v.printOf(side, o, h.w.pair.Keys[side])
			if err != nil {
				return nil, nil, err
			}
			for _, ref := range p.Refs {
				_, id, _ := referred(ref[1])
				to, _ := v.arrived(side.Other(), v.index[side].twin(id))
				targets = append(targets, fmt.Sprint(side, twin, ref, to))
			}
		}
	}
	return v.index[confluence.A].keys, targets, nil
}
