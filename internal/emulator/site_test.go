package emulator

import (
	"bytes"
	"encoding/json"
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
	same(t, "groups", groups.col("name"), "atlassian-addons-admin", "confluence-admins")
	next := groups.str("_links.next")
	same(t, "next groups", b.do(200, "GET", "/wiki"+next, nil).col("name"), "confluence-users", "site-admins")
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
	if times[0] < delay || times[len(times)/2] > delay+5*time.Millisecond {
		t.Errorf("fastest %v, median %v, want %v", times[0], times[len(times)/2], delay)
	}
	t.Logf("fastest %v, median %v, slowest %v", times[0], times[len(times)/2], times[len(times)-1])
	http.DefaultClient.CloseIdleConnections()
}

func TestControlPlane(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, home := b.space("K")
	p := b.page(id, "", "A", "<p>A p1 alpha</p>")
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}}})
	control := func(want int, method, path, body string) []byte {
		t.Helper()
		w := httptest.NewRecorder()
		b.site.Control().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if w.Code != want {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	var counters map[string]Counter
	if err := json.Unmarshal(control(200, "GET", "/counters", ""), &counters); err != nil {
		t.Fatal(err)
	}
	equal(t, "writes", counters["/wiki/api/v2/pages"].Writes, 1)
	equal(t, "reads", counters["/wiki/api/v2/spaces"].Reads, 1)
	lines := strings.Split(strings.TrimSpace(string(control(200, "GET", "/requests", ""))), "\n")
	equal(t, "requests", len(lines), 4)
	if !strings.Contains(lines[2], `"method":"POST","path":"/wiki/api/v2/pages","query":"","status":200`) || !strings.Contains(lines[2], `"user":"svc-tandem"`) {
		t.Errorf("line %s", lines[2])
	}
	readers := strings.Split(strings.TrimSpace(string(control(200, "GET", "/readers", ""))), "\n")
	equal(t, "readers", len(readers), 3)
	for i, want := range []string{`"principals":["everyone"]`, `"principals":["everyone"]`, `"content":"` + p + `","n":3,"principals":["user:svc-tandem"]`} {
		if !strings.Contains(readers[i], want) {
			t.Errorf("readers line %d: %s", i, readers[i])
		}
	}
	control(204, "POST", "/counters/reset", "")
	equal(t, "after reset", string(control(200, "GET", "/counters", "")), "{}\n")
	control(200, "PUT", "/clock", `{"now":"2030-01-01T00:00:00Z","rate":0}`)
	b.wait(time.Hour)
	equal(t, "a clock that stands", string(control(200, "GET", "/clock", "")), `{"now":"2030-01-01T00:00:00Z","rate":0}`+"\n")
	control(200, "PUT", "/clock", `{"rate":1}`)
	b.wait(time.Hour)
	equal(t, "a clock that runs", string(control(200, "GET", "/clock", "")), `{"now":"2030-01-01T01:00:00Z","rate":1}`+"\n")
	control(400, "PUT", "/options", `{"SP-07":"SOME"}`)
	control(400, "PUT", "/options", `{"XX-99":"1"}`)
	control(204, "PUT", "/options", `{"SP-07":"ROLES"}`)
	equal(t, "option", b.do(200, "GET", "/wiki/api/v2/space-role-mode", nil).str("mode"), "ROLES")
	control(400, "GET", "/dump?form=odd", "")
	control(200, "POST", "/act", `{"user":"ann","action":{"edit":{"page":"A","block":"p1","word":3,"to":"uuu"}}}`)
	equal(t, "edited", b.body(p), "<p>A p1 uuu</p>")
	control(400, "POST", "/act", `{"user":"ann","action":{"fly":{}}}`)
	control(400, "POST", "/act", `{"user":"nobody","action":{"trash":"A"}}`)
	_ = home
}

func TestActs(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.site.AddGroup("g1", "ann")
	b.space("K")
	b.space("L")
	act := func(action string) []string {
		t.Helper()
		ids, err := b.site.Act("ann", json.RawMessage(action))
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		return ids
	}
	a := act(`{"create":{"title":"A","space":"K","text":"A p1 alpha"}}`)[0]
	act(`{"create":{"title":"B","under":"A","text":"<p>B p1</p>"}}`)
	act(`{"create":{"title":"C","under":"A","text":""}}`)
	act(`{"insert":{"page":"A","after":"p1","text":"more"}}`)
	act(`{"macro":{"page":"A","macro":"m","param":"title","to":"x"}}`[:0] + `{"rename":{"page":"A","to":"A new"}}`)
	act(`{"move":{"page":"C","before":"B"}}`)
	act(`{"label":{"page":"A","add":["x","my:y"]}}`)
	act(`{"label":{"page":"A","remove":["x"]}}`)
	act(`{"attach":{"page":"A","name":"f.txt","bytes":"one"}}`)
	act(`{"attach":{"page":"A","name":"f.txt","bytes":"two"}}`)
	act(`{"comment":{"page":"A","text":"c1"}}`)
	act(`{"comment":{"page":"A","text":"r1","reply":"c1"}}`)
	act(`{"comment":{"page":"A","text":"i1","on":"p1"}}`)
	act(`{"editComment":{"page":"A","comment":"c1","text":"c1 edited"}}`)
	act(`{"restrict":{"page":"A","read":["group:g1"],"update":[]}}`)
	act(`{"resave":"A"}`)
	page := b.as("ann").do(200, "GET", "/wiki/api/v2/pages/"+a+"?body-format=storage", nil)
	equal(t, "title", page.str("title"), "A new")
	equal(t, "version", page.num("version.number"), 4)
	equal(t, "author", page.str("version.authorId"), "ann")
	if body := page.str("body.storage.value"); !strings.Contains(body, "inline-comment-marker") || !strings.Contains(body, "<p>more</p>") {
		t.Errorf("body %s", body)
	}
	same(t, "order", b.as("ann").do(200, "GET", "/wiki/api/v2/pages/"+a+"/direct-children", nil).col("title"), "C", "B")
	n := b.site.Counts()
	want := Counts{Spaces: 2, CurrentPages: 5, Labels: 1, AttachmentsCurrent: 1, AttachmentsWithBinary: 1, FooterComments: 1, InlineComments: 1, Replies: 1, RestrictedPages: 1}
	equal(t, "counts", n, want)
	act(`{"dropComment":{"page":"A","comment":"c1"}}`)
	act(`{"detach":{"page":"A","name":"f.txt"}}`)
	act(`{"moveOut":{"page":"C","space":"L"}}`)
	act(`{"trash":["A","B"]}`)
	act(`{"restore":"B"}`)
	act(`{"purge":"A"}`)
	act(`{"archive":"B"}`)
	n = b.site.Counts()
	equal(t, "in the end", n, Counts{Spaces: 2, CurrentPages: 3, Archived: 1})
	for _, bad := range []string{`{"edit":{"page":"Nowhere"}}`, `{"edit":{"page":"C","typo":1}}`, `{"a":1,"b":2}`, `[]`} {
		if _, err := b.site.Act("ann", json.RawMessage(bad)); err == nil {
			t.Errorf("%s was done", bad)
		}
	}
}

// TestDump holds the shape of the full form, and that the neutral form is the same for another order of work.
func TestDump(t *testing.T) {
	build := func(seed uint64, reverse bool) *bench {
		b := newBench(t)
		site, err := New(Options{Seed: seed, Now: b.site.clock.now, Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { site.Close() })
		b.site = site
		b.wait(time.Duration(seed) * time.Hour)
		id, home := b.space("K")
		titles := []string{"One", "Two"}
		if reverse {
			titles = []string{"Two", "One"}
		}
		ids := map[string]string{}
		for _, title := range titles {
			ids[title] = b.page(id, home, title, "<p>x</p>")
		}
		b.do(200, "PUT", "/wiki/rest/api/content/"+ids["One"]+"/move/before/"+ids["Two"], nil)
		link := `<p><a href="/wiki/spaces/K/pages/` + ids["One"] + `/One">l</a> <a href="/wiki/x/` + shortLink(mustID(ids["One"])) + `">s</a></p><ac:structured-macro ac:name="toc" />`
		b.put(200, ids["Two"], "Two", link, 2)
		b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": ids["One"], "body": storage("<p>c</p>")})
		b.upload(200, "PUT", "/wiki/rest/api/content/"+ids["One"]+"/child/attachment", part{"file", "f.txt", "text/plain", "f"})
		return b
	}
	one, two := build(1, false), build(2, true)
	if a, b := one.site.Dump("neutral"), two.site.Dump("neutral"); !bytes.Equal(a, b) {
		t.Errorf("neutral dumps differ\n%s\n%s", a, b)
	}
	if a, b := one.site.Dump("full"), two.site.Dump("full"); bytes.Equal(a, b) {
		t.Error("full dumps are equal")
	}
	full := one.dump("full")
	kinds := []string{}
	for _, row := range full["content"].([]any) {
		kinds = append(kinds, row.(map[string]any)["kind"].(string))
	}
	same(t, "sorted by kind", kinds, "attachment", "comment", "page", "page", "page")
	file := full["content"].([]any)[0].(map[string]any)["file"].(map[string]any)
	equal(t, "sha256 of f", file["sha256"].(string), "252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111")
	if err := one.site.MutateBody(full["content"].([]any)[3].(map[string]any)["id"].(string), func(string) string { return "<p>other</p>" }); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one.site.Dump("neutral"), two.site.Dump("neutral")) {
		t.Error("a changed body does not show")
	}
}

func mustID(id string) int64 {
	var n int64
	if _, err := fmt.Sscan(id, &n); err != nil {
		panic(err)
	}
	return n
}

func TestOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Personality: "jira"}, {Options: map[string]string{"SP-07": "x"}}, {Options: map[string]string{"nope": "x"}},
		{Faults: []byte("rules: []")}, {Import: "x.zip"},
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

func BenchmarkReadPage(b *testing.B) {
	site, page := benchSite(b)
	email, token := site.Account()
	for b.Loop() {
		r := httptest.NewRequest("GET", "/wiki/api/v2/pages/"+page+"?body-format=storage", nil)
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkCreatePage(b *testing.B) {
	site, _ := benchSite(b)
	email, token := site.Account()
	id := text(site.world.spaces[0].id)
	body := strings.Repeat("<p>Some text &mdash; with <strong>marks</strong> in it.</p>", 8192/58)
	i := 0
	for b.Loop() {
		i++
		q, _ := json.Marshal(object{"spaceId": id, "title": fmt.Sprint("T", i), "body": storage(body)})
		r := httptest.NewRequest("POST", "/wiki/api/v2/pages", bytes.NewReader(q))
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func benchSite(b *testing.B) (*Site, string) {
	b.Helper()
	site, err := New(Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { site.Close() })
	email, token := site.Account()
	send := func(path string, q object) map[string]any {
		data, _ := json.Marshal(q)
		r := httptest.NewRequest("POST", path, bytes.NewReader(data))
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		var out map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 {
			b.Fatal(w.Body)
		}
		return out
	}
	send("/wiki/rest/api/space", object{"key": "B", "name": "Bench"})
	page := send("/wiki/api/v2/pages", object{
		"spaceId": text(site.world.spaces[0].id), "title": "P", "body": storage("<p>" + strings.Repeat("some text ", 800) + "</p>"),
	})
	return site, page["id"].(string)
}
