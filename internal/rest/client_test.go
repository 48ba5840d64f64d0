package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// virtual is a clock that waits by moving on, and notes how long.
type virtual struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func (v *virtual) clock() Clock {
	return Clock{
		Now: func() time.Time {
			v.mu.Lock()
			defer v.mu.Unlock()
			return v.now
		},
		Wait: func(ctx context.Context, d time.Duration) error {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.now = v.now.Add(d)
			v.waits = append(v.waits, d)
			return ctx.Err()
		},
	}
}

func (v *virtual) waited() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	sum := time.Duration(0)
	for _, d := range v.waits {
		sum += d
	}
	return sum
}

const secret = "s3cr3t-token"

// serve starts a server and a client of it on a virtual clock.
func serve(t *testing.T, h http.HandlerFunc, change func(*Options)) (*Client, *virtual) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	v := &virtual{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)}
	o := Options{Base: srv.URL + "/wiki", Auth: Basic("me@example.test", secret), Clock: v.clock(), Random: func() float64 { return 0.5 }}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, v
}

func script(calls *atomic.Int32, steps ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		n := int(calls.Add(1))
		steps[min(n, len(steps))-1](w, r)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func body(media, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		_, _ = io.WriteString(w, text)
	}
}

func hang(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func drop(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func short(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "500")
	_, _ = io.WriteString(w, `{"id":"1"`)
}

var (
	good = body("application/json", `{"id":"1"}`)
	page = body("text/html", "<html>log in</html>")
)

const get, post, put = "GET", "POST", "PUT!"

// retries is the table of what is sent again, and of what is known afterwards. PUT! is a write marked repeatable.
var retries = []struct {
	name    string
	method  string
	steps   []http.HandlerFunc
	sent    int32
	kind    Kind // "" = succeeds
	outcome Outcome
}{
	{"fine", get, []http.HandlerFunc{good}, 1, "", 0},
	{"read after 503", get, []http.HandlerFunc{status(503), good}, 2, "", 0},
	{"read after a drop", get, []http.HandlerFunc{drop, good}, 2, "", 0},
	{"read after HTML", get, []http.HandlerFunc{page, good}, 2, "", 0},
	{"read after a short answer", get, []http.HandlerFunc{short, good}, 2, "", 0},
	{"read of an ailing site", get, []http.HandlerFunc{status(500)}, 5, Status, NothingToDo},
	{"read of nothing", get, []http.HandlerFunc{status(404)}, 1, Status, NothingToDo},
	{"create after 429", post, []http.HandlerFunc{status(429), status(429, "Retry-After", "1"), good}, 3, "", 0},
	{"create, always 429", post, []http.HandlerFunc{status(429)}, 10, Limited, NotDone},
	{"create, 500", post, []http.HandlerFunc{status(500), good}, 1, Status, MayBeDone},
	{"create, 503 with Retry-After", post, []http.HandlerFunc{status(503, "Retry-After", "1"), good}, 1, Status, MayBeDone},
	{"create, 408", post, []http.HandlerFunc{status(408), good}, 1, Status, MayBeDone},
	{"create, 501", post, []http.HandlerFunc{status(501), good}, 1, Status, NotDone},
	{"create, 400", post, []http.HandlerFunc{status(400), good}, 1, Status, NotDone},
	{"create, 409", post, []http.HandlerFunc{status(409), good}, 1, Status, NotDone},
	{"create, 413", post, []http.HandlerFunc{status(413), good}, 1, Status, NotDone},
	{"create, dropped", post, []http.HandlerFunc{drop, good}, 1, Lost, MayBeDone},
	{"create, HTML", post, []http.HandlerFunc{page, good}, 1, Unusable, MayBeDone},
	{"create, cut off", post, []http.HandlerFunc{short, good}, 1, Unusable, MayBeDone},
	{"create, led elsewhere", post, []http.HandlerFunc{status(302, "Location", "/login"), good}, 1, Unusable, MayBeDone},
	{"state after 500", put, []http.HandlerFunc{status(500), good}, 2, "", 0},
	{"state after a drop", put, []http.HandlerFunc{drop, good}, 2, "", 0},
	{"state, lost and then refused", put, []http.HandlerFunc{drop, status(404)}, 2, Status, MayBeDone},
	{"state, always 500", put, []http.HandlerFunc{status(500)}, 5, Status, MayBeDone},
	{"an hour's pause", get, []http.HandlerFunc{status(429, "Retry-After", "3600"), good}, 1, Limited, NotDone},
}

func TestRetries(t *testing.T) {
	for _, c := range retries {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int32
			client, _ := serve(t, script(&calls, c.steps...), nil)
			req := Request{Method: strings.TrimSuffix(c.method, "!"), Route: "/wiki/x", Path: "/x", Repeatable: strings.HasSuffix(c.method, "!")}
			if c.method != get {
				req.JSON = map[string]string{"title": "T"}
			}
			var out struct{ ID string }
			_, err := client.Do(t.Context(), req, &out)
			if calls.Load() != c.sent {
				t.Errorf("sent %d times, want %d", calls.Load(), c.sent)
			}
			if c.kind == "" {
				if err != nil || out.ID != "1" {
					t.Fatalf("got %+v, %v", out, err)
				}
				return
			}
			e := As(err)
			if e == nil || e.Kind != c.kind {
				t.Fatalf("got %v, want kind %q", err, c.kind)
			}
			want := c.outcome
			if c.kind == Limited && c.method == get {
				want = e.Outcome // a read changes nothing, whatever is said of it
			}
			if e.Outcome != want {
				t.Errorf("outcome %d, want %d", e.Outcome, want)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	var calls atomic.Int32
	client, _ := serve(t, script(&calls, hang), func(o *Options) { o.Timeout = 30 * time.Millisecond })
	_, err := client.Do(t.Context(), Request{Method: "POST", Route: "/x", Path: "/x", JSON: 1}, nil)
	if e := As(err); e == nil || e.Kind != Lost || e.Outcome != MayBeDone || calls.Load() != 1 {
		t.Errorf("a timeout: %v after %d calls", err, calls.Load())
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	v := &virtual{}
	c, err := New(Options{Base: "http://" + address, Clock: v.clock()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), Request{Method: "POST", Route: "/x", Path: "/x", JSON: 1}, nil)
	if e := As(err); e == nil || e.Kind != Unreachable || e.Outcome != NotDone || e.Tries != 5 {
		t.Errorf("nobody listens: %v", err)
	}
	if c.Total().Requests != 0 {
		t.Errorf("%d requests are counted that never went out", c.Total().Requests)
	}
}

func TestCanceled(t *testing.T) {
	began := make(chan struct{})
	client, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(began)
		<-r.Context().Done()
	}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	_, err := client.Do(ctx, Request{Method: "POST", Route: "/x", Path: "/x", JSON: 1}, nil)
	if e := As(err); e == nil || e.Kind != Canceled || e.Outcome != MayBeDone || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled on the way: %v", err)
	}
	_, err = client.Do(ctx, Request{Method: "POST", Route: "/x", Path: "/x", JSON: 1}, nil)
	if e := As(err); e == nil || e.Kind != Canceled || e.Outcome != NotDone {
		t.Errorf("canceled before: %v", err)
	}
}

func TestSecretsStayInside(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"message":"bad header %s for %s"}`, r.Header.Get("Authorization"), secret)
	}
	client, _ := serve(t, echo, nil)
	_, err := client.Do(t.Context(), Request{Method: "GET", Route: "/x/{id}", Path: "/x/7?token=abc"}, nil)
	e := As(err)
	encoded := strings.TrimPrefix(Basic("me@example.test", secret).header, "Basic ")
	text := fmt.Sprintf("%v %+v %#v %s %v %#v", err, e, e.Body, e.Body, client.o.Auth, client.o.Auth)
	for _, s := range []string{secret, encoded, "token=abc"} {
		if strings.Contains(text, s) {
			t.Errorf("%q stands in %s", s, text)
		}
	}
}

func TestAddresses(t *testing.T) {
	for base, kind := range map[string]Kind{
		"https://example.test/wiki/": "", "http://localhost:80": "", "http://127.0.0.1:8090/x": "", "http://[::1]:1": "",
		"http://example.test": PlainHTTP, "http://localhost.example.test": PlainHTTP, "http://10.0.0.1": PlainHTTP,
		"ftp://example.test": Invalid, "example.test": Invalid, "https://": Invalid,
		"https://me:secret@example.test": Invalid, "https://example.test?x=y": Invalid,
	} {
		_, err := New(Options{Base: base})
		if e := As(err); kind == "" && err != nil || kind != "" && (e == nil || e.Kind != kind) {
			t.Errorf("New(%q): %v, want %q", base, err, kind)
		}
	}
}

func TestCaps(t *testing.T) {
	client, _ := serve(t, body("application/json", `{"x":"`+strings.Repeat("a", 2000)+`"}`), nil)
	_, err := client.Do(t.Context(), Request{Method: "GET", Route: "/x", Path: "/x", Cap: 1000}, nil)
	if e := As(err); e == nil || e.Kind != TooLarge {
		t.Errorf("an answer beyond the cap: %v", err)
	}
}

func TestCounters(t *testing.T) {
	var calls atomic.Int32
	var seen atomic.Int32
	client, _ := serve(t, script(&calls, status(429), good), func(o *Options) { o.Observe = func(Exchange) { seen.Add(1) } })
	var out any
	if _, err := client.Do(t.Context(), Request{Method: "GET", Route: "/x/{id}", Path: "/x/1"}, &out); err != nil {
		t.Fatal(err)
	}
	want := Count{Requests: 2, Limited: 1, Failed: 1, Received: 10}
	if got := client.Counters()["GET /x/{id}"]; got != want || client.Total() != want || seen.Load() != 2 {
		t.Errorf("counted %+v, %d seen, want %+v", got, seen.Load(), want)
	}
}
