package emulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRow_US_01(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	ann := b.v1(200, "GET", "/user?accountId=ann&expand=operations,personalSpace", nil)
	equal(t, "key", ann.str("accountId")+" "+ann.str("displayName"), "ann Ann Ash")
	if ann.at("username") != nil || ann.at("userKey") != nil {
		t.Error("a name or key of Data Center is shown")
	}
	equal(t, "operations", ann.str("operations.0.operation"), "use")
	b.v1(404, "GET", "/user?accountId=nobody", nil)
	nobody := b.v1(200, "GET", "/user/anonymous?expand=operations", nil)
	equal(t, "anonymous", nobody.str("type"), "anonymous")
	if nobody.at("accountId") != nil {
		t.Error("nobody has an account")
	}
}

func TestRow_US_02(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.site.AddUser("bob", "Bob Bee", "bob@example.test")
	b.site.SetActive("bob", false)
	same(t, "unknown ones are left out", b.v1(200, "GET", "/user/bulk?accountId=bob&accountId=x&accountId=ann", nil).col("accountId"), "bob", "ann")
	equal(t, "left", b.v1(200, "GET", "/user?accountId=bob", nil).str("accountStatus"), "inactive")
	many := ""
	for i := range 100 {
		many += fmt.Sprintf("accountId=x%d&", i)
	}
	same(t, "the first hundred", b.v1(200, "GET", "/user/bulk?"+many+"accountId=ann", nil).col("accountId"))
	same(t, "v2", b.do(200, "POST", "/wiki/api/v2/users-bulk", object{"accountIds": []string{"x", "ann", "bob"}}).col("accountId"), "ann", "bob")
	b.do(400, "POST", "/wiki/api/v2/users-bulk", object{"accountIds": slices.Repeat([]string{"ann"}, 251)})
}

func TestRow_US_03(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	unknown := b.v1(200, "GET", "/group/00000000-0000-0000-0000-000000000000/membersByGroupId", nil)
	equal(t, "members of an unknown group", unknown.num("size"), 0)
	if _, err := b.site.Act(serviceID, []byte(`{"group":{"name":"directory","members":["ann"],"external":true}}`)); err != nil {
		t.Fatal(err)
	}
	g := b.v1(200, "GET", "/group/picker?query=directory", nil)
	equal(t, "kept elsewhere", g.str("results.0.managedBy"), "EXTERNAL")
	id := g.str("results.0.id")
	b.v1(400, "POST", "/group/userByGroupId?groupId="+id, object{"accountId": serviceID})
	b.v1(400, "DELETE", "/group/userByGroupId?groupId="+id+"&accountId=ann", nil)
	b.v1(400, "DELETE", "/group/by-id?id="+id, nil)
	same(t, "unchanged", b.v1(200, "GET", "/group/"+id+"/membersByGroupId", nil).col("accountId"), "ann")
}

func TestRow_US_06_V1(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"atlassian-addons", "atlassian-addons-admin", "site-admins", "system-administrators"} {
		g := b.v1(200, "GET", "/group/picker?query="+name, nil)
		if !slices.Contains(g.col("name"), name) {
			t.Fatalf("no group %s", name)
		}
		id := g.str(fmt.Sprintf("results.%d.id", slices.Index(g.col("name"), name)))
		b.v1(403, "POST", "/group/userByGroupId?groupId="+id, object{"accountId": serviceID})
		b.v1(403, "DELETE", "/group/by-id?id="+id, nil)
	}
	same(t, "of administrators", b.v1(200, "GET", "/group?accessType=admin", nil).col("name"), adminsGroup)
	b.v1(400, "GET", "/group?accessType=king", nil)
}

func TestRow_US_13(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	made := b.v1(201, "POST", "/group", object{"name": "staff"})
	equal(t, "managed", made.str("name")+" "+made.str("managedBy"), "staff ADMINS")
	id := made.str("id")
	b.v1(400, "POST", "/group", object{"name": "staff"})
	b.v1(400, "POST", "/group", object{"name": ""})
	b.v1(201, "POST", "/group/userByGroupId?groupId="+id, object{"accountId": "ann"})
	same(t, "member", b.v1(200, "GET", "/user/memberof?accountId=ann", nil).col("name"), everyone, "staff")
	b.v1(404, "POST", "/group/userByGroupId?groupId="+id, object{"accountId": "nobody"})
	ann := b.as("ann")
	ann.v1(403, "POST", "/group", object{"name": "mine"})
	ann.v1(403, "POST", "/group/userByGroupId?groupId="+id, object{"accountId": serviceID})
	ann.v1(403, "DELETE", "/group/by-id?id="+id, nil)

	spaceID, _ := b.space("S")
	p := b.page(spaceID, "", "P", "<p>p</p>")
	b.v1(200, "POST", "/space/S/permission", object{"subject": object{"type": "group", "identifier": id}, "operation": object{"key": "read", "target": "space"}})
	b.v1(200, "PUT", "/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{
		"user": []object{{"type": "known", "accountId": serviceID}}, "group": []object{{"type": "group", "id": id}}}}})
	b.v1(204, "DELETE", "/group/userByGroupId?groupId="+id+"&accountId=ann", nil)
	b.v1(204, "DELETE", "/group/userByGroupId?groupId="+id+"&accountId=ann", nil)
	same(t, "no member", b.v1(200, "GET", "/group/"+id+"/membersByGroupId", nil).col("accountId"))
	b.v1(204, "DELETE", "/group/by-id?id="+id, nil)
	b.v1(404, "DELETE", "/group/by-id?id="+id, nil)
	b.v1(400, "DELETE", "/group/by-id", nil)
	left := b.v1(200, "GET", "/content/"+p+"/restriction?expand=restrictions.user,restrictions.group", nil)
	equal(t, "the page stays closed", left.num("results.0.restrictions.user.size")+left.num("results.0.restrictions.group.size"), 1)
	for _, grant := range b.do(200, "GET", "/wiki/api/v2/spaces/"+spaceID+"/permissions?limit=250", nil).at("results").([]any) {
		if grant.(map[string]any)["principal"].(map[string]any)["id"] == id {
			t.Error("the space still lets the group in")
		}
	}
}

func TestRow_ER_09(t *testing.T) {
	b := newBench(t)
	b.v1(501, "GET", "/user/email?accountId="+serviceID, nil)
	b.v1(501, "GET", "/user/email/bulk?accountId="+serviceID, nil)
	if err := b.site.SetOptions(map[string]string{"ER-09": "enabled"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "address", b.v1(200, "GET", "/user/email?accountId="+serviceID, nil).str("email"), serviceID+"@example.test")
	equal(t, "unknown ones are left out", len(b.v1(200, "GET", "/user/email/bulk?accountId="+serviceID+"&accountId=x", nil).json.([]any)), 1)
	b.v1(404, "GET", "/user/email?accountId=x", nil)
}

func TestRow_SP_08(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann Ash", "ann@example.test")
	b.site.AddGroup("staff")
	b.space("S")
	grant := func(want int, kind, who, key, target string) got {
		t.Helper()
		return b.v1(want, "POST", "/space/S/permission", object{
			"subject": object{"type": kind, "identifier": who}, "operation": object{"key": key, "target": target}})
	}
	grant(400, "group", "staff", "create", "page") // read/space comes first
	grant(200, "group", "staff", "read", "space")
	given := grant(200, "group", "staff", "create", "page")
	if again := grant(400, "group", "staff", "create", "page"); !strings.Contains(again.str("message"), "Permission already exists") {
		t.Errorf("text %s", again.raw)
	}
	grant(400, "group", "staff", "purge_version", "space")
	grant(400, "user", "nobody", "read", "space")
	b.v1(404, "POST", "/space/NONE/permission", object{"subject": object{"type": "group", "identifier": "staff"}, "operation": object{"key": "read", "target": "space"}})
	b.v1(204, "DELETE", "/space/S/permission/"+text(int64(given.num("id"))), nil)
	b.v1(404, "DELETE", "/space/S/permission/999999999", nil)
	b.as("ann").v1(403, "POST", "/space/S/permission", object{"subject": object{"type": "group", "identifier": "staff"}, "operation": object{"key": "read", "target": "space"}})
	custom := object{"subject": object{"type": "group", "identifier": "staff"}, "operations": []object{{"key": "read", "target": "app:thing", "access": true}}}
	b.v1(403, "POST", "/space/S/permission/custom-content", custom) // only for apps

	token := b.issue(Credential{Kind: "oauth", App: "one", Scopes: []string{"read:space.permission:confluence", "write:space.permission:confluence"}}).Token
	app := func(want int, method, path string, body any) {
		t.Helper()
		b.sent(want, b.bearing(token, method, b.gatewayed(restV1+path), body))
	}
	app(403, "POST", "/space/S/permission", object{"subject": object{"type": "user", "identifier": "ann"}, "operation": object{"key": "administer", "target": "space"}})
	app(200, "POST", "/space/S/permission/custom-content", custom)
	custom["operations"] = []object{{"key": "burn", "target": "app:thing", "access": true}}
	app(400, "POST", "/space/S/permission/custom-content", custom)
}
