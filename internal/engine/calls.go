package engine

import (
	"sync"

	"github.com/tandem-sync/tandem/internal/confluence"
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
