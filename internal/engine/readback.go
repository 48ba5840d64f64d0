package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// readBack lists the destination again in batches, one batch a call, and after the last one advances the baseline to
// what the destination showed. What was written counts as agreed from here on, and not before.
func (s *spaceRun) readBack(ctx context.Context) (done bool, err error) {
	if done, err = s.scan(ctx, confluence.B); err != nil || !done {
		return false, err
	}
	v, err := s.look(ctx)
	if err != nil {
		return false, err
	}
	if err := s.confirmMissing(ctx, v); err != nil {
		return false, err
	}
	if v, err = s.look(ctx); err != nil { // another one only if something was missing
		return false, err
	}
	if err := s.removeSurplus(ctx, v); err != nil {
		return false, err
	}
	removed := s.stale.Load()
	if err := s.agree(ctx, v); err != nil || removed {
		return true, err
	}
	return true, s.rebuild(v)
}

// rebuild makes of a view whose rows were changed and stored what look would load now.
func (s *spaceRun) rebuild(v *view) error {
	v.nodes, v.base = [2][]reconcile.Node{}, nil
	if err := s.build(v); err != nil {
		return err
	}
	s.seen = v
	s.stale.Store(false)
	return nil
}

// unread reports whether something was written that the destination was not seen with.
func (v *view) unread() bool {
	for _, row := range v.agreed {
		if row.Pending != 0 {
			return true
		}
	}
	return false
}

// agree moves the baseline of every facet that was written and is now seen.
func (s *spaceRun) agree(ctx context.Context, v *view) error {
	var rows []store.AgreedRow
	for _, twin := range sortedKeys(v.agreed) {
		row := v.agreed[twin]
		seen := v.target[twin]
		if seen == nil || row.Pending == 0 && !s.agreeOnNothing(v, row, seen) {
			continue
		}
		if err := s.agreeOne(ctx, v, row, seen); err != nil {
			return err
		}
		rows = append(rows, *row)
		if len(rows) == 500 {
			if err := s.putAgreed(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return s.putAgreed(ctx, rows)
}

// agreeOnNothing agrees on the facets that neither side has anything of, so that what people add at the destination
// later shows as theirs. It reports whether there was such a facet.
func (s *spaceRun) agreeOnNothing(v *view, row *store.AgreedRow, seen *store.Observed) bool {
	src := v.source[row.Twin]
	if src == nil || row.Kind != confluence.Page && row.Kind != confluence.BlogPost {
		return false
	}
	var none reconcile.Facets
	if len(carriedLabels(src.Content.Labels)) == 0 && len(carriedLabels(seen.Content.Labels)) == 0 {
		none |= reconcile.Labels
	}
	if src.Content.Restrictions.Open() && seen.Content.Restrictions.Open() {
		none |= reconcile.Restrictions
	}
	if none &^= row.Facets | row.Pending; none == 0 {
		return false
	}
	for _, f := range reconcile.AllFacets {
		if none&f != 0 {
			row.Digest[confluence.A][f.Index()], row.Digest[confluence.B][f.Index()] = confluence.Digest{}, confluence.Digest{}
		}
	}
	row.Facets |= none
	return true
}

// recordPlaces notes which pages stand among their siblings as at the source.
func (s *spaceRun) recordPlaces(ctx context.Context, v *view, r reconcile.Result) error {
	var rows []store.AgreedRow
	for _, o := range r.Ordered {
		row := v.agreed[o.Twin]
		if row == nil {
			continue
		}
		i := reconcile.Order.Index()
		row.Digest[confluence.A][i], row.Digest[confluence.B][i] = o.Digest, o.Digest
		row.Facets |= reconcile.Order
		if o.Digest.IsZero() {
			row.Facets &^= reconcile.Order
		}
		rows = append(rows, *row)
	}
	return s.putAgreed(ctx, rows)
}

func (s *spaceRun) putAgreed(ctx context.Context, rows []store.AgreedRow) error {
	if len(rows) == 0 {
		return nil
	}
	return s.commit(ctx, func(tx *store.Tx) error { return tx.PutAgreed(s.pair.ID, rows...) })
}

// agreeOne takes over what the destination showed for the pending facets of one content. Where somebody wrote a newer
// version in between, ours is looked up in the history: the newer one is theirs, and shows as an edit.
func (s *spaceRun) agreeOne(ctx context.Context, v *view, row *store.AgreedRow, seen *store.Observed) error {
	versioned := reconcile.Title | reconcile.Body
	if seen.Content.Version.Number > row.Version[confluence.B] && row.Pending&versioned != 0 && row.Version[confluence.B] > 0 {
		ours, err := s.sites[confluence.B].reader.Version(ctx, row.Kind, seen.Content.ID, row.Version[confluence.B])
		if err != nil {
			return err
		}
		s.cursor.Pass[confluence.B] = s.pair.Pass[confluence.B]
		old, _, _ := s.observed(confluence.B, ours)
		s.cursor.Pass[confluence.B] = 0
		old.Twin = row.Twin
		old.Content.Labels, old.Content.Restrictions = seen.Content.Labels, seen.Content.Restrictions // have no versions
		seen = &old
	}
	print, err := v.printOf(confluence.B, seen, s.pair.Keys[confluence.B])
	if err != nil {
		return err
	}
	n := reconcile.Node{Twin: row.Twin, Title: seen.Content.Title, Parent: s.targetParent(v, seen.Content)}
	if seen.Content.ID == s.pair.Homes[confluence.B] {
		n.Parent = ""
	}
	if row.Kind == confluence.Comment {
		n.Title = ""
	}
	setCommon(&n, seen.Content)
	set(&n, reconcile.Body, print.digest())
	for _, f := range reconcile.AllFacets {
		if row.Pending&f != 0 {
			row.Digest[confluence.B][f.Index()] = n.Digest[f.Index()]
		}
	}
	if row.Pending.Has(reconcile.Body) {
		row.Refs[confluence.B] = print.encode()
		row.Raw = [2]confluence.Digest{row.Ancestor, seen.RawBlob}
	}
	row.Facets |= row.Pending
	row.Pending = 0
	s.agreeOnNothing(v, row, seen)
	return nil
}

// removeSurplus removes second copies of comments and blog posts that a late effect left: contents of our own account,
// without a twin, with exactly the body that the journal says was sent for something else. Nothing of anybody else, and
// nothing that was edited, can match.
func (s *spaceRun) removeSurplus(ctx context.Context, v *view) error {
	var suspects []*store.Observed
	for _, o := range v.extra {
		c := o.Content
		mine := c.Creator == s.ids[confluence.B].Me.ID && c.Version.Number <= 1
		if mine && (c.Kind == confluence.Comment || c.Kind == confluence.BlogPost) {
			suspects = append(suspects, o)
		}
	}
	if len(suspects) == 0 {
		return nil
	}
	sent, err := s.e.store.Journal(ctx, store.JournalFilter{Pair: s.pair.ID, Verbs: []confluence.Verb{confluence.VerbComment, confluence.VerbPost}})
	if err != nil {
		return err
	}
	lost := map[confluence.Digest]bool{} // bodies of which an attempt was given up as not made
	for _, row := range sent {
		if row.Outcome.State == store.StateAbsent {
			lost[row.PayloadDigest] = true
		}
	}
	for _, o := range suspects {
		d, err := observedDigest(o)
		if err != nil || !lost[d] {
			continue
		}
		if err := s.removeOne(ctx, v, o); err != nil {
			return err
		}
	}
	return nil
}

func (s *spaceRun) removeOne(ctx context.Context, v *view, o *store.Observed) error {
	w := &write{twin: strangerTwin(confluence.B, o.Content.ID), kind: o.Content.Kind, target: o.Content.ID,
		expect: o.Content.Version.Number, key: naturalKey("surplus", string(o.Content.ID))}
	w.change = confluence.Change(confluence.RemoveComment{ID: o.Content.ID})
	if o.Content.Kind == confluence.BlogPost {
		w.change = confluence.Trash{ID: o.Content.ID, Kind: confluence.BlogPost}
	}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	_, err := s.perform(ctx, w, nil)
	return err
}

// observedDigest is the digest under which the journal knows a body, computed from what was kept of the observation.
func observedDigest(o *store.Observed) (confluence.Digest, error) {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return confluence.Digest{}, err
	}
	f := body.Form{Skeleton: o.Form.Skeleton, Slots: slots}
	return f.Content(func(body.Slot) string { return "" }), nil
}
