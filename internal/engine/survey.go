package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// total counts what the source holds, takes note of what will not arrive as it is, and starts the tallies.
func (s *spaceRun) total(ctx context.Context) error {
	v, err := s.look(ctx)
	if err != nil {
		return err
	}
	var c migration.Counts
	for _, o := range v.seen[confluence.A].all() {
		switch o.Content.Kind {
		case confluence.Page:
			c.Pages.Total++
		case confluence.BlogPost:
			c.BlogPosts.Total++
		case confluence.Attachment:
			c.Attachments.Total++
		case confluence.Comment:
			c.Comments.Total++
		}
		if len(carriedLabels(o.Content.Labels)) > 0 {
			c.Labels.Total++
		}
		if !o.Content.Restrictions.Open() {
			c.Restrictions.Total++
		}
	}
	s.meter.setTotals(c)
	return s.reportSource(ctx, v)
}
