package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
)

// idle measures what it costs to look at sites on which little or nothing happens: calls of a feed for small and large
// sites, calls of a sweep, and calls for what no listing tells.
func idle(ctx context.Context, o Options) ([]Figure, error) {
	var out []Figure
	for _, product := range []string{"cloud", "dc"} {
		for _, measure := range []func(context.Context, string) ([]Figure, error){o.feeds, o.sweeps, o.manySweeps} {
			figures, err := measure(ctx, product)
			if err != nil {
				return out, fmt.Errorf("%s: %w", product, err)
			}
			out = append(out, figures...)
		}
	}
	figures, err := idlePairs(ctx, o)
	return append(out, figures...), err
}

// watched is an emulated site on a clock that stands still, and tandem's connection to it without a network in between.
type watched struct {
	site *emulator.Site
	now  time.Time
	confluence.Reader
	confluence.Writer
}

func watch(ctx context.Context, product string, seed uint64, pages, spaces int) (*watched, error) {
	const address = "https://site.example.test"
	w := &watched{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	var err error
	if w.site, err = emulator.New(emulator.Options{Personality: product, Seed: seed, BaseURL: address, Now: now, Size: pages, Spaces: spaces}); err != nil {
		return nil, err
	}
	login, token := w.site.Account()
	clock := rest.Clock{Now: now, Wait: func(context.Context, time.Duration) error {
		return errors.New("a site that does not lag was waited for")
	}}
	if product == "dc" {
		c, err := dc.Open(ctx, dc.Options{BaseURL: address, User: login, Token: token, Transport: resttest.To(w.site.Handler()), Clock: clock})
		if err != nil {
			return nil, err
		}
		w.Reader, w.Writer = c, c
	} else {
		c, err := cloud.Open(ctx, cloud.Options{BaseURL: address, Email: login, Token: token, Transport: resttest.To(w.site.Handler()), Clock: clock})
		if err != nil {
			return nil, err
		}
		w.Reader, w.Writer = c, c
	}
	_, err = w.Identity(ctx)
	return w, err
}

// spent returns the calls that the emulator has counted since it was asked last.
func (w *watched) spent() (calls int64, routes string) {
	counters := w.site.Counters()
	for _, k := range counters {
		calls += k.Reads + k.Writes
	}
	w.site.ResetCounters()
	return calls, crossing{routes: counters}.byRoute()
}

// feedEdits is how many pages are edited between two feeds.
const feedEdits = 10

// feeds counts the calls of feeds with and without changes, for a site of a hundred pages and for one of all pairs'.
func (o Options) feeds(ctx context.Context, product string) ([]Figure, error) {
	most := int64(0)
	var raw []string
	for _, size := range [][2]int{{100, 1}, {o.Pairs * o.PairPages, o.Pairs}} {
		o.Say("idle: feeds of a %s site of %s pages", product, thousands(size[0]))
		w, err := watch(ctx, product, o.Seed, size[0], size[1])
		if err != nil {
			return nil, err
		}
		calls, routes, err := w.feed(ctx)
		if err = errors.Join(err, w.site.Close()); err != nil {
			return nil, err
		}
		most = max(most, slices.Max(calls))
		raw = append(raw, fmt.Sprintf("%s pages in %d spaces: %d calls with %d edits, %d without any; %s",
			thousands(size[0]), size[1], calls[0], feedEdits, calls[1], routes))
	}
	return []Figure{figure("idle", "feed_calls_"+product, float64(most), unitCalls, FeedCalls,
		fmt.Sprintf("one interval of a site, 100 and %s pages", thousands(o.Pairs*o.PairPages)), raw...)}, nil
}

// feed returns the calls of a feed that shows edits and of one that shows none.
func (w *watched) feed(ctx context.Context) (calls []int64, routes string, err error) {
	spaces, err := w.Spaces(ctx, nil)
	if err != nil || len(spaces) == 0 {
		return nil, "", errors.Join(err, errors.New("no spaces"))
	}
	since := w.now
	for i := range feedEdits {
		made := confluence.Create{Space: spaces[i%len(spaces)], Kind: confluence.Page, Title: fmt.Sprint("Fresh page ", i)}
		if _, err := w.Apply(ctx, made, confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: "<p>fresh</p>"}}); err != nil {
			return nil, "", err
		}
	}
	w.now = w.now.Add(time.Minute)
	w.spent()
	for _, f := range []struct {
		since time.Time
		rows  int
	}{{since, feedEdits}, {w.now, 0}} {
		rows, err := w.Feed(ctx, f.since)
		if err != nil || len(rows) != f.rows {
			return nil, "", errors.Join(err, fmt.Errorf("a feed shows %d changes, not %d", len(rows), f.rows))
		}
		n, by := w.spent()
		calls, routes = append(calls, n), by
	}
	return calls, routes, nil
}

// scanned is what a sweep has read.
type scanned struct {
	contents, rows int // pages and blog posts; with what belongs to them
	pages          []confluence.ID
}

// sweep reads a space without bodies, with the facets that cost nothing more.
func (w *watched) sweep(ctx context.Context, space confluence.Space, facets confluence.Facets) (s scanned, err error) {
	for req := (confluence.ScanRequest{Space: space, Facets: facets, Trash: true, Archived: true, Unproved: true}); ; {
		batch, err := w.Scan(ctx, req)
		if err != nil {
			return s, err
		}
		for _, x := range batch.Contents {
			s.rows++
			switch x.Kind {
			case confluence.Page:
				s.pages = append(s.pages, x.ID)
				s.contents++
			case confluence.BlogPost:
				s.contents++
			}
		}
		if req.Cursor = batch.Next; req.Cursor == "" {
			return s, nil
		}
	}
}

// sweepPages is the size of the space whose sweep is counted by itself.
const sweepPages = 10_000

// sweeps counts the calls of a sweep of one large space, and of glances at all its pages where the site has them.
func (o Options) sweeps(ctx context.Context, product string) (figures []Figure, err error) {
	o.Say("idle: a sweep of a %s space of %s pages", product, thousands(sweepPages))
	w, err := watch(ctx, product, o.Seed, sweepPages, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.site.Close()) }()
	who, err := w.Identity(ctx)
	if err != nil {
		return nil, err
	}
	spaces, err := w.Spaces(ctx, nil)
	if err != nil {
		return nil, err
	}
	var seen scanned
	for range 2 { // the first looks up the authors
		w.spent()
		if seen, err = w.sweep(ctx, spaces[0], who.Caps.Listed); err != nil {
			return nil, err
		}
	}
	calls, routes := w.spent()
	if seen.contents < sweepPages {
		return nil, fmt.Errorf("a sweep shows %d pages", len(seen.pages))
	}
	figures = []Figure{figure("idle", fmt.Sprintf("sweep_calls_%s_%d", product, sweepPages), float64(calls), unitCalls, sweepBound(seen.contents, 1),
		fmt.Sprintf("%s pages and blog posts in one space, nothing changed", thousands(seen.contents)),
		fmt.Sprintf("%d rows; facets in the same calls: %s; %s", seen.rows, facetNames(who.Caps.Listed), routes))}
	g, is := w.Reader.(confluence.Glancer)
	if !is {
		return figures, nil
	}
	got, err := g.Glance(ctx, confluence.Page, seen.pages, who.Caps.Glanced)
	if err != nil {
		return nil, err
	}
	calls, routes = w.spent()
	return append(figures, figure("idle", fmt.Sprintf("glance_calls_%s_%d", product, sweepPages), float64(calls), unitCalls, Bound{},
		fmt.Sprintf("%s pages, what no listing tells: %s, all in the same calls", thousands(len(seen.pages)), facetNames(who.Caps.Glanced)),
		fmt.Sprintf("%d rows, %d pages a call; spread over the sweeps of 30 minutes; %s", len(got), who.Caps.GlanceBatch, routes))), nil
}

// manySweeps counts the calls of a sweep of every pair's space.
func (o Options) manySweeps(ctx context.Context, product string) (figures []Figure, err error) {
	o.Say("idle: sweeps of %d %s spaces of %d pages", o.Pairs, product, o.PairPages)
	w, err := watch(ctx, product, o.Seed, o.Pairs*o.PairPages, o.Pairs)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.site.Close()) }()
	who, err := w.Identity(ctx)
	if err != nil {
		return nil, err
	}
	spaces, err := w.Spaces(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := w.sweep(ctx, spaces[0], who.Caps.Listed); err != nil { // looks up most authors
		return nil, err
	}
	w.spent()
	contents := 0
	for _, s := range spaces {
		seen, err := w.sweep(ctx, s, who.Caps.Listed)
		if err != nil {
			return nil, err
		}
		contents += seen.contents
	}
	calls, routes := w.spent()
	return []Figure{figure("idle", "sweep_calls_"+product+"_all", float64(calls), unitCalls, sweepBound(contents, len(spaces)),
		fmt.Sprintf("%s pages and blog posts in %d spaces, nothing changed", thousands(contents), len(spaces)), routes)}, nil
}

// sweepBound is what sweeps of so many contents may cost where nothing has changed.
func sweepBound(contents, spaces int) Bound {
	return Bound{Most: true, Limit: float64((contents+sweepRows-1)/sweepRows + spaces)}
}

func facetNames(f confluence.Facets) string {
	out := ""
	for _, n := range []struct {
		facet confluence.Facets
		name  string
	}{
		{confluence.FacetBody, "bodies"}, {confluence.FacetLabels, "labels"}, {confluence.FacetRestrictions, "restrictions"},
		{confluence.FacetAttachments, "attachments"}, {confluence.FacetComments, "comments"},
	} {
		if f.Has(n.facet) && out != "" {
			out += ", "
		}
		if f.Has(n.facet) {
			out += n.name
		}
	}
	if out == "" {
		return "none"
	}
	return out
}
