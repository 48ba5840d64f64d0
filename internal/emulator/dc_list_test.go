package emulator

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// follow reads all pages of a listing by its next links and returns a member of each row, and the number of pages.
func (b *bench) follow(path, member string) (rows []string, pages int) {
	b.t.Helper()
	for path != "" && pages < 100 {
		g := b.do(200, "GET", path, nil)
		if g.at("results") == nil {
			b.t.Fatalf("no results: %s", g.raw)
		}
		rows = append(rows, g.col(member)...)
		next, _ := g.at("_links").(map[string]any)["next"].(string)
		path = next
		pages++
	}
	return rows, pages
}

func (b *bench) dcPages(n int) (ids []string) {
	b.t.Helper()
	for i := range n {
		ids = append(ids, b.dcPage("K", "", fmt.Sprintf("Page %02d", i), fmt.Sprintf("<p>word%d</p>", i)))
	}
	return ids
}

func TestRow_PG_07_DC(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	home := b.dcSpace("K")
	ids := b.dcPages(4)
	b.hideFrom(ids[1], "ann")
	seen, _ := b.as("ann").follow("/rest/api/content?spaceKey=K", "id")
	same(t, "listing", seen, home, ids[0], ids[2], ids[3])
	seen, _ = b.as("ann").follow("/rest/api/content/scan?spaceKey=K", "id")
	same(t, "scan", seen, home, ids[0], ids[2], ids[3])
	seen, _ = b.as("ann").follow("/rest/api/content/search?cql="+url.QueryEscape("title ~ Page"), "id")
	same(t, "search", seen, ids[0], ids[2], ids[3])
}

// TestRow_PG_08: a page that the permission filter made shorter is not the end.
func TestRow_PG_08(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	home := b.dcSpace("K")
	ids := b.dcPages(5)
	b.hideFrom(ids[1], "ann")
	ann := b.as("ann")
	first := ann.do(200, "GET", "/rest/api/content?spaceKey=K&limit=3", nil)
	equal(t, "size", first.num("size"), 2)
	equal(t, "limit", first.num("limit"), 3)
	all, pages := ann.follow("/rest/api/content?spaceKey=K&limit=3", "id")
	same(t, "all", all, home, ids[0], ids[2], ids[3], ids[4])
	equal(t, "pages", pages, 2)
	last := ann.do(200, "GET", first.str("_links.next"), nil)
	equal(t, "prev", strings.HasPrefix(last.str("_links.prev"), "/rest/api/content?"), true)
	equal(t, "base", last.str("_links.base"), "https://emulated.example.test")
}

func TestRow_PG_09(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	for path, want := range map[string]int{
		"/rest/api/content/search?cql=type=page&limit=5000&expand=body.storage":         50,
		"/rest/api/content/search?cql=type=page&limit=5000&expand=version":              200,
		"/rest/api/content/search?cql=type=page&limit=5000":                             1000,
		"/rest/api/content?limit=5000&expand=space":                                     200,
		"/rest/api/search?cql=type=page&limit=5000":                                     500,
		"/rest/api/search?cql=type=page&limit=5000&expand=content.body.storage":         50,
		"/rest/api/content/scan?limit=5000&expand=body.storage":                         50,
		"/rest/api/content/search?cql=type=page&limit=20&expand=body.view,body.storage": 20,
	} {
		equal(t, path, b.do(200, "GET", path, nil).num("limit"), want)
	}
	home := b.dcSpace("L")
	for i := range 30 {
		b.dcPage("L", home, fmt.Sprintf("Kid %02d", i), "")
	}
	kids := func(path string) int {
		return len(b.do(200, "GET", "/rest/api/content/"+home+path, nil).at("page.results").([]any))
	}
	equal(t, "default", kids("/child?expand=page"), 25)
	equal(t, "limit", kids("/child?expand=page&limit=30"), 30)
	equal(t, "start", kids("/child?expand=page&limit=30&start=10"), 20)
	ranged := b.do(200, "GET", "/rest/api/content/"+home+"?expand=children.page%5B0:50%5D", nil)
	equal(t, "range", len(ranged.at("children.page.results").([]any)), 30)
	if err := b.site.SetOptions(map[string]string{"PG-09": "old"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "old", kids("/child?expand=page&limit=30&start=10"), 25)
	all, _ := b.follow("/rest/api/content/"+home+"/child/page?limit=30", "id")
	equal(t, "by type", len(all), 30)
}

// TestRow_PG_10: the keyset cursor neither repeats nor leaves out while contents are written and removed.
func TestRow_PG_10(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	ids := b.dcPages(6)
	g := b.do(200, "GET", "/rest/api/content/scan?spaceKey=K&type=page&limit=3&expand=version", nil)
	same(t, "first", g.col("id"), home, ids[0], ids[1])
	equal(t, "cursor", g.str("nextCursor"), "content:false:"+ids[1])
	equal(t, "no way back", g.at("prevCursor"), nil)
	if strings.Contains(g.str("_links.next"), "type=") {
		t.Error("the type is asked for on the first call only")
	}
	b.do(204, "DELETE", "/rest/api/content/"+ids[0], nil)
	fresh := b.dcPage("K", "", "Later", "")
	second := b.do(200, "GET", g.str("_links.next"), nil)
	same(t, "second", second.col("id"), ids[2], ids[3], ids[4])
	equal(t, "expanded", second.num("results.0.version.number"), 1)
	third := b.do(200, "GET", second.str("_links.next"), nil)
	same(t, "third", third.col("id"), ids[5], fresh)
	equal(t, "the end", third.at("nextCursor"), nil)
	equal(t, "the end", third.at("_links.next"), nil)
	back := b.do(200, "GET", third.str("_links.prev"), nil)
	same(t, "back", back.col("id"), ids[2], ids[3], ids[4])
	for _, bad := range []string{"x", "content:false:x", "content:maybe:1", "nothing:false:1", "space:false:1"} {
		b.do(400, "GET", "/rest/api/content/scan?spaceKey=K&cursor="+url.QueryEscape(bad), nil)
	}
	blog := b.do(200, "POST", "/rest/api/content", object{"type": "blogpost", "title": "B", "space": object{"key": "K"}}).str("id")
	g = b.do(200, "GET", "/rest/api/content/scan?spaceKey=K&type=blogpost", nil)
	same(t, "blog", g.col("id"), blog)
	newDC(t, "7.19").do(200, "GET", "/rest/api/content/scan", nil)
}

func TestRow_PG_12_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	ids := b.dcPages(4)
	g := b.do(200, "GET", "/rest/api/content?spaceKey=K&limit=3", nil)
	b.do(204, "DELETE", "/rest/api/content/"+ids[0], nil)
	rest := b.do(200, "GET", g.str("_links.next"), nil).col("id")
	if slices.Contains(rest, ids[2]) {
		t.Error("the row that moved up was not missed")
	}
}

func TestRow_PG_15_DC(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	ids := b.dcPages(2)
	b.do(204, "DELETE", "/rest/api/content/"+ids[0], nil)
	b.do(200, "POST", "/rest/api/content", object{"type": "page", "status": "draft", "title": "D", "space": object{"key": "K"}})
	same(t, "current", b.do(200, "GET", "/rest/api/content?spaceKey=K", nil).col("id"), home, ids[1])
	same(t, "any", b.do(200, "GET", "/rest/api/content?spaceKey=K&status=any", nil).col("id"), home, ids[0], ids[1])
	same(t, "trashed", b.do(200, "GET", "/rest/api/content?spaceKey=K&status=trashed", nil).col("id"), ids[0])
	b.do(400, "GET", "/rest/api/content?spaceKey=K&status=historical", nil)
	same(t, "ids", b.do(200, "GET", "/rest/api/content?ids="+ids[1]+","+home, nil).col("id"), home, ids[1])
}

func TestRow_TR_04_DC(t *testing.T) {
	b := newDC(t, "9.2")
	home := b.dcSpace("K")
	for _, title := range []string{"Page 10", "Beta", "Page 9", "alpha"} {
		b.dcPage("K", home, title, "")
	}
	same(t, "by title", b.dcKids(home), "alpha", "Beta", "Page 9", "Page 10")
	row := b.do(200, "GET", "/rest/api/content/"+home+"/child/page", nil)
	equal(t, "unset", row.str("results.0.extensions.position"), "none")
	equal(t, "unset", row.num("results.0.position"), -1)
	ids := row.col("id")
	r := b.request("POST", "/pages/movepage.action?pageId="+ids[3]+"&position=above&targetId="+ids[1], nil)
	r.Header.Set("X-Atlassian-Token", "no-check")
	b.send(r)
	same(t, "by hand", b.dcKids(home), "alpha", "Page 10", "Beta", "Page 9")
	b.dcPage("K", home, "aaa", "")
	same(t, "a new one is last", b.dcKids(home), "alpha", "Page 10", "Beta", "Page 9", "aaa")
	equal(t, "positions", b.do(200, "GET", "/rest/api/content/"+home+"/child/page", nil).num("results.4.extensions.position"), 4)
	old := newDC(t, "8.5")
	home = old.dcSpace("K")
	equal(t, "older versions have only extensions", old.dcGet(home, "").at("position"), nil)
}

// TestPositionByUpdate is the position member of updates, from 10 on (open-facts OF-02).
func TestPositionByUpdate(t *testing.T) {
	b := newDC(t, "10.2")
	home := b.dcSpace("K")
	a, z := b.dcPage("K", home, "A", ""), b.dcPage("K", home, "Z", "")
	equal(t, "set", b.dcPut(200, z, "Z", 2, object{"position": 0}).num("position"), 0)
	same(t, "positioned before unset", b.dcKids(home), "Z", "A")
	equal(t, "unset", b.dcPut(200, z, "Z", 3, object{"position": -1}).str("extensions.position"), "none")
	same(t, "by title", b.dcKids(home), "A", "Z")
	_ = a
	b = newDC(t, "9.2")
	home = b.dcSpace("K")
	z = b.dcPage("K", home, "Z", "")
	equal(t, "not before 10", b.dcPut(200, z, "Z", 2, object{"position": 3}).str("extensions.position"), "none")
}

func TestRow_TR_06(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	a := b.dcPage("K", home, "A", "")
	z := b.dcPage("K", a, "Z", "")
	equal(t, "by ancestors", b.dcPut(200, z, "Z", 2, object{"ancestors": []object{{"id": home}}}).str("ancestors.0.id"), home)
	b.dcPut(400, a, "A", 2, object{"ancestors": []object{{"id": a}}})
	send := func(query, token string) got {
		r := b.request("POST", "/pages/movepage.action?"+query, nil)
		if token != "" {
			r.Header.Set("X-Atlassian-Token", token)
		}
		return b.send(r)
	}
	equal(t, "no token", send("pageId="+z+"&position=topLevel", "").status, 403)
	equal(t, "wrong token", send("pageId="+z+"&position=topLevel", "nocheck").status, 403)
	g := send("pageId="+z+"&spaceKey=K&position=topLevel", "no-check")
	equal(t, "top", g.str("page.id"), z)
	equal(t, "no ancestors", len(b.dcGet(z, "ancestors").at("ancestors").([]any)), 0)
	send("pageId="+z+"&position=append&targetId="+a, "no-check")
	same(t, "below", b.dcKids(a), "Z")
	loop := send("pageId="+a+"&position=append&targetId="+z, "no-check")
	equal(t, "loop", loop.status, 200)
	equal(t, "refused", len(loop.at("actionErrors").([]any)), 1)
	same(t, "unmoved", b.dcKids(a), "Z")
	other := b.dcSpace("L")
	send("pageId="+a+"&spaceKey=L&position=append&targetId="+other, "no-check")
	equal(t, "with its children", b.dcGet(z, "space").str("space.key"), "L")
}

func TestRow_TR_07(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	other := b.dcSpace("L")
	id := b.dcPage("K", "", "P", "")
	to := object{"space": object{"key": "L"}, "ancestors": []object{{"id": other}}}
	b.dcPut(400, id, "P", 2, to)
	if err := b.site.SetOptions(map[string]string{"TR-07": "works"}); err != nil {
		t.Fatal(err)
	}
	g := b.dcPut(200, id, "P", 2, to)
	equal(t, "space", g.str("space.key"), "L")
	equal(t, "parent", g.str("ancestors.0.id"), other)
	equal(t, "number", g.num("version.number"), 2)
}

func TestRow_TR_08(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	a := b.dcPage("K", home, "A", "")
	z := b.dcPage("K", a, "Z", "")
	g := b.dcGet(z, "ancestors")
	equal(t, "root first", g.str("ancestors.0.id"), home)
	equal(t, "parent last", g.str("ancestors.1.id"), a)
	equal(t, "none", len(b.dcGet(home, "ancestors").at("ancestors").([]any)), 0)
}

func (b *bench) dcFind(want int, query string, more ...string) got {
	b.t.Helper()
	path := "/rest/api/content/search?cql=" + url.QueryEscape(query)
	for _, m := range more {
		path += "&" + m
	}
	return b.do(want, "GET", path, nil)
}

func TestRow_CQ_01_DC(t *testing.T) {
	b := newDC(t, "", "CQ-01", "5s")
	b.dcSpace("K")
	id := b.dcPage("K", "", "Fresh", "")
	same(t, "not yet", b.dcFind(200, "title = Fresh").col("id"))
	b.wait(5 * time.Second)
	same(t, "now", b.dcFind(200, "title = Fresh").col("id"), id)
}

func TestRow_CQ_02_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	b.wait(30 * time.Second)
	id := b.dcPage("K", "", "P", "") // 09:00:30 UTC is 11:00 in the zone of the account
	same(t, "minute", b.dcFind(200, `title = P and lastmodified >= "2026-01-05 11:00"`).col("id"), id)
	same(t, "slashes", b.dcFind(200, `title = P and created < "2026/01/05 11:01"`).col("id"), id)
	same(t, "next minute", b.dcFind(200, `title = P and lastmodified >= "2026-01-05 11:01"`).col("id"))
	b.dcFind(400, `lastmodified >= "2026-01-05 11:00:30"`)
	b.dcFind(400, `lastmodified >= "yesterday"`)
}

func TestRow_CQ_05(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	for _, query := range []string{`created >= startOfDay()`, `created <= endOfYear()`, `created > startOfMonth("-1M")`, `lastmodified > now("-7d")`, `creator = currentUser()`, `creator = "svc-tandem"`} {
		same(t, query, b.dcFind(200, "title = P and "+query).col("id"), id)
	}
	same(t, "tomorrow", b.dcFind(200, `title = P and created > startOfDay("1d")`).col("id"))
	if err := b.site.SetOptions(map[string]string{"CQ-05": "refused"}); err != nil {
		t.Fatal(err)
	}
	b.dcFind(400, `lastmodified > now("-7d")`)
	b.dcFind(200, `lastmodified > startOfDay("-7d")`)
}

func TestRow_CQ_06_DC(t *testing.T) {
	b := newDC(t, "")
	for _, bad := range []string{"", "type =", "nosuchfield = 1", "type = page order by nothing", "created > soon()"} {
		b.dcFind(400, bad)
		b.do(400, "GET", "/rest/api/search?cql="+url.QueryEscape(bad), nil)
	}
}

func TestRow_CQ_08(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	b.dcPages(3)
	for limit, rows := range map[string]int{"0": 0, "1": 1} {
		g := b.do(200, "GET", "/rest/api/search?cql=space=K+and+type=page&limit="+limit, nil)
		equal(t, "total", g.num("totalSize"), 4)
		equal(t, "rows", g.num("size"), rows)
	}
	g := b.do(200, "GET", "/rest/api/search?cql=title=%22Page+01%22&excerpt=none&expand=content.version", nil)
	equal(t, "envelope", g.str("results.0.content.type"), "page")
	equal(t, "number", g.num("results.0.content.version.number"), 1)
	equal(t, "container", g.str("results.0.resultGlobalContainer.displayUrl"), "/spaces/K/overview")
	equal(t, "excerpt", g.str("results.0.excerpt"), "")
	equal(t, "query", g.str("cqlQuery"), `title="Page 01"`)
	equal(t, "content/search has no total", b.dcFind(200, "space = K").at("totalSize"), nil)
	spaces := b.do(200, "GET", "/rest/api/search?cql=type=space", nil)
	equal(t, "space", spaces.str("results.0.space.key"), "K")
}

func TestSearchOrderOfDataCenter(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	ids := b.dcPages(3)
	b.wait(time.Minute)
	b.dcPut(200, ids[0], "Page 00", 2, object{"body": inStorage("<p>z</p>")})
	same(t, "by change", b.dcFind(200, "title ~ Page order by lastmodified desc").col("id")[:1], ids[0])
	all, pages := b.follow("/rest/api/content/search?limit=2&cql="+url.QueryEscape("title ~ Page order by title desc"), "id")
	same(t, "by title", all, ids[2], ids[1], ids[0])
	equal(t, "pages", pages, 2)
}

// TestRow_AU_15_Actions: calls of the product's own pages need the header, in the one spelling.
func TestRow_AU_15_Actions(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	for token, want := range map[string]int{"": 403, "nocheck": 403, "no-check": 200} {
		r := b.request("POST", "/pages/movepage.action?pageId="+id+"&position=topLevel", nil)
		r.Header.Set("X-Atlassian-Token", token)
		g := b.send(r)
		equal(t, token, g.status, want)
		if want == 403 {
			equal(t, "text", string(g.raw), "XSRF check failed")
		}
	}
}

func TestRow_AU_16(t *testing.T) { newDC(t, "").writesLikeABrowser(t) }

// writesLikeABrowser sends JSON as a page of another site would.
func (b *bench) writesLikeABrowser(t *testing.T) {
	t.Helper()
	b.dcSpace("K")
	send := func(title string, header ...string) int {
		r := b.request("POST", "/rest/api/content", object{"type": "page", "title": title, "space": object{"key": "K"}})
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return b.send(r).status
	}
	equal(t, "plain", send("A", "User-Agent", "tandem/1"), 200)
	equal(t, "browser", send("B", "User-Agent", "Mozilla/5.0"), 403)
	equal(t, "origin", send("C", "Origin", "https://elsewhere.example.test"), 403)
	equal(t, "wrong spelling", send("D", "User-Agent", "Mozilla/5.0", "X-Atlassian-Token", "nocheck"), 403)
	equal(t, "no-check", send("E", "User-Agent", "Mozilla/5.0", "X-Atlassian-Token", "no-check"), 200)
}

// TestRow_AU_17_Writes: in read-only mode writes are 405 and say so.
func TestRow_AU_17_Writes(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	if err := b.site.SetOptions(map[string]string{"AU-17": "READ_ONLY"}); err != nil {
		t.Fatal(err)
	}
	g := b.dcPut(405, id, "P", 2, nil)
	equal(t, "allowed", g.at("data.allowedInReadOnlyMode"), any(false))
	b.do(405, "DELETE", "/rest/api/content/"+id, nil)
	b.do(200, "GET", "/rest/api/content/"+id, nil)
	b.do(200, "POST", "/rest/api/contentbody/convert/view", object{"value": "<p>x</p>", "representation": "storage"})
}

func TestRow_ER_14(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	for _, method := range []string{"HEAD", "OPTIONS", "PATCH"} {
		equal(t, method, b.send(b.request(method, "/rest/api/content/"+id, nil)).status, 405)
	}
}

func TestRow_ER_04_DC(t *testing.T) {
	b := newDC(t, "")
	for path, want := range map[string]int{"/rest/api/content/a%2Fb": 400, "/rest/api/nothing": 404} {
		w := httptest.NewRecorder()
		b.site.Handler().ServeHTTP(w, b.request("GET", path, nil))
		equal(t, path, w.Code, want)
		equal(t, "form", strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"), true)
	}
}

func TestRow_LT_04_DC(t *testing.T) {
	b := newDC(t, "")
	g := b.do(200, "POST", "/rest/api/contentbody/convert/view", object{"value": "<p>A &amp; B</p>", "representation": "storage"})
	equal(t, "value", g.str("value"), "<p>A &amp; B</p>")
	equal(t, "form", g.str("representation"), "view")
	equal(t, "editor", b.do(200, "POST", "/rest/api/contentbody/convert/storage", object{"value": "<p>x</p>", "representation": "editor"}).str("value"), "<p>x</p>")
	b.do(400, "POST", "/rest/api/contentbody/convert/storage", object{"value": "<p>x</p>", "representation": "view"})
	b.do(400, "POST", "/rest/api/contentbody/convert/view", object{"value": "<p>x", "representation": "storage"})
}
