package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/migration"
)

// A server restored from a copy halts the pair also where all that was carried since the copy was carried by feeds: the
// side that was written to has an older checkpoint, the other one an older version of what was carried from it.
func TestRestoredServerAfterFeeds(t *testing.T) {
	t.Parallel()
	for restored := range 2 {
		for from := range 2 {
			w := keptLarge(t)
			w.act(1, `{"edit":{"page":"A","block":"p1","to":"A p1 first"}}`)
			w.tick(time.Minute)
			w.sweep()
			old, err := w.sites[restored].Clone(emulator.CloneOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			w.act(from, `{"edit":{"page":"B","block":"p1","to":"B p1 second"}}`)
			w.tick(30 * time.Second)
			if !strings.Contains(w.text(1-from, "B"), "B p1 second") {
				t.Fatalf("not carried: %s", w.story())
			}
			w.reset()
			w.replace(restored, old)
			w.halted("checkpoint")
		}
	}
}

// refuseMarks lets a site refuse the checkpoint of a pair until the returned function is called.
func (w *syncWorld) refuseMarks(i int) (allow func()) {
	h := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || !strings.Contains(r.URL.Path, "propert") {
			w.sites[i].Handler().ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusForbidden)
		fmt.Fprint(rw, `{"statusCode":403,"message":"no"}`)
	}))
	w.front[i].Store(&h)
	return func() { w.up(i) }
}

// A site that refuses the checkpoint once is no site without one: what stands there is looked at, what was carried since is
// remembered, and the next sweep that writes leaves another.
func TestRestoredServerAfterRefusedCheckpoint(t *testing.T) {
	t.Parallel()
	for i := range 2 {
		for _, again := range []bool{false, true} {
			w := keptLarge(t)
			edit := func(text string) {
				w.clock.Advance(time.Minute)
				w.act(1-i, fmt.Sprintf(`{"edit":{"page":"A","block":"p1","to":%q}}`, text))
			}
			edit("A p1 first")
			w.sweep()
			old, err := w.sites[i].Clone(emulator.CloneOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			allow := w.refuseMarks(i)
			edit("A p1 second")
			w.sweep()
			w.reset()
			w.sweep()
			if n := w.writes(i); n != 0 {
				t.Errorf("a quiet sweep wrote %d times", n)
			}
			allow()
			if again {
				w.act(1-i, `{"label":{"page":"B","add":["later"]}}`)
				w.sweep() // leaves a checkpoint, and no version that was carried
			}
			w.reset()
			w.replace(i, old)
			w.halted("checkpoint")
		}
	}
}

// asNobody answers like a Data Center that lets anybody in and whose token has just ended: pages are shown, restrictions
// and labels are not, and the account is nobody.
func asNobody(site http.Handler, over *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !over.Load() || r.Method != http.MethodGet {
			site.ServeHTTP(rw, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/user/current") {
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, `{"type":"anonymous","displayName":"Anonymous"}`)
			return
		}
		rec := httptest.NewRecorder()
		site.ServeHTTP(rec, r)
		var doc any
		if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &doc) != nil {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		bare(doc)
		b, _ := json.Marshal(doc)
		rw.Header().Set("Content-Type", "application/json")
		_, _ = bytes.NewReader(b).WriteTo(rw)
	})
}

// bare takes restrictions and labels out of an answer.
func bare(doc any) {
	switch x := doc.(type) {
	case map[string]any:
		for key, v := range x {
			if list, ok := v.(map[string]any); ok && (key == "user" || key == "group" || key == "labels") && list["results"] != nil {
				list["results"], list["size"] = []any{}, 0
			}
			bare(v)
		}
	case []any:
		for _, v := range x {
			bare(v)
		}
	}
}

// A token that ends between the feed, which asked who we are, and the cycle that follows it opens no page of the other
// side, takes no label away, and halts the pair; likewise between a feed and a sweep.
func TestTokenEndsBehindTheFeed(t *testing.T) {
	t.Parallel()
	for _, sweep := range []bool{false, true} {
		w := kept(t)
		w.act(0, `{"restrict":{"page":"A2","read":["group:g1","user:svc-tandem"]}}`)
		w.act(0, `{"label":{"page":"A2","add":["kept"]}}`)
		w.clock.Advance(time.Second)
		w.sweep()
		if w.reads(1, "A2") == 0 {
			t.Fatalf("the restriction was not carried: %s", w.story())
		}
		w.tick(15 * time.Second)
		var over atomic.Bool
		nobody := asNobody(w.sites[0].Handler(), &over)
		var front http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			nobody.ServeHTTP(rw, r)
			if strings.HasSuffix(r.URL.Path, "/user/current") {
				over.Store(true) // right after that question
			}
		})
		w.front[0].Store(&front)
		w.reset()
		if sweep {
			row, err := w.store.PairRow(context.Background(), "keep")
			if err != nil {
				t.Fatal(err)
			}
			w.tick(row.NextSweep.Sub(w.clock.Now()) + time.Second)
		} else {
			w.act(0, `{"edit":{"page":"A2","block":"p1","to":"A2 p1 edited"}}`)
			w.tick(30 * time.Second)
		}
		if w.reads(1, "A2") == 0 {
			t.Errorf("sweep %v: a page was opened: %s", sweep, w.story())
		}
		r, err := w.engine.Pair(context.Background(), "keep")
		if err != nil || r.State != migration.PairHalted || w.writes(1) != 0 {
			t.Errorf("sweep %v: %s after %d writes, %v: %s", sweep, r.State, w.writes(1), err, w.story())
		}
	}
}

// reads is how many may read a page of a site; 0 if everybody may.
func (w *syncWorld) reads(i int, title string) int {
	w.t.Helper()
	page := w.page(i, title)
	restrictions, _ := page["restrictions"].(map[string]any)
	read, _ := restrictions["read"].([]any)
	return len(read)
}

// After our own clock was set right, what a site said of its clock before counts no more: the pair goes on.
func TestOurClockSetRight(t *testing.T) {
	t.Parallel()
	w := kept(t)
	ctx := context.Background()
	w.tick(15 * time.Second)
	if _, err := w.engine.PausePair(ctx, "keep", "while the clock is wrong"); err != nil {
		t.Fatal(err)
	}
	set := func(by time.Duration) {
		w.shift(0, -by)
		w.shift(1, -by)
		w.clock.Advance(by)
	}
	set(6 * time.Minute)
	w.tick(11 * time.Second) // the feeds go on
	w.clock.Advance(-6 * time.Minute)
	w.shift(0, 0)
	w.shift(1, 0)
	if _, err := w.engine.ResumePair(ctx, "keep"); err != nil {
		t.Fatal(err)
	}
	w.idle()
	w.sweep()
	if r, err := w.engine.Pair(ctx, "keep"); err != nil || r.State != migration.PairActive {
		t.Errorf("%s, %v: %s", r.State, err, w.story())
	}
}
