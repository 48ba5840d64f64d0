package emulator

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestCredentials: AU-01, AU-06, ID-01, ID-02.
func TestCredentials(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, _ := b.space("A")
	wrong := func(path string, change func(*http.Request)) got {
		r := b.request("GET", path, nil)
		change(r)
		return b.send(r)
	}
	changes := map[string]func(*http.Request){
		"missing": func(r *http.Request) { r.Header.Del("Authorization") },
		"wrong":   func(r *http.Request) { r.SetBasicAuth(serviceID+"@example.test", "x") },
		"bearer":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.site.Token(serviceID)) },
		"revoked": func(r *http.Request) {
			r.SetBasicAuth("ann@example.test", b.site.Token("ann"))
			b.site.Revoke("ann")
		},
	}
	for name, change := range changes {
		g := wrong("/wiki/api/v2/spaces/"+id, change)
		if g.status != 404 || g.title() != "Not Found" || g.at("errors.0.detail") != nil {
			t.Errorf("%s on v2: %d %s", name, g.status, g.raw)
		}
		g = wrong("/wiki/rest/api/user/current", change)
		if g.status != 403 || g.str("message") != "Current user not permitted to use Confluence" || g.num("statusCode") != 403 {
			t.Errorf("%s on v1: %d %s", name, g.status, g.raw)
		}
	}
	r := b.request("GET", "/wiki/rest/api/user/current", nil)
	email, token := b.site.Account()
	r.SetBasicAuth(strings.ToUpper(email), token)
	equal(t, "me", b.send(r).str("accountId"), serviceID)
	open := wrong("/_edge/tenant_info", changes["missing"])
	equal(t, "cloud id", open.str("cloudId"), b.site.CloudID())
	equal(t, "through the gateway", b.do(200, "GET", "/ex/confluence/"+b.site.CloudID()+"/wiki/api/v2/spaces/"+id, nil).str("id"), id)
	b.site.AddUser("gone", "Gone", "gone@example.test")
	b.site.SetActive("gone", false)
	b.as("gone").do(403, "GET", "/wiki/rest/api/user/current", nil)
	equal(t, "still readable", b.do(200, "GET", "/wiki/rest/api/user?accountId=gone", nil).str("displayName"), "Gone")
}

// TestUnknownRoutes: ER-02, ER-04.
func TestUnknownRoutes(t *testing.T) {
	b := newBench(t)
	for path, status := range map[string]int{
		"/": 404, "/wiki": 404, "/wiki/api/v2/nothing": 404, "/wiki/rest/api/nothing/1": 404, "/wiki/rest/api/content/a%2Fb/label": 400,
		"/ex/confluence/other/wiki/api/v2/pages": 404,
	} {
		g := b.do(status, "GET", path, nil)
		if !strings.HasPrefix(g.header.Get("Content-Type"), "text/html") || !bytes.Contains(g.raw, []byte("<html")) {
			t.Errorf("%s: %s %s", path, g.header.Get("Content-Type"), g.raw)
		}
	}
	gone := b.do(410, "GET", "/wiki/rest/api/content/1", nil)
	equal(t, "removed", gone.str("message"), "This deprecated endpoint has been removed")
	equal(t, "authorized", gone.at("data.authorized"), true)
	equal(t, "code", b.do(405, "PATCH", "/wiki/api/v2/pages", object{}).str("errors.0.code"), "METHOD_NOT_ALLOWED")
	equal(t, "v1", b.do(405, "PATCH", "/wiki/rest/api/space", object{}).num("statusCode"), 405)
}

// TestPeople: US-01 to US-03, US-06, PG-05.
func TestPeople(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.site.AddUser("bob", "Bob Bee", "bob@example.test")
	b.site.AddGroup("staff", "ann", "nobody")
	current := b.do(200, "GET", "/wiki/rest/api/user/current", nil)
	equal(t, "zone", current.str("timeZone"), "UTC+2")
	bulk := b.do(200, "GET", "/wiki/rest/api/user/bulk?accountId=bob&accountId=x&accountId=ann", nil)
	same(t, "unknown ones are left out", bulk.col("accountId"), "bob", "ann")
	same(t, "v2", b.do(200, "POST", "/wiki/api/v2/users-bulk", object{"accountIds": []string{"ann", "x"}}).col("accountId"), "ann")
	b.do(404, "GET", "/wiki/rest/api/user?accountId=x", nil)
	groups := b.do(200, "GET", "/wiki/rest/api/group?limit=2", nil)
	same(t, "groups", groups.col("name"), "atlassian-addons", "atlassian-addons-admin")
	next := groups.str("_links.next")
	same(t, "next groups", b.do(200, "GET", "/wiki"+next, nil).col("name"), "confluence-admins", "confluence-users")
	staff := b.do(200, "GET", "/wiki/rest/api/group/picker?query=STAFF", nil).str("results.0.id")
	equal(t, "by id", b.do(200, "GET", "/wiki/rest/api/group/by-id?id="+staff, nil).str("name"), "staff")
	b.do(404, "GET", "/wiki/rest/api/group/by-id?id=x", nil)
	same(t, "members", b.do(200, "GET", "/wiki/rest/api/group/"+staff+"/membersByGroupId", nil).col("accountId"), "ann")
	same(t, "of an unknown group", b.do(200, "GET", "/wiki/rest/api/group/x/membersByGroupId", nil).col("accountId"))
	same(t, "member of", b.do(200, "GET", "/wiki/rest/api/user/memberof?accountId=ann", nil).col("name"), "confluence-users", "staff")
	b.do(201, "POST", "/wiki/rest/api/group", object{"name": "new"})
	b.do(400, "POST", "/wiki/rest/api/group", object{"name": "new"})
	b.as("ann").do(403, "POST", "/wiki/rest/api/group", object{"name": "mine"})
	b.do(201, "POST", "/wiki/rest/api/group/userByGroupId?groupId="+staff, object{"accountId": "bob"})
	b.do(404, "POST", "/wiki/rest/api/group/userByGroupId?groupId="+staff, object{"accountId": "x"})
	found := b.do(200, "GET", "/wiki/rest/api/search/user?cql=user.fullname~%22bee%22&limit=500", nil)
	equal(t, "found", found.str("results.0.user.accountId"), "bob")
	b.do(500, "GET", "/wiki/rest/api/search/user?cql=user.fullname~%22%22", nil)
	b.do(400, "GET", "/wiki/rest/api/search/user?cql=type", nil)
}

// TestRate: RL-02, RL-03.
func TestRate(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	site, err := New(Options{Rate: 5, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	email, token := site.Account()
	get := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/wiki/rest/api/user/current", nil)
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		return w
	}
	for i := range 5 {
		w := get()
		if w.Code != 200 || w.Header().Get("X-RateLimit-Remaining") != fmt.Sprint(4-i) || w.Header().Get("X-RateLimit-Limit") != "5" {
			t.Fatalf("call %d: %d %v", i, w.Code, w.Header())
		}
	}
	w := get()
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" || w.Header().Get("X-RateLimit-NearLimit") != "true" || w.Header().Get("RateLimit-Policy") == "" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	now = now.Add(time.Second)
	if w := get(); w.Code != 200 {
		t.Fatalf("a second later: %d", w.Code)
	}
}

// TestLatency: RL-07; the effect does not wait, and a client that goes away frees the call at once.
func TestLatency(t *testing.T) {
	const delay = 40 * time.Millisecond
	site, err := New(Options{Latency: delay})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	server := httptest.NewServer(site.Handler())
	defer server.Close()
	email, token := site.Account()
	var times []time.Duration
	for range 15 {
		r, _ := http.NewRequest("GET", server.URL+"/wiki/rest/api/user/current", nil)
		r.SetBasicAuth(email, token)
		start := time.Now()
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(start))
		answer.Body.Close()
	}
	slices.Sort(times)
	if times[0] < delay || times[0] > delay+20*time.Millisecond { // a busy machine adds to the others
		t.Errorf("fastest %v, median %v, want %v", times[0], times[len(times)/2], delay)
	}
	t.Logf("fastest %v, median %v, slowest %v", times[0], times[len(times)/2], times[len(times)-1])
	http.DefaultClient.CloseIdleConnections()
}

func TestOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Personality: "jira"}, {Options: map[string]string{"SP-07": "x"}}, {Options: map[string]string{"nope": "x"}},
		{Faults: []byte("rules: [{do: {fly: 1}}]")}, {Import: "x.zip"},
	} {
		if site, err := New(o); err == nil {
			site.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
}

// TestConcurrently runs writes and reads of many clients at once.
func TestConcurrently(t *testing.T) {
	b := newBench(t)
	id, home := b.space("C")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				p := b.page(id, home, fmt.Sprintf("P %d %d", w, i), "<p>x</p>")
				b.put(200, p, fmt.Sprintf("Q %d %d", w, i), "<p>y</p>", 2)
				b.do(200, "GET", "/wiki/api/v2/pages?limit=50&body-format=storage&space-id="+id, nil)
			}
		})
	}
	wg.Wait()
	equal(t, "pages", b.site.Counts().CurrentPages, 201)
	seen := map[string]bool{}
	for _, row := range b.dump("full")["content"].([]any) {
		position := fmt.Sprint(row.(map[string]any)["position"], row.(map[string]any)["parent"])
		if seen[position] {
			t.Fatalf("position twice: %s", position)
		}
		seen[position] = true
	}
}

// TestMemory: D33, at most about 500 bytes a page.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 20,000 pages")
	}
	t.Setenv("EMULATOR_REPLAY", "off")
	b := newBench(t)
	id, _ := b.space("M")
	c := &call{Site: b.site, now: b.now, user: b.site.people.byID[serviceID]}
	space, err := c.spaceByID(id)
	if err != nil {
		t.Fatal(err)
	}
	heapBytes := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heapBytes()
	const pages = 20000
	body := c.heap.putText("<p>x</p>")
	for i := range pages {
		p := &content{
			id: c.world.newID(), kind: page, space: space, title: fmt.Sprintf("A page with a usual title %d", i), creator: c.user,
			created: c.stamp(), firstAt: 1, body: body, last: version{at: c.stamp(), by: c.user},
		}
		c.add(p)
		c.link(p, space.home)
	}
	each := float64(heapBytes()-before) / pages
	t.Logf("%.0f bytes a page", each)
	if each > 500 {
		t.Errorf("%.0f bytes a page", each)
	}
	runtime.KeepAlive(b)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
