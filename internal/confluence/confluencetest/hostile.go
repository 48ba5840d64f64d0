package confluencetest

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// mostRequests bounds what one act may cost over a transport that never gets well.
const mostRequests = 120

// coded checks that an error has a code of the register, and one that says what happened.
func coded(t *testing.T, err error, what string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	e := confluence.AsError(err)
	if confluence.Lookup(e.Code).Code != e.Code || e.Code == confluence.CodeInternal || e.What == "" {
		t.Errorf("%s: %#v is no coded error that says what happened", what, err)
	}
}

// act is something done over a hostile network. count tells, over a clean one, how often its effect is there; nil for
// reads, which check what they read themselves.
type act struct {
	name  string
	do    func(*testing.T, *world, confluence.Reader, confluence.Writer) error
	count func(*testing.T, *world) int
}

func apply(change func(*world) (confluence.Change, confluence.Payload)) func(*testing.T, *world, confluence.Reader, confluence.Writer) error {
	return func(t *testing.T, w *world, _ confluence.Reader, on confluence.Writer) error {
		c, p := change(w)
		_, err := on.Apply(t.Context(), c, p)
		return err
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (w *world) found(t *testing.T, p confluence.Probe, body string) int {
	t.Helper()
	got, err := w.r.Find(t.Context(), p)
	must(t, err, "Find over a clean network")
	n := 0
	for _, x := range got {
		if body == "" || plain(x.Body) == body {
			n++
		}
	}
	return n
}

var acts = []act{
	{"identity", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		who, err := r.Identity(t.Context())
		if err == nil && who.Me.ID != w.me {
			t.Errorf("the account is said to be %q, and is %q", who.Me.ID, w.me)
		}
		return err
	}, nil},
	{"spaces", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		got, err := r.Spaces(t.Context(), []string{w.key("CONF")})
		if err == nil && (len(got) != 1 || got[0].ID != w.held.Space.ID) {
			t.Errorf("Spaces = %+v", got)
		}
		return err
	}, nil},
	{"scan", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		batches, err := scan(t.Context(), r, confluence.ScanRequest{Space: w.held.Space, Facets: confluence.AllFacets})
		if err == nil {
			w.listed(t, contents(batches), confluence.AllFacets)
		}
		return err
	}, nil},
	{"fetch", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		got, err := r.Fetch(t.Context(), confluence.Page, []confluence.ID{w.ids["alpha"], w.ids["gamma"]}, confluence.AllFacets)
		if err == nil && len(got) != 2 {
			t.Errorf("Fetch of two pages = %v, and no error", brief(got))
		}
		for _, x := range got {
			same(t, x, *w.noted(x.ID), confluence.AllFacets)
		}
		return err
	}, nil},
	{"feed", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		got, err := r.Feed(t.Context(), time.Time{})
		for _, name := range []string{"delta", "post0", "two.bin", "c3"} {
			if err == nil && !slices.ContainsFunc(got, func(x confluence.Content) bool { return x.ID == w.ids[name] }) {
				t.Errorf("the feed leaves out %s, and no error", name)
			}
		}
		return err
	}, nil},
	{"find", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		got, err := r.Find(t.Context(), confluence.Probe{Space: w.held.Space, Kind: confluence.Page, Title: "Alpha"})
		if err == nil && (len(got) != 1 || got[0].ID != w.ids["alpha"]) {
			t.Errorf("Find = %v, and no error", brief(got))
		}
		return err
	}, nil},
	{"open", func(t *testing.T, w *world, r confluence.Reader, _ confluence.Writer) error {
		x := w.one(t, confluence.Attachment, w.ids["two.bin"])
		f, err := r.Open(t.Context(), x)
		if err != nil {
			return err
		}
		b, err := io.ReadAll(f)
		_ = f.Close()
		if err == nil && string(b) != string(w.held.Files[x.ID]) {
			t.Errorf("%d bytes that are not the file's, and no error", len(b))
		}
		return err
	}, nil},
	{"create page", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Create{Space: w.held.Space, Kind: confluence.Page, Parent: w.ids["delta"], Title: "New"}, text("<p>new</p>")
	}), func(t *testing.T, w *world) int {
		return w.found(t, confluence.Probe{Space: w.held.Space, Kind: confluence.Page, Title: "New"}, "")
	}},
	{"create blog post", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Create{Space: w.held.Space, Kind: confluence.BlogPost, Title: "New"}, text("<p>new</p>")
	}), func(t *testing.T, w *world) int {
		return w.found(t, confluence.Probe{Space: w.held.Space, Kind: confluence.BlogPost, Title: "New"}, "")
	}},
	{"update", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Update{ID: w.ids["delta"], Kind: confluence.Page, Space: w.held.Space, Title: "Delta 2", Expect: 1}, text("<p>2</p>")
	}), func(t *testing.T, w *world) int {
		x := w.one(t, confluence.Page, w.ids["delta"])
		if x.Version.Number > 2 {
			t.Errorf("one update made %d versions", x.Version.Number-1)
		}
		return one(x.Title == "Delta 2" && plain(x.Body) == "<p>2</p>")
	}},
	{"trash", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Trash{ID: w.ids["beta"], Kind: confluence.Page}, confluence.Payload{}
	}), func(t *testing.T, w *world) int {
		return one(w.one(t, confluence.Page, w.ids["beta"]).Status == confluence.Trashed)
	}},
	{"label", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.AddLabels{ID: w.ids["delta"], Kind: confluence.Page, Labels: []confluence.Label{{Prefix: "global", Name: "new"}}}, confluence.Payload{}
	}), func(t *testing.T, w *world) int { return len(w.one(t, confluence.Page, w.ids["delta"]).Labels) }},
	{"attach", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Attach{Container: w.ids["delta"], Name: "new.bin", Size: 9000}, file(noise(9000, 4))
	}), func(t *testing.T, w *world) int {
		got, err := w.r.Find(t.Context(), confluence.Probe{Kind: confluence.Attachment, Container: w.ids["delta"]})
		must(t, err, "Find over a clean network")
		for _, x := range got {
			if x.Version.Number != 1 || x.File.Size != 9000 {
				t.Errorf("one upload left version %d of %d bytes", x.Version.Number, x.File.Size)
			}
		}
		return len(got)
	}},
	{"comment", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.CreateComment{Container: w.ids["delta"], ContainerKind: confluence.Page}, text("<p>new</p>")
	}), func(t *testing.T, w *world) int {
		return w.found(t, confluence.Probe{Kind: confluence.Comment, Container: w.ids["delta"]}, "<p>new</p>")
	}},
	{"restrict", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Restrict{ID: w.ids["delta"], Kind: confluence.Page, Restrictions: confluence.Restrictions{Read: []confluence.Principal{confluence.UserPrincipal(w.me)}}}, confluence.Payload{}
	}), func(t *testing.T, w *world) int {
		return len(w.one(t, confluence.Page, w.ids["delta"]).Restrictions.Read)
	}},
	{"create space", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.CreateSpace{Key: w.key("NEW"), Name: "New", Private: true}, confluence.Payload{}
	}), func(t *testing.T, w *world) int {
		got, err := w.r.Spaces(t.Context(), []string{w.key("NEW")})
		must(t, err, "Spaces over a clean network")
		return len(got)
	}},
	{"home page", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.SetHomepage{Space: w.held.Space, Page: w.ids["delta"]}, confluence.Payload{}
	}), func(t *testing.T, w *world) int { return one(w.space(t, w.key("CONF")).HomeID == w.ids["delta"]) }},
	{"grant", apply(func(w *world) (confluence.Change, confluence.Payload) {
		return confluence.Grant{Space: w.held.Space, Permission: confluence.Permission{Principal: confluence.UserPrincipal(w.Other), Operation: "read/space"}}, confluence.Payload{}
	}), func(t *testing.T, w *world) int {
		return one(slices.Contains(w.space(t, w.key("CONF")).Permissions, confluence.Permission{Principal: confluence.UserPrincipal(w.Other), Operation: "read/space"}))
	}},
}

const (
	page   = "<!DOCTYPE html><html><body>Log in</body></html>"
	bareV2 = `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`
	noUse  = `{"statusCode":403,"data":{"authorized":false,"valid":true,"errors":[],"successful":false},"message":"Current user not permitted to use Confluence"}`
	failed = `{"statusCode":500,"message":"internal"}`
	jsonUT = "application/json"
	html5  = "text/html; charset=utf-8"
)

// trouble is a fault, and what must come of an act over it. codes: the errors it must end with; none: it may succeed, or
// end with any coded error. well: it must succeed, for reads and for writes that may be sent again; a write that may not
// must then end with an unknown outcome.
type trouble struct {
	fault
	codes []confluence.Code
	well  bool
}

// troubles are made afresh for each act, since some remember.
func troubles() []trouble {
	bare404 := func(under http.RoundTripper, r *http.Request) (*http.Response, error) {
		drain(r)
		return reply(r, http.StatusNotFound, jsonUT, bareV2), nil
	}
	c := func(codes ...confluence.Code) []confluence.Code { return codes }
	return []trouble{
		{fault{"401 always", all, 0, answer(401, jsonUT, `{"message":"Unauthorized"}`)}, c(confluence.CodeCredential, confluence.CodeNotConfluence), false},
		{fault{"403 always", all, 0, answer(403, jsonUT, noUse)}, c(confluence.CodeCredential, confluence.CodeNotConfluence), false},
		{fault{"bare 404 always", all, 0, bare404}, c(confluence.CodeCredential, confluence.CodeNotConfluence), false},
		{fault{"403 to writes", writes, 0, answer(403, jsonUT, `{"statusCode":403,"message":"no permission"}`)}, c(confluence.CodeForbidden), false},
		// An upload that is too large is answered in the very same way.
		{fault{"bare 404 to writes", writes, 0, bare404}, c(confluence.CodeNotThere, confluence.CodeTooLarge), false},
		{fault{"bare 404 once", all, 1, bare404}, nil, false},
		{fault{"429 with Retry-After, twice", all, 2, answer(429, jsonUT, "", "Retry-After", "3")}, nil, true},
		{fault{"429 without Retry-After, twice", all, 2, answer(429, jsonUT, "")}, nil, true},
		{fault{"429 always", all, 0, answer(429, jsonUT, "", "Retry-After", "1")}, c(confluence.CodeLimited), false},
		{fault{"429 for an hour", all, 0, answer(429, jsonUT, "", "Retry-After", "3600")}, c(confluence.CodeLimited), false},
		{fault{"HTML once", all, 1, answer(200, html5, page)}, nil, false},
		{fault{"HTML always", all, 0, answer(200, html5, page)}, c(confluence.CodeUnusableAnswer, confluence.CodeNotConfluence), false},
		{fault{"HTML after applying, once", writes, 1, applied(200, html5, page)}, nil, false},
		{fault{"maintenance", all, 0, answer(503, html5, page)}, c(confluence.CodeSiteFails, confluence.CodeNotConfluence), false},
		{fault{"503 with Retry-After, once", all, 1, answer(503, jsonUT, "", "Retry-After", "2")}, nil, true},
		{fault{"truncated once", all, 1, truncate}, nil, false},
		{fault{"truncated always", all, 0, truncate}, nil, false},
		{fault{"500 not applied, once", writes, 1, answer(500, jsonUT, failed)}, nil, true},
		{fault{"500 not applied, always", writes, 0, answer(500, jsonUT, failed)}, nil, false},
		{fault{"500 applied, once", writes, 1, applied(500, jsonUT, failed)}, nil, true},
		{fault{"500 applied, always", writes, 0, applied(500, jsonUT, failed)}, nil, false},
		{fault{"dropped before, once", all, 1, dropBefore}, nil, true},
		{fault{"dropped before, always", all, 0, dropBefore}, nil, false},
		{fault{"dropped after, once", all, 1, dropAfter}, nil, true},
		{fault{"dropped after, always", writes, 0, dropAfter}, nil, false},
	}
}

func testHostile(t *testing.T, fresh Factory) {
	for i := range troubles() {
		name := troubles()[i].name
		t.Run(name, func(t *testing.T) {
			for _, a := range acts {
				t.Run(a.name, func(t *testing.T) { struggle(t, fresh, a, troubles()[i]) })
			}
		})
	}
	t.Run("listings", func(t *testing.T) { testListings(t, fresh) })
}

// struggle does an act over a hostile network, and then looks over a clean one what came of it.
func struggle(t *testing.T, fresh Factory, a act, tr trouble) {
	w := settled(t, fresh(t))
	if a.name == "grant" && !w.caps.Permissions {
		t.Skip("the site gives no permissions over its API")
	}
	net := &network{fault: tr.fault}
	r, on := w.Connect(t, net.over())
	err := a.do(t, w, r, on)
	sent, hits := net.count()
	if sent > mostRequests {
		t.Errorf("%d requests were sent", sent)
	}
	if err != nil {
		coded(t, err, a.name)
	}
	if hits == 0 {
		must(t, err, a.name+" without a fault")
	} else if len(tr.codes) > 0 {
		if err == nil || !slices.Contains(tr.codes, confluence.AsError(err).Code) {
			t.Errorf("ended with %v, want one of %v", err, tr.codes)
		}
	} else if tr.well && err != nil && (a.count == nil || !confluence.Unknown(err)) {
		t.Errorf("ended with %v", err)
	}
	if a.count == nil {
		return
	}
	n := a.count(t, w)
	switch {
	case n > 1:
		t.Errorf("the change was made %d times", n)
	case err == nil && n != 1:
		t.Error("the change was said to be made, and was not")
	case err != nil && !confluence.Unknown(err) && n != 0:
		t.Errorf("the change was said to be refused (%v), and was made", err)
	}
}
