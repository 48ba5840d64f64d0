package cli

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest/record"
)

// TestSiteRecord records a Data Center, finds nothing private in the recording, and reads it with the connector.
func TestSiteRecord(t *testing.T) {
	site, address := served(t, emulator.Options{Personality: "dc", Version: "9.2.17", Options: map[string]string{"ID-03": "/confluence", "CQ-01": "0s"}})
	_, secret := site.Account()
	site.AddUser("herzog", "Anna Herzog", "anna@herzog.example.com")
	send := func(path, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/confluence"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode >= 300 {
			t.Fatalf("POST %s: %s", path, resp.Status)
		}
	}
	send("/rest/api/space", `{"key":"PAYR","name":"Payroll"}`)
	for _, title := range []string{"Salaries of all", "Umlaut Größe", "Herzog & sons"} {
		send("/rest/api/content", `{"type":"page","title":"`+title+`","space":{"key":"PAYR"},"body":{"storage":{"value":"<p>confidential</p>","representation":"storage"}}}`)
	}
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "recording")
	says(t, dir, 0, nil, "site", "add", "dc", "--url", address+"/confluence", "--auth", "pat", "--secret-file", fileOf(t, secret))
	says(t, dir, 4, []string{"T-4040"}, "site", "record", "dc", "--space", "NONE", "--to", filepath.Join(t.TempDir(), "none"))
	says(t, dir, 2, []string{"T-1001"}, "site", "record", "dc", "--space", "PAYR")
	says(t, dir, 0, []string{"exchanges recorded"}, "site", "record", "dc", "--space", "PAYR", "--to", to)
	says(t, dir, 2, []string{"T-1003", "not empty"}, "site", "record", "dc", "--space", "PAYR", "--to", to)
	files, err := filepath.Glob(filepath.Join(to, "*.json"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"PAYR", "Payroll", "alaries", "Umlaut", "confidential", "erzog", secret, strings.TrimPrefix(address, "http://")} {
			if bytes.Contains(text, []byte(word)) {
				t.Errorf("%s holds %q:\n%s", filepath.Base(f), word, text)
			}
		}
	}
	player, err := record.Replay(to)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dc.Open(t.Context(), dc.Options{BaseURL: "https://" + record.Host + "/confluence", Token: "any", Transport: player})
	if err != nil {
		t.Fatal(err)
	}
	who, err := c.Identity(t.Context())
	if err != nil || who.Version != "9.2.17" || who.Fingerprint == site.CloudID() {
		t.Errorf("the recording is of %+v, %v", who, err)
	}
	all, err := c.Spaces(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range all {
		b, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s, Facets: confluence.AllFacets, Trash: true})
		if err == nil {
			found += len(b.Contents)
		}
	}
	if found != 4 {
		t.Errorf("the recording holds %d contents, want the home page and three", found)
	}
}
