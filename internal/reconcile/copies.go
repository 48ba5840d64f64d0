package reconcile

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	// maxCopies is how many conflict copies one page may have below it.
	maxCopies = 10
	// copyMark stands in the title of every conflict copy of a page.
	copyMark = " (conflict, "
)

// copyTwin names the copy of one version of a content on one side, so that it is made once, whatever is interrupted.
func copyTwin(it *item, side confluence.Side) confluence.TwinID {
	sum := sha256.Sum256(fmt.Appendf(nil, "tandem conflict copy\x00%s\x00%s\x00%d", it.twin, it.node[side].ID(), it.node[side].Version))
	return confluence.TwinID(strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10])))
}

// conflictCopy is a text, or a file, that is kept beside the one that overwrites it.
type conflictCopy struct {
	side  confluence.Side // whose text it is
	on    confluence.Side // where it is made
	facet Facets
}

// copy plans to keep what a side has before it is overwritten: a page below the page, a file beside the file. It returns
// false where that would be a copy of a copy, or one too many: then nothing is overwritten.
func (p *planner) copy(it *item, f Facets, side confluence.Side) bool {
	n, on := it.node[side], side
	if p.oneWay {
		on = p.to
	}
	switch {
	case it.kind == confluence.Comment, it.kind == confluence.BlogPost:
		return false // has nothing below it
	case p.byTwin(copyTwin(it, side)) != nil:
		return true // kept already
	case f == Body && (strings.Contains(n.Title, copyMark) || p.copiesBelow(it, on) >= maxCopies):
		return false
	}
	put(&p.copies, it, conflictCopy{side: side, on: on, facet: f})
	return true
}

func (p *planner) copiesBelow(it *item, side confluence.Side) int {
	if p.copyCount == nil {
		p.copyCount = map[confluence.TwinID]int{}
		for _, child := range p.items {
			if n := child.node[side]; n != nil && strings.Contains(n.Title, copyMark) {
				p.copyCount[p.parentOf(child, side)]++
			}
		}
	}
	return p.copyCount[it.twin]
}

// saveCopies makes the copies, each before what it saves is overwritten. The other side gets them as it gets every new
// content.
func (p *planner) saveCopies() {
	if len(p.copies) == 0 {
		return
	}
	originals := make([]*item, 0, len(p.copies))
	for it := range p.copies {
		originals = append(originals, it)
	}
	slices.SortFunc(originals, compareTwin)
	free := p.titleSource()
	made := map[*item]*step{}
	for _, it := range originals {
		made[it] = p.saveCopy(it, p.copies[it], free)
	}
	for _, s := range p.steps {
		if c := made[s.it]; c != nil && s.change.Side == p.copies[s.it].side && s.change.Facets&p.copies[s.it].facet != 0 {
			s.needs = append(s.needs, c)
		}
	}
}

// fileName is what the copy of a file is called: as the file, with the name of its site and, where the page has such a
// file on either side, a number.
func (p *planner) fileName(it *item, c conflictCopy) string {
	taken := [2]map[string]bool{{}, {}}
	page := p.page(it)
	note := func(n *node, side confluence.Side) {
		if n != nil && n.Kind() == confluence.Attachment && n.Status() != Purged && p.byTwin(n.Parent) == page {
			taken[side][p.fold[side](n.Title)] = true
		}
	}
	for _, side := range confluence.Sides {
		for _, other := range p.items {
			note(other.node[side], side)
		}
		for _, n := range p.strangers[side] {
			note(n, side)
		}
	}
	name := it.node[c.side].Title
	ext := path.Ext(name)
	for n := 1; ; n++ {
		suffix := " (" + p.site(c.side) + ")" + ext
		if n > 1 {
			suffix = fmt.Sprintf(" (%s %d)%s", p.site(c.side), n, ext)
		}
		title := suffixed(strings.TrimSuffix(name, ext), suffix)
		if !taken[0][p.fold[0](title)] && !taken[1][p.fold[1](title)] {
			return title
		}
	}
}

func (p *planner) saveCopy(it *item, c conflictCopy, free func(string) bool) *step {
	n := it.node[c.side]
	saved := &item{twin: copyTwin(it, c.side), kind: it.kind, order: it.order}
	a := &saved.at[c.on]
	a.fresh, a.dest = true, it
	var s *step
	if c.facet == File {
		s = p.step(saved, c.on, confluence.VerbAttach, File)
		s.change.Title, s.change.Parent = p.fileName(it, c), p.parentOf(it, c.on)
	} else {
		s = p.step(saved, c.on, confluence.VerbPost, Title|Parent|Body)
		word := "conflict, " + p.site(c.side)
		if n.at != 0 {
			word += ", " + n.time().UTC().Format("2006-01-02")
		}
		s.change.Title, s.change.Parent = unused(n.Title, word, free), it.twin
		a.begin().retitle = s
		s.needs = append(s.needs, p.guards(it, c.on)...)
	}
	a.begin().place = s
	s.change.also().CopyOf, s.change.also().CopyFrom = it.twin, c.side
	return s
}
