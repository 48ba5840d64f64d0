package emulator

import "slices"

// linkBySet puts a page among siblings as Data Center does (open-facts OF-01): a set that nobody ever ordered is in the
// order of the titles and positions stay unset; in one that was ordered by hand the page comes last.
func (s *Site) linkBySet(c *content, list *[]*content) {
	c.position = unset
	if len(*list) > 0 && !slices.ContainsFunc(*list, func(o *content) bool { return o.position == unset }) {
		c.position = (*list)[len(*list)-1].position + 1
	}
	*list = append(*list, c)
	slices.SortStableFunc(*list, comparePlaces)
}

// orderBySet puts a page beside another, which makes the set one that was ordered by hand: all get positions.
func (s *Site) orderBySet(p *content, list *[]*content, where string, target *content) {
	slices.SortStableFunc(*list, comparePlaces)
	i := slices.Index(*list, target)
	if where == "after" {
		i++
	}
	*list = slices.Insert(*list, i, p)
	for n, sibling := range *list {
		sibling.position = int64(n)
	}
}

// settleOrder keeps siblings in their order after a title has changed.
func (s *Site) settleOrder(p *content) {
	if p.tree() && p.status != trashed {
		slices.SortStableFunc(*siblings(p.space, p.parent), comparePlaces)
	}
}
