package dc

import (
	"context"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/wire"
)

type refIn struct {
	ID   confluence.ID `json:"id"`
	Type string        `json:"type,omitempty"`
}

type versionIn struct {
	Number  int    `json:"number,omitempty"`
	Message string `json:"message,omitempty"`
	Minor   bool   `json:"minorEdit,omitempty"`
}

type contentIn struct {
	ID        confluence.ID        `json:"id,omitempty"`
	Type      confluence.Kind      `json:"type"`
	Status    confluence.Status    `json:"status,omitempty"`
	Title     string               `json:"title,omitempty"`
	Space     map[string]string    `json:"space,omitempty"`
	Container *refIn               `json:"container,omitempty"`
	Ancestors []refIn              `json:"ancestors,omitempty"`
	Body      map[string]textW     `json:"body,omitempty"`
	Version   *versionIn           `json:"version,omitempty"`
	Ext       *commentExtensionsIn `json:"extensions,omitempty"`
}

// bodyIn is a body under its own name; wiki markup is taken too, and kept as storage (OF-36).
func bodyIn(b confluence.Body) map[string]textW {
	if b.Format == "" {
		return nil
	}
	return map[string]textW{string(b.Format): {Value: b.Raw, Representation: string(b.Format)}}
}

func (c *Connector) create(ctx context.Context, x confluence.Create, p confluence.Payload) (confluence.Result, error) {
	if x.Private {
		return confluence.Result{}, confluence.Errorf(confluence.CodeNotCapable,
			"a page cannot be made private at its creation: make a draft, restrict it, then publish it")
	}
	space, err := c.space(ctx, x.Space)
	if err != nil {
		return confluence.Result{}, err
	}
	in := contentIn{Type: x.Kind, Title: x.Title, Space: map[string]string{"key": space.Key}, Body: bodyIn(p.Body), Status: confluence.Current}
	if in.Body == nil {
		in.Body = map[string]textW{"storage": {Representation: "storage"}}
	}
	if x.Message != "" {
		in.Version = &versionIn{Message: x.Message}
	}
	if x.Draft {
		in.Status = confluence.Draft
	}
	k := wire.Write(http.MethodPost, api+"/content", "the page could not be created", &in).At(confluence.Where{Space: space.Key})
	switch {
	case x.Kind == confluence.BlogPost:
		k.What = "the blog post could not be created"
	case x.Parent != "":
		in.Ancestors = []refIn{{ID: x.Parent}}
	case !x.Root:
		// Without a parent the site makes a page at the root; the default place of the seam is below the home page.
		if space.HomeID == "" {
			if space, err = c.look(ctx, space.Key); err != nil {
				return confluence.Result{}, err
			}
		}
		if space.HomeID != "" {
			in.Ancestors = []refIn{{ID: space.HomeID}}
		}
	}
	if x.Draft {
		k = k.With("status", "draft")
	}
	r, err := c.applied(ctx, k)
	return r, c.titled(ctx, err, titleWrite{space: space, kind: x.Kind, title: x.Title})
}

// update names no status: with one, an update of a page that somebody has put into the trash takes it out again and drops
// all else that was sent (register row PA-12).
func (c *Connector) update(ctx context.Context, x confluence.Update, p confluence.Payload) (confluence.Result, error) {
	in := contentIn{
		ID: x.ID, Type: x.Kind, Title: x.Title, Body: bodyIn(p.Body),
		Version: &versionIn{Number: x.Expect + 1, Message: x.Message, Minor: x.Minor},
	}
	if x.Parent != "" && x.Kind == confluence.Page {
		in.Ancestors = []refIn{{ID: x.Parent}}
	}
	k := wire.Write(http.MethodPut, api+"/content/{id}", "the page could not be updated", &in, string(x.ID))
	if x.Kind == confluence.BlogPost {
		k.What = "the blog post could not be updated"
	}
	if x.Expect == 0 {
		// A draft is published by a create that names it.
		space, err := c.space(ctx, x.Space)
		if err != nil {
			return confluence.Result{}, err
		}
		in.Space, in.Status = map[string]string{"key": space.Key}, confluence.Current
		k = wire.Write(http.MethodPost, api+"/content", "the draft could not be published", &in)
	}
	var w contentW
	_, err := c.do(ctx, k.At(confluence.Where{Space: x.Space.Key, Content: string(x.ID)}), &w)
	if err != nil {
		return confluence.Result{}, c.titled(ctx, err, titleWrite{space: x.Space, kind: x.Kind, title: x.Title, self: x.ID})
	}
	r, err := c.result(k, w)
	// The answer to an update holds the stored body in its default expansions (OF-12).
	if now, ok := w.content(); err == nil && ok && now.Facets.Has(confluence.FacetBody) && !now.Version.At.IsZero() && w.Ancestors != nil {
		r.Stored = &now
	}
	return r, err
}

func (c *Connector) restore(ctx context.Context, x confluence.Restore) (confluence.Result, error) {
	const what = "the content could not be restored"
	where := confluence.Where{Space: x.Space.Key, Content: string(x.ID)}
	now, err := c.single(ctx, x.Kind, x.ID, 0)
	if err != nil {
		return confluence.Result{}, err
	}
	if now.Status != confluence.Trashed {
		return confluence.Result{}, confluence.Errorf(confluence.CodeRefused, "%s: it is not in the trash", what).At(where)
	}
	in := contentIn{ID: x.ID, Type: x.Kind, Status: confluence.Current, Title: now.Title, Version: &versionIn{Number: x.Expect + 1}}
	k := wire.Write(http.MethodPut, api+"/content/{id}", what, &in, string(x.ID)).With("status", "trashed").At(where)
	r, err := c.applied(ctx, k)
	return r, c.titled(ctx, err, titleWrite{space: x.Space, kind: x.Kind, title: now.Title, self: x.ID})
}

// places are the names that the action of the page tree gives to places.
var places = map[confluence.Place]string{confluence.Before: "above", confluence.After: "below", confluence.Append: "append"}

// move changes order or parent and makes no version. The action answers otherwise than the API does, and not in one way, so
// the page is looked at before, for its space and because it must be there, and where the answer is no JSON also after.
func (c *Connector) move(ctx context.Context, x confluence.Move) (confluence.Result, error) {
	where := confluence.Where{Content: string(x.ID)}
	const what = "the page could not be moved"
	for _, id := range []confluence.ID{x.ID, x.Target} {
		if _, err := c.raw(ctx, id, "space", ""); err != nil {
			e := confluence.AsError(err)
			e.What = what
			return confluence.Result{}, e.At(where)
		}
	}
	w, err := c.raw(ctx, x.Target, "space,ancestors", "")
	if err != nil {
		return confluence.Result{}, err
	}
	k := wire.Write(http.MethodPost, "/pages/movepage.action", what, nil).At(where).
		With("pageId", string(x.ID), "position", places[x.Where], "targetId", string(x.Target))
	if w.Space != nil {
		k = k.With("spaceKey", w.Space.Key)
	}
	ans, err := c.do(ctx, k.Repeatable(), nil)
	if err == nil {
		if s := said(ans.Body); s != "" && strings.Contains(string(ans.Body), "rrors") {
			e := confluence.Errorf(confluence.CodeRefused, what).At(where)
			e.Cause = s
			return confluence.Result{}, e
		}
		return confluence.Result{ID: x.ID}, nil
	}
	if confluence.AsError(err).Code != confluence.CodeUnusableAnswer {
		return confluence.Result{}, err
	}
	target := w.ID
	if x.Where != confluence.Append {
		target = ""
		if n := len(w.Ancestors); n > 0 {
			target = w.Ancestors[n-1].ID
		}
	}
	now, lookErr := c.single(ctx, confluence.Page, x.ID, 0)
	if lookErr == nil && now.ParentID == target.ID() {
		return confluence.Result{ID: x.ID}, nil
	}
	return confluence.Result{}, err
}

// titleWrite is a write that gives a title.
type titleWrite struct {
	space confluence.Space
	kind  confluence.Kind
	title string
	self  confluence.ID // the content that is given the title; empty for a new one
}

// titled says what is behind the failure of a write that gives a title. The wording of a title that is taken differs by
// version, so facts decide: is there another page of that title in the space?
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

// holder returns another page of the space that has the title, or nothing. Two blog posts may share one on different days.
func (c *Connector) holder(ctx context.Context, w titleWrite, trashedToo, doubt bool) (confluence.Content, error) {
	if w.title == "" || w.kind != confluence.Page {
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
	k := wire.Get(api+"/content", "the title could not be looked up").
		With("type", "page", "spaceKey", space.Key, "title", w.title, "limit", "50", "expand", "version,history")
	if trashedToo {
		k = k.With("status", "any") // current and trashed
	}
	var found confluence.Content
	err = listAll(ctx, c, k, func(got []contentW) bool {
		for _, x := range contentsOf(got, nil) {
			ours := doubt && w.self == "" && x.Creator == me
			same := strings.EqualFold(strings.TrimSpace(x.Title), strings.TrimSpace(w.title))
			switch {
			case x.ID == w.self || ours || !same:
			case x.Status == confluence.Current:
				found = x
				return false
			case x.Status == confluence.Trashed && trashedToo:
				found = x // unless a current one has it as well
			}
		}
		return true
	})
	return found, err
}
