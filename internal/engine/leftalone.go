package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

const (
	// refusalsToHold is in how many cycles in a row a site may refuse the same write before it is left alone.
	refusalsToHold = 3
	// refusalPause is after what time such a write is tried once more; it doubles with every refusal, up to refusalRest.
	refusalPause = 15 * time.Minute
	refusalRest  = 24 * time.Hour
)

// Kinds of conflicts that package reconcile does not know.
const (
	kindRefused = "refused" // a site refuses a write again and again
	kindFuse    = "fuse"    // written in too many cycles in a row
)

// refusal is a change of this cycle that a site refused.
type refusal struct {
	change reconcile.Change
	cause  *confluence.Error
}

// noteRefusal keeps a refusal for the end of the round.
func (s *work) noteRefusal(c reconcile.Change, cause *confluence.Error) {
	s.heldMu.Lock()
	defer s.heldMu.Unlock()
	s.refusals = append(s.refusals, refusal{c, cause})
}

// keepRefusals records what was refused in this round.
func (c *cycle) keepRefusals(ctx context.Context, v *view) error {
	c.heldMu.Lock()
	list := c.refusals
	c.refusals = nil
	c.heldMu.Unlock()
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b refusal) int { return cmp.Compare(a.change.N, b.change.N) })
	was, err := c.refusedSoFar(ctx)
	if err != nil {
		return err
	}
	var rows []store.Refusal
	for _, x := range list {
		row := store.Refusal{Pair: c.row.ID, Twin: x.change.Twin, Side: x.change.Side, Verb: x.change.Verb, Facet: facetOf(x.change),
			About: c.about(v, x.change), Streak: 1, At: c.e.opt.Now(), Code: x.cause.Code, What: x.cause.What}
		if prev, ok := was[keyOf(x.change)]; ok && prev.About == row.About {
			row.Streak = prev.Streak + 1
		}
		rows = append(rows, row)
	}
	return c.note(ctx, func(tx *store.Tx) error { return tx.PutRefusal(rows...) })
}

func keyOf(ch reconcile.Change) refusalKey { return refusalKey{ch.Twin, ch.Side, ch.Verb} }

func (c *cycle) refusedSoFar(ctx context.Context) (map[refusalKey]store.Refusal, error) {
	rows, err := c.e.store.Refusals(ctx, c.row.ID)
	out := map[refusalKey]store.Refusal{}
	for _, r := range rows {
		out[refusalKey{r.Twin, r.Side, r.Verb}] = r
	}
	return out, err
}

// facetOf is the one facet that a change is reported under.
func facetOf(ch reconcile.Change) reconcile.Facets {
	for _, f := range reconcile.AllFacets {
		if ch.Facets.Has(f) {
			return f
		}
	}
	if ch.Verb == confluence.VerbMove {
		return reconcile.Order
	}
	return reconcile.Status
}

// about says what a change would write, and over what: with another of them it is another write, and is tried.
func (c *cycle) about(v *view, ch reconcile.Change) confluence.Digest {
	from, to := v.nodeOf(ch.Side.Other(), ch.Twin), v.nodeOf(ch.Side, ch.Twin)
	var values []confluence.Digest
	for _, f := range reconcile.AllFacets {
		if ch.Facets.Has(f) {
			values = append(values, from.Digest[f.Index()])
		}
	}
	parent := confluence.TwinID("")
	if ch.Facets.Has(reconcile.Parent) || makes(ch.Verb) {
		parent = ch.Parent
	}
	return confluence.Sum(fmt.Append(nil, ch.Facets, ch.Title, parent, ch.Add, ch.Remove, ch.Readers, ch.Editors, ch.Resolved, values,
		to.ID, to.Version, to.Status))
}

// leaveAlone takes out of a decision what a fuse has cut off and what a site refuses again and again. Each is a conflict
// that stays open until it is no longer wanted, or carried: a person who decides about it has it tried again.
func (c *cycle) leaveAlone(ctx context.Context, v *view, r *reconcile.Result, decided map[reconcile.Question]reconcile.Choice) error {
	fused, err := c.frozen(ctx)
	if err != nil {
		return err
	}
	refused, err := c.refusedSoFar(ctx)
	if err != nil {
		return err
	}
	wanted, all, alone := map[refusalKey]bool{}, r.Changes, map[int]bool{}
	r.Changes = without(r.Changes, func(ch reconcile.Change) bool {
		wanted[keyOf(ch)] = true
		asked := decided[reconcile.Question{Twin: ch.Twin, Facet: facetOf(ch)}] != ""
		clash := func(f reconcile.Facets, kind, what string) {
			alone[ch.N] = true
			r.Clashes = append(r.Clashes, reconcile.Clash{Twin: ch.Twin, Facet: f, Kind: kind, What: what, Policy: reconcile.Hold, Open: true})
		}
		if cut := fused[ch.Twin] & ch.Facets; cut != 0 && !asked {
			for _, f := range reconcile.AllFacets {
				if cut.Has(f) {
					clash(f, kindFuse, fmt.Sprintf("written in %d cycles in a row with nobody's edit in between, and left alone", fuseCycles))
				}
			}
			return true
		}
		row, ok := refused[keyOf(ch)]
		if !ok || row.Streak < refusalsToHold || row.About != c.about(v, ch) {
			return false
		}
		clash(row.Facet, kindRefused, fmt.Sprintf("%s refuses it again and again: %s (%s)", c.row.Sites[ch.Side], row.What, row.Code))
		pause := min(refusalPause<<min(row.Streak-refusalsToHold, 10), refusalRest)
		return !asked && c.e.opt.Now().Before(row.At.Add(pause))
	})
	r.Clashes = append(r.Clashes, c.waiting(v, all, alone)...)
	slices.SortStableFunc(r.Clashes, func(a, b reconcile.Clash) int { return cmp.Compare(a.Twin, b.Twin) })
	if !c.sweeps() || c.rec.Request.DryRun {
		return nil
	}
	return c.forgetRefusals(ctx, refused, wanted)
}

// waiting names the pages and posts that cannot be carried as long as changes of others are left alone: they need those.
// Files and comments share the fate of what they belong to, which is named.
func (c *cycle) waiting(v *view, all []reconcile.Change, alone map[int]bool) (out []reconcile.Clash) {
	named, first := map[confluence.TwinID]bool{}, map[int]confluence.TwinID{}
	for _, ch := range all {
		if alone[ch.N] {
			named[ch.Twin], first[ch.N] = true, ch.Twin
		}
	}
	for _, ch := range all { // what is needed comes first
		i := slices.IndexFunc(ch.Needs, func(n int) bool { return first[n] != "" })
		if alone[ch.N] || i < 0 {
			continue
		}
		first[ch.N] = first[ch.Needs[i]]
		if !named[ch.Twin] && ch.Kind != confluence.Attachment && ch.Kind != confluence.Comment {
			named[ch.Twin] = true
			what := fmt.Sprintf("waits for a change of %q, which is left alone", titleOf(v, first[ch.N]))
			out = append(out, reconcile.Clash{Twin: ch.Twin, Facet: facetOf(ch), Kind: kindRefused, What: what, Policy: reconcile.Hold, Open: true})
		}
	}
	return out
}

// forgetRefusals drops what is no longer wanted.
func (c *cycle) forgetRefusals(ctx context.Context, refused map[refusalKey]store.Refusal, wanted map[refusalKey]bool) error {
	var gone []store.Refusal
	for key, r := range refused {
		if !wanted[key] {
			gone = append(gone, r)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return c.note(ctx, func(tx *store.Tx) error { return tx.ForgetRefusal(gone...) })
}
