package cloud

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// fewMissing contents are read one by one at once: waiting for the index would take longer.
const fewMissing = 12

// firstPause is the first wait for an index that is behind; the next are twice as long each, up to four times. It is of the
// order of the index's usual lag (CQ-01: seconds), as an early question costs a call and is answered with the same nothing.
const firstPause = 3 * time.Second

// unknown marks a count that is still to be found out; see belongings.
const unknown = -2

const searched = confluence.FacetLabels | confluence.FacetRestrictions | confluence.FacetAttachments | confluence.FacetComments

// enrich fills in labels and restrictions of listed pages or blog posts, and sets Attachments and Comments to 0 where
// there are none and to unknown where there may be some. now is the server's clock. before is closed when the contents
// listed before these are done: where the index is behind, they wait for it first, and only then these ask again.
func (c *Connector) enrich(ctx context.Context, listed []confluence.Content, facets confluence.Facets, now time.Time, before <-chan struct{}) error {
	facets &= searched
	if facets == 0 || len(listed) == 0 {
		return nil
	}
	open := make(map[confluence.ID]*confluence.Content, len(listed))
	ids := make([]confluence.ID, len(listed))
	for i := range listed {
		open[listed[i].ID] = &listed[i]
		ids[i] = listed[i].ID
	}
	began, pause := c.clock.Now(), firstPause
	for {
		found, err := c.search(ctx, ids, searchExpand(facets))
		if err != nil {
			return err
		}
		ids = ids[:0]
		for i := range listed {
			x := open[listed[i].ID]
			if x == nil {
				continue
			}
			if row, ok := found[x.ID]; ok && row.tells(x, facets) {
				delete(open, x.ID)
			} else {
				ids = append(ids, x.ID)
			}
		}
		if waited := c.clock.Now().Sub(began); len(ids) <= fewMissing || waited >= c.indexWait || !c.young(open, now.Add(waited)) {
			break
		}
		if before != nil {
			select {
			case <-before:
			case <-ctx.Done():
				return ctx.Err()
			}
			before = nil
			continue
		}
		if err := c.clock.Wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 4*firstPause)
	}
	return c.each(ctx, len(ids), func(ctx context.Context, i int) error { return c.direct(ctx, open[ids[i]], facets) })
}

// young reports whether the index may still come to show one of these contents.
func (c *Connector) young(open map[confluence.ID]*confluence.Content, now time.Time) bool {
	if now.IsZero() {
		now = c.clock.Now()
	}
	for _, x := range open {
		if now.Sub(x.Version.At) < c.indexWait {
			return true
		}
	}
	return false
}

// tells takes over what a row says about a content, and reports whether it says everything that is asked. A row of an
// older version than was listed says nothing.
func (r rowV1) tells(x *confluence.Content, facets confluence.Facets) bool {
	if r.Version != nil && r.Version.Number < x.Version.Number {
		return false
	}
	labels := r.Metadata.Labels
	read, readWhole := r.Restrictions.Read.principals()
	update, updateWhole := r.Restrictions.Update.principals()
	if facets.Has(confluence.FacetLabels) && !labels.whole() || facets.Has(confluence.FacetRestrictions) && !(readWhole && updateWhole) {
		return false
	}
	if facets.Has(confluence.FacetLabels) {
		for _, l := range labels.Results {
			x.Labels = append(x.Labels, l.label())
		}
		sortLabels(x.Labels)
	}
	if facets.Has(confluence.FacetRestrictions) {
		x.Restrictions = confluence.Restrictions{Read: read, Update: update}
	}
	if facets.Has(confluence.FacetAttachments) {
		x.Attachments = r.ChildTypes.Attachment.count()
	}
	if facets.Has(confluence.FacetComments) {
		x.Comments = r.ChildTypes.Comment.count()
	}
	x.Facets |= facets
	return true
}

func (f *flagV1) count() int {
	if f != nil && !f.Value {
		return 0
	}
	return unknown
}

// direct reads from the content itself what no row told.
func (c *Connector) direct(ctx context.Context, x *confluence.Content, facets confluence.Facets) error {
	if facets.Has(confluence.FacetLabels) {
		labels, err := c.labels(ctx, x.Kind, x.ID)
		if err != nil {
			return err
		}
		x.Labels = labels
	}
	if facets.Has(confluence.FacetRestrictions) {
		r, err := c.restrictions(ctx, x.ID)
		if err != nil {
			return err
		}
		x.Restrictions = r
	}
	if facets.Has(confluence.FacetAttachments) {
		x.Attachments = unknown
	}
	if facets.Has(confluence.FacetComments) {
		x.Comments = unknown
	}
	x.Facets |= facets
	return nil
}
