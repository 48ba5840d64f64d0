package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
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

// TestRetries is the table of what is sent again, and of what is known afterwards.
func TestRetries(t *testing.T) {
	const get, post, put = "GET", "POST", "PUT!" // PUT! is marked repeatable
	for _, c := range []struct {
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
	} {
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

// TestPauseHoldsEverybody shows that a Retry-After to one caller is kept by others on the same budget.
func TestPauseHoldsEverybody(t *testing.T) {
	var calls atomic.Int32
	one, v := serve(t, script(&calls, status(429, "Retry-After", "20"), good), nil)
	two, err := New(Options{Base: "http://127.0.0.1", Budget: one.Budget(), Clock: v.clock(), Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		if v.waited() < 20*time.Second {
			t.Error("another caller sent before the pause was over")
		}
		return nil, errors.New("enough")
	})})
	if err != nil {
		t.Fatal(err)
	}
	one.Budget().limited(20 * time.Second)
	_, _ = two.Do(t.Context(), Request{Method: "POST", Route: "/x", Path: "/x"}, nil)
	if now, most := one.Budget().Slots(); now != most/2 {
		t.Errorf("%d of %d slots after a 429", now, most)
	}
	for range 200 {
		one.Budget().fine()
	}
	if now, most := one.Budget().Slots(); now != most {
		t.Errorf("%d of %d slots after 200 successes", now, most)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestBudget shows that no more requests are in flight than there are slots, and no more sent than the rate allows.
func TestBudget(t *testing.T) {
	var busy, most atomic.Int32
	v := &virtual{now: time.Unix(0, 0)}
	b := NewBudget(BudgetOptions{Concurrent: 3, Rate: 10, Burst: 5, Clock: v.clock()})
	c, err := New(Options{Base: "https://example.test", Budget: b, Clock: v.clock(), Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		if n := busy.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer busy.Add(-1)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	var g sync.WaitGroup
	for range 50 {
		g.Go(func() {
			if _, err := c.Do(t.Context(), Request{Method: "GET", Route: "/x", Path: "/x"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if most.Load() > 3 {
		t.Errorf("%d requests in flight", most.Load())
	}
	if v.waited() < 4*time.Second {
		t.Errorf("50 requests at 10 a second waited %v", v.waited())
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

// TestDownload follows a redirect to another host, which must not learn the credential.
func TestDownload(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 40_000)
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the credential went to the media host")
		}
		_, _ = w.Write(data)
	}))
	defer media.Close()
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			t.Error("the site was asked without the credential")
		}
		switch r.URL.Path {
		case "/wiki/file":
			http.Redirect(w, r, "/wiki/moved", http.StatusFound)
		case "/wiki/moved":
			http.Redirect(w, r, media.URL+"/f?token=t", http.StatusFound)
		case "/wiki/loop":
			http.Redirect(w, r, "/wiki/loop", http.StatusFound)
		case "/wiki/plain":
			http.Redirect(w, r, "http://media.example.test/f", http.StatusFound)
		}
	}, nil)
	s, err := client.Stream(t.Context(), Request{Route: "/file", Path: "/file"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/loop", "/plain"} {
		if _, err := client.Stream(t.Context(), Request{Route: path, Path: path}); As(err) == nil || As(err).Kind != Unusable {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDownloadStalls(t *testing.T) {
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "beginning")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, func(o *Options) { o.Clock, o.Timeout = Clock{}, 50*time.Millisecond })
	s, err := client.Stream(t.Context(), Request{Route: "/x", Path: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if e := As(err); string(got) != "beginning" || e == nil || e.Kind != Lost {
		t.Errorf("%q, %v", got, err)
	}
	_ = s.Close()
}

// TestUpload sends a form twice, since the first try meets a 429, and reads it as a server does.
func TestUpload(t *testing.T) {
	const name = "Größe \"x\" \\ ü.bin"
	data := bytes.Repeat([]byte{0, 1, 2, 255}, 50_000)
	tries := 0
	client, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tries++
		form, err := r.MultipartReader()
		if err != nil {
			t.Error(err)
			return
		}
		var parts []string
		for {
			p, err := form.NextRawPart()
			if err != nil {
				break
			}
			b, _ := io.ReadAll(p)
			parts = append(parts, partName(t, p))
			switch partName(t, p) {
			case "comment":
				if string(b) != "Kommentar ü" || p.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
					t.Errorf("comment %q of type %q", b, p.Header.Get("Content-Type"))
				}
			case "file":
				if tries <= 2 && (!bytes.Equal(b, data) || p.FileName() != name) {
					t.Errorf("%d bytes of %q", len(b), p.FileName())
				}
			}
		}
		if tries <= 2 && strings.Join(parts, " ") != "comment file" || r.ContentLength < int64(len(data)) {
			t.Errorf("parts %v, length %d", parts, r.ContentLength)
		}
		if tries == 1 {
			w.WriteHeader(429)
			return
		}
		_, _ = io.WriteString(w, "{}")
	}, nil)
	opened, closed := 0, 0
	up := &Upload{Fields: [][2]string{{"comment", "Kommentar ü"}}, Field: "file", Name: name, Size: int64(len(data)),
		Open: func(context.Context) (io.ReadCloser, error) {
			opened++
			return &file{Reader: bytes.NewReader(data), closed: &closed}, nil
		}}
	if _, err := client.Do(t.Context(), Request{Method: "POST", Route: "/f", Path: "/f", Upload: up}, nil); err != nil {
		t.Fatal(err)
	}
	if opened != 2 || closed != 2 {
		t.Errorf("opened %d and closed %d times", opened, closed)
	}
	for _, size := range []int64{int64(len(data)) - 1, int64(len(data)) + 1} {
		up.Size = size
		_, err := client.Do(t.Context(), Request{Method: "POST", Route: "/f", Path: "/f", Upload: up}, nil)
		if e := As(err); e == nil || e.Kind != Source || e.Outcome != NotDone {
			t.Errorf("a file of %d bytes said to have %d: %v", len(data), size, err)
		}
	}
}

func partName(t *testing.T, p *multipart.Part) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil {
		t.Error(err)
	}
	return params["name"]
}

type file struct {
	io.Reader
	closed *int
}

func (f *file) Close() error { *f.closed++; return nil }

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

func TestPauses(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"Retry-After", "0", 0},
		{"Retry-After", "-3", 0},
		{"Retry-After", "99999999999", time.Hour},
		{"Retry-After", "Mon, 05 Jan 2026 09:00:30 GMT", 30 * time.Second},
		{"X-RateLimit-Reset", "2026-01-05T09:01Z", time.Minute},
		{"X-RateLimit-Reset", "2026-01-05T09:00:05.5Z", 5500 * time.Millisecond},
		{"RateLimit", `"global-app-quota";r=0;t=600`, 10 * time.Minute},
		{"RateLimit", `"a";r=5;t=600, "b";t=9;r=0`, 9 * time.Second},
		{"RateLimit", `"a";r=5;t=600`, 0},
		{"Beta-RateLimit", `"a";r=0;t=600`, 0},
		{"Retry-After", "soon", 0},
	} {
		h := http.Header{}
		h.Set(c.name, c.value)
		if got := pauseOf(h, now); got != c.want {
			t.Errorf("%s: %s asks for %v, want %v", c.name, c.value, got, c.want)
		}
	}
}

func FuzzPause(f *testing.F) {
	f.Add("Retry-After", "7")
	f.Add("RateLimit", `"a";r=0;t=9`)
	f.Add("X-RateLimit-Reset", "2026-01-05T09:01Z")
	f.Fuzz(func(t *testing.T, name, value string) {
		d := pauseOf(http.Header{http.CanonicalHeaderKey(name): {value}}, time.Unix(1e9, 0))
		if d < 0 || d > longestPause {
			t.Errorf("a pause of %v", d)
		}
	})
}
