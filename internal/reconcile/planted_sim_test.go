package reconcile_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/reconcile/reconciletest"
)

// spoil makes a planner that does one thing wrong with what reconcile.Plan says.
func spoil(how func(r *reconcile.Result)) reconciletest.Planner {
	return func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result {
		r := reconcile.Plan(base, snaps, policy)
		how(&r)
		return r
	}
}

// each changes every change of some verbs.
func each(how func(c *reconcile.Change), verbs ...confluence.Verb) reconciletest.Planner {
	return spoil(func(r *reconcile.Result) {
		for i := range r.Changes {
			if slices.Contains(verbs, r.Changes[i].Verb) {
				how(&r.Changes[i])
			}
		}
	})
}

// blind hides something from the planner, or shows it what is not so.
func blind(how func(n *reconcile.Node) bool) reconciletest.Planner {
	return func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result {
		for side := range snaps {
			kept := make([]reconcile.Node, 0, len(snaps[side]))
			for _, n := range snaps[side] {
				if how(&n) {
					kept = append(kept, n)
				}
			}
			snaps[side] = kept
		}
		return reconcile.Plan(base, snaps, policy)
	}
}

// planted are planners with one fault each. The laws must catch every one of them.
var planted = map[string]reconciletest.Planner{
	"needs are forgotten":        each(func(c *reconcile.Change) { c.Needs = nil }, confluence.Verbs...),
	"clashes are not told":       spoil(func(r *reconcile.Result) { r.Clashes = nil }),
	"a clash is overwritten":     spoil(overwrite),
	"restrictions are emptied":   each(func(c *reconcile.Change) { c.Readers = nil }, confluence.VerbRestrict),
	"a title is made up":         each(func(c *reconcile.Change) { c.Title += " too" }, confluence.VerbPut),
	"labels are lost":            each(func(c *reconcile.Change) { c.Remove, c.Add = c.Add, c.Remove }, confluence.VerbLabel, confluence.VerbUnlabel),
	"the wrong side is written":  each(func(c *reconcile.Change) { c.Side = c.Side.Other() }, confluence.VerbPut),
	"pages go under the home":    each(func(c *reconcile.Change) { c.Parent = reconciletest.TwinOf(0) }, confluence.VerbPost),
	"stale versions are planned": each(func(c *reconcile.Change) { c.Expect-- }, confluence.VerbPut),
	"siblings are misplaced":     each(func(c *reconcile.Change) { c.After, c.Before, c.First = c.Before, c.After, !c.First }, confluence.VerbMove),
	"what is not seen is gone": func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result {
		return reconcile.Plan(base, unseenAsTrashed(base, snaps), policy)
	},
	"what is made on both sides is not met": func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result {
		policy.Met = func([2]confluence.TwinID, reconcile.Facets) bool { return true }
		return reconcile.Plan(base, snaps, policy)
	},
	"side A wins silently": func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result {
		policy.Primary = confluence.A
		return reconcile.Plan(base, snaps, policy)
	},
	"different edits count as equal": func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result {
		policy.Same = func(confluence.TwinID, reconcile.Facets) bool { return true }
		return reconcile.Plan(base, snaps, policy)
	},
	"comments are not seen": blind(func(n *reconcile.Node) bool { return n.Kind != confluence.Comment }),
	"bodies are not read":   blind(func(n *reconcile.Node) bool { n.Read &^= reconcile.Body; return true }),
	"the trash is not seen": blind(func(n *reconcile.Node) bool { return n.Status != confluence.Trashed }),
}

// overwrite writes what waits for a person.
func overwrite(r *reconcile.Result) {
	for _, c := range r.Clashes {
		if c.Open && c.Facet == reconcile.Body && c.Row == 10 {
			r.Changes = append(r.Changes, reconcile.Change{N: len(r.Changes), Side: confluence.B, Verb: confluence.VerbPut, Twin: c.Twin,
				Kind: confluence.Page, Facets: reconcile.Body, Title: "as it was"})
		}
	}
}

// unseenAsTrashed shows everything that was agreed on and is not listed as trashed.
func unseenAsTrashed(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node) [2][]reconcile.Node {
	for side := range snaps {
		there := map[confluence.TwinID]bool{}
		for _, n := range snaps[side] {
			there[n.Twin] = true
		}
		for a := range base {
			if !there[a.Twin] && a.ID[side] != "" {
				snaps[side] = append(slices.Clip(snaps[side]), reconcile.Node{Twin: a.Twin, ID: a.ID[side], Kind: a.Kind, Status: confluence.Trashed, Rank: -1})
			}
		}
	}
	return snaps
}

// TestPlanted: the laws catch planners with a fault.
func TestPlanted(t *testing.T) {
	for name, plan := range planted {
		t.Run(name, func(t *testing.T) {
			player := reconciletest.Player{Plan: plan}
			for seed := range uint64(400) {
				if err := playWith(&player, reconciletest.Draw(seed, reconciletest.Variant{})); err != nil {
					first, _, _ := strings.Cut(err.Error(), "\n")
					t.Logf("caught by seed %d: %s", seed, first)
					return
				}
			}
			t.Error("caught by no case")
		})
	}
}

func playWith(p *reconciletest.Player, c reconciletest.Case) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	_, err = p.Run(c)
	return err
}
