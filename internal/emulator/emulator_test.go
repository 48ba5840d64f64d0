package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// bench is a site with a caller; every answer it gets is checked against the vendor's documents (spec_test.go).
type bench struct {
	t    *testing.T
	site *Site
	now  time.Time
	user string
}

func newBench(t *testing.T, options ...string) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), user: serviceID}
	set := map[string]string{"CQ-01": "0s", "TR-03": "0s"}
	for i := 0; i+1 < len(options); i += 2 {
		set[options[i]] = options[i+1]
	}
	b.site = keptSite(t, Options{Seed: 7, BaseURL: "https://emulated.example.test", Now: func() time.Time { return b.now }, Options: set})
	return b
}

// as returns the same site seen by another account.
func (b *bench) as(user string) *bench {
	other := *b
	other.user = user
	return &other
}

// wait moves the clock.
func (b *bench) wait(d time.Duration) { b.now = b.now.Add(d) }

// got is an answer.
type got struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
	json   any
}

// send sends a request as it is.
func (b *bench) send(r *http.Request) got {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.site.Handler().ServeHTTP(w, r)
	g := got{t: b.t, status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(g.raw, &g.json); err != nil {
			b.t.Fatalf("%s %s: answer is no JSON: %v\n%s", r.Method, r.URL, err, g.raw)
		}
	}
	checkSpec(b.t, r, g)
	return g
}

func (b *bench) request(method, path string, body any) *http.Request {
	b.t.Helper()
	var reader io.Reader
	if body != nil {
		data, ok := body.(string)
		if !ok {
			encoded, err := json.Marshal(body)
			if err != nil {
				b.t.Fatal(err)
			}
			data = string(encoded)
		}
		reader = strings.NewReader(data)
	}
	r := httptest.NewRequest(method, "https://emulated.example.test"+path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	u := b.site.people.byID[b.user]
	login := u.email
	if b.site.dc() {
		login = u.username
	}
	r.SetBasicAuth(login, u.token)
	return r
}

// do sends a request and demands a status.
func (b *bench) do(want int, method, path string, body any) got {
	b.t.Helper()
	g := b.send(b.request(method, path, body))
	if g.status != want {
		b.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, g.status, want, g.raw)
	}
	return g
}

// at returns the value at a path of member names and indices, separated by dots.
func (g got) at(path string) any {
	g.t.Helper()
	v := g.json
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				g.t.Fatalf("no %q in %s", path, g.raw)
			}
			v = x[i]
		default:
			g.t.Fatalf("no %q in %s", path, g.raw)
		}
	}
	return v
}

func (g got) str(path string) string {
	g.t.Helper()
	s, ok := g.at(path).(string)
	if !ok {
		g.t.Fatalf("%q is no string in %s", path, g.raw)
	}
	return s
}

func (g got) num(path string) int {
	g.t.Helper()
	n, ok := g.at(path).(float64)
	if !ok {
		g.t.Fatalf("%q is no number in %s", path, g.raw)
	}
	return int(n)
}

// col returns one member of each row.
func (g got) col(member string) []string {
	g.t.Helper()
	out := []string{}
	for _, row := range g.at("results").([]any) {
		out = append(out, fmt.Sprint(row.(map[string]any)[member]))
	}
	return out
}

func (g got) title() string { g.t.Helper(); return g.str("errors.0.title") }

// space creates a space and returns its id and that of its home page.
func (b *bench) space(key string) (id, home string) {
	b.t.Helper()
	b.do(200, "POST", "/wiki/rest/api/space", object{"key": key, "name": "Space " + key})
	row := b.do(200, "GET", "/wiki/api/v2/spaces?keys="+key, nil)
	return row.str("results.0.id"), row.str("results.0.homepageId")
}

func storage(value string) object { return object{"representation": "storage", "value": value} }

// page creates a page and returns its id.
func (b *bench) page(spaceID, parent, title, body string) string {
	b.t.Helper()
	q := object{"spaceId": spaceID, "status": "current", "title": title, "body": storage(body)}
	if parent != "" {
		q["parentId"] = parent
	}
	return b.do(200, "POST", "/wiki/api/v2/pages", q).str("id")
}

// put updates a page.
func (b *bench) put(want int, id, title, body string, version int) got {
	b.t.Helper()
	return b.do(want, "PUT", "/wiki/api/v2/pages/"+id, object{
		"id": id, "status": "current", "title": title, "body": storage(body), "version": object{"number": version, "message": "m"},
	})
}

func (b *bench) body(id string) string {
	b.t.Helper()
	return b.do(200, "GET", "/wiki/api/v2/pages/"+id+"?body-format=storage", nil).str("body.storage.value")
}

func (b *bench) dump(form string) map[string]any {
	b.t.Helper()
	raw := b.site.Dump(form)
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		b.t.Fatal(err)
	}
	if !bytes.Equal(raw, b.site.Dump(form)) {
		b.t.Fatal("two dumps of one state differ")
	}
	return out
}

func TestFirstSteps(t *testing.T) {
	b := newBench(t)
	id, home := b.space("HR")
	p := b.page(id, "", "First", "<p>Hello —</p>")
	row := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"?body-format=storage", nil)
	if row.str("parentId") != home || row.num("version.number") != 1 {
		t.Fatalf("page stands elsewhere: %s", row.raw)
	}
	if got := row.str("body.storage.value"); got != "<p>Hello &mdash;</p>" {
		t.Fatalf("body %s", got)
	}
	counts := b.dump("full")["counts"].(map[string]any)
	if counts["currentPages"] != 2.0 || counts["spaces"] != 1.0 {
		t.Fatalf("counts %v", counts)
	}
}
