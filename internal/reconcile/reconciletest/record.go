package reconciletest

import (
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// carriedFacets are those that a kind has.
var carriedFacets = map[confluence.Kind]reconcile.Facets{
	confluence.Page:       reconcile.Title | reconcile.Parent | pageFacets,
	confluence.BlogPost:   reconcile.Title | pageFacets,
	confluence.Attachment: reconcile.Title | reconcile.Parent | reconcile.File | reconcile.Labels,
	confluence.Comment:    reconcile.Parent | reconcile.Body,
}

var singleFacets = []reconcile.Facets{reconcile.Title, reconcile.Parent, reconcile.Body, reconcile.File, reconcile.Labels, reconcile.Restrictions}

// agreeOn records that a twin exists on both sides, without any facet.
func (p *Pair) agreeOn(twin int) *reconcile.Agreed {
	a := &p.base[twin]
	ids := p.ids[twin]
	if a.Twin == "" {
		side := confluence.A
		if ids[0] == none {
			side = confluence.B
		}
		*a = reconcile.Agreed{Twin: p.twinName(twin), Kind: p.Sites[side].Contents[ids[side]].Kind}
	}
	a.Tomb = false
	for _, side := range confluence.Sides {
		if id := ids[side]; id != none {
			a.ID[side], a.Version[side] = IDOf(id), p.seen[side][id].Version
		}
	}
	return a
}

// record writes down facets of a twin as both sides were last seen or read back.
func (p *Pair) record(twin int, facets reconcile.Facets) {
	a := p.agreeOn(twin)
	ids := p.ids[twin]
	if ids[0] == none || ids[1] == none {
		return
	}
	both := [2]*Content{&p.seen[0][ids[0]], &p.seen[1][ids[1]]}
	facets &= carriedFacets[a.Kind]
	for _, f := range singleFacets {
		if !facets.Has(f) {
			continue
		}
		a.Facets |= f
		a.Held &^= f
		for _, side := range confluence.Sides {
			c := both[side]
			a.Digest[side][f.Index()] = digest(side, f.Index(), c.token(f))
			switch f {
			case reconcile.Title:
				a.Title[side] = c.Title
			case reconcile.Body, reconcile.File:
				a.Contested = false
			case reconcile.Labels:
				a.Labels[side] = LabelsOf(c.Labels)
			case reconcile.Restrictions:
				a.Readers[side], a.Editors[side] = PrincipalsOf(c.Readers), PrincipalsOf(c.Editors)
			}
		}
		if f == reconcile.Parent {
			a.Parent = p.twin(confluence.A, both[0].Parent)
		}
	}
}

// recordEqual writes down whatever both sides show alike.
func (p *Pair) recordEqual(twin int) {
	if !p.both(twin) {
		return
	}
	for _, f := range singleFacets {
		if p.Policy.Facets.Has(f) && p.same([2]int{twin, twin}, f) {
			p.record(twin, f)
		}
	}
}

// recordLabels writes down labels that a call added and removed: both sides agree on these from now on, whatever else
// is still to come.
func (p *Pair) recordLabels(twin int, add, remove Set) {
	a := p.agreeOn(twin)
	a.Facets |= reconcile.Labels
	for _, side := range confluence.Sides {
		was, _ := LabelSet(a.Labels[side])
		now := was&^remove | add
		a.Labels[side] = LabelsOf(now)
		a.Digest[side][reconcile.Labels.Index()] = digest(side, reconcile.Labels.Index(), uint32(now))
	}
}

// close records what a result says of the baseline beyond its changes.
func (p *Pair) close(r reconcile.Result) {
	for _, settled := range r.Settled {
		p.settle(settled)
	}
	for _, name := range r.Tombs {
		p.agreeOn(p.number(name)).Tomb = true
	}
	for _, name := range r.Detached {
		p.agreeOn(p.number(name)).Detached = true
	}
	for _, o := range r.Ordered {
		a := p.agreeOn(p.number(o.Twin))
		a.Facets |= reconcile.Order
		a.Landed = [2]bool{}
		a.Digest[0][reconcile.Order.Index()], a.Digest[1][reconcile.Order.Index()] = o.Digest, o.Digest
	}
}

// settle records facets that both sides agree on as they show them now.
func (p *Pair) settle(settled reconcile.Settled) {
	twin := p.number(settled.Twin)
	p.record(twin, settled.Facets&^reconcile.Labels)
	a := &p.base[twin]
	for _, side := range confluence.Sides {
		a.Owed[side] &^= settled.Facets
		if settled.Facets.Has(reconcile.Labels) {
			now, _ := LabelSet(settled.Labels[side])
			a.Labels[side], a.Digest[side][reconcile.Labels.Index()] = LabelsOf(now), digest(side, reconcile.Labels.Index(), uint32(now))
			a.Facets |= reconcile.Labels
		}
	}
}

// marry records contents of one side each that become twins.
func (p *Pair) marry(r reconcile.Result) {
	for _, j := range r.Joined {
		stays, goes := p.number(j.Twins[0]), p.number(j.Twins[1])
		id := p.ids[goes][confluence.B]
		if p.ids[stays][confluence.A] == none || p.ids[stays][confluence.B] != none || id == none || p.ids[goes][confluence.A] != none {
			p.breaks("%v were joined, and are not of one side each", j.Twins)
			continue
		}
		p.ids[goes][confluence.B] = none
		p.join(confluence.B, id, stays)
		for i := range p.written {
			if p.written[i].twin == goes {
				p.written[i].twin = stays
			}
		}
		a := p.agreeOn(stays)
		a.Contested = j.Contested
		p.recordEqual(stays)
		a.Contested = j.Contested
	}
}
