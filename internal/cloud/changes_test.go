package cloud_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
)

// generated is an emulated site of so many pages, and a connector to it that has been used before.
func generated(t *testing.T, pages int) (*bench, *cloud.Connector) {
	t.Helper()
	b := &bench{time: resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	var err error
	if b.site, err = emulator.New(emulator.Options{Seed: 7, BaseURL: address, Now: b.time.Now, Size: pages}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.site.Close(); err != nil {
			t.Error(err)
		}
	})
	c := b.open(t, nil)
	if _, err := c.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, c
}

// counted returns how many requests the emulator has answered since the last call.
func (b *bench) counted() (n int64, routes string) {
	for name, k := range b.site.Counters() {
		n += k.Reads + k.Writes
		routes += fmt.Sprintf("%d %s; ", k.Reads+k.Writes, name)
	}
	b.site.ResetCounters()
	return n, routes
}

// TestFeedCost: four calls, whatever the size of the site, with changes and without.
func TestFeedCost(t *testing.T) {
	for _, pages := range []int{10, 5_000} {
		t.Run(fmt.Sprint(pages), func(t *testing.T) {
			b, c := generated(t, pages)
			spaces, err := c.Spaces(t.Context(), nil)
			if err != nil || len(spaces) == 0 {
				t.Fatal(spaces, err)
			}
			before := b.time.Now()
			for i := range 30 {
				change := confluence.Create{Space: spaces[0], Kind: confluence.Page, Title: fmt.Sprint("Fresh ", i)}
				r, err := c.Apply(t.Context(), change, confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: "<p>x</p>"}})
				if err == nil {
					_, err = c.Apply(t.Context(), confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page},
						confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: "<p>c</p>"}})
				}
				if err != nil {
					t.Fatal(err)
				}
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
				if n, routes := b.counted(); n != 4 {
					t.Errorf("a feed took %d calls (%s), want 4", n, routes)
				}
			}
		})
	}
}

// TestSweepCost: without bodies 250 contents a call, the trash and the archive in the same calls, and one call for the blog
// posts; glances 100 a call with all facets.
func TestSweepCost(t *testing.T) {
	b := newBench(t, nil)
	c := b.open(t, nil)
	s := fill(t, c, 1_000)
	read := func() (all []confluence.Content) {
		for req := (confluence.ScanRequest{Space: s, Trash: true, Archived: true}); ; {
			batch, err := c.Scan(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, batch.Contents...)
			if req.Cursor = batch.Next; req.Cursor == "" {
				return all
			}
		}
	}
	var ids []confluence.ID
	for _, x := range read() {
		ids = append(ids, x.ID)
	}
	for _, id := range ids[500:520] {
		if _, err := c.Apply(t.Context(), confluence.Trash{ID: id, Kind: confluence.Page}, confluence.Payload{}); err != nil {
			t.Fatal(err)
		}
	}
	b.time.Advance(time.Minute)
	b.counted()
	trashed := 0
	for _, x := range read() {
		if x.Status == confluence.Trashed {
			trashed++
		}
		if x.Version.Number == 0 || x.Version.At.IsZero() || x.Title == "" || x.Status == confluence.Current && x.ID != s.HomeID && x.ParentID == "" {
			t.Fatalf("a row says too little: %+v", x)
		}
	}
	if n, routes := b.counted(); n != 6 || trashed != 20 {
		t.Errorf("a sweep of 1,001 pages took %d calls (%s) and showed %d in the trash, want 6 and 20", n, routes, trashed)
	}
	got, err := c.Glance(t.Context(), confluence.Page, ids, confluence.AllFacets)
	if n, routes := b.counted(); err != nil || n != 11 || len(got) != 981 {
		t.Errorf("a glance at 1,001 pages took %d calls (%s) and showed %d: %v; want 11 and 981", n, routes, len(got), err)
	}
}
