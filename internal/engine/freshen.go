package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// freshener reads what updates are about to replace, just before they are sent. An update replaces a whole body, and a
// version does not tell all that happened to it: on Cloud an inline comment puts its marker into a body without one.
type freshener struct {
	turn chan struct{} // held while reading
	next [2]map[confluence.TwinID]confluence.Content
	done [2]int // changes that were read ahead, or are none to read for
}

func newFreshener() freshener {
	f := freshener{turn: make(chan struct{}, 1)}
	for side := range confluence.Sides {
		f.next[side] = map[confluence.TwinID]confluence.Content{}
	}
	return f
}

// freshBatch is how many bodies are read ahead of their updates at most: none may have become old when its turn comes.
const freshBatch = 25

// freshened makes sure that an update of a pair is made of what its side holds now, and leaves out of it what somebody has
// edited there since the plan was made. changed reports whether there was such a facet.
func (a *applier) freshened(ctx context.Context, c reconcile.Change) (again reconcile.Change, changed bool, err error) {
	d, ok := a.destOf(c.Side, c.Twin)
	was := a.shown(c.Side, c.Twin)
	if !a.s.paired || !updates(c) || !ok || was == nil || !d.sent.IsZero() {
		return c, false, nil
	}
	seen, shown, err := a.readAhead(ctx, c)
	switch {
	case err != nil:
		return c, false, err
	case !shown || seen.Version.Number < d.version:
		return c, false, nil // the site tells when the update comes
	case !present(seen):
		return c, false, overtaken(c, "is not there any more")
	}
	seen = withSets(seen, was.Content)
	raw := confluence.Sum([]byte(seen.Body.Raw))
	if sameVersion(was.Content, seen) && (seen.Body.Format == "" || raw == was.RawBlob) {
		return c, false, nil
	}
	again, changed, err = a.takeOver(ctx, c, seen)
	if err == nil && again.Facets == 0 {
		err = overtaken(c, "was edited before")
	}
	return again, changed, err
}

// updates reports whether a change replaces the body of a page or blog post that is there.
func updates(c reconcile.Change) bool {
	return c.Verb == confluence.VerbPut && (c.Kind == confluence.Page || c.Kind == confluence.BlogPost)
}

// withSets gives a content that was read for its body alone the facets that it was known with.
func withSets(seen, was confluence.Content) confluence.Content {
	if !seen.Facets.Has(confluence.FacetLabels) {
		seen.Labels = was.Labels
	}
	if !seen.Facets.Has(confluence.FacetRestrictions) {
		seen.Restrictions = was.Restrictions
	}
	seen.Facets |= was.Facets
	return seen
}

// readAhead returns what a side shows of the target of an update. It reads the targets of the updates that come next in
// the same call.
func (a *applier) readAhead(ctx context.Context, c reconcile.Change) (seen confluence.Content, shown bool, err error) {
	f := &a.fresh
	select {
	case f.turn <- struct{}{}:
	default:
		select {
		case f.turn <- struct{}{}:
		case <-ctx.Done():
			return seen, false, ctx.Err()
		}
		// Who gave the turn up goes on at the same time: a simulation decides which of the two does so first.
		if err := a.s.e.opt.Wait(ctx, a.s.e.opt.Now()); err != nil {
			<-f.turn
			return seen, false, err
		}
	}
	defer func() { <-f.turn }()
	if seen, shown = f.next[c.Side][c.Twin]; shown {
		delete(f.next[c.Side], c.Twin)
		return seen, true, nil
	}
	of := map[confluence.ID]confluence.TwinID{}
	var ids []confluence.ID
	add := func(twin confluence.TwinID) {
		if d, ok := a.destOf(c.Side, twin); ok && of[d.id] == "" {
			of[d.id] = twin
			ids = append(ids, d.id)
		}
	}
	add(c.Twin)
	most := min(freshBatch, max(1, a.s.ids[c.Side].Caps.FetchBatch))
	for i := f.done[c.Side]; i < len(a.changes) && len(ids) < most; i++ {
		if x := a.changes[i]; x.Side == c.Side && x.Kind == c.Kind && updates(x) {
			add(x.Twin)
		}
		f.done[c.Side] = i + 1
	}
	list, err := a.s.fetchBelieved(ctx, c.Side, c.Kind, ids, confluence.FacetBody)
	if err != nil {
		return seen, false, err
	}
	for _, x := range list {
		f.next[c.Side][of[x.ID]] = x
	}
	seen, shown = f.next[c.Side][c.Twin]
	delete(f.next[c.Side], c.Twin)
	return seen, shown, nil
}
