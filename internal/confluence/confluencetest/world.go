package confluencetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// world is a site with known contents, and a connection to it.
type world struct {
	Site
	r    confluence.Reader
	w    confluence.Writer
	me   confluence.UserID
	caps confluence.Capabilities
	held Held
	ids  map[string]confluence.ID // of the contents that the suite made, by a name of its own
	keys map[string]string        // of the spaces, likewise
	t    *testing.T
}

// settled connects to a site and fills it, unless it is one that holds something already.
func settled(t *testing.T, s Site) *world {
	t.Helper()
	w := &world{Site: s, ids: map[string]confluence.ID{}, keys: map[string]string{}, t: t}
	if w.Settle == nil {
		w.Settle = func() {}
	}
	if w.Now == nil {
		w.Now = time.Now
	}
	w.r, w.w = s.Connect(t, nil)
	who, err := w.r.Identity(t.Context())
	must(t, err, "Identity")
	w.me, w.caps = who.Me.ID, who.Caps
	if s.Held != nil {
		w.held = *s.Held
		return w
	}
	w.fill(t)
	w.Settle()
	return w
}

// key returns the key of a space that the suite makes under a name of its own, and sees to it that the space goes away.
func (w *world) key(name string) string {
	if w.keys[name] == "" {
		w.keys[name] = name
		if w.Key != nil {
			w.keys[name] = w.Key(name)
		}
		if w.Remove != nil {
			w.t.Cleanup(func() { w.Remove(w.t, w.keys[name]) })
		}
	}
	return w.keys[name]
}

func must(t *testing.T, err error, what string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// do applies a change that must succeed.
func (w *world) do(t *testing.T, change confluence.Change, p confluence.Payload) confluence.Result {
	t.Helper()
	r, err := w.w.Apply(t.Context(), change, p)
	must(t, err, fmt.Sprintf("%s %+v", change.Verb(), change))
	return r
}

func text(format string, args ...any) confluence.Payload {
	return confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: fmt.Sprintf(format, args...)}}
}

func file(b []byte) confluence.Payload {
	return confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// noise is n bytes that depend on the seed alone.
func noise(n int, seed uint64) []byte {
	out := make([]byte, n)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		out[i] = byte(seed >> 56)
	}
	return out
}

// fill makes one space with contents of every kind and facet, and notes what must be read.
func (w *world) fill(t *testing.T) {
	t.Helper()
	made := w.do(t, confluence.CreateSpace{Key: w.key("CONF"), Name: "Conformance", Private: true}, confluence.Payload{})
	w.held.Space = w.space(t, w.key("CONF"))
	if made.ID != w.held.Space.ID {
		t.Fatalf("the space was made with id %q and is listed with %q", made.ID, w.held.Space.ID)
	}
	w.held.Files = map[confluence.ID][]byte{}
	home := w.one(t, confluence.Page, w.held.Space.HomeID)
	w.note("home", home)
	w.page(t, "alpha", "Alpha", "home")
	w.page(t, "beta", "Beta", "alpha")
	w.page(t, "gamma", "Gamma", "alpha")
	w.page(t, "delta", "Delta", "home")
	for i, day := range []int{3, 17} {
		name := fmt.Sprintf("post%d", i)
		at := time.Date(2021, 5, day, 8, 30, 0, 0, time.UTC)
		r := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.BlogPost, Title: "Post " + name, Created: at}, text("<p>%s</p>", name))
		x := confluence.Content{ID: r.ID, Kind: confluence.BlogPost, Title: "Post " + name, Body: text("<p>%s</p>", name).Body}
		if w.caps.BlogDate {
			x.Created = at
		}
		w.note(name, x)
	}
	w.label(t, "alpha", "red", "green")
	w.label(t, "post0", "red")
	w.restrict(t, "gamma", confluence.Restrictions{
		Read:   []confluence.Principal{confluence.GroupPrincipal(w.Group), confluence.UserPrincipal(w.me)},
		Update: []confluence.Principal{confluence.UserPrincipal(w.me)},
	})
	w.attach(t, "alpha", "one.bin", noise(1, 1))
	w.attach(t, "alpha", "two.bin", noise(70_000, 2))
	w.attach(t, "post1", "three.txt", []byte("three"))
	w.comment(t, "c1", "alpha", "", "first")
	w.comment(t, "c2", "alpha", "c1", "reply")
	w.comment(t, "c3", "alpha", "c2", "reply to the reply")
	w.comment(t, "c4", "post0", "", "on a post")
}

func (w *world) note(name string, x confluence.Content) {
	w.ids[name] = x.ID
	x.Status, x.SpaceKey, x.SpaceID = confluence.Current, w.held.Space.Key, w.held.Space.ID
	w.held.Contents = append(w.held.Contents, x)
}

func (w *world) noted(id confluence.ID) *confluence.Content {
	for i := range w.held.Contents {
		if w.held.Contents[i].ID == id {
			return &w.held.Contents[i]
		}
	}
	return nil
}

func (w *world) page(t *testing.T, name, title, parent string) confluence.ID {
	t.Helper()
	r := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Parent: w.ids[parent], Title: title}, text("<p>%s</p>", name))
	w.note(name, confluence.Content{ID: r.ID, Kind: confluence.Page, Title: title, ParentID: w.ids[parent], Body: text("<p>%s</p>", name).Body})
	return r.ID
}

func (w *world) label(t *testing.T, name string, labels ...string) {
	t.Helper()
	x := w.noted(w.ids[name])
	for _, l := range labels {
		x.Labels = append(x.Labels, confluence.Label{Prefix: "global", Name: l})
	}
	w.do(t, confluence.AddLabels{ID: x.ID, Kind: x.Kind, Labels: x.Labels}, confluence.Payload{})
}

func (w *world) restrict(t *testing.T, name string, r confluence.Restrictions) {
	t.Helper()
	x := w.noted(w.ids[name])
	x.Restrictions = r
	w.do(t, confluence.Restrict{ID: x.ID, Kind: x.Kind, Restrictions: r}, confluence.Payload{})
}

func (w *world) attach(t *testing.T, to, name string, b []byte) confluence.ID {
	t.Helper()
	r := w.do(t, confluence.Attach{Container: w.ids[to], Name: name, MediaType: "application/octet-stream", Size: int64(len(b)), Comment: "über " + name}, file(b))
	w.note(name, confluence.Content{ID: r.ID, Kind: confluence.Attachment, Title: name, Container: w.ids[to],
		File: &confluence.FileInfo{MediaType: "application/octet-stream", Size: int64(len(b)), Comment: "über " + name}})
	w.held.Files[r.ID] = b
	return r.ID
}

func (w *world) comment(t *testing.T, name, on, to, says string) confluence.ID {
	t.Helper()
	p := text("<p>%s</p>", says)
	r := w.do(t, confluence.CreateComment{Container: w.ids[on], ContainerKind: w.noted(w.ids[on]).Kind, ReplyTo: w.ids[to]}, p)
	w.note(name, confluence.Content{ID: r.ID, Kind: confluence.Comment, Container: w.ids[on], Body: p.Body,
		Comment: &confluence.CommentInfo{Kind: confluence.Footer, ReplyTo: w.ids[to]}})
	return r.ID
}

// space reads a space that must be there.
func (w *world) space(t *testing.T, key string) confluence.Space {
	t.Helper()
	got, err := w.r.Spaces(t.Context(), []string{key})
	must(t, err, "Spaces")
	if len(got) != 1 {
		t.Fatalf("Spaces(%s) = %v, want one", key, got)
	}
	return got[0]
}

// one reads a content that must be there, with every facet.
func (w *world) one(t *testing.T, kind confluence.Kind, id confluence.ID) confluence.Content {
	t.Helper()
	got, err := w.r.Fetch(t.Context(), kind, []confluence.ID{id}, confluence.AllFacets)
	must(t, err, "Fetch")
	if len(got) != 1 || got[0].ID != id {
		t.Fatalf("Fetch(%s %s) = %v, want that one", kind, id, brief(got))
	}
	return got[0]
}

// scan reads a space to its end and returns the batches.
func scan(ctx context.Context, r confluence.Reader, req confluence.ScanRequest) ([]confluence.Batch, error) {
	var out []confluence.Batch
	seen := map[confluence.Cursor]bool{}
	for {
		b, err := r.Scan(ctx, req)
		if err != nil {
			return out, err
		}
		out = append(out, b)
		if b.Next == "" {
			return out, nil
		}
		if seen[b.Next] {
			return out, errors.New("the scan came back to where it was")
		}
		seen[b.Next] = true
		req.Cursor = b.Next
	}
}

func contents(batches []confluence.Batch) []confluence.Content {
	var out []confluence.Content
	for _, b := range batches {
		out = append(out, b.Contents...)
	}
	return out
}

func brief(xs []confluence.Content) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = fmt.Sprintf("%s %s %q", x.Kind, x.ID, x.Title)
	}
	return out
}

// plain is a body without the differences that a server's spelling of characters makes.
func plain(b confluence.Body) string { return html.UnescapeString(b.Raw) }

// same compares what was read with what is held, in the facets given.
func same(t *testing.T, got, want confluence.Content, facets confluence.Facets) {
	t.Helper()
	report := func(field string, g, w any) {
		t.Errorf("%s %s %q: %s is %q, want %q", want.Kind, want.ID, want.Title, field, g, w)
	}
	if got.Kind != want.Kind || got.Status != want.Status {
		report("kind and status", string(got.Kind+"/")+string(got.Status), string(want.Kind+"/")+string(want.Status))
	}
	if want.Kind != confluence.Comment && got.Title != want.Title {
		report("title", got.Title, want.Title)
	}
	if got.ParentID != want.ParentID {
		report("parent", got.ParentID, want.ParentID)
	}
	if got.Container != want.Container {
		report("container", got.Container, want.Container)
	}
	// What belongs to a page need not tell the space.
	if tells := got.SpaceKey != "" || want.Container == ""; tells && got.SpaceKey != want.SpaceKey {
		report("space", got.SpaceKey, want.SpaceKey)
	}
	if !want.Created.IsZero() && !got.Created.Equal(want.Created) {
		report("date", got.Created.String(), want.Created.String())
	}
	if want.Comment != nil {
		sameComment(report, got, want)
	}
	if want.File != nil {
		sameFile(report, got, want)
	}
	if facets.Has(confluence.FacetBody) && want.Kind != confluence.Attachment && plain(got.Body) != plain(want.Body) {
		report("body", got.Body.Raw, want.Body.Raw)
	}
	if want.Kind != confluence.Page && want.Kind != confluence.BlogPost {
		return
	}
	if g, w := labelsOf(got), labelsOf(want); facets.Has(confluence.FacetLabels) && !slices.Equal(g, w) {
		report("labels", fmt.Sprint(g), fmt.Sprint(w))
	}
	g, r := got.Restrictions.Sorted(), want.Restrictions.Sorted()
	if facets.Has(confluence.FacetRestrictions) && !(slices.Equal(g.Read, r.Read) && slices.Equal(g.Update, r.Update)) {
		report("restrictions", fmt.Sprint(g), fmt.Sprint(r))
	}
}

func sameComment(report func(string, any, any), got, want confluence.Content) {
	switch {
	case got.Comment == nil:
		report("comment", "nothing", "something")
	case got.Comment.ReplyTo != want.Comment.ReplyTo:
		report("reply to", got.Comment.ReplyTo, want.Comment.ReplyTo)
	case got.Comment.Kind != want.Comment.Kind:
		report("kind of comment", got.Comment.Kind, want.Comment.Kind)
	}
}

func sameFile(report func(string, any, any), got, want confluence.Content) {
	switch {
	case got.File == nil:
		report("file", "nothing", "something")
	case got.File.Size != want.File.Size:
		report("size", fmt.Sprint(got.File.Size), fmt.Sprint(want.File.Size))
	case got.File.Comment != want.File.Comment:
		report("comment on the file", got.File.Comment, want.File.Comment)
	}
}

func labelsOf(x confluence.Content) []string {
	out := make([]string, len(x.Labels))
	for i, l := range x.Labels {
		out[i] = l.String()
	}
	slices.Sort(out)
	return out
}

// wrapper is a way to put a transport around another.
type wrapper = func(http.RoundTripper) http.RoundTripper
