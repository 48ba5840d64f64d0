package emulator

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// newDC is a Data Center with a caller. version may be empty.
func newDC(t *testing.T, version string, options ...string) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), user: serviceID}
	set := map[string]string{"CQ-01": "0s"}
	for i := 0; i+1 < len(options); i += 2 {
		set[options[i]] = options[i+1]
	}
	b.site = keptSite(t, Options{
		Personality: "dc", Version: version, Seed: 7, BaseURL: "https://emulated.example.test",
		Now: func() time.Time { return b.now }, Options: set,
	})
	return b
}

// bearer is a request with a personal access token; anonymous one without credentials where the token is empty.
func (b *bench) bearer(method, path, token string) *http.Request {
	r := b.request(method, path, nil)
	r.Header.Del("Authorization")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func TestRow_ID_03(t *testing.T) {
	b := newDC(t, "")
	equal(t, "root", b.do(200, "GET", "/rest/api/server-information", nil).str("baseUrl"), "https://emulated.example.test")
	b.do(404, "GET", "/wiki/rest/api/server-information", nil)
	b.do(404, "GET", "/wiki/api/v2/pages", nil)
	b.do(404, "GET", "/api/v2/pages", nil)
	b = newDC(t, "", "ID-03", "/confluence")
	equal(t, "path", b.do(200, "GET", "/confluence/rest/api/server-information", nil).str("baseUrl"), "https://emulated.example.test/confluence")
	b.do(404, "GET", "/rest/api/server-information", nil)
}

func TestRow_ID_04(t *testing.T) {
	b := newDC(t, "")
	for _, path := range []string{"/rest/applinks/1.0/manifest", "/rest/applinks/2.0/manifest"} {
		g := b.send(b.bearer("GET", path, ""))
		equal(t, "form", g.header.Get("Content-Type"), "application/xml")
		for _, part := range []string{"<typeId>confluence</typeId>", "<version>9.2.17</version>", "<buildNumber>21763</buildNumber>", "<id>" + b.site.CloudID() + "</id>", "<publicSignup>false</publicSignup>"} {
			if !strings.Contains(string(g.raw), part) {
				t.Errorf("no %s in %s", part, g.raw)
			}
		}
	}
	r := b.bearer("GET", "/rest/applinks/1.0/manifest", "")
	r.Header.Set("Accept", "application/json")
	equal(t, "id", b.send(r).str("id"), b.site.CloudID())
}

func TestRow_ID_05(t *testing.T) {
	b := newDC(t, "8.5")
	equal(t, "version", b.do(200, "GET", "/rest/api/server-information", nil).str("version"), "8.5.30")
	equal(t, "no login", b.send(b.bearer("GET", "/rest/api/server-information", "")).status, 401)
	equal(t, "status", b.send(b.bearer("GET", "/status", "")).str("state"), "RUNNING")
	equal(t, "users", b.do(200, "GET", "/rest/api/instance-metrics", nil).num("users"), 1)
}

func TestRow_ID_06(t *testing.T) { newDC(t, "").do(404, "GET", "/rest/api/settings/systemInfo", nil) }

func TestRow_ID_07(t *testing.T) {
	newDC(t, "9.2").do(404, "GET", "/rest/api/cluster/nodes", nil)
	b := newDC(t, "10.2")
	equal(t, "nodes", len(b.do(200, "GET", "/rest/api/cluster/nodes", nil).col("nodeId")), 1)
	equal(t, "older", newDC(t, "7.19").do(200, "GET", "/rest/zdu/cluster", nil).str("nodes.0.id") != "", true)
}

func TestVersionsOfDataCenter(t *testing.T) {
	for given, want := range map[string]string{"": "9.2.17", "7.19": "7.19.30", "10.2": "10.2.19", "11.0": "11.0.0", "9.1.1": "9.1.1", "8.9.2": "8.9.2"} {
		r, err := parseRelease(given)
		if err != nil || r.String() != want {
			t.Errorf("%q is %s, %v; want %s", given, r, err, want)
		}
	}
	for _, bad := range []string{"6.15", "12.0", "new", "9"} {
		if _, err := New(Options{Personality: "dc", Version: bad}); err == nil {
			t.Errorf("version %q was taken", bad)
		}
	}
}

func TestRow_AU_11(t *testing.T) {
	b := newDC(t, "")
	r := b.request("GET", "/rest/api/accessmode", nil)
	r.SetBasicAuth(serviceID, "wrong")
	g := b.send(r)
	equal(t, "wrong password", g.status, 401)
	equal(t, "authorized", g.at("data.authorized"), any(false))
	equal(t, "reason", g.str("reason"), "Unauthorized")
	equal(t, "nothing given", b.send(b.bearer("GET", "/rest/api/accessmode", "")).status, 401)
	b = newDC(t, "", "SP-12", "on")
	equal(t, "wrong password, anonymous on", b.send(r).status, 401)
}

// TestRow_AU_13 and 14: a token works, and one that is wrong is answered as anonymous where that is allowed.
func TestRow_AU_13(t *testing.T) {
	b := newDC(t, "")
	token := b.site.Token(serviceID)
	equal(t, "token", b.send(b.bearer("GET", "/rest/api/server-information", token)).status, 200)
	equal(t, "wrong token", b.send(b.bearer("GET", "/rest/api/server-information", "x"+token)).status, 401)
}

func TestRow_AU_14(t *testing.T) {
	b := newDC(t, "", "SP-12", "on")
	token := b.site.Token(serviceID)
	equal(t, "token", b.send(b.bearer("GET", "/rest/api/accessmode", token)).status, 200)
	b.site.Revoke(serviceID)
	equal(t, "revoked", b.send(b.bearer("GET", "/rest/api/accessmode", token)).status, 200)
	equal(t, "revoked, login needed", b.send(b.bearer("GET", "/rest/api/server-information", token)).status, 401)
	next := b.site.Renew(serviceID)
	equal(t, "renewed", b.send(b.bearer("GET", "/rest/api/server-information", next)).status, 200)
	if err := b.site.SetOptions(map[string]string{"SP-12": "off"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "no anonymous access", b.send(b.bearer("GET", "/rest/api/accessmode", token)).status, 401)
}

func TestRow_AU_18(t *testing.T) {
	b := newDC(t, "")
	b.site.AddUser("ann", "Ann", "ann@example.test")
	b.as("ann").do(403, "GET", "/rest/api/instance-metrics", nil)
	b.do(200, "GET", "/rest/api/instance-metrics", nil)
}

func TestRow_AU_17(t *testing.T) {
	b := newDC(t, "")
	equal(t, "mode", string(b.do(200, "GET", "/rest/api/accessmode", nil).raw), `"READ_WRITE"`)
	if err := b.site.SetOptions(map[string]string{"AU-17": "READ_ONLY"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "mode", string(b.do(200, "GET", "/rest/api/accessmode", nil).raw), `"READ_ONLY"`)
}

func TestRow_ER_03(t *testing.T) {
	g := newDC(t, "").do(405, "DELETE", "/rest/api/server-information", nil)
	equal(t, "reason", g.str("reason"), "Method Not Allowed")
	equal(t, "read-only", g.at("data.allowedInReadOnlyMode"), any(true))
	b := newDC(t, "7.19", "ER-03", "old")
	equal(t, "empty", len(b.do(405, "DELETE", "/rest/api/server-information", nil).raw), 0)
	old := b.send(b.bearer("GET", "/rest/api/server-information", ""))
	equal(t, "members", len(old.json.(map[string]any)), 2)
}
