package reconcile

import (
	"iter"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Plan decides what each side must do so that both agree. base gives the baseline in any order and may be nil: nothing
// was agreed. snaps are complete snapshots of the two sides in any order, with twins assigned. The result depends on the
// sets alone, not on their order.
func Plan(base iter.Seq[Agreed], snaps [2][]Node, policy Policy) Result { panic("being written") }

// OrderDigest returns the digest of the facet Order for the children of a content in their order; zero for none.
func OrderDigest(children []confluence.TwinID) confluence.Digest { panic("being written") }
