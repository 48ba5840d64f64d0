package emulator

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// act performs an action of a person.
func (b *bench) act(user, action string) error {
	_, err := b.site.Act(user, json.RawMessage(action))
	return err
}

func (b *bench) mustAct(user, action string) {
	b.t.Helper()
	if err := b.act(user, action); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) get(path string) got { b.t.Helper(); return b.do(200, "GET", "/wiki/api/v2"+path, nil) }

func TestRow_ER_02(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a</p>")
	for _, e := range []struct {
		g          got
		code, part string
	}{
		{b.put(409, p, "P", "<p>b</p>", 5), "CONFLICT", "Current Version: [1]. Provided version: [5]"},
		{b.do(404, "GET", "/wiki/api/v2/pages/999999999999", nil), "NOT_FOUND", "Cannot find a page with id [999999999999]"},
		{b.do(400, "GET", "/wiki/api/v2/pages/x", nil), "INVALID_REQUEST_PARAMETER", "Expected type is ContentId"},
		{b.do(405, "POST", "/wiki/api/v2/pages/"+p+"/labels", object{"name": "l"}), "METHOD_NOT_ALLOWED", ""},
	} {
		row := e.g.at("errors.0").(map[string]any)
		if row["code"] != e.code || row["status"] != float64(e.g.status) || row["detail"] != nil || !strings.Contains(row["title"].(string), e.part) {
			t.Errorf("%s, want %s with %q", e.g.raw, e.code, e.part)
		}
	}
}

// A permission that lacks looks like a content that is not there.
func TestRow_ER_05_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a</p>")
	b.site.AddUser("u", "U", "u@example.test")
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}}})
	hidden := b.as("u").do(404, "GET", "/wiki/api/v2/pages/"+p, nil).title()
	absent := b.as("u").do(404, "GET", "/wiki/api/v2/pages/999999999999", nil).title()
	equal(t, "texts", strings.ReplaceAll(hidden, p, "ID"), strings.ReplaceAll(absent, "999999999999", "ID"))
}

func TestRow_ER_06_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a</p>")
	b.do(405, "POST", "/wiki/api/v2/pages/"+p+"/labels", object{"name": "l"})
	b.do(405, "DELETE", "/wiki/api/v2/pages/"+p+"/labels", nil)
}

func TestRow_ER_18(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a</p>")
	big := "<p>" + strings.Repeat("x", 5<<20) + "</p>"
	for _, kind := range []string{"pages", "blogposts", "folders", "whiteboards", "databases", "embeds"} {
		equal(t, kind, b.do(413, "POST", "/wiki/api/v2/"+kind, object{"spaceId": space, "title": "T", "body": storage(big)}).str("errors.0.code"), "PAYLOAD_TOO_LARGE")
	}
	b.put(413, p, "P", big, 2)
	unlimited := newBench(t, "ER-18", "0")
	space, _ = unlimited.space("S")
	unlimited.put(200, unlimited.page(space, "", "P", "<p>a</p>"), "P", big, 2)
}

func TestRow_PG_01(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	for i := range 30 {
		b.page(space, "", string(rune('A'+i)), "<p>x</p>")
	}
	first := b.get("/pages?space-id=" + space)
	equal(t, "default limit", len(first.at("results").([]any)), 25)
	next := first.str("_links.next")
	if !strings.HasPrefix(next, "/wiki/api/v2/pages?") || !strings.Contains(next, "cursor=") || first.str("_links.base") == "" {
		t.Fatalf("links %v", first.at("_links"))
	}
	if link := first.header.Get("Link"); !strings.HasPrefix(link, "<"+next+`>; rel="next"`) {
		t.Errorf("header %s, want first %s", link, next)
	}
	last := b.do(200, "GET", next, nil)
	equal(t, "rows of the second page", len(last.at("results").([]any)), 6)
	if strings.Contains(last.header.Get("Link"), "next") || last.at("_links").(map[string]any)["next"] != nil {
		t.Error("the last page has a next one")
	}
	b.do(400, "GET", "/wiki/api/v2/pages?limit=251", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?cursor=nonsense", nil)
}

func TestRow_PG_06(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	a := b.page(space, "", "A", "")
	deep := b.page(space, b.page(space, a, "B", ""), "C", "")
	all := b.get("/pages/" + deep + "/ancestors")
	equal(t, "topmost", all.col("id")[0], home)
	near := b.get("/pages/" + deep + "/ancestors?limit=1")
	equal(t, "with a limit", len(near.col("id")), 1)
	if strings.Contains(near.header.Get("Link"), "next") {
		t.Error("ancestors have a cursor")
	}
	same(t, "asked again for the topmost", b.get("/pages/"+near.col("id")[0]+"/ancestors").col("id"), home, a)
}

func TestRow_PG_07_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	b.site.AddUser("u", "U", "u@example.test")
	b.as("u").do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": "u"}}}}})
	if slices.Contains(b.get("/pages").col("id"), p) {
		t.Error("an administrator sees a page that is restricted to another")
	}
	if !slices.Contains(b.as("u").get("/pages").col("id"), p) {
		t.Error("the reader does not see it")
	}
}

func TestRow_PG_15_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p, gone := b.page(space, "", "P", ""), b.page(space, "", "Gone", "")
	b.archive(p)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+gone, nil)
	ids := b.get("/pages").col("id")
	if !slices.Contains(ids, p) || slices.Contains(ids, gone) {
		t.Errorf("without a status: %q", ids)
	}
	same(t, "trash", b.get("/pages?status=trashed").col("id"), gone)
	b.do(400, "GET", "/wiki/api/v2/pages?status=draft", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?id="+strings.Repeat("1,", 250)+"1", nil)
	b.do(400, "GET", "/wiki/api/v2/pages?space-id="+strings.Repeat("1,", 100)+"1", nil)
}

func TestRow_PA_01_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>1</p>")
	for v := 2; v <= 5; v++ {
		b.put(200, p, "P", "<p>"+strings.Repeat("x", v)+"</p>", v)
	}
	for _, n := range []int{4, 5, 7} {
		equal(t, "title", b.put(409, p, "P", "<p>y</p>", n).title(),
			"Version must be incremented when updating a page. Current Version: [5]. Provided version: ["+string(rune('0'+n))+"]")
	}
}

// A draft is saved and first published with number 1 (open-facts OF-21).
func TestRow_PA_03(t *testing.T) {
	create := func(b *bench) string {
		space, _ := b.space("S")
		return b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "draft", "title": "D", "body": storage("<p>a</p>")}).str("id")
	}
	put := func(b *bench, want int, id, status string, number int) {
		b.do(want, "PUT", "/wiki/api/v2/pages/"+id, object{"id": id, "status": status, "title": "D", "body": storage("<p>b</p>"), "version": object{"number": number}})
	}
	b := newBench(t)
	id := create(b)
	put(b, 200, id, "draft", 1)
	put(b, 409, id, "draft", 2)
	put(b, 409, id, "current", 2)
	put(b, 200, id, "current", 1)
	equal(t, "version", b.get("/pages/"+id).num("version.number"), 1)
	other := newBench(t, "OF-21", "1 or next")
	put(other, 200, create(other), "current", 2)
}

func TestRow_PA_05(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	equal(t, "parent", b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "A", "body": storage("")}).str("parentId"), home)
	root := b.do(200, "POST", "/wiki/api/v2/pages?root-level=true", object{"spaceId": space, "title": "B", "body": storage("")})
	equal(t, "parent at the root", root.at("parentId"), nil)
	b.do(400, "POST", "/wiki/api/v2/pages?root-level=true", object{"spaceId": space, "title": "C", "parentId": home, "body": storage("")})
}

func TestRow_PA_06(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	for _, kind := range []string{"folder", "whiteboard", "database", "embed"} {
		above := b.do(200, "POST", "/wiki/api/v2/"+kind+"s", object{"spaceId": space, "title": kind}).str("id")
		p := b.get("/pages/" + b.page(space, above, "below "+kind, ""))
		equal(t, "parent", p.str("parentId"), above)
		equal(t, "type", p.str("parentType"), kind)
	}
}

func TestRow_PA_07_V2(t *testing.T) {
	b := newBench(t)
	one, _ := b.space("ONE")
	two, other := b.space("TWO")
	p := b.page(one, "", "P", "")
	b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": one, "title": "Q", "parentId": other, "body": storage("")})
	b.do(400, "PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P", "spaceId": two, "body": storage(""), "version": object{"number": 2}})
}

func TestRow_PA_08_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	b.page(space, "", "Title", "")
	g := b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "tITLE", "body": storage("")})
	equal(t, "text", g.title(), "A page with this title already exists: A page already exists with the same TITLE in this space")
	b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": space, "title": "Title"}) // a folder may be called like a page
	equal(t, "folder", b.do(400, "POST", "/wiki/api/v2/folders", object{"spaceId": space, "title": "TITLE"}).title(), "A folder exists with the same title in this space")
	for range 2 { // other nodes may be called alike
		b.do(200, "POST", "/wiki/api/v2/whiteboards", object{"spaceId": space, "title": "Title"})
	}
	for range 2 { // blog posts of different days, too
		b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": space, "title": "News", "body": storage("")})
		b.wait(24 * time.Hour)
	}
}

func TestRow_PA_09(t *testing.T) {
	for option, again := range map[string]int{"no": 200, "yes": 400} {
		b := newBench(t, "PA-09", option)
		space, _ := b.space("S")
		kept, gone := b.page(space, "", "Kept", ""), b.page(space, "", "Gone", "")
		b.archive(kept)
		b.do(204, "DELETE", "/wiki/api/v2/pages/"+gone, nil)
		b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "Kept", "body": storage("")})
		b.do(again, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "Gone", "body": storage("")})
	}
}

func TestRow_PA_10_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "Some Title", "")
	b.page(space, "", "Some Title 2", "")
	same(t, "found", b.get("/pages?title=some%20tITLE").col("id"), p)
}

func TestRow_PA_11_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	b.site.AddUser("u", "U", "u@example.test")
	const day = "2020-02-03T04:05:06.789Z"
	made := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "P", "authorId": "u", "createdAt": day, "body": storage("")})
	equal(t, "author", made.str("authorId"), serviceID)
	equal(t, "date", made.str("createdAt"), "2026-01-05T09:00:00.000Z")
	blog := b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": space, "title": "B", "createdAt": day, "body": storage("")})
	equal(t, "posting date", blog.str("createdAt"), day)
	id := made.str("id")
	owned := b.do(200, "PUT", "/wiki/api/v2/pages/"+id, object{"id": id, "status": "current", "title": "P", "ownerId": "u", "body": storage("<p>b</p>"), "version": object{"number": 2}})
	equal(t, "owner", owned.str("ownerId"), "u")
	equal(t, "author afterwards", owned.str("authorId"), serviceID)
}

func TestRow_PA_12_V2(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	p := b.page(space, "", "P", "<p>kept</p>")
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	b.put(200, p, "Other title", "<p>ignored</p>", 2)
	g := b.get("/pages/" + p + "?body-format=storage")
	equal(t, "status", g.str("status"), "current")
	equal(t, "title", g.str("title"), "P")
	equal(t, "body", g.str("body.storage.value"), "<p>kept</p>")
	equal(t, "version", g.num("version.number"), 2)
	equal(t, "parent (open-facts OF-16)", g.str("parentId"), home)
}

func TestRow_PA_13(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>kept</p>")
	b.do(200, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "New"})
	g := b.get("/pages/" + p + "?body-format=storage")
	equal(t, "title", g.str("title"), "New")
	equal(t, "body", g.str("body.storage.value"), "<p>kept</p>")
	equal(t, "version", g.num("version.number"), 2)
}

// An update with another parent is a version, the move call is none unless the option says so (open-facts OF-06).
func TestRow_PA_15_V2(t *testing.T) {
	for option, want := range map[string]int{"no": 2, "bumps": 3} {
		b := newBench(t, "OF-06", option)
		space, _ := b.space("S")
		above, p, third := b.page(space, "", "A", ""), b.page(space, "", "P", ""), b.page(space, "", "T", "")
		b.do(200, "PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P", "parentId": above, "body": storage(""), "version": object{"number": 2}})
		equal(t, "after the update", b.get("/pages/"+p).num("version.number"), 2)
		b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/move/append/"+third, nil)
		equal(t, "after the move", b.get("/pages/"+p).num("version.number"), want)
	}
}

// minorEdit is no member of the document: it is taken and not told.
func TestRow_PA_16_V2(t *testing.T) {
	for option, want := range map[string]bool{"false": false, "as sent": true} {
		b := newBench(t, "OF-13", option)
		space, _ := b.space("S")
		p := b.page(space, "", "P", "")
		b.do(200, "PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P", "body": storage("<p>b</p>"), "version": object{"number": 2, "minorEdit": true}})
		equal(t, "minorEdit", b.get("/pages/"+p).at("version.minorEdit"), any(want))
	}
}

func TestRow_PA_18(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "Live", "subtype": "live", "body": storage("<p>start</p>")}).str("id")
	b.page(space, "", "Plain", "")
	same(t, "live docs", b.get("/pages?subtype=live").col("id"), p)
	if slices.Contains(b.get("/pages?subtype=page").col("id"), p) {
		t.Error("a live doc is listed as a page")
	}
	b.put(200, p, "Live", "<p>by REST</p>", 2)
	b.mustAct(serviceID, `{"autosave": {"page": "Live"}}`)
	equal(t, "text", b.body(p), "<p>by REST</p>")
	b.put(200, p, "Live", `<ac:structured-macro ac:name="info"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`, 3)
	b.mustAct(serviceID, `{"autosave": {"page": "Live"}}`)
	equal(t, "after the macro without a local id", b.body(p), "<p>by REST</p>")
	b.put(200, p, "Live", `<ac:structured-macro ac:name="info" ac:local-id="l"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`, 5)
	b.mustAct(serviceID, `{"autosave": {"page": "Live"}}`)
	if !strings.Contains(b.body(p), `ac:local-id="l"`) {
		t.Error("a macro with a local id was undone")
	}
	if err := b.act(serviceID, `{"autosave": {"page": "Plain"}}`); err == nil {
		t.Error("a page that is no live doc saves by itself")
	}
}

func TestRow_PA_20(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	blog := b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": space, "title": "B", "parentId": home, "body": storage("")})
	for _, member := range []string{"parentId", "parentType", "position", "ownerId", "lastOwnerId"} {
		if _, has := blog.json.(map[string]any)[member]; has {
			t.Errorf("a blog post has %s", member)
		}
	}
}

func TestRow_PA_22(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "Old", "")
	b.mustAct(serviceID, `{"rename": {"page": "Old", "to": "New"}}`)
	equal(t, "same id", b.get("/pages?title=New").col("id")[0], p)
	b.mustAct(serviceID, `{"trash": "New"}`)
	b.mustAct(serviceID, `{"create": {"title": "New", "space": "S"}}`)
	if again := b.get("/pages?title=New").col("id"); len(again) != 1 || again[0] == p {
		t.Errorf("made again: %q, before %q", again, p)
	}
}
