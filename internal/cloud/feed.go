package cloud

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// feedSearch is the query for what has no site-wide listing of all places and depths: attachments, and comments with
// replies, inline or not. It holds no date, so that nothing depends on the zone in which dates are read (OF-24).
const feedSearch = "type in (comment,attachment) order by lastmodified desc"

// Feed lists the changes of the whole site in four calls: pages and blog posts from the database, by the date of their
// last version; comments and attachments from the search index, which lags by up to a minute; and at last the account.
// Pages may be archived. See Reader for what a row holds.
func (c *Connector) Feed(ctx context.Context, since time.Time) ([]confluence.Content, error) {
	return c.FeedNews(ctx, since, func(confluence.Content) bool { return false })
}

// FeedNews is Feed without what comes after a page of seen contents; see confluence.NewsReader.
func (c *Connector) FeedNews(ctx context.Context, since time.Time, seenBefore func(confluence.Content) bool) ([]confluence.Content, error) {
	lists := make([][]confluence.Content, 3)
	err := c.each(ctx, len(lists), func(ctx context.Context, i int) (err error) {
		switch i {
		case 0:
			lists[i], err = c.changed(ctx, confluence.Page, since, seenBefore)
		case 1:
			lists[i], err = c.changed(ctx, confluence.BlogPost, since, seenBefore)
		default:
			lists[i], err = c.changedBelow(ctx, since, seenBefore)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []confluence.Content
	seen := map[confluence.ID]bool{}
	for _, x := range slices.Concat(lists...) {
		if !seen[x.ID] {
			seen[x.ID] = true
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b confluence.Content) int { return b.Version.At.Compare(a.Version.At) })
	return out, c.confirm(ctx)
}

// changed lists pages or blog posts from their listing, which is in the order of their last versions.
func (c *Connector) changed(ctx context.Context, kind confluence.Kind, since time.Time, seen func(confluence.Content) bool) ([]confluence.Content, error) {
	k := wire.Get(collection(kind), "the changes could not be listed").With("sort", "-modified-date", "limit", itoa(batchSize))
	var out []confluence.Content
	err := listAll(ctx, c, k, func(got []contentV2) bool {
		news := len(got) == 0
		for _, w := range got {
			x := w.content(kind)
			if x.Version.At.Before(since) {
				return false
			}
			news = news || !seen(x)
			out = append(out, c.authored(x))
		}
		return news
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range out {
		out[i].SpaceKey = c.keys[out[i].SpaceID]
	}
	return out, err
}

// changedBelow lists comments and attachments from the search index.
func (c *Connector) changedBelow(ctx context.Context, since time.Time, seen func(confluence.Content) bool) ([]confluence.Content, error) {
	k := wire.Get(v1+"/content/search", "the changes could not be listed").With(
		"cql", feedSearch, "limit", itoa(searchChunk), "expand", "version,space,container")
	var out []confluence.Content
	err := listAll(ctx, c, k, func(got []rowV1) bool {
		var rows []confluence.Content
		news := len(got) == 0
		for _, r := range got {
			if x, ok := r.content(); ok {
				rows = append(rows, x)
				news = news || !seen(x)
			}
		}
		for _, x := range rows {
			if !x.Version.At.Before(since) {
				c.learn(confluence.Space{ID: x.SpaceID, Key: x.SpaceKey})
				out = append(out, x)
			}
		}
		return news && !confluence.Behind(rows, since)
	})
	return out, err
}
