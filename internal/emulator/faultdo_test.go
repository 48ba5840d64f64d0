package emulator

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDoStandsIn(t *testing.T) {
	l := newLab(t, "")
	for i, c := range []struct {
		do      string
		status  int
		form    string
		body    string // contained
		applied bool
	}{
		{"{status: 500}", 500, "application/json", `"code":"INTERNAL_SERVER_ERROR"`, false},
		{"{status: 500, apply: true}", 500, "application/json", `"status":500`, true},
		{`{status: 401, body: '{"code":401}'}`, 401, "application/json", `{"code":401}`, false},
		{`{status: 200, body: "<p>hi</p>", header: {Content-Type: text/xml}}`, 200, "text/xml", "<p>hi</p>", false},
		{`{status: 200, body: ok}`, 200, "text/plain;charset=UTF-8", "ok", false},
		{`{status: 200, body: "", apply: true}`, 200, "", "", true},
		{`{status: 204}`, 204, "", "", false},
		{"{html: login}", 200, "text/html;charset=UTF-8", `action="/login"`, false},
		{"{html: proxy, status: 502}", 502, "text/html;charset=UTF-8", "Bad gateway", false},
		{"{html: maintenance, apply: true}", 200, "text/html;charset=UTF-8", "maintenance", true},
	} {
		l.rules("rules: [{match: {method: POST}, do: " + c.do + "}]")
		title := "stand-in " + string(rune('a'+i))
		g, cut := l.try(l.create(title))
		equal(t, c.do+" status", g.status, c.status)
		equal(t, c.do+" form", g.header.Get("Content-Type"), c.form)
		equal(t, c.do+" applied", l.has(title), c.applied)
		equal(t, c.do+" logged", l.last().Status, c.status)
		if cut || !strings.Contains(string(g.raw), c.body) {
			t.Errorf("%s: %s", c.do, g.raw)
		}
	}
	l.rules("rules: [{do: {header: {Date: null, X-RateLimit-Limit: null, Retry-After: 3}}}]")
	g := l.get("/wiki/api/v2/pages")
	if g.status != 200 || g.header.Get("Date") != "" || g.header.Get("Retry-After") != "3" {
		t.Errorf("%d %v", g.status, g.header)
	}
}

func TestDoDropAndTruncate(t *testing.T) {
	l := newLab(t, "rules: [{match: {nth: 1, method: POST}, do: {drop: before-apply}}, {match: {nth: 2, method: POST}, do: {drop: after-apply}}, {match: {method: GET}, do: {truncate: 40}}]")
	for title, applied := range map[string]bool{"one": false} {
		g, cut := l.try(l.create(title))
		if !cut || g.status != 0 || l.has(title) != applied || l.last().Status != 0 {
			t.Errorf("drop before: %d %v, logged %+v", g.status, cut, l.last())
		}
	}
	if g, cut := l.try(l.create("two")); !cut || g.status != 0 || !l.has("two") {
		t.Errorf("drop after: %d %v", g.status, cut)
	}
	g, cut := l.try(l.request("GET", "/wiki/api/v2/pages", nil))
	if !cut || len(g.raw) != 40 || len(g.header.Get("Content-Length")) < 4 || l.last().Bytes != 40 {
		t.Errorf("truncated: %v %d bytes of %s", cut, len(g.raw), g.header.Get("Content-Length"))
	}
	l.rules("rules: [{do: {truncate: 1000000}}]")
	if g, cut := l.try(l.request("GET", "/wiki/api/v2/pages", nil)); cut || g.json == nil {
		t.Error("an answer shorter than that was cut")
	}
}

// TestDoOnTheWire holds what a client of a real connection sees.
func TestDoOnTheWire(t *testing.T) {
	l := newLab(t, `
rules:
  - match: {path: /wiki/api/v2/spaces}
    do: {truncate: 30}
  - match: {method: POST, nth: 1}
    do: {applyLate: 10s}
  - match: {method: POST, nth: 2}
    do: {drop: after-apply}
  - match: {method: POST}
    do: {delay: 30s}`)
	server := httptest.NewServer(l.site.Handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	send := func(ctx context.Context, r *http.Request) (*http.Response, error) {
		to, _ := url.Parse(server.URL)
		r = r.Clone(ctx)
		r.URL.Scheme, r.URL.Host, r.RequestURI = "http", to.Host, ""
		return client.Do(r)
	}
	resp, err := send(t.Context(), l.request("GET", "/wiki/api/v2/spaces", nil))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != io.ErrUnexpectedEOF || len(data) != 30 || resp.ContentLength < 100 {
		t.Errorf("truncated: %v, %d bytes of %d", err, len(data), resp.ContentLength)
	}
	if resp, err := send(t.Context(), l.create("late")); err == nil {
		resp.Body.Close()
		t.Error("an answer in spite of applyLate")
	}
	l.clock.Wait(9999 * time.Millisecond)
	if l.has("late") {
		t.Error("applied before its time")
	}
	l.clock.Wait(time.Millisecond)
	if !l.has("late") {
		t.Error("not applied although the client is gone")
	}
	if resp, err := send(t.Context(), l.create("lost")); err == nil || !l.has("lost") {
		resp.Body.Close()
		t.Error("an answer in spite of drop, or no effect")
	}
	for len(l.clock.set) > 0 {
		<-l.clock.set
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := send(ctx, l.create("slow"))
		done <- err
	}()
	<-l.clock.set // the effect is there, the answer waits
	if !l.has("slow") {
		t.Error("the effect waits")
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("answered")
	}
}

// TestApplyLateOnAClockThatIsSet has no timer ring: the next request, and the dump, come after what is due before.
func TestApplyLateOnAClockThatIsSet(t *testing.T) {
	l := newLab(t, "rules: [{match: {nth: 1}, do: {applyLate: 10s}}, {match: {nth: 2}, do: {applyLate: 5s}}]")
	l.try(l.create("second"))
	l.try(l.create("first"))
	l.clock.mu.Lock()
	l.clock.now = l.clock.now.Add(time.Minute)
	l.clock.mu.Unlock()
	counts := l.site.Dump("full")
	if !strings.Contains(string(counts), `"title":"second"`) {
		t.Error("the dump does not hold what was due")
	}
	rows := l.do(200, "GET", "/wiki/api/v2/spaces/"+l.space+"/pages?sort=-created-date&limit=2", nil)
	same(t, "order", rows.col("title"), "second", "first")
	equal(t, "date", rows.str("results.0.createdAt"), "2026-01-05T09:00:10.000Z")
	l.rules("rules: [{do: {applyLate: 10s}}]")
	l.try(l.create("never")) // the site closes before; nothing leaks
}

func TestDoStale(t *testing.T) {
	l := newLab(t, "rules: [{match: {query: {old: 1}}, do: {stale: 16s}}]")
	p := l.pages[0]
	path := "/wiki/api/v2/pages/" + p + "?body-format=storage"
	l.clock.Wait(time.Minute)
	l.put(200, p, "Renamed", "<p>new</p>", 2)
	l.do(200, "POST", "/wiki/rest/api/content/"+p+"/label", []object{{"prefix": "global", "name": "fresh"}})
	l.clock.Wait(2 * time.Second)
	l.do(204, "DELETE", "/wiki/api/v2/pages/"+l.pages[1], nil)
	l.do(200, "PUT", "/wiki/rest/api/content/"+l.pages[2]+"/move/append/"+p, nil)
	now, old := l.do(200, "GET", path, nil), l.do(200, "GET", path+"&old=1", nil)
	equal(t, "title now", now.str("title"), "Renamed")
	equal(t, "title then", old.str("title"), "P0")
	equal(t, "version then", old.num("version.number"), 1)
	if !strings.Contains(old.str("body.storage.value"), "more") {
		t.Errorf("body then %s", old.raw)
	}
	equal(t, "labels then", len(l.do(200, "GET", "/wiki/api/v2/pages/"+p+"/labels?old=1", nil).col("name")), 0)
	equal(t, "children then", len(l.do(200, "GET", "/wiki/api/v2/pages/"+p+"/direct-children?old=1", nil).col("id")), 0)
	equal(t, "pages then", len(l.do(200, "GET", "/wiki/api/v2/spaces/"+l.space+"/pages?old=1", nil).col("id")), 11)
	l.clock.Wait(15 * time.Second)
	equal(t, "later", l.do(200, "GET", path+"&old=1", nil).str("title"), "Renamed")
	equal(t, "not yet", len(l.do(200, "GET", "/wiki/api/v2/spaces/"+l.space+"/pages?old=1", nil).col("id")), 11)
	l.clock.Wait(time.Second)
	equal(t, "in the end", len(l.do(200, "GET", "/wiki/api/v2/spaces/"+l.space+"/pages?old=1", nil).col("id")), 10)
	for n := 3; n < 200; n++ {
		l.clock.Wait(100 * time.Millisecond)
		l.put(200, p, "Renamed", strings.Repeat("x", n), n)
	}
	if n := len(l.site.past.states); n > pastSteps+1 {
		t.Errorf("%d states kept", n)
	}
	l.rules("")
	if l.site.past.states != nil {
		t.Error("states are kept that no rule needs")
	}
}

func TestDoList(t *testing.T) {
	l := newLab(t, "")
	path := "/wiki/api/v2/spaces/" + l.space + "/pages?limit=6"
	calm := l.do(200, "GET", path, nil)
	l.rules("rules: [{do: {list: {duplicate: 2, omit: 1}}}]")
	g := l.do(200, "GET", path, nil)
	ids := g.col("id")
	count := map[string]int{}
	for _, id := range ids {
		count[id]++
	}
	doubled := 0
	for _, n := range count {
		if n == 2 {
			doubled++
		}
	}
	if len(ids) != 7 || len(count) != 5 || doubled != 2 {
		t.Errorf("rows %v of %v", ids, calm.col("id"))
	}
	same(t, "the same rows again", l.do(200, "GET", path, nil).col("id"), ids...)
	equal(t, "goes on", g.str("_links.next"), calm.str("_links.next"))
	l.rules("rules: [{match: {seed: 12}, do: {list: {duplicate: 2, omit: 1}}}]")
	if slices.Equal(l.do(200, "GET", path, nil).col("id"), ids) {
		t.Error("the seed does not count")
	}
	l.rules("rules: [{do: {list: {empty: true}}}]")
	g = l.do(200, "GET", path, nil)
	if len(g.col("id")) != 0 || strings.Contains(string(g.raw), `"next"`) || g.header.Get("Link") != "" {
		t.Errorf("empty: %s", g.raw)
	}
	search := l.do(200, "GET", "/wiki/rest/api/search?cql=type=page", nil)
	equal(t, "size", search.num("size"), 0)
	equal(t, "single", l.do(200, "GET", "/wiki/api/v2/pages/"+l.pages[0], nil).str("title"), "P0")
	l.do(200, "POST", "/wiki/rest/api/content/"+l.pages[0]+"/label", []object{{"prefix": "global", "name": "a"}})
}

func TestDoHide(t *testing.T) {
	l := newLab(t, "")
	attached := l.upload(200, "PUT", "/wiki/rest/api/content/"+l.pages[0]+"/child/attachment", part{"file", "f.txt", "text/plain", "f"})
	_ = attached
	l.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": l.pages[0], "body": storage("<p>c</p>")})
	l.rules("rules: [{match: {seed: 3}, do: {hide: 0.5}}]")
	rows := l.do(200, "GET", "/wiki/api/v2/spaces/"+l.space+"/pages", nil).col("id")
	if len(rows) < 2 || len(rows) > 9 {
		t.Fatalf("%d of 11 pages are there", len(rows))
	}
	for _, id := range append(slices.Clone(l.pages), l.home) {
		there := slices.Contains(rows, id)
		want := map[bool]int{true: 200, false: 404}[there]
		l.do(want, "GET", "/wiki/api/v2/pages/"+id, nil)
		l.do(want, "GET", "/wiki/rest/api/content/"+id+"/restriction", nil)
		found := len(l.do(200, "GET", "/wiki/rest/api/content/search?cql=id="+id, nil).col("id"))
		equal(t, "search "+id, found == 1, there)
		if !there {
			l.do(404, "DELETE", "/wiki/api/v2/pages/"+id, nil)
		}
	}
	l.rules("rules: [{do: {hide: 1}}]")
	equal(t, "all hidden", len(l.do(200, "GET", "/wiki/api/v2/footer-comments", nil).col("id")), 0)
	equal(t, "no files", len(l.do(200, "GET", "/wiki/api/v2/attachments", nil).col("id")), 0)
	l.rules("")
	equal(t, "nothing is gone", len(l.do(200, "GET", "/wiki/api/v2/spaces/"+l.space+"/pages", nil).col("id")), 11)
}

func TestDoExpire(t *testing.T) {
	l := newLab(t, "rules: [{match: {nth: 2}, do: {expire: token}}]")
	l.do(200, "GET", "/wiki/rest/api/user/current", nil)
	old := l.request("GET", "/wiki/rest/api/user/current", nil)
	equal(t, "v2", l.get("/wiki/api/v2/pages").title(), "Not Found")
	l.do(403, "GET", "/wiki/rest/api/user/current", nil)
	l.rules("")
	l.do(404, "GET", "/wiki/api/v2/pages", nil)
	if l.site.Renew(serviceID) == "" || l.site.Renew("nobody") != "" {
		t.Error("tokens")
	}
	l.do(200, "GET", "/wiki/rest/api/user/current", nil)
	equal(t, "old token", l.send(old).status, 403)
}

func TestDoClock(t *testing.T) {
	l := newLab(t, "rules: [{do: {clock: -5m}}]")
	id := l.page(l.space, "", "Skewed", "<p>x</p>")
	g := l.do(200, "GET", "/wiki/api/v2/pages/"+id, nil)
	equal(t, "Date", g.header.Get("Date"), "Mon, 05 Jan 2026 08:55:00 GMT")
	equal(t, "createdAt", g.str("createdAt"), "2026-01-05T08:55:00.000Z")
	equal(t, "log", l.last().Time, "2026-01-05T09:00:00.000Z")
	l.do(202, "DELETE", "/wiki/rest/api/content/"+id+"/pageTree", nil)
	l.clock.Wait(time.Second)
	l.do(200, "GET", "/wiki/api/v2/pages/"+id, nil)
	if l.has("Skewed") {
		t.Error("a long task waits for the skewed clock")
	}
}
