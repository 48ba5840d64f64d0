package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// learnHolder reads what has a title that a site refused to give a second time. What was not known of it is planned with at
// once: a page that somebody has made since the listing, or one in the trash, of which no listing tells. That the trash of
// a site keeps titles is documented nowhere (open-facts): the first refusal tells. It reports whether it learned anything;
// if not, the refusal stands.
func (a *applier) learnHolder(ctx context.Context, c reconcile.Change, cause error) (bool, error) {
	x := confluence.AsError(cause)
	if !a.s.paired || c.Kind != confluence.Page || x == nil || x.Code != confluence.CodeTitleTaken || x.Holder == "" {
		return false, nil
	}
	was, err := a.s.e.store.ObservedByID(ctx, a.s.pair.ID, c.Side, x.Holder)
	if err != nil {
		return false, err
	}
	if err := a.s.fetchAgain(ctx, c.Side, confluence.Page, []confluence.ID{x.Holder}, confluence.AllFacets); err != nil {
		return false, err
	}
	now, err := a.s.e.store.ObservedByID(ctx, a.s.pair.ID, c.Side, x.Holder)
	if err != nil || len(now) == 0 {
		return false, err
	}
	learned := len(was) == 0 || was[0].Content.Status != now[0].Content.Status || was[0].Content.Title != now[0].Content.Title
	if now[0].Content.Status == confluence.Trashed && !a.s.trashHolds[c.Side].Swap(true) {
		learned = true
	}
	if learned {
		a.s.stale.Store(true)
	}
	return learned, nil
}

// keepTrash writes down which sites' trashes were seen to keep titles.
func (c *cycle) keepTrash(ctx context.Context) error {
	known := true
	for side := range confluence.Sides {
		known = known && c.row.Sync.TrashHolds[side] == c.trashHolds[side].Load()
	}
	if known {
		return nil
	}
	note := func(r *store.PairRow) error {
		for side := range confluence.Sides {
			r.Sync.TrashHolds[side] = c.trashHolds[side].Load()
		}
		return nil
	}
	if err := note(&c.row); err != nil {
		return err
	}
	return c.e.changePair(ctx, c.row.Spec.Name, note)
}
