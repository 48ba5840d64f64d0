package dc

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// feedSearch holds no date: whose zone dates are read in nobody tells (OF-24), and the listing is read only as far back as
// is asked for.
const feedSearch = "type in (page,blogpost,comment,attachment) order by lastmodified desc"

// Feed lists the changes of the whole site by one query of the search index, then asks who we are. The index is written in
// batches, every few seconds as a rule and minutes late under load. See Reader for what a row holds.
func (c *Connector) Feed(ctx context.Context, since time.Time) ([]confluence.Content, error) {
	return c.FeedNews(ctx, since, func(confluence.Content) bool { return false })
}

// FeedNews is Feed without what comes after a page of seen contents; see confluence.NewsReader.
func (c *Connector) FeedNews(ctx context.Context, since time.Time, seenBefore func(confluence.Content) bool) ([]confluence.Content, error) {
	k := wire.Get(api+"/content/search", "the changes could not be listed").
		With("cql", feedSearch, "limit", itoa(listingSize), "expand", "version,space,container.space")
	seen := map[confluence.ID]bool{}
	var out []confluence.Content
	err := listAll(ctx, c, k, func(got []contentW) bool {
		rows, news := contentsOf(got, nil), len(got) == 0
		for _, x := range rows {
			news = news || !seenBefore(x)
			if !x.Version.At.Before(since) && !seen[x.ID] {
				seen[x.ID] = true
				out = append(out, x)
			}
		}
		return news && !confluence.Behind(rows, since)
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b confluence.Content) int { return b.Version.At.Compare(a.Version.At) })
	return out, c.confirm(ctx)
}
