package cloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const address = "https://site.example.test"

// bench is an emulated site on a virtual clock.
type bench struct {
	site   *emulator.Site
	time   *resttest.Clock
	grants func(*cloud.Options) // how the administrator comes in; nil: e-mail and token
}

func newBench(t testing.TB, options map[string]string) *bench {
	t.Helper()
	b := &bench{time: resttest.NewClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	var err error
	b.site, err = emulator.New(emulator.Options{Seed: 7, BaseURL: address, Now: b.time.Now, Options: options})
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

func (b *bench) options() cloud.Options {
	email, token := b.site.Account()
	return cloud.Options{
		BaseURL: address, Email: email, Token: token, Transport: resttest.To(b.site.Handler()), Clock: b.time.Hasty(),
		Random: func() float64 { return 0.5 },
	}
}

// post sends JSON as the administrator and decodes the answer.
func (b *bench) post(t *testing.T, path string, in, out any) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(b.site.Account())
	r.Header.Set("Content-Type", "application/json")
	resp, err := resttest.To(b.site.Handler()).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("POST %s: %d %s", path, resp.StatusCode, text)
	}
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bench) open(t testing.TB, change func(*cloud.Options)) *cloud.Connector {
	t.Helper()
	o := b.options()
	if change != nil {
		change(&o)
	}
	c, err := cloud.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// template makes a template over the API.
func (b *bench) template(t *testing.T, space, name, body string) {
	t.Helper()
	b.post(t, "/wiki/rest/api/template", map[string]any{
		"name": name, "templateType": "page", "space": map[string]string{"key": space},
		"body": map[string]any{"storage": map[string]string{"value": body, "representation": "storage"}},
	}, nil)
}

func conform(options map[string]string) confluencetest.Factory {
	return conformOver(options, func(under http.RoundTripper) http.RoundTripper { return under })
}

// conformOver lays a transport of the caller's below that of the suite.
func conformOver(options map[string]string, over func(http.RoundTripper) http.RoundTripper) confluencetest.Factory {
	return func(t *testing.T) confluencetest.Site { return conformOn(t, newBench(t, options), over) }
}

func conformOn(t *testing.T, b *bench, over func(http.RoundTripper) http.RoundTripper) confluencetest.Site {
	b.site.AddUser("other", "Other", "other@example.test")
	b.site.AddUser("third", "Third", "third@example.test")
	b.site.AddGroup("writers & friends", "third")
	return confluencetest.Site{
		Connect: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer) {
			c := b.open(t, func(o *cloud.Options) {
				if b.grants != nil {
					b.grants(o)
				}
				o.Transport = over(o.Transport)
				if wrap != nil {
					o.Transport = wrap(o.Transport)
				}
			})
			return c, c
		},
		Settle: func() { b.time.Advance(time.Minute) },
		Now:    b.time.Now,
		Other:  "other", Group: "writers & friends", Absent: "999999999",
		Blind: func(t *testing.T) confluence.Reader {
			return b.open(t, func(o *cloud.Options) { o.Email, o.Token = "other@example.test", b.site.Token("other") })
		},
		Robot: func(t *testing.T, page confluence.ID) {
			if _, err := b.site.Issue(emulator.Credential{Kind: "service-account", User: "robot"}); err != nil {
				t.Fatal(err)
			}
			if _, err := b.site.Act("robot", json.RawMessage(`{"body":{"page":"`+string(page)+`","text":"<p>by a robot</p>"}}`)); err != nil {
				t.Fatal(err)
			}
		},
		Hidden: func(t *testing.T, page confluence.ID) {
			only := confluence.Restrictions{Read: []confluence.Principal{confluence.UserPrincipal("third")}}
			if _, err := b.open(t, nil).Apply(t.Context(), confluence.Restrict{ID: page, Kind: confluence.Page, Restrictions: only}, confluence.Payload{}); err != nil {
				t.Fatal(err)
			}
		},
		FileLimit: 2 << 20,
		State:     "In progress",
		Template:  b.template,
		Listing: func(r *http.Request) bool {
			return r.URL.Query().Has("space-id") && !strings.Contains(r.URL.Path, "roles")
		},
	}
}

func TestConformance(t *testing.T) {
	confluencetest.Run(t, conform(map[string]string{"AT-07": "2097152", "AU-09": "on"}))
}

// TestConformanceOfVariants runs the suite on sites that differ in what the references leave open.
func TestConformanceOfVariants(t *testing.T) {
	for name, options := range map[string]map[string]string{
		"roles":       {"SP-07": "ROLES", "CQ-01": "60s"},
		"before them": {"SP-07": "PRE_ROLES", "CQ-01": "0s", "TR-03": "0s", "PA-09": "yes", "OF-06": "bumps"},
	} {
		t.Run(name, func(t *testing.T) {
			options["AT-07"] = "2097152"
			confluencetest.Run(t, conform(options))
		})
	}
}

// TestOverSockets runs a few of the suite's ways through a real server and the connector's own transport.
func TestOverSockets(t *testing.T) {
	b := newBench(t, nil)
	srv := httptest.NewServer(b.site.Handler())
	t.Cleanup(srv.Close)
	email, token := b.site.Account()
	c, err := cloud.Open(t.Context(), cloud.Options{BaseURL: srv.URL, Email: email, Token: token, Clock: b.time.Hasty()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := fill(t, c, 20)
	batch, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s, Facets: confluence.AllFacets})
	if err != nil || len(batch.Contents) != 21 {
		t.Errorf("%d contents, %v", len(batch.Contents), err)
	}
	if sent, limited := c.Calls(); sent < 20 || limited != 0 {
		t.Errorf("%d calls, %d limited", sent, limited)
	}
}

// reader is a connector that only reads, as a source does.
type reader struct{ confluence.Reader }

func (r reader) Identity(ctx context.Context) (confluence.Identity, error) {
	who, err := r.Reader.Identity(ctx)
	who.Caps.Write, who.Caps.Directory = false, false
	return who, err
}

// TestConformanceOfReaders runs the suite as a site that cannot be written does: with what it holds told beforehand.
func TestConformanceOfReaders(t *testing.T) {
	b := newBench(t, nil)
	c := b.open(t, nil)
	s := fill(t, c, 30)
	held := &confluencetest.Held{Files: map[confluence.ID][]byte{}}
	home, err := c.Find(t.Context(), confluence.Probe{Space: s, Kind: confluence.Page, Title: "P00003"})
	if err != nil {
		t.Fatal(err)
	}
	payload := confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("bytes")), nil }}
	r, err := c.Apply(t.Context(), confluence.Attach{Container: home[0].ID, Name: "f.bin", Size: 5}, payload)
	if err != nil {
		t.Fatal(err)
	}
	held.Files[r.ID] = []byte("bytes")
	b.time.Advance(time.Minute)
	for cursor := confluence.Cursor(""); ; {
		batch, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s, Facets: confluence.AllFacets, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		held.Contents = append(held.Contents, batch.Contents...)
		if cursor = batch.Next; cursor == "" {
			break
		}
	}
	spaces, err := c.Spaces(t.Context(), []string{s.Key})
	if err != nil {
		t.Fatal(err)
	}
	held.Space = spaces[0]
	confluencetest.Run(t, func(*testing.T) confluencetest.Site {
		return confluencetest.Site{
			Connect: func(t *testing.T, _ func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer) {
				return reader{b.open(t, nil)}, nil
			},
			Now: b.time.Now, Absent: "999999999", Held: held,
		}
	})
}
