package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/store"
	"github.com/tandem-sync/tandem/internal/xmlexport"
)

// world is an emulated Cloud, a data directory and an engine between an export and that Cloud.
type world struct {
	t       *testing.T
	site    *emulator.Site
	server  *httptest.Server
	dir     string
	store   *store.Store
	engine  *engine.Engine
	stop    func()
	ids     atomic.Int64
	fail    func(string, confluence.Verb)
	front   func(http.RoundTripper) http.RoundTripper // hostile network in front of the site
	timeout time.Duration
	slice   time.Duration // zero: as in a real process
	workers int
	calls   func() (int64, int64)
	source  *liveSource
}

func newWorld(t *testing.T, options map[string]string) *world {
	t.Helper()
	if options == nil {
		options = map[string]string{"CQ-01": "0s", "TR-03": "0s"}
	}
	site, err := emulator.New(emulator.Options{Personality: "cloud", Seed: 1, Options: options})
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
	return w
}

// open starts the engine over the data directory, as a process would.
func (w *world) open() {
	w.t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, store.Options{Dir: filepath.Join(w.dir, "state"), Address: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = st
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("TANDEM_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	w.engine = engine.New(engine.Options{
		Store: st, Connect: w.connect, Now: time.Now, Wait: waitUntil, Go: func(f func()) { go f() },
		NewID: func() string { return fmt.Sprintf("OP%020d-%d", time.Now().UnixNano(), w.ids.Add(1)) },
		Owner: "test", Log: log, Timeout: w.timeout, Fail: w.fail, Slice: w.slice, Workers: w.workers,
	})
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- w.engine.Run(run) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil && run.Err() == nil {
			w.t.Error(err)
		}
		w.engine.Close()
		st.Close()
		w.engine, w.store = nil, nil
	}
}

func (w *world) close() {
	if w.engine != nil {
		w.stop()
	}
}

// hasty waits a fiftieth of the time between two tries.
var hasty = rest.Clock{Wait: func(ctx context.Context, d time.Duration) error { return waitUntil(ctx, time.Now().Add(d/50)) }}

func waitUntil(ctx context.Context, until time.Time) error {
	d := time.Until(until)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (w *world) connect(ctx context.Context, row store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	if row.Kind == confluence.Export {
		r, err := xmlexport.Open(ctx, row.URL, xmlexport.Options{Scratch: w.dir})
		return r, nil, err
	}
	var transport http.RoundTripper = http.DefaultTransport.(*http.Transport).Clone()
	if w.front != nil {
		transport = w.front(transport)
	}
	if row.Kind == confluence.DataCenter {
		return w.openSource(ctx, row, secret, http.DefaultTransport.(*http.Transport).Clone())
	}
	c, err := cloud.Open(ctx, cloud.Options{
		BaseURL: row.URL, Email: row.Email, Token: string(secret), Transport: transport,
		Budget: rest.NewBudget(rest.BudgetOptions{Concurrent: 8, Clock: hasty}), Timeout: w.timeout, Clock: hasty,
	})
	if err != nil {
		return nil, nil, err
	}
	w.calls = c.Calls
	return c, c, nil
}

// addSite stores the emulated Cloud as site "cloud".
func (w *world) addSite() {
	w.t.Helper()
	email, token := w.site.Account()
	_, err := w.engine.AddSite(context.Background(), store.Site{
		Name: "cloud", Kind: confluence.Cloud, URL: w.server.URL + "/wiki", Auth: "token", Email: email,
	}, []byte(token), true)
	if err != nil {
		w.t.Fatal(err)
	}
}

// plan stores a plan of the export's spaces.
func (w *world) plan(name, export string, scopes ...migration.SpaceScope) {
	w.t.Helper()
	p := migration.NewPlan()
	p.Name, p.From.Export, p.To.Site, p.Spaces = name, export, "cloud", scopes
	if _, err := w.engine.CreatePlan(context.Background(), p); err != nil {
		w.t.Fatal(err)
	}
}

// migrate runs a plan to its end.
func (w *world) migrate(plan string) store.Run {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	id, err := w.engine.Start(ctx, plan)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.wait(id)
}

func (w *world) wait(id string) store.Run {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	run, err := w.engine.Wait(ctx, id)
	if err != nil {
		w.t.Fatalf("%v: %s", err, w.story(id))
	}
	return run
}

// story is what a failing test tells about a run.
func (w *world) story(id string) string {
	var b bytes.Buffer
	ctx := context.Background()
	if run, err := w.store.Run(ctx, id); err == nil {
		fmt.Fprintf(&b, "%s %s", run.ID, run.Status)
		if run.Error != nil {
			fmt.Fprintf(&b, " (%s: %s: %s)", run.Error.Code, run.Error.What, run.Error.Cause)
		}
	}
	tasks, _ := w.store.Tasks(ctx, id)
	for _, t := range tasks {
		fmt.Fprintf(&b, "\n  %s: %s %s %+v", t.Space, t.Task.Status, t.Task.Phase, t.Task.Counts)
		if t.Task.Error != nil {
			fmt.Fprintf(&b, " (%s: %s: %s)", t.Task.Error.Code, t.Task.Error.What, t.Task.Error.Cause)
		}
	}
	findings, _ := w.store.Findings(ctx, store.FindingFilter{Run: id, Limit: 40})
	for _, f := range findings {
		fmt.Fprintf(&b, "\n  %s %s %s: %s [%s %s] %s", f.Severity, f.Code, f.Effect, f.What, f.Where.Facet, f.Where.Detail, f.Cause)
	}
	proofs, _ := w.store.Proofs(ctx, id)
	for _, p := range proofs {
		fmt.Fprintf(&b, "\n%s", parity.Text(p.Proof))
	}
	return b.String()
}

// smallExport writes a space with a bit of everything. edit changes the content of page "Child 2".
func smallExport(t *testing.T, dir, edit string) string {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("export-%x.zip", edit))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bw, err := backup.Create(f, backup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	writeSmall(bw, edit)
	if err := bw.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const aliceKey = "00000000000000000000000000000a11"

func writeSmall(bw *backup.Writer, edit string) {
	bw.User(backup.User{Key: aliceKey, Name: "alice", Email: "alice@example.com"})
	const home, one, two, three, late = 1001, 1002, 1003, 1004, 1005
	bw.Space(backup.Space{Key: "SMALL", Name: "Small space", Home: home, Creator: aliceKey, Permissions: []backup.Permission{
		{Type: "VIEWSPACE", Principal: backup.Principal{Group: "confluence-users"}},
	}})
	page := func(c backup.Content) {
		c.Space, c.Creator, c.Version = "SMALL", aliceKey, 3
		bw.Page(c)
	}
	page(backup.Content{ID: home, Title: "Small home", Body: backup.Storage(`<p>Welcome. See <ac:link><ri:page ri:content-title="Child 2"/></ac:link>.</p>`)})
	page(backup.Content{ID: one, Parent: home, Title: "Child 1", Position: 20, Positioned: true,
		Body: backup.Storage(`<p>By id: <a href="/pages/viewpage.action?pageId=1005">later</a>, mention <ac:link><ri:user ri:userkey="` + aliceKey + `"/></ac:link></p>`)})
	page(backup.Content{ID: two, Parent: home, Title: "Child 2", Position: 10, Positioned: true, Labels: []backup.Label{{Namespace: "global", Name: "blue"}, {Namespace: "global", Name: "green"}},
		Body: backup.Storage(`<h1>Two</h1><p>Text ` + edit + `</p><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>`)})
	page(backup.Content{ID: three, Parent: two, Title: "Secret", Readers: []backup.Principal{{User: aliceKey}},
		Body: backup.Storage(`<p>hidden</p>`)})
	page(backup.Content{ID: late, Parent: one, Title: "Later", Body: backup.Storage(`<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>`)})
	bw.BlogPost(backup.Content{Space: "SMALL", Title: "News", Creator: aliceKey, Created: time.Date(2025, 3, 4, 8, 0, 0, 0, time.UTC), Body: backup.Storage(`<p>news &eacute;</p>`)})
	bw.Attachment(backup.Attachment{Container: two, Space: "SMALL", Name: "a b.txt", MediaType: "text/plain", Size: 5, Creator: aliceKey,
		Open: func() (io.Reader, error) { return strings.NewReader("bytes"), nil }})
	c := bw.Comment(backup.Comment{Container: two, Creator: aliceKey, Body: backup.Storage(`<p>first</p>`)})
	bw.Comment(backup.Comment{Container: two, Parent: c, Creator: aliceKey, Body: backup.Storage(`<p>answer</p>`)})
	bw.Comment(backup.Comment{Container: two, Creator: aliceKey, Body: backup.Storage(`<p>first</p>`)})
}

type storeRun = store.Run

// newDetached is a context of its own for what happens after its request has been given up.
func newDetached() context.Context { return context.Background() }
