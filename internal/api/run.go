package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// Progress is a run and how it stands.
type Progress struct {
	Run     string               `json:"run" example:"HR-2026#1"`
	Plan    string               `json:"plan"`
	Number  int                  `json:"number"`
	Status  migration.PlanStatus `json:"status" enum:"RUNNING,PAUSED,FINISHED,STOPPED,INCOMPLETE,FAILED"`
	Asked   string               `json:"asked,omitempty" enum:"pause,stop" doc:"what a person asked for and is not done yet"`
	Phase   migration.Phase      `json:"phase,omitempty" doc:"of the space that is least far"`
	Done    int                  `json:"done" doc:"contents that arrived or were found unchanged"`
	Total   int                  `json:"total"`
	Failed  int                  `json:"failed"`
	Rate    float64              `json:"rate" doc:"contents a second, lately"`
	ETA     *[2]int              `json:"eta,omitempty" doc:"seconds that are left, at least and at most; absent where nothing can be said"`
	Calls   []SiteCalls          `json:"calls"`
	Started time.Time            `json:"started"`
	Ended   *time.Time           `json:"ended,omitempty"`
	Error   *migration.Finding   `json:"error,omitempty" doc:"why it does not go on"`
	Tasks   []migration.Task     `json:"tasks"`
	Preview *Preview             `json:"preview,omitempty" doc:"with dryRun: what would be done"`
	Checks  *Checks              `json:"checks,omitempty" doc:"with dryRun: what the checks say"`
}

// SiteCalls counts the requests of a run to one site.
type SiteCalls struct {
	Site  string `json:"site"`
	Calls int64  `json:"calls"`
}

// Runs is a list of runs, the newest first.
type Runs struct {
	Runs []Progress `json:"runs"`
}

// Tasks is the work of a run, one task for each space.
type Tasks struct {
	Tasks []migration.Task `json:"tasks"`
}

// LogLine is one line of a run's log.
type LogLine struct {
	N     int64     `json:"n" doc:"place in the log; ask for what comes after it"`
	Time  time.Time `json:"time"`
	Level string    `json:"level" enum:"info,warn,error"`
	Code  string    `json:"code,omitempty"`
	Space string    `json:"space,omitempty"`
	Msg   string    `json:"msg"`
}

// Log is a part of a run's log.
type Log struct {
	Lines []LogLine `json:"lines"`
}

// RunParam names the run of a call.
type RunParam struct {
	Run string `path:"run" doc:"PLAN#n; PLAN alone means its latest run"`
}

type (
	runIn  struct{ RunParam }
	runsIn struct {
		Plan string `query:"plan" doc:"of this plan only"`
		Open bool   `query:"open" doc:"only those that are not final"`
	}
	logIn struct {
		RunParam
		After int64  `query:"after" doc:"lines after this one"`
		Limit int    `query:"limit" default:"1000" minimum:"1" maximum:"10000"`
		Level string `query:"level" enum:"info,warn,error" default:"info" doc:"this level and what is graver"`
	}
)

func (s *Server) registerRuns(h huma.API) {
	register(h, get("runs", "/runs", "The runs", "Newest first."), s.listRuns)
	register(h, get("runs", "/runs/{run}", "How a run stands", "With rate and a range for the time that is left."), s.showRun)
	register(h, get("runs", "/runs/{run}/tasks", "The spaces of a run", ""), s.runTasks)
	register(h, get("runs", "/runs/{run}/pending", "The spaces of a run that are not done", ""), s.runPending)
	register(h, get("runs", "/runs/{run}/log", "The log of a run", ""), s.runLog)
}

// findRun returns the run of that name, or the latest of a plan.
func (s *Server) findRun(ctx context.Context, name string) (store.Run, error) {
	plan, number, err := splitRun(name)
	if err != nil {
		return store.Run{}, err
	}
	if number > 0 {
		return s.store.Run(ctx, plan+"#"+strconv.Itoa(number))
	}
	runs, err := s.store.Runs(ctx, plan)
	if err != nil {
		return store.Run{}, err
	}
	if len(runs) == 0 {
		if _, err := s.store.Plan(ctx, plan); err != nil {
			return store.Run{}, err
		}
		return store.Run{}, confluence.Errorf(confluence.CodeNoSuchName, "plan %q was not run yet", plan)
	}
	return newestRun(runs), nil
}

func newestRun(runs []store.Run) store.Run {
	newest := runs[0]
	for _, r := range runs {
		if r.Number > newest.Number {
			newest = r
		}
	}
	return newest
}

// progress describes a run: what the store holds and, while it works, how fast.
func (s *Server) progress(ctx context.Context, run store.Run) (Progress, error) {
	now, err := s.engine.Progress(ctx, run.ID)
	if err != nil {
		return Progress{}, err
	}
	return progressOf(now, sitesOf(run)), nil
}

// sitesOf names both sides of a run, as the plan said when it was run.
func sitesOf(run store.Run) [2]string {
	p, err := migration.ParsePlan(run.Document, run.ID)
	if err != nil {
		return [2]string{"source", "destination"}
	}
	return [2]string{siteLabel(p.From), siteLabel(p.To)}
}

func (s *Server) listRuns(ctx context.Context, in *runsIn) (*Runs, error) {
	rows, err := s.store.Runs(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	out := Runs{Runs: []Progress{}}
	for _, r := range rows {
		if in.Open && final(r.Status) {
			continue
		}
		p, err := s.progress(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Runs = append(out.Runs, p)
	}
	return &out, nil
}

func (s *Server) showRun(ctx context.Context, in *runIn) (*Progress, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	p, err := s.progress(ctx, run)
	return &p, err
}

func (s *Server) tasksOf(ctx context.Context, name string, keep func(migration.Task) bool) (*Tasks, error) {
	run, err := s.findRun(ctx, name)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Tasks(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	out := Tasks{Tasks: []migration.Task{}}
	for _, r := range rows {
		if keep(r.Task) {
			out.Tasks = append(out.Tasks, r.Task)
		}
	}
	return &out, nil
}

func (s *Server) runTasks(ctx context.Context, in *runIn) (*Tasks, error) {
	return s.tasksOf(ctx, in.Run, func(migration.Task) bool { return true })
}

func (s *Server) runPending(ctx context.Context, in *runIn) (*Tasks, error) {
	return s.tasksOf(ctx, in.Run, func(t migration.Task) bool {
		return t.Status != migration.TaskComplete && t.Status != migration.TaskSkipped
	})
}

// levels orders the levels of log lines.
var levels = map[string]int{"info": 0, "warn": 1, "error": 2}

func (s *Server) runLog(ctx context.Context, in *logIn) (*Log, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	out := Log{Lines: []LogLine{}}
	for after := in.After; len(out.Lines) < in.Limit; {
		lines, err := s.store.Log(ctx, run.ID, after, in.Limit)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			after = l.N
			level := l.Level
			if level == "warning" {
				level = "warn"
			}
			if levels[level] >= levels[in.Level] && len(out.Lines) < in.Limit {
				out.Lines = append(out.Lines, LogLine{N: l.N, Time: l.At, Level: level, Code: string(l.Code), Space: l.Space, Msg: l.Text})
			}
		}
		if len(lines) < in.Limit {
			break
		}
	}
	return &out, nil
}

// progressOf describes a run as the engine sees it.
func progressOf(now engine.Progress, sites [2]string) Progress {
	r := now.Run
	p := Progress{
		Run: r.ID, Plan: r.Plan, Number: r.Number, Status: r.Status, Asked: r.Want, Done: now.Done, Total: now.Total,
		Failed: now.Failures, Rate: now.Rate, Started: r.Started, Error: r.Error, Tasks: []migration.Task{}, Calls: []SiteCalls{},
	}
	if now.ETA != [2]int{} {
		p.ETA = &now.ETA
	}
	if !r.Ended.IsZero() {
		p.Ended = &r.Ended
	}
	for i, site := range sites {
		p.Calls = append(p.Calls, SiteCalls{Site: site, Calls: r.Calls[i]})
	}
	for _, t := range now.Tasks {
		p.Tasks = append(p.Tasks, t.Task)
	}
	p.Phase = slowest(p.Tasks)
	return p
}

// slowest returns the phase of the running space that is least far.
func slowest(tasks []migration.Task) migration.Phase {
	least := len(migration.Phases)
	for _, t := range tasks {
		if t.Status != migration.TaskRunning {
			continue
		}
		if i := slices.Index(migration.Phases, t.Phase); i >= 0 && i < least {
			least = i
		}
	}
	if least == len(migration.Phases) {
		return ""
	}
	return migration.Phases[least]
}
