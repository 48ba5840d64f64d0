package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// fill makes the common start of the scenarios on the Data Center: Home > A, B, C; A > A1, A2; A1 > A1a.
func (w *syncWorld) fill() {
	w.t.Helper()
	w.pages = 7
	for _, p := range [][2]string{{"A", "Keep Home"}, {"B", "Keep Home"}, {"C", "Keep Home"}, {"A1", "A"}, {"A2", "A"}, {"A1a", "A1"}} {
		w.act(0, fmt.Sprintf(`{"create":{"title":%q,"under":%q,"text":"<p>%[1]s p1 alpha</p><p>%[1]s p2 beta</p>"}}`, p[0], w.home(p[1])))
	}
	w.act(0, `{"label":{"page":"A","add":["x"]}}`)
	w.act(0, `{"attach":{"page":"A","name":"f.png","bytes":"A f.png"}}`)
	w.act(0, `{"comment":{"page":"A","text":"<p>A c1</p>"}}`)
}

// home is the title of the home page of space K of the Data Center.
func (w *syncWorld) home(title string) string {
	if title != "Keep Home" {
		return title
	}
	var got struct{ Homepage struct{ Title string } }
	w.ask(0, "GET", "/rest/api/space/K?expand=homepage", nil, &got)
	return got.Homepage.Title
}

// kept migrates space K to Cloud and keeps it as pair "keep", active, after its first cycle.
func kept(t *testing.T, edits ...func(*engine.PairSpec)) *syncWorld {
	t.Helper()
	w := newSync(t)
	w.fill()
	w.adopt(edits...)
	return w
}

func (w *syncWorld) adopt(edits ...func(*engine.PairSpec)) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site, p.Spaces = "m", "dc", "cloud", []migration.SpaceScope{migration.NewScope("K", "")}
	p.Options.Concurrent = 1 // pages arrive in their order, so that what an order costs is certain
	if _, err := w.engine.CreatePlan(ctx, p); err != nil {
		w.t.Fatal(err)
	}
	id, err := w.engine.Start(ctx, "m")
	if err != nil {
		w.t.Fatal(err)
	}
	run, err := w.engine.Wait(ctx, id)
	if err != nil || run.Status != migration.PlanFinished {
		w.t.Fatalf("the migration: %+v, %v", run, err)
	}
	spec := w.spec("keep")
	spec.Adopt = id
	for _, edit := range edits {
		edit(&spec)
	}
	if _, err := w.engine.CreatePair(ctx, spec); err != nil {
		w.t.Fatal(err)
	}
	w.reset()
	preview, err := w.engine.BaselinePair(ctx, "keep", "")
	if err != nil {
		w.t.Fatal(err)
	}
	if preview.Matched.Map != w.pages || preview.Taken {
		w.t.Errorf("preview %+v", preview)
	}
	if n := w.requests(0) + w.requests(1); n != 0 {
		w.t.Errorf("taking over a run made %d requests", n)
	}
	if _, err := w.engine.BaselinePair(ctx, "keep", preview.Digest); err != nil {
		w.t.Fatal(err)
	}
	w.idle()
}

// reset zeroes the counters of both sites.
func (w *syncWorld) reset() {
	for _, s := range w.sites {
		s.ResetCounters()
	}
}

// writes are the mutating calls that a site accepted or refused since the last reset, the checkpoint left out.
func (w *syncWorld) writes(i int) (n int64) {
	for route, c := range w.sites[i].Counters() {
		if !strings.Contains(route, "propert") && !strings.HasSuffix(route, "users-bulk") { // the one marks, the other reads
			n += c.Writes
		}
	}
	return n
}

func (w *syncWorld) requests(i int) (n int64) {
	for _, c := range w.sites[i].Counters() {
		n += c.Reads + c.Writes
	}
	return n
}

// idle waits until nothing of the engine is due.
func (w *syncWorld) idle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.engine.Idle(ctx); err != nil {
		w.t.Fatalf("%v: %s", err, w.story())
	}
}

// sweep asks for a sweep and returns its report.
func (w *syncWorld) sweep() engine.CycleReport {
	w.t.Helper()
	r, err := w.trySweep(engine.SyncOptions{})
	if err != nil {
		w.t.Fatalf("%v: %s", err, w.story())
	}
	return r
}

func (w *syncWorld) trySweep(o engine.SyncOptions) (engine.CycleReport, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return w.engine.SyncPair(ctx, "keep", o)
}

// story is what a failing test tells about the pair.
func (w *syncWorld) story() string {
	var b strings.Builder
	ctx := context.Background()
	r, err := w.engine.Pair(ctx, "keep")
	fmt.Fprintf(&b, "pair %s %s %v", r.State, r.Shows, err)
	if r.Halt != nil {
		fmt.Fprintf(&b, " halted %q: %s", r.Halt.Brake, r.Halt.What)
	}
	row, err := w.store.PairRow(ctx, "keep")
	if err != nil {
		return b.String()
	}
	cycles, _ := w.store.Cycles(ctx, row.ID, 3)
	for _, c := range cycles {
		doc, _ := json.Marshal(c)
		fmt.Fprintf(&b, "\n  %s", doc)
	}
	for _, side := range []confluence.Side{0, 1} {
		rows, _ := w.store.Carried(ctx, row.ID, row.Cycle)
		for _, c := range rows {
			if c.Side == side {
				fmt.Fprintf(&b, "\n  %s %s %s %v %s", siteNames[side], c.Verb, c.Twin, c.Facets.Names(), c.State)
			}
		}
	}
	findings, _ := w.store.Findings(ctx, store.FindingFilter{Run: "pair/keep"})
	for _, f := range findings {
		fmt.Fprintf(&b, "\n  %s %s: %s (%s)", f.Severity, f.Code, f.What, f.Cause)
	}
	lines, _ := w.store.Log(ctx, "pair/keep", 0, 0)
	for _, l := range lines {
		fmt.Fprintf(&b, "\n  %s %s", l.Level, l.Text)
	}
	return b.String()
}

// verbs are what a report says was written to a side.
func verbs(r engine.CycleReport, side int) string {
	doc, _ := json.Marshal(r.Writes[side])
	return string(doc)
}

// A finished migration becomes a pair without a second comparison, and its first cycle writes nothing.
func TestPairAdopts(t *testing.T) {
	w := kept(t)
	r, err := w.engine.Pair(context.Background(), "keep")
	if err != nil || r.State != migration.PairActive || r.Last == nil || r.Last.Outcome != store.CycleDone {
		t.Fatalf("%+v, %v: %s", r, err, w.story())
	}
	if n := w.writes(0) + w.writes(1); n != 0 {
		t.Errorf("%d writes after the baseline: %s", n, w.story())
	}
	if r.Shows != "In sync" || r.Twins != 7 || r.InSync != 7 {
		t.Errorf("it shows %q, %d of %d in sync", r.Shows, r.InSync, r.Twins)
	}
}

// page returns a page of space K as a site shows it, nil if it has none of that title.
func (w *syncWorld) page(i int, title string) map[string]any {
	w.t.Helper()
	for _, p := range w.dump(i) {
		if p["title"] == title && p["kind"] == "page" {
			return p
		}
	}
	return nil
}

func (w *syncWorld) dump(i int) []map[string]any {
	w.t.Helper()
	var d struct {
		Content []map[string]any `json:"content"`
	}
	if err := json.Unmarshal(w.sites[i].Dump("full"), &d); err != nil {
		w.t.Fatal(err)
	}
	return d.Content
}
