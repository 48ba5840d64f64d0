package emulator

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestSpaces: SP-01 to SP-05.
func TestSpaces(t *testing.T) {
	b := newBench(t)
	made := b.do(200, "POST", "/wiki/rest/api/space", object{
		"key": "HR", "name": "People", "description": object{"plain": object{"value": "All of us", "representation": "plain"}},
	})
	equal(t, "key", made.str("key"), "HR")
	id := fmt.Sprint(made.num("id"))
	home := made.str("homepage.id")
	row := b.do(200, "GET", "/wiki/api/v2/spaces?keys=hr&description-format=plain", nil)
	equal(t, "keys match in any case", row.str("results.0.id"), id)
	equal(t, "home page", row.str("results.0.homepageId"), home)
	equal(t, "description", row.str("results.0.description.plain.value"), "All of us")
	page := b.do(200, "GET", "/wiki/api/v2/pages/"+home, nil)
	equal(t, "home page's title", page.str("title"), "People")
	equal(t, "home page's parent", page.at("parentId"), nil)
	b.do(400, "POST", "/wiki/rest/api/space", object{"key": "hr", "name": "Again"})
	b.do(400, "POST", "/wiki/rest/api/space", object{"key": "a b", "name": "Bad"})
	b.do(400, "POST", "/wiki/rest/api/space", object{"key": "NN"})
	other := b.page(id, "", "Welcome", "<p/>")
	b.do(200, "PUT", "/wiki/rest/api/space/HR", object{"name": "Folks", "homepage": object{"id": other}})
	single := b.do(200, "GET", "/wiki/api/v2/spaces/"+id+"?include-permissions=true&include-properties=true&include-labels=true&include-operations=true", nil)
	equal(t, "new home page", single.str("homepageId"), other)
	equal(t, "new name", single.str("name"), "Folks")
	b.do(400, "PUT", "/wiki/rest/api/space/HR", object{"homepage": object{"id": "17"}})
	b.do(404, "PUT", "/wiki/rest/api/space/NONE", object{"name": "x"})
	b.do(404, "GET", "/wiki/api/v2/spaces/17", nil)

	task := b.do(202, "DELETE", "/wiki/rest/api/space/HR", nil)
	b.do(400, "POST", "/wiki/rest/api/space", object{"key": "HR", "name": "Too early"})
	b.finish(task.str("id"))
	same(t, "gone", b.do(200, "GET", "/wiki/api/v2/spaces?keys=HR", nil).col("key"))
	b.do(404, "GET", "/wiki/api/v2/pages/"+other, nil)
	b.do(200, "POST", "/wiki/rest/api/space", object{"key": "HR", "name": "People"})
}

// TestPrivateSpace: OF-23; opening it takes read/space first, SP-08.
func TestPrivateSpace(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.site.AddUser("boss", "Boss", "boss@example.test")
	b.site.AddGroup(adminsGroup, "boss")
	b.site.AddGroup("staff", "ann")
	made := b.do(200, "POST", "/wiki/rest/api/space/_private", object{"key": "S", "name": "Secret"})
	id := fmt.Sprint(made.num("id"))
	p := b.page(id, "", "Plan", "<p/>")
	for _, who := range []string{"ann", "boss"} {
		other := b.as(who)
		other.do(404, "GET", "/wiki/api/v2/spaces/"+id, nil)
		other.do(404, "GET", "/wiki/api/v2/pages/"+p, nil)
		same(t, "list", other.do(200, "GET", "/wiki/api/v2/pages?id="+p, nil).col("id"))
		same(t, "spaces", other.do(200, "GET", "/wiki/api/v2/spaces", nil).col("id"))
		same(t, "search", other.do(200, "GET", "/wiki/rest/api/content/search?cql=type=page", nil).col("id"))
		other.do(404, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "title": "x"})
	}
	staff := b.do(200, "GET", "/wiki/rest/api/group/picker?query=staff", nil).str("results.0.id")
	grant := func(want int, kind, who, key, target string) got {
		t.Helper()
		return b.do(want, "POST", "/wiki/rest/api/space/S/permission", object{
			"subject": object{"type": kind, "identifier": who}, "operation": object{"key": key, "target": target},
		})
	}
	grant(400, "group", staff, "create", "page")
	grant(200, "group", staff, "read", "space")
	equal(t, "twice", grant(400, "group", staff, "read", "space").str("message"), "Permission already exists")
	grant(200, "group", staff, "create", "page")
	grant(400, "group", staff, "fly", "page")
	grant(400, "user", "nobody", "read", "space")
	b.as("ann").do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	b.as("boss").do(404, "GET", "/wiki/api/v2/pages/"+p, nil)
	b.as("ann").do(403, "POST", "/wiki/rest/api/space/S/permission", object{})
	rows := b.do(200, "GET", "/wiki/api/v2/spaces/"+id+"/permissions?limit=250", nil)
	var ofStaff []string
	for _, row := range rows.at("results").([]any) {
		m := row.(map[string]any)
		if who := m["principal"].(map[string]any); who["id"] == staff {
			ofStaff = append(ofStaff, m["id"].(string))
		}
	}
	equal(t, "permissions of staff", len(ofStaff), 2)
	b.do(204, "DELETE", "/wiki/rest/api/space/S/permission/"+ofStaff[0], nil)
	b.do(404, "DELETE", "/wiki/rest/api/space/S/permission/"+ofStaff[0], nil)
	b.as("ann").do(404, "GET", "/wiki/api/v2/pages/"+p, nil)
}

// TestRoles: SP-02, SP-07.
func TestRoles(t *testing.T) {
	b := newBench(t, "SP-07", "ROLES")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	equal(t, "mode", b.do(200, "GET", "/wiki/api/v2/space-role-mode", nil).str("mode"), "ROLES")
	made := b.do(201, "POST", "/wiki/api/v2/spaces", object{"key": "R", "name": "R", "createPrivateSpace": true})
	id := made.str("id")
	b.page(id, "", "P", "<p/>")
	refused := b.do(400, "POST", "/wiki/rest/api/space/R/permission", object{
		"subject": object{"type": "user", "identifier": "ann"}, "operation": object{"key": "read", "target": "space"},
	})
	equal(t, "text", refused.str("message"), "InvalidRbacOperationException: Space permission updates that are not from RBAC are not supported in roles-only mode")
	b.as("ann").do(404, "GET", "/wiki/api/v2/spaces/"+id, nil)
	roles := b.do(200, "GET", "/wiki/api/v2/space-roles", nil)
	viewer := roles.col("id")[slices.Index(roles.col("name"), "Viewer")]
	set := []object{{"principal": object{"principalType": "USER", "principalId": "ann"}, "roleId": viewer}}
	b.do(200, "POST", "/wiki/api/v2/spaces/"+id+"/role-assignments", set)
	b.as("ann").do(200, "GET", "/wiki/api/v2/spaces/"+id, nil)
	b.as("ann").do(404, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "title": "x"})
	equal(t, "assignments", len(b.do(200, "GET", "/wiki/api/v2/spaces/"+id+"/role-assignments", nil).col("roleId")), 2)
	bad := []object{{"principal": object{"principalType": "USER", "principalId": "nobody"}, "roleId": viewer}}
	b.do(400, "POST", "/wiki/api/v2/spaces", object{"key": "Q", "name": "Q", "roleAssignments": bad})
	same(t, "nothing half made", b.do(200, "GET", "/wiki/api/v2/spaces?keys=Q", nil).col("id"))

	old := newBench(t, "SP-07", "PRE_ROLES")
	old.do(400, "POST", "/wiki/api/v2/spaces", object{"key": "R", "name": "R"})
}

// TestProperties: SP-10, LB-05, OF-32.
func TestProperties(t *testing.T) {
	b := newBench(t)
	id, home := b.space("P")
	for _, on := range []struct {
		path   string
		status int
	}{{"/wiki/api/v2/spaces/" + id, 201}, {"/wiki/api/v2/pages/" + home, 200}} {
		path := on.path + "/properties"
		made := b.do(on.status, "POST", path, object{"key": "k", "value": object{"n": 1, "list": []int{1}}})
		b.do(409, "POST", path, object{"key": "k", "value": 2})
		b.do(400, "POST", path, object{"key": "", "value": 2})
		b.do(413, "POST", path, object{"key": "big", "value": fmt.Sprintf("%032768d", 1)})
		prop := path + "/" + made.str("id")
		b.do(409, "PUT", prop, object{"key": "k", "value": 2, "version": object{"number": 1}})
		equal(t, "number", b.do(200, "PUT", prop, object{"key": "k", "value": 2, "version": object{"number": 2}}).num("version.number"), 2)
		equal(t, "value", b.do(200, "GET", prop, nil).num("value"), 2)
		same(t, "by key", b.do(200, "GET", path+"?key=k", nil).col("id"), made.str("id"))
		same(t, "none", b.do(200, "GET", path+"?key=z", nil).col("id"))
		b.do(204, "DELETE", prop, nil)
		b.do(404, "GET", prop, nil)
	}
	equal(t, "page version", b.do(200, "GET", "/wiki/api/v2/pages/"+home+"?include-properties=true", nil).num("version.number"), 1)
}

// TestRestrictions: LB-07 to LB-11, ER-05, PG-07.
func TestRestrictions(t *testing.T) {
	b := newBench(t)
	for _, who := range []string{"ann", "ben"} {
		b.site.AddUser(who, who, who+"@example.test")
	}
	b.site.AddGroup("staff", "ben")
	id, _ := b.space("R")
	p := b.page(id, "", "Secret", "<p/>")
	kid := b.page(id, p, "Below", "<p/>")
	path := "/wiki/rest/api/content/" + p + "/restriction"
	const expand = "?expand=restrictions.user,restrictions.group"
	open := b.do(200, "GET", path+expand, nil)
	same(t, "both operations, always", open.col("operation"), "read", "update")
	equal(t, "open", len(open.at("results.0.restrictions.user.results").([]any)), 0)
	staff := b.do(200, "GET", "/wiki/rest/api/group/picker?query=staff", nil).str("results.0.id")
	me := object{"type": "known", "accountId": serviceID}
	set := func(want int, method string, read ...object) got {
		t.Helper()
		return b.do(want, method, path+expand, []object{{"operation": "read", "restrictions": object{"user": read, "group": []object{{"type": "group", "id": staff}}}}})
	}
	set(400, "PUT", object{"type": "known", "accountId": "nobody"})
	set(200, "PUT", me)
	ann, ben := b.as("ann"), b.as("ben")
	ann.do(404, "GET", "/wiki/api/v2/pages/"+p, nil)
	equal(t, "named like one that is not there", ann.do(404, "GET", "/wiki/api/v2/pages/"+kid, nil).title(), "Cannot find a page with id ["+kid+"]")
	ann.do(404, "GET", path, nil)
	same(t, "silently absent", ann.do(200, "GET", "/wiki/api/v2/pages?id="+p+","+kid, nil).col("id"))
	ben.do(200, "GET", "/wiki/api/v2/pages/"+kid, nil)
	own := b.do(200, "GET", "/wiki/rest/api/content/"+kid+"/restriction"+expand, nil)
	equal(t, "inherited ones are not listed", len(own.at("results.0.restrictions.group.results").([]any)), 0)
	equal(t, "no version", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number"), 1)

	user := path + "/byOperation/read/user?accountId="
	b.do(404, "GET", user+"ann", nil)
	b.do(200, "PUT", user+"ann", nil)
	b.do(200, "GET", user+"ann", nil)
	ann.do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	b.do(200, "DELETE", user+"ann", nil)
	b.do(200, "GET", path+"/byOperation/read/byGroupId/"+staff, nil)
	one := b.do(200, "GET", path+"/byOperation/read?expand=restrictions.group", nil)
	equal(t, "group", one.str("restrictions.group.results.0.name"), "staff")
	b.do(200, "GET", path+"/byOperation?expand=update.restrictions.user,read.restrictions.user", nil)

	b.do(200, "PUT", path, object{"results": []object{{"operation": "update", "restrictions": object{"user": object{"results": []object{me}}}}}})
	ann.do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	ann.put(404, p, "Secret", "<p>mine</p>", 2)
	added := b.do(200, "POST", path+expand, []object{{"operation": "update", "restrictions": object{"user": []object{{"type": "known", "accountId": "ann"}}}}})
	equal(t, "added", len(added.at("results.1.restrictions.user.results").([]any)), 2)
	ann.put(200, p, "Secret", "<p>mine</p>", 2)
	equal(t, "counted", b.site.Counts().RestrictedPages, 1)
	b.do(200, "DELETE", path, nil)
	equal(t, "counted", b.site.Counts().RestrictedPages, 0)

	b.do(200, "PUT", path, []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": "ann"}}}}})
	b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil)    // locked itself out
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil) // a page that cannot be read can be deleted

	private := b.do(200, "POST", "/wiki/api/v2/pages?private=true", object{"spaceId": id, "title": "Mine"}).str("id")
	ann.do(404, "GET", "/wiki/api/v2/pages/"+private, nil)
	b.do(200, "PUT", "/wiki/rest/api/content/"+private+"/restriction", []object{})
	ann.do(200, "GET", "/wiki/api/v2/pages/"+private, nil)
}

// TestRestrictedDrafts: OF-22 has three answers.
func TestRestrictedDrafts(t *testing.T) {
	for variant, want := range map[string]int{"refused": 404, "kept": 200, "lost": 200} {
		b := newBench(t, "OF-22", variant)
		id, _ := b.space("D")
		d := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "draft", "title": "D", "body": storage("<p/>")}).str("id")
		me := []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}}}
		b.do(want, "PUT", "/wiki/rest/api/content/"+d+"/restriction", me)
		b.put(200, d, "D", "<p/>", 1)
		equal(t, variant, b.site.Counts().RestrictedPages, map[string]int{"refused": 0, "kept": 1, "lost": 0}[variant])
	}
}

func TestFreePlanHasNoRestrictions(t *testing.T) {
	b := newBench(t, "DL-07", "free")
	id, _ := b.space("F")
	p := b.page(id, "", "P", "<p/>")
	b.do(403, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{})
}

// TestLabels: LB-01 to LB-04, ER-06, OF-07, OF-44.
func TestLabels(t *testing.T) {
	b := newBench(t)
	id, home := b.space("L")
	p := b.page(id, "", "P", "<p/>")
	b.wait(time.Minute)
	path := "/wiki/rest/api/content/" + p + "/label"
	add := func(want int, prefix, name string) got {
		t.Helper()
		return b.do(want, "POST", path, []object{{"prefix": prefix, "name": name}})
	}
	same(t, "split and folded", add(200, "global", "Über one,TWO").col("name"), "über", "one", "two")
	same(t, "again", add(200, "global", "one").col("name"), "über", "one", "two")
	add(200, "my", "one")
	b.do(200, "POST", path, object{"prefix": "team", "name": "x/y"})
	for _, bad := range []string{"a!b", "a:b", "a[b", "a\tb", "", " , "} {
		add(400, "global", bad)
	}
	refused := add(400, "global", "a#b")
	equal(t, "key", refused.str("data.errors.0.message.translation"), "label.contains.invalid.chars")
	add(400, "global", fmt.Sprintf("%0256d", 1))
	b.do(405, "POST", "/wiki/api/v2/pages/"+p+"/labels", []object{})
	list := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/labels", nil)
	same(t, "v2", list.col("name"), "über", "one", "two", "one", "x/y")
	same(t, "by prefix", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/labels?prefix=my", nil).col("name"), "one")
	oneID := list.col("id")[1]
	same(t, "labelled pages", b.do(200, "GET", "/wiki/api/v2/labels/"+oneID+"/pages", nil).col("id"), p)
	same(t, "none", b.do(200, "GET", "/wiki/api/v2/labels/"+oneID+"/pages?space-id=1", nil).col("id"))
	same(t, "content labels of a space", b.do(200, "GET", "/wiki/api/v2/spaces/"+id+"/content/labels", nil).col("name"), "one", "x/y")
	b.do(200, "POST", "/wiki/rest/api/space/L/label", []object{{"prefix": "team", "name": "Dept"}})
	same(t, "labels of a space", b.do(200, "GET", "/wiki/api/v2/spaces/"+id+"/labels", nil).col("name"), "dept")
	b.do(204, "DELETE", path+"?name=one", nil)
	same(t, "the personal one goes first", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/labels", nil).col("prefix"), "global", "global", "global", "team")
	b.do(204, "DELETE", path+"?name=x%2Fy", nil)
	b.do(400, "DELETE", path+"/x%2Fy", nil)
	b.do(204, "DELETE", path+"/ONE", nil)
	b.do(404, "DELETE", path+"?name=one", nil)
	now := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"?include-labels=true", nil)
	equal(t, "no version", now.num("version.number"), 1)
	equal(t, "no date", now.str("version.createdAt"), "2026-01-05T09:00:00.000Z")
	equal(t, "included", now.str("labels.results.0.name"), "über")
	equal(t, "counted", b.site.Counts().Labels, 2)
	_ = home
}
