package simulation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
)

// Two laws say that something makes no difference, and are judged by living a life more than once: a crash (I8), and
// which side of the pair is called A (I15). Such a life is a quiet one: people act before its cycles, and nothing goes
// wrong in it otherwise. One seed of 15 has one beside its own life, and one of 45 lives it exchanged too: both numbers
// have no divisor in common with that of the prepared worlds, and no such seed lives a migration.
const (
	comparedEvery  = 15
	comparedAt     = 4
	exchangedEvery = 3 * comparedEvery
)

// Compared reports whether a quiet life belongs to a seed, and whether its sides are exchanged as well.
func Compared(seed uint64) (compared, exchanged bool) {
	return seed%comparedEvery == comparedAt, seed%exchangedEvery == comparedAt
}

// quietLife is how a quiet life is lived.
type quietLife struct {
	crashes   []int // the numbers of the events, from the first cycle on, in whose place the process ends
	exchanged bool  // side A of the pair is the site on side B
	// plain leaves out what only the life before knows: pages in the trash have twins only in a pair that was there then.
	plain bool
}

// quietEnd is what became of a quiet life.
type quietEnd struct {
	Outcome
	events int   // from the first cycle on
	points []int // those of them at which a write passes
	state  []string
}

// Compare lives the quiet life of a seed as it is, with crashes, and where asked to with the sides exchanged, and holds the
// ends against each other. Which lives TestSimulate asks for says Compared.
func (c Case) Compare(exchanged bool) (Outcome, error) {
	how := quietLife{plain: exchanged}
	whole, err := c.quiet(how)
	out := whole.Outcome
	if err != nil || len(out.Broken) > 0 {
		return out, err
	}
	how.crashes = whole.moments(rand.New(rand.NewPCG(c.Seed, 31)))
	crashed, err := c.quiet(how)
	out.Broken = append(out.Broken, crashed.Broken...)
	if err != nil {
		return out, fmt.Errorf("with crashes before events %v: %w", how.crashes, err)
	}
	if diff := unlike(whole.state, crashed.state); diff != "" {
		out.Broken = append(out.Broken, fmt.Sprintf("I8: with crashes before events %v (-) it ends otherwise than without (+):\n%s\n%s",
			how.crashes, diff, writesOf(crashed.Log)))
	}
	out.Counts["crashed quiet life"]++
	if !exchanged {
		return out, nil
	}
	mirrored, err := c.quiet(quietLife{plain: true, exchanged: true})
	out.Broken = append(out.Broken, mirrored.Broken...)
	if err != nil {
		return out, fmt.Errorf("with the sides exchanged: %w", err)
	}
	if diff := unlike(whole.state, mirrored.state); diff != "" {
		out.Broken = append(out.Broken, fmt.Sprintf("I15: with the sides exchanged (-) it ends otherwise than without (+):\n%s\n%s", diff, writesOf(mirrored.Log)))
	}
	out.Counts["exchanged quiet life"]++
	return out, nil
}

// moments draws where the process ends: at a write first, and once more anywhere.
func (q *quietEnd) moments(r *rand.Rand) []int {
	if q.events == 0 {
		return nil
	}
	at := 1 + r.IntN(q.events)
	if len(q.points) > 0 {
		at = q.points[r.IntN(len(q.points))]
	}
	out := []int{at}
	if r.IntN(2) == 0 {
		out = append(out, at+1+r.IntN(q.events))
	}
	return out
}

// quiet lives a quiet life.
func (c Case) quiet(how quietLife) (end quietEnd, err error) {
	l := &life{Case: c, products: usual, rand: rand.New(rand.NewPCG(c.Seed, 29)), counts: map[string]int{}, exchanged: how.exchanged}
	began := false
	l.meet = func(e Event) Fate {
		if !began {
			return Fate{}
		}
		end.events++
		if e.Kind == Point {
			end.points = append(end.points, end.events)
		}
		if len(how.crashes) > 0 && end.events == how.crashes[0] {
			how.crashes = how.crashes[1:]
			return Fate{Crash: true}
		}
		return Fate{}
	}
	defer func() {
		if l.w != nil {
			err = errors.Join(err, l.w.Close())
			end.Log, end.Trace = l.w.Log(), l.w.trace.Bytes()
		}
		end.Counts, end.Broken, end.Acts = l.counts, l.broken, l.story()
	}()
	if how.exchanged {
		err = l.goOnExchanged(c.From)
	} else {
		err = l.goOn(c.From)
	}
	if err != nil {
		return end, err
	}
	if len(how.crashes) > 0 {
		if err := l.witness(); err != nil {
			return end, err
		}
	}
	l.crowd.sides = []confluence.Side{confluence.A, confluence.B}
	if how.plain {
		l.without = 28
	}
	if err := l.play(6 + l.rand.IntN(6)); err != nil {
		return end, err
	}
	began = true
	err = l.comeToRest(len(how.crashes))
	return end, errors.Join(err, l.fill(&end))
}

// comeToRest runs cycles until both sides are equal, and judges them.
func (l *life) comeToRest(crashes int) error {
	calm := len(l.w.calls)
	for range 1 + crashes {
		if err := l.sync(); err != nil && !tolerable(err) {
			return err
		}
		if err := l.judgeBase(); err != nil {
			return err
		}
	}
	l.meet = nil // a crash that did not come yet would come in the middle of a judgement
	if err := l.release(); err != nil || len(l.broken) > 0 {
		return err
	}
	if l.exchanged {
		for range 2 { // the judges go by the sides of the usual pair
			if err := l.sync(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := l.judgePair(); err != nil {
		return err
	}
	sides, err := l.both()
	if err != nil {
		return err
	}
	l.judgeRefusals(calm, sides)
	return l.judgeBase()
}

// fill describes how a quiet life ended.
func (l *life) fill(end *quietEnd) error {
	var sides [2]*picture
	for side := range sides {
		var err error
		if sides[side], err = l.w.look(confluence.Side(side), spaceKey); err != nil {
			return err
		}
	}
	open, err := l.conflicts(sides)
	if err != nil {
		return err
	}
	for about := range open {
		end.state = append(end.state, "conflict about "+about)
	}
	for _, p := range sides {
		for _, c := range p.pages {
			for _, f := range facets {
				if c.live() {
					end.state = append(end.state, fmt.Sprintf("%s %s %s: %s", letter(p.side), c.origin, f.name, f.of(p, c)))
				}
			}
			end.state = append(end.state, fmt.Sprintf("%s %s: %s %s", letter(p.side), c.origin, c.Status, c.Kind))
		}
	}
	slices.Sort(end.state)
	return nil
}

// unlike lists the lines that only one of two states has; empty: none.
func unlike(plus, minus []string) string {
	var out []string
	for _, list := range []struct {
		mark      string
		has, lack []string
	}{{"+", plus, minus}, {"-", minus, plus}} {
		for _, line := range list.has {
			if !slices.Contains(list.lack, line) {
				out = append(out, list.mark+" "+line)
			}
		}
	}
	if len(out) == 0 && len(plus) != len(minus) {
		out = append(out, fmt.Sprintf("%d lines, and %d", len(plus), len(minus)))
	}
	return strings.Join(out, "\n")
}

// goOnExchanged begins where a prepared world stands, with another tandem: side A of its pair is the site on side B of the
// world, and who decides ties is the same site as in the usual pair. It finds out by itself what belongs together.
func (l *life) goOnExchanged(p *Prepared) error {
	w, err := forkSites(p, l.options())
	if err != nil {
		return err
	}
	l.w = w
	if err := l.settleIn(p); err != nil {
		return err
	}
	if err := w.startProcess(w.dir + "/state-0"); err != nil {
		return err
	}
	for _, s := range w.sites {
		if err := w.addSite(s); err != nil {
			return err
		}
	}
	if err := l.whoIsWho(); err != nil {
		return err
	}
	if err := l.pairUp(); err != nil {
		return err
	}
	before := len(w.calls)
	// The other tandem's marks are on both sites: a person says that this one may go on.
	if err := l.sync(); err != nil && !tolerable(err) {
		return err
	}
	if err := l.release(); err != nil {
		return err
	}
	l.still("I2", before)
	return nil
}

// whoIsWho tells tandem who is who on both sides.
func (l *life) whoIsWho() error {
	csv := "source_key,source_name,source_email,match,account_id,used\n"
	ends := l.ends()
	for _, name := range []string{"alice", "bob", "carol"} {
		var keys [2]string
		for side, s := range ends {
			var err error
			if keys[side], err = s.keyOf(name); err != nil {
				return err
			}
		}
		csv += keys[0] + "," + name + ",," + "manual," + keys[1] + ",\n"
	}
	return l.w.Do(func(e *engine.Engine) error {
		_, err := e.ImportPeople(l.w.Context(), ends[0].Name, ends[1].Name, []byte(csv))
		return err
	})
}

// ends are the sites by the sides of the pair.
func (l *life) ends() [2]*Site {
	if l.exchanged {
		return [2]*Site{l.w.sites[1], l.w.sites[0]}
	}
	return l.w.sites
}

// writesOf are the lines of a log that change something, or that something happened to.
func writesOf(log []byte) string {
	var out []string
	for line := range strings.Lines(string(log)) {
		if !strings.Contains(line, " GET ") || !strings.HasSuffix(strings.TrimSpace(line), " 200") && !strings.HasSuffix(strings.TrimSpace(line), " 302") {
			if len(line) > 220 {
				line = line[:220] + "…\n"
			}
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}
