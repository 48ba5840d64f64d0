package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator"
)

// served starts an emulated site over a socket.
func served(t *testing.T, o emulator.Options) (*emulator.Site, string) {
	t.Helper()
	o.Seed = 5
	site, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(site.Handler())
	t.Cleanup(func() {
		srv.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	return site, srv.URL
}

// says runs a command and wants an exit code and words on standard output.
func says(t *testing.T, dir string, code int, words []string, args ...string) string {
	t.Helper()
	got, stdout, stderr := inDir(t, dir, args...)
	if got != code {
		t.Fatalf("%q ended with %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	for _, w := range words {
		if !strings.Contains(stdout+stderr, w) {
			t.Errorf("%q does not say %q:\n%s%s", args, w, stdout, stderr)
		}
	}
	return stdout
}

// TestDataCenterSites: a Data Center is recognised, added, listed and tested, and says what it offers.
func TestDataCenterSites(t *testing.T) {
	site, url := served(t, emulator.Options{Personality: "dc", Version: "8.5.30", Options: map[string]string{"ID-03": "/confluence"}})
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "dc.pat")
	name, secret := site.Account()
	write(t, file, secret)
	says(t, dir, 0, []string{"dc: reachable, Confluence Data Center 8.5.30", "dc: added, fingerprint " + site.CloudID()},
		"site", "add", "dc", "--url", url+"/confluence/pages/viewpage.action?pageId=1", "--auth", "pat", "--secret-file", file)
	says(t, dir, 0, []string{"Confluence Data Center 8.5.30"},
		"site", "add", "named", "--kind", "dc", "--url", url+"/confluence", "--auth", "basic", "--email", name, "--secret-file", file)
	pair := filepath.Join(t.TempDir(), "pair")
	write(t, pair, name+":"+secret)
	says(t, dir, 0, []string{"Confluence Data Center 8.5.30"},
		"site", "add", "paired", "--kind", "dc", "--url", url+"/confluence", "--auth", "basic", "--secret-file", pair)
	says(t, dir, 0, []string{"Data Center", url, site.CloudID()}, "site", "list")
	out := says(t, dir, 0, []string{"product", "Confluence Data Center 8.5.30", "who am I", "writes", "taken", "offers", "inline comments"}, "site", "test", "dc")
	if _, no, _ := strings.Cut(out, "does not offer"); !strings.Contains(no, "permissions of spaces") || !strings.Contains(no, "archived pages") {
		t.Errorf("what the site does not offer is\n%s", no)
	}
	if err := site.SetOptions(map[string]string{"AU-17": "READ_ONLY"}); err != nil {
		t.Fatal(err)
	}
	says(t, dir, 0, []string{"warn", "can only be read"}, "site", "test", "dc")
	bad := filepath.Join(t.TempDir(), "bad")
	write(t, bad, "wrong")
	says(t, dir, 8, []string{"T-2004"}, "site", "add", "bad", "--kind", "dc", "--url", url+"/confluence", "--auth", "pat", "--secret-file", bad)
	if err := site.SetOptions(map[string]string{"SP-12": "on"}); err != nil {
		t.Fatal(err)
	}
	says(t, dir, 8, []string{"T-2005", "nobody"}, "site", "add", "bad", "--kind", "dc", "--url", url+"/confluence", "--auth", "pat", "--secret-file", bad)
	says(t, dir, 2, []string{"T-1001", "basic"}, "site", "add", "bad", "--kind", "dc", "--url", url+"/confluence", "--auth", "oauth", "--secret-file", bad)
	says(t, dir, 2, []string{"T-2002"}, "site", "add", "bad", "--kind", "cloud", "--url", url+"/confluence", "--secret-file", bad)
}

// TestLivePlan: a plan from a living Data Center claims no number of pages before it has read them; its check counts them.
func TestLivePlan(t *testing.T) {
	from, url := served(t, emulator.Options{Personality: "dc", Size: 8})
	to, err := emulator.New(emulator.Options{Seed: 6})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(to.Handler())
	t.Cleanup(func() {
		srv.Close()
		to.Close()
	})
	dir, files := t.TempDir(), t.TempDir()
	_, secret := from.Account()
	write(t, filepath.Join(files, "dc"), secret)
	email, secret := to.Account()
	write(t, filepath.Join(files, "cloud"), secret)
	says(t, dir, 0, nil, "site", "add", "dc", "--url", url, "--auth", "pat", "--secret-file", filepath.Join(files, "dc"))
	says(t, dir, 0, nil, "site", "add", "cloud", "--url", srv.URL+"/wiki", "--email", email, "--secret-file", filepath.Join(files, "cloud"))
	says(t, dir, 0, []string{"SAVED, 1 space, pages not counted yet"}, "plan", "create", "G", "--from", "dc", "--to", "cloud", "--space", "GEN001")
	says(t, dir, 0, []string{"33 passed"}, "plan", "check", "G")
}

// TestOldDataCenter: a version that is too old is named, and the way around it; it does not learn the credential.
func TestOldDataCenter(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s carries the credential", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<?xml version="1.0"?><manifest><id>1-2</id><typeId>confluence</typeId><version>7.13.20</version></manifest>`)
	}))
	t.Cleanup(srv.Close)
	says(t, t.TempDir(), 2, []string{"T-2007", "7.13.20", "--from FILE.zip"},
		"site", "add", "old", "--url", srv.URL, "--auth", "pat", "--secret-file", fileOf(t, "token"))
}

// TestOAuthSite: the token that a site renews in its test is the one that is stored, and the next command goes on with it.
func TestOAuthSite(t *testing.T) {
	site, url := served(t, emulator.Options{})
	scopes := []string{"offline_access", "read:confluence-user", "read:space:confluence", "read:confluence-groups"}
	app, err := site.Issue(emulator.Credential{Kind: "oauth", App: "tandem", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	credential := func(refresh string) string {
		text, err := json.Marshal(map[string]string{
			"client_id": app.ClientID, "client_secret": app.ClientSecret, "refresh_token": refresh, "token_url": url + "/oauth/token",
		})
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "oauth.json")
		write(t, file, string(text))
		return file
	}
	dir := t.TempDir()
	base := url + "/ex/confluence/" + site.CloudID()
	says(t, dir, 0, []string{"Confluence Cloud", "added"}, "site", "add", "cloud", "--url", base, "--auth", "oauth", "--secret-file", credential(app.Refresh))
	for range 2 {
		says(t, dir, 0, []string{"who am I"}, "site", "test", "cloud")
	}
	says(t, dir, 8, []string{"T-2004", "authorize"}, "site", "rotate", "cloud", "--secret-file", credential(app.Refresh))
	says(t, dir, 0, []string{"who am I"}, "site", "test", "cloud")
	again, err := site.Issue(emulator.Credential{Kind: "oauth", App: "tandem", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	says(t, dir, 0, []string{"now in use"}, "site", "rotate", "cloud", "--secret-file", credential(again.Refresh))
	says(t, dir, 0, []string{"who am I"}, "site", "test", "cloud")
	says(t, dir, 2, []string{"T-1001", "refresh_token"}, "site", "add", "bad", "--kind", "cloud", "--url", base, "--auth", "oauth", "--secret-file", fileOf(t, "no json"))
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, text)
	return file
}

// TestOneBudgetPerSite: all connections of a site share what it may be asked, whatever name or spelling they have.
func TestOneBudgetPerSite(t *testing.T) {
	b := &budgets{}
	first := b.site("https://Example.atlassian.net/wiki/", 0, cloudCalls)
	for _, address := range []string{"https://example.atlassian.net/wiki", "https://example.atlassian.net", "https://example.atlassian.net/"} {
		if b.site(address, 0, cloudCalls) != first {
			t.Errorf("%s has a budget of its own", address)
		}
	}
	if b.site("https://other.atlassian.net/wiki", 0, cloudCalls) == first {
		t.Error("two sites share a budget")
	}
	if _, most := first.Slots(); most != cloudCalls {
		t.Errorf("%d calls at a time", most)
	}
	b.site("https://example.atlassian.net", 3, cloudCalls)
	if now, most := first.Slots(); now != 3 || most != 3 {
		t.Errorf("after the limit was set: %d of %d", now, most)
	}
	first.Resize(12)
	if now, most := first.Slots(); now != 12 || most != 12 {
		t.Errorf("after the limit was raised: %d of %d", now, most)
	}
	if got := (*budgets)(nil).site("https://x", 2, 1); got == nil {
		t.Error("no budget")
	} else if _, most := got.Slots(); most != 2 {
		t.Errorf("%d calls at a time", most)
	}
}
