package confluencetest

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// testManyPages makes more pages than any listing gives at once.
func testManyPages(t *testing.T, w *world) {
	n := w.Many
	if n == 0 {
		n = 1_040
	}
	titles := make([]string, n)
	ids := make([]confluence.ID, n)
	for i := range n {
		titles[i] = fmt.Sprintf("Many %04d", i)
		ids[i] = w.page(t, titles[i], titles[i], "delta")
	}
	w.Settle()
	req := confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets}
	batches, err := scan(t.Context(), w.r, req)
	must(t, err, "Scan")
	if len(batches) < 2 && n > 1_000 {
		t.Fatalf("%d pages came in %d batch", n, len(batches))
	}
	w.listed(t, contents(batches), confluence.AllFacets)
	for i := range batches[:len(batches)-1] {
		req.Cursor = batches[i].Next
		rest, err := scan(t.Context(), w.r, req)
		must(t, err, "Scan from a cursor")
		w.listed(t, append(contents(batches[:i+1]), contents(rest)...), confluence.AllFacets)
	}
	got, err := w.r.Fetch(t.Context(), confluence.Page, ids, confluence.FacetBody)
	must(t, err, "Fetch")
	if len(got) != n {
		t.Errorf("Fetch of %d pages gave %d", n, len(got))
	}
}

func testEmptySpace(t *testing.T, w *world) {
	w.do(t, confluence.CreateSpace{Key: w.key("EMPTY"), Name: "Empty"}, confluence.Payload{})
	s := w.space(t, w.key("EMPTY"))
	w.Settle()
	batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: s, Facets: confluence.AllFacets})
	must(t, err, "Scan")
	for _, x := range contents(batches) {
		if x.ID != s.HomeID {
			t.Errorf("a fresh space holds %s %s %q besides its home page", x.Kind, x.ID, x.Title)
		}
	}
	if s.HomeID == "" {
		return
	}
	w.do(t, confluence.Trash{ID: s.HomeID, Kind: confluence.Page}, confluence.Payload{})
	w.Settle()
	batches, err = scan(t.Context(), w.r, confluence.ScanRequest{Space: s, Facets: confluence.AllFacets})
	must(t, err, "Scan of a space without anything")
	if got := contents(batches); len(got) != 0 {
		t.Errorf("an emptied space holds %v", brief(got))
	}
}

func (w *world) update(t *testing.T, name, title, body string, parent confluence.ID) confluence.Result {
	t.Helper()
	x := w.noted(w.ids[name])
	now := w.one(t, x.Kind, x.ID)
	r := w.do(t, confluence.Update{ID: x.ID, Kind: x.Kind, Space: w.held.Space, Title: title, Parent: parent,
		Expect: now.Version.Number, Message: "by the suite"}, text("<p>%s</p>", body))
	x.Title, x.Body = title, text("<p>%s</p>", body).Body
	if parent != "" {
		x.ParentID = parent
	}
	return r
}

func testVersions(t *testing.T, w *world) {
	for _, name := range []string{"alpha", "post0"} {
		x := *w.noted(w.ids[name])
		first := w.one(t, x.Kind, x.ID)
		r := w.update(t, name, x.Title, "second", "")
		if r.Version != first.Version.Number+1 {
			t.Errorf("the update of version %d made version %d", first.Version.Number, r.Version)
		}
		now := w.one(t, x.Kind, x.ID)
		if now.Version.Number != r.Version || now.Version.By != w.me || now.Version.At.IsZero() {
			t.Errorf("version after the update is %+v", now.Version)
		}
		if now.Version.Message != "by the suite" {
			t.Errorf("version message is %q", now.Version.Message)
		}
		for n, body := range map[int]string{first.Version.Number: plain(x.Body), r.Version: "<p>second</p>"} {
			old, err := w.r.Version(t.Context(), x.Kind, x.ID, n)
			must(t, err, "Version")
			if plain(old.Body) != body || old.Version.Number != n {
				t.Errorf("version %d is number %d with body %q, want %q", n, old.Version.Number, old.Body.Raw, body)
			}
		}
		_, err := w.r.Version(t.Context(), x.Kind, x.ID, 99)
		refused(t, err, confluence.ClassNotFound, "version 99")
	}
}

// refused checks that an error says that nothing was done, and why.
func refused(t *testing.T, err error, class confluence.Class, what string) {
	t.Helper()
	coded(t, err, what)
	if confluence.ClassOf(err) != class {
		t.Errorf("%s: %v is of class %q, want %q", what, err, confluence.ClassOf(err), class)
	}
	if confluence.Unknown(err) {
		t.Errorf("%s: the outcome is said to be unknown", what)
	}
}

func testPages(t *testing.T, w *world) {
	root := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: "Other root", Root: true}, text("<p>root</p>"))
	if w.caps.RootPages {
		if got := w.one(t, confluence.Page, root.ID); got.ParentID != "" {
			t.Errorf("a page at the root has parent %s", got.ParentID)
		}
	}
	free := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: "No parent"}, text("<p>x</p>"))
	if got := w.one(t, confluence.Page, free.ID); got.ParentID != w.held.Space.HomeID {
		t.Errorf("a page without a parent has parent %q, want the home page", got.ParentID)
	}
	w.update(t, "beta", "Beta, renamed", "changed", w.ids["delta"])
	same(t, w.one(t, confluence.Page, w.ids["beta"]), *w.noted(w.ids["beta"]), confluence.AllFacets)
	// The same again makes no harm, whether it makes a version or not.
	r := w.update(t, "beta", "Beta, renamed", "changed", "")
	got := w.one(t, confluence.Page, w.ids["beta"])
	same(t, got, *w.noted(w.ids["beta"]), confluence.AllFacets)
	if r.Version != got.Version.Number {
		t.Errorf("an update that changes nothing tells version %d, the site shows %d", r.Version, got.Version.Number)
	}
	empty := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: "Empty"}, text(""))
	if got := w.one(t, confluence.Page, empty.ID); got.Body.Raw != "" {
		t.Errorf("an empty body is read as %q", got.Body.Raw)
	}
}

// order returns the names of the children of a page as the site orders them.
func (w *world) order(t *testing.T, parent string, names ...string) []string {
	t.Helper()
	at := map[string]int{}
	for _, n := range names {
		x := w.one(t, confluence.Page, w.ids[n])
		if x.ParentID != w.ids[parent] {
			t.Errorf("%s is below %s, want %s", n, x.ParentID, w.ids[parent])
		}
		if !x.Positioned {
			t.Errorf("%s has no position", n)
		}
		at[n] = x.Position
	}
	slices.SortFunc(names, func(a, b string) int { return at[a] - at[b] })
	return names
}

func testMoves(t *testing.T, w *world) {
	if !w.caps.Position {
		t.Skip("the site has no order")
	}
	for _, n := range []string{"m1", "m2", "m3"} {
		w.page(t, n, "Move "+n, "delta")
	}
	move := func(id string, where confluence.Place, target string, want ...string) {
		t.Helper()
		before := w.one(t, confluence.Page, w.ids[id])
		w.do(t, confluence.Move{ID: w.ids[id], Where: where, Target: w.ids[target]}, confluence.Payload{})
		if got := w.order(t, "delta", slices.Clone(want)...); !slices.Equal(got, want) {
			t.Errorf("after %s %s %s the order is %v, want %v", id, where, target, got, want)
		}
		if after := w.one(t, confluence.Page, w.ids[id]); plain(after.Body) != plain(before.Body) {
			t.Errorf("the move changed the body of %s", id)
		}
	}
	if w.caps.FreshPageLast {
		if got := w.order(t, "delta", "m1", "m2", "m3"); !slices.Equal(got, []string{"m1", "m2", "m3"}) {
			t.Errorf("fresh pages are ordered %v", got)
		}
	}
	move("m3", confluence.Before, "m1", "m3", "m1", "m2")
	move("m3", confluence.After, "m1", "m1", "m3", "m2")
	move("m1", confluence.Append, "delta", "m3", "m2", "m1")
	move("beta", confluence.Append, "delta", "m3", "m2", "m1", "beta")
}

func testTrash(t *testing.T, w *world) {
	x := w.one(t, confluence.Page, w.ids["beta"])
	w.do(t, confluence.Trash{ID: x.ID, Kind: confluence.Page}, confluence.Payload{})
	got, err := w.r.Fetch(t.Context(), confluence.Page, []confluence.ID{x.ID}, 0)
	must(t, err, "Fetch")
	if len(got) != 1 || got[0].Status != confluence.Trashed {
		t.Errorf("a trashed page is read as %+v", got)
	}
	batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space})
	must(t, err, "Scan")
	if slices.ContainsFunc(contents(batches), func(c confluence.Content) bool { return c.ID == x.ID }) {
		t.Error("a trashed page is listed among the current ones")
	}
	batches, err = scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Trash: true})
	must(t, err, "Scan with trash")
	if !slices.ContainsFunc(contents(batches), func(c confluence.Content) bool { return c.ID == x.ID && c.Status == confluence.Trashed }) {
		t.Error("a trashed page is not listed in the trash")
	}
	w.do(t, confluence.Restore{ID: x.ID, Kind: confluence.Page, Space: w.held.Space, Title: x.Title, Expect: x.Version.Number}, confluence.Payload{})
	back := w.one(t, confluence.Page, x.ID)
	if back.Status != confluence.Current || plain(back.Body) != plain(x.Body) {
		t.Errorf("after the restore: %s with body %q, want current with %q", back.Status, back.Body.Raw, x.Body.Raw)
	}
	_, err = w.w.Apply(t.Context(), confluence.Restore{ID: x.ID, Kind: confluence.Page, Space: w.held.Space, Title: x.Title, Expect: back.Version.Number}, confluence.Payload{})
	refused(t, err, confluence.ClassInvalid, "restore of what is not in the trash")
	if again := w.one(t, confluence.Page, x.ID); plain(again.Body) != plain(x.Body) {
		t.Error("restoring a page that is not in the trash changed its body")
	}
}

func testLabels(t *testing.T, w *world) {
	w.label(t, "delta", "b-label", "a_label", "größe")
	w.label(t, "delta") // what is there is added once more
	same(t, w.one(t, confluence.Page, w.ids["delta"]), *w.noted(w.ids["delta"]), confluence.FacetLabels)
	w.do(t, confluence.RemoveLabel{ID: w.ids["delta"], Label: confluence.Label{Prefix: "global", Name: "b-label"}}, confluence.Payload{})
	x := w.noted(w.ids["delta"])
	x.Labels = x.Labels[1:]
	same(t, w.one(t, confluence.Page, x.ID), *x, confluence.FacetLabels)
	for _, bad := range []string{"two words", "a,b", "", "what?"} {
		_, err := w.w.Apply(t.Context(), confluence.AddLabels{ID: x.ID, Kind: x.Kind, Labels: []confluence.Label{{Prefix: "global", Name: bad}}}, confluence.Payload{})
		coded(t, err, "label "+bad)
	}
	same(t, w.one(t, confluence.Page, x.ID), *x, confluence.FacetLabels)
}

func testFiles(t *testing.T, w *world) {
	id := w.attach(t, "delta", "plan +%&' ä.bin", noise(1<<20, 9))
	w.attach(t, "delta", "empty.bin", nil)
	testOpen(t, w)
	x := *w.noted(id)
	_, err := w.w.Apply(t.Context(), confluence.Attach{Container: x.Container, Name: x.Title, Size: 3}, file([]byte("two")))
	refused(t, err, confluence.ClassExists, "a second file of one name")
	if got := w.one(t, confluence.Attachment, id); got.Version.Number != 1 {
		t.Errorf("the refused upload made version %d", got.Version.Number)
	}
	w.do(t, confluence.ReplaceFile{ID: id, Container: x.Container, Name: x.Title, MediaType: "text/plain", Size: 3}, file([]byte("new")))
	now := w.one(t, confluence.Attachment, id)
	f, err := w.r.Open(t.Context(), now)
	must(t, err, "Open")
	b, err := io.ReadAll(f)
	must(t, err, "reading")
	must(t, f.Close(), "Close")
	if string(b) != "new" || now.Version.Number != 2 {
		t.Errorf("the replaced file reads %q in version %d", b, now.Version.Number)
	}
	w.do(t, confluence.Detach{ID: id}, confluence.Payload{})
	left, err := w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Attachment, Container: x.Container, Title: x.Title})
	must(t, err, "Find")
	if len(left) != 0 {
		t.Errorf("a deleted attachment is found: %v", brief(left))
	}
	_, err = w.w.Apply(t.Context(), confluence.Attach{Container: x.Container, Name: "short.bin", Size: 10}, file([]byte("short")))
	coded(t, err, "a file shorter than announced")
	if w.FileLimit > 0 {
		big := noise(int(w.FileLimit)+1, 3)
		_, err = w.w.Apply(t.Context(), confluence.Attach{Container: x.Container, Name: "big.bin", Size: int64(len(big))}, file(big))
		refused(t, err, confluence.ClassInvalid, "a file that is too large")
		if e := confluence.AsError(err); e.Code != confluence.CodeTooLarge {
			t.Errorf("a file that is too large: %v, want %s", err, confluence.CodeTooLarge)
		}
	}
}

func testComments(t *testing.T, w *world) {
	id := w.comment(t, "c9", "delta", "", "to be changed")
	now := w.one(t, confluence.Comment, id)
	w.do(t, confluence.UpdateComment{ID: id, Expect: now.Version.Number}, text("<p>changed</p>"))
	w.noted(id).Body = text("<p>changed</p>").Body
	same(t, w.one(t, confluence.Comment, id), *w.noted(id), confluence.FacetBody)
	_, err := w.w.Apply(t.Context(), confluence.UpdateComment{ID: id, Expect: now.Version.Number}, text("<p>late</p>"))
	refused(t, err, confluence.ClassConflict, "a comment that has moved on")
	w.do(t, confluence.RemoveComment{ID: id}, confluence.Payload{})
	got, err := w.r.Fetch(t.Context(), confluence.Comment, []confluence.ID{id}, 0)
	must(t, err, "Fetch")
	if len(got) != 0 {
		t.Errorf("a removed comment is read: %v", brief(got))
	}
	found, err := w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Comment, Container: w.ids["alpha"], Creator: w.me, Since: w.Now().Add(-time.Hour)})
	must(t, err, "Find")
	if len(found) != 1 || found[0].ID != w.ids["c1"] {
		t.Errorf("comments of the last hour on the page: %v, want the first", brief(found))
	}
	if found, err = w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Comment, Container: w.ids["alpha"], Creator: "nobody"}); err != nil || len(found) != 0 {
		t.Errorf("comments of nobody: %v, %v", brief(found), err)
	}
	if found, err = w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Comment, Container: w.ids["alpha"], Since: w.Now().Add(time.Hour)}); err != nil || len(found) != 0 {
		t.Errorf("comments of the future: %v, %v", brief(found), err)
	}
}

func testRestrictions(t *testing.T, w *world) {
	me, group := confluence.UserPrincipal(w.me), confluence.GroupPrincipal(w.Group)
	for _, r := range []confluence.Restrictions{
		{Read: []confluence.Principal{me}},
		{Read: []confluence.Principal{me, group, confluence.UserPrincipal(w.Other)}, Update: []confluence.Principal{me}},
		{Update: []confluence.Principal{group, me}},
		{},
	} {
		for _, name := range []string{"delta", "post1"} {
			w.restrict(t, name, r)
			same(t, w.one(t, w.noted(w.ids[name]).Kind, w.ids[name]), *w.noted(w.ids[name]), confluence.FacetRestrictions)
		}
	}
	held := confluence.Restrictions{Read: []confluence.Principal{me}}
	w.restrict(t, "delta", held)
	_, err := w.w.Apply(t.Context(), confluence.Restrict{ID: w.ids["delta"], Kind: confluence.Page,
		Restrictions: confluence.Restrictions{Read: []confluence.Principal{me, confluence.GroupPrincipal("no such group")}}}, confluence.Payload{})
	coded(t, err, "a group that is not there")
	same(t, w.one(t, confluence.Page, w.ids["delta"]), *w.noted(w.ids["delta"]), confluence.FacetRestrictions)
}

func testProperties(t *testing.T, w *world) {
	for _, set := range []confluence.SetProperty{{Space: w.held.Space, Key: "tandem"}, {ID: w.ids["alpha"], Key: "tandem"}} {
		set.Value = []byte(`{"n":1}`)
		r := w.do(t, set, confluence.Payload{})
		if r.Version != 1 {
			t.Errorf("a fresh property has version %d", r.Version)
		}
		_, err := w.w.Apply(t.Context(), set, confluence.Payload{})
		refused(t, err, confluence.ClassConflict, "a property that is there already")
		set.Expect, set.Value = 1, []byte(`{"n":2}`)
		if r = w.do(t, set, confluence.Payload{}); r.Version != 2 {
			t.Errorf("the property's second version is %d", r.Version)
		}
		_, err = w.w.Apply(t.Context(), set, confluence.Payload{})
		refused(t, err, confluence.ClassConflict, "a property that has moved on")
	}
}

func testSpaceChanges(t *testing.T, w *world) {
	_, err := w.w.Apply(t.Context(), confluence.CreateSpace{Key: w.key("CONF"), Name: "Again"}, confluence.Payload{})
	refused(t, err, confluence.ClassExists, "a key that is taken")
	w.do(t, confluence.SetHomepage{Space: w.held.Space, Page: w.ids["delta"]}, confluence.Payload{})
	got := w.space(t, w.key("CONF"))
	if got.HomeID != w.ids["delta"] || got.Name != w.held.Space.Name {
		t.Errorf("after setting the home page the space is %+v", got)
	}
	if !w.caps.Permissions {
		if !got.Guarded || len(got.Permissions) > 0 {
			t.Errorf("a site that does not tell permissions tells %v, guarded %v", got.Permissions, got.Guarded)
		}
		return
	}
	read := confluence.Permission{Principal: confluence.GroupPrincipal(w.Group), Operation: "read/space"}
	if slices.Contains(got.Permissions, read) {
		t.Fatalf("a private space lets the group read: %v", got.Permissions)
	}
	w.do(t, confluence.Grant{Space: w.held.Space, Permission: read}, confluence.Payload{})
	w.do(t, confluence.Grant{Space: w.held.Space, Permission: read}, confluence.Payload{}) // once more changes nothing
	n := 0
	for _, p := range w.space(t, w.key("CONF")).Permissions {
		if p == read {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the permission stands %d times in %v", n, w.space(t, w.key("CONF")).Permissions)
	}
}
