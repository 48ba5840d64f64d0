package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// virtual is a clock that moves when it is told to, with timers.
type virtual struct {
	mu     sync.Mutex
	now    time.Time
	timers []*alarm
	set    chan struct{} // gets one for each timer that was set
}

type alarm struct {
	at   time.Time
	ring func()
}

func (v *virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *virtual) After(d time.Duration, f func()) func() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	a := &alarm{v.now.Add(d), f}
	v.timers = append(v.timers, a)
	select {
	case v.set <- struct{}{}:
	default:
	}
	return func() bool { return v.take(a) }
}

func (v *virtual) take(a *alarm) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, t := range v.timers {
		if t == a {
			v.timers = append(v.timers[:i], v.timers[i+1:]...)
			return true
		}
	}
	return false
}

// Wait moves the clock and rings what is due.
func (v *virtual) Wait(d time.Duration) {
	v.mu.Lock()
	v.now = v.now.Add(d)
	var due []*alarm
	for _, a := range v.timers {
		if !a.at.After(v.now) {
			due = append(due, a)
		}
	}
	v.mu.Unlock()
	for _, a := range due {
		if v.take(a) {
			a.ring()
		}
	}
}

// newDCLab is the same on a Data Center.
func newDCLab(t *testing.T, rules string) *lab {
	t.Helper()
	v := &virtual{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), set: make(chan struct{}, 16)}
	delivered := make(chan string, 64)
	site, err := New(Options{
		Personality: "dc", Seed: 7, BaseURL: "https://emulated.example.test", Now: v.Now, After: v.After, Options: map[string]string{"CQ-01": "0s"},
		Deliver: func(r *http.Request) (*http.Response, error) {
			var event struct{ Event string }
			err := json.NewDecoder(r.Body).Decode(&event)
			delivered <- event.Event
			return &http.Response{StatusCode: 200, Body: http.NoBody}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{bench: &bench{t: t, site: site, user: serviceID}, clock: v, delivered: delivered}
	c := &call{Site: site, now: v.Now(), user: site.people.byID[serviceID], route: &route{method: "POST", api: dc}}
	in, err := c.newSpace(&spaceRequest{Key: "K", Name: "Space K"}, false)
	if err != nil {
		t.Fatal(err)
	}
	l.space, l.home = in.key, in.home.idText()
	for i := range 10 {
		g, _ := l.try(l.create("P" + string(rune('0'+i))))
		l.pages = append(l.pages, g.str("id"))
	}
	l.rules(rules)
	return l
}

// lab is a bench on a virtual clock with a space K of a home page and pages P0 to P9.
type lab struct {
	*bench
	clock       *virtual
	space, home string
	pages       []string
	delivered   chan string // events of webhooks, of a Data Center
}

func newLab(t *testing.T, rules string) *lab {
	t.Helper()
	v := &virtual{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), set: make(chan struct{}, 16)}
	site, err := New(Options{Seed: 7, BaseURL: "https://emulated.example.test", Now: v.Now, After: v.After, Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{bench: &bench{t: t, site: site, user: serviceID}, clock: v}
	l.space, l.home = l.bench.space("K")
	for i := range 10 {
		l.pages = append(l.pages, l.page(l.space, l.home, "P"+string(rune('0'+i)), "<p>body</p><p>more &mdash; &uuml;</p>"))
	}
	l.rules(rules)
	return l
}

// rules replaces the fault rules.
func (l *lab) rules(rules string) {
	l.t.Helper()
	if err := l.site.SetFaults([]byte(rules)); err != nil {
		l.t.Fatalf("%v\n%s", err, rules)
	}
}

// try sends a request whose answer need not be a documented one. The status is 0 where the connection ended first, and
// cut is true where it ended within the answer.
func (l *lab) try(r *http.Request) (g got, cut bool) {
	l.t.Helper()
	w := httptest.NewRecorder()
	func() {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				cut = true
			default:
				panic(p)
			}
		}()
		l.site.Handler().ServeHTTP(w, r)
	}()
	g = got{t: l.t, status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	if cut && len(w.Header()) == 0 {
		g.status = 0
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !cut {
		if err := json.Unmarshal(g.raw, &g.json); err != nil {
			l.t.Fatalf("%s %s: no JSON: %s", r.Method, r.URL, g.raw)
		}
	}
	return g, cut
}

func (l *lab) get(path string) got {
	l.t.Helper()
	g, _ := l.try(l.request("GET", path, nil))
	return g
}

func (l *lab) create(title string) *http.Request {
	l.t.Helper()
	if l.site.dc() {
		return l.request("POST", "/rest/api/content", object{
			"type": "page", "title": title, "space": object{"key": l.space}, "ancestors": []object{{"id": l.home}}, "body": object{"storage": storage("<p>body</p><p>more &mdash; &uuml;</p>")},
		})
	}
	return l.request("POST", "/wiki/api/v2/pages", object{"spaceId": l.space, "status": "current", "title": title, "body": storage("<p>x</p>")})
}

// has reports whether the space holds a page of that title, whatever the rules say.
func (l *lab) has(title string) bool {
	l.site.mu.RLock()
	defer l.site.mu.RUnlock()
	for _, p := range l.site.world.spaces[0].pages {
		if p.title == title && p.status == current {
			return true
		}
	}
	return false
}

// log is the request log.
func (l *lab) log() []requestLine {
	l.t.Helper()
	var b strings.Builder
	if err := l.site.Requests(&b); err != nil {
		l.t.Fatal(err)
	}
	var out []requestLine
	for line := range strings.Lines(b.String()) {
		var r requestLine
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			l.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (l *lab) last() requestLine { l.t.Helper(); all := l.log(); return all[len(all)-1] }
