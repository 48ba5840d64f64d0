package emulator

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestRow_LT_04_V1(t *testing.T) {
	b := newBench(t)
	_, home := b.space("S")
	begin := func(to, value, form, query string) string {
		t.Helper()
		return b.v1(200, "POST", "/contentbody/convert/async/"+to+query, object{"value": value, "representation": form}).str("asyncId")
	}
	look := func(id string) got { t.Helper(); return b.v1(200, "GET", "/contentbody/convert/async/"+id, nil) }
	id := begin("export_view", "<p>hello <strong>world</strong></p>", "storage", "?spaceKeyContext=S&contentIdContext="+home)
	equal(t, "first", look(id).str("status"), "QUEUED")
	equal(t, "second", look(id).str("status"), "WORKING")
	b.wait(time.Second)
	done := look(id)
	equal(t, "done", done.str("status")+" "+done.str("representation"), "COMPLETED export_view")
	if !strings.Contains(done.str("value"), "<strong>world</strong>") {
		t.Errorf("value %s", done.raw)
	}
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.as("ann").v1(403, "GET", "/contentbody/convert/async/"+id, nil)
	b.wait(6 * time.Minute)
	b.v1(404, "GET", "/contentbody/convert/async/"+id, nil)
	b.v1(400, "GET", "/contentbody/convert/async/never", nil)

	document := begin("atlas_doc_format", "<p>x</p>", "storage", "")
	b.wait(time.Second)
	if v := look(document).str("value"); !strings.Contains(v, `"type":"doc"`) {
		t.Errorf("document %s", v)
	}
	if begin("view", "<p>x</p>", "storage", "") == begin("view", "<p>x</p>", "storage", "") {
		t.Error("two conversions have one id")
	}
	first := begin("view", "<p>x</p>", "storage", "?allowCache=true")
	equal(t, "the same from the cache", begin("view", "<p>x</p>", "storage", "?allowCache=true"), first)
	b.wait(6 * time.Minute)
	equal(t, "once more", begin("view", "<p>x</p>", "storage", "?allowCache=true"), first)
	equal(t, "running again", look(first).str("status"), "RERUNNING")
	b.v1(400, "POST", "/contentbody/convert/async/export_view", object{"value": "<p>x</p>", "representation": "view"})
	b.v1(400, "POST", "/contentbody/convert/async/export_view", object{"value": "<p>x", "representation": "storage"})
	b.v1(404, "POST", "/contentbody/convert/async/export_view?spaceKeyContext=NONE", object{"value": "<p>x</p>", "representation": "storage"})

	input := func(value, form string) object {
		return object{"to": "view", "spaceKeyContext": "S", "body": object{"value": value, "representation": form}}
	}
	many := b.v1(200, "POST", "/contentbody/convert/async/bulk/tasks", object{"conversionInputs": []object{
		input("<p>one</p>", "storage"), input("<p>two</p>", "view"), input("<p>three", "storage")}})
	equal(t, "cannot be begun", many.str("1.asyncId"), "FAILED_TO_QUEUE")
	b.wait(time.Second)
	results := b.v1(200, "GET", "/contentbody/convert/async/bulk/tasks?ids="+many.str("0.asyncId")+"&ids="+many.str("2.asyncId"), nil)
	equal(t, "one", results.str("0.status"), "COMPLETED")
	equal(t, "malformed", results.str("1.status"), "FAILED")
	eleven := make([]object, 11)
	for i := range eleven {
		eleven[i] = input("<p>x</p>", "storage")
	}
	b.v1(400, "POST", "/contentbody/convert/async/bulk/tasks", object{"conversionInputs": eleven})
	b.v1(400, "GET", "/contentbody/convert/async/bulk/tasks?"+strings.Repeat("ids=x&", 51), nil)
}

func TestMacroBodies(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", `<ac:structured-macro ac:name="info" ac:schema-version="1" ac:macro-id="m-1"><ac:parameter ac:name="title">T</ac:parameter>`+
		`<ac:rich-text-body><p>inside</p></ac:rich-text-body></ac:structured-macro>`+
		`<ac:structured-macro ac:name="code" ac:macro-id="m-2"><ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>`)
	at := func(version, macro string) string {
		return "/content/" + p + "/history/" + version + "/macro/id/" + macro
	}
	m := b.v1(200, "GET", at("1", "m-1"), nil)
	equal(t, "macro", m.str("name")+" "+m.str("body")+" "+m.str("parameters.title.value"), "info <p>inside</p> T")
	equal(t, "plain text, latest version", b.v1(200, "GET", at("0", "m-2"), nil).str("body"), "a < b")
	b.v1(404, "GET", at("1", "m-3"), nil)
	b.v1(404, "GET", at("9", "m-1"), nil)
	b.v1(404, "GET", "/content/0/history/1/macro/id/m-1", nil)
	shown := b.v1(200, "GET", at("1", "m-1")+"/convert/export_view", nil)
	if v := shown.str("value"); !strings.Contains(v, "inside") || strings.Contains(v, "ac:structured-macro") {
		t.Errorf("rendered %s", v)
	}
	b.v1(400, "GET", at("1", "m-1")+"/convert/atlas_doc_format", nil)
	async := b.v1(200, "GET", at("1", "m-1")+"/convert/async/view", nil).str("asyncId")
	b.wait(time.Second)
	equal(t, "later", b.v1(200, "GET", "/contentbody/convert/async/"+async, nil).str("status"), "COMPLETED")
	b.v1(400, "GET", at("1", "m-1")+"/convert/async/editor", nil)
}

func TestRow_LB_12(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	state := func(want int, q object) got {
		t.Helper()
		return b.v1(want, "PUT", "/content/"+p+"/state?status=current", q)
	}
	version := func() int { t.Helper(); return b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number") }
	equal(t, "none", len(b.v1(200, "GET", "/content/"+p+"/state", nil).json.(map[string]any)), 0)
	equal(t, "suggested", b.v1(200, "GET", "/space/S/state", nil).str("1.name"), "In progress")
	b.wait(time.Minute)
	set := state(200, object{"id": 1})
	equal(t, "by id", set.str("contentState.name")+" "+set.str("lastUpdated"), "In progress 2026-01-05T09:01:00.000Z")
	equal(t, "a version", version(), 2)
	equal(t, "with an empty message", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).str("version.message"), "")
	own := state(200, object{"name": "Waiting", "color": "#123456"})
	equal(t, "by name", version(), 3)
	equal(t, "kept for good", b.v1(200, "GET", "/content-states", nil).str("0.name"), "Waiting")
	equal(t, "the same again", state(200, object{"name": "Waiting", "color": "#123456"}).num("contentState.id"), own.num("contentState.id"))
	available := b.v1(200, "GET", "/content/"+p+"/state/available", nil)
	equal(t, "available", available.str("spaceContentStates.0.name")+" "+available.str("customContentStates.0.name"), "Rough draft Waiting")
	byState := "/space/S/state/content?state-id="
	same(t, "who has it", b.v1(200, "GET", byState+text(int64(own.num("contentState.id"))), nil).col("id"), p)
	same(t, "unknown state", b.v1(200, "GET", byState+"999999", nil).col("id"))
	b.v1(400, "GET", "/space/S/state/content", nil)
	b.v1(200, "DELETE", "/content/"+p+"/state?status=current", nil)
	equal(t, "gone", len(b.v1(200, "GET", "/content/"+p+"/state", nil).json.(map[string]any)), 0)
	equal(t, "one more version", version(), 5)
	settings := b.v1(200, "GET", "/space/S/state/settings", nil)
	equal(t, "allowed", settings.at("customContentStatesAllowed"), any(true))
	state(400, object{"name": strings.Repeat("x", 21), "color": "#123456"})
	state(400, object{"name": "x", "color": "red"})
	state(400, object{"id": 77})
	b.v1(400, "PUT", "/content/"+p+"/state", object{"id": 1})
	b.v1(404, "GET", "/content/0/state", nil)
	b.v1(404, "GET", "/space/NONE/state/settings", nil)
	if err := b.site.SetOptions(map[string]string{"LB-12": "space"}); err != nil {
		t.Fatal(err)
	}
	state(403, object{"name": "Waiting", "color": "#123456"})
	state(200, object{"id": 2})
}

func TestRow_LB_13_V1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	b.v1(200, "POST", "/content/"+p+"/label", object{"prefix": "global", "name": "seen"})
	watching := func(what string) any { t.Helper(); return b.v1(200, "GET", "/user/watch/"+what, nil).at("watching") }
	equal(t, "creator", watching("content/"+p), any(true))
	equal(t, "listed", text(int64(b.v1(200, "GET", "/content/"+p+"/notification/child-created", nil).num("results.0.contentId"))), p)
	b.v1(204, "DELETE", "/user/watch/content/"+p, nil)
	equal(t, "no longer", watching("content/"+p), any(false))
	b.v1(204, "POST", "/user/watch/content/"+p+"?accountId=ann", nil)
	equal(t, "another", b.v1(200, "GET", "/content/"+p+"/notification/child-created", nil).str("results.0.watcher.accountId"), "ann")
	ann := b.as("ann")
	ann.v1(403, "POST", "/user/watch/content/"+p+"?accountId="+serviceID, nil) // for others it takes an administrator
	for _, what := range []string{"space/S", "label/seen"} {
		equal(t, what, watching(what), any(false))
		b.v1(204, "POST", "/user/watch/"+what, nil)
		equal(t, what, watching(what), any(true))
	}
	equal(t, "of the space", b.v1(200, "GET", "/space/S/watch", nil).str("results.0.watcher.accountId"), serviceID)
	equal(t, "by a content", b.v1(200, "GET", "/content/"+p+"/notification/created", nil).str("results.0.spaceKey"), "S")
	b.v1(204, "DELETE", "/user/watch/space/S", nil)
	b.v1(204, "DELETE", "/user/watch/label/seen", nil)
	equal(t, "space", watching("space/S"), any(false))
	b.v1(403, "GET", "/user/watch/label/never", nil)
	b.v1(404, "POST", "/user/watch/content/0", nil)
	b.v1(404, "POST", "/user/watch/content/"+p+"?accountId=x", nil)
	if g := b.send(b.request("POST", restV1+"/user/watch/content/"+p, nil)); g.status != 403 || string(g.raw) != "XSRF check failed" {
		t.Errorf("without the header: %d %s", g.status, g.raw)
	}
}

func TestRelations(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	mine := "/relation/favourite/from/user/current/to/content/" + p
	b.v1(404, "GET", mine, nil)
	equal(t, "made", b.v1(200, "PUT", mine, nil).str("name"), "favourite")
	plain := b.v1(200, "GET", mine, nil)
	equal(t, "source", plain.str("_expandable.source"), "/rest/api/user?accountId="+serviceID)
	rich := b.v1(200, "GET", mine+"?expand=source,target,relationData", nil)
	equal(t, "expanded", rich.str("source.accountId")+" "+rich.str("relationData.createdDate"), serviceID+" 2026-01-05T09:00:00.000Z")
	equal(t, "never", rich.str("_expandable.target"), "/rest/api/content/"+p)
	b.as("ann").v1(403, "PUT", "/relation/favourite/from/user/"+serviceID+"/to/content/"+p, nil)
	b.v1(501, "GET", "/relation/favourite/from/user/current/to/content", nil)
	b.v1(501, "GET", "/relation/favourite/to/content/"+p+"/from/user", nil)
	b.v1(204, "DELETE", mine, nil)
	b.v1(204, "DELETE", mine, nil)
	b.v1(404, "GET", mine, nil)
	b.v1(200, "PUT", "/relation/sibling/from/content/"+p+"/to/space/S", nil)
	same(t, "targets", b.v1(200, "GET", "/relation/sibling/from/content/"+p+"/to/space?expand=target", nil).col("name"), "sibling")
	equal(t, "sources", b.v1(200, "GET", "/relation/sibling/to/space/S/from/content?expand=source", nil).str("results.0.source.title"), "P")
	b.v1(404, "GET", "/relation/sibling/from/content/0/to/space/S", nil)
	b.v1(400, "PUT", "/relation/favourite/from/content/"+p+"/to/space/S", nil)
	b.v1(400, "GET", "/relation/sibling/from/robot/1/to/space/S", nil)
}

func TestPermissionChecks(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.site.AddGroup("staff", "ann")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	b.v1(200, "PUT", "/content/"+p+"/restriction", []object{{"operation": "update", "restrictions": object{
		"user": []object{{"type": "known", "accountId": serviceID}}}}})
	check := func(want int, kind, who, operation string) got {
		t.Helper()
		return b.v1(want, "POST", "/content/"+p+"/permission/check", object{"subject": object{"type": kind, "identifier": who}, "operation": operation})
	}
	equal(t, "own", check(200, "user", serviceID, "delete").at("hasPermission"), any(true))
	equal(t, "read", check(200, "user", "ann", "read").at("hasPermission"), any(true))
	denied := check(200, "user", "ann", "update")
	equal(t, "a denial is no error", denied.at("hasPermission"), any(false))
	equal(t, "with a word", len(denied.at("errors").([]any)), 1)
	equal(t, "nobody", check(200, "user", "anonymous", "read").at("hasPermission"), any(false))
	equal(t, "a group", check(200, "group", everyone, "read").at("hasPermission"), any(true))
	equal(t, "another group", check(200, "group", "staff", "read").at("hasPermission"), any(false))
	check(400, "user", "nobody", "read")
	check(400, "user", serviceID, "burn")
	b.v1(404, "POST", "/content/0/permission/check", object{"subject": object{"type": "user", "identifier": serviceID}, "operation": "read"})
	b.as("ann").v1(403, "POST", "/content/"+p+"/permission/check", object{"subject": object{"type": "user", "identifier": serviceID}, "operation": "read"})
}

func TestLabelInfo(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	blog := b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": id, "title": "B", "body": storage("<p>b</p>")}).str("id")
	for _, at := range []string{p, blog} {
		b.v1(200, "POST", "/content/"+at+"/label", object{"prefix": "global", "name": "Used"})
	}
	info := b.v1(200, "GET", "/label?name=used", nil)
	equal(t, "label", info.str("label.prefix")+":"+info.str("label.name"), "global:used")
	equal(t, "contents", info.num("associatedContents.size"), 2)
	pages := b.v1(200, "GET", "/label?name=used&type=page", nil)
	equal(t, "of a type", pages.num("associatedContents.size"), 1)
	equal(t, "named by number", text(int64(pages.num("associatedContents.results.0.contentId"))), p)
	equal(t, "limit", b.v1(200, "GET", "/label?name=used&limit=1", nil).num("associatedContents.size"), 1)
	b.v1(400, "GET", "/label", nil)
	b.v1(400, "GET", "/label?name=used&type=novel", nil)
	for _, at := range []string{p, blog} {
		b.v1(204, "DELETE", "/content/"+at+"/label?name=used", nil)
	}
	b.v1(404, "GET", "/label?name=used", nil)

	b.v1(200, "POST", "/space/S/label", []object{{"prefix": "global", "name": "room"}, {"prefix": "team", "name": "hall"}})
	same(t, "of a space", b.v1(200, "GET", "/space/S/label", nil).col("name"), "room", "hall")
	same(t, "by prefix", b.v1(200, "GET", "/space/S/label?prefix=team", nil).col("name"), "hall")
	b.v1(204, "DELETE", "/space/S/label?name=room", nil)
	same(t, "removed", b.v1(200, "GET", "/space/S/label", nil).col("name"), "hall")
	b.v1(400, "DELETE", "/space/S/label", nil)
	b.v1(400, "GET", "/space/S/label?prefix=odd", nil)
	b.v1(404, "GET", "/space/NONE/label", nil)
}

func TestRow_LB_15_V1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.space("S")
	q := func(name, key string) object {
		o := object{"name": name, "templateType": "page", "description": "d", "labels": []object{{"prefix": "global", "name": "l", "id": "1", "label": "l"}},
			"body": object{"storage": storage("<p>body of " + name + "</p>")}}
		if key != "" {
			o["space"] = object{"key": key}
		}
		return o
	}
	first := b.v1(200, "POST", "/template", q("Form", "S"))
	second := b.v1(200, "POST", "/template", q("Form", "S"))
	if first.str("templateId") == second.str("templateId") {
		t.Error("two templates of one name are one")
	}
	equal(t, "label", first.str("labels.0.name"), "l")
	b.v1(200, "POST", "/template", q("Global", ""))
	same(t, "of the space", b.v1(200, "GET", "/template/page?spaceKey=S&expand=body", nil).col("name"), "Form", "Form")
	same(t, "of the site", b.v1(200, "GET", "/template/page", nil).col("name"), "Global")
	one := "/template/" + first.str("templateId")
	equal(t, "body", b.v1(200, "GET", one+"?expand=body", nil).str("body.storage.value"), "<p>body of Form</p>")
	equal(t, "not asked for", b.v1(200, "GET", one, nil).str("_expandable.body"), "")
	change := q("Other", "S")
	change["templateId"] = first.str("templateId")
	b.v1(200, "PUT", "/template", change)
	equal(t, "changed", b.v1(200, "GET", one, nil).str("name"), "Other")
	b.as("ann").v1(403, "PUT", "/template", change)
	b.as("ann").v1(403, "POST", "/template", q("Mine", ""))
	change["name"] = " "
	b.v1(400, "PUT", "/template", change)
	b.v1(204, "DELETE", one, nil)
	b.v1(403, "GET", one, nil)
	b.v1(403, "DELETE", one, nil)

	prints := b.v1(200, "GET", "/template/blueprint?spaceKey=S", nil)
	equal(t, "blueprints", len(prints.col("name")), len(blueprints))
	equal(t, "limit", len(b.v1(200, "GET", "/template/blueprint?limit=1", nil).col("name")), 1)
	b.v1(200, "GET", "/template/"+prints.str("results.0.templateId"), nil)
	change["templateId"], change["name"] = prints.str("results.0.templateId"), "X"
	b.v1(400, "PUT", "/template", change)
	b.v1(404, "GET", "/template/page?spaceKey=NONE", nil)
	gone := b.v1(202, "DELETE", "/space/S", nil).str("id")
	b.wait(2 * time.Second)
	b.v1(200, "GET", "/longtask/"+gone, nil)
	b.v1(403, "GET", "/template/"+second.str("templateId"), nil)
}

func TestAuditLogOfV1(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.space("S")
	b.wait(2 * time.Hour)
	record := b.v1(200, "POST", "/audit", object{"remoteAddress": "127.0.0.1", "summary": "Moved in", "category": "migration",
		"affectedObject": object{"name": "S", "objectType": "Space"}, "changedValues": []object{{"name": "n", "oldValue": "a", "newValue": "b"}}})
	equal(t, "when", int64(record.num("creationDate")), b.now.UnixMilli())
	same(t, "newest first", b.v1(200, "GET", "/audit", nil).col("summary"), "Moved in", "Space created")
	same(t, "a word", b.v1(200, "GET", "/audit?searchString=moved", nil).col("summary"), "Moved in")
	hour := text(b.now.Add(-time.Hour).UnixMilli())
	same(t, "from", b.v1(200, "GET", "/audit?startDate="+hour, nil).col("summary"), "Moved in")
	same(t, "to", b.v1(200, "GET", "/audit?endDate="+hour, nil).col("summary"), "Space created")
	same(t, "a piece", b.v1(200, "GET", "/audit?start=1&limit=1", nil).col("summary"), "Space created")
	same(t, "since", b.v1(200, "GET", "/audit/since?number=1&units=HOURS", nil).col("summary"), "Moved in")
	same(t, "for three months", b.v1(200, "GET", "/audit/since", nil).col("summary"), "Moved in", "Space created")
	b.v1(400, "GET", "/audit?startDate=yesterday", nil)
	b.v1(400, "GET", "/audit/since?units=AGES", nil)
	b.v1(400, "POST", "/audit", object{"summary": "x"})
	table := b.v1(200, "GET", "/audit/export", nil)
	if !strings.HasPrefix(table.header.Get("Content-Type"), "text/csv") || strings.Count(string(table.raw), "\n") != 3 {
		t.Errorf("table %s: %s", table.header, table.raw)
	}
	packed := b.v1(200, "GET", "/audit/export?format=zip", nil)
	if z, err := zip.NewReader(bytes.NewReader(packed.raw), int64(len(packed.raw))); err != nil || len(z.File) != 1 {
		t.Errorf("archive: %v", err)
	}
	b.v1(400, "GET", "/audit/export?format=xls", nil)
	equal(t, "kept", b.v1(200, "GET", "/audit/retention", nil).str("units"), "MONTHS")
	b.v1(200, "PUT", "/audit/retention", object{"number": 1, "units": "HOURS"})
	same(t, "what is older is gone", b.v1(200, "GET", "/audit", nil).col("summary"), "Moved in")
	b.v1(400, "PUT", "/audit/retention", object{"number": 2, "units": "YEARS"})
	for _, path := range []string{"/audit", "/audit/since", "/audit/export", "/audit/retention"} {
		b.as("ann").v1(403, "GET", path, nil)
	}
}

func TestLooksAndSettings(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.space("S")
	equal(t, "selected", b.v1(200, "GET", "/settings/lookandfeel", nil).str("selected"), "global")
	b.v1(404, "GET", "/settings/lookandfeel?spaceKey=NONE", nil)
	custom := defaultLook()
	custom["headings"] = object{"color": "#ff0000"}
	b.v1(200, "POST", "/settings/lookandfeel/custom?spaceKey=S", custom)
	equal(t, "of the space", b.v1(200, "GET", "/settings/lookandfeel?spaceKey=S", nil).str("custom.headings.color"), "#ff0000")
	b.v1(409, "PUT", "/settings/lookandfeel", object{"spaceKey": "S", "lookAndFeelType": "custom"})
	theme := themes[0].key
	b.v1(404, "GET", "/space/S/theme", nil)
	b.v1(403, "PUT", "/space/S/theme", object{"themeKey": "none"})
	b.v1(200, "PUT", "/space/S/theme", object{"themeKey": theme})
	equal(t, "theme", b.v1(200, "GET", "/space/S/theme", nil).str("themeKey"), theme)
	b.v1(200, "PUT", "/settings/lookandfeel", object{"spaceKey": "S", "lookAndFeelType": "custom"})
	equal(t, "chosen", b.v1(200, "GET", "/settings/lookandfeel?spaceKey=S", nil).str("selected"), "custom")
	b.v1(204, "DELETE", "/settings/lookandfeel/custom?spaceKey=S", nil)
	equal(t, "reset", b.v1(200, "GET", "/settings/lookandfeel?spaceKey=S", nil).str("custom.headings.color"), "#172b4d")
	b.v1(204, "DELETE", "/space/S/theme", nil)
	b.v1(404, "GET", "/space/S/theme", nil)
	same(t, "themes", b.v1(200, "GET", "/settings/theme", nil).col("themeKey"), theme)
	b.v1(200, "GET", "/settings/theme/"+theme, nil)
	b.v1(404, "GET", "/settings/theme/none", nil)
	b.v1(404, "GET", "/settings/theme/selected", nil)
	if _, err := b.site.Act(serviceID, []byte(`{"theme":"`+theme+`"}`)); err != nil {
		t.Fatal(err)
	}
	equal(t, "of the site", b.v1(200, "GET", "/settings/theme/selected", nil).str("themeKey"), theme)
	if _, err := b.site.Act(serviceID, []byte(`{"theme":"none"}`)); err == nil {
		t.Error("a theme that there is not was chosen")
	}
	for _, method := range []string{"GET", "POST", "DELETE"} {
		b.do(401, method, "/wiki/rest/atlassian-connect/1/app/module/dynamic", nil)
	}
	b.v1(400, "POST", "/settings/lookandfeel/custom", object{"shoes": object{}})
	b.as("ann").v1(403, "POST", "/settings/lookandfeel/custom", custom)

	equal(t, "setting", b.v1(200, "GET", "/space/S/settings", nil).at("routeOverrideEnabled"), any(false))
	b.v1(200, "PUT", "/space/S/settings", object{"routeOverrideEnabled": true, "contentMode": "compact"})
	after := b.v1(200, "GET", "/space/S/settings", nil)
	equal(t, "changed", after.at("routeOverrideEnabled"), any(true))
	equal(t, "mode", after.str("contentMode"), "compact")
	b.as("ann").v1(404, "PUT", "/space/S/settings", object{"routeOverrideEnabled": false})
	b.v1(404, "GET", "/space/NONE/settings", nil)
}

func TestRow_ID_06_V1(t *testing.T) {
	b := newBench(t, "DL-07", "premium")
	info := b.v1(200, "GET", "/settings/systemInfo", nil)
	equal(t, "tenant", info.str("cloudId"), b.site.CloudID())
	equal(t, "edition", info.str("edition"), "premium")
}

func TestUserProperties(t *testing.T) {
	b := newBench(t)
	at := "/user/" + serviceID + "/property"
	b.v1(201, "POST", at+"/k", object{"value": object{"a": 1}})
	b.v1(409, "POST", at+"/k", object{"value": object{"a": 1}})
	b.v1(204, "PUT", at+"/k", object{"value": object{"a": 2}})
	equal(t, "value", b.v1(200, "GET", at+"/k", nil).num("value.a"), 2)
	same(t, "keys", b.v1(200, "GET", at, nil).col("key"), "k")
	b.v1(400, "POST", at+"/l", object{})
	b.v1(400, "POST", at+"/"+strings.Repeat("k", 200), object{"value": object{}})
	b.v1(404, "PUT", at+"/l", object{"value": object{}})
	b.v1(204, "DELETE", at+"/k", nil)
	b.v1(404, "DELETE", at+"/k", nil)
	b.v1(404, "GET", at+"/k", nil)
	b.v1(404, "GET", "/user/nobody/property", nil)
}

func TestViewsAreCounted(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	id, _ := b.space("S")
	p := b.page(id, "", "P", "<p>p</p>")
	for _, who := range []string{"ann", "ann", serviceID} {
		if _, err := b.site.Act(who, []byte(`{"view":"P"}`)); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "views", b.v1(200, "GET", "/analytics/content/"+p+"/views", nil).num("count"), 3)
	equal(t, "viewers", b.v1(200, "GET", "/analytics/content/"+p+"/viewers", nil).num("count"), 2)
	equal(t, "later", b.v1(200, "GET", "/analytics/content/"+p+"/views?fromDate=2026-02-01", nil).num("count"), 0)
	b.v1(400, "GET", "/analytics/content/"+p+"/views?fromDate=soon", nil)
	b.v1(404, "GET", "/analytics/content/0/viewers", nil)
}
