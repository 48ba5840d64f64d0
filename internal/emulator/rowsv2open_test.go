package emulator

import (
	"slices"
	"testing"
	"time"
)

// An update that changes nothing answers 200 with the old number.
func TestRow_OF_10_V2(t *testing.T) {
	for option, want := range map[string]int{"no": 1, "bumps": 2} {
		b := newBench(t, "OF-10-Cloud", option)
		space, _ := b.space("S")
		p := b.page(space, "", "P", "<p>a</p>")
		equal(t, "version", b.put(200, p, "P", "<p>a</p>", 2).num("version.number"), want)
	}
}

func TestRow_OF_11_V2(t *testing.T) {
	for option, status := range map[string]int{"kept": 200, "refused": 400} {
		b := newBench(t, "OF-11-Cloud", option)
		space, _ := b.space("S")
		p, above := b.page(space, "", "P", "<p>a</p>"), b.page(space, "", "A", "")
		b.do(status, "PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P", "parentId": above, "version": object{"number": 2}})
		equal(t, "body", b.body(p), "<p>a</p>")
	}
}

func TestRow_OF_12_V2(t *testing.T) {
	for option, want := range map[string][2]bool{"create": {true, false}, "both": {true, true}, "none": {false, false}} {
		b := newBench(t, "OF-12-Cloud", option)
		space, _ := b.space("S")
		made := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "P", "body": storage("<p>a</p>")})
		_, created := made.at("body").(map[string]any)["storage"]
		_, updated := b.put(200, made.str("id"), "P", "<p>b</p>", 2).at("body").(map[string]any)["storage"]
		equal(t, option, [2]bool{created, updated}, want)
	}
}

func TestRow_OF_16_V2(t *testing.T) {
	for _, option := range []string{"home", "root"} {
		b := newBench(t, "OF-16-Cloud", option)
		space, home := b.space("S")
		p := b.page(space, "", "P", "")
		b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
		b.put(200, p, "P", "", 2)
		want := any(home)
		if option == "root" {
			want = nil
		}
		equal(t, "parent", b.get("/pages/"+p).at("parentId"), want)
	}
}

// A single read takes the include parameters together with the body, 50 rows each.
func TestRow_OF_17_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a</p>")
	var labels []object
	for i := range 51 {
		labels = append(labels, object{"prefix": "global", "name": "l" + string(rune('a'+i/26)) + string(rune('a'+i%26))})
	}
	b.do(200, "POST", "/wiki/rest/api/content/"+p+"/label", labels)
	g := b.get("/pages/" + p + "?include-labels=true&include-properties=true&body-format=storage")
	equal(t, "labels", len(g.at("labels.results").([]any)), 50)
	equal(t, "more labels", g.at("labels.meta.hasMore"), any(true))
	equal(t, "more properties", g.at("properties.meta.hasMore"), any(false))
	equal(t, "body", g.str("body.storage.value"), "<p>a</p>")
}

// Listings of children show the caller's drafts and what was published below them; listings of pages refuse drafts.
func TestRow_OF_20_V2(t *testing.T) {
	for option, shown := range map[string]bool{"shown": true, "hidden": false} {
		b := newBench(t, "OF-20", option)
		space, home := b.space("S")
		d := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "draft", "title": "D", "body": storage("")}).str("id")
		equal(t, "children", slices.Contains(b.get("/pages/"+home+"/direct-children").col("id"), d), shown)
		equal(t, "descendants", slices.Contains(b.get("/pages/"+home+"/descendants").col("id"), d), shown)
		same(t, "by id", b.get("/pages?id="+d).col("id"))
		b.site.AddUser("u", "U", "u@example.test")
		if slices.Contains(b.as("u").get("/pages/"+home+"/direct-children").col("id"), d) {
			t.Error("another account sees the draft")
		}
	}
}

// The server's own properties come a moment after the page; a property of that name then conflicts.
func TestRow_OF_31_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	keys := func(p string) []string { return b.get("/pages/" + p + "/properties").col("key") }
	early := 0
	var p string
	for i := range 8 {
		p = b.page(space, "", string(rune('A'+i)), "")
		if len(keys(p)) == 0 {
			early++
		}
	}
	if early == 0 {
		t.Error("all pages have them at once")
	}
	b.wait(2 * time.Second)
	same(t, "later", keys(p), "content-appearance-draft", "content-appearance-published", "editor")
	at := "/wiki/api/v2/pages/" + p + "/properties"
	b.do(409, "POST", at, object{"key": "content-appearance-published", "value": "full-width"})
	id := b.do(200, "GET", at+"?key=content-appearance-published", nil).str("results.0.id")
	b.do(200, "GET", at+"/"+id, nil)
	b.do(200, "PUT", at+"/"+id, object{"key": "content-appearance-published", "value": "full-width", "version": object{"number": 2}})
	equal(t, "value", b.do(200, "GET", at+"/"+id, nil).str("value"), "full-width")
	same(t, "still three", keys(p), "content-appearance-draft", "content-appearance-published", "editor")
}

// The deprecated listing leaves folders out; a folder can be moved by the v1 call although its path says content.
func TestRow_OF_43_V2(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	f := b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": space, "title": "F"}).str("id")
	above := b.page(space, "", "A", "")
	same(t, "children", b.get("/pages/"+home+"/children").col("id"), above)
	b.do(200, "PUT", "/wiki/rest/api/content/"+f+"/move/append/"+above, nil)
	equal(t, "parent", b.get("/folders/"+f).str("parentId"), above)
}

// Custom content goes where its page goes, and with it.
func TestCustomContentFollowsItsPage(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	other, home := b.space("T")
	p := b.page(space, "", "P", "")
	note := func(title, on, id string) string {
		return b.do(201, "POST", "/wiki/api/v2/custom-content", object{"type": "ac:a:note", on: id, "title": title, "body": storage("<p>x</p>")}).str("id")
	}
	n := note("N", "pageId", p)
	below := note("M", "customContentId", n)
	same(t, "children", b.get("/custom-content/"+n+"/children").col("id"), below)
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/move/append/"+home, nil)
	for _, id := range []string{n, below} {
		equal(t, "space", b.get("/custom-content/"+id).str("spaceId"), other)
	}
	same(t, "in the old space", b.get("/spaces/"+space+"/custom-content?type=ac:a:note").col("id"))
	same(t, "on the page", b.get("/pages/"+p+"/custom-content?type=ac:a:note").col("id"), n)
	b.do(200, "PUT", "/wiki/api/v2/custom-content/"+n, object{"id": n, "type": "ac:a:note", "status": "current", "title": "N", "pageId": home, "body": storage("<p>y</p>"), "version": object{"number": 2}})
	same(t, "on the page it left", b.get("/pages/"+p+"/custom-content?type=ac:a:note").col("id"))
	same(t, "on the page it went to", b.get("/pages/"+home+"/custom-content?type=ac:a:note").col("id"), n)
	b.do(204, "DELETE", "/wiki/api/v2/custom-content/"+n, nil)
	b.do(204, "DELETE", "/wiki/api/v2/custom-content/"+n+"?purge=true", nil)
	b.do(404, "GET", "/wiki/api/v2/custom-content/"+below, nil)
}
