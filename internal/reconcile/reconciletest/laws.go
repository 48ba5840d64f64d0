package reconciletest

import (
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// The laws are numbered as the invariants of the design: I1 convergence, I2 stability, I3 nothing lost, I4 no
// resurrection and no phantom delete, I5 no duplicate, I6 valid steps, I7 nothing made up, I12 bounded work, I14 modes.
// I6 is held by the model's refusals, I2 by the way a run comes to rest.

// roundFacts is what both sides were before people acted, and after.
type roundFacts struct {
	before, after [2][]Content
	contended     map[confluence.TwinID]reconcile.Facets // facets that a clash named before people acted: they may be held
}

func (f *roundFacts) begin(p *Pair) {
	for side, s := range p.Sites {
		f.before[side] = append(f.before[side][:0], s.Contents...)
	}
}

func (f *roundFacts) end(p *Pair) {
	for side, s := range p.Sites {
		f.after[side] = append(f.after[side][:0], s.Contents...)
	}
}

func live(list []Content, id int) bool {
	return id >= 0 && id < len(list) && list[id].Status == confluence.Current && !list[id].Purged && !list[id].Away
}

// direction returns which side sends and which receives, and whether there is a direction at all.
func direction(m reconcile.Mode) (from, to confluence.Side, oneWay, mirror bool) {
	switch m {
	case reconcile.SafeAToB, reconcile.MirrorAToB:
		return confluence.A, confluence.B, true, m == reconcile.MirrorAToB
	case reconcile.SafeBToA, reconcile.MirrorBToA:
		return confluence.B, confluence.A, true, m == reconcile.MirrorBToA
	}
	return confluence.A, confluence.B, false, false
}

// laws holds a pair at rest to them.
func (x *run) laws(last reconcile.Result) {
	open := map[confluence.TwinID]reconcile.Facets{}
	for _, c := range last.Clashes {
		open[c.Twin] |= c.Facet
	}
	for twin, facets := range x.differ {
		open[twin] |= facets
	}
	x.known = x.fates()
	x.converged(open)
	x.nothingLost()
	x.noDuplicates()
	x.nothingMadeUp()
	if len(x.c.Race) == 0 {
		x.deletes()
		x.noPhantoms()
		x.carriedOver(open)
	}
}

// check holds a single result to what every result must be.
func (x *run) check(r reconcile.Result) {
	from, _, oneWay, _ := direction(x.Policy.Mode)
	for i, c := range r.Changes {
		if c.N != i {
			x.breaks("change %d has number %d", i, c.N)
		}
		for _, n := range append(slices.Clone(c.Needs), c.Waits...) {
			if n < 0 || n >= len(r.Changes) || n == i {
				x.breaks("change %d needs or waits for %d", i, n)
			}
		}
		if oneWay && c.Side == from {
			x.breaks("I14: %s of %s at the side that only sends", c.Verb, c.Twin)
		}
		if !x.Policy.Sweep && sweepOnly(c) {
			x.breaks("%s of %s (%v) is decided without a sweep", c.Verb, c.Twin, c.Facets.Names())
		}
	}
	for _, c := range r.Clashes {
		if c.What == "" || c.Kind == "" || c.Facet == 0 || c.Facet&(c.Facet-1) != 0 || c.Row < 0 || c.Row > 38 {
			x.breaks("a clash that says too little: %+v", c)
		}
	}
	if x.Policy.Brakes == (reconcile.Limits{}) {
		x.brakes(r)
	}
	for row, n := range r.Rows {
		if row < 1 || row > 38 || n < 1 {
			x.breaks("row %d decided %d times", row, n)
		}
	}
}

// brakes: what would delete more than one cycle may on a side halts, and says how much (A6.4).
func (x *run) brakes(r reconcile.Result) {
	var removed, live [2]int
	for _, c := range r.Changes {
		if c.Verb == confluence.VerbTrash {
			removed[c.Side]++
		}
	}
	for twin := range x.ids {
		for _, side := range confluence.Sides {
			if id := x.ids[twin][side]; id != none && x.base[twin].Twin != "" && x.Sites[side].Shown(id) {
				live[side]++
			}
		}
	}
	for _, side := range confluence.Sides {
		i := slices.IndexFunc(r.Brakes, func(b reconcile.Brake) bool { return b.Name == "deletes" && b.Side == side })
		switch {
		case i >= 0 && (r.Brakes[i].Count <= 5 || r.Brakes[i].What == "" || len(r.Brakes[i].Sample) == 0):
			x.breaks("a brake without need, or that does not say why: %+v", r.Brakes[i])
		case i < 0 && !x.Policy.Allowed["deletes"] && removed[side] > max(5, live[side]/10):
			x.breaks("%d of %d contents would be deleted at side %d, and no brake acts", removed[side], live[side], side)
		}
	}
}

// sweepOnly reports whether a change may follow a sweep only.
func sweepOnly(c reconcile.Change) bool {
	switch c.Verb {
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbArchive:
		return true
	case confluence.VerbMove:
		return c.Facets == reconcile.Order
	}
	return false
}

// converged: both sides show the same, but for what a clash names (I1).
func (x *run) converged(open map[confluence.TwinID]reconcile.Facets) {
	for side := range x.Sites {
		x.seen[side] = append(x.seen[side][:0], x.Sites[side].Contents...)
	}
	for twin := range x.ids {
		name := x.twinName(twin)
		switch ids := x.ids[twin]; {
		case ids[0] == none && ids[1] == none:
		case x.both(twin):
			x.sameOnBoth(twin, open)
		default:
			for _, side := range confluence.Sides {
				if ids[side] != none && x.Sites[side].Shown(ids[side]) && !x.alone(side, ids[side], open) {
					x.breaks("I1: %s %q is live at side %d only, and nothing says why", name, x.Sites[side].Contents[ids[side]].Title, side)
				}
			}
		}
	}
	for twin := range x.ids {
		if x.both(twin) && x.Sites[0].Contents[x.ids[twin][0]].Kind == confluence.Page {
			x.sameOrder(twin, open)
		}
	}
	x.sameOrder(none, open)
}

// alone reports whether something says why a content is on one side only.
func (x *run) alone(side confluence.Side, id int, open map[confluence.TwinID]reconcile.Facets) bool {
	s := x.Sites[side]
	_, to, oneWay, _ := direction(x.Policy.Mode)
	if x.withheld(side, id, open) {
		return true
	}
	for at := id; at != Nowhere; at = s.Contents[at].Parent {
		name := x.twin(side, at)
		twin := x.twinOf[side][at]
		if s.Contents[at].Kind == confluence.Attachment && !x.Policy.Facets.Has(reconcile.File) {
			return true
		}
		if open[name] != 0 || x.base[twin].Detached || s.Contents[at].Hidden {
			return true
		}
		if oneWay && side == to && x.find(side.Other(), twin) == none {
			return true // of the receiver alone
		}
		if x.Policy.Deletes == reconcile.DeletesIgnore && x.base[twin].Twin != "" && x.find(side.Other(), twin) != none {
			return true
		}
		if c := &s.Contents[at]; (c.Kind == confluence.Page || c.Kind == confluence.BlogPost) && x.both(twin) {
			return false
		}
		if s.Contents[at].Kind == confluence.Page && at == id {
			return false
		}
	}
	return false
}

// withheld reports whether restrictions that wait for a person keep new content of a page back.
func (x *run) withheld(side confluence.Side, id int, open map[confluence.TwinID]reconcile.Facets) bool {
	s := x.Sites[side]
	for at := s.Owner(id); at != Nowhere; at = s.Contents[at].Parent {
		if open[x.twin(side, at)].Has(reconcile.Restrictions) {
			return true
		}
	}
	return false
}

func (x *run) sameOnBoth(twin int, open map[confluence.TwinID]reconcile.Facets) {
	name, ids := x.twinName(twin), x.ids[twin]
	both := [2]*Content{&x.Sites[0].Contents[ids[0]], &x.Sites[1].Contents[ids[1]]}
	if x.base[twin].Detached {
		return
	}
	kind := both[0].Kind
	facets := carriedFacets[kind] & x.Policy.Facets
	if kind == confluence.Attachment {
		facets &^= reconcile.Title
	}
	_, to, oneWay, mirror := direction(x.Policy.Mode)
	for _, f := range singleFacets {
		if !facets.Has(f) || x.same([2]int{twin, twin}, f) || open[name].Has(f) {
			continue
		}
		if f == reconcile.Parent && both[0].Home {
			continue
		}
		if x.withheld(0, ids[0], open) || x.withheld(1, ids[1], open) {
			continue
		}
		if f == reconcile.Labels && oneWay && !mirror && both[to].Labels.Has(both[to.Other()].Labels) {
			continue // the receiver's own labels stay
		}
		x.breaks("I1: %s of %s differ, and nothing says why: %v and %v", strings.Join(f.Names(), ","), name, brief(both[0]), brief(both[1]))
	}
}

func brief(c *Content) map[string]any {
	return map[string]any{"title": c.Title, "parent": c.Parent, "body": c.Body, "file": c.File, "labels": c.Labels, "readers": c.Readers, "editors": c.Editors}
}

// sameOrder: the pages that stand below a page on both sides stand in one order.
func (x *run) sameOrder(twin int, open map[confluence.TwinID]reconcile.Facets) {
	parents, name := [2]int{Nowhere, Nowhere}, confluence.TwinID("")
	_, to, oneWay, _ := direction(x.Policy.Mode)
	can := func(side confluence.Side) bool {
		return x.Policy.Position[side] && (twin != none || x.Policy.RootPosition[side])
	}
	if twin != none {
		parents, name = x.ids[twin], x.twinName(twin)
	}
	if open[name].Has(reconcile.Order) || !x.Policy.Facets.Has(reconcile.Order) || !can(to) || !oneWay && !can(to.Other()) {
		return
	}
	var lists [2][]int
	for _, side := range confluence.Sides {
		for _, child := range x.Sites[side].SiblingsOf(parents[side]) {
			other := x.find(side.Other(), x.twinOf[side][child])
			if other != none && x.Sites[side.Other()].Live(other) && x.Sites[side.Other()].Contents[other].Parent == parents[side.Other()] &&
				!x.base[x.twinOf[side][child]].Detached {
				lists[side] = append(lists[side], x.twinOf[side][child])
			}
		}
	}
	if !slices.Equal(lists[0], lists[1]) {
		x.breaks("I1: the children of %q stand as %v and %v, and nothing says why", name, lists[0], lists[1])
	}
}

// nothingLost: what a person wrote is current on both sides, or a person replaced it, or a clash named it while it is
// still to be found in the past of its content (I3).
func (x *run) nothingLost() {
	replaced := map[written]bool{}
	for _, w := range x.written {
		replaced[written{twin: w.twin, before: w.before}] = true
		if w.value == 0 {
			replaced[written{twin: w.twin}] = true
		}
	}
	for _, w := range x.written {
		if w.value == 0 || replaced[written{twin: w.twin, before: w.value}] {
			continue
		}
		current, found := 0, false
		for _, side := range confluence.Sides {
			id := x.find(side, w.twin)
			if id == none {
				continue
			}
			c := &x.Sites[side].Contents[id]
			if c.Body+c.File == w.value {
				found = true
				if x.Sites[side].Shown(id) {
					current++
				}
			}
			for _, v := range c.Past {
				found = found || v.Body+v.File == w.value
			}
		}
		deleted := replaced[written{twin: w.twin}] // by a person, with its past
		if current == 2 || (found || deleted) && x.named(w) {
			continue
		}
		x.breaks("I3: what was written to %s at side %d (%d) is current on %d sides, retrievable: %v, and no clash named it",
			x.twinName(w.twin), w.side, w.value, current, found)
	}
}

// named reports whether a clash has named a content, or what it belongs to, or what it stands below.
func (x *run) named(w written) bool {
	for _, side := range confluence.Sides {
		s := x.Sites[side]
		for at := x.find(side, w.twin); at != none && at != Nowhere; at = s.Contents[at].Parent {
			twin := x.twinOf[side][at]
			if c := &s.Contents[at]; c.Kind == confluence.Attachment && !x.Policy.Facets.Has(reconcile.File) {
				return true
			}
			if x.clashes[x.twinName(twin)] != 0 || x.base[twin].Detached || s.Contents[at].Away || s.Contents[at].Hidden ||
				s.Contents[at].Status == confluence.Archived {
				return true
			}
		}
	}
	_, to, oneWay, _ := direction(x.Policy.Mode)
	return oneWay && w.side == to && x.find(to.Other(), w.twin) == none
}

// noDuplicates: nothing that a person made is on a side twice (I5).
func (x *run) noDuplicates() {
	for side, s := range x.Sites {
		clear(x.births)
		for id := range s.Contents {
			if c := &s.Contents[id]; s.Shown(id) {
				for len(x.births) <= c.Birth {
					x.births = append(x.births, false)
				}
				if x.births[c.Birth] {
					x.breaks("I5: %q is at side %d twice", c.Title, side)
				}
				x.births[c.Birth] = true
			}
		}
	}
}

// nothingMadeUp: titles are what people wrote, but for a suffix that says why, and no temporary one is left; bodies,
// files and labels were on one of the sides (I7).
func (x *run) nothingMadeUp() {
	for side, s := range x.Sites {
		for id := range s.Contents {
			c := &s.Contents[id]
			if c.Kind != confluence.Page || !s.Live(id) {
				continue
			}
			plain := c.Title
			for at := strings.LastIndex(plain, " ("); at > 0 && !x.titles[plain]; at = strings.LastIndex(plain, " (") {
				plain = plain[:at]
			}
			// People may call a page what they find another called for the moment.
			twin := x.twin(confluence.Side(side), id)
			if strings.HasSuffix(c.Title, " ~"+string(twin[max(0, len(twin)-8):])) || !x.titles[plain] {
				x.breaks("I7: nobody gave %s the title %q, which it has at side %d", twin, c.Title, side)
			}
		}
	}
}
