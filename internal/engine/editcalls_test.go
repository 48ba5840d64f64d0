package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// callLog notes every request that reaches a site, in the order of their coming.
type callLog struct {
	mu    sync.Mutex
	lines []string
}

// log begins to note requests.
func (w *syncWorld) log() *callLog {
	l := &callLog{}
	for i := range w.sites {
		var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			l.mu.Lock()
			l.lines = append(l.lines, fmt.Sprintf("%s %s %s", siteNames[i], r.Method, r.URL.RequestURI()))
			l.mu.Unlock()
			w.sites[i].Handler().ServeHTTP(rw, r)
		})
		w.front[i].Store(&h)
	}
	return l
}

// feedCalls are the requests of one reading of a site's feed, the question who we are among them.
var feedCalls = [2]int{2, 4}

// besides takes what was noted since the last time, without so many readings of the feeds.
func (l *callLog) besides(readings [2]int) (rest []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var left [2]int
	for i := range left {
		left[i] = readings[i] * feedCalls[i]
	}
	for _, line := range l.lines {
		i := 0
		if strings.HasPrefix(line, siteNames[1]) {
			i = 1
		}
		ofFeed := strings.Contains(line, "order+by+lastmodified") || strings.Contains(line, "sort=-modified-date") || strings.Contains(line, "user/current")
		if ofFeed && left[i] > 0 {
			left[i]--
			continue
		}
		rest = append(rest, line)
	}
	l.lines = nil
	return rest
}

// readings are how often the feeds of both sites have been read.
func (w *syncWorld) readings() (n [2]int) {
	w.t.Helper()
	for i, name := range siteNames {
		mark, err := w.store.Feed(context.Background(), name)
		if err != nil {
			w.t.Fatal(err)
		}
		n[i] = int(mark.Intervals)
	}
	return n
}

// during returns the requests besides the feeds' that were sent meanwhile.
func (w *syncWorld) during(l *callLog, do func()) []string {
	w.t.Helper()
	before := w.readings()
	l.besides([2]int{})
	do()
	after := w.readings()
	return l.besides([2]int{after[0] - before[0], after[1] - before[1]})
}

// acquainted is a pair on which both people have edited already, at sites whose search indexes lag as they do.
func acquainted(t *testing.T) *syncWorld {
	w := kept(t)
	w.tick(30 * time.Second)
	w.act(0, `{"edit":{"page":"B","block":"p1","to":"B p1 edited"}}`)
	w.act(1, `{"edit":{"page":"C","block":"p1","to":"C p1 edited"}}`)
	w.tick(time.Minute)
	w.sweep()
	for _, s := range w.sites {
		if err := s.SetOptions(map[string]string{"CQ-01": "5s"}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// untilSwept lets time pass until the pair has been swept.
func (w *syncWorld) untilSwept() {
	w.t.Helper()
	for range 40 {
		w.tick(30 * time.Second)
		last, err := w.engine.Cycles(context.Background(), "keep", 1)
		if err != nil {
			w.t.Fatal(err)
		}
		if last[0].Kind == store.CycleSweep {
			return
		}
	}
	w.t.Fatalf("no sweep in twenty minutes: %s", w.story())
}

// editLimit is what one body edit may cost besides the feeds that see it: everything counts. The checkpoint is left by the
// next sweep.
const editLimit = 4

// One body edit is carried by four calls, in either direction: the page is read where it was edited, read where it is to be
// replaced, written, and read back where the answer did not tell what was stored. The restrictions of a page of Cloud cost
// a call of their own.
func TestCallsOfAnEdit(t *testing.T) {
	t.Parallel()
	for from := range 2 {
		w := acquainted(t)
		l := w.log()
		calls := w.during(l, func() {
			w.act(from, `{"edit":{"page":"A","block":"p1","to":"A p1 edited"}}`)
			w.tick(30 * time.Second)
		})
		if got := w.text(1-from, "A"); !strings.Contains(got, "A p1 edited") {
			t.Fatalf("%s holds %q: %s", siteNames[1-from], got, w.story())
		}
		if len(calls) > editLimit {
			t.Errorf("an edit on %s cost %d calls:\n%s", siteNames[from], len(calls), strings.Join(calls, "\n"))
		}
		// The sweep reads both spaces, leaves the checkpoint on both sides, and that is all.
		if got := w.during(l, w.untilSwept); len(withoutGlances(got)) != 2*2+2 {
			t.Errorf("the sweep after an edit on %s cost %d calls:\n%s", siteNames[from], len(got), strings.Join(got, "\n"))
		}
	}
}

// Edits that arrive together share what can be read in batches.
func TestCallsOfManyEdits(t *testing.T) {
	t.Parallel()
	const edits = 6
	for from := range 2 {
		w := acquainted(t)
		l := w.log()
		calls := w.during(l, func() {
			for _, page := range []string{"A", "B", "C", "A1", "A2", "A1a"} {
				w.act(from, fmt.Sprintf(`{"edit":{"page":%q,"block":"p2","to":"%[1]s p2 edited"}}`, page))
				w.clock.Advance(time.Millisecond) // all at one moment would be a brake's business
			}
			w.tick(30 * time.Second)
		})
		if got := w.text(1-from, "A1a"); !strings.Contains(got, "A1a p2 edited") {
			t.Fatalf("%s holds %q: %s", siteNames[1-from], got, w.story())
		}
		if len(calls) > 2*edits+3 {
			t.Errorf("%d edits on %s cost %d calls:\n%s", edits, siteNames[from], len(calls), strings.Join(calls, "\n"))
		}
	}
}

// withoutGlances leaves out what rides on the rolling budget: facets of Cloud's pages that no listing tells.
func withoutGlances(calls []string) (rest []string) {
	for _, c := range calls {
		if !strings.HasPrefix(c, "cloud GET") || !strings.Contains(c, "/content/search") && !strings.Contains(c, "/footer-comments") &&
			!strings.Contains(c, "/inline-comments") && !strings.Contains(c, "/attachments") {
			rest = append(rest, c)
		}
	}
	return rest
}

// A sweep of a space in which nothing has changed is its listings, and nothing else: two calls a side for a small one.
func TestCallsOfASweep(t *testing.T) {
	t.Parallel()
	w := kept(t)
	w.tick(20 * time.Minute)
	before, err := w.engine.Cycles(context.Background(), "keep", 1)
	if err != nil {
		t.Fatal(err)
	}
	l := w.log()
	calls := withoutGlances(w.during(l, func() { w.tick(time.Hour) }))
	after, err := w.engine.Cycles(context.Background(), "keep", 50)
	if err != nil {
		t.Fatal(err)
	}
	sweeps := 0
	for _, c := range after {
		if c.Number > before[0].Number && c.Kind == store.CycleSweep {
			sweeps++
		}
	}
	// Each side may be asked once meanwhile for all that it says of itself.
	if sweeps < 3 || len(calls) > sweeps*2*2+5 {
		t.Errorf("%d sweeps cost %d calls:\n%s", sweeps, len(calls), strings.Join(calls, "\n"))
	}
}

// A thousand idle intervals write nothing, and each costs a site what its feed costs.
func TestThousandIdleIntervals(t *testing.T) {
	t.Parallel()
	w := kept(t)
	w.tick(time.Minute)
	w.reset()
	before := w.readings()
	w.tick(1000 * migration.DefaultFeed)
	after := w.readings()
	if n := w.writes(0) + w.writes(1); n != 0 {
		t.Errorf("%d writes: %s", n, w.story())
	}
	for i, name := range siteNames {
		n := after[i] - before[i]
		each := float64(w.requests(i)) / float64(n)
		t.Logf("%s: %d intervals, %.2f calls each, sweeps included", name, n, each)
		if n < 900 || each > float64(feedCalls[i])+0.2 {
			t.Errorf("%s: %d intervals cost %.2f calls each", name, n, each)
		}
	}
}
