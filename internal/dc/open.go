package dc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Open opens the bytes of the version of an attachment that was read. The address is formed as the site's links are; where
// it leads to nothing the site is asked for its own. A download that leads off the site is refused, and so is an HTML page
// in place of the file. T-7201 says that the site has the attachment but no bytes.
func (c *Connector) Open(ctx context.Context, x confluence.Content) (io.ReadCloser, error) {
	where := confluence.Where{Content: string(x.ID), Space: x.SpaceKey, File: x.Title}
	k := wire.Get("/download/attachments/{id}/{name}", "the attachment could not be opened", string(x.Container), x.Title).
		With("api", "v2").At(where)
	if x.Version.Number > 0 {
		k = k.With("version", itoa(x.Version.Number))
	}
	s, err := c.download(ctx, k)
	if e := rest.As(err); e != nil && e.Kind == rest.Status && e.Status == http.StatusNotFound {
		if s, err = c.downloadByLink(ctx, k, x); err != nil {
			return nil, c.unopened(ctx, k, err)
		}
	} else if err != nil {
		return nil, c.unopened(ctx, k, err)
	}
	if page := strings.Contains(s.MediaType, "html"); page && x.File != nil && !strings.Contains(x.File.MediaType, "html") {
		_ = s.Close()
		// The login page comes with 200 (AU-19).
		if bad := c.confirm(ctx); bad != nil {
			return nil, bad
		}
		return nil, wire.Unusable(k, "an HTML page came in place of the file")
	}
	want := int64(-1)
	if x.File != nil && x.File.Size > 0 {
		want = x.File.Size
	}
	return &download{c: c, ctx: ctx, k: k, s: s, want: want}, nil
}

func (c *Connector) download(ctx context.Context, k call) (*rest.Stream, error) {
	req := request(k)
	req.Header = http.Header{"Accept": {"*/*"}}
	req.Stay = true
	return c.rest.Stream(ctx, req)
}

// downloadByLink follows the link that the attachment itself gives: it may have been renamed or moved since it was read.
func (c *Connector) downloadByLink(ctx context.Context, k call, x confluence.Content) (*rest.Stream, error) {
	w, err := c.raw(ctx, x.ID, "version,container", "any")
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(w.Links.Download)
	if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
		return nil, wire.Unusable(k, "the site gives no address for the file")
	}
	q := u.Query()
	if x.Version.Number > 0 {
		q.Set("version", itoa(x.Version.Number))
	}
	return c.rest.Stream(ctx, rest.Request{
		Method: http.MethodGet, Route: k.Route, Path: u.EscapedPath(), Query: q, Stay: true,
		Header: http.Header{"Accept": {"*/*"}},
	})
}

func (c *Connector) unopened(ctx context.Context, k call, err error) error {
	e := rest.As(err)
	if e == nil || confluenceError(err) {
		out := confluence.AsError(err)
		if out.Code == confluence.CodeNotThere {
			out.Code = confluence.CodeFileMissing
		}
		return out
	}
	if e.Kind != rest.Status || !wire.Hidden(e.Status) || locked(e) {
		return c.fail(ctx, k, e)
	}
	if bad := c.confirm(ctx); bad != nil {
		return wire.Unconfirmed(k, e, bad)
	}
	out := c.fail(ctx, k, e)
	if out.Code == confluence.CodeNotThere {
		out.Code = confluence.CodeFileMissing
	}
	return out
}

func confluenceError(err error) bool {
	var e *confluence.Error
	return errors.As(err, &e)
}

// download checks that all bytes came and names what goes wrong on the way.
type download struct {
	c    *Connector
	ctx  context.Context
	k    call
	s    *rest.Stream
	want int64 // -1: unknown
	got  int64
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.s.Read(p)
	d.got += int64(n)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, d.c.fail(d.ctx, d.k, rest.As(err))
	case d.want >= 0 && d.got != d.want:
		return n, wire.Unusable(d.k, "the file has "+itoa(int(d.got))+" bytes, and should have "+itoa(int(d.want)))
	}
	return n, io.EOF
}

func (d *download) Close() error { return d.s.Close() }
