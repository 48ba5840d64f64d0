package parity

import (
	"cmp"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// leaf is a Leaf in its normal form, with what belongs to it within one comparison.
type leaf struct {
	Leaf
	exempt *exempt
	place  string // the rank as it is encoded
	digest confluence.Digest
}

// pair is one content on both sides; one of the two may be nil.
type pair [2]*leaf

// Compare builds the trees of both sides at a depth and names what differs. It does not depend on the order of its
// input, nor does it change it.
//
// A content whose whole is excepted is left out on both sides. A page that stands under different parents differs in its
// parent alone: ranks are compared among pages that are siblings on both sides, and where side A sets Ranked.
func Compare(spaceKeyA string, depth Depth, sides [2][]Leaf, exceptions []Exception) Proof {
	exceptions = append([]Exception{}, exceptions...)
	slices.SortFunc(exceptions, compareExceptions)
	exceptions = slices.Compact(exceptions)
	byTwin := exempts(exceptions)

	var leaves [2][]leaf
	for _, side := range confluence.Sides {
		leaves[side] = normalised(sides[side], depth, byTwin)
	}
	pairs := match(&leaves)
	moved := rank(pairs)

	proof := Proof{Space: spaceKeyA, Depth: depth, Differences: []Difference{}, Exceptions: exceptions}
	tail := exceptionLeaves(spaceKeyA, exceptions)
	for _, side := range confluence.Sides {
		proof.Leaves[side] = len(leaves[side])
		proof.Roots[side] = rootOf(leaves[side], depth, tail)
	}
	proof.Equal = proof.Roots[confluence.A] == proof.Roots[confluence.B]
	if !proof.Equal {
		proof.Differences = differences(pairs, moved)
	}
	return proof
}

// normalised returns the leaves of one side in their normal form, sorted by twin.
func normalised(list []Leaf, depth Depth, byTwin map[confluence.TwinID]*exempt) []leaf {
	out := make([]leaf, 0, len(list))
	for i := range list {
		x := byTwin[list[i].Twin]
		if _, whole := x.reason(FieldWhole); whole {
			continue
		}
		out = append(out, leaf{Leaf: normal(list[i], depth, x), exempt: x})
	}
	slices.SortFunc(out, func(a, b leaf) int {
		if c := cmp.Compare(a.Twin, b.Twin); c != 0 {
			return c
		}
		var ea, eb encoder
		ea.leaf(depth, &a)
		eb.leaf(depth, &b)
		return slices.Compare(ea.buf, eb.buf)
	})
	return out
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
		case j == len(b) || i < len(a) && a[i].Twin < b[j].Twin:
			p[confluence.A] = &a[i]
			i++
		case i == len(a) || b[j].Twin < a[i].Twin:
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

func rootOf(leaves []leaf, depth Depth, tail [][]byte) confluence.Digest {
	var t tree
	var e encoder
	for i := range leaves {
		e.buf = e.buf[:0]
		e.leaf(depth, &leaves[i])
		leaves[i].digest = leafDigest(e.buf)
		t.add(leaves[i].digest)
	}
	for _, l := range tail {
		t.add(leafDigest(l))
	}
	return t.root()
}
