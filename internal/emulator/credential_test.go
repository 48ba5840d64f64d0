package emulator

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// gatewayed is a path of the product as it is behind the gateway.
func (b *bench) gatewayed(path string) string { return "/ex/confluence/" + b.site.CloudID() + path }

// bearing is a request with a bearer token.
func (b *bench) bearing(token, method, path string, body any) *http.Request {
	b.t.Helper()
	r := b.request(method, path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// sent sends a request and demands a status.
func (b *bench) sent(want int, r *http.Request) got {
	b.t.Helper()
	g := b.send(r)
	if g.status != want {
		b.t.Fatalf("%s %s: status %d, want %d\n%s", r.Method, r.URL, g.status, want, g.raw)
	}
	return g
}

func (b *bench) issue(q Credential) Issued {
	b.t.Helper()
	issued, err := b.site.Issue(q)
	if err != nil {
		b.t.Fatal(err)
	}
	return issued
}

func TestRow_ID_01(t *testing.T) {
	ask := func(b *bench) string {
		r := b.request("GET", "/_edge/tenant_info", nil)
		r.Header.Del("Authorization")
		return b.sent(200, r).str("cloudId")
	}
	b := newBench(t)
	first := ask(b)
	equal(t, "asked twice", ask(b), first)
	equal(t, "as the gateway has it", b.site.CloudID(), first)
	other, err := New(Options{Seed: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if ask(&bench{t: t, site: other, user: serviceID}) == first {
		t.Error("two tenants have one cloudId")
	}
}

func TestRow_ID_02(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("K")
	p := b.page(id, "", "P", "<p>x</p>")
	for _, path := range []string{"/wiki/api/v2/pages/" + p + "?body-format=storage", "/wiki/rest/api/content/search?cql=type=page", "/wiki/rest/api/user/current"} {
		direct, through := b.do(200, "GET", path, nil), b.do(200, "GET", b.gatewayed(path), nil)
		equal(t, path, string(through.raw), string(direct.raw))
	}
	b.do(404, "GET", "/ex/confluence/00000000-0000-4000-8000-000000000000/wiki/rest/api/user/current", nil)
}

func TestRow_AU_01(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	for _, path := range []string{"/wiki/rest/api/user/current", b.gatewayed("/wiki/rest/api/user/current")} {
		equal(t, path, b.as("ann").do(200, "GET", path, nil).str("accountId"), "ann")
	}
}

func TestRow_AU_02(t *testing.T) {
	b := newBench(t)
	scopes := []string{"read:confluence-user", "read:page:confluence"}
	scoped := b.issue(Credential{Kind: "scoped", Scopes: scopes}).Token
	service := b.issue(Credential{Kind: "service-account", User: "svc-app", Scopes: scopes}).Token
	basic := func(email, token, path string) *http.Request {
		r := b.request("GET", path, nil)
		r.SetBasicAuth(email, token)
		return r
	}
	const path = "/wiki/rest/api/user/current"
	for name, make := range map[string]func(path string) *http.Request{
		"scoped, basic":   func(path string) *http.Request { return basic(serviceID+"@example.test", scoped, path) },
		"scoped, bearer":  func(path string) *http.Request { return b.bearing(scoped, "GET", path, nil) },
		"service account": func(path string) *http.Request { return b.bearing(service, "GET", path, nil) },
	} {
		g, _ := (&lab{bench: b}).try(make(path))
		if g.status != 401 || !strings.HasPrefix(g.header.Get("Content-Type"), "text/html") || !strings.Contains(string(g.raw), "HTTP Status 401") {
			t.Errorf("%s on the site: %d %s", name, g.status, g.raw)
		}
		b.sent(200, make(b.gatewayed(path)))
	}
	equal(t, "of a service account", b.sent(200, b.bearing(service, "GET", b.gatewayed(path), nil)).str("accountType"), "app")
	b.sent(401, basic("someone@example.test", scoped, b.gatewayed(path)))
}

// consent goes through the authorization endpoint and exchanges the code.
func (b *bench) consent(app Issued, scope string) got {
	b.t.Helper()
	query := url.Values{
		"audience": {"api.atlassian.com"}, "client_id": {app.ClientID}, "scope": {scope}, "redirect_uri": {"https://app.example.test/back"},
		"state": {"s1"}, "response_type": {"code"}, "prompt": {"consent"},
	}
	g := b.sent(302, httptest.NewRequest("GET", "https://emulated.example.test/authorize?"+query.Encode(), nil))
	back, err := url.Parse(g.header.Get("Location"))
	if err != nil || back.Host != "app.example.test" || back.Query().Get("state") != "s1" {
		b.t.Fatalf("sent back to %s", g.header.Get("Location"))
	}
	return b.exchange(object{
		"grant_type": "authorization_code", "client_id": app.ClientID, "client_secret": app.ClientSecret,
		"code": back.Query().Get("code"), "redirect_uri": "https://app.example.test/back",
	})
}

func (b *bench) exchange(body object) got {
	b.t.Helper()
	r := b.request("POST", "/oauth/token", body)
	r.Header.Del("Authorization")
	return b.send(r)
}

const readUser = "read:confluence-user"

func TestRow_AU_03(t *testing.T) {
	b := newBench(t)
	app := b.issue(Credential{Kind: "oauth", App: "mover", Scopes: []string{readUser, "offline_access"}})
	online := b.consent(app, readUser)
	if _, there := online.json.(map[string]any)["refresh_token"]; there || online.status != 200 {
		t.Errorf("without offline_access: %s", online.raw)
	}
	granted := b.consent(app, readUser+" offline_access")
	access := granted.str("access_token")
	granted.str("refresh_token")
	equal(t, "lifetime", granted.num("expires_in"), 3600)

	const path = "/wiki/rest/api/user/current"
	b.sent(401, b.bearing(access, "GET", path, nil))
	equal(t, "the account that consented", b.sent(200, b.bearing(access, "GET", b.gatewayed(path), nil)).str("accountId"), serviceID)

	sites := b.sent(200, b.bearing(access, "GET", "/oauth/token/accessible-resources", nil))
	equal(t, "site", sites.str("0.id"), b.site.CloudID())
	equal(t, "address", sites.str("0.url"), "https://emulated.example.test")
	equal(t, "scopes", fmt.Sprint(sites.at("0.scopes")), "["+readUser+"]")

	b.wait(59 * time.Minute)
	b.sent(200, b.bearing(access, "GET", b.gatewayed(path), nil))
	b.wait(2 * time.Minute)
	late := b.sent(401, b.bearing(access, "GET", b.gatewayed(path), nil))
	equal(t, "expired", string(late.raw), `{"code":401,"message":"Unauthorized"}`)
	b.sent(401, b.bearing(access, "GET", "/oauth/token/accessible-resources", nil))
	equal(t, "code twice", b.exchange(object{"grant_type": "authorization_code", "client_id": app.ClientID, "client_secret": app.ClientSecret, "code": "used"}).status, 403)

	machine := b.issue(Credential{Kind: "client-credentials", App: "robot", Scopes: []string{readUser}})
	own := b.exchange(object{"grant_type": "client_credentials", "client_id": machine.ClientID, "client_secret": machine.ClientSecret})
	b.sent(200, b.bearing(own.str("access_token"), "GET", b.gatewayed(path), nil))
}

func TestRow_AU_04(t *testing.T) {
	b := newBench(t)
	app := b.issue(Credential{Kind: "oauth", App: "mover", Scopes: []string{readUser, "offline_access"}})
	refresh := func(token, secret string) got {
		return b.exchange(object{"grant_type": "refresh_token", "client_id": app.ClientID, "client_secret": secret, "refresh_token": token})
	}
	refused := func(what string, g got, status int, code, description string) {
		t.Helper()
		if g.status != status || g.str("error") != code || description != "" && g.str("error_description") != description {
			t.Errorf("%s: %d %s", what, g.status, g.raw)
		}
	}
	const dead = "refresh_token is invalid"
	second := refresh(app.Refresh, app.ClientSecret)
	if second.status != 200 || second.str("refresh_token") == app.Refresh {
		t.Fatalf("%d %s", second.status, second.raw)
	}
	refused("used before", refresh(app.Refresh, app.ClientSecret), 403, "unauthorized_client", dead)
	refused("wrong secret", refresh(second.str("refresh_token"), "other"), 401, "access_denied", "")
	b.wait(89 * 24 * time.Hour)
	third := refresh(second.str("refresh_token"), app.ClientSecret)
	equal(t, "within 90 days", third.status, 200)
	b.wait(91 * 24 * time.Hour)
	refused("90 idle days", refresh(third.str("refresh_token"), app.ClientSecret), 403, "unauthorized_client", dead)
	if err := b.site.SetOptions(map[string]string{"AU-04": "invalid_grant"}); err != nil {
		t.Fatal(err)
	}
	refused("as documented", refresh(third.str("refresh_token"), app.ClientSecret), 403, "invalid_grant", dead)
}

func TestRow_AU_05(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("K")
	p := b.page(id, "", "P", "<p>x</p>")
	const mismatch = `{"code":401,"message":"Unauthorized; scope does not match"}`
	for _, row := range []struct {
		scopes       string
		method, path string
		open         bool
	}{
		{"read:page:confluence", "GET", "/wiki/api/v2/pages/" + p, true},
		{"read:page:confluence", "GET", "/wiki/api/v2/pages/999999999", true},
		{"write:page:confluence", "GET", "/wiki/api/v2/pages/999999999", false},
		{"read:confluence-content.all read:confluence-content.summary", "GET", "/wiki/api/v2/pages/" + p, false}, // classic for granular
		{"read:page:confluence", "DELETE", "/wiki/api/v2/pages/999999999", false},
		{"read:page:confluence", "GET", "/wiki/api/v2/pages/" + p + "/descendants", false},
		{"read:hierarchical-content:confluence", "GET", "/wiki/api/v2/pages/" + p + "/descendants", true},
		{"search:confluence", "GET", "/wiki/rest/api/content/search?cql=type=page", true},               // the classic way
		{"read:content-details:confluence", "GET", "/wiki/rest/api/content/search?cql=type=page", true}, // the granular way
		{"search:confluence", "GET", "/wiki/rest/api/search/user?cql=type=user", false},
		{"write:label:confluence", "POST", "/wiki/rest/api/content/" + p + "/label", false}, // half of the granular way
		{"read:label:confluence write:label:confluence", "POST", "/wiki/rest/api/content/" + p + "/label", true},
		{"write:confluence-content", "POST", "/wiki/rest/api/content/999999999/label", true},
	} {
		for _, kind := range []string{"oauth", "scoped"} {
			token := b.issue(Credential{Kind: kind, App: row.scopes, Scopes: strings.Fields(row.scopes)}).Token
			var body any
			if row.method == "POST" {
				body = []object{{"prefix": "global", "name": "l"}}
			}
			g, _ := (&lab{bench: b}).try(b.bearing(token, row.method, b.gatewayed(row.path), body))
			if (g.status != 401) != row.open || !row.open && string(g.raw) != mismatch {
				t.Errorf("%s with %q, %s %s: %d %s", kind, row.scopes, row.method, row.path, g.status, g.raw)
			}
		}
	}
}

// TestScopesAreThoseOfTheDocuments compares the table with the vendor's documents.
func TestScopesAreThoseOfTheDocuments(t *testing.T) {
	if specs() == nil {
		t.Skip("the vendor's documents are not there")
	}
	left := maps.Clone(scopes())
	for family, doc := range specs() {
		for path, item := range doc.Paths.Map() {
			if family == v2 {
				path = "/wiki/api/v2" + path
			}
			for method, op := range item.Operations() {
				r := route{method: method, template: path}
				var want [][]string
				ways, _ := op.Extensions["x-atlassian-oauth2-scopes"].([]any)
				for _, way := range ways {
					var one []string
					for _, scope := range way.(map[string]any)["scopes"].([]any) {
						one = append(one, scope.(string))
					}
					slices.Sort(one)
					want = append(want, one)
				}
				if got := r.allowed(); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s %s: %v, the document says %v", method, path, got, want)
				}
				delete(left, r.key())
			}
		}
	}
	for name := range left {
		t.Errorf("%s is no operation of the documents", name)
	}
}

func TestRow_AU_06(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("K")
	p := b.page(id, "", "P", "<p>x</p>")
	for name, change := range map[string]func(*http.Request){
		"missing": func(r *http.Request) { r.Header.Del("Authorization") },
		"wrong":   func(r *http.Request) { r.SetBasicAuth(serviceID+"@example.test", "guess") },
		"bearer":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer guess") },
	} {
		r := b.request("GET", "/wiki/rest/api/content/search?cql=type=page", nil)
		change(r)
		g := b.sent(403, r)
		equal(t, name, g.str("message"), "Current user not permitted to use Confluence")
		r = b.request("GET", "/wiki/api/v2/pages/"+p, nil)
		change(r)
		equal(t, name, string(b.sent(404, r).raw), `{"errors":[{"code":"NOT_FOUND","detail":null,"status":404,"title":"Not Found"}]}`)
	}
	b.site.Revoke(serviceID)
	b.do(403, "GET", "/wiki/rest/api/user/current", nil)
	equal(t, "revoked", b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil).title(), "Not Found")
}

func TestRow_AU_07(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("K")
	p := b.page(id, "", "P", "<p>x</p>")
	equal(t, "never there", b.do(404, "GET", "/wiki/api/v2/pages/424242", nil).title(), "Cannot find a page with id [424242]")
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p+"?purge=true", nil)
	equal(t, "purged", b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil).title(), "Not Found")
}

func TestRow_AU_08(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("K")
	p := b.page(id, "", "P", "<p>x</p>")
	path := "/wiki/rest/api/content/" + p + "/child/attachment"
	for spelling, want := range map[string]int{"": 403, "yes": 403, "no-check": 200, "nocheck": 200} {
		r := b.uploadRequest("PUT", path, part{"file", "f.txt", "text/plain", "1"})
		r.Header.Set("X-Atlassian-Token", spelling)
		g, _ := (&lab{bench: b}).try(r)
		if g.status != want || want == 403 && !strings.Contains(string(g.raw), "XSRF check failed") {
			t.Errorf("%q: %d %s", spelling, g.status, g.raw)
		}
	}
	b.do(200, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "Q"}) // v2 needs none
}

func TestRow_AU_09(t *testing.T) {
	b := newBench(t, "AU-09", "on")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, _ := b.space("K")
	p := b.as("ann").page(id, "", "Secret", "<p>x</p>")
	b.as("ann").do(200, "PUT", "/wiki/rest/api/content/"+p+"/restriction", []object{
		{"operation": "read", "restrictions": object{"user": []object{{"type": "known", "accountId": "ann"}}}},
	})
	read := func() *http.Request {
		r := b.request("GET", "/wiki/api/v2/pages/"+p, nil)
		r.Header.Set("Atl-Confluence-With-Admin-Key", "true")
		return r
	}
	b.do(404, "GET", "/wiki/api/v2/admin-key", nil)
	b.sent(404, read()) // the header alone is not enough
	equal(t, "key", b.do(200, "POST", "/wiki/api/v2/admin-key", object{}).str("expirationTime"), "2026-01-05T09:10:00.000Z")
	b.sent(200, read())
	b.do(404, "GET", "/wiki/api/v2/pages/"+p, nil) // nor is the key
	write := b.request("PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "Q"})
	write.Header.Set("Atl-Confluence-With-Admin-Key", "true")
	b.sent(404, write)
	b.wait(11 * time.Minute)
	b.sent(404, read())
	b.do(200, "POST", "/wiki/api/v2/admin-key", object{"durationInMinutes": 30})
	b.wait(11 * time.Minute)
	b.sent(200, read())
	b.do(204, "DELETE", "/wiki/api/v2/admin-key", nil)
	b.sent(404, read())
	b.as("ann").do(404, "POST", "/wiki/api/v2/admin-key", object{})
	newBench(t).do(404, "POST", "/wiki/api/v2/admin-key", object{})
}

func TestRow_AU_10(t *testing.T) {
	const path = "/wiki/rest/api/user/current"
	for _, kind := range []string{"oauth", "scoped"} {
		l := newLab(t, "rules: [{match: {nth: 2, method: GET}, do: {expire: token}}]")
		token := l.issue(Credential{Kind: kind, App: "a", Scopes: []string{readUser}}).Token
		for n, want := range []int{200, 401, 401} {
			g, _ := l.try(l.bearing(token, "GET", l.gatewayed(path), nil))
			equal(t, fmt.Sprint(kind, " ", n), g.status, want)
		}
		l.do(200, "GET", path, nil) // another credential
	}
	b := newBench(t)
	token := b.issue(Credential{Kind: "scoped", Scopes: []string{readUser}, Lifetime: time.Minute}).Token
	b.sent(200, b.bearing(token, "GET", b.gatewayed(path), nil))
	b.wait(time.Minute)
	b.sent(401, b.bearing(token, "GET", b.gatewayed(path), nil))
	token = b.issue(Credential{Kind: "scoped", Scopes: []string{readUser}}).Token
	equal(t, "withdrawn", b.site.Withdraw(token), true)
	b.sent(401, b.bearing(token, "GET", b.gatewayed(path), nil))
	for _, personality := range []string{"cloud", "dc"} {
		site, err := New(Options{Personality: personality, Seed: 7, Faults: []byte("rules: [{match: {nth: 2}, do: {fault: AU-10}}]")})
		if err != nil {
			t.Fatal(err)
		}
		defer site.Close()
		name, secret := site.Account()
		r := httptest.NewRequest("GET", map[string]string{"cloud": "/wiki/rest/api/user/current", "dc": "/rest/api/server-information"}[personality], nil)
		r.SetBasicAuth(name, secret)
		refused := map[string]int{"cloud": 403, "dc": 401}[personality]
		for n, want := range []int{200, refused, refused} {
			w := httptest.NewRecorder()
			site.Handler().ServeHTTP(w, r)
			equal(t, fmt.Sprint(personality, " ", n), w.Code, want)
		}
	}
}
