package reconcile

import (
	"cmp"
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
func temporary(title string, twin confluence.TwinID) string {
	m := mark(twin)
	keep := maxTitle - utf8.RuneCountInString(m)
	if runes := []rune(title); len(runes) > keep {
		title = string(runes[:keep])
	}
	return title + m
}

func isTemporary(title string, twin confluence.TwinID) bool {
	return strings.HasSuffix(title, mark(twin))
}

// takes reports whether the page will take another title on the receiver, by being created or renamed.
func (it *item) takes() bool { return it.fresh || it.send.Has(Title) }

// resolveTitles takes the titles away from pages that cannot have them: because a page that stays has it, or because two
// pages want the same. Only pages are unique among each other.
func (p *planner) resolveTitles() {
	holders := map[string][]*item{} // folded title on the receiver
	for _, it := range p.items {
		if n := it.node[p.to]; n != nil && n.Kind == confluence.Page && n.Status != confluence.Trashed && n.Status != confluence.Draft {
			f := p.fold(n.Title)
			holders[f] = append(holders[f], it)
		}
	}
	for _, n := range p.strangers {
		if n.Kind == confluence.Page && n.Status != confluence.Trashed && n.Status != confluence.Draft {
			f := p.fold(n.Title)
			stranger := &item{}
			stranger.node[p.to] = n
			holders[f] = append(holders[f], stranger)
		}
	}
	takers := map[string]*item{}
	var queue []*item
	for _, it := range p.items {
		if n := it.node[p.from]; n == nil || n.Kind != confluence.Page || !it.takes() {
			continue
		}
		f := p.fold(it.node[p.from].Title)
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
		if !it.takes() {
			continue
		}
		f := p.fold(it.node[p.from].Title)
		if !slices.ContainsFunc(holders[f], func(h *item) bool { return h != it && !p.frees(h, f) }) {
			continue
		}
		p.refuseTitle(it, "another page at the destination has this title")
		if n := it.node[p.to]; n != nil {
			if next := takers[p.fold(n.Title)]; next != nil && next != it {
				queue = append(queue, next)
			}
		}
	}
}

// frees reports whether a page of the receiver gives up this folded title.
func (p *planner) frees(h *item, folded string) bool {
	return h.send.Has(Title) && p.fold(h.node[p.from].Title) != folded
}

func (p *planner) refuseTitle(it *item, what string) {
	it.fresh = false
	it.send &^= Title
	p.clash(it, Title, what)
}

// titleEdges links every step that takes a title with the page that has it now.
func (p *planner) titleEdges() {
	holders := map[string]*item{}
	for _, it := range p.items {
		if n := it.node[p.to]; n != nil && n.Kind == confluence.Page && it.retitle != nil {
			holders[p.fold(n.Title)] = it
		}
	}
	for _, it := range p.items {
		if it.retitle == nil {
			continue
		}
		if h := holders[p.fold(it.node[p.from].Title)]; h != nil && h != it {
			it.retitle.frees = h
		}
	}
}

// refuseFiles gives up files whose name is taken on their page by a file that is no twin of theirs.
func (p *planner) refuseFiles() {
	held := map[[2]string]bool{}
	add := func(n *Node) {
		if n != nil && n.Kind == confluence.Attachment && n.Status != confluence.Trashed {
			held[[2]string{string(n.Parent), p.fold(n.Title)}] = true
		}
	}
	for _, it := range p.items {
		add(it.node[p.to])
	}
	for _, n := range p.strangers {
		add(n)
	}
	for _, it := range p.items {
		n := it.node[p.from]
		if !it.fresh || n.Kind != confluence.Attachment {
			continue
		}
		name := [2]string{string(n.Parent), p.fold(n.Title)}
		if held[name] {
			it.fresh = false
			p.clash(it, File, "another file of this name is on the page at the destination")
		}
		held[name] = true
	}
}

func compareTwin(a, b *item) int { return cmp.Compare(a.twin, b.twin) }
