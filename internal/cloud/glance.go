package cloud

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

var (
	_ confluence.Glancer = (*Connector)(nil)
	_ confluence.Prober  = (*Connector)(nil)
	_ confluence.Owned   = (*Connector)(nil)
)

// glanced are the facets that rows of v1 content/search hold in full, for all but a few contents.
const glanced = confluence.FacetLabels | confluence.FacetRestrictions | confluence.FacetAttachments | confluence.FacetComments

// Glance reads facets from v1 content/search by ids, 100 a call. Whether there is a row comes from the search index, which
// leaves out what is archived, trashed, or of the last minute; what the row holds comes from the database (OF-17, OF-18).
func (c *Connector) Glance(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) ([]confluence.Content, error) {
	facets &= glanced
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found, err := c.search(ctx, ids, glanceExpand(facets)+",space")
	if err != nil {
		return nil, err
	}
	var out []confluence.Content
	for _, id := range ids {
		r, ok := found[id]
		if !ok {
			continue
		}
		if x, ok := r.content(); ok && x.Kind == kind {
			below := r.below(&x, facets)
			out = append(append(out, x), below...)
		}
	}
	if len(out) == 0 && len(ids) > 0 {
		return nil, c.confirm(ctx)
	}
	return out, nil
}

// below takes over what a row says about a content's facets, and returns what belongs to the content.
func (r rowV1) below(x *confluence.Content, facets confluence.Facets) (out []confluence.Content) {
	for _, f := range []confluence.Facets{confluence.FacetLabels, confluence.FacetRestrictions} {
		if facets.Has(f) {
			r.tells(x, f)
		}
	}
	for _, l := range []struct {
		facet confluence.Facets
		rows  *listV1[rowV1]
		count *int
	}{
		{confluence.FacetAttachments, r.Children.Attachment, &x.Attachments},
		{confluence.FacetComments, r.Descendants.Comment, &x.Comments},
	} {
		if !facets.Has(l.facet) || !l.rows.whole() {
			continue
		}
		*l.count, x.Facets = len(l.rows.Results), x.Facets|l.facet
		for _, w := range l.rows.Results {
			if y, ok := w.content(); ok {
				y.Container, y.SpaceID, y.SpaceKey = x.ID, x.SpaceID, x.SpaceKey
				out = append(out, y)
			}
		}
	}
	return out
}
