package emulator

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

// Contents are indexed as a real server's database has them: by id in each space, by title (world.titles), by place
// (kids, roots), and by the time of the last change, for the feeds that sync products live on.

// moment is an entry of the index of changes. It is stale where the content has changed since, has left the space, or
// is gone; whoever reads the index asks valid.
type moment struct {
	at stamp
	*content
}

func (m moment) compare(o moment) int {
	return cmp.Or(cmp.Compare(m.at, o.at), cmp.Compare(m.id, o.id))
}

func byChange(c *content) sortKey { return sortKey{N: int64(c.last.at), ID: c.id} }

// changed enters a content's last version into the index of changes. Every new version must come here.
func (s *space) changed(c *content) {
	m := moment{c.last.at, c}
	at := len(s.changes)
	if at > 0 && s.changes[at-1].compare(m) >= 0 { // a clock that went back, or a skew
		var there bool
		if at, there = slices.BinarySearchFunc(s.changes, m, moment.compare); there {
			return
		}
	}
	s.changes = slices.Insert(s.changes, at, m)
	if live := len(s.pages) + len(s.blogs) + len(s.folders); len(s.changes) > 1024 && len(s.changes) > 4*live {
		s.changes = slices.DeleteFunc(s.changes, func(m moment) bool {
			n := len(m.older)
			return m.space != s || m.at != m.last.at && (n == 0 || m.at != m.older[n-1].at)
		})
		s.changes = slices.Clip(s.changes)
	}
}

// run is a sorted list on its way through a merge.
type run[T any] struct {
	list     []T
	at, step int
}

func (r run[T]) over() bool { return r.at < 0 || r.at >= len(r.list) }

// interleaved goes through sorted runs as if they were one. compare is the order of the runs, downwards where they go
// backwards.
func interleaved[T any](runs []run[T], compare func(a, b T) int) iter.Seq[T] {
	return func(yield func(T) bool) {
		heap := slices.DeleteFunc(slices.Clone(runs), run[T].over)
		less := func(i, j int) bool { return compare(heap[i].list[heap[i].at], heap[j].list[heap[j].at]) < 0 }
		sink := func(i int) {
			for {
				low := i
				for kid := 2*i + 1; kid <= 2*i+2 && kid < len(heap); kid++ {
					if less(kid, low) {
						low = kid
					}
				}
				if low == i {
					return
				}
				heap[i], heap[low] = heap[low], heap[i]
				i = low
			}
		}
		for i := len(heap)/2 - 1; i >= 0; i-- {
			sink(i)
		}
		for len(heap) > 0 {
			top := &heap[0]
			if !yield(top.list[top.at]) {
				return
			}
			if top.at += top.step; top.over() {
				heap[0] = heap[len(heap)-1]
				heap = heap[:len(heap)-1]
			}
			sink(0)
		}
	}
}

// list are the contents of a kind in the space, by id.
func (s *space) list(k kind) []*content {
	switch k {
	case page:
		return s.pages
	case blogPost:
		return s.blogs
	case folder:
		return s.folders
	}
	return nil
}

// contentsOf goes through the contents of a kind in the order asked for, where an index has it, from the cursor on. In
// other orders it goes through all, by id.
func (w *world) contentsOf(k kind, spaces []*space, o order[*content], after *sortKey) iter.Seq[*content] {
	if o.changes {
		return func(yield func(*content) bool) {
			for m := range changesOf(spaces, o.desc, after) {
				if m.kind == k && m.at == m.last.at && w.contents[m.id] == m.content && !yield(m.content) {
					return
				}
			}
		}
	}
	var lists [][]*content
	for _, s := range spaces {
		lists = append(lists, s.list(k))
	}
	if !o.sorted {
		after = nil
	}
	return byIDs(lists, after)
}

// byIDs goes through lists that are sorted by id, behind the cursor.
func byIDs(lists [][]*content, after *sortKey) iter.Seq[*content] {
	var runs []run[*content]
	for _, list := range lists {
		from := 0
		if after != nil {
			from = sort.Search(len(list), func(i int) bool { return list[i].id > after.ID })
		}
		runs = append(runs, run[*content]{list, from, 1})
	}
	return interleaved(runs, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
}

// changesOf goes through the index of changes of spaces, from the cursor on. It yields older versions as well; they
// have another time than the content's last one.
func changesOf(spaces []*space, desc bool, after *sortKey) iter.Seq[moment] {
	var runs []run[moment]
	for _, s := range spaces {
		r := run[moment]{list: s.changes, step: 1}
		if after != nil {
			r.at = sort.Search(len(s.changes), func(i int) bool { return momentKey(s.changes[i]).compare(*after) > 0 })
		}
		if desc {
			r.step, r.at = -1, len(s.changes)-1
			if after != nil {
				r.at = sort.Search(len(s.changes), func(i int) bool { return momentKey(s.changes[i]).compare(*after) >= 0 }) - 1
			}
		}
		runs = append(runs, r)
	}
	compare := moment.compare
	if desc {
		compare = func(a, b moment) int { return b.compare(a) }
	}
	all := interleaved(runs, compare)
	return func(yield func(moment) bool) {
		var last moment
		for m := range all {
			// A content that went from one space to another stands in the lists of both.
			if m != last && slices.Contains(spaces, m.space) && !yield(m) {
				return
			}
			last = m
		}
	}
}

func momentKey(m moment) sortKey { return sortKey{N: int64(m.at), ID: m.id} }

// spacesSeen are the spaces that the caller sees, all or those of the ids.
func (c *call) spacesSeen(ids map[int64]bool) []*space {
	var out []*space
	for _, s := range c.world.spaces {
		if (ids == nil || ids[s.id]) && s.sees(c.user) {
			out = append(out, s)
		}
	}
	return out
}

// titled are the contents of that title in spaces, by the index of titles. It says false where the index cannot know:
// trashed contents need not hold their title, and imported ones may share one.
func (c *call) titled(k kind, spaces []*space, title string) ([]*content, bool) {
	statuses := c.list("status")
	if c.world.doubles || k == blogPost || slices.Contains(statuses, "trashed") || slices.Contains(statuses, "deleted") {
		return nil, false
	}
	var out []*content
	for _, s := range spaces {
		if p := c.holder(k, s, title, 0); p != nil {
			out = append(out, p)
		}
	}
	return out, true
}

// pickFrom is pick for candidates that an index yields behind the cursor already, if the order is one that it has.
func pickFrom(rows iter.Seq[*content], keep func(*content) bool, o order[*content], w window) ([]*content, string) {
	if !o.sorted && !o.changes {
		return pick(slices.Collect(rows), keep, o, w)
	}
	var out []*content
	for r := range rows {
		if !keep(r) {
			continue
		}
		if len(out) == w.limit {
			return out, o.key(out[w.limit-1]).cursor()
		}
		out = append(out, r)
	}
	return out, ""
}
