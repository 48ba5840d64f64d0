package reconcile

import "math/bits"

// AllFacets lists every facet once, in the order of their bits.
var AllFacets = []Facets{Title, Parent, Order, Body, Labels, Restrictions, File, Status}

var facetNames = [facetCount]string{"title", "parent", "order", "body", "labels", "restrictions", "file", "status"}

// Index returns the place of a single facet in the digest arrays of Node and Agreed.
func (f Facets) Index() int { return bits.TrailingZeros16(uint16(f)) }

// Has reports whether all of want are in the set.
func (f Facets) Has(want Facets) bool { return f&want == want }

// Names lists the names of the facets in the set, in the order of their bits.
func (f Facets) Names() []string {
	var names []string
	for _, one := range AllFacets {
		if f.Has(one) {
			names = append(names, facetNames[one.Index()])
		}
	}
	return names
}
