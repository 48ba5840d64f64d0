package engine

import (
	"context"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// fuseCycles is how many cycles in a row may write one facet of one content with no person's version in between. A pair
// that works never comes near it: it is the last guard against two sites that undo each other's writes for ever.
const fuseCycles = 3

// frozen are the facets that the fuse has cut off, by twin.
func (c *cycle) frozen(ctx context.Context) (map[confluence.TwinID]reconcile.Facets, error) {
	fuses, err := c.e.store.Fuses(ctx, c.row.ID)
	out := map[confluence.TwinID]reconcile.Facets{}
	for _, f := range fuses {
		if f.Frozen {
			out[f.Twin] |= f.Facet
		}
	}
	return out, err
}

// fuse counts what this cycle wrote, and cuts off what was written in too many cycles in a row.
func (c *cycle) fuse(ctx context.Context, v *view) error {
	was, err := c.e.store.Fuses(ctx, c.row.ID)
	if err != nil {
		return err
	}
	streaks := map[reconcile.Question]store.Fuse{}
	for _, f := range was {
		streaks[reconcile.Question{Twin: f.Twin, Facet: f.Facet}] = f
	}
	rows, err := c.e.store.Carried(ctx, c.row.ID, c.rec.Number)
	if err != nil {
		return err
	}
	var put []store.Fuse
	counted := map[reconcile.Question]bool{}
	for _, r := range rows {
		for _, f := range reconcile.AllFacets {
			q := reconcile.Question{Twin: r.Twin, Facet: f}
			if !r.Facets.Has(f) || r.State != store.StateDone || counted[q] {
				continue
			}
			counted[q] = true
			one := store.Fuse{Pair: c.row.ID, Twin: r.Twin, Facet: f, Cycle: c.rec.Number, Streak: 1}
			if row := v.agreed.get(r.Twin); row != nil {
				one.Value = row.Digest[r.Side][f.Index()]
			}
			if prev, ok := streaks[q]; ok && !prev.Frozen && c.repeats(v, r, prev, one) {
				one.Streak, one.Frozen = prev.Streak+1, prev.Streak+1 >= fuseCycles
			}
			put = append(put, one)
			if one.Frozen {
				c.e.say(ctx, c.runID, c.space, "error", confluence.CodeBrake,
					fmt.Sprintf("%s of %q was written in %d cycles in a row and is left alone now", f.Names()[0], titleOf(v, r.Twin), one.Streak))
			}
		}
	}
	if len(put)+len(was) == 0 {
		return nil
	}
	return c.note(ctx, func(tx *store.Tx) error {
		if err := tx.PutFuse(put...); err != nil || !c.sweeps() {
			return err
		}
		return tx.ForgetFuses(c.row.ID, c.rec.Number, false) // what a sweep does not write is at rest
	})
}

// versionless are the facets that people change without making a version, so that nothing tells who did.
const versionless = reconcile.Labels | reconcile.Restrictions | reconcile.Order | reconcile.Parent | reconcile.Status

// repeats reports whether a facet was written as it was before, with no edit of a person in between.
func (c *cycle) repeats(v *view, r store.Carried, prev, now store.Fuse) bool {
	if versionless.Has(now.Facet) && prev.Value != now.Value {
		return false
	}
	return !c.byPerson(v, r)
}

// byPerson reports whether what was carried is a person's edit: the side it came from shows a version that is not ours.
func (c *cycle) byPerson(v *view, r store.Carried) bool {
	from := r.Side.Other()
	o := v.seen[from].get(r.Twin)
	return o == nil || o.Content.Version.By != c.ids[from].Me.ID
}
