package dc

import (
	"context"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Apply makes one change. Besides what the seam says:
//
//   - Create takes no date and no Private: neither can be had at the moment of creation. A draft is seen by its author only.
//   - Update with Expect 0 publishes a draft, whose first published version has number 1.
//   - Update with Parent makes a version; Move does not, and goes through the action that the page tree uses, as there is
//     no other way to order pages or to move one to the root.
//   - Restrict refuses to lock tandem's own account out before it asks the site, which refuses it too.
//   - Archive and SetState are not known to the product.
//   - What a write answers names its author. Where that is not us, a dead token has written as somebody else: T-2005, with an
//     unknown outcome.
func (c *Connector) Apply(ctx context.Context, change confluence.Change, payload confluence.Payload) (confluence.Result, error) {
	switch x := change.(type) {
	case confluence.Create:
		return c.create(ctx, x, payload)
	case confluence.Update:
		return c.update(ctx, x, payload)
	case confluence.Move:
		return c.move(ctx, x)
	case confluence.Trash:
		return c.trash(ctx, x)
	case confluence.Restore:
		return c.restore(ctx, x)
	case confluence.Purge:
		return c.purge(ctx, x)
	case confluence.AddLabels:
		return c.addLabels(ctx, x)
	case confluence.RemoveLabel:
		return c.removeLabel(ctx, x)
	case confluence.Attach:
		return c.attach(ctx, x, payload)
	case confluence.ReplaceFile:
		return c.replaceFile(ctx, x, payload)
	case confluence.Detach:
		return c.discard(ctx, x.ID, "the attachment could not be deleted")
	case confluence.CreateComment:
		return c.createComment(ctx, x, payload)
	case confluence.UpdateComment:
		return c.updateComment(ctx, x, payload)
	case confluence.RemoveComment:
		return c.discard(ctx, x.ID, "the comment could not be deleted")
	case confluence.ResolveComment:
		return c.resolve(ctx, x)
	case confluence.Restrict:
		return c.restrict(ctx, x)
	case confluence.SetProperty:
		return c.setProperty(ctx, x)
	case confluence.CreateSpace:
		return c.createSpace(ctx, x)
	case confluence.SetHomepage:
		return c.setHomepage(ctx, x)
	case confluence.Grant:
		return c.grant(ctx, x)
	}
	return confluence.Result{}, confluence.Errorf(confluence.CodeNotCapable, "Confluence Data Center cannot make a change of kind %s", change.Verb())
}

// applied sends a write and reads from the answer what came of it.
func (c *Connector) applied(ctx context.Context, k call) (confluence.Result, error) {
	var w contentW
	if _, err := c.do(ctx, k, &w); err != nil {
		return confluence.Result{}, err
	}
	return c.result(k, w)
}

func (c *Connector) result(k call, w contentW) (confluence.Result, error) {
	if w.ID == "" {
		return confluence.Result{}, wire.NoID(k)
	}
	c.mu.Lock()
	me := c.me.ID
	c.mu.Unlock()
	if by := w.Version.By; me != "" && madeVersion(k, w) && (by.Type == "anonymous" || by.key() != "" && by.key() != me) {
		e := confluence.Errorf(confluence.CodeWrongUser, "%s: the site did it as somebody else", k.What).At(k.Where)
		e.Outcome = confluence.OutcomeUnknown
		return confluence.Result{}, e
	}
	r := confluence.Result{ID: w.ID.ID(), Version: w.Version.Number}
	for _, p := range []rank{w.Ext.Position, w.Position} {
		if p.set {
			r.Position, r.Positioned = p.n, true
			break
		}
	}
	return r, nil
}

// madeVersion reports whether the version that an answer shows is the one that was asked for. A site that makes none of an
// update without a change answers with the last one, which may be anybody's (OF-10).
func madeVersion(k call, w contentW) bool {
	in, ok := k.Body.(*contentIn)
	return !ok || in.Version == nil || w.Version.Number >= in.Version.Number
}

// silent sends a write whose answer says nothing that is needed.
func (c *Connector) silent(ctx context.Context, k call, id confluence.ID) (confluence.Result, error) {
	if _, err := c.do(ctx, k, nil); err != nil {
		return confluence.Result{}, err
	}
	return confluence.Result{ID: id}, nil
}

// discard moves a content to the trash; comments and drafts it deletes for good. One that is gone already counts as done
// only after the answer to an earlier try was lost.
func (c *Connector) discard(ctx context.Context, id confluence.ID, what string) (confluence.Result, error) {
	k := wire.Write(http.MethodDelete, api+"/content/{id}", what, nil, string(id)).At(confluence.Where{Content: string(id)})
	r, err := c.silent(ctx, k.Repeatable(), id)
	if confluence.Unknown(err) && confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Result{ID: id}, nil
	}
	return r, err
}

// trash moves a page or blog post to the trash. Where the site says that there is none, the content itself decides: it may
// be in the trash already, by an earlier try.
func (c *Connector) trash(ctx context.Context, x confluence.Trash) (confluence.Result, error) {
	r, err := c.discard(ctx, x.ID, "the content could not be moved to the trash")
	if confluence.ClassOf(err) != confluence.ClassNotFound {
		return r, err
	}
	if now, lookErr := c.single(ctx, x.Kind, x.ID, 0); lookErr == nil && now.Status == confluence.Trashed {
		return confluence.Result{ID: x.ID}, nil
	}
	return r, err
}

// purge deletes for good what is in the trash or is a draft, and nothing else.
func (c *Connector) purge(ctx context.Context, x confluence.Purge) (confluence.Result, error) {
	const what = "the content could not be purged"
	where := confluence.Where{Content: string(x.ID)}
	status := "trashed"
	now, err := c.single(ctx, x.Kind, x.ID, 0)
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		var w contentW
		if w, err = c.raw(ctx, x.ID, "version", "draft"); err == nil {
			status, now.Status = "draft", confluence.Status(w.Status)
		}
	}
	if err != nil {
		return confluence.Result{}, err
	}
	if now.Status != confluence.Trashed && now.Status != confluence.Draft {
		return confluence.Result{}, confluence.Errorf(confluence.CodeRefused, "%s: it is not in the trash", what).At(where)
	}
	k := wire.Write(http.MethodDelete, api+"/content/{id}", what, nil, string(x.ID)).With("status", status).At(where)
	r, err := c.silent(ctx, k.Repeatable(), x.ID)
	if confluence.Unknown(err) && confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Result{ID: x.ID}, nil
	}
	return r, err
}
