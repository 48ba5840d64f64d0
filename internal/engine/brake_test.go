package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

// keptLarge is kept with twenty more pages, F01 to F20.
func keptLarge(t *testing.T, edits ...func(*engine.PairSpec)) *syncWorld {
	t.Helper()
	w := newSync(t)
	w.fill()
	for n := range 20 {
		w.act(0, fmt.Sprintf(`{"create":{"title":"F%02d","under":"B","text":"<p>F p1</p>"}}`, n+1))
		w.pages++
	}
	w.adopt(edits...)
	w.clock.Advance(time.Minute)
	w.reset()
	return w
}

// halted checks that the pair is halted by a brake, that a person is told why, and that nothing was written.
func (w *syncWorld) halted(brake string) engine.PairReport {
	w.t.Helper()
	_, err := w.trySweep(engine.SyncOptions{})
	r, readErr := w.engine.Pair(context.Background(), "keep")
	if readErr != nil {
		w.t.Fatal(readErr)
	}
	if err == nil || r.State != migration.PairHalted || r.Halt == nil || r.Halt.Brake != brake || r.Halt.What == "" {
		w.t.Fatalf("%v, state %s, halt %+v; want brake %q: %s", err, r.State, r.Halt, brake, w.story())
	}
	if n := w.writes(0) + w.writes(1); n != 0 {
		w.t.Errorf("%d writes", n)
	}
	if r.Next == "" {
		w.t.Error("nobody is told what comes next")
	}
	return r
}

// Too many pages trashed at once halt the pair; a person sees which, and lets them pass once.
func TestBrakeDeletes(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	w.act(0, `{"trash":["F01","F02","F03","F04","F05","F06","F07","F08"]}`)
	r := w.halted("deletes")
	if r.Halt.Count != 8 || len(r.Halt.Sample) != 8 {
		t.Errorf("halt %+v", r.Halt)
	}
	_, err := w.trySweep(engine.SyncOptions{})
	wantCode(t, "another cycle", err, confluence.CodeBrake)
	plan, err := w.trySweep(engine.SyncOptions{DryRun: true})
	if err != nil || len(plan.Plan) != 8 || w.writes(1) != 0 {
		t.Fatalf("preview %+v, %v", plan.Plan, err)
	}
	done, err := w.trySweep(engine.SyncOptions{AllowBrake: "deletes"})
	if err != nil || verbs(done, 1) != `{"DEL":8}` || done.State != migration.PairActive {
		t.Fatalf("allowed: %s, %s, %v: %s", verbs(done, 1), done.State, err, w.story())
	}
	// Once: the next ones ask again.
	w.clock.Advance(time.Minute)
	w.reset()
	w.act(0, `{"trash":["F09","F10","F11","F12","F13","F14"]}`)
	w.halted("deletes")
}

// Resumed while the brake still holds, the pair halts again; when the pages are back it goes on.
func TestBrakeHoldsUntilItIsMended(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	w.act(0, `{"trash":["F01","F02","F03","F04","F05","F06","F07","F08"]}`)
	w.halted("deletes")
	if _, err := w.engine.ResumePair(context.Background(), "keep"); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if r, err := w.engine.Pair(context.Background(), "keep"); err != nil || r.State != migration.PairHalted {
		t.Errorf("resumed it is %s, %v", r.State, err)
	}
	w.clock.Advance(time.Minute)
	w.act(0, `{"restore":["F01","F02","F03","F04","F05","F06","F07","F08"]}`)
	if _, err := w.engine.ResumePair(context.Background(), "keep"); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if r, err := w.engine.Pair(context.Background(), "keep"); err != nil || r.State != migration.PairActive || strings.Contains(w.story(), "cloud DEL") {
		t.Errorf("mended it is %s after %d writes, %v: %s", r.State, w.writes(1), err, w.story())
	}
}

// hide lets requests of a site that match get another answer.
func (w *syncWorld) hide(i int, match func(*http.Request) bool, answer http.HandlerFunc) {
	site := w.sites[i].Handler()
	var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if match(r) {
			answer(rw, r)
			return
		}
		site.ServeHTTP(rw, r)
	})
	w.front[i].Store(&h)
}

// A listing that shows nothing, or too little, halts the pair instead of emptying the other side.
func TestBrakeEmptied(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	gone := func(r *http.Request) bool {
		return r.Method == "GET" && (strings.Contains(r.URL.Path, "/content/scan") || strings.HasSuffix(r.URL.Path, "/rest/api/content"))
	}
	w.hide(0, gone, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"results":[],"start":0,"limit":200,"size":0,"_links":{}}`)
	})
	w.halted("emptied")
	w.up(0)
	if _, err := w.engine.ResumePair(context.Background(), "keep"); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if r, err := w.engine.Pair(context.Background(), "keep"); err != nil || r.State != migration.PairActive || w.writes(0)+w.writes(1) != 0 {
		t.Errorf("shown again it is %s, %v: %s", r.State, err, w.story())
	}
}

// A space that cannot be seen any more halts the pair.
func TestBrakeCanary(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	w.hide(0, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/rest/api/space/K") }, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusNotFound)
		fmt.Fprint(rw, `{"statusCode":404,"message":"No space with key : K"}`)
	})
	w.halted("canary")
}

// A revoked token halts the pair, and says so.
func TestRevokedTokenHalts(t *testing.T) {
	t.Parallel()
	for i := range 2 {
		w := keptLarge(t)
		w.act(1-i, `{"trash":"F01"}`)
		w.sites[i].Revoke("svc-tandem")
		_, err := w.trySweep(engine.SyncOptions{})
		r, _ := w.engine.Pair(context.Background(), "keep")
		if err == nil || r.State != migration.PairHalted || r.Halt == nil || r.Halt.Error == nil {
			t.Fatalf("%s: %v, %s: %s", siteNames[i], err, r.State, w.story())
		}
		if x := confluence.AsError(err); x.Class() != confluence.ClassUnauthorized {
			t.Errorf("%s: %v", siteNames[i], err)
		}
		if w.writes(0)+w.writes(1) != 0 {
			t.Errorf("%d writes", w.writes(0)+w.writes(1))
		}
	}
}

// A clock ten minutes off halts the pair; set right, it goes on.
func TestBrakeClock(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	w.shift(1, 10*time.Minute)
	w.halted("clock")
	w.shift(1, 0)
	w.clock.Advance(time.Minute)
	if _, err := w.engine.ResumePair(context.Background(), "keep"); err != nil {
		t.Fatal(err)
	}
	w.idle()
	if r, err := w.engine.Pair(context.Background(), "keep"); err != nil || r.State != migration.PairActive {
		t.Errorf("set right it is %s, %v: %s", r.State, err, w.story())
	}
}

// replace puts another site in the place of one.
func (w *syncWorld) replace(i int, other *emulator.Site) {
	h := other.Handler()
	w.front[i].Store(&h)
}

// A server restored from last week's copy halts the pair: its versions run backwards, and what was carried since is gone.
func TestBrakeRestoredServer(t *testing.T) {
	t.Parallel()
	for i := range 2 {
		w := keptLarge(t)
		w.act(1-i, `{"edit":{"page":"A","block":"p1","to":"A p1 first"}}`)
		w.sweep()
		old, err := w.sites[i].Clone(emulator.CloneOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close()
		w.clock.Advance(time.Minute)
		w.act(1-i, `{"edit":{"page":"A","block":"p1","to":"A p1 second"}}`)
		w.sweep()
		w.clock.Advance(time.Minute)
		w.reset()
		w.replace(i, old)
		w.halted("checkpoint")
	}
}

// A second tandem on one of the spaces halts the first one's pair.
func TestBrakeSecondTandem(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	w.act(0, `{"edit":{"page":"A","block":"p1","to":"A p1 first"}}`)
	w.sweep()
	// The other one has left its mark in place of ours.
	var got struct{ Version struct{ Number int } }
	w.ask(0, "GET", "/rest/api/space/K/property/tandem.pair?expand=version", nil, &got)
	status := w.ask(0, "PUT", "/rest/api/space/K/property/tandem.pair", map[string]any{
		"key": "tandem.pair", "version": map[string]any{"number": got.Version.Number + 1}, "value": map[string]any{"pair": "another", "epoch": 1, "cycle": 1},
	}, nil)
	if status >= 300 {
		t.Fatalf("the mark was not written: %d", status)
	}
	w.clock.Advance(time.Minute)
	w.reset()
	w.halted("checkpoint")
	// A person knows that the other one is gone, and lets this one take the space over.
	if _, err := w.trySweep(engine.SyncOptions{AllowBrake: "checkpoint"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	if r := w.sweep(); r.State != migration.PairActive {
		t.Errorf("taken over it is %s: %s", r.State, w.story())
	}
}

// The whole space rewritten at one instant by an account that is no person halts the pair.
func TestBrakeMassChange(t *testing.T) {
	t.Parallel()
	w := keptLarge(t)
	for n := range 20 {
		if _, err := w.sites[0].Act("svc-tandem", []byte(fmt.Sprintf(`{"edit":{"page":"F%02d","block":"p1","to":"rewritten"}}`, n+1))); err != nil {
			t.Fatal(err)
		}
	}
	w.halted("mass-change")
}
