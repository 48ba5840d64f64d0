package emulator

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limitSettings are the options of the limits of Cloud.
type limitSettings struct {
	points   int           // RL-01: of an app in an hour; 0 = no limit
	parallel int           // RL-02: calls of one endpoint under way; 0 = no limit
	burst    float64       // RL-02: calls of one endpoint in a second; 0 = no limit
	latency  time.Duration // RL-07: of each answer; 0 = as Options say
	jitter   time.Duration // RL-07: at most so much more or less
	beta     bool          // RL-03: structured headers carry the prefix of what is not enforced yet
}

// limitOptions are the rows of the register about limits and credentials that are instance options of Cloud.
var limitOptions = []optionRow{
	{"AU-04", "unauthorized_client", "unauthorized_client or invalid_grant", "error of a refresh token that is dead",
		oneOf(func(s *settings, v string) { s.deadRefresh = v }, "unauthorized_client", "invalid_grant")},
	{"AU-09", "off", "off or on", "admin keys (Premium and Enterprise sites)",
		oneOf(func(s *settings, v string) { s.adminKeys = v == "on" }, "off", "on")},
	{"RL-01", "on", "on, off, or points from 1 to 500000", "points that an OAuth app may spend in an hour; on = 65000",
		func(s *settings, v string) error {
			n, err := strconv.Atoi(v)
			switch {
			case v == "on":
				n = 65000
			case v == "off":
				n = 0
			case err != nil || n < 1 || n > 500000:
				return errors.New("on, off, or 1 to 500000")
			}
			s.limits.points = n
			return nil
		}},
	{"RL-02", "on", "on, off, a number of calls under way (30), or of calls in a second (100/s)",
		"burst limit of each endpoint, shared by all callers; on = 30 under way; permissions, searches and administration have 0.4 of it, PUT and DELETE half the calls in a second",
		func(s *settings, v string) error {
			perSecond, each := strings.CutSuffix(v, "/s")
			n, err := strconv.Atoi(perSecond)
			switch {
			case v == "on":
				n = 30
			case v == "off":
				n = 0
			case err != nil || n < 1:
				return errors.New("on, off, 30 or 100/s")
			}
			s.limits.parallel, s.limits.burst = n, 0
			if each {
				s.limits.parallel, s.limits.burst = 0, float64(n)
			}
			return nil
		}},
	{"RL-03", "enforced", "enforced or beta", "whether the structured headers of limits carry the prefix Beta-",
		oneOf(func(s *settings, v string) { s.limits.beta = v == "beta" }, "enforced", "beta")},
	{"RL-07", "0s", "a duration, or one and what it varies by: 20ms/10ms", "time that each answer takes; 0s = as --latency says",
		func(s *settings, v string) error {
			base, by, varies := strings.Cut(v, "/")
			latency, err := time.ParseDuration(base)
			var jitter time.Duration
			if err == nil && varies {
				jitter, err = time.ParseDuration(by)
			}
			if err == nil && (latency < 0 || jitter < 0 || jitter > latency) {
				err = errors.New("a duration, or one and what it varies by, at most as much")
			}
			s.limits.latency, s.limits.jitter = latency, jitter
			return err
		}},
	{"US-09", "off", "off or on", "accounts as directories have them: broken, doubled and missing e-mail addresses, leavers, users without a licence",
		oneOf(func(s *settings, v string) { s.awkward = v == "on" }, "off", "on")},
	{"US-05", "off", "off or on", "organization and SCIM endpoints",
		oneOf(func(s *settings, v string) { s.organization = v == "on" }, "off", "on")},
}

// quota is the state of one limit as headers tell it.
type quota struct {
	name   string
	size   int
	window time.Duration
	left   int
	reset  time.Time
}

// announce writes the headers of limits (register row RL-03): the plain ones about the quota with the smallest share
// left, the structured ones about all of them in no certain order.
func (c *call) announce(a *answer) {
	quotas := c.quotas
	tight := slices.MinFunc(quotas, func(x, y quota) int { return x.left*y.size - y.left*x.size })
	draw := c.digest("limit", tight.reset.String(), c.r.URL.Path)
	form := "2006-01-02T15:04:05Z"
	if draw[0]%4 == 0 {
		form = "2006-01-02T15:04Z" // seen without seconds at times
	}
	a.set("X-RateLimit-Limit", strconv.Itoa(tight.size))
	a.set("X-RateLimit-Remaining", strconv.Itoa(tight.left))
	a.set("X-RateLimit-Reset", tight.reset.UTC().Format(form))
	if tight.left*5 < tight.size {
		a.set("X-RateLimit-NearLimit", "true")
	}
	if len(quotas) > 1 && draw[1]%2 == 0 {
		slices.Reverse(quotas)
	}
	var policies, states []string
	for _, q := range quotas {
		policies = append(policies, fmt.Sprintf(`"%s";q=%d;w=%d`, q.name, q.size, int(q.window.Seconds())))
		remaining := ""
		if q.left*5 < q.size {
			remaining = fmt.Sprintf(";r=%d", q.left)
		}
		states = append(states, fmt.Sprintf(`"%s"%s;t=%d`, q.name, remaining, max(0, seconds(q.reset.Sub(c.now)))))
	}
	prefix := ""
	if c.limits().beta {
		prefix = "Beta-"
	}
	a.set(prefix+"RateLimit-Policy", strings.Join(policies, ", "))
	a.set(prefix+"RateLimit", strings.Join(states, ", "))
}

// seconds rounds up.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

func (c *call) limits() limitSettings {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.set.limits
}

// latency is how long the answer takes, the n-th of a site always the same.
func (c *call) latency() time.Duration {
	set := c.limits()
	if set.latency == 0 {
		return c.opts.Latency
	}
	if set.jitter == 0 {
		return set.latency
	}
	n := c.answered.Add(1)
	share := 2*lot(fmt.Sprintf("%d/latency/%d", c.opts.Seed, n)) - 1
	return set.latency + time.Duration(share*float64(set.jitter))
}

// pointsGate counts the points of OAuth apps by the hour of the site's clock (register row RL-01, cloud-api.md section
// 4). Calls with API tokens cost nothing.
type pointsGate struct {
	mu   sync.Mutex
	hour time.Time
	used map[*oauthApp]int
}

// spend adds the cost of a call to what the app has used in this hour, and returns the sum.
func (g *pointsGate) spend(c *call, cost int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if hour := c.now.Truncate(time.Hour); g.used == nil || !hour.Equal(g.hour) {
		g.hour, g.used = hour, map[*oauthApp]int{}
	}
	g.used[c.key.app] += cost
	return g.used[c.key.app]
}

func (g *pointsGate) before(c *call) (answer, bool) {
	size := c.limits().points
	if !c.oauth() || size == 0 || g.spend(c, 0) < size {
		return answer{}, false
	}
	a := gatewayAnswer(http.StatusTooManyRequests, "Rate limit exceeded")
	a.set("Retry-After", strconv.Itoa(max(1, seconds(nextHour(c.now).Sub(c.now)))))
	a.set("RateLimit-Reason", "confluence-quota-global-based")
	return a, true
}

func nextHour(t time.Time) time.Time { return t.Truncate(time.Hour).Add(time.Hour) }

func (g *pointsGate) after(c *call, a *answer) {
	size := c.limits().points
	if !c.oauth() || size == 0 {
		return
	}
	cost := 0
	if a.status != http.StatusTooManyRequests {
		cost = points(c, a)
	}
	left := max(0, size-g.spend(c, cost))
	c.quotas = append(c.quotas, quota{"global-app-quota", size, time.Hour, left, nextHour(c.now)})
}

// points are what a call costs: one, and for a read one more for each object returned, two more where the objects are
// accounts, groups or permissions.
func points(c *call, a *answer) int {
	if c.route == nil || c.route.writes() || a.status >= 300 {
		return 1
	}
	each := 1
	if slices.ContainsFunc([]string{"/user", "/group", "permission", "restriction", "/role"}, func(part string) bool { return strings.Contains(c.route.template, part) }) {
		each = 2
	}
	return 1 + each*objects(a.json)
}

// objects counts the rows of a listing; any other answer is one object.
func objects(body any) int {
	o, ok := body.(object)
	if !ok {
		return 1
	}
	switch rows := o["results"].(type) {
	case []object:
		return len(rows)
	case []any:
		return len(rows)
	}
	return 1
}

// burstGate answers 429 to too many calls of one endpoint at a time or in a second, whoever calls (register row RL-02).
type burstGate struct {
	mu     sync.Mutex
	under  map[string]int
	burst  float64
	bucket map[string]*rate.Limiter
}

func (g *burstGate) before(c *call) (answer, bool) {
	set := c.limits()
	if c.route == nil || c.route.api == edge || set.parallel == 0 && set.burst == 0 || g.enter(c, set) {
		return answer{}, false
	}
	a := c.refusal(fail(http.StatusTooManyRequests, "RATE_LIMITED", "Rate limit exceeded"))
	a.set("Retry-After", "1")
	a.set("RateLimit-Reason", "confluence-burst-based")
	return a, true
}

// enter lets a call in. It leaves when its answer has been written.
func (g *burstGate) enter(c *call, set limitSettings) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	share := 1.0
	if strict(c.route.template) {
		share = 0.4
	}
	name := c.r.Method + " " + c.route.template
	if set.burst > 0 {
		if g.burst != set.burst {
			g.burst, g.bucket = set.burst, map[string]*rate.Limiter{}
		}
		if c.r.Method == http.MethodPut || c.r.Method == http.MethodDelete {
			share /= 2
		}
		if g.bucket[name] == nil {
			size := max(1, set.burst*share)
			g.bucket[name] = rate.NewLimiter(rate.Limit(size), int(size))
		}
		return g.bucket[name].AllowN(c.now, 1)
	}
	if g.under[name] >= max(1, int(float64(set.parallel)*share)) {
		return false
	}
	if g.under == nil {
		g.under = map[string]int{}
	}
	g.under[name]++
	c.leave = append(c.leave, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.under[name]--
	})
	return true
}

func (g *burstGate) after(*call, *answer) {}

// strict are the endpoints that take fewer calls.
func strict(template string) bool {
	return slices.ContainsFunc([]string{"permission", "restriction", "/search", "/settings", "/audit", "/admin", "/user/access"},
		func(part string) bool { return strings.Contains(template, part) })
}
