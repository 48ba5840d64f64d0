package dc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/dc"
)

type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply is an answer that the site did not give.
func reply(r *http.Request, status int, media, body string, header ...string) *http.Response {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	resp := &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {media}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

const jsonUT = "application/json"

// instead answers requests that fit otherwise than the site would.
func (b *bench) instead(fits func(*http.Request) bool, status int, media, body string, header ...string) func(*dc.Options) {
	return func(o *dc.Options) {
		under := o.Transport
		o.Transport = through(func(r *http.Request) (*http.Response, error) {
			if fits(r) {
				return reply(r, status, media, body, header...), nil
			}
			return under.RoundTrip(r)
		})
	}
}

func coded(t *testing.T, err error, want confluence.Code) *confluence.Error {
	t.Helper()
	e := confluence.AsError(err)
	if e == nil || e.Code != want {
		t.Fatalf("ended with %v, want %s", err, want)
	}
	return e
}

func body(s string) confluence.Payload {
	return confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: s}}
}

func apply(t testing.TB, w confluence.Writer, change confluence.Change, p confluence.Payload) confluence.Result {
	t.Helper()
	r, err := w.Apply(t.Context(), change, p)
	if err != nil {
		t.Fatalf("%s: %v", change.Verb(), err)
	}
	return r
}

// fill makes a space of n pages below its home page.
func fill(t testing.TB, w confluence.Writer, n int) (confluence.Space, []confluence.ID) {
	t.Helper()
	r := apply(t, w, confluence.CreateSpace{Key: "BIG", Name: "Big"}, confluence.Payload{})
	s := confluence.Space{ID: r.ID, Key: "BIG", HomeID: r.HomeID}
	ids := make([]confluence.ID, n)
	for i := range n {
		ids[i] = apply(t, w, confluence.Create{Space: s, Kind: confluence.Page, Title: fmt.Sprintf("P%05d", i)}, body(fmt.Sprintf("<p>%d</p>", i))).ID
	}
	return s, ids
}

func scan(t testing.TB, r confluence.Reader, req confluence.ScanRequest) []confluence.Content {
	t.Helper()
	var out []confluence.Content
	for {
		b, err := r.Scan(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Contents...)
		if req.Cursor = b.Next; b.Next == "" {
			return out
		}
	}
}

// TestAnonymousFallback: where anonymous access is on, a token that has died is answered 200, with what anybody may see.
// Nothing that is read then is handed over, and nothing is written (register row AU-14, CONFSERVER-98199).
func TestAnonymousFallback(t *testing.T) {
	b := newBench(t, "9.2.17", map[string]string{"SP-12": "on", "CQ-01": "0s"})
	c := b.open(t, nil)
	if _, err := c.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, ids := fill(t, c, 3)
	for _, op := range []string{"read/space", "create/page", "create/comment"} {
		apply(t, c, confluence.Grant{Space: s, Permission: confluence.Permission{Principal: confluence.Anonymous, Operation: op}}, confluence.Payload{})
	}
	name, _ := b.site.Account()
	b.site.Revoke(name)
	nobody := b.open(t, func(o *dc.Options) { o.Token = "" })
	if _, err := nobody.Identity(t.Context()); confluence.AsError(err) == nil {
		t.Error("nobody is taken for somebody")
	}
	for what, try := range map[string]func() error{
		"Identity": func() error { _, err := c.Identity(t.Context()); return err },
		"Spaces":   func() error { _, err := c.Spaces(t.Context(), nil); return err },
		"Scan": func() error {
			_, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s, Facets: confluence.AllFacets})
			return err
		},
		"Fetch": func() error { _, err := c.Fetch(t.Context(), confluence.Page, ids, confluence.FacetBody); return err },
		"Find": func() error {
			_, err := c.Find(t.Context(), confluence.Probe{Space: s, Kind: confluence.Page, Title: "None"})
			return err
		},
		"Feed":    func() error { _, err := c.Feed(t.Context(), b.time.Now()); return err },
		"Trashed": func() error { _, err := c.Trashed(t.Context(), s, ""); return err },
	} {
		if e := coded(t, try(), confluence.CodeWrongUser); e.What == "" || e.Help() == "" {
			t.Errorf("%s: %v does not say what to do", what, e)
		}
	}
	_, err := c.Apply(t.Context(), confluence.Create{Space: s, Kind: confluence.Page, Title: "By nobody", Root: true}, body("<p>x</p>"))
	if e := coded(t, err, confluence.CodeWrongUser); e.Outcome != confluence.OutcomeUnknown {
		t.Error("a page that nobody made is said not to be made")
	}
	b.site.Renew(name)
	if _, err := b.open(t, func(o *dc.Options) { o.Account = "somebody else" }).Identity(t.Context()); confluence.AsError(err).Code != confluence.CodeWrongUser {
		t.Errorf("another account than expected: %v", err)
	}
}

func TestIdentity(t *testing.T) {
	for version, old := range map[string]bool{"6.15.10": true, "7.13.20": true, "7.18.3": true, "7.19.30": false, "9.2.17": false} {
		t.Run(version, func(t *testing.T) {
			b := newBench(t, "9.2.17", nil)
			about := `{"id":"11-22","name":"Wiki","typeId":"confluence","version":"` + version + `","buildNumber":1}`
			c := b.open(t, b.instead(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/manifest") }, 200, jsonUT, about))
			who, err := c.Identity(t.Context())
			if !old {
				if err != nil || who.Fingerprint != "11-22" || who.Version != version || who.Product != "Confluence Data Center "+version {
					t.Errorf("identity %+v, %v", who, err)
				}
				return
			}
			if e := coded(t, err, confluence.CodeNotCapable); !strings.Contains(e.Help(), "--from FILE.zip") {
				t.Errorf("the remedy %q does not point to the export", e.Help())
			}
		})
	}
	b := newBench(t, "9.2.17", nil)
	xml := `<?xml version="1.0" encoding="UTF-8"?><manifest><id>33-44</id><name>W</name><typeId>confluence</typeId><version>8.5.6</version></manifest>`
	manifest := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/manifest") }
	if who, err := b.open(t, b.instead(manifest, 200, "application/xml", xml)).Identity(t.Context()); err != nil || who.Fingerprint != "33-44" {
		t.Errorf("a manifest in XML: %+v, %v", who, err)
	}
	for what, answer := range map[string][3]string{
		"another product":  {"200", jsonUT, `{"id":"1","typeId":"jira","version":"9.0"}`},
		"a page":           {"200", "text/html", "<html>hello</html>"},
		"nothing":          {"404", jsonUT, "{}"},
		"Cloud's refusal":  {"403", jsonUT, "{}"},
		"nothing readable": {"200", jsonUT, `{"id":`},
	} {
		status := 0
		_, _ = fmt.Sscan(answer[0], &status)
		var asked atomic.Bool
		c := b.open(t, func(o *dc.Options) {
			o.Transport = through(func(r *http.Request) (*http.Response, error) {
				asked.Store(asked.Load() || r.Header.Get("Authorization") != "")
				return reply(r, status, answer[1], answer[2]), nil
			})
		})
		_, err := c.Identity(t.Context())
		if e := confluence.AsError(err); e == nil || e.Code != confluence.CodeNotConfluence {
			t.Errorf("%s: %v", what, err)
		}
		if asked.Load() {
			t.Errorf("%s has learned the credential", what)
		}
	}
}

func TestReadOnlyMode(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	c := b.open(t, nil)
	s, ids := fill(t, c, 1)
	if err := b.site.SetOptions(map[string]string{"AU-17": "READ_ONLY"}); err != nil {
		t.Fatal(err)
	}
	if who, err := c.Identity(t.Context()); err != nil || who.Caps.Write {
		t.Errorf("a site in read-only mode takes writes: %v, %v", who.Caps.Write, err)
	}
	_, err := c.Apply(t.Context(), confluence.Update{ID: ids[0], Kind: confluence.Page, Space: s, Title: "New", Expect: 1}, body("<p>x</p>"))
	if e := coded(t, err, confluence.CodeReadOnlySite); e.Outcome != confluence.OutcomeRefused || !strings.Contains(e.Help(), "administrators") {
		t.Errorf("%v: %s", e, e.Help())
	}
}

func TestLockedAccount(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	var calls atomic.Int64
	c := b.open(t, func(o *dc.Options) {
		under := o.Transport
		o.Transport = through(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Authorization") == "" {
				return under.RoundTrip(r)
			}
			calls.Add(1)
			return reply(r, 403, jsonUT, `{}`, "X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=https://wiki.example.test/login.action"), nil
		})
	})
	_, err := c.Identity(t.Context())
	if e := coded(t, err, confluence.CodeCredential); !strings.Contains(e.Help(), "browser") {
		t.Errorf("the remedy is %q", e.Help())
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("a locked account was tried %d times", n)
	}
}

// TestDownloads: a file comes from the site alone; nothing else learns the credential, and no page passes for the file.
func TestDownloads(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	c := b.open(t, nil)
	_, ids := fill(t, c, 1)
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("bytes")), nil }
	r := apply(t, c, confluence.Attach{Container: ids[0], Name: "a +%&.txt", MediaType: "text/plain", Size: 5},
		confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return open() }})
	apply(t, c, confluence.ReplaceFile{ID: r.ID, Container: ids[0], Name: "a +%&.txt", MediaType: "text/plain", Size: 5},
		confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("newer")), nil }})
	got, err := c.Fetch(t.Context(), confluence.Attachment, []confluence.ID{r.ID}, 0)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	x := got[0]
	x.Version.Number = 1
	if text := read(t, c, x); text != "bytes" {
		t.Errorf("the first version reads %q", text)
	}
	x.Title, x.Version.Number = "renamed since.txt", 2
	if text := read(t, c, x); text != "newer" {
		t.Errorf("a file that was renamed since reads %q", text)
	}
	downloads := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/download/") }
	for what, answer := range map[string]struct {
		status int
		media  string
		body   string
		where  string
		want   confluence.Code
	}{
		"off the site":    {302, "text/plain", "", "https://elsewhere.example.test/file", confluence.CodeUnusableAnswer},
		"to plain http":   {302, "text/plain", "", "http://wiki.example.test/file", confluence.CodeUnusableAnswer},
		"a login page":    {200, "text/html", "<html>log in</html>", "", confluence.CodeUnusableAnswer},
		"cut short":       {200, "text/plain", "byt", "", confluence.CodeUnusableAnswer},
		"no such file":    {404, "text/html", "<html>gone</html>", "", confluence.CodeFileMissing},
		"not for the eye": {403, jsonUT, "{}", "", confluence.CodeForbidden},
	} {
		var leaked atomic.Bool
		d := b.open(t, func(o *dc.Options) {
			b.instead(downloads, answer.status, answer.media, answer.body, "Location", answer.where)(o)
			under := o.Transport
			o.Transport = through(func(r *http.Request) (*http.Response, error) {
				leaked.Store(leaked.Load() || r.URL.Host != "wiki.example.test")
				return under.RoundTrip(r)
			})
		})
		f, err := d.Open(t.Context(), got[0])
		if err == nil {
			_, err = io.ReadAll(f)
			_ = f.Close()
		}
		if e := confluence.AsError(err); e == nil || e.Code != answer.want {
			t.Errorf("%s: %v, want %s", what, err, answer.want)
		}
		if leaked.Load() {
			t.Errorf("%s: another host was asked", what)
		}
	}
}

func read(t *testing.T, c *dc.Connector, x confluence.Content) string {
	t.Helper()
	f, err := c.Open(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestScanCost holds the Scan to its price: 50 pages with bodies a call, labels, restrictions and files included.
func TestScanCost(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	c := b.open(t, nil)
	s, ids := fill(t, c, 1_000)
	for i, id := range ids[:40] {
		apply(t, c, confluence.AddLabels{ID: id, Kind: confluence.Page, Labels: []confluence.Label{{Name: "x"}}}, confluence.Payload{})
		apply(t, c, confluence.Attach{Container: id, Name: "a", Size: 1},
			confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }})
		if i < 3 {
			apply(t, c, confluence.CreateComment{Container: id, ContainerKind: confluence.Page}, body("<p>c</p>"))
		}
	}
	before, _ := c.Calls()
	n := len(scan(t, c, confluence.ScanRequest{Space: s, Facets: confluence.AllFacets}))
	after, _ := c.Calls()
	if n != 1_001+40+3 || after-before > 35 {
		t.Errorf("a Scan of %d contents took %d calls, want 1044 and at most 35", n, after-before)
	}
	t.Logf("%d contents: %d calls", n, after-before)
	before = after
	got, err := c.Fetch(t.Context(), confluence.Page, ids, confluence.FacetBody|confluence.FacetLabels|confluence.FacetRestrictions)
	after, _ = c.Calls()
	if err != nil || len(got) != 1_000 || after-before > 21 {
		t.Errorf("a Fetch of %d contents took %d calls, want at most 21: %v", len(got), after-before, err)
	}
}

// TestOlderWays: sites that lack what newer ones have are read and written in other ways, with the same result.
func TestOlderWays(t *testing.T) {
	b := newBench(t, "8.5.30", nil)
	c := b.open(t, nil)
	s, ids := fill(t, c, 450)
	apply(t, c, confluence.Update{ID: ids[7], Kind: confluence.Page, Space: s, Title: "P00007", Expect: 1}, body("<p>second</p>"))
	missing := `{"statusCode":404,"message":"null for uri: ` + address + `"}`
	for what, gone := range map[string]func(*http.Request) bool{
		"no scan":                    func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/content/scan") },
		"no past versions by status": func(r *http.Request) bool { return r.URL.Query().Get("status") == "historical" },
		"no trash":                   func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/trash") },
	} {
		t.Run(what, func(t *testing.T) {
			c := b.open(t, b.instead(gone, 404, jsonUT, missing))
			if got := scan(t, c, confluence.ScanRequest{Space: s, Facets: confluence.AllFacets, Trash: true}); len(got) != 451 {
				t.Errorf("%d contents, want 451", len(got))
			}
			old, err := c.Version(t.Context(), confluence.Page, ids[7], 1)
			if err != nil || old.Body.Raw != "<p>7</p>" || old.Version.Number != 1 {
				t.Errorf("version 1 is %q, %v", old.Body.Raw, err)
			}
		})
	}
	t.Run("restrictions under rest/experimental", func(t *testing.T) {
		var old atomic.Int64
		c := b.open(t, func(o *dc.Options) {
			under := o.Transport
			o.Transport = through(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/restriction") {
					if strings.HasPrefix(r.URL.Path, "/rest/api/") {
						return reply(r, 404, jsonUT, missing), nil
					}
					old.Add(1)
					r = r.Clone(r.Context())
					r.URL.Path = strings.Replace(r.URL.Path, "/rest/experimental/", "/rest/api/", 1)
				}
				return under.RoundTrip(r)
			})
		})
		who, err := c.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := confluence.Restrictions{Read: []confluence.Principal{confluence.UserPrincipal(who.Me.ID)}}
		for _, id := range ids[3:5] {
			apply(t, c, confluence.Restrict{ID: id, Kind: confluence.Page, Restrictions: want}, confluence.Payload{})
		}
		got, err := c.Fetch(t.Context(), confluence.Page, ids[3:5], confluence.FacetRestrictions)
		if err != nil || len(got) != 2 || len(got[0].Restrictions.Read) != 1 || len(got[1].Restrictions.Read) != 1 || old.Load() != 2 {
			t.Errorf("%+v, %v, %d writes", got, err, old.Load())
		}
		_, err = c.Apply(t.Context(), confluence.Restrict{ID: "999999999", Kind: confluence.Page, Restrictions: want}, confluence.Payload{})
		coded(t, err, confluence.CodeNotThere)
	})
	t.Run("no ids in listings", func(t *testing.T) {
		c := b.open(t, func(o *dc.Options) {
			under := o.Transport
			o.Transport = through(func(r *http.Request) (*http.Response, error) {
				q := r.URL.Query()
				if q.Has("ids") {
					q.Del("ids")
					r = r.Clone(r.Context())
					r.URL.RawQuery = q.Encode()
				}
				return under.RoundTrip(r)
			})
		})
		got, err := c.Fetch(t.Context(), confluence.Page, ids[400:440], confluence.AllFacets)
		if err != nil || len(got) != 40 || got[0].ID != ids[400] || got[0].Body.Raw != "<p>400</p>" {
			t.Errorf("%d contents, %v", len(got), err)
		}
	})
}

// TestListingByOffset: rows that move up while a listing by offset is read are not missed.
func TestListingByOffset(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	w := b.open(t, nil)
	s, ids := fill(t, w, 430)
	var once sync.Once
	c := b.open(t, func(o *dc.Options) {
		under := o.Transport
		o.Transport = through(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/content/scan") {
				return reply(r, 404, jsonUT, "{}"), nil
			}
			if r.URL.Query().Get("start") != "" {
				once.Do(func() {
					for _, id := range ids[:5] {
						apply(t, w, confluence.Trash{ID: id, Kind: confluence.Page}, confluence.Payload{})
					}
				})
			}
			return under.RoundTrip(r)
		})
	})
	seen := map[confluence.ID]int{}
	for _, x := range scan(t, c, confluence.ScanRequest{Space: s}) {
		seen[x.ID]++
	}
	for _, id := range ids[5:] {
		if seen[id] != 1 {
			t.Errorf("%s was listed %d times", id, seen[id])
		}
	}
}

// TestListingsThatLie: a listing has some rows twice and leaves others out (register row PG-11). None comes twice, and what
// is left out is not taken for gone: a Fetch finds it.
func TestListingsThatLie(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	c := b.open(t, nil)
	s, ids := fill(t, c, 300)
	if err := b.site.SetFaults([]byte("rules: [{do: {fault: PG-11}}]")); err != nil {
		t.Fatal(err)
	}
	seen := map[confluence.ID]int{}
	for _, x := range scan(t, c, confluence.ScanRequest{Space: s, Facets: confluence.AllFacets}) {
		seen[x.ID]++
	}
	missing := 0
	for _, id := range ids {
		switch seen[id] {
		case 0:
			missing++
		case 1:
		default:
			t.Errorf("%s comes %d times", id, seen[id])
		}
	}
	if missing == 0 {
		t.Error("nothing was left out")
	}
	got, err := c.Fetch(t.Context(), confluence.Page, ids, confluence.FacetBody)
	if err != nil || len(got) != len(ids) {
		t.Errorf("a Fetch of %d found %d, %v", len(ids), len(got), err)
	}
}

// TestNoLockOut: a restriction that would shut tandem out is not even sent.
func TestNoLockOut(t *testing.T) {
	b := newBench(t, "9.2.17", nil)
	b.site.AddUser("other", "Other", "other@example.test")
	b.site.AddGroup("strangers", "other")
	var writes atomic.Int64
	c := b.open(t, func(o *dc.Options) {
		under := o.Transport
		o.Transport = through(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut {
				writes.Add(1)
			}
			return under.RoundTrip(r)
		})
	})
	_, ids := fill(t, c, 1)
	for _, who := range []confluence.Principal{confluence.UserPrincipal(b.key(t, "other")), confluence.GroupPrincipal("strangers")} {
		_, err := c.Apply(t.Context(), confluence.Restrict{ID: ids[0], Kind: confluence.Page, Restrictions: confluence.Restrictions{Read: []confluence.Principal{who}}}, confluence.Payload{})
		coded(t, err, confluence.CodeRefused)
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("%d restrictions were sent", n)
	}
	apply(t, c, confluence.Restrict{ID: ids[0], Kind: confluence.Page, Restrictions: confluence.Restrictions{Read: []confluence.Principal{confluence.GroupPrincipal("confluence-users")}}}, confluence.Payload{})
}

// TestConformanceOfAnUneasySite runs the suite on sites that do what sites now and then do, all the time.
func TestConformanceOfAnUneasySite(t *testing.T) {
	for name, rules := range map[string]string{
		"limits":      "rules: [{match: {every: 9}, do: {fault: RL-06}}]",
		"failures":    "rules: [{match: {method: GET, every: 13}, do: {fault: ER-11, variant: 503-retry-after}}, {match: {method: GET, every: 29}, do: {fault: ER-11, variant: 502}}]",
		"double rows": "rules: [{match: {method: GET}, do: {list: {duplicate: 2}}}]",
	} {
		t.Run(name, func(t *testing.T) {
			confluencetest.Exercise(t, func(t *testing.T) confluencetest.Site {
				b := newBench(t, "9.2.17", map[string]string{"AT-07": "2097152"})
				s := conformOn(t, b, func(under http.RoundTripper) http.RoundTripper { return under })
				s.Uneasy = true
				if err := b.site.SetFaults([]byte(rules)); err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}

// TestOverSockets reads through a real server and the connector's own transport.
func TestOverSockets(t *testing.T) {
	b := newBench(t, "9.2.17", map[string]string{"ID-03": "/confluence"})
	srv := httptest.NewServer(b.site.Handler())
	t.Cleanup(srv.Close)
	name, password := b.site.Account()
	c, err := dc.Open(t.Context(), dc.Options{BaseURL: srv.URL + "/confluence/", User: name, Token: password, Clock: b.time.Hasty()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, _ := fill(t, c, 20)
	if got := scan(t, c, confluence.ScanRequest{Space: s, Facets: confluence.AllFacets}); len(got) != 21 {
		t.Errorf("%d contents", len(got))
	}
	var e *confluence.Error
	bad, err := dc.Open(t.Context(), dc.Options{BaseURL: srv.URL + "/confluence/", User: name, Token: "wrong", Clock: b.time.Hasty()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bad.Close() })
	if _, err = bad.Identity(t.Context()); !errors.As(err, &e) || e.Code != confluence.CodeCredential {
		t.Errorf("a wrong password: %v", err)
	}
	if text, _ := json.Marshal(e); bytes.Contains(text, []byte("wrong")) {
		t.Error("the error tells the password")
	}
}

// TestUpdateWithoutAChange: a site that makes no version of it answers with the last one, which somebody else made. Nothing
// went wrong, and nothing is unknown (open-facts OF-10).
func TestUpdateWithoutAChange(t *testing.T) {
	b := newBench(t, "9.2.17", map[string]string{"OF-10": "no"})
	b.site.AddUser("alice", "alice", "alice@example.test")
	c := b.open(t, nil)
	s, ids := fill(t, c, 1)
	if _, err := b.site.Act("alice", json.RawMessage(fmt.Sprintf(`{"body":{"page":%q,"text":"<p>hers</p>"}}`, ids[0]))); err != nil {
		t.Fatal(err)
	}
	list, err := c.Fetch(t.Context(), confluence.Page, ids, confluence.FacetBody)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	now := list[0]
	r, err := c.Apply(t.Context(), confluence.Update{ID: now.ID, Kind: now.Kind, Space: s, Title: now.Title, Expect: now.Version.Number}, body(now.Body.Raw))
	if err != nil || r.Version != now.Version.Number {
		t.Errorf("%+v, %v: version %d is the one that is there", r, err, now.Version.Number)
	}
}

// TestTitleInTheTrash: a site whose trash keeps titles says of a title only that it is taken; what has it is found.
func TestTitleInTheTrash(t *testing.T) {
	b := newBench(t, "9.2.17", map[string]string{"PA-09": "yes"})
	c := b.open(t, nil)
	s, ids := fill(t, c, 1)
	list, err := c.Fetch(t.Context(), confluence.Page, ids, 0)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	again := confluence.Create{Space: s, Kind: confluence.Page, Title: list[0].Title, Root: true}
	for _, where := range []string{"in the tree", "in the trash"} {
		_, err := c.Apply(t.Context(), again, body("<p>again</p>"))
		if e := confluence.AsError(err); e == nil || e.Code != confluence.CodeTitleTaken || e.Holder != ids[0] {
			t.Errorf("%s: %+v", where, e)
		}
		if _, err := c.Apply(t.Context(), confluence.Trash{ID: ids[0], Kind: confluence.Page}, confluence.Payload{}); err != nil && where == "in the tree" {
			t.Fatal(err)
		}
	}
}
