package reconcile

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// step is a change while its needs are being found.
type step struct {
	it     *item
	change call
	needs  []*step
	frees  *item // the page that has to give its title up first
	index  int32 // in planner.steps
	level  int32 // length of the longest chain of needs before it
	stuck  bool  // waits for itself
}

// call is what a Change says that does not follow from its content: most of a Change is of few.
type call struct {
	Verb             confluence.Verb
	Title            string
	Parent           confluence.TwinID
	more             *more // nil: nothing of it
	Side             confluence.Side
	Facets, Merged   Facets
	Relink, Resolved bool
}

// more is what few changes say.
type more struct {
	waits            []*step
	Add, Remove      []string
	Readers, Editors []confluence.Principal
	CopyOf           confluence.TwinID
	CopyFrom         confluence.Side
	After, Before    confluence.TwinID
	First            bool
}

// also is to be written, rest to be read only.
func (c *call) also() *more {
	if c.more == nil {
		c.more = new(more)
	}
	return c.more
}

var nothingMore more

func (c *call) rest() *more {
	if c.more == nil {
		return &nothingMore
	}
	return c.more
}

// waitFor lets a step wait until another has ended, whatever becomes of that.
func (s *step) waitFor(other *step) {
	m := s.change.also()
	m.waits = append(m.waits, other)
}

// finished is the change that a step is, where all steps have their numbers.
func (s *step) finished() Change {
	it, c, m := s.it, &s.change, s.change.rest()
	out := Change{
		N: int(s.index), Side: c.Side, Verb: c.Verb, Twin: it.twin, Kind: it.kind, Facets: c.Facets, Parent: c.Parent, Title: c.Title, Relink: c.Relink,
		Merged: c.Merged, Add: m.Add, Remove: m.Remove, Readers: m.Readers, Editors: m.Editors, Resolved: c.Resolved, CopyOf: m.CopyOf, CopyFrom: m.CopyFrom,
		After: m.After, Before: m.Before, First: m.First, Needs: indexes(s.all()), Waits: indexes(m.waits),
	}
	if n := it.node[c.Side]; n != nil && !it.at[c.Side].fresh {
		out.Target, out.Expect = n.ID(), int(n.Version)
	}
	return out
}

func (p *planner) step(it *item, side confluence.Side, verb confluence.Verb, facets Facets) *step {
	a := &it.at[side]
	s := &step{it: it, index: int32(len(p.steps)), change: call{Side: side, Verb: verb, Facets: facets, Merged: facets & a.merged}}
	a.touched = true
	p.steps = append(p.steps, s)
	return s
}

// on returns what is done to a content on the side of the step.
func (s *step) on() *act { return &s.it.at[s.change.Side] }

// title is the title that a step leaves its page with.
func (s *step) title() string {
	if s.change.Verb == confluence.VerbRestore {
		return s.it.node[s.change.Side].Title
	}
	return s.change.Title
}

// takesTitle reports whether a step gives a page a title that no other may have.
func (s *step) takesTitle() bool {
	return s == s.on().did().retitle || s == s.on().did().revive && s.it.kind == confluence.Page
}

// makeSteps turns decisions into calls and finds what each of them needs (algorithms A8).
func (p *planner) makeSteps() {
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			if a := &it.at[side]; a.restore && a.dest != nil {
				a.dest.at[side].awaited = true
			}
		}
	}
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			p.makeStepsOn(it, side)
		}
	}
	n := len(p.steps)
	for _, s := range p.steps[:n] {
		p.needsOf(s)
		p.relink(s)
	}
	p.saveCopies()
	p.keepCommentOrder()
}

func (p *planner) makeStepsOn(it *item, side confluence.Side) {
	a := &it.at[side]
	switch {
	case a.fresh:
		p.create(it, side)
	case a.restore && it.state[side] != along:
		a.begin().revive = p.step(it, side, confluence.VerbRestore, Status)
		a.did().revive.change.Title = it.node[side].Title
		if a.dest != nil {
			a.did().revive.change.Parent = a.dest.twin
		}
		a.begin().place = a.did().revive
	}
	if !a.fresh && !a.trash && (a.lend || a.send&(Title|Parent|Body|File) != 0) {
		p.write(it, side)
	}
	if a.away && a.did().retitle == nil && a.did().temp == nil {
		p.freeEarly(it, side)
	}
	if !a.fresh && a.send.Has(Status) {
		s := p.step(it, side, confluence.VerbResolve, Status)
		s.change.Resolved = it.node[side.Other()].Resolved
	}
	p.describe(it, side)
}

var createVerbs = map[confluence.Kind]confluence.Verb{
	confluence.Page: confluence.VerbPost, confluence.BlogPost: confluence.VerbPost,
	confluence.Attachment: confluence.VerbAttach, confluence.Comment: confluence.VerbComment,
}

func (p *planner) create(it *item, side confluence.Side) {
	a := &it.at[side]
	n := it.node[side.Other()]
	s := p.step(it, side, createVerbs[n.Kind()], carries(n.Kind())&p.policy.Facets&(Title|Parent|Body|File))
	s.change.Title = it.finalTitle(side)
	if a.dest != nil {
		s.change.Parent = a.dest.twin
	}
	a.begin().place = s
	if n.Kind() == confluence.Page {
		a.begin().retitle = s
	}
}

// write makes the calls for title, parent, body and file of what exists. Title, parent and body go together in one; only
// a move to the root of the space has no place in it.
func (p *planner) write(it *item, side confluence.Side) {
	a := &it.at[side]
	received := it.node[side]
	switch it.kind {
	case confluence.Attachment:
		s := p.step(it, side, confluence.VerbReplace, File)
		s.change.Title, s.change.Parent = it.node[side.Other()].Title, received.Parent
		return
	case confluence.Comment:
		if a.send.Has(Body) {
			s := p.step(it, side, confluence.VerbRecomment, Body)
			s.change.Parent = received.Parent
		}
		return
	}
	together := a.send & (Title | Parent | Body)
	if a.lend {
		together |= Title
	}
	var toRoot *step
	// Below a page whose place they wait for, restored pages may have the title that it is to get.
	alone := together == Parent || a.restore || a.awaited && together.Has(Title) || together.Has(Body) && len(it.node[side.Other()].Files) > 0
	if together.Has(Parent) && (a.dest == nil || alone && !p.migrating) {
		toRoot = p.step(it, side, confluence.VerbMove, Parent)
		if a.dest != nil {
			toRoot.change.Parent = a.dest.twin
		}
		a.begin().place = toRoot
		together &^= Parent
	}
	if together == 0 {
		return
	}
	s := p.step(it, side, confluence.VerbPut, together)
	s.change.Title = received.Title
	if together.Has(Title) {
		s.change.Title = it.finalTitle(side)
		if it.kind == confluence.Page {
			a.begin().retitle = s
		}
	}
	if together.Has(Parent) {
		s.change.Parent = a.dest.twin
		a.begin().place = s
	}
	if together.Has(Body) {
		a.begin().body = s
	}
	if toRoot != nil {
		s.waitFor(toRoot)
	}
}

// describe makes the calls for labels and restrictions.
func (p *planner) describe(it *item, side confluence.Side) {
	a := &it.at[side]
	sent := it.node[side.Other()]
	wants := func(f Facets) bool {
		if !a.fresh {
			return a.send.Has(f)
		}
		return carries(sent.Kind()).Has(f) && p.policy.Facets.Has(f) && sent.Read.Has(f) &&
			(!sent.empty(f) || f == Labels && len(sent.Labels) > 0 || f == Restrictions && !accessOf(sent).open())
	}
	if wants(Restrictions) {
		p.describeAccess(it, side)
	}
	if wants(Labels) {
		p.describeLabels(it, side)
	}
}

func (p *planner) describeAccess(it *item, side confluence.Side) {
	a := &it.at[side]
	sent := it.node[side.Other()]
	a.begin().restrict = p.step(it, side, confluence.VerbRestrict, Restrictions)
	want := accessOf(sent)
	if finals := p.finals[it]; finals != nil && !a.fresh {
		want = finals[side]
		now := p.access[it].now[side]
		a.begin().loosen, a.begin().letsIn = !tightens(now, want), letsIn(now, want)
	} else {
		a.begin().loosen = sent.empty(Restrictions) && want.open()
	}
	a.did().restrict.change.also().Readers, a.did().restrict.change.also().Editors = want.readers, want.editors
}

func (p *planner) describeLabels(it *item, side confluence.Side) {
	sent := it.node[side.Other()]
	changes := p.relabel[it]
	if it.at[side].fresh || changes == nil {
		s := p.step(it, side, confluence.VerbLabel, Labels)
		s.change.also().Add = sent.Labels
		if n := it.node[side]; n != nil && it.at[side].restore {
			s.change.also().Add = minus(sent.Labels, n.Labels)
		}
		return
	}
	c := changes[side]
	if len(c.add) > 0 {
		p.step(it, side, confluence.VerbLabel, Labels).change.also().Add = c.add
	}
	if len(c.del) > 0 {
		p.step(it, side, confluence.VerbUnlabel, Labels).change.also().Remove = c.del
	}
}

// relink adds the second pass over a body that is written before contents whose id it needs.
func (p *planner) relink(s *step) {
	if !s.change.Facets.Has(Body) {
		return
	}
	side := s.change.Side
	needs := []*step{s}
	for _, twin := range s.it.node[side.Other()].Late {
		if late := p.byTwin(twin); late != nil && late.at[side].fresh {
			needs = append(needs, late.at[side].did().place)
		}
	}
	if len(needs) == 1 {
		return
	}
	verb := confluence.VerbPut
	if s.it.kind == confluence.Comment {
		verb = confluence.VerbRecomment
	}
	second := p.step(s.it, side, verb, Body)
	second.needs = append(needs, p.guards(p.page(s.it), side)...)
	second.change.Title, second.change.Parent, second.change.Relink = s.change.Title, "", true
	if verb == confluence.VerbRecomment {
		second.change.Parent = s.change.Parent
	}
}

// keepCommentOrder lets each new comment wait for the one before it below the same content.
func (p *planner) keepCommentOrder() {
	for _, side := range confluence.Sides {
		last := map[*item]*item{}
		var ordered []*item
		for _, it := range p.items {
			if it.at[side].fresh && it.kind == confluence.Comment && it.node[side.Other()].Rank >= 0 {
				ordered = append(ordered, it)
			}
		}
		sortByOrder(ordered)
		for _, it := range ordered {
			a := &it.at[side]
			if before := last[a.dest]; before != nil {
				a.did().place.waitFor(before.at[side].did().place)
			}
			last[a.dest] = it
		}
	}
}

// removals makes the calls that take contents away, leaf first, after what moves out of them.
func (p *planner) removals() {
	n := len(p.steps)
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			if it.at[side].trash {
				verb := confluence.VerbTrash
				switch {
				case it.at[side].archive:
					verb = confluence.VerbArchive
				case it.kind == confluence.Attachment:
					verb = confluence.VerbDetach
				case it.kind == confluence.Comment:
					verb = confluence.VerbUncomment
				}
				it.at[side].begin().remove = p.step(it, side, verb, Status)
			}
		}
	}
	if len(p.steps) == n {
		return
	}
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			p.leaveFirst(it, side)
		}
	}
}

// leaveFirst lets the removal of a content wait for what stands below it to go, or to move out.
func (p *planner) leaveFirst(it *item, side confluence.Side) {
	if it.node[side] == nil || it.state[side] != here {
		return
	}
	up := p.up(it, side)
	if up == nil || up.at[side].did().remove == nil {
		return
	}
	a, s := &it.at[side], up.at[side].did().remove
	switch {
	case a.did().remove != nil:
		s.needs = append(s.needs, a.did().remove)
	case a.did().place != nil:
		s.needs = append(s.needs, a.did().place)
	}
}

func appendStep(list []*step, s *step) []*step {
	if s == nil {
		return list
	}
	return append(list, s)
}

func sortByOrder(items []*item) {
	slices.SortFunc(items, func(a, b *item) int { return int(a.order - b.order) })
}
