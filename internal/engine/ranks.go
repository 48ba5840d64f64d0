package engine

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// ranks are places among siblings by number of the twin, -1 where there is none.
type ranks []int32

// sibling is what the order of siblings hangs on. Titles are looked up where they are needed.
type sibling struct {
	n          int32 // of the twin
	id         confluence.ID
	positioned bool
	position   int
	created    time.Time // of comments
}

// rankRows numbers the siblings below each parent whose order is explicit, and comments in the order they were written.
func rankRows(of *rows[store.Observed], counts func(confluence.Content) bool) ranks {
	children, comments := map[confluence.ID][]sibling{}, map[confluence.ID][]sibling{}
	for twin, o := range of.all() {
		c := o.Content
		x := sibling{n: of.of.find(twin), id: c.ID, positioned: c.Positioned, position: c.Position}
		switch {
		case !counts(c):
		case c.Kind == confluence.Page:
			children[c.ParentID] = append(children[c.ParentID], x)
		case c.Kind == confluence.Comment:
			on := c.Container
			if c.Comment != nil && c.Comment.ReplyTo != "" {
				on = c.Comment.ReplyTo
			}
			x.created = c.Created
			comments[on] = append(comments[on], x)
		}
	}
	out := make(ranks, of.of.size())
	for i := range out {
		out[i] = -1
	}
	number := func(list []sibling, order func(a, b sibling) int) {
		slices.SortFunc(list, order)
		for i, x := range list {
			out[x.n] = int32(i)
		}
	}
	for _, list := range comments {
		number(list, func(a, b sibling) int { return cmp.Or(a.created.Compare(b.created), byID(a.id, b.id)) })
	}
	title := func(x sibling) string { return of.get(of.of.nameOf(x.n)).Content.Title }
	for _, list := range children {
		if slices.ContainsFunc(list, func(x sibling) bool { return x.positioned }) {
			number(list, func(a, b sibling) int { return bySibling(a, b, title) })
		}
	}
	return out
}

// rankOf returns -1 where the order says nothing of a twin.
func (v *view) rankOf(side confluence.Side, twin confluence.TwinID) int {
	return v.rankIn(v.ranks[side], twin)
}

func (v *view) rankIn(order ranks, twin confluence.TwinID) int {
	if n := v.roster.find(twin); n >= 0 && int(n) < len(order) {
		return int(order[n])
	}
	return -1
}

// bySibling is the order in which Confluence shows siblings: positioned ones by position, then the others by title.
func bySibling(a, b sibling, title func(sibling) string) int {
	if a.positioned != b.positioned {
		if a.positioned {
			return -1
		}
		return 1
	}
	if a.positioned && a.position != b.position {
		return cmp.Compare(a.position, b.position)
	}
	return cmp.Or(cmp.Compare(migration.FoldTitle(title(a)), migration.FoldTitle(title(b))), byID(a.id, b.id))
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
