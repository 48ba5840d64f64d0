package cloud

import (
	"context"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

type commentIn struct {
	PageID          confluence.ID `json:"pageId,omitempty"`
	BlogPostID      confluence.ID `json:"blogPostId,omitempty"`
	AttachmentID    confluence.ID `json:"attachmentId,omitempty"`
	ParentCommentID confluence.ID `json:"parentCommentId,omitempty"`
	Body            *written      `json:"body"`
	Version         *versionIn    `json:"version,omitempty"`
}

func (c *Connector) createComment(ctx context.Context, x confluence.CreateComment, p confluence.Payload) (confluence.Result, error) {
	in := commentIn{Body: writtenOf(p.Body)}
	switch {
	case x.ReplyTo != "":
		in.ParentCommentID = x.ReplyTo
	case x.ContainerKind == confluence.BlogPost:
		in.BlogPostID = x.Container
	case x.ContainerKind == confluence.Attachment:
		in.AttachmentID = x.Container
	default:
		in.PageID = x.Container
	}
	k := write(http.MethodPost, v2+"/footer-comments", "the comment could not be created", &in).
		at(confluence.Where{Content: string(x.Container)})
	r, err := c.applied(ctx, k)
	return r, bodied(err)
}

func (c *Connector) updateComment(ctx context.Context, x confluence.UpdateComment, p confluence.Payload) (confluence.Result, error) {
	in := commentIn{Body: writtenOf(p.Body), Version: &versionIn{Number: x.Expect + 1}}
	k := write(http.MethodPut, v2+"/footer-comments/{id}", "the comment could not be updated", &in, string(x.ID)).
		at(confluence.Where{Content: string(x.ID)})
	r, err := c.applied(ctx, k)
	return r, bodied(err)
}

// bodied names a refusal that is about the body.
func bodied(err error) error {
	e := confluence.AsError(err)
	if e == nil {
		return nil
	}
	if e.Status == http.StatusBadRequest && aboutBody(strings.ToLower(e.Cause)) {
		e.Code = confluence.CodeBodyRefused
	}
	return e
}
