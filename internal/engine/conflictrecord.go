package engine

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// recordConflicts opens conflicts that are new, keeps those that are still there with what both sides hold now, and closes
// those whose sides agree again.
func (c *cycle) recordConflicts(ctx context.Context, v *view, r reconcile.Result) error {
	open, err := c.e.store.Conflicts(ctx, store.ConflictFilter{Pair: c.row.ID, State: store.ConflictOpen})
	if err != nil {
		return err
	}
	standing, err := c.standing(ctx, r.Clashes)
	if err != nil {
		return err
	}
	still := map[int64]bool{}
	var put []store.Conflict
	for _, clash := range r.Clashes {
		i := slices.IndexFunc(open, func(x store.Conflict) bool {
			return x.Twin == clash.Twin && x.Facet == clash.Facet && x.Kind == clash.Kind
		})
		conflict := c.conflictOf(v, clash)
		switch {
		case i >= 0 && clash.Open:
			still[open[i].Number] = true
			conflict.Number, conflict.Opened, conflict.Cycle = open[i].Number, open[i].Opened, open[i].Cycle
			conflict.Decided, conflict.Comment, conflict.Who = open[i].Decided, open[i].Comment, open[i].Who
			if conflict.Versions == open[i].Versions && conflict.Sides == open[i].Sides && conflict.Values == open[i].Values {
				continue
			}
		case clash.Open:
			c.rec.Opened++
		default:
			conflict.State, conflict.Decided = store.ConflictClosed, string(clash.Policy)
			if slices.ContainsFunc(standing[clash.Twin], repeats(conflict)) {
				continue
			}
		}
		put = append(put, conflict)
	}
	for _, x := range open {
		if still[x.Number] || !c.judged(v, x) {
			continue
		}
		x.State = store.ConflictClosed
		if x.Decided != "" {
			x.State = store.ConflictResolved
		}
		x.Versions = versionsOf(v, x.Twin)
		put = append(put, x)
		c.rec.Closed++
	}
	if len(put) == 0 {
		return nil
	}
	return c.note(ctx, func(tx *store.Tx) error {
		for i := range put {
			if err := tx.PutConflict(&put[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// lasting are the facets of which a closed clash may tell how things stand, and not only what happened: a page that stands
// elsewhere on one side, one that is archived there, a title with a suffix. Every decision finds such a thing again, until
// somebody changes it.
const lasting = reconcile.Parent | reconcile.Title | reconcile.Status

// standing are the records so far of the contents of which a decision says how they stand.
func (c *cycle) standing(ctx context.Context, clashes []reconcile.Clash) (map[confluence.TwinID][]store.Conflict, error) {
	out := map[confluence.TwinID][]store.Conflict{}
	for _, clash := range clashes {
		if _, known := out[clash.Twin]; known || clash.Open || clash.Facet&lasting == 0 {
			continue
		}
		list, err := c.e.store.Conflicts(ctx, store.ConflictFilter{Pair: c.row.ID, Twin: clash.Twin, State: store.ConflictClosed})
		if err != nil {
			return nil, err
		}
		out[clash.Twin] = list
	}
	return out, nil
}

// repeats returns the question whether a record says what a closed clash says, which is then written down already. A page
// that stands elsewhere does so whatever versions come.
func repeats(now store.Conflict) func(store.Conflict) bool {
	return func(was store.Conflict) bool {
		return was.Facet == now.Facet && was.Kind == now.Kind && was.What == now.What && was.Values == now.Values &&
			(was.Versions == now.Versions || now.Facet == reconcile.Parent)
	}
}

// judged reports whether this decision had all that a conflict is about before it: what was not looked at stays open.
func (c *cycle) judged(v *view, x store.Conflict) bool {
	if !c.sweeps() && x.Facet&(reconcile.Title|reconcile.Body|reconcile.File) == 0 {
		return false
	}
	if row := v.agreed.get(x.Twin); row != nil && !row.Tomb {
		for side := range confluence.Sides {
			if row.ID[side] != "" && !v.seen[side].has(x.Twin) {
				return false
			}
		}
	}
	return true
}

func versionsOf(v *view, twin confluence.TwinID) (out [2]int) {
	for side := range confluence.Sides {
		if o := v.seen[side].get(twin); o != nil {
			out[side] = o.Content.Version.Number
		}
	}
	return out
}

// conflictOf describes a clash by what both sides hold: versions, authors, and bodies as they were read.
func (c *cycle) conflictOf(v *view, clash reconcile.Clash) store.Conflict {
	x := store.Conflict{
		Pair: c.row.ID, Twin: clash.Twin, Facet: clash.Facet, Kind: clash.Kind, State: store.ConflictOpen, Title: titleOf(v, clash.Twin),
		Row: clash.Row, What: clash.What, Policy: string(clash.Policy), Cycle: c.rec.Number,
	}
	row := v.agreed.get(clash.Twin)
	if row != nil {
		x.Content, x.ID, x.Base = row.Kind, row.ID, row.Ancestor
		if clash.Facet == reconcile.Title {
			x.BaseValue = row.Title[confluence.A]
		}
	}
	for _, side := range confluence.Sides {
		o := v.seen[side].get(clash.Twin)
		if o == nil {
			continue
		}
		x.Content, x.ID[side] = o.Content.Kind, o.Content.ID
		x.Versions[side], x.By[side], x.At[side] = o.Content.Version.Number, string(o.Content.Version.By), o.Content.Version.At
		x.Values[side] = valueOf(v, side, o, clash.Facet)
		if clash.Facet == reconcile.Body || clash.Facet == reconcile.Status {
			x.Sides[side] = o.RawBlob
		}
	}
	return x
}

// valueOf says in a few words what a facet without a body shows.
func valueOf(v *view, side confluence.Side, o *store.Observed, facet reconcile.Facets) string {
	n := v.nodeOf(side, o.Twin)
	switch facet {
	case reconcile.Title:
		return o.Content.Title
	case reconcile.Parent:
		return titleOf(v, n.Parent)
	case reconcile.Status:
		return string(n.Status)
	case reconcile.Labels:
		return joinFew(n.Labels)
	case reconcile.Restrictions:
		var names []string
		for _, p := range slices.Concat(n.Readers, n.Editors) {
			names = append(names, string(p))
		}
		return joinFew(names)
	}
	return ""
}
