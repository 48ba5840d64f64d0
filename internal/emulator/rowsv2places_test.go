package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRow_SP_01_V2(t *testing.T) {
	b := newBench(t)
	made := b.do(201, "POST", "/wiki/api/v2/spaces", object{"key": "S", "name": "Name"})
	home := b.get("/pages/" + made.str("homepageId"))
	equal(t, "title", home.str("title"), "Name")
	equal(t, "parent", home.at("parentId"), nil)
	equal(t, "address", home.str("_links.webui"), "/spaces/S/overview")
}

func TestRow_SP_02(t *testing.T) {
	old := newBench(t, "SP-07", "PRE_ROLES")
	old.do(400, "POST", "/wiki/api/v2/spaces", object{"key": "S", "name": "S"})
	old.do(200, "POST", "/wiki/rest/api/space", object{"key": "S", "name": "S"})
	b := newBench(t, "SP-07", "ROLES")
	roles := b.get("/space-roles")
	admin, viewer := roles.str("results.0.id"), roles.str("results.3.id")
	id := b.do(201, "POST", "/wiki/api/v2/spaces", object{"key": "D", "name": "default roles"}).str("id")
	if got := b.get("/spaces/" + id + "/role-assignments"); !strings.Contains(string(got.raw), admin) {
		t.Errorf("default roles: %s", got.raw)
	}
	assign := func(role string) []object {
		return []object{{"principal": object{"principalType": "USER", "principalId": serviceID}, "roleId": role}}
	}
	b.do(400, "POST", "/wiki/api/v2/spaces", object{"key": "V", "name": "V", "roleAssignments": assign(viewer)})
	id = b.do(201, "POST", "/wiki/api/v2/spaces", object{"key": "A", "name": "A", "roleAssignments": assign(admin)}).str("id")
	same(t, "roles", b.get("/spaces/"+id+"/role-assignments").col("roleId"), admin)
	same(t, "none of another type", b.get("/spaces/"+id+"/role-assignments?principal-type=GROUP").col("roleId"))
	b.do(200, "POST", "/wiki/rest/api/space", object{"key": "ONE", "name": "by v1"})
}

func TestRow_SP_05_V2(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("Mixed")
	found := b.get("/spaces?keys=mIXED")
	equal(t, "id", found.str("results.0.id"), id)
	equal(t, "key", found.str("results.0.key"), "Mixed")
	b.mustAct(serviceID, `{"alias": {"space": "Mixed", "to": "ALIAS"}}`)
	row := b.get("/spaces?keys=Mixed")
	equal(t, "key after the alias", row.str("results.0.key"), "Mixed")
	equal(t, "alias", row.str("results.0.currentActiveAlias"), "ALIAS")
	for i := 2; i <= 10; i++ {
		b.mustAct(serviceID, fmt.Sprintf(`{"alias": {"space": "Mixed", "to": "A%d"}}`, i))
	}
	if b.act(serviceID, `{"alias": {"space": "Mixed", "to": "A11"}}`) == nil {
		t.Error("the key was changed an eleventh time")
	}
	for _, taken := range []string{"mixed", "alias", "A2"} {
		b.do(400, "POST", "/wiki/rest/api/space", object{"key": taken, "name": "x"})
	}
}

func TestRow_SP_06_V2(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	b.do(200, "PUT", "/wiki/rest/api/space/S", object{"name": "S", "status": "ARCHIVED"})
	same(t, "by default", b.get("/spaces").col("id"))
	same(t, "asked for", b.get("/spaces?status=archived").col("id"), id)
}

func TestRow_SP_07(t *testing.T) {
	b := newBench(t)
	equal(t, "start", b.get("/space-role-mode").str("mode"), "ROLES_TRANSITION")
	b.space("S")
	grant := object{"subject": object{"type": "group", "identifier": everyone}, "operation": object{"key": "export", "target": "space"}}
	b.do(200, "POST", "/wiki/rest/api/space/S/permission", grant)
	roles := newBench(t, "SP-07", "ROLES")
	roles.space("S")
	refused := roles.do(400, "POST", "/wiki/rest/api/space/S/permission", grant)
	if !strings.Contains(refused.str("message"), "InvalidRbacOperationException") {
		t.Errorf("%s", refused.raw)
	}
	roles.do(400, "DELETE", "/wiki/rest/api/space/S/permission/1", nil)
	old := newBench(t, "SP-07", "PRE_ROLES")
	id, _ := old.space("S")
	old.do(400, "POST", "/wiki/api/v2/spaces/"+id+"/role-assignments", []object{})
}

func TestRow_SP_10_V2(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("S")
	at := "/wiki/api/v2/spaces/" + id + "/properties"
	p := b.do(201, "POST", at, object{"key": "k", "value": 1}).str("id")
	b.do(409, "PUT", at+"/"+p, object{"key": "k", "value": 2, "version": object{"number": 1}})
	b.do(200, "PUT", at+"/"+p, object{"key": "k", "value": 2, "version": object{"number": 2}})
	b.do(413, "POST", at, object{"key": "big", "value": strings.Repeat("x", maxProperty)})
	same(t, "by key", b.do(200, "GET", at+"?key=k", nil).col("id"), p)
}

// The key of a personal space is looked up, not made up.
func TestRow_SP_11_V2(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("712020:ab-cd", "U", "u@example.test")
	id := b.as("712020:ab-cd").do(200, "POST", "/wiki/rest/api/space", object{"key": "~u@example.test", "name": "U"}).at("id")
	equal(t, "type", b.as("712020:ab-cd").get("/spaces?type=personal").str("results.0.key"), "~u@example.test")
	found := b.do(200, "POST", "/wiki/api/v2/users-bulk", object{"accountIds": []string{"712020:ab-cd"}})
	equal(t, "space of the account", found.str("results.0.personalSpaceId"), fmt.Sprintf("%.0f", id))
}

func TestRow_DL_01_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	b.site.AddUser("u", "U", "u@example.test")
	b.do(404, "DELETE", "/wiki/api/v2/pages/"+p+"?purge=true", nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	b.do(404, "DELETE", "/wiki/api/v2/pages/"+p, nil) // in the trash already (open-facts OF-15)
	b.as("u").do(404, "DELETE", "/wiki/api/v2/pages/"+p+"?purge=true", nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p+"?purge=true", nil)
	d := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "draft", "title": "D", "body": storage("")}).str("id")
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+d+"?draft=true", nil)
	b.do(404, "GET", "/wiki/api/v2/pages/"+d+"?status=draft", nil)
	q := b.page(space, "", "Q", "")
	m := b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": q, "body": storage("<p>x</p>")}).str("id")
	b.do(204, "DELETE", "/wiki/api/v2/footer-comments/"+m, nil)
	b.do(404, "GET", "/wiki/api/v2/footer-comments/"+m, nil)
}

func TestRow_DL_02(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	g := b.get("/pages/" + p)
	equal(t, "status", g.str("status"), "trashed")
	for _, member := range []string{"parentId", "parentType", "position"} {
		equal(t, member, g.at(member), nil)
	}
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p+"?purge=true", nil)
	equal(t, "purged", b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil).title(), "Not Found")
}

// Children move up, from below a page and a folder; the option leaves those of a folder archived and without a parent
// (open-facts OF-14).
func TestRow_DL_04_V2(t *testing.T) {
	for option, want := range map[string]string{"up": "current", "archived": "archived"} {
		b := newBench(t, "OF-14", option)
		space, home := b.space("S")
		above := b.page(space, "", "A", "")
		kid := b.page(space, above, "K", "")
		last := b.page(space, "", "L", "")
		b.do(204, "DELETE", "/wiki/api/v2/pages/"+above, nil)
		same(t, "order", b.get("/pages/"+home+"/direct-children").col("id"), last, kid)
		f := b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": space, "title": "F"}).str("id")
		inside := b.page(space, f, "I", "")
		deep := b.page(space, inside, "D", "")
		b.do(204, "DELETE", "/wiki/api/v2/folders/"+f, nil)
		g := b.get("/pages/" + inside)
		equal(t, "status", g.str("status"), want)
		if option == "up" {
			equal(t, "parent", g.str("parentId"), home)
			continue
		}
		equal(t, "parent", g.at("parentId"), nil)
		equal(t, "status below", b.get("/pages/"+deep).str("status"), "archived")
		b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "title": "I", "body": storage("")})
	}
}

func TestRow_DL_11_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>1</p>")
	b.put(200, p, "P", "<p>2</p>", 2)
	old := b.get("/pages/" + p + "?version=1&body-format=storage")
	equal(t, "body", old.str("body.storage.value"), "<p>1</p>")
	equal(t, "status", old.str("status"), "historical")
	rows := b.get("/pages/" + p + "/versions?body-format=storage")
	equal(t, "newest", rows.str("results.0.page.body.storage.value"), "<p>2</p>")
	equal(t, "oldest", rows.str("results.1.page.body.storage.value"), "<p>1</p>")
}

func TestRow_TR_01(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	var want []string
	for _, kind := range []string{"folder", "whiteboard", "database", "embed"} {
		want = append(want, b.do(200, "POST", "/wiki/api/v2/"+kind+"s", object{"spaceId": space, "title": kind}).str("id"))
	}
	p := b.page(space, "", "P", "")
	below := b.page(space, want[0], "in the folder", "")
	rows := b.get("/pages/" + home + "/direct-children")
	same(t, "direct children", rows.col("id"), append(slices.Clone(want), p)...)
	same(t, "types", rows.col("type"), "folder", "whiteboard", "database", "embed", "page")
	same(t, "deprecated children", b.get("/pages/"+home+"/children").col("id"), p)
	if ids := b.get("/pages/" + home + "/descendants").col("id"); !slices.Contains(ids, below) || !slices.Contains(ids, want[3]) {
		t.Errorf("descendants %q", ids)
	}
}

func TestRow_TR_02(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	at, ids := "", []string{}
	for i := range 12 {
		at = b.page(space, at, fmt.Sprint(i), "")
		ids = append(ids, at)
	}
	same(t, "two levels", b.get("/pages/"+home+"/descendants").col("id"), ids[:2]...)
	same(t, "ten levels", b.get("/pages/"+home+"/descendants?depth=10").col("id"), ids[:10]...)
	b.do(400, "GET", "/wiki/api/v2/pages/"+home+"/descendants?depth=11", nil)
	b.do(400, "GET", "/wiki/api/v2/pages/"+home+"/descendants?depth=0", nil)
	same(t, "top first", b.get("/pages/"+ids[2]+"/ancestors").col("id"), home, ids[0], ids[1])
}

func TestRow_TR_03(t *testing.T) {
	b := newBench(t, "TR-03", "10s")
	space, home := b.space("S")
	late := 0
	for i := range 20 {
		p := b.page(space, "", fmt.Sprint(i), "")
		if !slices.Contains(b.get("/pages/"+home+"/direct-children?limit=250").col("id"), p) {
			late++
		}
	}
	if late == 0 {
		t.Error("every page is listed at once")
	}
	b.wait(10 * time.Second)
	equal(t, "listed in the end", len(b.get("/pages/"+home+"/direct-children").col("id")), 20)
}

func TestRow_TR_04_V2(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	for _, title := range []string{"B 10", "B 9", "A"} {
		b.page(space, "", title, "")
	}
	rows := b.get("/pages/" + home + "/direct-children")
	same(t, "by creation", rows.col("title"), "B 10", "B 9", "A")
	last := 0
	for i := range 3 {
		at := rows.num(fmt.Sprintf("results.%d.childPosition", i))
		if gap := at - last; gap < 1 || gap > 1000 {
			t.Errorf("position %d behind %d", at, last)
		}
		last = at
	}
	b.site.Unposition("S")
	rows = b.get("/pages/" + home + "/direct-children")
	same(t, "a space that was migrated", rows.col("title"), "A", "B 9", "B 10")
	equal(t, "position", rows.at("results.0.childPosition"), nil)
	b.page(space, "", "0", "")
	rows = b.get("/pages/" + home + "/direct-children")
	same(t, "after a first change", rows.col("title"), "A", "B 9", "B 10", "0")
	if rows.at("results.0.childPosition") == nil {
		t.Error("the set got no positions")
	}
}

func TestRow_TR_09(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	f := b.do(200, "POST", "/wiki/api/v2/folders", object{"spaceId": space, "title": "F"}).str("id")
	equal(t, "title", b.get("/folders/"+f).str("title"), "F")
	at := "/wiki/api/v2/folders/" + f + "/properties"
	b.do(200, "POST", at, object{"key": "k", "value": 1})
	same(t, "properties", b.do(200, "GET", at, nil).col("key"), "k")
	b.do(405, "PUT", "/wiki/api/v2/folders/"+f, object{"id": f, "title": "G"})
	equal(t, "asked as a page", b.do(404, "GET", "/wiki/api/v2/pages/"+f, nil).title(), "Cannot find a page with id ["+f+"]")
	b.do(404, "PUT", "/wiki/api/v2/pages/"+f+"/title", object{"status": "current", "title": "G"})
	b.do(204, "DELETE", "/wiki/api/v2/folders/"+f, nil)
	equal(t, "status", b.get("/folders/"+f).str("status"), "trashed")
}

func TestRow_TR_10(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	for _, kind := range []string{"whiteboards", "databases"} {
		made := b.do(200, "POST", "/wiki/api/v2/"+kind, object{"spaceId": space})
		g := b.get("/" + kind + "/" + made.str("id") + "?body-format=storage")
		if _, has := g.json.(map[string]any)["body"]; has || g.str("title") == "" {
			t.Errorf("%s", g.raw)
		}
		b.do(405, "PUT", "/wiki/api/v2/"+kind+"/"+made.str("id"), object{"title": "T"})
	}
	link := b.do(200, "POST", "/wiki/api/v2/embeds", object{"spaceId": space, "title": "L", "embedUrl": "https://example.test/x"})
	equal(t, "address", b.get("/embeds/"+link.str("id")).str("embedUrl"), "https://example.test/x")
}

func TestRow_CQ_07(t *testing.T) {
	b := newBench(t, "CQ-01", "60s")
	space, home := b.space("S")
	kept, gone, p := b.page(space, "", "Kept", ""), b.page(space, "", "Gone", ""), b.page(space, "", "P", "")
	b.archive(kept)
	b.wait(time.Minute)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+gone, nil)
	b.put(200, home, "Space S", "<p>newest</p>", 2)
	feed := func(more string) []string {
		return b.get("/pages?space-id=" + space + "&sort=-modified-date" + more).col("id")
	}
	equal(t, "newest, without lag", feed("&status=current")[0], home)
	same(t, "archived", feed("&status=archived"), kept)
	same(t, "trashed", feed("&status=trashed"), gone)
	b.wait(time.Minute)
	b.do(200, "POST", "/wiki/rest/api/content/"+p+"/label", []object{{"prefix": "global", "name": "l"}})
	b.do(200, "POST", "/wiki/api/v2/pages/"+p+"/properties", object{"key": "k", "value": 1})
	b.mustAct(serviceID, `{"like": {"page": "P"}}`)
	equal(t, "labels, properties and likes are no changes", feed("&status=current")[0], home)
}
