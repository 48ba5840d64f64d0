package xmlexport

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// many is an export of n pages below the home page, each with a comment.
func many(n int) *fixture {
	f := newFixture()
	for i := range n {
		id := fmt.Sprint(1000 + i)
		f.child(id, "Page "+id).comment("5"+id, id)
	}
	return f
}

// TestScanResumes goes on from any cursor, in another Reader of the same bytes, and tells every defect once.
func TestScanResumes(t *testing.T) {
	path := many(700).page("90", "Root", ref("space", "Space", "1")).zip(t)
	whole := scanAll(t, openPath(t, path, Options{}))
	if len(whole.contents) != 1402 {
		t.Fatalf("%d contents", len(whole.contents))
	}
	req := confluence.ScanRequest{Facets: confluence.AllFacets}
	got, defects := map[confluence.ID]confluence.Content{}, 0
	for batches := 1; ; batches++ {
		r := openPath(t, path, Options{})
		spaces, err := r.Spaces(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Space = spaces[0]
		b, err := r.Scan(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range b.Contents {
			got[c.ID] = c
		}
		defects += len(b.Defects)
		if req.Cursor = b.Next; b.Next == "" {
			if batches != 3 {
				t.Errorf("%d batches", batches)
			}
			break
		}
	}
	if diff := gocmp.Diff(whole.contents, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if defects != len(whole.defects) || defects == 0 {
		t.Errorf("%d defects in pieces, %d in one go", defects, len(whole.defects))
	}
	r := openPath(t, path, Options{})
	_, err := r.Scan(t.Context(), confluence.ScanRequest{Space: req.Space, Cursor: "page=2"})
	code(t, err, confluence.CodeUsage)
}

// TestScanWithoutFacets lists pages alone, without bodies and without the defects of comments and files.
func TestScanWithoutFacets(t *testing.T) {
	r := rich().comment("48", "404").open(t)
	b, err := r.Scan(t.Context(), confluence.ScanRequest{Space: confluence.Space{ID: "1"}})
	if err != nil || len(b.Contents) != 3 {
		t.Fatalf("%d contents, %v", len(b.Contents), err)
	}
	for _, c := range b.Contents {
		if c.Body != (confluence.Body{}) || c.Labels != nil || !c.Restrictions.Open() || c.Facets != 0 {
			t.Errorf("more than was asked for: %+v", c)
		}
	}
	for _, d := range b.Defects {
		if d.Kind == confluence.Comment {
			t.Errorf("a comment's defect: %+v", d)
		}
	}
}

// TestLargeBodiesEndABatch keeps a batch's memory in bounds.
func TestLargeBodiesEndABatch(t *testing.T) {
	f := newFixture()
	for i := range 5 {
		id := fmt.Sprint(20 + i)
		f.page(id, "Large "+id, inDOC()...).body(id+"9", id, strings.Repeat(id, 3<<20))
	}
	r := f.open(t)
	b, err := r.Scan(t.Context(), confluence.ScanRequest{Space: confluence.Space{ID: "1"}, Facets: confluence.FacetBody})
	if err != nil || b.Next == "" || len(b.Contents) >= 6 {
		t.Fatalf("%d contents, next %q, %v", len(b.Contents), b.Next, err)
	}
	all := scanAll(t, r)
	ids := []confluence.ID{"24", "20", "22", "21", "23"}
	got, err := r.Fetch(t.Context(), confluence.Page, ids, confluence.FacetBody)
	if err != nil || len(got) != 5 {
		t.Fatal(len(got), err)
	}
	for i, c := range got {
		if want := strings.Repeat(string(ids[i]), 3<<20); c.ID != ids[i] || c.Body.Raw != want || all.contents[c.ID].Body.Raw != want {
			t.Errorf("%s came as %s with %d bytes", ids[i], c.ID, len(c.Body.Raw))
		}
	}
}

// TestConcurrentReads runs every method at once on one Reader.
func TestConcurrentReads(t *testing.T) {
	r := many(60).attachment("30", "10", "a").file("attachments/10/30/1", "x").open(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			all := scanAll(t, r)
			if len(all.contents) != 122 {
				t.Errorf("%d contents", len(all.contents))
			}
			if got := contentOf(t, r, all.contents["30"]); got != "x" {
				t.Errorf("got %q", got)
			}
		})
	}
	wg.Wait()
}

// TestKeptIndex is used again for the same bytes and made anew for others; Close leaves it alone.
func TestKeptIndex(t *testing.T) {
	path := rich().zip(t)
	index := filepath.Join(path+keptSuffix, indexName)
	first := func() os.FileInfo {
		r, err := Open(t.Context(), path, Options{Keep: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(scanAll(t, r).contents); n != 7 {
			t.Errorf("%d contents", n)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(index)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	made := first()
	if again := first(); !os.SameFile(made, again) {
		t.Error("the index was made again for the same bytes")
	}
	if err := os.WriteFile(path, zipped(t, rich().file("note", "x").all()), 0o600); err != nil {
		t.Fatal(err)
	}
	if other := first(); os.SameFile(made, other) {
		t.Error("the index of other bytes was used")
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 2 {
		t.Errorf("beside the export: %v, %v", left, err)
	}
}
