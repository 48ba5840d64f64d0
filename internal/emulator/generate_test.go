package emulator

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// The bounds of a generated site, in the words of the issue "Two faithful Confluences": "a site of 1,000,000 generated
// pages in at most 2 GiB (metadata at most 500 bytes a page, bodies regenerated from the seed or kept in a file), ready
// in at most 60 s".
const (
	bytesAPage = 500
	readyIn    = 60 * time.Second
)

// TestGeneratedSize measures a site of 100,000 pages; with EMULATOR_PAGES set, one of that size.
func TestGeneratedSize(t *testing.T) {
	pages := 100_000
	if n, err := strconv.Atoi(os.Getenv("EMULATOR_PAGES")); err == nil {
		pages = n
	}
	before := liveBytes()
	begun := time.Now()
	site, err := New(Options{Seed: 7, Size: pages})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	took := time.Since(begun)
	per := float64(liveBytes()-before) / float64(pages)
	t.Logf("%d pages: %.0f bytes a page, ready in %v", pages, per, took.Round(time.Millisecond))
	if per > bytesAPage {
		t.Errorf("%.0f bytes a page, at most %d", per, bytesAPage)
	}
	if limit := readyIn * time.Duration(max(pages, 100_000)) / 1_000_000; took > limit {
		t.Errorf("ready after %v, at most %v", took, limit)
	}
	n := site.Counts()
	if n.CurrentPages != pages || n.Spaces < leastSpaces || n.BlogPosts == 0 || n.FooterComments == 0 || n.AttachmentsCurrent == 0 || n.RestrictedPages == 0 || n.Labels == 0 {
		t.Errorf("made of %+v", n)
	}
	runtime.KeepAlive(site)
}

// TestGeneratedSpaces: pages can be spread over a number of spaces, evenly, and all are there.
func TestGeneratedSpaces(t *testing.T) {
	site, err := New(Options{Seed: 7, Size: 103, Spaces: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	for _, in := range site.world.spaces {
		if n := len(in.pages); n != 10 && n != 11 {
			t.Errorf("space %s has %d pages", in.key, n)
		}
	}
	if n := site.Counts(); n.CurrentPages != 103 || n.Spaces != 10 {
		t.Errorf("made of %+v", n)
	}
}

// liveBytes is the memory in use after a collection.
func liveBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestGeneratedSiteIsDecidedBySeed(t *testing.T) {
	dump := func(seed uint64, personality string) []byte {
		site, err := New(Options{Seed: seed, Size: 400, Personality: personality, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
		if err != nil {
			t.Fatal(err)
		}
		defer site.Close()
		return site.Dump("full")
	}
	for _, personality := range []string{"cloud", "dc"} {
		if !bytes.Equal(dump(3, personality), dump(3, personality)) {
			t.Errorf("%s: the same seed gave two sites", personality)
		}
		if bytes.Equal(dump(3, personality), dump(4, personality)) {
			t.Errorf("%s: two seeds gave one site", personality)
		}
	}
}

// A generated site answers all that a made one does: every page by id with a body that is well-formed, whole listings by
// cursor, children, titles and searches.
func TestGeneratedSiteAnswers(t *testing.T) {
	b := &bench{t: t, now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), user: serviceID}
	b.site = keptSite(t, Options{
		Seed: 5, Size: 500, BaseURL: "https://emulated.example.test", Now: func() time.Time { return b.now },
		Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"},
	})
	seen := map[string]bool{}
	for cursor := ""; ; {
		g := b.do(200, "GET", "/wiki/api/v2/pages?limit=250&body-format=storage"+cursor, nil)
		for i, id := range g.col("id") {
			seen[id] = true
			body := g.str(fmt.Sprintf("results.%d.body.storage.value", i))
			if again, err := b.site.normalise(body, nil); err != nil || again == "" {
				t.Fatalf("page %s is refused: %v", id, err)
			}
		}
		links, err := url.Parse(fmt.Sprint(g.at("_links.next")))
		if err != nil || links.Query().Get("cursor") == "" {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(links.Query().Get("cursor"))
	}
	equal(t, "pages listed", len(seen), 500)
	home := b.site.world.spaces[0].home
	children := b.do(200, "GET", "/wiki/api/v2/pages/"+home.idText()+"/direct-children?limit=250", nil)
	equal(t, "children", len(children.col("id")), len(home.kids))
	p := home.kids[3]
	equal(t, "by title", b.do(200, "GET", "/wiki/api/v2/pages?title="+url.QueryEscape(p.title), nil).str("results.0.id"), p.idText())
	b.put(200, p.idText(), p.title, "<p>new</p>", p.number()+1)
	equal(t, "newest", b.do(200, "GET", "/wiki/api/v2/pages?sort=-modified-date&limit=1", nil).str("results.0.id"), p.idText())
	found := b.do(200, "GET", "/wiki/rest/api/content/search?limit=1&cql="+url.QueryEscape(`type = page and lastmodified >= "2026-01-01" order by lastmodified desc`), nil)
	equal(t, "changed this year", found.str("results.0.id"), p.idText())
}
