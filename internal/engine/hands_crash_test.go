package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// dieAfterWrite lets the process be gone when the next write to a side has been made: its answer is seen by nobody, and
// nothing more is written down.
func (w *hands) dieAfterWrite(side confluence.Side, die func()) {
	dead := false
	h := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || dead {
			w.sites[side].Handler().ServeHTTP(rw, r)
			return
		}
		dead = true
		w.sites[side].Handler().ServeHTTP(httptest.NewRecorder(), r)
		die()
		rw.WriteHeader(http.StatusBadGateway)
	}))
	w.front[side].Store(&h)
	w.t.Cleanup(func() { w.front[side].Store(nil) })
}

// TestNothingIsLostByACrash ends the process after a write was made and before its answer was known, lets a person go on
// writing, lets the next execution see that first, and only then look up what became of the write. Both sides end equal,
// with everything the person wrote, nothing twice.
func TestNothingIsLostByACrash(t *testing.T) {
	for name, to := range bothSides {
		for _, d := range deeds {
			t.Run(fmt.Sprintf("%s %s", d.verb, name), func(t *testing.T) {
				t.Parallel()
				w := newHands(t)
				from := to.Other()
				w.play(from, d.first...)
				w.tombs()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				w.dieAfterWrite(to, cancel)
				for _, a := range d.acts {
					w.personDoes(from, a)
				}
				w.readAll()
				r, err := w.hand.Plan(t.Context(), reconcile.TwoWay)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.hand.Apply(ctx, r.Changes...); err == nil {
					t.Fatal("nobody died")
				}
				if d.verb != confluence.VerbTrash {
					w.act(int(from), `{"insert":{"page":"A","text":"later words"}}`)
				}
				w.begin()
				w.readAll()
				if err := w.hand.Settle(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.play(from)
				if wrong := d.holds(w, to); wrong != "" && d.verb != confluence.VerbPut {
					t.Error(wrong)
				}
				w.nothingLeft()
				if a, b := w.texts(confluence.A), w.texts(confluence.B); !slices.Equal(a, b) {
					t.Errorf("they differ:\n%q\n%q", a, b)
				}
			})
		}
	}
}

// texts lists titles and bodies of what is current on a side.
func (w *hands) texts(side confluence.Side) []string {
	var out []string
	for _, c := range w.all(side) {
		if c.Status == "current" && c.Space == "K" {
			title := c.Title
			if title == w.home || c.Kind == "comment" {
				title = ""
			}
			out = append(out, c.Kind+" "+title+": "+c.Body)
		}
	}
	slices.Sort(out)
	return out
}
