package engine

import (
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// What follows is done only where a bug is planted, which takes a build of its own.

// contentFirst lets restrictions wait for the content of their pages, in place of the other way round.
func contentFirst(changes []reconcile.Change) {
	for i := range changes {
		c := &changes[i]
		if c.Verb == confluence.VerbRestrict {
			for n, other := range changes {
				if other.Twin == c.Twin && other.Verb == confluence.VerbPut {
					c.Needs = append(slices.Clone(c.Needs), n)
				}
			}
			continue
		}
		c.Needs = slices.DeleteFunc(slices.Clone(c.Needs), func(n int) bool { return changes[n].Verb == confluence.VerbRestrict })
	}
}

// marked reports whether a content stands under a temporary title on the side of a change.
func (v *view) marked(c reconcile.Change) bool {
	seen := v.seen[c.Side].get(c.Twin)
	return seen != nil && strings.Contains(seen.Content.Title, " ~")
}
