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

// speedBodies are the bodies that speed is measured on: real ones where they are, else generated.
func speedBodies(t testing.TB) []string {
	var bodies []string
	for _, s := range corpus(t) {
		bodies = append(bodies, s.raw)
	}
	return bodies
}

func speed(bodies []string, work func(string)) float64 {
	best := time.Duration(1 << 62)
	total := 0
	for _, raw := range bodies {
		total += len(raw)
	}
	for range 5 {
		start := time.Now()
		for _, raw := range bodies {
			work(raw)
		}
		best = min(best, time.Since(start))
	}
	return float64(total) / best.Seconds() / 1e6
}

func TestSpeed(t *testing.T) {
	bodies := speedBodies(t)
	token := speed(bodies, func(raw string) { rawTokens(raw) })
	t.Logf("parse %.0f MB/s, form %.0f MB/s, rewrite %.0f MB/s, RawToken %.0f", speed(bodies, func(s string) { Parse(s) }), speed(bodies, form), speed(bodies, rewriteAll), token)
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
