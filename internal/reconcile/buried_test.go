package reconcile_test

import (
	"slices"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// TestBuriedEdit brings a page back that was edited on both sides and then deleted on one. What tandem wrote to it since,
// here its title, made a newer version than that of the edit: no version tells that there is one.
func TestBuriedEdit(t *testing.T) {
	at := func(text string) (d [8]confluence.Digest) {
		d[reconcile.Body.Index()] = confluence.Sum([]byte(text))
		return d
	}
	node := func(side confluence.Side, status confluence.Status, text string) reconcile.Node {
		return reconcile.Node{Twin: "p", ID: confluence.ID([2]string{"pA", "pB"}[side]), Kind: confluence.Page, Status: status, Title: "P", Version: 3,
			Read: reconcile.Title | reconcile.Parent | reconcile.Body, Digest: at(text)}
	}
	base := reconcile.Agreed{Twin: "p", Kind: confluence.Page, ID: [2]confluence.ID{"pA", "pB"}, Version: [2]int{3, 1}, Title: [2]string{"P", "P"},
		Facets: reconcile.Title | reconcile.Parent | reconcile.Body, Digest: [2][8]confluence.Digest{at("agreed"), at("agreed")}}
	policy := reconcile.Policy{Mode: reconcile.TwoWay, Facets: ^reconcile.Facets(0), Sweep: true, Deletes: reconcile.DeletesPropagate}
	r := reconcile.Plan(slices.Values([]reconcile.Agreed{base}), [2][]reconcile.Node{
		{node(confluence.A, confluence.Trashed, "one edit")}, {node(confluence.B, confluence.Current, "another edit")},
	}, policy)
	if len(r.Changes) != 1 || r.Changes[0].Verb != confluence.VerbRestore || r.Changes[0].Side != confluence.A {
		t.Errorf("changes %+v: want the restore alone", r.Changes)
	}
	if !slices.ContainsFunc(r.Clashes, func(c reconcile.Clash) bool { return c.Open && c.Facet == reconcile.Body }) {
		t.Errorf("clashes %+v: want an open one about the body", r.Clashes)
	}
}
