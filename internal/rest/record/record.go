package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Exchange is one request and its answer, masked.
type Exchange struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // with the masked query
	Sent   json.RawMessage `json:"sent,omitempty"`
	Status int             `json:"status"`
	Header http.Header     `json:"header,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	Text   string          `json:"text,omitempty"` // of an answer that is no JSON
	Bytes  int64           `json:"bytes"`          // of the answer before it was masked
}

// Recorder is a transport that writes every exchange, masked, into a folder of its own. It is safe for concurrent use.
type Recorder struct {
	under http.RoundTripper
	mask  *Mask
	dir   string

	mu   sync.Mutex
	n    int
	fail error
}

// New makes a recorder over a transport. The folder must not exist, or be empty.
func New(under http.RoundTripper, dir string, mask *Mask) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	held, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(held) > 0 {
		return nil, fmt.Errorf("%s is not empty", dir)
	}
	return &Recorder{under: under, mask: mask, dir: dir}, nil
}

// Close returns how many exchanges were written, and the first error in writing one.
func (r *Recorder) Close() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n, r.fail
}

// RoundTrip sends the request on and writes down what came of it. Files are counted, not kept.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil && strings.Contains(req.Header.Get("Content-Type"), "json") {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := r.under.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if media := resp.Header.Get("Content-Type"); !strings.Contains(media, "json") && !strings.Contains(media, "html") && !strings.Contains(media, "xml") {
		r.write(req, sent, resp, nil, resp.ContentLength)
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	if err == nil {
		r.write(req, sent, resp, body, int64(len(body)))
	}
	return resp, nil
}

// failing ends a body as it ended when it was read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

var keptHeaders = regexp.MustCompile(`^(Content-Type|Retry-After|Link|Location|(Beta-)?Ratelimit.*|X-Ratelimit.*)$`)

func (r *Recorder) write(req *http.Request, sent []byte, resp *http.Response, body []byte, size int64) {
	x := Exchange{Method: req.Method, Path: r.mask.Address(req.URL.RequestURI()), Status: resp.StatusCode, Header: http.Header{}, Bytes: size}
	if len(sent) > 0 {
		x.Sent = r.mask.JSON(sent, false)
	}
	for name, values := range resp.Header {
		if keptHeaders.MatchString(name) {
			for _, v := range values {
				x.Header.Add(name, r.header(name, v))
			}
		}
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.Header.Set("Date", date.AddDate(0, 0, -r.mask.days).UTC().Format(http.TimeFormat))
	}
	if masked := r.mask.JSON(body, resp.StatusCode >= 400); json.Valid(masked) && len(body) > 0 {
		x.Body = masked
	} else {
		x.Text = string(masked)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	name := fmt.Sprintf("%05d-%s-%d.json", r.n, x.Method, x.Status)
	text, err := json.MarshalIndent(x, "", " ")
	if err == nil {
		err = os.WriteFile(filepath.Join(r.dir, name), append(text, '\n'), 0o600)
	}
	if err != nil && r.fail == nil {
		r.fail = err
	}
}

var target = regexp.MustCompile(`<([^>]*)>`)

func (r *Recorder) header(name, v string) string {
	switch name {
	case "Link":
		return target.ReplaceAllStringFunc(v, func(t string) string { return "<" + r.mask.Address(t[1:len(t)-1]) + ">" })
	case "Location":
		return r.mask.Address(v)
	case "X-Ratelimit-Reset":
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return r.mask.date(v)
		}
	}
	return v
}
