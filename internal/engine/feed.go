package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
)

// sliceFeed is the kind of the slices in which the feed of a site is read: one chain per site, by its name.
const sliceFeed = "feed"

// workFeed is the jobs.Work of a site's feed.
func (e *Engine) workFeed(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	return jobs.Next{Done: true}, ctx.Err()
}
