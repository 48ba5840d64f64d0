package dc_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
)

// counted returns how many requests the emulator has answered since the last call.
func (b *bench) counted() (n int64, routes string) {
	for name, k := range b.site.Counters() {
		n += k.Reads + k.Writes
		routes += fmt.Sprintf("%d %s; ", k.Reads+k.Writes, name)
	}
	b.site.ResetCounters()
	return n, routes
}

// TestFeedCost: two calls, whatever the size of the site, with changes and without.
func TestFeedCost(t *testing.T) {
	for _, pages := range []int{10, 5_000} {
		t.Run(fmt.Sprint(pages), func(t *testing.T) {
			b := &bench{time: resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
			var err error
			b.site, err = emulator.New(emulator.Options{Personality: "dc", Seed: 7, BaseURL: address, Now: b.time.Now, Size: pages})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = b.site.Close() })
			c := b.open(t, nil)
			if _, err := c.Identity(t.Context()); err != nil {
				t.Fatal(err)
			}
			spaces, err := c.Spaces(t.Context(), nil)
			if err != nil || len(spaces) == 0 {
				t.Fatal(spaces, err)
			}
			before := b.time.Now()
			for i := range 30 {
				r := apply(t, c, confluence.Create{Space: spaces[0], Kind: confluence.Page, Title: fmt.Sprint("Fresh ", i)}, body("<p>x</p>"))
				apply(t, c, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page}, body("<p>c</p>"))
			}
			b.time.Advance(time.Minute)
			b.counted()
			for _, f := range []struct {
				since time.Time
				rows  int
			}{{before, 60}, {b.time.Now(), 0}} {
				got, err := c.Feed(t.Context(), f.since)
				if err != nil || len(got) != f.rows {
					t.Errorf("%d rows, %v; want %d", len(got), err, f.rows)
				}
				if n, routes := b.counted(); n != 2 {
					t.Errorf("a feed took %d calls (%s), want 2", n, routes)
				}
			}
		})
	}
}

// TestSweepCost: without bodies 200 contents a call, the trash in the same calls, with labels, restrictions, attachments
// and comments of every depth; one call for the blog posts, and one that says who we are.
func TestSweepCost(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	c := b.open(t, nil)
	s, ids := fill(t, c, 1_000)
	for i, id := range ids[:40] {
		apply(t, c, confluence.AddLabels{ID: id, Kind: confluence.Page, Labels: []confluence.Label{{Name: "x"}}}, confluence.Payload{})
		apply(t, c, confluence.Attach{Container: id, Name: "a", Size: 1},
			confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }})
		r := apply(t, c, confluence.CreateComment{Container: id, ContainerKind: confluence.Page}, body("<p>c</p>"))
		if i < 10 {
			apply(t, c, confluence.CreateComment{Container: id, ContainerKind: confluence.Page, ReplyTo: r.ID}, body("<p>d</p>"))
		}
	}
	for range 30 {
		apply(t, c, confluence.CreateComment{Container: ids[50], ContainerKind: confluence.Page}, body("<p>more than one row holds</p>"))
	}
	for _, id := range ids[500:520] {
		apply(t, c, confluence.Trash{ID: id, Kind: confluence.Page}, confluence.Payload{})
	}
	who, err := c.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for facets, most := range map[confluence.Facets]int64{
		0:               8,
		who.Caps.Listed: 9, // one page has more comments than a row holds
	} {
		b.counted()
		n := map[confluence.Status]int{}
		kinds := map[confluence.Kind]int{}
		for _, x := range scan(t, c, confluence.ScanRequest{Space: s, Facets: facets, Trash: true}) {
			n[x.Status]++
			kinds[x.Kind]++
			if x.Version.Number == 0 || x.Version.At.IsZero() || x.Kind == confluence.Page && x.ParentID == "" && x.ID != s.HomeID && x.Status == confluence.Current {
				t.Fatalf("a row says too little: %+v", x)
			}
		}
		files, comments := 0, 0
		if facets != 0 {
			files, comments = 40, 80
		}
		if calls, routes := b.counted(); calls != most || n[confluence.Trashed] != 20 || kinds[confluence.Page] != 1_001 ||
			kinds[confluence.Attachment] != files || kinds[confluence.Comment] != comments {
			t.Errorf("facets %b: %d calls (%s), %v, %v; want %d calls", facets, calls, routes, n, kinds, most)
		}
	}
}
