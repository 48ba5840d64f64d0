package cloud

import (
	"context"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// uploadedV1 is the answer to an upload: a list for a new attachment, one object or a list for a new version.
type uploadedV1 struct {
	contentV2
	Results []contentV2 `json:"results"`
}

func (c *Connector) attach(ctx context.Context, x confluence.Attach, p confluence.Payload) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.Container), File: x.Name}
	k := wire.Write(http.MethodPost, v1+"/content/{id}/child/attachment", "the file could not be attached", nil, string(x.Container)).At(where)
	r, err := c.uploaded(ctx, k.File(x.Name, x.MediaType, x.Comment, x.Size, p))
	if err == nil {
		return r, nil
	}
	e := confluence.AsError(err)
	switch e.Status {
	case http.StatusBadRequest:
		// Refused: because the name is taken, if there is one of that name.
		if held, lookErr := c.named(ctx, x.Container, x.Name); lookErr == nil && len(held) > 0 {
			return r, wire.FileTaken(e, x.Name)
		}
	case http.StatusNotFound:
		return r, c.tooLarge(ctx, e, x.Container)
	}
	return r, err
}

// named lists the attachments of a file name on a page or blog post.
func (c *Connector) named(ctx context.Context, container confluence.ID, name string) ([]confluence.Content, error) {
	return c.onContainer(ctx, container, func(kind confluence.Kind) ([]confluence.Content, error) {
		return c.attachments(ctx, kind, container, name)
	})
}

// tooLarge tells the 404 of a file beyond the site's limit from that of a page that is gone: the page decides.
func (c *Connector) tooLarge(ctx context.Context, e *confluence.Error, container confluence.ID) error {
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost} {
		got, err := c.listed(ctx, kind, []confluence.ID{container}, 0, false)
		if err != nil {
			return e
		}
		if len(got) > 0 && got[0].Status == confluence.Current {
			return wire.FileTooLarge(e)
		}
	}
	return e
}

func (c *Connector) uploaded(ctx context.Context, k call) (confluence.Result, error) {
	if k.Upload.Open == nil {
		return confluence.Result{}, confluence.Errorf(confluence.CodeInternal, "an upload without a file").At(k.Where)
	}
	var w uploadedV1
	if _, err := c.do(ctx, k, &w); err != nil {
		return confluence.Result{}, err
	}
	if len(w.Results) > 0 {
		w.contentV2 = w.Results[0]
	}
	return resultOf(k, w.contentV2)
}

func (c *Connector) replaceFile(ctx context.Context, x confluence.ReplaceFile, p confluence.Payload) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.Container), File: x.Name}
	k := wire.Write(http.MethodPost, v1+"/content/{id}/child/attachment/{attachmentId}/data", "the file could not be replaced", nil,
		string(x.Container), string(x.ID)).At(where)
	r, err := c.uploaded(ctx, k.File(x.Name, x.MediaType, x.Comment, x.Size, p))
	if e := confluence.AsError(err); e != nil && e.Status == http.StatusNotFound {
		if _, lookErr := c.single(ctx, confluence.Attachment, x.ID, 0); lookErr != nil {
			return r, err
		}
		return r, c.tooLarge(ctx, e, x.Container)
	}
	return r, err
}
