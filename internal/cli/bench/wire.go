package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// lag is how far the emulated site is behind with what it shows: CQ-01 of the search index, TR-03 of the child listings.
type lag struct{ index, tree string }

// The lags of suite wire. Waiting for the index is no call and no latency, so the bound on time is about a site without
// lag; the bound on calls is held with the emulator's usual lag, which makes calls dearer.
var (
	noLag    = lag{"0s", "0s"}
	usualLag = lag{"5s", "10s"}
)

func (l lag) String() string { return "CQ-01=" + l.index + " TR-03=" + l.tree }

// crossing is one migration over the wire.
type crossing struct {
	pages   int
	lag     lag
	routes  map[string]emulator.Counter
	calls   int64         // by the emulator's counters
	wall    time.Duration // from the creation of the plan to FINISHED
	chain   chain
	latency time.Duration
	slots   int
}

// wire measures what migrating costs in calls and in time: pages with nothing but bodies, in alphabetical order, from an
// export into an emulated Cloud in this process, through the same parts as the command line. Counted is from the creation
// of the plan to FINISHED; reading back and the Cloud side of the proof are in it.
//
// Calls are counted once, because nothing in them is left to chance but a question more or less about the index. The time
// of the smallest size is measured again without lag, as often as Repeat says, and the median counts.
func wire(ctx context.Context, o Options) ([]Figure, error) {
	var out []Figure
	for _, pages := range o.Pages {
		c, err := cross(ctx, o, pages, usualLag)
		if err != nil {
			return out, err
		}
		out = append(out, c.callsFigure())
		if o.Latency > 0 {
			out = append(out, c.wallFigure(fmt.Sprintf("wall_over_limit_lagging_%d", pages), Bound{}))
		}
	}
	if o.Latency <= 0 {
		o.Say("wire: without latency there is no limit to compare a time with")
		return out, nil
	}
	var walls []crossing
	pages := slices.Min(o.Pages)
	for range o.Repeat {
		c, err := cross(ctx, o, pages, noLag)
		if err != nil {
			return out, err
		}
		walls = append(walls, c)
	}
	slices.SortFunc(walls, func(a, b crossing) int { return cmp.Compare(a.ratio(), b.ratio()) })
	return append(out, walls[(len(walls)-1)/2].wallFigure("wall_over_limit", over(pages, WallOverLimit))), nil
}

// boundFrom is the smallest number of pages that the bounds are about: what a run costs besides its pages is shared by
// too few of them below.
const boundFrom = 1_000

func over(pages int, b Bound) Bound {
	if pages < boundFrom {
		return Bound{}
	}
	return b
}

func (c crossing) callsFigure() Figure {
	value := float64(c.calls) / float64(c.pages)
	return figure("wire", fmt.Sprintf("calls_per_page_%d", c.pages), value, unitCalls, over(c.pages, CallsPerPage),
		fmt.Sprintf("%s body-only pages in alphabetical order from an export, plan to FINISHED, read-back and proof included; %s", thousands(c.pages), c.lag),
		fmt.Sprintf("%s calls for %s pages, journal at synchronous=FULL", thousands(int(c.calls)), thousands(c.pages)), c.byRoute())
}

// limit is the time that the calls take by themselves.
func (c crossing) limit() time.Duration {
	return time.Duration(c.pages)*c.latency/time.Duration(c.slots) + time.Duration(c.chain.longest)*c.latency
}

func (c crossing) ratio() float64 { return c.wall.Seconds() / c.limit().Seconds() }

func (c crossing) wallFigure(name string, b Bound) Figure {
	return figure("wire", name, c.ratio(), unitRatio, b,
		fmt.Sprintf("%s pages × %v ÷ %d + %d dependent calls × %v; %s", thousands(c.pages), c.latency, c.slots, c.chain.longest, c.latency, c.lag),
		fmt.Sprintf("%s of %s for %s pages, %.0f pages/s", seconds(c.wall), seconds(c.limit()), thousands(c.pages), perSecond(float64(c.pages), c.wall)),
		c.chain.String())
}

func (c crossing) byRoute() string {
	names := slices.SortedFunc(maps.Keys(c.routes), func(a, b string) int {
		x, y := c.routes[a], c.routes[b]
		if d := y.Reads + y.Writes - x.Reads - x.Writes; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, n := range names {
		if k := c.routes[n]; k.Writes > 0 {
			parts = append(parts, fmt.Sprintf("%d writes %s", k.Writes, n))
		}
		if k := c.routes[n]; k.Reads > 0 {
			parts = append(parts, fmt.Sprintf("%d reads %s", k.Reads, n))
		}
	}
	return strings.Join(parts, ", ")
}

// cross migrates one generated space and measures that.
func cross(ctx context.Context, o Options, pages int, l lag) (c crossing, err error) {
	o.Say("wire: %s pages, latency %v, %d connections, %s", thousands(pages), o.Latency, o.Connections, l)
	c = crossing{pages: pages, lag: l, latency: o.Latency, slots: o.Connections}
	dir, err := os.MkdirTemp(o.Dir, "wire-")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	shape := BodyOnly(pages)
	shape.Seed = o.Seed
	export := filepath.Join(dir, "export.zip")
	if err := generateFile(export, shape); err != nil {
		return c, err
	}
	site, err := startSite(o, l)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, site.close()) }()
	h, err := o.Open(ctx, dir)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := site.join(ctx, h, o.Connections); err != nil {
		return c, err
	}
	return c, c.migrate(ctx, o, h, site, export)
}

func generateFile(path string, s Shape) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = Generate(f, s)
	return errors.Join(err, f.Close())
}

// migrate makes the plan, runs it, and holds the result to what it claims: finished, proved equal, every page there.
func (c *crossing) migrate(ctx context.Context, o Options, h House, site *site, export string) error {
	level, err := h.Store.Synchronous(ctx)
	if err != nil {
		return err
	}
	if level != store.SynchronousFull {
		return fmt.Errorf("the journal is at synchronous=%d and not at FULL: nothing measured now counts", level)
	}
	site.forget()
	began := o.Now()
	p := migration.NewPlan()
	p.Name, p.From.Export, p.To.Site = "bench", export, siteName
	p.Spaces = []migration.SpaceScope{migration.NewScope(spaceKey(0), "")}
	if _, err := h.Engine.CreatePlan(ctx, p); err != nil {
		return err
	}
	id, err := h.Engine.Start(ctx, p.Name)
	if err != nil {
		return err
	}
	run, err := h.Engine.Wait(ctx, id)
	if err != nil {
		return err
	}
	c.wall = o.Now().Sub(began)
	c.routes = site.Counters()
	for _, n := range c.routes {
		c.calls += n.Reads + n.Writes
	}
	seen := site.seen()
	if int64(len(seen)) != c.calls {
		return fmt.Errorf("the emulator counted %d calls, and %d came", c.calls, len(seen))
	}
	if err := c.check(ctx, h, run); err != nil {
		return err
	}
	stages, err := stagesOf(ctx, h.Store, run.ID)
	if err != nil {
		return err
	}
	c.chain = longestChain(seen, stages)
	return nil
}

func (c *crossing) check(ctx context.Context, h House, run store.Run) error {
	if run.Status != migration.PlanFinished {
		why := ""
		if run.Error != nil {
			why = ": " + run.Error.What
		}
		return fmt.Errorf("run %s is %s%s", run.ID, run.Status, why)
	}
	proofs, err := h.Store.Proofs(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, p := range proofs {
		if !p.Proof.Equal || p.Proof.Leaves[confluence.A] != c.pages || p.Proof.Leaves[confluence.B] != c.pages {
			return fmt.Errorf("space %s: equal %v with %d and %d leaves, want %d", p.Proof.Space, p.Proof.Equal,
				p.Proof.Leaves[confluence.A], p.Proof.Leaves[confluence.B], c.pages)
		}
	}
	if len(proofs) != 1 {
		return fmt.Errorf("%d proofs of one space", len(proofs))
	}
	return nil
}
