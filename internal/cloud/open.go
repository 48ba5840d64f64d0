package cloud

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Open opens the bytes of the version of an attachment that was read. The site leads to a media host, which is asked
// without the credential. T-7201 says that the site has the attachment but no bytes.
func (c *Connector) Open(ctx context.Context, x confluence.Content) (io.ReadCloser, error) {
	where := confluence.Where{Content: string(x.ID), Space: x.SpaceKey, File: x.Title}
	k := wire.Get(v1+"/content/{id}/child/attachment/{attachmentId}/download", "the attachment could not be opened",
		string(x.Container), string(x.ID)).At(where)
	if x.Version.Number > 0 {
		k = k.With("version", itoa(x.Version.Number))
	}
	req := request(k)
	req.Header = map[string][]string{"Accept": {"*/*"}}
	s, err := c.rest.Stream(ctx, req)
	if err != nil {
		return nil, c.unopened(ctx, k, rest.As(err))
	}
	if page := strings.Contains(s.MediaType, "html"); page && x.File != nil && !strings.Contains(x.File.MediaType, "html") {
		_ = s.Close()
		return nil, wire.Unusable(k, "an HTML page came in place of the file")
	}
	want := int64(-1)
	if x.File != nil && x.File.Size > 0 {
		want = x.File.Size
	}
	return &download{c: c, k: k, s: s, want: want}, nil
}

func (c *Connector) unopened(ctx context.Context, k call, e *rest.Error) error {
	if e.Kind != rest.Status || !wire.Hidden(e.Status) {
		return c.fail(k, e)
	}
	if bad := c.confirm(ctx); bad != nil {
		return wire.Unconfirmed(k, e, bad)
	}
	out := c.fail(k, e)
	if out.Code == confluence.CodeNotThere {
		out.Code = confluence.CodeFileMissing
	}
	return out
}

// download checks that all bytes came and names what goes wrong on the way.
type download struct {
	c    *Connector
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
		return n, d.c.fail(d.k, rest.As(err))
	case d.want >= 0 && d.got != d.want:
		return n, wire.Unusable(d.k, "the file has "+itoa(int(d.got))+" bytes, and should have "+itoa(int(d.want)))
	}
	return n, io.EOF
}

func (d *download) Close() error { return d.s.Close() }
