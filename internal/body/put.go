package body

// Put returns v's content as a new text of target.
func Put(v, target *Tree) string {
	if v.Canonical() == target.Canonical() {
		return target.raw
	}
	return v.raw
}
