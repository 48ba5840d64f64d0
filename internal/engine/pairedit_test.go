package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

// turn changes the direction of the pair and takes the baseline that this asks for.
func (w *syncWorld) turn(direction string) {
	w.t.Helper()
	ctx := context.Background()
	r, err := w.engine.EditPair(ctx, "keep", func(p *engine.PairSpec) error { p.Direction = direction; return nil })
	if err != nil || r.State != migration.PairBaselining || !strings.Contains(r.Next, "baseline") {
		w.t.Fatalf("%s: %+v, %v", direction, r, err)
	}
	w.reset()
	_, err = w.trySweep(engine.SyncOptions{})
	wantCode(w.t, "a cycle without a baseline", err, confluence.CodePairState)
	preview, err := w.engine.BaselinePair(ctx, "keep", "")
	if err != nil {
		w.t.Fatal(err)
	}
	if preview.Matched.Title != 0 || preview.Differing != 1 {
		w.t.Errorf("preview %+v", preview)
	}
	if _, err := w.engine.BaselinePair(ctx, "keep", preview.Digest); err != nil {
		w.t.Fatal(err)
	}
	w.idle()
}

// A change of direction asks for a new baseline, and nothing is written until it is confirmed. What waited is an edit, or a
// delete, as it was before.
func TestDirectionIsChanged(t *testing.T) {
	w := kept(t, func(p *engine.PairSpec) { p.Mode = "on-demand" })
	w.act(1, `{"edit":{"page":"A","block":"p1","to":"A p1 of Cloud"}}`)
	w.act(0, `{"trash":"C"}`)
	w.turn("to:cloud")
	w.sweep()
	if got := w.text(0, "A"); strings.Contains(got, "of Cloud") {
		t.Errorf("carried against the direction: %s", got)
	}
	if open := w.open1(""); len(open) != 1 || open[0].Kind != "body" || !strings.Contains(open[0].What, "edited at the destination") {
		t.Errorf("conflicts %+v: %s", open, w.story())
	}
	for i := range 2 {
		if p := w.page(i, "C"); p == nil || p["status"] != "trashed" {
			t.Errorf("%s: C is %v", siteNames[i], p)
		}
	}
	w.turn("both")
	w.sweep()
	if got := w.text(0, "A"); !strings.Contains(got, "of Cloud") {
		t.Errorf("an edit that waited is not carried: %s: %s", got, w.story())
	}
	if open := w.open1(""); len(open) != 0 {
		t.Errorf("conflicts %+v", open)
	}
	r, err := w.engine.EditPair(t.Context(), "keep", func(p *engine.PairSpec) error { p.Deletes = "ignore"; return nil })
	if err != nil || r.State != migration.PairActive {
		t.Errorf("%+v, %v: no new baseline is needed", r, err)
	}
}
