package cloud_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
)

// tape keeps one request of each method, path template of parameters, and set of query names.
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
		var body []byte
		if r.Body != nil && strings.Contains(r.Header.Get("Content-Type"), "json") {
			body, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		tp.mu.Lock()
		shape := ""
		for _, c := range string(body) {
			if strings.ContainsRune("{}[],:", c) {
				shape += string(c)
			}
		}
		tp.kept[r.Method+strings.TrimRight(r.URL.Path, "0123456789")+r.URL.Query().Get("status")+shape] = taped{r.Method, r.URL.Path, r.URL.Query(), body}
		tp.mu.Unlock()
		return under.RoundTrip(r)
	})
}

type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func document(t *testing.T, name string) *openapi3.T {
	t.Helper()
	root := os.Getenv("TANDEM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(root, "specs", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: %s is not there", path)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// operation finds the documented operation of a request: of several templates that fit, the one with most plain words.
func operation(doc *openapi3.T, method, path string) *openapi3.Operation {
	var best *openapi3.Operation
	most := -1
	want := strings.Split(path, "/")
	for template, item := range doc.Paths.Map() {
		have := strings.Split(template, "/")
		if len(have) != len(want) {
			continue
		}
		plain := 0
		fits := true
		for i := range have {
			if have[i] == want[i] {
				plain++
			} else if !strings.HasPrefix(have[i], "{") {
				fits = false
			}
		}
		if op := item.GetOperation(method); fits && op != nil && plain > most {
			best, most = op, plain
		}
	}
	return best
}

// undocumented are parameters that the documents leave out of their lists, and that public clients use in production.
var undocumented = map[string][]string{
	"/wiki/rest/api/content/search": {"expand"},
}

// TestRequestsAgainstTheDocuments runs the suite and holds every kind of request that was sent to the vendor's documents:
// a documented operation that is not deprecated, documented parameters, a body of the documented shape.
func TestRequestsAgainstTheDocuments(t *testing.T) {
	old, current := document(t, "cloud-v1.json"), document(t, "cloud-v2.json")
	tp := &tape{kept: map[string]taped{}}
	for _, mode := range []string{"ROLES_TRANSITION", "ROLES"} {
		t.Run(mode, func(t *testing.T) {
			confluencetest.Exercise(t, conformOver(map[string]string{"SP-07": mode, "AT-07": "2097152"}, tp.over))
		})
	}
	if len(tp.kept) < 60 {
		t.Errorf("only %d kinds of requests were sent", len(tp.kept))
	}
	for _, r := range tp.kept {
		doc, path := current, strings.TrimPrefix(r.path, "/wiki/api/v2")
		if strings.HasPrefix(r.path, "/wiki/rest/api") {
			doc, path = old, r.path
		}
		if r.path == "/_edge/tenant_info" || strings.HasPrefix(r.path, "/media/") {
			continue
		}
		op := operation(doc, r.method, path)
		if op == nil || op.Deprecated {
			t.Errorf("%s %s is no documented operation", r.method, r.path)
			continue
		}
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
		if err := media.Schema.Value.VisitJSON(value, openapi3.VisitAsRequest()); err != nil && !ambiguous(err) {
			t.Errorf("%s %s: body %s: %v", r.method, r.path, r.json, err)
		}
	}
}

// ambiguous recognises the one error that is the document's own: a body as representation and value fits both of its
// alternatives, since no member of either is required.
func ambiguous(err error) bool {
	return strings.Contains(err.Error(), `Error at "/body": input matches more than one oneOf schemas`)
}
