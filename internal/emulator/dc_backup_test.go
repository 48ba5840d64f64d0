package emulator

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// poll looks at a job until it has ended and returns the states it was seen in.
func (b *bench) poll(id int) (last got, states string) {
	b.t.Helper()
	var seen []string
	for range 10 {
		last = b.do(200, "GET", fmt.Sprintf("/rest/api/backup-restore/jobs/%d", id), nil)
		seen = append(seen, last.str("jobState"))
		if s := last.str("jobState"); s == "FINISHED" || s == "FAILED" || s == "CANCELLED" {
			break
		}
	}
	return last, strings.Join(seen, " ")
}

// unpack returns the entries of a zip.
func unpack(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

// furnished is a space with a bit of everything.
func (b *bench) furnished(key string) (page string) {
	b.t.Helper()
	home := b.siteSpace(key)
	page = b.do(200, "POST", "/rest/api/content", object{
		"type": "page", "title": "Page", "space": object{"key": key}, "ancestors": []object{{"id": home}},
		"body": object{"storage": object{"value": "<p>first</p>", "representation": "storage"}},
	}).str("id")
	b.do(200, "PUT", "/rest/api/content/"+page, object{
		"id": page, "type": "page", "title": "Page two", "version": object{"number": 2, "message": "second"},
		"body": object{"storage": object{"value": "<p>one two</p>", "representation": "storage"}},
	})
	b.attachDC(page, "a.txt", "bytes")
	foot := b.commentDC(200, page, "", "<p>foot</p>", nil).str("id")
	b.commentDC(200, page, foot, "<p>reply</p>", nil)
	b.commentDC(200, page, "", "<p>inline</p>", inlineOn("one", 1, 0))
	b.do(200, "POST", "/rest/api/content/"+page+"/label", []object{{"name": "x"}})
	b.do(200, "PUT", "/rest/api/content/"+page+"/restriction", limited("update", []string{serviceID}, nil))
	b.do(200, "POST", "/rest/api/content/"+page+"/property", object{"key": "k", "value": object{"v": 1}})
	b.do(200, "POST", "/rest/api/content", object{
		"type": "blogpost", "title": "News", "space": object{"key": key}, "body": object{"storage": object{"value": "<p>n</p>", "representation": "storage"}},
	})
	b.do(204, "DELETE", "/rest/api/content/"+b.sitePage(key, "Thrown away", ""), nil)
	return page
}

// TestRow_LT_02_Backup: a job goes through its states, and its zip restored into an empty instance gives the same space
// with the same ids.
func TestRow_LT_02_Backup(t *testing.T) {
	b := newDC(t, "9.2")
	page := b.furnished("HR")
	job := b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"HR"}, "fileNamePrefix": "night"})
	equal(t, "at first", job.str("jobState"), "QUEUED")
	equal(t, "scope", job.str("jobScope")+job.str("jobOperation"), "SPACEBACKUP")
	last, states := b.poll(job.num("id"))
	equal(t, "states", states, "PROCESSING COMPLETING FINISHED")
	if !strings.HasPrefix(last.str("fileName"), "night-") || last.num("jobStatistics.totalObjectsCount") == 0 {
		t.Errorf("job %s", last.raw)
	}
	zipped := b.do(200, "GET", fmt.Sprintf("/rest/api/backup-restore/jobs/%d/download", job.num("id")), nil)
	entries := unpack(t, zipped.raw)
	if !strings.Contains(entries["exportDescriptor.properties"], "spaceKey=HR") || !strings.Contains(entries["entities.xml"], "Page two") {
		t.Errorf("zip %v", entries["exportDescriptor.properties"])
	}
	jobs := b.do(200, "GET", "/rest/api/backup-restore/jobs?jobStates=FINISHED&jobScope=SPACE&jobOperation=BACKUP&spaceKey=HR&owner="+serviceID, nil)
	equal(t, "found", len(jobs.names("jobState")), 1)
	equal(t, "none", len(b.do(200, "GET", "/rest/api/backup-restore/jobs?jobStates=FAILED", nil).names("jobState")), 0)
	b.do(400, "GET", "/rest/api/backup-restore/jobs?limit=none", nil)

	other := newDC(t, "9.2")
	up := other.upload(200, "POST", "/rest/api/backup-restore/restore/space/upload", part{"file", "hr.zip", "application/zip", string(zipped.raw)})
	done, states := other.poll(up.num("id"))
	if done.str("jobState") != "FINISHED" {
		t.Fatalf("restore: %s", done.raw)
	}
	equal(t, "restore", states, "PROCESSING COMPLETING FINISHED")
	got := other.do(200, "GET", "/rest/api/content/"+page+"?expand=body.storage,version,metadata.labels,ancestors", nil)
	equal(t, "title", got.str("title"), "Page two")
	equal(t, "version", got.num("version.number"), 3) // the inline comment made the third
	equal(t, "label", got.str("metadata.labels.results.0.name"), "x")
	equal(t, "parent", got.str("ancestors.0.title"), "Space HR Home")
	equal(t, "counts", fmt.Sprint(other.site.Counts()), fmt.Sprint(b.site.Counts()))
	equal(t, "bytes", string(other.do(200, "GET", "/download/attachments/"+page+"/a.txt", nil).raw), "bytes")
	equal(t, "property", other.do(200, "GET", "/rest/api/content/"+page+"/property/k", nil).num("value.v"), 1)
	again := other.upload(200, "POST", "/rest/api/backup-restore/restore/space/upload", part{"file", "hr.zip", "application/zip", string(zipped.raw)})
	failed, _ := other.poll(again.num("id"))
	equal(t, "space is there", failed.str("jobState"), "FAILED")
	bad := other.upload(200, "POST", "/rest/api/backup-restore/restore/space/upload", part{"file", "x.zip", "application/zip", "no zip"})
	failed, _ = other.poll(bad.num("id"))
	equal(t, "no export", failed.str("jobState"), "FAILED")
}

func TestRow_LT_02_Restore(t *testing.T) {
	b := newDC(t, "")
	b.furnished("HR")
	before := fmt.Sprint(b.site.Counts())
	b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"HR"}, "keepPermanently": true})
	job, _ := b.poll(1)
	name := job.str("fileName")
	b.do(202, "DELETE", "/rest/api/space/HR", nil)
	b.wait(2 * time.Second)
	b.do(404, "GET", "/rest/api/space/HR", nil)
	files := b.do(200, "GET", "/rest/api/backup-restore/restore/files?jobScope=SPACE", nil)
	equal(t, "files", strings.Join(files.names("name"), " "), name)
	b.do(400, "GET", "/rest/api/backup-restore/restore/files?jobScope=MOON", nil)
	b.do(400, "POST", "/rest/api/backup-restore/restore/space", object{"fileName": "none.zip"})
	b.do(200, "POST", "/rest/api/backup-restore/restore/space", object{"fileName": name})
	done, _ := b.poll(2)
	equal(t, "restored", done.str("jobState"), "FINISHED")
	equal(t, "counts", fmt.Sprint(b.site.Counts()), before)
	equal(t, "author", b.do(200, "GET", "/rest/api/space/HR", nil).str("creator.username"), serviceID)
}

func TestRow_LT_02_Site(t *testing.T) {
	b := newDC(t, "")
	b.furnished("HR")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.site.AddGroup("sales", "eve")
	b.do(200, "POST", "/rest/api/backup-restore/backup/site", object{"skipAttachments": true})
	b.poll(1)
	entries := unpack(t, b.do(200, "GET", "/rest/api/backup-restore/jobs/1/download", nil).raw)
	if !strings.Contains(entries["exportDescriptor.properties"], "exportType=all") || !strings.Contains(entries["entities.xml"], "InternalGroup") {
		t.Errorf("%s", entries["exportDescriptor.properties"])
	}
	for name := range entries {
		if strings.HasPrefix(name, "attachments/") {
			t.Errorf("%s although attachments are left out", name)
		}
	}
	b.do(200, "POST", "/rest/api/backup-restore/backup/site", object{"keepPermanently": true})
	job, _ := b.poll(2)
	other := newDC(t, "")
	raw := b.do(200, "GET", "/rest/api/backup-restore/jobs/2/download", nil).raw
	up := other.upload(200, "POST", "/rest/api/backup-restore/restore/site/upload", part{"file", "all.zip", "application/zip", string(raw)})
	done, _ := other.poll(up.num("id"))
	equal(t, "restored", done.str("jobState")+fmt.Sprint(done.json.(map[string]any)["errorMessage"]), "FINISHED<nil>")
	equal(t, "members", strings.Join(other.do(200, "GET", "/rest/api/group/sales/member", nil).col("username"), " "), "eve")
	b.do(200, "POST", "/rest/api/backup-restore/restore/site", object{"fileName": job.str("fileName")})
	failed, _ := b.poll(3)
	equal(t, "contents are there", failed.str("jobState"), "FAILED")
}

func TestRow_LT_02_Queue(t *testing.T) {
	b := newDC(t, "")
	for _, key := range []string{"A", "B", "C"} {
		b.siteSpace(key)
		b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{key}})
	}
	b.do(200, "GET", "/rest/api/backup-restore/jobs/1", nil)
	equal(t, "waits", b.do(200, "GET", "/rest/api/backup-restore/jobs/2", nil).str("jobState"), "QUEUED")
	cancelled := b.do(200, "PUT", "/rest/api/backup-restore/jobs/1/cancel", nil)
	equal(t, "while at work", cancelled.str("jobState"), "CANCELLING")
	last, _ := b.poll(1)
	equal(t, "then", last.str("jobState"), "CANCELLED")
	equal(t, "by", last.str("cancelledBy"), serviceID)
	equal(t, "cleared", string(b.do(200, "PUT", "/rest/api/backup-restore/jobs/clear-queue", nil).raw), "2")
	b.do(404, "PUT", "/rest/api/backup-restore/jobs/9/cancel", nil)
	b.do(404, "GET", "/rest/api/backup-restore/jobs/1/download", nil)
	b.do(400, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{}})
	b.do(400, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"NONE"}})
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.do(204, "PUT", "/rest/api/space/A/permissions/group/"+everyone+"/revoke", []object{{"targetType": "space", "operationKey": "export"}})
	b.as("eve").do(403, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"A"}})
	b.as("eve").do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"B"}})
	newDC(t, "7.19").do(404, "GET", "/rest/api/backup-restore/jobs", nil)
}

// TestRow_LT_02_Expiry: a file is gone after a while unless it is to be kept, and time alone moves a job on.
func TestRow_LT_02_Expiry(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"HR"}})
	b.wait(2 * time.Second)
	equal(t, "by time", strings.Join(b.do(200, "GET", "/rest/api/backup-restore/jobs", nil).names("jobState"), " "), "FINISHED")
	b.do(200, "GET", "/rest/api/backup-restore/jobs/1/download", nil)
	b.wait(keptFile)
	equal(t, "there", b.do(200, "GET", "/rest/api/backup-restore/jobs/1", nil).at("fileExists"), any(false))
	b.do(404, "GET", "/rest/api/backup-restore/jobs/1/download", nil)
}

func TestRow_LT_02_Fault(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	if err := b.site.SetFaults([]byte("rules: [{do: {fault: LT-02}}]")); err != nil {
		t.Fatal(err)
	}
	b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"HR"}})
	last, _ := b.poll(1)
	equal(t, "state", last.str("jobState"), "FAILED")
	b.do(404, "GET", "/rest/api/backup-restore/jobs/1/download", nil)
}

// TestExportGenerations: a site before 8.3 and Cloud write the older generation, which the importer reads as well.
func TestExportGenerations(t *testing.T) {
	old := newDC(t, "7.19")
	old.siteSpace("HR")
	var out bytes.Buffer
	if err := old.site.Export(&out, "HR"); err != nil {
		t.Fatal(err)
	}
	entries := unpack(t, out.Bytes())
	if !strings.Contains(entries["exportDescriptor.properties"], "createdByVersionNumber=7.19.30") || !strings.Contains(entries["entities.xml"], `<collection name="bodyContents"`) {
		t.Errorf("no export of the older generation: %s", entries["exportDescriptor.properties"])
	}
	cloud := newBench(t)
	cloud.space("CL")
	out.Reset()
	if err := cloud.site.Export(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(unpack(t, out.Bytes())["exportDescriptor.properties"], "source=cloud") {
		t.Error("no source in the export of Cloud")
	}
	if err := old.site.Export(io.Discard, "NONE"); err == nil {
		t.Error("a space that is not there is exported")
	}
}

func TestRow_LT_01_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	id := b.do(202, "DELETE", "/rest/api/space/HR", nil).str("id")
	first := b.do(200, "GET", "/rest/api/longtask/"+id, nil)
	equal(t, "not yet", first.at("successful"), any(false))
	b.do(200, "GET", "/rest/api/longtask?limit=1", nil)
	last := b.do(200, "GET", "/rest/api/longtask/"+id, nil)
	equal(t, "done", last.num("percentageComplete"), 100)
	b.wait(2 * time.Hour)
	b.do(404, "GET", "/rest/api/longtask/"+id, nil)
	b.do(404, "GET", "/rest/api/longtask/1", nil)
}

func TestRow_LT_03_DC(t *testing.T) {
	for option, pages := range map[string]int{"base": 0, "full": 1} {
		b := newDC(t, "", "LT-03", option)
		b.siteSpace("HR")
		b.site.AddUser("eve", "Eve", "eve@example.test")
		page := b.sitePage("HR", "P", "")
		b.do(200, "PUT", "/rest/api/content/"+page+"/restriction", limited("read", []string{serviceID}, nil))
		b.wait(time.Minute)
		b.do(204, "PUT", "/rest/api/admin/user/eve/disable", nil)
		b.do(204, "PUT", "/rest/api/admin/user/eve/enable", nil)
		var actions []string
		path := "/rest/auditing/1.0/events?limit=1"
		for range 10 {
			g := b.do(200, "GET", path, nil)
			for _, e := range g.at("entities").([]any) {
				actions = append(actions, fmt.Sprint(e.(map[string]any)["type"].(map[string]any)["action"]))
			}
			if g.at("pagingInfo.lastPage") == true {
				break
			}
			path = "/rest/auditing/1.0/events?limit=1&pageCursor=" + g.str("pagingInfo.nextPageCursor")
		}
		equal(t, "latest first", actions[0]+"|"+actions[1], "User enabled|User disabled")
		equal(t, option, strings.Count(strings.Join(actions, "|"), "Content restriction changed"), pages)
		count := func(query string) int {
			return len(b.do(200, "GET", "/rest/auditing/1.0/events?"+query, nil).at("entities").([]any))
		}
		equal(t, "from", count("from=2026-01-05T09:00:30Z"), 2)
		equal(t, "to", count("to=2026-01-05T09:00:30Z"), len(actions)-2)
		equal(t, "category", count("categories=Spaces"), 1)
		equal(t, "object", count("affectedObject=User,"+b.site.people.byID["eve"].key), 2)
		equal(t, "search", count("search=disabled"), 1)
		equal(t, "offset", count("offset=1"), len(actions)-1)
		b.do(400, "GET", "/rest/auditing/1.0/events?pageCursor=x", nil)
		b.do(400, "GET", "/rest/auditing/1.0/events?from=yesterday", nil)
		equal(t, "the old resource", b.do(200, "GET", "/rest/api/audit", nil).str("results.0.summary"), "User enabled")
	}
}

func TestRow_ID_08(t *testing.T) {
	b := newDC(t, "")
	checked := func(path string, want int) got {
		t.Helper()
		r := b.request("GET", path, nil)
		r.Header.Set("X-Atlassian-Token", "no-check")
		g := b.send(r)
		equal(t, path, g.status, want)
		return g
	}
	apps := checked("/rest/plugins/1.0/", 200)
	installed := 0
	for _, a := range apps.at("plugins").([]any) {
		if a.(map[string]any)["userInstalled"] == true {
			installed++
		}
	}
	equal(t, "installed by an administrator", installed, 2)
	b.do(403, "GET", "/rest/plugins/1.0/", nil)
	equal(t, "one", checked("/rest/plugins/1.0/com.example.forms-key", 200).str("name"), "Example Forms")
	equal(t, "licence", checked("/rest/plugins/1.0/com.example.forms-key/license", 200).at("valid"), any(true))
	checked("/rest/plugins/1.0/none-key", 404)
	for _, name := range []string{"userCount", "maxUsers", "remainingSeats"} {
		b.do(200, "GET", "/rest/license/1.0/license/"+name, nil)
	}
	equal(t, "users", b.do(200, "GET", "/rest/license/1.0/license/details", nil).num("maximumNumberOfUsers"), 10000)
}

func TestMobileProfile(t *testing.T) {
	b := newDC(t, "7.19")
	equal(t, "email", b.do(200, "GET", "/rest/mobile/1.0/profile/"+serviceID, nil).str("email"), serviceID+"@example.test")
	b.do(404, "GET", "/rest/mobile/1.0/profile/none", nil)
}

func TestJSONRPC(t *testing.T) {
	b := newDC(t, "8.5")
	home := b.siteSpace("HR")
	base := "/rpc/json-rpc/confluenceservice-v2"
	sets := b.do(200, "POST", base+"/getSpacePermissionSets", []any{"HR"})
	equal(t, "kinds", strings.Join(sets.names("type"), " "), "VIEWSPACE SETSPACEPERMISSIONS EXPORTSPACE SETPAGEPERMISSIONS REMOVEOWNCONTENT REMOVEMAIL EDITSPACE REMOVEPAGE EDITBLOG REMOVEBLOG COMMENT REMOVECOMMENT CREATEATTACHMENT REMOVEATTACHMENT")
	one := b.do(200, "POST", base, object{"jsonrpc": "2.0", "id": 7, "method": "getSpacePermissionSet", "params": []any{"HR", "VIEWSPACE"}})
	equal(t, "id", one.num("id"), 7)
	equal(t, "user", one.str("result.spacePermissions.0.userName"), serviceID)
	equal(t, "group", one.str("result.spacePermissions.1.groupName"), everyone)
	equal(t, "email", b.do(200, "POST", base+"/getUser", []any{serviceID}).str("email"), serviceID+"@example.test")
	equal(t, "groups", string(b.do(200, "POST", base+"/getUserGroups", []any{serviceID}).raw), `["confluence-administrators","confluence-users"]`)
	equal(t, "spaces", strings.Join(b.do(200, "POST", base+"/getSpaces", []any{}).names("key"), " "), "HR")
	var space struct{ HomePage json.Number }
	if err := json.Unmarshal(b.do(200, "POST", base+"/getSpace", []any{"HR"}).raw, &space); err != nil || space.HomePage.String() != home {
		t.Errorf("home %v %v", space, err)
	}
	if !b.do(200, "POST", base+"/fly", []any{"x"}).has("error") || !b.do(200, "POST", base+"/getSpace", []any{"NONE"}).has("error") {
		t.Error("no error")
	}
	newDC(t, "8.5", "RPC", "off").do(403, "POST", base+"/getSpaces", []any{})
	newDC(t, "10.2").do(404, "POST", base+"/getSpaces", []any{})
}

func TestRow_RL_05(t *testing.T) {
	b := newDC(t, "", "RL-05", "2,10,1,eve")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.site.AddUser("bob", "Bob", "bob@example.test")
	first := b.do(200, "GET", "/rest/api/user/current", nil)
	for name, want := range map[string]string{
		"X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "1", "X-RateLimit-Interval-Seconds": "10", "X-RateLimit-FillRate": "1", "Retry-After": "0",
	} {
		equal(t, name, first.header.Get(name), want)
	}
	b.do(200, "GET", "/rest/api/user/current", nil)
	b.wait(3 * time.Second)
	over := b.do(429, "GET", "/rest/api/user/current", nil)
	equal(t, "wait", over.header.Get("Retry-After"), "7")
	b.as("bob").do(200, "GET", "/rest/api/user/current", nil)
	for range 5 {
		equal(t, "exempt", b.as("eve").do(200, "GET", "/rest/api/user/current", nil).header.Get("X-RateLimit-Limit"), "")
	}
	b.wait(7 * time.Second)
	b.do(200, "GET", "/rest/api/user/current", nil)
	b.do(429, "GET", "/rest/api/user/current", nil)
	equal(t, "off", newDC(t, "").do(200, "GET", "/rest/api/user/current", nil).header.Get("X-RateLimit-Limit"), "")
}

func TestRow_AU_17_Labels(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	if err := b.site.SetOptions(map[string]string{"AU-17": "READ_ONLY"}); err != nil {
		t.Fatal(err)
	}
	g := b.do(405, "POST", "/rest/api/content/"+page+"/label", []object{{"name": "x"}})
	equal(t, "allowed", g.at("data.allowedInReadOnlyMode"), any(false))
	b.do(200, "GET", "/rest/api/content/"+page+"/label", nil)
	b.do(405, "POST", "/rest/api/space", object{"key": "X", "name": "X"})
}
