package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// record moves the baseline as far as a plan says without a change: contents that become twins, facets that both sides
// agree on by now, places, tombstones, and what left the scope. Where contents became twins the caller looks and plans
// again before it carries anything out. Nothing is sent.
func (s *work) record(ctx context.Context, v *view, r reconcile.Result) (joined bool, err error) {
	changed := map[confluence.TwinID]*store.AgreedRow{}
	row := func(twin confluence.TwinID) *store.AgreedRow {
		if changed[twin] == nil {
			if changed[twin] = v.agreed.get(twin); changed[twin] == nil {
				changed[twin] = &store.AgreedRow{Agreed: reconcile.Agreed{Twin: twin}}
			}
		}
		return changed[twin]
	}
	for _, j := range r.Joined {
		s.join(v, row(j.Twins[confluence.A]), j)
	}
	twins := map[confluence.TwinID][2]confluence.TwinID{}
	for _, j := range r.Joined {
		twins[j.Twins[confluence.A]] = j.Twins
	}
	for _, x := range r.Settled {
		pair, ok := twins[x.Twin]
		if !ok {
			pair = [2]confluence.TwinID{x.Twin, x.Twin}
		}
		s.settleFacets(v, row(x.Twin), pair, x)
	}
	for _, twin := range r.Tombs {
		row(twin).Tomb = true
	}
	for _, twin := range r.Detached {
		row(twin).Detached = true
	}
	rows := make([]store.AgreedRow, 0, len(changed))
	for _, twin := range sortedKeys(changed) {
		v.agreed.put(twin, changed[twin])
		rows = append(rows, *changed[twin])
	}
	if err := s.putAgreed(ctx, rows); err != nil {
		return false, err
	}
	return len(r.Joined) > 0, s.recordPlaces(ctx, v, r)
}

// join makes one content of each side twins. Nothing of them is agreed on by that alone.
func (s *work) join(v *view, row *store.AgreedRow, j reconcile.Joined) {
	row.Kind, row.Contested = j.Kind, j.Contested
	for _, side := range confluence.Sides {
		if o := v.seen[side].get(j.Twins[side]); o != nil {
			row.ID[side], row.Version[side], row.Title[side] = o.Content.ID, o.Content.Version.Number, o.Content.Title
		}
	}
	row.Parent = v.nodeOf(confluence.A, j.Twins[confluence.A]).Parent
}

// settleFacets takes over what both sides show of some facets of a content.
func (s *work) settleFacets(v *view, row *store.AgreedRow, twins [2]confluence.TwinID, x reconcile.Settled) {
	for _, side := range confluence.Sides {
		o, n := v.seen[side].get(twins[side]), v.nodeOf(side, twins[side])
		if o == nil {
			continue
		}
		row.Kind, row.ID[side] = o.Content.Kind, o.Content.ID
		row.Version[side] = max(row.Version[side], o.Content.Version.Number)
		for _, f := range reconcile.AllFacets {
			if x.Facets.Has(f) {
				row.Digest[side][f.Index()] = n.Digest[f.Index()]
			}
		}
		if x.Facets.Has(reconcile.Title) {
			row.Title[side] = n.Title
		}
		if x.Facets.Has(reconcile.Parent) && side == confluence.A {
			row.Parent = n.Parent
		}
		if x.Facets.Has(reconcile.Body) {
			print, _ := v.print(side, twins[side])
			row.Refs[side], row.Raw[side] = print.encode(), o.RawBlob
			if side == confluence.A {
				row.Ancestor = o.RawBlob
			}
		}
		if x.Facets.Has(reconcile.Restrictions) {
			row.Readers[side], row.Editors[side] = n.Readers, n.Editors
		}
		if x.Facets.Has(reconcile.Status) {
			row.Resolved = n.Resolved
		}
		row.Pending[side] &^= x.Facets
		row.Owed[side] &^= x.Facets
	}
	if x.Facets.Has(reconcile.Labels) {
		row.Labels = x.Labels
		digestSets(row, reconcile.Labels)
	}
	if x.Facets&(reconcile.Body|reconcile.File) != 0 {
		row.Contested = false
	}
	row.Held &^= x.Facets
	row.Facets |= x.Facets
}
