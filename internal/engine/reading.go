package engine

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// fetchBelieved reads contents of a side by id. Where the site would be asked at the end who we are, that is left out as
// long as nothing of the answer hangs on it: what is shown is true, whoever asked; the question follows if a content is
// missing, is not known yet, or is restricted less than it was, because an answer to nobody may look like that.
func (s *work) fetchBelieved(ctx context.Context, side confluence.Side, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) ([]confluence.Content, error) {
	reader := s.sites[side].reader
	quick, ok := reader.(confluence.Unproved)
	confirmer, confirms := reader.(confluence.Confirmer)
	if !ok || !confirms || !s.paired {
		return reader.Fetch(ctx, kind, ids, facets)
	}
	seen, err := quick.FetchUnproved(ctx, kind, ids, facets)
	if err != nil {
		return nil, err
	}
	known, err := s.e.store.ObservedByID(ctx, s.pair.ID, side, ids...)
	if err != nil {
		return nil, err
	}
	if len(seen) == len(ids) && !slices.ContainsFunc(seen, func(x confluence.Content) bool { return doubtful(known, x) }) {
		return seen, nil
	}
	return seen, confirmer.Confirm(ctx)
}

// doubtful reports whether a content, as it was shown, may lack something that is hidden from who asked.
func doubtful(known []store.Observed, x confluence.Content) bool {
	i := slices.IndexFunc(known, func(o store.Observed) bool { return o.Content.ID == x.ID && o.Content.Kind == x.Kind })
	if i < 0 {
		return true
	}
	if !x.Facets.Has(confluence.FacetRestrictions) {
		return false
	}
	was := known[i].Content
	lacks := func(list, of []confluence.Principal) bool {
		return slices.ContainsFunc(of, func(p confluence.Principal) bool { return !slices.Contains(list, p) })
	}
	return was.Status != x.Status || lacks(x.Restrictions.Read, was.Restrictions.Read) || lacks(x.Restrictions.Update, was.Restrictions.Update) ||
		lacksLabels(x, was)
}

func lacksLabels(x, was confluence.Content) bool {
	return x.Facets.Has(confluence.FacetLabels) && slices.ContainsFunc(was.Labels, func(l confluence.Label) bool { return !slices.Contains(x.Labels, l) })
}

// dear are the facets that cost a call for each content of a side, because nothing reads them along with the content.
func (s *work) dear(side confluence.Side) confluence.Facets {
	return (confluence.FacetLabels | confluence.FacetRestrictions) &^ s.ids[side].Caps.Listed
}

// keepUnread gives contents that were read without some facets those that are known of them. Contents that are not known
// have none: they are read whole.
func (s *work) keepUnread(ctx context.Context, side confluence.Side, seen []confluence.Content) error {
	for i := range seen {
		x := &seen[i]
		missing := (confluence.FacetLabels | confluence.FacetRestrictions) &^ x.Facets
		if missing == 0 || x.Kind != confluence.Page && x.Kind != confluence.BlogPost {
			continue
		}
		known, err := s.e.store.ObservedByID(ctx, s.pair.ID, side, x.ID)
		if err != nil {
			return err
		}
		for _, o := range known {
			if o.Content.Kind == x.Kind {
				keepFacets(x, o.Content, missing)
			}
		}
	}
	return nil
}

func keepFacets(x *confluence.Content, was confluence.Content, facets confluence.Facets) {
	if facets.Has(confluence.FacetLabels) {
		x.Labels = was.Labels
	}
	if facets.Has(confluence.FacetRestrictions) {
		x.Restrictions = was.Restrictions
	}
	x.Facets |= was.Facets & facets
}

// told takes over what the answer to an update shows of the content as it stands now: reading it back would show the same.
// It returns the row to store with its body; nil where the answer shows too little.
func (a *applier) told(w *write, res confluence.Result) (*store.Observed, []byte) {
	if a == nil || !a.s.paired || res.Stored == nil || w.kind != confluence.Page && w.kind != confluence.BlogPost {
		return nil, nil
	}
	a.seenMu.Lock()
	defer a.seenMu.Unlock()
	o := a.view.seen[w.side].get(w.twin)
	if o == nil || o.Content.ID != res.Stored.ID || res.Stored.Status != confluence.Current && res.Stored.Status != "" {
		return nil, nil
	}
	x, was := *res.Stored, o.Content
	keepFacets(&x, was, confluence.FacetLabels|confluence.FacetRestrictions)
	x.SpaceID, x.SpaceKey, x.Created, x.Creator = was.SpaceID, was.SpaceKey, was.Created, was.Creator
	x.Attachments, x.Comments, x.Live, x.Status = was.Attachments, was.Comments, was.Live, was.Status
	if !x.Positioned {
		x.Position, x.Positioned = was.Position, was.Positioned
	}
	row, raw, _ := a.s.observed(w.side, o.Pass, x)
	row.ID, row.Twin = o.ID, o.Twin
	a.view.seen[w.side].put(w.twin, &row)
	a.s.touchedMu.Lock()
	defer a.s.touchedMu.Unlock()
	if a.s.answered[w.side] == nil {
		a.s.answered[w.side] = map[confluence.TwinID]bool{}
	}
	a.s.answered[w.side][w.twin] = true
	return &row, raw
}

// toRead parts what was written to a side by how much of it has to be read back: nothing of what an answer has shown
// already, and labels and restrictions only where these were written or where the content is not known. Where pages were
// renamed a site may have rewritten the links to them since it answered.
func (s *work) toRead(v *view, side confluence.Side, written map[confluence.TwinID]bool) (whole, bodies map[confluence.Kind][]confluence.ID) {
	s.touchedMu.Lock()
	defer s.touchedMu.Unlock()
	whole, bodies = map[confluence.Kind][]confluence.ID{}, map[confluence.Kind][]confluence.ID{}
	renamed := false
	for twin := range written {
		renamed = renamed || v.agreed.get(twin).Pending[side].Has(reconcile.Title) && v.seen[side].get(twin) != nil
	}
	for _, twin := range sortedKeys(written) {
		row := v.agreed.get(twin)
		versioned := row.Pending[side]&^(reconcile.Title|reconcile.Parent|reconcile.Body) == 0 && !s.touched[side][twin] && v.seen[side].get(twin) != nil
		switch {
		case versioned && s.answered[side][twin] && !(renamed && len(v.seen[side].get(twin).Form.Refs) > 0):
		case versioned:
			bodies[row.Kind] = append(bodies[row.Kind], row.ID[side])
		default:
			whole[row.Kind] = append(whole[row.Kind], row.ID[side])
		}
	}
	return whole, bodies
}
