package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

// A page that is gone for good, without a trace in the trash, counts as deleted only where an account that may see everything
// misses it in two sweeps that are apart. Where nobody can look past restrictions it is never deleted for that.
func TestPurgedPageNeedsTwoSweeps(t *testing.T) {
	for _, tt := range []struct {
		from int
		goes bool // Cloud alone has an admin key, where the site has a plan with one
	}{{0, false}, {1, false}, {1, true}} {
		from, goes := tt.from, tt.goes
		t.Run(fmt.Sprintf("on %s %v", siteNames[from], goes), func(t *testing.T) {
			t.Parallel()
			w := kept(t, func(p *engine.PairSpec) { p.Mode = "on-demand" })
			if goes {
				if err := w.sites[1].SetOptions(map[string]string{"AU-09": "on"}); err != nil {
					t.Fatal(err)
				}
			}
			status := func() any { return w.page(1-from, "C")["status"] }
			w.act(from, `{"purge":"C"}`)
			for range 2 {
				if r := w.sweep(); r.Unknown[from] != 1 || status() != "current" {
					t.Errorf("unknown %v, %s shows it %v: %s", r.Unknown, siteNames[1-from], status(), w.story())
				}
			}
			w.clock.Advance(2 * time.Minute)
			w.sweep()
			w.sweep()
			if gone := status() == "trashed"; gone != goes {
				t.Errorf("%s shows it %v: %s", siteNames[1-from], status(), w.story())
			}
		})
	}
}

// What people do without a version, and no listing of a site shows, arrives within half an hour at the defaults.
func TestLabelsAndRestrictionsArriveInTime(t *testing.T) {
	for from := range 2 {
		t.Run("from "+siteNames[from], func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			w.tick(3 * time.Minute)
			titles := []string{"A", "B", "C", "A1", "A2", "A1a"}
			for _, title := range titles {
				w.act(from, fmt.Sprintf(`{"label":{"page":%q,"add":["late"]}}`, title))
			}
			w.act(from, `{"restrict":{"page":"A2","read":["group:g1","user:svc-tandem"]}}`)
			w.tick(30 * time.Minute)
			for _, title := range titles {
				if got := fmt.Sprint(w.page(1-from, title)["labels"]); !strings.Contains(got, "late") {
					t.Errorf("%s of %s has labels %s: %s", title, siteNames[1-from], got, w.story())
				}
			}
			if got := fmt.Sprint(w.page(1-from, "A2")["restrictions"]); !strings.Contains(got, "g1") {
				t.Errorf("A2 of %s has restrictions %s", siteNames[1-from], got)
			}
		})
	}
}

// A link into a space that another pair keeps, under another key on each side, leads to the twin on both.
func TestLinksBetweenPairsOfOtherKeys(t *testing.T) {
	for from := range 2 {
		t.Run("from "+siteNames[from], func(t *testing.T) {
			t.Parallel()
			w := newSync(t)
			w.fill()
			w.space(0, "L", "Other")
			page := map[string]any{"type": "page", "title": "P", "space": map[string]any{"key": "L"},
				"body": map[string]any{"storage": map[string]any{"value": "<p>p</p>", "representation": "storage"}}}
			if status := w.ask(0, "POST", "/rest/api/content", page, nil); status != 200 {
				t.Fatal(status)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p := migration.NewPlan()
			p.Name, p.From.Site, p.To.Site, p.Spaces = "l", "dc", "cloud", []migration.SpaceScope{migration.NewScope("L", "LX")}
			if _, err := w.engine.CreatePlan(ctx, p); err != nil {
				t.Fatal(err)
			}
			id, err := w.engine.Start(ctx, "l")
			if err == nil {
				_, err = w.engine.Wait(ctx, id)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.adopt(func(p *engine.PairSpec) { p.Mode = "on-demand" })
			keys := [2]string{"L", "LX"}
			const link = `<p>see <ac:link><ri:page ri:space-key=\"%s\" ri:content-title=\"P\" /></ac:link></p>`
			w.act(from, fmt.Sprintf(`{"body":{"page":"A","text":"`+link+`"}}`, keys[from]))
			w.sweep()
			if got := w.text(1-from, "A"); !strings.Contains(got, `ri:space-key="`+keys[1-from]+`"`) {
				t.Errorf("%s holds %s: %s", siteNames[1-from], got, w.story())
			}
			w.reset()
			w.sweep()
			if n := w.writes(0) + w.writes(1); n != 0 {
				t.Errorf("%d writes afterwards: %s", n, w.story())
			}
		})
	}
}
