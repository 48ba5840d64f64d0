package rest

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind says what went wrong with a request.
type Kind string

// The kinds of failure.
const (
	NoCredential Kind = "no credential" // the source of the credential failed; Err tells why, nothing was sent
	PlainHTTP    Kind = "plain http"    // an address without TLS that is not loopback
	Unreachable  Kind = "unreachable"   // no connection; nothing was sent
	Lost         Kind = "lost"          // sent, or partly, and no whole answer came
	Unusable     Kind = "unusable"      // an answer that is no answer: HTML, a redirect, cut off, no JSON
	TooLarge     Kind = "too large"     // the answer exceeds the cap
	Limited      Kind = "limited"       // 429, or the site's pause is longer than the client may wait
	Status       Kind = "status"        // any other status of 400 and above
	Source       Kind = "source"        // the bytes to send could not be read
	Canceled     Kind = "canceled"      // the caller's context ended
	Invalid      Kind = "invalid"       // the request could not be formed
)

// Outcome says what a failed request may have changed at the site.
type Outcome int

// The outcomes of a failed request.
const (
	NotDone     Outcome = iota // never sent, or refused
	MayBeDone                  // it may have been carried out, or may be later
	NothingToDo                // it was a read
)

// Error is every error of this package. It holds no address beyond the route template and no secret.
type Error struct {
	Kind    Kind
	Outcome Outcome
	Method  string
	Route   string // template, such as /wiki/api/v2/pages/{id}
	Status  int    // 0 where no status line came
	Header  http.Header
	Body    []byte // beginning of the answer, at most 64 KiB, free of the credential
	HTML    bool   // the answer is HTML
	// RetryAfter is the pause the site asked for, zero if it named none.
	RetryAfter time.Duration
	Tries      int
	What       string
	Err        error
}

// Error describes the failure in one line.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %s", e.Method, e.Route, e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.What != "" {
		s += ": " + e.What
	} else if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As returns err as an *Error, or nil if it is none.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
