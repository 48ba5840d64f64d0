package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// feedsOnly reports whether a life begins with a round that no sweep comes after.
func (l *life) feedsOnly() bool { return l.From != nil && l.mode == "both" && l.Seed%8 == 3 }

// feedReads are what feeds read, of which one cannot be read.
var feedReads = []string{"content/search", "sort=-modified-date"}

// feedRound lets people write while feeds cannot be read, and asks that later feeds carry what they wrote, without a sweep
// (I1): a feed that failed has not been read.
func (l *life) feedRound() error {
	written := l.crowd.n
	s := &scene{c: l.crowd, one: l.sender(), used: map[string]bool{}}
	for side := range s.p {
		if err := s.look(); err != nil {
			return err
		}
		if err := alone(1+side, (*crowd).appendWord, free)(s); err != nil {
			return err
		}
	}
	l.storm = &storm{
		w: l.w, rand: rand.New(rand.NewPCG(l.Seed, 23)), blowing: true, count: l.count, deaf: feedReads[l.rand.IntN(len(feedReads))],
	}
	err := l.w.Advance(3 * time.Minute)
	l.storm = nil
	if err != nil {
		return err
	}
	// The next feeds have come by then, and the sweep that comes by itself has not.
	if err := l.w.Advance(150 * time.Second); err != nil {
		return err
	}
	state, _, err := l.standing()
	if err != nil || state != migration.PairActive {
		return err // a person has to look at it; the rounds that follow do
	}
	l.count("round of feeds")
	return l.judgeFed(written)
}

// judgeFed: every word of an edit since then stands on both sides.
func (l *life) judgeFed(since int) error {
	var there [2]map[string]bool
	for side := range there {
		p, err := l.w.look(confluence.Side(side), spaceKey)
		if err != nil {
			return err
		}
		there[side] = map[string]bool{}
		for _, c := range p.pages {
			for _, t := range words(c.Body) {
				there[side][t] = true
			}
		}
	}
	for n := since + 1; n <= l.crowd.n; n++ {
		t := fmt.Sprintf("w%d", n)
		if w := l.crowd.written[t]; w != nil && slices.ContainsFunc(there[:], func(m map[string]bool) bool { return !m[t] }) {
			l.wrong("I1", "%s, written on side %s of %s, was not carried by any feed", t, letter(w.side), w.page)
		}
	}
	return nil
}
