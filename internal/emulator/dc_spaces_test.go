package emulator

import (
	"strings"
	"testing"
	"time"
)

// siteSpace creates a space of Data Center and returns the id of its home page.
func (b *bench) siteSpace(key string) (home string) {
	b.t.Helper()
	return b.do(200, "POST", "/rest/api/space", object{
		"key": key, "name": "Space " + key, "description": object{"plain": object{"value": "about", "representation": "plain"}},
	}).str("homepage.id")
}

// sitePage creates a page of Data Center and returns its id.
func (b *bench) sitePage(key, title, body string) string {
	b.t.Helper()
	return b.do(200, "POST", "/rest/api/content", object{
		"type": "page", "title": title, "space": object{"key": key}, "body": object{"storage": object{"value": body, "representation": "storage"}},
	}).str("id")
}

// names are one member of each row of a bare array.
func (g got) names(member string) []string {
	g.t.Helper()
	rows, ok := g.json.([]any)
	if !ok {
		g.t.Fatalf("no array: %s", g.raw)
	}
	out := []string{}
	for _, row := range rows {
		v := row
		for _, step := range strings.Split(member, ".") {
			v, _ = v.(map[string]any)[step]
		}
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

func (g got) has(path string) bool {
	g.t.Helper()
	o, _ := g.json.(map[string]any)
	_, ok := o[path]
	return ok
}

func TestRow_SP_01_DC(t *testing.T) {
	b := newDC(t, "")
	home := b.siteSpace("HR")
	g := b.do(200, "GET", "/rest/api/space/HR?expand=homepage,description.plain,icon,metadata.labels,permissions", nil)
	equal(t, "home", g.str("homepage.id"), home)
	equal(t, "title", g.str("homepage.title"), "Space HR Home")
	equal(t, "description", g.str("description.plain.value"), "about")
	b.do(400, "POST", "/rest/api/space", object{"key": "HR", "name": "again"})
	b.do(400, "POST", "/rest/api/space", object{"key": "H-R", "name": "bad key"})
	b.do(400, "POST", "/rest/api/space", object{"key": "NONE"})
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.do(200, "POST", "/rest/api/space/_private", object{"key": "SECRET", "name": "Private"})
	b.as("eve").do(404, "GET", "/rest/api/space/SECRET", nil)
	b.as("eve").do(200, "GET", "/rest/api/space/HR", nil)
}

func TestSpaceUpdate(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	other := b.sitePage("HR", "Other", "<p>x</p>")
	g := b.do(200, "PUT", "/rest/api/space/HR", object{
		"key": "HR", "name": "People", "description": object{"plain": object{"value": "new"}}, "homepage": object{"id": other},
	})
	equal(t, "name", g.str("name"), "People")
	equal(t, "home", g.str("homepage.id"), other)
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(403, "PUT", "/rest/api/space/HR", object{"name": "mine"})
}

// TestRow_SP_03_DC and 04: a delete is a long task, and the key is free only when that has ended.
func TestRow_SP_03_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	g := b.do(202, "DELETE", "/rest/api/space/HR", nil)
	b.do(200, "GET", "/rest/api/longtask", nil)
	b.do(400, "POST", "/rest/api/space", object{"key": "HR", "name": "too early"})
	b.wait(2 * time.Second)
	task := b.do(200, "GET", "/rest/api/longtask/"+g.str("id"), nil)
	equal(t, "successful", task.at("successful"), any(true))
	b.do(404, "GET", "/rest/api/space/HR", nil)
	b.siteSpace("HR")
}

func TestRow_SP_04(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	b.do(202, "DELETE", "/rest/api/space/HR", nil)
	b.do(400, "POST", "/rest/api/space", object{"key": "hr", "name": "taken while it is being deleted"})
	b.wait(2 * time.Second)
	b.do(200, "POST", "/rest/api/space", object{"key": "hr", "name": "free again"})
}

func TestRow_SP_05_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("Mixed")
	equal(t, "key", b.do(200, "GET", "/rest/api/space/mIXED", nil).str("key"), "Mixed")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	mine := b.as("eve").do(200, "POST", "/rest/api/space/personal", object{})
	equal(t, "personal key", mine.str("key"), "~eve")
	equal(t, "type", mine.str("type"), "personal")
	b.as("eve").do(409, "POST", "/rest/api/space/personal", object{})
	equal(t, "listed", strings.Join(b.do(200, "GET", "/rest/api/space?type=personal", nil).col("key"), " "), "~eve")
	equal(t, "global", strings.Join(b.do(200, "GET", "/rest/api/space?type=global", nil).col("key"), " "), "Mixed")
	b.do(404, "POST", "/rest/api/admin/space/personal/eve", object{}) // the resource came with 9.3
	b = newDC(t, "10.2")
	b.site.AddUser("bob", "Bob", "bob@example.test")
	equal(t, "for another", b.do(200, "POST", "/rest/api/admin/space/personal/bob", object{}).str("key"), "~bob")
}

func TestRow_SP_06_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("OLD")
	for range 2 {
		b.do(204, "PUT", "/rest/api/space/OLD/archive", nil)
	}
	equal(t, "archived", strings.Join(b.do(200, "GET", "/rest/api/space?status=archived", nil).col("key"), " "), "OLD")
	equal(t, "current", len(b.do(200, "GET", "/rest/api/space?status=current", nil).col("key")), 0)
	for range 2 {
		b.do(204, "PUT", "/rest/api/space/OLD/restore", nil)
	}
	equal(t, "restored", len(b.do(200, "GET", "/rest/api/space?status=current", nil).col("key")), 1)
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(403, "PUT", "/rest/api/space/OLD/archive", nil)
}

func TestRow_SP_13(t *testing.T) {
	b := newDC(t, "")
	home := b.siteSpace("HR")
	b.sitePage("HR", "Top", "")
	b.do(200, "POST", "/rest/api/content", object{
		"type": "page", "title": "Below", "space": object{"key": "HR"}, "ancestors": []object{{"id": home}},
		"body": object{"storage": object{"value": "", "representation": "storage"}},
	})
	b.do(200, "POST", "/rest/api/content", object{
		"type": "blogpost", "title": "News", "space": object{"key": "HR"}, "body": object{"storage": object{"value": "", "representation": "storage"}},
	})
	g := b.do(200, "GET", "/rest/api/space/HR/content", nil)
	equal(t, "pages", g.num("page.size"), 3)
	equal(t, "posts", g.num("blogpost.size"), 1)
	root := b.do(200, "GET", "/rest/api/space/HR/content/page?depth=root&expand=ancestors", nil)
	equal(t, "roots", len(root.col("title")), 2)
	b.do(400, "GET", "/rest/api/space/HR/content?depth=deep", nil)
	b.do(400, "GET", "/rest/api/space/HR/content/comment", nil)
	next := b.do(200, "GET", "/rest/api/space/HR/content?limit=2", nil).str("page._links.next")
	equal(t, "the rest", len(b.do(200, "GET", next, nil).col("title")), 1)
}

func TestRow_SP_14(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	var ids []string
	for _, title := range []string{"A", "B", "C"} {
		id := b.sitePage("HR", title, "")
		ids = append(ids, id)
		b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	}
	first := b.do(200, "GET", "/rest/api/space/HR/trash?limit=2", nil)
	equal(t, "first", strings.Join(first.col("id"), " "), ids[0]+" "+ids[1])
	equal(t, "status", first.str("results.0.status"), "trashed")
	cursor := first.str("nextCursor")
	if !strings.HasPrefix(cursor, "content:false:") {
		t.Errorf("cursor %s", cursor)
	}
	equal(t, "last", strings.Join(b.do(200, "GET", "/rest/api/space/HR/trash?limit=2&cursor="+cursor, nil).col("id"), " "), ids[2])
	b.do(400, "GET", "/rest/api/space/HR/trash?cursor=nonsense", nil)
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(403, "GET", "/rest/api/space/HR/trash", nil)
	b.do(204, "DELETE", "/rest/api/space/HR/trash", nil)
	equal(t, "empty", len(b.do(200, "GET", "/rest/api/space/HR/trash", nil).col("id")), 0)
	b.do(404, "GET", "/rest/api/content/"+ids[0]+"?status=trashed", nil)
}

func TestRow_SP_15_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	b.do(204, "POST", "/rest/api/space/HR/category/Important", nil)
	b.do(204, "POST", "/rest/api/space/HR/category/important", nil)
	g := b.do(200, "GET", "/rest/api/space/HR?expand=metadata.labels", nil)
	equal(t, "prefix", g.str("metadata.labels.results.0.prefix"), "team")
	equal(t, "one", g.num("metadata.labels.size"), 1)
	equal(t, "found", len(b.do(200, "GET", "/rest/api/space?label=important", nil).col("key")), 1)
	equal(t, "others", len(b.do(200, "GET", "/rest/api/space?label=other", nil).col("key")), 0)
	b.do(204, "DELETE", "/rest/api/space/HR/category/important", nil)
	equal(t, "none", b.do(200, "GET", "/rest/api/space/HR?expand=metadata.labels", nil).num("metadata.labels.size"), 0)
}

func TestRow_SP_09(t *testing.T) {
	old := newDC(t, "8.5")
	old.siteSpace("HR")
	old.do(404, "GET", "/rest/api/space/HR/permissions", nil)
	b := newDC(t, "9.2")
	b.siteSpace("HR")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.site.AddGroup("sales", "eve")
	eve := b.site.people.byID["eve"].key
	path := "/rest/api/space/HR/permissions"
	b.do(200, "POST", path, []object{
		{"userKey": eve, "operations": []object{{"targetType": "space", "operationKey": "read"}, {"targetType": "page", "operationKey": "create"}}},
		{"groupName": everyone, "operations": []object{}},
		{"operations": []object{{"targetType": "space", "operationKey": "read"}}},
	})
	equal(t, "of the user", strings.Join(b.do(200, "GET", path+"/user/"+eve, nil).names("operation.operationKey"), " "), "read create")
	equal(t, "of the group", len(b.do(200, "GET", path+"/group/"+everyone, nil).names("operation.operationKey")), 0)
	equal(t, "of anybody", len(b.do(200, "GET", path+"/anonymous", nil).names("operation.operationKey")), 1)
	mine := len(b.do(200, "GET", path+"/user/"+b.site.people.byID[serviceID].key, nil).names("operation.operationKey"))
	equal(t, "who is not named keeps his", mine, len(spacePermissionKinds))
	all := b.do(200, "GET", path, nil)
	equal(t, "all", len(all.names("spaceKey")), mine+3)

	grant := []object{{"targetType": "page", "operationKey": "delete"}}
	for range 2 {
		b.do(204, "PUT", path+"/group/sales/grant", grant)
	}
	equal(t, "granted once", len(b.do(200, "GET", path+"/group/sales", nil).names("operation.operationKey")), 1)
	b.do(204, "PUT", path+"/group/sales/revoke", grant)
	equal(t, "revoked", len(b.do(200, "GET", path+"/group/sales", nil).names("operation.operationKey")), 0)
	for _, kind := range []string{"anonymous", "user/" + eve} {
		b.do(204, "PUT", path+"/"+kind+"/grant", grant)
		b.do(204, "PUT", path+"/"+kind+"/revoke", grant)
	}
	b.do(400, "PUT", path+"/anonymous/grant", []object{{"targetType": "space", "operationKey": "fly"}})
	b.do(404, "PUT", path+"/group/nobody/grant", grant)
	b.do(404, "GET", path+"/user/none", nil)
	b.as("eve").do(403, "GET", path, nil)
	var many []object
	for range maxSubjects + 1 {
		many = append(many, object{"groupName": "sales", "operations": []object{}})
	}
	b.do(400, "POST", path, many)
}

func TestGlobalPermissions(t *testing.T) {
	newDC(t, "9.2").do(404, "GET", "/rest/api/permissions", nil)
	b := newDC(t, "10.2")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.site.AddGroup("sales")
	b.as("eve").do(403, "GET", "/rest/api/permissions", nil)
	before := len(b.do(200, "GET", "/rest/api/permissions", nil).names("subject.type"))
	create := []object{{"targetType": "space", "operationKey": "create"}}
	for _, subject := range []string{"anonymous", "unlicensed", "group/sales", "user/eve"} {
		b.do(204, "PUT", "/rest/api/permissions/"+subject+"/grant", create)
		equal(t, subject, len(b.do(200, "GET", "/rest/api/permissions/"+subject, nil).names("subject.type")), 1)
		b.do(204, "PUT", "/rest/api/permissions/"+subject+"/revoke", create)
	}
	b.do(204, "PUT", "/rest/api/permissions", []object{{"groupName": everyone, "operations": []object{{"targetType": "application", "operationKey": "use"}}}})
	equal(t, "replaced", len(b.do(200, "GET", "/rest/api/permissions", nil).names("subject.type")), before-2)
	b.as("eve").do(403, "POST", "/rest/api/space", object{"key": "EVE", "name": "not any more"})
	b.do(400, "PUT", "/rest/api/permissions/group/sales/grant", []object{{"targetType": "page", "operationKey": "create"}})
}

// TestRow_PG_13: permissions, jobs and files to restore are bare arrays.
func TestRow_PG_13(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	for _, path := range []string{"/rest/api/space/HR/permissions", "/rest/api/backup-restore/jobs", "/rest/api/backup-restore/restore/files"} {
		if _, bare := b.do(200, "GET", path, nil).json.([]any); !bare {
			t.Errorf("%s is no array", path)
		}
	}
}

// TestRow_PG_08_Spaces: what the caller may not see makes pages of a listing short, not last.
func TestRow_PG_08_Spaces(t *testing.T) {
	b := newDC(t, "")
	for _, key := range []string{"A", "B", "C"} {
		b.do(200, "POST", "/rest/api/space/_private", object{"key": key, "name": key})
	}
	b.siteSpace("D")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	first := b.as("eve").do(200, "GET", "/rest/api/space?limit=2", nil)
	equal(t, "size", first.num("size"), 0)
	second := b.as("eve").do(200, "GET", first.str("_links.next"), nil)
	equal(t, "second", strings.Join(second.col("key"), " "), "D")
	if second.at("_links").(map[string]any)["prev"] == nil || second.at("_links").(map[string]any)["next"] != nil {
		t.Errorf("links %v", second.at("_links"))
	}
}

func TestRow_OF_18(t *testing.T) {
	b := newDC(t, "", "OF-18", "500")
	b.siteSpace("HR")
	b.do(500, "GET", "/rest/api/space?expand=permissions", nil)
	b.do(200, "GET", "/rest/api/space", nil)
}
