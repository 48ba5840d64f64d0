package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/store"
)

// stepOpen makes sure that both sites are what they were when both sides last agreed, before anything is believed.
func (c *cycle) stepOpen(ctx context.Context) error {
	if err := c.settleUnknown(ctx); err != nil {
		return err
	}
	if !c.sweeps() {
		if err := c.nameRequested(ctx); err != nil {
			return err
		}
		if err := c.heard(ctx); err != nil {
			return err
		}
		c.enter(stepFetch)
		return nil
	}
	c.enter(stepListA)
	if c.rec.Request.Sweep || len(c.rec.Request.Allow) > 0 {
		return c.makeSure(ctx) // whoever asks wants to be told
	}
	return nil
}

// makeSure asks, once in a sweep, what has to be certain before anything that differs from what is known is believed: that
// both spaces can be seen, and that neither site was restored from a backup or is kept by another tandem. A listing that
// shows everything as it is known needs none of it: nothing is concluded from it.
func (c *cycle) makeSure(ctx context.Context) error {
	if c.cursor.Sure {
		return nil
	}
	for _, side := range confluence.Sides {
		if err := c.canary(ctx, side); err != nil {
			return err
		}
	}
	c.cursor.Sure = true
	return c.checkCheckpoints(ctx)
}

// canary refuses to go on where the space of a side, or its home page, cannot be seen any more: everything in it would
// look deleted.
func (c *cycle) canary(ctx context.Context, side confluence.Side) error {
	list, err := c.sites[side].reader.Spaces(ctx, []string{c.row.Keys[side]})
	if err != nil {
		return onSide(side, err)
	}
	gone := ""
	switch {
	case len(list) == 0:
		gone = fmt.Sprintf("space %s of %s is not there, or not visible to tandem's account", c.row.Keys[side], c.row.Sites[side])
	case c.row.Spaces[side] != "" && list[0].ID != c.row.Spaces[side]:
		gone = fmt.Sprintf("space %s of %s is another one than the pair is bound to", c.row.Keys[side], c.row.Sites[side])
	}
	if gone != "" {
		// No person can let this pass: without the space there is nothing to compare.
		return &halting{store.Halt{Brake: brakeCanary, Side: side, What: gone}}
	}
	return nil
}

// heard notes up to which hint this cycle looks: those that come while it is under way are for the next one. Our own clock
// may have been ahead when one was noted.
func (c *cycle) heard(ctx context.Context) error {
	hints, err := c.e.store.Hints(ctx, c.row.ID)
	c.cursor.Hinted = c.e.opt.Now()
	for _, h := range hints {
		if h.Noted.After(c.cursor.Hinted) {
			c.cursor.Hinted = h.Noted
		}
	}
	return err
}

// nameRequested makes hints of the contents that a person asked to look at.
func (c *cycle) nameRequested(ctx context.Context) error {
	var hints []store.Hint
	for _, p := range c.rec.Request.Pages {
		h := store.Hint{Pair: c.row.ID, Side: p.Side, Kind: confluence.Page, ID: p.ID}
		if rows, err := c.e.store.ObservedByID(ctx, c.row.ID, p.Side, p.ID); err != nil {
			return err
		} else if len(rows) > 0 {
			h.Kind = rows[0].Content.Kind
		}
		hints = append(hints, h)
	}
	if len(hints) == 0 {
		return nil
	}
	return c.commit(ctx, func(tx *store.Tx) error { return tx.PutHint(hints...) })
}

// list reads one batch of the listing of a side, without bodies: what shows the version that is known is taken over as it
// stands, everything else is named for the fetch.
func (c *cycle) list(ctx context.Context, side confluence.Side, next cycleStep) error {
	l := &c.cursor.Listing
	if l.Pass[side] == 0 {
		l.Pass[side] = c.pair.Pass[side] + 1
		c.cursor.Began[side] = c.siteNow(side)
	}
	caps := c.ids[side].Caps
	batch, err := c.sites[side].reader.Scan(ctx, confluence.ScanRequest{
		Space: c.spaceOf(side), Facets: c.listed(side), Cursor: confluence.Cursor(l.Scan), Trash: false, Archived: caps.ArchivedList,
		Unproved: true,
	})
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		if sure := c.makeSure(ctx); sure != nil {
			return sure // the space is what is missing
		}
	}
	if err != nil {
		return onSide(side, err)
	}
	rows, hints, differs, err := c.compareListed(ctx, side, batch.Contents)
	if err == nil && (differs || len(hints) > 0) {
		if err = c.vouched(ctx, side); err == nil {
			err = c.makeSure(ctx)
		}
	}
	if err != nil {
		return err
	}
	done := batch.Next == ""
	err = c.commit(ctx, func(tx *store.Tx) error {
		if err := tx.PutObserved(rows...); err != nil {
			return err
		}
		if err := tx.PutHint(hints...); err != nil || !done {
			return err
		}
		c.pair.Pass[side] = l.Pass[side]
		return tx.PutPair(&c.pair)
	})
	if err != nil {
		return err
	}
	if planted.On(planted.OneByOne) {
		for _, x := range batch.Contents {
			_, _ = c.sites[side].reader.Fetch(ctx, x.Kind, []confluence.ID{x.ID}, 0)
		}
	}
	c.meter.read(side, len(batch.Contents))
	l.Scan = string(batch.Next)
	if done {
		c.enter(next)
	}
	return nil
}

// vouched asks a site whose listings may answer nobody as if it were us who we are: labels and restrictions that are
// hidden look like ones that are gone.
func (c *cycle) vouched(ctx context.Context, side confluence.Side) error {
	reader := c.sites[side].reader
	_, unproved := reader.(confluence.Unproved)
	confirmer, confirms := reader.(confluence.Confirmer)
	if !unproved || !confirms {
		return nil
	}
	if err := confirmer.Confirm(ctx); err != nil {
		return onSide(side, err)
	}
	return nil
}

// siteNow is the time by the clock of a side's site, as far as that is known.
func (c *cycle) siteNow(side confluence.Side) (now time.Time) {
	now = c.e.opt.Now().UTC()
	if at := c.ids[side].Now; !at.IsZero() && at.Before(now) {
		now = at // the earlier one: nothing that was written since may be missed
	}
	return now
}

// listed are the facets that the listing of a side carries at no further cost.
func (c *cycle) listed(side confluence.Side) confluence.Facets {
	return c.ids[side].Caps.Listed &^ confluence.FacetBody
}

// compareListed takes what a listing showed over into what is known. Rows come back for all that is known at this very
// version; the rest is named for the fetch. differs is set where one of them stands elsewhere or has other facets.
func (c *cycle) compareListed(ctx context.Context, side confluence.Side, list []confluence.Content) (rows []store.Observed, hints []store.Hint, differs bool, err error) {
	for _, seen := range list {
		known, err := c.e.store.ObservedByID(ctx, c.row.ID, side, seen.ID)
		if err != nil {
			return nil, nil, false, err
		}
		if len(known) == 0 || !sameVersion(known[0].Content, seen) {
			hints = append(hints, store.Hint{Pair: c.row.ID, Side: side, Kind: seen.Kind, ID: seen.ID, Version: seen.Version.Number,
				Container: seen.Container, At: seen.Version.At})
			if len(known) == 0 {
				continue
			}
			// Until it is fetched it counts as seen, as it was.
			known[0].Pass = c.cursor.Listing.Pass[side]
			rows = append(rows, known[0])
			continue
		}
		row := refreshed(known[0], seen)
		row.Pass = c.cursor.Listing.Pass[side]
		differs = differs || !looksTheSame(known[0].Content, row.Content)
		rows = append(rows, row)
	}
	return rows, hints, differs, nil
}

// looksTheSame reports whether a content of the same version has the place and the facets that it had.
func looksTheSame(was, now confluence.Content) bool {
	return was.ParentID == now.ParentID && was.Title == now.Title && was.Position == now.Position && was.Positioned == now.Positioned &&
		resolutionOf(was) == resolutionOf(now) && slices.Equal(was.Labels, now.Labels) &&
		slices.Equal(was.Restrictions.Read, now.Restrictions.Read) && slices.Equal(was.Restrictions.Update, now.Restrictions.Update)
}

// sameVersion reports whether a listing shows the content at the version that is known. Where a site tells when a version
// was made, a number alone is none: versions can be renumbered, and a restored server counts them anew.
func sameVersion(known, seen confluence.Content) bool {
	if known.Kind != seen.Kind || known.Version.Number != seen.Version.Number || statusOrCurrent(known) != statusOrCurrent(seen) {
		return false
	}
	return known.Version.At.IsZero() || seen.Version.At.IsZero() || known.Version.At.Equal(seen.Version.At)
}

func statusOrCurrent(c confluence.Content) confluence.Status {
	if c.Status == "" {
		return confluence.Current
	}
	return c.Status
}

// refreshed is what is known of a content with what a listing without bodies showed of it now: its place and state, and
// the facets that came along.
func refreshed(known store.Observed, seen confluence.Content) store.Observed {
	was := known.Content
	seen.Body = was.Body
	if !seen.Facets.Has(confluence.FacetLabels) {
		seen.Labels = was.Labels
	}
	if !seen.Facets.Has(confluence.FacetRestrictions) {
		seen.Restrictions = was.Restrictions
	}
	if seen.Comment == nil {
		seen.Comment = was.Comment
	}
	if seen.File == nil {
		seen.File = was.File
	}
	if seen.Created.IsZero() {
		seen.Created, seen.Creator = was.Created, was.Creator
	}
	if seen.SourceTitle == "" && seen.Title == was.SourceTitle {
		seen.Title, seen.SourceTitle = was.Title, was.SourceTitle
	}
	seen.Facets |= was.Facets
	known.Content = seen
	return known
}
