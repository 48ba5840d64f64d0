package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// ErrorCode is one row of the register of error codes.
type ErrorCode struct {
	Code    confluence.Code  `json:"code"`
	Class   confluence.Class `json:"class"`
	Exit    int              `json:"exit" doc:"exit code of a command that ends with it"`
	Status  int              `json:"status" doc:"HTTP status of a call that ends with it"`
	Meaning string           `json:"meaning"`
	Cause   string           `json:"cause"`
	Remedy  string           `json:"remedy"`
}

// ErrorCodes is the register of error codes.
type ErrorCodes struct {
	Errors []ErrorCode `json:"errors"`
}

type codeIn struct {
	Code string `path:"code" example:"T-3107"`
}

func (s *Server) registerHelp(h huma.API) {
	register(h, get("help", "/version", "Which tandem this is", "Needs no token."), func(context.Context, *none) (*Version, error) { return &s.version, nil })
	register(h, get("help", "/doctor", "Check the installation", ""), s.doctor)
	register(h, get("help", "/errors", "The register of error codes", ""), func(context.Context, *none) (*ErrorCodes, error) {
		out := ErrorCodes{}
		for _, e := range confluence.Register {
			out.Errors = append(out.Errors, codeOf(e))
		}
		return &out, nil
	})
	register(h, get("help", "/errors/{code}", "What an error code means", ""), func(_ context.Context, in *codeIn) (*ErrorCode, error) {
		return Explain(in.Code)
	})
}

// Explain returns the register's row of a code, which may be written without the "T-".
func Explain(code string) (*ErrorCode, error) {
	code = strings.ToUpper(code)
	if !strings.HasPrefix(code, "T-") {
		code = "T-" + code
	}
	e := confluence.Lookup(confluence.Code(code))
	if string(e.Code) != code {
		return nil, confluence.Errorf(confluence.CodeNoSuchName, "there is no error code %q", code)
	}
	row := codeOf(e)
	return &row, nil
}

func codeOf(e confluence.Entry) ErrorCode {
	return ErrorCode{Code: e.Code, Class: e.Class, Exit: e.Exit, Status: statusOf(e.Class), Meaning: e.Meaning, Cause: e.Cause, Remedy: e.Remedy}
}

// Health is the state of an installation.
type Health struct {
	Checks []SiteCheck `json:"checks"`
}

// doctor checks what the server stands on; sites are tested by calls of their own.
func (s *Server) doctor(ctx context.Context, _ *none) (*Health, error) {
	out := Health{Checks: []SiteCheck{}}
	add := func(name, good string, err error) {
		c := SiteCheck{State: "ok", Name: name, Text: good}
		if err != nil {
			e := confluence.AsError(err)
			c = SiteCheck{State: "fail", Name: name, Text: e.Error(), Code: e.Code}
		}
		out.Checks = append(out.Checks, c)
	}
	add("database", fmt.Sprintf("sqlite, schema %d, integrity ok", s.version.Schema), s.store.Check(ctx))
	sites, err := s.store.Sites(ctx)
	add("sites", fmt.Sprintf("%d known", len(sites)), err)
	runs, err := s.listRuns(ctx, &runsIn{Open: true})
	open := 0
	if err == nil {
		open = len(runs.Runs)
	}
	add("runs", fmt.Sprintf("%d not final", open), err)
	return &out, nil
}
