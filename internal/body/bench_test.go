package body

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/body/bodytest"
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

func parseOnly(raw string) {
	if _, err := Parse(raw); err != nil {
		panic(err)
	}
}

func formOnly(raw string) {
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

// realPages returns the bodies of real exports, put together to pages of a usual size.
func realPages(t testing.TB) []string {
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

// madePages returns pages of prose with a bit of everything between the paragraphs.
func madePages() []string {
	const sentence = "Whoever changes the plan after the review tells the team, and notes the reason where the others will look for it. "
	var bodies []string
	for seed := range uint64(20) {
		b := bodytest.Random(seed, 30)
		var page strings.Builder
		for i, block := range b.Kids {
			page.WriteString((&bodytest.Body{Kids: []*bodytest.Node{block}}).String())
			page.WriteString("<p>" + strings.Repeat(sentence, 1+i%5) + "</p>\n")
		}
		bodies = append(bodies, page.String())
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
	if os.Getenv("TANDEM_SPEED") == "" || raceDetector {
		t.Skip("speeds are stated by tandem bench --suite body; TANDEM_SPEED=1 measures them here")
	}
	t.Run("made pages", func(t *testing.T) { checkSpeed(t, madePages()) })
	t.Run("real pages", func(t *testing.T) { checkSpeed(t, realPages(t)) })
}

func checkSpeed(t *testing.T, pages []string) {
	var form, rewrite float64
	for try := 0; try < 3 && (form < speedBound || rewrite < speedBound); try++ {
		got := speeds(pages, 20, func(s string) { rawTokens(s) }, parseOnly, formOnly, rewriteAll)
		form, rewrite = got[2]/got[0], got[3]/got[0]
		t.Logf("RawToken %.0f MB/s, parse %.0f, canonical form %.0f (%.1f times), rewrite %.0f (%.1f times)",
			got[0], got[1], got[2], form, got[3], rewrite)
	}
	if form < speedBound || rewrite < speedBound {
		t.Errorf("canonical form %.1f times, rewrite %.1f times the speed of RawToken; %.1f is the bound", form, rewrite, speedBound)
	}
}

func benchmark(b *testing.B, work func(string)) {
	pages := madePages()
	n := 0
	for _, s := range pages {
		n += len(s)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range pages {
			work(s)
		}
	}
}

func BenchmarkRawToken(b *testing.B) { benchmark(b, func(s string) { rawTokens(s) }) }
func BenchmarkParse(b *testing.B)    { benchmark(b, parseOnly) }
func BenchmarkForm(b *testing.B)     { benchmark(b, formOnly) }
func BenchmarkRewrite(b *testing.B)  { benchmark(b, rewriteAll) }
