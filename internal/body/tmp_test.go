package body

import (
	"encoding/json"
	"os"
	"testing"
)

func gen() (out []string) {
	b, _ := os.ReadFile("/tmp/bodycorpus.json")
	json.Unmarshal(b, &out)
	return
}
func BenchmarkGen(b *testing.B) {
	c := gen()
	n := 0
	var ts []*Tree
	for _, s := range c {
		n += len(s)
		t, _ := Parse(s)
		ts = append(ts, t)
	}
	b.Run("raw", func(b *testing.B) {
		b.SetBytes(int64(n))
		for b.Loop() {
			for _, s := range c {
				rawTokens(s)
			}
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(n))
		for b.Loop() {
			for _, s := range c {
				Parse(s)
			}
		}
	})
	b.Run("form", func(b *testing.B) {
		b.SetBytes(int64(n))
		for b.Loop() {
			for _, t := range ts {
				t.Form()
			}
		}
	})
}
func TestGen(t *testing.T) {
	g := speeds(gen(), 10, func(s string) { rawTokens(s) }, parseOnly, formOnly, rewriteAll)
	t.Logf("raw %.1f parse %.1f form %.1f rewrite %.1f  ratio %.2f", 1000/g[0], 1000/g[1], 1000/g[2], 1000/g[3], g[2]/g[0])
}
