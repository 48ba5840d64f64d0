package rest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Options sets up a Client.
type Options struct {
	// Base is the address that paths are appended to, without a trailing slash. Plain http is for loopback only.
	Base string
	Auth Auth
	// Credentials gives the credential in place of Auth, where that changes.
	Credentials Credentials
	Transport   http.RoundTripper // nil: NewTransport with its defaults
	Budget      *Budget           // nil: one of its own
	Clock       Clock
	// Random returns numbers in [0,1) for backoff; nil: math/rand.
	Random func() float64
	// Timeout bounds one try; 0 = 60 s.
	Timeout time.Duration
	// Tries bounds how often a request is sent that may be sent again; 0 = 5. A 429 may cost twice as many.
	Tries int
	// Patience is the longest pause that is waited for; a longer one is an error of kind Limited. 0 = 30 s.
	Patience time.Duration
	// Cap bounds an answer in bytes; 0 = 64 MiB.
	Cap       int64
	UserAgent string // empty: tandem
	// Observe is called after every request that went out; it must be quick and safe for concurrent use.
	Observe func(Exchange)
}

// Client sends requests to one site as one account. It is safe for concurrent use.
type Client struct {
	base   *url.URL
	o      Options
	clock  Clock
	budget *Budget
	count  counters
	last   atomic.Pointer[Auth] // what Credentials gave last
}

// New makes a client. It sends nothing. The error is an *Error of kind Invalid or PlainHTTP.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(o.Base, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, &Error{Kind: Invalid, What: "the address is not of the form https://host/path"}
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, &Error{Kind: Invalid, What: "the address holds more than host and path"}
	}
	if !Protected(base) {
		return nil, &Error{Kind: PlainHTTP, What: "plain http to a host that is not loopback"}
	}
	o.Timeout = orElse(o.Timeout, time.Minute)
	o.Tries = orElse(o.Tries, 5)
	o.Patience = orElse(o.Patience, 30*time.Second)
	o.Cap = orElse(o.Cap, 64<<20)
	o.UserAgent = orElse(o.UserAgent, "tandem")
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Transport == nil {
		if o.Transport, err = NewTransport(TransportOptions{}); err != nil {
			return nil, &Error{Kind: Invalid, Err: err}
		}
	}
	if o.Budget == nil {
		o.Budget = NewBudget(BudgetOptions{Clock: o.Clock})
	}
	return &Client{base: base, o: o, clock: o.Clock.Or(), budget: o.Budget}, nil
}

func orElse[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// Budget returns the budget that the client shares with other callers of the site.
func (c *Client) Budget() *Budget { return c.budget }

// Clock returns the client's clock, complete.
func (c *Client) Clock() Clock { return c.clock }

// Close frees idle connections.
func (c *Client) Close() {
	if t, ok := c.o.Transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Do sends a request, again where that is safe, and returns the answer of a status below 300. The body of the answer
// must be JSON or empty. If out is not nil the body is decoded into it. The error is an *Error.
func (c *Client) Do(ctx context.Context, req Request, out any) (Answer, error) {
	doubt := false
	for try := 1; ; try++ {
		ans, err := c.once(ctx, &req, out, try)
		if err == nil {
			return ans, nil
		}
		err.Tries = try
		if err.Outcome == MayBeDone {
			doubt = true
		}
		if doubt && err.Outcome == NotDone {
			// An earlier try may have been carried out, whatever became of this one.
			err.Outcome = MayBeDone
		}
		delay, again := c.again(&req, err, try)
		if !again {
			return Answer{}, err
		}
		if werr := c.clock.Wait(ctx, delay); werr != nil {
			return Answer{}, &Error{Kind: Canceled, Outcome: err.Outcome, Method: err.Method, Route: err.Route, Tries: try, Err: werr}
		}
	}
}

// again decides whether a failed try is followed by another one, and after which pause.
//
//	429               always: it was not carried out. The budget holds everybody for the pause
//	no connection     always: nothing was sent
//	lost, 408, 5xx    reads, and writes marked repeatable
//	unusable answer   the same
//	else              never
func (c *Client) again(req *Request, e *Error, try int) (time.Duration, bool) {
	tries := c.o.Tries
	switch e.Kind {
	case Limited:
		if tries *= 2; e.RetryAfter > c.o.Patience {
			return 0, false
		}
		// The budget already holds this caller, like all others.
		return 0, try < tries
	case Unreachable:
	case Lost, Unusable:
		if !req.repeatable() {
			return 0, false
		}
	case Status:
		if !req.repeatable() || !transient(e.Status) || e.RetryAfter > c.o.Patience {
			return 0, false
		}
	default:
		return 0, false
	}
	return max(e.RetryAfter, c.backoff(try)), try < tries
}

func transient(status int) bool {
	return status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented
}

// backoff is full jitter: a random share of half a second doubled with every try, at most 30 s.
func (c *Client) backoff(try int) time.Duration {
	most := min(500*time.Millisecond<<min(try-1, 10), 30*time.Second)
	return time.Duration(c.o.Random() * float64(most))
}
