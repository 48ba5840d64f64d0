package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// refuseWrites lets a site refuse every write for good, and counts them.
func (w *syncWorld) refuseWrites(i int) (refused func() int) {
	n := 0
	h := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "propert") || strings.HasSuffix(r.URL.Path, "users-bulk") {
			w.sites[i].Handler().ServeHTTP(rw, r)
			return
		}
		n++
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		_, _ = rw.Write([]byte(`{"statusCode":400,"message":"no"}`))
	}))
	w.front[i].Store(&h)
	return func() int { defer func() { n = 0 }(); return n }
}

func (w *syncWorld) open1(kind string) []engine.ConflictReport {
	w.t.Helper()
	list, err := w.engine.Conflicts(context.Background(), engine.ConflictFilter{Pair: "keep", State: store.ConflictOpen, Kind: kind})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// A write that a site refuses again and again becomes a conflict and is left alone, but for a try now and then; it is
// carried when the site takes it, at once if a person says so or somebody changes what is to be written.
func TestRefusedAgainAndAgain(t *testing.T) {
	for from := range 2 {
		t.Run("by "+siteNames[1-from], func(t *testing.T) {
			t.Parallel()
			to := 1 - from
			refuse := func() (*syncWorld, func() int) {
				w := kept(t, func(p *engine.PairSpec) { p.Feed, p.Sweep = "24h", "24h" })
				refused := w.refuseWrites(to)
				w.act(from, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
				w.act(from, `{"create":{"title":"D","under":"B","text":"<p>D p1</p>"}}`)
				for range 3 {
					w.sweep()
				}
				if refused() < 3 {
					t.Errorf("too few writes were refused: %s", w.story())
				}
				for range 3 {
					w.sweep()
				}
				if n := refused(); n != 0 {
					t.Errorf("%d writes after the third refusal: %s", n, w.story())
				}
				open := w.open1("refused")
				if len(open) != 2 || !strings.Contains(open[0].What, siteNames[to]+" refuses it") {
					t.Errorf("conflicts %+v", open)
				}
				return w, refused
			}
			arrived := func(w *syncWorld, what string) {
				w.sweep()
				if open := w.open1(""); len(open) != 0 || !strings.Contains(w.text(to, "A"), what) || w.page(to, "D") == nil {
					t.Errorf("%s shows %q, conflicts %+v: %s", siteNames[to], w.text(to, "A"), open, w.story())
				}
			}
			t.Run("tried now and then", func(t *testing.T) {
				w, refused := refuse()
				w.clock.Advance(16 * time.Minute)
				w.sweep()
				if n := refused(); n != 2 {
					t.Errorf("%d writes after a while: %s", n, w.story())
				}
				w.clock.Advance(16 * time.Minute)
				w.sweep()
				if n := refused(); n != 0 {
					t.Errorf("%d writes, and twice the time is not over: %s", n, w.story())
				}
				w.up(to)
				w.clock.Advance(16 * time.Minute)
				w.sweep()
				arrived(w, "A p1 edited")
			})
			t.Run("decided", func(t *testing.T) {
				w, _ := refuse()
				w.up(to)
				for _, c := range w.open1("refused") {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					if _, err := w.engine.ResolveConflict(ctx, c.ID, engine.Resolution{Use: siteNames[from]}); err != nil {
						t.Errorf("%s: %v", c.What, err)
					}
					cancel()
				}
				arrived(w, "A p1 edited")
			})
			t.Run("edited", func(t *testing.T) {
				w, _ := refuse()
				w.up(to)
				w.act(from, `{"edit":{"page":"A","block":"p1","to":"A p1 edited again"}}`)
				w.act(from, `{"rename":{"page":"D","to":"D2"}}`)
				w.act(from, `{"rename":{"page":"D2","to":"D"}}`)
				w.clock.Advance(16 * time.Minute)
				w.sweep()
				arrived(w, "A p1 edited again")
			})
		})
	}
}

// What waits for a change that a site refuses is named too, and goes when that one is carried.
func TestWaitsForWhatIsRefused(t *testing.T) {
	t.Parallel()
	w := kept(t, func(p *engine.PairSpec) { p.Feed, p.Sweep = "24h", "24h" })
	refused := w.refuseWrites(1)
	w.act(0, `{"create":{"title":"D","under":"B","text":"<p>D p1</p>"}}`)
	w.act(0, `{"create":{"title":"E","under":"D","text":"<p>E p1</p>"}}`)
	w.act(0, `{"comment":{"page":"E","text":"<p>E c1</p>"}}`)
	for range 5 {
		w.sweep()
	}
	if n := refused(); n != 3 {
		t.Errorf("%d writes were refused: %s", n, w.story())
	}
	var got []string
	for _, c := range w.open1("refused") {
		got = append(got, c.Title+": "+c.What)
	}
	if len(got) != 2 || !strings.Contains(strings.Join(got, "\n"), `E: waits for a change of "D"`) {
		t.Errorf("conflicts %q", got)
	}
	w.up(1)
	w.clock.Advance(16 * time.Minute)
	w.sweep()
	if open := w.open1(""); len(open) != 0 || w.page(1, "E") == nil {
		t.Errorf("conflicts %+v: %s", open, w.story())
	}
}
