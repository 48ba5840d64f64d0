package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// bucketGate limits the requests of each user of a Data Center by a bucket of tokens that is filled at intervals (register
// row RL-05, dc-api.md section 13). Anonymous callers share one bucket.
type bucketGate struct {
	mu      sync.Mutex
	rule    *bucket
	buckets map[*user]*tokens
}

// tokens are those of one user.
type tokens struct {
	left int
	at   time.Time // when the last filling was due
}

// take returns the tokens of the caller after taking one, and how long it is to the next filling. It is nil where the
// caller is not limited.
func (g *bucketGate) take(c *call, n int) (b *bucket, left int, wait time.Duration) {
	c.mu.RLock()
	b = c.set.bucket
	name := ""
	if c.user != nil {
		name = c.user.username
	}
	c.mu.RUnlock()
	if b == nil || c.route == nil || slices.Contains(b.exempt, name) {
		return nil, 0, 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rule != b {
		g.rule, g.buckets = b, map[*user]*tokens{}
	}
	t := g.buckets[c.user]
	if t == nil {
		t = &tokens{left: b.size, at: c.now}
		g.buckets[c.user] = t
	}
	if passed := int(c.now.Sub(t.at) / b.every); passed > 0 {
		t.left, t.at = min(b.size, t.left+passed*b.fill), t.at.Add(time.Duration(passed)*b.every)
	}
	t.left -= n
	left = t.left
	t.left = max(0, t.left)
	return b, left, t.at.Add(b.every).Sub(c.now)
}

func (g *bucketGate) before(c *call) (answer, bool) {
	b, left, _ := g.take(c, 1)
	if b == nil || left >= 0 {
		return answer{}, false
	}
	return c.refusal(fail(http.StatusTooManyRequests, "", "Rate limit exceeded")), true
}

func (g *bucketGate) after(c *call, a *answer) {
	b, left, wait := g.take(c, 0)
	if b == nil {
		return
	}
	retry := 0
	if a.status == http.StatusTooManyRequests && left == 0 {
		retry = max(1, seconds(wait))
	}
	a.set("X-RateLimit-Limit", strconv.Itoa(b.size))
	a.set("X-RateLimit-Remaining", strconv.Itoa(left))
	a.set("X-RateLimit-Interval-Seconds", strconv.Itoa(int(b.every/time.Second)))
	a.set("X-RateLimit-FillRate", strconv.Itoa(b.fill))
	a.set("Retry-After", strconv.Itoa(retry))
}
