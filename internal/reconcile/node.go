package reconcile

import (
	"math/bits"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// node is what planning keeps of a Node. A large space has a hundred thousand of them on each side.
type node struct {
	ID       confluence.ID
	Kind     confluence.Kind
	Status   confluence.Status
	Title    string
	Parent   confluence.TwinID
	Rank     int
	Version  int
	Home     bool
	Inline   bool
	Resolved bool
	Away     bool
	Read     Facets
	full     Facets // of Read, those with a digest
	*rest
	digests []confluence.Digest // of full & digested, by bit, until the baseline has been compared with them
}

// rest is what few nodes have anything of.
type rest struct {
	Late, Files      []confluence.TwinID
	Labels           []string
	Readers, Editors []confluence.Principal
	By               confluence.UserID
	At               time.Time
	ByApp            bool
}

// noRest is shared by all nodes that have nothing of it, and never changed.
var noRest rest

// digested are the facets that are compared by their digests.
const digested = Body | Labels | Restrictions | File

func keep(n *Node) *node {
	k := &node{ID: n.ID, Kind: n.Kind, Status: n.Status, Title: n.Title, Parent: n.Parent, Rank: n.Rank, Version: n.Version, Home: n.Home,
		Inline: n.Inline, Resolved: n.Resolved, Away: n.Away, Read: n.Read, rest: &noRest}
	r := rest{Late: n.Late, Files: n.Files, Labels: n.Labels, Readers: n.Readers, Editors: n.Editors, By: n.By, At: n.At, ByApp: n.ByApp}
	if len(r.Late)+len(r.Files)+len(r.Labels)+len(r.Readers)+len(r.Editors) > 0 || r.By != "" || !r.At.IsZero() || r.ByApp {
		k.rest = &r
	}
	for _, f := range AllFacets {
		if d := n.Digest[f.Index()]; !d.IsZero() {
			k.full |= f
			if digested.Has(f) {
				k.digests = append(k.digests, d)
			}
		}
	}
	return k
}

// empty reports whether the side shows nothing of a facet.
func (n *node) empty(f Facets) bool { return !n.full.Has(f) }

// digest is the digest of one of the digested facets. It is known until all nodes have been compared with the baseline.
func (n *node) digest(f Facets) confluence.Digest {
	if n.empty(f) {
		return confluence.Digest{}
	}
	return n.digests[bits.OnesCount16(uint16(n.full&digested&(f-1)))]
}
