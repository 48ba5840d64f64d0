package record_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/record"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
)

const host = "secretive.example.com"

func mask(t *testing.T, seed uint64) *record.Mask {
	t.Helper()
	m, err := record.NewMask(host, rand.NewChaCha8([32]byte{byte(seed)}))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// seen is what a tour of a site found, in the order in which it was asked for.
type seen struct {
	spaces   []confluence.Space
	contents []confluence.Content
	versions []confluence.Content
	sizes    []int
}

// tour reads a site as a recording does.
func tour(t *testing.T, r confluence.Reader) seen {
	t.Helper()
	var s seen
	_, err := r.Identity(t.Context())
	check(t, err)
	s.spaces, err = r.Spaces(t.Context(), nil)
	check(t, err)
	for _, space := range s.spaces {
		for cursor := confluence.Cursor(""); ; {
			b, err := r.Scan(t.Context(), confluence.ScanRequest{Space: space, Facets: confluence.AllFacets, Cursor: cursor})
			check(t, err)
			s.contents = append(s.contents, b.Contents...)
			if cursor = b.Next; cursor == "" {
				break
			}
		}
	}
	for _, x := range s.contents {
		switch x.Kind {
		case confluence.Page:
			v, err := r.Version(t.Context(), x.Kind, x.ID, x.Version.Number)
			check(t, err)
			s.versions = append(s.versions, v)
		case confluence.Attachment:
			f, err := r.Open(t.Context(), x)
			check(t, err)
			b, err := io.ReadAll(f)
			check(t, err)
			check(t, f.Close())
			s.sizes = append(s.sizes, len(b))
		}
	}
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, base string, transport http.RoundTripper, email, token string) *cloud.Connector {
	t.Helper()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := rest.Clock{Now: func() time.Time { return now }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	c, err := cloud.Open(t.Context(), cloud.Options{
		BaseURL: base, Email: email, Token: token, Transport: transport, Clock: clock, IndexWait: time.Nanosecond,
	})
	check(t, err)
	return c
}

// secrets are the words that a recording must not hold, in any spelling.
var secrets = []string{"Herzog", "herzog", "Payroll", "payroll", "salaries", "Umlaut", "PAYR", "confidential", "ATATT", host}

// recorded makes a site full of private things, records a tour of it, and returns the folder and what the tour saw.
func recorded(t *testing.T) (string, seen) {
	t.Helper()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	site, err := emulator.New(emulator.Options{Seed: 3, BaseURL: "https://" + host, Now: func() time.Time { return now }, Options: map[string]string{"CQ-01": "0s"}})
	check(t, err)
	t.Cleanup(func() { check(t, site.Close()) })
	site.AddUser("herzog", "Anna Herzog", "anna@herzog.example.com")
	email, token := site.Account()
	w := open(t, "https://"+host, resttest.To(site.Handler()), email, token)
	made, err := w.Apply(t.Context(), confluence.CreateSpace{Key: "PAYR", Name: "Payroll", Description: "salaries of all"}, confluence.Payload{})
	check(t, err)
	s := confluence.Space{ID: made.ID, Key: "PAYR", HomeID: made.HomeID}
	for i := range 3 {
		body := fmt.Sprintf(`<p>The confidential salaries, ü &amp; more %d</p><ac:link><ri:page ri:content-title="Payroll 0"/></ac:link>`, i)
		r, err := w.Apply(t.Context(), confluence.Create{Space: s, Kind: confluence.Page, Title: fmt.Sprintf("Payroll %d", i)},
			confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: body}})
		check(t, err)
		file := []byte("confidential salaries")
		_, err = w.Apply(t.Context(), confluence.Attach{Container: r.ID, Name: "salaries of Herzog.txt", Size: int64(len(file)), MediaType: "text/plain"},
			confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }})
		check(t, err)
		_, err = w.Apply(t.Context(), confluence.Restrict{ID: r.ID, Kind: confluence.Page, Restrictions: confluence.Restrictions{
			Read: []confluence.Principal{confluence.UserPrincipal("herzog"), confluence.UserPrincipal("svc-tandem")}}}, confluence.Payload{})
		check(t, err)
	}
	dir := filepath.Join(t.TempDir(), "recording")
	rec, err := record.New(resttest.To(site.Handler()), dir, mask(t, 1))
	check(t, err)
	got := tour(t, open(t, "https://"+host, rec, email, token))
	n, err := rec.Close()
	if err != nil || n < 10 {
		t.Fatalf("%d exchanges were written, %v", n, err)
	}
	return dir, got
}

// TestRecordingKeepsNothingPrivate looks for what the site held in every byte of a recording.
func TestRecordingKeepsNothingPrivate(t *testing.T) {
	dir, _ := recorded(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	check(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		check(t, err)
		for _, s := range secrets {
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("%s holds %q:\n%s", filepath.Base(f), s, text)
			}
		}
		if bytes.Contains(bytes.ToLower(text), []byte("authorization")) {
			t.Errorf("%s holds a credential", filepath.Base(f))
		}
	}
	rec, err := record.New(nil, dir, mask(t, 1))
	if err == nil {
		t.Errorf("a folder that holds a recording is taken for another one: %v", rec)
	}
}

// TestReplay reads the masked site with the connector, and finds the same tree in other words.
func TestReplay(t *testing.T) {
	dir, want := recorded(t)
	player, err := record.Replay(dir)
	check(t, err)
	got := tour(t, open(t, "https://"+record.Host, player, "any@example.test", "any"))
	if missed := player.Missed(); len(missed) > 0 {
		t.Errorf("not recorded: %q", missed)
	}
	if len(got.spaces) != len(want.spaces) || len(got.contents) != len(want.contents) || len(got.versions) != len(want.versions) || len(want.contents) < 7 {
		t.Fatalf("%d spaces, %d contents, %d versions, want %d, %d, %d", len(got.spaces), len(got.contents), len(got.versions),
			len(want.spaces), len(want.contents), len(want.versions))
	}
	if fmt.Sprint(got.sizes) != fmt.Sprint(want.sizes) {
		t.Errorf("files of %v bytes, want %v", got.sizes, want.sizes)
	}
	ids := map[confluence.ID]confluence.ID{"": ""}
	for i, x := range got.contents {
		w := want.contents[i]
		if known, ok := ids[w.ID]; ok && known != x.ID {
			t.Errorf("%s became %s and %s", w.ID, known, x.ID)
		}
		ids[w.ID] = x.ID
		if x.ID == w.ID && len(w.ID) > 3 || x.Title == w.Title && w.Title != "" || x.Kind != w.Kind || x.Status != w.Status || x.Version.Number != w.Version.Number {
			t.Errorf("%s %s %q became %s %s %q", w.Kind, w.ID, w.Title, x.Kind, x.ID, x.Title)
		}
		if len(x.Title) != len(w.Title) || len(x.Body.Raw) != len(w.Body.Raw) || len(x.Restrictions.Read) != len(w.Restrictions.Read) {
			t.Errorf("%q of %d and %d bytes became %q of %d", w.Title, len(w.Title), len(w.Body.Raw), x.Title, len(x.Body.Raw))
		}
		if strings.Count(x.Body.Raw, "<") != strings.Count(w.Body.Raw, "<") || strings.Contains(x.Body.Raw, "ri:content-title") != strings.Contains(w.Body.Raw, "ri:content-title") {
			t.Errorf("the markup %q became %q", w.Body.Raw, x.Body.Raw)
		}
		if d := w.Version.At.Sub(x.Version.At); !w.Version.At.IsZero() && (d <= 0 || d%(24*time.Hour) != 0) {
			t.Errorf("a date was moved by %v", d)
		}
	}
	for i, x := range got.contents {
		w := want.contents[i]
		if x.ParentID != ids[w.ParentID] || x.Container != ids[w.Container] {
			t.Errorf("%s is below %q and on %q, want %q and %q", x.ID, x.ParentID, x.Container, ids[w.ParentID], ids[w.Container])
		}
	}
}

func TestMask(t *testing.T) {
	m, other := mask(t, 1), mask(t, 2)
	for _, s := range []string{"Anna Herzog", "12345", "557058:0a1b-9f", "Größe 日本 🙂", "a.b+c@example.com"} {
		a, b := m.Value(s), m.Value(s)
		if a != b || a == s || a == other.Value(s) || len(a) != len(s) || utf8.RuneCountInString(a) != utf8.RuneCountInString(s) {
			t.Errorf("%q became %q, %q and %q", s, a, b, other.Value(s))
		}
	}
	if m.Value("att12345") != "att"+m.Value("12345") {
		t.Error("an attachment has another number with its prefix")
	}
	for in, want := range map[string]string{
		"/wiki/rest/api/content/search?limit=25&expand=version,space": "/wiki/rest/api/content/search?expand=version%2Cspace&limit=25",
		"https://" + host + "/wiki/api/v2/pages":                      "https://" + record.Host + "/wiki/api/v2/pages",
		"/rest/api/content/scan?type=page":                            "/rest/api/content/scan?type=page",
	} {
		if got := m.Address(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
	if got := m.Address("/spaces/PAYR/pages/12345/Payroll+2026"); strings.Contains(got, "PAYR") || strings.Contains(got, "12345") || !strings.Contains(got, m.Value("12345")) {
		t.Errorf("a link became %s", got)
	}
	complaint := string(m.JSON([]byte(`{"message":"A page with this title already exists: Payroll in space PAYR 12345"}`), true))
	if !strings.Contains(complaint, "A page with this title already exists: ") || strings.Contains(complaint, "Payroll") || strings.Contains(complaint, "12345") {
		t.Errorf("a complaint became %s", complaint)
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte(`{"id":"1","title":"x","_links":{"next":"/wiki/rest/api/x?cursor=%zz"},"body":{"storage":{"value":"<p a='1'>&nbsp;<![CDATA[x"}}}`))
	f.Add([]byte(`<html><body attr="x`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := record.NewMask(host, rand.NewChaCha8([32]byte{}))
		check(t, err)
		if got := m.JSON(b, true); utf8.Valid(b) && !utf8.Valid(got) {
			t.Errorf("%q became %q", b, got)
		}
	})
}
