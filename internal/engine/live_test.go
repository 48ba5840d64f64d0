package engine_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/store"
)

// liveSource is an emulated Data Center that holds an export, as site "dc" of a world.
type liveSource struct {
	site *emulator.Site
	url  string
	// calls are the connector's own counters.
	calls func() (int64, int64)
}

// addSource starts a Data Center and stores it as a site.
func (w *world) addSource(o emulator.Options) *liveSource {
	w.t.Helper()
	o.Personality, o.Seed = "dc", 77
	if o.Version == "" {
		o.Version = "9.2.3"
	}
	if o.Options == nil {
		o.Options = map[string]string{"CQ-01": "0s"}
	}
	site, err := emulator.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	srv := httptest.NewServer(site.Handler())
	w.t.Cleanup(func() {
		w.close()
		srv.Close()
		site.Close()
	})
	w.source = &liveSource{site: site, url: srv.URL}
	_, token := site.Account()
	if _, err := w.engine.AddSite(w.t.Context(), store.Site{Name: "dc", Kind: confluence.DataCenter, URL: srv.URL, Auth: "pat"}, []byte(token), true); err != nil {
		w.t.Fatal(err)
	}
	return w.source
}

// openSource opens the Data Center for the engine.
func (w *world) openSource(ctx context.Context, row store.Site, secret []byte, transport http.RoundTripper) (confluence.Reader, confluence.Writer, error) {
	c, err := dc.Open(ctx, dc.Options{
		BaseURL: row.URL, Token: string(secret), Transport: transport,
		Budget: rest.NewBudget(rest.BudgetOptions{Concurrent: 4, Clock: hasty}), Timeout: w.timeout, Clock: hasty,
	})
	if err != nil {
		return nil, nil, err
	}
	w.source.calls = c.Calls
	return c, c, nil
}

// livePlan stores a plan of spaces of the Data Center.
func (w *world) livePlan(name string, scopes ...migration.SpaceScope) {
	w.t.Helper()
	p := migration.NewPlan()
	p.Name, p.From.Site, p.To.Site, p.Spaces = name, "dc", "cloud", scopes
	if _, err := w.engine.CreatePlan(context.Background(), p); err != nil {
		w.t.Fatal(err)
	}
}

// person is somebody at the source who is not tandem.
func (l *liveSource) person(t *testing.T) string {
	t.Helper()
	l.site.AddUser("writer", "Wanda Writer", "writer@example.com")
	return "writer"
}

// account is tandem's own user at the source.
func (l *liveSource) account() string {
	name, _ := l.site.Account()
	return name
}

// act lets somebody do something: an action with its fields in turn, or with the one page it is about.
func (l *liveSource) act(t *testing.T, who, action string, fields ...any) {
	t.Helper()
	var about any
	if len(fields) == 1 {
		about = fields[0]
	}
	if len(fields) > 1 {
		about = map[string]any{}
	}
	for i := 0; i+1 < len(fields); i += 2 {
		about.(map[string]any)[fields[i].(string)] = fields[i+1]
	}
	raw, err := json.Marshal(map[string]any{action: about})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.site.Act(who, raw); err != nil {
		t.Fatal(err)
	}
}

// findings returns those of a code that a run reported.
func (w *world) findings(run string, code confluence.Code) []migration.Finding {
	w.t.Helper()
	list, err := w.store.Findings(w.t.Context(), store.FindingFilter{Run: run, Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []migration.Finding
	for _, f := range list {
		if f.Code == code {
			out = append(out, f)
		}
	}
	return out
}

// verbs counts what a run wrote.
func (w *world) verbs(run string) map[string]int {
	w.t.Helper()
	rows, err := w.store.Journal(w.t.Context(), store.JournalFilter{Run: run, States: []string{store.StateDone}})
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]int{}
	for _, r := range rows {
		out[string(r.Verb)]++
	}
	return out
}

// reopen ends the engine and starts it over the same data directory.
func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
}

// TestLiveAndExportAgree: a site migrated over its API and from its export gives the same destination.
func TestLiveAndExportAgree(t *testing.T) {
	for _, version := range []string{"7.19.30", "8.5.30", "9.2.3", "10.2.0"} {
		t.Run(version, func(t *testing.T) {
			w := newWorld(t, nil)
			w.site.AddGroup("confluence-users")
			w.open()
			w.addSite()
			file := smallExport(t, w.dir, "")
			live := w.addSource(emulator.Options{Import: file, Version: version})
			live.act(t, live.person(t), "restrict", "page", "Secret", "read", []string{"user:alice", "user:" + live.account()}, "update", []string{})
			w.livePlan("L", migration.NewScope("SMALL", ""))
			run := w.migrate("L")
			w.mustFinish(run)
			unread := 0
			for _, f := range w.findings(run.ID, confluence.CodeNotCapable) {
				if strings.Contains(f.What, "could not be read at the source") {
					unread++
				}
			}
			if old := version[0] != '9' && version[0] != '1'; old != (unread == 1) {
				t.Errorf("%d findings about permissions that cannot be read", unread)
			}

			var dump bytes.Buffer
			if err := live.site.Export(&dump, "SMALL"); err != nil {
				t.Fatal(err)
			}
			back := filepath.Join(w.dir, "back.zip")
			if err := os.WriteFile(back, dump.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			x := newWorld(t, nil)
			x.site.AddGroup("confluence-users")
			x.open()
			x.addSite()
			x.plan("E", back, migration.NewScope("SMALL", ""))
			x.mustFinish(x.migrate("E"))
			got, want := w.site.Dump("neutral"), x.site.Dump("neutral")
			if unread > 0 { // an export has them
				got, want = withoutPermissions(t, got), withoutPermissions(t, want)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("another destination than from the export\n%s", dumpDiff(want, got))
			}
		})
	}
}

// withoutPermissions takes the permissions of spaces out of a dump.
func withoutPermissions(t *testing.T, dump []byte) []byte {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal(dump, &d); err != nil {
		t.Fatal(err)
	}
	for _, sp := range d["spaces"].([]any) {
		delete(sp.(map[string]any), "permissions")
	}
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEditsWhileItRuns: what people write at the source during a run does not break it, is named, and is carried by a
// later run, which writes exactly that (feature R11).
func TestEditsWhileItRuns(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddGroup("confluence-users")
	g := newGate(isWrite)
	w.front = func(next http.RoundTripper) http.RoundTripper { g.next = next; return g }
	w.open()
	w.addSite()
	live := w.addSource(emulator.Options{Import: smallExport(t, w.dir, "")})
	who := live.person(t)
	w.livePlan("L", migration.NewScope("SMALL", ""))
	id, err := w.engine.Start(t.Context(), "L")
	if err != nil {
		t.Fatal(err)
	}
	<-g.hit // the source is read; nothing is written yet
	live.editAll(t, who)
	close(g.open)
	first := w.wait(id)
	w.mustFinish(first)
	named := map[string]string{}
	for _, f := range w.findings(first.ID, confluence.CodeSourceEdited) {
		named[f.Content.Title] = f.Where.Facet
	}
	want := map[string]string{
		"Child 2": "content,readers,files,comments", "Late page": "the whole of it", "Much later": "content,title", "Child 1": "labels", "News": "the whole of it",
	}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("named as edited (-want +got):\n%s", diff)
	}
	live.act(t, who, "restore", "News") // a content that is gone at the source stays at the destination, and is a difference
	second := w.migrate("L")
	w.mustFinish(second)
	wrote := map[string]int{"PUT": 2, "POST": 1, "LB+": 1, "ATv": 1, "CM+": 1, "RS": 1}
	if diff := cmp.Diff(wrote, w.verbs(second.ID)); diff != "" {
		t.Errorf("written by the later run (-want +got):\n%s", diff)
	}
	if n := len(w.findings(second.ID, confluence.CodeSourceEdited)); n != 0 {
		t.Errorf("%d contents are still named as edited", n)
	}
	w.carriedLate()
	third := w.migrate("L")
	w.mustFinish(third)
	if got := w.sent(third.ID); len(got) != 0 {
		t.Errorf("a third run wrote %v", got)
	}
}

// editAll changes something of every sort at the source.
func (l *liveSource) editAll(t *testing.T, who string) {
	t.Helper()
	l.act(t, who, "body", "page", "Child 2", "text", "<p>changed while it ran</p>")
	l.act(t, who, "attach", "page", "Child 2", "name", "a b.txt", "bytes", "other bytes")
	l.act(t, who, "comment", "page", "Child 2", "text", "<p>said while it ran</p>")
	l.act(t, who, "restrict", "page", "Child 2", "read", []string{"user:" + l.account(), "user:" + who}, "update", []string{})
	l.act(t, who, "create", "space", "SMALL", "title", "Late page", "under", "Child 1", "text", "<p>new while it ran</p>")
	l.act(t, who, "rename", "page", "Later", "to", "Much later")
	l.act(t, who, "label", "page", "Child 1", "add", []string{"late"})
	l.act(t, who, "trash", "News")
}

// carriedLate looks for all that editAll did, the trashed post excepted: a migration deletes nothing.
func (w *world) carriedLate() {
	w.t.Helper()
	dump := string(w.site.Dump("full"))
	sum := sha256.Sum256([]byte("other bytes"))
	for _, text := range []string{"changed while it ran", "said while it ran", "Late page", "Much later", "global:late", hex.EncodeToString(sum[:]), "News"} {
		if !strings.Contains(dump, text) {
			w.t.Errorf("%q is not at the destination", text)
		}
	}
}

// TestWhatIsNotShownIsNoEdit: pages that the source hides while it is proved are differences, not edits.
func TestWhatIsNotShownIsNoEdit(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddGroup("confluence-users")
	w.open()
	w.addSite()
	live := w.addSource(emulator.Options{Import: smallExport(t, w.dir, "")})
	who := live.person(t)
	w.livePlan("L", migration.NewScope("SMALL", ""))
	w.mustFinish(w.migrate("L"))
	g := newGate(isWrite)
	w.front = func(next http.RoundTripper) http.RoundTripper { g.next = next; return g }
	w.reopen()
	live.act(t, who, "body", "page", "Child 1", "text", "<p>so that there is a write</p>")
	id, err := w.engine.Start(t.Context(), "L")
	if err != nil {
		t.Fatal(err)
	}
	<-g.hit
	live.act(t, who, "restrict", "page", "Child 2", "read", []string{"user:" + who}, "update", []string{})
	close(g.open)
	run := w.wait(id)
	if run.Status == migration.PlanFinished {
		t.Errorf("a page that is hidden was taken for an edit: %s", w.story(id))
	}
}
