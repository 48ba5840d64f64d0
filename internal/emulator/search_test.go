package emulator

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (b *bench) cql(want int, query string, more ...string) got {
	b.t.Helper()
	path := "/wiki/rest/api/content/search?cql=" + url.QueryEscape(query)
	for i := 0; i < len(more); i += 2 {
		path += "&" + more[i] + "=" + url.QueryEscape(more[i+1])
	}
	return b.do(want, "GET", path, nil)
}

// TestCQL: CQ-02, CQ-03, CQ-06, ER-08, OF-24 to OF-26.
func TestCQL(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	other, _ := b.space("T")
	a := b.page(id, "", "Alpha plan", "<p>needle in hay</p>")
	b.wait(2 * time.Hour)
	c := b.page(id, a, "Beta", "<p/>")
	d := b.page(other, "", `Quote "x"`, "<p/>")
	b.do(200, "POST", "/wiki/rest/api/content/"+c+"/label", []object{{"prefix": "global", "name": "red"}})
	for query, want := range map[string][]string{
		`space = S and type = page`:                              {home, a, c},
		`space in (S, "T") and title ~ "quote"`:                  {d},
		`title = "Quote \"x\""`:                                  {d},
		`label = red`:                                            {c},
		`label != red and space = s and type = page`:             {home, a},
		`ancestor = ` + home + ` order by title desc`:            {c, a},
		`parent = ` + home:                                       {a},
		`id in (` + a + `,` + c + `)`:                            {a, c},
		`not (space = S) and type = page and title ~ "Quote"`:    {d},
		`text ~ "needle" or label = "red"`:                       {a, c},
		`space = S and lastmodified >= "2026-01-05 13:00"`:       {c}, // 11:00 UTC is 13:00 in the account's zone
		`space = S and lastmodified > "2026-01-05 13:00"`:        {},
		`space = S and created < "2026/01/05 13:00"`:             {home, a},
		`space = S and created >= now("-1h") order by created`:   {c},
		`space = S and type in (page, blogpost) order by id asc`: {home, a, c},
		`space = S and title !~ "Alpha" and type = page`:         {home, c},
	} {
		same(t, query, b.cql(200, query).col("id"), want...)
	}
	for _, bad := range []string{`status = "archived"`, `space = `, `space S`, `(space = S`, ``, `space = S order`, `created > "5.1.2026"`, `title = "open`, `a = b c`} {
		if g := b.cql(400, bad); !strings.HasPrefix(g.str("message"), "Could not parse cql") {
			t.Errorf("%s: %s", bad, g.raw)
		}
	}
	b.cql(500, `siteSearch ~ ""`)
	b.archive(c)
	same(t, "archived pages are not found", b.cql(200, "label = red").col("id"))
	same(t, "unless asked for", b.cql(200, "label = red", "cqlcontext", `{"contentStatuses":["archived"]}`).col("id"), c)
	found := b.do(200, "GET", "/wiki/rest/api/search?cql="+url.QueryEscape("id = "+d)+"&expand=content.space,content.version", nil)
	equal(t, "title is HTML", found.str("results.0.title"), "Quote &#34;x&#34;")
	equal(t, "content's title is not", found.str("results.0.content.title"), `Quote "x"`)
	equal(t, "total", found.num("totalSize"), 1)
}

// TestSearchPages: PG-04, OF-18: caps, short pages, the way on without the context path.
func TestSearchPages(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	const pages = 260
	for i := range pages {
		b.page(id, "", fmt.Sprintf("P%03d", i), "<p>x</p>")
	}
	for expand, most := range map[string]int{
		"version,metadata.labels,restrictions.read.restrictions.user,restrictions.read.restrictions.group,ancestors,childTypes.page": 100,
		"body.storage,space,history,container,operations,children.attachment":                                                        50,
		"body.export_view": 25,
	} {
		seen, sizes := map[string]bool{}, []int{}
		g := b.cql(200, "space = S", "limit", "250", "expand", expand, "start", "100")
		for {
			rows := g.col("id")
			sizes = append(sizes, len(rows))
			for _, row := range rows {
				seen[row] = true
			}
			next, ok := g.at("_links.next").(string)
			if !ok {
				break
			}
			if !strings.HasPrefix(next, "/rest/api/content/search?") {
				t.Fatalf("next %q", next)
			}
			g = b.do(200, "GET", "/wiki"+next, nil)
		}
		equal(t, expand, len(seen), pages+1)
		if sizes[0] != most {
			t.Errorf("%s: pages of %v, want %d", expand, sizes, most)
		}
	}
}

// TestExpansions: what one search tells of a page.
func TestExpansions(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	p := b.page(id, "", "P", "<p>x</p>")
	b.do(200, "POST", "/wiki/rest/api/content/"+p+"/label", []object{{"prefix": "global", "name": "red"}})
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{{"operation": "update", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}}})
	g := b.cql(200, "id = "+p, "expand", "metadata.labels,restrictions.update.restrictions.user,restrictions.read.restrictions.group,version,body.storage,ancestors,space,history,childTypes.all")
	equal(t, "label", g.str("results.0.metadata.labels.results.0.name"), "red")
	equal(t, "user", g.str("results.0.restrictions.update.restrictions.user.results.0.accountId"), serviceID)
	equal(t, "open", len(g.at("results.0.restrictions.read.restrictions.group.results").([]any)), 0)
	equal(t, "version", g.num("results.0.version.number"), 1)
	equal(t, "body", g.str("results.0.body.storage.value"), "<p>x</p>")
	equal(t, "parent", g.str("results.0.ancestors.0.id"), home)
	bare := b.cql(200, "id = "+p)
	for _, member := range []string{"version", "body", "ancestors", "metadata", "restrictions", "space"} {
		equal(t, member+" is not there unasked", bare.at("results.0."+member), nil)
	}
}

// TestIndexLag: CQ-01.
func TestIndexLag(t *testing.T) {
	b := newBench(t, "CQ-01", "5s")
	id, _ := b.space("S")
	b.wait(time.Minute)
	p := b.page(id, "", "P", "<p>x</p>")
	same(t, "at once", b.cql(200, "id = "+p).col("id"))
	b.wait(6 * time.Second)
	same(t, "later", b.cql(200, "id = "+p).col("id"), p)
}

func FuzzCQL(f *testing.F) {
	for _, seed := range []string{`space = S and (a ~ "b" or not c in (1,2)) order by d desc, e`, `a = now("-1d")`, `"`, `((((`, `a not in (`, `= =`, `order by x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		q, err := parseCQL(src)
		if err == nil && q.where == nil && len(q.order) == 0 {
			t.Fatal("neither query nor error")
		}
	})
}
