package reconcile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	// maxTitle is the longest title both products take, in characters.
	maxTitle = 255
	// markLength is how much of the twin stands in a temporary title.
	markLength = 8
)

// mark is what a temporary title of a content ends with.
func mark(twin confluence.TwinID) string {
	s := string(twin)
	return " ~" + s[max(0, len(s)-markLength):]
}

// temporary returns a title that nothing else has, to free the one in the way. It is made from the title the page has
// now, so that it tells nobody anything new.
func temporary(title string, twin confluence.TwinID) string { return suffixed(title, mark(twin)) }

// suffixed appends to a title, which is cut where it would grow too long.
func suffixed(title, suffix string) string {
	keep := maxTitle - utf8.RuneCountInString(suffix)
	if runes := []rune(title); len(runes) > keep {
		title = string(runes[:keep])
	}
	return title + suffix
}

func isTemporary(title string, twin confluence.TwinID) bool {
	return strings.HasSuffix(title, mark(twin))
}

// giveBack takes a temporary title back where nothing else will: its page stays, though its twin on the other side, whose
// title it was to get, is not there any more.
func (p *planner) giveBack() {
	if !p.policy.Sweep || !p.policy.Facets.Has(Title) {
		return
	}
	for _, it := range p.items {
		for _, side := range confluence.Sides {
			n := it.live(side)
			if n == nil || n.Kind() != confluence.Page || !p.receives[side] || it.state[side.Other()] == here || !isTemporary(n.Title, it.twin) {
				continue
			}
			it.title, it.unlent = it.plain(side), true
			it.at[side].send |= Title
			it.at[side].merged |= Title
		}
	}
}

// plain is the title that a page had before it got the temporary one it has.
func (it *item) plain(side confluence.Side) string {
	n, other := it.node[side], it.node[side.Other()]
	title := strings.TrimSuffix(n.Title, mark(it.twin))
	if utf8.RuneCountInString(n.Title) < maxTitle {
		return title
	}
	// It was cut. What both sides knew it by may be the whole of it.
	switch {
	case it.base != nil && strings.HasPrefix(it.base.title[side], title):
		return it.base.title[side]
	case other != nil && strings.HasPrefix(other.Title, title) && !isTemporary(other.Title, it.twin):
		return other.Title
	}
	return title
}

// takes reports whether the page will take another title on a side, by being created, restored or renamed.
func (it *item) takes(side confluence.Side) bool {
	a := &it.at[side]
	return a.fresh || a.restore || a.send.Has(Title)
}

// finalTitle is the title that a content has on a side in the end.
func (it *item) finalTitle(side confluence.Side) string {
	n, other := it.node[side], it.node[side.Other()]
	switch a := &it.at[side]; {
	case it.title != "" && it.takes(side):
		return it.title
	case (a.fresh || a.send.Has(Title)) && other != nil:
		return other.Title
	}
	return n.Title
}

// holdsTitle reports whether a node keeps its title from others.
func (p *planner) holdsTitle(n *node, side confluence.Side) bool {
	if n == nil || n.Kind() != confluence.Page || n.Away {
		return false
	}
	switch n.Status() {
	case confluence.Trashed:
		return p.policy.TrashHoldsTitle[side]
	case confluence.Draft, Purged:
		return false
	}
	return true
}

// refuseTitles takes the titles away from pages that cannot have them in a migration: because a page that stays has it, or
// because two pages want the same.
func (p *planner) refuseTitles() {
	to := p.to
	holders := map[string][]*item{} // folded title on the receiver
	for _, it := range p.items {
		if n := it.node[to]; p.holdsTitle(n, to) {
			f := p.fold[to](n.Title)
			holders[f] = append(holders[f], it)
		}
	}
	for _, n := range p.strangers[to] {
		if p.holdsTitle(n, to) {
			f := p.fold[to](n.Title)
			stranger := &item{}
			stranger.node[to] = n
			holders[f] = append(holders[f], stranger)
		}
	}
	takers := map[string]*item{}
	var queue []*item
	for _, it := range p.items {
		if n := it.node[p.from]; n == nil || n.Kind() != confluence.Page || !it.takes(to) {
			continue
		}
		f := p.fold[to](it.node[p.from].Title)
		if first := takers[f]; first != nil {
			p.refuseTitle(it, "another page of the source takes this title")
			continue
		}
		takers[f] = it
		queue = append(queue, it)
	}
	// Each page that stays what it is may refuse another page its title, which then stays what it is as well.
	for len(queue) > 0 {
		it := queue[0]
		queue = queue[1:]
		if !it.takes(to) {
			continue
		}
		f := p.fold[to](it.node[p.from].Title)
		if !slices.ContainsFunc(holders[f], func(h *item) bool { return h != it && !p.frees(h, f) }) {
			continue
		}
		p.refuseTitle(it, "another page at the destination has this title")
		if n := it.node[to]; n != nil {
			if next := takers[p.fold[to](n.Title)]; next != nil && next != it {
				queue = append(queue, next)
			}
		}
	}
}

// frees reports whether a page of the receiver gives up this folded title.
func (p *planner) frees(h *item, folded string) bool {
	return h.at[p.to].send.Has(Title) && p.fold[p.to](h.node[p.from].Title) != folded
}

func (p *planner) refuseTitle(it *item, what string) {
	it.at[p.to].fresh = false
	it.at[p.to].send &^= Title
	p.clash(it, Clash{Facet: Title, Kind: "title", Open: true, What: what})
}

// titleEdges links every step that takes a title with the page that has it now.
func (p *planner) titleEdges() {
	for _, side := range confluence.Sides {
		// A page that comes out of the trash has its old title for a moment: who takes it waits for both who had it.
		holders, restored := map[string]*item{}, map[string]*item{}
		for _, it := range p.items {
			a := &it.at[side]
			switch n := it.node[side]; {
			case it.kind != confluence.Page || n == nil || a.did().retitle == nil && a.did().remove == nil && a.did().temp == nil:
			case a.restore:
				restored[p.fold[side](n.Title)] = it
			case p.holdsTitle(n, side):
				holders[p.fold[side](n.Title)] = it
			}
		}
		if len(holders)+len(restored) == 0 {
			continue
		}
		for _, s := range p.steps {
			if s.change.Side != side || !s.takesTitle() {
				continue
			}
			f := p.fold[side](s.title())
			if h := restored[f]; h != nil && h != s.it {
				s.frees = h
			} else if h := holders[f]; h != nil && h != s.it {
				s.frees = h
			}
		}
	}
}

// refuseFiles gives up files whose name is taken on their page by a file that is no twin of theirs.
func (p *planner) refuseFiles() {
	for _, side := range confluence.Sides {
		if !p.receives[side] {
			continue
		}
		fresh := func(it *item) bool { return it.kind == confluence.Attachment && it.at[side].fresh }
		if !slices.ContainsFunc(p.items, fresh) {
			continue
		}
		held := map[[2]string]bool{}
		add := func(n *node, parent confluence.TwinID) {
			if n != nil && n.Kind() == confluence.Attachment && n.Status() != confluence.Trashed && n.Status() != Purged {
				held[[2]string{string(parent), p.fold[side](n.Title)}] = true
			}
		}
		for _, it := range p.items {
			add(it.node[side], p.parentOf(it, side))
		}
		for _, n := range p.strangers[side] {
			add(n, n.Parent)
		}
		for _, it := range p.items {
			n := it.node[side.Other()]
			if !fresh(it) {
				continue
			}
			name := [2]string{string(p.parentOf(it, side.Other())), p.fold[side](n.Title)}
			if held[name] {
				it.at[side].fresh = false
				what := "another file of this name is on the page at the destination"
				if !p.oneWay {
					what = "another file of this name is on the page at " + p.name(side)
				}
				p.clash(it, Clash{Facet: File, Kind: "attachment", Open: true, What: what})
			}
			held[name] = true
		}
	}
}
