package dc

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// commentExtensionsIn places an inline comment. A site refuses it if one of the last four members is missing (CO-05).
type commentExtensionsIn struct {
	Location string    `json:"location"`
	Inline   *anchorIn `json:"inlineProperties,omitempty"`
}

type anchorIn struct {
	Selection  string `json:"originalSelection"`
	Matches    int    `json:"numMatches"`
	Index      int    `json:"matchIndex"`
	Fetched    string `json:"lastFetchTime"`
	Highlights string `json:"serializedHighlights"`
}

func (c *Connector) createComment(ctx context.Context, x confluence.CreateComment, p confluence.Payload) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.Container)}
	kind := x.ContainerKind
	if kind == "" {
		kind = confluence.Page
	}
	in := contentIn{Type: confluence.Comment, Container: &refIn{ID: x.Container, Type: string(kind)}, Body: bodyIn(p.Body)}
	switch {
	case x.ReplyTo != "":
		in.Ancestors = []refIn{{ID: x.ReplyTo}}
	case x.Inline != nil:
		v, err := c.version(ctx)
		if err != nil {
			return confluence.Result{}, err
		}
		if v.before(8, 0, 0) {
			return confluence.Result{}, confluence.Errorf(confluence.CodeNotCapable,
				"this version does not take inline comments over its API").At(where)
		}
		marks, err := json.Marshal([][]string{{x.Inline.Selection}})
		if err != nil {
			return confluence.Result{}, confluence.Errorf(confluence.CodeInternal, "the selection of an inline comment cannot be written").Because(err)
		}
		in.Ext = &commentExtensionsIn{Location: "inline", Inline: &anchorIn{
			Selection: x.Inline.Selection, Matches: max(1, x.Inline.Matches), Index: x.Inline.Index,
			Fetched: itoa(int(c.clock.Now().UnixMilli())), Highlights: string(marks),
		}}
	}
	k := wire.Write(http.MethodPost, api+"/content", "the comment could not be created", &in).At(where)
	r, err := c.applied(ctx, k)
	return r, c.commented(ctx, bodied(err), x.Container)
}

// commented tells the 400 of a comment on what is not there from one that is about the comment.
func (c *Connector) commented(ctx context.Context, err error, container confluence.ID) error {
	e := confluence.AsError(err)
	if e == nil {
		return nil
	}
	if e.Status == http.StatusBadRequest && e.Code == confluence.CodeRefused && !c.there(ctx, container) {
		if c.confirm(ctx) == nil {
			e.Code = confluence.CodeNotThere
		}
	}
	return e
}

func (c *Connector) updateComment(ctx context.Context, x confluence.UpdateComment, p confluence.Payload) (confluence.Result, error) {
	in := contentIn{ID: x.ID, Type: confluence.Comment, Body: bodyIn(p.Body), Version: &versionIn{Number: x.Expect + 1}}
	k := wire.Write(http.MethodPut, api+"/content/{id}", "the comment could not be updated", &in, string(x.ID)).
		At(confluence.Where{Content: string(x.ID)})
	r, err := c.applied(ctx, k)
	return r, bodied(err)
}

// resolve uses the resource of the editor: plain REST has none (CO-07). Sources differ in the method, so both are tried.
func (c *Connector) resolve(ctx context.Context, x confluence.ResolveComment) (confluence.Result, error) {
	state := "false"
	if x.Resolved {
		state = "true"
	}
	const route = "/rest/inlinecomments/1.0/comments/{id}/resolve/{state}/dangling/{dangling}"
	var err error
	for _, method := range []string{http.MethodPut, http.MethodPatch} {
		k := wire.Write(method, route, "the comment could not be resolved", nil, string(x.ID), state, "false").
			At(confluence.Where{Content: string(x.ID)}).Repeatable()
		if _, err = c.do(ctx, k, nil); err == nil {
			return confluence.Result{ID: x.ID}, nil
		}
		if confluence.AsError(err).Status != http.StatusMethodNotAllowed {
			break
		}
	}
	return confluence.Result{}, err
}
