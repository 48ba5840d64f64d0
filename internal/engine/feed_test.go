package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// tick moves the clock in small steps and lets what becomes due run.
func (w *syncWorld) tick(d time.Duration) {
	w.t.Helper()
	step := time.Second
	if d > time.Minute {
		step = 5 * time.Second
	}
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.clock.Advance(step)
		w.idle()
	}
}

// What a feed shows is carried within an interval, without a sweep, in either direction.
func TestFeedCarries(t *testing.T) {
	for _, tt := range []struct{ name, action, title, want string }{
		{"body", `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`, "A", "A p1 edited"},
		{"title", `{"rename":{"page":"C","to":"C2"}}`, "C2", "C p1"},
		{"create", `{"create":{"title":"D","under":"A","text":"<p>D p1</p>"}}`, "D", "D p1"},
	} {
		for from := range 2 {
			t.Run(tt.name+" on "+siteNames[from], func(t *testing.T) {
				t.Parallel()
				w := kept(t)
				w.tick(15 * time.Second)
				before, err := w.engine.Cycles(context.Background(), "keep", 1)
				if err != nil {
					t.Fatal(err)
				}
				w.act(from, tt.action)
				w.tick(12 * time.Second)
				if got := w.text(1-from, tt.title); !strings.Contains(got, tt.want) {
					t.Errorf("%s holds %q after 12 s: %s", siteNames[1-from], got, w.story())
				}
				after, err := w.engine.Cycles(context.Background(), "keep", 10)
				if err != nil || len(after) == 0 {
					t.Fatal(err)
				}
				for _, c := range after {
					if c.Number > before[0].Number && c.Kind != store.CycleFeed {
						t.Errorf("cycle %d is a %s", c.Number, c.Kind)
					}
				}
				// Our own write shows in the other feed, is known, and asks for nothing.
				w.reset()
				w.tick(30 * time.Second)
				if n := w.writes(0) + w.writes(1); n != 0 {
					t.Errorf("%d writes afterwards: %s", n, w.story())
				}
			})
		}
	}
}

// The cost of feeds is that of the sites, whatever the number of pairs.
func TestFeedCostsTheSameForManyPairs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 50 pairs of spaces")
	}
	perInterval := func(pairs int) [2]float64 {
		w := newSync(t)
		ctx := context.Background()
		for n := range pairs {
			key := fmt.Sprintf("P%02d", n)
			for i := range 2 {
				w.space(i, key, key)
			}
			p := migration.NewPair()
			p.Name, p.A, p.B = key, migration.PairEnd{Site: "dc", Space: key}, migration.PairEnd{Site: "cloud", Space: key}
			p.Sweep = "24h"
			if _, err := w.engine.CreatePair(ctx, p); err != nil {
				t.Fatal(err)
			}
			b, err := w.engine.BaselinePair(ctx, key, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.engine.BaselinePair(ctx, key, b.Digest); err != nil {
				t.Fatal(err)
			}
		}
		w.idle()
		w.tick(2 * time.Minute) // the conflicts of the home pages have been looked at
		w.reset()
		before := w.readings()
		w.tick(12 * migration.DefaultFeed)
		after := w.readings()
		if n := w.writes(0) + w.writes(1); n != 0 {
			t.Errorf("%d idle pairs wrote %d times", pairs, n)
		}
		var each [2]float64
		for i := range each {
			if after[i]-before[i] < 8 {
				t.Errorf("%d pairs: the feed of %s was read %d times", pairs, siteNames[i], after[i]-before[i])
			}
			each[i] = float64(w.requests(i)) / float64(after[i]-before[i])
		}
		return each
	}
	one, many := perInterval(1), perInterval(50)
	t.Logf("calls of an interval on dc and cloud: %v for 1 pair, %v for 50", one, many)
	if want := [2]float64{2, 4}; one != want || many != want {
		t.Errorf("calls of an interval on dc and cloud: %v for 1 pair, %v for 50", one, many)
	}
}

// A paused pair counts edits and writes nothing; resumed, it carries them.
func TestPauseCountsEdits(t *testing.T) {
	t.Parallel()
	w := kept(t)
	ctx := context.Background()
	w.tick(15 * time.Second)
	r, err := w.engine.PausePair(ctx, "keep", "maintenance")
	if err != nil || r.State != migration.PairPaused || r.Reason != "maintenance" {
		t.Fatalf("%+v, %v", r, err)
	}
	w.reset()
	w.act(0, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
	w.tick(20 * time.Minute)
	r, err = w.engine.Pair(ctx, "keep")
	if err != nil || r.Newer != [2]int{1, 0} || r.Oldest.IsZero() || w.writes(1) != 0 {
		t.Errorf("newer %v since %s, %d writes, %v", r.Newer, r.Oldest, w.writes(1), err)
	}
	plan, err := w.trySweep(engine.SyncOptions{DryRun: true})
	if err != nil || len(plan.Plan) != 1 || plan.Plan[0].Verb != "PUT" || w.writes(1) != 0 {
		t.Errorf("a dry run: %+v, %v", plan, err)
	}
	if _, err := w.engine.ResumePair(ctx, "keep"); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if !strings.Contains(w.text(1, "A"), "A p1 edited") {
		t.Errorf("not carried: %s", w.story())
	}
}

// A hundred idle intervals and the sweeps among them write nothing.
func TestIdleWritesNothing(t *testing.T) {
	t.Parallel()
	w := kept(t)
	w.reset()
	w.tick(1000 * time.Second)
	if n := w.writes(0) + w.writes(1); n != 0 {
		t.Errorf("%d writes: %s", n, w.story())
	}
}

// With a retired pair the feeds end: no call is made for it any more.
func TestRetiredMakesNoCalls(t *testing.T) {
	t.Parallel()
	w := kept(t)
	w.tick(15 * time.Second)
	if _, err := w.engine.RetirePair(context.Background(), "keep", ""); err != nil {
		t.Fatal(err)
	}
	w.tick(12 * time.Second)
	w.reset()
	w.tick(20 * time.Minute)
	if n := w.requests(0) + w.requests(1); n != 0 {
		t.Errorf("%d requests after the end", n)
	}
}

// What one side edits while its feed cannot be read arrives when the site is back.
func TestFeedOutage(t *testing.T) {
	t.Parallel()
	w := kept(t)
	w.tick(15 * time.Second)
	w.down(0)
	w.tick(time.Minute)
	w.act(0, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
	w.tick(time.Minute)
	w.up(0)
	w.tick(6 * time.Minute)
	if !strings.Contains(w.text(1, "A"), "A p1 edited") {
		t.Errorf("not carried: %s", w.story())
	}
	r, err := w.engine.Pair(context.Background(), "keep")
	if err != nil || r.State != migration.PairActive {
		t.Errorf("%s, %v: %s", r.State, err, w.story())
	}
}
