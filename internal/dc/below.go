package dc

import (
	"context"
	"net/http"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// belongings fills in the facets of listed pages and blog posts from the rows they were made of, asks for what these do
// not tell in full, and returns attachments and comments, in the order of what they belong to.
func (c *Connector) belongings(ctx context.Context, listed []confluence.Content, rows []contentW, facets confluence.Facets) ([]confluence.Content, error) {
	byID := make(map[confluence.ID]*contentW, len(rows))
	for i := range rows {
		byID[rows[i].ID.ID()] = &rows[i]
	}
	files := make([][]confluence.Content, len(listed))
	comments := make([][]confluence.Content, len(listed))
	err := c.each(ctx, len(listed), func(ctx context.Context, i int) (err error) {
		x, w := &listed[i], byID[listed[i].ID]
		if err := c.facets(ctx, x, w, facets); err != nil {
			return err
		}
		if facets.Has(confluence.FacetAttachments) {
			if files[i], err = c.filesOf(ctx, x, w); err != nil {
				return err
			}
			x.Attachments = len(files[i])
			x.Facets |= confluence.FacetAttachments
			if facets.Has(confluence.FacetFileComments) {
				for _, f := range files[i][:x.Attachments] {
					on, err := c.comments(ctx, f.ID)
					if err != nil {
						return err
					}
					files[i] = append(files[i], on...)
				}
			}
		}
		if facets.Has(confluence.FacetComments) {
			if comments[i], err = c.commentsOf(ctx, x, w, facets); err != nil {
				return err
			}
			x.Comments = len(comments[i])
			x.Facets |= confluence.FacetComments
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []confluence.Content
	for i := range listed {
		out = append(append(out, files[i]...), comments[i]...)
	}
	return out, nil
}

// facets takes labels and restrictions over from a row, and reads them by themselves where the row does not hold all.
func (c *Connector) facets(ctx context.Context, x *confluence.Content, w *contentW, facets confluence.Facets) (err error) {
	if facets.Has(confluence.FacetLabels) {
		if l := w.Metadata.Labels; l.whole() {
			x.Labels = labelsOf(l.Results)
		} else if x.Labels, err = c.labels(ctx, x.ID); err != nil {
			return err
		}
		x.Facets |= confluence.FacetLabels
	}
	if facets.Has(confluence.FacetRestrictions) {
		read, update := w.Restrict.both()
		if read.whole() && update.whole() {
			x.Restrictions = confluence.Restrictions{Read: read.principals(), Update: update.principals()}.Sorted()
		} else if x.Restrictions, err = c.restrictions(ctx, x.ID); err != nil {
			return err
		}
		x.Facets |= confluence.FacetRestrictions
	}
	return nil
}

// labels reads all labels of a content.
func (c *Connector) labels(ctx context.Context, of confluence.ID) ([]confluence.Label, error) {
	k := wire.Get(api+"/content/{id}/label", "the labels could not be read", string(of)).
		With("limit", "200").At(confluence.Where{Content: string(of)})
	var rows []labelW
	err := listAll(ctx, c, k, func(got []labelW) bool { rows = append(rows, got...); return true })
	return labelsOf(rows), err
}

const restrictionPage = 100

// restrictions reads all principals of a content's own restrictions. Users and groups are paged together, so pages are
// read until both lists are shorter than asked.
func (c *Connector) restrictions(ctx context.Context, of confluence.ID) (confluence.Restrictions, error) {
	var out confluence.Restrictions
	for _, op := range []struct {
		name string
		who  *[]confluence.Principal
	}{{"read", &out.Read}, {"update", &out.Update}} {
		k := wire.Get(api+"/content/{id}/restriction/byOperation/{operation}", "the restrictions could not be read", string(of), op.name).
			With("expand", "restrictions.user,restrictions.group", "limit", itoa(restrictionPage)).At(confluence.Where{Content: string(of)})
		for start := 0; ; start += restrictionPage {
			at := k
			if start > 0 {
				at = k.With("start", itoa(start))
			}
			var r restrictionW
			if _, err := c.do(ctx, at, &r); err != nil {
				return out, err
			}
			users, groups := r.Restrictions.User, r.Restrictions.Group
			if users == nil || groups == nil {
				return out, wire.Unusable(k, "the answer does not name users and groups")
			}
			*op.who = append(*op.who, r.principals()...)
			if len(users.Results) < restrictionPage && len(groups.Results) < restrictionPage {
				break
			}
		}
	}
	return out.Sorted(), nil
}

// filesOf returns the attachments of a page: those in its row if that holds all of them in full, else a listing's.
func (c *Connector) filesOf(ctx context.Context, x *confluence.Content, w *contentW) ([]confluence.Content, error) {
	l := w.Children.Attachment
	told := l.whole() && !slices.ContainsFunc(l.Results, func(a contentW) bool { return a.Version.Number == 0 })
	if !told {
		return c.attachments(ctx, x.ID, "")
	}
	return attachmentsOf(l.Results, x.ID), nil
}

func attachmentsOf(rows []contentW, of confluence.ID) []confluence.Content {
	out := contentsOf(rows, func(x confluence.Content) bool {
		return x.Kind == confluence.Attachment && x.Status == confluence.Current
	})
	for i := range out {
		out[i].Container = of
	}
	return out
}

// attachments lists the current attachments of a content, or those of one file name.
func (c *Connector) attachments(ctx context.Context, of confluence.ID, name string) ([]confluence.Content, error) {
	k := wire.Get(api+"/content/{id}/child/attachment", "the attachments could not be listed", string(of)).
		With("expand", "version,history,container", "limit", "200", "filename", name).At(confluence.Where{Content: string(of)})
	var rows []contentW
	err := listAll(ctx, c, k, func(got []contentW) bool { rows = append(rows, got...); return true })
	return attachmentsOf(rows, of), err
}

// commentsOf returns the comments of a page: without bodies those in its row if that holds all of them, else a listing's.
func (c *Connector) commentsOf(ctx context.Context, x *confluence.Content, w *contentW, facets confluence.Facets) ([]confluence.Content, error) {
	if l := w.Children.Comment; l.whole() && len(l.Results) == 0 {
		return nil, nil
	}
	l := w.Descendants.Comment
	told := l.whole() && !slices.ContainsFunc(l.Results, func(r contentW) bool { return r.Version.Number == 0 })
	if facets.Has(confluence.FacetBody) || !told {
		return c.comments(ctx, x.ID)
	}
	return commentsIn(l.Results, x.ID), nil
}

const commentExpand = "body.storage,version,history,ancestors,container,extensions.inlineProperties,extensions.resolution"

// comments lists all comments of a content, of any place and depth.
func (c *Connector) comments(ctx context.Context, of confluence.ID) ([]confluence.Content, error) {
	k := wire.Get(api+"/content/{id}/child/comment", "the comments could not be listed", string(of)).
		With("location", "footer", "location", "inline", "location", "resolved", "depth", "all", "limit", "100", "expand", commentExpand).
		At(confluence.Where{Content: string(of)})
	var rows []contentW
	if err := listAll(ctx, c, k, func(got []contentW) bool { rows = append(rows, got...); return true }); err != nil {
		return nil, err
	}
	return commentsIn(rows, of), nil
}

func commentsIn(rows []contentW, of confluence.ID) []confluence.Content {
	out := contentsOf(rows, func(x confluence.Content) bool {
		return x.Kind == confluence.Comment && x.Status != confluence.Trashed
	})
	for i := range out {
		out[i].Container = of
	}
	inherit(out)
	return out
}

// Below lists the pages directly below a page, and its files and comments.
func (c *Connector) Below(ctx context.Context, kind confluence.Kind, of confluence.ID) ([]confluence.Content, error) {
	out, err := c.comments(ctx, of)
	if err != nil {
		return nil, err
	}
	files, err := c.attachments(ctx, of, "")
	if out = append(out, files...); err != nil || kind != confluence.Page {
		return out, err
	}
	k := wire.Get(api+"/content/{id}/child/page", "the pages below could not be listed", string(of)).
		With("limit", "200").At(confluence.Where{Content: string(of)})
	var rows []contentW
	err = listAll(ctx, c, k, func(got []contentW) bool { rows = append(rows, got...); return true })
	pages := contentsOf(rows, func(x confluence.Content) bool { return x.Kind == confluence.Page && x.Status != confluence.Trashed })
	return append(out, pages...), err
}

// inherit gives replies the kind of the comment they answer: their own location need not say so.
func inherit(comments []confluence.Content) {
	at := make(map[confluence.ID]int, len(comments))
	for i, x := range comments {
		at[x.ID] = i
	}
	for i := range comments {
		top, steps := i, 0
		for steps < len(comments) {
			up, ok := at[comments[top].Comment.ReplyTo]
			if !ok {
				break
			}
			top, steps = up, steps+1
		}
		comments[i].Comment.Kind = comments[top].Comment.Kind
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// there reports whether a content can be seen, in any state.
func (c *Connector) there(ctx context.Context, of confluence.ID) bool {
	_, err := c.do(ctx, call{Method: http.MethodGet, Route: api + "/content/{id}", Args: []string{string(of)}}.With("status", "any"), nil)
	return err == nil
}
