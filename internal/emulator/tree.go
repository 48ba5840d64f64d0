package emulator

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"
)

// siblings returns the list that a content stands in, or would stand in below parent (nil = root of the space).
func siblings(s *space, parent *content) *[]*content {
	if parent == nil {
		return &s.roots
	}
	return &parent.kids
}

// link puts a content below parent as a fresh one (open-facts OF-01, OF-02): by default as the last.
func (s *Site) link(c, parent *content) {
	c.parent = parent
	list := siblings(c.space, parent)
	if s.set.freshPosition == "by set" {
		s.linkBySet(c, list)
		return
	}
	s.initialise(*list)
	at := len(*list)
	switch s.set.freshPosition {
	case "first":
		at = 0
	case "alphabetical":
		at, _ = slices.BinarySearchFunc(*list, fold(c.title), func(o *content, title string) int {
			if fold(o.title) <= title {
				return -1
			}
			return 1
		})
	}
	s.insert(c, list, at)
}

// insert puts a content at a place among siblings and gives it a position between its neighbours.
func (s *Site) insert(c *content, list *[]*content, at int) {
	*list = slices.Insert(*list, at, c)
	step := s.step(c)
	switch {
	case len(*list) == 1:
		c.position = step
	case at == len(*list)-1:
		c.position = (*list)[at-1].position + step
	case at == 0:
		c.position = (*list)[1].position - step
	default:
		low, high := (*list)[at-1].position, (*list)[at+1].position
		c.position = low + (high-low)/2
		if c.position == low {
			s.spread(*list)
		}
	}
}

// step is a distance between neighbours, 1 to 1000.
func (s *Site) step(c *content) int64 {
	d := s.digest("position", strconv.FormatInt(c.id, 10))
	return 1 + int64(binary.BigEndian.Uint16(d[:]))%1000
}

// spread numbers siblings anew where there is no room between two.
func (s *Site) spread(list []*content) {
	at := int64(0)
	for _, c := range list {
		at += s.step(c)
		c.position = at
	}
}

// initialise gives every sibling of a migrated set a position, in title order, at its first change.
func (s *Site) initialise(list []*content) {
	if len(list) > 0 && list[0].position == unset {
		slices.SortStableFunc(list, func(a, b *content) int { return naturalCompare(a.title, b.title) })
		s.spread(list)
	}
}

// unlink takes a content out of its siblings; its children stay below it.
func (s *Site) unlink(c *content) {
	list := siblings(c.space, c.parent)
	*list = without(*list, c)
}

// orphan moves the children of a content up to its parent, as the last ones (open-facts OF-14).
func (s *Site) orphan(c *content) {
	for _, kid := range slices.Clone(c.kids) {
		s.unlink(kid)
		s.link(kid, c.parent)
	}
}

// inSubtree reports whether c is root or below it.
func inSubtree(c, root *content) bool {
	for ; c != nil; c = c.parent {
		if c == root {
			return true
		}
	}
	return false
}

// treeLag is a change of place that child listings do not show yet.
type treeLag struct {
	until  stamp
	parent *content // where it stood; it stood nowhere if fresh
	fresh  bool
}

// lag notes that child listings show the place of c only some time from now (open-facts OF-28).
func (s *Site) lag(c *content, old *content, fresh bool, now stamp) {
	if s.set.treeLag <= 0 {
		return
	}
	d := s.digest("tree", strconv.FormatInt(c.id, 10), now.String())
	wait := time.Duration(binary.BigEndian.Uint32(d[:])) % (s.set.treeLag + 1)
	if len(s.world.lagging) > 4096 {
		for k, v := range s.world.lagging {
			if v.until <= now {
				delete(s.world.lagging, k)
			}
		}
	}
	s.world.lagging[c] = treeLag{until: now + stamp(wait.Milliseconds()), parent: old, fresh: fresh}
}

// children returns the children of a content as listings show them now.
func (s *Site) children(c *content, now stamp) []*content {
	out := make([]*content, 0, len(c.kids))
	for _, kid := range c.kids {
		if l, ok := s.world.lagging[kid]; ok && l.until > now && (l.fresh || l.parent != c) {
			continue
		}
		out = append(out, kid)
	}
	for kid, l := range s.world.lagging {
		if l.until > now && !l.fresh && l.parent == c && kid.parent != c && kid.status != trashed && s.world.contents[kid.id] == kid {
			out = append(out, kid)
		}
	}
	slices.SortStableFunc(out, comparePlaces)
	return out
}

// comparePlaces orders siblings: by position, those without one by title behind them.
func comparePlaces(a, b *content) int {
	if a.position == unset || b.position == unset {
		if a.position == b.position {
			return naturalCompare(a.title, b.title)
		}
		if a.position == unset {
			return 1
		}
		return -1
	}
	if a.position < b.position {
		return -1
	}
	if a.position > b.position {
		return 1
	}
	return int(a.id - b.id)
}

// naturalCompare orders titles with the numbers in them as numbers.
func naturalCompare(a, b string) int {
	a, b = fold(a), fold(b)
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, _ := strconv.ParseUint(a[:min(na, 18)], 10, 64)
			y, _ := strconv.ParseUint(b[:min(nb, 18)], 10, 64)
			if x != y {
				if x < y {
					return -1
				}
				return 1
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			if a[0] < b[0] {
				return -1
			}
			return 1
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// Unposition makes the space one that came by migration: no content in it has a position, until the first change of a
// set of siblings gives all of them one (open-facts OF-02).
func (s *Site) Unposition(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did("unposition", key)
	in := s.world.keys[foldKey(key)]
	if in == nil {
		return
	}
	var clear func(list []*content)
	clear = func(list []*content) {
		for _, c := range list {
			c.position = unset
			clear(c.kids)
		}
		slices.SortStableFunc(list, comparePlaces)
	}
	clear(in.roots)
}
