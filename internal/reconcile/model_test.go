package reconcile

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// A model of two sites and of the caller of Plan: what a site refuses is refused here too.

type twinID = confluence.TwinID

// chooser draws numbers from 0 to n-1, from rapid or from a seeded generator.
type chooser func(n int) int

func seeded(seed uint64) chooser {
	r := rand.New(rand.NewPCG(seed, 7))
	return func(n int) int { return r.IntN(n) }
}

// thing is one content of a modelled site.
type thing struct {
	kind     confluence.Kind
	title    string
	parent   twinID
	body     string
	late     []twinID // sender: what the body refers to by id
	resolved string   // receiver: which of them were there when the body was written
	labels   string
	restrict string
	file     string
	version  int
	home     bool
}

// site is a modelled side: contents, and the children of each content in their order.
type site struct {
	things   map[twinID]*thing
	children map[twinID][]twinID // pages only
	explicit map[twinID]bool     // sender: the order of the children is explicit
}

func newSite() *site {
	return &site{things: map[twinID]*thing{}, children: map[twinID][]twinID{}, explicit: map[twinID]bool{}}
}

func (s *site) pages() []twinID { return s.of(confluence.Page) }

func (s *site) of(kinds ...confluence.Kind) []twinID {
	var out []twinID
	for twin, t := range s.things {
		if slices.Contains(kinds, t.kind) {
			out = append(out, twin)
		}
	}
	slices.Sort(out)
	return out
}

func (s *site) put(twin twinID, t *thing) {
	s.things[twin] = t
	if t.kind == confluence.Page {
		s.children[t.parent] = append(s.children[t.parent], twin)
	}
}

func (s *site) reparent(twin, parent twinID) {
	t := s.things[twin]
	s.children[t.parent] = slices.DeleteFunc(s.children[t.parent], func(c twinID) bool { return c == twin })
	t.parent = parent
	s.children[parent] = append(s.children[parent], twin)
}

func (s *site) inside(twin, of twinID) bool {
	for at := twin; at != ""; at = s.things[at].parent {
		if at == of {
			return true
		}
	}
	return false
}

// remove takes a content away with what hangs on it; its child pages move up, as on both products.
func (s *site) remove(twin twinID) {
	t := s.things[twin]
	for _, child := range slices.Clone(s.children[twin]) {
		s.reparent(child, t.parent)
	}
	delete(s.things, twin)
	delete(s.children, twin)
	s.children[t.parent] = slices.DeleteFunc(s.children[t.parent], func(c twinID) bool { return c == twin })
	for other, o := range s.things {
		if o.parent == twin && o.kind != confluence.Page {
			s.remove(other)
		}
	}
}

func digest(side confluence.Side, what, value string) confluence.Digest {
	if value == "" {
		return confluence.Digest{}
	}
	return confluence.Sum(fmt.Appendf(nil, "%d %s %s", side, what, value))
}

func (s *site) node(side confluence.Side, twin twinID) Node {
	t := s.things[twin]
	n := Node{Twin: twin, ID: confluence.ID("id-" + twin), Kind: t.kind, Title: t.title, Parent: t.parent, Rank: -1, Version: t.version, Home: t.home, Late: t.late}
	set := func(f Facets, what, value string) {
		n.Digest[f.Index()] = digest(side, what, value)
		n.Read |= f
	}
	switch t.kind {
	case confluence.Attachment:
		set(File, "file", t.file)
	case confluence.Comment:
		set(Body, "body", t.body+t.resolved)
	default:
		set(Body, "body", t.body+t.resolved)
		set(Restrictions, "restrict", t.restrict)
	}
	set(Labels, "labels", t.labels)
	return n
}

func (s *site) snapshot(side confluence.Side) []Node {
	ranks := map[twinID]int{}
	for parent, list := range s.children {
		if side == confluence.B || s.explicit[parent] {
			for i, twin := range list {
				ranks[twin] = 10 * i
			}
		}
	}
	var out []Node
	for _, twin := range slices.Sorted(maps.Keys(s.things)) {
		n := s.node(side, twin)
		if r, ok := ranks[twin]; ok {
			n.Rank = r
		}
		out = append(out, n)
	}
	return out
}

// world is a pair of sites with its baseline and the caller that carries changes out.
type world struct {
	choose chooser
	side   [2]*site
	base   map[twinID]*Agreed
	policy Policy
	calls  []Change // that were made
	fail   int      // chance of a failure in percent
	next   int
	// Of the result at hand: what it created so far, and which bodies get a second pass.
	made, relinks map[twinID]bool
	broken        []string // what a site refused or must never see
}

func newWorld(choose chooser) *world {
	w := &world{choose: choose, side: [2]*site{newSite(), newSite()}, base: map[twinID]*Agreed{}}
	w.policy = Policy{Mode: SafeAToB, Position: [2]bool{true, true}, RootPosition: [2]bool{true, choose(2) == 0},
		Facets: Title | Parent | Order | Body | Labels | Restrictions | File | Status}
	home := &thing{kind: confluence.Page, title: "Home", body: "welcome", home: true}
	w.side[0].put("t000", home)
	w.side[1].put("t000", &thing{kind: confluence.Page, title: "Company Home", body: "made by the server", home: true})
	w.base["t000"] = &Agreed{Twin: "t000", Kind: confluence.Page, ID: [2]confluence.ID{"id-t000", "id-t000"}}
	return w
}

func (w *world) plan() Result {
	nodes := [2][]Node{w.side[0].snapshot(confluence.A), w.side[1].snapshot(confluence.B)}
	return Plan(func(yield func(Agreed) bool) {
		for _, a := range w.base {
			if !yield(*a) {
				return
			}
		}
	}, nodes, w.policy)
}

func (w *world) refuse(format string, args ...any) bool {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
	return false
}

// apply does one change at the receiver. It returns false if the site refuses it, which it never should.
func (w *world) apply(c Change) bool {
	to, from := w.side[c.Side], w.side[c.Side.Other()]
	if c.Side != confluence.B {
		return w.refuse("a call to the sender: %+v", c)
	}
	t := to.things[c.Twin]
	creates := c.Verb == confluence.VerbPost || c.Verb == confluence.VerbAttach || c.Verb == confluence.VerbComment
	if creates != (t == nil) {
		return w.refuse("%s of %s, which is there: %v", c.Verb, c.Twin, t != nil)
	}
	if (creates || w.made[c.Twin]) != (c.Target == "") {
		return w.refuse("%s of %s with target %q", c.Verb, c.Twin, c.Target)
	}
	if c.Parent != "" && to.things[c.Parent] == nil {
		return w.refuse("%s of %s under %s, which is not there", c.Verb, c.Twin, c.Parent)
	}
	if c.Facets.Has(Title) && c.Kind == confluence.Page && !w.titleFree(c) {
		return w.refuse("%s of %s: the title %q is taken", c.Verb, c.Twin, c.Title)
	}
	src := from.things[c.Twin]
	w.calls = append(w.calls, c)
	switch c.Verb {
	case confluence.VerbPost, confluence.VerbAttach, confluence.VerbComment:
		t = &thing{kind: c.Kind, title: c.Title, parent: c.Parent, file: src.file}
		to.put(c.Twin, t)
		w.made[c.Twin] = true
		w.base[c.Twin] = &Agreed{Twin: c.Twin, Kind: c.Kind, ID: [2]confluence.ID{"id-" + confluence.ID(c.Twin), "id-" + confluence.ID(c.Twin)}}
		w.agree(c, src)
	case confluence.VerbPut, confluence.VerbRecomment, confluence.VerbReplace:
		if c.Facets.Has(Parent) {
			if c.Parent == "" || to.inside(c.Parent, c.Twin) {
				return w.refuse("%s under %s", c.Twin, c.Parent)
			}
			to.reparent(c.Twin, c.Parent)
		}
		w.agree(c, src)
		t.version++
	case confluence.VerbMove:
		if c.Facets.Has(Parent) {
			to.reparent(c.Twin, "")
			w.agree(c, src)
			return true
		}
		return w.move(c, t)
	case confluence.VerbLabel, confluence.VerbRestrict:
		w.agree(c, src)
	default:
		return w.refuse("verb %s", c.Verb)
	}
	return true
}

// agree writes the facets of a change at the receiver and records them.
func (w *world) agree(c Change, src *thing) {
	to := w.side[confluence.B]
	t, a := to.things[c.Twin], w.base[c.Twin]
	if c.Facets.Has(Title) && c.Kind != confluence.Comment {
		t.title = c.Title
		w.recordTitle(c, src, a)
	}
	if c.Facets.Has(Parent) {
		a.Parent = src.parent
		a.Facets |= Parent
	}
	if c.Facets.Has(Body) {
		t.body, t.resolved = src.body, w.resolved(src)
		a.Facets |= Body
		if w.relinks[c.Twin] && !c.Relink {
			a.Facets &^= Body
		}
	}
	if c.Facets.Has(Labels) {
		t.labels = src.labels
		a.Facets |= Labels
	}
	if c.Facets.Has(Restrictions) {
		t.restrict = src.restrict
		a.Facets |= Restrictions
	}
	if c.Facets.Has(File) {
		t.file = src.file
		a.Facets |= File
	}
	for _, side := range confluence.Sides {
		n := w.side[side].node(side, c.Twin)
		for _, f := range AllFacets {
			if c.Facets.Has(f) && a.Facets.Has(f) {
				a.Digest[side][f.Index()] = n.Digest[f.Index()]
			}
		}
	}
}

// recordTitle records a title. Of a temporary one it must not matter if and how it was recorded before a crash.
func (w *world) recordTitle(c Change, src *thing, a *Agreed) {
	switch temporary := c.Title != src.title && isTemporary(c.Title, c.Twin); {
	case !temporary:
		a.Title = [2]string{src.title, c.Title}
		a.Facets |= Title
	case w.choose(3) == 0:
		a.Title[confluence.B] = c.Title
	case w.choose(2) == 0:
		a.Facets &^= Title
	}
}

// resolved says which of a body's references have a target at the receiver.
func (w *world) resolved(src *thing) string {
	var b strings.Builder
	for _, twin := range src.late {
		if w.side[confluence.B].things[twin] != nil {
			b.WriteString(" " + string(twin))
		}
	}
	return b.String()
}

func (w *world) titleFree(c Change) bool {
	for twin, t := range w.side[confluence.B].things {
		if twin != c.Twin && t.kind == confluence.Page && strings.EqualFold(t.title, c.Title) {
			return false
		}
	}
	return true
}

func (w *world) move(c Change, t *thing) bool {
	to := w.side[confluence.B]
	if t.parent != c.Parent {
		return w.refuse("order of %s, which stands under %s and not %s", c.Twin, t.parent, c.Parent)
	}
	anchor := c.After
	if c.First {
		anchor = c.Before
	}
	list := slices.DeleteFunc(slices.Clone(to.children[t.parent]), func(s twinID) bool { return s == c.Twin })
	at := slices.Index(list, anchor)
	if at < 0 {
		return w.refuse("%s beside %q, which is no sibling", c.Twin, anchor)
	}
	if !c.First {
		at++
	}
	to.children[t.parent] = slices.Insert(list, at, c.Twin)
	w.base[c.Twin].Facets &^= Order
	return true
}

// carry does the changes of a result in a random order that respects Needs, some of them failing.
func (w *world) carry(r Result) {
	w.made, w.relinks = map[twinID]bool{}, map[twinID]bool{}
	for _, c := range r.Changes {
		w.relinks[c.Twin] = w.relinks[c.Twin] || c.Relink
	}
	state := make([]int, len(r.Changes)) // 0 open, 1 done, 2 failed
	for {
		var free []int
		for i, c := range r.Changes {
			if state[i] != 0 {
				continue
			}
			ready := true
			for _, n := range c.Needs {
				if n >= i {
					w.refuse("change %d needs %d", i, n)
				}
				if state[n] == 2 {
					state[i] = 2
				}
				ready = ready && state[n] == 1
			}
			if ready && state[i] == 0 {
				free = append(free, i)
			}
		}
		if len(free) == 0 {
			break
		}
		i := free[w.choose(len(free))]
		state[i] = 1
		if w.fail > 0 && w.choose(100) < w.fail {
			state[i] = 2
			continue
		}
		if w.guarded(r.Changes[i]); !w.apply(r.Changes[i]) {
			state[i] = 2
		}
	}
	for _, o := range r.Ordered {
		a := w.base[o.Twin]
		a.Facets |= Order
		a.Digest[0][Order.Index()], a.Digest[1][Order.Index()] = o.Digest, o.Digest
	}
}

// guarded checks that new content is seen by nobody whom the sender shuts out: whatever restricts the content there must
// restrict it at the receiver already. A page that is created has its own restrictions a moment later.
func (w *world) guarded(c Change) {
	from, to := w.side[confluence.A], w.side[confluence.B]
	if c.Facets&(Title|Body|File) == 0 || isTemporary(c.Title, c.Twin) || from.things[c.Twin] == nil {
		return
	}
	standing := map[string]bool{}
	at := c.Twin
	if to.things[at] == nil || c.Facets.Has(Parent) {
		at = c.Parent
	}
	for at != "" && to.things[at] != nil {
		standing[string(at)+to.things[at].restrict] = true
		at = to.things[at].parent
	}
	if t := to.things[c.Twin]; t != nil {
		standing[string(c.Twin)+t.restrict] = true
	}
	for up := c.Twin; up != ""; up = from.things[up].parent {
		own := up == c.Twin && c.Verb == confluence.VerbPost
		if s := from.things[up]; s.restrict != "" && !own && !standing[string(up)+s.restrict] {
			w.refuse("%s of %s (%v) before the restriction of %s", c.Verb, c.Twin, c.Facets.Names(), up)
		}
	}
}
