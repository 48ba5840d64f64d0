package dc

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
)

// into decodes an answer as one shape.
func into[T any]() confluencetest.Reading {
	return confluencetest.Reading{Into: func() any { return new(T) }}
}

// sent is what a public client writes; what we write has the same members.
type sent struct {
	contentIn
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// TestRecordedAnswers decodes every answer of Data Center that others recorded, and what a public client sends, and looks
// for what was lost on the way.
func TestRecordedAnswers(t *testing.T) {
	root := confluencetest.Recorded(t, "rest-dc")
	table := map[string]confluencetest.Reading{
		"forthic/create_page_response.json":    into[contentW](),
		"forthic/update_page_response.json":    into[contentW](),
		"forthic/*_info*_response.json":        into[listW[contentW]](),
		"nomagic/attachment-*.json":            into[contentW](),
		"confluence-publisher/http/*.json":     into[sent](),
		"confluence-publisher/metadata-*.json": {Reason: "what a publisher is given, no answer of the site"},
	}
	answers, members := confluencetest.ReadRecorded(t, root, table, map[reflect.Type]func(raw, got any) bool{
		reflect.TypeFor[id]():   func(raw, got any) bool { return fmt.Sprint(raw) == string(got.(id)) },
		reflect.TypeFor[word](): func(raw, got any) bool { return fmt.Sprint(raw) == string(got.(word)) },
		reflect.TypeFor[rank](): func(raw, got any) bool {
			r := got.(rank)
			if n, ok := raw.(json.Number); ok && n.String() != "-1" {
				return r.set && n.String() == fmt.Sprint(r.n)
			}
			return !r.set
		},
	})
	t.Logf("conformance: %d answers, %d members of them modelled", answers, members)
	if answers != 14 || members < 170 {
		t.Errorf("%d answers with %d members were read", answers, members)
	}
}

// TestRecordedContents holds what the recordings say in the words of the seam.
func TestRecordedContents(t *testing.T) {
	root := confluencetest.Recorded(t, "rest-dc")
	read := func(name string, out any) {
		t.Helper()
		doc, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = json.Unmarshal(doc, out)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var w contentW
	read("forthic/create_page_response.json", &w)
	at := time.Date(2020, 10, 30, 15, 48, 59, 311e6, time.UTC)
	const auto = "2c9239b948dc82440148dc875dc709a1"
	want := confluence.Content{
		ID: "388386403", Kind: confluence.Page, Status: confluence.Current, SpaceID: "119963668", SpaceKey: "SPACE", Title: "A new page title",
		ParentID: "261397943", Created: at, Creator: auto, Version: confluence.Version{Number: 1, At: at, By: auto},
		Facets: confluence.FacetBody, Body: confluence.Body{Format: confluence.Storage, Raw: "<h2>This is a test</h2>"}, Attachments: -1, Comments: -1,
	}
	if got, ok := w.content(); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("the page is read as\n%+v, want\n%+v", got, want)
	}
	w = contentW{}
	read("nomagic/attachment-218759354.json", &w)
	at = time.Date(2025, 3, 18, 12, 54, 25, 426e6, time.UTC) // the recording has +01:00
	want = confluence.Content{
		ID: "218759354", Kind: confluence.Attachment, Status: confluence.Current, Title: "add_twc_monitor.sh", Container: "218759344",
		Created: at, Creator: "ff80808151426f0e0151af8b0d360002", Attachments: -1, Comments: -1,
		Version: confluence.Version{Number: 1, At: at, By: "ff80808151426f0e0151af8b0d360002"},
		File:    &confluence.FileInfo{MediaType: "text/x-sh", Size: 631},
	}
	if got, ok := w.content(); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("the attachment is read as\n%+v, want\n%+v", got, want)
	}
}

func TestLenientDecoding(t *testing.T) {
	var w contentW
	err := json.Unmarshal([]byte(`{"id":17,"type":"comment","status":"current","metadata":{"labels":""},"container":{"id":"9","type":"page","space":{"id":3,"key":"K"}},
		"extensions":{"location":"inline","inlineProperties":{"markerRef":"m","originalSelection":"s"},"resolution":{"status":"open","by":{}},"position":"none"},
		"ancestors":[{"id":"12","type":"comment"}],"version":{"number":3,"when":1700000000000},"future":[1]}`), &w)
	if err != nil {
		t.Fatal(err)
	}
	x, ok := w.content()
	if !ok || x.ID != "17" || x.Container != "9" || x.SpaceKey != "K" || x.Version.At.Unix() != 1700000000 || x.Positioned ||
		*x.Comment != (confluence.CommentInfo{Kind: confluence.Inline, ReplyTo: "12", Marker: "m", Selection: "s", Resolution: "open"}) {
		t.Errorf("decoded as %+v with %+v", x, x.Comment)
	}
	for text, want := range map[string]release{"7.19.30": {7, 19, 30}, "10.2.0-m12": {10, 2, 0}, "8": {8, 0, 0}, "": {}} {
		if got := releaseOf(text); got != want {
			t.Errorf("version %q is %v", text, got)
		}
	}
	if !(release{9, 1, 0}).before(9, 1, 1) || (release{9, 1, 1}).before(9, 1, 1) || (release{10, 0, 0}).before(9, 9, 9) {
		t.Error("versions compare wrongly")
	}
}

func TestSaid(t *testing.T) {
	for body, want := range map[string]string{
		`{"statusCode":409,"message":"Version must be incremented on update. Current version is: 3"}`:      "Version must be incremented on update. Current version is: 3",
		`{"statusCode":400,"data":{"errors":[{"message":{"key":"invalid.x","args":[]}}]},"message":"bad"}`: "bad; invalid.x",
		`{"statusCode":400,"data":{"errors":[]},"message":"","reason":"Bad Request"}`:                      "Bad Request",
		`{"validationErrors":["no such page"]}`:                                                            "no such page", `<html>`: "", ``: "", `[]`: "", `{"message":7}`: "",
	} {
		if got := said([]byte(body)); got != want {
			t.Errorf("said(%s) = %q, want %q", body, got, want)
		}
	}
}

func TestNormalise(t *testing.T) {
	for address, want := range map[string]string{
		"https://wiki.example.com":                               "https://wiki.example.com",
		"wiki.example.com/":                                      "https://wiki.example.com",
		"https://example.com/confluence":                         "https://example.com/confluence",
		"https://example.com/confluence/":                        "https://example.com/confluence",
		"https://example.com/confluence/display/KEY/Title":       "https://example.com/confluence",
		"https://example.com/wiki/cf/spaces/K/pages/1/x":         "https://example.com/wiki/cf",
		"https://example.com/pages/viewpage.action?pageId=1":     "https://example.com",
		"https://example.com/confluence/dashboard.action#all":    "https://example.com/confluence",
		"https://example.com/confluence/rest/api/content?limit=": "https://example.com/confluence",
		"http://127.0.0.1:8090":                                  "http://127.0.0.1:8090",
	} {
		if got, err := normalise(address); err != nil || got != want {
			t.Errorf("normalise(%q) = %q, %v, want %q", address, got, err, want)
		}
	}
	for address, want := range map[string]confluence.Code{
		"":                          confluence.CodeNotConfluence,
		"ftp://wiki.example.com":    confluence.CodeNotConfluence,
		"https://me:pw@example.com": confluence.CodeNotConfluence,
		"http://wiki.example.com":   confluence.CodePlainHTTP,
	} {
		_, err := normalise(address)
		if e := confluence.AsError(err); e == nil || e.Code != want {
			t.Errorf("normalise(%q): %v, want %s", address, err, want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(string(position{Stage: 1, Cursor: "content:false:1", Last: []confluence.ID{"1"}}.cursor()))
	f.Add("!")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := positionOf(confluence.Cursor(s))
		if err == nil && (p.Stage < 0 || p.Stage >= len(stages)) {
			t.Errorf("stage %d", p.Stage)
		}
	})
}

func FuzzWire(f *testing.F) {
	f.Add([]byte(`{"results":[{"id":1,"type":"page","version":{"when":"2024-01-01T00:00:00Z"},"metadata":{"labels":{"results":[]}}}],"_links":{"next":"/x?start=2"}}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var page listW[contentW]
		if json.Unmarshal(b, &page) == nil {
			_ = contentsOf(page.Results, nil)
			for _, w := range page.Results {
				read, update := w.Restrict.both()
				_, _ = read.principals(), update.principals()
			}
			_, _ = onward(call{}, &page, "")
		}
		_ = said(b)
	})
}
