package cloud_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest"
)

// TestLive runs the suite against a real site, where the environment names one: see docs/live-testing.md.
func TestLive(t *testing.T) {
	l := confluencetest.Live(t, confluence.Cloud)
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
		o := cloud.Options{BaseURL: l.URL, Email: user, Token: secret, Transport: transport, UserAgent: "tandem-live-test"}
		c, err := cloud.Open(t.Context(), o)
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
	site, err := emulator.New(emulator.Options{Seed: 11, Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}})
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
	user, secret := site.Account()
	confluencetest.LiveMode(t, confluencetest.Stand{
		URL: srv.URL, Kind: confluence.Cloud, User: user, Secret: secret,
		Other: "other", OtherUser: "other@example.test", OtherSecret: site.Token("other"),
	}, liveAt)
}
