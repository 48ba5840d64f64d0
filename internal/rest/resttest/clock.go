package resttest

import (
	"context"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/rest"
)

// Clock stands still but where Advance moves it on. Make it with NewClock; it is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{}
}

// NewClock is a clock that stands at now.
func NewClock(now time.Time) *Clock { return &Clock{now: now, moved: make(chan struct{})} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on, and wakes whoever waits for a time that has come by then.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	close(c.moved)
	c.moved = make(chan struct{})
}

// Until waits until somebody has moved the clock to a time, or the context ends.
func (c *Clock) Until(ctx context.Context, at time.Time) error {
	for {
		c.mu.Lock()
		now, moved := c.now, c.moved
		c.mu.Unlock()
		if !now.Before(at) {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// Hasty is the clock for a client whose waits pass at once: each moves the clock on by its length.
func (c *Clock) Hasty() rest.Clock {
	return rest.Clock{Now: c.Now, Wait: func(ctx context.Context, d time.Duration) error { c.Advance(d); return ctx.Err() }}
}
