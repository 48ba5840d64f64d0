package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/cloud"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/dc"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/rest"
	"github.com/tandem-sync/tandem/internal/rest/resttest"
	"github.com/tandem-sync/tandem/internal/store"
)

// pairs are an emulated Data Center and an emulated Cloud on one clock that moves only when it is told to, and tandem
// between them, which has migrated every space and now keeps it as a pair at defaults.
type pairs struct {
	sites  [2]*emulator.Site
	clock  *resttest.Clock
	store  *store.Store
	engine *engine.Engine
	names  []string           // of the pairs, which are the keys of their spaces
	spaces []confluence.Space // of the Data Center
	pages  [][]confluence.ID  // of the Data Center, by space
	edits  int                // whose latency is measured
	ids    atomic.Int64
	stop   func() error
}

// pairSites are the names of the two sites, by side.
var pairSites = [2]string{"dc", "cloud"}

// joined makes so many pairs of so many pages each, all in sync.
func joined(ctx context.Context, o Options, dir string, count, size int) (*pairs, error) {
	p := &pairs{clock: resttest.NewClock(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))}
	for i, name := range pairSites {
		var err error
		p.sites[i], err = emulator.New(emulator.Options{
			Personality: name, Seed: o.Seed + uint64(i), BaseURL: "https://" + name + ".example.test", Now: p.clock.Now,
			Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"},
		})
		if err != nil {
			return nil, err
		}
		p.sites[i].AddUser("ann", "Ann", "ann@example.test")
	}
	if err := p.open(ctx, dir); err != nil {
		return nil, err
	}
	if err := p.fill(ctx, count, size); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if err := p.adopt(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pairs) open(ctx context.Context, dir string) (err error) {
	if p.store, err = store.Open(ctx, store.Options{Dir: filepath.Join(dir, "state"), Address: "bench", Now: p.clock.Now}); err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(1, 1))
	var mu sync.Mutex
	p.engine = engine.New(engine.Options{
		Store: p.store, Connect: p.connect, Now: p.clock.Now, Wait: p.clock.Until, Go: func(f func()) { go f() },
		NewID: func() string { return fmt.Sprintf("OP%020d", p.ids.Add(1)) }, Owner: "bench", Log: slog.New(slog.DiscardHandler), Workers: 4,
		Rand: func() float64 { mu.Lock(); defer mu.Unlock(); return chance.Float64() },
	})
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- p.engine.Run(run) }()
	p.stop = func() error {
		cancel()
		err := <-done
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return errors.Join(err, p.engine.Close(), p.store.Close(), p.sites[0].Close(), p.sites[1].Close())
	}
	for i, name := range pairSites {
		login, token := p.sites[i].Account()
		row := store.Site{Name: name, Kind: confluence.SiteKind(name), URL: "https://" + name + ".example.test", Auth: "token", Email: login}
		if _, err := p.engine.AddSite(ctx, row, []byte(token), true); err != nil {
			return errors.Join(err, p.stop())
		}
	}
	return nil
}

func (p *pairs) close() error { return p.stop() }

func (p *pairs) connect(ctx context.Context, row store.Site, secret []byte) (confluence.Reader, confluence.Writer, error) {
	clock := p.clock.Hasty()
	if row.Kind == confluence.DataCenter {
		c, err := dc.Open(ctx, dc.Options{BaseURL: row.URL, Token: string(secret), Transport: resttest.To(p.sites[0].Handler()), Clock: clock})
		return c, c, err
	}
	c, err := cloud.Open(ctx, cloud.Options{BaseURL: row.URL, Email: row.Email, Token: string(secret), Transport: resttest.To(p.sites[1].Handler()), Clock: clock})
	return c, c, err
}

// fill makes the spaces on the Data Center: pages under the home page, with nothing but bodies.
func (p *pairs) fill(ctx context.Context, count, size int) error {
	login, token := p.sites[0].Account()
	w, err := dc.Open(ctx, dc.Options{BaseURL: "https://dc.example.test", User: login, Token: token, Transport: resttest.To(p.sites[0].Handler()), Clock: rest.Clock{Now: p.clock.Now}})
	if err != nil {
		return err
	}
	for i := range count {
		key := fmt.Sprintf("P%03d", i+1)
		made, err := w.Apply(ctx, confluence.CreateSpace{Key: key, Name: "Pair " + key}, confluence.Payload{})
		if err != nil {
			return err
		}
		space := confluence.Space{ID: made.ID, Key: key, HomeID: made.HomeID}
		var ids []confluence.ID
		for n := range size - 1 {
			body := fmt.Sprintf("<p>Page %d of %s.</p><p>It says <strong>one</strong> thing.</p>", n, key)
			r, err := w.Apply(ctx, confluence.Create{Space: space, Kind: confluence.Page, Parent: made.HomeID, Title: pageTitle(i, n)},
				confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: body}})
			if err != nil {
				return err
			}
			ids = append(ids, r.ID)
		}
		p.names, p.spaces, p.pages = append(p.names, key), append(p.spaces, space), append(p.pages, ids)
	}
	return w.Close()
}

// adopt migrates all spaces by one plan, and makes a pair of each.
func (p *pairs) adopt(ctx context.Context) error {
	plan := migration.NewPlan()
	plan.Name, plan.From.Site, plan.To.Site = "bench", pairSites[0], pairSites[1]
	for _, name := range p.names {
		plan.Spaces = append(plan.Spaces, migration.NewScope(name, ""))
	}
	if _, err := p.engine.CreatePlan(ctx, plan); err != nil {
		return err
	}
	id, err := p.engine.Start(ctx, plan.Name)
	if err != nil {
		return err
	}
	run, err := p.engine.Wait(ctx, id)
	if err != nil || run.Status != migration.PlanFinished {
		return errors.Join(err, fmt.Errorf("the run is %s", run.Status))
	}
	for _, name := range p.names {
		spec := migration.NewPair()
		spec.Name, spec.Adopt = name, id
		spec.A, spec.B = migration.PairEnd{Site: pairSites[0], Space: name}, migration.PairEnd{Site: pairSites[1], Space: name}
		if _, err := p.engine.CreatePair(ctx, spec); err != nil {
			return err
		}
		preview, err := p.engine.BaselinePair(ctx, name, "")
		if err == nil {
			_, err = p.engine.BaselinePair(ctx, name, preview.Digest)
		}
		if err != nil {
			return err
		}
	}
	// The index of both sites lags from here on as it does by default.
	for _, s := range p.sites {
		if err := s.SetOptions(map[string]string{"CQ-01": "5s"}); err != nil {
			return err
		}
	}
	return p.settle(ctx)
}

// settle waits until nothing is due, and makes sure that every pair is active.
func (p *pairs) settle(ctx context.Context) error {
	if err := p.engine.Idle(ctx); err != nil {
		return err
	}
	rows, err := p.store.PairRows(ctx)
	for _, r := range rows {
		if r.State != migration.PairActive {
			why := ""
			if r.Sync.Halt != nil {
				why = ": " + r.Sync.Halt.What
			}
			return errors.Join(err, fmt.Errorf("pair %s is %s%s", r.Spec.Name, r.State, why))
		}
	}
	return err
}

// let lets time pass in steps, with everything done that comes due.
func (p *pairs) let(ctx context.Context, d, step time.Duration) error {
	for end := p.clock.Now().Add(d); p.clock.Now().Before(end); {
		p.clock.Advance(step)
		if err := p.engine.Idle(ctx); err != nil {
			return err
		}
	}
	return p.settle(ctx)
}

// tally is what two sites counted over a time, with the feeds that were read.
type tally struct {
	feeds   [2]int64
	reads   [2]int64
	writes  [2]int64
	marks   int64    // of the writes: of the double checkpoint
	glances [2]int64 // of the reads: for facets that no listing tells
	byRoute [2]string
}

// tally returns what was counted since it was asked last.
func (p *pairs) tally(ctx context.Context, since [2]int64) (t tally, now [2]int64, err error) {
	for i, s := range p.sites {
		counters := s.Counters()
		for route, k := range counters {
			t.reads[i] += k.Reads
			if strings.HasSuffix(route, "/content/search") {
				t.glances[i] += k.Reads // and one of each feed, which is taken off below
			}
			switch {
			case strings.HasSuffix(route, "users-bulk"): // a question that is too long for a GET
				t.reads[i] += k.Writes
			case strings.Contains(route, "propert"):
				t.marks += k.Writes
				t.writes[i] += k.Writes
			default:
				t.writes[i] += k.Writes
			}
		}
		t.byRoute[i] = crossing{routes: counters}.byRoute()
		s.ResetCounters()
		mark, err := p.store.Feed(ctx, pairSites[i])
		if err != nil {
			return t, now, err
		}
		now[i] = int64(mark.Intervals)
		t.feeds[i] = now[i] - since[i]
		t.glances[i] = max(0, t.glances[i]-t.feeds[i])
	}
	return t, now, nil
}

// beyondFeeds are the calls to a site besides those that its feeds cost.
func (t tally) beyondFeeds(side int) int64 {
	return t.reads[side] + t.writes[side] - t.feeds[side]*feedCost[side]
}

// edit changes the body of a page as a person does, by its title.
func (p *pairs) edit(side confluence.Side, title, text string) error {
	action, err := json.Marshal(map[string]any{"body": map[string]string{"page": title, "text": text}})
	if err == nil {
		_, err = p.sites[side].Act("ann", action)
	}
	return err
}

// pageTitle is the title of a page of a pair, the same on both sides and unique on each site.
func pageTitle(pair, page int) string { return fmt.Sprintf("P%03d page %05d", pair+1, page) }
