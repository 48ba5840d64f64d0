package reconcile

import (
	"fmt"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// BenchmarkSmallCases plans a small space that was changed a little; at least 2,000 of them a second are wanted.
func BenchmarkSmallCases(b *testing.B) {
	var plans []func() Result
	for seed := range 50 {
		w := newWorld(seeded(uint64(seed)))
		w.grow(20)
		if _, err := w.settle(); err != nil {
			b.Fatal(err)
		}
		w.perturb(12)
		w.people(3)
		plans = append(plans, w.plan)
	}
	n := 0
	for b.Loop() {
		plans[n%len(plans)]()
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
}

func largeSpace(pages int) [2][]Node {
	var nodes [2][]Node
	for i := range pages {
		n := Node{Twin: twinID(fmt.Sprintf("%026d", i)), ID: confluence.ID(fmt.Sprint(i)), Kind: confluence.Page, Title: fmt.Sprint("Page ", i),
			Rank: i % 10, Version: 1, Read: Body | Labels | Restrictions}
		if i > 0 {
			n.Parent = twinID(fmt.Sprintf("%026d", (i-1)/10))
		}
		n.Digest[Body.Index()] = confluence.Sum([]byte(n.Title))
		nodes[confluence.A] = append(nodes[confluence.A], n)
	}
	return nodes
}

// BenchmarkFirstPlan plans 10,000 pages against nothing; below 100 ms is wanted.
func BenchmarkFirstPlan(b *testing.B) {
	nodes := largeSpace(10_000)
	for b.Loop() {
		if r := Plan(nil, nodes, Policy{Mode: SafeAToB, Facets: ^Facets(0), Position: [2]bool{true, true}}); len(r.Changes) != 10_000 {
			b.Fatal(len(r.Changes))
		}
	}
}

// BenchmarkSecondPlan plans 10,000 pages of which nothing changed.
func BenchmarkSecondPlan(b *testing.B) {
	nodes := largeSpace(10_000)
	nodes[confluence.B] = nodes[confluence.A]
	var base []Agreed
	for _, n := range nodes[confluence.A] {
		a := Agreed{Twin: n.Twin, Kind: n.Kind, ID: [2]confluence.ID{n.ID, n.ID}, Title: [2]string{n.Title, n.Title}, Parent: n.Parent,
			Facets: ^Facets(0), Digest: [2][facetCount]confluence.Digest{n.Digest, n.Digest}}
		base = append(base, a)
	}
	seq := func(yield func(Agreed) bool) {
		for _, a := range base {
			if !yield(a) {
				return
			}
		}
	}
	for b.Loop() {
		if r := Plan(seq, nodes, Policy{Mode: SafeAToB, Facets: ^Facets(0), Position: [2]bool{true, true}}); len(r.Changes) != 0 || r.Unchanged != 10_000 {
			b.Fatalf("%d changes, %d unchanged", len(r.Changes), r.Unchanged)
		}
	}
}
