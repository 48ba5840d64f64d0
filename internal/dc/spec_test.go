package dc_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/emulator/vendorspec"
)

// tape keeps one request of each method, path without its numbers, and shape of the body.
type tape struct {
	mu   sync.Mutex
	kept map[string]taped
}

type taped struct {
	method, path string
	query        url.Values
	json         []byte
}

func (tp *tape) over(under http.RoundTripper) http.RoundTripper {
	return through(func(r *http.Request) (*http.Response, error) {
		var text []byte
		if r.Body != nil && strings.Contains(r.Header.Get("Content-Type"), "json") {
			text, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(text))
		}
		shape := strings.Map(func(c rune) rune {
			if strings.ContainsRune("{}[],:", c) {
				return c
			}
			return -1
		}, string(text))
		tp.mu.Lock()
		tp.kept[r.Method+strings.TrimRight(r.URL.Path, "0123456789")+r.URL.Query().Get("status")+shape] = taped{r.Method, r.URL.Path, r.URL.Query(), text}
		tp.mu.Unlock()
		return under.RoundTrip(r)
	})
}

// operation finds the documented operation of a request: of several templates that fit, the one with most plain words.
func operation(method, path string) *openapi3.Operation {
	var best string
	most := -1
	want := strings.Split(path, "/")
	for _, op := range vendorspec.Operations(vendorspec.DC) {
		m, template, _ := strings.Cut(op, " ")
		have := strings.Split(template, "/")
		if m != method || len(have) != len(want) {
			continue
		}
		plain, fits := 0, true
		for i := range have {
			if have[i] == want[i] {
				plain++
			} else if !strings.HasPrefix(have[i], "{") {
				fits = false
			}
		}
		if fits && plain > most {
			best, most = template, plain
		}
	}
	return vendorspec.Operation("dc", method, best)
}

// beyond are routes that the document does not have, with the register row or section that has them.
var beyond = map[string]string{
	"/rest/applinks/1.0/manifest":       "ID-04",
	"/rest/experimental/template/":      "LB-15",
	"/rest/experimental/content/":       "DL-11",
	"/rest/inlinecomments/1.0/comments": "CO-07",
	"/pages/movepage.action":            "TR-06",
	"/download/attachments/":            "AT-06",
}

// undocumented are parameters that the document leaves out of its lists, and that its text or public clients use.
var undocumented = map[string][]string{
	"GET content/{id}/version": {"expand"},
}

// TestRequestsAgainstTheDocument runs the suite and holds every kind of request that was sent to the vendor's document: a
// documented operation that is not deprecated, documented parameters, a body of the documented shape.
func TestRequestsAgainstTheDocument(t *testing.T) {
	if vendorspec.Shared() == "" || len(vendorspec.Operations(vendorspec.DC)) == 0 {
		t.Skip("skipped: the vendor's document is not there")
	}
	tp := &tape{kept: map[string]taped{}}
	confluencetest.Exercise(t, func(t *testing.T) confluencetest.Site {
		return conformOn(t, newBench(t, "10.2.19", map[string]string{"AT-07": "2097152"}), tp.over)
	})
	documented, others := 0, map[string]bool{}
	for _, r := range tp.kept {
		if row := rowOf(r.path); row != "" {
			others[row] = true
			continue
		}
		op := operation(r.method, r.path)
		if op == nil || op.Deprecated {
			if past := strings.Contains(r.path, "/version/") && r.method == http.MethodGet; !past {
				t.Errorf("%s %s is no documented operation", r.method, r.path)
			}
			continue
		}
		documented++
		var names []string
		for _, p := range op.Parameters {
			if p.Value.In == "query" {
				names = append(names, p.Value.Name)
			}
		}
		for name := range r.query {
			if !slices.Contains(names, name) && !slices.Contains(undocumented[r.path], name) {
				t.Errorf("%s %s has no parameter %q", r.method, r.path, name)
			}
		}
		if op.RequestBody == nil || r.json == nil {
			continue
		}
		media := op.RequestBody.Value.Content.Get("application/json")
		var value any
		if err := json.Unmarshal(r.json, &value); err != nil || media == nil {
			t.Errorf("%s %s: body %s: %v", r.method, r.path, r.json, err)
			continue
		}
		if err := media.Schema.Value.VisitJSON(value, openapi3.VisitAsRequest()); err != nil {
			t.Errorf("%s %s: body %s: %v", r.method, r.path, r.json, err)
		}
	}
	t.Logf("%d kinds of requests of documented operations; beside the document: %d rows", documented, len(others))
	if documented < 50 {
		t.Errorf("only %d kinds of requests were sent", documented)
	}
}

func rowOf(path string) string {
	for prefix, row := range beyond {
		if strings.HasPrefix(path, prefix) {
			return row
		}
	}
	return ""
}
