package emulator

import (
	"fmt"
	"strings"
	"testing"
)

func TestRow_ER_16(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	gone := func(g got) {
		t.Helper()
		equal(t, "text", g.str("message"), "This deprecated endpoint has been removed")
		equal(t, "authorized", g.at("data.authorized"), any(true))
	}
	for _, path := range []string{
		"/content", "/content/" + p, "/content/" + p + "/history", "/content/" + p + "/child", "/content/" + p + "/child/comment", "/content/" + p + "/label",
		"/content/" + p + "/version", "/content/" + p + "/version/1", "/content/" + p + "/property", "/content/" + p + "/property/k", "/space", "/space/S",
		"/space/S/content", "/space/S/content/page", "/space/S/property", "/inlinetasks/search",
	} {
		gone(b.v1(410, "GET", path, nil))
	}
	gone(b.v1(410, "POST", "/content", "no JSON at all"))
	gone(b.v1(410, "PUT", "/content/"+p, object{}))
	gone(b.v1(410, "DELETE", "/content/"+p, nil))
	gone(b.v1(410, "POST", "/contentbody/convert/view", object{}))

	if err := b.site.SetOptions(map[string]string{"ER-16": "legacy-v1"}); err != nil {
		t.Fatal(err)
	}
	same(t, "a list", b.v1(200, "GET", "/content?spaceKey=S&title=p", nil).col("id"), p)
	equal(t, "its ancestors", b.v1(200, "GET", "/content/"+p+"?expand=ancestors,body.storage", nil).str("ancestors.0.id"), home)
	token := b.issue(Credential{Kind: "oauth", App: "one", Scopes: []string{"read:confluence-content.all", "write:confluence-content"}}).Token
	gone(b.sent(410, b.bearing(token, "GET", b.gatewayed(restV1+"/content/"+p), nil))) // an app is told it is gone all the same
	gone(b.v1(410, "GET", "/space/S/property", nil))                                   // what is not built
}

func TestLegacyWrites(t *testing.T) {
	b := newBench(t, "ER-16", "legacy-v1")
	b.space("S")
	made := b.v1(200, "POST", "/content", object{"type": "page", "title": "New", "space": object{"key": "S"}, "body": object{"storage": storage("<p>one</p>")}})
	id := made.str("id")
	equal(t, "made", made.str("body.storage.value")+" "+made.str("space.key"), "<p>one</p> S")
	equal(t, "at the root", len(made.at("ancestors").([]any)), 0)
	kid := b.v1(200, "POST", "/content", object{"type": "page", "title": "Kid", "space": object{"key": "S"}, "ancestors": []object{{"id": id}}, "body": object{"storage": storage("<p>k</p>")}}).str("id")
	same(t, "below", b.v1(200, "GET", "/content/"+id+"/child/page", nil).col("id"), kid)
	b.v1(400, "POST", "/content", object{"type": "page", "title": "new", "space": object{"key": "S"}})
	b.v1(404, "POST", "/content", object{"type": "page", "title": "X", "space": object{"key": "NONE"}})
	put := func(want, number int) got {
		t.Helper()
		return b.v1(want, "PUT", "/content/"+id, object{"type": "page", "title": "New", "version": object{"number": number, "message": "m"}, "body": object{"storage": storage("<p>two</p>")}})
	}
	put(409, 1)
	put(409, 5)
	equal(t, "number", put(200, 2).num("version.number"), 2)
	same(t, "versions", b.v1(200, "GET", "/content/"+id+"/version", nil).col("number"), "2", "1")
	equal(t, "one of them", b.v1(200, "GET", "/content/"+id+"/version/2", nil).str("message"), "m")
	b.v1(404, "GET", "/content/"+id+"/version/9", nil)
	equal(t, "history", b.v1(200, "GET", "/content/"+id+"/history", nil).str("createdBy.accountId"), serviceID)
	note := b.v1(200, "POST", "/content", object{"type": "comment", "container": object{"id": id, "type": "page"}, "body": object{"storage": storage("<p>n</p>")}}).str("id")
	b.v1(200, "POST", "/content", object{"type": "comment", "container": object{"id": id, "type": "page"}, "ancestors": []object{{"id": note}}, "body": object{"storage": storage("<p>r</p>")}})
	equal(t, "comments", len(b.v1(200, "GET", "/content/"+id+"/child/comment", nil).col("id")), 1)
	equal(t, "a family", b.v1(200, "GET", "/content/"+id+"/child?expand=page,comment", nil).num("page.size"), 1)

	at := "/content/" + id + "/property"
	b.v1(200, "POST", at, object{"key": "k", "value": object{"a": 1}})
	b.v1(409, "POST", at, object{"key": "k", "value": 1})
	b.v1(409, "PUT", at+"/k", object{"value": 2, "version": object{"number": 1}})
	equal(t, "property", b.v1(200, "PUT", at+"/k", object{"value": 2, "version": object{"number": 2}}).num("value"), 2)
	same(t, "properties", b.v1(200, "GET", at, nil).col("key"), "k")
	b.v1(204, "DELETE", at+"/k", nil)
	b.v1(404, "GET", at+"/k", nil)

	b.v1(204, "DELETE", "/content/"+id, nil)
	b.v1(404, "GET", "/content/"+id, nil)
	equal(t, "in the trash", b.v1(200, "GET", "/content/"+id+"?status=trashed", nil).str("status"), "trashed")
	same(t, "any", b.v1(200, "GET", "/content?spaceKey=S&title=New&status=any", nil).col("id"), id)
	b.v1(204, "DELETE", "/content/"+id+"?status=trashed", nil)
	b.v1(404, "GET", "/content/"+id+"?status=any", nil)
	both := b.v1(200, "GET", "/space/S/content", nil)
	equal(t, "by type", both.num("page.size")+both.num("blogpost.size"), 2)
	same(t, "of one type, at the root", b.v1(200, "GET", "/space/S/content/page?depth=root", nil).col("title"), "Space S", "Kid")
	shown := b.v1(200, "POST", "/contentbody/convert/view", object{"value": "<p>x</p>", "representation": "storage"})
	equal(t, "converted", shown.str("value"), "<p>x</p>")
	b.v1(501, "GET", "/content?type=folder&title=x", nil)
}

func TestRow_PG_03(t *testing.T) {
	b := newBench(t, "ER-16", "legacy-v1")
	for i := range 230 {
		b.v1(200, "POST", "/space", object{"key": fmt.Sprintf("K%d", i), "name": "x"})
	}
	g := b.v1(200, "GET", "/space?limit=250", nil)
	equal(t, "asked for and given", fmt.Sprint(g.num("limit"), g.num("size")), "250 200")
	next := g.str("_links.next")
	if !strings.HasPrefix(next, "/rest/api/space?") {
		t.Fatalf("way on %s", next)
	}
	rest := b.do(200, "GET", "/wiki"+next, nil)
	equal(t, "the rest", rest.num("size"), 30)
	equal(t, "the end", rest.at("_links.next"), nil)
}

func TestRow_ER_06_V1(t *testing.T) {
	b := newBench(t, "ER-16", "legacy-v1")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	b.v1(405, "POST", "/content/"+p+"/child/label", []object{{"prefix": "global", "name": "x"}})
	b.do(405, "POST", "/wiki/api/v2/pages/"+p+"/labels", object{"name": "x"})
	b.v1(405, "POST", "/content", object{"type": "comment", "container": object{"id": p}, "extensions": object{"location": "inline"}, "body": object{"storage": storage("<p>n</p>")}})
}
