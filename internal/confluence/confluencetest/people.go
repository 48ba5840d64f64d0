package confluencetest

import (
	"slices"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func testDirectory(t *testing.T, w *world) {
	d, ok := w.r.(confluence.Directory)
	if !ok || !w.caps.Directory {
		t.Skip("the site has no directory")
	}
	got, err := d.Users(t.Context(), []confluence.UserID{w.Other, "nobody-at-all", w.me})
	must(t, err, "Users")
	if len(got) != 2 || got[0].ID != w.Other || got[1].ID != w.me || got[0].DisplayName == "" || !got[0].Active {
		t.Errorf("Users = %+v, want the two that are there, in the order asked", got)
	}
	groups, err := d.Groups(t.Context(), []string{"no such group", w.Group})
	must(t, err, "Groups")
	if !slices.Equal(groups, []string{w.Group}) {
		t.Errorf("Groups = %q, want %q alone", groups, w.Group)
	}
}

func testFeed(t *testing.T, w *world) {
	// By the site's clock, which need not be ours.
	w.update(t, "delta", "Delta", "before", "")
	since, again := w.one(t, confluence.Page, w.ids["delta"]).Version.At.Add(time.Second), w.Now().Add(2*time.Second)
	for w.Settle(); w.Now().Before(again); {
		w.Settle()
	}
	w.update(t, "delta", "Delta", "changed", "")
	w.Settle()
	w.update(t, "post1", "Post post1", "changed", "")
	w.comment(t, "late", "alpha", "", "late")
	w.Settle()
	got, err := w.r.Feed(t.Context(), since)
	must(t, err, "Feed")
	var ids []confluence.ID
	// Others may be at work on a site that is not ours alone.
	got = slices.DeleteFunc(got, func(x confluence.Content) bool { return w.noted(x.ID) == nil })
	for _, x := range got {
		ids = append(ids, x.ID)
		if x.Version.At.Before(since) {
			t.Errorf("%s %s of %v is no change since %v", x.Kind, x.ID, x.Version.At, since)
		}
	}
	for _, name := range []string{"delta", "post1", "late"} {
		if !slices.Contains(ids, w.ids[name]) && !w.Forgetful {
			t.Errorf("the feed %v leaves out %s", brief(got), name)
		}
	}
	if len(got) != 3 && !w.Forgetful || ids[len(ids)-1] != w.ids["delta"] {
		t.Errorf("the feed is %v, want three changes, newest first", brief(got))
	}
}

// testDrafts makes a page that nobody sees and publishes it.
func testDrafts(t *testing.T, w *world) {
	r, err := w.w.Apply(t.Context(), confluence.Create{Space: w.held.Space, Kind: confluence.Page, Parent: w.ids["delta"], Title: "Draft", Draft: true}, text("<p>draft</p>"))
	if confluence.ClassOf(err) == confluence.ClassUnsupported {
		t.Skip("the site makes no drafts")
	}
	must(t, err, "create a draft")
	batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.FacetBody})
	must(t, err, "Scan")
	if slices.ContainsFunc(contents(batches), func(x confluence.Content) bool { return x.ID == r.ID }) {
		t.Error("a draft is listed among the current pages")
	}
	other := w.do(t, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Parent: w.ids["delta"], Title: "Discarded", Draft: true}, text("<p>draft</p>"))
	w.do(t, confluence.Purge{ID: other.ID, Kind: confluence.Page}, confluence.Payload{})
	_, err = w.w.Apply(t.Context(), confluence.Purge{ID: other.ID, Kind: confluence.Page}, confluence.Payload{})
	refused(t, err, confluence.ClassNotFound, "purge of a draft that is gone")
	w.do(t, confluence.Update{ID: r.ID, Kind: confluence.Page, Space: w.held.Space, Title: "Draft", Parent: w.ids["delta"]}, text("<p>published</p>"))
	now := w.one(t, confluence.Page, r.ID)
	if now.Status != confluence.Current || plain(now.Body) != "<p>published</p>" || now.Version.Number != 1 {
		t.Errorf("the published page is %s, version %d, %q", now.Status, now.Version.Number, now.Body.Raw)
	}
}
