package emulator

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// find runs a search of the site.
func (b *bench) find(want int, query string, more ...string) got {
	b.t.Helper()
	path := "/search?cql=" + url.QueryEscape(query)
	for i := 0; i < len(more); i += 2 {
		path += "&" + more[i] + "=" + url.QueryEscape(more[i+1])
	}
	return b.v1(want, "GET", path, nil)
}

func TestRow_PG_02(t *testing.T) {
	b := newBench(t)
	first := b.v1(200, "GET", "/group?limit=2", nil)
	equal(t, "way on", first.str("_links.next"), "/rest/api/group?limit=2&start=2")
	equal(t, "window", fmt.Sprint(first.num("start"), first.num("limit"), first.num("size")), "0 2 2")
	equal(t, "context", first.str("_links.context"), "/wiki")
	all := b.v1(200, "GET", "/group", nil)
	equal(t, "all fit", all.at("_links.next"), nil)
	b.v1(400, "GET", "/group?start=-1", nil)
}

func TestRow_PG_04(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	const pages = 320
	for i := range pages {
		b.page(id, "", fmt.Sprintf("P%03d", i), "<p>x</p>")
	}
	g := b.find(200, "space = S", "limit", "250", "start", "100", "excerpt", "none", "expand", "content.version")
	equal(t, "start is ignored", g.num("start"), 0)
	equal(t, "limit is echoed", g.num("limit"), 250)
	totals, sizes, seen := g.num("totalSize"), []int{}, map[string]bool{}
	for {
		rows := g.at("results").([]any)
		sizes = append(sizes, len(rows))
		for _, row := range rows {
			seen[row.(map[string]any)["content"].(map[string]any)["id"].(string)] = true
		}
		next, there := g.at("_links.next").(string)
		if !there {
			break
		}
		if !strings.HasPrefix(next, "/rest/api/search?") || !strings.Contains(next, "next=true") || strings.Contains(next, "excerpt") {
			t.Fatalf("way on %q", next)
		}
		g = b.do(200, "GET", "/wiki"+next, nil)
		if g.str("results.0.excerpt") == "" {
			t.Error("the excerpt's form was carried over")
		}
	}
	equal(t, "all are found", len(seen), pages+1)
	equal(t, "the first page", sizes[0], 100)
	if slices.Max(sizes[1:len(sizes)-1]) > 100 || totals < 300 || totals > 340 {
		t.Errorf("pages of %v, total %d", sizes, totals)
	}
	short := false
	for _, query := range []string{"space = S", "space = S order by title", "space = S order by created desc", "space = S and type = page"} {
		g := b.find(200, query, "limit", "100")
		for next, there := g.at("_links.next").(string); there; next, there = g.at("_links.next").(string) {
			if g = b.do(200, "GET", "/wiki"+next, nil); len(g.col("title")) < 100 && g.at("_links.next") != nil {
				short = true
			}
		}
	}
	if !short {
		t.Error("no page is short before the end")
	}
	for expand, most := range map[string]int{"content.body.storage": 50, "content.body.export_view": 25, "content.body.styled_view": 25} {
		equal(t, expand, len(b.find(200, "space = S", "limit", "100", "expand", expand).col("title")), most)
	}
	list := b.cql(200, "space = S")
	if list.at("totalSize") != nil {
		t.Error("the search for contents has a total")
	}
}

func TestRow_PG_05(t *testing.T) {
	b := newBench(t)
	for i := range 130 {
		b.site.AddUser(fmt.Sprintf("u%03d", i), fmt.Sprintf("Una Number%03d", i), fmt.Sprintf("u%d@example.test", i))
	}
	b.site.SetActive("u005", false)
	users := func(want int, query, more string) got {
		t.Helper()
		return b.v1(want, "GET", "/search/user?cql="+url.QueryEscape(query)+more, nil)
	}
	g := users(200, `user.fullname ~ "una"`, "&limit=500")
	equal(t, "rows", len(g.at("results").([]any)), 100)
	equal(t, "echo", g.num("limit"), 500)
	equal(t, "total", g.num("totalSize"), 100)
	equal(t, "no way on", g.at("_links.next"), nil)
	equal(t, "second piece", users(200, `user.fullname ~ "una"`, "&start=100&limit=100").num("size"), 29)
	equal(t, "deactivated", users(200, `user = u005`, "").num("size"), 0)
	equal(t, "beginnings in order", users(200, `type = user and user.fullname ~ "un number00*"`, "").num("size"), 9)
	equal(t, "other order", users(200, `user.fullname ~ "number una"`, "").num("size"), 0)
	equal(t, "either", users(200, `user = u001 or user.accountid in (u002, u003)`, "").num("size"), 3)
	equal(t, "not", users(200, `type = user and not user.fullname ~ "una"`, "").num("size"), 1)
	users(500, `user.fullname ~ ""`, "")
	users(400, `title ~ "x"`, "")
	users(400, `nonsense (((`, "")
}

func TestRow_CQ_03(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "Needle page", "<p>x</p>")
	q := b.page(id, "", "Other page", "<p>x</p>")
	b.cql(400, `status = "archived"`)
	b.cql(400, `user.fullname ~ "x"`)
	b.cql(400, `user = x`)
	same(t, "last of three", b.cql(200, `space = S and title ~ page and siteSearch ~ "Needle"`).col("id"), p)
	same(t, "dropped in the middle", b.cql(200, `space = S and siteSearch ~ "Needle" and title ~ page`).col("id"), p, q)
	b.archive(p)
	same(t, "archived", b.cql(200, `title ~ page`).col("id"), q)
}

func TestRow_CQ_04(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	b.page(id, "", "Salt & Pepper", "<p>pepper grinds</p>")
	row := b.find(200, `title ~ "pepper" and type = page`)
	equal(t, "title", row.str("results.0.title"), "Salt &amp; @@@hl@@@Pepper@@@endhl@@@")
	equal(t, "of the content", row.str("results.0.content.title"), "Salt & Pepper")
	equal(t, "excerpt", row.str("results.0.excerpt"), "@@@hl@@@pepper@@@endhl@@@ grinds")
	equal(t, "indexed", b.find(200, `title ~ "pepper"`, "excerpt", "indexed").str("results.0.excerpt"), "pepper grinds")
	equal(t, "none", b.find(200, `title ~ "pepper"`, "excerpt", "none").str("results.0.excerpt"), "")
	equal(t, "nothing to mark", b.find(200, `space = S and title = "Salt & Pepper"`).str("results.0.title"), "Salt &amp; Pepper")
}

func TestRow_CQ_06_V1(t *testing.T) {
	b := newBench(t) // no content: the query is refused all the same
	for _, bad := range []string{`colour = red`, `space > S`, `text = x`, `created ~ x`, `created > "5.1.2026"`, `creator = someFunction()`, `a b c`, `space = currentSpace()`} {
		if g := b.find(400, bad); !strings.HasPrefix(g.str("message"), "Could not parse cql") {
			t.Errorf("%s: %s", bad, g.raw)
		}
	}
	b.find(400, `type = page`, "cqlcontext", "{")
	b.find(400, `type = page`, "limit", "many")
}

func TestRow_ER_08(t *testing.T) {
	b := newBench(t)
	b.cql(500, `siteSearch ~ ""`)
	b.find(500, `text ~ " "`)
	b.v1(500, "GET", "/search/user?cql="+url.QueryEscape(`user.fullname ~ ""`), nil)
	b.v1(500, "POST", "/content/archive", object{"pages": []object{{"id": 0}}})
}

func TestRow_CQ_01_V1(t *testing.T) {
	b := newBench(t, "CQ-01", "30s")
	id, _ := b.space("S")
	b.wait(time.Hour)
	p := b.page(id, "", "Slow", "<p>one</p>")
	same(t, "at once", b.cql(200, "title = Slow").col("id"))
	b.wait(31 * time.Second)
	same(t, "later", b.cql(200, "title = Slow").col("id"), p)
	b.v1(200, "POST", "/content/"+p+"/label", object{"prefix": "global", "name": "fast"})
	same(t, "labels have no lag", b.cql(200, "label = fast").col("id"), p)
}

func TestRow_CQ_02_V1(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	b.wait(time.Hour + 30*time.Second) // 10:00:30 in UTC, 12:00 in the zone of the accounts
	p := b.page(id, "", "Timed", "<p>x</p>")
	for query, there := range map[string]bool{
		`created >= "2026-01-05 12:00"`: true, `created > "2026-01-05 12:00"`: false, `created = "2026-01-05 12:00"`: true,
		`created <= "2026/01/05 12:00"`: true, `created < "2026-01-05"`: false, `created >= now("-1m")`: true, `created > startOfDay()`: true,
		`created < endOfDay("-1d")`: false, `created > startOfYear("+1d")`: true, `created >= "2026-01-05 10:30" and created < "2026-01-05 11:59"`: false,
	} {
		equal(t, query, slices.Contains(b.cql(200, "title = Timed and "+query).col("id"), p), there)
	}
	if err := b.site.SetOptions(map[string]string{"CQ-02": "Asia/Tokyo"}); err != nil {
		t.Fatal(err)
	}
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	same(t, "in the caller's zone", b.as("ann").cql(200, `title = Timed and created >= "2026-01-05 19:00"`).col("id"), p)
	b.cql(400, `created > "2026-01-05 12:00:01"`)
	b.cql(400, `created > startOfAge()`)
}

func TestRow_OF_26(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p, q := b.page(id, "", "Old plan", "<p>x</p>"), b.page(id, "", "New plan", "<p>x</p>")
	b.archive(p)
	ask := func(context string) []string {
		t.Helper()
		return b.cql(200, "title ~ plan", "cqlcontext", context).col("id")
	}
	same(t, "by default", ask(""), q)
	same(t, "archived", ask(`{"contentStatuses":["archived"]}`), p)
	same(t, "both", ask(`{"contentStatuses":["current","archived"]}`), p, q)
	same(t, "a space is no filter", ask(`{"spaceKey":"T"}`), q)
	same(t, "but a value", b.cql(200, "space = currentSpace() and title ~ plan", "cqlcontext", `{"spaceKey":"S"}`).col("id"), q)
	if err := b.site.SetOptions(map[string]string{"OF-26": "ignored"}); err != nil {
		t.Fatal(err)
	}
	same(t, "ignored", ask(`{"contentStatuses":["archived"]}`), q)
}

func TestFieldsOfCQL(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	b.v1(200, "POST", "/space/S/label", object{"prefix": "team", "name": "garden"})
	p := b.page(id, "", "P", `<ac:structured-macro ac:name="toc" /><p><ac:link><ri:user ri:account-id="ann" /></ac:link></p>`)
	q := b.as("ann").page(id, p, "Q", "<p>q</p>")
	b.put(200, q, "Q", "<p>q2</p>", 2)
	b.v1(200, "PUT", "/relation/favourite/from/user/current/to/content/"+q, nil)
	b.v1(200, "PUT", "/relation/favourite/from/user/current/to/space/S", nil)
	b.v1(204, "POST", "/user/watch/content/"+p+"?accountId=ann", nil)
	file := b.upload(200, "POST", restV1+"/content/"+p+"/child/attachment", part{"file", "a.txt", "text/plain", "x"}).str("results.0.id")
	note := b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": p, "body": storage("<p>n</p>")}).str("id")
	for query, want := range map[string][]string{
		`macro = toc`:   {p},
		`mention = ann`: {p},
		`creator = ann`: {q},
		`contributor = currentUser() and title = Q`: {q},
		`favourite = currentUser()`:                 {q},
		`watcher = ann and type = page`:             {p, q},
		`container = ` + p + ` order by type desc`:  {note, file},
		`id = ` + file:                                     {file},
		`space.category = garden and title = P`:            {p},
		`space.title ~ "space" and title = P`:              {p},
		`space.type = global and title = P`:                {p},
		`space in (favouriteSpaces()) and title = P`:       {p},
		`type = page and title in (P, Q) order by creator`: {q, p},
	} {
		same(t, query, b.cql(200, query).col("id"), want...)
	}
	b.cql(400, `macro ~ toc`)
}
