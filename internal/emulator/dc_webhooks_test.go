package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver takes what webhooks send.
type receiver struct {
	*httptest.Server
	t      *testing.T
	status int

	mu   sync.Mutex
	got  []received
	came chan struct{}
}

type received struct {
	event, signature string
	raw              []byte
	body             map[string]any
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, status: 200, came: make(chan struct{}, 1000)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, _ := io.ReadAll(q.Body)
		hit := received{event: q.Header.Get("X-Event-Key"), signature: q.Header.Get("X-Hub-Signature"), raw: raw}
		_ = json.Unmarshal(raw, &hit.body)
		r.mu.Lock()
		r.got = append(r.got, hit)
		status := r.status
		r.mu.Unlock()
		w.WriteHeader(status)
		r.came <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

// take awaits so many deliveries and returns them.
func (r *receiver) take(n int) []received {
	r.t.Helper()
	for range n {
		select {
		case <-r.came:
		case <-time.After(10 * time.Second):
			r.t.Fatalf("only %d of %d deliveries came", len(r.got), n)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.got
	r.got = nil
	return out
}

func (r *receiver) events(n int) string {
	r.t.Helper()
	var out []string
	for _, hit := range r.take(n) {
		out = append(out, hit.event)
	}
	return strings.Join(out, " ")
}

// listening is a Data Center with a webhook for all events, and what receives them. The space HR is there.
func listening(t *testing.T, options ...string) (*bench, *receiver) {
	t.Helper()
	b, r := newDC(t, "", options...), newReceiver(t)
	b.siteSpace("HR")
	b.hookFor(r, hookEvents...)
	return b, r
}

func (b *bench) hookFor(r *receiver, events ...string) got {
	b.t.Helper()
	return b.do(201, "POST", "/rest/api/webhooks", object{
		"name": "tandem", "url": r.URL + "/in", "active": true, "events": events, "configuration": object{"secret": "s3cret"},
	})
}

// idle awaits the end of all deliveries, so that what was not sent is known.
func (b *bench) idle() {
	b.t.Helper()
	q := b.site.courier
	for {
		q.mu.Lock()
		working := q.working
		q.mu.Unlock()
		if !working {
			return
		}
		q.ended.Wait()
	}
}

func TestRow_WH_01(t *testing.T) {
	b := newDC(t, "")
	r := newReceiver(t)
	made := b.hookFor(r, "page_created", "page_updated")
	equal(t, "event", made.str("events.0.id"), "page_created")
	path := fmt.Sprintf("/rest/api/webhooks/%d", made.num("id"))
	equal(t, "listed", b.do(200, "GET", "/rest/api/webhooks?statistics=true", nil).str("results.0.name"), "tandem")
	equal(t, "for another event", len(b.do(200, "GET", "/rest/api/webhooks?event=label_added", nil).at("results").([]any)), 0)
	b.do(200, "GET", path, nil)
	b.do(404, "GET", path+"/latest", nil)
	changed := b.do(200, "PUT", path, object{"name": "other", "url": r.URL, "active": false, "events": []string{"label_added"}})
	equal(t, "name", changed.str("name"), "other")
	b.do(400, "POST", "/rest/api/webhooks", object{"name": "x", "url": "ftp://x", "events": []string{"page_created"}})
	b.do(400, "POST", "/rest/api/webhooks", object{"name": "x", "url": r.URL, "events": []string{"moon_rises"}})
	b.do(400, "POST", "/rest/api/webhooks", object{"name": "x", "url": r.URL, "events": []string{}})
	b.do(400, "POST", "/rest/api/webhooks", object{"name": "x", "url": r.URL, "events": []string{"page_created"}, "configuration": object{"secret": strings.Repeat("s", 256)}})
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(401, "GET", "/rest/api/webhooks", nil)
	b.as("eve").do(401, "POST", "/rest/api/webhooks", object{"name": "x", "url": r.URL, "events": []string{"page_created"}})
	b.do(200, "POST", "/rest/api/webhooks/test?url="+r.URL, nil)
	equal(t, "test", r.events(1), "diagnostics:ping")
	b.do(404, "POST", "/rest/api/webhooks/test?url=nonsense", nil)
	b.do(204, "DELETE", path, nil)
	b.do(404, "GET", path, nil)
}

// TestRow_WH_02: the payload has no space and no version, and ids are numbers.
func TestRow_WH_02(t *testing.T) {
	b, r := listening(t)
	id := b.sitePage("HR", "P", "")
	hit := r.take(1)[0]
	want := fmt.Sprintf(`{"event":"page_created","page":{"id":%s},"timestamp":1767603600000,"userKey":"%s"}`, id, b.site.people.byID[serviceID].key)
	equal(t, "payload", string(hit.raw), want)
	parent := b.sitePage("HR", "Parent", "")
	r.take(1)
	b.do(200, "PUT", "/rest/api/content/"+id, object{
		"id": id, "type": "page", "title": "P", "version": object{"number": 2}, "ancestors": []object{{"id": parent}},
	})
	var moved map[string]any
	for _, hit := range r.take(2) {
		if hit.event == "page_moved" {
			moved = hit.body
		}
	}
	if moved["oldParent"] != nil || fmt.Sprint(moved["newParent"]) != "map[id:"+fmt.Sprintf("%g", float(parent))+"]" {
		t.Errorf("moved: %v", moved)
	}
	second := b.sitePage("HR", "Second", "")
	r.take(1)
	move := b.request("POST", "/pages/movepage.action?pageId="+id+"&position=append&targetId="+second, nil)
	move.Header.Set("X-Atlassian-Token", "no-check")
	equal(t, "status", b.send(move).status, 200)
	again := r.take(1)[0]
	equal(t, "event", again.event, "page_moved")
	equal(t, "old parent", fmt.Sprint(again.body["oldParent"]), "map[id:"+fmt.Sprintf("%g", float(parent))+"]")
}

func float(id string) float64 {
	var f float64
	_, _ = fmt.Sscan(id, &f)
	return f
}

// TestRow_WH_03: removed means into the trash, trashed means out of it for good.
func TestRow_WH_03(t *testing.T) {
	b, r := listening(t)
	id := b.sitePage("HR", "P", "<p>one</p>")
	equal(t, "create", r.events(1), "page_created")
	b.do(200, "PUT", "/rest/api/content/"+id, object{"id": id, "type": "page", "title": "Q", "version": object{"number": 2}})
	equal(t, "update", r.events(1), "page_updated")
	b.do(200, "POST", "/rest/api/content/"+id+"/label", []object{{"name": "x"}})
	equal(t, "label", r.events(2), "label_created label_added")
	b.do(204, "DELETE", "/rest/api/content/"+id+"/label/x", nil)
	equal(t, "label", r.events(1), "label_removed")
	b.do(200, "PUT", "/rest/api/content/"+id+"/restriction", limited("update", []string{serviceID}, nil))
	equal(t, "restriction", r.events(1), "content_permissions_updated")
	file := b.attachDC(id, "a.txt", "x").str("results.0.id")
	equal(t, "file", r.events(1), "attachment_created")
	b.upload(200, "POST", "/rest/api/content/"+id+"/child/attachment/"+file+"/data", part{"file", "a.txt", "text/plain", "y"})
	equal(t, "file", r.events(1), "attachment_updated")
	b.do(204, "DELETE", "/rest/api/content/"+file, nil)
	equal(t, "file", r.events(1), "attachment_removed")
	b.do(204, "DELETE", "/rest/api/content/"+file+"?status=trashed", nil)
	equal(t, "file", r.events(1), "attachment_trashed")
	m := b.commentDC(200, id, "", "<p>c</p>", nil).str("id")
	equal(t, "comment", r.events(1), "comment_created")
	b.do(204, "DELETE", "/rest/api/content/"+m, nil)
	equal(t, "comment", r.events(1), "comment_removed")
	b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	equal(t, "to the trash", r.events(1), "page_removed")
	b.do(200, "PUT", "/rest/api/content/"+id, object{"id": id, "type": "page", "status": "current", "version": object{"number": 3}})
	equal(t, "back", r.events(1), "page_restored")
	b.do(204, "DELETE", "/rest/api/content/"+id, nil)
	r.take(1)
	b.do(204, "DELETE", "/rest/api/content/"+id+"?status=trashed", nil)
	equal(t, "purged", r.events(1), "page_trashed")
	post := b.do(200, "POST", "/rest/api/content", object{
		"type": "blogpost", "title": "News", "space": object{"key": "HR"}, "body": object{"storage": object{"value": "", "representation": "storage"}},
	}).str("id")
	b.do(204, "DELETE", "/rest/api/content/"+post, nil)
	equal(t, "blog", r.events(2), "blog_created blog_removed")
}

func TestEventsOfTheSite(t *testing.T) {
	b, r := listening(t)
	b.do(200, "PUT", "/rest/api/space/HR", object{"name": "People"})
	equal(t, "space", r.events(1), "space_updated")
	b.do(204, "PUT", "/rest/api/space/HR/permissions/anonymous/grant", []object{{"targetType": "space", "operationKey": "read"}})
	equal(t, "permissions", r.events(1), "space_permissions_updated")
	b.siteSpace("NEW")
	equal(t, "another", r.events(2), "space_created page_created")
	task := b.do(202, "DELETE", "/rest/api/space/NEW", nil)
	b.wait(2 * time.Second)
	b.do(200, "GET", "/rest/api/longtask/"+task.str("id"), nil)
	equal(t, "gone", r.events(1), "space_removed")
	b.do(201, "POST", "/rest/api/admin/user", object{"userName": "eve", "fullName": "Eve", "email": "eve@example.test", "password": "x"})
	b.do(204, "PUT", "/rest/api/admin/user/eve/disable", nil)
	b.do(204, "PUT", "/rest/api/admin/user/eve/enable", nil)
	b.do(200, "POST", "/rest/api/admin/group", object{"name": "g", "type": "group"})
	b.do(204, "DELETE", "/rest/api/admin/group/g", nil)
	equal(t, "people", r.events(5), "user_created user_deactivated user_reactivated group_created group_removed")
	if _, err := b.site.Act(serviceID, json.RawMessage(`{"create":{"space":"HR","title":"By hand"}}`)); err != nil {
		t.Fatal(err)
	}
	equal(t, "a person's act", r.events(1), "page_created")
}

func TestRow_WH_04(t *testing.T) {
	for option, prefix := range map[string]string{"prefixed": "sha256=", "bare": ""} {
		b, r := listening(t, "WH-04", option)
		b.sitePage("HR", "P", "")
		hit := r.take(1)[0]
		mac := hmac.New(sha256.New, []byte("s3cret"))
		mac.Write(hit.raw)
		equal(t, option, hit.signature, prefix+hex.EncodeToString(mac.Sum(nil)))
	}
}

func TestRow_WH_05_Deliveries(t *testing.T) {
	for variant, want := range map[string]string{
		"lost": "page_updated", "twice": "page_created page_created page_updated", "reordered": "page_updated page_created", "unreachable": "page_updated",
	} {
		b, r := listening(t)
		if err := b.site.SetFaults([]byte("rules: [{match: {method: POST, path: /rest/api/content}, do: {fault: WH-05, variant: " + variant + "}}]")); err != nil {
			t.Fatal(err)
		}
		id := b.sitePage("HR", "P", "")
		b.do(200, "PUT", "/rest/api/content/"+id, object{"id": id, "type": "page", "title": "Q", "version": object{"number": 2}})
		equal(t, variant, r.events(len(strings.Fields(want))), want)
		b.idle()
		counts := b.do(200, "GET", "/rest/api/webhooks/1/statistics/summary", nil)
		equal(t, variant+" errors", counts.num("counts.errors"), map[string]int{"unreachable": 1}[variant])
		equal(t, variant+" successes", counts.num("counts.successes"), len(strings.Fields(want)))
	}
}

// TestDeliveryStatistics: what a receiver answers is counted; it is not asked again unless the option says so.
func TestDeliveryStatistics(t *testing.T) {
	for option, tries := range map[string]int{"none": 1, "one": 2} {
		b, r := listening(t, "OF-38", option)
		r.status = 503
		b.sitePage("HR", "P", "")
		equal(t, option, len(r.take(tries)), tries)
		b.idle()
		latest := b.do(200, "GET", "/rest/api/webhooks/1/latest?event=page_created", nil)
		equal(t, "outcome", latest.str("result.outcome"), "FAILURE")
		equal(t, "body", strings.Contains(latest.str("request.body"), "page_created"), true)
		equal(t, "failures", b.do(200, "GET", "/rest/api/webhooks/1/statistics?event=page_created", nil).num("counts.failures"), 1)
		b.do(404, "GET", "/rest/api/webhooks/1/latest?outcome=SUCCESS", nil)
	}
}

func TestRow_WH_06(t *testing.T) {
	b, r := listening(t, "WH-06", "on")
	b.sitePage("HR", "P", "")
	page := r.take(1)[0].body["page"].(map[string]any)
	equal(t, "title", page["title"], any("P"))
	equal(t, "space", page["spaceKey"], any("HR"))
}

// TestRow_WH_08: who writes is told of it as everybody is, so that two sites that follow each other see their own writes.
func TestRow_WH_08(t *testing.T) {
	b, r := listening(t)
	b.sitePage("HR", "P", "")
	own := b.site.people.byID[serviceID].key
	if !slices.ContainsFunc(r.take(1), func(hit received) bool { return hit.body["userKey"] == own }) {
		t.Error("an own write is not told")
	}
}

// TestDeliveriesEndWithTheSite: nothing runs on when a site is closed while its receiver does not answer.
func TestDeliveriesEndWithTheSite(t *testing.T) {
	started := make(chan struct{})
	site, err := New(Options{Personality: "dc", Seed: 7, Deliver: func(r *http.Request) (*http.Response, error) {
		close(started)
		<-r.Context().Done()
		return nil, r.Context().Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, site: site, user: serviceID}
	b.do(201, "POST", "/rest/api/webhooks", object{"name": "slow", "url": "https://slow.example.test", "events": []string{"space_created"}})
	b.do(200, "POST", "/rest/api/space", object{"key": "A", "name": "A"})
	<-started
	b.do(200, "POST", "/rest/api/space", object{"key": "B", "name": "B"})
	if err := site.Close(); err != nil {
		t.Fatal(err)
	}
	if site.courier.working {
		t.Error("a delivery is under way")
	}
}

func TestDumpOfInstance(t *testing.T) {
	b, _ := listening(t)
	b.do(200, "POST", "/rest/api/backup-restore/backup/space", object{"spaceKeys": []string{"HR"}})
	full, neutral := b.dump("full"), b.dump("neutral")
	job := full["jobs"].([]any)[0].(map[string]any)
	equal(t, "job", fmt.Sprint(job["state"], job["id"]), "QUEUED1")
	if _, has := neutral["jobs"].([]any)[0].(map[string]any)["id"]; has {
		t.Error("the neutral form has ids of jobs")
	}
	equal(t, "webhook", neutral["webhooks"].([]any)[0].(map[string]any)["name"], any("tandem"))
	if len(full["permissions"].([]any)) == 0 {
		t.Error("no permissions of the site")
	}
}
