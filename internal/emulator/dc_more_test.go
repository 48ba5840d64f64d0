package emulator

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recordedDC reads an answer of a real Data Center.
func recordedDC(t *testing.T, name string) any {
	t.Helper()
	if shared() == "" {
		t.Skip("the recorded answers are not there")
	}
	data, err := os.ReadFile(filepath.Join(shared(), "data", "rest-dc", name))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// lacking are the paths of a recorded value that an answer has not, but those below the prefixes in lack.
func lacking(answered, recorded any, lack ...string) []string {
	have, want := map[string]bool{}, map[string]bool{}
	paths(answered, "", have)
	paths(recorded, "", want)
	var missing []string
	for path := range want {
		where, _, _ := strings.Cut(path, " ")
		if !have[path] && !slices.ContainsFunc(lack, func(prefix string) bool { return strings.HasPrefix(where, prefix) }) {
			missing = append(missing, path)
		}
	}
	slices.Sort(missing)
	return missing
}

// TestRecordedAnswersOfDataCenter holds that what real Data Centers answered (one of about 7.x, one of 2025) has no path
// that the emulator's answer to the same request lacks.
func TestRecordedAnswersOfDataCenter(t *testing.T) {
	b := newDC(t, "7.19", "ID-03", "/wiki/cf")
	b.do(200, "POST", "/wiki/cf/rest/api/space", object{"key": "SPACE", "name": "Space"})
	create := func(parent, title string) got {
		q := object{"type": "page", "title": title, "space": object{"key": "SPACE"}, "body": object{"wiki": object{"value": "h2. This is a test", "representation": "wiki"}}}
		if parent != "" {
			q["ancestors"] = []object{{"id": parent}}
		}
		return b.do(200, "POST", "/wiki/cf/rest/api/content", q)
	}
	top := create("", "Top").str("id")
	ordered, other := create(top, "Ordered").str("id"), create(top, "Other").str("id")
	r := b.request("POST", "/wiki/cf/pages/movepage.action?pageId="+ordered+"&position=below&targetId="+other, nil)
	r.Header.Set("X-Atlassian-Token", "no-check")
	equal(t, "ordered", b.send(r).status, 200)
	parent := create(ordered, "A parent title").str("id")
	b.do(200, "PUT", "/wiki/cf/rest/api/content/"+parent+"?status=draft", object{"id": parent, "type": "page", "status": "draft", "title": "A parent title", "version": object{"number": 1}})
	created := create(parent, "A new page title")
	updated := b.do(200, "PUT", "/wiki/cf/rest/api/content/"+created.str("id"), object{
		"type": "page", "title": "A new page title", "version": object{"number": 2}, "body": object{"wiki": object{"value": "h2. This is second a test", "representation": "wiki"}},
	})
	find := func(expand, title string) any {
		return b.do(200, "GET", "/wiki/cf/rest/api/content?spaceKey=SPACE&expand="+expand+"&title="+title, nil).json
	}
	b.do(200, "PUT", "/wiki/cf/rest/api/content/"+created.str("id")+"?status=draft", object{"id": created.str("id"), "type": "page", "status": "draft", "title": "x", "version": object{"number": 2}})
	for name, answered := range map[string]any{
		"forthic/create_page_response.json":           created.json,
		"forthic/update_page_response.json":           updated.json,
		"forthic/page_info_response.json":             find("version", "A+new+page+title"),
		"forthic/page_info_w_ancestors_response.json": find("ancestors", "A+new+page+title"),
		"forthic/no_page_info_response.json":          find("ancestors", "Nothing"),
	} {
		if missing := lacking(answered, recordedDC(t, name)); len(missing) > 0 {
			t.Errorf("%s: recorded, but not answered:\n%s", name, strings.Join(missing, "\n"))
		}
	}
}

// TestRecordedAttachmentOfDataCenter is the same for an attachment of a Data Center of 2025.
func TestRecordedAttachmentOfDataCenter(t *testing.T) {
	b := newDC(t, "9.2", "ID-12", "without", "ID-15", "Europe/Berlin")
	home := b.dcSpace("K")
	z := b.dcPage("K", home, "Z", "")
	p := b.dcPage("K", home, "Installation using scripts", "")
	r := b.request("POST", "/pages/movepage.action?pageId="+p+"&position=above&targetId="+z, nil)
	r.Header.Set("X-Atlassian-Token", "no-check")
	b.send(r)
	b.upload(200, "POST", "/rest/api/content/"+p+"/child/attachment", part{"file", "add_twc_monitor.sh", "text/x-sh", "echo"})
	id := b.do(200, "GET", "/rest/api/content/"+p+"/child/attachment", nil).str("results.0.id")
	g := b.do(200, "GET", "/rest/api/content/"+id+"?expand=version,container", nil)
	if missing := lacking(g.json, recordedDC(t, "nomagic/attachment-218759354.json")); len(missing) > 0 {
		t.Errorf("recorded, but not answered:\n%s", strings.Join(missing, "\n"))
	}
	equal(t, "position", g.num("container.position"), 0)
	equal(t, "webui", g.str("_links.webui"), "/spaces/K/pages/"+p+"/Installation+using+scripts?preview=%2F"+p+"%2F"+id+"%2Fadd_twc_monitor.sh")
}

// TestRequestsOfPublisher sends what a public publisher sends (rest-dc/confluence-publisher).
func TestRequestsOfPublisher(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	add := recordedDC(t, "confluence-publisher/http/add-page-request-ancestor-id.json").(map[string]any)
	add["ancestors"], add["space"] = []object{{"id": home}}, object{"key": "K"}
	id := b.do(200, "POST", "/rest/api/content", add).str("id")
	update := recordedDC(t, "confluence-publisher/http/update-page-request-with-ancestor-id.json").(map[string]any)
	update["ancestors"] = []object{{"id": home}}
	equal(t, "number", b.do(200, "PUT", "/rest/api/content/"+id, update).num("version.number"), 2)
}

// TestRow_ID_09: operations appear with the versions of dc-api.md section 0; before that they are no routes.
func TestRow_ID_09(t *testing.T) {
	for path, want := range map[string]map[string]int{
		"/rest/api/content/scan":                       {"7.19": 200, "8.5": 200, "9.2": 200, "10.2": 200, "11.0": 200},
		"/rest/api/webhooks":                           {"7.19": 200, "9.2": 200},
		"/rest/api/backup-restore/jobs":                {"7.19": 404, "8.5": 200, "9.2": 200, "10.2": 200},
		"/rest/api/space/K/permissions":                {"7.19": 404, "8.5": 404, "9.1.0": 404, "9.1.1": 200, "9.2": 200, "11.0": 200},
		"/rest/api/permissions":                        {"8.5": 404, "9.2": 404, "9.3": 200, "10.2": 200},
		"/rest/api/admin/users/list/active":            {"8.5": 404, "9.2": 404, "10.2": 200},
		"/rest/api/cluster/nodes":                      {"8.5": 404, "9.2": 404, "10.2": 200, "11.0": 200},
		"/rest/applinks/1.0/manifest":                  {"7.19": 200, "11.0": 200},
		"/rest/applinks/latest/manifest":               {"9.2": 200},
		"/rest/api/group/confluence-users/groupparent": {"9.2": 404, "9.4": 200, "10.2": 200},
	} {
		for version, status := range want {
			b := newDC(t, version)
			b.do(200, "POST", "/rest/api/space", object{"key": "K", "name": "K"})
			g := b.send(b.request("GET", path, nil))
			equal(t, version+" "+path, g.status, status)
			if status == 404 && g.json != nil {
				t.Errorf("%s %s: an operation that is not there is no route", version, path)
			}
		}
	}
}

// TestRow_PA_19_DC: a rename rewrites the links of other pages by title, each with a version by whoever renamed.
func TestRow_PA_19_DC(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.dcSpace("K")
	b.dcSpace("L")
	p := b.dcPage("K", "", "Old", "<p>x</p>")
	near := b.dcPage("K", "", "Near", `<p><ac:link><ri:page ri:content-title="Old" /></ac:link></p>`)
	far := b.dcPage("L", "", "Far", `<p><ac:link><ri:page ri:space-key="K" ri:content-title="Old" /></ac:link></p>`)
	unmeant := b.dcPage("L", "", "Unmeant", `<p><ac:link><ri:page ri:content-title="Old" /></ac:link></p>`)
	b.as("ann").dcPut(200, p, "New", 2, nil)
	for id, want := range map[string]int{near: 2, far: 2, unmeant: 1} {
		g := b.dcGet(id, "version,body.storage")
		equal(t, "number", g.num("version.number"), want)
		equal(t, "rewritten", strings.Contains(g.str("body.storage.value"), `ri:content-title="New"`), want == 2)
	}
	equal(t, "by", b.dcGet(near, "version").str("version.by.username"), "ann")
}

// TestRow_PA_16_Notifications: watchers are told of a new version, but not of a minor one.
func TestRow_PA_16_Notifications(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "")
	b.as("ann").dcPut(200, id, "P", 2, object{"body": inStorage("<p>2</p>")})
	equal(t, "told the creator", b.site.Notifications()[serviceID], 1)
	b.as("ann").dcPut(200, id, "P", 3, object{"version": object{"number": 3, "minorEdit": true}, "body": inStorage("<p>3</p>")})
	b.dcPut(200, id, "P", 4, object{"body": inStorage("<p>4</p>")})
	equal(t, "not of minor edits, not of one's own", b.site.Notifications()[serviceID], 1)
	equal(t, "who does not watch", b.site.Notifications()["ann"], 0)
}

func TestRow_PA_16_Cloud(t *testing.T) {
	for option, want := range map[string]int64{"ignored": 1, "suppresses": 0} {
		b := newBench(t, "PA-16", option)
		b.site.AddUser("ann", "Ann", "ann@example.test")
		s, _ := b.space("S")
		p := b.page(s, "", "P", "<p>1</p>")
		b.as("ann").do(200, "PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P", "body": storage("<p>2</p>"), "version": object{"number": 2, "minorEdit": true}})
		equal(t, option, b.site.Notifications()[serviceID], want)
	}
}

// TestRow_DL_10_Act: an administrator deletes a past version.
func TestRow_DL_10_Act(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>1</p>")
	b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>2</p>")})
	b.dcPut(200, id, "P", 3, object{"body": inStorage("<p>3</p>")})
	if _, err := b.site.Act(serviceID, json.RawMessage(`{"dropVersion": {"page": "P", "version": 2}}`)); err != nil {
		t.Fatal(err)
	}
	b.do(404, "GET", "/rest/api/content/"+id+"?status=historical&version=2", nil)
	if _, err := b.site.Act(serviceID, json.RawMessage(`{"dropVersion": {"page": "P", "version": 3}}`)); err == nil {
		t.Error("the current version was dropped")
	}
}

func TestVersionsBehindTheOlderPath(t *testing.T) {
	b := newDC(t, "8.5")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>1</p>")
	b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>2</p>")})
	g := b.do(200, "GET", "/rest/experimental/content/"+id+"/version/1?expand=content,collaborators", nil)
	equal(t, "content", g.str("content.status"), "historical")
	equal(t, "collaborators", g.str("collaborators.users.0.username"), serviceID)
	b.do(204, "DELETE", "/rest/experimental/content/"+id+"/version/1", nil)
	b.do(404, "GET", "/rest/experimental/content/"+id+"/version/1", nil)
}

func TestMacroByHash(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[x := 1]]></ac:plain-text-body></ac:structured-macro>`)
	sum := md5.Sum([]byte("x := 1"))
	g := b.do(200, "GET", "/rest/api/content/"+id+"/history/0/macro/hash/"+hex.EncodeToString(sum[:]), nil)
	equal(t, "body", g.str("body"), "x := 1")
	equal(t, "parameter", g.str("parameters.language.value"), "go")
	b.do(404, "GET", "/rest/api/content/"+id+"/history/7/macro/hash/"+hex.EncodeToString(sum[:]), nil)
}

func TestBlueprintDraftIsPublished(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	for _, method := range []string{"POST", "PUT"} {
		id := b.do(200, "POST", "/rest/api/content", object{"type": "page", "status": "draft", "title": "D " + method, "space": object{"key": "K"}}).str("id")
		g := b.do(200, method, "/rest/api/content/blueprint/instance/"+id+"?status=draft", object{"type": "page", "status": "current", "title": "D " + method, "space": object{"key": "K"}})
		equal(t, "status", g.str("status"), "current")
		b.do(400, method, "/rest/api/content/blueprint/instance/"+id, object{"type": "page", "title": "again", "space": object{"key": "K"}})
	}
}

// TestRow_CO_09_Descendants: comments are the only descendants that are listed, replies among them.
func TestRow_CO_09_Descendants(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	comment := func(more object) string {
		q := object{"type": "comment", "container": object{"id": home, "type": "page"}, "body": inStorage("<p>c</p>")}
		for k, v := range more {
			q[k] = v
		}
		return b.do(200, "POST", "/rest/api/content", q).str("id")
	}
	root := comment(nil)
	reply := comment(object{"ancestors": []object{{"id": root}}})
	same(t, "all", b.do(200, "GET", "/rest/api/content/"+home+"/descendant/comment?expand=ancestors", nil).col("id"), root, reply)
	g := b.do(200, "GET", "/rest/api/content/"+home+"/descendant?expand=comment", nil)
	equal(t, "expanded", len(g.at("comment.results").([]any)), 2)
	b.do(400, "GET", "/rest/api/content/"+home+"/descendant/page", nil)
	g = b.dcGet(reply, "ancestors,container,extensions.resolution")
	equal(t, "the comment it answers", g.str("ancestors.0.id"), root)
	equal(t, "title", g.str("title"), "Re: "+b.dcGet(home, "").str("title"))
	equal(t, "container", g.str("container.id"), home)
	equal(t, "children", len(b.dcGet(home, "children.comment").at("children.comment.results").([]any)), 1)
}

// TestRow_LB_09_Expanded: a content is told the view restrictions above it, which are not its own.
func TestRow_LB_09_Expanded(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	mid := b.dcPage("K", home, "Mid", "")
	low := b.dcPage("K", mid, "Low", "")
	b.hideFrom(mid, "ann")
	g := b.dcGet(low, "relevantViewRestrictions,restrictions.read.restrictions.user")
	equal(t, "whose", g.str("relevantViewRestrictions.viewContentRestrictions.results.0.content.id"), mid)
	equal(t, "who", g.str("relevantViewRestrictions.viewContentRestrictions.results.0.restrictions.user.results.0.username"), serviceID)
	equal(t, "its own", g.num("restrictions.read.restrictions.user.size"), 0)
}

// TestExpansionsOfDataCenter asks for everything at once.
func TestExpansionsOfDataCenter(t *testing.T) {
	b := newDC(t, "")
	home := b.dcSpace("K")
	id := b.do(200, "POST", "/rest/api/content", object{
		"type": "page", "title": "P", "space": object{"key": "K"}, "ancestors": []object{{"id": home}}, "body": inStorage("<p>x</p>"),
		"metadata": object{"properties": object{"tandem.sync": object{"value": object{"n": 7}}}},
	}).str("id")
	b.do(200, "POST", "/rest/api/content/"+id+"/label", []object{{"prefix": "global", "name": "red"}})
	b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>y</p>")})
	g := b.dcGet(id, "body.storage,body.view,body.export_view,body.styled_view,body.editor,version,space,history.lastUpdated,history.previousVersion,"+
		"history.contributors.publishers.users,ancestors,container,metadata.labels,metadata.properties.tandem.sync,metadata.properties,metadata.currentuser,"+
		"metadata.likes,operations,children.page,children.comment,children.attachment,descendants.comment,restrictions.read.restrictions.user,"+
		"restrictions.update.restrictions.group,relevantViewRestrictions")
	equal(t, "label", g.str("metadata.labels.results.0.name"), "red")
	equal(t, "publisher", g.str("history.contributors.publishers.users.0.username"), serviceID)
	equal(t, "previous", g.num("history.previousVersion.number"), 1)
	equal(t, "container", g.str("container.key"), "K")
	equal(t, "operation", g.str("operations.0.operation"), "read")
	equal(t, "restrictions", g.num("restrictions.read.restrictions.user.size"), 0)
	equal(t, "last contributed", g.str("metadata.currentuser.lastcontributed.status"), "current")
	for _, form := range []string{"storage", "view", "export_view", "styled_view", "editor"} {
		if !strings.Contains(g.str("body."+form+".value"), "y") {
			t.Errorf("body.%s is %q", form, g.str("body."+form+".value"))
		}
	}
	props := g.at("metadata.properties").(map[string]any)
	equal(t, "property with a dot", props["tandem.sync"] != nil, true)
	property := b.do(200, "GET", "/rest/api/content/"+id+"/property/tandem.sync", nil)
	equal(t, "property", property.num("value.n"), 7)
}

// TestRow_AU_14_Contents: with a token that was revoked nearly everything seems to be gone, each answer a 200.
func TestRow_AU_14_Contents(t *testing.T) {
	b := newDC(t, "", "SP-12", "on")
	open := b.dcSpace("K")
	b.dcSpace("L")
	b.dcPage("L", "", "Kept from strangers", "")
	b.do(204, "PUT", "/rest/api/space/K/permissions/anonymous/grant", []object{{"targetType": "space", "operationKey": "read"}})
	token := b.site.Token(serviceID)
	ask := func(path string) got {
		t.Helper()
		g := b.send(b.bearer("GET", path, token))
		equal(t, path, g.status, 200)
		return g
	}
	all := ask("/rest/api/content?limit=100").col("id")
	equal(t, "known", ask("/rest/api/user/current").str("type"), "known")
	b.site.Revoke(serviceID)
	same(t, "what strangers see", ask("/rest/api/content?limit=100").col("id"), open)
	same(t, "scan", ask("/rest/api/content/scan").col("id"), open)
	same(t, "search", ask("/rest/api/content/search?cql=type=page").col("id"), open)
	equal(t, "before", len(all), 3)
	equal(t, "anonymous", ask("/rest/api/user/current").str("type"), "anonymous")
	gone := b.send(b.bearer("GET", "/rest/api/content/"+all[2], token))
	equal(t, "as if deleted", gone.status, 404)
	write := b.bearer("DELETE", "/rest/api/content/"+open, token)
	equal(t, "no right to write", b.send(write).status, 403)
}

// TestRow_PA_04_DC: a draft of a person over a page stays beside an update, and publishing over it takes it away.
func TestRow_PA_04_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	id := b.dcPage("K", "", "P", "<p>1</p>")
	if _, err := b.site.Act(serviceID, json.RawMessage(`{"draft": {"page": "P", "text": "<p>unsaved</p>"}}`)); err != nil {
		t.Fatal(err)
	}
	b.dcPut(200, id, "P", 2, object{"body": inStorage("<p>2</p>")})
	draft := "/rest/api/content/" + id + "?status=draft&expand=body.storage"
	equal(t, "beside", strings.Contains(b.do(200, "GET", draft, nil).str("body.storage.value"), "unsaved"), true)
	b.do(200, "PUT", "/rest/api/content/"+id+"?status=draft&conflictPolicy=abort&asyncReconciliation=true", object{
		"id": id, "type": "page", "status": "current", "title": "P", "version": object{"number": 3}, "body": inStorage("<p>3</p>"),
	})
	equal(t, "published", b.dcGet(id, "body.storage").str("body.storage.value"), "<p>3</p>")
	b.do(404, "GET", draft, nil)
}

// TestRow_PA_22_DC: a title is no identity: it can go to another page, and a page to another title.
func TestRow_PA_22_DC(t *testing.T) {
	b := newDC(t, "")
	b.dcSpace("K")
	first := b.dcPage("K", "", "Plan", "")
	equal(t, "same id", b.dcPut(200, first, "Plan 2025", 2, nil).str("id"), first)
	second := b.dcPage("K", "", "Plan", "")
	b.do(204, "DELETE", "/rest/api/content/"+second, nil)
	third := b.dcPage("K", "", "Plan", "")
	same(t, "by title", b.do(200, "GET", "/rest/api/content?spaceKey=K&title=Plan", nil).col("id"), third)
	b.dcPut(400, second, "Plan", 2, object{"status": "current"}) // the title is taken
}

// TestDataCenterUnderLoad has readers, writers and an administrator at once; it is for the race detector.
func TestDataCenterUnderLoad(t *testing.T) {
	b := newDC(t, "", "SP-12", "on")
	home := b.dcSpace("K")
	var ids []string
	for i := range 4 {
		ids = append(ids, b.dcPage("K", home, "P"+text(int64(i)), "<p>x</p>"))
	}
	token := b.site.Token(serviceID)
	var g sync.WaitGroup
	for worker := range 4 {
		g.Go(func() {
			for i := range 25 {
				id := ids[worker]
				q, _ := json.Marshal(object{"type": "page", "title": "P" + id + text(int64(i)), "version": object{"number": i + 2}, "body": inStorage("<p>" + text(int64(i)) + "</p>")})
				for _, r := range []*http.Request{
					httptest.NewRequest("PUT", "https://emulated.example.test/rest/api/content/"+id, bytes.NewReader(q)),
					httptest.NewRequest("GET", "https://emulated.example.test/rest/api/content/"+id+"?expand=body.view,ancestors,history", nil),
					httptest.NewRequest("GET", "https://emulated.example.test/rest/api/content/scan?expand=version", nil),
					httptest.NewRequest("GET", "https://emulated.example.test/rest/api/search?cql=type=page", nil),
					httptest.NewRequest("DELETE", "https://emulated.example.test/rest/api/nothing", nil),
				} {
					r.Header.Set("Authorization", "Bearer "+token)
					b.site.Handler().ServeHTTP(httptest.NewRecorder(), r)
				}
				if worker == 0 {
					if err := b.site.SetOptions(map[string]string{"ER-03": []string{"old", "new"}[i%2], "AU-17": "READ_WRITE"}); err != nil {
						t.Error(err)
					}
					b.site.AddGroup("confluence-administrators", serviceID)
				}
			}
		})
	}
	g.Wait()
	for _, id := range ids {
		equal(t, "number", b.dcGet(id, "version").num("version.number"), 26)
	}
}
