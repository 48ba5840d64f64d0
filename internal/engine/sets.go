package engine

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// setSets shows labels and restrictions element by element, so that what one side changed is carried to the other's own
// set as a difference.
func (s *work) setSets(n *reconcile.Node, side confluence.Side, c confluence.Content) {
	n.Labels = labelNames(c.Labels)
	n.Readers, n.Editors = s.neutral(side, c.Restrictions.Read), s.neutral(side, c.Restrictions.Update)
	set(n, reconcile.Restrictions, restrictionsDigest(confluence.Restrictions{Read: n.Readers, Update: n.Editors}))
}

func labelNames(labels []confluence.Label) []string {
	var names []string
	for _, l := range carriedLabels(labels) {
		names = append(names, l.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// foreign marks, in the neutral form, a principal of side B that has no counterpart on side A.
const foreign = "there "

// neutral names the principals of a list by their names on side A, without tandem's own account. A list that holds nobody
// else is not empty: it shuts out everybody.
func (s *work) neutral(side confluence.Side, list []confluence.Principal) []confluence.Principal {
	if len(list) == 0 {
		return nil
	}
	var out []confluence.Principal
	for _, p := range list {
		if p != confluence.UserPrincipal(s.ids[side].Me.ID) {
			out = append(out, s.neutralOne(side, p))
		}
	}
	if len(out) == 0 {
		return []confluence.Principal{s.ourselves()}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ourselves is tandem's account in the neutral form.
func (s *work) ourselves() confluence.Principal {
	return confluence.UserPrincipal(s.ids[confluence.A].Me.ID)
}

func (s *work) neutralOne(side confluence.Side, p confluence.Principal) confluence.Principal {
	if side == confluence.A {
		return confluence.Principal(s.people.neutral(p))
	}
	if u, ok := p.User(); ok {
		if k, ok := s.people.user(confluence.A, u); ok {
			return confluence.UserPrincipal(k)
		}
		return foreign + p
	}
	if g, ok := p.Group(); ok {
		return confluence.GroupPrincipal(s.people.groupBack(g))
	}
	return p
}

// named turns a neutral list into one of a side. Whoever of the list stands there already stays as written; missing are
// those who have no counterpart there. tandem's own account is in every list that restricts (decision D28).
func (s *work) named(to confluence.Side, want, there []confluence.Principal) (out, missing []confluence.Principal) {
	if len(want) == 0 {
		return nil, nil
	}
	out = append(out, confluence.UserPrincipal(s.ids[to].Me.ID))
	for _, n := range want {
		if n == s.ourselves() {
			continue
		}
		kept := false
		for _, p := range there {
			if s.neutralOne(to, p) == n {
				out, kept = append(out, p), true
			}
		}
		if kept {
			continue
		}
		if p, ok := s.nameOn(to, n); ok {
			out = append(out, p)
		} else {
			missing = append(missing, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), missing
}

func (s *work) nameOn(to confluence.Side, n confluence.Principal) (confluence.Principal, bool) {
	own, isForeign := cutForeign(n)
	switch {
	case isForeign:
		return own, to == confluence.B
	case to == confluence.B:
		return s.people.principal(to, n)
	}
	if g, ok := n.Group(); ok {
		return n, s.people.groups[to][g]
	}
	return n, true
}

func cutForeign(n confluence.Principal) (confluence.Principal, bool) {
	if len(n) > len(foreign) && n[:len(foreign)] == foreign {
		return n[len(foreign):], true
	}
	return n, false
}

// agreeSets notes what both sides showed of the sets that are agreed on by now: the side that was just read, and the
// other where it still shows what was carried.
func (s *work) agreeSets(v *view, side confluence.Side, row *store.AgreedRow, seen *store.Observed) {
	for _, f := range []reconcile.Facets{reconcile.Labels, reconcile.Restrictions} {
		if !row.Pending[side].Has(f) {
			continue
		}
		s.noteSet(row, side, f, seen.Content)
		other := side.Other()
		if o := v.seen[other].get(row.Twin); o != nil && v.nodeOf(other, row.Twin).Digest[f.Index()] == row.Digest[other][f.Index()] {
			s.noteSet(row, other, f, o.Content)
		}
	}
}

// noteSet records one set of a side as agreed.
func (s *work) noteSet(row *store.AgreedRow, side confluence.Side, f reconcile.Facets, c confluence.Content) {
	if f == reconcile.Labels {
		row.Labels[side] = labelNames(c.Labels)
		return
	}
	row.Readers[side], row.Editors[side] = s.neutral(side, c.Restrictions.Read), s.neutral(side, c.Restrictions.Update)
}

// digestSets lets the digests of a row say what its sets say.
func digestSets(row *store.AgreedRow, f reconcile.Facets) {
	for _, side := range confluence.Sides {
		if f.Has(reconcile.Labels) {
			labels := make([]confluence.Label, len(row.Labels[side]))
			for i, name := range row.Labels[side] {
				labels[i] = labelNamed(name)
			}
			row.Digest[side][reconcile.Labels.Index()] = labelsDigest(labels)
		}
		if f.Has(reconcile.Restrictions) {
			row.Digest[side][reconcile.Restrictions.Index()] = restrictionsDigest(confluence.Restrictions{Read: row.Readers[side], Update: row.Editors[side]})
		}
	}
}

// recall gives a row of an earlier tandem, which kept digests alone, the sets of a side that still shows what was agreed.
// It reports whether the row has any.
func (s *work) recall(v *view, row *store.AgreedRow) bool {
	if row.Facets&(reconcile.Labels|reconcile.Restrictions) == 0 {
		return false
	}
	for _, side := range confluence.Sides {
		o := v.seen[side].get(row.Twin)
		if o == nil {
			continue
		}
		if row.Facets.Has(reconcile.Labels) && row.Labels[side] == nil && row.Digest[side][reconcile.Labels.Index()] == labelsDigest(carriedLabels(o.Content.Labels)) {
			s.noteSet(row, side, reconcile.Labels, o.Content)
		}
		if !row.Facets.Has(reconcile.Restrictions) || row.Readers[side] != nil || row.Editors[side] != nil {
			continue
		}
		n := reconcile.Node{Read: reconcile.Restrictions}
		was := row.Digest[side][reconcile.Restrictions.Index()]
		set(&n, reconcile.Restrictions, restrictionsDigest(o.Content.Restrictions))
		raw := n.Digest[reconcile.Restrictions.Index()]
		s.setMapped(&n, o.Content)
		if was == raw || was == n.Digest[reconcile.Restrictions.Index()] {
			s.noteSet(row, side, reconcile.Restrictions, o.Content)
			digestSets(row, reconcile.Restrictions)
		}
	}
	return setsIn(row)
}
