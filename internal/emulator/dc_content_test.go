package emulator

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// dcSpace makes a space and returns the id of its home page.
func (b *bench) dcSpace(key string) string {
	b.t.Helper()
	path := b.site.Context() + "/rest/api/space"
	b.do(200, "POST", path, object{"key": key, "name": "Space " + key})
	return b.do(200, "GET", path+"/"+key+"?expand=homepage", nil).str("homepage.id")
}

func inStorage(value string) object {
	return object{"storage": object{"value": value, "representation": "storage"}}
}

// dcPage creates a page and returns its id; parent may be empty.
func (b *bench) dcPage(key, parent, title, body string) string {
	b.t.Helper()
	q := object{"type": "page", "title": title, "space": object{"key": key}, "body": inStorage(body)}
	if parent != "" {
		q["ancestors"] = []object{{"id": parent}}
	}
	return b.do(200, "POST", "/rest/api/content", q).str("id")
}

// dcPut updates a page; more are further members of the request.
func (b *bench) dcPut(want int, id, title string, number int, more object) got {
	b.t.Helper()
	q := object{"id": id, "type": "page", "title": title, "version": object{"number": number}}
	for k, v := range more {
		q[k] = v
	}
	return b.do(want, "PUT", "/rest/api/content/"+id, q)
}

func (b *bench) dcGet(id, expand string) got {
	b.t.Helper()
	return b.do(200, "GET", "/rest/api/content/"+id+"?expand="+url.QueryEscape(expand), nil)
}

func (b *bench) dcKids(id string) []string {
	b.t.Helper()
	return b.do(200, "GET", "/rest/api/content/"+id+"/child/page", nil).col("title")
}

func TestRow_ID_10(t *testing.T) {
	for version, want := range map[string][]string{
		"8.5": {"/display/K/A+page", "/pages/viewpage.action?pageId=%s", "/display/K"},
		"9.2": {"/spaces/K/pages/%s/A+page", "/spaces/K/pages/%s/A%%3F", "/spaces/K/overview"},
	} {
		b := newDC(t, version)
		b.dcSpace("K")
		plain, odd := b.dcPage("K", "", "A page", ""), b.dcPage("K", "", "A?", "")
		expect := func(pattern, id string) string {
			return strings.ReplaceAll(strings.ReplaceAll(pattern, "%s", id), "%%", "%")
		}
		g := b.dcGet(plain, "space")
		equal(t, "page", g.str("_links.webui"), expect(want[0], plain))
		equal(t, "odd title", b.dcGet(odd, "").str("_links.webui"), expect(want[1], odd))
		equal(t, "space", g.str("space._links.webui"), want[2])
		_, dated := g.at("space").(map[string]any)["creationDate"]
		equal(t, "creation date of the space", dated, version == "9.2")
	}
}

func TestRow_ID_11_DC(t *testing.T) {
	b := newDC(t, "", "ID-03", "/confluence")
	b.dcSpace("K")
	b.user = serviceID
	g := b.do(200, "POST", "/confluence/rest/api/content", object{"type": "page", "title": "P", "space": object{"key": "K"}, "body": inStorage("<p>x</p>")})
	short := g.str("_links.tinyui")
	equal(t, "short", short, "/x/"+shortLink(mustID(g.str("id"))))
	equal(t, "leads to", b.do(302, "GET", "/confluence"+short, nil).header.Get("Location"), "https://emulated.example.test/confluence"+g.str("_links.webui"))
	b.do(404, "GET", "/confluence/x/AAAA", nil)
}

func TestRow_ID_12_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	g := b.dcGet(b.dcPage("K", "", "P", ""), "space")
	if _, isString := g.at("id").(string); !isString {
		t.Error("ids of contents are strings")
	}
	if g.num("space.id") < 1 {
		t.Error("ids of spaces are numbers")
	}
}

func TestRow_ID_14_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>x</p>")
	g := b.dcGet(id, "")
	self := "/rest/api/content/" + id
	for member, link := range map[string]string{
		"body": "", "version": "", "children": self + "/child", "history": self + "/history", "space": "/rest/api/space/K",
		"restrictions": self + "/restriction/byOperation", "relevantViewRestrictions": self + "/restriction/relevantViewRestrictions",
	} {
		equal(t, member, g.str("_expandable."+member), link)
	}
	g = b.dcGet(id, "body.storage,version")
	equal(t, "body", g.str("body.storage.value"), "<p>x</p>")
	equal(t, "form", g.at("body.view"), nil)
	equal(t, "not named any more", g.at("_expandable.version"), nil)
	// the members expanded by default
	def := b.do(200, "GET", self, nil)
	equal(t, "version", def.num("version.number"), 1)
	equal(t, "space", def.str("space.key"), "K")
	equal(t, "latest", def.at("history.latest"), any(true))
}

func TestRow_ID_15_DC(t *testing.T) {
	b := newDC(t, "", "ID-15", "Europe/Berlin")
	b.dcSpace("K")
	equal(t, "offset", b.dcGet(b.dcPage("K", "", "P", ""), "version").str("version.when"), "2026-01-05T10:00:00.000+01:00")
	b = newDC(t, "")
	b.dcSpace("K")
	equal(t, "zulu", b.dcGet(b.dcPage("K", "", "P", ""), "version").str("version.when"), "2026-01-05T09:00:00.000Z")
}

func TestRow_PA_01_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>1</p>")
	for _, n := range []int{1, 3, 0} {
		g := b.dcPut(409, id, "P", n, nil)
		equal(t, "text", g.str("message"), "Version must be incremented on update. Current version is: 1")
		equal(t, "reason", g.str("reason"), "Conflict")
	}
	equal(t, "number", b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>2</p>")}).num("version.number"), 2)
	b.do(400, "PUT", "/rest/api/content/"+id, object{"id": id, "type": "page", "title": "P"})
	b.do(400, "PUT", "/rest/api/content/"+id, object{"id": id, "title": "P", "version": object{"number": 3}})
}

func TestRow_PA_07_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	other := b.dcSpace("L")
	b.do(400, "POST", "/rest/api/content", object{"type": "page", "title": "P", "space": object{"key": "K"}, "ancestors": []object{{"id": other}}})
}

func TestRow_PA_08_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	b.dcSpace("L")
	b.dcPage("K", "", "Taken", "")
	g := b.do(400, "POST", "/rest/api/content", object{"type": "page", "title": " TAKEN", "space": object{"key": "K"}})
	equal(t, "text", g.str("message"), "A page with this title already exists: A page already exists with the title  TAKEN in the space with key K")
	equal(t, "authorized", g.at("data.authorized"), any(false))
	equal(t, "valid", g.at("data.valid"), any(true))
	equal(t, "reason", g.str("reason"), "Bad Request")
	b.dcPage("L", "", "Taken", "")
	blog := object{"type": "blogpost", "title": "Taken", "space": object{"key": "K"}}
	b.do(200, "POST", "/rest/api/content", blog)
	b.do(400, "POST", "/rest/api/content", blog)
	b.wait(24 * time.Hour)
	b.do(200, "POST", "/rest/api/content", blog)
	b.do(400, "POST", "/rest/api/content", object{"type": "page", "title": strings.Repeat("x", 256), "space": object{"key": "K"}})
}

func TestRow_PA_10_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "A Page", "")
	b.dcPage("K", "", "A Page too", "")
	for _, title := range []string{"A Page", "a page"} {
		same(t, title, b.do(200, "GET", "/rest/api/content?spaceKey=k&title="+url.QueryEscape(title), nil).col("id"), id)
	}
	same(t, "none", b.do(200, "GET", "/rest/api/content?spaceKey=K&title=Page", nil).col("id"))
	same(t, "any status", b.do(200, "GET", "/rest/api/content?spaceKey=K&status=any&title=a+page", nil).col("id"), id)
}

func TestRow_PA_11_DC(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.dcSpace("K")
	id := b.do(200, "POST", "/rest/api/content", object{
		"type": "page", "title": "P", "space": object{"key": "K"}, "history": object{"createdDate": "2001-01-01T00:00:00.000Z", "createdBy": object{"username": "ann"}},
		"version": object{"when": "2001-01-01T00:00:00.000Z", "by": object{"username": "ann"}},
	}).str("id")
	g := b.dcGet(id, "history,version")
	equal(t, "creator", g.str("history.createdBy.username"), serviceID)
	equal(t, "created", g.str("history.createdDate"), "2026-01-05T09:00:00.000Z")
	equal(t, "by", g.str("version.by.username"), serviceID)
}

func TestRow_PA_12_DC(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	id := b.dcPage("K", home, "P", "<p>old</p>")
	b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	g := b.dcPut(200, id, "Other", 2, object{"status": "current", "body": inStorage("<p>new</p>")})
	equal(t, "title", g.str("title"), "P")
	equal(t, "body", g.str("body.storage.value"), "<p>old</p>")
	equal(t, "number", g.num("version.number"), 2)
	equal(t, "at the root", len(g.at("ancestors").([]any)), 0)
	b = newDC(t, "", "OF-16", "former parent")
	home = b.dcSpace("K")
	id = b.dcPage("K", home, "P", "")
	b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	equal(t, "below its parent", b.dcPut(200, id, "P", 2, object{"status": "current"}).str("ancestors.0.id"), home)
}

func TestRow_PA_14(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>kept</p>")
	equal(t, "body", b.dcPut(200, id, "Q", 2, nil).str("body.storage.value"), "<p>kept</p>")
	if err := b.site.SetOptions(map[string]string{"PA-14": "refused"}); err != nil {
		t.Fatal(err)
	}
	b.dcPut(400, id, "R", 3, nil)
}

func TestRow_PA_15_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	a, z := b.dcPage("K", "", "A", ""), b.dcPage("K", "", "Z", "")
	g := b.dcPut(200, z, "Z", 2, object{"ancestors": []object{{"id": a}}})
	equal(t, "moved", g.str("ancestors.0.id"), a)
	equal(t, "a move by an update is a version", g.num("version.number"), 2)
	r := b.request("POST", "/pages/movepage.action?pageId="+z+"&spaceKey=K&position=topLevel", nil)
	r.Header.Set("X-Atlassian-Token", "no-check")
	equal(t, "moved back", b.send(r).status, 200)
	g = b.dcGet(z, "version,ancestors")
	equal(t, "no version", g.num("version.number"), 2)
	equal(t, "top", len(g.at("ancestors").([]any)), 0)
}

func TestRow_PA_16_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	q := object{"version": object{"number": 2, "minorEdit": true, "message": "note"}, "body": inStorage("<p>x</p>")}
	g := b.dcPut(200, id, "P", 2, q)
	equal(t, "told", g.at("version.minorEdit"), any(false))
	equal(t, "message", g.str("version.message"), "note")
	if err := b.site.SetOptions(map[string]string{"OF-13": "as sent"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "told as sent", b.dcGet(id, "version").at("version.minorEdit"), any(true))
}

func TestRow_PA_21(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	v := b.dcGet(id, "version")
	for _, member := range []string{"minorEdit", "message", "hidden"} {
		if v.at("version."+member) == nil {
			t.Errorf("no %s", member)
		}
	}
	equal(t, "self", v.str("version._links.self"), "https://emulated.example.test/rest/experimental/content/"+id+"/version/1")
	b = newDC(t, "11.0")
	b.dcSpace("K")
	id = b.dcPage("K", "", "P", "")
	equal(t, "self on 11", b.dcGet(id, "version").str("version._links.self"), "https://emulated.example.test/rest/api/content/"+id+"/version/1")
}

func TestUpdateWithoutChange(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>x</p>")
	equal(t, "bumps", b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>x</p>")}).num("version.number"), 2)
	if err := b.site.SetOptions(map[string]string{"OF-10": "no", "OF-12": "absent"}); err != nil {
		t.Fatal(err)
	}
	g := b.dcPut(200, id, "P", 3, object{"body": inStorage("<p>x</p>")})
	equal(t, "no version", g.num("version.number"), 2)
	equal(t, "no body", g.at("body"), nil)
}

func TestWikiIsConverted(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	g := b.do(200, "POST", "/rest/api/content", object{"type": "page", "title": "P", "space": object{"key": "K"},
		"body": object{"wiki": object{"value": "h2. This is a test", "representation": "wiki"}}})
	equal(t, "body", g.str("body.storage.value"), "<h2>This is a test</h2>")
	equal(t, "form", g.str("body.storage.representation"), "storage")
	b.do(400, "POST", "/rest/api/content", object{"type": "page", "title": "Q", "space": object{"key": "K"}, "body": object{"view": object{"value": "x", "representation": "view"}}})
}

func TestDraftsOfDataCenter(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	home := b.dcSpace("K")
	g := b.do(200, "POST", "/rest/api/content", object{"type": "page", "status": "draft", "title": "D", "space": object{"key": "K"}, "ancestors": []object{{"id": home}}, "body": inStorage("<p>d</p>")})
	id := g.str("id")
	equal(t, "status", g.str("status"), "draft")
	b.do(404, "GET", "/rest/api/content/"+id, nil)
	b.do(200, "GET", "/rest/api/content/"+id+"?status=draft", nil)
	b.as("ann").do(404, "GET", "/rest/api/content/"+id+"?status=draft", nil)
	same(t, "no child", b.dcKids(home))
	g = b.do(200, "POST", "/rest/api/content", object{"id": id, "type": "page", "status": "current", "title": "D2", "space": object{"key": "K"}, "body": inStorage("<p>e</p>")})
	equal(t, "number", g.num("version.number"), 1)
	equal(t, "body", g.str("body.storage.value"), "<p>e</p>")
	same(t, "child", b.dcKids(home), "D2")
	// a draft over the page, which the page does not show, published by PUT with status=draft
	b.do(200, "PUT", "/rest/api/content/"+id+"?status=draft", object{"id": id, "type": "page", "status": "draft", "title": "D3", "version": object{"number": 1}, "body": inStorage("<p>f</p>")})
	equal(t, "page", b.dcGet(id, "").str("title"), "D2")
	equal(t, "draft", b.do(200, "GET", "/rest/api/content/"+id+"?status=draft", nil).str("title"), "D3")
	g = b.do(200, "PUT", "/rest/api/content/"+id+"?status=draft", object{"id": id, "type": "page", "status": "current", "title": "D3", "version": object{"number": 2}, "body": inStorage("<p>g</p>")})
	equal(t, "published", g.str("body.storage.value"), "<p>g</p>")
	b.do(404, "GET", "/rest/api/content/"+id+"?status=draft", nil)
}

// TestRow_DL_01_DC: a delete is the trash, a second one with status=trashed is for good.
func TestRow_DL_01_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	b.do(404, "DELETE", "/rest/api/content/"+id+"?status=trashed", nil)
	b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	b.do(404, "DELETE", "/rest/api/content/"+id, nil)
	b.do(204, "DELETE", "/rest/api/content/"+id+"?status=trashed", nil)
	b.do(404, "GET", "/rest/api/content/"+id+"?status=any", nil)
	draft := b.do(200, "POST", "/rest/api/content", object{"type": "page", "status": "draft", "title": "D", "space": object{"key": "K"}}).str("id")
	b.do(204, "DELETE", "/rest/api/content/"+draft+"?status=draft", nil)
	b.do(404, "GET", "/rest/api/content/"+draft+"?status=draft", nil)
}

func TestRow_DL_03(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	b.do(404, "GET", "/rest/api/content/"+id, nil)
	b.do(404, "GET", "/rest/api/content/"+id+"?status=current", nil)
	for _, status := range []string{"trashed", "any"} {
		equal(t, status, b.do(200, "GET", "/rest/api/content/"+id+"?status="+status, nil).str("status"), "trashed")
	}
}

func TestRow_DL_04_DC(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	mid := b.dcPage("K", home, "Mid", "")
	b.dcPage("K", mid, "Low", "")
	b.do(204, "DELETE", "/rest/api/content/"+mid, nil)
	same(t, "moved up", b.dcKids(home), "Low")
}

func TestRow_DL_06(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	b.do(200, "PUT", "/rest/api/content/"+id+"?status=draft", object{"id": id, "type": "page", "status": "draft", "title": "P", "version": object{"number": 1}, "body": inStorage("<p>f</p>")})
	b.wait(time.Minute)
	b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>2</p>")})
	b.do(409, "DELETE", "/rest/api/content/"+id+"?status=draft", nil)
	b.do(204, "DELETE", "/rest/api/content/"+id, nil) // whatever the caller knew of it
}

func TestRow_DL_10(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>1</p>")
	for n := 2; n < 5; n++ {
		b.dcPut(200, id, "P", n, object{"body": inStorage("<p>" + text(int64(n)) + "</p>")})
	}
	b.do(204, "DELETE", "/rest/api/content/"+id+"/version/2", nil)
	b.do(400, "DELETE", "/rest/api/content/"+id+"/version/4", nil)
	b.do(404, "DELETE", "/rest/api/content/"+id+"/version/2", nil)
	g := b.do(200, "GET", "/rest/api/content/"+id+"/version", nil)
	equal(t, "versions", len(g.at("results").([]any)), 3)
	equal(t, "a hole", g.num("results.1.number")-g.num("results.2.number"), 2)
	equal(t, "history", b.do(200, "GET", "/rest/api/content/"+id+"/history", nil).num("previousVersion.number"), 3)
	b.do(404, "GET", "/rest/api/content/"+id+"?status=historical&version=2", nil)
	equal(t, "older", b.do(200, "GET", "/rest/api/content/"+id+"?status=historical&version=1&expand=body.storage", nil).str("body.storage.value"), "<p>1</p>")
}

func TestRow_DL_11_DC(t *testing.T) {
	for version, want := range map[string][2]int{"7.19": {200, 200}, "10.2": {200, 200}, "11.0": {200, 404}} {
		b := newDC(t, version)
		b.dcSpace("K")
		id := b.dcPage("K", "", "P", "<p>1</p>")
		b.dcPut(200, id, "Q", 2, object{"body": inStorage("<p>2</p>")})
		b.do(want[0], "GET", "/rest/api/content/"+id+"/version", nil)
		b.do(want[0], "GET", "/rest/api/content/"+id+"/version/1", nil)
		b.do(want[1], "GET", "/rest/experimental/content/"+id+"/version", nil)
		b.do(want[1], "GET", "/rest/experimental/content/"+id+"/version/1", nil)
		g := b.do(200, "GET", "/rest/api/content/"+id+"?status=historical&version=1&expand=body.storage,version,history", nil)
		equal(t, "body", g.str("body.storage.value"), "<p>1</p>")
		equal(t, "title", g.str("title"), "P")
		equal(t, "status", g.str("status"), "historical")
		equal(t, "latest", g.at("history.latest"), any(false))
		b.do(404, "GET", "/rest/api/content/"+id+"?version=1", nil)
		if err := b.site.SetOptions(map[string]string{"DL-11": "neither"}); err != nil {
			t.Fatal(err)
		}
		b.do(404, "GET", "/rest/api/content/"+id+"/version", nil)
	}
}

func TestRow_ST_01_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", `<ac:structured-macro ac:name="toc"></ac:structured-macro>`)
	body := b.dcGet(id, "body.storage").str("body.storage.value")
	found := regexp.MustCompile(`ac:schema-version="1" ac:macro-id="([0-9a-f-]{36})"`).FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no ids in %s", body)
	}
	again := b.dcPut(200, id, "P", 2, object{"body": inStorage(body)}).str("body.storage.value")
	if !strings.Contains(again, found[1]) {
		t.Errorf("the id of the macro changed: %s", again)
	}
	m := b.do(200, "GET", "/rest/api/content/"+id+"/history/2/macro/id/"+found[1], nil)
	equal(t, "macro", m.str("name"), "toc")
	b.do(404, "GET", "/rest/api/content/"+id+"/history/2/macro/id/none", nil)
}

func TestRow_ER_13_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	for _, bad := range []string{"<p>", "<p>&nosuch;</p>", "<p a>x</p>", "<b><i></b></i>"} {
		b.do(400, "POST", "/rest/api/content", object{"type": "page", "title": "P", "space": object{"key": "K"}, "body": inStorage(bad)})
	}
}

func TestRow_ER_05_DC(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	b.hideFrom(id, "ann")
	there, absent := b.as("ann").do(404, "GET", "/rest/api/content/"+id, nil), b.as("ann").do(404, "GET", "/rest/api/content/999", nil)
	equal(t, "text", strings.ReplaceAll(there.str("message"), id, "999"), absent.str("message"))
}

// hideFrom restricts a content to the service account.
func (b *bench) hideFrom(id, _ string) {
	b.t.Helper()
	b.do(200, "PUT", "/rest/api/content/"+id+"/restriction", []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "username": serviceID}}}}})
}
