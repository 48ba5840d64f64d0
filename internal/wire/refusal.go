package wire

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/rest"
)

// Hidden reports whether a status may hide what is there from an account that is not, or no longer, let in: none of these is
// believed before the account is confirmed.
func Hidden(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

// Bare reports whether a 404 says nothing about what is not there, said being what the site wrote into it: so a rejected
// credential looks, or a node that starts.
func Bare(e *rest.Error, said string) bool {
	return e.Status == http.StatusNotFound && (said == "" || strings.EqualFold(said, "Not Found"))
}

// CodeOf is the code of an error of package rest, as far as both products agree.
func CodeOf(e *rest.Error, k Call) confluence.Code {
	switch e.Kind {
	case rest.NoCredential:
		return confluence.CodeCredential
	case rest.Unreachable:
		return confluence.CodeUnreachable
	case rest.Lost, rest.Canceled:
		if e.Outcome == rest.MayBeDone {
			return confluence.CodeUnknownOutcome
		}
		return confluence.CodeUnreachable
	case rest.Unusable, rest.TooLarge:
		return confluence.CodeUnusableAnswer
	case rest.Limited:
		return confluence.CodeLimited
	case rest.Source:
		return confluence.CodeFileMissing
	case rest.PlainHTTP:
		return confluence.CodePlainHTTP
	case rest.Status:
		return codeOfStatus(e.Status, k)
	}
	return confluence.CodeInternal
}

func codeOfStatus(status int, k Call) confluence.Code {
	switch {
	case status == http.StatusUnauthorized:
		return confluence.CodeCredential
	case status == http.StatusForbidden:
		return confluence.CodeForbidden
	case status == http.StatusNotFound:
		return confluence.CodeNotThere
	case status == http.StatusConflict:
		return confluence.CodeVersionMoved
	case status == http.StatusGone, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return confluence.CodeNotCapable
	case status == http.StatusRequestEntityTooLarge && k.Writes():
		return confluence.CodeTooLarge
	case status >= 500 || status == http.StatusRequestTimeout:
		return confluence.CodeSiteFails
	}
	return confluence.CodeRefused
}

// Unusable is the error of an answer that cannot be used.
func Unusable(k Call, cause string) *confluence.Error {
	e := confluence.Errorf(confluence.CodeUnusableAnswer, "%s", k.What).At(k.Where)
	e.Cause = cause
	return e
}

// NoID is the error of an answer to a write that does not name what was written. The write may be done.
func NoID(k Call) *confluence.Error {
	e := Unusable(k, "the answer to a write holds no id")
	e.Outcome = confluence.OutcomeUnknown
	return e
}

// FileTooLarge is the error of a file that the site refuses for its size in the words of e, a 404.
func FileTooLarge(e *confluence.Error) *confluence.Error {
	out := confluence.Errorf(confluence.CodeTooLarge, "the file is larger than the site takes").At(e.Where)
	out.Cause, out.Status, out.Err = e.Cause, e.Status, e
	return out
}

// FileTaken is the error of a file whose name another one has, which the site refuses in the words of e.
func FileTaken(e *confluence.Error, name string) *confluence.Error {
	out := confluence.Errorf(confluence.CodeTitleTaken, "there is a file %q already", name).At(e.Where)
	out.Cause, out.Status, out.Err = e.Cause, e.Status, e
	return out
}

// Unconfirmed is the error of a call that was refused with e while the account is in doubt, for the reason bad.
func Unconfirmed(k Call, e *rest.Error, bad error) error {
	b := *confluence.AsError(bad)
	b.Cause = b.What + Because(b.Cause)
	b.What, b.Where = k.What, k.Where
	b.Outcome = confluence.OutcomeRefused
	if e.Outcome == rest.MayBeDone {
		b.Outcome = confluence.OutcomeUnknown
	}
	return &b
}

// Because is what follows a sentence to give its cause; empty for none.
func Because(cause string) string {
	if cause == "" {
		return ""
	}
	return ": " + cause
}

// Proof is the last confirmation of an account, shared by all who need one. Make it with NewProof; it is safe for concurrent
// use.
type Proof struct {
	turn    rest.Turn
	started atomic.Int64
	done    bool // it came to an answer
	err     error
}

// NewProof is a proof of nothing yet.
func NewProof() *Proof { return &Proof{turn: rest.NewTurn()} }

// Confirm asks, and returns what ask says. Callers that come while another one asks wait for an answer to a question that
// began after they came: an older one may have been given before their own refusal.
func (p *Proof) Confirm(ctx context.Context, ask func(context.Context) error) error {
	came := p.started.Load()
	p.turn.Take()
	defer p.turn.Give()
	if p.started.Load() > came && p.done {
		return p.err
	}
	p.started.Add(1)
	err := ask(ctx)
	p.err, p.done = err, ctx.Err() == nil // given up says nothing to the others
	return err
}
