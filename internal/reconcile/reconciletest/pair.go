package reconciletest

import (
	"fmt"
	"iter"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// Planner decides as reconcile.Plan does.
type Planner func(base iter.Seq[reconcile.Agreed], snaps [2][]reconcile.Node, policy reconcile.Policy) reconcile.Result

// none stands for no content and no twin.
const none = -1

// Pair is two modelled sites, what both last agreed on, and the caller that plans and carries plans out. Contents are
// numbered by twin: the birth of the content that the twin was minted from.
type Pair struct {
	Sites  [2]*Site
	Policy reconcile.Policy
	plan   Planner

	ids      [][2]int                  // by twin: server ids, or none
	twinOf   [2][]int                  // by server id
	names    map[int]confluence.TwinID // of twins that the planner named: conflict copies
	base     []reconcile.Agreed        // by twin; without an id on both sides: never agreed
	observed [2][]Content              // when the last snapshot was taken
	eased    [2][]Set                  // whom they let in
	seen     [2][]Content              // what the last snapshot showed, and what was read back since

	written []written
	broken  []string
	calls   []reconcile.Change // that a site has carried out
	nodes   [2][]reconcile.Node
	spare   struct { // memory of shuffled
		nodes [2][]reconcile.Node
		base  []reconcile.Agreed
	}
}

// written is what a person wrote: Before is what it replaced, Value zero a deletion.
type written struct {
	side          confluence.Side
	twin          int
	value, before Token
}

// breaks notes that a law is broken.
func (p *Pair) breaks(format string, args ...any) {
	p.broken = append(p.broken, fmt.Sprintf(format, args...))
}

// find returns the content of a side that is of the twin with a birth, none if there is none.
func (p *Pair) find(side confluence.Side, birth int) int {
	if birth < 0 || birth >= len(p.ids) {
		return none
	}
	return p.ids[birth][side]
}

// join says that a content is one half of a twin.
func (p *Pair) join(side confluence.Side, id, twin int) {
	for len(p.ids) <= twin {
		p.ids = append(p.ids, [2]int{none, none})
		p.base = append(p.base, reconcile.Agreed{})
	}
	for len(p.twinOf[side]) <= id {
		p.twinOf[side] = append(p.twinOf[side], none)
	}
	p.ids[twin][side], p.twinOf[side][id] = id, twin
}

// twin names the twin of a content, as nodes do.
func (p *Pair) twin(side confluence.Side, id int) confluence.TwinID {
	if id == Nowhere {
		return ""
	}
	return p.twinName(p.twinOf[side][id])
}

func (p *Pair) twinName(n int) confluence.TwinID {
	if name, own := p.names[n]; own {
		return name
	}
	return TwinOf(n)
}

// number reads a twin's name. The planner may have made it up: then it gets a number.
func (p *Pair) number(name confluence.TwinID) int {
	if n, ok := numberOf(name); ok {
		return n
	}
	for n, known := range p.names {
		if known == name {
			return n
		}
	}
	if p.names == nil {
		p.names = map[int]confluence.TwinID{}
	}
	n := len(twinNames) + len(p.names)
	p.names[n] = name
	return n
}

// both reports whether a twin has contents on both sides that are live.
func (p *Pair) both(twin int) bool {
	ids := p.ids[twin]
	return ids[0] != none && ids[1] != none && p.Sites[0].Shown(ids[0]) && p.Sites[1].Shown(ids[1])
}

// wrote notes what a person wrote last into a content.
func (p *Pair) wrote(side confluence.Side, id int) {
	c := &p.Sites[side].Contents[id]
	w := written{side: side, twin: p.twinOf[side][id], value: c.Body + c.File}
	if n := len(c.Past); n > 0 {
		w.before = c.Past[n-1].Body + c.Past[n-1].File
	}
	if w.value != w.before {
		p.written = append(p.written, w)
	}
}

// threw notes that a person deleted a content with what belongs to it.
func (p *Pair) threw(side confluence.Side, id int) {
	s := p.Sites[side]
	c := &s.Contents[id]
	p.written = append(p.written, written{side: side, twin: p.twinOf[side][id], before: c.Body + c.File})
	for _, below := range s.Below(id) {
		p.threw(side, below)
	}
}

// look takes a snapshot of both sides.
func (p *Pair) look() [2][]reconcile.Node {
	for _, side := range confluence.Sides {
		s := p.Sites[side]
		p.seen[side] = append(p.seen[side][:0], s.Contents...)
		p.observed[side] = append(p.observed[side][:0], s.Contents...)
		p.nodes[side] = p.nodes[side][:0]
		for id := range s.Contents {
			if p.listed(side, id) {
				p.nodes[side] = append(p.nodes[side], reconcile.Node{})
				p.node(side, id, &p.nodes[side][len(p.nodes[side])-1])
			}
		}
		for id := range s.Contents {
			for rank, child := range s.Contents[id].Children {
				p.rank(side, child, rank)
			}
		}
		for rank, child := range s.Roots {
			p.rank(side, child, rank)
		}
		p.ease(side)
	}
	return p.nodes
}

// rank sets a node's place. Nodes stand in the order of ids, so it is looked for by halving.
func (p *Pair) rank(side confluence.Side, id, rank int) {
	nodes, name := p.nodes[side], IDOf(id)
	for i := min(id, len(nodes)-1); i >= 0; i-- {
		if nodes[i].ID == name {
			nodes[i].Rank = rank
			return
		}
	}
}

// listed reports whether a snapshot shows a content: what our account cannot read is not there, nor what belongs to a
// page that is not. A comment that a page does not have any more is gone for good, and is shown as that.
func (p *Pair) listed(side confluence.Side, id int) bool {
	s := p.Sites[side]
	c := &s.Contents[id]
	switch {
	case c.Hidden:
		return false
	case c.Kind == confluence.Comment && c.Purged:
		return s.Shown(s.Owner(id))
	case c.Kind == confluence.Attachment || c.Kind == confluence.Comment:
		return s.Shown(c.Parent)
	}
	return true
}

// start is when the clocks of both sites stand at zero.
var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

const pageFacets = reconcile.Body | reconcile.Labels | reconcile.Restrictions

func (p *Pair) node(side confluence.Side, id int, n *reconcile.Node) {
	c := &p.Sites[side].Contents[id]
	*n = reconcile.Node{
		Twin: p.twin(side, id), ID: IDOf(id), Kind: c.Kind, Status: c.Status, Title: c.Title, Parent: p.twin(side, c.Parent), Rank: -1,
		Version: c.Version, Home: c.Home, By: confluence.UserID(c.By), At: start.Add(time.Duration(c.At) * time.Second), Away: c.Away,
	}
	if c.Purged {
		n.Status = reconcile.Purged
		return
	}
	switch c.Kind {
	case confluence.Attachment:
		n.Read = reconcile.File | reconcile.Labels
	case confluence.Comment:
		n.Read, n.Rank = reconcile.Body, id
	default:
		n.Read = pageFacets
	}
	p.fill(side, c, n)
}

// fill sets what a node says of a content.
func (p *Pair) fill(side confluence.Side, c *Content, n *reconcile.Node) {
	p.digests(side, c, &n.Digest)
	n.Labels, n.Readers, n.Editors = LabelsOf(c.Labels), PrincipalsOf(c.Readers), PrincipalsOf(c.Editors)
}

func (p *Pair) digests(side confluence.Side, c *Content, d *[8]confluence.Digest) {
	for _, f := range [...]reconcile.Facets{reconcile.Body, reconcile.File, reconcile.Labels, reconcile.Restrictions} {
		d[f.Index()] = digest(side, f.Index(), c.token(f))
	}
}

// token stands for what a content shows of a facet that has a digest.
func (c *Content) token(f reconcile.Facets) uint32 {
	switch f {
	case reconcile.Body:
		return uint32(c.Body)
	case reconcile.File:
		return uint32(c.File)
	case reconcile.Labels:
		return uint32(c.Labels)
	case reconcile.Restrictions:
		return uint32(c.Readers)<<8 | uint32(c.Editors)
	}
	return 0
}

// each yields the baseline.
func (p *Pair) each(yield func(reconcile.Agreed) bool) {
	for twin := range p.base {
		if p.base[twin].Twin != "" && !yield(p.base[twin]) {
			return
		}
	}
}

// Plan looks at both sides and asks what to do.
func (p *Pair) Plan() reconcile.Result {
	nodes := p.look()
	return p.plan(p.each, nodes, p.asked())
}

// asked is the pair's policy with the callbacks that compare both sides in the neutral form.
func (p *Pair) asked() reconcile.Policy {
	policy := p.Policy
	policy.TrashHoldsTitle = [2]bool{p.Sites[0].Options.TrashHolds, p.Sites[1].Options.TrashHolds}
	policy.Same = func(twin confluence.TwinID, facet reconcile.Facets) bool {
		n := p.number(twin)
		return p.same([2]int{n, n}, facet)
	}
	policy.Met = func(twins [2]confluence.TwinID, facet reconcile.Facets) bool {
		return p.same([2]int{p.number(twins[0]), p.number(twins[1])}, facet)
	}
	return policy
}

// same reports whether both sides showed the same of a facet.
func (p *Pair) same(twins [2]int, f reconcile.Facets) bool {
	ids := [2]int{p.ids[twins[0]][0], p.ids[twins[1]][1]}
	if ids[0] == none || ids[1] == none {
		return false
	}
	a, b := &p.seen[0][ids[0]], &p.seen[1][ids[1]]
	switch f {
	case reconcile.Title:
		return a.Title == b.Title
	case reconcile.Parent:
		return p.twin(0, a.Parent) == p.twin(1, b.Parent)
	case reconcile.Body:
		return a.Body == b.Body
	case reconcile.File:
		return a.File == b.File
	case reconcile.Labels:
		return a.Labels == b.Labels
	case reconcile.Restrictions:
		return a.Readers == b.Readers && a.Editors == b.Editors
	case reconcile.Status:
		return a.Status == b.Status
	}
	return false
}
