package emulator

import (
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// gate stands before and after the handler of every request: fault rules, limits, delays.
type gate interface {
	// before may answer in place of the handler; true says that it did.
	before(*call) (answer, bool)
	// after may change the answer or hold it back.
	after(*call, *answer)
}

// rateGate answers 429 to more requests than the site takes (cloud-api.md section 4).
type rateGate struct {
	limit  float64
	burst  int
	clock  *clock
	bucket *rate.Limiter
}

func newRateGate(limit float64, c *clock) *rateGate {
	burst := max(1, int(limit))
	return &rateGate{limit: limit, burst: burst, clock: c, bucket: rate.NewLimiter(rate.Limit(limit), burst)}
}

func (g *rateGate) before(c *call) (answer, bool) {
	if g.limit <= 0 || g.bucket.AllowN(c.now, 1) {
		return answer{}, false
	}
	wait := time.Duration(float64(time.Second) / g.limit)
	a := c.refusal(fail(http.StatusTooManyRequests, "RATE_LIMITED", "Rate limit exceeded"))
	a.set("Retry-After", strconv.Itoa(max(1, int((wait+time.Second-1)/time.Second))))
	a.set("RateLimit-Reason", "confluence-burst-based")
	return a, true
}

func (g *rateGate) after(c *call, a *answer) {
	if g.limit > 0 {
		left := max(0, int(g.bucket.TokensAt(c.now)))
		reset := c.now.Add(time.Duration(float64(g.burst-left) / g.limit * float64(time.Second)))
		c.quotas = append(c.quotas, quota{"burst", g.burst, time.Second, left, reset})
	}
	if len(c.quotas) > 0 {
		c.announce(a)
	}
}

// linger lets the answer leave a fixed time after its request came; the effect does not wait.
func (c *call) linger() {
	wait := c.latency() - time.Since(c.arrived)
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.r.Context().Done():
	}
}
