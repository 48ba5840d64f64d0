package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
)

// scopes are all scopes that the vendor's documents name, and offline_access.
func scopes(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{"offline_access": true}
	for _, name := range []string{"cloud-v1.json", "cloud-v2.json"} {
		for _, item := range document(t, name).Paths.Map() {
			for _, op := range item.Operations() {
				scopesOf(op, seen)
			}
		}
	}
	var out []string
	for s := range seen {
		out = append(out, s)
	}
	return out
}

func scopesOf(op *openapi3.Operation, into map[string]bool) {
	text, err := json.Marshal(op.Extensions["x-atlassian-oauth2-scopes"])
	var sets []struct {
		Scopes []string `json:"scopes"`
	}
	if err != nil || json.Unmarshal(text, &sets) != nil {
		return
	}
	for _, s := range sets {
		for _, name := range s.Scopes {
			into[name] = true
		}
	}
}

func (b *bench) issue(t testing.TB, q emulator.Credential) emulator.Issued {
	t.Helper()
	out, err := b.site.Issue(q)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *bench) gateway() string { return address + "/ex/confluence/" + b.site.CloudID() }

// vault keeps tokens as they are renewed.
type vault struct {
	mu   sync.Mutex
	kept []cloud.Token
	fail error
}

func (v *vault) keep(_ context.Context, token cloud.Token) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fail != nil {
		return v.fail
	}
	v.kept = append(v.kept, token)
	return nil
}

func (v *vault) last() cloud.Token {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.kept) == 0 {
		return cloud.Token{}
	}
	return v.kept[len(v.kept)-1]
}

// granted returns the options of an app that may do everything.
func (b *bench) granted(t testing.TB, names []string, v *vault) func(*cloud.Options) {
	app := b.issue(t, emulator.Credential{Kind: "oauth", App: "tandem", Scopes: names})
	return func(o *cloud.Options) {
		o.BaseURL, o.Email, o.Token = b.gateway(), "", ""
		o.OAuth = &cloud.OAuth{
			ClientID: app.ClientID, ClientSecret: app.ClientSecret, URL: address + "/oauth/token",
			Token: cloud.Token{Refresh: app.Refresh}, Persist: v.keep,
		}
		if token := v.last(); token.Refresh != "" {
			o.OAuth.Token = token // what was opened before has used up the first
		}
	}
}

// TestConformanceOverTheGateway runs the suite as an OAuth app on a site that keeps permissions as roles, which is the
// only way in which an app may change them.
func TestConformanceOverTheGateway(t *testing.T) {
	names := scopes(t)
	confluencetest.Exercise(t, func(t *testing.T) confluencetest.Site {
		b := newBench(t, map[string]string{"SP-07": "ROLES", "AT-07": "2097152", "RL-01": "off"})
		b.grants = b.granted(t, names, &vault{})
		return conformOn(t, b, func(under http.RoundTripper) http.RoundTripper { return under })
	})
}

// TestTokenRotates: each refresh ends the token before it, and the new one is stored before it is used.
func TestTokenRotates(t *testing.T) {
	b := newBench(t, nil)
	v := &vault{}
	var order []string
	var mu sync.Mutex
	options := b.granted(t, []string{"read:confluence-user", "offline_access"}, v)
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, what)
	}
	open := func() *cloud.Connector {
		return b.open(t, func(o *cloud.Options) {
			options(o)
			keep := o.OAuth.Persist
			o.OAuth.Persist = func(ctx context.Context, token cloud.Token) error { note("kept"); return keep(ctx, token) }
			under := o.Transport
			o.Transport = through(func(r *http.Request) (*http.Response, error) {
				if strings.HasPrefix(r.URL.Path, "/oauth") {
					note("refreshed")
				} else {
					note("called")
				}
				return under.RoundTrip(r)
			})
		})
	}
	c := open()
	for range 3 {
		if _, err := c.Identity(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.time.Advance(40 * time.Minute)
	}
	if got, want := strings.Join(order, " "), "refreshed kept called called refreshed kept called"; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
	first := v.last()
	b.site.Withdraw(first.Access)
	if _, err := c.Identity(t.Context()); err != nil {
		t.Errorf("a token that ended before its time: %v", err)
	}
	if v.last() == first {
		t.Error("the token was not renewed")
	}
	// Whoever opens the site with a token that was rotated away is told what to do.
	options = func(under func(*cloud.Options)) func(*cloud.Options) {
		return func(o *cloud.Options) { under(o); o.OAuth.Token = cloud.Token{Refresh: first.Refresh} }
	}(options)
	_, err := open().Identity(t.Context())
	if e := code(t, err, confluence.CodeCredential); !strings.Contains(e.Help(), "authorize") || !strings.Contains(e.Cause, "refresh_token is invalid") {
		t.Errorf("%v: %s", e, e.Help())
	}
}

// TestTokenIsNotUsedUnstored: as long as the new token cannot be stored, nothing is sent; then it is used, not another one.
func TestTokenIsNotUsedUnstored(t *testing.T) {
	b := newBench(t, nil)
	v := &vault{fail: errors.New("disk full")}
	options := b.granted(t, []string{"read:confluence-user", "offline_access"}, v)
	var calls, refreshes atomic.Int64
	c := b.open(t, func(o *cloud.Options) {
		options(o)
		under := o.Transport
		o.Transport = through(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/oauth") {
				refreshes.Add(1)
			} else {
				calls.Add(1)
			}
			return under.RoundTrip(r)
		})
	})
	for range 2 {
		_, err := c.Identity(t.Context())
		code(t, err, confluence.CodeStateDamaged)
	}
	if calls.Load() != 0 || refreshes.Load() != 1 {
		t.Errorf("%d calls and %d refreshes", calls.Load(), refreshes.Load())
	}
	v.mu.Lock()
	v.fail = nil
	v.mu.Unlock()
	if _, err := c.Identity(t.Context()); err != nil || refreshes.Load() != 1 || len(v.kept) != 1 {
		t.Errorf("%v, %d refreshes, %d kept", err, refreshes.Load(), len(v.kept))
	}
}

// TestOneRefreshForAll: many calls at once refresh once.
func TestOneRefreshForAll(t *testing.T) {
	b := newBench(t, nil)
	v := &vault{}
	c := b.open(t, b.granted(t, []string{"read:confluence-user", "offline_access"}, v))
	var g sync.WaitGroup
	for range 20 {
		g.Go(func() {
			if _, err := c.Identity(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if len(v.kept) != 1 {
		t.Errorf("%d tokens were made", len(v.kept))
	}
}

func TestScopes(t *testing.T) {
	b := newBench(t, nil)
	token := b.issue(t, emulator.Credential{Kind: "scoped", Scopes: []string{"read:confluence-user"}}).Token
	email, _ := b.site.Account()
	scoped := func(o *cloud.Options) { o.BaseURL, o.Email, o.Token = b.gateway(), email, token }
	c := b.open(t, scoped)
	who, err := c.Identity(t.Context())
	if err != nil || who.Fingerprint != b.site.CloudID() {
		t.Errorf("over the gateway: %q, %v", who.Fingerprint, err)
	}
	_, err = c.Spaces(t.Context(), nil)
	if e := code(t, err, confluence.CodeBlindAccount); !strings.Contains(e.Help(), "scopes") {
		t.Errorf("a scope that is missing: %v: %s", e, e.Help())
	}
	_, err = b.open(t, func(o *cloud.Options) { scoped(o); o.BaseURL = address }).Identity(t.Context())
	if e := code(t, err, confluence.CodeCredential); !strings.Contains(e.Help(), "api.atlassian.com") {
		t.Errorf("a scoped token at the site: %v: %s", e, e.Help())
	}
	o := b.options()
	o.OAuth = &cloud.OAuth{ClientID: "x", Token: cloud.Token{Refresh: "y"}, Persist: (&vault{}).keep}
	_, err = cloud.Open(t.Context(), o)
	code(t, err, confluence.CodeNotConfluence)
	o.BaseURL, o.OAuth = b.gateway(), &cloud.OAuth{ClientID: "x"}
	_, err = cloud.Open(t.Context(), o)
	code(t, err, confluence.CodeCredential)
}

// TestGone: an operation that the site has removed is told from a content that is gone.
func TestGone(t *testing.T) {
	c, _ := at(t, desk{meCurrent: me, "PUT /wiki/rest/api/content/1/move/append/2": `410 {"statusCode":410,"data":{"authorized":true},"message":"This deprecated endpoint has been removed"}`})
	_, err := c.Apply(t.Context(), confluence.Move{ID: "1", Where: confluence.Append, Target: "2"}, confluence.Payload{})
	if e := code(t, err, confluence.CodeNotCapable); !strings.Contains(e.Help(), "newer tandem") {
		t.Errorf("%v: %s", e, e.Help())
	}
}

// TestDraftProbe asks a site what becomes of the restrictions of a draft, and leaves nothing behind.
func TestDraftProbe(t *testing.T) {
	for option, want := range map[string]engine.DraftFate{"refused": engine.DraftRefused, "kept": engine.DraftKept, "lost": engine.DraftLost} {
		b := newBench(t, map[string]string{"OF-22": option})
		c := b.open(t, nil)
		s := fill(t, c, 1)
		who, err := c.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fate, err := engine.ProbeDrafts(t.Context(), c, c, s, who.Me.ID, "tandem probe")
		if err != nil || fate != want {
			t.Errorf("%s: %q, %v", option, fate, err)
		}
		var n int
		for cursor := confluence.Cursor(""); ; {
			batch, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s, Trash: true, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			n += len(batch.Contents)
			if cursor = batch.Next; cursor == "" {
				break
			}
		}
		if n != 2 {
			t.Errorf("%s: %d contents are left, want the home page and one", option, n)
		}
	}
}

// TestNodes: what stands between pages is listed as what it is, and live docs are marked.
func TestNodes(t *testing.T) {
	b := newBench(t, nil)
	c := b.open(t, nil)
	s := fill(t, c, 1)
	post := func(path string, in map[string]any) confluence.ID {
		t.Helper()
		var out struct {
			ID confluence.ID `json:"id"`
		}
		b.post(t, path, in, &out)
		return out.ID
	}
	kinds := map[confluence.ID]confluence.Kind{}
	above := s.HomeID
	for _, kind := range []confluence.Kind{confluence.Folder, confluence.Whiteboard, confluence.Database} {
		in := map[string]any{"spaceId": s.ID, "title": "A " + string(kind), "parentId": above}
		above = post("/wiki/api/v2/"+string(kind)+"s", in)
		kinds[above] = kind
	}
	live := post("/wiki/api/v2/pages", map[string]any{"spaceId": s.ID, "title": "Live", "parentId": above, "subtype": "live", "status": "current",
		"body": map[string]string{"representation": "storage", "value": "<p>x</p>"}})
	batch, err := c.Scan(t.Context(), confluence.ScanRequest{Space: s})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, x := range batch.Contents {
		if want, node := kinds[x.ID]; node {
			seen++
			if x.Kind != want || x.Title != "A "+string(want) || x.ParentID == "" {
				t.Errorf("a %s is listed as %+v", want, x)
			}
			one, err := c.Fetch(t.Context(), want, []confluence.ID{x.ID}, confluence.AllFacets)
			if err != nil || len(one) != 1 || one[0].Title != x.Title {
				t.Errorf("Fetch of a %s: %v, %v", want, one, err)
			}
		}
		if x.Live != (x.ID == live) {
			t.Errorf("%s %q is live: %v", x.ID, x.Title, x.Live)
		}
	}
	if seen != len(kinds) {
		t.Errorf("%d of %d nodes are listed", seen, len(kinds))
	}
}
