package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// The measurement of changes: how many, on how many pairs of how many pages, and how finely time passes. Each edit is of a
// page of its own, of the pair that was filled first: a search index that lags shows the newest rows with the versions that
// the database has, so that an edit of a page among them shows at once.
const (
	changeEdits = 60
	changePairs = 2
	changePages = 4*changeEdits + 60
	changeStep  = 250 * time.Millisecond
	changeLimit = 3 * time.Minute
)

// change measures edits on one side: the calls that carry one, and how long each takes to show on the other side, at
// defaults, with the index lag that emulated sites have and with a minute's. Time passes in small steps and calls take none
// of it, so what is measured is what tandem waits for.
func change(ctx context.Context, o Options) (figures []Figure, err error) {
	err = o.withPairs(ctx, changePairs, changePages, func(p *pairs) error {
		p.edits = changeEdits
		got, err := p.oneEdit(ctx, o)
		if figures = append(figures, got...); err != nil {
			return err
		}
		got, err = p.manyEdits(ctx, o)
		if figures = append(figures, got...); err != nil {
			return err
		}
		page := 40
		for _, lag := range []struct {
			option string
			name   string
			bound  Bound
		}{{"5s", "", CarriedIn}, {"60s", "_lagging", CarriedLagging}} {
			for _, from := range confluence.Sides {
				if err := p.sites[from].SetOptions(map[string]string{"CQ-01": lag.option}); err != nil {
					return err
				}
			}
			for _, from := range confluence.Sides {
				f, err := p.latency(ctx, o, from, lag.option, lag.bound, lag.name, page)
				page += changeEdits
				if err != nil {
					return err
				}
				figures = append(figures, f)
			}
		}
		return nil
	})
	return figures, err
}

// oneEdit counts the calls that carry one body edit, in each direction.
func (p *pairs) oneEdit(ctx context.Context, o Options) (figures []Figure, err error) {
	// Feeds reach back from the newest change: with an edit some minutes later they leave the migration behind.
	if err := p.let(ctx, 3*time.Minute, feedEvery); err != nil {
		return nil, err
	}
	for _, from := range confluence.Sides {
		if err := p.edit(from, pageTitle(0, 1+int(from)), "<p>Edited first.</p>"); err != nil {
			return nil, err
		}
	}
	if err := p.let(ctx, 3*time.Minute, feedEvery); err != nil {
		return nil, err
	}
	for _, from := range confluence.Sides {
		o.Say("change: one body edit from %s", pairSites[from])
		var now [2]int64
		if _, now, err = p.tally(ctx, [2]int64{}); err != nil {
			return nil, err
		}
		x := changeTo{from: from, title: pageTitle(0, 5+int(from)), text: "<p>Edited once on " + pairSites[from] + ".</p>", at: p.clock.Now()}
		if err := p.edit(from, x.title, x.text); err != nil {
			return nil, err
		}
		if err := p.let(ctx, 6*feedEvery, pairStep); err != nil {
			return nil, err
		}
		if there, err := p.arrived(x); err != nil || !there {
			return nil, errors.Join(err, fmt.Errorf("an edit on %s did not arrive", pairSites[from]))
		}
		t, _, err := p.tally(ctx, now)
		if err != nil {
			return nil, err
		}
		calls := t.beyondFeeds(0) + t.beyondFeeds(1)
		figures = append(figures, figure("change", "calls_of_an_edit_from_"+pairSites[from], float64(calls), unitCalls, EditCalls,
			fmt.Sprintf("one body edit: every call of a minute, without the %d of its %d feeds", t.feeds[0]*feedCost[0]+t.feeds[1]*feedCost[1], t.feeds[0]+t.feeds[1]),
			fmt.Sprintf("%d of them for the checkpoint, which the next sweep leaves on both sides", t.marks),
			pairSites[0]+": "+t.byRoute[0], pairSites[1]+": "+t.byRoute[1]))
	}
	return figures, nil
}

// batchEdits is how many edits one interval of the feed shows at once where batches are measured.
const batchEdits = 10

// manyEdits counts the calls of edits that arrive together, in each direction.
func (p *pairs) manyEdits(ctx context.Context, o Options) (figures []Figure, err error) {
	for _, from := range confluence.Sides {
		o.Say("change: %d body edits from %s at once", batchEdits, pairSites[from])
		_, now, err := p.tally(ctx, [2]int64{})
		if err != nil {
			return nil, err
		}
		var last changeTo
		for n := range batchEdits {
			last = changeTo{from: from, title: pageTitle(0, 7+int(from)*batchEdits+n), text: fmt.Sprintf("<p>Edited with others on %s.</p>", pairSites[from])}
			if err := p.edit(from, last.title, last.text); err != nil {
				return nil, err
			}
			p.clock.Advance(time.Millisecond)
		}
		if err := p.let(ctx, 6*feedEvery, pairStep); err != nil {
			return nil, err
		}
		if there, err := p.arrived(last); err != nil || !there {
			return nil, errors.Join(err, fmt.Errorf("edits on %s did not arrive", pairSites[from]))
		}
		t, _, err := p.tally(ctx, now)
		if err != nil {
			return nil, err
		}
		calls := t.beyondFeeds(0) + t.beyondFeeds(1)
		figures = append(figures, figure("change", "calls_of_each_edit_from_"+pairSites[from], float64(calls)/batchEdits, unitCalls, EditCalls,
			fmt.Sprintf("%d body edits at once: every call of a minute, without those of the feeds", batchEdits),
			fmt.Sprintf("%d calls", calls), pairSites[0]+": "+t.byRoute[0], pairSites[1]+": "+t.byRoute[1]))
	}
	return figures, nil
}

// latency measures how long edits from one side take.
func (p *pairs) latency(ctx context.Context, o Options, from confluence.Side, lag string, bound Bound, suffix string, page int) (Figure, error) {
	o.Say("change: %d body edits from %s, index lag %s", p.edits, pairSites[from], lag)
	chance := rand.New(rand.NewPCG(o.Seed, uint64(from)))
	var took []float64
	for n := range p.edits {
		if err := p.let(ctx, time.Duration(chance.IntN(int(feedEvery/changeStep)))*changeStep, changeStep); err != nil {
			return Figure{}, err
		}
		x := changeTo{
			from: from, title: pageTitle(0, page+n), at: p.clock.Now(),
			text: fmt.Sprintf("<p>Edit %d on %s with lag %s.</p>", n, pairSites[from], lag),
		}
		if err := p.edit(from, x.title, x.text); err != nil {
			return Figure{}, err
		}
		writes := p.written(from.Other())
		for there := false; !there; {
			p.clock.Advance(changeStep)
			err := p.engine.Idle(ctx)
			// A dump of a site is dear: it is taken where something was written.
			if now := p.written(from.Other()); err == nil && now != writes {
				writes = now
				there, err = p.arrived(x)
			}
			if err == nil && p.clock.Now().Sub(x.at) > changeLimit {
				err = fmt.Errorf("an edit of %q on %s has not arrived after %v", x.title, pairSites[from], changeLimit)
			}
			if err != nil {
				return Figure{}, err
			}
		}
		took = append(took, float64(p.clock.Now().Sub(x.at).Milliseconds()))
	}
	slices.Sort(took)
	return figure("change", "p95_to_"+pairSites[from.Other()]+suffix, took[(len(took)*95+99)/100-1], unitMS, bound,
		fmt.Sprintf("%d body edits on %s at feeds of %v, index lag %s, until they show on %s", p.edits, pairSites[from], feedEvery, lag, pairSites[from.Other()]),
		fmt.Sprintf("%.1f s the fastest, %.1f s the median, %.1f s the slowest", took[0]/1000, median(took)/1000, took[len(took)-1]/1000)), nil
}

// written is how many writes a site has counted.
func (p *pairs) written(side confluence.Side) (n int64) {
	for _, k := range p.sites[side].Counters() {
		n += k.Writes
	}
	return n
}

// arrived reports whether the other side shows an edit.
func (p *pairs) arrived(x changeTo) (bool, error) {
	var d struct {
		Content []struct {
			Title string `json:"title"`
			Kind  string `json:"kind"`
			Body  string `json:"body"`
		} `json:"content"`
	}
	if err := json.Unmarshal(p.sites[x.from.Other()].Dump("full"), &d); err != nil {
		return false, err
	}
	for _, c := range d.Content {
		if c.Kind == "page" && c.Title == x.title {
			return strings.Contains(c.Body, strings.TrimSuffix(strings.TrimPrefix(x.text, "<p>"), "</p>")), nil
		}
	}
	return false, fmt.Errorf("page %q is not on %s", x.title, pairSites[x.from.Other()])
}
