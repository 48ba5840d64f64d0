package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

type (
	startIn struct {
		Write
		Body struct {
			Plan string `json:"plan"`
		}
	}
	actIn struct {
		RunParam
		Write
	}
	retryIn struct {
		RunParam
		Write
		Body struct {
			Code string `json:"code,omitempty" doc:"only what failed with this code"`
		}
	}
)

// Retried says what a retry queued.
type Retried struct {
	Progress Progress `json:"progress"`
	Queued   int      `json:"queued" doc:"items queued again"`
	Preview  *Preview `json:"preview,omitempty" doc:"with dryRun: what would be done"`
}

func (s *Server) registerRunCommands(h huma.API) {
	start := operation(http.MethodPost, "/runs", "runs", "Start a run of a plan", "The plan of a stopped, incomplete or failed run can "+
		"be started again: the new run takes over what arrived, nothing is wiped and nothing is written twice.")
	start.DefaultStatus = http.StatusAccepted
	register(h, start, s.startRun)
	register(h, post("runs", "/runs/{run}/pause", "Pause a run", "Waits for the calls in flight."), s.pauseRun)
	register(h, post("runs", "/runs/{run}/resume", "Go on with a run", ""), s.resumeRun)
	register(h, post("runs", "/runs/{run}/stop", "Stop a run for good", "The step in progress ends first. The plan can be run again."), s.stopRun)
	register(h, post("runs", "/runs/{run}/retry", "Do again what failed", ""), s.retryRun)
}

func (s *Server) startRun(ctx context.Context, in *startIn) (*Progress, error) {
	row, err := s.store.Plan(ctx, in.Body.Plan)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate(row.Plan, append([]string{"run the plan " + in.Body.Plan}, describe(row.Plan)...)...)
	if err != nil {
		return nil, err
	}
	if stop != nil {
		results, err := s.engine.CheckPlan(ctx, in.Body.Plan)
		checks := checksOf(results)
		return &Progress{
			Plan: in.Body.Plan, Status: row.Status, Calls: []SiteCalls{}, Tasks: []migration.Task{}, Preview: stop, Checks: &checks,
		}, err
	}
	id, err := s.engine.Start(ctx, in.Body.Plan)
	if err != nil {
		return nil, err
	}
	run, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := s.progress(ctx, run)
	return &p, err
}

// act does one command on a run and shows the run afterwards.
func (s *Server) act(ctx context.Context, in *actIn, does string, f func(ctx context.Context, run, reason string) error) (*Progress, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate([]any{run.ID, run.Status, run.Want}, does+" the run "+run.ID)
	if err != nil {
		return nil, err
	}
	if stop == nil {
		if err := f(ctx, run.ID, in.Reason); err != nil {
			return nil, err
		}
		if run, err = s.store.Run(ctx, run.ID); err != nil {
			return nil, err
		}
	}
	p, err := s.progress(ctx, run)
	p.Preview = stop
	return &p, err
}

func (s *Server) pauseRun(ctx context.Context, in *actIn) (*Progress, error) {
	return s.act(ctx, in, "pause", s.engine.Pause)
}

func (s *Server) resumeRun(ctx context.Context, in *actIn) (*Progress, error) {
	return s.act(ctx, in, "go on with", func(ctx context.Context, run, _ string) error { return s.engine.Resume(ctx, run) })
}

func (s *Server) stopRun(ctx context.Context, in *actIn) (*Progress, error) {
	return s.act(ctx, in, "stop", s.engine.Stop)
}

func (s *Server) retryRun(ctx context.Context, in *retryIn) (*Retried, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	stop, err := in.gate([]any{run.ID, run.Status, in.Body.Code}, "do again what failed in "+run.ID)
	if err != nil {
		return nil, err
	}
	out := Retried{Preview: stop}
	if stop == nil {
		if out.Queued, err = s.engine.Retry(ctx, run.ID, confluence.Code(in.Body.Code)); err != nil {
			return nil, err
		}
		if run, err = s.store.Run(ctx, run.ID); err != nil {
			return nil, err
		}
	}
	out.Progress, err = s.progress(ctx, run)
	return &out, err
}
