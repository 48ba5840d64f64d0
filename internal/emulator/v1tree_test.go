package emulator

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const restV1 = "/wiki/rest/api"

// v1 sends a call of REST v1, with the header against cross-site requests.
func (b *bench) v1(want int, method, path string, body any) got {
	b.t.Helper()
	r := b.request(method, restV1+path, body)
	r.Header.Set("X-Atlassian-Token", "no-check")
	g := b.send(r)
	if g.status != want {
		b.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, g.status, want, g.raw)
	}
	return g
}

func TestDescendantsOfV1(t *testing.T) {
	b := newBench(t, "TR-03", "10s")
	id, home := b.space("S")
	top := b.page(id, "", "Top", "<p>t</p>")
	b.page(id, top, "Second", "<p>s</p>")
	first := b.page(id, top, "First", "<p>f</p>")
	b.page(id, first, "Below", "<p>b</p>")
	b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": id, "title": "Drawer", "parentId": top})
	b.v1(200, "PUT", "/content/"+first+"/move/before/"+top, nil)
	b.v1(200, "PUT", "/content/"+first+"/move/append/"+top, nil)
	b.upload(200, "POST", restV1+"/content/"+top+"/child/attachment", part{"file", "a.txt", "text/plain", "x"})
	note := b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": top, "body": storage("<p>n</p>")}).str("id")
	b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"parentCommentId": note, "body": storage("<p>r</p>")})

	list := func(path string) got { t.Helper(); return b.v1(200, "GET", "/content/"+top+path, nil) }
	same(t, "all pages, at once", list("/descendant/page").col("title"), "Second", "First", "Below")
	same(t, "one level", list("/descendant/page?depth=root").col("title"), "Second", "First")
	same(t, "one level by number", list("/descendant/page?depth=1").col("title"), "Second", "First")
	same(t, "a piece", list("/descendant/page?start=1&limit=1").col("title"), "First")
	equal(t, "way on", list("/descendant/page?start=1&limit=1").str("_links.next"), "/rest/api/content/"+top+"/descendant/page?limit=1&start=2")
	same(t, "files", list("/descendant/attachment").col("title"), "a.txt")
	equal(t, "comments", len(list("/descendant/comment").col("id")), 2)
	equal(t, "root comments", len(list("/descendant/comment?depth=root").col("id")), 1)
	whole := list("/descendant?expand=page")
	equal(t, "expanded", whole.num("page.size"), 3)
	equal(t, "named only", whole.str("_expandable.comment"), "/rest/api/content/"+top+"/descendant/comment")
	deep := b.v1(200, "GET", "/content/search?cql=id="+home+"&expand=descendants.page,children.page", nil)
	equal(t, "as an expansion", deep.num("results.0.descendants.page.size"), 4)
	equal(t, "children only", deep.num("results.0.children.page.size"), 1)
	b.v1(400, "GET", "/content/"+top+"/descendant/page?depth=deep", nil)
	b.v1(400, "GET", "/content/"+top+"/descendant/novel", nil)
	b.v1(404, "GET", "/content/1/descendant", nil)
}

func TestRow_ER_17(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	b.page(id, p, "Below", "<p>b</p>")
	b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": id, "title": "Drawer", "parentId": home})
	b.upload(200, "POST", restV1+"/content/"+p+"/child/attachment", part{"file", "a.txt", "text/plain", "x"})
	same(t, "pages", b.v1(200, "GET", "/content/"+home+"/child/page?expand=version", nil).col("title"), "P")
	same(t, "folders", b.v1(200, "GET", "/content/"+home+"/child/folder", nil).col("title"), "Drawer")
	same(t, "files", b.v1(200, "GET", "/content/"+p+"/child/attachment", nil).col("title"), "a.txt")
	b.v1(410, "GET", "/content/"+p+"/child/comment", nil)
}

func TestRow_TR_11(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	b.space("OTHER")
	src := b.page(id, "", "Source", "<p>text</p>")
	kid := b.page(id, src, "Kid of Source", "<p>kid</p>")
	b.v1(200, "POST", "/content/"+src+"/label", []object{{"prefix": "global", "name": "one"}})
	b.do(200, "POST", "/wiki/api/v2/pages/"+src+"/properties", object{"key": "k", "value": 1})
	b.upload(200, "POST", restV1+"/content/"+src+"/child/attachment", part{"file", "a.txt", "text/plain", "bytes"})
	b.v1(200, "PUT", "/content/"+src+"/restriction", []object{{"operation": "update", "restrictions": object{
		"user": []object{{"type": "known", "accountId": serviceID}}}}})

	below := func(kind, to string) object { return object{"type": kind, "value": to} }
	bare := b.v1(200, "POST", "/content/"+src+"/copy?expand=body.storage,metadata.labels", object{
		"destination": below("parent_page", home), "pageTitle": "Bare"})
	equal(t, "body", bare.str("body.storage.value"), "<p>text</p>")
	equal(t, "title", bare.str("title"), "Bare")
	equal(t, "version", bare.num("version.number"), 1)
	equal(t, "no labels", bare.num("metadata.labels.size"), 0)
	full := b.v1(200, "POST", "/content/"+src+"/copy?expand=metadata.labels", object{
		"destination": below("space", "OTHER"), "copyLabels": true, "copyProperties": true, "copyAttachments": true, "copyPermissions": true})
	equal(t, "space", full.str("space.key"), "OTHER")
	equal(t, "labels", full.num("metadata.labels.size"), 1)
	copied := full.str("id")
	same(t, "properties", b.do(200, "GET", "/wiki/api/v2/pages/"+copied+"/properties", nil).col("key"), "k")
	same(t, "files", b.do(200, "GET", "/wiki/api/v2/pages/"+copied+"/attachments", nil).col("title"), "a.txt")
	equal(t, "at the root", b.do(200, "GET", "/wiki/api/v2/pages/"+copied, nil).at("parentId"), nil)
	restricted := b.v1(200, "GET", "/content/"+copied+"/restriction?expand=restrictions.user", nil)
	equal(t, "restrictions", restricted.num("results.1.restrictions.user.size"), 1)
	over := b.v1(200, "POST", "/content/"+kid+"/copy?expand=body.storage", object{
		"destination": below("existing_page", bare.str("id")), "body": object{"storage": storage("<p>given</p>")}})
	equal(t, "over another", over.str("title")+" "+over.str("body.storage.value"), "Bare <p>given</p>")
	equal(t, "as a version", over.num("version.number"), 2)

	b.v1(400, "POST", "/content/"+src+"/copy", object{"destination": below("parent_page", home)})
	b.v1(400, "POST", "/content/"+src+"/copy", object{"destination": below("cupboard", home), "pageTitle": "X"})
	b.v1(400, "POST", "/content/"+src+"/copy", object{"pageTitle": "X"})
	b.v1(404, "POST", "/content/"+src+"/copy", object{"destination": below("parent_page", "1"), "pageTitle": "X"})
	b.v1(404, "POST", "/content/1/copy", object{"destination": below("parent_page", home), "pageTitle": "X"})

	b.v1(400, "POST", "/content/"+src+"/pagehierarchy/copy", object{"destinationPageId": home})
	b.v1(404, "POST", "/content/"+src+"/pagehierarchy/copy", object{"destinationPageId": "1", "titleOptions": object{"prefix": "New "}})
	task := b.v1(202, "POST", "/content/"+src+"/pagehierarchy/copy", object{
		"destinationPageId": home, "copyLabels": true, "titleOptions": object{"prefix": "New ", "search": "Source", "replace": "Spring"}})
	before := b.v1(200, "GET", "/longtask/"+task.str("id"), nil)
	equal(t, "under way", before.at("finished"), any(false))
	equal(t, "how many", before.num("additionalDetails.totalPageNeedToCopy"), 2)
	b.wait(2 * time.Second)
	equal(t, "copied", b.v1(200, "GET", "/longtask/"+task.str("id"), nil).at("successful"), any(true))
	same(t, "the tree", b.v1(200, "GET", "/content/"+home+"/descendant/page", nil).col("title"),
		"Source", "Kid of Source", "Bare", "New Spring", "New Kid of Spring")
	single := b.v1(202, "POST", "/content/"+src+"/pagehierarchy/copy", object{
		"destinationPageId": home, "copyDescendants": false, "titleOptions": object{"prefix": "Alone "}})
	b.wait(2 * time.Second)
	b.v1(200, "GET", "/longtask/"+single.str("id"), nil)
	equal(t, "alone", slices.Contains(b.v1(200, "GET", "/content/"+home+"/descendant/page", nil).col("title"), "Alone Kid of Source"), false)
}

func TestRow_LT_01_V1(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	src := b.page(id, "", "Source", "<p>text</p>")
	to := b.page(id, home, "Target", "<p>text</p>")
	task := b.v1(202, "POST", "/content/"+src+"/pagehierarchy/copy", object{
		"destinationPageId": to, "titleOptions": object{"prefix": "New "}}).str("id")
	active := b.v1(200, "GET", "/longtask", nil)
	same(t, "active", active.col("id"), task)
	same(t, "by key", b.v1(200, "GET", "/longtask?key=other", nil).col("id"))
	equal(t, "percent", active.num("results.0.percentageComplete"), 50)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+to, nil)
	b.wait(2 * time.Second)
	failed := b.v1(200, "GET", "/longtask/"+task, nil)
	equal(t, "finished", failed.at("finished"), any(true))
	equal(t, "without success", failed.at("successful"), any(false))
	equal(t, "state", failed.str("status"), "FAILED")
	if failed.str("errors.0.translation") == "" {
		t.Error("the failure has no text")
	}
	same(t, "no longer active", b.v1(200, "GET", "/longtask", nil).col("id"))
	b.v1(404, "GET", "/longtask/0", nil)
}

func TestRow_DL_05(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	top := b.page(id, "", "Top", "<p>t</p>")
	kid := b.page(id, top, "Kid", "<p>k</p>")
	low := b.page(id, kid, "Low", "<p>l</p>")
	task := b.v1(202, "DELETE", "/content/"+top+"/pageTree", nil).str("id")
	equal(t, "not yet", b.do(200, "GET", "/wiki/api/v2/pages/"+low, nil).str("status"), "current")
	b.wait(2 * time.Second)
	equal(t, "done", b.v1(200, "GET", "/longtask/"+task, nil).at("finished"), any(true))
	for _, p := range []string{top, kid, low} {
		equal(t, "trashed", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).str("status"), "trashed")
	}
	b.v1(400, "DELETE", "/content/"+top+"/pageTree", nil)
	b.v1(404, "DELETE", "/content/0/pageTree", nil)
}

func TestRow_DL_07(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	var pages []object
	for _, title := range []string{"A", "B", "C"} {
		pages = append(pages, object{"id": b.page(id, "", title, "<p>x</p>")})
	}
	archive := func(want int, rows ...object) got {
		t.Helper()
		return b.v1(want, "POST", "/content/archive", object{"pages": rows})
	}
	parent := b.do(200, "GET", "/wiki/api/v2/pages/"+pages[0]["id"].(string), nil).str("parentId")
	archive(400, pages...) // more than one takes Premium
	b.v1(200, "POST", "/content/"+pages[0]["id"].(string)+"/label", object{"prefix": "global", "name": "kept"})
	archive(202, pages[0])
	archive(400, pages[1]) // one job at a time
	b.wait(2 * time.Second)
	old := b.do(200, "GET", "/wiki/api/v2/pages/"+pages[0]["id"].(string), nil)
	equal(t, "status and parent", old.str("status")+" "+old.str("parentId"), "archived "+parent)
	archive(400, pages[0])
	b.v1(403, "DELETE", "/content/"+pages[0]["id"].(string)+"/label?name=kept", nil)
	same(t, "out of sight", b.v1(200, "GET", "/content/search?cql=title=A", nil).col("id"))
	if err := b.site.SetOptions(map[string]string{"DL-07": "free"}); err != nil {
		t.Fatal(err)
	}
	archive(400, pages[1])
	if err := b.site.SetOptions(map[string]string{"DL-07": "premium"}); err != nil {
		t.Fatal(err)
	}
	archive(202, pages[1], pages[2])
	archive(400, slices.Repeat(pages[1:2], 301)...)
}

func TestRow_DL_08(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "One", "<p>one</p>")
	b.put(200, p, "Two", "<p>two</p>", 2)
	b.put(200, p, "Three", "<p>three</p>", 3)
	restore := func(want, number int, title bool) got {
		t.Helper()
		return b.v1(want, "POST", "/content/"+p+"/version", object{"operationKey": "restore", "params": object{
			"versionNumber": number, "message": "back", "restoreTitle": title}})
	}
	v := restore(200, 1, false)
	equal(t, "appended", v.num("number"), 4)
	equal(t, "message", v.str("message"), "back")
	equal(t, "content", v.str("content.title"), "Three")
	equal(t, "old body", b.body(p), "<p>one</p>")
	equal(t, "with the title", restore(200, 2, true).str("content.title"), "Two")
	restore(400, 5, false) // the current one
	restore(400, 99, false)
	b.v1(400, "POST", "/content/0/version", object{"operationKey": "restore", "params": object{"versionNumber": 1, "message": ""}})

	b.wait(time.Minute)
	numbers := func() []string {
		t.Helper()
		return b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/versions", nil).col("number")
	}
	same(t, "before", numbers(), "5", "4", "3", "2", "1")
	b.v1(204, "DELETE", "/content/"+p+"/version/2", nil)
	same(t, "renumbered", numbers(), "4", "3", "2", "1")
	equal(t, "what was 3 is 2", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"?version=2&body-format=storage", nil).str("body.storage.value"), "<p>three</p>")
	equal(t, "now", b.body(p), "<p>two</p>")
	b.put(200, p, "Two", "<p>next</p>", 5)
	b.wait(time.Minute)
	b.v1(400, "DELETE", "/content/"+p+"/version/5", nil)
	b.v1(400, "DELETE", "/content/"+p+"/version/9", nil)
	b.v1(400, "DELETE", "/content/0/version/1", nil)
}

func TestRow_DL_09(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>one</p>")
	b.put(200, p, "P", "<p>two</p>", 2)
	refused := b.v1(409, "DELETE", "/content/"+p+"/version/1", nil)
	if !strings.Contains(refused.str("message"), "content was being concurrently updated") {
		t.Errorf("text %s", refused.raw)
	}
	b.v1(204, "DELETE", "/content/"+p+"/version/1", nil)
	equal(t, "one version", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number"), 1)
}

func TestBlueprintDrafts(t *testing.T) {
	b := newBench(t)
	id, home := b.space("S")
	made := func() string {
		t.Helper()
		return b.do(200, "POST", "/wiki/api/v2/pages", object{
			"spaceId": id, "status": "draft", "title": "Draft", "body": storage("<p>d</p>")}).str("id")
	}
	q := func(title string, number int) object {
		return object{"version": object{"number": number}, "title": title, "type": "page", "space": object{"key": "S"}, "ancestors": []object{{"id": home}}}
	}
	d := made()
	b.v1(409, "PUT", "/content/blueprint/instance/"+d+"?status=draft", q("Published", 2))
	b.v1(400, "PUT", "/content/blueprint/instance/"+d+"?status=draft", q("", 1))
	out := b.v1(200, "PUT", "/content/blueprint/instance/"+d+"?status=draft", q("Published", 1))
	equal(t, "published", out.str("status")+" "+out.str("title")+" "+out.str("body.storage.value"), "current Published <p>d</p>")
	equal(t, "below", out.str("ancestors.0.id"), home)
	b.v1(404, "PUT", "/content/blueprint/instance/"+d+"?status=draft", q("Again", 1))
	b.v1(404, "POST", "/content/blueprint/instance/0?status=draft", q("X", 2))
	b.v1(400, "POST", "/content/blueprint/instance/"+made()+"?status=draft", q("Published", 1)) // the title is taken
	b.v1(200, "POST", "/content/blueprint/instance/"+made()+"?status=draft", q("Second", 1))
}
