package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// readBack lists a side again in batches, one batch a call, and after the last one advances the baseline to what that
// side showed. What was written there counts as agreed from here on, and not before.
func (s *work) readBack(ctx context.Context, side confluence.Side) (done bool, err error) {
	if done, err = s.scan(ctx, side); err != nil || !done {
		return false, err
	}
	v, err := s.look(ctx)
	if err != nil {
		return false, err
	}
	if err := s.confirmMissing(ctx, v, side); err != nil {
		return false, err
	}
	if v, err = s.look(ctx); err != nil { // another one only if something was missing
		return false, err
	}
	if err := s.removeSurplus(ctx, v, side); err != nil {
		return false, err
	}
	removed := s.stale.Load()
	if err := s.agree(ctx, v, side, nil); err != nil || removed {
		return true, err
	}
	s.rebuild(v)
	return true, nil
}

// readWritten reads what was written to either side, and not read since, in batches by id, and advances the baseline to
// what the sides show. Where somebody wrote after us, our own version is read from the history.
func (s *work) readWritten(ctx context.Context) error {
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	written := s.written(v)
	for _, side := range confluence.Sides {
		whole, bodies := s.toRead(v, side, written[side])
		for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Attachment, confluence.Comment} {
			if err := s.fetchAgain(ctx, side, kind, whole[kind], confluence.AllFacets); err != nil {
				return err
			}
			if err := s.fetchAgain(ctx, side, kind, bodies[kind], confluence.AllFacets&^s.dear(side)); err != nil {
				return err
			}
		}
	}
	if v, err = s.look(ctx); err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		if err := s.agree(ctx, v, side, written[side]); err != nil {
			return err
		}
	}
	s.touchedMu.Lock()
	s.touched, s.answered = [2]map[confluence.TwinID]bool{}, [2]map[confluence.TwinID]bool{}
	s.touchedMu.Unlock()
	s.rebuild(v)
	return nil
}

// written lists the contents of each side that were written to and not read since. What was removed for good is left out.
func (s *work) written(v *view) (out [2]map[confluence.TwinID]bool) {
	s.touchedMu.Lock()
	defer s.touchedMu.Unlock()
	for _, side := range confluence.Sides {
		out[side] = map[confluence.TwinID]bool{}
		for twin, row := range v.agreed.all() {
			if row.ID[side] == "" || row.Pending[side] == 0 && !s.touched[side][twin] {
				continue
			}
			if seen := v.seen[side].get(twin); seen == nil || seen.Content.Status != reconcile.Purged {
				out[side][twin] = true
			}
		}
	}
	return out
}

// rebuild makes of a view whose rows were changed and stored what look would load now.
func (s *work) rebuild(v *view) {
	s.build(v)
	s.seen = v
	s.stale.Store(false)
}

// unread reports whether something was written that the side it went to was not seen with.
func (v *view) unread() bool {
	for _, row := range v.agreed.all() {
		if row.Pending != [2]reconcile.Facets{} {
			return true
		}
	}
	return false
}

// agree moves the baseline of every facet that was written to a side and is now seen there. only, if not nil, are the
// contents that were read.
func (s *work) agree(ctx context.Context, v *view, side confluence.Side, only map[confluence.TwinID]bool) error {
	var rows []store.AgreedRow
	for twin, row := range v.agreed.all() {
		if only != nil && !only[twin] {
			continue
		}
		seen := v.seen[side].get(twin)
		if seen == nil || row.Pending[side] == 0 && !s.agreeOnNothing(v, row) {
			continue
		}
		if err := s.agreeOne(ctx, v, side, row, seen); err != nil {
			return err
		}
		v.agreed.put(twin, row)
		rows = append(rows, *row)
		if len(rows) == agreedBatch {
			if err := s.putAgreed(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return s.putAgreed(ctx, rows)
}

// agreeOnNothing agrees on the facets that neither side has anything of, so that what people add later shows as theirs.
// It reports whether there was such a facet.
func (s *work) agreeOnNothing(v *view, row *store.AgreedRow) bool {
	a, b := v.seen[confluence.A].get(row.Twin), v.seen[confluence.B].get(row.Twin)
	if a == nil || b == nil || row.Kind != confluence.Page && row.Kind != confluence.BlogPost {
		return false
	}
	var none reconcile.Facets
	if len(carriedLabels(a.Content.Labels)) == 0 && len(carriedLabels(b.Content.Labels)) == 0 {
		none |= reconcile.Labels
	}
	if a.Content.Restrictions.Open() && b.Content.Restrictions.Open() {
		none |= reconcile.Restrictions
	}
	if none &^= row.Facets | row.Pending[confluence.A] | row.Pending[confluence.B]; none == 0 {
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
func (s *work) recordPlaces(ctx context.Context, v *view, r reconcile.Result) error {
	var rows []store.AgreedRow
	for _, o := range r.Ordered {
		row := v.agreed.get(o.Twin)
		if row == nil {
			continue
		}
		i := reconcile.Order.Index()
		row.Digest[confluence.A][i], row.Digest[confluence.B][i] = o.Digest, o.Digest
		row.Facets |= reconcile.Order
		row.Landed = [2]bool{}
		if o.Digest.IsZero() {
			row.Facets &^= reconcile.Order
		}
		v.agreed.put(o.Twin, row)
		if rows = append(rows, *row); len(rows) == agreedBatch {
			if err := s.putAgreed(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return s.putAgreed(ctx, rows)
}

// agreedBatch is how many rows of the baseline are written in one transaction: SQLite keeps what the pages that it changes
// were, as long as it lasts, in memory.
const agreedBatch = 125

func (s *work) putAgreed(ctx context.Context, rows []store.AgreedRow) error {
	if len(rows) == 0 {
		return nil
	}
	return s.commit(ctx, func(tx *store.Tx) error { return tx.PutAgreed(s.pair.ID, rows...) })
}

// agreeOne takes over what a side showed for the pending facets of one content. Where somebody wrote a newer version in
// between, ours is looked up in the history: the newer one is theirs, and shows as an edit.
func (s *work) agreeOne(ctx context.Context, v *view, side confluence.Side, row *store.AgreedRow, seen *store.Observed) error {
	pending, wrote := row.Pending[side], row.Version[side]
	if seen.Content.Version.Number > row.Version[side] && pending&(reconcile.Title|reconcile.Body) != 0 && row.Version[side] > 0 {
		ours, err := s.oursOf(ctx, side, row, seen)
		if err != nil {
			return err
		}
		seen = ours
	}
	print, err := v.printOf(side, seen, s.pair.Keys[side])
	if err != nil {
		return err
	}
	n := reconcile.Node{Twin: row.Twin, Title: seen.Content.Title, Parent: s.parentOf(v, side, seen.Content)}
	if s.isHome(v, side, row.Twin, seen.Content.ID) {
		n.Parent = ""
	}
	if row.Kind == confluence.Comment {
		n.Title = ""
	}
	s.setCommon(&n, side, seen.Content)
	set(&n, reconcile.Body, print.digest())
	for _, f := range reconcile.AllFacets {
		if pending&f != 0 {
			row.Digest[side][f.Index()] = n.Digest[f.Index()]
		}
	}
	if pending.Has(reconcile.Body) {
		if dropped(row, side, seen, print) {
			row.Owed[side] |= reconcile.Body
			row.Sent[side] = confluence.Digest{}
		}
		row.Refs[side] = print.encode()
		row.Raw[side.Other()], row.Raw[side] = row.Ancestor, seen.RawBlob
		rewritten := row.Version[side] > wrote || !row.Sent[side].IsZero() && !holds(seen, row.Sent[side])
		if there, _ := v.print(side.Other(), row.Twin); rewritten && v.astray(side, there, print) {
			row.Owed[side] |= reconcile.Body // the site made its links follow what had the title when they came
		}
	}
	s.agreeSets(v, side, row, seen)
	row.Pending[side] = 0
	row.Facets |= pending &^ row.Pending[side.Other()] &^ row.Owed[side]
	s.agreeOnNothing(v, row)
	return nil
}

// maxRewrites bounds how many versions of a site's own are looked through.
const maxRewrites = 8

// oursOf is what a side showed of a content when our write was its newest version. A site that rewrites the links to a page
// that we rename makes versions in our name: they are no person's either, and belong to what was written.
func (s *work) oursOf(ctx context.Context, side confluence.Side, row *store.AgreedRow, seen *store.Observed) (*store.Observed, error) {
	ours, err := s.sites[side].reader.Version(ctx, row.Kind, seen.Content.ID, row.Version[side])
	if err != nil {
		return nil, err
	}
	for n := row.Version[side] + 1; n <= min(seen.Content.Version.Number, row.Version[side]+maxRewrites); n++ {
		next, err := s.sites[side].reader.Version(ctx, row.Kind, seen.Content.ID, n)
		if err != nil {
			return nil, err
		}
		if next.Version.By != s.ids[side].Me.ID || opIn(next.Version.Message) != "" {
			break
		}
		ours = next
	}
	row.Version[side] = ours.Version.Number
	old, raw, _ := s.observed(side, s.pair.Pass[side], ours)
	old.Twin = row.Twin
	old.Content.Labels, old.Content.Restrictions = seen.Content.Labels, seen.Content.Restrictions // have no versions
	if s.paired {
		old.Content.ParentID = seen.Content.ParentID
	}
	if raw == nil {
		return &old, nil
	}
	return &old, s.note(ctx, func(tx *store.Tx) error {
		tx.PutBlob(raw)
		return nil
	})
}

// removeSurplus removes second copies of comments and blog posts that a late effect left on a side: contents of our own
// account, without a twin, with exactly the body that the journal says was sent for something else. Nothing of anybody
// else, and nothing that was edited, can match.
func (s *work) removeSurplus(ctx context.Context, v *view, side confluence.Side) error {
	var suspects []*store.Observed
	suspect := func(o *store.Observed) {
		c := o.Content
		mine := c.Creator == s.ids[side].Me.ID && c.Version.Number <= 1
		if mine && (c.Kind == confluence.Comment || c.Kind == confluence.BlogPost) {
			suspects = append(suspects, o)
		}
	}
	for _, o := range v.extra[side] {
		suspect(o)
	}
	if s.paired {
		for _, twin := range onlyIn(v.seen[side], v.agreed) {
			suspect(v.seen[side].get(twin))
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
		if row.Outcome.State == store.StateAbsent && row.Side == side {
			lost[row.PayloadDigest] = true
		}
	}
	for _, o := range suspects {
		d, err := observedDigest(o)
		if err != nil || !lost[d] || !present(o.Content) {
			continue
		}
		if err := s.removeOne(ctx, side, o); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
			return err // what is not there any more need not be removed
		}
		if !s.paired {
			continue // what is not listed again is forgotten
		}
		gone := *o
		gone.Content.Status = confluence.Trashed
		if err := s.commit(ctx, func(tx *store.Tx) error { return tx.PutObserved(gone) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *work) removeOne(ctx context.Context, side confluence.Side, o *store.Observed) error {
	w := &write{side: side, twin: strangerTwin(side, o.Content.ID), kind: o.Content.Kind, target: o.Content.ID,
		expect: o.Content.Version.Number, key: naturalKey("surplus", string(o.Content.ID))}
	w.change = confluence.Change(confluence.RemoveComment{ID: o.Content.ID})
	if o.Content.Kind == confluence.BlogPost {
		w.change = confluence.Trash{ID: o.Content.ID, Kind: confluence.BlogPost}
	}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	_, err := s.perform(ctx, w, nil)
	return err
}

// dropped reports whether a side shows the body that both agreed on before instead of the one that was sent: an update of a
// page that somebody has put into the trash meanwhile may take it out and do nothing else.
func dropped(row *store.AgreedRow, side confluence.Side, seen *store.Observed, now fingerprint) bool {
	was, ok := decodeFingerprint(row.Refs[side])
	return ok && was.same(now) && !row.Sent[side].IsZero() && !holds(seen, row.Sent[side])
}

// holds reports whether an observation has the body of a digest.
func holds(o *store.Observed, sent confluence.Digest) bool {
	d, err := observedDigest(o)
	return err == nil && d == sent
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
