package reconcile

import (
	"cmp"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// freeing returns the step that frees the title which s takes, nil if it is free.
func (s *step) freeing() *step {
	if s.frees == nil {
		return nil
	}
	switch h := &s.frees.at[s.change.Side]; {
	case h.did().temp != nil:
		return h.did().temp
	case h.did().remove != nil:
		return h.did().remove
	default:
		return h.did().retitle
	}
}

// all returns everything that must come before s.
func (s *step) all() []*step { return appendStep(slices.Clip(s.needs), s.freeing()) }

// breakCycles gives pages temporary titles until no change waits for itself. Only titles can close a ring: the final tree
// has none, and tightenings wait for nothing but creations above them. So each ring is opened where a page waits for a
// title; the page that has it gives it up by a change that waits for nothing.
func (p *planner) breakCycles() {
	p.titleEdges()
	p.clearTrash()
	for !p.level() {
		r := ringFinder{color: make([]byte, len(p.steps)), cut: map[*step]bool{}}
		for _, s := range p.steps {
			r.visit(s)
		}
		if len(r.cut) == 0 {
			p.leaveOut()
			continue
		}
		for s := range r.cut {
			if h := &s.frees.at[s.change.Side]; h.did().temp == nil {
				p.freeEarly(s.frees, s.change.Side)
			}
		}
		p.renumber()
	}
}

// leaveOut drops the changes that wait for themselves by more than titles that somebody could lend: two pages that come
// out of the trash with one title. A person has to rename one of them.
func (p *planner) leaveOut() {
	var kept []*step
	for _, s := range p.steps {
		if !s.stuck {
			kept = append(kept, s)
			continue
		}
		for _, f := range AllFacets {
			if s.change.Facets.Has(f) {
				p.clash(s.it, Clash{Facet: f, Kind: "title", Row: 34, Open: true, What: "its changes wait for each other: another page that comes out of the trash has its title"})
			}
		}
	}
	for _, s := range kept {
		if m := s.change.more; m != nil {
			m.waits = slices.DeleteFunc(m.waits, func(w *step) bool { return w.stuck })
		}
	}
	p.steps = kept
	p.renumber()
}

// clearTrash gives pages a temporary title before they go where they keep their title, where another page takes theirs:
// into the archive, or a trash of that kind. The same goes for a page that lends its title to one coming out of the trash.
func (p *planner) clearTrash() {
	for _, s := range p.steps[:len(p.steps):len(p.steps)] {
		if s.frees == nil {
			continue
		}
		h := &s.frees.at[s.change.Side]
		keeps := h.did().remove != nil && (h.archive || p.policy.TrashHoldsTitle[s.change.Side])
		if h.did().temp == nil && (keeps || h.lend && s == s.on().did().revive) {
			p.freeEarly(s.frees, s.change.Side)
		}
	}
	p.renumber()
}

// freeEarly gives a page a temporary title before anything else.
func (p *planner) freeEarly(it *item, side confluence.Side) {
	a := &it.at[side]
	s := p.step(it, side, confluence.VerbPut, Title)
	s.change.Title, s.change.Merged = temporary(it.node[side].Title, it.twin), 0
	s.needs = appendStep(s.needs, a.did().revive)
	a.begin().temp = s
	for _, later := range []*step{a.did().retitle, a.did().remove} {
		if later != nil {
			later.needs = append(later.needs, s)
		}
	}
	if a.did().loosen {
		a.did().restrict.needs = append(a.did().restrict.needs, s)
	}
}

// renumber puts the steps into an order that does not depend on that of a map.
func (p *planner) renumber() {
	slices.SortFunc(p.steps, func(a, b *step) int {
		return cmp.Or(compareTwin(a.it, b.it), cmp.Compare(a.change.Side, b.change.Side), cmp.Compare(verbOrder[a.change.Verb], verbOrder[b.change.Verb]), cmp.Compare(rankOf(a), rankOf(b)))
	})
	for i, s := range p.steps {
		s.index = int32(i)
	}
}

// rankOf tells steps of one verb and content apart: temporary title, the change itself, second pass.
func rankOf(s *step) int {
	switch {
	case s == s.on().did().temp:
		return 0
	case s.change.Relink:
		return 2
	}
	return 1
}

// verbOrder is the order of the calls on one content that do not need each other.
var verbOrder = map[confluence.Verb]int{
	confluence.VerbRestore: 0, confluence.VerbRestrict: 1, confluence.VerbPost: 2, confluence.VerbMove: 3, confluence.VerbPut: 4,
	confluence.VerbAttach: 5, confluence.VerbReplace: 6, confluence.VerbLabel: 7, confluence.VerbUnlabel: 8, confluence.VerbComment: 9,
	confluence.VerbRecomment: 10, confluence.VerbResolve: 11, confluence.VerbUncomment: 12, confluence.VerbDetach: 13,
	confluence.VerbTrash: 14, confluence.VerbArchive: 15,
}

// edges are the steps that wait for each step: for that of index i, list[first[i]:first[i+1]].
type edges struct{ first, list []int32 }

func (e *edges) of(s *step) []int32 { return e.list[e.first[s.index]:e.first[s.index+1]] }

// dependents turns the needs of all steps round.
func (p *planner) dependents() edges {
	e := edges{first: make([]int32, len(p.steps)+2)}
	for _, s := range p.steps {
		for _, n := range s.all() {
			e.first[n.index+2]++
		}
	}
	for i := 2; i < len(e.first); i++ {
		e.first[i] += e.first[i-1]
	}
	e.list = make([]int32, e.first[len(e.first)-1])
	for i, s := range p.steps {
		for _, n := range s.all() {
			e.list[e.first[n.index+1]] = int32(i)
			e.first[n.index+1]++
		}
	}
	return e
}

// level sets the levels of all steps, and returns false if some wait for themselves.
func (p *planner) level() bool {
	waiting := make([]int32, len(p.steps))
	dependents := p.dependents()
	free := make([]*step, 0, len(p.steps))
	for i, s := range p.steps {
		s.level = 0
		if waiting[i] = int32(len(s.all())); waiting[i] == 0 {
			free = append(free, s)
		}
	}
	done := 0
	for ; done < len(free); done++ {
		s := free[done]
		for _, i := range dependents.of(s) {
			d := p.steps[i]
			d.level = max(d.level, s.level+1)
			if waiting[i]--; waiting[i] == 0 {
				free = append(free, d)
			}
		}
	}
	for i, s := range p.steps {
		s.stuck = waiting[i] > 0
	}
	return done == len(p.steps)
}

// ringFinder walks along needs and cuts each ring it meets at the wait for a title whose holder has the smallest twin.
type ringFinder struct {
	color []byte // 0 not seen, 1 on the path, 2 done
	path  []*step
	cut   map[*step]bool
}

func (r *ringFinder) visit(s *step) {
	if r.color[s.index] != 0 {
		return
	}
	r.color[s.index] = 1
	r.path = append(r.path, s)
	for _, n := range s.all() {
		if r.color[n.index] == 1 {
			r.open(n)
			continue
		}
		r.visit(n)
	}
	r.path = r.path[:len(r.path)-1]
	r.color[s.index] = 2
}

// open cuts the ring that leads from the end of the path back to start.
func (r *ringFinder) open(start *step) {
	ring := r.path[slices.Index(r.path, start):]
	var at *step
	for i, s := range ring {
		next := ring[(i+1)%len(ring)]
		if s.freeing() != next || s.frees.at[s.change.Side].did().temp != nil {
			continue
		}
		if r.cut[s] {
			return
		}
		if at == nil || s.frees.twin < at.frees.twin {
			at = s
		}
	}
	if at != nil {
		r.cut[at] = true
	}
}

// finish numbers the steps by level, and within a level as the sender shows the contents, so that whoever starts them in
// this order makes siblings in their order.
func (p *planner) finish() Result {
	slices.SortFunc(p.steps, func(a, b *step) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.it.order, b.it.order), compareTwin(a.it, b.it),
			cmp.Compare(a.change.Side, b.change.Side), cmp.Compare(verbOrder[a.change.Verb], verbOrder[b.change.Verb]), cmp.Compare(rankOf(a), rankOf(b)))
	})
	for i, s := range p.steps {
		s.index = int32(i)
	}
	r := p.result
	most := len(p.steps)
	if p.policy.Most > 0 {
		most = min(most, p.policy.Most)
	}
	if most > 0 {
		r.Changes = make([]Change, most)
	}
	for i, s := range p.steps[:most] {
		c := s.finished()
		c.Waits = slices.DeleteFunc(c.Waits, func(n int) bool { return n >= most })
		r.Changes[i] = c
	}
	r.Later = later(p.steps[most:])
	slices.SortStableFunc(r.Clashes, func(a, b Clash) int {
		return cmp.Or(cmp.Compare(a.Twin, b.Twin), cmp.Compare(a.Facet, b.Facet), openFirst(a, b))
	})
	r.Clashes = slices.CompactFunc(r.Clashes, func(a, b Clash) bool { return a.Twin == b.Twin && a.Facet == b.Facet })
	slices.SortFunc(r.Joined, func(a, b Joined) int { return cmp.Compare(a.Twins[0], b.Twins[0]) })
	for _, list := range [][]confluence.TwinID{r.Gone, r.Tombs, r.Detached, r.Unknown} {
		slices.Sort(list)
	}
	p.conclude(&r)
	return r
}

// conclude says of each content what is to be recorded of it besides its changes.
func (p *planner) conclude(r *Result) {
	placed := 0
	for _, it := range p.items {
		if it.ordered != 0 {
			placed++
		}
	}
	r.Ordered = slices.Grow(r.Ordered, placed)
	for _, it := range p.items {
		if it.noted {
			r.Converged = append(r.Converged, it.twin)
		}
		if it.settled != 0 {
			r.Settled = append(r.Settled, Settled{Twin: it.twin, Facets: it.settled, Labels: p.newLabels[it]})
		}
		if it.ordered != 0 {
			r.Ordered = append(r.Ordered, p.orderedOf(it))
		}
		if it.live(0) != nil && it.live(1) != nil && carries(it.kind) != 0 && !it.at[0].touched && !it.at[1].touched && !it.clashed {
			r.Unchanged++
		}
	}
}

// later counts the steps that a Result leaves out.
func later(steps []*step) map[Call]int {
	if len(steps) == 0 {
		return nil
	}
	out := map[Call]int{}
	for _, s := range steps {
		out[Call{s.change.Verb, s.it.kind, s.change.Relink}]++
	}
	return out
}

// openFirst puts what waits for a person before what is only recorded.
func openFirst(a, b Clash) int {
	switch {
	case a.Open == b.Open:
		return 0
	case a.Open:
		return -1
	}
	return 1
}

func indexes(steps []*step) []int {
	if len(steps) == 0 {
		return nil
	}
	out := make([]int, len(steps))
	for i, s := range steps {
		out[i] = int(s.index)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
