package emulator

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// indexSearch is a search on its way through the index.
type indexSearch struct {
	*call
	where  *clause
	states map[status]bool // of the contents; nil = current ones
	err    error
}

// countExactly is up to how many candidates a search counts its hits. Beyond, the total is an estimate from what was
// looked at, unless the search is for the count alone (register rows PG-04, CQ-08).
const countExactly = 20_000

// run returns one page of hits, the cursor of the next page, and the total.
func (s *indexSearch) run(o order[*content], w window) ([]*content, string, int, error) {
	candidates, count := s.candidates(o, nil)
	if count <= countExactly || w.limit <= 1 || !o.sorted && !o.changes {
		hits := slices.Collect(s.hits(candidates))
		if s.err != nil {
			return nil, "", 0, s.err
		}
		o.sorted = false
		rows, cursor := pick(hits, func(*content) bool { return true }, o, w)
		return rows, cursor, len(hits), nil
	}
	candidates, _ = s.candidates(o, w.after)
	looked := 0
	counted := func(yield func(*content) bool) {
		for p := range candidates {
			if looked++; !yield(p) {
				return
			}
		}
	}
	rows, cursor := pickFrom(s.hits(counted), func(*content) bool { return true }, o, w)
	total := len(rows)
	if cursor != "" {
		total = max(total+1, int(float64(len(rows))/float64(looked)*float64(count)))
	}
	return rows, cursor, total, s.err
}

// hits are the candidates that the caller may read and that fit the query.
func (s *indexSearch) hits(candidates iter.Seq[*content]) iter.Seq[*content] {
	return func(yield func(*content) bool) {
		for p := range candidates {
			if !s.finds(p) {
				continue
			}
			hit, err := true, error(nil)
			if s.where != nil {
				hit, err = s.matches(s.where, p)
			}
			if err != nil {
				s.err = err
				return
			}
			if hit && !yield(p) {
				return
			}
		}
	}
}

// finds reports whether the index has the content and the caller may read it.
func (s *indexSearch) finds(p *content) bool {
	state := p.root().status
	if p.status == trashed || p.status == draft {
		state = p.status
	}
	_, there := s.indexed(p)
	return there && (s.states[state] || s.states == nil && state == current) && s.sees(p)
}

// candidates are the contents that can fit the query, by the narrowest index, and how many they are at most. They come
// in the order asked for, behind the cursor, where an index has that order; else by id.
func (s *indexSearch) candidates(o order[*content], after *sortKey) (iter.Seq[*content], int) {
	if named, only := s.withIDs(s.where); only {
		slices.SortFunc(named, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
		return slices.Values(named), 0 // so few that they are sorted and counted
	}
	var spaces []*space
	for _, in := range s.world.spaces {
		if in.sees(s.user) && s.where.canHit("space", in.key) {
			spaces = append(spaces, in)
		}
	}
	from, to := s.changedBetween(s.where)
	if o.changes || from > math.MinInt64 {
		return s.byChanges(spaces, o, from, to, after)
	}
	var lists [][]*content
	for _, in := range spaces {
		for _, k := range []kind{page, blogPost, folder} {
			if s.where.canHit("type", k.String()) {
				lists = append(lists, in.list(k))
			}
		}
	}
	if s.where.canHit("type", "attachment") {
		lists = append(lists, s.world.files)
	}
	if s.where.canHit("type", "comment") {
		lists = append(lists, s.world.comments)
	}
	count := 0
	for _, l := range lists {
		count += len(l)
	}
	return byIDs(lists, after), count
}

// byChanges are the contents of spaces whose indexed version is of that time, to the minute, in the order of changes;
// by id where another order is asked for.
func (s *indexSearch) byChanges(spaces []*space, o order[*content], from, to stamp, after *sortKey) (iter.Seq[*content], int) {
	start := after
	switch {
	case o.changes && !o.desc && (start == nil || start.N < int64(from)):
		start = &sortKey{N: int64(from) - 1, ID: math.MaxInt64}
	case o.changes && o.desc && to < math.MaxInt64 && (start == nil || start.N > int64(to)):
		start = &sortKey{N: int64(to) + 1}
	case !o.changes:
		start = &sortKey{N: int64(from) - 1, ID: math.MaxInt64}
	}
	ordered := func(yield func(*content) bool) {
		for m := range changesOf(spaces, o.changes && o.desc, start) {
			if o.changes && o.desc && m.at < from || !(o.changes && o.desc) && m.at > to {
				return
			}
			v, there := s.indexed(m.content)
			if there && v.at == m.at && s.world.contents[m.id] == m.content && !yield(m.content) {
				return
			}
		}
	}
	count := 0
	for _, in := range spaces {
		low, _ := slices.BinarySearchFunc(in.changes, from, func(m moment, at stamp) int { return cmp.Compare(m.at, at) })
		high, _ := slices.BinarySearchFunc(in.changes, to, func(m moment, at stamp) int { return cmp.Compare(m.at, at) })
		count += high - low
	}
	if o.changes {
		return ordered, count
	}
	list := slices.SortedFunc(ordered, func(a, b *content) int { return cmp.Compare(a.id, b.id) })
	return byIDs([][]*content{list}, after), count
}

// changedBetween are the bounds that the query sets to the last change, in whole minutes; without bounds, all time.
func (s *indexSearch) changedBetween(q *clause) (from, to stamp) {
	from, to = math.MinInt64, math.MaxInt64
	switch {
	case q == nil:
	case q.op == "and":
		for _, kid := range q.kids {
			low, high := s.changedBetween(kid)
			from, to = max(from, low), min(to, high)
		}
	case q.field == "lastmodified" && len(q.values) == 1:
		t, err := cqlTime(q.values[0], s.zoneCQL(), s.now)
		if err != nil {
			return from, to // the evaluation says so
		}
		const minute = stamp(60_000)
		at := stampOf(t) / minute * minute
		switch q.op {
		case ">":
			from = at + minute
		case ">=":
			from = at
		case "<":
			to = at - 1
		case "<=":
			to = at + minute - 1
		case "=":
			from, to = at, at+minute-1
		}
	}
	return from, to
}
