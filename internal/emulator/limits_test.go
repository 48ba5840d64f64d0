package emulator

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const allScopes = "read:page:confluence write:page:confluence delete:page:confluence read:space:confluence read:user:confluence read:confluence-user " +
	"search:confluence read:confluence-groups read:confluence-content.all"

// app is a bench whose requests come from an OAuth app.
type app struct {
	*bench
	token string
}

func newApp(b *bench, name string) app {
	return app{b, b.issue(Credential{Kind: "oauth", App: name, Scopes: strings.Fields(allScopes), Lifetime: 1000 * time.Hour}).Token}
}

func (a app) ask(want int, method, path string, body any) got {
	a.t.Helper()
	return a.sent(want, a.bearing(a.token, method, a.gatewayed(path), body))
}

func TestRow_RL_01(t *testing.T) {
	b := newBench(t, "RL-01", "100")
	b.wait(20 * time.Minute)
	id, home := b.space("K")
	for i := range 9 {
		b.page(id, "", fmt.Sprint("P", i), "<p>x</p>")
	}
	a := newApp(b, "one")
	left := 100
	spend := func(what string, points int, g got) {
		t.Helper()
		now, err := strconv.Atoi(g.header.Get("X-RateLimit-Remaining"))
		if err != nil || left-now != points {
			t.Errorf("%s costs %d, want %d (%v)", what, left-now, points, err)
		}
		left = now
	}
	spend("one page", 2, a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil))
	spend("ten pages", 11, a.ask(200, "GET", "/wiki/api/v2/spaces/"+id+"/pages", nil))
	spend("one user", 3, a.ask(200, "GET", "/wiki/rest/api/user/current", nil))
	spend("a write", 1, a.ask(200, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "current", "title": "W", "body": storage("<p>x</p>")}))
	spend("what is not there", 1, a.ask(404, "GET", "/wiki/api/v2/pages/1", nil))
	b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil) // an API token costs nothing
	spend("one page", 2, a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil))
	for left > 0 {
		spend("eleven pages", min(12, left), a.ask(200, "GET", "/wiki/api/v2/spaces/"+id+"/pages", nil))
	}
	for range 2 {
		g := a.ask(429, "POST", "/wiki/api/v2/pages", object{})
		equal(t, "wait", g.header.Get("Retry-After"), "2400")
		equal(t, "reason", g.header.Get("RateLimit-Reason"), "confluence-quota-global-based")
	}
	b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil)
	newApp(b, "other").ask(200, "GET", "/wiki/api/v2/pages/"+home, nil)
	b.wait(40*time.Minute - time.Second)
	a.ask(429, "GET", "/wiki/api/v2/pages/"+home, nil)
	b.wait(time.Second) // the top of the hour
	equal(t, "nothing is carried over", a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil).header.Get("X-RateLimit-Remaining"), "98")
	for value, fits := range map[string]bool{"on": true, "off": true, "500000": true, "500001": false, "-1": false} {
		if err := b.site.SetOptions(map[string]string{"RL-01": value}); (err == nil) != fits {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// TestRow_RL_02: calls under way are counted by endpoint, whoever calls; and the other form, calls in a second.
func TestRow_RL_02(t *testing.T) {
	b := newBench(t, "RL-02", "5")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, home := b.space("K")
	held, release := make(chan struct{}, 16), make(chan struct{})
	b.site.late.after = func(time.Duration, func()) func() bool {
		held <- struct{}{}
		<-release
		return func() bool { return true }
	}
	if err := b.site.SetFaults([]byte("rules: [{match: {query: {slow: yes}}, do: {delay: 1h}}]")); err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	slow := func(path string) {
		ctx := b.request("GET", path+"?slow=yes", nil)
		g.Go(func() {
			r, stop := withCancel(ctx)
			go func() { <-release; stop() }()
			b.site.Handler().ServeHTTP(httptest.NewRecorder(), r)
		})
		<-held
	}
	for range 5 {
		slow("/wiki/api/v2/pages/" + home)
	}
	for range 2 { // permissions have 0.4 of it
		slow("/wiki/api/v2/spaces/" + id + "/permissions")
	}
	full := b.as("ann").do(429, "GET", "/wiki/api/v2/pages/"+home, nil)
	equal(t, "wait", full.header.Get("Retry-After"), "1")
	b.do(429, "GET", b.gatewayed("/wiki/api/v2/pages/"+home), nil)
	b.do(429, "GET", "/wiki/api/v2/spaces/"+id+"/permissions", nil)
	b.do(200, "GET", "/wiki/api/v2/pages", nil) // another endpoint
	close(release)
	g.Wait()
	b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil)

	b = newBench(t, "RL-02", "10/s")
	_, home = b.space("K")
	for n := range 12 {
		want := 200
		if n >= 10 {
			want = 429
		}
		b.do(want, "GET", "/wiki/api/v2/pages/"+home, nil)
	}
	b.wait(time.Second)
	b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil)
	for n := range 5 { // searches have 0.4 of it
		want := 200
		if n >= 4 {
			want = 429
		}
		b.do(want, "GET", "/wiki/rest/api/search?cql=type=page", nil)
	}
}

func TestRow_RL_03(t *testing.T) {
	b := newBench(t, "RL-01", "20")
	_, home := b.space("K")
	plain := b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil)
	equal(t, "an API token is told nothing", plain.header.Get("X-RateLimit-Limit")+plain.header.Get("RateLimit-Policy"), "")
	a := newApp(b, "one")
	g := a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil)
	h := g.header
	equal(t, "limit", h.Get("X-RateLimit-Limit"), "20")
	equal(t, "left", h.Get("X-RateLimit-Remaining"), "18")
	equal(t, "near", h.Get("X-RateLimit-NearLimit"), "")
	equal(t, "policy", h.Get("RateLimit-Policy"), `"global-app-quota";q=20;w=3600`)
	equal(t, "state", h.Get("RateLimit"), `"global-app-quota";t=3600`)
	for range 8 {
		h = a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil).header
	}
	equal(t, "near", h.Get("X-RateLimit-NearLimit"), "true")
	equal(t, "state", h.Get("RateLimit"), `"global-app-quota";r=2;t=3600`)

	if err := b.site.SetOptions(map[string]string{"RL-03": "beta"}); err != nil {
		t.Fatal(err)
	}
	h = a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil).header
	equal(t, "with the prefix", h.Get("Beta-RateLimit-Policy"), `"global-app-quota";q=20;w=3600`)
	equal(t, "without", h.Get("RateLimit-Policy"), "")

	seen := map[string]bool{}
	for hour := range 40 {
		b.wait(time.Duration(60-b.now.Minute()) * time.Minute)
		h := a.ask(200, "GET", "/wiki/api/v2/pages/"+home, nil).header
		reset := b.now.Add(time.Hour).Format("2006-01-02T15:04")
		switch h.Get("X-RateLimit-Reset") {
		case reset + "Z":
			seen["without seconds"] = true
		case reset + ":00Z":
			seen["with seconds"] = true
		default:
			t.Fatalf("hour %d: reset %s", hour, h.Get("X-RateLimit-Reset"))
		}
	}
	equal(t, "forms of the reset", len(seen), 2)
}

// TestRow_RL_03_Entries: several entries stand in one header, in no certain order.
func TestRow_RL_03_Entries(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	site, err := New(Options{Seed: 7, Rate: 5, BaseURL: "https://emulated.example.test", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	a := newApp(&bench{t: t, site: site, user: serviceID}, "one")
	first := map[string]bool{}
	for range 40 {
		now = now.Add(time.Minute)
		policies := strings.Split(a.ask(200, "GET", "/wiki/rest/api/user/current", nil).header.Get("RateLimit-Policy"), ", ")
		equal(t, "entries", len(policies), 2)
		first[policies[0]] = true
	}
	equal(t, "orders", len(first), 2)
}

func TestRow_RL_04(t *testing.T) {
	l := newLab(t, "rules: [{match: {nth: 1}, do: {fault: RL-04}}]")
	g := l.get("/wiki/api/v2/pages")
	if g.status != 429 || g.header.Get("Retry-After") != "" || g.header.Get("X-Failure-Category") == "" || g.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("%d %v", g.status, g.header)
	}
	equal(t, "then", l.get("/wiki/api/v2/pages").status, 200)
}

func TestRow_RL_06(t *testing.T) {
	for _, personality := range []string{"cloud", "dc"} {
		site, err := New(Options{Personality: personality, Seed: 7, Faults: []byte("rules: [{match: {probability: 0.5}, do: {fault: RL-06, variant: either}}]")})
		if err != nil {
			t.Fatal(err)
		}
		defer site.Close()
		name, secret := site.Account()
		seen := map[string]int{}
		for range 60 {
			r := httptest.NewRequest("PUT", site.Context()+"/rest/api/space/K", strings.NewReader("{}"))
			r.SetBasicAuth(name, secret)
			w := httptest.NewRecorder()
			site.Handler().ServeHTTP(w, r)
			if w.Code == http.StatusTooManyRequests {
				seen["429 "+w.Header().Get("Retry-After")]++
			} else {
				seen["let through"]++
			}
		}
		if len(seen) != 3 {
			t.Errorf("%s: %v", personality, seen)
		}
	}
}

func TestRow_RL_07(t *testing.T) {
	b := newBench(t, "RL-07", "30ms/10ms")
	least, most := time.Hour, time.Duration(0)
	for range 12 {
		start := time.Now()
		b.do(200, "GET", "/_edge/tenant_info", nil)
		took := time.Since(start)
		least, most = min(least, took), max(most, took)
	}
	if least < 20*time.Millisecond || most-least < 2*time.Millisecond {
		t.Errorf("from %v to %v", least, most)
	}
	for _, value := range []string{"-1s", "10ms/20ms", "x", "1s/x"} {
		if err := b.site.SetOptions(map[string]string{"RL-07": value}); err == nil {
			t.Errorf("%s is taken", value)
		}
	}
}

func withCancel(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, stop := context.WithCancel(r.Context())
	return r.WithContext(ctx), stop
}
