package dc

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// skew is how far the site's clock is trusted to agree with the clock a probe's Since was taken from.
const skew = 2 * time.Minute

// Find looks for contents by listings of the database: pages by title in their space, blog posts among those of their
// space, attachments by file name on their page, comments among those of their page. Titles are compared as written,
// without white space around them. Drafts are not found.
func (c *Connector) Find(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	var got []confluence.Content
	var err error
	switch p.Kind {
	case confluence.Page:
		got, err = c.findPages(ctx, p)
	case confluence.BlogPost:
		got, err = c.findAmong(ctx, p)
	case confluence.Attachment, confluence.Comment:
		got, err = c.findBelow(ctx, p)
	default:
		return nil, confluence.Errorf(confluence.CodeNotCapable, "a %s cannot be looked for", p.Kind)
	}
	if err != nil {
		return nil, err
	}
	// That nothing was found makes a caller write: be sure that it is us who looked.
	if err := c.confirm(ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(got, func(x confluence.Content) bool { return !fits(x, p) }), nil
}

func fits(x confluence.Content, p confluence.Probe) bool {
	switch {
	case p.Title != "" && strings.TrimSpace(x.Title) != strings.TrimSpace(p.Title):
		return false
	case p.Creator != "" && x.Creator != "" && x.Creator != p.Creator:
		return false
	case !p.Since.IsZero() && !x.Created.IsZero() && x.Created.Before(p.Since.Add(-skew)):
		return false
	case x.Kind == confluence.Comment && x.Comment.ReplyTo != p.ReplyTo:
		return false
	case x.Kind == confluence.Comment && (x.Comment.Kind == confluence.Inline) != p.Inline:
		return false
	}
	return true
}

func (c *Connector) findPages(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	if p.Title == "" {
		return c.findAmong(ctx, p)
	}
	k := wire.Get(api+"/content", "the content could not be looked for").
		With("type", "page", "title", p.Title, "limit", "50", "expand", expansions(confluence.FacetBody)+",space")
	if p.Space.ID != "" || p.Space.Key != "" {
		s, err := c.space(ctx, p.Space)
		if err != nil {
			return nil, err
		}
		k = k.With("spaceKey", s.Key).At(confluence.Where{Space: s.Key})
	}
	var rows []contentW
	err := listAll(ctx, c, k, func(got []contentW) bool { rows = append(rows, got...); return true })
	return contentsOf(rows, func(x confluence.Content) bool { return x.Kind == confluence.Page && x.Status == confluence.Current }), err
}

// findAmong looks through all contents of a kind in a space, and reads the bodies of those that fit. A title alone does
// not find a blog post: the site wants its day as well.
func (c *Connector) findAmong(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	s, err := c.space(ctx, p.Space)
	if err != nil {
		return nil, err
	}
	at := position{Stage: slices.Index(stages, p.Kind)}
	var ids []confluence.ID
	for stage := at.Stage; at.Stage == stage; {
		rows, err := c.listing(ctx, confluence.ScanRequest{Space: s}, &at)
		if err != nil {
			return nil, err
		}
		for _, x := range rows {
			if fits(x, p) {
				ids = append(ids, x.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return c.Fetch(ctx, p.Kind, ids, confluence.FacetBody)
}

func (c *Connector) findBelow(ctx context.Context, p confluence.Probe) ([]confluence.Content, error) {
	if p.Container == "" {
		return nil, confluence.Errorf(confluence.CodeInternal, "an attachment or comment is looked for without saying where")
	}
	if p.Kind == confluence.Attachment {
		return c.attachments(ctx, p.Container, p.Title)
	}
	return c.comments(ctx, p.Container)
}
