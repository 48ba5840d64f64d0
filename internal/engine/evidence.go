package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/store"
)

// stepGone finds out what became of what is known and no listing showed. Not being listed is no evidence, and neither is
// an answer "not there": both products hide what an account may not see. A content counts as deleted only where the site
// shows it in the trash, or where an account that may see everything does not find it, twice (algorithm A6.3).
func (c *cycle) stepGone(ctx context.Context) error {
	absent := map[string]time.Time{}
	for _, side := range confluence.Sides {
		g := &goneFrom{c: c, side: side, absent: absent}
		if err := g.find(ctx); err != nil {
			return onSide(side, err)
		}
	}
	c.row.Sync.Absent = absent
	c.enter(stepAudit)
	return nil
}

// goneFrom is the search for what a side no longer lists.
type goneFrom struct {
	c      *cycle
	side   confluence.Side
	lost   map[confluence.Kind][]store.Observed // known, not listed
	absent map[string]time.Time                 // first missed when, of what stays unknown
}

func (g *goneFrom) find(ctx context.Context) error {
	if err := g.load(ctx); err != nil || len(g.lost) == 0 {
		return err
	}
	if err := g.c.makeSure(ctx); err != nil {
		return err
	}
	if err := g.byTrash(ctx); err != nil {
		return err
	}
	if err := g.enough(ctx); err != nil {
		return err
	}
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Attachment, confluence.Comment} {
		if err := g.byID(ctx, kind); err != nil {
			return err
		}
	}
	return g.rest(ctx)
}

// load collects what this pass has not shown. Kinds that the listing did not list, and what is known to be in the trash,
// are as they were.
func (g *goneFrom) load(ctx context.Context) error {
	g.lost = map[confluence.Kind][]store.Observed{}
	pass, listed := g.c.pair.Pass[g.side], g.c.listed(g.side)
	var keep []confluence.ID
	known := map[confluence.ID]bool{}
	err := g.c.e.store.EachObserved(ctx, g.c.row.ID, g.side, func(o store.Observed) error {
		known[o.ID] = true
		switch {
		case o.Pass >= pass:
		case o.Content.Status == purged, o.Content.Status == confluence.Trashed,
			o.Content.Kind == confluence.Attachment && !listed.Has(confluence.FacetAttachments),
			o.Content.Kind == confluence.Comment && !listed.Has(confluence.FacetComments):
			keep = append(keep, o.ID)
		default:
			g.lost[o.Content.Kind] = append(g.lost[o.Content.Kind], o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := g.loadUnknown(ctx, known); err != nil {
		return err
	}
	return g.c.note(ctx, func(tx *store.Tx) error { return tx.TouchObserved(g.c.row.ID, g.side, pass, keep...) })
}

// loadUnknown adds what both sides agreed on and of which an earlier sweep has lost sight.
func (g *goneFrom) loadUnknown(ctx context.Context, known map[confluence.ID]bool) error {
	return g.c.e.store.EachAgreed(ctx, g.c.row.ID, func(a store.AgreedRow) error {
		if id := a.ID[g.side]; id != "" && !known[id] && !a.Tomb {
			g.lost[a.Kind] = append(g.lost[a.Kind], store.Observed{Pair: g.c.row.ID, Side: g.side, ID: id,
				Content: confluence.Content{ID: id, Kind: a.Kind, Title: a.Title[g.side]}})
		}
		return nil
	})
}

// byTrash asks what is in the trash, where the site tells. An account that may not look into it is no failure.
func (g *goneFrom) byTrash(ctx context.Context) error {
	reader, ok := g.c.sites[g.side].reader.(confluence.TrashReader)
	if !ok || !g.c.ids[g.side].Caps.Trash || len(g.lost[confluence.Page])+len(g.lost[confluence.BlogPost]) == 0 {
		return nil
	}
	for cursor := confluence.Cursor(""); ; {
		batch, err := reader.Trashed(ctx, g.c.spaceOf(g.side), cursor)
		if x := confluence.AsError(err); x != nil {
			if x.Class() == confluence.ClassForbidden || x.Class() == confluence.ClassUnsupported || x.Class() == confluence.ClassNotFound {
				return nil
			}
			return err
		}
		for _, t := range batch.Contents {
			if err := g.trashed(ctx, t); err != nil {
				return err
			}
		}
		if cursor = batch.Next; cursor == "" {
			return nil
		}
	}
}

// enough halts the pair where neither listing nor trash shows a large part of what both sides agreed on, before each of
// the missing is asked for by id.
func (g *goneFrom) enough(ctx context.Context) error {
	if g.c.allowed(brakeEmptied) {
		return nil
	}
	lost := map[confluence.ID]bool{}
	for _, o := range slices.Concat(g.lost[confluence.Page], g.lost[confluence.BlogPost]) {
		lost[o.ID] = true
	}
	of, missing := 0, 0
	err := g.c.e.store.EachAgreed(ctx, g.c.row.ID, func(a store.AgreedRow) error {
		if a.ID[g.side] == "" || a.Tomb || a.Detached || a.Kind != confluence.Page && a.Kind != confluence.BlogPost {
			return nil
		}
		of++
		if lost[a.ID[g.side]] {
			missing++
		}
		return nil
	})
	if err != nil || of < 2 || float64(of-missing) >= g.c.row.Spec.BrakeShare("listing", 0.5)*float64(of) {
		return err
	}
	return &halting{store.Halt{Brake: brakeEmptied, Side: g.side, Count: missing, Of: of,
		What: fmt.Sprintf("%s shows %d of %d pages", g.c.row.Sites[g.side], of-missing, of)}}
}

// take removes a content from the lost ones.
func (g *goneFrom) take(kind confluence.Kind, id confluence.ID) (store.Observed, bool) {
	i := slices.IndexFunc(g.lost[kind], func(o store.Observed) bool { return o.ID == id })
	if i < 0 {
		return store.Observed{}, false
	}
	o := g.lost[kind][i]
	g.lost[kind] = slices.Delete(g.lost[kind], i, i+1)
	return o, true
}

// trashed records that a content is in the trash.
func (g *goneFrom) trashed(ctx context.Context, seen confluence.Content) error {
	o, known := g.take(seen.Kind, seen.ID)
	if !known {
		return nil
	}
	if o.RawBlob.IsZero() {
		o.Content = seen // of what had been lost sight of
	}
	o.Content.Status = confluence.Trashed
	if seen.Version.Number > 0 {
		o.Content.Version = seen.Version
	}
	return g.put(ctx, o)
}

func (g *goneFrom) put(ctx context.Context, o store.Observed) error {
	o.Pass = g.c.pair.Pass[g.side]
	o = unrestorable(o)
	return g.c.commit(ctx, func(tx *store.Tx) error { return tx.PutObserved(o) })
}

// byID asks for the rest by id: a paging race, a move to another space and a state of its own are told apart here.
func (g *goneFrom) byID(ctx context.Context, kind confluence.Kind) error {
	ids := make([]confluence.ID, 0, len(g.lost[kind]))
	for _, o := range g.lost[kind] {
		ids = append(ids, o.ID)
	}
	for batch := range slices.Chunk(ids, max(1, g.c.ids[g.side].Caps.FetchBatch)) {
		seen, err := g.c.sites[g.side].reader.Fetch(ctx, kind, batch, 0)
		if err != nil {
			return err
		}
		for _, s := range seen {
			o, known := g.take(kind, s.ID)
			if !known {
				continue
			}
			if err := g.seenByID(ctx, o, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// seenByID takes over what a site showed of a content that it does not list.
func (g *goneFrom) seenByID(ctx context.Context, o store.Observed, s confluence.Content) error {
	switch {
	case s.Status == confluence.Trashed:
		if s.Kind == confluence.Attachment {
			if there, err := g.containerThere(ctx, cmp.Or(o.Content.Container, s.Container)); err != nil || !there {
				return err // in the trash with its page, and comes back with it
			}
		}
		if o.RawBlob.IsZero() {
			o.Content = s
		}
		o.Content.Status = confluence.Trashed
		return g.put(ctx, o)
	case !o.RawBlob.IsZero() && sameVersion(o.Content, s):
		return g.put(ctx, refreshed(o, s))
	}
	return g.c.commit(ctx, func(tx *store.Tx) error {
		if !o.RawBlob.IsZero() {
			o.Pass = g.c.pair.Pass[g.side]
			tx.PutObserved(o)
		}
		return tx.PutHint(store.Hint{Pair: g.c.row.ID, Side: g.side, Kind: s.Kind, ID: s.ID, Version: s.Version.Number, Container: s.Container})
	})
}

// rest decides about what nobody has seen. A comment and a file have no restrictions of their own: where the page they
// belong to is there and does not have them any more, they are gone. A page is gone only if an account that may see
// everything does not find it in two sweeps; else nothing is known of it.
func (g *goneFrom) rest(ctx context.Context) error {
	for _, kind := range []confluence.Kind{confluence.Attachment, confluence.Comment} {
		for _, o := range slices.Clone(g.lost[kind]) {
			if there, err := g.containerThere(ctx, o.Content.Container); err != nil {
				return err
			} else if !there {
				continue
			}
			g.take(kind, o.ID)
			o.Content.Status = purged
			if err := g.put(ctx, o); err != nil {
				return err
			}
		}
	}
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost} {
		if err := g.byPrivilege(ctx, kind); err != nil {
			return err
		}
	}
	for _, list := range g.lost {
		g.c.rec.Unknown[g.side] += len(list)
	}
	if planted.On(planted.DeleteOnMissing) {
		for _, list := range g.lost {
			for _, o := range list {
				o.Content.Status, o.Pass = purged, g.c.pair.Pass[g.side]
				if err := g.put(ctx, o); err != nil {
					return err
				}
			}
		}
	}
	return g.c.commit(ctx, func(tx *store.Tx) error { return tx.ForgetObserved(g.c.row.ID, g.side, g.c.pair.Pass[g.side]) })
}

// unrestorable is a content as planning has to see it: no API takes a file out of the trash, so that one in there comes
// back by an upload only.
func unrestorable(o store.Observed) store.Observed {
	if o.Content.Kind == confluence.Attachment && o.Content.Status == confluence.Trashed {
		o.Content.Status = purged
	}
	return o
}

// purged is the status of what is gone for good, as reconcile knows it.
const purged confluence.Status = "purged"

// containerThere reports whether what a comment or a file belongs to is shown now. What is archived keeps both.
func (g *goneFrom) containerThere(ctx context.Context, id confluence.ID) (bool, error) {
	rows, err := g.c.e.store.ObservedByID(ctx, g.c.row.ID, g.side, id)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	status := statusOrCurrent(rows[0].Content)
	return rows[0].Pass == g.c.pair.Pass[g.side] && (status == confluence.Current || status == confluence.Archived), nil
}

// byPrivilege looks for pages past all restrictions, where the account may. Missed for the first time, a page is only
// remembered as missed.
func (g *goneFrom) byPrivilege(ctx context.Context, kind confluence.Kind) error {
	prober, ok := g.c.sites[g.side].reader.(confluence.Prober)
	lost := slices.Clone(g.lost[kind])
	if !ok || !g.c.ids[g.side].Caps.Probe || len(lost) == 0 {
		return nil
	}
	ids := make([]confluence.ID, 0, len(lost))
	for _, o := range lost {
		ids = append(ids, o.ID)
	}
	seen, err := prober.Probe(ctx, kind, ids)
	if x := confluence.AsError(err); x != nil {
		if x.Class() == confluence.ClassUnsupported || x.Class() == confluence.ClassForbidden {
			return nil
		}
		return err
	}
	for _, o := range lost {
		i := slices.IndexFunc(seen, func(s confluence.Content) bool { return s.ID == o.ID })
		key := fmt.Sprintf("%d/%s/%s", g.side, kind, o.ID)
		first, missed := g.c.row.Sync.Absent[key]
		switch {
		case i >= 0 && seen[i].Status == confluence.Trashed:
			if err := g.trashed(ctx, seen[i]); err != nil {
				return err
			}
		case i >= 0: // there, and hidden from us
		case missed && g.c.cursor.Began[g.side].Sub(first) >= purgeApart:
			g.take(kind, o.ID)
			o.Content.Status = purged
			if err := g.put(ctx, o); err != nil {
				return err
			}
		default:
			if !missed {
				first = g.c.cursor.Began[g.side]
			}
			g.absent[key] = first
		}
	}
	return nil
}

// purgeApart is how far two sweeps must be apart that both miss a page before it counts as purged.
const purgeApart = time.Minute
