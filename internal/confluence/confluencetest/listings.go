package confluencetest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func reads(r *http.Request) bool { return r.Method == http.MethodGet }

// through reads the space over a network with a fault, which must have come to act.
func (w *world) through(t *testing.T, f fault) ([]confluence.Content, error) {
	t.Helper()
	net := &network{fault: f}
	r, _ := w.Connect(t, net.over())
	batches, err := scan(t.Context(), r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
	if _, hits := net.count(); hits == 0 {
		t.Fatal("no listing was met")
	}
	return contents(batches), err
}

// testListings reads through listings that repeat, leave out, and give little at a time.
func testListings(t *testing.T, fresh Factory) {
	w := settled(t, fresh(t))
	if w.Listing == nil {
		t.Skip("listings of the site cannot be told apart")
	}
	for _, f := range []fault{{"rows twice", reads, 0, rows(doubled)}, {"few rows", reads, 0, fewRows}} {
		t.Run(f.name, func(t *testing.T) {
			got, err := w.through(t, f)
			must(t, err, "Scan")
			w.listed(t, got, confluence.AllFacets)
		})
	}
	t.Run("rows left out", func(t *testing.T) { testRowsLeftOut(t, w) })
	t.Run("search shows nothing", func(t *testing.T) {
		searches := func(r *http.Request) bool { return reads(r) && !w.Listing(r) && strings.Contains(r.URL.Path, "search") }
		net := &network{fault: fault{"", searches, 0, func(under http.RoundTripper, r *http.Request) (*http.Response, error) { return under.RoundTrip(r) }}}
		r, _ := w.Connect(t, net.over())
		_, err := scan(t.Context(), r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
		must(t, err, "Scan")
		if _, hits := net.count(); hits == 0 {
			t.Skip("the site is scanned without a search")
		}
		got, err := w.through(t, fault{"", searches, 0, rows(func([]json.RawMessage) []json.RawMessage { return nil })})
		must(t, err, "Scan")
		w.listed(t, got, confluence.AllFacets)
	})
	t.Run("stale", func(t *testing.T) { testStale(t, w) })
}

// testRowsLeftOut: what a listing leaves out is not gone; a Fetch finds it.
func testRowsLeftOut(t *testing.T, w *world) {
	got, err := w.through(t, fault{"", w.Listing, 0, rows(everyThirdGone)})
	must(t, err, "Scan")
	seen := map[confluence.ID]bool{}
	for _, x := range got {
		seen[x.ID] = true
		same(t, x, *w.noted(x.ID), confluence.AllFacets)
	}
	missing := 0
	for _, x := range w.held.Contents {
		if x.Kind == confluence.Page && !seen[x.ID] {
			missing++
			w.one(t, x.Kind, x.ID)
		}
	}
	if missing == 0 {
		t.Error("nothing was left out")
	}
}

// testStale: a listing of yesterday may lack what is new, and holds nothing wrong.
func testStale(t *testing.T, w *world) {
	s := &stale{seen: map[string][]byte{}, form: map[string]http.Header{}}
	net := &network{fault: fault{"", all, 0, s.do}}
	r, _ := w.Connect(t, net.over())
	req := confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets}
	_, err := scan(t.Context(), r, req)
	must(t, err, "Scan")
	w.page(t, "late", "Late", "delta")
	batches, err := scan(t.Context(), r, req)
	must(t, err, "stale Scan")
	for _, x := range contents(batches) {
		same(t, x, *w.noted(x.ID), confluence.AllFacets)
	}
}
