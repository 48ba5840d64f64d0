package body

import "testing"

func BenchmarkFormOnly(b *testing.B) {
	var ts []*Tree
	n := 0
	for _, s := range speedBodies(b) {
		t, _ := Parse(s)
		ts = append(ts, t)
		n += len(s)
	}
	nodes, attrs, refs := 0, 0, 0
	for _, t := range ts {
		nodes += len(t.nodes)
		attrs += len(t.attrs)
		refs += t.refs
	}
	b.Log(n, nodes, attrs, refs)
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range ts {
			t.Form()
		}
	}
}
