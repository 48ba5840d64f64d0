package cloud

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

// written is the body of a page or comment as v2 takes it.
type written struct {
	Representation string `json:"representation"`
	Value          string `json:"value"`
}

func writtenOf(b confluence.Body) *written {
	if b.Format == "" {
		return nil
	}
	return &written{Representation: string(b.Format), Value: b.Raw}
}

type pageIn struct {
	ID        confluence.ID `json:"id,omitempty"`
	SpaceID   confluence.ID `json:"spaceId,omitempty"`
	Status    string        `json:"status"`
	Title     string        `json:"title"`
	ParentID  confluence.ID `json:"parentId,omitempty"`
	Body      *written      `json:"body,omitempty"`
	CreatedAt string        `json:"createdAt,omitempty"`
	Version   *versionIn    `json:"version,omitempty"`
}

type versionIn struct {
	Number  int    `json:"number"`
	Message string `json:"message,omitempty"`
}

func (c *Connector) create(ctx context.Context, x confluence.Create, p confluence.Payload) (confluence.Result, error) {
	space, err := c.space(ctx, x.Space)
	if err != nil {
		return confluence.Result{}, err
	}
	in := pageIn{SpaceID: space.ID, Status: "current", Title: x.Title, ParentID: x.Parent, Body: writtenOf(p.Body)}
	if in.Body == nil {
		in.Body = &written{Representation: string(confluence.Storage)}
	}
	if x.Draft {
		in.Status = "draft"
	}
	k := wire.Write(http.MethodPost, v2+"/pages", "the page could not be created", &in)
	switch {
	case x.Kind == confluence.BlogPost:
		k.Route, k.What = v2+"/blogposts", "the blog post could not be created"
		in.ParentID = ""
		if !x.Created.IsZero() {
			in.CreatedAt = x.Created.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	case x.Root:
		in.ParentID = ""
		k = k.With("root-level", "true")
	}
	if x.Private {
		k = k.With("private", "true")
	}
	r, err := c.applied(ctx, k.At(confluence.Where{Space: space.Key}))
	return r, c.titled(ctx, err, titleWrite{space: space, kind: x.Kind, title: x.Title})
}

func (c *Connector) update(ctx context.Context, x confluence.Update, p confluence.Payload) (confluence.Result, error) {
	in := pageIn{
		ID: x.ID, Status: "current", Title: x.Title, ParentID: x.Parent, Body: writtenOf(p.Body),
		Version: &versionIn{Number: x.Expect + 1, Message: x.Message},
	}
	k := wire.Write(http.MethodPut, collection(x.Kind)+"/{id}", "the page could not be updated", &in, string(x.ID))
	if x.Kind == confluence.BlogPost {
		in.ParentID = ""
		k.What = "the blog post could not be updated"
	}
	var w contentV2
	_, err := c.do(ctx, k.At(confluence.Where{Space: x.Space.Key, Content: string(x.ID)}), &w)
	if err != nil {
		return confluence.Result{}, c.titled(ctx, err, titleWrite{space: x.Space, kind: x.Kind, title: x.Title, self: x.ID})
	}
	r, err := resultOf(k, w)
	// Some sites put the stored body into the answer to an update, others leave it empty (OF-12).
	if now := w.content(x.Kind); err == nil && now.Body.Format == confluence.Storage && now.Body.Raw != "" && !now.Version.At.IsZero() {
		r.Stored = &now
	}
	return r, err
}

func (c *Connector) restore(ctx context.Context, x confluence.Restore) (confluence.Result, error) {
	in := pageIn{
		ID: x.ID, Status: "current", Title: x.Title, Body: &written{Representation: string(confluence.Storage)},
		Version: &versionIn{Number: x.Expect + 1},
	}
	k := wire.Write(http.MethodPut, collection(x.Kind)+"/{id}", "the content could not be restored", &in, string(x.ID))
	// A page that is not in the trash would be emptied by this call: the site ignores the body of trashed ones only.
	now, err := c.single(ctx, x.Kind, x.ID, 0)
	if err != nil {
		return confluence.Result{}, err
	}
	if now.Status != confluence.Trashed {
		return confluence.Result{}, confluence.Errorf(confluence.CodeRefused, "%s: it is not in the trash", k.What).
			At(confluence.Where{Content: string(x.ID)})
	}
	r, err := c.applied(ctx, k.At(confluence.Where{Space: x.Space.Key, Content: string(x.ID)}))
	return r, c.titled(ctx, err, titleWrite{space: x.Space, kind: x.Kind, title: x.Title, self: x.ID})
}

// move changes order or parent and makes no version.
func (c *Connector) move(ctx context.Context, x confluence.Move) (confluence.Result, error) {
	k := wire.Write(http.MethodPut, v1+"/content/{id}/move/{position}/{target}", "the page could not be moved", nil,
		string(x.ID), string(x.Where), string(x.Target)).At(confluence.Where{Content: string(x.ID)})
	return c.silent(ctx, k.Repeatable(), x.ID)
}

// trash moves a page or blog post to the trash. Where the site says that there is none, the content itself decides: it may
// be in the trash already, by an earlier try.
func (c *Connector) trash(ctx context.Context, x confluence.Trash) (confluence.Result, error) {
	r, err := c.discard(ctx, x.Kind, x.ID, "the content could not be moved to the trash")
	if confluence.ClassOf(err) != confluence.ClassNotFound {
		return r, err
	}
	if now, lookErr := c.single(ctx, x.Kind, x.ID, 0); lookErr == nil && now.Status == confluence.Trashed {
		return confluence.Result{ID: x.ID}, nil
	}
	return r, err
}

func (c *Connector) archive(ctx context.Context, x confluence.Archive) (confluence.Result, error) {
	type ref struct {
		ID json.Number `json:"id"` // here alone the document says integer
	}
	pages := make([]ref, len(x.IDs))
	for i, id := range x.IDs {
		pages[i].ID = json.Number(id)
	}
	k := wire.Write(http.MethodPost, v1+"/content/archive", "the pages could not be archived", map[string]any{"pages": pages})
	_, err := c.do(ctx, k, nil)
	return confluence.Result{}, err
}

// titleWrite is a write that gives a title.
type titleWrite struct {
	space confluence.Space
	kind  confluence.Kind
	title string
	self  confluence.ID // the content that is given the title; empty for a new one
}

// titled says what is behind the failure of a write that gives a title. The site says of a title that is taken 400, 409 or
// 500, and in more than one wording, so facts decide: is there another content of that title? An archived one holds it too;
// a trashed one may. After a 500 a current content of our own proves nothing, since it may be what the write made.
func (c *Connector) titled(ctx context.Context, err error, w titleWrite) error {
	if err == nil {
		return nil
	}
	e := confluence.AsError(err)
	cause := strings.ToLower(e.Cause)
	moved := e.Status == http.StatusConflict && strings.Contains(cause, "version")
	if moved || e.Status != http.StatusBadRequest && e.Status != http.StatusConflict && e.Status < 500 {
		return err
	}
	saysTaken := strings.Contains(cause, "title") && strings.Contains(cause, "exist")
	holder, lookErr := c.holder(ctx, w, saysTaken, e.Status >= 500)
	switch {
	case lookErr == nil && holder.ID != "":
		return taken(e, w, holder.ID, "it belongs to "+string(holder.Status)+" "+string(holder.Kind)+" "+string(holder.ID))
	case saysTaken:
		return taken(e, w, "", e.Cause)
	case e.Status == http.StatusBadRequest && aboutBody(cause):
		e.Code = confluence.CodeBodyRefused
	}
	return e
}

func taken(e *confluence.Error, w titleWrite, holder confluence.ID, cause string) error {
	out := confluence.Errorf(confluence.CodeTitleTaken, "the title %q is taken", w.title).At(e.Where)
	out.Cause, out.Status, out.Err, out.Holder = cause, e.Status, e, holder
	return out
}

func aboutBody(cause string) bool {
	for _, word := range []string{"xhtml", "xml", "pars", "malformed", "storage format", "content body", "markup", "entity"} {
		if strings.Contains(cause, word) {
			return true
		}
	}
	return false
}

// holder returns another content of the space that has the title, or nothing.
func (c *Connector) holder(ctx context.Context, w titleWrite, trashedToo, doubt bool) (confluence.Content, error) {
	if w.title == "" || w.kind == confluence.BlogPost && !trashedToo {
		// Two blog posts may share a title.
		return confluence.Content{}, nil
	}
	space, err := c.space(ctx, w.space)
	if err != nil {
		return confluence.Content{}, err
	}
	me, err := c.account(ctx)
	if err != nil {
		return confluence.Content{}, err
	}
	k := wire.Get(collection(w.kind), "the title could not be looked up").With("space-id", string(space.ID), "title", w.title, "limit", "250")
	for _, s := range statuses(w.kind) {
		k = k.With("status", s)
	}
	var found confluence.Content
	err = listAll(ctx, c, k, func(got []contentV2) bool {
		for _, x := range contentsOf(got, w.kind) {
			ours := doubt && w.self == "" && x.Status == confluence.Current && x.Creator == me
			same := strings.EqualFold(strings.TrimSpace(x.Title), strings.TrimSpace(w.title))
			if x.ID == w.self || ours || !same || x.Status == confluence.Trashed && !trashedToo {
				continue
			}
			found = x
			return false
		}
		return true
	})
	return found, err
}
