package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

func (w *world) act(action string) {
	w.t.Helper()
	if _, err := w.site.Act("bob", json.RawMessage(action)); err != nil {
		w.t.Fatal(err)
	}
}

// TestWorkAtTheDestinationIsKept has people work on a migrated space, and the plan run again with a newer source.
func TestWorkAtTheDestinationIsKept(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddUser("bob", "Bob", "bob@example.com")
	w.site.AddGroup("confluence-users", "bob")
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	w.mustFinish(w.migrate("P"))
	w.act(`{"edit":{"page":"Child 2","block":"p1","to":"Bob was here"}}`)
	w.act(`{"label":{"page":"Later","add":["bobs"]}}`)
	w.act(`{"rename":{"page":"Secret","to":"No secret"}}`)
	w.act(`{"create":{"title":"Bobs page","under":"Child 1","text":"mine"}}`)
	w.act(`{"move":{"page":"Child 2","after":"Child 1"}}`)
	w.act(`{"trash":"Later"}`)
	w.edit("P", smallExport(t, w.dir, "newer"))
	before := w.site.Dump("neutral")
	run := w.migrate("P")
	if got := w.site.Dump("neutral"); string(got) != string(before) {
		t.Errorf("something that people did was touched:\n%s", dumpDiff(before, got))
	}
	w.mustFind(run.ID, "Child 2", confluence.CodeTargetEdited)
	w.mustFind(run.ID, "Secret", confluence.CodeTargetEdited)
	w.mustFind(run.ID, "Later", confluence.CodeTargetEdited)
}

// edit binds a plan to another export.
func (w *world) edit(plan, export string) {
	w.t.Helper()
	_, err := w.engine.EditPlan(w.t.Context(), plan, func(p *migration.Plan) error {
		p.From.Export, p.From.Fingerprint = export, ""
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestANewRestrictedPageIsNeverOpen adds a restricted page to a space that people can already see.
func TestANewRestrictedPageIsNeverOpen(t *testing.T) {
	w := newWorld(t, map[string]string{"CQ-01": "0s", "TR-03": "0s", "OF-22": "kept"})
	w.site.AddUser("bob", "Bob", "bob@example.com")
	w.site.AddGroup("confluence-users", "bob")
	home := backup.Content{ID: 1001, Title: "Home", Body: backup.Storage("<p>home</p>")}
	secret := backup.Content{ID: 1002, Parent: 1001, Title: "Salaries", Body: backup.Storage("<p>numbers</p>"), Readers: []backup.Principal{{User: aliceKey}}}
	w.open()
	w.addSite()
	w.plan("G", writeExport(t, w.dir, "g1.zip", home), migration.NewScope("BAD", ""))
	w.mustFinish(w.migrate("G"))
	w.edit("G", writeExport(t, w.dir, "g2.zip", home, secret))
	if err := w.grant("BAD", "confluence-users"); err != nil {
		t.Fatal(err)
	}
	w.mustFinish(w.migrate("G"))
	var seen strings.Builder
	if err := w.site.Readers(&seen); err != nil {
		t.Fatal(err)
	}
	id, told := w.idOf("Salaries"), 0
	for _, line := range strings.Split(seen.String(), "\n") {
		if !strings.Contains(line, `"`+id+`"`) {
			continue
		}
		told++
		if strings.Contains(line, "bob") || strings.Contains(line, "everyone") || strings.Contains(line, "confluence-users") {
			t.Errorf("somebody else could read it: %s", line)
		}
	}
	if told < 2 {
		t.Errorf("the site told %d times who can read the page; want its creation and its restriction", told)
	}
	if n := w.counts()["restrictedPages"]; n != 1 {
		t.Errorf("%d restricted pages", n)
	}
}

func (w *world) idOf(title string) string {
	w.t.Helper()
	var dump struct{ Content []dumped }
	if err := json.Unmarshal(w.site.Dump("full"), &dump); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range dump.Content {
		if c.Title == title {
			return c.ID
		}
	}
	w.t.Fatalf("no %q", title)
	return ""
}

// grant lets a group read a space, as an admin would.
func (w *world) grant(key, group string) error {
	reader, writer, err := w.connect(w.t.Context(), w.siteRow(), w.token())
	if err != nil {
		return err
	}
	spaces, err := reader.Spaces(w.t.Context(), []string{key})
	if err != nil {
		return err
	}
	_, err = writer.Apply(w.t.Context(), confluence.Grant{Space: spaces[0], Permission: confluence.Permission{
		Principal: confluence.GroupPrincipal(group), Operation: "read/space",
	}}, confluence.Payload{})
	return err
}

func (w *world) siteRow() store.Site {
	email, _ := w.site.Account()
	return store.Site{Name: "cloud", Kind: confluence.Cloud, URL: w.server.URL + "/wiki", Auth: "token", Email: email}
}

func (w *world) token() []byte {
	_, token := w.site.Account()
	return []byte(token)
}

// TestARenameAtTheSourceLeavesAnEditAtTheDestination has one page renamed at the source and edited at the destination,
// and another edited at the source and renamed at the destination: each side's work arrives or stays.
func TestARenameAtTheSourceLeavesAnEditAtTheDestination(t *testing.T) {
	pages := func(title, text string) []backup.Content {
		return []backup.Content{
			{ID: 1001, Title: "Home", Body: backup.Storage("<p>home</p>")},
			{ID: 1002, Parent: 1001, Title: title, Body: backup.Storage("<p>one</p>")},
			{ID: 1003, Parent: 1001, Title: "Second", Body: backup.Storage("<p>" + text + "</p>")},
		}
	}
	w := newWorld(t, nil)
	w.site.AddUser("bob", "Bob", "bob@example.com")
	w.open()
	w.addSite()
	w.plan("R", writeExport(t, w.dir, "r1.zip", pages("First", "two")...), migration.NewScope("BAD", ""))
	w.mustFinish(w.migrate("R"))
	w.act(`{"edit":{"page":"First","block":"p1","to":"Bobs text"}}`)
	w.act(`{"rename":{"page":"Second","to":"Bobs title"}}`)
	w.edit("R", writeExport(t, w.dir, "r2.zip", pages("First renamed", "two edited")...))
	w.migrate("R")
	dump := string(w.site.Dump("neutral"))
	for _, want := range []string{"Bobs text", "First renamed", "Bobs title", "two edited"} {
		if !strings.Contains(dump, want) {
			t.Errorf("%q is gone", want)
		}
	}
}
