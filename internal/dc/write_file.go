package dc

import (
	"context"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// uploadedW is the answer to an upload: a list for a new attachment, one object for a new version.
type uploadedW struct {
	contentW
	Results []contentW `json:"results"`
}

// attach uploads by POST alone: PUT is Cloud's, and allowDuplicated would make a second file of the name (AT-02).
func (c *Connector) attach(ctx context.Context, x confluence.Attach, p confluence.Payload) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.Container), File: x.Name}
	k := wire.Write(http.MethodPost, api+"/content/{id}/child/attachment", "the file could not be attached", nil, string(x.Container)).At(where)
	r, err := c.uploaded(ctx, k.File(x.Name, x.MediaType, x.Comment, x.Size, p))
	if err == nil {
		return r, nil
	}
	e := confluence.AsError(err)
	switch e.Status {
	case http.StatusBadRequest:
		if held, lookErr := c.attachments(ctx, x.Container, x.Name); lookErr == nil && len(held) > 0 {
			return r, wire.FileTaken(e, x.Name)
		}
	case http.StatusNotFound:
		return r, c.tooLarge(ctx, e, x.Container)
	}
	return r, err
}

// tooLarge tells the 404 of a file beyond the site's limit (AT-07) from that of a page that is gone: the page decides.
func (c *Connector) tooLarge(ctx context.Context, e *confluence.Error, container confluence.ID) error {
	if !c.there(ctx, container) {
		return e
	}
	return wire.FileTooLarge(e)
}

func (c *Connector) uploaded(ctx context.Context, k call) (confluence.Result, error) {
	if k.Upload.Open == nil {
		return confluence.Result{}, confluence.Errorf(confluence.CodeInternal, "an upload without a file").At(k.Where)
	}
	var w uploadedW
	if _, err := c.do(ctx, k, &w); err != nil {
		return confluence.Result{}, err
	}
	if len(w.Results) > 0 {
		w.contentW = w.Results[0]
	}
	return c.result(k, w.contentW)
}

func (c *Connector) replaceFile(ctx context.Context, x confluence.ReplaceFile, p confluence.Payload) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.Container), File: x.Name}
	k := wire.Write(http.MethodPost, api+"/content/{id}/child/attachment/{attachmentId}/data", "the file could not be replaced", nil,
		string(x.Container), string(x.ID)).At(where)
	r, err := c.uploaded(ctx, k.File(x.Name, x.MediaType, x.Comment, x.Size, p))
	if e := confluence.AsError(err); e != nil && e.Status == http.StatusNotFound && c.there(ctx, x.ID) {
		return r, c.tooLarge(ctx, e, x.Container)
	}
	return r, err
}
