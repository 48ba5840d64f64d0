package rest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const mostRedirects = 5

// Stream is the body of a download. It must be closed. It holds no slot of the budget.
type Stream struct {
	io.ReadCloser
	Status    int
	MediaType string
	Size      int64 // -1 where the site does not say
}

// Stream opens a download. Redirects are followed; the credential goes only to the scheme, host and port of the base.
// The request's timeout bounds the time without progress. Opening is tried again as for any read; once bytes have
// come, a failure is an *Error from Read.
func (c *Client) Stream(ctx context.Context, req Request) (*Stream, error) {
	req.Method = http.MethodGet
	for try := 1; ; try++ {
		s, err := c.open(ctx, &req, try)
		if err == nil {
			return s, nil
		}
		err.Tries = try
		delay, again := c.again(&req, err, try)
		if !again {
			return nil, err
		}
		if werr := c.clock.Wait(ctx, delay); werr != nil {
			return nil, &Error{Kind: Canceled, Outcome: NothingToDo, Method: req.Method, Route: req.Route, Tries: try, Err: werr}
		}
	}
}

func (c *Client) open(ctx context.Context, req *Request, try int) (*Stream, *Error) {
	req.try = try
	if err := c.admit(ctx, req); err != nil {
		return nil, err
	}
	defer c.budget.release()
	sctx, cancel := context.WithCancel(ctx)
	guard := c.watch(sctx, req, cancel)
	address := c.address(req)
	for hop := 0; ; hop++ {
		began := c.clock.Now()
		x := Exchange{Method: req.Method, Route: req.Route, Try: try}
		resp, fail := c.send(ctx, sctx, req, address, !req.Anonymous && c.own(address), &x)
		if fail != nil {
			guard.stop()
			c.observe(x, began, fail.Kind)
			return nil, fail
		}
		x.Status = resp.StatusCode
		c.observe(x, began, Status)
		if resp.StatusCode < 300 {
			return &Stream{
				ReadCloser: &streamBody{c: c, req: req, body: resp.Body, guard: guard, ctx: ctx},
				Status:     resp.StatusCode, MediaType: resp.Header.Get("Content-Type"), Size: resp.ContentLength,
			}, nil
		}
		next, fail := c.redirect(ctx, req, resp, address, hop)
		if fail != nil {
			guard.stop()
			return nil, fail
		}
		address = next
	}
}

// redirect returns where an answer below 400 leads, and the error of any other.
func (c *Client) redirect(ctx context.Context, req *Request, resp *http.Response, from string, hop int) (string, *Error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, keepOfBody))
	_ = resp.Body.Close()
	if resp.StatusCode >= 400 {
		_, fail := c.judge(ctx, req, resp, body, err, nil)
		return "", fail
	}
	bad := &Error{Kind: Unusable, Outcome: NothingToDo, Method: req.Method, Route: req.Route, Status: resp.StatusCode}
	base, err := url.Parse(from)
	if err != nil {
		bad.What = "the download leads nowhere"
		return "", bad
	}
	to, err := base.Parse(resp.Header.Get("Location"))
	switch {
	case err != nil || resp.Header.Get("Location") == "" || to.Host == "":
		bad.What = "the download leads nowhere"
	case hop >= mostRedirects:
		bad.What = fmt.Sprintf("the download was passed on more than %d times", mostRedirects)
	case req.Stay && !c.own(to.String()):
		bad.What = "the download leads off the site"
	case !Protected(to):
		bad.What = "the download leads to an address without TLS"
	default:
		return to.String(), nil
	}
	return "", bad
}

// own reports whether an address is of the very origin that the credential belongs to.
func (c *Client) own(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == c.base.Scheme && strings.EqualFold(u.Host, c.base.Host)
}
