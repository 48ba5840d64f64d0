package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// contend lets both sides edit one paragraph of A differently and sweeps.
func contend(t *testing.T) (*syncWorld, engine.ConflictReport) {
	t.Helper()
	w := kept(t)
	w.clock.Advance(time.Minute)
	w.act(0, `{"edit":{"page":"A","block":"p1","to":"A p1 here"}}`)
	w.act(1, `{"edit":{"page":"A","block":"p1","to":"A p1 there"}}`)
	w.reset()
	r := w.sweep()
	if w.writes(0)+w.writes(1) != 0 || r.Open != 1 || r.Opened != 1 {
		t.Fatalf("%d writes, %d conflicts: %s", w.writes(0)+w.writes(1), r.Open, w.story())
	}
	list, err := w.engine.Conflicts(context.Background(), engine.ConflictFilter{Pair: "keep", State: store.ConflictOpen})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	return w, list[0]
}

func (w *syncWorld) text(i int, title string) string {
	w.t.Helper()
	p := w.page(i, title)
	if p == nil {
		return ""
	}
	b, _ := p["body"].(string)
	return b
}

// Bodies that both sides edited differently are held, each as its people wrote it, and everything that is needed to
// settle it is there.
func TestBothEdited(t *testing.T) {
	w, c := contend(t)
	full, err := w.engine.Conflict(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if full.Kind != "body" || full.Title != "A" || full.Versions[0] == 0 || full.Versions[1] == 0 {
		t.Errorf("conflict %+v", full)
	}
	if !strings.Contains(full.Base, "A p1 alpha") || !strings.Contains(full.Bodies[0], "A p1 here") || !strings.Contains(full.Bodies[1], "A p1 there") {
		t.Errorf("bodies %q %q %q", full.Base, full.Bodies[0], full.Bodies[1])
	}
	r, err := w.engine.Pair(context.Background(), "keep")
	if err != nil || r.Shows != "Conflicts" || r.Conflicts != 1 || r.InSync != r.Twins-1 {
		t.Errorf("it shows %q, %+v, %v", r.Shows, r, err)
	}
	// A held body stops neither other facets nor other pages.
	w.clock.Advance(time.Minute)
	w.act(0, `{"label":{"page":"A","add":["y"]}}`)
	w.act(1, `{"edit":{"page":"B","block":"p2","to":"B p2 there"}}`)
	if r := w.sweep(); verbs(r, 1) != `{"LB+":1}` || verbs(r, 0) != `{"PUT":1}` || r.Open != 1 {
		t.Errorf("carried %s and %s, %d conflicts: %s", verbs(r, 1), verbs(r, 0), r.Open, w.story())
	}
}

// A person settles a conflict with a side, with both, or with a text of their own; the next cycle writes nothing.
func TestResolveConflict(t *testing.T) {
	for _, tt := range []struct {
		name   string
		r      engine.Resolution
		want   []string
		writes [2]int64
	}{
		{"with A", engine.Resolution{Use: "dc"}, []string{"A p1 here"}, [2]int64{0, 1}},
		{"with B", engine.Resolution{Use: "cloud"}, []string{"A p1 there"}, [2]int64{1, 0}},
		{"with both", engine.Resolution{Use: "both"}, []string{"A p1 here", "A p1 there"}, [2]int64{1, 1}},
		{"with both, B first", engine.Resolution{Use: "both", First: "cloud"}, []string{"A p1 there", "A p1 here"}, [2]int64{1, 1}},
		{"with a file", engine.Resolution{File: []byte("<p>A p1 anew</p>")}, []string{"A p1 anew"}, [2]int64{1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, c := contend(t)
			w.reset()
			w.clock.Advance(time.Minute)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			tt.r.Versions = c.Versions
			after, err := w.engine.ResolveConflict(ctx, c.ID, tt.r)
			if err != nil || after.State != store.ConflictResolved {
				t.Fatalf("%s: %v: %s", after.State, err, w.story())
			}
			if got := [2]int64{w.writes(0), w.writes(1)}; got != tt.writes {
				t.Errorf("writes %v, want %v: %s", got, tt.writes, w.story())
			}
			for i := range 2 {
				text := w.text(i, "A")
				at := 0
				for _, part := range tt.want {
					found := strings.Index(text[at:], part)
					if found < 0 {
						t.Fatalf("%s holds %q, want %q in this order", siteNames[i], text, tt.want)
					}
					at += found
				}
			}
			w.clock.Advance(time.Minute)
			w.reset()
			if r := w.sweep(); w.writes(0)+w.writes(1) != 0 || r.Open != 0 {
				t.Errorf("the next sweep wrote %s %s, %d conflicts: %s", verbs(r, 0), verbs(r, 1), r.Open, w.story())
			}
		})
	}
}

// What cannot be meant is refused, and a conflict about which somebody has written meanwhile is looked at first.
func TestResolveRefuses(t *testing.T) {
	w, c := contend(t)
	ctx := context.Background()
	_, err := w.engine.ResolveConflict(ctx, c.ID, engine.Resolution{Use: "elsewhere"})
	wantCode(t, "a stranger", err, confluence.CodeUsage)
	_, err = w.engine.ResolveConflict(ctx, c.ID, engine.Resolution{File: []byte("<p>open")})
	wantCode(t, "an ill-formed file", err, confluence.CodeBadFile)
	_, err = w.engine.ResolveConflict(ctx, c.ID, engine.Resolution{Use: "dc", Versions: [2]int{c.Versions[0], c.Versions[1] - 1}})
	wantCode(t, "an older version", err, confluence.CodeStale)
	_, err = w.engine.ResolveConflict(ctx, "C-99", engine.Resolution{Use: "dc"})
	wantCode(t, "a conflict that is none", err, confluence.CodeNoSuchName)
	// Somebody writes on the side that would be replaced, and the person decides without having seen it.
	w.clock.Advance(time.Minute)
	w.act(1, `{"edit":{"page":"A","block":"p2","to":"A p2 there"}}`)
	_, err = w.engine.ResolveConflict(ctx, c.ID, engine.Resolution{Use: "dc", Versions: c.Versions})
	wantCode(t, "a side that moved on", err, confluence.CodeConflict)
	if !strings.Contains(w.text(1, "A"), "A p2 there") {
		t.Errorf("what nobody had seen was replaced: %s", w.text(1, "A"))
	}
}

// A conflict closes by itself when people make both sides say the same.
func TestConflictClosesItself(t *testing.T) {
	w, c := contend(t)
	w.clock.Advance(time.Minute)
	w.act(1, `{"edit":{"page":"A","block":"p1","to":"A p1 here"}}`)
	w.reset()
	r := w.sweep()
	if w.writes(0)+w.writes(1) != 0 || r.Open != 0 || r.Closed != 1 {
		t.Errorf("%d open, %d closed: %s", r.Open, r.Closed, w.story())
	}
	after, err := w.engine.Conflict(context.Background(), c.ID)
	if err != nil || after.State != store.ConflictClosed {
		t.Errorf("%s is %s, %v", c.ID, after.State, err)
	}
}

// What was edited before it was deleted is no less an edit: the page comes back, and the two edits are a conflict. Nothing
// is written over either.
func TestEditedThenTrashed(t *testing.T) {
	for _, side := range []int{0, 1} {
		t.Run([]string{"at A", "at B"}[side], func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			w.clock.Advance(time.Minute)
			w.act(side, `{"edit":{"page":"A2","block":"p1","to":"A2 p1 edited before"}}`)
			w.act(side, `{"trash":"A2"}`)
			w.act(1-side, `{"edit":{"page":"A2","block":"p1","to":"A2 p1 edited meanwhile"}}`)
			var r engine.CycleReport
			for range 3 {
				w.clock.Advance(time.Minute)
				r = w.sweep()
			}
			if r.Open != 1 {
				t.Errorf("%d conflicts: %s", r.Open, w.story())
			}
			for i, word := range map[int]string{side: "A2 p1 edited before", 1 - side: "A2 p1 edited meanwhile"} {
				if !strings.Contains(string(w.sites[i].Dump("full")), word) {
					t.Errorf("%q is lost", word)
				}
			}
		})
	}
}

// A page that was archived on one side stays as it is on the other. That is written down once.
func TestArchivedOnce(t *testing.T) {
	w := kept(t)
	w.clock.Advance(time.Minute)
	w.act(1, `{"archive":"C"}`)
	for n := range 3 {
		w.sweep()
		list, err := w.engine.Conflicts(context.Background(), engine.ConflictFilter{Pair: "keep", Kind: "archived", State: store.ConflictClosed})
		if err != nil || len(list) != 1 {
			t.Fatalf("after sweep %d: %+v, %v", n+1, list, err)
		}
		w.clock.Advance(time.Minute)
	}
}

// A page that was moved below one that the other side has no longer stands elsewhere there. That is written down when it is
// found, and not again by each sweep that finds it.
func TestStandsElsewhereOnce(t *testing.T) {
	w := kept(t)
	w.clock.Advance(time.Minute)
	w.act(0, `{"moveOut":{"page":"B","space":"EMPTY"}}`)
	w.act(1, `{"move":{"page":"C","under":"B"}}`)
	records := func() (out []engine.ConflictReport) {
		list, err := w.engine.Conflicts(context.Background(), engine.ConflictFilter{Pair: "keep", Kind: "parent", State: store.ConflictClosed})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if c.Title == "C" {
				out = append(out, c)
			}
		}
		return out
	}
	for n := range 3 {
		w.sweep()
		if list := records(); len(list) != 1 || !strings.Contains(list[0].What, "stands elsewhere at dc") {
			t.Fatalf("after sweep %d: %+v", n+1, list)
		}
		w.clock.Advance(time.Minute)
	}
	w.act(1, `{"move":{"page":"C","under":"A"}}`)
	w.sweep()
	if len(records()) != 1 {
		t.Errorf("what stands where it should is written down: %+v", records())
	}
}
