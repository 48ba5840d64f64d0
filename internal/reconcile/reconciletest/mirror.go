package reconciletest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// mirrorModes are the modes with the sides exchanged.
var mirrorModes = map[reconcile.Mode]reconcile.Mode{
	reconcile.TwoWay: reconcile.TwoWay, reconcile.SafeAToB: reconcile.SafeBToA, reconcile.SafeBToA: reconcile.SafeAToB,
	reconcile.MirrorAToB: reconcile.MirrorBToA, reconcile.MirrorBToA: reconcile.MirrorAToB,
}

var mirrorChoices = map[reconcile.Choice]reconcile.Choice{reconcile.PreferA: reconcile.PreferB, reconcile.PreferB: reconcile.PreferA}

func mirrorChoice(c reconcile.Choice) reconcile.Choice {
	if other, named := mirrorChoices[c]; named {
		return other
	}
	return c
}

func swapped[T any](v [2]T) [2]T { return [2]T{v[1], v[0]} }

func mirrorPolicy(p reconcile.Policy) reconcile.Policy {
	m := p
	m.Mode, m.Primary, m.CopyWinner = mirrorModes[p.Mode], p.Primary.Other(), mirrorChoice(p.CopyWinner)
	m.Position, m.RootPosition, m.FoldTitle, m.Names = swapped(p.Position), swapped(p.RootPosition), swapped(p.FoldTitle), swapped(p.Names)
	m.CanArchive, m.TrashHoldsTitle = swapped(p.CanArchive), swapped(p.TrashHoldsTitle)
	m.Choices, m.Decided = nil, nil
	for f, c := range p.Choices {
		if m.Choices == nil {
			m.Choices = map[reconcile.Facets]reconcile.Choice{}
		}
		m.Choices[f] = mirrorChoice(c)
	}
	for q, c := range p.Decided {
		if m.Decided == nil {
			m.Decided = map[reconcile.Question]reconcile.Choice{}
		}
		m.Decided[q] = mirrorChoice(c)
	}
	m.Met = func(twins [2]confluence.TwinID, f reconcile.Facets) bool { return p.Met(swapped(twins), f) }
	return m
}

func mirrorAgreed(a reconcile.Agreed) reconcile.Agreed {
	a.ID, a.Version, a.Title, a.Digest, a.Labels = swapped(a.ID), swapped(a.Version), swapped(a.Title), swapped(a.Digest), swapped(a.Labels)
	a.Readers, a.Editors, a.Owed, a.Landed = swapped(a.Readers), swapped(a.Editors), swapped(a.Owed), swapped(a.Landed)
	return a
}

// mirrored holds a result to symmetry: with the sides and their names in the policy exchanged, the plan is the same with
// the sides exchanged (I15).
func (x *run) mirrored(r reconcile.Result) {
	other := x.plan(func(yield func(reconcile.Agreed) bool) {
		x.each(func(a reconcile.Agreed) bool { return yield(mirrorAgreed(a)) })
	}, swapped(x.nodes), mirrorPolicy(x.asked()))
	here, there := lines(r, false), lines(other, true)
	for _, only := range [][2][]string{{here, there}, {there, here}} {
		for _, line := range only[0] {
			if !slices.Contains(only[1], line) {
				x.breaks("I15: with the sides exchanged the plan is another: only one of both has %s\n  this: %s\n  that: %s", line,
					strings.Join(here, "\n    "), strings.Join(there, "\n    "))
				return
			}
		}
	}
}

// shuffled holds a result to being one of the sets alone: from snapshots and a baseline in another order comes the same.
func (x *run) shuffled(r reconcile.Result) {
	nodes, base := x.spare.nodes, x.spare.base[:0]
	for side := range nodes {
		nodes[side] = append(nodes[side][:0], x.nodes[side]...)
		x.r.Shuffle(len(nodes[side]), func(i, j int) { nodes[side][i], nodes[side][j] = nodes[side][j], nodes[side][i] })
	}
	x.each(func(a reconcile.Agreed) bool { base = append(base, a); return true })
	slices.Reverse(base)
	x.spare.nodes, x.spare.base = nodes, base
	if other := x.plan(slices.Values(base), nodes, x.asked()); !reflect.DeepEqual(r, other) {
		x.breaks("I16: from another order of what both sides show comes another plan:\n%+v\n%+v", r, other)
	}
}

// rowsOfOther are the rows of the table that are each other's mirror where no side is the sender.
var rowsOfOther = map[int]int{2: 3, 4: 5, 6: 7, 8: 9, 13: 14, 17: 18, 21: 22}

// lines writes a result in a form that can be compared with that of the exchanged sides.
func lines(r reconcile.Result, exchanged bool) []string {
	side := func(s confluence.Side) confluence.Side {
		if exchanged {
			return s.Other()
		}
		return s
	}
	same := map[confluence.TwinID]confluence.TwinID{} // joined contents are called by one name
	for _, j := range r.Joined {
		same[max(j.Twins[0], j.Twins[1])] = min(j.Twins[0], j.Twins[1])
	}
	for _, c := range r.Changes {
		if c.CopyOf != "" {
			same[c.Twin] = "a copy" // made up anew for each plan
		}
	}
	name := func(t confluence.TwinID) confluence.TwinID {
		if n, joined := same[t]; joined {
			return n
		}
		if _, minted := numberOf(t); !minted && t != "" {
			return "a copy"
		}
		return t
	}
	key := func(c reconcile.Change) string {
		return fmt.Sprintf("%d %s %s %v under %s %q", side(c.Side), c.Verb, name(c.Twin), c.Facets.Names(), name(c.Parent), c.Title)
	}
	var out []string
	for _, c := range r.Changes {
		var needs []string
		for _, n := range c.Needs {
			needs = append(needs, key(r.Changes[n]))
		}
		slices.Sort(needs)
		copied := ""
		if c.CopyOf != "" {
			copied = fmt.Sprint(" copy of ", name(c.CopyOf), " from ", side(c.CopyFrom))
		}
		out = append(out, fmt.Sprintf("%s id %q version %d +%v -%v r%v e%v after %s before %s %v merged %v%s needs %q", key(c), c.Target, c.Expect, c.Add,
			c.Remove, c.Readers, c.Editors, name(c.After), name(c.Before), c.First, c.Merged.Names(), copied, needs))
	}
	for _, c := range r.Clashes {
		out = append(out, fmt.Sprintf("clash %s %v %s open %v", name(c.Twin), c.Facet.Names(), c.Kind, c.Open))
	}
	for _, b := range r.Brakes {
		out = append(out, fmt.Sprintf("brake %s %d %d of %d", b.Name, side(b.Side), b.Count, b.Of))
	}
	for _, list := range []struct {
		name  string
		twins []confluence.TwinID
	}{{"tomb", r.Tombs}, {"detached", r.Detached}, {"unknown", r.Unknown}, {"gone", r.Gone}} {
		for _, t := range list.twins {
			out = append(out, list.name+" "+string(name(t)))
		}
	}
	for _, s := range r.Settled {
		out = append(out, fmt.Sprintf("settled %s %v", name(s.Twin), s.Facets.Names()))
	}
	for _, o := range r.Ordered {
		out = append(out, fmt.Sprintf("ordered %s %v", name(o.Twin), o.Digest))
	}
	slices.Sort(out)
	return append(out, rowLine(r.Rows))
}

// rowLine writes how often rows decided, the mirror rows together.
func rowLine(rows map[int]int) string {
	sum := map[int]int{}
	for row, n := range rows {
		for low, high := range rowsOfOther {
			if row == high {
				row = low
			}
		}
		sum[row] += n
	}
	var b strings.Builder
	b.WriteString("rows")
	for _, row := range slices.Sorted(maps.Keys(sum)) {
		fmt.Fprintf(&b, " %d:%d", row, sum[row])
	}
	return b.String()
}
