package simulation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Call is one request that reached the network.
type Call struct {
	N      int // from 1, in the order in which they were let through
	Time   time.Time
	Side   confluence.Side
	Method string
	Path   string
	Query  string
	Digest string // of the body, 16 hex digits; empty without one
	Body   []byte `json:"-"`
	// Verb is that of the write that the call is part of; empty: no write of the engine, a read mostly.
	Verb   confluence.Verb
	Status int    // 0: no answer arrived
	Fault  string // what the network or the site did to it
	lost   string // how the network loses it
	said   int    // what the site answered, whether or not that arrived; 0: it was never asked
	begun  time.Time
}

// Writes reports whether the call is one that changes something: no read that is sent as a POST, and no key to what others
// cannot read.
func (c *Call) Writes() bool {
	return c.Method != http.MethodGet && c.Method != http.MethodHead && !strings.HasSuffix(c.Path, "/users-bulk") && !strings.HasSuffix(c.Path, "/admin-key")
}

// late reports whether a call may have taken effect after its time: because the site was slow, or because its process slept
// between beginning it and sending it.
func (c *Call) late() bool {
	return strings.Contains(c.Fault, "applyLate") || strings.Contains(c.Fault, "delay") || c.Time.Sub(c.begun) >= callTime
}

// callTime is how long a call of the engine takes at most: the default of package engine.
const callTime = time.Minute

func (c *Call) String() string {
	s := fmt.Sprintf("%d %s %s %s %s", c.N, c.Time.Format("15:04:05.000"), letter(c.Side), c.Method, c.Path)
	if c.Query != "" {
		s += "?" + c.Query
	}
	s += fmt.Sprintf(" %s %s %d", c.Digest, c.Verb, c.Status)
	if c.Fault != "" {
		s += " " + c.Fault
	}
	return s
}

// Ways of losing a call.
const (
	lostBefore  = "lost before it arrived"
	lostAfter   = "answer lost"
	unreachable = "unreachable"
)

// errLost ends a connection in the middle.
var errLost = errors.New("simulation: the connection was cut")

// line is a process's connection to a site: an http.RoundTripper.
type line struct {
	p    *process
	side confluence.Side
}

// RoundTrip parks the request, lets the site's handler answer it in the caller's goroutine, and parks the answer.
func (l line) RoundTrip(r *http.Request) (*http.Response, error) {
	w, ctx := l.p.w, r.Context()
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	c := &Call{Side: l.side, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Body: body, Verb: w.gate.self().verb, begun: w.clock.Now()}
	if len(body) > 0 {
		sum := sha256.Sum256(unbound(r.Header.Get("Content-Type"), body))
		c.Digest = hex.EncodeToString(sum[:8])
	}
	key := fmt.Sprintf("%s %s %s?%s %s %s", letter(l.side), c.Method, c.Path, c.Query, c.Digest, w.gate.next())
	if err := w.gate.pass(ctx, &ticket{Event: Event{Kind: Request, Key: key, Call: c}, proc: l.p}); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(ctx)
	if c.lost == unreachable {
		if trace != nil && trace.GetConn != nil {
			trace.GetConn(r.URL.Host)
		}
		return nil, errLost
	}
	if trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if c.lost == lostBefore {
		return l.back(ctx, c, key, nil)
	}
	return l.back(ctx, c, key, w.sites[l.side].answer(r, body))
}

// back parks the answer on its way; nil is none.
func (l line) back(ctx context.Context, c *Call, key string, a *recorded) (*http.Response, error) {
	if a != nil {
		c.Status, c.said = a.status, a.status
	}
	if err := l.p.w.gate.pass(ctx, &ticket{Event: Event{Kind: Answer, Key: key, Call: c}, proc: l.p}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a == nil || a.aborted && !a.wrote || c.lost == lostAfter {
		c.Status = 0
		return nil, errLost
	}
	return a.response(), nil
}

// recorded is what a handler answered.
type recorded struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	wrote   bool
	aborted bool // the connection ended before the answer did
}

func (a *recorded) Header() http.Header { return a.header }

func (a *recorded) WriteHeader(status int) {
	if !a.wrote {
		a.wrote, a.status = true, status
	}
}

func (a *recorded) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// Flush is for handlers that end the connection in the middle of an answer.
func (a *recorded) Flush() {}

// response is the answer as a client sees it.
func (a *recorded) response() *http.Response {
	header := http.Header{}
	for name, values := range a.header {
		if len(values) > 0 {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	r := &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, ContentLength: int64(a.body.Len()),
	}
	var body io.Reader = &a.body
	if a.aborted {
		r.ContentLength = -1
		body = io.MultiReader(body, cut{})
	}
	r.Body = io.NopCloser(body)
	return r
}

// cut is the rest of an answer that never comes.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// answer lets the site's handler answer.
func (s *Site) answer(r *http.Request, body []byte) (a *recorded) {
	req := r.Clone(r.Context())
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.ContentLength = int64(len(body))
	req.RequestURI = r.URL.RequestURI()
	req.Host = r.URL.Host
	req.RemoteAddr = "192.0.2.1:1"
	a = &recorded{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			a.aborted = true
		}
	}()
	s.handler.ServeHTTP(a, req)
	a.WriteHeader(http.StatusOK)
	return a
}

func letter(s confluence.Side) string { return [2]string{"A", "B"}[s] }

// unbound is a form without the boundary between its parts, which is drawn anew for each.
func unbound(media string, body []byte) []byte {
	_, params, err := mime.ParseMediaType(media)
	if err != nil || params["boundary"] == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(params["boundary"]), nil)
}
