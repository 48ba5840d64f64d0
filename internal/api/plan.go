package api

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// Plan is a plan and how it stands.
type Plan struct {
	Name     string               `json:"name"`
	Status   migration.PlanStatus `json:"status" enum:"SAVED,RUNNING,PAUSED,FINISHED,STOPPED,INCOMPLETE,FAILED" doc:"of its latest run; SAVED before the first"`
	Archived bool                 `json:"archived"`
	Created  time.Time            `json:"created"`
	Updated  time.Time            `json:"updated"`
	Plan     migration.Plan       `json:"plan" doc:"what the plan file says"`
	Run      *Progress            `json:"run,omitempty" doc:"its latest run"`
}

// Plans is a list of plans.
type Plans struct {
	Plans []Plan `json:"plans"`
}

// PlanFile is a plan as its file.
type PlanFile struct {
	File string `json:"file" doc:"the plan file, YAML; relative paths in it are those of the server"`
	Name string `json:"name,omitempty" doc:"name of the file, for messages"`
}

// PlanResult is a plan after a change, with what it holds.
type PlanResult struct {
	Plan    Plan        `json:"plan"`
	Spaces  []PlanSpace `json:"spaces" doc:"the plan's spaces at the source"`
	Preview *Preview    `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

// PlanSpace is one space of a plan, as the source shows it.
type PlanSpace struct {
	Key    string `json:"key"`
	Name   string `json:"name"`
	Target string `json:"target"`
	Pages  int    `json:"pages" doc:"current pages and blog posts; -1 where the source does not count them before they are read"`
}

// Checks is the outcome of the checks of a plan.
type Checks struct {
	Checks   []migration.CheckResult `json:"checks"`
	Passed   int                     `json:"passed"`
	Warnings int                     `json:"warnings"`
	Blocks   int                     `json:"blocks"`
}

type (
	plansIn struct {
		Archived bool `query:"archived" doc:"the archived ones too"`
	}
	planIn     struct{ NameParam }
	makePlanIn struct {
		Write
		Body PlanFile
	}
	editPlanIn struct {
		NameParam
		Write
		Body PlanFile
	}
	copyPlanIn struct {
		NameParam
		Write
		Body struct {
			Name  string `json:"name" doc:"of the copy"`
			Stage string `json:"stage,omitempty" enum:"test,production"`
		}
	}
	archivePlanIn struct {
		NameParam
		Write
		Body struct {
			Archived bool `json:"archived"`
		}
	}
	deletePlanIn struct {
		NameParam
		Write
	}
)

func (s *Server) registerPlans(h huma.API) {
	register(h, get("plans", "/plans", "The plans", ""), s.listPlans)
	register(h, post("plans", "/plans", "Create a plan", "Both sites are asked who they are, and the plan is bound to them."), s.createPlan)
	register(h, get("plans", "/plans/{name}", "One plan", ""), s.showPlan)
	register(h, get("plans", "/plans/{name}/file", "One plan as its file", ""), s.planFile)
	register(h, put("plans", "/plans/{name}", "Edit a plan", "The name in the file must be the plan's."), s.editPlan)
	register(h, post("plans", "/plans/{name}/copy", "Copy a plan", ""), s.copyPlan)
	register(h, put("plans", "/plans/{name}/archived", "Put a plan away, or take it out again", ""), s.archivePlan)
	register(h, post("plans", "/plans/{name}/check", "Check a plan against both sites", ""), s.checkPlan)
	register(h, del("plans", "/plans/{name}", "Delete a plan", "No content, no people file and no record of its runs is deleted."), s.deletePlan)
}

func (s *Server) planOf(ctx context.Context, r store.PlanRow) (Plan, error) {
	p := Plan{Name: r.Plan.Name, Status: r.Status, Archived: r.Archived, Created: r.Created, Updated: r.Updated, Plan: r.Plan}
	runs, err := s.store.Runs(ctx, r.Plan.Name)
	if err != nil || len(runs) == 0 {
		return p, err
	}
	progress, err := s.progress(ctx, newestRun(runs))
	p.Run = &progress
	return p, err
}

func (s *Server) listPlans(ctx context.Context, in *plansIn) (*Plans, error) {
	rows, err := s.store.Plans(ctx)
	if err != nil {
		return nil, err
	}
	out := Plans{Plans: []Plan{}}
	for _, r := range rows {
		if r.Archived && !in.Archived {
			continue
		}
		p, err := s.planOf(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Plans = append(out.Plans, p)
	}
	return &out, nil
}

func (s *Server) showPlan(ctx context.Context, in *planIn) (*Plan, error) {
	row, err := s.store.Plan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	p, err := s.planOf(ctx, row)
	return &p, err
}

func (s *Server) planFile(ctx context.Context, in *planIn) (*PlanFile, error) {
	row, err := s.store.Plan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &PlanFile{Name: in.Name + ".yaml", File: string(row.Plan.YAML())}, nil
}

// parse reads the plan file of a request.
func (f PlanFile) parse() (migration.Plan, error) {
	name := f.Name
	if name == "" {
		name = "plan"
	}
	return migration.ParsePlan([]byte(f.File), name)
}

// describe says in sentences what a plan migrates.
func describe(p migration.Plan) []string {
	var does []string
	for _, sp := range p.Spaces {
		does = append(does, "migrate space "+sp.Key+" of "+siteLabel(p.From)+" to "+sp.Target+" of "+siteLabel(p.To))
	}
	return does
}

// siteLabel is what people call an end of a plan: the site's name, or the file's.
func siteLabel(e migration.Endpoint) string {
	if e.Export == "" {
		return e.Site
	}
	return e.Export[strings.LastIndexAny(e.Export, `/\`)+1:]
}

func (s *Server) createPlan(ctx context.Context, in *makePlanIn) (*PlanResult, error) {
	p, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	if _, err := s.store.Plan(ctx, p.Name); err == nil {
		return nil, usage("a plan named %q exists", p.Name)
	}
	stop, err := in.gate(p, append([]string{"save the plan " + p.Name}, describe(p)...)...)
	if err != nil {
		return nil, err
	}
	if stop != nil {
		return &PlanResult{Plan: Plan{Name: p.Name, Status: migration.PlanSaved, Plan: p}, Spaces: []PlanSpace{}, Preview: stop}, nil
	}
	report, err := s.engine.CreatePlan(ctx, p)
	return s.planResult(ctx, report, err)
}

// planResult describes a plan after a change.
func (s *Server) planResult(ctx context.Context, r engine.PlanReport, err error) (*PlanResult, error) {
	if err != nil {
		return nil, err
	}
	out := PlanResult{Spaces: []PlanSpace{}}
	for _, sp := range r.Spaces {
		out.Spaces = append(out.Spaces, PlanSpace{Key: sp.Space.Key, Name: sp.Space.Name, Target: sp.Target, Pages: sp.Space.Pages})
	}
	out.Plan, err = s.planOf(ctx, r.Plan)
	return &out, err
}

func (s *Server) editPlan(ctx context.Context, in *editPlanIn) (*PlanResult, error) {
	p, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	if p.Name != in.Name {
		return nil, usage("the file is of the plan %q, not of %q", p.Name, in.Name)
	}
	row, err := s.store.Plan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate([]any{row.Plan, p}, append([]string{"change the plan " + p.Name}, describe(p)...)...)
	if err != nil {
		return nil, err
	}
	if stop != nil {
		row.Plan = p
		return &PlanResult{Plan: Plan{Name: p.Name, Status: row.Status, Plan: p}, Spaces: []PlanSpace{}, Preview: stop}, nil
	}
	report, err := s.engine.EditPlan(ctx, in.Name, func(old *migration.Plan) error {
		*old = p
		return nil
	})
	return s.planResult(ctx, report, err)
}

func (s *Server) copyPlan(ctx context.Context, in *copyPlanIn) (*PlanResult, error) {
	row, err := s.store.Plan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	p := row.Plan
	p.Name = in.Body.Name
	if in.Body.Stage != "" {
		p.Stage = in.Body.Stage
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	create := makePlanIn{Write: in.Write, Body: PlanFile{File: string(p.YAML()), Name: p.Name}}
	return s.createPlan(ctx, &create)
}

func (s *Server) archivePlan(ctx context.Context, in *archivePlanIn) (*Plan, error) {
	row, err := s.store.Plan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	does := "take the plan " + in.Name + " out of the archive"
	if in.Body.Archived {
		does = "archive the plan " + in.Name
		if !final(row.Status) {
			return nil, usage("plan %q is %s: stop its run first", in.Name, row.Status)
		}
	}
	stop, err := in.gate(row, does)
	if err != nil {
		return nil, err
	}
	if stop == nil {
		if err := s.engine.ArchivePlan(ctx, in.Name, in.Body.Archived); err != nil {
			return nil, err
		}
		row.Archived = in.Body.Archived
	}
	p, err := s.planOf(ctx, row)
	return &p, err
}

func (s *Server) checkPlan(ctx context.Context, in *planIn) (*Checks, error) {
	results, err := s.engine.CheckPlan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := checksOf(results)
	return &out, nil
}

func checksOf(results []migration.CheckResult) Checks {
	out := Checks{Checks: nonNil(results)}
	for _, r := range results {
		switch r.State {
		case migration.CheckPassed:
			out.Passed++
		case migration.CheckWarning:
			out.Warnings++
		case migration.CheckBlocks:
			out.Blocks++
		}
	}
	return out
}

func (s *Server) deletePlan(ctx context.Context, in *deletePlanIn) (*Done, error) {
	row, err := s.store.Plan(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if !final(row.Status) {
		return nil, usage("plan %q is %s: stop its run first", in.Name, row.Status)
	}
	stop, err := in.gate(row, "delete the plan "+in.Name)
	if err != nil || stop != nil {
		return &Done{Preview: stop}, err
	}
	return &Done{}, s.engine.DeletePlan(ctx, in.Name)
}

// final reports whether a plan or a run does nothing any more.
func final(s migration.PlanStatus) bool {
	return s != migration.PlanRunning && s != migration.PlanPaused
}

// nonNil makes a list that is an empty JSON array and not null where there is nothing.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// splitRun takes PLAN#n apart; number is 0 for a plan alone, which means its latest run.
func splitRun(name string) (plan string, number int, err error) {
	plan, text, numbered := strings.Cut(name, "#")
	if !numbered {
		return plan, 0, nil
	}
	for _, r := range text {
		if r < '0' || r > '9' || number > 1<<30 {
			return "", 0, confluence.Errorf(confluence.CodeNoSuchName, "%q names no run: a run is PLAN#n", name)
		}
		number = number*10 + int(r-'0')
	}
	if number == 0 {
		return "", 0, confluence.Errorf(confluence.CodeNoSuchName, "%q names no run: a run is PLAN#n", name)
	}
	return plan, number, nil
}
