package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
	"github.com/tandem-sync/tandem/internal/store"
)

// syncWorld is an emulated Data Center and an emulated Cloud of different seeds on one virtual clock, and an engine
// between them. Time stands still unless a test moves it.
type syncWorld struct {
	t      *testing.T
	sites  [2]*emulator.Site
	front  [2]atomic.Pointer[http.Handler] // what answers in a site's place
	clock  *resttest.Clock
	dir    string
	store  *store.Store
	engine *engine.Engine
	stop   func()
	ids    atomic.Int64
	fail   func(string, confluence.Verb)
	skew   [2]atomic.Int64 // of the sites' clocks, in nanoseconds
	pages  int             // of space K, the home page included
	views  atomic.Int64    // that cycles followed; each is compared with one that is loaded
}

var siteNames = [2]string{"dc", "cloud"}

func newSync(t *testing.T) *syncWorld {
	t.Helper()
	return newSyncWith(t, [2]map[string]string{})
}

// newSyncWith is newSync of two sites with options of their own.
func newSyncWith(t *testing.T, options [2]map[string]string) *syncWorld {
	t.Helper()
	w := &syncWorld{t: t, dir: t.TempDir(), clock: resttest.NewClock(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))}
	for i, o := range [2]emulator.Options{{Personality: "dc", Version: "9.2.17", Seed: 11}, {Personality: "cloud", Seed: 22}} {
		o.BaseURL = "https://" + siteNames[i] + ".example.test"
		o.Now = func() time.Time { return w.clock.Now().Add(time.Duration(w.skew[i].Load())) }
		o.Options = map[string]string{"CQ-01": "0s", "TR-03": "0s"}
		maps.Copy(o.Options, options[i])
		site, err := emulator.New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { site.Close() })
		for _, name := range []string{"alice", "bob", "carol"} {
			site.AddUser(name, name, name+"@example.com")
		}
		site.AddGroup("g1", "carol")
		w.sites[i] = site
	}
	w.seed()
	w.open()
	t.Cleanup(w.close)
	ctx := context.Background()
	for i, site := range w.sites {
		login, token := site.Account()
		row := store.Site{Name: siteNames[i], Kind: confluence.SiteKind(siteNames[i]), URL: "https://" + siteNames[i] + ".example.test" + site.Context(), Auth: "token", Email: login}
		if _, err := w.engine.AddSite(ctx, row, []byte(token), true); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// seed makes space K on the Data Center, and an empty one of key EMPTY on both.
func (w *syncWorld) seed() {
	w.space(0, "K", "Keep")
	for i := range w.sites {
		w.space(i, "EMPTY", "Empty")
	}
}

func (w *syncWorld) space(i int, key, name string) {
	w.t.Helper()
	path, body := "/rest/api/space", map[string]any{"key": key, "name": name}
	if status := w.ask(i, "POST", path, body, nil); status >= 300 {
		w.t.Fatalf("space %s on %s: %d", key, siteNames[i], status)
	}
}

// ask sends a request to a site as its administrator, past the engine.
func (w *syncWorld) ask(i int, method, path string, in, out any) int {
	w.t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "https://"+siteNames[i]+".example.test"+w.sites[i].Context()+path, bytes.NewReader(b))
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(w.sites[i].Account())
	rec := httptest.NewRecorder()
	w.sites[i].Handler().ServeHTTP(rec, r)
	if out != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
			w.t.Fatalf("%s %s: %v: %s", method, path, err, rec.Body)
		}
	}
	return rec.Code
}

// act does what a person does: alice on the Data Center, bob on Cloud.
func (w *syncWorld) act(i int, action string) []string {
	w.t.Helper()
	ids, err := w.sites[i].Act([2]string{"alice", "bob"}[i], json.RawMessage(action))
	if err != nil {
		w.t.Fatal(err)
	}
	return ids
}

// open starts the engine over the data directory, as a process would.
func (w *syncWorld) open() {
	w.t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, store.Options{Dir: filepath.Join(w.dir, "state"), Address: "test", Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = st
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("TANDEM_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	w.engine = engine.New(engine.Options{
		Store: st, Connect: w.connect, Now: w.clock.Now, Wait: w.clock.Until, Go: func(f func()) { go f() },
		NewID: func() string { return fmt.Sprintf("OP%020d", w.ids.Add(1)) },
		Owner: "test", Log: log, Fail: w.fail,
	})
	w.engine.CheckViews(&w.views, func(err error) { w.t.Errorf("a view is not what is stored: %v", err) })
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

func (w *syncWorld) close() {
	if w.engine != nil {
		w.stop()
	}
}

func (w *syncWorld) connect(ctx context.Context, row store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	i := 0
	if row.Kind == confluence.Cloud {
		i = 1
	}
	transport := resttest.Direct(func() http.Handler {
		if h := w.front[i].Load(); h != nil {
			return *h
		}
		return w.sites[i].Handler()
	})
	clock := rest.Clock{Now: w.clock.Now, Wait: func(ctx context.Context, d time.Duration) error { return ctx.Err() }}
	half := func() float64 { return 0.5 }
	if i == 0 {
		c, err := dc.Open(ctx, dc.Options{BaseURL: row.URL, Token: string(secret), Transport: transport, Clock: clock, Random: half})
		return c, c, err
	}
	c, err := cloud.Open(ctx, cloud.Options{BaseURL: row.URL, Email: row.Email, Token: string(secret), Transport: transport, Clock: clock, Random: half})
	return c, c, err
}

// spec is a pair of space K of both sites.
func (w *syncWorld) spec(name string) engine.PairSpec {
	p := migration.NewPair()
	p.Name, p.A, p.B = name, migration.PairEnd{Site: "dc", Space: "K"}, migration.PairEnd{Site: "cloud", Space: "K"}
	return p
}

// down lets a site answer 503 to everything; up lets it answer again.
func (w *syncWorld) down(i int) {
	var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) })
	w.front[i].Store(&h)
}

func (w *syncWorld) up(i int) { w.front[i].Store(nil) }

// shift lets the clock of a site run ahead of ours.
func (w *syncWorld) shift(i int, by time.Duration) { w.skew[i].Store(int64(by)) }
