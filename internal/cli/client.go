package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// client calls the API. Its errors are *confluence.Error, as the API made them.
type client struct {
	base   string // address without a slash at its end
	token  string
	http   *http.Client
	remote bool         // a server runs elsewhere: work goes on when this command ends
	broken func() error // in process: why the engine no longer works; nil while it does, and for a server
	close  func() error
}

// tokenName is the file in the data directory that holds the server's token.
const tokenName = "token"

// connect returns a client of the API. drive says that the command starts or watches work: without a server the engine
// runs in this process then, until close.
func (a *app) connect(ctx context.Context, drive bool) (*client, error) {
	s := a.settings
	if s.Server != "" {
		return a.remoteClient(s.Server)
	}
	if address, alive := store.Owner(s.DataDir); alive && address != "" {
		return a.remoteClient(address)
	}
	return a.local(ctx, drive)
}

func (a *app) remoteClient(address string) (*client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usage("%q is no address of a server", address)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		e := confluence.Errorf(confluence.CodePlainHTTP, "the server %s is asked over plain http", address)
		e.Cause = "the token would travel unprotected"
		return nil, e
	}
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	return &client{
		base: strings.TrimSuffix(address, "/"), token: token, http: &http.Client{}, remote: true,
		close: func() error { return nil },
	}, nil
}

// token returns the token of the server: from the file named, the environment, or the data directory.
func (a *app) token() (string, error) {
	path := a.settings.TokenFile
	if path == "" {
		if t := a.env.Getenv("TANDEM_TOKEN"); t != "" {
			return t, nil
		}
		path = filepath.Join(a.settings.DataDir, tokenName)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		e := confluence.Errorf(confluence.CodeAPIToken, "the token of the server cannot be read").Because(err)
		return "", e.At(confluence.Where{File: path})
	}
	return strings.TrimSpace(string(b)), nil
}

// Call makes one call: method and path below the API's prefix, in as JSON if it is not nil, the answer into out if it is
// not nil.
func (c *client) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	resp, err := c.send(ctx, method, path, body, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return confluence.Errorf(confluence.CodeUnusableAnswer, "the server's answer cannot be read").Because(err)
	}
	return nil
}

// File gets a file.
func (c *client) File(ctx context.Context, path string) ([]byte, error) {
	resp, err := c.send(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func (c *client) send(ctx context.Context, method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+api.Prefix+path, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e := confluence.Errorf(confluence.CodeUnreachable, "the server at %s does not answer", c.base).Because(errors.Unwrap(err))
		e.Remedy = "start it with tandem serve, or leave --server away"
		return nil, e
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var p api.Problem
	if json.Unmarshal(text, &p) != nil || p.Code == "" {
		e := confluence.Errorf(confluence.CodeUnusableAnswer, "the server answered %s", resp.Status)
		e.Cause = "what answers there is not tandem"
		return nil, e
	}
	return nil, p.Err()
}

// Events follows the event stream of a run until ctx ends, handle returns false, or the stream breaks. It returns only
// after handle has returned for the last time. ready is called when the stream is open: nothing that happens after that
// is missed.
func (c *client) Events(ctx context.Context, run string, ready func(), handle func(api.Event) bool) error {
	resp, err := c.send(ctx, http.MethodGet, "/events?run="+url.QueryEscape(run), nil, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	ready()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e api.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		if !handle(e) {
			return nil
		}
	}
	return lines.Err()
}

// query builds the query of a call from pairs of name and value, leaving out empty values.
func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// with connects, does f and closes.
func (a *app) with(ctx context.Context, drive bool, f func(*client) error) error {
	c, err := a.connect(ctx, drive)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.close())
}
