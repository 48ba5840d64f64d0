package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
)

// Baseline is how the contents of the two spaces of a pair belong together.
type Baseline struct {
	Pair      string              `json:"pair"`
	State     migration.PairState `json:"state" doc:"of the pair afterwards"`
	Digest    string              `json:"digest" doc:"stands for exactly this; given as planDigest it makes the baseline take effect"`
	Adopted   string              `json:"adopted,omitempty" doc:"the run that the pair continues"`
	ByMap     int                 `json:"byMap" doc:"matched by the map of a migration"`
	ByTitle   int                 `json:"byTitle" doc:"matched by title and path"`
	Equal     int                 `json:"equal"`
	Differing int                 `json:"differing"`
	Sides     [2]BaselineSide     `json:"sides"`
	Rows      []BaselineRow       `json:"rows" doc:"what is not simply equal, at most 1,000"`
	Taken     bool                `json:"taken" doc:"it has taken effect"`
}

// BaselineSide is what only one side has.
type BaselineSide struct {
	Site string `json:"site"`
	Only int    `json:"only" doc:"contents that the other side does not have"`
}

// BaselineRow is one content that differs, or is on one side alone.
type BaselineRow struct {
	Kind   confluence.Kind `json:"kind"`
	Title  string          `json:"title"`
	Differ []string        `json:"differ,omitempty" doc:"facets"`
	Only   string          `json:"only,omitempty" doc:"the site that alone has it"`
}

type (
	makePairIn struct {
		Write
		Body PairFile
	}
	editPairIn struct {
		NameParam
		Write
		Body PairFile
	}
	pairActIn struct {
		NameParam
		Write
	}
	syncIn struct {
		NameParam
		Write
		Body struct {
			Page       string `json:"page,omitempty" doc:"id of one content to be looked at; absent: a sweep of the pair"`
			Site       string `json:"site,omitempty" doc:"where that id is from; absent: of the side that has it"`
			AllowBrake string `json:"allowBrake,omitempty" doc:"the brake that may pass this once; a reason is required"`
		}
	}
)

func (s *Server) registerPairCommands(h huma.API) {
	register(h, post("pairs", "/pairs", "Create a pair", "Both sites are asked who they are, and the pair is bound to them. "+
		"Nothing is compared yet: the pair is a draft until it has a baseline."), s.createPair)
	register(h, put("pairs", "/pairs/{name}", "Edit a pair", "Name, sites and spaces stay."), s.editPair)
	register(h, post("pairs", "/pairs/{name}/baseline", "Show or take the baseline of a pair", "Without planDigest it only shows. "+
		"Nothing is written to either site."), s.baselinePair)
	register(h, post("pairs", "/pairs/{name}/sync", "Sync now", "The call ends when the cycle has ended. With dryRun both sides are "+
		"read and the answer says what would be done. A halted pair is no error of this call: see halt in the answer."), s.syncPair)
	register(h, post("pairs", "/pairs/{name}/pause", "Pause a pair", "Edits keep being counted, nothing is written."), s.pausePair)
	register(h, post("pairs", "/pairs/{name}/resume", "Go on with a pair that is paused or halted", ""), s.resumePair)
	register(h, post("pairs", "/pairs/{name}/retire", "End a pair for good", "Both spaces stay as they are; a reason is required."), s.retirePair)
}

func (s *Server) createPair(ctx context.Context, in *makePairIn) (*Pair, error) {
	spec, err := migration.ParsePair([]byte(in.Body.File), in.Body.Name)
	if err != nil {
		return nil, err
	}
	if spec.Adopt != "" { // PLAN alone means its latest run
		run, err := s.findRun(ctx, spec.Adopt)
		if err != nil {
			return nil, err
		}
		spec.Adopt = run.ID
	}
	stop, err := in.gate(spec, append([]string{"create the pair " + spec.Name}, describePair(spec)...)...)
	if err != nil {
		return nil, err
	}
	if stop != nil {
		p := pairOf(engine.PairReport{Spec: spec, State: migration.PairDraft})
		p.Preview = stop
		return &p, nil
	}
	r, err := s.engine.CreatePair(ctx, spec)
	if err != nil {
		return nil, err
	}
	p := pairOf(r)
	return &p, nil
}

// describePair says in sentences what a pair would do.
func describePair(p migration.PairSpec) []string {
	verb := "keep " + p.A.Site + ":" + p.A.Space + " and " + p.B.Site + ":" + p.B.Space + " equal"
	if to := p.Receivers(); to[0] != to[1] {
		ends := p.Ends()
		from, into := ends[0], ends[1]
		if to[0] {
			from, into = into, from
		}
		verb = "carry edits of " + from.Site + ":" + from.Space + " to " + into.Site + ":" + into.Space + ", never back"
	}
	return []string{verb, "deletes: " + p.Deletes, "conflicts: " + p.Conflicts}
}

func (s *Server) editPair(ctx context.Context, in *editPairIn) (*Pair, error) {
	spec, err := migration.ParsePair([]byte(in.Body.File), in.Body.Name)
	if err != nil {
		return nil, err
	}
	if spec.Name != in.Name {
		return nil, usage("the file is about pair %q, not %q", spec.Name, in.Name)
	}
	was, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate([]any{was.Spec, spec}, append([]string{"change the pair " + spec.Name}, describePair(spec)...)...)
	if err != nil {
		return nil, err
	}
	if stop == nil {
		was, err = s.engine.EditPair(ctx, in.Name, func(p *engine.PairSpec) error {
			*p = spec
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	p := pairOf(was)
	p.Preview = stop
	return &p, nil
}

func (s *Server) baselinePair(ctx context.Context, in *pairActIn) (*Baseline, error) {
	digest := in.PlanDigest
	if in.DryRun {
		digest = ""
	} else if digest != "" && len(digest) < minDigest {
		return nil, usage("a digest of fewer than %d characters is too short", minDigest)
	}
	b, err := s.engine.BaselinePair(ctx, in.Name, digest)
	if err != nil {
		return nil, err
	}
	r, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := Baseline{
		Pair: b.Pair, State: r.State, Digest: b.Digest, Adopted: b.Adopted, ByMap: b.Matched.Map, ByTitle: b.Matched.Title,
		Equal: b.Equal, Differing: b.Differing, Taken: b.Taken, Rows: []BaselineRow{},
	}
	for i, end := range r.Spec.Ends() {
		out.Sides[i] = BaselineSide{Site: end.Site, Only: b.Only[i]}
	}
	for _, row := range b.Rows {
		out.Rows = append(out.Rows, BaselineRow{Kind: row.Kind, Title: row.Title, Differ: row.Differ, Only: row.Only})
	}
	return &out, nil
}

// syncPair asks for a cycle. With the digest of a plan a dry run comes first: what would be done must still be that.
func (s *Server) syncPair(ctx context.Context, in *syncIn) (*Cycle, error) {
	r, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if in.Body.AllowBrake != "" && in.Reason == "" && !in.DryRun {
		return nil, usage("a reason is required to let the brake %s pass", in.Body.AllowBrake)
	}
	opt := engine.SyncOptions{Page: confluence.ID(in.Body.Page), Site: in.Body.Site, AllowBrake: in.Body.AllowBrake, DryRun: true}
	if in.DryRun || in.PlanDigest != "" {
		seen, err := s.engine.SyncPair(ctx, in.Name, opt)
		if err != nil {
			return nil, err
		}
		c := cycleOf(r.Spec, seen.Cycle)
		if c.Preview, err = in.gate(c.Plan, plannedText(c)...); err != nil || c.Preview != nil {
			c.State = string(seen.State)
			return &c, err
		}
	}
	opt.DryRun = false
	done, err := s.engine.SyncPair(ctx, in.Name, opt)
	var e *confluence.Error
	if errors.As(err, &e) && e.Code == confluence.CodeBrake && done.Number > 0 {
		err = nil // the answer says so
	}
	if err != nil {
		return nil, err
	}
	c := cycleOf(r.Spec, done.Cycle)
	c.State = string(done.State)
	return &c, nil
}

// plannedText says in sentences what a cycle would do.
func plannedText(c Cycle) []string {
	text := []string{}
	for _, p := range c.Plan {
		text = append(text, fmt.Sprintf("%s: %s of the %s %q", p.Site, p.Verb, p.Kind, p.Title))
	}
	return text
}

// actPair does one command on a pair and shows the pair afterwards.
func (s *Server) actPair(ctx context.Context, in *pairActIn, does string, f func() (engine.PairReport, error)) (*Pair, error) {
	r, err := s.engine.Pair(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate([]any{in.Name, r.State, r.Want}, does+" the pair "+in.Name)
	if err != nil {
		return nil, err
	}
	if stop == nil {
		if r, err = f(); err != nil {
			return nil, err
		}
	}
	p := pairOf(r)
	p.Preview = stop
	return &p, nil
}

func (s *Server) pausePair(ctx context.Context, in *pairActIn) (*Pair, error) {
	return s.actPair(ctx, in, "pause", func() (engine.PairReport, error) { return s.engine.PausePair(ctx, in.Name, in.Reason) })
}

func (s *Server) resumePair(ctx context.Context, in *pairActIn) (*Pair, error) {
	return s.actPair(ctx, in, "go on with", func() (engine.PairReport, error) { return s.engine.ResumePair(ctx, in.Name) })
}

func (s *Server) retirePair(ctx context.Context, in *pairActIn) (*Pair, error) {
	if in.Reason == "" {
		return nil, usage("a reason is required to retire %q", in.Name)
	}
	return s.actPair(ctx, in, "retire", func() (engine.PairReport, error) { return s.engine.RetirePair(ctx, in.Name, in.Reason) })
}
