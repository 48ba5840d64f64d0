package confluence

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code names an error for good: "T-" and four digits, never used for anything else. Register holds all of them.
type Code string

// Class says how an error is to be acted upon. The engine acts on the class alone.
type Class string

// The classes.
const (
	ClassInvalid      Class = "invalid"
	ClassUnauthorized Class = "unauthorized"
	ClassForbidden    Class = "forbidden"
	ClassNotFound     Class = "not_found"
	ClassConflict     Class = "conflict" // a version has moved
	ClassExists       Class = "exists"   // a title or a key is taken
	ClassLimited      Class = "limited"
	ClassUnavailable  Class = "unavailable"
	ClassUnsupported  Class = "unsupported"
	ClassInternal     Class = "internal"
)

// Outcome says what is known about the effect of a failed call.
type Outcome int

// The outcomes of a failed call.
const (
	OutcomeRefused Outcome = iota // the site answered that it did not do it, or it was never sent
	OutcomeUnknown                // it may have been done: probe
)

// Where locates an error. Empty members do not apply.
type Where struct {
	Site    string `json:"site,omitempty"`
	Space   string `json:"space,omitempty"`
	Content string `json:"content,omitempty"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

// Error is every error a person may see: code, what happened, where, why, and what to do about it. It holds no secret.
type Error struct {
	Code    Code
	What    string // one sentence, no full stop
	Where   Where
	Cause   string
	Remedy  string // what to do; empty: the register's
	Outcome Outcome
	// RetryAfter is the pause the site asked for; zero if it named none.
	RetryAfter time.Duration
	// Holder, of a title that is taken, is the content that has it; empty where the site does not show which.
	Holder ID
	// Status is the HTTP status behind the error, 0 if there was none.
	Status int
	// Err is the wrapped cause, for logs only.
	Err error
}

// Error returns code, what and cause in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Code, e.What)
	if e.Cause != "" {
		b.WriteString(": " + e.Cause)
	}
	return b.String()
}

// Unwrap returns the wrapped cause.
func (e *Error) Unwrap() error { return e.Err }

// Class returns the class that the register gives to the code.
func (e *Error) Class() Class { return Lookup(e.Code).Class }

// Help returns the remedy, the register's if the error has none of its own.
func (e *Error) Help() string {
	if e.Remedy != "" {
		return e.Remedy
	}
	return Lookup(e.Code).Remedy
}

// Errorf makes an error with a code and a formatted sentence.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, What: fmt.Sprintf(format, args...)}
}

// Because sets cause and wrapped error, and returns e.
func (e *Error) Because(err error) *Error {
	if err != nil {
		e.Err = err
		if e.Cause == "" {
			e.Cause = err.Error()
		}
	}
	return e
}

// At sets where it happened, and returns e.
func (e *Error) At(w Where) *Error { e.Where = w; return e }

// AsError returns err as an *Error; anything else becomes T-9002 (internal). It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Errorf(CodeInternal, "an error that tandem did not expect").Because(err)
}

// ClassOf returns the class of err, ClassInternal if it has no code, empty for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	return AsError(err).Class()
}

// Unknown reports whether err leaves open if the change was made.
func Unknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Outcome == OutcomeUnknown
}
