package emulator

import (
	"strings"
	"testing"
	"time"
)

func TestRow_US_07(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	key := b.site.people.byID["eve"].key
	equal(t, "length of a key", len(key), 32)
	b.siteSpace("HR")
	page := b.as("eve").sitePage("HR", "Hers", "")
	b.site.RenameUser("eve", "evelyn")
	b.do(404, "GET", "/rest/api/user?username=eve", nil)
	equal(t, "key stays", b.do(200, "GET", "/rest/api/user?username=evelyn", nil).str("userKey"), key)
	equal(t, "by key", b.do(200, "GET", "/rest/api/user?key="+key+"&expand=status", nil).str("status"), "current")
	equal(t, "anonymous", b.do(200, "GET", "/rest/api/user/anonymous", nil).str("type"), "anonymous")
	equal(t, "current", b.do(200, "GET", "/rest/api/user/current", nil).str("type"), "known")
	b.do(400, "GET", "/rest/api/user", nil)
	task := b.do(202, "DELETE", "/rest/api/admin/user/evelyn", nil)
	b.wait(2 * time.Second)
	b.do(200, "GET", "/rest/api/longtask/"+task.str("id"), nil)
	equal(t, "author", b.do(200, "GET", "/rest/api/content/"+page+"?expand=history", nil).str("history.createdBy.type"), "unknown")
	b.do(404, "GET", "/rest/api/user?username=evelyn", nil)
}

func TestRow_US_08(t *testing.T) {
	for version, want := range map[string]bool{"8.5": false, "9.2": true, "10.2": true} {
		b := newDC(t, version)
		equal(t, version, b.do(200, "GET", "/rest/api/user?username="+serviceID, nil).has("email"), want)
	}
	equal(t, "hidden", newDC(t, "9.2", "US-08", "hidden").do(200, "GET", "/rest/api/user/current", nil).has("email"), false)
	equal(t, "shown", newDC(t, "7.19", "US-08", "shown").do(200, "GET", "/rest/api/user/current", nil).has("email"), true)
}

func TestRow_US_10(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.site.AddGroup("two words", "eve")
	b.site.AddGroup("a/b", "eve")
	equal(t, "space", b.do(200, "GET", "/rest/api/group/two%20words", nil).str("name"), "two words")
	equal(t, "members", strings.Join(b.do(200, "GET", "/rest/api/group/two%20words/member", nil).col("username"), " "), "eve")
	refused := b.do(400, "GET", "/rest/api/group/a%2Fb", nil)
	if !strings.Contains(refused.header.Get("Content-Type"), "html") {
		t.Error("a slash in a path is refused by the product, not by its server")
	}
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.do(404, "GET", "/rest/experimental/content/"+page+"/restriction/byOperation/read/group?groupName=a%2Fb", nil)
	b.do(400, "PUT", "/rest/experimental/content/"+page+"/restriction/byOperation/read/group?groupName=a%2Fb", nil) // shuts the caller out
	b.do(200, "PUT", "/rest/experimental/content/"+page+"/restriction/byOperation/read/user?userName="+serviceID, nil)
	b.do(200, "PUT", "/rest/experimental/content/"+page+"/restriction/byOperation/read/group?groupName=a%2Fb", nil)
	b.do(200, "GET", "/rest/experimental/content/"+page+"/restriction/byOperation/read/group?groupName=a%2Fb", nil)
	b.do(200, "DELETE", "/rest/experimental/content/"+page+"/restriction/byOperation/read/group?groupName=a%2Fb", nil)
	equal(t, "member of", strings.Join(b.do(200, "GET", "/rest/api/user/memberof?username=eve", nil).col("name"), ","), "confluence-users,two words,a/b")
}

func TestRow_US_11(t *testing.T) {
	b := newDC(t, "10.2")
	person := object{"userName": "eve", "fullName": "Eve", "email": "eve@example.test", "password": "secret"}
	key := b.do(201, "POST", "/rest/api/admin/user", person).str("userKey")
	equal(t, "key", b.do(200, "GET", "/rest/api/user?username=eve", nil).str("userKey"), key)
	b.do(409, "POST", "/rest/api/admin/user", person)
	b.do(400, "POST", "/rest/api/admin/user", object{"userName": "e v e", "fullName": "Eve", "email": "eve@example.test", "password": "x"})
	b.do(400, "POST", "/rest/api/admin/user", object{"userName": "bob", "fullName": "Bob", "email": "nonsense", "password": "x"})
	b.do(400, "POST", "/rest/api/admin/user", object{"userName": "bob", "fullName": "Bob", "email": "bob@example.test"})
	r := b.request("GET", "/rest/api/user/current", nil)
	r.SetBasicAuth("eve", "secret")
	equal(t, "logs in", b.send(r).str("username"), "eve")
	b.do(204, "PUT", "/rest/api/admin/user/eve", object{"fullName": "Eve Two", "email": "two@example.test"})
	equal(t, "renamed", b.do(200, "GET", "/rest/api/user?username=eve", nil).str("displayName"), "Eve Two")
	b.do(204, "POST", "/rest/api/admin/user/eve/password", object{"password": "other"})
	equal(t, "old password", b.send(r).status, 401)
	b.do(204, "PUT", "/rest/api/admin/user/eve/disable", nil)
	equal(t, "active", strings.Join(b.do(200, "GET", "/rest/api/admin/users/list/active", nil).col("username"), " "), serviceID)
	equal(t, "all", len(b.do(200, "GET", "/rest/api/user/list?expand=status", nil).col("username")), 2)
	b.do(204, "PUT", "/rest/api/admin/user/eve/enable", nil)

	equal(t, "group", b.do(200, "POST", "/rest/api/admin/group", object{"name": "sales", "type": "group"}).str("name"), "sales")
	b.do(409, "POST", "/rest/api/admin/group", object{"name": "sales", "type": "group"})
	b.do(204, "PUT", "/rest/api/user/eve/group/sales", nil)
	equal(t, "member", strings.Join(b.do(200, "GET", "/rest/api/group/sales/member", nil).col("username"), " "), "eve")
	b.do(204, "DELETE", "/rest/api/user/eve/group/sales", nil)
	equal(t, "left", len(b.do(200, "GET", "/rest/api/group/sales/member", nil).col("username")), 0)
	b.do(204, "DELETE", "/rest/api/admin/group/sales", nil)
	b.do(404, "DELETE", "/rest/api/admin/group/sales", nil)
	for method, path := range map[string]string{
		"PUT": "/rest/api/admin/user/" + serviceID + "/disable", "DELETE": "/rest/api/admin/user/" + serviceID,
	} {
		b.do(403, method, path, nil) // nobody shuts himself out
	}
	b.do(403, "DELETE", "/rest/api/user/"+serviceID+"/group/"+dcAdminsGroup, nil)
	b.do(403, "DELETE", "/rest/api/admin/group/"+dcAdminsGroup, nil)
	b.as("eve").do(403, "POST", "/rest/api/admin/user", person)
	b.as("eve").do(403, "GET", "/rest/api/group/confluence-users/member", nil)
}

func TestOwnAccount(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	eve := b.as("eve")
	eve.do(204, "PUT", "/rest/api/user/current", object{"fullName": "Evelyn"})
	eve.do(403, "PUT", "/rest/api/user/current", object{"email": "new@example.test", "currentPassword": "wrong"})
	eve.do(204, "PUT", "/rest/api/user/current", object{"email": "new@example.test", "currentPassword": b.site.Token("eve")})
	got := eve.do(200, "GET", "/rest/api/user/current", nil)
	equal(t, "name", got.str("displayName"), "Evelyn")
	equal(t, "address", got.str("email"), "new@example.test")
	eve.do(403, "POST", "/rest/api/user/current/password", object{"oldPassword": "wrong", "newPassword": "x"})
	eve.do(204, "POST", "/rest/api/user/current/password", object{"oldPassword": b.site.Token("eve"), "newPassword": "x"})
	equal(t, "password", b.site.Token("eve"), "x")
	eve.do(200, "GET", "/rest/api/user/current", nil)
}

func TestNestedGroups(t *testing.T) {
	b := newDC(t, "10.2")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.site.AddGroup("inner", "eve")
	b.site.NestGroup("outer", "inner")
	b.site.NestGroup("all", "outer")
	equal(t, "members", strings.Join(b.do(200, "GET", "/rest/api/group/outer/groupmember", nil).col("name"), " "), "inner")
	equal(t, "parents", strings.Join(b.do(200, "GET", "/rest/api/group/inner/groupparent", nil).col("name"), " "), "outer")
	equal(t, "ancestors", strings.Join(b.do(200, "GET", "/rest/api/group/inner/groupancestor", nil).col("name"), " "), "outer all")
	b.do(200, "GET", "/rest/api/group", nil)
	b.do(200, "POST", "/rest/api/space/_private", object{"key": "HR", "name": "HR"})
	b.as("eve").do(404, "GET", "/rest/api/space/HR", nil)
	b.do(204, "PUT", "/rest/api/space/HR/permissions/group/all/grant", []object{{"targetType": "space", "operationKey": "read"}})
	b.as("eve").do(200, "GET", "/rest/api/space/HR", nil)
	newDC(t, "9.2").do(404, "GET", "/rest/api/group/confluence-users/groupparent", nil)
}

func TestRow_ER_10(t *testing.T) {
	b := newDC(t, "", "ER-10", "2")
	person := func(name string) object {
		return object{"userName": name, "fullName": name, "email": name + "@example.test", "notifyViaEmail": true}
	}
	b.do(201, "POST", "/rest/api/admin/user", person("one"))
	b.do(402, "POST", "/rest/api/admin/user", person("two"))
	b.do(204, "PUT", "/rest/api/admin/user/one/disable", nil)
	b.do(201, "POST", "/rest/api/admin/user", person("two"))
	equal(t, "left", b.do(200, "GET", "/rest/license/1.0/license/remainingSeats", nil).num("count"), 0)
}

func TestRow_ER_20(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	path := "/rest/api/content/" + page + "/property"
	b.do(200, "POST", path, object{"key": "k", "value": 1})
	b.do(409, "PUT", path+"/k", object{"key": "k", "value": 2, "version": object{"number": 5}})
	b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"HR"}})
	b.do(409, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"hr"}})
	b.do(200, "POST", "/rest/api/space/personal", object{})
	b.do(409, "POST", "/rest/api/space/personal", object{})
	b.do(409, "POST", "/rest/api/admin/group", object{"name": everyone, "type": "group"})
}

func TestRow_AU_13_Tokens(t *testing.T) {
	b := newDC(t, "")
	made := b.do(201, "POST", "/rest/pat/latest/tokens", object{"name": "tandem", "expirationDuration": 1})
	secret := made.str("rawToken")
	equal(t, "works", b.send(b.bearer("GET", "/rest/api/user/current", secret)).str("username"), serviceID)
	equal(t, "listed", strings.Join(b.do(200, "GET", "/rest/pat/latest/tokens", nil).names("name"), " "), "tandem")
	b.do(200, "GET", "/rest/pat/latest/tokens/1", nil)
	b.wait(25 * time.Hour)
	equal(t, "expired", b.send(b.bearer("GET", "/rest/api/user/current", secret)).status, 401)
	b.do(204, "DELETE", "/rest/pat/latest/tokens/1", nil)
	b.do(404, "DELETE", "/rest/pat/latest/tokens/1", nil)
	b.do(400, "POST", "/rest/pat/latest/tokens", object{"name": ""})
}

func TestRow_AU_13_Downloads(t *testing.T) {
	for option, want := range map[string]int{"accepted": 200, "refused": 302} {
		b := newDC(t, "", "AU-13", option)
		b.siteSpace("HR")
		page := b.sitePage("HR", "P", "")
		link := b.attachDC(page, "a.txt", "x").str("results.0._links.download")
		equal(t, option, b.send(b.bearer("GET", link, b.site.Token(serviceID))).status, want)
		b.do(200, "GET", link, nil)
	}
}

func TestRow_AU_18_Resources(t *testing.T) {
	b := newDC(t, "10.2")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	eve := b.as("eve")
	for path, want := range map[string]int{
		"/rest/api/webhooks": 401, "/rest/api/group/confluence-users/member": 403, "/rest/api/permissions": 403,
		"/rest/api/space/HR/permissions": 403, "/rest/api/content/" + page + "/watchers": 403, "/rest/api/space/HR/watchers": 403,
		"/rest/api/audit": 403, "/rest/auditing/1.0/events": 403, "/rest/api/backup-restore/restore/files": 403,
	} {
		eve.do(want, "GET", path, nil)
		b.do(200, "GET", path, nil)
	}
	eve.do(403, "POST", "/rest/api/backup-restore/backup/site", object{})
}
