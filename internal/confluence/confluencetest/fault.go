package confluencetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// fault falsifies requests. Those that fit are counted from 1; it acts on the first times of them, on all if times is 0.
type fault struct {
	name  string
	fits  func(*http.Request) bool
	times int
	do    func(http.RoundTripper, *http.Request) (*http.Response, error)
}

// network is a transport with a fault, which can be switched off, and which counts.
type network struct {
	under http.RoundTripper
	fault fault

	mu   sync.Mutex
	sent int
	hits int
	off  bool
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.sent++
	hit := !n.off && n.fault.do != nil && n.fault.fits(r)
	if hit {
		n.hits++
		hit = n.fault.times == 0 || n.hits <= n.fault.times
	}
	n.mu.Unlock()
	if hit {
		return n.fault.do(n.under, r)
	}
	return n.under.RoundTrip(r)
}

func (n *network) count() (sent, hits int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sent, n.hits
}

// over returns a way to lay the network over a transport.
func (n *network) over() wrapper {
	return func(under http.RoundTripper) http.RoundTripper {
		n.under = under
		return n
	}
}

func all(*http.Request) bool { return true }

func writes(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

func drain(r *http.Request) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
}

// reply is an answer that the site did not give.
func reply(r *http.Request, status int, media, body string, header ...string) *http.Response {
	resp := &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {media}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// answer does not apply the request and answers this.
func answer(status int, media, body string, header ...string) func(http.RoundTripper, *http.Request) (*http.Response, error) {
	return func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		drain(r)
		return reply(r, status, media, body, header...), nil
	}
}

// applied applies the request and answers this.
func applied(status int, media, body string) func(http.RoundTripper, *http.Request) (*http.Response, error) {
	return func(under http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := under.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return reply(r, status, media, body), nil
	}
}

var errReset = errors.New("connection reset by peer")

func dropBefore(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
	drain(r)
	return nil, errReset
}

func dropAfter(under http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := under.RoundTrip(r)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return nil, errReset
}

// truncate applies the request and cuts the answer in half, without a word of it in the length.
func truncate(under http.RoundTripper, r *http.Request) (*http.Response, error) {
	resp, err := under.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(b[:len(b)/2]))
	resp.ContentLength = -1
	resp.Header.Del("Content-Length")
	return resp, nil
}

// rows changes the rows of a listing.
func rows(change func([]json.RawMessage) []json.RawMessage) func(http.RoundTripper, *http.Request) (*http.Response, error) {
	return func(under http.RoundTripper, r *http.Request) (*http.Response, error) {
		resp, err := under.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		var page map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(b, &page) == nil && json.Unmarshal(page["results"], &list) == nil {
			page["results"], _ = json.Marshal(change(list))
			b, _ = json.Marshal(page)
		}
		resp.Body = io.NopCloser(bytes.NewReader(b))
		resp.ContentLength = int64(len(b))
		resp.Header.Del("Content-Length")
		return resp, nil
	}
}

func doubled(list []json.RawMessage) []json.RawMessage {
	var out []json.RawMessage
	for _, row := range list {
		out = append(out, row, row)
	}
	return out
}

func everyThirdGone(list []json.RawMessage) []json.RawMessage {
	var out []json.RawMessage
	for i, row := range list {
		if i%3 != 1 {
			out = append(out, row)
		}
	}
	return out
}

// fewRows lets the site give few rows at a time, and says so to nobody.
func fewRows(under http.RoundTripper, r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	q := r.URL.Query()
	if q.Get("limit") != "" {
		q.Set("limit", "1")
		r.URL.RawQuery = q.Encode()
	}
	return under.RoundTrip(r)
}

// stale answers reads as they were answered before, as long as its memory reaches.
type stale struct {
	mu   sync.Mutex
	seen map[string][]byte
	form map[string]http.Header
}

func (s *stale) do(under http.RoundTripper, r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return under.RoundTrip(r)
	}
	key := r.URL.String()
	s.mu.Lock()
	b, ok := s.seen[key]
	h := s.form[key]
	s.mu.Unlock()
	if ok {
		resp := reply(r, http.StatusOK, h.Get("Content-Type"), string(b))
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		return resp, nil
	}
	resp, err := under.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	b, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen[key], s.form[key] = b, resp.Header.Clone()
	s.mu.Unlock()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, nil
}
