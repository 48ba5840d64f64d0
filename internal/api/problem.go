package api

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Problem is an error as a person or a script gets it: in problem+json answers, and on standard error with --output json.
type Problem struct {
	Status int              `json:"status,omitempty" doc:"HTTP status"`
	Code   confluence.Code  `json:"code" example:"T-3107" doc:"code of the register; see GET /api/v1/errors/{code}"`
	Class  confluence.Class `json:"class" example:"conflict" doc:"how the error is to be acted upon"`
	What   string           `json:"what" doc:"what happened, one sentence"`
	Where  confluence.Where `json:"where" doc:"where it happened; members that do not apply are left out"`
	Cause  string           `json:"cause" doc:"why, as far as it is known"`
	Remedy string           `json:"remedy" doc:"what to do about it"`
	Help   string           `json:"help" example:"tandem doctor --explain T-3107" doc:"where there is more"`
}

// NewProblem describes err. What has no code becomes T-9002 (internal).
func NewProblem(err error) *Problem {
	e := confluence.AsError(err)
	p := &Problem{
		Status: statusOf(e.Class()), Code: e.Code, Class: e.Class(), What: e.What, Where: e.Where,
		Cause: e.Cause, Remedy: e.Help(), Help: "tandem doctor --explain " + string(e.Code),
	}
	if p.Cause == "" {
		p.Cause = confluence.Lookup(e.Code).Cause
	}
	return p
}

// Err returns the problem as the error it was made of.
func (p *Problem) Err() *confluence.Error {
	return &confluence.Error{Code: p.Code, What: p.What, Where: p.Where, Cause: p.Cause, Remedy: p.Remedy, Status: p.Status}
}

// Error returns code, what and cause in one line.
func (p *Problem) Error() string { return p.Err().Error() }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// statusOf maps a class to an HTTP status. It is the only place that does.
func statusOf(c confluence.Class) int {
	switch c {
	case confluence.ClassInvalid:
		return http.StatusUnprocessableEntity
	case confluence.ClassUnauthorized:
		return http.StatusUnauthorized
	case confluence.ClassForbidden:
		return http.StatusForbidden
	case confluence.ClassNotFound:
		return http.StatusNotFound
	case confluence.ClassConflict, confluence.ClassExists:
		return http.StatusConflict
	case confluence.ClassLimited:
		return http.StatusTooManyRequests
	case confluence.ClassUnavailable:
		return http.StatusServiceUnavailable
	case confluence.ClassUnsupported:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

// fail turns an error of a handler into its answer.
func fail(err error) error {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return NewProblem(err)
}

// describeErrors makes huma report what it finds wrong with a request as a Problem. huma has one such hook for the whole
// process, which is set once and never changed.
var describeErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, what string, errs ...error) huma.StatusError {
		var causes []string
		for _, err := range errs {
			if err != nil {
				causes = append(causes, err.Error())
			}
		}
		code := confluence.CodeUsage
		if status >= http.StatusInternalServerError {
			code = confluence.CodeInternal
		}
		p := NewProblem(&confluence.Error{Code: code, What: what, Cause: strings.Join(causes, "; ")})
		if status != 0 {
			p.Status = status
		}
		return p
	}
})
