package cloud

import (
	"context"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type commentIn struct {
	PageID          confluence.ID `json:"pageId,omitempty"`
	BlogPostID      confluence.ID `json:"blogPostId,omitempty"`
	AttachmentID    confluence.ID `json:"attachmentId,omitempty"`
	ParentCommentID confluence.ID `json:"parentCommentId,omitempty"`
	Body            *written      `json:"body,omitempty"`
	Version         *versionIn    `json:"version,omitempty"`
	Resolved        *bool         `json:"resolved,omitempty"`
	Anchor          *anchorIn     `json:"inlineCommentProperties,omitempty"`
}

// anchorIn is the text that an inline comment is made on, as the container's rendered text has it.
type anchorIn struct {
	Selection string `json:"textSelection"`
	Matches   int    `json:"textSelectionMatchCount"`
	Index     int    `json:"textSelectionMatchIndex"`
}

// commentsOf returns the collection of comments of a kind.
func commentsOf(kind confluence.CommentKind) string {
	if kind == confluence.Inline {
		return v2 + "/inline-comments"
	}
	return v2 + "/footer-comments"
}

// createComment creates a footer or an inline comment or a reply. The site puts the marker of an inline comment into the
// body of its container, without a new version of that.
func (c *Connector) createComment(ctx context.Context, x confluence.CreateComment, p confluence.Payload) (confluence.Result, error) {
	in := commentIn{Body: writtenOf(p.Body)}
	kind := x.Kind
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
	if x.Inline != nil {
		kind = confluence.Inline
		in.Anchor = &anchorIn{Selection: x.Inline.Selection, Matches: max(1, x.Inline.Matches), Index: x.Inline.Index}
	}
	k := wire.Write(http.MethodPost, commentsOf(kind), "the comment could not be created", &in).
		At(confluence.Where{Content: string(x.Container)})
	r, err := c.applied(ctx, k)
	return r, bodied(err)
}

func (c *Connector) updateComment(ctx context.Context, x confluence.UpdateComment, p confluence.Payload) (confluence.Result, error) {
	in := commentIn{Body: writtenOf(p.Body), Version: &versionIn{Number: x.Expect + 1}}
	k := wire.Write(http.MethodPut, commentsOf(x.Kind)+"/{id}", "the comment could not be updated", &in, string(x.ID)).
		At(confluence.Where{Content: string(x.ID)})
	r, err := c.applied(ctx, k)
	return r, bodied(err)
}

// removeComment deletes a comment for good. One that is gone already counts as done only after the answer to an earlier
// try was lost.
func (c *Connector) removeComment(ctx context.Context, x confluence.RemoveComment) (confluence.Result, error) {
	k := wire.Write(http.MethodDelete, commentsOf(x.Kind)+"/{id}", "the comment could not be deleted", nil, string(x.ID)).
		At(confluence.Where{Content: string(x.ID)})
	r, err := c.silent(ctx, k.Repeatable(), x.ID)
	if confluence.Unknown(err) && confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Result{ID: x.ID}, nil
	}
	return r, err
}

// resolve resolves an inline comment or opens it again. A dangling one cannot be changed: the site refuses it.
func (c *Connector) resolve(ctx context.Context, x confluence.ResolveComment) (confluence.Result, error) {
	in := commentIn{Version: &versionIn{Number: x.Expect + 1}, Resolved: &x.Resolved}
	k := wire.Write(http.MethodPut, v2+"/inline-comments/{id}", "the comment could not be resolved", &in, string(x.ID)).
		At(confluence.Where{Content: string(x.ID)})
	return c.applied(ctx, k)
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
