package reconciletest

import (
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// fate is what people did with a twin in the round at hand.
type fate struct {
	twin    int
	ids     [2]int
	trashed [2]bool // was live, and is in the trash or deleted
	gone    [2]bool // was live, and is archived or in another space
	edited  [2]bool // body, files or comments
	renamed [2]bool
	moved   [2]bool
}

// fates lists twins that were agreed on and live on both sides before the round.
func (x *run) fates() []fate {
	touched := x.touchedOwners()
	var out []fate
	for twin, ids := range x.ids {
		if ids[0] == none || ids[1] == none || !x.round.livedBefore(0, ids[0]) || !x.round.livedBefore(1, ids[1]) {
			continue
		}
		f := fate{twin: twin, ids: ids}
		for _, side := range confluence.Sides {
			before, after := &x.round.before[side][ids[side]], &x.round.after[side][ids[side]]
			f.trashed[side] = after.Purged || after.Status == confluence.Trashed
			f.gone[side] = after.Status == confluence.Archived || after.Away
			f.edited[side] = before.Body != after.Body || before.File != after.File || touched[side][ids[side]]
			f.renamed[side] = before.Title != after.Title
			f.moved[side] = before.Parent != after.Parent
		}
		out = append(out, f)
	}
	return out
}

func (f *roundFacts) livedBefore(side, id int) bool { return live(f.before[side], id) }

// touchedOwners lists contents of which a file, comment or answer was made, changed or deleted in the round.
func (x *run) touchedOwners() [2]map[int]bool {
	out := [2]map[int]bool{{}, {}}
	for side := range x.Sites {
		before, after := x.round.before[side], x.round.after[side]
		for id := range after {
			c := &after[id]
			if c.Kind != confluence.Attachment && c.Kind != confluence.Comment {
				continue
			}
			if id >= len(before) || before[id].Body != c.Body || before[id].File != c.File || before[id].Status != c.Status || before[id].Purged != c.Purged {
				dropped := c.Purged || c.Status == confluence.Trashed
				for at := c.Parent; at != Nowhere; at = after[at].Parent {
					if !dropped || after[at].Kind != confluence.Comment { // an answer keeps a comment, and none does not
						out[side][at] = true
					}
					if after[at].Kind == confluence.Page || after[at].Kind == confluence.BlogPost {
						break
					}
				}
			}
		}
	}
	return out
}

// protecting are the facets of which an edit may keep a content from being deleted: also one of an earlier round that was
// held.
const protecting = reconcile.Body | reconcile.File | reconcile.Title

// deletes: what one side deleted and nobody edited on the other is live nowhere; what was edited lives on both (I4).
func (x *run) deletes() {
	if x.Policy.Mode != reconcile.TwoWay || x.Policy.Deletes != reconcile.DeletesPropagate {
		return
	}
	for _, f := range x.known {
		held := x.base[f.twin].Held | x.round.contended[x.twinName(f.twin)]
		if f.trashed[0] == f.trashed[1] || f.gone[0] || f.gone[1] || held&protecting != 0 {
			continue
		}
		by := confluence.A
		if f.trashed[1] {
			by = confluence.B
		}
		other := by.Other()
		owner := x.twinOf[other][x.Sites[other].Owner(f.ids[other])]
		c := &x.Sites[other].Contents[f.ids[other]]
		if owner != f.twin && !x.both(owner) {
			continue // it went, or stayed, with what it belongs to
		}
		protected := f.edited[other] || f.renamed[other] && x.Policy.RenameProtects
		alive := [2]bool{x.Sites[0].Shown(f.ids[0]), x.Sites[1].Shown(f.ids[1])}
		page := c.Kind == confluence.Page
		switch {
		case !protected && (alive[0] || alive[1]) && !(page && x.Policy.ResurrectAncestors) && !x.settledTogether(f) && !x.stuck(other, f.ids[other]):
			x.breaks("I4: %s %q was deleted at side %d, not edited at the other, and lives: %v", x.twinName(f.twin), c.Title, by, alive)
		case f.edited[other] && x.Policy.DeleteVsEdit == reconcile.EditWins && !(alive[0] && alive[1]) && !x.heldBack(f) && !x.crowded(f):
			x.breaks("I4: %s %q was deleted at side %d, edited at the other, and lives: %v", x.twinName(f.twin), c.Title, by, alive)
		case f.edited[other] && x.Policy.DeleteVsEdit == reconcile.DeleteWins && (alive[0] || alive[1]) && !(page && x.Policy.ResurrectAncestors) &&
			c.Kind != confluence.Comment && !x.stuck(other, f.ids[other]): // an answer keeps a comment in any case
			x.breaks("I4: %s %q was deleted at side %d, and an edit does not protect it, yet it lives: %v", x.twinName(f.twin), c.Title, by, alive)
		}
	}
}

// stuck reports whether something stands below a page that is not ours to move: what left the scope at the other side,
// what our account cannot read there, what waits for a person, or what is archived.
func (x *run) stuck(side confluence.Side, id int) bool {
	s := x.Sites[side]
	for i := range s.Contents {
		if c := &s.Contents[i]; c.Parent == id && c.Status == confluence.Archived {
			return true
		}
	}
	for _, child := range s.Contents[id].Children {
		twin := x.twinOf[side][child]
		other := x.find(side.Other(), twin)
		if x.base[twin].Detached || x.clashes[x.twinName(twin)]&(reconcile.Status|reconcile.Restrictions) != 0 || s.Contents[child].Hidden || other != none && x.Sites[side.Other()].Contents[other].Hidden || x.stuck(side, child) {
			return true
		}
	}
	return false
}

// settledTogether reports whether a content is one of a page whose own life was decided otherwise.
func (x *run) settledTogether(f fate) bool {
	c := &x.round.after[0][f.ids[0]]
	return (c.Kind == confluence.Attachment || c.Kind == confluence.Comment) && x.clashes[x.twinName(f.twin)] != 0
}

func (x *run) heldBack(f fate) bool {
	for _, side := range confluence.Sides {
		s := x.Sites[side]
		for at := f.ids[side]; at != Nowhere; at = s.Contents[at].Parent {
			if x.clashes[x.twin(side, at)].Has(reconcile.Restrictions) {
				return true
			}
		}
	}
	return false
}

// crowded reports whether a page cannot come back because another one in the trash has its title.
func (x *run) crowded(f fate) bool {
	return x.clashes[x.twinName(f.twin)].Has(reconcile.Status) && x.Sites[0].Contents[f.ids[0]].Kind == confluence.Page
}

// noPhantoms: what people left alive is alive (I4).
func (x *run) noPhantoms() {
	from, to, oneWay, mirror := direction(x.Policy.Mode)
	for _, f := range x.known {
		if f.trashed[0] || f.trashed[1] || f.gone[0] || f.gone[1] {
			continue
		}
		for _, side := range confluence.Sides {
			owner := x.Sites[side].Owner(f.ids[side])
			if owner == f.ids[side] && !x.Sites[side].Live(owner) || owner != f.ids[side] && x.Sites[side].Live(owner) && !x.Sites[side].Live(f.ids[side]) {
				x.breaks("I4: %s %q was deleted by nobody, and is gone at side %d", x.twinName(f.twin), x.Sites[side].Contents[f.ids[side]].Title, side)
			}
		}
	}
	for _, side := range confluence.Sides {
		after := x.round.after[side]
		for id := len(x.round.before[side]); id < len(after); id++ {
			if !live(after, id) || after[id].Hidden || oneWay && side == to && mirror {
				continue
			}
			if s := x.Sites[side]; s.Owner(id) == id && !s.Live(id) {
				x.breaks("I4: %s %q was made by people, and is gone at side %d", x.twin(side, id), s.Contents[id].Title, side)
			}
		}
	}
	_ = from
}

// carriedOver: what only one side changed is on both, where the mode lets it flow; what the receiver of a safe mode
// changed stays.
func (x *run) carriedOver(open map[confluence.TwinID]reconcile.Facets) {
	from, to, oneWay, mirror := direction(x.Policy.Mode)
	for _, f := range x.known {
		if f.trashed[0] || f.trashed[1] || f.gone[0] || f.gone[1] || x.base[f.twin].Held != 0 || x.base[f.twin].Detached || !x.both(f.twin) {
			continue
		}
		if x.withheld(0, f.ids[0], x.clashes) || x.withheld(1, f.ids[1], x.clashes) {
			continue
		}
		for _, one := range []reconcile.Facets{reconcile.Title, reconcile.Body, reconcile.File, reconcile.Parent} {
			if !x.Policy.Facets.Has(one) {
				continue
			}
			var was, is, now [2]any
			for _, side := range confluence.Sides {
				was[side], is[side] = x.value(side, x.round.before[side], f.ids[side], one), x.value(side, x.round.after[side], f.ids[side], one)
				now[side] = x.value(side, x.Sites[side].Contents, f.ids[side], one)
			}
			x.flow(f, one, was, is, now)
			if oneWay && !mirror && is[to] != was[to] && is[to] != is[from] && now[to] != is[to] && !x.excused(f, one, now[to]) && !x.putBack(f, one, is[to], to) {
				x.breaks("I14: %s of %s was changed to %v at the side that receives, and is %v", strings.Join(one.Names(), ""), x.twinName(f.twin), is[to], now[to])
			}
		}
		x.labelsJoined(f)
	}
}

// putBack reports whether people put a facet that was held back to what both sides agreed on before: that gives up what
// they had done, and what the other side does flows again.
func (x *run) putBack(f fate, one reconcile.Facets, is any, side confluence.Side) bool {
	if !x.round.contended[x.twinName(f.twin)].Has(one) {
		return false
	}
	c := &x.round.before[side][f.ids[side]]
	switch one {
	case reconcile.Title:
		return slices.ContainsFunc(c.Past, func(v Version) bool { return v.Title == is })
	case reconcile.Body:
		return slices.ContainsFunc(c.Past, func(v Version) bool { return v.Body == is })
	case reconcile.File:
		return slices.ContainsFunc(c.Past, func(v Version) bool { return v.File == is })
	}
	return true // places have no history
}

// flow checks a facet that one side changed and the other left alone.
func (x *run) flow(f fate, one reconcile.Facets, was, is, now [2]any) {
	from, _, oneWay, mirror := direction(x.Policy.Mode)
	for _, side := range confluence.Sides {
		other := side.Other()
		if was[0] != was[1] || is[side] == was[side] || is[other] != was[other] {
			continue
		}
		want := is[side]
		switch {
		case oneWay && side != from && mirror:
			want = was[side]
		case oneWay && side != from:
			continue // kept: the clash is demanded where both sides are compared
		}
		if (now[0] != want || now[1] != want) && !x.excused(f, one, now[0]) && !x.excused(f, one, now[1]) {
			x.breaks("%s of %s was changed at side %d only, from %v to %v, and is %v and %v", strings.Join(one.Names(), ""), x.twinName(f.twin), side, was[side], is[side], now[0], now[1])
		}
	}
}

// excused reports whether a facet may be otherwise for a reason beyond its content: a title that two pages wanted, a
// place that is no more, or that would close a ring.
func (x *run) excused(f fate, one reconcile.Facets, now any) bool {
	named := x.clashes[x.twinName(f.twin)].Has(one)
	switch one {
	case reconcile.Title, reconcile.Parent:
		return named
	}
	_ = now
	return false
}

// value is a facet of a content in a form that both sides share.
func (x *run) value(side confluence.Side, list []Content, id int, f reconcile.Facets) any {
	c := &list[id]
	switch f {
	case reconcile.Title:
		return c.Title
	case reconcile.Body:
		return c.Body
	case reconcile.File:
		return c.File
	}
	if c.Kind != confluence.Page || c.Home {
		return ""
	}
	return x.twin(side, c.Parent)
}

// labelsJoined: labels are what both had, and what either added, without what either removed.
func (x *run) labelsJoined(f fate) {
	if !x.Policy.Facets.Has(reconcile.Labels) || x.Policy.Mode != reconcile.TwoWay {
		return
	}
	a, b := f.ids[0], f.ids[1]
	base := x.round.before[0][a].Labels
	if base != x.round.before[1][b].Labels {
		return
	}
	is := [2]Set{x.round.after[0][a].Labels, x.round.after[1][b].Labels}
	want := (base | is[0] | is[1]) &^ (base&^is[0] | base&^is[1])
	if now := [2]Set{x.Sites[0].Contents[a].Labels, x.Sites[1].Contents[b].Labels}; now[0] != want || now[1] != want {
		x.breaks("labels of %s were %v, people made them %v, and they are %v instead of %v", x.twinName(f.twin), LabelsOf(base), is, now, want)
	}
}

// boundedWork: no facet of a content is written twice at a side, but for one temporary title and places among siblings
// (I12).
func (x *run) boundedWork(calls []reconcile.Change) {
	type write struct {
		side  confluence.Side
		twin  confluence.TwinID
		verb  confluence.Verb
		facet reconcile.Facets
	}
	times, back := map[write]int{}, map[write]bool{}
	for _, c := range calls {
		for _, f := range reconcile.AllFacets {
			w := write{c.Side, c.Twin, c.Verb, f}
			if !c.Facets.Has(f) {
				continue
			}
			most := 1
			switch f {
			case reconcile.Title:
				most = 3 // a temporary one for a ring, or for a page that comes out of the trash with the title
			case reconcile.Order, reconcile.Parent:
				most = 2
			case reconcile.Labels:
				if back[write{side: c.Side, twin: c.Twin}] {
					most = 2 // what it had in the trash is seen when it is back
				}
			case reconcile.Status:
				back[write{side: c.Side, twin: c.Twin}] = c.Verb == confluence.VerbRestore
			}
			if times[w]++; times[w] > most {
				x.breaks("I12: %s of %s at side %d: %s is written %d times", c.Verb, c.Twin, c.Side, strings.Join(f.Names(), ""), times[w])
			}
		}
	}
}
