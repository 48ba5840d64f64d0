package bench

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/body"
)

// bodyRounds is how often each work goes over the corpus: the works take turns, and the best round of each counts, so
// that a busy machine slows all alike.
const bodyRounds = 7

// bodies measures the canonical form and the rewriting of references over generated bodies of real wikis' mix, against a
// bare RawToken loop of encoding/xml over the same bytes.
func bodies(ctx context.Context, o Options) ([]Figure, error) {
	o.Say("body: %d MiB of bodies, best of %d rounds", o.Corpus>>20, bodyRounds)
	corpus := corpusOf(o.Seed, o.Corpus)
	works := []work{rawTokens, canonical, rewrite}
	best := make([]time.Duration, len(works))
	for range bodyRounds {
		for i, w := range works {
			took, err := w.over(ctx, corpus, o.Now)
			if err != nil {
				return nil, err
			}
			if best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	size := 0
	for _, raw := range corpus {
		size += len(raw)
	}
	var raw []string
	for i, name := range []string{"RawToken", "canonical form", "rewrite"} {
		raw = append(raw, fmt.Sprintf("%s: %s for %d bytes in %d bodies, %.0f MB/s", name, seconds(best[i]), size, len(corpus), perSecond(float64(size)/1e6, best[i])))
	}
	const against = "encoding/xml RawToken over the same bodies"
	return []Figure{
		figure("body", "canonical_over_rawtoken", best[0].Seconds()/best[1].Seconds(), unitRatio, BodyOverRawToken, against, raw[0], raw[1]),
		figure("body", "rewrite_over_rawtoken", best[0].Seconds()/best[2].Seconds(), unitRatio, BodyOverRawToken, against, raw[2]),
	}, nil
}

// corpusOf makes bodies of the given size together.
func corpusOf(seed uint64, size int64) []string {
	shape := Wiki(4800)
	shape.Seed = seed
	g := &generator{Shape: shape, first: firstID, pages: shape.Pages}
	for i := range g.prose {
		g.prose[i] = sentences(Script(i), seed)
	}
	var out []string
	for n, made := 1, int64(0); made < size; n++ {
		g.about(aboutPage, uint64(n))
		raw := string(g.write(0, n, g.size(g.Body), g.mean(g.Around.Attachments)).text)
		made += int64(len(raw))
		out = append(out, raw)
	}
	return out
}

// work is something done to one body.
type work func(raw string) error

// over does the work to all bodies.
func (w work) over(ctx context.Context, corpus []string, now func() time.Time) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	began := now()
	for _, raw := range corpus {
		if err := w(raw); err != nil {
			return 0, err
		}
	}
	return now().Sub(began), nil
}

func rawTokens(raw string) error {
	d := xml.NewDecoder(strings.NewReader(raw))
	d.Entity = xml.HTMLEntity
	return drain(d)
}

// drain reads all raw tokens.
func drain(d *xml.Decoder) error {
	for {
		if _, err := d.RawToken(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func canonical(raw string) error {
	t, err := body.Parse(raw)
	if err == nil {
		t.Form()
	}
	return err
}

// rewrite changes every reference there is, as a migration to other keys and accounts would.
func rewrite(raw string) error {
	t, err := body.Parse(raw)
	if err != nil {
		return err
	}
	t.Rewrite(func(s body.Slot) (body.Slot, bool) {
		s.SpaceKey += "X"
		s.User += "x"
		return s, true
	})
	return nil
}
