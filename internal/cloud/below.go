package cloud

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// belongings lists the attachments and comments of pages and blog posts, in the order of these, and sets their counts.
func (c *Connector) belongings(ctx context.Context, listed []confluence.Content, facets confluence.Facets) ([]confluence.Content, error) {
	files := make([][]confluence.Content, len(listed))
	comments := make([][]confluence.Content, len(listed))
	err := c.each(ctx, len(listed), func(ctx context.Context, i int) error {
		x := &listed[i]
		if facets.Has(confluence.FacetAttachments) && x.Attachments == unknown {
			got, err := c.attachments(ctx, x.Kind, x.ID, "")
			if err != nil {
				return err
			}
			files[i], x.Attachments = got, len(got)
			if facets.Has(confluence.FacetFileComments) {
				if files[i], err = c.withComments(ctx, got); err != nil {
					return err
				}
			}
		}
		if facets.Has(confluence.FacetComments) && x.Comments == unknown {
			got, err := c.comments(ctx, x.Kind, x.ID)
			if err != nil {
				return err
			}
			comments[i], x.Comments = got, len(got)
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

// attachments lists the current attachments of a page or blog post, or those of one file name, or those of some states.
func (c *Connector) attachments(ctx context.Context, kind confluence.Kind, of confluence.ID, name string, states ...confluence.Status) ([]confluence.Content, error) {
	k := wire.Get(collection(kind)+"/{id}/attachments", "the attachments could not be listed", string(of)).
		With("limit", "250", "filename", name).At(confluence.Where{Content: string(of)})
	for _, s := range states {
		k = k.With("status", string(s))
	}
	var out []confluence.Content
	seen := map[confluence.ID]bool{}
	err := listAll(ctx, c, k, func(got []contentV2) bool {
		for _, w := range got {
			x := w.attachment()
			if x.ID == "" || seen[x.ID] || x.Status == confluence.Trashed {
				continue
			}
			seen[x.ID] = true
			if x.Container == "" {
				x.Container = of
			}
			out = append(out, x)
		}
		return true
	})
	return out, err
}

// comments lists all comments of a page or blog post, replies after what they answer.
func (c *Connector) comments(ctx context.Context, kind confluence.Kind, of confluence.ID) ([]confluence.Content, error) {
	var out []confluence.Content
	for _, ck := range []confluence.CommentKind{confluence.Footer, confluence.Inline} {
		k := wire.Get(collection(kind)+"/{id}/"+commentPath(ck), "the comments could not be listed", string(of)).
			At(confluence.Where{Content: string(of)})
		top, err := c.commentList(ctx, k, ck, of, "")
		if err != nil {
			return nil, err
		}
		for _, x := range top {
			thread, err := c.thread(ctx, x)
			if err != nil {
				return nil, err
			}
			out = append(out, thread...)
		}
	}
	return out, nil
}

// Below lists the pages directly below a page, and its files and comments.
func (c *Connector) Below(ctx context.Context, kind confluence.Kind, of confluence.ID) ([]confluence.Content, error) {
	out, err := c.comments(ctx, kind, of)
	if err != nil {
		return nil, err
	}
	files, err := c.attachments(ctx, kind, of, "")
	if out = append(out, files...); err != nil || kind != confluence.Page {
		return out, err
	}
	k := wire.Get(v2+"/pages/{id}/direct-children", "the pages below could not be listed", string(of)).
		With("limit", "250").At(confluence.Where{Content: string(of)})
	err = listAll(ctx, c, k, func(got []childW) bool {
		for _, w := range got {
			if w.Type == string(confluence.Page) && w.Status == string(confluence.Current) {
				out = append(out, confluence.Content{ID: confluence.ID(w.ID), Kind: confluence.Page, Status: confluence.Current, Title: w.Title, ParentID: of})
			}
		}
		return true
	})
	return out, err
}

// Owned lists the files and the comments of a page or blog post, archived or not: two calls, and one for each comment.
func (c *Connector) Owned(ctx context.Context, kind confluence.Kind, of confluence.ID) ([]confluence.Content, error) {
	files, err := c.attachments(ctx, kind, of, "", confluence.Current, confluence.Archived)
	if err != nil {
		return nil, err
	}
	comments, err := c.comments(ctx, kind, of)
	return append(files, comments...), err
}

// childW is a row of the list of what stands below a page.
type childW struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Status string `json:"status"`
	Title  string `json:"title"`
}

// withComments adds to attachments the comments on them, which are footer comments only.
func (c *Connector) withComments(ctx context.Context, files []confluence.Content) ([]confluence.Content, error) {
	out := files
	for _, f := range files {
		k := wire.Get(v2+"/attachments/{id}/footer-comments", "the comments could not be listed", string(f.ID)).
			At(confluence.Where{Content: string(f.ID)})
		top, err := c.commentList(ctx, k, confluence.Footer, f.ID, "")
		if err != nil {
			return nil, err
		}
		for _, x := range top {
			thread, err := c.thread(ctx, x)
			if err != nil {
				return nil, err
			}
			out = append(out, thread...)
		}
	}
	return out, nil
}

func commentPath(kind confluence.CommentKind) string { return string(kind) + "-comments" }

// thread returns a comment and all replies to it, at any depth.
func (c *Connector) thread(ctx context.Context, x confluence.Content) ([]confluence.Content, error) {
	out := []confluence.Content{x}
	replies, err := c.replies(ctx, x.Comment.Kind, x.Container, x.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range replies {
		below, err := c.thread(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, below...)
	}
	return out, nil
}

func (c *Connector) replies(ctx context.Context, kind confluence.CommentKind, container, to confluence.ID) ([]confluence.Content, error) {
	k := wire.Get(v2+"/"+commentPath(kind)+"/{id}/children", "the replies could not be listed", string(to)).
		At(confluence.Where{Content: string(to)})
	return c.commentList(ctx, k, kind, container, to)
}

func (c *Connector) commentList(ctx context.Context, k call, kind confluence.CommentKind, container, to confluence.ID) ([]confluence.Content, error) {
	var out []confluence.Content
	seen := map[confluence.ID]bool{to: true}
	err := listAll(ctx, c, k.With("limit", "250", "body-format", "storage"), func(got []contentV2) bool {
		for _, w := range got {
			x := w.comment(kind)
			// A listing that repeats a comment, or names the comment itself as its reply, must not make a thread endless.
			if x.ID == "" || seen[x.ID] || x.Status == confluence.Trashed {
				continue
			}
			seen[x.ID] = true
			if container != "" {
				x.Container = container
			}
			if x.Comment.ReplyTo == "" {
				x.Comment.ReplyTo = to
			}
			out = append(out, x)
		}
		return true
	})
	return out, err
}
