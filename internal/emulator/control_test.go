package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// controlOf calls the control plane and demands a status.
func controlOf(b *bench) func(want int, method, path, body string) []byte {
	return func(want int, method, path, body string) []byte {
		b.t.Helper()
		w := httptest.NewRecorder()
		b.site.Control().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		if w.Code != want {
			b.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
}

func TestControlPlane(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, home := b.space("K")
	p := b.page(id, "", "A", "<p>A p1 alpha</p>")
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": serviceID}}}}})
	control := controlOf(b)
	var counters map[string]Counter
	if err := json.Unmarshal(control(200, "GET", "/counters", ""), &counters); err != nil {
		t.Fatal(err)
	}
	equal(t, "writes", counters["/wiki/api/v2/pages"].Writes, 1)
	equal(t, "reads", counters["/wiki/api/v2/spaces"].Reads, 1)
	lines := strings.Split(strings.TrimSpace(string(control(200, "GET", "/requests", ""))), "\n")
	equal(t, "requests", len(lines), 4)
	if !strings.Contains(lines[2], `"method":"POST","path":"/wiki/api/v2/pages","query":"","status":200`) || !strings.Contains(lines[2], `"user":"svc-tandem"`) {
		t.Errorf("line %s", lines[2])
	}
	readers := strings.Split(strings.TrimSpace(string(control(200, "GET", "/readers", ""))), "\n")
	equal(t, "readers", len(readers), 3)
	for i, want := range []string{`"principals":["everyone"]`, `"principals":["everyone"]`, `"content":"` + p + `","n":3,"principals":["user:svc-tandem"]`} {
		if !strings.Contains(readers[i], want) {
			t.Errorf("readers line %d: %s", i, readers[i])
		}
	}
	control(204, "POST", "/counters/reset", "")
	equal(t, "after reset", string(control(200, "GET", "/counters", "")), "{}\n")
	control(200, "PUT", "/clock", `{"now":"2030-01-01T00:00:00Z","rate":0}`)
	b.wait(time.Hour)
	equal(t, "a clock that stands", string(control(200, "GET", "/clock", "")), `{"now":"2030-01-01T00:00:00Z","rate":0}`+"\n")
	control(200, "PUT", "/clock", `{"rate":1}`)
	b.wait(time.Hour)
	equal(t, "a clock that runs", string(control(200, "GET", "/clock", "")), `{"now":"2030-01-01T01:00:00Z","rate":1}`+"\n")
	control(400, "PUT", "/options", `{"SP-07":"SOME"}`)
	control(400, "PUT", "/options", `{"XX-99":"1"}`)
	control(204, "PUT", "/options", `{"SP-07":"ROLES"}`)
	equal(t, "option", b.do(200, "GET", "/wiki/api/v2/space-role-mode", nil).str("mode"), "ROLES")
	control(400, "GET", "/dump?form=odd", "")
	control(200, "POST", "/act", `{"user":"ann","action":{"edit":{"page":"A","block":"p1","word":3,"to":"uuu"}}}`)
	equal(t, "edited", b.body(p), "<p>A p1 uuu</p>")
	control(400, "POST", "/act", `{"user":"ann","action":{"fly":{}}}`)
	control(400, "POST", "/act", `{"user":"nobody","action":{"trash":"A"}}`)
	_ = home
}

func TestActs(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.site.AddGroup("g1", "ann")
	b.space("K")
	b.space("L")
	act := func(action string) []string {
		t.Helper()
		ids, err := b.site.Act("ann", json.RawMessage(action))
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		return ids
	}
	a := act(`{"create":{"title":"A","space":"K","text":"A p1 alpha"}}`)[0]
	act(`{"create":{"title":"B","under":"A","text":"<p>B p1</p>"}}`)
	act(`{"create":{"title":"C","under":"A","text":""}}`)
	act(`{"insert":{"page":"A","after":"p1","text":"more"}}`)
	act(`{"macro":{"page":"A","macro":"m","param":"title","to":"x"}}`[:0] + `{"rename":{"page":"A","to":"A new"}}`)
	act(`{"move":{"page":"C","before":"B"}}`)
	act(`{"label":{"page":"A","add":["x","my:y"]}}`)
	act(`{"label":{"page":"A","remove":["x"]}}`)
	act(`{"attach":{"page":"A","name":"f.txt","bytes":"one"}}`)
	act(`{"attach":{"page":"A","name":"f.txt","bytes":"two"}}`)
	act(`{"comment":{"page":"A","text":"c1"}}`)
	act(`{"comment":{"page":"A","text":"r1","reply":"c1"}}`)
	act(`{"comment":{"page":"A","text":"i1","on":"p1"}}`)
	act(`{"editComment":{"page":"A","comment":"c1","text":"c1 edited"}}`)
	act(`{"restrict":{"page":"A","read":["group:g1"],"update":[]}}`)
	act(`{"resave":"A"}`)
	page := b.as("ann").do(200, "GET", "/wiki/api/v2/pages/"+a+"?body-format=storage", nil)
	equal(t, "title", page.str("title"), "A new")
	equal(t, "version", page.num("version.number"), 4)
	equal(t, "author", page.str("version.authorId"), "ann")
	if body := page.str("body.storage.value"); !strings.Contains(body, "inline-comment-marker") || !strings.Contains(body, "<p>more</p>") {
		t.Errorf("body %s", body)
	}
	same(t, "order", b.as("ann").do(200, "GET", "/wiki/api/v2/pages/"+a+"/direct-children", nil).col("title"), "C", "B")
	n := b.site.Counts()
	want := Counts{Spaces: 2, CurrentPages: 5, Labels: 1, AttachmentsCurrent: 1, AttachmentsWithBinary: 1, FooterComments: 1, InlineComments: 1, Replies: 1, RestrictedPages: 1}
	equal(t, "counts", n, want)
	act(`{"dropComment":{"page":"A","comment":"c1"}}`)
	act(`{"detach":{"page":"A","name":"f.txt"}}`)
	act(`{"moveOut":{"page":"C","space":"L"}}`)
	act(`{"trash":["A","B"]}`)
	act(`{"restore":"B"}`)
	act(`{"purge":"A"}`)
	act(`{"archive":"B"}`)
	n = b.site.Counts()
	equal(t, "in the end", n, Counts{Spaces: 2, CurrentPages: 3, Archived: 1})
	for _, bad := range []string{`{"edit":{"page":"Nowhere"}}`, `{"edit":{"page":"C","typo":1}}`, `{"a":1,"b":2}`, `[]`} {
		if _, err := b.site.Act("ann", json.RawMessage(bad)); err == nil {
			t.Errorf("%s was done", bad)
		}
	}
}

// TestDump holds the shape of the full form, and that the neutral form is the same for another order of work.
func TestDump(t *testing.T) {
	build := func(seed uint64, reverse bool) *bench {
		b := newBench(t)
		site, err := New(Options{Seed: seed, Now: b.site.clock.now, Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { site.Close() })
		b.site = site
		b.wait(time.Duration(seed) * time.Hour)
		id, home := b.space("K")
		titles := []string{"One", "Two"}
		if reverse {
			titles = []string{"Two", "One"}
		}
		ids := map[string]string{}
		for _, title := range titles {
			ids[title] = b.page(id, home, title, "<p>x</p>")
		}
		b.do(200, "PUT", "/wiki/rest/api/content/"+ids["One"]+"/move/before/"+ids["Two"], nil)
		link := `<p><a href="/wiki/spaces/K/pages/` + ids["One"] + `/One">l</a> <a href="/wiki/x/` + shortLink(mustID(ids["One"])) + `">s</a></p><ac:structured-macro ac:name="toc" />`
		b.put(200, ids["Two"], "Two", link, 2)
		b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": ids["One"], "body": storage("<p>c</p>")})
		b.upload(200, "PUT", "/wiki/rest/api/content/"+ids["One"]+"/child/attachment", part{"file", "f.txt", "text/plain", "f"})
		return b
	}
	one, two := build(1, false), build(2, true)
	if a, b := one.site.Dump("neutral"), two.site.Dump("neutral"); !bytes.Equal(a, b) {
		t.Errorf("neutral dumps differ\n%s\n%s", a, b)
	}
	if a, b := one.site.Dump("full"), two.site.Dump("full"); bytes.Equal(a, b) {
		t.Error("full dumps are equal")
	}
	full := one.dump("full")
	kinds := []string{}
	for _, row := range full["content"].([]any) {
		kinds = append(kinds, row.(map[string]any)["kind"].(string))
	}
	same(t, "sorted by kind", kinds, "attachment", "comment", "page", "page", "page")
	file := full["content"].([]any)[0].(map[string]any)["file"].(map[string]any)
	equal(t, "sha256 of f", file["sha256"].(string), "252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111")
	if err := one.site.MutateBody(full["content"].([]any)[3].(map[string]any)["id"].(string), func(string) string { return "<p>other</p>" }); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one.site.Dump("neutral"), two.site.Dump("neutral")) {
		t.Error("a changed body does not show")
	}
}

func mustID(id string) int64 {
	var n int64
	if _, err := fmt.Sscan(id, &n); err != nil {
		panic(err)
	}
	return n
}
