package dc

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// zones is how far apart the zone in which CQL reads a date can be from UTC, a minute's granularity included. Whose zone
// it is nobody tells (OF-24).
const zones = 26*time.Hour + time.Minute

// Feed lists pages, blog posts, attachments and comments of the whole site by the date of their last version, newest
// first, without bodies. It asks the search index, which lags: what changed last may be missing, so ask again from an
// earlier time. It shows no labels, restrictions, moves and orders, which make no version, and nothing that was trashed.
func (c *Connector) Feed(ctx context.Context, since time.Time) ([]confluence.Content, error) {
	cql := `type in (page,blogpost,comment,attachment)`
	if !since.IsZero() {
		cql += ` and lastmodified >= "` + since.UTC().Add(-zones).Format("2006-01-02 15:04") + `"`
	}
	k := get(api+"/content/search", "the changes could not be listed").with("cql", cql+" order by lastmodified desc",
		"limit", "200", "expand", "version,history,space,container,ancestors,extensions.inlineProperties,extensions.resolution")
	seen := map[confluence.ID]bool{}
	var out []confluence.Content
	err := listAll(ctx, c, k, func(got []contentW) bool {
		// A page of the listing that holds nothing new is behind the watermark: rows are in the order of their dates, but
		// for those that were written while the listing was read.
		fresh := len(got) == 0
		for _, x := range contentsOf(got, nil) {
			if x.Version.At.Before(since) {
				continue
			}
			fresh = true
			if !seen[x.ID] {
				seen[x.ID] = true
				out = append(out, x)
			}
		}
		return fresh
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b confluence.Content) int { return b.Version.At.Compare(a.Version.At) })
	return out, c.confirm(ctx)
}
