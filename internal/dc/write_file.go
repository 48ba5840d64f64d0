package dc

import (
	"context"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// uploadedW is the answer to an upload: a list for a new attachment, one object for a new version.
type uploadedW struct {
	contentW
	Results []contentW `json:"results"`
}

func upload(k call, name, media, comment string, size int64, p confluence.Payload) call {
	fields := [][2]string{{"minorEdit", "true"}}
	if comment != "" {
		fields = append(fields, [2]string{"comment", comment})
	}
	k.upload = &rest.Upload{Fields: fields, Field: "file", Name: name, MediaType: media, Size: size, Open: p.Open}
	return k
}

// attach uploads by POST alone: PUT is Cloud's, and allowDuplicated would make a second file of the name (AT-02).
func (c *Connector) attach(ctx context.Context, x confluence.Attach, p confluence.Payload) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.Container), File: x.Name}
	k := write(http.MethodPost, api+"/content/{id}/child/attachment", "the file could not be attached", nil, string(x.Container)).at(where)
	r, err := c.uploaded(ctx, upload(k, x.Name, x.MediaType, x.Comment, x.Size, p))
	if err == nil {
		return r, nil
	}
	e := confluence.AsError(err)
	switch e.Status {
	case http.StatusBadRequest:
		if held, lookErr := c.attachments(ctx, x.Container, x.Name); lookErr == nil && len(held) > 0 {
			out := confluence.Errorf(confluence.CodeTitleTaken, "there is a file %q already", x.Name).At(where)
			out.Cause, out.Status, out.Err = e.Cause, e.Status, e
			return r, out
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
	out := confluence.Errorf(confluence.CodeTooLarge, "the file is larger than the site takes").At(e.Where)
	out.Cause, out.Status, out.Err = e.Cause, e.Status, e
	return out
}

func (c *Connector) uploaded(ctx context.Context, k call) (confluence.Result, error) {
	if k.upload.Open == nil {
		return confluence.Result{}, confluence.Errorf(confluence.CodeInternal, "an upload without a file").At(k.where)
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
	k := write(http.MethodPost, api+"/content/{id}/child/attachment/{attachmentId}/data", "the file could not be replaced", nil,
		string(x.Container), string(x.ID)).at(where)
	r, err := c.uploaded(ctx, upload(k, x.Name, x.MediaType, x.Comment, x.Size, p))
	if e := confluence.AsError(err); e != nil && e.Status == http.StatusNotFound && c.there(ctx, x.ID) {
		return r, c.tooLarge(ctx, e, x.Container)
	}
	return r, err
}
