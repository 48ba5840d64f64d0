package engine

import (
	"context"
	"sync"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// callCount attributes a site's requests to runs: the connector counts them for all, and several spaces work through it
// side by side. Each request is taken once.
type callCount struct {
	mu    sync.Mutex
	taken int64
}

// take returns the requests sent since the last take, by whomever.
func (c *callCount) take(r confluence.Reader) int64 {
	counting, ok := r.(confluence.Calls)
	if !ok {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sent, _ := counting.Calls()
	n := sent - c.taken
	c.taken = sent
	return n
}

// forgetCalls leaves out of the count what was sent to a plan's sites so far, by tests and checks. While some space is at
// work nothing is left out, because what it has sent may not be counted yet.
func (e *Engine) forgetCalls(ctx context.Context, p migration.Plan) {
	e.mu.Lock()
	idle := true
	for _, n := range e.working {
		idle = idle && n == 0
	}
	e.mu.Unlock()
	if !idle {
		return
	}
	for _, end := range []migration.Endpoint{p.From, p.To} {
		if s, err := e.open(ctx, EndpointName(end)); err == nil { // else nothing was sent
			s.calls.take(s.reader)
		}
	}
}
