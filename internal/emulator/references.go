package emulator

import (
	"cmp"
	"hash/fnv"
	"slices"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// place is a page by its space and title.
type place struct{ key, title string }

// relocation is what a rename or a move did to pages: where each was by title, and which ids changed their space.
type relocation struct {
	was   map[place]*content  // by folded key and title
	moved map[*content]string // to another space; the key before
}

// renamed has the references to a page rewritten that had another title before (register row PA-19).
func (c *call) renamed(p *content, before string) {
	if p.kind != page || before == p.title || before == "" || p.status == draft {
		return
	}
	c.relink(relocation{was: map[place]*content{{foldKey(p.space.key), fold(before)}: p}})
}

// relocated has the references to pages rewritten that were in another space before.
func (c *call) relocated(tree []*content, before *space) {
	r := relocation{was: map[place]*content{}, moved: map[*content]string{}}
	for _, p := range tree {
		if p.kind == page {
			r.was[place{foldKey(before.key), fold(p.title)}] = p
			r.moved[p] = before.key
		}
	}
	c.relink(r)
}

// relink rewrites the bodies that refer to what was renamed or moved. On Cloud that makes no version, on Data Center one
// by whoever renamed (open-facts OF-29), unless the option says otherwise.
func (c *call) relink(r relocation) {
	targets := map[uint64]bool{}
	for at, p := range r.was {
		targets[linkHash(at.title)] = true
		targets[linkHash("#"+p.idText())] = true
	}
	var hits []*content
	for _, p := range c.world.contents {
		if p.kind == attachment || p.kind == folder || p.status == trashed || p.body == 0 {
			continue
		}
		if _, moved := r.moved[p.root()]; moved || c.links.any(c.Site, p.body, targets) {
			hits = append(hits, p)
		}
	}
	slices.SortFunc(hits, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
	context := c.product.context(&c.set)
	bases := []string{context}
	if c.r != nil || c.opts.BaseURL != "" {
		bases = append(bases, c.siteBase())
	}
	for _, p := range hits {
		c.relinkBody(p, r, bases)
	}
}

// names reports whether the page itself was renamed.
func (r *relocation) names(p *content) bool {
	for _, renamed := range r.was {
		if renamed == p {
			return true
		}
	}
	return false
}

func (c *call) relinkBody(p *content, r relocation, bases []string) {
	how := markup.Relocation{
		From: p.root().space.key, To: p.root().space.key, Bases: bases,
		Title: func(key, title string) (string, string, bool) {
			to := r.was[place{foldKey(key), fold(title)}]
			if to == nil {
				return "", "", false
			}
			return to.space.key, to.title, true
		},
	}
	if key, moved := r.moved[p.root()]; moved {
		how.From = key
	}
	if !c.dc() && len(r.moved) > 0 {
		how.Key = func(id string) (string, bool) {
			for moved := range r.moved {
				if moved.idText() == id {
					return moved.space.key, true
				}
			}
			return "", false
		}
	}
	text, changed := markup.Relink(c.heap.text(p.body), how)
	if !changed {
		return
	}
	versions := c.set.refVersions == "version" || c.set.refVersions == "" && c.dc()
	if _, moved := r.moved[p]; versions && !moved && !r.names(p) { // a page's links to itself change with its own version
		c.commit(p, "", true)
	}
	c.setBody(p, text)
	c.touch(p)
}

// linkMemo remembers what the bodies that were looked at refer to, by the place where they are kept: a body is never
// changed there. It holds nothing before the first rename.
type linkMemo map[span][]uint64

// any reports whether a body may refer to one of the targets.
func (m *linkMemo) any(s *Site, at span, targets map[uint64]bool) bool {
	if at&spanGenerated != 0 { // refers to one page at most, which its number tells
		n := int(at &^ spanGenerated)
		return targets[linkHash(fold(string(s.generatedTitle(nil, n-n%fanOut))))]
	}
	if *m == nil {
		*m = linkMemo{}
	}
	links, known := (*m)[at]
	if !known {
		markup.Links(s.heap.text(at),
			func(title string) { links = append(links, linkHash(fold(title))) },
			func(id string) { links = append(links, linkHash("#"+id)) })
		(*m)[at] = links
	}
	return slices.ContainsFunc(links, func(l uint64) bool { return targets[l] })
}

func linkHash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
