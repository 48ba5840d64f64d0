package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// endAt ends the engine when the next write reaches a site, before its answer does.
func (w *syncWorld) endAt(i int) (ended <-chan struct{}) {
	done := make(chan struct{})
	first := true
	h := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || !first {
			w.sites[i].Handler().ServeHTTP(rw, r)
			return
		}
		first = false
		w.sites[i].Handler().ServeHTTP(rw, r)
		go func() {
			defer close(done)
			w.stop()
		}()
		<-r.Context().Done()
	}))
	w.front[i].Store(&h)
	w.t.Cleanup(func() { w.up(i) })
	return done
}

// A process that starts on what another one left goes on with its runs by itself; a start of the same plan meanwhile says
// what there is to do.
func TestRunGoesOnAfterARestart(t *testing.T) {
	w := newSync(t)
	w.fill()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site, p.Spaces = "m", "dc", "cloud", []migration.SpaceScope{migration.NewScope("K", "")}
	if _, err := w.engine.CreatePlan(ctx, p); err != nil {
		t.Fatal(err)
	}
	ended := w.endAt(1)
	id, err := w.engine.Start(ctx, "m")
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-ctx.Done():
		t.Fatal("nothing was written")
	}
	w.up(1)
	w.open()
	if _, err := w.engine.Start(ctx, "m"); confluence.AsError(err).Code != confluence.CodeUsage || !strings.Contains(confluence.AsError(err).Help(), "run resume "+id) {
		t.Errorf("a second start: %v", err)
	}
	w.clock.Advance(5 * time.Minute) // the lease of the one that ended is over
	run, err := w.engine.Wait(ctx, id)
	if err != nil || run.Status != migration.PlanFinished {
		t.Errorf("%+v, %v", run, err)
	}
}

// The same goes for the cycles of a pair: what was begun is looked up and ended, and nothing is written twice.
func TestCycleGoesOnAfterARestart(t *testing.T) {
	for from := range 2 {
		t.Run("to "+siteNames[1-from], func(t *testing.T) {
			t.Parallel()
			w := kept(t)
			w.tick(15 * time.Second)
			w.act(from, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
			w.act(from, `{"comment":{"page":"B","text":"<p>once</p>"}}`)
			ended := w.endAt(1 - from)
			w.clock.Advance(12 * time.Second)
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Fatal("nothing was written")
			}
			w.up(1 - from)
			w.open()
			(&hands{syncWorld: w}).timeout() // what was sent last may still be on its way, for a while
			w.sweep()
			if got := w.text(1-from, "A"); !strings.Contains(got, "A p1 edited") {
				t.Errorf("%s holds %q: %s", siteNames[1-from], got, w.story())
			}
			comments := 0
			for _, c := range w.dump(1 - from) {
				if body, _ := c["body"].(string); c["kind"] == "comment" && strings.Contains(body, "once") {
					comments++
				}
			}
			if open := w.open1(""); comments != 1 || len(open) != 0 {
				t.Errorf("%d comments, conflicts %+v: %s", comments, open, w.story())
			}
		})
	}
}
