package cloud

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

type rows[T any] struct {
	Results []T   `json:"results"`
	Links   links `json:"_links"`
}

type links struct {
	Next string `json:"next"`
}

// listPage reads one page of a listing that is followed by cursor. A page may be short, or empty, without being the
// last: next is empty only where the site names no next page.
func listPage[T any](ctx context.Context, c *Connector, k call, cursor string) (got []T, next string, ans rest.Answer, err error) {
	var page rows[T]
	if ans, err = c.do(ctx, k.With("cursor", cursor), &page); err != nil {
		return nil, "", ans, err
	}
	link := page.Links.Next
	if link == "" {
		link = nextOf(ans.Header.Values("Link"))
	}
	if next, err = nextCursor(k, link, cursor); err != nil {
		return nil, "", ans, err
	}
	return page.Results, next, ans, nil
}

// nextCursor returns the cursor of a link to the next page; no link is the end. The cursor alone is taken over: links
// leave out parameters, and are relative to /wiki or not.
func nextCursor(k call, link, cursor string) (next string, err error) {
	if link == "" {
		return "", nil
	}
	if u, err := url.Parse(link); err == nil {
		next = u.Query().Get("cursor")
	}
	if next == "" || next == cursor {
		return "", wire.Unusable(k, "the listing names a next page that leads nowhere")
	}
	return next, nil
}

// listAll follows a listing to its end.
func listAll[T any](ctx context.Context, c *Connector, k call, each func([]T) (more bool)) error {
	cursor, empty := "", 0
	for {
		got, next, _, err := listPage[T](ctx, c, k, cursor)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			if empty++; empty > 20 {
				return wire.Unusable(k, "the listing does not end")
			}
		}
		if !each(got) || next == "" {
			return nil
		}
		cursor = next
	}
}

// nextOf reads the next page from Link headers.
func nextOf(headers []string) string {
	for _, h := range headers {
		for _, part := range strings.Split(h, ",") {
			target, params, ok := strings.Cut(part, ";")
			target = strings.TrimSpace(target)
			if ok && strings.Contains(strings.ReplaceAll(params, `"`, ""), "rel=next") &&
				strings.HasPrefix(target, "<") && strings.HasSuffix(target, ">") {
				return target[1 : len(target)-1]
			}
		}
	}
	return ""
}

// listByStart follows a v1 listing by offset: rows may be fewer than asked before the end, so only an empty page ends it.
func listByStart[T any](ctx context.Context, c *Connector, k call, each func([]T)) error {
	for start, pages := 0, 0; ; pages++ {
		if pages > 10_000 {
			return wire.Unusable(k, "the listing does not end")
		}
		var page rows[T]
		if _, err := c.do(ctx, k.With("start", strconv.Itoa(start), "limit", "200"), &page); err != nil {
			return err
		}
		if len(page.Results) == 0 {
			return nil
		}
		each(page.Results)
		start += len(page.Results)
	}
}

// each calls f for 0 to n-1, as many at once as the site's budget has slots, and returns the first error.
func (c *Connector) each(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	g, ctx := c.clock.Group(ctx, c.fan)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

func join[T ~string](ids []T) string {
	s := make([]string, len(ids))
	for i, v := range ids {
		s[i] = string(v)
	}
	return strings.Join(s, ",")
}

func itoa(n int) string { return strconv.Itoa(n) }

// tooLarge reports whether an answer was larger than is read.
func tooLarge(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Kind == rest.TooLarge
}
