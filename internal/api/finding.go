package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// Findings is a part of the findings of a run.
type Findings struct {
	Findings []migration.Finding `json:"findings"`
	Next     string              `json:"next,omitempty" doc:"give it as after to get the next part; absent at the end"`
}

type findingsIn struct {
	RunParam
	Space    string `query:"space"`
	Severity string `query:"severity" enum:"error,warning,info"`
	Code     string `query:"code"`
	After    string `query:"after" doc:"id of the last finding of the part before"`
	Limit    int    `query:"limit" default:"1000" minimum:"1" maximum:"10000"`
}

type fileOut struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (s *Server) registerFindings(h huma.API) {
	register(h, get("runs", "/runs/{run}/findings", "What was lost or is in doubt", "One finding for each content, code and facet."), s.runFindings)
	register(h, get("runs", "/runs/{run}/failures", "What failed", "The findings of severity error."), s.runFailures)
	huma.Register(h, fileOperation("/runs/{run}/findings.csv", "runs", "The findings as CSV", "All that fit the filter.", "text/csv"), s.findingsCSV)
	huma.Register(h, fileOperation("/runs/{run}/report", "runs", "The report of a run",
		"What arrived, what did not and why, and the proof of parity.", "text/plain", "text/html", "application/json"), s.runReport)
}

// fileOperation describes a GET that answers with a file in one of several types.
func fileOperation(path, tag, summary, description string, types ...string) huma.Operation {
	op := operation(http.MethodGet, path, tag, summary, description)
	content := map[string]*huma.MediaType{}
	for _, t := range types {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: content}}
	return op
}

func (in *findingsIn) filter(run string) store.FindingFilter {
	return store.FindingFilter{
		Run: run, Space: in.Space, Severity: in.Severity, Code: confluence.Code(in.Code), After: in.After, Limit: in.Limit,
	}
}

func (s *Server) runFindings(ctx context.Context, in *findingsIn) (*Findings, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, err
	}
	list, err := s.store.Findings(ctx, in.filter(run.ID))
	if err != nil {
		return nil, err
	}
	out := Findings{Findings: nonNil(list)}
	if len(list) == in.Limit {
		out.Next = list[len(list)-1].ID
	}
	return &out, nil
}

func (s *Server) runFailures(ctx context.Context, in *findingsIn) (*Findings, error) {
	in.Severity = migration.SeverityError
	return s.runFindings(ctx, in)
}

func (s *Server) findingsCSV(ctx context.Context, in *findingsIn) (*fileOut, error) {
	run, err := s.findRun(ctx, in.Run)
	if err != nil {
		return nil, fail(err)
	}
	in.Limit, in.After = 0, ""
	all, err := s.store.Findings(ctx, in.filter(run.ID))
	if err != nil {
		return nil, fail(err)
	}
	return &fileOut{ContentType: "text/csv; charset=utf-8", Body: migration.CSV(all)}, nil
}
