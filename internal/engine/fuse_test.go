package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/engine"
)

// What comes from no person in three cycles in a row is left alone from then on, says so by a conflict, and is carried when a
// person decides about it. What people do, with or without a version, cuts nothing off.
func TestFuse(t *testing.T) {
	w := kept(t, func(p *engine.PairSpec) { p.Mode = "on-demand" })
	for i := range 4 {
		action := fmt.Sprintf(`{"body":{"page":"A","text":"<p>again %d</p>"}}`, i)
		if _, err := w.sites[1].Act("svc-tandem", json.RawMessage(action)); err != nil {
			t.Fatal(err)
		}
		w.act(0, fmt.Sprintf(`{"label":{"page":"A","add":["l%d"]}}`, i))
		w.act(1, fmt.Sprintf(`{"body":{"page":"B","text":"<p>person %d</p>"}}`, i))
		w.sweep()
	}
	if got := w.text(0, "A"); !strings.Contains(got, "again 2") {
		t.Errorf("the Data Center holds %q: %s", got, w.story())
	}
	if got := w.text(0, "B"); !strings.Contains(got, "person 3") {
		t.Errorf("a person's edits are cut off: %q: %s", got, w.story())
	}
	if got := fmt.Sprint(w.page(1, "A")["labels"]); !strings.Contains(got, "l3") {
		t.Errorf("a person's labels are cut off: %s: %s", got, w.story())
	}
	open := w.open1("")
	if len(open) != 1 || open[0].Kind != "fuse" || open[0].Facet != "body" {
		t.Fatalf("conflicts %+v: %s", open, w.story())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := w.engine.ResolveConflict(ctx, open[0].ID, engine.Resolution{Use: "cloud"}); err != nil {
		t.Fatalf("%v: %s", err, w.story())
	}
	if got := w.text(0, "A"); !strings.Contains(got, "again 3") {
		t.Errorf("the Data Center holds %q after a person decided: %s", got, w.story())
	}
}
