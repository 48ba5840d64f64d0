package body

import (
	"slices"
	"strings"
)

// align pairs two sequences monotonously: for each of a it returns the index in b, -1 for none. Equal keys are paired
// first: the ends, then keys that occur once on both sides, in the longest order that both have (patience), then, in
// the gaps, by weight: equality above all, else score, where 0 means that two are not to be paired. Time is about
// n log n, for gaps without anchors bounded by maxTable.
func align(a, b []string, score func(i, j int) int) []int {
	al := aligner{a: a, b: b, score: score, match: make([]int, len(a))}
	for i := range al.match {
		al.match[i] = -1
	}
	al.gap(0, len(a), 0, len(b), 0)
	return al.match
}

const (
	maxRounds = 8       // of anchors within gaps
	maxScored = 64 * 64 // pairs compared for similarity in one gap
	maxTable  = 1 << 20 // pairs compared for equality in one gap
	equal     = 1000    // weight of equality; every score is less
)

type aligner struct {
	a, b  []string
	score func(i, j int) int
	match []int
}

func (al *aligner) gap(i, iEnd, j, jEnd, round int) {
	for i < iEnd && j < jEnd && al.a[i] == al.b[j] {
		al.match[i] = j
		i, j = i+1, j+1
	}
	for i < iEnd && j < jEnd && al.a[iEnd-1] == al.b[jEnd-1] {
		iEnd, jEnd = iEnd-1, jEnd-1
		al.match[iEnd] = jEnd
	}
	if i == iEnd || j == jEnd {
		return
	}
	if round < maxRounds {
		if anchors := al.anchors(i, iEnd, j, jEnd); len(anchors) > 0 {
			for _, k := range anchors {
				m := al.match[k]
				al.gap(i, k, j, m, round+1)
				i, j = k+1, m+1
			}
			al.gap(i, iEnd, j, jEnd, round+1)
			return
		}
	}
	al.table(i, iEnd, j, jEnd)
}

// anchors matches the keys that occur once on both sides, as many as stand in one order, and returns their indices in a.
func (al *aligner) anchors(i, iEnd, j, jEnd int) []int {
	const many = -1
	inB := make(map[string]int, jEnd-j)
	for k := j; k < jEnd; k++ {
		if _, twice := inB[al.b[k]]; twice {
			inB[al.b[k]] = many
			continue
		}
		inB[al.b[k]] = k
	}
	inA := make(map[string]int, iEnd-i)
	for k := i; k < iEnd; k++ {
		inA[al.a[k]]++
	}
	var from, to []int
	for k := i; k < iEnd; k++ {
		if m, ok := inB[al.a[k]]; ok && m != many && inA[al.a[k]] == 1 {
			from, to = append(from, k), append(to, m)
		}
	}
	var anchors []int
	for _, k := range increasing(to) {
		al.match[from[k]] = to[k]
		anchors = append(anchors, from[k])
	}
	return anchors
}

// increasing returns the indices of a longest increasing subsequence.
func increasing(s []int) []int {
	var tails []int // tails[n] is the index of the least end of a subsequence of n+1
	before := make([]int, len(s))
	for k, x := range s {
		n, _ := slices.BinarySearchFunc(tails, x, func(i, x int) int { return s[i] - x })
		before[k] = -1
		if n > 0 {
			before[k] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, k)
		} else {
			tails[n] = k
		}
	}
	var out []int
	if len(tails) > 0 {
		for k := tails[len(tails)-1]; k >= 0; k = before[k] {
			out = append(out, k)
		}
	}
	slices.Reverse(out)
	return out
}

// table finds the pairing of greatest weight in a gap.
func (al *aligner) table(i, iEnd, j, jEnd int) {
	n, m := iEnd-i, jEnd-j
	if n > maxTable/m {
		return
	}
	scored := al.score != nil && n*m <= maxScored
	weight := func(x, y int) int {
		switch {
		case al.a[i+x] == al.b[j+y]:
			return equal
		case scored:
			return al.score(i+x, j+y)
		}
		return 0
	}
	best := make([]int32, (n+1)*(m+1)) // of what is left from x and y on
	weights := make([]int16, n*m)
	for x := n - 1; x >= 0; x-- {
		for y := m - 1; y >= 0; y-- {
			at := x*(m+1) + y
			w := weight(x, y)
			weights[x*m+y] = int16(w)
			best[at] = max(best[at+1], best[at+m+1])
			if w > 0 {
				best[at] = max(best[at], int32(w)+best[at+m+2])
			}
		}
	}
	for x, y := 0, 0; x < n && y < m; {
		at := x*(m+1) + y
		switch w := weights[x*m+y]; {
		case w > 0 && best[at] == int32(w)+best[at+m+2]:
			al.match[i+x] = j + y
			x, y = x+1, y+1
		case best[at] == best[at+1]:
			y++
		default:
			x++
		}
	}
}

// scorer tells how alike two items are that do not say the same.
type scorer struct {
	p      *putter
	v, t   []item
	vWords map[int][]string
	tWords map[int][]string
}

// score is 0 for items that cannot be one edited: of another kind, or with another name.
func (s *scorer) score(i, j int) int {
	a, b := s.v[i], s.t[j]
	if a.block != b.block {
		return 0
	}
	if !a.block {
		return 1 + s.alike(i, j)
	}
	v, t := &s.p.v, &s.p.t
	an, bn := &v.nodes[a.first], &t.nodes[b.first]
	switch {
	case v.name(a.first) == t.name(b.first):
		if an.traits&(macro|parameter) != 0 && v.get(a.first, "ac:name") != t.get(b.first, "ac:name") {
			return 0
		}
		for _, id := range [...]string{"ac:macro-id", "local-id", "ac:local-id"} {
			if x := v.get(a.first, id); x != "" && x == t.get(b.first, id) {
				return equal - 1
			}
		}
		return 1 + s.alike(i, j)
	case an.traits&bn.traits&textBlock != 0:
		if alike := s.alike(i, j); alike >= 50 {
			return alike
		}
	}
	return 0
}

// alike returns Dice's coefficient of the words of two items in percent.
func (s *scorer) alike(i, j int) int {
	if s.vWords == nil {
		s.vWords, s.tWords = map[int][]string{}, map[int][]string{}
	}
	words := func(known map[int][]string, k int, l *layout, it item) []string {
		w, ok := known[k]
		if !ok {
			w = sortedWords(l.form[it.from:it.to])
			known[k] = w
		}
		return w
	}
	a, b := words(s.vWords, i, &s.p.v, s.v[i]), words(s.tWords, j, &s.p.t, s.t[j])
	if len(a)+len(b) == 0 {
		return 0
	}
	common := 0
	for x, y := 0, 0; x < len(a) && y < len(b); {
		switch {
		case a[x] == b[y]:
			common, x, y = common+1, x+1, y+1
		case a[x] < b[y]:
			x++
		default:
			y++
		}
	}
	return 200 * common / (len(a) + len(b))
}

// maxWords is how many words of an item are compared.
const maxWords = 256

// sortedWords returns the first words of a canonical form, markup taken as words too.
func sortedWords(form []byte) []string {
	words := strings.FieldsFunc(string(form[:min(len(form), 16*maxWords)]), func(r rune) bool {
		return r == ' ' || r == '<' || r == '>' || r == '\n'
	})
	words = words[:min(len(words), maxWords)]
	slices.Sort(words)
	return words
}
