package dc

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// fetchBatch is how many contents one listing by id gives with bodies (PG-09).
const fetchBatch = 50

// Fetch reads contents by id. Pages and blog posts come 50 a call, with all facets in the same answer; those that the
// listing does not show are read one by one, in any status. Attachments and comments cost one call each.
func (c *Connector) Fetch(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) ([]confluence.Content, error) {
	out, err := c.FetchUnproved(ctx, kind, ids, facets)
	if err == nil && len(ids) > 0 {
		err = c.confirm(ctx) // that one is not there, or not restricted, counts only if it was said to us
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// FetchUnproved is Fetch without the question who we are; see confluence.Unproved.
func (c *Connector) FetchUnproved(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets) ([]confluence.Content, error) {
	found := make(map[confluence.ID]confluence.Content, len(ids))
	wanted := slices.Compact(slices.Sorted(slices.Values(ids)))
	facets &= confluence.FacetBody | confluence.FacetLabels | confluence.FacetRestrictions
	if kind == confluence.Page || kind == confluence.BlogPost {
		for chunk := range slices.Chunk(wanted, fetchBatch) {
			if err := c.fetchListed(ctx, kind, chunk, facets, found); err != nil {
				return nil, err
			}
		}
	}
	wanted = slices.DeleteFunc(wanted, func(id confluence.ID) bool { _, ok := found[id]; return ok })
	if err := c.fetchSingly(ctx, kind, wanted, facets, found); err != nil {
		return nil, err
	}
	var out []confluence.Content
	for _, id := range ids {
		if x, ok := found[id]; ok {
			out = append(out, x)
			delete(found, id)
		}
	}
	return out, nil
}

// fetchListed reads pages or blog posts with one listing by id. It finds nothing where the site's listing takes no ids.
func (c *Connector) fetchListed(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets, found map[confluence.ID]confluence.Content) error {
	c.mu.Lock()
	lacks := c.noIDs
	c.mu.Unlock()
	if lacks || len(ids) < 2 {
		return nil
	}
	k := wire.Get(api+"/content", "the contents could not be read").
		With("type", string(kind), "limit", itoa(len(ids)), "expand", expansions(facets)+",space")
	for _, id := range ids {
		k = k.With("ids", string(id))
	}
	var page listW[contentW]
	if _, err := c.do(ctx, k, &page); err != nil {
		if tooLarge(err) {
			first := c.fetchListed(ctx, kind, ids[:len(ids)/2], facets, found)
			if first != nil {
				return first
			}
			return c.fetchListed(ctx, kind, ids[len(ids)/2:], facets, found)
		}
		if !lacking(err) {
			return err
		}
		page.Results = nil // one by one
	}
	for _, w := range page.Results {
		c.meet(w.Version.By)
		if !slices.Contains(ids, w.ID.ID()) {
			// The parameter is not known to this version, and everything is listed in its place.
			c.mu.Lock()
			c.noIDs = true
			c.mu.Unlock()
			return nil
		}
	}
	listed := contentsOf(page.Results, func(x confluence.Content) bool { return x.Kind == kind })
	if _, err := c.belongings(ctx, listed, page.Results, facets); err != nil {
		return err
	}
	for _, x := range listed {
		found[x.ID] = x
	}
	return nil
}

func (c *Connector) fetchSingly(ctx context.Context, kind confluence.Kind, ids []confluence.ID, facets confluence.Facets, found map[confluence.ID]confluence.Content) error {
	got := make([]*confluence.Content, len(ids))
	err := c.each(ctx, len(ids), func(ctx context.Context, i int) error {
		x, err := c.single(ctx, kind, ids[i], facets)
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

// single reads one content that is current or trashed.
func (c *Connector) single(ctx context.Context, kind confluence.Kind, of confluence.ID, facets confluence.Facets) (confluence.Content, error) {
	expand := expansions(facets) + ",space,container"
	if kind == confluence.Comment {
		expand = commentExpand + ",container.space"
	}
	w, err := c.raw(ctx, of, expand, "any")
	if err != nil {
		return confluence.Content{}, err
	}
	c.meet(w.Version.By)
	x, ok := w.content()
	if !ok || x.Kind != kind {
		return x, confluence.Errorf(confluence.CodeNotThere, "there is no %s of this id", kind).At(confluence.Where{Content: string(of)})
	}
	if kind == confluence.Comment && x.Comment.ReplyTo != "" && x.Comment.Kind == confluence.Footer {
		return x, c.inheritFrom(ctx, &x)
	}
	if kind != confluence.Page && kind != confluence.BlogPost || x.Status != confluence.Current {
		return x, nil
	}
	return x, c.facets(ctx, &x, &w, facets)
}

// inheritFrom gives a reply the kind of the comment at the top of its thread.
func (c *Connector) inheritFrom(ctx context.Context, x *confluence.Content) error {
	for up, steps := x.Comment.ReplyTo, 0; up != "" && steps < 50; steps++ {
		w, err := c.raw(ctx, up, "ancestors,extensions.inlineProperties,extensions.resolution", "")
		if confluence.ClassOf(err) == confluence.ClassNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		info := w.comment()
		x.Comment.Kind, up = info.Kind, info.ReplyTo
	}
	return nil
}

func (c *Connector) raw(ctx context.Context, of confluence.ID, expand, status string) (contentW, error) {
	var w contentW
	k := wire.Get(api+"/content/{id}", "the content could not be read", string(of)).
		With("expand", expand, "status", status).At(confluence.Where{Content: string(of)})
	_, err := c.do(ctx, k, &w)
	return w, err
}

// Version reads one version of a content with its body. Past versions are asked for in the three ways that sites know, in
// the order of how long they have been known (DL-11). Numbers may have holes where versions were deleted.
func (c *Connector) Version(ctx context.Context, kind confluence.Kind, id confluence.ID, number int) (confluence.Content, error) {
	now, err := c.single(ctx, kind, id, confluence.FacetBody)
	if err != nil || now.Version.Number == number {
		return now, err
	}
	absent := confluence.Errorf(confluence.CodeNotThere, "there is no version %d", number).At(confluence.Where{Content: string(id)})
	if number > now.Version.Number || number < 1 {
		return now, absent
	}
	const expand = "body.storage,version,history,ancestors,space,container"
	for _, way := range []call{
		wire.Get(api+"/content/{id}", "the version could not be read", string(id)).With("status", "historical", "version", itoa(number), "expand", expand),
		wire.Get(api+"/content/{id}/version/{number}", "the version could not be read", string(id), itoa(number)).With("expand", "content.body.storage"),
		wire.Get(experimental+"/content/{id}/version/{number}", "the version could not be read", string(id), itoa(number)).With("expand", "content.body.storage"),
	} {
		var w struct {
			contentW
			versionW          // of the version resources
			Content  contentW `json:"content"`
		}
		_, err := c.do(ctx, way.At(absent.Where), &w)
		if lacking(err) {
			continue
		}
		if err != nil {
			return now, err
		}
		past, version := w.contentW, w.contentW.Version
		if version.Number == 0 {
			past, version = w.Content, w.versionW
		}
		if version.Number != number || past.Body.Storage == nil {
			continue
		}
		return historical(now, past, version), nil
	}
	return now, absent
}

// historical is a past version of a content, as that content.
func historical(now confluence.Content, past contentW, version versionW) confluence.Content {
	x := now
	x.Version, x.Title, x.Facets = version.version(), wire.First(past.Title, now.Title), confluence.FacetBody
	x.Body = confluence.Body{Format: confluence.Storage, Raw: past.Body.Storage.Value}
	if x.Kind == confluence.Comment {
		x.Title = ""
	}
	return x
}
