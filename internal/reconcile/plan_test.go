package reconcile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// fatal is what both rapid.T and testing.T can.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// converge settles a world and holds the outcome to the sender.
func converge(t fatal, w *world) {
	t.Helper()
	r, err := w.settle()
	if err != nil {
		t.Fatalf("%v", err)
	}
	if len(r.Clashes) > 0 {
		t.Fatalf("clashes though nobody edited the destination: %+v", r.Clashes)
	}
	if d := w.differences(); len(d) > 0 {
		t.Fatalf("differences: %q", d)
	}
	if again := w.plan(); len(again.Changes) > 0 || len(again.Ordered) > 0 {
		t.Fatalf("a second run wants %+v", again)
	}
}

func story(t fatal, choose chooser, size int) *world {
	w := newWorld(choose)
	w.grow(1 + choose(size))
	w.fail = choose(2) * 20
	converge(t, w)
	for range 2 {
		w.perturb(choose(12))
		w.tidy()
		w.fail = choose(2) * 20
		converge(t, w)
	}
	return w
}

func TestPlanConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		story(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }, 25)
	})
}

// The same with many seeds, larger worlds and no shrinking.
func TestPlanConvergesOnManySeeds(t *testing.T) {
	seeds := 1000
	if testing.Short() {
		seeds = 300
	}
	for seed := range seeds {
		t.Run("", func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			}()
			story(t, seeded(uint64(seed)), 40)
		})
		if t.Failed() {
			return
		}
	}
}

// A first migration without failures makes each content once, and no call more than its facets and references demand.
func TestFirstMigrationCalls(t *testing.T) {
	for seed := range 300 {
		w := newWorld(seeded(uint64(seed)))
		w.grow(30)
		converge(t, w)
		count := map[confluence.Verb]int{}
		var relinks, fresh int
		for _, c := range w.calls {
			if c.Relink {
				relinks++
				continue
			}
			count[c.Verb]++
		}
		want := map[confluence.Verb]int{confluence.VerbPut: 1} // the home page
		for _, s := range w.side[confluence.A].things {
			switch {
			case s.home:
			case s.kind == confluence.Attachment:
				want[confluence.VerbAttach]++
			case s.kind == confluence.Comment:
				want[confluence.VerbComment]++
			default:
				want[confluence.VerbPost]++
			}
			if s.labels != "" {
				want[confluence.VerbLabel]++
			}
			if s.restrict != "" {
				want[confluence.VerbRestrict]++
			}
			if s.late != nil {
				fresh++
			}
		}
		delete(count, confluence.VerbMove)
		if diff := cmp.Diff(want, count); diff != "" {
			t.Fatalf("seed %d: calls (-want +got):\n%s", seed, diff)
		}
		if relinks > fresh {
			t.Fatalf("seed %d: %d second passes for %d bodies with references by id", seed, relinks, fresh)
		}
	}
}

func TestResultDoesNotDependOnOrder(t *testing.T) {
	for seed := range 200 {
		w := newWorld(seeded(uint64(seed)))
		w.grow(25)
		converge(t, w)
		w.perturb(15)
		want := w.plan()
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		nodes := [2][]Node{w.side[0].snapshot(confluence.A), w.side[1].snapshot(confluence.B)}
		for _, list := range nodes {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		var base []Agreed
		for _, a := range w.base {
			base = append(base, *a)
		}
		r.Shuffle(len(base), func(i, j int) { base[i], base[j] = base[j], base[i] })
		if diff := cmp.Diff(want, Plan(slices.Values(base), nodes, w.policy)); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// Renames along a permutation cost one call a page, and one more for each ring of two or more.
func TestTitleRotations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(func(n int) int { return 0 })
		a := w.side[confluence.A]
		n := rapid.IntRange(2, 12).Draw(t, "pages")
		var twins []twinID
		for range n {
			twin := w.mint()
			twins = append(twins, twin)
			a.put(twin, &thing{kind: confluence.Page, title: "Page " + string(twin), parent: "t000"})
		}
		converge(t, w)
		to := rapid.Permutation(twins).Draw(t, "titles")
		moved, rings := 0, 0
		seen := map[twinID]bool{}
		for i, twin := range twins {
			a.things[twin].title = "Page " + string(to[i])
			if twin != to[i] {
				moved++
			}
		}
		for i := range twins {
			if seen[twins[i]] || twins[i] == to[i] {
				continue
			}
			rings++
			for j := i; !seen[twins[j]]; j = slices.Index(twins, to[j]) {
				seen[twins[j]] = true
			}
		}
		before := len(w.calls)
		r := w.plan()
		if len(r.Changes) != moved+rings {
			t.Fatalf("%d changes for %d renames in %d rings", len(r.Changes), moved, rings)
		}
		converge(t, w)
		if made := len(w.calls) - before; made != moved+rings {
			t.Fatalf("%d calls for %d renames in %d rings", made, moved, rings)
		}
	})
}

// Putting children in order costs n minus the longest sequence that is in order already.
func TestOrderMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(func(n int) int { return 0 })
		a := w.side[confluence.A]
		n := rapid.IntRange(2, 9).Draw(t, "pages")
		for range n {
			twin := w.mint()
			a.put(twin, &thing{kind: confluence.Page, title: "Page " + string(twin), parent: "t000"})
		}
		converge(t, w)
		a.explicit["t000"] = true
		a.children["t000"] = rapid.Permutation(a.children["t000"]).Draw(t, "order")
		now := w.side[confluence.B].children["t000"]
		longest := 0
		for set := range 1 << n {
			last, size, ok := -1, 0, true
			for i, twin := range a.children["t000"] {
				if set>>i&1 == 1 {
					at := slices.Index(now, twin)
					ok = ok && at > last
					last = at
					size++
				}
			}
			if ok {
				longest = max(longest, size)
			}
		}
		if r := w.plan(); len(r.Changes) != n-longest {
			t.Fatalf("%d moves for %d pages of which %d can stay", len(r.Changes), n, longest)
		}
		converge(t, w)
	})
}

func TestLevelsAreNarrow(t *testing.T) {
	w := newWorld(func(n int) int { return 0 })
	parent := twinID("t000")
	for i := range 30 {
		twin := w.mint()
		w.side[confluence.A].put(twin, &thing{kind: confluence.Page, title: fmt.Sprint(i), parent: parent})
		if i < 10 {
			parent = twin
		}
	}
	r := w.plan()
	depth := make([]int, len(r.Changes))
	longest := 0
	for i, c := range r.Changes {
		for _, n := range c.Needs {
			depth[i] = max(depth[i], depth[n]+1)
		}
		longest = max(longest, depth[i])
	}
	if longest != 10 { // a chain of 11 pages, the first below a home page that is there already
		t.Errorf("longest chain of needs is %d, want 10", longest)
	}
}
