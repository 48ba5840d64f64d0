package rest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// once sends a request one time and classifies what comes of it.
func (c *Client) once(ctx context.Context, req *Request, out any, try int) (Answer, *Error) {
	req.try = try
	if err := c.admit(ctx, req); err != nil {
		return Answer{}, err
	}
	defer c.budget.release()
	timeout := orElse(req.Timeout, c.o.Timeout)
	if req.Upload != nil {
		// At least 64 KiB a second, besides the time that any request has.
		timeout += time.Duration(req.Upload.Size/(64<<10)) * time.Second
	}
	tctx, cancel := c.clock.Limit(ctx, timeout)
	defer cancel()
	began := c.clock.Now()
	x := Exchange{Method: req.Method, Route: req.Route, Try: try}
	resp, fail := c.send(ctx, tctx, req, c.address(req), !req.Anonymous, &x)
	if fail != nil {
		c.observe(x, began, fail.Kind)
		return Answer{}, fail
	}
	defer resp.Body.Close()
	x.Status = resp.StatusCode
	body, err := io.ReadAll(io.LimitReader(resp.Body, orElse(req.Cap, c.o.Cap)+1))
	x.Received = int64(len(body))
	c.observe(x, began, Status)
	return c.judge(ctx, req, resp, body, err, out)
}

// admit waits for the budget.
func (c *Client) admit(ctx context.Context, req *Request) *Error {
	pause, err := c.budget.acquire(ctx, c.o.Patience)
	if err != nil {
		return &Error{Kind: Canceled, Outcome: NotDone, Method: req.Method, Route: req.Route, Err: err}
	}
	if pause > 0 {
		return &Error{Kind: Limited, Outcome: NotDone, Method: req.Method, Route: req.Route, RetryAfter: pause,
			What: "the site asked for a longer pause than is waited for"}
	}
	return nil
}

func (c *Client) observe(x Exchange, began time.Time, kind Kind) {
	if kind == Unreachable || kind == NoCredential || kind == Source && x.Sent == 0 {
		return
	}
	x.Took = c.clock.Now().Sub(began)
	c.count.add(x)
	if c.o.Observe != nil {
		c.o.Observe(x)
	}
}

func (c *Client) address(req *Request) string {
	u := *c.base
	if req.Origin {
		u.Path = ""
	}
	s := u.String() + req.Path
	if len(req.Query) > 0 {
		s += "?" + req.Query.Encode()
	}
	return s
}

// send makes one round trip. ctx is the caller's, tctx ends earlier by the timeout.
func (c *Client) send(ctx, tctx context.Context, req *Request, address string, credential bool, x *Exchange) (*http.Response, *Error) {
	body, length, media, err := req.body(tctx)
	if err != nil {
		return nil, c.unsent(ctx, req, err)
	}
	counted := &countingBody{ReadCloser: body}
	var traced, wrote atomic.Bool
	trace := &httptrace.ClientTrace{
		GetConn:      func(string) { traced.Store(true) },
		WroteHeaders: func() { wrote.Store(true) },
	}
	hr, err := http.NewRequestWithContext(httptrace.WithClientTrace(tctx, trace), req.Method, address, nil)
	if err != nil {
		_ = body.Close()
		return nil, &Error{Kind: Invalid, Method: req.Method, Route: req.Route, What: "the address cannot be formed"}
	}
	if length > 0 {
		hr.Body, hr.ContentLength = counted, length
		hr.Header.Set("Content-Type", media)
	}
	hr.Header.Set("Accept", "application/json")
	hr.Header.Set("User-Agent", c.o.UserAgent)
	for k, vs := range req.Header {
		hr.Header[http.CanonicalHeaderKey(k)] = vs
	}
	if credential {
		auth, err := c.auth(ctx)
		if err != nil {
			_ = body.Close()
			if ctx.Err() != nil {
				return nil, &Error{Kind: Canceled, Method: req.Method, Route: req.Route, Err: ctx.Err()}
			}
			return nil, &Error{Kind: NoCredential, Method: req.Method, Route: req.Route, What: "there is no credential to send", Err: err}
		}
		auth.put(hr.Header)
	}
	resp, err := c.o.Transport.RoundTrip(hr)
	x.Sent = counted.n.Load()
	if err == nil {
		return resp, nil
	}
	if !wrote.Load() && (traced.Load() || dialing(err)) {
		return nil, c.unsent(ctx, req, err)
	}
	return nil, c.lost(ctx, req, err)
}

// unsent is a failure before the first byte went out.
func (c *Client) unsent(ctx context.Context, req *Request, err error) *Error {
	e := &Error{Kind: Unreachable, Outcome: NotDone, Method: req.Method, Route: req.Route, Err: c.clean(err)}
	var src *sourceError
	switch {
	case errors.As(err, &src):
		e.Kind = Source
	case ctx.Err() != nil:
		e.Kind, e.Err = Canceled, ctx.Err()
	}
	return e
}

// lost is a failure after the first byte went out, or where nobody can tell.
func (c *Client) lost(ctx context.Context, req *Request, err error) *Error {
	e := &Error{Kind: Lost, Outcome: MayBeDone, Method: req.Method, Route: req.Route, Err: c.clean(err)}
	var src *sourceError
	switch {
	case errors.As(err, &src):
		// A form that was cut off is no form: the site cannot have acted on it.
		e.Kind, e.Outcome = Source, NotDone
	case ctx.Err() != nil:
		e.Kind, e.Err = Canceled, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		e.What = "no answer within the time allowed"
	}
	if req.reads() {
		e.Outcome = NothingToDo
	}
	return e
}

// clean strips addresses, which may hold tokens, and the credential from an error.
func (c *Client) clean(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if text := err.Error(); c.scrub(text) != text {
		return errors.New(c.scrub(text))
	}
	return err
}

func dialing(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}

type countingBody struct {
	io.ReadCloser
	n atomic.Int64
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}
