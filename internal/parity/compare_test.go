package parity

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func twin(i int) confluence.TwinID { return confluence.TwinID(fmt.Sprintf("t%03d", i)) }

func drawDigest(t *rapid.T, label string) confluence.Digest {
	return confluence.Sum([]byte(rapid.StringN(0, 3, -1).Draw(t, label)))
}

func drawComments(t *rapid.T, prefix string, depth int) []Comment {
	var list []Comment
	for i := range rapid.IntRange(0, 2).Draw(t, "comments") {
		c := Comment{
			Twin: confluence.TwinID(fmt.Sprintf("%s.%d", prefix, i)),
			Kind: rapid.SampledFrom([]confluence.CommentKind{confluence.Footer, confluence.Inline}).Draw(t, "kind"), Content: drawDigest(t, "text"),
		}
		if depth < 2 {
			c.Replies = drawComments(t, string(c.Twin), depth+1)
		}
		list = append(list, c)
	}
	return list
}

// drawSpace makes a space: a tree of pages with explicit orders, and some blog posts.
func drawSpace(t *rapid.T) []Leaf {
	n := rapid.IntRange(1, 14).Draw(t, "contents")
	children := map[confluence.TwinID]int{}
	var leaves []Leaf
	for i := range n {
		l := Leaf{Kind: confluence.Page, Twin: twin(i), Title: rapid.StringN(1, 6, -1).Draw(t, "title"), Content: drawDigest(t, "body")}
		switch {
		case rapid.IntRange(0, 9).Draw(t, "post") == 0:
			l.Kind = confluence.BlogPost
		case i > 0:
			if p := rapid.IntRange(-1, i-1).Draw(t, "parent"); p >= 0 {
				l.Parent = twin(p)
			}
			fallthrough
		default:
			l.Ranked, l.Rank = true, 10*children[l.Parent]
			children[l.Parent]++
		}
		for f := range rapid.IntRange(0, 3).Draw(t, "files") {
			l.Files = append(l.Files, File{fmt.Sprintf("f%d.png", f), drawDigest(t, "bytes").String(), int64(rapid.IntRange(0, 9).Draw(t, "size"))})
		}
		for f := range rapid.IntRange(0, 3).Draw(t, "labels") {
			l.Labels = append(l.Labels, fmt.Sprintf("global:l%d", f))
		}
		l.Comments = drawComments(t, "c"+string(l.Twin), 0)
		if rapid.Bool().Draw(t, "restricted") {
			l.Restricted, l.Readers, l.Editors = [2]bool{true, true}, []string{"group:g"}, []string{"user:u"}
		}
		leaves = append(leaves, l)
	}
	return leaves
}

func clone(leaves []Leaf) []Leaf {
	out := slices.Clone(leaves)
	for i := range out {
		out[i].Files = slices.Clone(out[i].Files)
		out[i].Labels = slices.Clone(out[i].Labels)
		out[i].Readers = slices.Clone(out[i].Readers)
		out[i].Editors = slices.Clone(out[i].Editors)
		out[i].Comments = cloneComments(out[i].Comments)
	}
	return out
}

func cloneComments(list []Comment) []Comment {
	out := slices.Clone(list)
	for i := range out {
		out[i].Replies = cloneComments(out[i].Replies)
	}
	return out
}

func shuffle(t *rapid.T, leaves []Leaf) []Leaf {
	return rapid.Permutation(leaves).Draw(t, "order")
}

// mutations change one field of one leaf, and return the name of the field; "" if the leaf has nothing to change.
var mutations = map[string]func(l *Leaf) string{
	"title":   func(l *Leaf) string { l.Title += "x"; return "title" },
	"content": func(l *Leaf) string { l.Content[7] ^= 1; return "content" },
	"parent":  func(l *Leaf) string { l.Parent += "elsewhere"; return "parent" },
	"file byte": func(l *Leaf) string {
		if len(l.Files) == 0 {
			return ""
		}
		l.Files[0].SHA256 = confluence.Sum([]byte(l.Files[0].SHA256)).String()
		return "files/" + l.Files[0].Name
	},
	"file size": func(l *Leaf) string {
		if len(l.Files) == 0 {
			return ""
		}
		l.Files[0].Size++
		return "files/" + l.Files[0].Name
	},
	"file lost": func(l *Leaf) string {
		if len(l.Files) == 0 {
			return ""
		}
		name := l.Files[0].Name
		l.Files = l.Files[1:]
		return "files/" + name
	},
	"file more":  func(l *Leaf) string { l.Files = append(l.Files, File{Name: "new"}); return "files/new" },
	"label more": func(l *Leaf) string { l.Labels = append(l.Labels, "team:y"); return "labels/team:y" },
	"label lost": func(l *Leaf) string {
		if len(l.Labels) == 0 {
			return ""
		}
		name := l.Labels[0]
		l.Labels = l.Labels[1:]
		return "labels/" + name
	},
	"comment text": func(l *Leaf) string {
		if len(l.Comments) == 0 {
			return ""
		}
		c := &l.Comments[len(l.Comments)-1]
		for len(c.Replies) > 0 {
			c = &c.Replies[0]
		}
		c.Content[0] ^= 1
		return "comments/" + string(c.Twin)
	},
	"comment lost": func(l *Leaf) string {
		if len(l.Comments) == 0 {
			return ""
		}
		name := l.Comments[0].Twin
		l.Comments = l.Comments[1:]
		return "comments/" + string(name)
	},
	"comment more": func(l *Leaf) string {
		l.Comments = append(l.Comments, Comment{Twin: "more"})
		return "comments/more"
	},
	"reader": func(l *Leaf) string { l.Readers = append(l.Readers, "user:w"); return "readers" },
	"editor": func(l *Leaf) string { l.Editors = append(l.Editors, "user:w"); return "editors" },
	"opened": func(l *Leaf) string {
		if !l.Restricted[0] {
			return ""
		}
		l.Restricted[0], l.Readers = false, nil
		return "readers"
	},
}

func fieldsOf(p Proof) []string {
	var out []string
	for _, d := range p.Differences {
		out = append(out, string(d.Twin)+" "+d.Field)
	}
	return out
}

func TestEqualSpaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawSpace(t)
		before := clone(a)
		depth := rapid.SampledFrom([]Depth{Structure, Content, Everything}).Draw(t, "depth")
		p := Compare("K", depth, [2][]Leaf{a, shuffle(t, clone(a))}, nil)
		if !p.Equal || p.Roots[0] != p.Roots[1] || len(p.Differences) != 0 {
			t.Fatalf("a space and itself: equal %v, differences %v", p.Equal, fieldsOf(p))
		}
		if diff := cmp.Diff(before, a); diff != "" {
			t.Errorf("Compare changed its input:\n%s", diff)
		}
	})
}

func TestOneMutation(t *testing.T) {
	names := make([]string, 0, len(mutations))
	for name := range mutations {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		a := drawSpace(t)
		b := clone(a)
		i := rapid.IntRange(0, len(b)-1).Draw(t, "which")
		field := mutations[rapid.SampledFrom(names).Draw(t, "mutation")](&b[i])
		if field == "" {
			t.Skip("nothing to change")
		}
		sides := [2][]Leaf{shuffle(t, a), shuffle(t, b)}
		p := Compare("K", Everything, sides, nil)
		if p.Equal || p.Roots[0] == p.Roots[1] {
			t.Fatalf("a change of %s went unseen", field)
		}
		want := []string{string(b[i].Twin) + " " + field}
		if diff := cmp.Diff(want, fieldsOf(p)); diff != "" {
			t.Fatalf("differences (-want +got):\n%s", diff)
		}
		turned := Compare("K", Everything, [2][]Leaf{sides[1], sides[0]}, nil)
		if diff := cmp.Diff(want, fieldsOf(turned)); diff != "" {
			t.Errorf("differences with the sides turned (-want +got):\n%s", diff)
		}
		if turned.Roots[0] != p.Roots[1] || turned.Roots[1] != p.Roots[0] {
			t.Error("roots depend on the side")
		}
		settled := Compare("K", Everything, sides, []Exception{{ReasonAccepted, b[i].Twin, field}})
		if !settled.Equal || len(settled.Differences) != 0 {
			t.Errorf("the exception of %s leaves %v", field, fieldsOf(settled))
		}
		if settled.Roots[0] == p.Roots[0] {
			t.Error("the exception is not covered by the root")
		}
	})
}

// An exception must not hide anything but its own field.
func TestExceptionHidesOnlyItsField(t *testing.T) {
	for name, mutate := range mutations {
		for other, also := range mutations {
			a := []Leaf{fullLeaf()}
			b := clone(a)
			field := mutate(&b[0])
			a2, b2 := clone(a), clone(b)
			second := also(&b2[0])
			if second == "" || cutBefore(field) == cutBefore(second) {
				continue
			}
			p := Compare("K", Everything, [2][]Leaf{a2, b2}, []Exception{{ReasonAccepted, "t1", field}})
			if diff := cmp.Diff([]string{"t1 " + second}, fieldsOf(p)); diff != "" {
				t.Errorf("%s excepted, %s changed as well (-want +got):\n%s", name, other, diff)
			}
		}
	}
}

func cutBefore(field string) string {
	for i := range field {
		if field[i] == '/' {
			return field[:i]
		}
	}
	return field
}

func TestOneMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "siblings")
		var a []Leaf
		order := make([]int, n)
		for i := range n {
			order[i] = i
			a = append(a, Leaf{Kind: confluence.Page, Twin: twin(i), Parent: "p", Ranked: true, Rank: i})
		}
		from := rapid.IntRange(0, n-1).Draw(t, "from")
		to := rapid.IntRange(0, n-1).Filter(func(i int) bool { return i != from }).Draw(t, "to")
		order = slices.Insert(slices.Delete(order, from, from+1), to, from)
		b := clone(a)
		for place, i := range order {
			b[i].Rank = 1000 + 7*place
		}
		p := Compare("K", Structure, [2][]Leaf{a, b}, nil)
		if p.Equal || len(p.Differences) != 1 || p.Differences[0].Field != FieldRank {
			t.Fatalf("one page moved from %d to %d: %v", from, to, fieldsOf(p))
		}
		// Neighbours that changed places: either may be named, the smaller twin stays.
		if moved := p.Differences[0].Twin; moved != twin(from) && max(from, to)-min(from, to) > 1 {
			t.Fatalf("moved %s, named %s", twin(from), moved)
		}
		settled := Compare("K", Structure, [2][]Leaf{a, b}, []Exception{{ReasonAccepted, p.Differences[0].Twin, FieldRank}})
		if !settled.Equal {
			t.Errorf("accepting the moved page leaves %v", fieldsOf(settled))
		}
	})
}

func TestRanks(t *testing.T) {
	row := func(twins ...string) []Leaf {
		var out []Leaf
		for i, name := range twins {
			out = append(out, Leaf{Kind: confluence.Page, Twin: confluence.TwinID(name), Parent: "p", Ranked: true, Rank: i})
		}
		return out
	}
	unranked := func(leaves []Leaf) []Leaf {
		for i := range leaves {
			leaves[i].Ranked = false
		}
		return leaves
	}
	tests := []struct {
		name string
		a, b []Leaf
		want []string
	}{
		{"rotation", row("a", "b", "c", "d"), row("d", "a", "b", "c"), []string{"d rank"}},
		{"neighbours changed, the smaller stays", row("a", "b"), row("b", "a"), []string{"b rank"}},
		{"turned round, the smallest stays", row("a", "b", "c"), row("c", "b", "a"), []string{"b rank", "c rank"}},
		{"smallest set of two", row("b", "c", "a", "d"), row("a", "d", "b", "c"), []string{"b rank", "c rank"}},
		{"one more at the destination", row("a", "b"), row("x", "a", "b"), []string{"x "}},
		{"one less at the destination", row("x", "a", "b"), row("a", "b"), []string{"x "}},
		{"source has no explicit order", unranked(row("a", "b")), row("b", "a"), nil},
		{"destination shows no order", row("a", "b"), unranked(row("a", "b")), []string{"a rank", "b rank"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Compare("K", Structure, [2][]Leaf{tt.a, tt.b}, nil)
			if diff := cmp.Diff(tt.want, fieldsOf(p)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if p.Equal != (len(tt.want) == 0) {
				t.Errorf("equal is %v", p.Equal)
			}
		})
	}
}

func TestMovedToAnotherParent(t *testing.T) {
	a := []Leaf{
		{Kind: confluence.Page, Twin: "p"}, {Kind: confluence.Page, Twin: "q"},
		{Kind: confluence.Page, Twin: "x", Parent: "p", Ranked: true, Rank: 0},
		{Kind: confluence.Page, Twin: "y", Parent: "p", Ranked: true, Rank: 1},
		{Kind: confluence.Page, Twin: "z", Parent: "q", Ranked: true, Rank: 0},
	}
	b := clone(a)
	b[2].Parent, b[2].Rank = "q", -1
	p := Compare("K", Everything, [2][]Leaf{a, b}, nil)
	if diff := cmp.Diff([]string{"x parent"}, fieldsOf(p)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestMissingContent(t *testing.T) {
	a := []Leaf{fullLeaf(), {Kind: confluence.BlogPost, Twin: "A:7", Title: "Only here"}}
	p := Compare("K", Everything, [2][]Leaf{a, a[:1]}, nil)
	want := []Difference{{Twin: "A:7", Kind: confluence.BlogPost, Title: "Only here", Missing: [2]bool{false, true}}}
	if diff := cmp.Diff(want, p.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if p := Compare("K", Everything, [2][]Leaf{a, a[:1]}, []Exception{{ReasonAccepted, "A:7", FieldWhole}}); !p.Equal || p.Leaves != [2]int{1, 1} {
		t.Errorf("whole content excepted: equal %v, leaves %v", p.Equal, p.Leaves)
	}
}

func TestMissingThreadIsOneDifference(t *testing.T) {
	a := []Leaf{fullLeaf()}
	b := clone(a)
	b[0].Comments = slices.DeleteFunc(b[0].Comments, func(c Comment) bool { return c.Twin == "c1" })
	p := Compare("K", Everything, [2][]Leaf{a, b}, nil)
	if diff := cmp.Diff([]string{"t1 comments/c1"}, fieldsOf(p)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestReplyUnderAnotherComment(t *testing.T) {
	a := []Leaf{{Kind: confluence.Page, Twin: "t", Comments: []Comment{{Twin: "c1", Replies: []Comment{{Twin: "r"}}}, {Twin: "c2"}}}}
	b := []Leaf{{Kind: confluence.Page, Twin: "t", Comments: []Comment{{Twin: "c1"}, {Twin: "c2", Replies: []Comment{{Twin: "r"}}}}}}
	p := Compare("K", Everything, [2][]Leaf{a, b}, nil)
	if diff := cmp.Diff([]string{"t comments/r"}, fieldsOf(p)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestTwinTwiceIsSeen(t *testing.T) {
	a := []Leaf{fullLeaf()}
	p := Compare("K", Everything, [2][]Leaf{a, {fullLeaf(), fullLeaf()}}, nil)
	if p.Equal || len(p.Differences) != 1 || p.Differences[0].Missing != [2]bool{true, false} {
		t.Errorf("equal %v, differences %v", p.Equal, p.Differences)
	}
}

// The equivalence of roots, Equal and Differences under any number of changes.
func TestEqualMeansEqualRoots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSpace(t), drawSpace(t)
		if rapid.Bool().Draw(t, "close") {
			b = clone(a)
			for i := range b {
				if rapid.IntRange(0, 4).Draw(t, "shift") == 0 {
					b[i].Rank = rapid.IntRange(-5, 100).Draw(t, "rank")
				}
			}
		}
		depth := rapid.SampledFrom([]Depth{Structure, Content, Everything}).Draw(t, "depth")
		p := Compare("K", depth, [2][]Leaf{a, b}, nil)
		if p.Equal != (p.Roots[0] == p.Roots[1]) || p.Equal != (len(p.Differences) == 0) {
			t.Errorf("equal %v, roots %v, differences %v", p.Equal, p.Roots, fieldsOf(p))
		}
		again := Compare("K", depth, [2][]Leaf{shuffle(t, a), shuffle(t, b)}, nil)
		if diff := cmp.Diff(p, again); diff != "" {
			t.Errorf("the order of the input shows:\n%s", diff)
		}
	})
}

// All longest increasing subsequences of a short sequence, tried one by one.
func TestLongestIncreasing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		identity := make([]int, n)
		for i := range identity {
			identity[i] = i
		}
		values := rapid.Permutation(identity).Draw(t, "values")
		names := rapid.Permutation(identity).Draw(t, "names")
		stay := longestIncreasing(values, func(i, j int) int { return names[i] - names[j] })
		var got []int
		for i, s := range stay {
			if s {
				got = append(got, names[i])
			}
		}
		slices.Sort(got)
		var best []int
		for set := range 1 << n {
			var members []int
			last, ok := -1, true
			for i := range n {
				if set>>i&1 == 1 {
					ok = ok && values[i] > last
					last = values[i]
					members = append(members, names[i])
				}
			}
			slices.Sort(members)
			if ok && (len(members) > len(best) || len(members) == len(best) && slices.Compare(members, best) < 0) {
				best = members
			}
		}
		if diff := cmp.Diff(best, got); diff != "" {
			t.Errorf("of %v kept (-want +got):\n%s", values, diff)
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	leaves := make([]Leaf, 100_000)
	for i := range leaves {
		leaves[i] = fullLeaf()
		leaves[i].Twin, leaves[i].Rank = confluence.TwinID(fmt.Sprintf("%026d", i)), i
		leaves[i].Parent = confluence.TwinID(fmt.Sprintf("%026d", i/50))
	}
	other := clone(leaves)
	slices.Reverse(other)
	for b.Loop() {
		if p := Compare("K", Everything, [2][]Leaf{leaves, other}, nil); !p.Equal {
			b.Fatal("not equal")
		}
	}
}
