package reconciletest

import (
	"errors"
	"maps"
	"math/rand/v2"
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
	differ  map[confluence.TwinID]reconcile.Facets // of both sides, because a person said so
	titles  map[string]bool                        // that people gave to pages
	alive   []bool                                 // memory of act
	births  []bool                                 // memory of noDuplicates
	known   []fate                                 // see fates
	race    []Op
	round   roundFacts
}

// Run plays a case, and returns an error that names the laws that were broken.
func Run(c Case) (Outcome, error) { return new(Player).Run(c) }

// Player plays cases one after the other in the same memory. It is for one goroutine.
type Player struct {
	Plan Planner // to be held to the laws; nil: that of a reconcile.Desk

	desk  reconcile.Desk
	sites [2]Site
	pair  Pair
	facts roundFacts
}

// fresh returns the player's pair, emptied.
func (l *Player) fresh(policy reconcile.Policy, options [2]Options) *Pair {
	p := &l.pair
	for side := range l.sites {
		l.sites[side] = Site{Contents: l.sites[side].Contents[:0], Roots: l.sites[side].Roots[:0], Options: options[side]}
	}
	*p = Pair{
		Policy: policy, plan: l.Plan, Sites: [2]*Site{&l.sites[0], &l.sites[1]}, ids: p.ids[:0], twinOf: [2][]int{p.twinOf[0][:0], p.twinOf[1][:0]},
		base: p.base[:0], seen: [2][]Content{p.seen[0][:0], p.seen[1][:0]},
		observed: [2][]Content{p.observed[0][:0], p.observed[1][:0]}, eased: [2][]Set{p.eased[0][:0], p.eased[1][:0]}, written: p.written[:0], calls: p.calls[:0],
		nodes: [2][]reconcile.Node{p.nodes[0][:0], p.nodes[1][:0]}, spare: p.spare,
	}
	if p.plan == nil {
		p.plan = l.desk.Plan
	}
	return p
}

// Run plays a case, and returns an error that names the laws that were broken.
func (l *Player) Run(c Case) (Outcome, error) {
	p := l.fresh(c.Policy, c.Options)
	p.begin(c.Start)
	x := &run{Pair: p, c: c, round: l.facts, r: rand.New(rand.NewPCG(c.Seed, 13))}
	x.out.Rows, x.clashes, x.race = map[int]int{}, map[confluence.TwinID]reconcile.Facets{}, c.Race
	x.round.contended = map[confluence.TwinID]reconcile.Facets{}
	x.titles, x.differ = map[string]bool{}, map[confluence.TwinID]reconcile.Facets{}
	x.noteTitles()
	x.hold()
	if c.Seed%8 == 0 { // else orders are agreed on in the course of the first round
		if x.settle(0, false); len(x.calls) > 0 {
			x.breaks("I2: %d calls right after the baseline of equal sides was taken", len(x.calls))
		}
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
		if len(x.broken) == 0 && c.Seed%8 == 3 {
			x.decide(last)
		}
	}
	x.out.Calls, l.facts = len(x.calls), x.round
	if len(x.broken) > 0 {
		return x.out, errors.New(strings.Join(x.broken[:min(len(x.broken), 6)], "\n"))
	}
	return x.out, nil
}

// NewPair makes two sites that hold the same, and a pair that has agreed on all of it but orders.
func NewPair(policy reconcile.Policy, options [2]Options, start []Start) *Pair {
	p := new(Player).fresh(policy, options)
	p.begin(start)
	return p
}

// begin makes the start on both sides and records it as agreed on.
func (x *Pair) begin(start []Start) {
	for _, side := range confluence.Sides {
		s := x.Sites[side]
		for i, st := range start {
			c := Content{Birth: st.Birth, Kind: st.Kind, Home: i == 0, Title: pageTitles[st.Birth], Body: Token(firstText + st.Birth)}
			if st.Parent == Nowhere {
				c.Parent = Nowhere
			} else if c.Parent = x.find(side, st.Parent); c.Parent == none && i > 0 {
				c.Parent = 0
			}
			switch st.Kind {
			case confluence.Attachment:
				c.Title, c.Body, c.File = fileNames[st.Birth], 0, c.Body
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
	clear(x.round.contended)
	maps.Copy(x.round.contended, x.clashes)
	for twin, facets := range x.clashes {
		if n := x.number(twin); facets&(protecting|reconcile.Status) != 0 && n < len(x.ids) {
			for _, side := range confluence.Sides {
				if id := x.ids[n][side]; id != none { // its page is worked on as well
					x.round.contended[x.twin(side, x.Sites[side].Owner(id))] |= reconcile.Body
				}
			}
		}
	}
	for _, o := range ops {
		x.act(o)
	}
	x.round.end(x.Pair)
	x.noteTitles()
}

// noteTitles notes what people called pages so far.
func (x *run) noteTitles() {
	for _, s := range x.Sites {
		for id := range s.Contents {
			if c := &s.Contents[id]; c.By != account {
				x.titles[c.Title] = true
			}
		}
	}
}

func (x *run) act(o Op) {
	s := x.Sites[o.Side]
	x.alive = x.alive[:0]
	for id := range s.Contents {
		x.alive = append(x.alive, s.Live(id))
	}
	if !x.do(o) {
		return
	}
	for id, was := range x.alive {
		if was && !s.Live(id) {
			c := &s.Contents[id] // what is gone still says what it said
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
		switch x.r.IntN(16) {
		case 0:
			x.mirrored(r)
		case 1:
			x.shuffled(r)
		}
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
		if racing {
			x.noteTitles()
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
		x.noteTitles()
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
		if x.Policy.Allowed[b.Name] {
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

// decide is a person who decides everything that waits. What was decided waits no more.
func (x *run) decide(last reconcile.Result) {
	decided := map[reconcile.Question]reconcile.Choice{}
	for _, c := range last.Clashes {
		if c.Open && c.Kind != "delete" && c.Kind != "cycle" && !strings.HasPrefix(c.What, "held back") && !strings.HasPrefix(c.What, "cannot") {
			decided[reconcile.Question{Twin: c.Twin, Facet: c.Facet}] = []reconcile.Choice{reconcile.PreferA, reconcile.PreferB}[x.r.IntN(2)]
		}
	}
	if len(decided) == 0 {
		return
	}
	x.Policy.Decided = decided
	_, to, oneWay, _ := direction(x.Policy.Mode)
	for q, choice := range decided {
		if oneWay && choice == []reconcile.Choice{reconcile.PreferA, reconcile.PreferB}[to] {
			x.differ[q.Twin] |= q.Facet // the side that only sends is not written to: both stay as they are
		}
	}
	r := x.settle(0, false)
	for _, c := range r.Clashes {
		choice, was := decided[reconcile.Question{Twin: c.Twin, Facet: c.Facet}]
		if was && c.Open && len(x.broken) == 0 && !(c.Facet == reconcile.Status && x.differ[c.Twin].Has(reconcile.Status)) {
			x.breaks("%v of %s was decided for %s, and waits: %s", c.Facet.Names(), c.Twin, choice, c.What)
		}
	}
	x.Policy.Decided = nil
}
