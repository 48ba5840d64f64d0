package cloud

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

// TestRecordedAnswers decodes every answer of Cloud that others recorded, and looks for what was lost on the way.
func TestRecordedAnswers(t *testing.T) {
	root := confluencetest.Recorded(t, "rest-cloud")
	unused := func(why string) confluencetest.Reading { return confluencetest.Reading{Reason: why} }
	table := map[string]confluencetest.Reading{
		"atlassian-python-api/page_mock.json":             into[contentV2](),
		"atlassian-python-api/page_result_list.json":      into[rows[contentV2]](),
		"atlassian-python-api/child_page_mock.json":       into[contentV2](),
		"atlassian-python-api/child_pages_result.json":    into[rows[contentV2]](),
		"atlassian-python-api/comment_mock.json":          into[contentV2](),
		"atlassian-python-api/comments_result.json":       into[rows[contentV2]](),
		"atlassian-python-api/label_mock.json":            into[labelV2](),
		"atlassian-python-api/labels_result.json":         into[rows[labelV2]](),
		"atlassian-python-api/property_mock.json":         into[propertyV2](),
		"atlassian-python-api/properties_result.json":     into[rows[propertyV2]](),
		"atlassian-python-api/space_mock.json":            into[spaceV2](),
		"atlassian-python-api/spaces_result.json":         into[rows[spaceV2]](),
		"atlassian-python-api/space_content_*.json":       into[rows[contentV2]](),
		"atlassian-python-api/whiteboard_mock.json":       into[contentV2](),
		"atlassian-python-api/whiteboard_*_*.json":        into[rows[contentV2]](),
		"atlassian-python-api/custom_content_mock.json":   into[contentV2](),
		"atlassian-python-api/custom_content_*_*.json":    into[rows[contentV2]](),
		"atlassian-python-api/custom_content_result.json": into[rows[contentV2]](),
		"atlassian-python-api/search_result.json": into[rows[struct {
			Content rowV1 `json:"content"`
		}]](),
		"atlassian-python-api/error_*.json":                        unused("errors: see below"),
		"deepak-cprime/step1.json":                                 into[listV1[rowV1]](),
		"mcp-atlassian/mock_labels_response.json":                  into[rows[labelV2]](),
		"mcp-atlassian/mock_comment_reply_v1_response.json":        into[rowV1](),
		"mcp-atlassian/mock_comment_reply_v2_response.json":        into[contentV2](),
		"mcp-atlassian/mock_inline_comment_v1_response.json":       into[rowV1](),
		"mcp-atlassian/mock_inline_comment_v2_response.json":       into[contentV2](),
		"mcp-atlassian/mock_inline_comments_v2_list_response.json": into[rows[contentV2]](),
		"mcp-atlassian/mock_page_response.json":                    into[rowV1](),
		"mcp-atlassian/mock_pages_from_space_response.json":        into[[]rowV1](),
		"mcp-atlassian/mock_parent_comment_v1_response.json":       into[rowV1](),
		"mcp-atlassian/mock_comments_response.json":                into[rows[rowV1]](),
		"mcp-atlassian/mock_cql_search_response.json": into[rows[struct {
			Content rowV1 `json:"content"`
		}]](),
		"mcp-atlassian/mock_spaces_response.json": into[rows[spaceV2]](),
		"telefonica-mocks/*/*.json":               unused("calls of a client's own model, no answers of the site"),
	}
	answers, members := confluencetest.ReadRecorded(t, root, table, map[reflect.Type]func(raw, got any) bool{
		reflect.TypeFor[id](): func(raw, got any) bool { return fmt.Sprint(raw) == string(got.(id)) },
	})
	t.Logf("conformance: %d answers, %d members of them modelled", answers, members)
	if answers != 34 || members < 240 {
		t.Errorf("%d answers with %d members were read", answers, members)
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
