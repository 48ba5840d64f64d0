package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// follow opens a stream and returns what reads its next event.
func (f *fixture) follow(url, lastID string) (next func() Event, end func()) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url+Prefix+"/events?run=HR%231", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() Event {
			f.t.Helper()
			for lines.Scan() {
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					var e Event
					if err := json.Unmarshal([]byte(data), &e); err != nil {
						f.t.Fatal(err)
					}
					return e
				}
			}
			f.t.Fatalf("the stream ended: %v", lines.Err())
			return Event{}
		}, func() {
			cancel()
			resp.Body.Close()
			http.DefaultClient.CloseIdleConnections()
		}
}

func TestEventsAreResumed(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(f.server)
	defer server.Close()
	say := func(n int) { f.server.feed.add(Event{Kind: "log", Run: "HR#1", Text: fmt.Sprint(n), At: f.now}) }
	say(0)
	next, end := f.follow(server.URL, "")
	say(1)
	first := next()
	if first.Text != "1" {
		t.Errorf("a fresh stream begins with %+v", first)
	}
	end()
	say(2)
	f.server.feed.add(Event{Kind: "log", Run: "other#1", Text: "not ours", At: f.now})
	say(3)
	next, end = f.follow(server.URL, fmt.Sprint(first.ID))
	for _, want := range []string{"2", "3"} {
		if e := next(); e.Text != want {
			t.Errorf("resumed stream has %+v, want %s", e, want)
		}
	}
	end()
	next, end = f.follow(server.URL, "12")
	if e := next(); e.Kind != eventReset {
		t.Errorf("an id of another process is answered with %+v", e)
	}
	say(4)
	if e := next(); e.Text != "4" {
		t.Errorf("after the reset comes %+v", e)
	}
	end()
}

func TestEventsHeldAreBounded(t *testing.T) {
	f := newFixture(t)
	feed := newFeed(f.now)
	start := feed.newest()
	for range 3 * history {
		feed.add(Event{Kind: "progress"})
	}
	if len(feed.events) > history {
		t.Errorf("%d events held", len(feed.events))
	}
	got, _ := feed.after(feed.newest()-5, f.now)
	if len(got) != 5 || got[4].ID != feed.newest() {
		t.Errorf("the last five are %+v", got)
	}
	if got, _ := feed.after(start, f.now); len(got) != 1 || got[0].Kind != eventReset || got[0].ID != feed.newest() {
		t.Errorf("what is no longer held gives %+v", got)
	}
}

func TestEngineEventsArrive(t *testing.T) {
	f := newFixture(t)
	before := f.server.feed.newest()
	events := make(chan engine.Event, 1)
	ended := make(chan struct{})
	done := make(chan struct{})
	go func() { f.server.feed.collect(events, ended); close(done) }()
	_, woken := f.server.feed.after(before, f.now)
	events <- engine.Event{Kind: engine.EventStatus, Run: "HR#1", Text: "FINISHED"}
	<-woken
	close(ended)
	<-done
	got, _ := f.server.feed.after(before, f.now)
	if len(got) != 1 || got[0].Kind != "status" || got[0].Text != "FINISHED" {
		t.Errorf("events are %+v", got)
	}
}

func TestProtected(t *testing.T) {
	f := newFixture(t)
	h := Protected("tok", f.server)
	ask := func(method, path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, Prefix+path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, row := range []struct {
		what, method, path string
		header             []string
		want               int
	}{
		{"no token", "GET", "/sites", nil, 401},
		{"wrong token", "GET", "/sites", []string{"Authorization", "Bearer tok2"}, 401},
		{"other scheme", "GET", "/sites", []string{"Authorization", "Basic tok"}, 401},
		{"token", "GET", "/sites", []string{"Authorization", "Bearer tok"}, 200},
		{"description", "GET", "/openapi.json", nil, 200},
		{"version", "GET", "/version", nil, 200},
		{"another origin", "POST", "/runs/HR/stop", []string{"Authorization", "Bearer tok", "Sec-Fetch-Site", "cross-site"}, 403},
		{"same origin", "POST", "/runs/HR/stop", []string{"Authorization", "Bearer tok", "Sec-Fetch-Site", "same-origin"}, 404},
	} {
		w := ask(row.method, row.path, row.header...)
		if w.Code != row.want {
			t.Errorf("%s: %d, want %d", row.what, w.Code, row.want)
		}
		if row.want == 401 || row.want == 403 {
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != confluence.CodeAPIToken {
				t.Errorf("%s: problem is %s", row.what, w.Body)
			}
		}
	}
	if got := ask("GET", "/version", requestIDHeader, "mine-1").Header().Get(requestIDHeader); got != "mine-1" {
		t.Errorf("a caller's request id became %q", got)
	}
	if got := ask("GET", "/version", requestIDHeader, "two\nlines").Header().Get(requestIDHeader); !plainID(got) {
		t.Errorf("a hostile request id was kept: %q", got)
	}
}
