package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/store"
)

const siteName = "cloud"

// site is an emulated Cloud on loopback, with a record of who asked what and when.
type site struct {
	*emulator.Site
	url    string
	server *http.Server
	now    func() time.Time

	mu   sync.Mutex
	past []exchange
}

// exchange is one call as it came and went at the site.
type exchange struct {
	start, end time.Time
	method     string
	path       string
	needs      []string // ids and cursors that the request carried
	gives      []string // ids and cursors that the answer held
}

func (x exchange) writes() bool { return x.method != http.MethodGet && x.method != http.MethodHead }

func startSite(o Options, l lag) (*site, error) {
	socket, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{url: "http://" + socket.Addr().String(), now: o.Now}
	s.Site, err = emulator.New(emulator.Options{
		Personality: "cloud", Seed: o.Seed, BaseURL: s.url, Now: o.Now, Latency: o.Latency,
		Options: map[string]string{"CQ-01": l.index, "TR-03": l.tree},
	})
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	s.server = &http.Server{Handler: s.recorded(s.Handler()), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(socket) }() // ends with close; a broken socket shows as an unreachable site
	return s, nil
}

func (s *site) close() error { return errors.Join(s.server.Close(), s.Site.Close()) }

// join stores the site, under its administrator's account.
func (s *site) join(ctx context.Context, h House, connections int) error {
	email, token := s.Account()
	_, err := h.Engine.AddSite(ctx, store.Site{
		Name: siteName, Kind: confluence.Cloud, URL: s.url + "/wiki", Auth: "token", Email: email, Concurrent: connections,
	}, []byte(token), true)
	return err
}

// forget starts counting afresh.
func (s *site) forget() {
	s.ResetCounters()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.past = nil
}

// seen returns the calls so far, in the order in which they ended.
func (s *site) seen() []exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.past
}

// recorded puts a record of every call in front of a handler.
func (s *site) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{start: s.now(), method: r.Method, path: r.URL.Path}
		var sent, got bytes.Buffer
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &sent), r.Body}
		next.ServeHTTP(&copying{w, &got}, r)
		x.end = s.now()
		x.needs, x.gives = carried(r.URL, sent.Bytes()), given(got.Bytes())
		s.mu.Lock()
		defer s.mu.Unlock()
		s.past = append(s.past, x)
	})
}

// copying keeps a copy of what is answered.
type copying struct {
	http.ResponseWriter
	got *bytes.Buffer
}

// Write passes b on.
func (c *copying) Write(b []byte) (int, error) {
	c.got.Write(b)
	return c.ResponseWriter.Write(b)
}

var anID = regexp.MustCompile(`[0-9]{3,}`)

// carried lists the ids and cursors that a request carries: in its path, its query, and in the fields of its body that
// name another content. Text of pages names nothing.
func carried(u *url.URL, sent []byte) []string {
	var out []string
	for segment := range strings.SplitSeq(u.Path, "/") {
		if anID.FindString(segment) == segment && segment != "" {
			out = append(out, segment)
		}
	}
	for name, values := range u.Query() {
		for _, v := range values {
			switch name {
			case "cursor":
				out = append(out, v)
			case "limit", "start":
			default:
				out = append(out, anID.FindAllString(v, -1)...)
			}
		}
	}
	var in struct{ ID, SpaceID, ParentID string }
	if json.Unmarshal(sent, &in) == nil {
		for _, id := range []string{in.ID, in.SpaceID, in.ParentID} {
			if id != "" {
				out = append(out, id)
			}
		}
	}
	return out
}

// given lists the ids and the cursor that an answer holds. Answers are large and there are many: they are searched, not
// parsed.
func given(got []byte) []string {
	var out []string
	for _, field := range []string{`"id":`, `"homepageId":`} {
		for rest := got; ; {
			at := bytes.Index(rest, []byte(field))
			if at < 0 {
				break
			}
			rest = bytes.TrimPrefix(rest[at+len(field):], []byte(`"`))
			n := 0
			for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
				n++
			}
			if n >= 3 {
				out = append(out, string(rest[:n]))
			}
		}
	}
	if _, next, ok := bytes.Cut(got, []byte(`"next":"`)); ok {
		link, _, _ := bytes.Cut(next, []byte(`"`))
		if _, query, ok := strings.Cut(string(link), "?"); ok {
			if values, err := url.ParseQuery(query); err == nil && values.Get("cursor") != "" {
				out = append(out, values.Get("cursor"))
			}
		}
	}
	return out
}
