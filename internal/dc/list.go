package dc

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// mostEmpty bounds empty pages in a row: permission filtering makes some, a listing that never ends makes all.
const mostEmpty = 20

// listAll follows a listing by offset. Pages are shorter than asked for without being the last (PG-08): the absence of a
// next page is the end, and where the next one begins is what its link says.
func listAll[T any](ctx context.Context, c *Connector, k call, each func([]T) (more bool)) error {
	for start, empty := 0, 0; ; {
		var page listW[T]
		at := k
		if start > 0 {
			at = k.With("start", itoa(start))
		}
		if _, err := c.do(ctx, at, &page); err != nil {
			return err
		}
		if len(page.Results) == 0 {
			if empty++; empty > mostEmpty {
				return wire.Unusable(k, "the listing does not end")
			}
		}
		if !each(page.Results) || page.Links.Next == "" {
			return nil
		}
		next := startOf(page.Links.Next)
		if next <= start {
			next = start + len(page.Results)
		}
		if next <= start {
			return wire.Unusable(k, "the listing names a next page that leads nowhere")
		}
		start = next
	}
}

func startOf(link string) int {
	u, err := url.Parse(link)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(u.Query().Get("start"))
	return n
}

// onward returns the cursor of the next page of a listing by cursor, empty at its end.
func onward[T any](k call, page *listW[T], cursor string) (string, error) {
	next := page.NextCursor
	if u, err := url.Parse(page.Links.Next); err == nil && page.Links.Next != "" {
		next = wire.First(u.Query().Get("cursor"), next)
	}
	if page.Links.Next != "" && next == "" || next != "" && next == cursor {
		return "", wire.Unusable(k, "the listing names a next page that leads nowhere")
	}
	return next, nil
}

// each calls f for 0 to n-1, as many at once as the site's budget has slots, and returns the first error.
func (c *Connector) each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	g, ctx := c.clock.Group(ctx, c.fan)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

// tooLarge reports whether an answer was larger than is read.
func tooLarge(err error) bool {
	e := rest.As(err)
	return e != nil && e.Kind == rest.TooLarge
}

// lacking reports whether an error may mean that the site does not have a resource at all.
func lacking(err error) bool {
	if err == nil {
		return false
	}
	e := confluence.AsError(err)
	return e.Status == 400 || e.Status == 404 || e.Status == 405 || e.Status == 410 || e.Status == 501
}

// contentsOf translates rows of listings, leaving out repeated ones (PG-11), those of types that the seam does not know,
// and those that keep is against.
func contentsOf(rows []contentW, keep func(confluence.Content) bool) []confluence.Content {
	out := make([]confluence.Content, 0, len(rows))
	seen := make(map[confluence.ID]bool, len(rows))
	for _, w := range rows {
		x, ok := w.content()
		if !ok || seen[x.ID] || keep != nil && !keep(x) {
			continue
		}
		seen[x.ID] = true
		out = append(out, x)
	}
	return out
}

func join[T ~string](ids []T) string {
	s := make([]string, len(ids))
	for i, v := range ids {
		s[i] = string(v)
	}
	return strings.Join(s, ",")
}
