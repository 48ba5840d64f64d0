package body

import (
	"syscall"
	"testing"
)

func cpu() int64 {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}
func TestTotal(t *testing.T) {
	c := gen()
	for len(c) < 2000 {
		c = append(c, c...)
	}
	n := 0
	for _, s := range c {
		n += len(s)
	}
	works := []func(string){func(s string) { rawTokens(s) }, parseOnly, formOnly, rewriteAll}
	best := make([]int64, 4)
	for range 10 {
		for i, w := range works {
			st := cpu()
			for _, s := range c {
				w(s)
			}
			d := cpu() - st
			if best[i] == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	for i := range best {
		t.Logf("%d: %.2f ns/B", i, float64(best[i])/float64(n))
	}
	t.Logf("ratio %.2f %.2f", float64(best[0])/float64(best[2]), float64(best[0])/float64(best[3]))
}
