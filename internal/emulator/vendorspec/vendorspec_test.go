package vendorspec

import (
	"encoding/json"
	"testing"
)

func need(t *testing.T) map[Family]*document {
	t.Helper()
	docs, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	if docs == nil {
		t.Skip("the vendor's documents are not there")
	}
	return docs
}

// TestDocuments holds the documents to the counts that specs/README.md states, after the repair.
func TestDocuments(t *testing.T) {
	docs := need(t)
	for f, want := range map[Family]int{V1: 130, V2: 218, DC: 166} {
		if got := len(docs[f].operations); got != want {
			t.Errorf("%s: %d operations, want %d", f, got, want)
		}
	}
	for defect, want := range map[string]int{
		"1 operation with a parameter twice": 110, "1 parameter twice": 273, "2 body of GET": 2, "3 path twice": 2,
	} {
		if got := docs[DC].repaired[defect]; got != want {
			t.Errorf("defect %q was met %d times, want %d", defect, got, want)
		}
	}
	if docs[DC].repaired["5 reference"] != 15 || docs[DC].repaired["5 links opened"] < 100 {
		t.Errorf("repaired %v", docs[DC].repaired)
	}
	if docs[DC].repaired["4 member"] < 2 || docs[DC].repaired["6 status"] < 3 {
		t.Errorf("repaired %v", docs[DC].repaired)
	}
}

// TestExceptions holds the list of reviewed exceptions: at most 40, each with its evidence.
func TestExceptions(t *testing.T) {
	if len(exceptions) > 40 {
		t.Errorf("%d exceptions, at most 40 may be", len(exceptions))
	}
	for _, e := range exceptions {
		if e.Evidence == "" || len(e.Names) == 0 {
			t.Errorf("exception without evidence or names: %+v", e)
		}
	}
	t.Logf("conformance: %d exceptions", len(exceptions))
}

// TestCheck plants differences that must be seen.
func TestCheck(t *testing.T) {
	need(t)
	space := `{"id":"1","key":"K","name":"N","type":"global","status":"current"}`
	for name, c := range map[string]struct {
		a    Answer
		good bool
	}{
		"space":          {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 200, Body: json.RawMessage(space)}, true},
		"wrong type":     {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 200, Body: json.RawMessage(`{"id":1}`)}, false},
		"wrong value":    {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 200, Body: json.RawMessage(`{"status":"odd"}`)}, false},
		"unknown member": {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 200, Body: json.RawMessage(`{"id":"1","colour":"red"}`)}, false},
		"status":         {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 418}, false},
		"error":          {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 404, Body: json.RawMessage(`{"errors":[{"status":404,"code":"NOT_FOUND","title":"x"}]}`)}, true},
		"foreign error":  {Answer{Template: "/wiki/api/v2/spaces/{id}", Status: 404, Body: json.RawMessage(`{"statusCode":404,"message":"x"}`)}, false},
		"no operation":   {Answer{Template: "/wiki/api/v2/colours", Status: 200, Body: json.RawMessage(`{}`)}, false},
		"dc status":      {Answer{Personality: "dc", Template: "/rest/api/accessmode", Status: 200, Body: json.RawMessage(`"READ_WRITE"`)}, true},
		"dc error":       {Answer{Personality: "dc", Template: "/rest/api/content/{id}", Status: 404, Body: json.RawMessage(`{"statusCode":404,"message":"x"}`)}, true},
		"dc wrong":       {Answer{Personality: "dc", Template: "/rest/api/content/{id}", Status: 200, Body: json.RawMessage(`{"title":7}`)}, false},
	} {
		c.a.Method, c.a.Bytes = "GET", int64(len(c.a.Body))
		if err := Check(c.a); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
