package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// writeExport writes an export of one space BAD with the pages given; the first is the home page.
func writeExport(t *testing.T, dir, name string, pages ...backup.Content) string {
	t.Helper()
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bw, err := backup.Create(f, backup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bw.User(backup.User{Key: aliceKey, Name: "alice"})
	bw.Space(backup.Space{Key: "BAD", Name: "Bad input", Home: pages[0].ID, Creator: aliceKey})
	for _, p := range pages {
		p.Space, p.Creator = "BAD", aliceKey
		bw.Page(p)
	}
	if err := bw.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestABadPageDoesNotSpoilTheRest has pages that no Cloud site takes among good ones. The good ones arrive, each bad one
// is a finding with a code, the space stays private, and once the source is corrected the rest follows.
func TestABadPageDoesNotSpoilTheRest(t *testing.T) {
	pages := func(body, title string) []backup.Content {
		return []backup.Content{
			{ID: 1001, Title: "Home", Body: backup.Storage("<p>home</p>")},
			{ID: 1002, Parent: 1001, Title: "Broken", Body: backup.Storage(body)},
			{ID: 1003, Parent: 1002, Title: "Below", Body: backup.Storage("<p>below the broken one</p>")},
			{ID: 1004, Parent: 1001, Title: title, Body: backup.Storage("<p>long</p>")},
			{ID: 1005, Parent: 1001, Title: "Good", Body: backup.Storage("<p>good</p>")},
		}
	}
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	w.plan("B", writeExport(t, w.dir, "bad.zip", pages("<p>not <b>closed</p>", strings.Repeat("long ", 60))...), migration.NewScope("BAD", ""))
	run := w.migrate("B")
	if run.Status != migration.PlanIncomplete {
		t.Fatalf("want INCOMPLETE: %s", w.story(run.ID))
	}
	w.mustFind(run.ID, "Broken", confluence.CodeIllFormedBody, confluence.CodeBodyRefused)
	w.mustFind(run.ID, "Below", confluence.CodeParentFailed)
	w.mustFind(run.ID, strings.Repeat("long ", 60), confluence.CodeRefused)
	if n := w.counts()["currentPages"]; n != 2 {
		t.Errorf("%d pages arrived, want the two good ones", n)
	}
	if pair := w.pairOf(run.ID); pair.Opened {
		t.Error("the space was opened although pages are missing")
	}
	_, err := w.engine.EditPlan(context.Background(), "B", func(p *migration.Plan) error {
		p.From.Export, p.From.Fingerprint = writeExport(t, w.dir, "good.zip", pages("<p>not <b>closed</b></p>", "short")...), ""
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.mustFinish(w.migrate("B"))
	if n := w.counts()["currentPages"]; n != 5 {
		t.Errorf("%d pages in the end, want 5", n)
	}
}

func (w *world) pairOf(run string) store.Pair {
	w.t.Helper()
	tasks, err := w.store.Tasks(context.Background(), run)
	if err != nil || len(tasks) == 0 {
		w.t.Fatal(err)
	}
	pair, err := w.store.Pair(context.Background(), tasks[0].Pair)
	if err != nil {
		w.t.Fatal(err)
	}
	return pair
}

// mustFind wants findings with these codes about the content of that title.
func (w *world) mustFind(run, title string, codes ...confluence.Code) {
	w.t.Helper()
	findings, err := w.store.Findings(context.Background(), store.FindingFilter{Run: run})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, code := range codes {
		if !slices.ContainsFunc(findings, func(f migration.Finding) bool {
			return f.Code == code && strings.TrimSpace(f.Content.Title) == strings.TrimSpace(title) && f.Remedy != "" && f.Cause != ""
		}) {
			w.t.Errorf("no %s about %.40q: %s", code, title, w.story(run))
		}
	}
}

// TestAnotherFileIsAnotherSource replaces the export behind a plan: the plan is bound to the file it was made with.
func TestAnotherFileIsAnotherSource(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	page := func(text string) backup.Content {
		return backup.Content{ID: 1001, Title: "Home", Body: backup.Storage(fmt.Sprintf("<p>%s</p>", text))}
	}
	path := writeExport(t, w.dir, "one.zip", page("one"))
	w.plan("F", path, migration.NewScope("BAD", ""))
	w.close()
	if err := os.Rename(writeExport(t, w.dir, "two.zip", page("two")), path); err != nil {
		t.Fatal(err)
	}
	w.open()
	_, err := w.engine.Start(context.Background(), "F")
	if code := confluence.AsError(err).Code; code != confluence.CodeOtherSite {
		t.Errorf("got %v, want %s", err, confluence.CodeOtherSite)
	}
	if n := w.writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// TestATakenKeyIsRefused has a space of the wanted key at the destination that tandem did not make.
func TestATakenKeyIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.addSite()
	w.plan("K", writeExport(t, w.dir, "k.zip", backup.Content{ID: 1001, Title: "Home", Body: backup.Storage("<p>x</p>")}), migration.NewScope("BAD", ""))
	w.mustFinish(w.migrate("K"))
	w.plan("K2", writeExport(t, w.dir, "k2.zip", backup.Content{ID: 1001, Title: "Home", Body: backup.Storage("<p>y</p>")}), migration.NewScope("BAD", ""))
	before := w.site.Dump("neutral")
	_, err := w.engine.Start(context.Background(), "K2")
	if code := confluence.AsError(err).Code; code != confluence.CodeCheckBlocks && code != confluence.CodeKeyTaken {
		t.Errorf("got %v", err)
	}
	if string(before) != string(w.site.Dump("neutral")) {
		t.Error("something was written")
	}
}
