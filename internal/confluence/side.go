package confluence

// Side is one of the two sides of a pair. What a side is (Data Center, Cloud, an export) is a property of its site.
// People never see the letters; they see the names of the sites.
type Side int

// The two sides. In a migration A is the source and B the destination.
const (
	A Side = iota
	B
)

// Sides lists both sides in order, for range loops.
var Sides = [2]Side{A, B}

// Other returns the opposite side.
func (s Side) Other() Side { return 1 - s }
