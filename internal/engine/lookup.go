package engine

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// fetchOrder is the order in which kinds are fetched: a container before what belongs to it.
var fetchOrder = []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Attachment, confluence.Comment}

// stepFetch reads what feeds, listings and people named, in batches by id, one batch a call. A hint proves nothing: what
// the site does not show stays as it was known.
func (c *cycle) stepFetch(ctx context.Context) error {
	hints, err := c.e.store.Hints(ctx, c.row.ID)
	if err != nil {
		return err
	}
	hints = slices.DeleteFunc(hints, func(h store.Hint) bool { return h.Noted.After(c.cursor.Hinted) && !c.sweeps() })
	for _, side := range confluence.Sides {
		for _, kind := range fetchOrder {
			var batch []store.Hint
			for _, h := range hints {
				if h.Side == side && h.Kind == kind && len(batch) < max(1, c.ids[side].Caps.FetchBatch) {
					batch = append(batch, h)
				}
			}
			if len(batch) > 0 {
				return c.fetch(ctx, side, kind, batch)
			}
		}
	}
	// Folders and the like have nothing to fetch.
	if err := c.dropOther(ctx, hints); err != nil {
		return err
	}
	c.enter(stepDecide)
	return nil
}

// fetch reads one batch and stores what it shows in place of what was known.
func (c *cycle) fetch(ctx context.Context, side confluence.Side, kind confluence.Kind, hints []store.Hint) error {
	ids := make([]confluence.ID, len(hints))
	for i, h := range hints {
		ids[i] = h.ID
	}
	seen, err := c.fetchHinted(ctx, side, kind, ids)
	if err == nil {
		err = c.keepUnread(ctx, side, seen) // what was not read of it is as it was
	}
	var below []store.Observed
	var named []store.Hint
	if err == nil {
		below, named, err = c.putAway(ctx, side, seen)
	}
	if err != nil {
		return onSide(side, err)
	}
	rows, blobs, findings := c.observe(side, c.pair.Pass[side], confluence.Batch{Contents: seen})
	// A file in the trash went there by itself or with its page, and comes back with that one: the next sweep tells.
	rows = slices.DeleteFunc(rows, func(o store.Observed) bool {
		return o.Content.Kind == confluence.Attachment && o.Content.Status == confluence.Trashed
	})
	err = c.commit(ctx, func(tx *store.Tx) error {
		for _, b := range blobs {
			tx.PutBlob(b)
		}
		if err := tx.PutObserved(append(rows, below...)...); err != nil {
			return err
		}
		if err := tx.PutHint(named...); err != nil {
			return err
		}
		if err := tx.AddFinding(c.runID, findings...); err != nil {
			return err
		}
		for _, h := range hints {
			tx.DropHint(h)
		}
		return nil
	})
	c.meter.read(side, len(seen))
	return err
}

// putAway looks once at the files and comments of twins that were archived since they were seen last: no listing shows
// those of an archived page, and what people did to them before would never be known.
func (c *cycle) putAway(ctx context.Context, side confluence.Side, seen []confluence.Content) ([]store.Observed, []store.Hint, error) {
	reader, ok := c.sites[side].reader.(confluence.Owned)
	if !ok || c.unlisted(side)&(confluence.FacetAttachments|confluence.FacetComments) == 0 {
		return nil, nil, nil
	}
	var below []confluence.Content
	whole := map[confluence.ID]confluence.Facets{}
	for _, x := range seen {
		known, err := c.e.store.ObservedByID(ctx, c.row.ID, side, x.ID)
		if err != nil {
			return nil, nil, err
		}
		if x.Status != confluence.Archived || len(known) == 0 || known[0].Content.Status == confluence.Archived {
			continue
		}
		list, err := reader.Owned(ctx, x.Kind, x.ID)
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		whole[x.ID] = confluence.FacetAttachments | confluence.FacetComments
		below = append(below, list...)
	}
	if len(whole) == 0 {
		return nil, nil, nil
	}
	return c.belongings(ctx, side, whole, below)
}

func (c *cycle) dropOther(ctx context.Context, hints []store.Hint) error {
	hints = slices.DeleteFunc(hints, func(h store.Hint) bool { return slices.Contains(fetchOrder, h.Kind) })
	if len(hints) == 0 {
		return nil
	}
	return c.note(ctx, func(tx *store.Tx) error {
		for _, h := range hints {
			tx.DropHint(h)
		}
		return nil
	})
}

// fetchHinted reads what hints named. A feed tells of new versions only, and labels have none: of a content that is known
// they are not read again where that takes a call of its own, and arrive with the sweep. Restrictions are read with every
// new version, because a tightening has to arrive before what was written under it (decision D27).
func (c *cycle) fetchHinted(ctx context.Context, side confluence.Side, kind confluence.Kind, ids []confluence.ID) ([]confluence.Content, error) {
	few := confluence.AllFacets &^ (c.dear(side) & confluence.FacetLabels)
	if c.rec.Kind != store.CycleFeed || few == confluence.AllFacets || kind != confluence.Page && kind != confluence.BlogPost {
		return c.fetchBelieved(ctx, side, kind, ids, confluence.AllFacets)
	}
	var known, fresh []confluence.ID
	for _, id := range ids {
		rows, err := c.e.store.ObservedByID(ctx, c.row.ID, side, id)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 && rows[0].Content.Facets.Has(confluence.FacetLabels) && statusOrCurrent(rows[0].Content) == confluence.Current {
			known = append(known, id)
		} else {
			fresh = append(fresh, id)
		}
	}
	var seen []confluence.Content
	if len(known) > 0 {
		var err error
		if seen, err = c.fetchBelieved(ctx, side, kind, known, few); err != nil {
			return nil, err
		}
		if err := c.keepUnread(ctx, side, seen); err != nil {
			return nil, err
		}
	}
	if len(fresh) == 0 {
		return seen, nil
	}
	more, err := c.fetchBelieved(ctx, side, kind, fresh, confluence.AllFacets)
	return append(seen, more...), err
}
