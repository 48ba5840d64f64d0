package confluencetest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// since waits until the site's clock and index are past everything that was written, and returns a time in between.
func (w *world) since() time.Time {
	w.Settle()
	since := w.Now()
	for again := since.Add(2 * time.Second); w.Now().Before(again); {
		w.Settle()
	}
	return since.Add(time.Second)
}

// testFeedRows makes a change of every kind that a feed must show, and looks at what its rows tell.
func testFeedRows(t *testing.T, w *world) {
	since := w.since()
	w.update(t, "delta", "Delta", "changed", "")
	w.update(t, "post0", "Post post0", "changed", "")
	w.page(t, "fresh", "Fresh", "beta")
	w.attach(t, "post0", "fresh.bin", []byte("fresh"))
	w.do(t, confluence.ReplaceFile{ID: w.ids["one.bin"], Container: w.ids["alpha"], Name: "one.bin", MediaType: "application/octet-stream", Size: 3},
		file([]byte("two")))
	w.comment(t, "late", "delta", "", "late")
	w.comment(t, "reply", "alpha", "c3", "late reply")
	w.do(t, confluence.UpdateComment{ID: w.ids["c1"], Expect: 1}, text("<p>edited</p>"))
	want := map[string]int{"delta": 2, "post0": 2, "fresh": 1, "fresh.bin": 1, "one.bin": 2, "late": 1, "reply": 1, "c1": 2}
	if w.caps.InlineComments {
		r := w.do(t, confluence.CreateComment{Container: w.ids["beta"], ContainerKind: confluence.Page,
			Inline: &confluence.Anchor{Selection: "beta", Matches: 1}}, text("<p>on a word</p>"))
		w.note("inline", confluence.Content{ID: r.ID, Kind: confluence.Comment, Container: w.ids["beta"]})
		want["inline"] = 1
	}
	w.Settle()
	got, err := w.r.Feed(t.Context(), since)
	must(t, err, "Feed")
	// Others may be at work, and the marker of an inline comment may make a version of its page or not.
	got = slices.DeleteFunc(got, func(x confluence.Content) bool { return w.noted(x.ID) == nil || x.ID == w.ids["beta"] })
	for i, x := range got {
		if i > 0 && x.Version.At.After(got[i-1].Version.At) {
			t.Errorf("%s %s is newer than the row before it", x.Kind, x.ID)
		}
	}
	for name, number := range want {
		at := slices.IndexFunc(got, func(x confluence.Content) bool { return x.ID == w.ids[name] })
		if at < 0 {
			if !w.Forgetful {
				t.Errorf("the feed leaves out %s", name)
			}
			continue
		}
		x, held := got[at], w.noted(w.ids[name])
		if x.Kind != held.Kind || x.Status != confluence.Current || x.Container != held.Container || x.Version.Number != number ||
			x.Version.By != w.me || x.Version.At.Before(since) || x.Facets != 0 || x.Kind != confluence.Comment && x.Title != held.Title {
			t.Errorf("%s: the row is %+v of version %d, want %s %q on %q of version %d", name, x, x.Version.Number, held.Kind, held.Title, held.Container, number)
		}
		if x.SpaceID == "" && x.SpaceKey == "" || x.SpaceID != "" && x.SpaceID != w.held.Space.ID || x.SpaceKey != "" && x.SpaceKey != w.held.Space.Key {
			t.Errorf("%s: the row is of space %q %q", name, x.SpaceID, x.SpaceKey)
		}
	}
	if len(got) != len(want) && !w.Forgetful {
		t.Errorf("the feed is %v, want %d changes", brief(got), len(want))
	}
}

// testFeedRefuses: a feed that was answered to nobody, to somebody else, or by a login page has no rows and an error,
// above all where nothing seems to have changed.
func testFeedRefuses(t *testing.T, w *world) {
	since := w.since()
	who := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/user/current") }
	others := func(r *http.Request) bool { return !who(r) }
	for name, f := range map[string]struct {
		fault
		class confluence.Class
	}{
		"nobody": {fault{"", who, 0, answer(200, jsonUT, `{"type":"anonymous","displayName":"Anonymous"}`)}, confluence.ClassUnauthorized},
		"somebody else": {fault{"", who, 0, answer(200, jsonUT, `{"type":"known","accountId":"else","userKey":"else","username":"else"}`)},
			confluence.ClassUnauthorized},
		"login page":                  {fault{"", who, 0, answer(200, html5, page)}, confluence.ClassUnavailable},
		"login page for the listings": {fault{"", others, 0, answer(200, html5, page)}, confluence.ClassUnavailable},
		"refused":                     {fault{"", all, 0, answer(401, jsonUT, `{"message":"Unauthorized"}`)}, confluence.ClassUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			net := &network{fault: f.fault, off: true}
			r, _ := w.Connect(t, net.over())
			_, err := r.Identity(t.Context())
			must(t, err, "Identity over a clean network")
			net.mu.Lock()
			net.off = false
			net.mu.Unlock()
			got, err := r.Feed(t.Context(), since)
			if confluence.ClassOf(err) != f.class || len(got) > 0 && err == nil {
				t.Errorf("Feed = %v, %v; want an error of class %s", brief(got), err, f.class)
			}
		})
	}
}

// testUnproved: a Scan that leaves out the question who we are shows the same; asked for by itself, the answer decides.
func testUnproved(t *testing.T, w *world) {
	c, is := w.r.(confluence.Confirmer)
	if !is {
		t.Skip("the site needs no confirmation")
	}
	batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Unproved: true})
	must(t, err, "Scan")
	w.listed(t, contents(batches), 0)
	sent := w.counting(1)
	if err := c.Confirm(t.Context()); err != nil || sent() != 1 {
		t.Errorf("Confirm = %v by %d calls", err, sent())
	}
	net := &network{fault: fault{"", all, 0, answer(200, jsonUT, `{"type":"anonymous","displayName":"Anonymous"}`)}, off: true}
	r, _ := w.Connect(t, net.over())
	_, err = r.Identity(t.Context())
	must(t, err, "Identity")
	net.mu.Lock()
	net.off = false
	net.mu.Unlock()
	if err := r.(confluence.Confirmer).Confirm(t.Context()); confluence.ClassOf(err) != confluence.ClassUnauthorized {
		t.Errorf("Confirm as nobody = %v", err)
	}
}

// testSweep: a Scan without bodies tells the tree, and as much of the facets that the site declares as one with bodies;
// comments may be without bodies.
func testSweep(t *testing.T, w *world) {
	w.do(t, confluence.Trash{ID: w.ids["beta"], Kind: confluence.Page}, confluence.Payload{})
	w.do(t, confluence.Trash{ID: w.ids["post1"], Kind: confluence.BlogPost}, confluence.Payload{})
	w.Settle()
	read := func(kind confluence.Kind, trash bool) map[confluence.ID]confluence.Content {
		batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Facets: w.caps.Listed, Kind: kind, Trash: trash})
		must(t, err, "Scan")
		out := map[confluence.ID]confluence.Content{}
		for _, x := range contents(batches) {
			if _, twice := out[x.ID]; twice {
				t.Errorf("%s %s is listed twice", x.Kind, x.ID)
			}
			out[x.ID] = x
		}
		return out
	}
	all, pages, posts := read("", true), read(confluence.Page, false), read(confluence.BlogPost, true)
	for _, held := range w.held.Contents {
		x, listed := all[held.ID]
		switch top := held.Kind == confluence.Page || held.Kind == confluence.BlogPost; {
		case held.ID == w.ids["beta"] || held.ID == w.ids["post1"]:
			if x.Status != confluence.Trashed || x.Version.Number == 0 || x.Title != held.Title {
				t.Errorf("a trashed %s is listed as %+v", held.Kind, x)
			}
			continue
		case held.Container == w.ids["post1"]:
			continue // what hangs on trashed contents may be listed or not
		case top, held.Kind == confluence.Attachment && w.caps.Listed.Has(confluence.FacetAttachments),
			held.Kind == confluence.Comment && w.caps.Listed.Has(confluence.FacetComments):
			if !listed || x.Version.Number != 1 || x.Version.By != w.me {
				t.Errorf("%s %s %q is listed as %+v", held.Kind, held.ID, held.Title, x)
				continue
			}
			same(t, x, held, w.caps.Listed)
			if top && !x.Facets.Has(w.caps.Listed) {
				t.Errorf("%s %s: facets %b, want %b", x.Kind, x.ID, x.Facets, w.caps.Listed)
			}
		}
	}
	for id, x := range all {
		_, inPages := pages[id]
		_, inPosts := posts[id]
		onPost := x.Kind == confluence.BlogPost || x.Container != "" && all[x.Container].Kind == confluence.BlogPost
		if inPages != (!onPost && x.Status == confluence.Current) || inPosts != onPost {
			t.Errorf("%s %s %q (%s): listed with the pages %v, with the posts %v", x.Kind, id, x.Title, x.Status, inPages, inPosts)
		}
	}
}

// testGlance: what a glance tells is true, and what it does not tell it does not claim.
func testGlance(t *testing.T, w *world) {
	g, is := w.r.(confluence.Glancer)
	if declared := w.caps.Glanced != 0; is != declared || declared != (w.caps.GlanceBatch > 0) {
		t.Fatalf("capabilities Glanced %b, GlanceBatch %d, and there is a Glancer: %v", w.caps.Glanced, w.caps.GlanceBatch, is)
	}
	if !is {
		t.Skip("the site has no glances")
	}
	fresh := w.page(t, "fresh", "Fresh", "delta")
	sent := w.counting(1)
	ids := []confluence.ID{w.ids["gamma"], w.ids["alpha"], w.Absent, fresh, w.ids["delta"]}
	got, err := g.Glance(t.Context(), confluence.Page, ids, w.caps.Glanced)
	must(t, err, "Glance")
	if n := sent(); n != 1 {
		t.Errorf("a glance at %d pages took %d calls", len(ids), n)
	}
	seen := map[string]int{}
	for _, x := range got {
		held := w.noted(x.ID)
		if held == nil {
			t.Fatalf("%s %s was never made", x.Kind, x.ID)
		}
		seen[string(x.Kind)]++
		x.ParentID = held.ParentID // a glance does not tell it
		if held.Comment != nil {
			x.Comment.ReplyTo = held.Comment.ReplyTo
		}
		x.Created = held.Created
		same(t, x, *held, w.caps.Glanced&x.Facets)
		if x.Kind == confluence.Page && x.ID != fresh && (!x.Facets.Has(w.caps.Glanced) || x.Version.Number != 1) {
			t.Errorf("page %s: facets %b of version %d, want %b", x.ID, x.Facets, x.Version.Number, w.caps.Glanced)
		}
	}
	if w.Forgetful {
		return
	}
	if seen["page"] < 3 || w.caps.Glanced.Has(confluence.FacetAttachments) && seen["attachment"] != 2 ||
		w.caps.Glanced.Has(confluence.FacetComments) && seen["comment"] != 3 {
		t.Errorf("the glance shows %v", brief(got))
	}
	posts, err := g.Glance(t.Context(), confluence.BlogPost, []confluence.ID{w.ids["post0"], w.ids["alpha"]}, confluence.FacetLabels)
	must(t, err, "Glance")
	if len(posts) != 1 || len(posts[0].Labels) != 1 {
		t.Errorf("the glance at a blog post shows %v", brief(posts))
	}
}

// counting returns how many requests were sent since, or want where that cannot be told.
func (w *world) counting(want int64) (since func() int64) {
	c, is := w.r.(confluence.Calls)
	if !is || w.Uneasy {
		return func() int64 { return want }
	}
	before, _ := c.Calls()
	return func() int64 {
		now, _ := c.Calls()
		return now - before
	}
}

// testArchived: archived pages are listed where they are asked for, and not else.
func testArchived(t *testing.T, w *world) {
	if !w.caps.Archive || !w.caps.ArchivedList {
		t.Skip("the site has no archive, or does not list it")
	}
	w.archive(t, w.ids["beta"])
	w.Settle()
	for _, asked := range []bool{true, false} {
		batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Archived: asked})
		must(t, err, "Scan")
		at := slices.IndexFunc(contents(batches), func(x confluence.Content) bool { return x.ID == w.ids["beta"] })
		switch {
		case (at >= 0) != asked:
			t.Errorf("archived pages asked for: %v, listed: %v", asked, at >= 0)
		case at >= 0 && contents(batches)[at].Status != confluence.Archived:
			t.Errorf("an archived page is listed as %+v", contents(batches)[at])
		}
	}
}

// testProbe: what only hides is told from what is gone.
func testProbe(t *testing.T, w *world) {
	p, is := w.r.(confluence.Prober)
	if is != w.caps.Probe {
		t.Fatalf("capability Probe is %v, and there is a Prober: %v", w.caps.Probe, is)
	}
	if !is || w.Hidden == nil {
		t.Skip("the site cannot be looked at past restrictions")
	}
	w.do(t, confluence.Trash{ID: w.ids["beta"], Kind: confluence.Page}, confluence.Payload{})
	w.do(t, confluence.Purge{ID: w.ids["beta"], Kind: confluence.Page}, confluence.Payload{})
	w.do(t, confluence.Trash{ID: w.ids["gamma"], Kind: confluence.Page}, confluence.Payload{})
	w.Hidden(t, w.ids["delta"])
	ids := []confluence.ID{w.ids["alpha"], w.ids["beta"], w.ids["gamma"], w.ids["delta"]}
	plainly, err := w.r.Fetch(t.Context(), confluence.Page, ids, 0)
	must(t, err, "Fetch")
	if slices.ContainsFunc(plainly, func(x confluence.Content) bool { return x.ID == w.ids["delta"] }) {
		t.Fatal("the page that should be hidden is read")
	}
	got, err := p.Probe(t.Context(), confluence.Page, ids)
	if confluence.ClassOf(err) == confluence.ClassUnsupported {
		t.Skip("the plan of the site gives nobody a way past restrictions")
	}
	must(t, err, "Probe")
	if len(got) != 3 || got[0].ID != w.ids["alpha"] || got[1].ID != w.ids["gamma"] || got[1].Status != confluence.Trashed || got[2].ID != w.ids["delta"] {
		t.Errorf("the probe shows %v, want alpha, gamma in the trash, and delta", brief(got))
	}
	if again, err := w.r.Fetch(t.Context(), confluence.Page, ids, 0); err != nil || len(again) != len(plainly) {
		t.Errorf("after the probe %v, %v is read: it must not stay past restrictions", brief(again), err)
	}
	if w.Blind == nil {
		return
	}
	if _, err = w.Blind(t).(confluence.Prober).Probe(t.Context(), confluence.Page, ids); err == nil {
		t.Error("an account without rights probes")
	} else if class := confluence.ClassOf(err); class != confluence.ClassUnsupported && class != confluence.ClassForbidden {
		t.Errorf("a probe without rights ends with %v", err)
	}
}

// testProperty reads properties of a space and of a page by key, and writes them in as few calls as there can be.
func testProperty(t *testing.T, w *world) {
	p, is := w.r.(confluence.Properties)
	if !is {
		t.Skip("the site has no properties")
	}
	for _, set := range []confluence.SetProperty{{Space: w.held.Space, Key: "tandem"}, {ID: w.ids["alpha"], Key: "tandem"}} {
		if _, found, err := p.Property(t.Context(), set.Space, set.ID, set.Key); found || err != nil {
			t.Fatalf("a property that was never written: %v, %v", found, err)
		}
		set.Value = []byte(`{"n":1}`)
		w.do(t, set, confluence.Payload{})
		sent := w.counting(1)
		got, found, err := p.Property(t.Context(), set.Space, set.ID, set.Key)
		must(t, err, "Property")
		if !found || got.Key != set.Key || got.Version != 1 || strings.ReplaceAll(string(got.Value), " ", "") != `{"n":1}` {
			t.Errorf("the property is read as %v %+v", found, got)
		}
		if n := sent(); n != 1 {
			t.Errorf("reading a property took %d calls", n)
		}
		sent = w.counting(1)
		set.Expect, set.Value = 1, []byte(`{"n":2}`)
		w.do(t, set, confluence.Payload{})
		if n := sent(); n != 1 {
			t.Errorf("writing a property that was read before took %d calls", n)
		}
		if got, _, err = p.Property(t.Context(), set.Space, set.ID, set.Key); err != nil || got.Version != 2 {
			t.Errorf("after the second write: %+v, %v", got, err)
		}
	}
}

// testRobot: versions by accounts that are no persons' are marked, in every way of reading, and no others.
func testRobot(t *testing.T, w *world) {
	if w.Robot == nil {
		t.Skip("the site has no accounts that are no persons'")
	}
	since := w.since()
	w.Robot(t, w.ids["delta"])
	w.Settle()
	batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space})
	must(t, err, "Scan")
	fetched, err := w.r.Fetch(t.Context(), confluence.Page, []confluence.ID{w.ids["delta"], w.ids["alpha"]}, 0)
	must(t, err, "Fetch")
	fed, err := w.r.Feed(t.Context(), since)
	must(t, err, "Feed")
	for _, x := range slices.Concat(contents(batches), fetched, fed) {
		if x.Version.App != (x.ID == w.ids["delta"]) {
			t.Errorf("%s %q of %s: no person's is %v", x.Kind, x.Title, x.Version.By, x.Version.App)
		}
	}
	if len(fed) != 1 {
		t.Errorf("the feed is %v, want the robot's edit", brief(fed))
	}
}
