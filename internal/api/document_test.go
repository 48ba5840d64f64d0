package api

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// TestDocumentIsCommitted holds docs/openapi.json to what the API publishes.
func TestDocumentIsCommitted(t *testing.T) {
	want, operations, err := Document()
	if err != nil || operations < 30 {
		t.Fatalf("%d operations, %v", operations, err)
	}
	got, err := os.ReadFile("../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/openapi.json is not what the API publishes; write it anew with: make docs")
	}
}

// TestDocumentDescribesEveryCall looks for calls without a summary, an id of their own or a described error.
func TestDocumentDescribesEveryCall(t *testing.T) {
	text, _, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string `json:"summary"`
			Responses   map[string]struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			} `json:"responses"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI is %s", doc.OpenAPI)
	}
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Summary == "" || ids[op.OperationID] {
				t.Errorf("%s %s: id %q, summary %q", method, path, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
			if ref := op.Responses["default"].Content["application/problem+json"].Schema.Ref; ref != "#/components/schemas/Problem" {
				t.Errorf("%s %s: its errors are described as %q", method, path, ref)
			}
		}
	}
}
