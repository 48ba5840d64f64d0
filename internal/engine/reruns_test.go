package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

// TestALinkToAPageThatFailedIsWrittenWhenThePageArrives has links by id to a page that the destination refuses, and the
// source corrected for a second run. Meanwhile somebody edits one of the pages with a link.
func TestALinkToAPageThatFailedIsWrittenWhenThePageArrives(t *testing.T) {
	link := `<p><a href="/pages/viewpage.action?pageId=1004">there</a></p>`
	pages := func(body string) []backup.Content {
		return []backup.Content{
			page(1001, 0, "Home", "<p>home</p>"), page(1002, 1001, "Linking", link),
			page(1003, 1001, "Edited", link+"<p>mine</p>"), page(1004, 1001, "Broken", body),
		}
	}
	w := newWorld(t, nil)
	w.site.AddUser("bob", "Bob", "bob@example.com")
	w.open()
	w.addSite()
	w.plan("P", writeExport(t, w.dir, "1.zip", pages("<p>not <b>closed</p>")...), migration.NewScope("BAD", ""))
	run := w.migrate("P")
	if run.Status != migration.PlanIncomplete {
		t.Fatal(w.story(run.ID))
	}
	w.mustFind(run.ID, "Linking", confluence.CodeDeadReference)
	w.act(`{"edit":{"page":"Edited","block":"p2","to":"Bobs text"}}`)
	w.edit("P", writeExport(t, w.dir, "2.zip", pages("<p>closed</p>")...))
	run = w.migrate("P")
	dump := string(w.site.Dump("neutral"))
	if !strings.Contains(dump, "Bobs text") {
		t.Error("an edit at the destination was overwritten")
	}
	w.mustFind(run.ID, "Edited", confluence.CodeTargetEdited)
	proofs, err := w.store.Proofs(t.Context(), run.ID)
	if err != nil || len(proofs) != 1 {
		t.Fatal(err)
	}
	for _, d := range proofs[0].Proof.Differences {
		if d.Title != "Edited" {
			t.Errorf("%s differs: %s", d.Title, w.story(run.ID))
		}
	}
}

// outage lets the first write that fits through, and nothing after it, its answer included.
type outage struct {
	next http.RoundTripper
	fits func(*http.Request) bool

	mu   sync.Mutex
	down bool
	over bool
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	if o.over {
		o.mu.Unlock()
		return o.next.RoundTrip(r)
	}
	if o.down {
		o.mu.Unlock()
		drain(r)
		return nil, errCut
	}
	o.down = o.fits(r)
	hit := o.down
	o.mu.Unlock()
	resp, err := o.next.RoundTrip(r)
	if hit && err == nil {
		resp.Body.Close()
		return nil, errCut
	}
	return resp, err
}

func (o *outage) lift() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
}

// TestAWriteBeforeAnOutageIsNobodysEdit has the site go down with the answer to one write, the run stopped, and the plan
// run again, with the same source and with a newer one. What tandem wrote itself must not read as somebody's edit.
func TestAWriteBeforeAnOutageIsNobodysEdit(t *testing.T) {
	for what, fits := range map[string]func(*http.Request) bool{
		"label":       func(r *http.Request) bool { return r.Method == "POST" && strings.Contains(r.URL.Path, "/label") },
		"restriction": func(r *http.Request) bool { return isWrite(r) && strings.Contains(r.URL.Path, "/restriction") },
		"create":      func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/pages") },
		"update":      func(r *http.Request) bool { return r.Method == "PUT" && strings.Contains(r.URL.Path, "/pages/") },
		"file":        func(r *http.Request) bool { return isWrite(r) && strings.Contains(r.URL.Path, "/child/attachment") },
		"comment": func(r *http.Request) bool {
			return r.Method == "POST" && strings.Contains(r.URL.Path, "/footer-comments")
		},
		"blog post": func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/blogposts") },
	} {
		for _, newer := range []string{"", "newer"} {
			t.Run(what+" "+newer, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.site.AddGroup("confluence-users")
				w.timeout = testTimeout
				o := &outage{fits: fits}
				w.front = func(next http.RoundTripper) http.RoundTripper { o.next = next; return o }
				w.open()
				w.addSite()
				w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
				run := w.migrate("P")
				if run.Status != migration.PlanPaused {
					t.Fatalf("not halted: %s", w.story(run.ID))
				}
				if err := w.engine.Stop(t.Context(), run.ID, "test"); err != nil {
					t.Fatal(err)
				}
				w.mustReach(run.ID, migration.PlanStopped)
				o.lift()
				if newer != "" {
					w.edit("P", smallExport(t, w.dir, newer))
				}
				run = w.migrate("P")
				w.mustFinish(run)
				w.mustNotFind(run.ID, confluence.CodeTargetEdited)
				before := w.writes()
				w.mustFinish(w.migrate("P"))
				if n := w.writes() - before; n != 0 {
					t.Errorf("the next run made %d writes", n)
				}
			})
		}
	}
}

// TestALaterPeopleFileIsCarried migrates without a people file and again with one: who was left out of a restriction is
// let in, and who is taken out of the file is shut out.
func TestALaterPeopleFileIsCarried(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddUser("acc-alice", "Alice", "alice@example.com")
	w.site.AddGroup("confluence-users")
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	w.mustFinish(w.migrate("P"))
	csv := "source_key,source_name,source_email,match,account_id,used\n" + aliceKey + ",alice,alice@example.com,manual,acc-alice,\n"
	if _, err := w.engine.ImportPeople(t.Context(), "export:P", "cloud", []byte(csv)); err != nil {
		t.Fatal(err)
	}
	run := w.migrate("P")
	w.mustFinish(run)
	if !strings.Contains(string(w.site.Dump("full")), "acc-alice") {
		t.Errorf("alice is still shut out: %s", w.story(run.ID))
	}
	before := w.writes()
	w.mustFinish(w.migrate("P"))
	if n := w.writes() - before; n != 0 {
		t.Errorf("the next run made %d writes", n)
	}
}

// TestAnotherTargetKeyIsAnotherSpace migrates a space, edits the plan's target, and migrates again: nothing in the second
// copy leads into the first.
func TestAnotherTargetKeyIsAnotherSpace(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	path := exportOf(t, w.dir, "cross.zip", crossing)
	w.plan("P", path, migration.NewScope("ONE", "FIRST"), migration.NewScope("TWO", "TWO"))
	w.mustFinish(w.migrate("P"))
	_, err := w.engine.EditPlan(t.Context(), "P", func(p *migration.Plan) error {
		p.Spaces = []migration.SpaceScope{migration.NewScope("ONE", "SECOND"), migration.NewScope("TWO", "TWOX")}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run := w.migrate("P")
	w.mustFinish(run)
	w.mustNotFind(run.ID, confluence.CodeDeadReference)
	var dump struct {
		Content []struct{ ID, Space, Title, Body string }
	}
	w.dump(&dump)
	ids := map[string]string{}
	for _, c := range dump.Content {
		ids[c.Space+c.Title] = c.ID
	}
	for _, c := range dump.Content {
		if (c.Space == "SECOND" || c.Space == "TWOX") && (strings.Contains(c.Body, ids["FIRSTOne child"]) || strings.Contains(c.Body, ids["TWOTwo child"])) {
			t.Errorf("%s in %s leads into the first copy: %s", c.Title, c.Space, c.Body)
		}
	}
}

// TestASpaceOfAnEarlierRunStaysReachable migrates one space under another key, and in a later run one that refers to it.
func TestASpaceOfAnEarlierRunStaysReachable(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	w.plan("P", exportOf(t, w.dir, "cross.zip", crossing), migration.NewScope("TWO", "TWOX"))
	w.mustFinish(w.migrate("P"))
	_, err := w.engine.EditPlan(t.Context(), "P", func(p *migration.Plan) error {
		p.Spaces = []migration.SpaceScope{migration.NewScope("ONE", "ONEX")}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run := w.migrate("P")
	w.mustFinish(run)
	w.mustNotFind(run.ID, confluence.CodeDeadReference)
}

// TestARestrictedPageIsShutInASpaceThatSomebodyElseOpened has the plan leave the permissions alone, and an admin open the
// space by hand before a restricted page comes.
func TestARestrictedPageIsShutInASpaceThatSomebodyElseOpened(t *testing.T) {
	w := newWorld(t, map[string]string{"CQ-01": "0s", "TR-03": "0s", "OF-22": "kept"})
	w.site.AddUser("bob", "Bob", "bob@example.com")
	w.site.AddGroup("readers", "bob")
	home := page(1001, 0, "Home", "<p>home</p>")
	secret := page(1002, 1001, "Salaries", "<p>numbers</p>")
	secret.Readers = []backup.Principal{{User: aliceKey}}
	w.open()
	w.addSite()
	scope := migration.NewScope("BAD", "")
	scope.Permissions = false
	w.plan("G", writeExport(t, w.dir, "g1.zip", home), scope)
	w.mustFinish(w.migrate("G"))
	if err := w.grant("BAD", "readers"); err != nil {
		t.Fatal(err)
	}
	w.edit("G", writeExport(t, w.dir, "g2.zip", home, secret))
	w.mustFinish(w.migrate("G"))
	var seen strings.Builder
	if err := w.site.Readers(&seen); err != nil {
		t.Fatal(err)
	}
	id := w.idOf("Salaries")
	for _, line := range strings.Split(seen.String(), "\n") {
		if strings.Contains(line, `"`+id+`"`) && (strings.Contains(line, "bob") || strings.Contains(line, "everyone") || strings.Contains(line, "readers\"]")) {
			t.Errorf("somebody else could read it: %s", line)
		}
	}
}

// TestFailuresAndDoneNeverExceedTheTotal has pages fail that were counted before, and pages written twice.
func TestFailuresAndDoneNeverExceedTheTotal(t *testing.T) {
	var pages []backup.Content
	pages = append(pages, page(1001, 0, "Home", `<p><a href="/pages/viewpage.action?pageId=1010">x</a></p>`))
	for i := range int64(10) {
		body := fmt.Sprintf(`<p><a href="/pages/viewpage.action?pageId=%d">x</a></p>`, 1010+(i+1)%10)
		if i%3 == 0 {
			body = "<p>not <b>closed</p>"
		}
		pages = append(pages, page(1010+i, 1001, fmt.Sprint("P", i), body))
	}
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	w.plan("P", writeExport(t, w.dir, "1.zip", pages...), migration.NewScope("BAD", ""))
	run := w.migrate("P")
	for range 2 {
		p, err := w.engine.Progress(t.Context(), run.ID)
		if err != nil {
			t.Fatal(err)
		}
		if p.Done+p.Failures > p.Total || p.Failures != 4 || p.Done != 7 || p.Total != 11 {
			t.Errorf("%d done, %d failed of %d: %s", p.Done, p.Failures, p.Total, w.story(run.ID))
		}
		run = w.goOn(run.ID)
	}
}

// TestEditingOnePlanLeavesTheExportOpenForAnother edits a plan while another plan's run reads the same file.
func TestEditingOnePlanLeavesTheExportOpenForAnother(t *testing.T) {
	w := newWorld(t, nil)
	g := newGate(func(r *http.Request) bool { return isWrite(r) && strings.Contains(r.URL.Path, "attachment") })
	w.front = func(next http.RoundTripper) http.RoundTripper { g.next = next; return g }
	w.open()
	w.addSite()
	path := smallExport(t, w.dir, "")
	w.plan("P", path, migration.NewScope("SMALL", ""))
	w.plan("Q", path, migration.NewScope("SMALL", "OTHER"))
	id, err := w.engine.Start(t.Context(), "P")
	if err != nil {
		t.Fatal(err)
	}
	<-g.hit
	if _, err := w.engine.EditPlan(t.Context(), "Q", func(p *migration.Plan) error { p.Stage = "production"; return nil }); err != nil {
		t.Fatal(err)
	}
	close(g.open)
	w.mustFinish(w.wait(id))
}

// TestLinksIntoASpaceThatComesLater migrates a space that refers to another one, and in a later run both.
func TestLinksIntoASpaceThatComesLater(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	w.plan("P", exportOf(t, w.dir, "cross.zip", crossing), migration.NewScope("ONE", "ONEX"))
	run := w.migrate("P")
	w.mustFinish(run)
	w.mustFind(run.ID, "One child", confluence.CodeDeadReference)
	_, err := w.engine.EditPlan(t.Context(), "P", func(p *migration.Plan) error {
		p.Spaces = append(p.Spaces, migration.NewScope("TWO", "TWOX"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run = w.migrate("P")
	w.mustFinish(run)
	w.mustNotFind(run.ID, confluence.CodeDeadReference)
	before := w.writes()
	w.mustFinish(w.migrate("P"))
	if n := w.writes() - before; n != 0 {
		t.Errorf("the next run made %d writes", n)
	}
}
