package rest

import (
	"sync"
	"time"
)

// Count is what one route has cost so far.
type Count struct {
	Requests int64
	Limited  int64 // of these, answered 429
	Failed   int64 // of these, without a usable answer or with a status of 400 and above, 429 included
	Sent     int64 // bytes of bodies
	Received int64 // bytes of bodies
}

// Exchange is one request that went out, for hooks that reckon cost or show progress.
type Exchange struct {
	Method   string
	Route    string
	Status   int // 0 where no answer came
	Sent     int64
	Received int64
	Took     time.Duration
	Try      int // from 1
}

type counters struct {
	mu     sync.Mutex
	routes map[string]Count
	all    Count
}

func (c *counters) add(x Exchange) {
	one := Count{Requests: 1, Sent: x.Sent, Received: x.Received}
	if x.Status == 429 {
		one.Limited = 1
	}
	if x.Status == 0 || x.Status >= 400 {
		one.Failed = 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.routes == nil {
		c.routes = map[string]Count{}
	}
	key := x.Method + " " + x.Route
	c.routes[key] = c.routes[key].plus(one)
	c.all = c.all.plus(one)
}

func (c *counters) received(method, route string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := method + " " + route
	c.routes[key] = c.routes[key].plus(Count{Received: n})
	c.all.Received += n
}

func (a Count) plus(b Count) Count {
	return Count{a.Requests + b.Requests, a.Limited + b.Limited, a.Failed + b.Failed, a.Sent + b.Sent, a.Received + b.Received}
}

// Counters returns the cost by "METHOD route".
func (c *Client) Counters() map[string]Count {
	c.count.mu.Lock()
	defer c.count.mu.Unlock()
	out := make(map[string]Count, len(c.count.routes))
	for k, v := range c.count.routes {
		out[k] = v
	}
	return out
}

// Total returns the cost of all routes.
func (c *Client) Total() Count {
	c.count.mu.Lock()
	defer c.count.mu.Unlock()
	return c.count.all
}
