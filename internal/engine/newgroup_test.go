package engine_test

import (
	"slices"
	"testing"

	"github.com/tandem-sync/tandem/internal/reconcile"
)

// A group that an execution meets after it has begun is looked up like those that it knew before: a reader who has a
// counterpart is never left out.
func TestGroupThatIsMetLate(t *testing.T) {
	for name, to := range bothSides {
		t.Run(name, func(t *testing.T) {
			w := newHands(t)
			w.readAll()
			_, page := w.hand.Find(t.Context(), to.Other(), "A") // everybody who is used is known now
			w.personDoes(to.Other(), `{"restrict":{"page":"A","read":["group:g1","user:alice","user:ME"]}}`)
			if err := w.hand.ReadAgain(t.Context(), to.Other(), page.Content.ID); err != nil {
				t.Fatal(err)
			}
			r, err := w.hand.Plan(t.Context(), reconcile.TwoWay)
			if err != nil {
				t.Fatal(err)
			}
			w.apply(r.Changes...)
			if got := w.shown(to, "A").Restrictions.Read; !slices.Contains(got, "group:g1") {
				t.Errorf("%v can read it there", got)
			}
		})
	}
}
