package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// The times that the measurements of pairs take, in emulated time.
const (
	feedEvery  = 10 * time.Second // the default interval of feeds
	sweepEvery = 15 * time.Minute // and of sweeps
	quietFor   = 1_000            // intervals
	dayLong    = 24 * time.Hour
	pairStep   = time.Second
	dayStep    = 5 * time.Second // coarser: there are many
)

// withPairs joins pairs, measures and ends them.
func (o Options) withPairs(ctx context.Context, count, size int, measure func(*pairs) error) (err error) {
	dir, err := os.MkdirTemp(o.Dir, "pairs-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Say("pairs: migrating and joining %d spaces of %d pages", count, size)
	p, err := joined(ctx, o, dir, count, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	return measure(p)
}

// idlePairs measures pairs on which nothing happens: one, and as many as there are to be.
func idlePairs(ctx context.Context, o Options) (figures []Figure, err error) {
	for _, count := range []int{1, o.Pairs} {
		err := o.withPairs(ctx, count, o.PairPages, func(p *pairs) error {
			got, err := p.interval(ctx, o, count)
			figures = append(figures, got...)
			return err
		})
		if err != nil {
			return figures, err
		}
	}
	err = o.withPairs(ctx, dayPairs, dayPages, func(p *pairs) error {
		got, err := p.day(ctx, o)
		figures = append(figures, got...)
		return err
	})
	return figures, err
}

// interval counts what one interval of a site costs while no pair sweeps, and what one sweep of every pair costs.
func (p *pairs) interval(ctx context.Context, o Options, count int) (figures []Figure, err error) {
	o.Say("idle: %d pairs: feeds, then a sweep of each", count)
	// What the migration has left to look at is looked at first.
	if err := p.let(ctx, 6*feedEvery, pairStep); err != nil {
		return nil, err
	}
	_, at, err := p.tally(ctx, [2]int64{})
	if err != nil {
		return nil, err
	}
	t, at, err := p.atRest(ctx, 30, at)
	if err != nil {
		return nil, err
	}
	for side, name := range pairSites {
		calls := t.reads[side] + t.writes[side]
		figures = append(figures, figure("idle", fmt.Sprintf("interval_calls_%s_%d", name, count), float64(calls)/float64(max(1, t.feeds[side])), unitCalls,
			FeedCalls, fmt.Sprintf("%d feeds of the site behind %d pairs of %d pages, at times when no pair sweeps", t.feeds[side], count, o.PairPages),
			t.byRoute[side]))
	}
	before, err := p.cycles(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.let(ctx, sweepEvery+sweepEvery/10, pairStep); err != nil {
		return nil, err
	}
	after, err := p.cycles(ctx)
	if err != nil {
		return nil, err
	}
	sweeps := max(1, after-before)
	if t, _, err = p.tally(ctx, at); err != nil {
		return nil, err
	}
	for side, name := range pairSites {
		calls := t.beyondFeeds(side) - t.glances[side]
		figures = append(figures, figure("idle", fmt.Sprintf("sweep_round_%s_%d", name, count), float64(calls)/float64(sweeps), unitCalls,
			sweepBound(o.PairPages, 1), fmt.Sprintf("a sweep of one of %d pairs of %d pages, nothing changed", count, o.PairPages),
			fmt.Sprintf("%d sweeps, %d calls without those of %d feeds", sweeps, calls, t.feeds[side]),
			fmt.Sprintf("besides, %d calls of the rolling budget for facets that no listing tells", t.glances[side]), t.byRoute[side]))
	}
	return figures, nil
}

// atRest sums up so many intervals, leaving out those in which a pair had a cycle.
func (p *pairs) atRest(ctx context.Context, intervals int, at [2]int64) (sum tally, now [2]int64, err error) {
	now = at
	for range intervals {
		before, err := p.cycles(ctx)
		if err != nil {
			return sum, now, err
		}
		if err := p.let(ctx, feedEvery, pairStep); err != nil {
			return sum, now, err
		}
		after, err := p.cycles(ctx)
		if err != nil {
			return sum, now, err
		}
		var t tally
		if t, now, err = p.tally(ctx, now); err != nil {
			return sum, now, err
		}
		if before == after {
			sum = sum.plus(t)
		}
	}
	return sum, now, nil
}

// cycles is how many cycles all pairs have had.
func (p *pairs) cycles(ctx context.Context) (n int64, err error) {
	rows, err := p.store.PairRows(ctx)
	for _, r := range rows {
		n += int64(r.Cycle)
	}
	return n, err
}

func (t tally) plus(more tally) tally {
	for side := range pairSites {
		t.feeds[side] += more.feeds[side]
		t.reads[side] += more.reads[side]
		t.writes[side] += more.writes[side]
		t.byRoute[side] = more.byRoute[side]
	}
	t.marks += more.marks
	return t
}

// feedCost is what a feed costs at each site.
var feedCost = [2]int64{2, 4}

// The pairs of the measurements over a long time.
const (
	dayPairs = 5
	dayPages = 100
)

// day counts writes over many quiet intervals, and what a day at defaults costs, all layers included.
func (p *pairs) day(ctx context.Context, o Options) (figures []Figure, err error) {
	o.Say("idle: a day of %d pairs of %d pages", dayPairs, dayPages)
	_, at, err := p.tally(ctx, [2]int64{})
	if err != nil {
		return nil, err
	}
	began := p.clock.Now()
	if err := p.let(ctx, quietFor*feedEvery, dayStep); err != nil {
		return nil, err
	}
	quiet, at, err := p.tally(ctx, at)
	if err != nil {
		return nil, err
	}
	figures = append(figures, figure("idle", "writes_1000_intervals", float64(quiet.writes[0]+quiet.writes[1]), unitCalls, NoWrites,
		fmt.Sprintf("%d and %d feeds, and the sweeps meanwhile, of %d pairs", quiet.feeds[0], quiet.feeds[1], dayPairs), quiet.byRoute[0], quiet.byRoute[1]))
	if err := p.let(ctx, dayLong-p.clock.Now().Sub(began), dayStep); err != nil {
		return nil, err
	}
	rest, _, err := p.tally(ctx, at)
	if err != nil {
		return nil, err
	}
	for side, name := range pairSites {
		calls := quiet.reads[side] + quiet.writes[side] + rest.reads[side] + rest.writes[side]
		feeds := quiet.feeds[side] + rest.feeds[side]
		figures = append(figures, figure("idle", "day_calls_"+name, float64(calls)/float64(feeds), unitCalls, Bound{},
			fmt.Sprintf("an interval, over a day at defaults: %d pairs of %d pages, all layers included", dayPairs, dayPages),
			fmt.Sprintf("%s calls in %d intervals, %.2f a second; of them %.2f an interval beyond the feed", thousands(int(calls)), feeds,
				float64(calls)/dayLong.Seconds(), float64(calls-feeds*feedCost[side])/float64(feeds)), rest.byRoute[side]))
	}
	return figures, nil
}

// changeTo is an edit on one side, and when the other side was seen to have it.
type changeTo struct {
	from  confluence.Side
	title string
	text  string
	at    time.Time
}
