package parity

// Compare builds the trees of both sides at a depth and names what differs. It does not depend on the order of its input.
func Compare(spaceKeyA string, depth Depth, sides [2][]Leaf, exceptions []Exception) Proof {
	panic("being written")
}

// Text returns a proof for a terminal.
func Text(p Proof) string { panic("being written") }

// HTML returns a report as one self-contained document.
func HTML(r Report) string { panic("being written") }
