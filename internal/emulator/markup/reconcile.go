package markup

import "slices"

// maxReconciled is how many pairs of blocks are compared before a draft simply wins.
const maxReconciled = 4 << 20

// Reconcile brings a draft up to what was published under it (register row PA-04): blocks that only one of the two
// changed are taken from it; where both did, the draft wins, and clash is true. Local ids do not count. Bodies that
// cannot be read leave the draft as it is.
func Reconcile(base, draft, published string) (out string, clash bool) {
	b, d, p := blocksOf(base), blocksOf(draft), blocksOf(published)
	if b == nil || d == nil || p == nil || len(b)*(len(d)+len(p)) > maxReconciled {
		return draft, draft != base && published != base
	}
	inDraft, inPublished := common(b, d), common(b, p)
	var root Node
	i, j, k := 0, 0, 0
	for {
		// The next block of the base that both kept ends the stretch that is looked at.
		next := i
		for next < len(b) && (inDraft[next] < 0 || inPublished[next] < 0) {
			next++
		}
		endD, endP := len(d), len(p)
		if next < len(b) {
			endD, endP = inDraft[next], inPublished[next]
		}
		was, mine, theirs := b[i:next], d[j:endD], p[k:endP]
		switch {
		case slices.Equal(keys(was), keys(mine)):
			root.Kids = append(root.Kids, nodes(theirs)...)
		case slices.Equal(keys(was), keys(theirs)) || slices.Equal(keys(mine), keys(theirs)):
			root.Kids = append(root.Kids, nodes(mine)...)
		default:
			clash = true
			root.Kids = append(root.Kids, nodes(mine)...)
		}
		if next == len(b) {
			return root.String(), clash
		}
		root.Kids = append(root.Kids, d[endD].node)
		i, j, k = next+1, endD+1, endP+1
	}
}

type keyed struct {
	key  string
	node *Node
}

// blocksOf are the blocks at the top of a body, each with its text but for local ids; nil if it is no storage format.
func blocksOf(raw string) []keyed {
	root, err := Parse(raw)
	if err != nil {
		return nil
	}
	out := []keyed{}
	for _, k := range root.Kids {
		out = append(out, keyed{localIDs.ReplaceAllString(Unassigned(k.String()), ""), k})
	}
	return out
}

func keys(blocks []keyed) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = b.key
	}
	return out
}

func nodes(blocks []keyed) []*Node {
	out := make([]*Node, len(blocks))
	for i, b := range blocks {
		out[i] = b.node
	}
	return out
}

// common returns for each block of a where it stands in b, −1 where it does not: a longest common subsequence.
func common(a, b []keyed) []int {
	longest := make([][]int32, len(a)+1)
	longest[len(a)] = make([]int32, len(b)+1)
	for i := len(a) - 1; i >= 0; i-- {
		longest[i] = make([]int32, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			if a[i].key == b[j].key {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	out := make([]int, len(a))
	j := 0
	for i := range a {
		out[i] = -1
		for j < len(b) && a[i].key != b[j].key && longest[i][j+1] >= longest[i+1][j] {
			j++
		}
		if j < len(b) && a[i].key == b[j].key {
			out[i] = j
			j++
		}
	}
	return out
}
