package reconcile

import "github.com/tandem-sync/tandem/internal/confluence"

// step is a change while its needs are being found.
type step struct {
	change Change
	it     *item
	needs  []*step
	waits  []*step
	frees  *item // the page that has to give its title up first
	index  int   // in planner.steps
	level  int   // length of the longest chain of needs before it
}

func (p *planner) step(it *item, verb confluence.Verb, facets Facets) *step {
	s := &step{it: it, index: len(p.steps), change: Change{Side: p.to, Verb: verb, Twin: it.twin, Kind: it.kind(), Facets: facets}}
	if n := it.node[p.to]; n != nil && !it.fresh {
		s.change.Target, s.change.Expect = n.ID, n.Version
	}
	it.touched = true
	p.steps = append(p.steps, s)
	return s
}

// makeSteps turns decisions into calls and finds what each of them needs (algorithms A8).
func (p *planner) makeSteps() {
	for _, it := range p.items {
		switch {
		case it.fresh:
			p.create(it)
		case it.send&(Title|Parent|Body|File) != 0:
			p.write(it)
		}
		p.describe(it)
	}
	n := len(p.steps)
	for _, s := range p.steps[:n] {
		p.needsOf(s)
		p.relink(s)
	}
	p.keepCommentOrder()
}

var createVerbs = map[confluence.Kind]confluence.Verb{
	confluence.Page: confluence.VerbPost, confluence.BlogPost: confluence.VerbPost,
	confluence.Attachment: confluence.VerbAttach, confluence.Comment: confluence.VerbComment,
}

func (p *planner) create(it *item) {
	n := it.node[p.from]
	s := p.step(it, createVerbs[n.Kind], carried[n.Kind]&p.policy.Facets&(Title|Parent|Body|File))
	s.change.Title = n.Title
	if it.dest != nil {
		s.change.Parent = it.dest.twin
	}
	it.place = s
	if n.Kind == confluence.Page {
		it.retitle = s
	}
}

// write makes the calls for title, parent, body and file of what exists. Title, parent and body go together in one; only
// a move to the root of the space has no place in it.
func (p *planner) write(it *item) {
	sent, received := it.node[p.from], it.node[p.to]
	switch sent.Kind {
	case confluence.Attachment:
		s := p.step(it, confluence.VerbReplace, File)
		s.change.Title, s.change.Parent = sent.Title, received.Parent
		return
	case confluence.Comment:
		s := p.step(it, confluence.VerbRecomment, Body)
		s.change.Parent = received.Parent
		return
	}
	together := it.send & (Title | Parent | Body)
	var toRoot *step
	if together.Has(Parent) && it.dest == nil {
		toRoot = p.step(it, confluence.VerbMove, Parent)
		it.place = toRoot
		together &^= Parent
	}
	if together == 0 {
		return
	}
	s := p.step(it, confluence.VerbPut, together)
	s.change.Title = received.Title
	if together.Has(Title) {
		s.change.Title = sent.Title
		if sent.Kind == confluence.Page {
			it.retitle = s
		}
	}
	if together.Has(Parent) {
		s.change.Parent = it.dest.twin
		it.place = s
	}
	if toRoot != nil {
		s.waits = append(s.waits, toRoot)
	}
}

// describe makes the calls for labels and restrictions.
func (p *planner) describe(it *item) {
	wants := func(f Facets) bool {
		if !it.fresh {
			return it.send.Has(f)
		}
		n := it.node[p.from]
		return carried[n.Kind].Has(f) && p.policy.Facets.Has(f) && n.Read.Has(f) && !n.Digest[f.Index()].IsZero()
	}
	if wants(Restrictions) {
		it.restrict = p.step(it, confluence.VerbRestrict, Restrictions)
		it.loosen = it.node[p.from].Digest[Restrictions.Index()].IsZero()
	}
	if wants(Labels) {
		p.step(it, confluence.VerbLabel, Labels)
	}
}

func (p *planner) needsOf(s *step) {
	it := s.it
	if s != it.place && it.fresh {
		s.needs = append(s.needs, it.place)
		return // whatever it stands under is needed by its creation
	}
	switch s.change.Verb {
	case confluence.VerbPost:
		s.needs = append(s.needs, p.guards(it.dest)...)
		s.needs = appendStep(s.needs, placedAbove(it.dest))
	case confluence.VerbPut, confluence.VerbMove:
		if s != it.place {
			s.needs = append(s.needs, p.guards(it)...)
			return
		}
		if !it.loosen {
			s.needs = appendStep(s.needs, it.restrict)
		}
		s.needs = append(s.needs, p.guards(it.dest)...)
		s.needs = appendStep(s.needs, placedAbove(it.dest))
	case confluence.VerbAttach, confluence.VerbComment:
		s.needs = append(s.needs, p.guards(p.page(it))...)
		if it.dest.fresh {
			s.needs = append(s.needs, it.dest.place)
		}
	case confluence.VerbReplace, confluence.VerbRecomment:
		s.needs = append(s.needs, p.guards(p.page(it))...)
	}
}

func appendStep(list []*step, s *step) []*step {
	if s == nil {
		return list
	}
	return append(list, s)
}

// guards returns what must stand before new content comes to a page, so that nobody sees it whom the sender shuts out:
// its own tightening and those of the pages above it in the final tree. Above a page that is created here its creation
// stands for them, and above one that moves below a restricted page its move.
func (p *planner) guards(it *item) []*step {
	var out []*step
	for ; it != nil; it = it.dest {
		if it.restrict != nil && !it.loosen {
			out = append(out, it.restrict)
		}
		if it.fresh || it.place != nil && p.restrictedAbove(it.dest) {
			return append(out, it.place)
		}
	}
	return out
}

// restrictedAbove reports whether the sender restricts a page of the final tree, or one above it.
func (p *planner) restrictedAbove(it *item) bool {
	for ; it != nil; it = it.dest {
		if p.restricts(it) {
			return true
		}
	}
	return false
}

// placedAbove returns the step that puts the nearest page, from this one upwards, where it belongs.
func placedAbove(it *item) *step {
	for ; it != nil; it = it.dest {
		if it.place != nil {
			return it.place
		}
	}
	return nil
}

// page returns the page or blog post that a content belongs to, or is.
func (p *planner) page(it *item) *item {
	for it != nil && (it.kind() == confluence.Attachment || it.kind() == confluence.Comment) {
		it = p.above(it)
	}
	return it
}

// relink adds the second pass over a body that is written before contents whose id it needs.
func (p *planner) relink(s *step) {
	if !s.change.Facets.Has(Body) {
		return
	}
	needs := []*step{s}
	for _, twin := range s.it.node[p.from].Late {
		if late := p.byTwin[twin]; late != nil && late.fresh {
			needs = append(needs, late.place)
		}
	}
	if len(needs) == 1 {
		return
	}
	verb := confluence.VerbPut
	if s.change.Kind == confluence.Comment {
		verb = confluence.VerbRecomment
	}
	second := p.step(s.it, verb, Body)
	second.needs = append(needs, p.guards(p.page(s.it))...)
	second.change.Title, second.change.Parent, second.change.Relink = s.change.Title, "", true
	if verb == confluence.VerbRecomment {
		second.change.Parent = s.change.Parent
	}
}

// keepCommentOrder lets each new comment wait for the one before it below the same content.
func (p *planner) keepCommentOrder() {
	last := map[*item]*item{}
	ordered := make([]*item, 0, len(p.items))
	for _, it := range p.items {
		if it.fresh && it.kind() == confluence.Comment && it.node[p.from].Rank >= 0 {
			ordered = append(ordered, it)
		}
	}
	sortByOrder(ordered)
	for _, it := range ordered {
		if before := last[it.dest]; before != nil {
			it.place.waits = append(it.place.waits, before.place)
		}
		last[it.dest] = it
	}
}

// loosenLast lets the opening of a page wait for every other change of it, and for the tightenings below it.
func (p *planner) loosenLast() {
	for _, s := range p.steps {
		owner := p.page(s.it)
		if owner != nil && owner.loosen && s != owner.restrict {
			owner.restrict.needs = append(owner.restrict.needs, s)
		}
		if s != s.it.restrict || s.it.loosen {
			continue
		}
		for up := s.it.dest; up != nil; up = up.dest {
			if up.loosen {
				up.restrict.needs = append(up.restrict.needs, s)
			}
		}
	}
}

// homeFirst lets new bodies wait until the home page, which the receiver made with the space under a title of its own,
// has the sender's title. A body that came first and names another page by that title would mean the home page as long
// as it has it, and servers rewrite such references when the home page is renamed (open-facts OF-29).
func (p *planner) homeFirst() {
	for _, home := range p.items {
		s := home.retitle
		if s == nil || home.fresh || !home.node[p.to].Home || len(s.all())+len(s.waits) > 0 {
			continue
		}
		for _, other := range p.steps {
			if other.it != home && other.it.fresh && other == other.it.place && other.change.Facets.Has(Body) {
				other.waits = append(other.waits, s)
			}
		}
	}
}
