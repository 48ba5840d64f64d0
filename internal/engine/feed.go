package engine

import (
	"context"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// sliceFeed is the kind of the slices in which the feed of a site is read: one chain per site, by its name, however many
// pairs have a space there (decision D21).
const sliceFeed = "feed"

// feed is one reading of what changed on a site.
type feed struct {
	e     *Engine
	site  *site
	pairs []feedPair
	mark  store.FeedMark
	now   time.Time // by the site's clock, before anything was asked
}

// feedPair is one side of a pair that stands on the site. Of a pair between two spaces of one site there are two.
type feedPair struct {
	row  store.PairRow
	side confluence.Side
}

// workFeed is the jobs.Work of a site's feed. A reading that fails is tried again later and later: the feed is never given
// up, and what it misses meanwhile it reads when the site is back.
func (e *Engine) workFeed(ctx context.Context, slice store.Slice) (jobs.Next, error) {
	e.enter(feedLog(slice.Key))
	defer e.leave(feedLog(slice.Key))
	began := e.opt.Now()
	pairs, err := e.watchers(ctx, slice.Key)
	if err != nil {
		return jobs.Next{}, err
	}
	if len(pairs) == 0 {
		return jobs.Next{Done: true}, nil
	}
	interval := e.spreadOut(shortest(pairs))
	if err := e.readFeed(ctx, slice.Key, pairs); err != nil {
		return e.feedFailed(ctx, slice, pairs, err, interval)
	}
	return jobs.Next{Due: began.Add(interval)}, nil
}

// feedLog is the name under which a feed at work is counted.
func feedLog(site string) string { return "feed/" + site }

// watchers are the sides of pairs that stand on a site and whose edits are counted, by name.
func (e *Engine) watchers(ctx context.Context, name string) ([]feedPair, error) {
	rows, err := e.store.PairRows(ctx)
	var out []feedPair
	for _, row := range rows {
		for _, side := range confluence.Sides {
			if row.Sites[side] == name && (row.State.Watched() || planted.On(planted.RetiredWatched)) && continuous(row) {
				out = append(out, feedPair{row, side})
			}
		}
	}
	return out, err
}

func continuous(row store.PairRow) bool { return row.Spec.Mode != migration.ModeOnDemand }

func shortest(pairs []feedPair) time.Duration {
	least, _ := pairs[0].row.Spec.Intervals()
	for _, p := range pairs {
		d, _ := p.row.Spec.Intervals()
		least = min(least, d)
	}
	return least
}

// spreadOut moves an interval by up to a twentieth either way, so that many sites and pairs do not ask all at once.
func (e *Engine) spreadOut(d time.Duration) time.Duration {
	return d + time.Duration((e.opt.Rand()-0.5)*float64(d)/10)
}

// feedFailed decides when a feed that failed is read again. A site that refuses us, or is another one, halts its pairs.
func (e *Engine) feedFailed(ctx context.Context, slice store.Slice, pairs []feedPair, cause error, interval time.Duration) (jobs.Next, error) {
	if ctx.Err() != nil {
		return jobs.Next{}, ctx.Err()
	}
	x := confluence.AsError(cause)
	e.opt.Log.Warn("feed not read", "site", slice.Key, "error", x)
	if pairStops(x) {
		for _, p := range pairs {
			if err := e.haltPair(ctx, p.row.Spec.Name, errorHalt(p.side, x)); err != nil {
				return jobs.Next{}, err
			}
		}
	}
	mark, err := e.store.Feed(ctx, slice.Key)
	if err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return jobs.Next{}, err
	}
	mark.Failures++
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutFeed(slice.Key, mark) })
	pause := max(x.RetryAfter, min(interval<<min(mark.Failures, 5), feedPause))
	return jobs.Next{Due: e.opt.Now().Add(pause)}, err
}

// feedPause is the longest pause between two tries of a feed that fails.
const feedPause = 5 * time.Minute

// readFeed asks a site what changed since the mark, and hands it to the pairs.
func (e *Engine) readFeed(ctx context.Context, name string, pairs []feedPair) error {
	s, err := e.open(ctx, name)
	if err != nil {
		return err
	}
	f := &feed{e: e, site: s, pairs: pairs, now: e.opt.Now()}
	if f.mark, err = e.store.Feed(ctx, name); err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return err
	}
	f.now = f.now.Add(f.mark.Skew)
	if f.mark.Since.IsZero() {
		f.mark.Since = f.begin()
	}
	list, err := f.read(ctx)
	if err != nil {
		if planted.On(planted.WatermarkPast) {
			f.mark.Since = f.now.Add(time.Hour)
			f.mark.Read = f.mark.Since
			_ = f.store(ctx, nil)
		}
		return err
	}
	hints, err := f.fanOut(ctx, f.fresh(list))
	if err != nil {
		return err
	}
	f.advance(list)
	return f.store(ctx, hints)
}

// read asks for what changed since the mark: from as far before the newest change as the index lags, but not from before
// what the last reading could have missed at most. So after a bulk change, or on a site where nothing happens, nothing is
// read again and again.
func (f *feed) read(ctx context.Context) ([]confluence.Content, error) {
	since := f.mark.Since.Add(-f.reach())
	if !f.mark.Read.IsZero() && f.mark.Read.Add(-maxLag).After(since) {
		since = f.mark.Read.Add(-maxLag)
	}
	if news, ok := f.site.reader.(confluence.NewsReader); ok {
		return news.FeedNews(ctx, since, f.seen)
	}
	return f.site.reader.Feed(ctx, since)
}

// begin is where the feed of a site starts: what its pairs have read of it already needs no feed.
func (f *feed) begin() time.Time {
	since := f.now
	for _, p := range f.pairs {
		if at := p.row.Sync.Scanned[p.side]; !at.IsZero() && at.Before(since) {
			since = at
		}
	}
	return since
}

// lagsKept is how many of the latest delays of the index are remembered: the longest of them stands for the 99th
// percentile.
const lagsKept = 100

// reach is how far back of the newest change the feed is read again: twice the index's lag, and a minute for its
// granularity.
func (f *feed) reach() time.Duration {
	var longest time.Duration
	for _, lag := range f.mark.Lags {
		longest = max(longest, lag)
	}
	return 2*longest + time.Minute
}

// maxLag bounds what counts as a delay of the index; an older row is news of something else.
const maxLag = 10 * time.Minute

func feedKey(c confluence.Content) string { return string(c.Kind) + "/" + string(c.ID) }

// fresh leaves out what was seen before, by id and version.
func (f *feed) fresh(list []confluence.Content) []confluence.Content {
	var out []confluence.Content
	for _, c := range list {
		if !f.seen(c) {
			out = append(out, c)
		}
	}
	return out
}

// seen reports whether a reading before has shown this very version.
func (f *feed) seen(c confluence.Content) bool {
	was, ok := f.mark.Seen[feedKey(c)]
	return ok && was.Number == c.Version.Number && was.Status == c.Status && was.At.Equal(c.Version.At)
}

// advance moves the mark to what was read.
func (f *feed) advance(list []confluence.Content) {
	m := &f.mark
	was := m.Seen
	m.Seen = map[string]store.SeenVersion{}
	newest := m.Since
	for _, c := range list {
		at := c.Version.At
		if _, seen := was[feedKey(c)]; !seen && !m.Read.IsZero() && at.Before(m.Read) && f.now.Sub(at) < maxLag {
			m.Lags = append(m.Lags, f.now.Sub(at)) // it was there at the last reading, which did not show it
		}
		if at.After(newest) && !at.After(f.now.Add(time.Minute)) {
			newest = at
		}
	}
	m.Lags = m.Lags[max(0, len(m.Lags)-lagsKept):]
	m.Since = newest
	keep := newest.Add(-f.reach() - maxLag)
	for key, seen := range was {
		if !seen.At.Before(keep) {
			m.Seen[key] = seen
		}
	}
	for _, c := range list {
		m.Seen[feedKey(c)] = store.SeenVersion{Number: c.Version.Number, Status: c.Status, At: c.Version.At}
	}
	m.Read, m.Failures = f.now, 0
	m.Intervals++
}

// store writes mark and hints, and wakes the cycles of pairs that have something to look at, in one transaction.
func (f *feed) store(ctx context.Context, hints []store.Hint) error {
	named := map[int64]bool{}
	for _, h := range hints {
		named[h.Pair] = true
	}
	err := f.e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if err := tx.PutFeed(f.site.row.Name, f.mark); err != nil {
			return err
		}
		if err := tx.PutHint(hints...); err != nil {
			return err
		}
		for _, p := range f.pairs {
			if named[p.row.ID] && p.row.State.Writes() {
				tx.AddSlice(store.Slice{Kind: sliceCycle, Key: p.row.Spec.Name, Due: f.e.opt.Now()})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range f.pairs {
		if named[p.row.ID] {
			f.e.pairEvent(EventPair, p.row.Spec.Name, "")
		}
	}
	return nil
}

// fanOut says which pairs are to look at what: the space that the site names decides, and for what has left a space of a
// pair, or names none, what is known of it or of what it belongs to.
func (f *feed) fanOut(ctx context.Context, list []confluence.Content) ([]store.Hint, error) {
	var hints []store.Hint
	for _, c := range list {
		to, err := f.concerned(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, p := range to {
			known, err := f.known(ctx, p, c)
			if err != nil {
				return nil, err
			}
			if !known {
				hints = append(hints, store.Hint{Pair: p.row.ID, Side: p.side, Kind: c.Kind, ID: c.ID, Version: c.Version.Number,
					Container: c.Container, At: c.Version.At})
			}
		}
	}
	return hints, nil
}

func (f *feed) concerned(ctx context.Context, c confluence.Content) ([]feedPair, error) {
	var out []feedPair
	for _, p := range f.pairs {
		if c.SpaceKey != "" && c.SpaceKey == p.row.Keys[p.side] || c.SpaceID != "" && c.SpaceID == p.row.Spaces[p.side] {
			out = append(out, p)
		}
	}
	for _, id := range []confluence.ID{c.ID, c.Container} {
		if id == "" {
			continue
		}
		found, err := f.e.store.FindTwin(ctx, f.site.row.Name, id)
		if err != nil {
			return nil, err
		}
		for _, hit := range found {
			i := slices.IndexFunc(f.pairs, func(p feedPair) bool { return p.row.ID == hit.Pair.ID && p.side == hit.Side })
			if i >= 0 && !slices.ContainsFunc(out, func(p feedPair) bool { return p.row.ID == hit.Pair.ID && p.side == hit.Side }) {
				out = append(out, f.pairs[i])
			}
		}
	}
	return out, nil
}

// known reports whether the pair has seen this very version: mostly its own writes, which it has read back.
func (f *feed) known(ctx context.Context, p feedPair, c confluence.Content) (bool, error) {
	rows, err := f.e.store.ObservedByID(ctx, p.row.ID, p.side, c.ID)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	was := rows[0].Content
	same := was.Version.Number == c.Version.Number && (was.Version.At.IsZero() || c.Version.At.IsZero() || was.Version.At.Equal(c.Version.At))
	return same && (c.Status == "" || was.Status == c.Status), nil
}
