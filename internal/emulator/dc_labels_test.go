package emulator

import (
	"strings"
	"testing"
)

func TestRow_LB_02_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	path := "/rest/api/content/" + page + "/label"
	g := b.do(200, "POST", path, []object{{"prefix": "global", "name": "Loud"}, {"prefix": "global", "name": "a/b"}})
	equal(t, "lower case", strings.Join(g.col("name"), " "), "loud a/b")
	b.do(200, "POST", path, object{"prefix": "global", "name": "single"})
	b.do(400, "POST", path, []object{{"prefix": "global", "name": "two words"}})
	b.do(400, "POST", path, []object{{"prefix": "global", "name": "semi;colon"}})
	b.do(400, "DELETE", path+"/a%2Fb", nil)
	b.do(204, "DELETE", path+"?name=a/b", nil)
	b.do(204, "DELETE", path+"/LOUD", nil)
	b.do(404, "DELETE", path+"/loud", nil)
	equal(t, "left", strings.Join(b.do(200, "GET", path, nil).col("name"), " "), "single")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.do(200, "PUT", "/rest/api/content/"+page+"/restriction", []object{{"operation": "update", "restrictions": object{"user": []object{{"type": "known", "username": serviceID}}}}})
	b.as("eve").do(403, "POST", path, []object{{"name": "x"}})
}

func TestRow_LB_03_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.wait(1e9)
	b.do(200, "POST", "/rest/api/content/"+page+"/label", []object{{"name": "x"}})
	b.do(204, "DELETE", "/rest/api/content/"+page+"/label/x", nil)
	g := b.do(200, "GET", "/rest/api/content/"+page+"?expand=version,history.lastUpdated", nil)
	equal(t, "version", g.num("version.number"), 1)
	equal(t, "date", g.str("history.lastUpdated.when"), "2026-01-05T09:00:00.000Z")
}

func TestRow_LB_04_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	path := "/rest/api/content/" + page + "/label"
	b.do(200, "POST", path, []object{{"prefix": "my", "name": "favourite"}, {"prefix": "team", "name": "t"}, {"prefix": "system", "name": "s"}, {"name": "g"}})
	equal(t, "all", strings.Join(b.do(200, "GET", path, nil).col("prefix"), " "), "my team system global")
	equal(t, "one", strings.Join(b.do(200, "GET", path+"?prefix=my", nil).col("name"), " "), "favourite")
	b.do(400, "POST", path, []object{{"prefix": "moon", "name": "x"}})
}

func TestLabelResources(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	for title, labels := range map[string][]object{"A": {{"name": "x"}, {"name": "y"}}, "B": {{"name": "x"}}} {
		b.do(200, "POST", "/rest/api/content/"+b.sitePage("HR", title, "")+"/label", labels)
	}
	for path, want := range map[string]string{
		"/rest/api/label/popular": "x y", "/rest/api/space/HR/labels": "x y", "/rest/api/space/HR/labels/popular": "x y",
		"/rest/api/label/x/related": "y", "/rest/api/space/HR/labels/x/related": "y", "/rest/api/label/labels?labelName=y": "y",
		"/rest/api/label/labels?spaceKey=HR&namespace=global": "x y",
	} {
		equal(t, path, strings.Join(b.do(200, "GET", path, nil).col("name"), " "), want)
	}
	for _, path := range []string{"/rest/api/label/recent", "/rest/api/space/HR/labels/recent"} {
		equal(t, path, len(b.do(200, "GET", path, nil).col("name")), 2)
	}
	b.do(404, "GET", "/rest/api/label/none/related", nil)
	b.do(404, "GET", "/rest/api/label/labels?labelName=none", nil)
	b.do(404, "GET", "/rest/api/space/NONE/labels", nil)
}

func TestRow_LB_05_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	for _, base := range []string{"/rest/api/content/" + page + "/property", "/rest/api/space/HR/property"} {
		made := b.do(200, "POST", base, object{"key": "tandem.sync", "value": object{"a": []int{1}}})
		equal(t, "number", made.num("version.number"), 1)
		b.do(400, "POST", base, object{"key": "tandem.sync", "value": 1})
		b.do(409, "PUT", base+"/tandem.sync", object{"key": "tandem.sync", "value": 2, "version": object{"number": 3}})
		g := b.do(200, "PUT", base+"/tandem.sync", object{"key": "tandem.sync", "value": 2, "version": object{"number": 2}})
		equal(t, "next", g.num("version.number"), 2)
		b.do(200, "PUT", base+"/fresh", object{"key": "fresh", "value": true, "version": object{"number": 1}})
		b.do(200, "POST", base+"/byKey", object{"value": "x"})
		b.do(404, "PUT", base+"/absent", object{"key": "absent", "value": 1, "version": object{"number": 2}})
		equal(t, "keys", strings.Join(b.do(200, "GET", base+"?expand=version", nil).col("key"), " "), "tandem.sync fresh byKey")
		b.do(413, "POST", base, object{"key": "big", "value": strings.Repeat("x", 32767)})
		b.do(200, "POST", base, object{"key": "fits", "value": strings.Repeat("x", 32766)})
		b.do(200, "GET", base+"/fresh?expand=content,space,version", nil)
		b.do(204, "DELETE", base+"/fresh", nil)
		b.do(404, "GET", base+"/fresh", nil)
		b.do(404, "DELETE", base+"/fresh", nil)
		b.do(400, "POST", base, object{"key": strings.Repeat("k", 256), "value": 1})
	}
}

func TestRow_SP_10_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	base := "/rest/api/space/HR/property"
	b.do(200, "POST", base, object{"key": "k", "value": 1})
	b.do(409, "PUT", base+"/k", object{"key": "k", "value": 1, "version": object{"number": 1}})
	b.do(413, "PUT", base+"/k", object{"key": "k", "value": strings.Repeat("x", 40000), "version": object{"number": 2}})
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(403, "POST", base, object{"key": "mine", "value": 1})
	equal(t, "read by all", b.as("eve").do(200, "GET", base+"/k", nil).num("value"), 1)
}

func TestRow_LB_06_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.do(200, "POST", "/rest/api/content/"+page+"/property", object{"key": "k", "value": 1})
	equal(t, "version", b.do(200, "GET", "/rest/api/content/"+page+"?expand=version", nil).num("version.number"), 1)
	b.do(204, "DELETE", "/rest/api/content/"+page, nil)
	b.do(200, "PUT", "/rest/api/content/"+page, object{"id": page, "type": "page", "status": "current", "version": object{"number": 2}})
	equal(t, "after trash and restore", b.do(200, "GET", "/rest/api/content/"+page+"/property/k", nil).num("value"), 1)
}

// limited restricts a page to the caller and more.
func limited(operation string, users, groups []string) []object {
	us, gs := []object{}, []object{}
	for _, u := range users {
		us = append(us, object{"type": "known", "username": u})
	}
	for _, g := range groups {
		gs = append(gs, object{"type": "group", "name": g})
	}
	return []object{{"operation": operation, "restrictions": object{"user": us, "group": gs}}}
}

func TestRow_LB_07_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	path := "/rest/api/content/" + page + "/restriction"
	b.do(200, "PUT", path, limited("update", []string{serviceID, "eve"}, []string{everyone}))
	b.do(200, "PUT", path, limited("read", []string{serviceID}, nil))
	g := b.do(200, "GET", path+"/byOperation", nil)
	equal(t, "readers", g.num("read.restrictions.user.size"), 1)
	equal(t, "editors stay", g.num("update.restrictions.user.size"), 2)
	equal(t, "groups stay", g.num("update.restrictions.group.size"), 1)
	b.as("eve").do(404, "GET", "/rest/api/content/"+page, nil)
	b.do(200, "PUT", path, []object{{"operation": "update", "restrictions": object{"group": []object{}}}}) // the users are not named and stay
	one := b.do(200, "GET", path+"/byOperation/update", nil)
	equal(t, "groups cleared", one.num("restrictions.group.size"), 0)
	equal(t, "users stay", one.num("restrictions.user.size"), 2)
	b.do(200, "PUT", path, limited("read", nil, nil))
	b.as("eve").do(200, "GET", "/rest/api/content/"+page, nil)
	equal(t, "version", b.do(200, "GET", "/rest/api/content/"+page+"?expand=version", nil).num("version.number"), 1)
	b.do(400, "PUT", path, limited("fly", nil, nil))
	b.do(400, "GET", path+"/byOperation/fly", nil)
	m := b.commentDC(200, page, "", "<p>x</p>", nil).str("id")
	b.do(400, "PUT", "/rest/api/content/"+m+"/restriction", limited("read", []string{serviceID}, nil))
	experimental := strings.Replace(path, "/api/", "/experimental/", 1)
	b.do(200, "GET", experimental, nil)
	b.do(200, "PUT", experimental, limited("read", []string{serviceID}, nil))
	b.do(200, "POST", experimental, limited("read", []string{"eve"}, nil))
	equal(t, "added", b.do(200, "GET", experimental+"/byOperation/read", nil).num("restrictions.user.size"), 2)
	b.do(200, "GET", experimental+"/byOperation", nil)
	for method, want := range map[string]int{"GET": 200, "PUT": 200} {
		b.do(want, method, experimental+"/byOperation/read/user?userName=eve", nil)
	}
	b.do(200, "DELETE", experimental+"/byOperation/read/user?key="+b.site.people.byID["eve"].key, nil)
	b.do(404, "GET", experimental+"/byOperation/read/user?userName=eve", nil)
	for _, method := range []string{"PUT", "GET", "DELETE"} {
		b.do(200, method, experimental+"/byOperation/read/group/"+everyone, nil)
	}
	b.do(200, "DELETE", experimental, nil)
	equal(t, "cleared", b.do(200, "GET", path+"/byOperation/read", nil).num("restrictions.user.size"), 0)
}

func TestRow_LB_08_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	for _, operation := range []string{"read", "update"} {
		b.do(400, "PUT", "/rest/api/content/"+page+"/restriction", limited(operation, []string{"eve"}, nil))
	}
	b.do(200, "PUT", "/rest/api/content/"+page+"/restriction", limited("read", []string{"eve"}, []string{dcAdminsGroup}))
}

func TestRow_LB_09_DC(t *testing.T) {
	b := newDC(t, "")
	home := b.siteSpace("HR")
	kid := b.do(200, "POST", "/rest/api/content", object{
		"type": "page", "title": "Kid", "space": object{"key": "HR"}, "ancestors": []object{{"id": home}},
		"body": object{"storage": object{"value": "", "representation": "storage"}},
	}).str("id")
	b.do(200, "PUT", "/rest/api/content/"+home+"/restriction", limited("read", []string{serviceID}, nil))
	equal(t, "own", b.do(200, "GET", "/rest/api/content/"+kid+"/restriction/byOperation", nil).num("read.restrictions.user.size"), 0)
	rows := b.do(200, "GET", "/rest/api/content/"+kid+"/restriction/relevantViewRestrictions", nil)
	equal(t, "inherited", rows.str("read.restrictions.user.results.0.username"), serviceID)
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(404, "GET", "/rest/api/content/"+kid, nil)
}

func TestRow_LB_10(t *testing.T) {
	for option, member := range map[string]string{"plain": "read", "wrapped": "restrictions.read"} {
		b := newDC(t, "", "LB-10", option)
		b.siteSpace("HR")
		page := b.sitePage("HR", "P", "")
		equal(t, option, b.do(200, "GET", "/rest/api/content/"+page+"/restriction/byOperation", nil).str(member+".operation"), "read")
	}
}

func TestRow_LB_11_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.do(400, "PUT", "/rest/api/content/"+page+"/restriction", limited("read", []string{serviceID, "nobody"}, nil))
	b.do(400, "PUT", "/rest/api/content/"+page+"/restriction", limited("read", []string{serviceID}, []string{"no-group"}))
	b.do(404, "PUT", "/rest/api/space/HR/permissions/group/no-group/grant", []object{{"targetType": "space", "operationKey": "read"}})
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.do(200, "PUT", "/rest/api/content/"+page+"/restriction", limited("read", []string{serviceID, "eve"}, nil))
	b.do(204, "PUT", "/rest/api/admin/user/eve/disable", nil) // who has left stays in the list
	equal(t, "readers", b.do(200, "GET", "/rest/api/content/"+page+"/restriction/byOperation/read", nil).num("restrictions.user.size"), 2)
}

func TestRow_LB_13_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	page := b.as("eve").sitePage("HR", "Hers", "")
	equal(t, "creator", strings.Join(b.do(200, "GET", "/rest/api/content/"+page+"/watchers", nil).col("username"), " "), "eve")
	path := "/rest/api/user/watch/content/" + page
	equal(t, "not yet", b.do(200, "GET", path, nil).at("watching"), any(false))
	b.do(200, "POST", path, nil)
	equal(t, "now", b.do(200, "GET", path, nil).at("watching"), any(true))
	b.do(204, "DELETE", path+"?username=eve", nil)
	equal(t, "taken off", strings.Join(b.do(200, "GET", "/rest/api/content/"+page+"/watchers", nil).col("username"), " "), serviceID)
	b.as("eve").do(403, "POST", path+"?username="+serviceID, nil)
	b.do(404, "GET", "/rest/api/user/watch/content/1", nil)
	inSpace := "/rest/api/user/watch/space/HR"
	b.do(200, "POST", inSpace, nil)
	equal(t, "space", b.do(200, "GET", inSpace, nil).at("watching"), any(true))
	equal(t, "watchers", strings.Join(b.do(200, "GET", "/rest/api/space/HR/watchers", nil).col("username"), " "), serviceID)
	b.do(204, "DELETE", inSpace, nil)
	equal(t, "posts only", b.do(200, "GET", inSpace+"?contentType=blogpost", nil).at("watching"), any(false))
	likes := "/rest/likes/1.0/content/" + page + "/likes"
	b.do(200, "POST", likes, nil)
	b.as("eve").do(200, "POST", likes, nil)
	b.do(200, "DELETE", likes, nil)
	equal(t, "likes", b.do(200, "GET", likes, nil).str("likes.0.user.name"), "eve")
}

func TestRow_LB_14_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", `<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>do it</ac:task-body></ac:task></ac:task-list>`)
	path := "/rest/inlinetasks/1/task/" + page + "/"
	b.do(200, "PUT", path+"7/", object{"status": "CHECKED", "trigger": "VIEW_PAGE"})
	body := b.do(200, "GET", "/rest/api/content/"+page+"?expand=body.storage", nil).str("body.storage.value")
	if !strings.Contains(body, "<ac:task-status>complete</ac:task-status>") {
		t.Errorf("body %s", body)
	}
	b.do(200, "POST", path+"7", object{"status": "UNCHECKED", "trigger": "VIEW_PAGE"})
	b.do(404, "PUT", path+"8", object{"status": "CHECKED"})
	b.do(400, "PUT", path+"7", object{"status": "PERHAPS"})
}

func TestRow_LB_15_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	s := b.site
	s.world.annex.templates = append(s.world.annex.templates,
		&template{id: 77, name: "Of the site", body: s.heap.putText("<p>g</p>")},
		&template{id: 78, name: "Of the space", space: s.world.keys["HR"].id, body: s.heap.putText("<p>s</p>")})
	equal(t, "site", strings.Join(b.do(200, "GET", "/rest/experimental/template/page", nil).col("name"), " "), "Of the site")
	equal(t, "space", strings.Join(b.do(200, "GET", "/rest/experimental/template/page?spaceKey=HR&expand=body", nil).col("name"), " "), "Of the space")
	if len(b.do(200, "GET", "/rest/experimental/template/blueprint", nil).col("name")) == 0 {
		t.Error("no blueprint")
	}
	equal(t, "body", b.do(200, "GET", "/rest/experimental/template/78", nil).str("body.storage.value"), "<p>s</p>")
	b.do(404, "GET", "/rest/experimental/template/79", nil)
	b.do(405, "POST", "/rest/experimental/template/page", object{})
	newDC(t, "", "LB-15", "absent").do(404, "GET", "/rest/experimental/template/page", nil)
}
