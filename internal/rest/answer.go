package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// Answer is what a site said to a request that it carried out.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Date   time.Time // the server's clock, zero where it did not say
}

const keepOfBody = 64 << 10

// judge turns status, headers and body into an answer or an error.
func (c *Client) judge(ctx context.Context, req *Request, resp *http.Response, body []byte, readErr error, out any) (Answer, *Error) {
	e := &Error{
		Outcome: MayBeDone, Method: req.Method, Route: req.Route, Status: resp.StatusCode, Header: resp.Header,
		Body: []byte(c.scrub(string(body[:min(len(body), keepOfBody)]))), HTML: isHTML(resp.Header, body),
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Kind, e.Outcome, e.RetryAfter = Limited, NotDone, pauseOf(resp.Header, c.clock.Now())
		pause := e.RetryAfter
		if pause == 0 {
			pause = c.backoff(req.try + 1)
		}
		c.budget.limited(pause)
	case resp.StatusCode >= 400:
		e.Kind = Status
		if !transient(resp.StatusCode) {
			e.Outcome = NotDone
			c.budget.fine()
		} else if e.RetryAfter = pauseOf(resp.Header, c.clock.Now()); e.RetryAfter > 0 {
			c.budget.Pause(e.RetryAfter)
		}
	case resp.StatusCode >= 300:
		e.Kind, e.What = Unusable, "the answer leads elsewhere"
	case int64(len(body)) > orElse(req.Cap, c.o.Cap):
		e.Kind, e.What = TooLarge, "the answer is larger than allowed"
	case readErr != nil:
		e.Kind, e.What, e.Err = Unusable, "the answer was cut off", c.clean(readErr)
		if ctx.Err() != nil {
			e.Kind, e.Err = Canceled, ctx.Err()
		}
	default:
		c.budget.fine()
		what := unreadable(resp.Header, body, out)
		if what == "" {
			return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Date: dateOf(resp.Header)}, nil
		}
		e.Kind, e.What = Unusable, what
	}
	if req.reads() {
		e.Outcome = NothingToDo
	}
	return Answer{}, e
}

// unreadable decodes the body into out and says what is wrong with it, or nothing.
func unreadable(h http.Header, body []byte, out any) string {
	if isHTML(h, body) {
		return "the answer is an HTML page, not JSON"
	}
	if len(bytes.TrimSpace(body)) == 0 {
		if out != nil {
			return "the answer is empty"
		}
		return ""
	}
	if out == nil {
		if !json.Valid(body) {
			return "the answer is not JSON, or was cut off"
		}
		return ""
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(out); err != nil {
		return "the answer is not the JSON it should be, or was cut off: " + err.Error()
	}
	if _, err := dec.Token(); err != io.EOF {
		return "the answer goes on after its end"
	}
	return ""
}

// isHTML recognises pages of proxies, logins and maintenance, whatever their content type claims.
func isHTML(h http.Header, body []byte) bool {
	if strings.Contains(strings.ToLower(h.Get("Content-Type")), "html") {
		return true
	}
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n\ufeff"), []byte("<"))
}

func dateOf(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
