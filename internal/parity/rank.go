package parity

import (
	"cmp"
	"slices"
	"sort"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// rank sets the places of all pages that are siblings on both sides and that side A keeps in an explicit order. It
// returns the pages that stand outside the longest sequence both sides agree on: moving exactly these makes the orders
// equal.
func rank(pairs []pair) map[*leaf]bool {
	var siblings []pair
	for _, p := range pairs {
		if ranked(p) {
			siblings = append(siblings, p)
		}
	}
	slices.SortFunc(siblings, func(p, q pair) int {
		a, b := p[confluence.A], q[confluence.A]
		return cmp.Or(cmp.Compare(a.parent, b.parent), cmp.Compare(a.order, b.order), cmp.Compare(a.twin, b.twin))
	})
	moved := make(map[*leaf]bool)
	for len(siblings) > 0 {
		n := 1
		for n < len(siblings) && siblings[n][confluence.A].parent == siblings[0][confluence.A].parent {
			n++
		}
		rankSiblings(siblings[:n], moved)
		siblings = siblings[n:]
	}
	return moved
}

func ranked(p pair) bool {
	a, b := p[confluence.A], p[confluence.B]
	if a == nil || b == nil || !a.ranked || a.parent != b.parent {
		return false
	}
	if a.post || b.post {
		return false
	}
	// An excepted page does not count, so that accepting one moved page settles the whole order.
	_, excepted := a.exempt.reason(FieldRank)
	return !excepted
}

// rankSiblings takes the children of one parent in the order of side A.
func rankSiblings(group []pair, moved map[*leaf]bool) {
	known := make([]pair, 0, len(group))
	for i, p := range group {
		if p[confluence.B].ranked {
			known = append(known, p)
			continue
		}
		// Side B shows no order: that is a difference, which an exception may settle, and never agreement.
		p[confluence.A].stand(i)
		moved[p[confluence.A]] = true
	}
	order := make([]int, len(known)) // indexes into known, in the order of side B
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := known[i][confluence.B], known[j][confluence.B]
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.twin, b.twin))
	})
	places := make([]int, len(known)) // place on side B by place on side A
	for b, a := range order {
		places[a] = b
	}
	for a, p := range known {
		p[confluence.A].stand(a)
		p[confluence.B].stand(places[a])
	}
	stay := longestIncreasing(places, func(i, j int) int {
		return cmp.Compare(known[i][confluence.A].twin, known[j][confluence.A].twin)
	})
	for i, s := range stay {
		if !s {
			moved[known[i][confluence.A]] = true
		}
	}
}

// longestIncreasing marks a longest increasing subsequence of a permutation: of several, the one whose members, sorted
// by less, come first.
//
// Members that are part of some longest subsequence have a fixed level in all of them. Within a level values fall while
// indexes rise, so the successors of a member in the next level are an interval, and so are those of an interval.
// Choosing a member narrows its level to one and the intervals of other levels to what is still connected to it.
func longestIncreasing(values []int, compare func(i, j int) int) []bool {
	stay := make([]bool, len(values))
	levels := levelsOf(values)
	ends := make([][2]int, len(levels)) // first and last candidate of each level
	level := make(map[int][2]int, len(values))
	var candidates []int
	for k, members := range levels {
		ends[k] = [2]int{0, len(members) - 1}
		for at, i := range members {
			level[i] = [2]int{k, at}
			candidates = append(candidates, i)
		}
	}
	slices.SortFunc(candidates, compare)
	for _, i := range candidates {
		k, at := level[i][0], level[i][1]
		if at < ends[k][0] || at > ends[k][1] {
			continue
		}
		stay[i] = true
		ends[k] = [2]int{at, at}
		for n := k + 1; n < len(levels); n++ {
			// From the first member beyond the index of our first, to the last above the value of our last.
			first, last := levels[n-1][ends[n-1][0]], levels[n-1][ends[n-1][1]]
			lo := sort.Search(len(levels[n]), func(m int) bool { return levels[n][m] > first })
			hi := sort.Search(len(levels[n]), func(m int) bool { return values[levels[n][m]] < values[last] }) - 1
			if !narrow(&ends[n], lo, hi) {
				break
			}
		}
		for n := k - 1; n >= 0; n-- {
			first, last := levels[n+1][ends[n+1][0]], levels[n+1][ends[n+1][1]]
			lo := sort.Search(len(levels[n]), func(m int) bool { return values[levels[n][m]] < values[first] })
			hi := sort.Search(len(levels[n]), func(m int) bool { return levels[n][m] > last }) - 1
			if !narrow(&ends[n], lo, hi) {
				break
			}
		}
	}
	return stay
}

// narrow cuts an interval down to lo..hi and reports whether that changed it.
func narrow(ends *[2]int, lo, hi int) bool {
	cut := [2]int{max(ends[0], lo), min(ends[1], hi)}
	if cut == *ends {
		return false
	}
	*ends = cut
	return true
}

// levelsOf returns, for each place in a longest increasing subsequence, the indexes that can stand there, rising.
func levelsOf(values []int) [][]int {
	up := chains(values)
	backwards := make([]int, len(values))
	for i, v := range values {
		backwards[len(values)-1-i] = -v
	}
	down := chains(backwards)
	longest := 0
	for _, n := range up {
		longest = max(longest, n)
	}
	levels := make([][]int, longest)
	for i := range values {
		if up[i]+down[len(values)-1-i]-1 == longest {
			levels[up[i]-1] = append(levels[up[i]-1], i)
		}
	}
	return levels
}

// chains returns for each index the length of the longest increasing subsequence that ends there.
func chains(values []int) []int {
	lengths := make([]int, len(values))
	var tails []int // tails[n] = least value that ends a subsequence of length n+1
	for i, v := range values {
		n := sort.SearchInts(tails, v)
		if n == len(tails) {
			tails = append(tails, v)
		} else {
			tails[n] = v
		}
		lengths[i] = n + 1
	}
	return lengths
}
