package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

// fillBoth makes the common start of the scenarios on both sites, by their people.
func (w *syncWorld) fillBoth() {
	w.t.Helper()
	w.space(1, "K", "Keep")
	w.fill()
	var home string
	for _, c := range w.dump(1) {
		if c["space"] == "K" && c["kind"] == "page" {
			home = c["title"].(string)
		}
	}
	w.act(1, fmt.Sprintf(`{"rename":{"page":%q,"to":"Keep Home"}}`, home))
	for i, at := range []string{w.home("Keep Home"), "Keep Home"} {
		w.act(i, fmt.Sprintf(`{"body":{"page":%q,"text":"<p>home p1</p>"}}`, at))
	}
	home = "Keep Home"
	for _, p := range [][2]string{{"A", home}, {"B", home}, {"C", home}, {"A1", "A"}, {"A2", "A"}, {"A1a", "A1"}} {
		w.act(1, fmt.Sprintf(`{"create":{"title":%q,"under":%q,"text":"<p>%[1]s p1 alpha</p><p>%[1]s p2 beta</p>"}}`, p[0], p[1]))
	}
	w.act(1, `{"label":{"page":"A","add":["x"]}}`)
	w.act(1, `{"attach":{"page":"A","name":"f.png","bytes":"A f.png"}}`)
	w.act(1, `{"comment":{"page":"A","text":"<p>A c1</p>"}}`)
}

func (w *syncWorld) baseline() engine.BaselinePreview {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := w.engine.BaselinePair(ctx, "keep", "")
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// Two spaces that nobody migrated become a pair: what is equal is agreed on, and the first cycle writes nothing.
func TestBaselineOfEqualSpaces(t *testing.T) {
	w := newSync(t)
	w.fillBoth()
	ctx := context.Background()
	if _, err := w.engine.CreatePair(ctx, w.spec("keep")); err != nil {
		t.Fatal(err)
	}
	w.reset()
	b := w.baseline()
	if b.Matched.Title != 7 || b.Equal != 7 || b.Differing != 0 || b.Only != [2]int{} || len(b.Rows) != 0 {
		t.Errorf("preview %+v", b)
	}
	if n := w.writes(0) + w.writes(1); n != 0 {
		t.Errorf("a preview wrote %d times", n)
	}
	_, err := w.engine.BaselinePair(ctx, "keep", "000000000000")
	wantCode(t, "another digest", err, confluence.CodeStale)
	w.clock.Advance(time.Minute)
	w.act(1, `{"edit":{"page":"B","block":"p1","to":"B p1 meanwhile"}}`)
	taken, err := w.engine.BaselinePair(ctx, "keep", b.Digest)
	if err != nil || !taken.Taken || taken.State != migration.PairActive {
		t.Fatalf("%+v, %v", taken, err)
	}
	w.idle()
	// What somebody wrote between preview and confirmation is an edit of theirs.
	if got := w.text(0, "B"); !strings.Contains(got, "meanwhile") || w.writes(0) != 1 || w.writes(1) != 0 {
		t.Errorf("B on dc is %q after %d and %d writes: %s", got, w.writes(0), w.writes(1), w.story())
	}
	w.reset()
	if r := w.sweep(); w.writes(0)+w.writes(1) != 0 || r.Open != 0 {
		t.Errorf("the next sweep wrote %s %s: %s", verbs(r, 0), verbs(r, 1), w.story())
	}
}

// What differs is contested and stays as it is, what is on one side alone is listed, and nothing is created before the
// preview is confirmed.
func TestBaselineOfDifferingSpaces(t *testing.T) {
	w := newSync(t)
	w.fillBoth()
	w.act(0, `{"edit":{"page":"A","block":"p1","to":"A p1 here"}}`)
	w.act(1, `{"edit":{"page":"A","block":"p1","to":"A p1 there"}}`)
	w.act(0, `{"create":{"title":"Only","under":"B","text":"<p>only here</p>"}}`)
	w.act(1, `{"move":{"page":"A2","under":"B"}}`)
	ctx := context.Background()
	if _, err := w.engine.CreatePair(ctx, w.spec("keep")); err != nil {
		t.Fatal(err)
	}
	w.reset()
	b := w.baseline()
	if b.Equal != 5 || b.Differing != 2 || b.Only != [2]int{1, 0} {
		t.Errorf("preview %+v", b)
	}
	if _, err := w.engine.BaselinePair(ctx, "keep", b.Digest); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if w.page(1, "Only") == nil || !strings.Contains(w.text(0, "A"), "here") || !strings.Contains(w.text(1, "A"), "there") {
		t.Errorf("A is %q and %q: %s", w.text(0, "A"), w.text(1, "A"), w.story())
	}
	if w.writes(0) != 0 || w.writes(1) != 1 {
		t.Errorf("%d and %d writes: %s", w.writes(0), w.writes(1), w.story())
	}
	list, err := w.engine.Conflicts(ctx, engine.ConflictFilter{Pair: "keep", State: "open"})
	if err != nil || len(list) != 2 {
		t.Errorf("conflicts %+v, %v", list, err)
	}
}
