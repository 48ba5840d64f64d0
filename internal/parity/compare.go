package parity

import (
	"cmp"
	"iter"
	"slices"
	"strconv"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// leaf is what one comparison keeps of a Leaf. The Leaf itself is there, in its normal form, while it is encoded and
// while differences of it are named.
type leaf struct {
	*Leaf
	twin   confluence.TwinID
	parent confluence.TwinID
	order  int
	exempt *exempt
	digest confluence.Digest // of its encoding: until places are known, of that without one
	place  int32             // the rank that is encoded, from 1; 0: none
	ranked bool
	post   bool // a blog post
}

// placeText is the rank as it is encoded.
func (l *leaf) placeText() string {
	if l.place == 0 {
		return ""
	}
	return strconv.Itoa(int(l.place) - 1)
}

func (l *leaf) stand(place int) { l.place = int32(place) + 1 }

// pair is one content on both sides; one of the two may be nil.
type pair [2]*leaf

// Compare is CompareEach over lists. It does not change them.
func Compare(spaceKeyA string, depth Depth, sides [2][]Leaf, exceptions []Exception) Proof {
	return CompareEach(spaceKeyA, depth, [2]iter.Seq[Leaf]{slices.Values(sides[0]), slices.Values(sides[1])}, exceptions)
}

// CompareEach builds the trees of both sides at a depth and names what differs. It does not depend on the order of its
// input. Each side is walked up to three times, and must give the same leaves each time; of each leaf some hundred bytes
// are kept.
//
// A content whose whole is excepted is left out on both sides. A page that stands under different parents differs in its
// parent alone: ranks are compared among pages that are siblings on both sides, and where side A sets Ranked.
func CompareEach(spaceKeyA string, depth Depth, sides [2]iter.Seq[Leaf], exceptions []Exception) Proof {
	exceptions = append([]Exception{}, exceptions...)
	slices.SortFunc(exceptions, compareExceptions)
	exceptions = slices.Compact(exceptions)
	c := comparing{depth: depth, sides: sides, exempts: exempts(exceptions), twice: map[*leaf]confluence.Digest{}}

	for _, side := range confluence.Sides {
		c.leaves[side] = c.normalised(side)
	}
	pairs := match(&c.leaves)
	moved := rank(pairs)

	proof := Proof{Space: spaceKeyA, Depth: depth, Differences: []Difference{}, Exceptions: exceptions}
	tail := exceptionLeaves(spaceKeyA, exceptions)
	for _, side := range confluence.Sides {
		c.walk(side, func(l *leaf) bool { return l.place != 0 }, func(l *leaf, e *encoder) { l.digest = leafDigest(e.buf) })
		proof.Leaves[side] = len(c.leaves[side])
		proof.Roots[side] = rootOf(c.leaves[side], tail)
	}
	proof.Equal = proof.Roots[confluence.A] == proof.Roots[confluence.B]
	if !proof.Equal {
		c.fill(pairs, moved)
		proof.Differences = differences(pairs, moved)
	}
	return proof
}

// comparing is one comparison under way.
type comparing struct {
	depth   Depth
	sides   [2]iter.Seq[Leaf]
	exempts map[confluence.TwinID]*exempt
	leaves  [2][]leaf
	twice   map[*leaf]confluence.Digest // of leaves with the twin of another on their side: their encoding without a place
}

// normalised returns the leaves of one side, sorted by twin.
func (c *comparing) normalised(side confluence.Side) []leaf {
	out := make([]leaf, 0, len(c.leaves[confluence.A])) // side B is about as large
	var e encoder
	for shown := range c.sides[side] {
		x := c.exempts[shown.Twin]
		if _, whole := x.reason(FieldWhole); whole {
			continue
		}
		n := normal(shown, c.depth, x)
		l := leaf{Leaf: &n, twin: n.Twin, parent: n.Parent, order: n.Rank, ranked: n.Ranked, post: n.Kind == confluence.BlogPost, exempt: x}
		e.buf = e.buf[:0]
		e.leaf(c.depth, &l)
		l.Leaf, l.digest = nil, leafDigest(e.buf)
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b leaf) int {
		return cmp.Or(cmp.Compare(a.twin, b.twin), slices.Compare(a.digest[:], b.digest[:]))
	})
	for i := 1; i < len(out); i++ { // a fault of the caller
		if a, b := &out[i-1], &out[i]; a.twin == b.twin {
			c.twice[a], c.twice[b] = a.digest, b.digest
		}
	}
	return out
}

// walk gives fn the leaves of a side that are wanted once more, with what they are encoded as.
func (c *comparing) walk(side confluence.Side, wanted func(*leaf) bool, fn func(*leaf, *encoder)) {
	leaves := c.leaves[side]
	if !slices.ContainsFunc(leaves, func(l leaf) bool { return wanted(&l) }) {
		return
	}
	var e encoder
	for shown := range c.sides[side] {
		at, found := slices.BinarySearchFunc(leaves, shown.Twin, func(l leaf, t confluence.TwinID) int { return cmp.Compare(l.twin, t) })
		if !found {
			continue
		}
		n := normal(shown, c.depth, leaves[at].exempt)
		if at+1 < len(leaves) && leaves[at+1].twin == shown.Twin {
			e.buf = e.buf[:0]
			e.leaf(c.depth, &leaf{Leaf: &n, exempt: leaves[at].exempt})
			for bare := leafDigest(e.buf); at < len(leaves)-1 && c.twice[&leaves[at]] != bare; {
				at++
			}
		}
		l := &leaves[at]
		if !wanted(l) {
			continue
		}
		kept := l.Leaf
		l.Leaf, e.buf = &n, e.buf[:0]
		e.leaf(c.depth, l)
		l.Leaf = kept
		fn(l, &e)
	}
}

// fill gives the leaves that differ back what they are made of.
func (c *comparing) fill(pairs []pair, moved map[*leaf]bool) {
	differs := map[*leaf]bool{}
	for _, p := range pairs {
		a, b := p[confluence.A], p[confluence.B]
		if a == nil || b == nil || a.digest != b.digest || moved[a] {
			differs[a], differs[b] = true, true
		}
	}
	for _, side := range confluence.Sides {
		leaves := c.leaves[side]
		for shown := range c.sides[side] {
			at, found := slices.BinarySearchFunc(leaves, shown.Twin, func(l leaf, t confluence.TwinID) int { return cmp.Compare(l.twin, t) })
			for ; found && at < len(leaves) && leaves[at].twin == shown.Twin; at++ {
				if l := &leaves[at]; differs[l] && l.Leaf == nil {
					n := normal(shown, c.depth, l.exempt)
					l.Leaf = &n
					break
				}
			}
		}
	}
}

func normal(l Leaf, depth Depth, x *exempt) Leaf {
	l.Title = norm.NFC.String(l.Title)
	if depth == Structure {
		return Leaf{Kind: l.Kind, Twin: l.Twin, Title: l.Title, Parent: l.Parent, Ranked: l.Ranked, Rank: l.Rank}
	}
	l.Files = kept(l.Files, x, FieldFiles, func(f File) string { return f.Name })
	if depth == Content {
		for i := range l.Files {
			l.Files[i].SHA256 = ""
		}
	}
	slices.SortFunc(l.Files, compareFiles)
	l.Labels = keptNames(l.Labels, x, FieldLabels)
	l.Comments = keptComments(l.Comments, x)
	l.Readers = keptNames(l.Readers, x, FieldReaders)
	l.Editors = keptNames(l.Editors, x, FieldEditors)
	return l
}

// match pairs the leaves of the two sides by twin, in the order of twins.
func match(sides *[2][]leaf) []pair {
	a, b := sides[confluence.A], sides[confluence.B]
	pairs := make([]pair, 0, max(len(a), len(b)))
	for i, j := 0, 0; i < len(a) || j < len(b); {
		var p pair
		switch {
		case j == len(b) || i < len(a) && a[i].twin < b[j].twin:
			p[confluence.A] = &a[i]
			i++
		case i == len(a) || b[j].twin < a[i].twin:
			p[confluence.B] = &b[j]
			j++
		default:
			p = pair{&a[i], &b[j]}
			i++
			j++
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func rootOf(leaves []leaf, tail [][]byte) confluence.Digest {
	var t tree
	for i := range leaves {
		t.add(leaves[i].digest)
	}
	for _, l := range tail {
		t.add(leafDigest(l))
	}
	return t.root()
}
