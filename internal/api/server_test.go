package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/store"
)

// fixture is a server over an empty store in memory, with sites that are made up by fakeSite.
type fixture struct {
	t      *testing.T
	store  *store.Store
	engine *engine.Engine
	server *Server
	now    time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return f.now }
	st, err := store.Open(t.Context(), store.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	f.store = st
	f.engine = engine.New(engine.Options{Store: st, Connect: connectFake, Now: clock, NewID: func() string { return "op" }, Go: func(g func()) { go g() }})
	f.server = New(Options{Store: st, Engine: f.engine, Now: clock, Version: Version{Version: "test", Schema: 1}})
	t.Cleanup(func() {
		f.server.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// call makes one call and returns status and body.
func (f *fixture) call(method, path, body string) (int, string) {
	f.t.Helper()
	r := httptest.NewRequest(method, Prefix+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// ok makes a call that must succeed and decodes its answer.
func (f *fixture) ok(method, path, body string, out any) {
	f.t.Helper()
	status, text := f.call(method, path, body)
	if status >= 300 {
		f.t.Fatalf("%s %s answers %d: %s", method, path, status, text)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(text), out); err != nil {
			f.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
}

// refused makes a call that must be refused with this status and code.
func (f *fixture) refused(method, path, body string, status int, code confluence.Code) Problem {
	f.t.Helper()
	got, text := f.call(method, path, body)
	var p Problem
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		f.t.Fatalf("%s %s: no problem: %d %s", method, path, got, text)
	}
	if got != status || p.Code != code || p.Status != status {
		f.t.Fatalf("%s %s answers %d %s, want %d %s: %s", method, path, got, p.Code, status, code, text)
	}
	if p.What == "" || p.Cause == "" || p.Remedy == "" || !strings.Contains(p.Help, string(code)) {
		f.t.Errorf("%s %s: a problem needs what, cause, remedy and help: %s", method, path, text)
	}
	return p
}

const (
	cloudSite = `{"name":"cloud","url":"https://cloud.example/wiki","secret":"s3cret-canary"}`
	planYAML  = "apiVersion: tandem/v1\\nkind: MigrationPlan\\nname: HR\\nfrom: {site: old}\\nto: {site: cloud}\\nspaces: [{key: HR}]\\n"
	planFile  = `{"file":"` + planYAML + `","name":"HR.yaml"}`
)

// withPlan adds two sites and a plan.
func (f *fixture) withPlan() {
	f.t.Helper()
	f.ok("POST", "/sites", cloudSite, nil)
	f.ok("POST", "/sites", `{"name":"old","url":"https://old.example/wiki","secret":"x"}`, nil)
	f.ok("POST", "/plans", planFile, nil)
}

// fakeSite is a site with one space and nothing in it. A secret "wrong" is refused.
type fakeSite struct{ name string }

func connectFake(_ context.Context, site store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	if string(secret) == "wrong" {
		return nil, nil, confluence.Errorf(confluence.CodeCredential, "the credential was refused")
	}
	return fakeSite{site.Name}, fakeSite{site.Name}, nil
}

func (s fakeSite) Identity(context.Context) (confluence.Identity, error) {
	return confluence.Identity{
		Kind: confluence.Cloud, Product: "Confluence Cloud", Fingerprint: "fp-" + s.name, Me: confluence.User{ID: "1", DisplayName: "tandem"},
		Caps: confluence.Capabilities{Write: true, FetchBatch: 100, MaxTitle: 255, Concurrent: 4},
	}, nil
}

func (s fakeSite) Spaces(_ context.Context, keys []string) ([]confluence.Space, error) {
	if s.name != "old" && s.name != "new" {
		return nil, nil
	}
	return []confluence.Space{{ID: "7", Key: "HR", Name: "People", Pages: 42}}, nil
}

func (fakeSite) Scan(context.Context, confluence.ScanRequest) (confluence.Batch, error) {
	return confluence.Batch{}, nil
}

func (fakeSite) Fetch(context.Context, confluence.Kind, []confluence.ID, confluence.Facets) ([]confluence.Content, error) {
	return nil, nil
}

func (fakeSite) Find(context.Context, confluence.Probe) ([]confluence.Content, error) {
	return nil, nil
}

func (fakeSite) Version(context.Context, confluence.Kind, confluence.ID, int) (confluence.Content, error) {
	return confluence.Content{}, nil
}

func (fakeSite) Open(context.Context, confluence.Content) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

func (fakeSite) Feed(context.Context, time.Time) ([]confluence.Content, error) { return nil, nil }

func (fakeSite) Apply(context.Context, confluence.Change, confluence.Payload) (confluence.Result, error) {
	return confluence.Result{ID: "1"}, nil
}

func TestStatusByClass(t *testing.T) {
	seen := map[int]bool{}
	for _, e := range confluence.Register {
		status := statusOf(e.Class)
		if status < 400 || e.Class != confluence.ClassInternal && status == http.StatusInternalServerError {
			t.Errorf("class %s of %s has status %d", e.Class, e.Code, status)
		}
		seen[status] = true
	}
	if len(seen) < 8 {
		t.Errorf("only %d different statuses: classes are not told apart", len(seen))
	}
}

func TestUnknownCall(t *testing.T) {
	f := newFixture(t)
	f.refused("GET", "/nothing", "", 404, confluence.CodeNoSuchName)
	f.refused("GET", "/sites?surprise=1", "", 422, confluence.CodeUsage)
	f.refused("POST", "/sites", `{"name":"x","url":"u","secret":"s","surprise":1}`, 422, confluence.CodeUsage)
	f.refused("POST", "/sites", `{"name":"a b","url":"u","secret":"s"}`, 422, confluence.CodeUsage)
}

func TestSites(t *testing.T) {
	f := newFixture(t)
	var report SiteReport
	f.ok("POST", "/sites?dryRun=true", cloudSite, &report)
	if report.Preview == nil || len(report.Preview.Digest) != 64 {
		t.Fatalf("a dry run shows no preview: %+v", report)
	}
	var list Sites
	f.ok("GET", "/sites", "", &list)
	if len(list.Sites) != 0 {
		t.Fatalf("a dry run stored %+v", list.Sites)
	}
	f.refused("POST", "/sites", strings.Replace(cloudSite, "s3cret-canary", "wrong", 1), 401, confluence.CodeCredential)
	f.ok("POST", "/sites", cloudSite, &report)
	if report.Fingerprint != "fp-cloud" || report.Account != "tandem" || len(report.Checks) < 3 {
		t.Errorf("report is %+v", report)
	}
	f.refused("POST", "/sites", cloudSite, 422, confluence.CodeUsage)
	_, text := f.call("GET", "/sites", "")
	if strings.Contains(text, "canary") {
		t.Errorf("the credential is shown: %s", text)
	}
	f.refused("PUT", "/sites/cloud/readonly", `{"readOnly":true}`, 422, confluence.CodeUsage)
	var changed SiteResult
	f.ok("PUT", "/sites/cloud/readonly?reason=freeze", `{"readOnly":true}`, &changed)
	f.ok("PUT", "/sites/cloud/limits", `{"concurrent":3}`, &changed)
	if !changed.Site.ReadOnly || changed.Site.Concurrent != 3 {
		t.Errorf("the site is %+v", changed.Site)
	}
	f.refused("PUT", "/sites/cloud/credential", `{"secret":"wrong"}`, 401, confluence.CodeCredential)
	f.ok("PUT", "/sites/cloud/credential", `{"secret":"new"}`, nil)
	secret, err := f.store.Unseal(t.Context(), "site/cloud")
	if err != nil || string(secret) != "new" {
		t.Errorf("the secret is %q, %v", secret, err)
	}
	f.refused("DELETE", "/sites/cloud", "", 422, confluence.CodeUsage)
	f.ok("DELETE", "/sites/cloud?reason=old", "", nil)
	f.refused("GET", "/sites/cloud", "", 404, confluence.CodeNoSuchName)
}

func TestSiteInUseStays(t *testing.T) {
	f := newFixture(t)
	f.withPlan()
	p := f.refused("DELETE", "/sites/cloud?reason=old", "", 422, confluence.CodeUsage)
	if !strings.Contains(p.What, "HR") {
		t.Errorf("the plan that uses it is not named: %s", p.What)
	}
}

func TestPlans(t *testing.T) {
	f := newFixture(t)
	f.withPlan()
	f.refused("POST", "/plans", planFile, 422, confluence.CodeUsage)
	p := f.refused("POST", "/plans", `{"file":"name: [","name":"bad.yaml"}`, 422, confluence.CodeBadFile)
	if p.Where.File != "bad.yaml" {
		t.Errorf("where is %+v", p.Where)
	}
	var plan Plan
	f.ok("GET", "/plans/HR", "", &plan)
	if plan.Status != "SAVED" || plan.Plan.From.Fingerprint != "fp-old" || plan.Plan.To.Fingerprint != "fp-cloud" {
		t.Errorf("the plan is %+v", plan)
	}
	var file PlanFile
	f.ok("GET", "/plans/HR/file", "", &file)
	body, err := json.Marshal(PlanFile{File: strings.Replace(file.File, "stage: test", "stage: production", 1)})
	if err != nil {
		t.Fatal(err)
	}
	f.ok("PUT", "/plans/HR", string(body), nil)
	f.ok("GET", "/plans/HR", "", &plan)
	if plan.Plan.Stage != "production" {
		t.Errorf("the edit did not arrive: %+v", plan.Plan)
	}
	f.ok("POST", "/plans/HR/copy", `{"name":"HR-2","stage":"test"}`, nil)
	f.refused("PUT", "/plans/HR-2", string(body), 422, confluence.CodeUsage)
	f.ok("PUT", "/plans/HR-2/archived", `{"archived":true}`, nil)
	var list Plans
	f.ok("GET", "/plans", "", &list)
	if len(list.Plans) != 1 {
		t.Errorf("archived plans are listed: %d", len(list.Plans))
	}
	f.ok("GET", "/plans?archived=true", "", &list)
	if len(list.Plans) != 2 {
		t.Errorf("archived plans are lost: %d", len(list.Plans))
	}
	var checks Checks
	f.ok("POST", "/plans/HR/check", "", &checks)
	if checks.Passed == 0 || len(checks.Checks) < checks.Passed {
		t.Errorf("checks are %+v", checks)
	}
	f.ok("DELETE", "/plans/HR-2?dryRun=true", "", nil)
	f.ok("GET", "/plans/HR-2", "", nil)
	f.ok("DELETE", "/plans/HR-2", "", nil)
	f.refused("GET", "/plans/HR-2", "", 404, confluence.CodeNoSuchName)
}

func TestPlanDigest(t *testing.T) {
	f := newFixture(t)
	f.withPlan()
	var done Done
	f.ok("DELETE", "/plans/HR?dryRun=true", "", &done)
	digest := done.Preview.Digest
	f.refused("DELETE", "/plans/HR?planDigest="+digest[:11], "", 422, confluence.CodeUsage)
	f.refused("DELETE", "/plans/HR?planDigest=0123456789ab", "", 409, confluence.CodeStale)
	f.now = f.now.Add(time.Minute)
	f.ok("PUT", "/plans/HR", planFile, nil)
	f.refused("DELETE", "/plans/HR?planDigest="+digest, "", 409, confluence.CodeStale)
	f.ok("DELETE", "/plans/HR?dryRun=true", "", &done)
	f.ok("DELETE", "/plans/HR?planDigest="+strings.ToUpper(done.Preview.Digest[:12]), "", nil)
}

func TestPeople(t *testing.T) {
	f := newFixture(t)
	f.withPlan()
	const head = "source_key,source_name,source_email,match,account_id,used"
	put := func(rows string) (int, string) {
		body, err := json.Marshal(map[string]string{"file": head + "\r\n" + rows, "name": "map.csv"})
		if err != nil {
			t.Fatal(err)
		}
		return f.call("PUT", "/people?from=old&to=cloud", string(body))
	}
	status, text := put("u1,Ann,a@example.com,email,acc-1,0\r\nu2,Bob,b@example.com,none,,0\r\n")
	var people People
	if err := json.Unmarshal([]byte(text), &people); err != nil || status != 200 || people.Rows != 2 || people.Changed != 2 || people.Mapped != 1 {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := put("u1,Ann,a@example.com,surely,acc-1,0\r\n"); status != 422 || !strings.Contains(text, "T-1003") {
		t.Errorf("a wrong row is answered %d %s", status, text)
	}
	f.ok("GET", "/people?from=old&to=cloud", "", &people)
	if people.Rows != 2 || !strings.Contains(people.File, "acc-1") {
		t.Errorf("people are %+v", people)
	}
	f.ok("GET", "/people?from=cloud&to=old", "", &people)
	if people.Rows != 0 || !strings.HasPrefix(people.File, head) {
		t.Errorf("where nothing is stored, people are %+v", people)
	}
}

func TestHelp(t *testing.T) {
	f := newFixture(t)
	var codes ErrorCodes
	f.ok("GET", "/errors", "", &codes)
	if len(codes.Errors) != len(confluence.Register) {
		t.Errorf("%d codes", len(codes.Errors))
	}
	var code ErrorCode
	f.ok("GET", "/errors/t-3107", "", &code)
	if code.Exit != 7 || code.Status != 409 {
		t.Errorf("T-3107 is %+v", code)
	}
	f.refused("GET", "/errors/T-0000", "", 404, confluence.CodeNoSuchName)
	var health Health
	f.ok("GET", "/doctor", "", &health)
	for _, c := range health.Checks {
		if c.State != "ok" {
			t.Errorf("%+v", c)
		}
	}
	var version Version
	f.ok("GET", "/version", "", &version)
	if version.Version != "test" {
		t.Errorf("version is %+v", version)
	}
}
