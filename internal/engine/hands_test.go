package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// hands is a pair of spaces after a migration, on which a test works by hand: Home > A, B; A > A1; a file, two comments and
// a label on A.
type hands struct {
	*syncWorld
	hand *engine.Hand
	home string
}

func newHands(t *testing.T) *hands {
	t.Helper()
	w := &hands{syncWorld: newSync(t)}
	w.timeout()
	var got struct{ Homepage struct{ Title string } }
	w.ask(0, "GET", "/rest/api/space/K?expand=homepage", nil, &got)
	w.home = got.Homepage.Title
	for _, p := range [][2]string{{"A", w.home}, {"B", w.home}, {"A1", "A"}} {
		w.act(0, fmt.Sprintf(`{"create":{"title":%q,"under":%q,"text":"<p>%[1]s one alpha</p><p>%[1]s two beta</p>"}}`, p[0], p[1]))
	}
	w.act(0, `{"label":{"page":"A","add":["x"]}}`)
	w.act(0, `{"attach":{"page":"A","name":"f.txt","bytes":"first"}}`)
	w.act(0, `{"comment":{"page":"A","text":"<p>c1</p>"}}`)
	w.act(0, `{"comment":{"page":"A","text":"<p>c2</p>"}}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	csv := "source_key,source_name,source_email,match,account_id,used\n"
	for _, name := range []string{"alice", "bob"} {
		var user struct{ UserKey string }
		w.ask(0, "GET", "/rest/api/user?username="+name, nil, &user)
		csv += user.UserKey + "," + name + ",,manual," + name + ",\n"
	}
	if _, err := w.engine.ImportPeople(ctx, "dc", "cloud", []byte(csv)); err != nil {
		t.Fatal(err)
	}
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site, p.Spaces = "m", "dc", "cloud", []migration.SpaceScope{migration.NewScope("K", "")}
	if _, err := w.engine.CreatePlan(ctx, p); err != nil {
		t.Fatal(err)
	}
	id, err := w.engine.Start(ctx, "m")
	if err != nil {
		t.Fatal(err)
	}
	if run, err := w.engine.Wait(ctx, id); err != nil || run.Status != migration.PlanFinished {
		t.Fatalf("the migration: %+v, %v", run, err)
	}
	w.begin()
	return w
}

// timeout lets what waits for a request to be over wait for nothing: time stands still.
func (w *hands) timeout() {
	stop := make(chan struct{})
	w.t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				w.clock.Advance(time.Second)
			}
		}
	}()
}

// begin starts to work on the pair, as an execution would, with both sides read.
func (w *hands) begin() {
	w.t.Helper()
	pairs, err := w.store.Pairs(w.t.Context())
	if err != nil || len(pairs) != 1 {
		w.t.Fatal(pairs, err)
	}
	if w.hand, err = w.engine.Hand(w.t.Context(), pairs[0]); err != nil {
		w.t.Fatal(err)
	}
}

func (w *hands) readAll() {
	w.t.Helper()
	if err := w.hand.ReadAll(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *hands) apply(changes ...reconcile.Change) {
	w.t.Helper()
	again, err := w.hand.Apply(w.t.Context(), changes...)
	if err != nil {
		w.t.Fatal(err)
	}
	if again {
		w.t.Fatal("somebody was quicker")
	}
	if err := w.hand.ReadWritten(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.refusals()
}

// refusals fails the test with what was refused.
func (w *hands) refusals() {
	w.t.Helper()
	list, err := w.store.Findings(w.t.Context(), store.FindingFilter{Run: "hand", Severity: migration.SeverityError})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range list {
		w.t.Errorf("%s: %s", f.Code, f.What)
	}
}

// change begins a change of the content that has a title on the side it comes from.
func (w *hands) change(to confluence.Side, verb confluence.Verb, title string, facets reconcile.Facets) reconcile.Change {
	w.t.Helper()
	for _, side := range [2]confluence.Side{to.Other(), to} {
		twin, o := w.hand.Find(w.t.Context(), side, title)
		if twin != "" {
			return reconcile.Change{Side: to, Verb: verb, Twin: twin, Kind: o.Content.Kind, Facets: facets, Title: o.Content.Title,
				Parent: w.hand.Node(w.t.Context(), side, twin).Parent}
		}
	}
	w.t.Fatalf("no content %q", title)
	return reconcile.Change{}
}

// shown is a content as a site has it now.
type shown struct {
	ID, Kind, Title, Status, Body, Parent, Space string
	Labels                                       []string
	Restrictions                                 struct{ Read, Update []string }
	Version                                      int
	Versions                                     []struct{ Message string }
}

// all lists what a site has.
func (w *hands) all(side confluence.Side) []shown {
	w.t.Helper()
	var dump struct{ Content []shown }
	if err := json.Unmarshal(w.sites[side].Dump(""), &dump); err != nil {
		w.t.Fatal(err)
	}
	return dump.Content
}

func (w *hands) shown(side confluence.Side, title string) shown {
	w.t.Helper()
	for _, c := range w.all(side) {
		if (c.Title == title || c.ID == title) && c.Kind != "space" {
			return c
		}
	}
	return shown{}
}

// agreedOn fails the test unless both sides show what was agreed on of some facets.
func (w *hands) agreedOn(title string, side confluence.Side, facets reconcile.Facets) {
	w.t.Helper()
	twin, _ := w.hand.Find(w.t.Context(), side, title)
	row := w.hand.Agreed(w.t.Context(), twin)
	if !row.Facets.Has(facets) || row.Pending != [2]reconcile.Facets{} {
		w.t.Errorf("%s: agreed on %v, pending %v", title, row.Facets.Names(), row.Pending)
	}
	for _, s := range confluence.Sides {
		n := w.hand.Node(w.t.Context(), s, twin)
		for _, f := range reconcile.AllFacets {
			if facets.Has(f) && f != reconcile.Title && f != reconcile.Parent && n.Digest[f.Index()] != row.Digest[s][f.Index()] {
				w.t.Errorf("%s on %s: %v is not what was agreed on", title, siteNames[s], f.Names())
			}
		}
		if n.Title != row.Title[s] {
			w.t.Errorf("%s on %s: title %q, agreed on %q", title, siteNames[s], n.Title, row.Title[s])
		}
	}
}

// tombs records what is gone on both sides, as a cycle does.
func (w *hands) tombs() {
	w.t.Helper()
	r, err := w.hand.Plan(w.t.Context(), reconcile.TwoWay)
	if err == nil {
		err = w.hand.Bury(w.t.Context(), r.Tombs...)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// spoilNext lets the next write to a side reach it, or not, and spoils its answer.
func (w *hands) spoilNext(side confluence.Side, applied bool) (hit func() string) {
	var what string
	h := http.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || what != "" {
			w.sites[side].Handler().ServeHTTP(rw, r)
			return
		}
		what = r.Method + " " + r.URL.Path
		if applied {
			w.sites[side].Handler().ServeHTTP(httptest.NewRecorder(), r)
		} else {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		rw.WriteHeader(http.StatusInternalServerError)
	}))
	w.front[side].Store(&h)
	w.t.Cleanup(func() { w.front[side].Store(nil) })
	return func() string { return what }
}

var bothSides = map[string]confluence.Side{"to the Data Center": confluence.A, "to Cloud": confluence.B}

// TestEditsGoBothWays carries an edit of a body, of a title and a new page to either side.
func TestEditsGoBothWays(t *testing.T) {
	for name, to := range bothSides {
		t.Run(name, func(t *testing.T) {
			w := newHands(t)
			from := to.Other()
			w.act(int(from), `{"body":{"page":"A","text":"<p>A one alpha</p><p>A two gamma</p>"}}`)
			w.act(int(from), `{"rename":{"page":"B","to":"B renamed"}}`)
			w.act(int(from), `{"create":{"title":"New","under":"A","text":"<p>new text</p>"}}`)
			w.readAll()
			was := w.shown(to, "A")
			w.apply(w.change(to, confluence.VerbPut, "A", reconcile.Body),
				w.change(to, confluence.VerbPut, "B renamed", reconcile.Title),
				w.change(to, confluence.VerbPost, "New", reconcile.Title|reconcile.Parent|reconcile.Body))
			a := w.shown(to, "A")
			if !strings.Contains(a.Body, "A two gamma") || a.ID != was.ID || a.Version != was.Version+1 {
				t.Errorf("A: %+v, was %+v", a, was)
			}
			author := [2]string{"bob on cloud ", "alice on dc "}[to]
			if message := a.Versions[len(a.Versions)-1].Message; !strings.HasPrefix(message, author+"[tandem OP") {
				t.Errorf("the version says %q, not %q", message, author)
			}
			if b := w.shown(to, "B renamed"); !strings.Contains(b.Body, "B two beta") {
				t.Errorf("B: %+v", b)
			}
			if n := w.shown(to, "New"); n.Body != "<p>new text</p>" || n.Parent != a.ID {
				t.Errorf("New: %+v below %s", n, a.ID)
			}
			w.agreedOn("A", from, reconcile.Body)
			w.agreedOn("B renamed", from, reconcile.Title)
			w.agreedOn("New", from, reconcile.Title|reconcile.Parent|reconcile.Body)
			w.nothingLeft()
		})
	}
}

// nothingLeft reads both sides anew and fails the test if either has anything that is not agreed on.
func (w *hands) nothingLeft() {
	w.t.Helper()
	w.begin()
	w.readAll()
	r, err := w.hand.Plan(w.t.Context(), reconcile.TwoWay)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range r.Changes {
		w.t.Errorf("left to do: %+v", c)
	}
	for _, c := range r.Clashes {
		if c.Kind != "kind" {
			w.t.Errorf("clash: %+v", c)
		}
	}
}
