package cloud

import (
	"context"
	"net/http"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// Apply makes one change. Besides what the seam says:
//
//   - Create takes no version message: the site has no field for it.
//   - Update with Expect 0 publishes a draft, whose first published version has number 1. An update that changes nothing
//     makes no version: Result.Version is then the number that was expected.
//   - Attach creates only. A second upload of a name is refused with T-4002, never stored as a version.
//   - Grant in a site that keeps permissions as roles assigns the smallest role that holds the permission and those the
//     principal has.
//   - A restriction that names neither tandem's account nor a group of it locks tandem out; the caller sees to that.
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
	case confluence.Archive:
		return c.archive(ctx, x)
	case confluence.AddLabels:
		return c.addLabels(ctx, x)
	case confluence.RemoveLabel:
		return c.removeLabel(ctx, x)
	case confluence.Attach:
		return c.attach(ctx, x, payload)
	case confluence.ReplaceFile:
		return c.replaceFile(ctx, x, payload)
	case confluence.Detach:
		return c.discard(ctx, confluence.Attachment, x.ID, "the attachment could not be deleted")
	case confluence.CreateComment:
		return c.createComment(ctx, x, payload)
	case confluence.UpdateComment:
		return c.updateComment(ctx, x, payload)
	case confluence.RemoveComment:
		return c.removeComment(ctx, x)
	case confluence.ResolveComment:
		return c.resolve(ctx, x)
	case confluence.Purge:
		return c.purge(ctx, x)
	case confluence.SetState:
		return c.setState(ctx, x)
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
	return confluence.Result{}, confluence.Errorf(confluence.CodeNotCapable, "Confluence Cloud cannot make a change of kind %s", change.Verb())
}

// applied sends a write and reads from the answer what came of it.
func (c *Connector) applied(ctx context.Context, k call) (confluence.Result, error) {
	var w contentV2
	if _, err := c.do(ctx, k, &w); err != nil {
		return confluence.Result{}, err
	}
	return resultOf(k, w)
}

func resultOf(k call, w contentV2) (confluence.Result, error) {
	if w.ID == "" {
		return confluence.Result{}, wire.NoID(k)
	}
	r := confluence.Result{ID: w.ID.ID(), Version: w.Version.Number}
	if w.Position != nil {
		r.Position, r.Positioned = *w.Position, true
	}
	return r, nil
}

// silent sends a write whose answer says nothing that is needed.
func (c *Connector) silent(ctx context.Context, k call, id confluence.ID) (confluence.Result, error) {
	if _, err := c.do(ctx, k, nil); err != nil {
		return confluence.Result{}, err
	}
	return confluence.Result{ID: id}, nil
}

// purge deletes for good what is in the trash or is a draft, and nothing else: a call for what is neither would only move it
// to the trash.
func (c *Connector) purge(ctx context.Context, x confluence.Purge) (confluence.Result, error) {
	const what = "the content could not be purged"
	where := confluence.Where{Content: string(x.ID)}
	k := wire.Write(http.MethodDelete, collection(x.Kind)+"/{id}", what, nil, string(x.ID)).At(where)
	now, err := c.single(ctx, x.Kind, x.ID, 0)
	switch {
	case confluence.ClassOf(err) == confluence.ClassNotFound && (x.Kind == confluence.Page || x.Kind == confluence.BlogPost):
		k = k.With("draft", "true") // a draft shows itself in no other way; what is none is not there
	case err != nil:
		return confluence.Result{}, err
	case now.Status == confluence.Draft:
		k = k.With("draft", "true")
	case now.Status != confluence.Trashed:
		return confluence.Result{}, confluence.Errorf(confluence.CodeRefused, "%s: it is not in the trash", what).At(where)
	default:
		k = k.With("purge", "true")
	}
	r, err := c.silent(ctx, k.Repeatable(), x.ID)
	if confluence.Unknown(err) && confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Result{ID: x.ID}, nil
	}
	return r, err
}

// discard moves a content to the trash. One that is gone already counts as done only
// after the answer to an earlier try was lost.
func (c *Connector) discard(ctx context.Context, kind confluence.Kind, id confluence.ID, what string) (confluence.Result, error) {
	k := wire.Write(http.MethodDelete, collection(kind)+"/{id}", what, nil, string(id)).At(confluence.Where{Content: string(id)})
	r, err := c.silent(ctx, k.Repeatable(), id)
	if confluence.Unknown(err) && confluence.ClassOf(err) == confluence.ClassNotFound {
		return confluence.Result{ID: id}, nil
	}
	return r, err
}
