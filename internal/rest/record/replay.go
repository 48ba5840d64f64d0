package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Player is a transport that answers from a recording: the exchanges of one request in the order in which they were
// recorded, the last of them for good. A request that was not recorded is answered 404. It is safe for concurrent use.
type Player struct {
	mu     sync.Mutex
	held   map[string][]Exchange
	missed []string
}

// Replay reads a recording.
func Replay(dir string) (*Player, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no recording", dir)
	}
	sort.Strings(files)
	p := &Player{held: map[string][]Exchange{}}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var x Exchange
		if err := json.Unmarshal(text, &x); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
		u, err := url.Parse(x.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
		key := keyOf(x.Method, u, x.Sent)
		p.held[key] = append(p.held[key], x)
	}
	return p, nil
}

// keyOf is what makes a request the same request. Dates in queries are left out: they depend on the day of the recording.
func keyOf(method string, u *url.URL, sent []byte) string {
	q := u.Query()
	for name, values := range q {
		for i := range values {
			values[i] = isoDate.ReplaceAllString(values[i], "date")
		}
		q[name] = values
	}
	var compact bytes.Buffer
	if json.Compact(&compact, sent) != nil {
		compact.Reset()
	}
	return method + " " + u.EscapedPath() + "?" + q.Encode() + " " + compact.String()
}

// Missed returns the requests that were not recorded, in order.
func (p *Player) Missed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.missed...)
}

// RoundTrip answers a request.
func (p *Player) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	key := keyOf(req.Method, req.URL, sent)
	p.mu.Lock()
	list := p.held[key]
	if len(list) > 1 {
		p.held[key] = list[1:]
	}
	if len(list) == 0 {
		p.missed = append(p.missed, key)
	}
	p.mu.Unlock()
	x := Exchange{Status: http.StatusNotFound, Header: http.Header{"Content-Type": {"application/json"}}, Body: json.RawMessage(`{"message":"not recorded"}`)}
	if len(list) > 0 {
		x = list[0]
	}
	body := string(x.Body)
	if x.Text != "" {
		body = x.Text
	}
	if len(x.Body) == 0 && x.Text == "" && x.Bytes > 0 {
		body = strings.Repeat("\x00", int(x.Bytes)) // the bytes of a file were not kept, their number was
	}
	return &http.Response{
		Status: http.StatusText(x.Status), StatusCode: x.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: x.Header.Clone(),
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}
