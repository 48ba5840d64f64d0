package cloud

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Fetch reads contents by id. Pages and blog posts come 250 a call, in any status but draft; labels and restrictions cost
// one call each per content and are read from the content, not from the search index, so that what was just written is
// seen. Attachments, comments and folders cost one call each.
func (c *Connector) Fetch(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) ([]confluence.Content, error) {
	found := make(map[confluence.ID]confluence.Content, len(ids))
	var err error
	switch kind {
	case confluence.Page, confluence.BlogPost:
		err = c.fetchListed(ctx, kind, ids, facets, false, found)
	default:
		err = c.fetchSingly(ctx, kind, ids, found)
	}
	if err != nil {
		return nil, err
	}
	return c.fetched(ctx, ids, found)
}

// fetched puts what was found in the order of ids.
func (c *Connector) fetched(ctx context.Context, ids []confluence.ID, found map[confluence.ID]confluence.Content) ([]confluence.Content, error) {
	var out []confluence.Content
	for _, id := range ids {
		if x, ok := found[id]; ok {
			out = append(out, x)
			delete(found, id)
		}
	}
	if len(out) == 0 && len(ids) > 0 {
		if err := c.confirm(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.attribute(ctx, out); err != nil {
		return nil, err
	}
	return out, c.name(ctx, out)
}

// fetchListed reads pages or blog posts by listings, past restrictions if an admin key is on and is to be used.
func (c *Connector) fetchListed(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets, past bool, found map[confluence.ID]confluence.Content) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for chunk := range slices.Chunk(ids, batchSize) {
		got, err := c.listed(ctx, kind, chunk, facets, past)
		if err != nil {
			return err
		}
		err = c.each(ctx, len(got), func(ctx context.Context, i int) error {
			if got[i].Status == confluence.Trashed {
				return nil
			}
			err := c.direct(ctx, &got[i], facets&(confluence.FacetLabels|confluence.FacetRestrictions))
			if got[i].Status == confluence.Archived && confluence.ClassOf(err) == confluence.ClassNotFound {
				return nil // a site that shows them of current contents only: they count as not read
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, x := range got {
			x.Attachments, x.Comments = -1, -1
			found[x.ID] = x
		}
	}
	return nil
}

// listed reads pages or blog posts by id with one listing. Where their bodies are too large for one answer, the halves
// are read.
func (c *Connector) listed(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets, past bool) ([]confluence.Content, error) {
	k := wire.Get(collection(kind), "the contents could not be read").With("id", join(ids), "limit", "250", "sort", "id")
	k.Past = past
	for _, s := range statuses(kind) {
		k = k.With("status", s)
	}
	if facets.Has(confluence.FacetBody) {
		k = k.With("body-format", "storage")
	}
	var got []contentV2
	err := listAll(ctx, c, k, func(page []contentV2) bool { got = append(got, page...); return true })
	if tooLarge(err) && len(ids) > 1 {
		first, err := c.listed(ctx, kind, ids[:len(ids)/2], facets, past)
		if err != nil {
			return nil, err
		}
		second, err := c.listed(ctx, kind, ids[len(ids)/2:], facets, past)
		return append(first, second...), err
	}
	return contentsOf(got, kind), err
}

func statuses(kind confluence.Kind) []string {
	if kind == confluence.BlogPost {
		return []string{"current", "trashed"}
	}
	return []string{"current", "archived", "trashed"}
}

func (c *Connector) fetchSingly(ctx context.Context, kind confluence.Kind, ids []confluence.ID, found map[confluence.ID]confluence.Content) error {
	got := make([]*confluence.Content, len(ids))
	err := c.each(ctx, len(ids), func(ctx context.Context, i int) error {
		x, err := c.single(ctx, kind, ids[i], 0)
		if err == nil {
			got[i] = &x
		} else if confluence.ClassOf(err) != confluence.ClassNotFound {
			return err
		}
		return nil
	})
	for _, x := range got {
		if x != nil {
			found[x.ID] = *x
		}
	}
	return err
}

// single reads one content, in a version unless that is 0.
func (c *Connector) single(ctx context.Context, kind confluence.Kind, of confluence.ID, version int) (confluence.Content, error) {
	routes := []string{collection(kind)}
	if kind == confluence.Comment {
		routes = append(routes, v2+"/inline-comments")
	}
	var last error
	for i, route := range routes {
		k := wire.Get(route+"/{id}", "the content could not be read", string(of)).At(confluence.Where{Content: string(of)})
		if kind != confluence.Attachment && !slices.Contains(nodes, kind) {
			k = k.With("body-format", "storage")
		}
		if version > 0 {
			k = k.With("version", itoa(version))
		}
		var w contentV2
		_, err := c.do(ctx, k, &w)
		if err != nil {
			if last = err; confluence.ClassOf(err) == confluence.ClassNotFound {
				continue
			}
			return confluence.Content{}, err
		}
		switch kind {
		case confluence.Attachment:
			return w.attachment(), nil
		case confluence.Comment:
			return w.comment([]confluence.CommentKind{confluence.Footer, confluence.Inline}[i]), nil
		}
		return w.content(kind), nil
	}
	return confluence.Content{}, last
}

// Version reads one version of a content. Deleting a version renumbers the later ones: compare Version.At.
func (c *Connector) Version(ctx context.Context, kind confluence.Kind, id confluence.ID, number int) (confluence.Content, error) {
	x, err := c.single(ctx, kind, id, number)
	if err != nil {
		return x, err
	}
	if x.Version.Number != number {
		return x, confluence.Errorf(confluence.CodeNotThere, "there is no version %d", number).At(confluence.Where{Content: string(id)})
	}
	one := []confluence.Content{x}
	err = c.name(ctx, one)
	return one[0], err
}
