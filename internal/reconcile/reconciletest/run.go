package reconciletest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// Outcome is what a case came to.
type Outcome struct {
	Plans  int         // how often Plan was asked
	Cycles int         // the most plans with changes that a round took
	Calls  int         // that sites carried out
	Rows   map[int]int // of the decision table: how often each decided
}

// cutoff is how many plans a round may take to come to rest.
const cutoff = 50

// run is a case at work.
type run struct {
	*Pair
	c       Case
	r       *rand.Rand
	out     Outcome
	clashes map[confluence.TwinID]reconcile.Facets // of all results so far
	race    []Op
	round   roundFacts
}

// Run plays a case, and returns an error that names the laws that were broken.
func Run(c Case) (Outcome, error) {
	x := &run{Pair: NewPair(c.Policy, c.Options, c.Start), c: c, r: rand.New(rand.NewPCG(c.Seed, 13))}
	x.out.Rows, x.clashes, x.race = map[int]int{}, map[confluence.TwinID]reconcile.Facets{}, c.Race
	x.hold()
	if x.settle(0, false); len(x.calls) > 0 && len(c.Held) == 0 {
		x.breaks("%d calls right after the baseline of equal sides was taken", len(x.calls))
	}
	for i, ops := range c.Rounds {
		if len(x.broken) > 0 {
			break
		}
		x.people(ops)
		var last reconcile.Result
		if i == len(c.Rounds)-1 && len(x.race) > 0 {
			last = x.settle(c.Fail, true)
		} else {
			last = x.settle(c.Fail, false)
		}
		if len(x.broken) == 0 {
			x.laws(last)
		}
	}
	x.out.Calls = len(x.calls)
	if len(x.broken) > 0 {
		return x.out, errors.New(strings.Join(x.broken[:min(len(x.broken), 6)], "\n"))
	}
	return x.out, nil
}

// NewPair makes two sites that hold the same, and a pair that has agreed on all of it but orders.
func NewPair(policy reconcile.Policy, options [2]Options, start []Start) *Pair {
	x := &Pair{Policy: policy, Sites: [2]*Site{{Options: options[0]}, {Options: options[1]}}}
	for _, side := range confluence.Sides {
		s := x.Sites[side]
		for i, st := range start {
			c := Content{Birth: st.Birth, Kind: st.Kind, Home: i == 0, Title: fmt.Sprint("Page ", st.Birth), Body: Token(firstText + st.Birth)}
			if st.Parent == Nowhere {
				c.Parent = Nowhere
			} else if c.Parent = x.find(side, st.Parent); c.Parent == none && i > 0 {
				c.Parent = 0
			}
			switch st.Kind {
			case confluence.Attachment:
				c.Title, c.Body, c.File = fmt.Sprintf("file%d.png", st.Birth), 0, c.Body
			case confluence.Comment:
				c.Title = ""
			default:
				c.Labels = Set(st.N) & 3
				if st.N > 52 {
					c.Readers = Set(st.N) & Everybody
				}
			}
			id, err := s.Create(c, "before")
			if err != nil {
				continue // what it belonged to was cut out of the script
			}
			x.join(side, id, st.Birth)
		}
	}
	x.look()
	for twin := range x.ids {
		if x.both(twin) {
			x.record(twin, allFacets)
		}
	}
	return x
}

// hold makes facets of some contents wait for a person.
func (x *run) hold() {
	for i, birth := range x.c.Held {
		if birth < len(x.base) && x.base[birth].Twin != "" && birth != 0 {
			x.base[birth].Held = []reconcile.Facets{reconcile.Body, reconcile.Title, reconcile.Parent}[i%3] & carriedFacets[x.base[birth].Kind]
		}
	}
}

// people let people act, and notes what the laws need of it.
func (x *run) people(ops []Op) {
	x.round.begin(x.Pair)
	for _, o := range ops {
		x.act(o)
	}
	x.round.end(x.Pair)
}

func (x *run) act(o Op) {
	var before []bool
	s := x.Sites[o.Side]
	for id := range s.Contents {
		before = append(before, s.Live(id))
	}
	gone := slices.Clone(s.Contents)
	if !x.do(o) {
		return
	}
	for id, was := range before {
		if was && !s.Live(id) {
			c := &gone[id]
			x.written = append(x.written, written{side: o.Side, twin: x.twinOf[o.Side][id], before: c.Body + c.File})
			if c.Kind == confluence.Page || c.Kind == confluence.BlogPost {
				for _, below := range s.Below(id) {
					x.threw(o.Side, below)
				}
			}
		}
	}
}

// settle plans and carries out until there is nothing to do, and returns the last result.
func (x *run) settle(fail int, racing bool) reconcile.Result {
	cycles := 0
	feed := x.c.Feed
	calls := len(x.calls)
	for n := range cutoff {
		if n > 12 {
			fail = 0
		}
		x.Policy.Sweep = !feed
		r := x.Plan()
		x.out.Plans++
		x.check(r)
		for _, c := range r.Clashes {
			x.clashes[c.Twin] |= c.Facet
		}
		if len(r.Brakes) > 0 {
			x.consent(r)
			continue
		}
		if len(x.broken) > 0 {
			return r
		}
		for row, times := range r.Rows {
			x.out.Rows[row] += times
		}
		if !feed && quiet(r) {
			x.out.Cycles = max(x.out.Cycles, cycles)
			if fail == 0 && !racing {
				x.boundedWork(x.calls[calls:])
			}
			return r
		}
		feed = false
		if len(r.Changes) > 0 {
			cycles++
		}
		var step func()
		if racing && len(x.race) > 0 {
			step = x.interfere
		}
		x.marry(r)
		x.carry(r, x.r.IntN, fail, step)
		if racing && len(x.race) == 0 {
			x.round.end(x.Pair)
		}
		if len(x.broken) > 0 {
			return r
		}
	}
	x.breaks("no rest after %d plans", cutoff)
	return reconcile.Result{}
}

// interfere is what people do between two calls.
func (x *run) interfere() {
	for len(x.race) > 0 && x.r.IntN(3) == 0 {
		x.act(x.race[0])
		x.race = x.race[1:]
	}
}

// consent is a person who looks at a halted pair and lets it go on once.
func (x *run) consent(r reconcile.Result) {
	allowed := map[string]bool{}
	for name := range x.Policy.Allowed {
		allowed[name] = true
	}
	for _, b := range r.Brakes {
		if allowed[b.Name] {
			x.breaks("brake %s acts after a person let it pass", b.Name)
		}
		allowed[b.Name] = true
	}
	x.Policy.Allowed = allowed
}

// quiet reports whether a result changes nothing, not even the baseline.
func quiet(r reconcile.Result) bool {
	return len(r.Changes)+len(r.Joined)+len(r.Settled)+len(r.Tombs)+len(r.Detached)+len(r.Ordered) == 0
}

// Act lets a person do something, and reports whether it did anything.
func (p *Pair) Act(o Op) bool { return p.do(o) }

// Carry carries a result out, and returns an error if a site refused a call or anything else was not as it must be.
func (p *Pair) Carry(r reconcile.Result, seed uint64) error {
	p.marry(r)
	p.carry(r, rand.New(rand.NewPCG(seed, 17)).IntN, 0, nil)
	if len(p.broken) > 0 {
		return errors.New(strings.Join(p.broken, "\n"))
	}
	return nil
}
