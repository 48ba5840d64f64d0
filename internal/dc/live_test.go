package dc_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest"
)

// TestLive runs the suite against a real site, where the environment names one: see docs/live-testing.md.
func TestLive(t *testing.T) {
	l := confluencetest.Live(t, confluence.DataCenter)
	confluencetest.RunLive(t, l, liveAt(l))
}

func liveAt(l confluencetest.LiveSite) confluencetest.OpenLive {
	return func(t *testing.T, user, secret string, wrap func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer) {
		t.Helper()
		var transport http.RoundTripper
		own, err := rest.NewTransport(rest.TransportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if transport = own; wrap != nil {
			transport = wrap(own)
		}
		o := dc.Options{BaseURL: l.URL, User: user, Token: secret, Transport: transport, UserAgent: "tandem-live-test"}
		c, err := dc.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(own.CloseIdleConnections)
		return c, c
	}
}

// TestLiveMode runs the live mode against an emulated site over sockets: it leaves nothing behind, and removes what a run
// that was killed has left.
func TestLiveMode(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for spaces to be deleted, on a real clock")
	}
	site, err := emulator.New(emulator.Options{Seed: 11, Personality: "dc", Version: "9.2.17", Options: map[string]string{"CQ-01": "0s"}})
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
	site.AddUser("other", "Other", "other@example.test")
	site.AddUser("third", "Third", "third@example.test")
	site.AddGroup("strangers", "third")
	_, secret := site.Account()
	user, other := "", string((&bench{site: site}).key(t, "other"))
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ledger := file("ledger", "TDMLIVELEFT\n")
	for name, value := range map[string]string{
		"URL": srv.URL, "KIND": string(confluence.DataCenter), "USER": user, "SECRET_FILE": file("secret", secret+"\n"), "OTHER_ID": other,
		"OTHER_USER": "", "OTHER_SECRET_FILE": file("other", site.Token("other")), "GROUP": "strangers", "LEDGER": ledger, "SETTLE": "50ms",
		"HOSTILE": "", "LARGE": "",
	} {
		t.Setenv("TANDEM_LIVE_"+name, value)
	}
	l := confluencetest.Live(t, confluence.DataCenter)
	_, w := liveAt(l)(t, l.User, l.Secret, nil)
	for _, key := range []string{"TDMLIVELEFT", "OTHERS"} {
		if _, err := w.Apply(t.Context(), confluence.CreateSpace{Key: key, Name: key}, confluence.Payload{}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("suite", func(t *testing.T) { confluencetest.RunLive(t, l, liveAt(l)) })
	r, _ := liveAt(l)(t, l.User, l.Secret, nil)
	spaces, err := r.Spaces(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	others := false
	for _, s := range spaces {
		others = others || s.Key == "OTHERS"
		if strings.HasPrefix(s.Key, "TDMLIVE") {
			t.Errorf("the space %s is left behind", s.Key)
		}
	}
	if !others {
		t.Error("a space that is not ours was removed")
	}
	if left, err := os.ReadFile(ledger); err != nil || len(strings.TrimSpace(string(left))) > 0 {
		t.Errorf("the ledger says %q, %v", left, err)
	}
}
