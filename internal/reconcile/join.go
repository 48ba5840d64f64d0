package reconcile

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// spot is where a content can be only one: the title of a page in its space, the name of a file on its page.
type spot struct {
	kind   confluence.Kind
	parent confluence.TwinID // of files
	name   string
}

// join makes twins of contents that were made on both sides: pages of one title, files of one name on one page, posts of
// one title and the same text (rows 32 and 33).
func (p *planner) join() {
	if p.migrating {
		return
	}
	joined := p.joinKind(confluence.Page)
	joined = p.joinKind(confluence.BlogPost) || joined
	joined = p.joinKind(confluence.Attachment) || joined
	if joined {
		p.items = slices.DeleteFunc(p.items, func(it *item) bool { return p.byTwin(it.twin) != it })
	}
}

// unmet reports whether a content was only ever on one side.
func (it *item) unmet(side confluence.Side) bool {
	return it.base == nil && it.state[side] == here && it.state[side.Other()] == never && it.node[side.Other()] == nil
}

// alone reports whether a content was only ever on one side, whichever.
func (it *item) alone() bool { return it.unmet(confluence.A) || it.unmet(confluence.B) }

func (p *planner) spotOf(it *item, side confluence.Side) spot {
	n := it.node[side]
	s := spot{kind: it.kind, name: p.fold[1](p.fold[0](n.Title))}
	if it.kind == confluence.Attachment {
		s.parent = p.parentOf(it, side)
	}
	return s
}

func (p *planner) joinKind(kind confluence.Kind) bool {
	candidates := map[spot][]*item{}
	for _, it := range p.items {
		if it.kind == kind && it.unmet(confluence.A) {
			s := p.spotOf(it, confluence.A)
			candidates[s] = append(candidates[s], it)
		}
	}
	if len(candidates) == 0 {
		return false
	}
	joined := false
	for _, it := range p.items {
		if it.kind != kind || !it.unmet(confluence.B) {
			continue
		}
		for _, at := range candidates[p.spotOf(it, confluence.B)] {
			if at.unmet(confluence.A) && p.joinTwo(at, it) {
				joined = true
				break
			}
		}
	}
	return joined
}

// joinTwo joins two contents if that is what the policy has for them.
func (p *planner) joinTwo(a, b *item) bool {
	f := Body
	if a.kind == confluence.Attachment {
		f = File
	}
	equal := p.policy.Met != nil && p.policy.Met([2]confluence.TwinID{a.twin, b.twin}, f)
	if !equal {
		apart := p.mirror || p.policy.Choices[f] == Copy && !p.oneWay
		if a.kind == confluence.BlogPost || apart {
			return false // two contents, of which one gets another title
		}
	}
	a.node[confluence.B], a.state[confluence.B] = b.node[confluence.B], here
	put(&p.partners, a, b.twin)
	p.named.join(b.twin, a)
	a.contested = !equal && f == Body
	p.result.Joined = append(p.result.Joined, Joined{Twins: [2]confluence.TwinID{a.twin, b.twin}, Kind: a.kind, Contested: !equal})
	if equal {
		p.row(32)
	} else {
		p.row(33)
	}
	return true
}
