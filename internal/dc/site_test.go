package dc_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const address = "https://wiki.example.test"

// bench is an emulated Data Center on a virtual clock.
type bench struct {
	site *emulator.Site
	time *resttest.Clock
}

func newBench(t testing.TB, version string, options map[string]string) *bench {
	t.Helper()
	b := &bench{time: resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	var err error
	b.site, err = emulator.New(emulator.Options{
		Personality: "dc", Version: version, Seed: 7, BaseURL: address, Now: b.time.Now, Options: options,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.site.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) options() dc.Options {
	_, token := b.site.Account()
	return dc.Options{
		BaseURL: address + b.site.Context(), Token: token, Transport: resttest.To(b.site.Handler()), Clock: b.time.Hasty(),
		Random: func() float64 { return 0.5 },
	}
}

func (b *bench) open(t testing.TB, change func(*dc.Options)) *dc.Connector {
	t.Helper()
	o := b.options()
	if change != nil {
		change(&o)
	}
	c, err := dc.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends a request as the administrator and decodes the answer.
func (b *bench) ask(t testing.TB, method, path string, out any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address+b.site.Context()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(b.site.Account())
	resp, err := resttest.To(b.site.Handler()).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if out != nil && resp.StatusCode < 300 {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return resp.StatusCode
}

// key returns the user key of an account.
func (b *bench) key(t testing.TB, name string) confluence.UserID {
	t.Helper()
	var u struct {
		UserKey string `json:"userKey"`
	}
	if status := b.ask(t, "GET", "/rest/api/user?username="+name, &u); status != 200 || u.UserKey == "" {
		t.Fatalf("the user %s: %d, %+v", name, status, u)
	}
	return confluence.UserID(u.UserKey)
}

func conform(version string, options map[string]string) confluencetest.Factory {
	return func(t *testing.T) confluencetest.Site {
		return conformOn(t, newBench(t, version, options), func(under http.RoundTripper) http.RoundTripper { return under })
	}
}

// conformOn lays a transport of the caller's below that of the suite.
func conformOn(t *testing.T, b *bench, over func(http.RoundTripper) http.RoundTripper) confluencetest.Site {
	b.site.AddUser("other", "Other", "other@example.test")
	b.site.AddUser("third", "Third", "third@example.test")
	b.site.AddGroup("writers & friends", "third")
	return confluencetest.Site{
		Connect: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer) {
			c := b.open(t, func(o *dc.Options) {
				o.Transport = over(o.Transport)
				if wrap != nil {
					o.Transport = wrap(o.Transport)
				}
			})
			return c, c
		},
		Settle: func() { b.time.Advance(time.Minute) },
		Now:    b.time.Now,
		Other:  b.key(t, "other"), Group: "writers & friends", Absent: "999999999",
		Blind: func(t *testing.T) confluence.Reader {
			return b.open(t, func(o *dc.Options) { o.Token = b.site.Token("other") })
		},
		FileLimit: 2 << 20,
		Listing: func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, "/content/scan") || strings.HasSuffix(r.URL.Path, "/rest/api/content") && r.URL.Query().Has("spaceKey") && !r.URL.Query().Has("title")
		},
	}
}

func TestConformance(t *testing.T) {
	confluencetest.Run(t, conform("9.2.17", map[string]string{"AT-07": "2097152"}))
}

// TestConformanceOfVersions runs the suite on the versions that are met in the field, with what the references leave open
// answered otherwise.
func TestConformanceOfVersions(t *testing.T) {
	for version, options := range map[string]map[string]string{
		"7.19.30": {"ER-03": "old", "LB-10": "wrapped", "ID-12": "without", "PG-09": "old", "LB-15": "absent", "AT-07": "2097152", "OF-33": "404"},
		"8.5.30":  {"ID-03": "/confluence", "ID-15": "Europe/Berlin", "OF-40": "PATCH", "DL-11": "neither", "AT-07": "2097152", "OF-13": "as sent"},
		"10.2.19": {"OF-10": "no", "OF-12": "absent", "OF-16": "former parent", "CQ-02": "America/Los_Angeles", "CO-03": "none", "AT-07": "2097152"},
		"11.0.0":  {"RL-05": "40,1,10", "OF-40": "PUT", "DL-11": "both", "CQ-01": "60s", "AT-07": "2097152", "OF-01": "last"},
	} {
		t.Run(version, func(t *testing.T) { confluencetest.Exercise(t, conform(version, options)) })
	}
}
