package confluencetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func testVersionMoved(t *testing.T, w *world) {
	for _, name := range []string{"alpha", "post0"} {
		x := w.one(t, w.noted(w.ids[name]).Kind, w.ids[name])
		w.update(t, name, x.Title, "by somebody else", "")
		for _, expect := range []int{x.Version.Number, x.Version.Number + 5} {
			_, err := w.w.Apply(t.Context(), confluence.Update{ID: x.ID, Kind: x.Kind, Space: w.held.Space, Title: x.Title, Expect: expect}, text("<p>late</p>"))
			refused(t, err, confluence.ClassConflict, "an update of a version that has moved")
		}
		if got := w.one(t, x.Kind, x.ID); plain(got.Body) != "<p>by somebody else</p>" {
			t.Errorf("a refused update changed the body to %q", got.Body.Raw)
		}
	}
}

func testTitleTaken(t *testing.T, w *world) {
	for _, title := range []string{"Alpha", "ALPHA"} {
		_, err := w.w.Apply(t.Context(), confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: title}, text("<p>x</p>"))
		refused(t, err, confluence.ClassExists, "a create with the title "+title)
	}
	x := w.one(t, confluence.Page, w.ids["beta"])
	_, err := w.w.Apply(t.Context(), confluence.Update{ID: x.ID, Kind: x.Kind, Space: w.held.Space, Title: "Alpha", Expect: x.Version.Number}, text("<p>x</p>"))
	refused(t, err, confluence.ClassExists, "a rename to a title that is taken")
	same(t, w.one(t, confluence.Page, x.ID), *w.noted(x.ID), confluence.AllFacets)
	if !w.caps.ArchivedHolds {
		return
	}
	w.archive(t, w.ids["gamma"])
	_, err = w.w.Apply(t.Context(), confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: "Gamma"}, text("<p>x</p>"))
	refused(t, err, confluence.ClassExists, "a create with the title of an archived page")
}

// archive archives a page and waits until it is: the site does it after the call.
func (w *world) archive(t *testing.T, id confluence.ID) {
	t.Helper()
	w.do(t, confluence.Archive{IDs: []confluence.ID{id}}, confluence.Payload{})
	for range 100 {
		if w.one(t, confluence.Page, id).Status == confluence.Archived {
			return
		}
		w.Settle()
	}
	t.Fatalf("the archived page is %s", w.one(t, confluence.Page, id).Status)
}

func testAbsent(t *testing.T, w *world) {
	no := w.Absent
	for _, change := range []confluence.Change{
		confluence.Update{ID: no, Kind: confluence.Page, Space: w.held.Space, Title: "None", Expect: 1},
		confluence.Trash{ID: no, Kind: confluence.Page},
		confluence.Attach{Container: no, Name: "x.txt", Size: 1},
		confluence.CreateComment{Container: no, ContainerKind: confluence.Page},
		confluence.AddLabels{ID: no, Kind: confluence.Page, Labels: []confluence.Label{{Prefix: "global", Name: "x"}}},
		confluence.Restrict{ID: no, Kind: confluence.Page, Restrictions: confluence.Restrictions{Read: []confluence.Principal{confluence.UserPrincipal(w.me)}}},
		confluence.Move{ID: no, Where: confluence.Append, Target: w.ids["alpha"]},
	} {
		p := text("<p>x</p>")
		p.Open = file([]byte("x")).Open
		_, err := w.w.Apply(t.Context(), change, p)
		refused(t, err, confluence.ClassNotFound, string(change.Verb())+" of nothing")
	}
}

func testBadBody(t *testing.T, w *world) {
	for _, bad := range []string{"<p>open", "<p>&nosuchentity;</p>", "<p class>x</p>"} {
		_, err := w.w.Apply(t.Context(), confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: "Bad"}, text("%s", bad))
		refused(t, err, confluence.ClassInvalid, "body "+bad)
		if e := confluence.AsError(err); e.Code != confluence.CodeBodyRefused || e.Cause == "" {
			t.Errorf("body %s: %v, want %s with the site's reason", bad, err, confluence.CodeBodyRefused)
		}
	}
	got, err := w.r.Find(t.Context(), confluence.Probe{Space: w.held.Space, Kind: confluence.Page, Title: "Bad"})
	must(t, err, "Find")
	if len(got) != 0 {
		t.Errorf("a page with a refused body was made: %v", brief(got))
	}
}

func testUnicode(t *testing.T, w *world) {
	for i, title := range []string{"Größe & <Maß> \"x\"", "日本語のページ", "emoji 🙂 + %20 / \\", "עברית", "a'b;c:d?e#f"} {
		name := fmt.Sprintf("u%d", i)
		w.page(t, name, title, "delta")
		w.noted(w.ids[name]).Body = text("<p>%s</p>", "Größe 日本 🙂").Body
		x := w.one(t, confluence.Page, w.ids[name])
		w.do(t, confluence.Update{ID: x.ID, Kind: x.Kind, Space: w.held.Space, Title: title, Expect: x.Version.Number}, text("<p>Größe 日本 🙂</p>"))
		same(t, w.one(t, confluence.Page, x.ID), *w.noted(x.ID), confluence.AllFacets)
		got, err := w.r.Find(t.Context(), confluence.Probe{Space: w.held.Space, Kind: confluence.Page, Title: title})
		must(t, err, "Find")
		if len(got) != 1 || got[0].ID != x.ID {
			t.Errorf("%q is found as %v", title, brief(got))
		}
	}
}

func testWritersSideBySide(t *testing.T, w *world) {
	const n = 40
	var g sync.WaitGroup
	ids := make([]confluence.ID, n)
	errs := make([]error, n)
	for i := range n {
		g.Go(func() {
			r, err := w.w.Apply(t.Context(), confluence.Create{Space: w.held.Space, Kind: confluence.Page, Parent: w.ids["delta"],
				Title: fmt.Sprintf("Side %d", i%(n/2))}, text("<p>%d</p>", i))
			ids[i], errs[i] = r.ID, err
		})
	}
	g.Wait()
	made := map[int]confluence.ID{}
	for i := range n {
		if errs[i] != nil {
			refused(t, errs[i], confluence.ClassExists, "the second page of a title")
			continue
		}
		if other, twice := made[i%(n/2)]; twice {
			t.Errorf("two pages %s and %s were made with one title", other, ids[i])
		}
		made[i%(n/2)] = ids[i]
	}
	if len(made) != n/2 {
		t.Errorf("%d pages were made, want %d", len(made), n/2)
	}
}

// testBlind reads with an account that may see half of the space.
func testBlind(t *testing.T, w *world) {
	if w.Blind == nil {
		t.Skip("there is no second account")
	}
	r := w.Blind(t)
	if got, err := r.Spaces(t.Context(), []string{w.key("CONF")}); err != nil || len(got) != 0 {
		t.Errorf("a private space is shown to others: %v, %v", got, err)
	}
	if !w.caps.Permissions {
		t.Skip("the site lets nobody in over its API")
	}
	w.do(t, confluence.Grant{Space: w.held.Space, Permission: confluence.Permission{Principal: confluence.UserPrincipal(w.Other), Operation: "read/space"}}, confluence.Payload{})
	w.Settle()
	batches, err := scan(t.Context(), r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
	must(t, err, "Scan")
	hidden := w.ids["gamma"]
	for _, x := range contents(batches) {
		if x.ID == hidden {
			t.Error("a restricted page is shown to an account that may not see it")
		}
	}
	got, err := r.Fetch(t.Context(), confluence.Page, []confluence.ID{hidden, w.ids["alpha"]}, confluence.FacetBody)
	must(t, err, "Fetch")
	if len(got) != 1 || got[0].ID != w.ids["alpha"] {
		t.Errorf("Fetch as another account gave %v, want the open page alone", brief(got))
	}
}
