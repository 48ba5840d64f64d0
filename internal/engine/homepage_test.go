package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/migration"
)

// migrateOnce runs plan "m" to its end, whatever that is.
func (w *syncWorld) migrateOnce() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site, p.Spaces = "m", "dc", "cloud", []migration.SpaceScope{migration.NewScope("K", "")}
	if _, err := w.store.Plan(ctx, "m"); err != nil {
		if _, err := w.engine.CreatePlan(ctx, p); err != nil {
			w.t.Fatal(err)
		}
	}
	id, err := w.engine.Start(ctx, "m")
	if err == nil {
		_, err = w.engine.Wait(ctx, id)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// A listing of the source that leaves out the home page makes no other page the home page of the destination.
func TestHomePageThatAListingLeavesOut(t *testing.T) {
	w := newSync(t)
	w.fill()
	var space struct{ Homepage struct{ ID json.Number } }
	w.ask(0, "GET", "/rest/api/space/K?expand=homepage", nil, &space)
	left := 0
	h := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		w.sites[0].Handler().ServeHTTP(rec, r)
		answer := rec.Body.Bytes()
		var list map[string]any
		if strings.HasSuffix(r.URL.Path, "/content/scan") && json.Unmarshal(answer, &list) == nil {
			rows, _ := list["results"].([]any)
			var kept []any
			for _, row := range rows {
				if id, _ := row.(map[string]any)["id"].(string); id != space.Homepage.ID.String() {
					kept = append(kept, row)
				} else {
					left++
				}
			}
			list["results"] = kept
			answer, _ = json.Marshal(list)
		}
		for name, values := range rec.Header() {
			if name != "Content-Length" {
				rw.Header()[name] = values
			}
		}
		rw.WriteHeader(rec.Code)
		_, _ = rw.Write(answer)
	}))
	w.front[0].Store(&h)
	w.migrateOnce()
	if left == 0 {
		t.Fatal("the home page was never left out")
	}
	w.up(0)
	w.migrateOnce()
	var there struct{ Results []struct{ HomepageID string } }
	w.ask(1, "GET", "/api/v2/spaces?keys=K", nil, &there)
	if p := w.page(1, w.home("Keep Home")); len(there.Results) != 1 || p == nil || p["id"] != there.Results[0].HomepageID {
		t.Errorf("the home page of the destination is %+v, not %v", there, p)
	}
}
