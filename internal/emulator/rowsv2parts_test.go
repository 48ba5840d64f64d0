package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRow_AT_09_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	f := b.upload(200, "PUT", "/wiki/rest/api/content/"+p+"/child/attachment", part{"file", "a.txt", "text/plain", "x"}).str("results.0.id")
	b.do(404, "DELETE", "/wiki/api/v2/attachments/"+f+"?purge=true", nil)
	b.do(204, "DELETE", "/wiki/api/v2/attachments/"+f, nil)
	equal(t, "status", b.get("/attachments/"+f).str("status"), "trashed")
	b.do(204, "DELETE", "/wiki/api/v2/attachments/"+f+"?purge=true", nil)
	b.do(404, "GET", "/wiki/api/v2/attachments/"+f, nil)
}

func TestRow_AT_14_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	at := "/wiki/rest/api/content/" + p + "/child/attachment"
	f := b.upload(200, "PUT", at, part{"file", "a.txt", "text/plain", "12345"}).str("results.0.id")
	gone := b.upload(200, "PUT", at, part{"file", "b.txt", "text/plain", "x"}).str("results.0.id")
	b.do(204, "DELETE", "/wiki/api/v2/attachments/"+gone, nil)
	rows := b.get("/pages/" + p + "/attachments")
	same(t, "current", rows.col("id"), f)
	equal(t, "size", rows.num("results.0.fileSize"), 5)
	equal(t, "page", rows.str("results.0.pageId"), p)
	if id := rows.str("results.0.fileId"); len(id) != 36 {
		t.Errorf("fileId %q", id)
	}
	if link := rows.str("results.0.downloadLink"); !strings.HasPrefix(link, "/download/attachments/"+p+"/a.txt?version=1") {
		t.Errorf("downloadLink %q", link)
	}
	same(t, "trashed", b.get("/pages/"+p+"/attachments?status=trashed").col("id"), gone)
	same(t, "by name", b.get("/pages/"+p+"/attachments?filename=a.txt&mediaType=text/plain").col("id"), f)
}

// comment creates a footer comment on a page, or on what else the member names.
func (b *bench) comment(on, id, body string) string {
	b.t.Helper()
	return b.do(201, "POST", "/wiki/api/v2/footer-comments", object{on: id, "body": storage(body)}).str("id")
}

func (b *bench) inline(want int, page, selection string, count, index int) got {
	b.t.Helper()
	return b.do(want, "POST", "/wiki/api/v2/inline-comments", object{"pageId": page, "body": storage("<p>i</p>"), "inlineCommentProperties": object{
		"textSelection": selection, "textSelectionMatchCount": count, "textSelectionMatchIndex": index,
	}})
}

func TestRow_CO_01_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	m := b.comment("pageId", p, "<p>a</p>")
	reply := b.comment("parentCommentId", m, "<p>b</p>")
	same(t, "roots", b.get("/pages/"+p+"/footer-comments").col("id"), m)
	same(t, "replies", b.get("/footer-comments/"+m+"/children").col("id"), reply)
	b.do(204, "DELETE", "/wiki/api/v2/footer-comments/"+m, nil)
	b.do(404, "GET", "/wiki/api/v2/footer-comments/"+m, nil)
	b.do(404, "GET", "/wiki/api/v2/footer-comments/"+reply, nil)
	custom := b.do(201, "POST", "/wiki/api/v2/custom-content", object{"type": "ac:a:b", "spaceId": space, "title": "C", "body": storage("")}).str("id")
	on := b.comment("customContentId", custom, "<p>c</p>")
	same(t, "on custom content", b.get("/custom-content/"+custom+"/footer-comments").col("id"), on)
	b.do(400, "POST", "/wiki/api/v2/footer-comments", object{"pageId": p, "customContentId": custom, "body": storage("")})
}

func TestRow_CO_02(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>one two</p>")
	ref := b.inline(201, p, "two", 1, 0).str("properties.inlineMarkerRef")
	equal(t, "body", b.body(p), `<p>one <ac:inline-comment-marker ac:ref="`+ref+`">two</ac:inline-comment-marker></p>`)
	equal(t, "version", b.get("/pages/"+p).num("version.number"), 1)
}

func TestRow_CO_04(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a b a <em>a</em></p>")
	b.inline(400, p, "c", 1, 0)
	b.inline(400, p, "a", 2, 0)
	b.inline(400, p, "a", 3, 3)
	ref := b.inline(201, p, "a", 3, 1).str("properties.inlineMarkerRef")
	equal(t, "the second of three", b.body(p), `<p>a b <ac:inline-comment-marker ac:ref="`+ref+`">a</ac:inline-comment-marker> <em>a</em></p>`)
}

func TestRow_CO_06_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>one two</p>")
	m := b.inline(201, p, "two", 1, 0).str("id")
	marked := b.body(p)
	b.put(200, p, "P", "<p>one two three</p>", 2)
	state := func() string { return b.get("/inline-comments/" + m).str("resolutionStatus") }
	equal(t, "without the marker", state(), "dangling")
	b.do(400, "PUT", "/wiki/api/v2/inline-comments/"+m, object{"version": object{"number": 2}, "body": storage("<p>x</p>")})
	b.put(200, p, "P", marked, 3)
	equal(t, "with the marker again", state(), "open")
	b.do(200, "PUT", "/wiki/api/v2/inline-comments/"+m, object{"version": object{"number": 2}, "body": storage("<p>x</p>")})
}

func TestRow_CO_07_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>one two</p>")
	m, other := b.inline(201, p, "two", 1, 0).str("id"), b.inline(201, p, "one", 1, 0).str("id")
	for i, step := range []struct {
		resolved bool
		want     string
	}{{true, "resolved"}, {false, "reopened"}} {
		b.do(200, "PUT", "/wiki/api/v2/inline-comments/"+m, object{"version": object{"number": i + 2}, "body": storage("<p>x</p>"), "resolved": step.resolved})
		g := b.get("/inline-comments/" + m)
		equal(t, "status", g.str("resolutionStatus"), step.want)
		equal(t, "by", g.str("resolutionLastModifierId"), serviceID)
		same(t, "filter", b.get("/pages/"+p+"/inline-comments?resolution-status="+step.want).col("id"), m)
	}
	same(t, "open", b.get("/pages/"+p+"/inline-comments?resolution-status=open").col("id"), other)
}

func TestRow_CO_08_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	b.site.AddUser("u", "U", "u@example.test")
	m := b.as("u").do(201, "POST", "/wiki/api/v2/footer-comments", object{
		"pageId": p, "authorId": serviceID, "createdAt": "2020-01-01T00:00:00.000Z", "body": storage("<p>a</p>"),
	})
	equal(t, "author", m.str("version.authorId"), "u")
	equal(t, "date", m.str("version.createdAt"), "2026-01-05T09:00:00.000Z")
}

func TestRow_LB_05_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	at := "/wiki/api/v2/pages/" + p + "/properties"
	id := b.do(200, "POST", at, object{"key": "k", "value": 1}).str("id")
	b.do(409, "POST", at, object{"key": "k", "value": 1})
	b.do(409, "PUT", at+"/"+id, object{"key": "k", "value": 2, "version": object{"number": 3}})
	b.do(200, "PUT", at+"/"+id, object{"key": "k", "value": 2, "version": object{"number": 2}})
	b.do(200, "POST", at, object{"key": "fits", "value": strings.Repeat("x", maxProperty-2)})
	b.do(413, "POST", at, object{"key": "large", "value": strings.Repeat("x", maxProperty-1)})
	b.do(400, "POST", at, object{"key": strings.Repeat("k", 256), "value": 1})
}

func TestRow_LB_06_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p, above := b.page(space, "", "P", "<p>a</p>"), b.page(space, "", "A", "")
	at := "/wiki/api/v2/pages/" + p + "/properties"
	b.do(200, "POST", at, object{"key": "k", "value": 1})
	equal(t, "version", b.get("/pages/"+p).num("version.number"), 1)
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/move/append/"+above, nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	b.put(200, p, "P", "<p>a</p>", 2)
	same(t, "after a move, the trash and the way back", b.do(200, "GET", at+"?key=k", nil).col("key"), "k")
}

// Likes are read-only over REST; people like in the product.
func TestRow_LB_13_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	m := b.comment("pageId", p, "<p>well said</p>")
	b.site.AddUser("u", "U", "u@example.test")
	b.mustAct("u", `{"like": {"page": "P"}}`)
	b.mustAct(serviceID, `{"like": {"page": "P"}}`)
	b.mustAct("u", `{"like": {"page": "P", "comment": "well said"}}`)
	equal(t, "count", b.get("/pages/"+p+"/likes/count").num("count"), 2)
	first := b.get("/pages/" + p + "/likes/users?limit=1")
	same(t, "users", first.col("accountId"), "u")
	same(t, "next users", b.do(200, "GET", first.str("_links.next"), nil).col("accountId"), serviceID)
	equal(t, "of the comment", b.get("/footer-comments/"+m+"/likes/count").num("count"), 1)
	equal(t, "included", len(b.get("/pages/"+p+"?include-likes=true").at("likes.results").([]any)), 2)
	b.mustAct("u", `{"unlike": {"page": "P"}}`)
	same(t, "afterwards", b.get("/pages/"+p+"/likes/users").col("accountId"), serviceID)
	b.do(405, "POST", "/wiki/api/v2/pages/"+p+"/likes/users", nil)
}

const twoTasks = `<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status>` +
	`<ac:task-body>call <ac:link><ri:user ri:account-id="u" /></ac:link> by <time datetime="2026-02-01" /></ac:task-body></ac:task>` +
	`<ac:task><ac:task-id>2</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>rest</ac:task-body></ac:task></ac:task-list>`

func TestRow_LB_14_V2(t *testing.T) {
	b := newBench(t, "CQ-01", "30s")
	space, _ := b.space("S")
	b.site.AddUser("u", "U", "u@example.test")
	p := b.page(space, "", "P", twoTasks)
	same(t, "at once", b.get("/tasks").col("id"))
	b.wait(30 * time.Second)
	rows := b.get("/tasks?body-format=storage&page-id=" + p)
	same(t, "statuses", rows.col("status"), "incomplete", "complete")
	equal(t, "assigned", rows.str("results.0.assignedTo"), "u")
	equal(t, "due", rows.str("results.0.dueAt"), "2026-02-01T00:00:00.000Z")
	if body := rows.str("results.0.body.storage.value"); !strings.HasPrefix(body, "call <ac:link>") {
		t.Errorf("body %s", body)
	}
	open, done := rows.str("results.0.id"), rows.str("results.1.id")
	for query, want := range map[string]string{
		"status=complete": done, "assigned-to=u": open, "due-at-from=1767225600000&due-at-to=1800000000000": open,
		"completed-at-from=1": done, "task-id=" + open: open, "completed-by=" + serviceID: done,
	} {
		same(t, query, b.get("/tasks?"+query).col("id"), want)
	}
	b.do(405, "POST", "/wiki/api/v2/tasks", object{})
	b.do(200, "PUT", "/wiki/api/v2/tasks/"+open, object{"status": "complete"})
	equal(t, "status", b.get("/tasks/"+open).str("status"), "complete")
	equal(t, "version of the page", b.get("/pages/"+p).num("version.number"), 2)
	if n := strings.Count(b.body(p), "<ac:task-status>complete</ac:task-status>"); n != 2 {
		t.Errorf("%d tasks are done in the body: %s", n, b.body(p))
	}
	b.put(200, p, "P", "<p>no tasks</p>", 3)
	same(t, "after they left the body", b.get("/tasks").col("id"))
}

func TestRow_US_02_V2(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("gone", "G", "g@example.test")
	b.site.SetActive("gone", false)
	rows := b.do(200, "POST", "/wiki/api/v2/users-bulk", object{"accountIds": []string{"nobody", "gone", serviceID}})
	same(t, "unknown ids are left out", rows.col("accountId"), "gone", serviceID)
	equal(t, "status", rows.str("results.0.accountStatus"), "inactive")
	b.do(400, "POST", "/wiki/api/v2/users-bulk", object{"accountIds": make([]string, 251)})
}

func TestRow_US_04(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("gone", "G", "gone@example.test")
	b.site.SetActive("gone", false)
	check := func() got {
		return b.do(200, "POST", "/wiki/api/v2/user/access/check-access-by-email", object{"emails": []string{"new@example.test", "gone@example.test", serviceID + "@example.test", "none"}})
	}
	texts := func(v any) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]") }
	equal(t, "without access", texts(check().at("emailsWithoutAccess")), "new@example.test,gone@example.test")
	equal(t, "invalid", texts(check().at("invalidEmails")), "none")
	g := b.do(200, "POST", "/wiki/api/v2/user/access/invite-by-email", object{"emails": []string{"new@example.test", "gone@example.test", "none"}})
	equal(t, "body", len(g.raw), 0)
	equal(t, "right afterwards", texts(check().at("emailsWithoutAccess")), "new@example.test,gone@example.test")
	b.wait(invitationTime)
	equal(t, "in the end", texts(check().at("emailsWithoutAccess")), "")
	b.do(400, "POST", "/wiki/api/v2/user/access/invite-by-email", object{"emails": make([]string, 101)})
}

func TestRow_US_12(t *testing.T) {
	b := newBench(t, "US-12", "2")
	for _, e := range []string{"one@example.test", "two@example.test"} {
		b.do(200, "POST", "/wiki/api/v2/user/access/invite-by-email", object{"emails": []string{e}})
		b.wait(invitationTime)
	}
	without := b.do(200, "POST", "/wiki/api/v2/user/access/check-access-by-email", object{"emails": []string{"one@example.test", "two@example.test"}})
	equal(t, "who found a seat", fmt.Sprint(without.at("emailsWithoutAccess")), "[two@example.test]")
}

func TestRow_ID_11_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	link := b.get("/pages/" + p).str("_links.tinyui")
	short, found := strings.CutPrefix(link, "/x/")
	if !found || fmt.Sprint(longID(short)) != p {
		t.Errorf("%s does not stand for %s", link, p)
	}
}

func TestRow_ID_12_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "")
	f := b.upload(200, "PUT", "/wiki/rest/api/content/"+p+"/child/attachment", part{"file", "a.txt", "text/plain", "x"}).str("results.0.id")
	if !strings.HasPrefix(f, "att") || strings.Trim(f[3:], "0123456789") != "" {
		t.Errorf("attachment %q", f)
	}
	g := b.get("/pages/" + p)
	for _, member := range []string{"id", "spaceId", "parentId"} {
		if id := g.str(member); strings.Trim(id, "0123456789") != "" {
			t.Errorf("%s is %q", member, id)
		}
	}
}

// Answers hold members and words that the documents do not have.
func TestRow_ID_13(t *testing.T) {
	b := newBench(t)
	space, home := b.space("S")
	version := b.get("/pages/" + home).at("version").(map[string]any)
	if _, has := version["ncsStepVersion"]; !has {
		t.Errorf("version %v", version)
	}
	var keys, types []string
	for _, row := range b.get("/spaces/" + space + "/permissions?limit=250").at("results").([]any) {
		m := row.(map[string]any)
		keys = append(keys, m["operation"].(map[string]any)["key"].(string))
		types = append(types, m["principal"].(map[string]any)["type"].(string))
	}
	if !slices.Contains(keys, "manage_users") || !slices.Contains(keys, "archive_space") || !slices.Contains(types, "access-class") {
		t.Errorf("keys %q, types %q", keys, types)
	}
}

func TestRow_ID_14_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	p := b.page(space, "", "P", "<p>a</p>")
	plain, _ := json.Marshal(b.get("/pages/" + p).at("body"))
	equal(t, "without body-format", string(plain), "{}")
	equal(t, "with it", b.get("/pages/"+p+"?body-format=storage").str("body.storage.value"), "<p>a</p>")
}

func TestRow_ID_15_V2(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("S")
	b.wait(1234 * time.Millisecond)
	equal(t, "date", b.get("/pages/"+b.page(space, "", "P", "")).str("createdAt"), "2026-01-05T09:00:01.234Z")
}
