package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

func BenchmarkReadPage(b *testing.B) {
	site, page := benchSite(b)
	email, token := site.Account()
	for b.Loop() {
		r := httptest.NewRequest("GET", "/wiki/api/v2/pages/"+page+"?body-format=storage", nil)
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkCreatePage(b *testing.B) {
	site, _ := benchSite(b)
	email, token := site.Account()
	id := text(site.world.spaces[0].id)
	body := strings.Repeat("<p>Some text &mdash; with <strong>marks</strong> in it.</p>", 8192/58)
	i := 0
	for b.Loop() {
		i++
		q, _ := json.Marshal(object{"spaceId": id, "title": fmt.Sprint("T", i), "body": storage(body)})
		r := httptest.NewRequest("POST", "/wiki/api/v2/pages", bytes.NewReader(q))
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkCreatePageDC(b *testing.B) {
	site, err := New(Options{Seed: 1, Personality: "dc"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { site.Close() })
	name, password := site.Account()
	body := strings.Repeat("<p>Some text &mdash; with <strong>marks</strong> in it.</p>", 8192/58)
	post := func(path string, q object) {
		data, _ := json.Marshal(q)
		r := httptest.NewRequest("POST", path, bytes.NewReader(data))
		r.Header.Set("Content-Type", "application/json")
		r.SetBasicAuth(name, password)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	post("/rest/api/space", object{"key": "B", "name": "Bench"})
	i := 0
	for b.Loop() {
		i++
		post("/rest/api/content", object{
			"type": "page", "title": fmt.Sprint("T", i), "space": object{"key": "B"}, "body": object{"storage": storage(body)},
		})
	}
}

func benchSite(b *testing.B) (*Site, string) {
	b.Helper()
	site, err := New(Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { site.Close() })
	email, token := site.Account()
	send := func(path string, q object) map[string]any {
		data, _ := json.Marshal(q)
		r := httptest.NewRequest("POST", path, bytes.NewReader(data))
		r.SetBasicAuth(email, token)
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, r)
		var out map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 {
			b.Fatal(w.Body)
		}
		return out
	}
	send("/wiki/rest/api/space", object{"key": "B", "name": "Bench"})
	page := send("/wiki/api/v2/pages", object{
		"spaceId": text(site.world.spaces[0].id), "title": "P", "body": storage("<p>" + strings.Repeat("some text ", 800) + "</p>"),
	})
	return site, page["id"].(string)
}
