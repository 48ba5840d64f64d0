package reconcile

import "github.com/tandem-sync/tandem/internal/confluence"

// carried are the facets of each kind that can be sent. Other kinds are left alone.
var carried = map[confluence.Kind]Facets{
	confluence.Page:       Title | Parent | Body | Labels | Restrictions,
	confluence.BlogPost:   Title | Body | Labels | Restrictions,
	confluence.Attachment: File | Labels,
	confluence.Comment:    Body,
}

// essential is the facet without which a kind is not created.
var essential = map[confluence.Kind]Facets{
	confluence.Page: Title, confluence.BlogPost: Title, confluence.Attachment: File, confluence.Comment: Body,
}

// compare decides about every twin on its own: create, write some facets, or leave it.
func (p *planner) compare() {
	for _, it := range p.items {
		sent, received := it.live(p.from), it.live(p.to)
		switch {
		case sent == nil:
			p.missingAtSender(it)
		case carried[sent.Kind] == 0:
		case received == nil:
			p.missingAtReceiver(it, sent)
		case sent.Kind != received.Kind:
			p.clash(it, Status, "another kind of content at the destination")
		default:
			p.compareTwins(it, sent, received)
		}
	}
}

func (p *planner) missingAtSender(it *item) {
	if it.base == nil || it.base.ID[p.to] == "" {
		return // never sent: of the receiver alone
	}
	if it.live(p.to) == nil {
		p.converge(it) // gone on both sides
		return
	}
	p.result.Gone = append(p.result.Gone, it.twin)
}

func (p *planner) missingAtReceiver(it *item, sent *Node) {
	if n := it.node[p.to]; n != nil && n.Status == confluence.Archived {
		p.clash(it, Status, "archived at the destination")
		return
	}
	if it.base == nil || it.base.ID[p.to] == "" {
		it.fresh = p.policy.Facets.Has(essential[sent.Kind])
		return
	}
	if holder := p.above(it); holder != nil && sent.Kind != confluence.Page && holder.base != nil && holder.live(p.to) == nil {
		return // went with the content it belongs to, which is reported
	}
	p.clash(it, Status, "deleted at the destination")
}

func (p *planner) compareTwins(it *item, sent, received *Node) {
	for _, f := range AllFacets {
		if !carried[sent.Kind].Has(f) || !p.policy.Facets.Has(f) {
			continue
		}
		switch f {
		case Title:
			p.compareTitle(it, sent, received)
		case Parent:
			p.compareParent(it, sent, received)
		default:
			p.compareDigest(it, f)
		}
	}
	if sent.Kind == confluence.Attachment && sent.Parent != received.Parent && it.base != nil && sent.Parent != it.base.Parent {
		p.clash(it, Parent, "moved to another page at the source; a file cannot be moved")
	}
	if sent.Kind == confluence.Attachment && sent.Title != received.Title && it.base != nil && sent.Title != it.base.Title[p.from] {
		p.clash(it, Title, "has another name at the source; a file cannot be renamed")
	}
}

// verdict decides by who changed a facet. Contents without a baseline were not made by us and are left as they are.
func (p *planner) verdict(it *item, f Facets, agreed, here, there bool) {
	switch {
	case it.base == nil && !p.takeover(it):
		p.clash(it, f, "at the destination before the migration, and different")
	case !agreed, here && !there:
		it.send |= f
	case !here && there:
		p.clash(it, f, "edited at the destination")
	case here && there:
		p.clash(it, f, "edited on both sides")
	}
}

// takeover reports whether a content without a baseline becomes ours all the same: the home page that came with the
// space.
func (p *planner) takeover(it *item) bool { return it.node[p.from].Home && it.node[p.to].Home }

func (p *planner) compareTitle(it *item, sent, received *Node) {
	agreed := it.base != nil && it.base.Facets.Has(Title)
	if sent.Title == received.Title {
		if !agreed || it.base.Title[p.from] != sent.Title {
			p.converge(it)
		}
		return
	}
	here := !agreed || sent.Title != it.base.Title[p.from]
	there := !agreed || received.Title != it.base.Title[p.to]
	if it.base != nil && isTemporary(received.Title, it.twin) {
		here, there = true, false // the first half of a change of ours that was interrupted
	}
	p.verdict(it, Title, agreed, here, there)
}

func (p *planner) compareParent(it *item, sent, received *Node) {
	if sent.Home || received.Home {
		return // a home page stays where it is
	}
	agreed := it.base != nil && it.base.Facets.Has(Parent)
	if sent.Parent == received.Parent {
		if !agreed || it.base.Parent != sent.Parent {
			p.converge(it)
		}
		return
	}
	p.verdict(it, Parent, agreed, !agreed || sent.Parent != it.base.Parent, !agreed || received.Parent != it.base.Parent)
}

// startEmpty are the facets that a content which we made does not have until we write them. Where they were never agreed
// on, they count as agreed to be empty.
const startEmpty = Labels | Restrictions

func (p *planner) compareDigest(it *item, f Facets) {
	sent, received := it.node[p.from], it.node[p.to]
	if !sent.Read.Has(f) {
		return
	}
	i := f.Index()
	var was [2]confluence.Digest
	agreed := it.base != nil && it.base.Facets.Has(f)
	if agreed {
		was = [2]confluence.Digest{it.base.Digest[confluence.A][i], it.base.Digest[confluence.B][i]}
	} else {
		agreed = startEmpty.Has(f) && (it.base != nil || p.takeover(it))
	}
	here := !agreed || sent.Digest[i] != was[p.from]
	there := received.Read.Has(f) && (!agreed || received.Digest[i] != was[p.to])
	if sent.Digest[i].IsZero() && received.Digest[i].IsZero() {
		if here || there {
			p.converge(it) // nothing on either side
		}
		return
	}
	p.verdict(it, f, agreed, here, there)
}
