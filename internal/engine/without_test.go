package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tandem-sync/tandem/internal/reconcile"
)

// TestWithout drops changes from a list in which some wait for what stands behind them.
func TestWithout(t *testing.T) {
	changes := []reconcile.Change{
		{N: 0, Twin: "a", Waits: []int{2}},
		{N: 1, Twin: "b", Waits: []int{2, 3}},
		{N: 2, Twin: "home"},
		{N: 3, Twin: "c", Needs: []int{0}},
		{N: 4, Twin: "d", Needs: []int{3}, Waits: []int{1}},
	}
	got := func(dropped string) []reconcile.Change {
		return without(changes, func(c reconcile.Change) bool { return string(c.Twin) == dropped })
	}
	for dropped, want := range map[string][]reconcile.Change{
		"":     changes,
		"home": {{N: 0, Twin: "a"}, {N: 1, Twin: "b", Waits: []int{2}}, {N: 2, Twin: "c", Needs: []int{0}}, {N: 3, Twin: "d", Needs: []int{2}, Waits: []int{1}}},
		"b":    {{N: 0, Twin: "a", Waits: []int{1}}, {N: 1, Twin: "home"}, {N: 2, Twin: "c", Needs: []int{0}}, {N: 3, Twin: "d", Needs: []int{2}}},
		"a":    {{N: 0, Twin: "b", Waits: []int{1}}, {N: 1, Twin: "home"}},
	} {
		if diff := cmp.Diff(want, got(dropped), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("without %q:\n%s", dropped, diff)
		}
	}
}
