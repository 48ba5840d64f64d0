package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// Pair is a pair and how it stands. What belongs to one side stands in Sides under the name of its site, side A first.
type Pair struct {
	Name      string              `json:"name"`
	State     migration.PairState `json:"state" enum:"draft,baselining,active,paused,halted,cutover,retiring,retired"`
	Asked     string              `json:"asked,omitempty" enum:"pause,retire" doc:"what a person asked for and is not done yet"`
	Shows     string              `json:"shows,omitempty" doc:"of an active pair: In sync, Syncing, newer on SITE, Conflicts"`
	Sides     [2]PairSide         `json:"sides"`
	Twins     int                 `json:"twins" doc:"pages and blog posts that are kept together"`
	InSync    int                 `json:"inSync" doc:"of them, without an open conflict or an edit that waits"`
	Conflicts int                 `json:"conflicts" doc:"open ones"`
	Oldest    *time.Time          `json:"oldestEdit,omitempty" doc:"the oldest edit that waits for a cycle"`
	Halt      *Halt               `json:"halt,omitempty" doc:"why it is halted"`
	Reason    string              `json:"reason,omitempty" doc:"what a person said when pausing or retiring it"`
	Cycle     *Cycle              `json:"cycle,omitempty" doc:"its newest cycle, under way while it has no end"`
	NextSweep *time.Time          `json:"nextSweep,omitempty"`
	Created   time.Time           `json:"created"`
	Updated   time.Time           `json:"updated"`
	Next      string              `json:"next,omitempty" doc:"the command that comes next"`
	Pair      migration.PairSpec  `json:"pair" doc:"what the pair file says"`
	Preview   *Preview            `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// PairSide is one side of a pair.
type PairSide struct {
	Site   string     `json:"site"`
	Space  string     `json:"space" doc:"key"`
	Newer  int        `json:"newer" doc:"contents edited there that wait for a cycle"`
	Unseen *time.Time `json:"unseenSince,omitempty" doc:"where no listing carries labels and restrictions: what changed since then may not be seen yet"`
}

// Pairs is a list of pairs, by name.
type Pairs struct {
	Pairs []Pair `json:"pairs"`
}

// PairFile is a pair as its file.
type PairFile struct {
	File string `json:"file" doc:"the pair file, YAML of kind SpacePair"`
	Name string `json:"name,omitempty" doc:"name of the file, for messages"`
}

// Halt is why a pair is halted.
type Halt struct {
	Brake  string             `json:"brake,omitempty" doc:"the rule that stopped it; absent: an error that no cycle gets past"`
	Site   string             `json:"site"`
	What   string             `json:"what"`
	Count  int                `json:"count,omitempty"`
	Of     int                `json:"of,omitempty"`
	Sample []string           `json:"sample,omitempty" doc:"titles"`
	Error  *migration.Finding `json:"error,omitempty"`
	Cycle  int64              `json:"cycle"`
	At     time.Time          `json:"at"`
}

// Cycle is one pass of look, decide, apply over a pair.
type Cycle struct {
	Pair    string             `json:"pair"`
	State   string             `json:"state,omitempty" doc:"of the pair afterwards"`
	Number  int64              `json:"number"`
	Kind    string             `json:"kind" enum:"feed,page,sweep"`
	Outcome string             `json:"outcome,omitempty" enum:"done,halted,ended,failed" doc:"absent: under way"`
	Started time.Time          `json:"started"`
	Ended   *time.Time         `json:"ended,omitempty"`
	Sides   [2]CycleSide       `json:"sides"`
	Merged  int                `json:"merged"`
	Opened  int                `json:"opened" doc:"conflicts"`
	Closed  int                `json:"closed" doc:"conflicts"`
	Open    int                `json:"open" doc:"conflicts open afterwards"`
	Failed  int                `json:"failed"`
	DryRun  bool               `json:"dryRun,omitempty"`
	Plan    []Planned          `json:"plan,omitempty" doc:"what would have been done, where a brake or a dry run kept it from being done"`
	Halt    *Halt              `json:"halt,omitempty"`
	Error   *migration.Finding `json:"error,omitempty"`
	Preview *Preview           `json:"preview,omitempty" doc:"with dryRun: what would be done, and its digest"`
}

// CycleSide is what a cycle did at one site.
type CycleSide struct {
	Site    string         `json:"site"`
	Written int            `json:"written" doc:"changes that the site accepted"`
	Writes  map[string]int `json:"writes" doc:"the same by verb"`
	Calls   int64          `json:"calls" doc:"requests, reads included"`
	Looked  int            `json:"looked" doc:"contents that were fetched"`
	Unknown int            `json:"unknown" doc:"contents that could not be seen and of which nothing is known"`
}

// Planned is a change that was decided and not made.
type Planned struct {
	Site   string   `json:"site" doc:"where it would be made"`
	Verb   string   `json:"verb"`
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Facets []string `json:"facets"`
}

// Cycles is a list of cycles, the newest first.
type Cycles struct {
	Cycles []Cycle `json:"cycles"`
}

type (
	pairsIn struct {
		State string `query:"state" enum:"draft,baselining,active,paused,halted,cutover,retiring,retired" doc:"in this state only"`
	}
	pairIn   struct{ NameParam }
	recentIn struct {
		NameParam
		Limit int `query:"limit" default:"20" minimum:"1" maximum:"1000"`
	}
)

func (s *Server) registerPairs(h huma.API) {
	register(h, get("pairs", "/pairs", "The pairs", "By name."), s.listPairs)
	register(h, get("pairs", "/pairs/{name}", "How a pair stands", ""), s.showPair)
	register(h, get("pairs", "/pairs/{name}/file", "One pair as its file", ""), s.pairFile)
	register(h, get("pairs", "/pairs/{name}/cycles", "The newest cycles of a pair", "Newest first; quiet ones are forgotten after a while."), s.pairCycles)
	register(h, get("pairs", "/pairs/{name}/changes", "What the newest cycles of a pair wrote", "Newest first; limit counts cycles that wrote something."), s.pairChanges)
}

func (s *Server) listPairs(ctx context.Context, in *pairsIn) (*Pairs, error) {
	all, err := s.engine.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	out := Pairs{Pairs: []Pair{}}
	for _, r := range all {
		if in.State == "" || string(r.State) == in.State {
			out.Pairs = append(out.Pairs, pairOf(r))
		}
	}
	return &out, nil
}

func (s *Server) showPair(ctx context.Context, in *pairIn) (*Pair, error) {
	r, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	p := pairOf(r)
	return &p, nil
}

func (s *Server) pairFile(ctx context.Context, in *pairIn) (*PairFile, error) {
	r, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &PairFile{File: string(r.Spec.YAML()), Name: in.Name + ".yaml"}, nil
}

func (s *Server) pairCycles(ctx context.Context, in *recentIn) (*Cycles, error) {
	r, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	list, err := s.engine.Cycles(ctx, in.Name, in.Limit)
	if err != nil {
		return nil, err
	}
	out := Cycles{Cycles: []Cycle{}}
	for _, c := range list {
		out.Cycles = append(out.Cycles, cycleOf(r.Spec, c.Cycle))
	}
	return &out, nil
}

// whenever returns a time for JSON, nil where there is none.
func whenever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func pairOf(r engine.PairReport) Pair {
	p := Pair{
		Name: r.Spec.Name, State: r.State, Asked: r.Want, Shows: r.Shows, Twins: r.Twins, InSync: r.InSync, Conflicts: r.Conflicts,
		Oldest: whenever(r.Oldest), Halt: haltOf(r.Spec, r.Halt), Reason: r.Reason, NextSweep: whenever(r.NextSweep),
		Created: r.Created, Updated: r.Updated, Next: r.Next, Pair: r.Spec,
	}
	for i, end := range r.Spec.Ends() {
		p.Sides[i] = PairSide{Site: end.Site, Space: end.Space, Newer: r.Newer[i], Unseen: whenever(r.Ages[i])}
	}
	if r.Last != nil {
		c := cycleOf(r.Spec, *r.Last)
		p.Cycle = &c
	}
	return p
}

func haltOf(spec migration.PairSpec, h *store.Halt) *Halt {
	if h == nil {
		return nil
	}
	return &Halt{
		Brake: h.Brake, Site: spec.Ends()[h.Side].Site, What: h.What, Count: h.Count, Of: h.Of, Sample: h.Sample, Error: h.Error,
		Cycle: h.Cycle, At: h.At,
	}
}

func cycleOf(spec migration.PairSpec, c store.Cycle) Cycle {
	out := Cycle{
		Pair: spec.Name, Number: c.Number, Kind: c.Kind, Outcome: c.Outcome, Started: c.Started, Ended: whenever(c.Ended),
		Merged: c.Merged, Opened: c.Opened, Closed: c.Closed, Open: c.Open, Failed: c.Failed, DryRun: c.DryRun,
		Halt: haltOf(spec, c.Halt), Error: c.Error,
	}
	for i, end := range spec.Ends() {
		side := CycleSide{Site: end.Site, Writes: map[string]int{}, Calls: c.Calls[i], Looked: c.Looked[i], Unknown: c.Unknown[i]}
		for verb, n := range c.Writes[i] {
			side.Writes[string(verb)] = n
			side.Written += n
		}
		out.Sides[i] = side
	}
	for _, p := range c.Plan {
		out.Plan = append(out.Plan, Planned{
			Site: spec.Ends()[p.Side].Site, Verb: string(p.Verb), Kind: string(p.Kind), Title: p.Title, Facets: p.Facets.Names(),
		})
	}
	return out
}
