package engine_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// refusals counts the writes that a site refuses for what they say.
func (w *syncWorld) refusals(i int) *atomic.Int64 {
	var n atomic.Int64
	var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		w.sites[i].Handler().ServeHTTP(rec, r)
		if rec.Code == http.StatusBadRequest {
			n.Add(1)
		}
		for name, values := range rec.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(rec.Code)
		rw.Write(rec.Body.Bytes())
	})
	w.front[i].Store(&h)
	return &n
}

// TestTitleInTheTrash carries new pages to a site that keeps the titles of what lies in its trash. The first refusal tells
// that it does, and what has the title; the page comes under another one in the same cycle. From then on nothing that is
// known to lie there is asked for again.
func TestTitleInTheTrash(t *testing.T) {
	for i := range 2 {
		t.Run(siteNames[i], func(t *testing.T) {
			t.Parallel()
			var options [2]map[string]string
			options[i] = map[string]string{"PA-09": "yes"}
			w := newSyncWith(t, options)
			w.fill()
			w.adopt()
			w.clock.Advance(time.Minute)
			create := func(i int, title string) string {
				return w.act(i, fmt.Sprintf(`{"create":{"title":%q,"under":"A","text":"<p>%s on %s</p>"}}`, title, title, siteNames[i]))[0]
			}
			trash := func(i int, page string) { w.act(i, fmt.Sprintf(`{"trash":%q}`, page)) }
			refused := w.refusals(i)
			trash(i, create(i, "Held"))
			create(1-i, "Held")
			w.sweep()
			suffix := " (" + siteNames[1-i] + ")"
			for side := range 2 {
				if w.page(side, "Held"+suffix) == nil {
					t.Errorf("%q did not come to %s: %s", "Held"+suffix, siteNames[side], w.story())
				}
			}
			if n := refused.Load(); n != 1 {
				t.Errorf("%d writes refused, 1 tells", n)
			}
			create(1-i, "Kept")
			w.sweep()
			trash(i, "Kept")
			w.clock.Advance(time.Minute)
			w.sweep()
			refused.Store(0)
			create(1-i, "Kept")
			w.clock.Advance(time.Minute)
			w.sweep()
			if w.page(i, "Kept"+suffix) == nil || refused.Load() != 0 {
				t.Errorf("%d writes refused though it is known what lies in the trash: %s", refused.Load(), w.story())
			}
		})
	}
}
