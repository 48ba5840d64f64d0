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
	unread := node(confluence.A, confluence.Trashed, "")
	unread.Read &^= reconcile.Body
	for _, buried := range []reconcile.Node{node(confluence.A, confluence.Trashed, "one edit"), unread} {
		r := reconcile.Plan(slices.Values([]reconcile.Agreed{base}), [2][]reconcile.Node{{buried}, {node(confluence.B, confluence.Current, "another edit")}}, policy)
		if len(r.Changes) != 1 || r.Changes[0].Verb != confluence.VerbRestore || r.Changes[0].Side != confluence.A {
			t.Errorf("changes %+v: want the restore alone", r.Changes)
		}
		open := slices.ContainsFunc(r.Clashes, func(c reconcile.Clash) bool { return c.Open && c.Facet == reconcile.Body })
		if read := buried.Read.Has(reconcile.Body); open != read {
			t.Errorf("clashes %+v: an open one about the body: %v, want %v", r.Clashes, open, read)
		}
	}
}

// TestFileInTheTrash: no API takes a file out of the trash. One that was thrown away comes back by an upload; of one that
// went with its page it is seen whether it comes back with it.
func TestFileInTheTrash(t *testing.T) {
	all := reconcile.Title | reconcile.Parent | reconcile.Body | reconcile.File
	digest := func(f reconcile.Facets, text string) (d [8]confluence.Digest) {
		d[f.Index()] = confluence.Sum([]byte(text))
		return d
	}
	page := func(status confluence.Status, body string) reconcile.Node {
		return reconcile.Node{Twin: "p", ID: "p", Kind: confluence.Page, Status: status, Title: "P", Version: 1,
			Read: reconcile.Title | reconcile.Parent | reconcile.Body, Digest: digest(reconcile.Body, body)}
	}
	file := func(status confluence.Status, bytes string) reconcile.Node {
		return reconcile.Node{Twin: "f", ID: "f", Kind: confluence.Attachment, Status: status, Title: "f.txt", Parent: "p", Version: 1,
			Read: reconcile.File, Digest: digest(reconcile.File, bytes)}
	}
	base := []reconcile.Agreed{
		{Twin: "f", Kind: confluence.Attachment, ID: [2]confluence.ID{"f", "f"}, Version: [2]int{1, 1}, Title: [2]string{"f.txt", "f.txt"}, Parent: "p", Facets: all,
			Digest: [2][8]confluence.Digest{digest(reconcile.File, "bytes"), digest(reconcile.File, "bytes")}},
		{Twin: "p", Kind: confluence.Page, ID: [2]confluence.ID{"p", "p"}, Version: [2]int{1, 1}, Title: [2]string{"P", "P"}, Facets: all,
			Digest: [2][8]confluence.Digest{digest(reconcile.Body, "text"), digest(reconcile.Body, "text")}},
	}
	policy := reconcile.Policy{Mode: reconcile.TwoWay, Facets: ^reconcile.Facets(0), Sweep: true, Deletes: reconcile.DeletesPropagate}
	for _, c := range []struct {
		name  string
		a, b  []reconcile.Node
		verbs []confluence.Verb
	}{
		{"thrown away, and replaced on the other side", []reconcile.Node{file(confluence.Current, "new"), page(confluence.Current, "text")},
			[]reconcile.Node{file(confluence.Trashed, "bytes"), page(confluence.Current, "text")}, []confluence.Verb{confluence.VerbAttach}},
		{"gone with its page, which comes back", []reconcile.Node{file(confluence.Current, "new"), page(confluence.Current, "new")},
			[]reconcile.Node{file(confluence.Trashed, "bytes"), page(confluence.Trashed, "text")}, []confluence.Verb{confluence.VerbRestore, confluence.VerbPut}},
	} {
		r := reconcile.Plan(slices.Values(base), [2][]reconcile.Node{c.a, c.b}, policy)
		var verbs []confluence.Verb
		for _, ch := range r.Changes {
			verbs = append(verbs, ch.Verb)
		}
		if !slices.Equal(verbs, c.verbs) {
			t.Errorf("%s: %v, want %v", c.name, verbs, c.verbs)
		}
	}
}
