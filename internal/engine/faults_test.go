package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// newFaultyWorld is a world whose site follows fault rules.
func newFaultyWorld(t *testing.T, rules string) *world {
	t.Helper()
	return newWorldOn(t, rules, nil)
}

func newWorldOn(t *testing.T, rules string, now func() time.Time) *world {
	t.Helper()
	site, err := emulator.New(emulator.Options{Seed: 1, Now: now, Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}, Faults: []byte(rules)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, site: site, dir: t.TempDir(), timeout: 2 * time.Second}
	w.server = httptest.NewServer(site.Handler())
	t.Cleanup(func() {
		w.close()
		w.server.Close()
		site.Close()
	})
	w.site.AddGroup("confluence-users")
	return w
}

// rules replaces the fault rules of the site.
func (w *world) rules(rules string) {
	w.t.Helper()
	if err := w.site.SetFaults([]byte(rules)); err != nil {
		w.t.Fatal(err)
	}
}

// undisturbed is the site after a run of the small export without faults.
func undisturbed(t *testing.T) []byte {
	t.Helper()
	w := newFaultyWorld(t, "")
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	w.mustFinish(w.migrate("P"))
	return w.site.Dump("neutral")
}

// requests are the lines of the site's log.
func (w *world) requests() []loggedRequest {
	w.t.Helper()
	var b strings.Builder
	if err := w.site.Requests(&b); err != nil {
		w.t.Fatal(err)
	}
	var out []loggedRequest
	for line := range strings.Lines(b.String()) {
		var r loggedRequest
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

type loggedRequest struct {
	Method, Path, Rule string
	Status             int
}

// mustHaveBeenHit wants the rules to have come to act.
func (w *world) mustHaveBeenHit() {
	w.t.Helper()
	for _, r := range w.requests() {
		if r.Rule != "" {
			return
		}
	}
	w.t.Error("no rule was hit")
}

// nothingDeleted wants no request that takes contents away.
func (w *world) nothingDeleted() {
	w.t.Helper()
	for _, r := range w.requests() {
		if r.Method == "DELETE" {
			w.t.Errorf("%s %s", r.Method, r.Path)
		}
	}
}

// starts runs the plan; rules that hit the checks before it make it be refused with a code, and it is tried again.
func (w *world) starts(plan string) store.Run {
	w.t.Helper()
	for range 20 {
		id, err := w.engine.Start(context.Background(), plan)
		if err == nil {
			return w.wait(id)
		}
		if e := confluence.AsError(err); e.Code == "" || e.Code == confluence.CodeInternal {
			w.t.Fatalf("refused without a code: %v", err)
		}
	}
	w.t.Fatal("the plan does not start")
	return store.Run{}
}

// TestAnAccountThatSeesHalfTheSpace hides half of all contents from the account for a whole run: nothing wrong is
// written, nothing deleted, and the run says why it is not finished. When the account sees all again, it ends as if
// nothing had been.
func TestAnAccountThatSeesHalfTheSpace(t *testing.T) {
	want := undisturbed(t)
	for seed := 1; seed <= 6; seed++ {
		for _, moment := range []string{"from the start", "later"} {
			t.Run(fmt.Sprintf("seed %d %s", seed, moment), func(t *testing.T) {
				t.Parallel()
				hide := fmt.Sprintf("rules: [{match: {method: GET, seed: %d}, do: {hide: 0.5}}]", seed)
				w := newFaultyWorld(t, "")
				w.open()
				w.addSite()
				w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
				if moment == "later" { // an account that loses sight of a space that is there
					w.mustFinish(w.migrate("P"))
					w.edit("P", smallExport(t, w.dir, "edited"))
				}
				w.rules(hide)
				run := w.starts("P")
				w.mustHaveBeenHit()
				w.nothingDeleted()
				w.noSecondCopies()
				if w.visible() < 10 { // of ten contents a lot may also hide none
					w.unfinished(run)
				}
				w.rules("")
				for tries := 0; run.Status != migration.PlanFinished && tries < 3; tries++ {
					run = w.goOn(run.ID)
				}
				w.mustFinish(run)
				if moment != "later" {
					w.mustEqual(want)
				}
				w.nothingDeleted()
			})
		}
	}
}

// visible counts pages, blog posts, attachments and comments that the account sees.
func (w *world) visible() int {
	w.t.Helper()
	n := 0
	for _, list := range []string{"pages", "blogposts", "attachments", "footer-comments"} {
		r := httptest.NewRequest("GET", "/wiki/api/v2/"+list+"?limit=250", nil)
		r.SetBasicAuth(w.site.Account())
		answer := httptest.NewRecorder()
		w.site.Handler().ServeHTTP(answer, r)
		var rows struct{ Results []struct{ ID string } }
		if err := json.Unmarshal(answer.Body.Bytes(), &rows); err != nil {
			w.t.Fatal(err)
		}
		n += len(rows.Results)
	}
	return n
}

// unfinished wants a run that is incomplete or paused and says why, with codes.
func (w *world) unfinished(run store.Run) {
	w.t.Helper()
	if run.Status != migration.PlanIncomplete && run.Status != migration.PlanPaused {
		w.t.Errorf("%s: %s", run.Status, w.story(run.ID))
	}
	if run.Status == migration.PlanPaused && (run.Error == nil || run.Error.Code == "" || run.Error.Remedy == "") {
		w.t.Errorf("paused without saying why: %s", w.story(run.ID))
	}
	findings, err := w.store.Findings(context.Background(), store.FindingFilter{Run: run.ID})
	if err != nil {
		w.t.Fatal(err)
	}
	if run.Status == migration.PlanIncomplete && len(findings) == 0 {
		w.t.Errorf("incomplete without findings: %s", w.story(run.ID))
	}
	for _, f := range findings {
		if f.Code == "" || f.Code == confluence.CodeInternal {
			w.t.Errorf("a finding without a code: %+v", f)
		}
	}
}

// noSecondCopies wants no content there that nobody asked for: neither a title twice nor more than the export holds.
func (w *world) noSecondCopies() {
	w.t.Helper()
	most := map[string]int{"currentPages": 5, "blogPosts": 1, "footerComments": 2, "replies": 1, "attachmentsCurrent": 1, "labels": 2, "restrictedPages": 1, "spaces": 1, "trashed": 0}
	for name, n := range w.counts() {
		if limit, known := most[name]; known && n > limit {
			w.t.Errorf("%s: %d, at most %d", name, n, limit)
		}
	}
}

// TestListsThatLie has listings repeat rows and leave rows out during a whole run.
func TestListsThatLie(t *testing.T) {
	want := undisturbed(t)
	for _, list := range []string{"{duplicate: 1}", "{duplicate: 3}", "{omit: 1}", "{omit: 2}", "{duplicate: 2, omit: 1}", "{empty: true}"} {
		for _, where := range []string{"/wiki/api/v2/**", "/wiki/rest/api/**/search"} {
			t.Run(list+" "+where, func(t *testing.T) {
				t.Parallel()
				w := newFaultyWorld(t, "")
				w.open()
				w.addSite()
				w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
				w.rules(`rules: [{match: {method: GET, path: "` + where + `"}, do: {list: ` + list + `}}]`)
				run := w.starts("P")
				w.nothingDeleted()
				if strings.Contains(list, "omit") || strings.Contains(list, "empty") {
					if run.Status != migration.PlanFinished { // what is never listed cannot be proved
						w.unfinished(run)
						w.rules("")
						run = w.goOn(run.ID)
					}
				}
				w.mustFinish(run)
				w.mustEqual(want)
			})
		}
	}
}

// TestStaleReads has every read answered from two seconds ago. The site's clock runs fifty times as fast, as the waiting
// between two tries does in these tests.
func TestStaleReads(t *testing.T) {
	want := undisturbed(t)
	began := time.Now()
	w := newWorldOn(t, "", func() time.Time { return began.Add(50 * time.Since(began)) })
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	w.rules("rules: [{do: {stale: 2s}}]")
	run := w.starts("P")
	w.mustHaveBeenHit()
	w.nothingDeleted()
	for tries := 0; run.Status != migration.PlanFinished && tries < 20; tries++ {
		w.unfinished(run)
		run = w.goOn(run.ID)
	}
	w.mustFinish(run)
	w.mustEqual(want)
}

// TestMixedFaults disturbs one request in fifty, in all ways at once.
func TestMixedFaults(t *testing.T) {
	want := undisturbed(t)
	hits := 0
	var mu sync.Mutex
	t.Run("seeds", func(t *testing.T) {
		for seed := 1; seed <= 10; seed++ {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				w := newFaultyWorld(t, mix(seed, 0.02))
				w.timeout = testTimeout
				w.open()
				w.settleDown(w.addSiteOnce)
				w.settleDown(func() error { return w.planOnce("P", smallExport(t, w.dir, "")) })
				run := w.starts("P")
				for tries := 0; run.Status != migration.PlanFinished && tries < 10; tries++ {
					run = w.goOn(run.ID)
				}
				w.mustFinish(run)
				w.mustEqual(want)
				mu.Lock()
				defer mu.Unlock()
				for _, r := range w.requests() {
					if r.Rule != "" {
						hits++
					}
				}
			})
		}
	})
	if hits < 10 {
		t.Errorf("%d requests were disturbed in ten runs", hits)
	}
	t.Logf("%d requests were disturbed", hits)
}

// mix are rules that together hit so many of all requests.
func mix(seed int, share float64) string {
	kinds := []string{
		"{fault: RL-06, variant: either}", "{fault: ER-11}", "{status: 500, apply: true}", "{drop: before-apply}",
		"{drop: after-apply}", "{truncate: 20}", "{html: login}", "{html: proxy, apply: true, status: 502}",
	}
	var b strings.Builder
	b.WriteString("rules:\n")
	for i, do := range kinds {
		fmt.Fprintf(&b, "  - {match: {probability: %g, seed: %d}, do: %s}\n", share/float64(len(kinds)), seed*100+i, do)
	}
	return b.String()
}

// settleDown does something until it succeeds; until then it must fail with a code.
func (w *world) settleDown(do func() error) {
	w.t.Helper()
	var err error
	for range 10 {
		if err = do(); err == nil {
			return
		}
		if e := confluence.AsError(err); !regexp.MustCompile(`^T-\d{4}$`).MatchString(string(e.Code)) || e.Code == confluence.CodeInternal {
			w.t.Fatalf("no code: %v", err)
		}
	}
	w.t.Fatal(err)
}

func (w *world) addSiteOnce() error {
	_, err := w.engine.AddSite(context.Background(), w.siteRow(), w.token(), true)
	return err
}

func (w *world) planOnce(name, export string) error {
	p := migration.NewPlan()
	p.Name, p.From.Export, p.To.Site, p.Spaces = name, export, "cloud", []migration.SpaceScope{migration.NewScope("SMALL", "")}
	_, err := w.engine.CreatePlan(context.Background(), p)
	return err
}

// TestBodiesComeBackInAnotherForm has the site change the form of every body that is written, another one each time.
func TestBodiesComeBackInAnotherForm(t *testing.T) {
	w := newFaultyWorld(t, "rules: [{do: {fault: ST-14}}]")
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	w.mustFinish(w.migrate("P"))
	w.mustHaveBeenHit()
	before := w.site.Dump("full")
	w.mustFinish(w.migrate("P"))
	if after := w.site.Dump("full"); !bytes.Equal(stripClock(before), stripClock(after)) {
		t.Errorf("the second run wrote something\n%s", dumpDiff(before, after))
	}
}

func stripClock(dump []byte) []byte {
	return regexp.MustCompile(`"clock":"[^"]*",`).ReplaceAll(dump, nil)
}

// TestARevokedCredentialHaltsTheRun revokes the token in the middle; with a new one the run goes on to its end.
func TestARevokedCredentialHaltsTheRun(t *testing.T) {
	want := undisturbed(t)
	for _, nth := range []int{3, 9, 20} {
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			t.Parallel()
			w := newFaultyWorld(t, "")
			w.open()
			w.addSite()
			w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
			w.rules(fmt.Sprintf("rules: [{match: {nth: %d}, do: {fault: AU-10}}]", nth))
			id, err := w.engine.Start(context.Background(), "P")
			renew := func() {
				if _, err := w.engine.RotateSite(context.Background(), "cloud", []byte(w.site.Renew("svc-tandem"))); err != nil {
					t.Fatal(err)
				}
			}
			var run store.Run
			if err != nil {
				w.mustCode(confluence.AsError(err).Code, []confluence.Code{confluence.CodeCredential, confluence.CodeNotConfluence, confluence.CodeBlindAccount})
				renew()
				run = w.starts("P")
			} else if run = w.wait(id); run.Status == migration.PlanFinished {
				t.Fatal("finished without a credential")
			} else {
				w.explained(run, []confluence.Code{confluence.CodeCredential, confluence.CodeBlindAccount, confluence.CodeForbidden, confluence.CodeNotConfluence})
				renew()
				run = w.goOn(run.ID)
			}
			w.mustFinish(run)
			w.mustEqual(want)
		})
	}
}
