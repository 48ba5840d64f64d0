package cloud

import (
	"context"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// skew is how far the site's clock is trusted to agree with the clock a probe's Since was taken from.
const skew = 2 * time.Minute

// Find looks for contents by listings of the database: pages and blog posts by title in their space, attachments by file
// name on their page, comments among those of their page or of the comment they answer. Titles are compared as written,
// without white space around them. Drafts are not found: no listing by title shows them.
func (c *Connector) Find(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	var got []confluence.Content
	var err error
	switch p.Kind {
	case confluence.Page, confluence.BlogPost:
		got, err = c.findTitled(ctx, p)
	case confluence.Attachment:
		got, err = c.onContainer(ctx, p.Container, func(kind confluence.Kind) ([]confluence.Content, error) {
			return c.attachments(ctx, kind, p.Container, p.Title)
		})
	case confluence.Comment:
		got, err = c.findComments(ctx, p)
	default:
		return nil, confluence.Errorf(confluence.CodeNotCapable, "a %s cannot be looked for", p.Kind)
	}
	if err != nil {
		return nil, err
	}
	out := got[:0]
	for _, x := range got {
		if fits(x, p) {
			out = append(out, x)
		}
	}
	if len(out) == 0 {
		// That nothing was found makes a caller write: be sure that it is us who looked.
		if err := c.confirm(ctx); err != nil {
			return nil, err
		}
	}
	return out, c.name(ctx, out)
}

func fits(x confluence.Content, p confluence.Probe) bool {
	switch {
	case p.Title != "" && strings.TrimSpace(x.Title) != strings.TrimSpace(p.Title):
		return false
	case p.Creator != "" && x.Creator != "" && x.Creator != p.Creator:
		return false
	case !p.Since.IsZero() && !x.Created.IsZero() && x.Created.Before(p.Since.Add(-skew)):
		// The posting date of a blog post may be set; when it was made is the date of its first version.
		return x.Kind == confluence.BlogPost && !x.Version.At.Before(p.Since.Add(-skew))
	}
	return true
}

func (c *Connector) findTitled(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	k := wire.Get(collection(p.Kind), "the content could not be looked for").With("limit", "250", "body-format", "storage", "title", p.Title)
	if p.Space.ID != "" || p.Space.Key != "" {
		s, err := c.space(ctx, p.Space)
		if err != nil {
			return nil, err
		}
		k = k.With("space-id", string(s.ID)).At(confluence.Where{Space: s.Key})
	}
	for _, s := range statuses(p.Kind) {
		if s != "trashed" {
			k = k.With("status", s)
		}
	}
	newest := p.Title == "" && !p.Since.IsZero()
	if newest {
		k = k.With("sort", "-created-date")
	}
	var out []confluence.Content
	err := listAll(ctx, c, k, func(got []contentV2) bool {
		rows := contentsOf(got, p.Kind)
		out = append(out, rows...)
		return !newest || len(rows) == 0 || !rows[len(rows)-1].Created.Before(p.Since.Add(-skew))
	})
	return out, err
}

func (c *Connector) findComments(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	of := confluence.Footer
	if p.Inline {
		of = confluence.Inline
	}
	if p.ReplyTo != "" {
		return c.replies(ctx, of, p.Container, p.ReplyTo)
	}
	return c.onContainer(ctx, p.Container, func(kind confluence.Kind) ([]confluence.Content, error) {
		k := wire.Get(collection(kind)+"/{id}/"+commentPath(of), "the comments could not be listed", string(p.Container)).
			At(confluence.Where{Content: string(p.Container)})
		return c.commentList(ctx, k, of, p.Container, "")
	})
}

// onContainer lists something of a page or, if there is no such page, of a blog post.
func (c *Connector) onContainer(ctx context.Context, container confluence.ID, list func(confluence.Kind) ([]confluence.Content, error)) ([]confluence.Content, error) {
	if container == "" {
		return nil, confluence.Errorf(confluence.CodeInternal, "an attachment or comment is looked for without saying where")
	}
	kinds := []confluence.Kind{confluence.Page, confluence.BlogPost}
	if strings.HasPrefix(string(container), "att") {
		kinds = []confluence.Kind{confluence.Attachment}
	}
	var got []confluence.Content
	var err error
	for _, kind := range kinds {
		if got, err = list(kind); confluence.ClassOf(err) != confluence.ClassNotFound {
			return got, err
		}
	}
	return nil, err
}
