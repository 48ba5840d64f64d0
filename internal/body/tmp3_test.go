package body

import (
	"syscall"
	"testing"
)

func cpu2() int64 {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}
func TestParseOnly(t *testing.T) {
	c := gen()
	for len(c) < 2000 {
		c = append(c, c...)
	}
	n := 0
	for _, s := range c {
		n += len(s)
	}
	for range 5 {
		st := cpu2()
		for range 10 {
			for _, s := range c {
				Parse(s)
			}
		}
		t.Logf("%.2f ns/B", float64(cpu2()-st)/float64(n)/10)
	}
}
