package cloud

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// shared is the folder of reference data, beside the repository or where TANDEM_SHARED says. Without it the test skips.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("TANDEM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: %s is not there", path)
	}
	return path
}

// kept reports every member of raw that a shape models and lost. It returns how many members it compared.
func kept(t *testing.T, path string, raw any, v reflect.Value) int {
	t.Helper()
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			if raw != nil {
				t.Errorf("%s: %v was lost", path, raw)
			}
			return 0
		}
		v = v.Elem()
	}
	if raw == nil {
		return 0
	}
	switch x := v.Interface().(type) {
	case json.RawMessage:
		var same any
		if err := json.Unmarshal(x, &same); err != nil || fmt.Sprint(same) != fmt.Sprint(plainly(raw)) {
			t.Errorf("%s: %v became %s", path, raw, x)
		}
		return 1
	case stamp:
		if text, ok := raw.(string); ok && text != "" && time.Time(x).IsZero() {
			t.Errorf("%s: the time %q was lost", path, text)
		}
		return 1
	case id:
		if fmt.Sprint(raw) != string(x) {
			t.Errorf("%s: %v became %q", path, raw, x)
		}
		return 1
	}
	n := 0
	switch v.Kind() {
	case reflect.Struct:
		members, _ := raw.(map[string]any)
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name == "" && v.Type().Field(i).Anonymous {
				n += kept(t, path, raw, v.Field(i))
			} else if value, ok := members[name]; ok && name != "" {
				n += kept(t, path+"."+name, value, v.Field(i))
			}
		}
	case reflect.Slice:
		list, _ := raw.([]any)
		if len(list) != v.Len() {
			t.Errorf("%s: %d rows became %d", path, len(list), v.Len())
			return 0
		}
		for i := range list {
			n += kept(t, fmt.Sprintf("%s[%d]", path, i), list[i], v.Index(i))
		}
	default:
		n = 1
		if fmt.Sprint(raw) != fmt.Sprint(v.Interface()) {
			t.Errorf("%s: %v became %v", path, raw, v.Interface())
		}
	}
	return n
}

// plainly is a decoded value with its numbers as floats.
func plainly(raw any) any {
	b, _ := json.Marshal(raw)
	var out any
	_ = json.Unmarshal(b, &out)
	return out
}

// TestRecordedAnswers decodes answers of Cloud that others recorded, and looks for what was lost on the way.
func TestRecordedAnswers(t *testing.T) {
	root := shared(t, "data", "rest-cloud")
	shapes := map[string]func() any{
		"atlassian-python-api/page_mock.json":                      func() any { return new(contentV2) },
		"atlassian-python-api/page_result_list.json":               func() any { return new(rows[contentV2]) },
		"atlassian-python-api/child_page_mock.json":                func() any { return new(contentV2) },
		"atlassian-python-api/child_pages_result.json":             func() any { return new(rows[contentV2]) },
		"atlassian-python-api/comment_mock.json":                   func() any { return new(contentV2) },
		"atlassian-python-api/comments_result.json":                func() any { return new(rows[contentV2]) },
		"atlassian-python-api/label_mock.json":                     func() any { return new(labelV2) },
		"atlassian-python-api/labels_result.json":                  func() any { return new(rows[labelV2]) },
		"atlassian-python-api/property_mock.json":                  func() any { return new(propertyV2) },
		"atlassian-python-api/properties_result.json":              func() any { return new(rows[propertyV2]) },
		"atlassian-python-api/space_mock.json":                     func() any { return new(spaceV2) },
		"atlassian-python-api/spaces_result.json":                  func() any { return new(rows[spaceV2]) },
		"mcp-atlassian/mock_labels_response.json":                  func() any { return new(rows[labelV2]) },
		"mcp-atlassian/mock_comment_reply_v2_response.json":        func() any { return new(contentV2) },
		"mcp-atlassian/mock_inline_comment_v2_response.json":       func() any { return new(contentV2) },
		"mcp-atlassian/mock_inline_comments_v2_list_response.json": func() any { return new(rows[contentV2]) },
		"mcp-atlassian/mock_page_response.json":                    func() any { return new(rowV1) },
		"mcp-atlassian/mock_pages_from_space_response.json":        func() any { return new([]rowV1) },
		"mcp-atlassian/mock_comments_response.json":                func() any { return new(rows[rowV1]) },
		"mcp-atlassian/mock_spaces_response.json":                  func() any { return new(rows[spaceV2]) },
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			into := shape()
			if err := json.Unmarshal(data, into); err != nil {
				t.Fatal(err)
			}
			var raw any
			dec := json.NewDecoder(strings.NewReader(string(data)))
			dec.UseNumber()
			if err := dec.Decode(&raw); err != nil {
				t.Fatal(err)
			}
			if n := kept(t, "", raw, reflect.ValueOf(into)); n < 2 {
				t.Errorf("only %d members were compared", n)
			}
		})
	}
	for name, want := range map[string]string{
		"error_not_found.json": "The requested resource could not be found", "error_permission_denied.json": "Permission denied",
		"error_validation.json": "Invalid request",
	} {
		data, err := os.ReadFile(filepath.Join(root, "atlassian-python-api", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := said(data); got != want {
			t.Errorf("%s says %q, want %q", name, got, want)
		}
	}
}

func TestLenientDecoding(t *testing.T) {
	var w contentV2
	err := json.Unmarshal([]byte(`{"id":17,"spaceId":"23","parentId":null,"position":-5,"createdAt":"2024-03-01T10:20:30.456+0200",
		"version":{"number":3,"createdAt":"2024-03-01T10:20:30Z","future":[1]},"status":"deleted","somethingNew":{"x":1}}`), &w)
	if err != nil {
		t.Fatal(err)
	}
	c := w.content(confluence.Page)
	if c.ID != "17" || c.SpaceID != "23" || c.ParentID != "" || c.Position != -5 || !c.Positioned || c.Status != confluence.Trashed ||
		!c.Created.Equal(time.Date(2024, 3, 1, 8, 20, 30, 456e6, time.UTC)) || c.Version.Number != 3 {
		t.Errorf("decoded as %+v", c)
	}
}

func TestSaid(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors":[{"status":409,"code":"CONFLICT","title":"Version must be incremented","detail":null}]}`:          "Version must be incremented",
		`{"statusCode":400,"message":"bad","data":{"errors":[{"message":{"translation":"worse\n one","args":[]}}]}}`: "bad; worse one",
		`{"code":401,"message":"Unauthorized; scope does not match"}`:                                                "Unauthorized; scope does not match",
		`<html>`: "", ``: "", `[]`: "", `{"message":7}`: "",
	} {
		if got := said([]byte(body)); got != want {
			t.Errorf("said(%s) = %q, want %q", body, got, want)
		}
	}
}

func TestNormalise(t *testing.T) {
	for address, want := range map[string]string{
		"https://n.atlassian.net":                             "https://n.atlassian.net/wiki",
		"https://n.atlassian.net/":                            "https://n.atlassian.net/wiki",
		"n.atlassian.net/wiki/":                               "https://n.atlassian.net/wiki",
		"https://n.atlassian.net/wiki/spaces/K/pages/1/x?y=z": "https://n.atlassian.net/wiki",
		"https://api.atlassian.com/ex/confluence/11-22":       "https://api.atlassian.com/ex/confluence/11-22/wiki",
		"https://api.atlassian.com/ex/confluence/11-22/wiki":  "https://api.atlassian.com/ex/confluence/11-22/wiki",
		"http://127.0.0.1:8090":                               "http://127.0.0.1:8090/wiki",
	} {
		if got, err := normalise(address); err != nil || got != want {
			t.Errorf("normalise(%q) = %q, %v, want %q", address, got, err, want)
		}
	}
	for address, want := range map[string]confluence.Code{
		"":                              confluence.CodeNotConfluence,
		"ftp://n.atlassian.net":         confluence.CodeNotConfluence,
		"https://me:pw@n.atlassian.net": confluence.CodeNotConfluence,
		"http://n.atlassian.net":        confluence.CodePlainHTTP,
		"http://192.168.0.7/wiki":       confluence.CodePlainHTTP,
	} {
		_, err := normalise(address)
		if e := confluence.AsError(err); e == nil || e.Code != want {
			t.Errorf("normalise(%q): %v, want %s", address, err, want)
		}
	}
	if id, ok := gatewayCloudID("https://api.atlassian.com/ex/confluence/11-22/wiki"); !ok || id != "11-22" {
		t.Errorf("cloud id %q, %v", id, ok)
	}
}

func TestSmallestRole(t *testing.T) {
	roles := []roleV2{
		{ID: "3", Permissions: []string{"read_space", "create_page", "administer_space"}},
		{ID: "1", Permissions: []string{"read/space"}},
		{ID: "2", Permissions: []string{"read-space", "create-page", "restrict_content_space"}},
	}
	for need, want := range map[string]string{"read/space": "1", "create/page": "2", "administer/space": "3", "restrict_content/space": "2", "purge/page": ""} {
		if got, _ := smallest(roles, []string{plainPermission(need)}); got.ID != want {
			t.Errorf("for %s role %q, want %q", need, got.ID, want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(string(place{Stage: 1, Cursor: "x", Folders: []confluence.ID{"1"}}.cursor()))
	f.Add("")
	f.Add("!")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := placeOf(confluence.Cursor(s))
		if err == nil && (p.Stage < 0 || p.Stage >= len(stages)) {
			t.Errorf("stage %d", p.Stage)
		}
	})
}

func FuzzWire(f *testing.F) {
	f.Add([]byte(`{"results":[{"id":1,"version":{"createdAt":"2024-01-01T00:00:00Z"}}],"_links":{"next":"/wiki/x?cursor=a"}}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var page rows[contentV2]
		if json.Unmarshal(b, &page) == nil {
			for _, w := range page.Results {
				_ = w.content(confluence.Page)
				_ = w.attachment()
				_ = w.comment(confluence.Footer)
			}
		}
		var search rows[rowV1]
		if json.Unmarshal(b, &search) == nil {
			for _, r := range search.Results {
				_ = r.tells(&confluence.Content{}, confluence.AllFacets)
			}
		}
		_ = said(b)
	})
}
