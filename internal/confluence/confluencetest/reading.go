package confluencetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func testIdentity(t *testing.T, w *world) {
	one, err := w.r.Identity(t.Context())
	must(t, err, "Identity")
	again, _ := w.Connect(t, nil)
	two, err := again.Identity(t.Context())
	must(t, err, "Identity")
	if one.Fingerprint == "" || one.Fingerprint != two.Fingerprint {
		t.Errorf("fingerprints %q and %q, want the same twice", one.Fingerprint, two.Fingerprint)
	}
	if one.Product == "" || one.Kind == "" {
		t.Errorf("product %q and kind %q must not be empty", one.Product, one.Kind)
	}
	if one.Caps.Write != (w.w != nil) {
		t.Errorf("capability Write is %v, and there is a Writer: %v", one.Caps.Write, w.w != nil)
	}
	if _, is := w.r.(confluence.Directory); one.Caps.Directory && !is {
		t.Error("capability Directory without a Directory")
	}
	if w.w != nil && (one.Me.ID == "" || one.Caps.MaxTitle == 0 || one.Caps.FetchBatch == 0 || one.Caps.Concurrent == 0) {
		t.Errorf("a site that is written must tell account, title length, batch size and connections: %+v", one)
	}
	if d := one.Now.Sub(w.Now()).Abs(); !one.Now.IsZero() && d > time.Minute {
		t.Errorf("the site's clock is %v away from itself", d)
	}
}

func testSpaces(t *testing.T, w *world) {
	all, err := w.r.Spaces(t.Context(), nil)
	must(t, err, "Spaces")
	if !slices.IsSortedFunc(all, func(a, b confluence.Space) int { return compare(a.Key, b.Key) }) {
		t.Errorf("spaces are not sorted by key")
	}
	i := slices.IndexFunc(all, func(s confluence.Space) bool { return s.Key == w.held.Space.Key })
	if i < 0 || all[i].ID != w.held.Space.ID || all[i].Name != w.held.Space.Name || all[i].HomeID != w.held.Space.HomeID {
		t.Fatalf("the space is not listed as it is read by key: %+v", all)
	}
	got, err := w.r.Spaces(t.Context(), []string{"NOSUCHKEY", w.held.Space.Key})
	must(t, err, "Spaces")
	if len(got) != 1 || got[0].Key != w.held.Space.Key {
		t.Errorf("Spaces with an unknown key = %+v, want the known one alone", got)
	}
	none, err := w.r.Spaces(t.Context(), []string{"NOSUCHKEY"})
	must(t, err, "Spaces")
	if len(none) != 0 {
		t.Errorf("Spaces(unknown) = %+v, want none", none)
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// listed checks that contents are exactly those held, each once.
func (w *world) listed(t *testing.T, got []confluence.Content, facets confluence.Facets) {
	t.Helper()
	seen := map[confluence.ID]bool{}
	for _, x := range got {
		if seen[x.ID] {
			t.Errorf("%s %s is listed twice", x.Kind, x.ID)
		}
		seen[x.ID] = true
		want := w.noted(x.ID)
		if want == nil {
			t.Errorf("%s %s %q is listed and was never made", x.Kind, x.ID, x.Title)
			continue
		}
		same(t, x, *want, facets&^w.held.Untold)
	}
	for _, x := range w.held.Contents {
		below := x.Kind == confluence.Attachment && !facets.Has(confluence.FacetAttachments) ||
			x.Kind == confluence.Comment && !facets.Has(confluence.FacetComments)
		if !below && !seen[x.ID] {
			t.Errorf("%s %s %q is not listed", x.Kind, x.ID, x.Title)
		}
	}
}

func testScan(t *testing.T, w *world) {
	batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
	must(t, err, "Scan")
	w.listed(t, contents(batches), confluence.AllFacets)
	for _, x := range contents(batches) {
		if x.Kind == confluence.Page && !x.Facets.Has(confluence.AllFacets&^(confluence.FacetAttachments|confluence.FacetComments)) {
			t.Errorf("page %s was read with facets %b", x.ID, x.Facets)
		}
	}
}

// testScanResumes goes on after every batch over a connection of its own, and from every cursor a second time.
func testScanResumes(t *testing.T, w *world) {
	req := confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets}
	batches, err := scan(t.Context(), w.r, req)
	must(t, err, "Scan")
	for i := range batches[:len(batches)-1] {
		r, _ := w.Connect(t, nil)
		req.Cursor = batches[i].Next
		rest, err := scan(t.Context(), r, req)
		must(t, err, "Scan from a cursor")
		w.listed(t, append(contents(batches[:i+1]), contents(rest)...), confluence.AllFacets)
	}
}

func testScanFacets(t *testing.T, w *world) {
	for _, facets := range []confluence.Facets{0, confluence.FacetBody, confluence.FacetLabels, confluence.FacetRestrictions,
		confluence.FacetAttachments, confluence.FacetComments | confluence.FacetBody} {
		batches, err := scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Facets: facets})
		must(t, err, "Scan")
		w.listed(t, contents(batches), facets)
		for _, x := range contents(batches) {
			if x.Kind == confluence.Attachment && !facets.Has(confluence.FacetAttachments) ||
				x.Kind == confluence.Comment && !facets.Has(confluence.FacetComments) {
				t.Errorf("%s %s was not asked for", x.Kind, x.ID)
			}
			if want := facets & (confluence.FacetLabels | confluence.FacetRestrictions); x.Kind == confluence.Page && !x.Facets.Has(want) {
				t.Errorf("page %s: facets %b, want %b in them", x.ID, x.Facets, want)
			}
		}
	}
}

func testFetch(t *testing.T, w *world) {
	byKind := map[confluence.Kind][]confluence.ID{}
	for _, x := range w.held.Contents {
		byKind[x.Kind] = append(byKind[x.Kind], x.ID)
	}
	for kind, ids := range byKind {
		slices.Reverse(ids)
		asked := slices.Insert(slices.Clone(ids), len(ids)/2, w.Absent)
		got, err := w.r.Fetch(t.Context(), kind, asked, confluence.AllFacets)
		must(t, err, "Fetch")
		var order []confluence.ID
		for _, x := range got {
			order = append(order, x.ID)
			same(t, x, *w.noted(x.ID), confluence.AllFacets&^w.held.Untold)
		}
		if !slices.Equal(order, ids) {
			t.Errorf("Fetch(%s) gave %v, want %v: in the order asked, without the one that is not there", kind, order, ids)
		}
	}
	none, err := w.r.Fetch(t.Context(), confluence.Page, []confluence.ID{w.Absent}, 0)
	must(t, err, "Fetch")
	if len(none) != 0 {
		t.Errorf("Fetch(absent) = %v", brief(none))
	}
	if got, err := w.r.Fetch(t.Context(), confluence.Page, nil, 0); err != nil || len(got) != 0 {
		t.Errorf("Fetch of nothing = %v, %v", brief(got), err)
	}
}

func testOpen(t *testing.T, w *world) {
	for _, x := range w.held.Contents {
		want, ok := w.held.Files[x.ID]
		if !ok {
			continue
		}
		listed, err := w.r.Fetch(t.Context(), confluence.Attachment, []confluence.ID{x.ID}, 0)
		must(t, err, "Fetch")
		f, err := w.r.Open(t.Context(), listed[0])
		must(t, err, "Open")
		got, err := io.ReadAll(f)
		must(t, err, "reading "+x.Title)
		must(t, f.Close(), "Close")
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes that are not the %d that were stored", x.Title, len(got), len(want))
		}
	}
}

func testFind(t *testing.T, w *world) {
	for _, x := range w.held.Contents {
		p := confluence.Probe{Space: w.held.Space, Kind: x.Kind, Title: x.Title, Container: x.Container}
		if x.Comment != nil {
			p.Title, p.ReplyTo, p.Inline = "", x.Comment.ReplyTo, x.Comment.Kind == confluence.Inline
		}
		got, err := w.r.Find(t.Context(), p)
		must(t, err, "Find")
		i := slices.IndexFunc(got, func(g confluence.Content) bool { return g.ID == x.ID })
		if i < 0 {
			t.Errorf("%s %s %q is not found by %+v: %v", x.Kind, x.ID, x.Title, p, brief(got))
			continue
		}
		if x.Kind != confluence.Attachment && plain(got[i].Body) != plain(x.Body) && !w.held.Untold.Has(confluence.FacetBody) {
			t.Errorf("%s %s is found with body %q, want %q", x.Kind, x.ID, got[i].Body.Raw, x.Body.Raw)
		}
		for _, g := range got {
			if p.Title != "" && g.Title != p.Title || x.Comment != nil && g.Comment.ReplyTo != p.ReplyTo {
				t.Errorf("%+v finds %s %q", p, g.ID, g.Title)
			}
		}
	}
	got, err := w.r.Find(t.Context(), confluence.Probe{Space: w.held.Space, Kind: confluence.Page, Title: "There is no such title"})
	must(t, err, "Find")
	if len(got) != 0 {
		t.Errorf("a title that nothing has finds %v", brief(got))
	}
}

func testCanceled(t *testing.T, w *world) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a canceled context: %v", what, err)
		}
		var e *confluence.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %T is no coded error", what, err)
		}
	}
	_, err := w.r.Scan(ctx, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
	check("Scan", err)
	_, err = w.r.Fetch(ctx, confluence.Page, []confluence.ID{w.held.Space.HomeID}, confluence.FacetBody)
	check("Fetch", err)
	if w.w != nil {
		_, err = w.w.Apply(ctx, confluence.Create{Space: w.held.Space, Kind: confluence.Page, Title: "Never"}, text("<p/>"))
		check("Apply", err)
		if confluence.Unknown(err) {
			t.Error("a change that was never sent has an unknown outcome")
		}
	}
}

// testSideBySide reads the whole space from several goroutines.
func testSideBySide(t *testing.T, w *world) {
	var g sync.WaitGroup
	results := make([][]confluence.Batch, 6)
	errs := make([]error, len(results))
	for i := range results {
		g.Go(func() {
			results[i], errs[i] = scan(t.Context(), w.r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
		})
	}
	g.Wait()
	for i := range results {
		must(t, errs[i], "Scan")
		w.listed(t, contents(results[i]), confluence.AllFacets)
	}
}
