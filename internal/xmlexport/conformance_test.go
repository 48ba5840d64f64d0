package xmlexport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
	"github.com/tandem-sync/tandem/internal/xmlexport"
)

// live is a Data Center whose ids an export of it has too (register row XM-19).
type live struct {
	site *emulator.Site
	now  time.Time
	dc   *dc.Connector
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var err error
	l.site, err = emulator.New(emulator.Options{
		Personality: "dc", Version: "8.5.30", Seed: 7, BaseURL: "https://wiki.example.test", Now: func() time.Time { return l.now },
		Options: map[string]string{"ID-12": "without"},
	})
	check(t, err)
	t.Cleanup(func() { check(t, l.site.Close()) })
	_, token := l.site.Account()
	l.dc, err = dc.Open(t.Context(), dc.Options{
		BaseURL: "https://wiki.example.test", Token: token, Transport: resttest.To(l.site.Handler()),
		Clock: rest.Clock{Now: func() time.Time { return l.now }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
	})
	check(t, err)
	return l
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *live) do(t *testing.T, change confluence.Change, body string, file []byte) confluence.Result {
	t.Helper()
	p := confluence.Payload{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }}
	if body != "" {
		p.Body = confluence.Body{Format: confluence.Storage, Raw: body}
	}
	r, err := l.dc.Apply(t.Context(), change, p)
	if err != nil {
		t.Fatalf("%s: %v", change.Verb(), err)
	}
	return r
}

// fill makes a space with contents of every kind and facet.
func (l *live) fill(t *testing.T) confluence.Space {
	t.Helper()
	l.site.AddUser("other", "Other", "other@example.test")
	l.site.AddGroup("writers & friends", "other")
	who, err := l.dc.Identity(t.Context())
	check(t, err)
	me := confluence.UserPrincipal(who.Me.ID)
	made := l.do(t, confluence.CreateSpace{Key: "CONF", Name: "Conformance"}, "", nil)
	s := confluence.Space{ID: made.ID, Key: "CONF", HomeID: made.HomeID}
	parent := made.HomeID
	for i, title := range []string{"Alpha", "Größe & <Maß>", "日本語 🙂", "Delta"} {
		r := l.do(t, confluence.Create{Space: s, Kind: confluence.Page, Parent: parent, Title: title}, fmt.Sprintf("<p>page %d &amp; more</p>", i), nil)
		for v := range i {
			l.do(t, confluence.Update{ID: r.ID, Kind: confluence.Page, Space: s, Title: title, Expect: v + 1}, fmt.Sprintf("<p>page %d, %d</p>", i, v), nil)
		}
		if i%2 == 0 {
			parent = r.ID
		}
		l.do(t, confluence.AddLabels{ID: r.ID, Kind: confluence.Page, Labels: []confluence.Label{{Prefix: "global", Name: fmt.Sprintf("l%d", i)}}}, "", nil)
		l.do(t, confluence.Attach{Container: r.ID, Name: fmt.Sprintf("f %d.bin", i), MediaType: "application/octet-stream", Comment: "über", Size: int64(i * 1000)}, "", make([]byte, i*1000))
		c := l.do(t, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page}, "<p>first</p>", nil)
		l.do(t, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page, ReplyTo: c.ID}, "<p>reply</p>", nil)
		if i == 1 {
			mark := l.do(t, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page,
				Inline: &confluence.Anchor{Selection: "page", Matches: 1}}, "<p>on a word</p>", nil)
			l.do(t, confluence.CreateComment{Container: r.ID, ContainerKind: confluence.Page, ReplyTo: mark.ID, Kind: confluence.Inline}, "<p>answer</p>", nil)
		}
		l.now = l.now.Add(time.Minute)
	}
	post := l.do(t, confluence.Create{Space: s, Kind: confluence.BlogPost, Title: "Post"}, "<p>post</p>", nil)
	l.do(t, confluence.Attach{Container: post.ID, Name: "p.txt", MediaType: "text/plain", Size: 4}, "", []byte("post"))
	shut := l.do(t, confluence.Create{Space: s, Kind: confluence.Page, Parent: s.HomeID, Title: "Shut"}, "<p>shut</p>", nil)
	l.do(t, confluence.Restrict{ID: shut.ID, Kind: confluence.Page, Restrictions: confluence.Restrictions{
		Read: []confluence.Principal{me, confluence.GroupPrincipal("writers & friends")}, Update: []confluence.Principal{me}}}, "", nil)
	gone := l.do(t, confluence.Create{Space: s, Kind: confluence.Page, Parent: s.HomeID, Title: "Gone"}, "<p>gone</p>", nil)
	l.do(t, confluence.Trash{ID: gone.ID, Kind: confluence.Page}, "", nil)
	l.now = l.now.Add(time.Minute)
	return s
}

// held is what the connector of Data Center reads of the space.
func (l *live) held(t *testing.T, s confluence.Space) *confluencetest.Held {
	t.Helper()
	h := &confluencetest.Held{Files: map[confluence.ID][]byte{}}
	spaces, err := l.dc.Spaces(t.Context(), []string{s.Key})
	check(t, err)
	h.Space = spaces[0]
	for cursor := confluence.Cursor(""); ; {
		b, err := l.dc.Scan(t.Context(), confluence.ScanRequest{Space: h.Space, Facets: confluence.AllFacets, Cursor: cursor})
		check(t, err)
		h.Contents = append(h.Contents, b.Contents...)
		if cursor = b.Next; cursor == "" {
			break
		}
	}
	for _, x := range h.Contents {
		if x.Kind != confluence.Attachment {
			continue
		}
		f, err := l.dc.Open(t.Context(), x)
		check(t, err)
		h.Files[x.ID], err = io.ReadAll(f)
		check(t, err)
		check(t, f.Close())
	}
	return h
}

// export asks the site for a backup of the space and stores what it gives.
func (l *live) export(t *testing.T, key string) string {
	t.Helper()
	ask := func(method, path, body string) []byte {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://wiki.example.test"+path, bytes.NewReader([]byte(body)))
		check(t, err)
		r.SetBasicAuth(l.site.Account())
		r.Header.Set("Content-Type", "application/json")
		resp, err := resttest.To(l.site.Handler()).RoundTrip(r)
		check(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, text, err)
		}
		return text
	}
	var job struct {
		ID    int64  `json:"id"`
		State string `json:"jobState"`
	}
	check(t, json.Unmarshal(ask("POST", "/rest/api/backup-restore/backup/space", `{"spaceKeys":["`+key+`"]}`), &job))
	for range 100 {
		if job.State == "FINISHED" {
			break
		}
		l.now = l.now.Add(time.Second)
		check(t, json.Unmarshal(ask("GET", fmt.Sprintf("/rest/api/backup-restore/jobs/%d", job.ID), ""), &job))
	}
	path := filepath.Join(t.TempDir(), "export.zip")
	check(t, os.WriteFile(path, ask("GET", fmt.Sprintf("/rest/api/backup-restore/jobs/%d/download", job.ID), ""), 0o600))
	return path
}

// TestConformance runs the suite of all Readers on an export: what it holds is what the API of the same site tells.
func TestConformance(t *testing.T) {
	l := newLive(t)
	held := l.held(t, l.fill(t))
	path := l.export(t, "CONF")
	confluencetest.Run(t, func(*testing.T) confluencetest.Site {
		return confluencetest.Site{
			Connect: func(t *testing.T, _ func(http.RoundTripper) http.RoundTripper) (confluence.Reader, confluence.Writer) {
				r, err := xmlexport.Open(t.Context(), path, xmlexport.Options{Scratch: t.TempDir()})
				check(t, err)
				t.Cleanup(func() { check(t, r.Close()) })
				return r, nil
			},
			Now: func() time.Time { return l.now }, Absent: "999999999", Held: held,
		}
	})
}
