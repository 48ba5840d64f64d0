package engine

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// ranksOf numbers the siblings below each parent whose order is explicit, and comments in the order they were written.
func ranksOf(rows map[confluence.TwinID]*store.Observed) map[confluence.TwinID]int {
	children, comments := map[confluence.ID][]*store.Observed{}, map[confluence.ID][]*store.Observed{}
	for _, o := range rows {
		switch c := o.Content; {
		case !present(c):
		case c.Kind == confluence.Page:
			children[c.ParentID] = append(children[c.ParentID], o)
		case c.Kind == confluence.Comment && c.Comment != nil && c.Comment.ReplyTo != "":
			comments[c.Comment.ReplyTo] = append(comments[c.Comment.ReplyTo], o)
		case c.Kind == confluence.Comment:
			comments[c.Container] = append(comments[c.Container], o)
		}
	}
	ranks := map[confluence.TwinID]int{}
	for _, list := range comments {
		slices.SortFunc(list, byTime)
		for i, o := range list {
			ranks[o.Twin] = i
		}
	}
	for _, list := range children {
		explicit := slices.ContainsFunc(list, func(o *store.Observed) bool { return o.Content.Positioned })
		if !explicit {
			continue
		}
		slices.SortFunc(list, bySibling)
		for i, o := range list {
			ranks[o.Twin] = i
		}
	}
	return ranks
}

func byTime(a, b *store.Observed) int {
	if c := a.Content.Created.Compare(b.Content.Created); c != 0 {
		return c
	}
	return byID(a.Content.ID, b.Content.ID)
}

// bySibling is the order in which Confluence shows siblings: positioned ones by position, then the others by title.
func bySibling(a, b *store.Observed) int {
	x, y := a.Content, b.Content
	if x.Positioned != y.Positioned {
		if x.Positioned {
			return -1
		}
		return 1
	}
	if x.Positioned {
		if c := cmp.Compare(x.Position, y.Position); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(migration.FoldTitle(x.Title), migration.FoldTitle(y.Title)); c != 0 {
		return c
	}
	return byID(x.ID, y.ID)
}

// byID orders ids of digits by their number.
func byID(x, y confluence.ID) int {
	a, errA := strconv.ParseInt(string(x), 10, 64)
	b, errB := strconv.ParseInt(string(y), 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(x, y)
}

func rank(ranks map[confluence.TwinID]int, twin confluence.TwinID) int {
	if r, ok := ranks[twin]; ok {
		return r
	}
	return -1
}
