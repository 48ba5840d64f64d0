package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// disown finds bodies whose links a site has rewritten in our name: a page that we rename takes the links to it along, in
// versions of our account that no journal row is about. They are nobody's edit. One whose links now lead elsewhere than those
// of the other side, because they came before what they name had its title, is written again.
func (c *cycle) disown(ctx context.Context, v *view) (*view, error) {
	var rows []store.AgreedRow
	for _, side := range confluence.Sides {
		for twin, o := range v.seen[side].all() {
			row, now, ok := c.rewrittenForUs(v, side, twin, o)
			if !ok {
				continue
			}
			all, err := c.allOurs(ctx, side, row, o)
			if err != nil {
				return nil, onSide(side, err)
			}
			if !all {
				continue
			}
			row.Version[side], row.Refs[side], row.Raw[side] = o.Content.Version.Number, now.encode(), o.RawBlob
			row.Digest[side][reconcile.Body.Index()] = now.digest()
			if there, _ := v.print(side.Other(), twin); v.astray(side, there, now) {
				row.Owed[side] |= reconcile.Body
				row.Facets &^= reconcile.Body
			}
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return v, nil
	}
	if err := c.putAgreed(ctx, rows); err != nil {
		return nil, err
	}
	return c.look(ctx)
}

// rewrittenForUs reports whether a content looks like that: the newest version is ours and unknown to the journal, and
// nothing but its references differs from what was agreed on.
func (c *cycle) rewrittenForUs(v *view, side confluence.Side, twin confluence.TwinID, o *store.Observed) (row store.AgreedRow, now fingerprint, ok bool) {
	version := o.Content.Version
	if version.By != c.ids[side].Me.ID || opIn(version.Message) != "" || o.Content.Kind != confluence.Page && o.Content.Kind != confluence.BlogPost {
		return row, now, false
	}
	a := v.agreed.get(twin)
	if a == nil || !a.Facets.Has(reconcile.Body) || a.Pending[side] != 0 || version.Number <= a.Version[side] || a.Version[side] == 0 {
		return row, now, false
	}
	was, known := decodeFingerprint(a.Refs[side])
	now, read := v.print(side, twin)
	if !known || !read || was.Skeleton != now.Skeleton || was.same(now) {
		return row, now, false
	}
	return *a, now, true
}

// allOurs reports whether every version since the agreed one is of our account and of no journal row.
func (c *cycle) allOurs(ctx context.Context, side confluence.Side, row store.AgreedRow, o *store.Observed) (bool, error) {
	if o.Content.Version.Number > row.Version[side]+maxRewrites {
		return false, nil
	}
	for n := row.Version[side] + 1; n < o.Content.Version.Number; n++ {
		old, err := c.sites[side].reader.Version(ctx, row.Kind, o.Content.ID, n)
		if err != nil {
			return false, err
		}
		if old.Version.By != c.ids[side].Me.ID || opIn(old.Version.Message) != "" {
			return false, nil
		}
	}
	return true, nil
}
