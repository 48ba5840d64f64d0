package rest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

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
