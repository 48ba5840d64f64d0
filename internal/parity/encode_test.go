package parity

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// s, n8 are written out here by hand and share nothing with the encoder.
func s(text string) string { return n8(len(text)) + text }

func n8(n int) string { return "\x00\x00\x00\x00\x00\x00" + string([]byte{byte(n >> 8), byte(n)}) }

func digestOf(b byte) (d confluence.Digest) {
	for i := range d {
		d[i] = b
	}
	return d
}

const aa32 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
const bb32 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

func fullLeaf() Leaf {
	return Leaf{
		Kind: confluence.Page, Twin: "t1", Title: "Caf\u0065\u0301", Parent: "t0", Ranked: true, Rank: 40,
		Content: digestOf(0xaa),
		Files:   []File{{"b.png", "02", 12}, {"a.png", "01", 7}},
		Labels:  []string{"team:z", "global:x", "global:x"},
		Comments: []Comment{
			{Twin: "c2", Kind: confluence.Footer, Content: digestOf(0xbb)},
			{Twin: "c1", Kind: confluence.Inline, Content: digestOf(0xbb), Resolution: "resolved",
				Replies: []Comment{{Twin: "c3", Kind: confluence.Inline, Content: digestOf(0xaa)}}},
		},
		Restricted: [2]bool{true, false}, Readers: []string{"user:u", "group:g"},
	}
}

func TestLeafEncoding(t *testing.T) {
	head := func(depth string) string { return s("tandem leaf 1") + s(depth) + s("page") + s("t1") }
	open := s("open") + n8(0)
	labels := n8(2) + s("global:x") + s("team:z")
	comments := n8(2) +
		s("c1") + s("inline") + s(bb32) + s("resolved") + n8(1) + s("c3") + s("inline") + s(aa32) + s("") + n8(0) +
		s("c2") + s("footer") + s(bb32) + s("") + n8(0)
	readers := s("set") + n8(2) + s("group:g") + s("user:u")
	files := func(sum1, sum2 string) string {
		return n8(2) + s("a.png") + s(sum1) + s("7") + s("b.png") + s(sum2) + s("12")
	}
	place := s("Café") + s("t0") + s("0")
	tests := []struct {
		name       string
		depth      Depth
		exceptions []Exception
		want       string
	}{
		{"everything", Everything, nil, head("everything") + place + s(aa32) + files("01", "02") + labels + comments + readers + open},
		{"content", Content, nil, head("content") + place + s(aa32) + files("", "") + labels + comments + readers + open},
		{"structure", Structure, nil, head("structure") + place + s("") + n8(0) + n8(0) + n8(0) + open + open},
		{"excepted fields", Everything, []Exception{{"untitled", "t1", "title"}, {"accepted", "t1", "labels"}, {"accepted", "t1", "rank"}},
			head("everything") + s("!untitled") + s("t0") + s("!accepted") + s(aa32) + files("01", "02") + s("!accepted") + comments + readers + open},
		{"excepted elements", Everything,
			[]Exception{{"duplicate-file", "t1", "files/b.png"}, {"personal-label", "t1", "labels/team:z"}, {"inline-comments", "t1", "comments/c1"}, {"unmapped-principal", "t1", "readers/user:u"}},
			head("everything") + place + s(aa32) + n8(1) + s("a.png") + s("01") + s("7") + n8(1) + s("global:x") +
				n8(1) + s("c2") + s("footer") + s(bb32) + s("") + n8(0) + s("set") + n8(1) + s("group:g") + open},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := comparing{depth: tt.depth, exempts: exempts(tt.exceptions)}
			for _, side := range confluence.Sides {
				c.sides[side] = slices.Values([]Leaf{fullLeaf()})
				c.leaves[side] = c.normalised(side)
			}
			rank(match(&c.leaves))
			var got string
			c.walk(confluence.A, func(*leaf) bool { return true }, func(_ *leaf, e *encoder) { got = string(e.buf) })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("encoding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExceptionLeaves(t *testing.T) {
	p := Compare("HR", Structure, [2][]Leaf{}, []Exception{
		{"untitled", "t9", "title"}, {"accepted", "t2", "rank"}, {"accepted", "t1", "rank"}, {"accepted", "t1", "rank"},
	})
	accepted := s("tandem exception 1") + s("HR") + s("accepted") + n8(2) + s("t1") + s("rank") + s("t2") + s("rank")
	untitled := s("tandem exception 1") + s("HR") + s("untitled") + n8(1) + s("t9") + s("title")
	sum := func(text string) string { d := sha256.Sum256([]byte(text)); return string(d[:]) }
	want := hex.EncodeToString([]byte(sum("\x01" + sum("\x00"+accepted) + sum("\x00"+untitled))))
	if got := p.Roots[0].String(); got != want {
		t.Errorf("root %s, want %s", got, want)
	}
	if !p.Equal || len(p.Exceptions) != 3 {
		t.Errorf("equal %v, %d exceptions; want true and 3", p.Equal, len(p.Exceptions))
	}
}

// The leaves and roots are the published test vectors of the tree of RFC 6962.
func TestTreeVectors(t *testing.T) {
	leaves := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var tr tree
	for n, want := range roots {
		if got := tr.root().String(); got != want {
			t.Errorf("root of %d leaves is %s, want %s", n, got, want)
		}
		if n < len(leaves) {
			b, err := hex.DecodeString(leaves[n])
			if err != nil {
				t.Fatal(err)
			}
			tr.add(leafDigest(b))
		}
	}
}

func TestTreeAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "leaves")
		var tr tree
		var digests []confluence.Digest
		for i := range n {
			d := leafDigest(fmt.Append(nil, i))
			digests = append(digests, d)
			tr.add(d)
		}
		if got, want := tr.root(), definition(digests); got != want {
			t.Errorf("root of %d leaves is %v, want %v", n, got, want)
		}
	})
}

// definition follows the words of RFC 6962, 2.1.
func definition(leaves []confluence.Digest) confluence.Digest {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return nodeDigest(definition(leaves[:k]), definition(leaves[k:]))
}
