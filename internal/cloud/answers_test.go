package cloud_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
)

// desk answers requests from a table of "METHOD path" to body, or "STATUS body". What is not in it is a bare 404.
type desk map[string]string

func (d desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := d[r.Method+" "+r.URL.Path]
	if !ok {
		text = `404 {"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`
	}
	status := 200
	if _, err := fmt.Sscanf(text, "%d ", &status); err == nil {
		text = text[4:]
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(text, "<") {
		w.Header().Set("Content-Type", "text/html")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func at(t *testing.T, h http.Handler) (*cloud.Connector, *resttest.Clock) {
	t.Helper()
	v := resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	c, err := cloud.Open(t.Context(), cloud.Options{BaseURL: address, Email: "me@example.test", Token: "s3cr3t", Transport: resttest.To(h), Clock: v.Hasty()})
	if err != nil {
		t.Fatal(err)
	}
	return c, v
}

const (
	meCurrent = "GET /wiki/rest/api/user/current"
	me        = `{"type":"known","accountId":"me"}`
	tenant    = "GET /_edge/tenant_info"
)

func code(t *testing.T, err error, want confluence.Code) *confluence.Error {
	t.Helper()
	var e *confluence.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Fatalf("%v, want %s", err, want)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %v", e, e, e.Err), "s3cr3t") {
		t.Errorf("the token stands in %+v", e)
	}
	return e
}

func TestIdentityRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		desk desk
		want confluence.Code
	}{
		"a login page":        {desk{tenant: "<html>"}, confluence.CodeNotConfluence},
		"another product":     {desk{tenant: `{"name":"x"}`}, confluence.CodeNotConfluence},
		"nothing there":       {desk{}, confluence.CodeNotConfluence},
		"a site that is down": {desk{tenant: "503 <html>down</html>"}, confluence.CodeSiteFails},
		"dead token":          {desk{tenant: `{"cloudId":"c"}`, meCurrent: `403 {"message":"Current user not permitted to use Confluence"}`}, confluence.CodeCredential},
		"token of a gateway":  {desk{tenant: `{"cloudId":"c"}`, meCurrent: "401 <html>Tomcat</html>"}, confluence.CodeCredential},
		"scope missing":       {desk{tenant: `{"cloudId":"c"}`, meCurrent: `401 {"code":401,"message":"Unauthorized; scope does not match"}`}, confluence.CodeBlindAccount},
		"nobody":              {desk{tenant: `{"cloudId":"c"}`, meCurrent: `{"type":"anonymous"}`}, confluence.CodeWrongUser},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := at(t, c.desk)
			_, err := conn.Identity(t.Context())
			code(t, err, c.want)
		})
	}
}

func TestIdentityOfTheGateway(t *testing.T) {
	c, err := cloud.Open(t.Context(), cloud.Options{BaseURL: "https://api.example.test/ex/confluence/11-22", Token: "x",
		Transport: resttest.To(desk{"GET /ex/confluence/11-22/wiki/rest/api/user/current": me}), Clock: resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)).Hasty()})
	if err != nil {
		t.Fatal(err)
	}
	who, err := c.Identity(t.Context())
	if err != nil || who.Fingerprint != "11-22" || who.Me.ID != "me" {
		t.Errorf("%+v, %v", who, err)
	}
}

// TestAccountChanges: the token is replaced by another account's in the middle of a run.
func TestAccountChanges(t *testing.T) {
	d := desk{tenant: `{"cloudId":"c"}`, meCurrent: me}
	c, _ := at(t, d)
	if _, err := c.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	d[meCurrent] = `{"type":"known","accountId":"somebody"}`
	_, err := c.Fetch(t.Context(), confluence.Attachment, []confluence.ID{"att1"}, 0)
	code(t, err, confluence.CodeWrongUser)
}

// TestFlapping: for a minute the site says to everybody that they may not use Confluence.
func TestFlapping(t *testing.T) {
	calm := desk{meCurrent: me, "PUT /wiki/rest/api/content/1/move/append/2": `{"pageId":"1"}`}
	v := resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	until := v.Now().Add(11 * time.Second)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v.Now().Before(until) {
			desk{r.Method + " " + r.URL.Path: `403 {"message":"Current user not permitted to use Confluence"}`}.ServeHTTP(w, r)
			return
		}
		calm.ServeHTTP(w, r)
	})
	c, err := cloud.Open(t.Context(), cloud.Options{BaseURL: address, Email: "me", Token: "x", Transport: resttest.To(h), Clock: v.Hasty()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Apply(t.Context(), confluence.Move{ID: "1", Where: confluence.Append, Target: "2"}, confluence.Payload{}); err != nil {
		t.Errorf("a refusal that passes: %v", err)
	}
}

// TestTitleByFacts: the site's wording does not decide if a title is taken.
func TestTitleByFacts(t *testing.T) {
	space := confluence.Space{ID: "9", Key: "K"}
	held := func(status, author, title string) string {
		return fmt.Sprintf(`{"results":[{"id":"77","status":%q,"title":%q,"authorId":%q,"version":{"number":1}}]}`, status, title, author)
	}
	none := `{"results":[]}`
	for name, c := range map[string]struct {
		answer, pages string
		want          confluence.Code
		unknown       bool
	}{
		"400, taken":                   {`400 {"errors":[{"title":"No"}]}`, held("current", "other", "t"), confluence.CodeTitleTaken, false},
		"400, archived":                {`400 {"errors":[{"title":"No"}]}`, held("archived", "other", "T"), confluence.CodeTitleTaken, false},
		"400 about the body, trashed":  {`400 {"errors":[{"title":"Error parsing xhtml"}]}`, held("trashed", "other", "T"), confluence.CodeBodyRefused, false},
		"400 about the title, trashed": {`400 {"errors":[{"title":"A page with this title already exists"}]}`, held("trashed", "other", "T"), confluence.CodeTitleTaken, false},
		"400 about the title, unseen":  {`400 {"errors":[{"title":"A page with this title already exists"}]}`, none, confluence.CodeTitleTaken, false},
		"400 about something else":     {`400 {"errors":[{"title":"Title is too long"}]}`, none, confluence.CodeRefused, false},
		"409, taken":                   {`409 {"errors":[{"title":"Conflict"}]}`, held("current", "other", "T"), confluence.CodeTitleTaken, false},
		"409, free":                    {`409 {"errors":[{"title":"Conflict"}]}`, none, confluence.CodeVersionMoved, false},
		"500, taken by another":        {`500 {"message":"oops"}`, held("current", "other", "T"), confluence.CodeTitleTaken, false},
		"500, perhaps what was made":   {`500 {"message":"oops"}`, held("current", "me", "T"), confluence.CodeSiteFails, true},
		"500, free":                    {`500 {"message":"oops"}`, none, confluence.CodeSiteFails, true},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := at(t, desk{meCurrent: me, "POST /wiki/api/v2/pages": c.answer, "GET /wiki/api/v2/pages": c.pages})
			_, err := conn.Apply(t.Context(), confluence.Create{Space: space, Kind: confluence.Page, Title: "T"}, confluence.Payload{})
			e := code(t, err, c.want)
			if confluence.Unknown(err) != c.unknown {
				t.Errorf("outcome unknown: %v, want %v", !c.unknown, c.unknown)
			}
			if e.Cause == "" {
				t.Error("no cause")
			}
			if shown := c.want == confluence.CodeTitleTaken && c.pages != none; shown != (e.Holder == "77") {
				t.Errorf("the title belongs to %q", e.Holder)
			}
		})
	}
}

// TestRestrictionLeftOut: a site that drops a reader in silence must not be taken at its word.
func TestRestrictionLeftOut(t *testing.T) {
	c, _ := at(t, desk{meCurrent: me, "PUT /wiki/rest/api/content/1/restriction": `{"results":[{"operation":"read",
		"restrictions":{"user":{"results":[],"limit":100},"group":{"results":[],"limit":100}}}]}`})
	_, err := c.Apply(t.Context(), confluence.Restrict{ID: "1", Restrictions: confluence.Restrictions{Read: []confluence.Principal{"user:me"}}}, confluence.Payload{})
	code(t, err, confluence.CodeReaderUnmapped)
}

// TestManyRestrictions reads lists that are longer than one page.
func TestManyRestrictions(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, n := 0, 0
		if _, err := fmt.Sscan(r.URL.Query().Get("start"), &start); err != nil {
			t.Error(err)
		}
		if n = 200; start >= 400 {
			n = 7
		}
		users := make([]map[string]string, n)
		for i := range users {
			users[i] = map[string]string{"type": "known", "accountId": fmt.Sprintf("u%04d", start+i)}
		}
		one := map[string]any{"operation": "read", "restrictions": map[string]any{
			"user": map[string]any{"results": users, "limit": 200}, "group": map[string]any{"results": []any{}, "limit": 200}}}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"results": []any{one}})
	})
	pages := desk{meCurrent: me, "GET /wiki/api/v2/pages": `{"results":[{"id":"1","status":"current","spaceId":"9"}]}`, "GET /wiki/api/v2/spaces": `{"results":[{"id":"9","key":"K"}]}`}
	mux := http.NewServeMux()
	mux.Handle("/wiki/rest/api/content/1/restriction", h)
	mux.Handle("/", pages)
	c, _ := at(t, mux)
	got, err := c.Fetch(t.Context(), confluence.Page, []confluence.ID{"1"}, confluence.FacetRestrictions)
	if err != nil || len(got) != 1 || len(got[0].Restrictions.Read) != 407 {
		t.Errorf("%d readers, %v, want 407", len(got[0].Restrictions.Read), err)
	}
}

func TestOpenDetectsPages(t *testing.T) {
	const path = "GET /wiki/rest/api/content/1/child/attachment/att2/download"
	x := confluence.Content{ID: "att2", Container: "1", File: &confluence.FileInfo{MediaType: "image/png", Size: 4}}
	for answer, want := range map[string]confluence.Code{
		"<html>log in</html>": confluence.CodeUnusableAnswer,
		`404 {"message":"x"}`: confluence.CodeFileMissing,
		"12345":               confluence.CodeUnusableAnswer,
		"123":                 confluence.CodeUnusableAnswer,
	} {
		c, _ := at(t, desk{meCurrent: me, path: "200 " + strings.TrimPrefix(answer, "200 ")})
		if strings.HasPrefix(answer, "404") {
			c, _ = at(t, desk{meCurrent: me, path: answer})
		}
		f, err := c.Open(t.Context(), x)
		if err == nil {
			_, err = io.ReadAll(f)
			_ = f.Close()
		}
		code(t, err, want)
	}
}

// TestListingWithoutEnd: links that lead back to where they were, and pages that stay empty, end in an error.
func TestListingWithoutEnd(t *testing.T) {
	for name, answer := range map[string]func(n int32) string{
		"leads back":   func(int32) string { return `{"results":[{"id":"1"}],"_links":{"next":"/wiki/api/v2/spaces?cursor=a"}}` },
		"leads astray": func(int32) string { return `{"results":[],"_links":{"next":"/wiki/api/v2/spaces"}}` },
		"stays empty":  func(n int32) string { return fmt.Sprintf(`{"results":[],"_links":{"next":"/x?cursor=%d"}}`, n) },
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			c, _ := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				desk{"GET /wiki/api/v2/spaces": answer(n.Add(1))}.ServeHTTP(w, r)
			}))
			_, err := c.Spaces(t.Context(), nil)
			code(t, err, confluence.CodeUnusableAnswer)
			if n.Load() > 40 {
				t.Errorf("%d requests", n.Load())
			}
		})
	}
}

// TestLargeBodies: an answer beyond the cap is asked for in smaller parts.
func TestLargeBodies(t *testing.T) {
	var limits []string
	c, _ := at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/wiki/api/v2/pages" {
			desk{meCurrent: me, "GET /wiki/api/v2/blogposts": `{"results":[]}`}.ServeHTTP(w, r)
			return
		}
		limits = append(limits, q.Get("limit"))
		w.Header().Set("Content-Type", "application/json")
		if q.Get("limit") == "250" {
			_, _ = io.WriteString(w, `{"results":[{"id":"1","title":"`)
			for range 65 {
				_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
			}
			_, _ = io.WriteString(w, `"}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"results":[{"id":"1","title":"T","status":"current"}]}`)
	}))
	b, err := c.Scan(t.Context(), confluence.ScanRequest{Space: confluence.Space{ID: "9", Key: "K"}, Facets: confluence.FacetBody})
	if err != nil || len(b.Contents) != 1 || strings.Join(limits, " ") != "250 50" {
		t.Errorf("%v, %v, limits %v", b, err, limits)
	}
}

func TestGrantTwice(t *testing.T) {
	c, _ := at(t, desk{meCurrent: me, "GET /wiki/api/v2/space-role-mode": `{"mode":"PRE_ROLES"}`,
		"POST /wiki/rest/api/space/K/permission": `400 {"message":"Permission already exists"}`})
	_, err := c.Apply(t.Context(), confluence.Grant{Space: confluence.Space{ID: "9", Key: "K"},
		Permission: confluence.Permission{Principal: confluence.Anonymous, Operation: "read/space"}}, confluence.Payload{})
	if err != nil {
		t.Errorf("a permission that is there already: %v", err)
	}
}

// TestSharedBudget: two connectors of one site keep one pause.
func TestSharedBudget(t *testing.T) {
	b := newBench(t, nil)
	budget := rest.NewBudget(rest.BudgetOptions{Concurrent: 2, Clock: b.time.Hasty()})
	one := b.open(t, func(o *cloud.Options) { o.Budget = budget })
	two := b.open(t, func(o *cloud.Options) { o.Budget = budget })
	budget.Pause(20 * time.Second)
	before := b.time.Now()
	for _, c := range []*cloud.Connector{one, two} {
		if who, err := c.Identity(t.Context()); err != nil || who.Caps.Concurrent != 2 {
			t.Errorf("%+v, %v", who.Caps, err)
		}
	}
	if d := b.time.Now().Sub(before); d < 20*time.Second {
		t.Errorf("the pause lasted %v", d)
	}
}

// TestLabelsThatWouldSplit: the site makes two labels of a name with a blank and says nothing, so nothing is sent.
func TestLabelsThatWouldSplit(t *testing.T) {
	c, _ := at(t, desk{meCurrent: me, "POST /wiki/rest/api/content/1/label": `400 {"message":"label.contains.invalid.chars"}`})
	for name, sent := range map[string]int64{"two words": 0, "a,b": 0, "": 0, "what?": 1} {
		before, _ := c.Calls()
		_, err := c.Apply(t.Context(), confluence.AddLabels{ID: "1", Labels: []confluence.Label{{Name: name}}}, confluence.Payload{})
		code(t, err, confluence.CodeLabelNotWritten)
		if after, _ := c.Calls(); after-before != sent {
			t.Errorf("%q: %d requests, want %d", name, after-before, sent)
		}
	}
}
