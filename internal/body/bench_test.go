package body

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// speedBound is how many times faster than a bare RawToken loop the canonical form and Rewrite have to be (issue "A
// real export, migrated and proved": "canonical form and rewrite at 3 × RawToken or better").
const speedBound = 3.0

func rawTokens(raw string) int {
	dec := xml.NewDecoder(strings.NewReader(raw))
	dec.Strict = false
	dec.Entity = xml.HTMLEntity
	n := 0
	for {
		_, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			return -1
		}
		n++
	}
}

func form(raw string) {
	t, err := Parse(raw)
	if err != nil {
		panic(err)
	}
	t.Form()
}

func rewriteAll(raw string) {
	t, err := Parse(raw)
	if err != nil {
		panic(err)
	}
	t.Rewrite(func(s Slot) (Slot, bool) {
		s.SpaceKey += "X"
		s.User += "x"
		return s, true
	})
}

// speedBodies are the bodies that speed is measured on: real ones, put together to pages of a usual size.
func speedBodies(t testing.TB) []string {
	var bodies []string
	var page strings.Builder
	for _, s := range corpus(t) {
		page.WriteString(s.raw)
		if page.Len() > 20_000 {
			bodies = append(bodies, page.String())
			page.Reset()
		}
	}
	return bodies
}

// speeds returns MB/s of each work over the bodies. Each body counts with its best of many rounds, in which the works
// take turns, so that other work of the machine counts as little as it can.
func speeds(bodies []string, rounds int, works ...func(string)) []float64 {
	total := 0
	sum := make([]time.Duration, len(works))
	for _, raw := range bodies {
		total += len(raw)
		best := make([]time.Duration, len(works))
		for range rounds {
			for i, work := range works {
				start := time.Now()
				work(raw)
				if took := time.Since(start); best[i] == 0 || took < best[i] {
					best[i] = took
				}
			}
		}
		for i := range works {
			sum[i] += best[i]
		}
	}
	out := make([]float64, len(works))
	for i := range works {
		out[i] = float64(total) / sum[i].Seconds() / 1e6
	}
	return out
}

func TestSpeed(t *testing.T) {
	got := speeds(speedBodies(t), 40, func(s string) { rawTokens(s) }, func(s string) { Parse(s) }, form, rewriteAll)
	t.Logf("RawToken %.0f MB/s, parse %.0f, canonical form %.0f (%.1f times), rewrite %.0f (%.1f times)",
		got[0], got[1], got[2], got[2]/got[0], got[3], got[3]/got[0])
}

func BenchmarkForm(b *testing.B) {
	bodies := speedBodies(b)
	n := 0
	for _, s := range bodies {
		n += len(s)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range bodies {
			form(s)
		}
	}
}
