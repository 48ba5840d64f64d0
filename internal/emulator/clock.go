package emulator

import (
	"sync"
	"time"
)

// clock is the site's time: the injected clock, moved or stopped through the control plane.
type clock struct {
	mu     sync.Mutex
	now    func() time.Time
	offset time.Duration
	frozen time.Time // zero: running
	start  time.Time
	past   time.Time // while changes are made again: when they were made
}

func newClock(now func() time.Time) *clock {
	if now == nil {
		now = time.Now
	}
	return &clock{now: now, start: now().UTC().Truncate(time.Millisecond)}
}

// Now returns the site's time in UTC, in whole milliseconds.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.past
	if t.IsZero() {
		t = c.frozen
	}
	if t.IsZero() {
		t = c.now().Add(c.offset)
	}
	return t.UTC().Truncate(time.Millisecond)
}

// again makes it that time for a change that is made again; the zero time ends that.
func (c *clock) again(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past = t
}

// set makes it that time now; a clock that does not run stays there.
func (c *clock) set(t time.Time, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = t.Sub(c.now())
	c.frozen = time.Time{}
	if !running {
		c.frozen = t
	}
}

func (c *clock) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frozen.IsZero()
}

// stamp is a point in time in milliseconds since 1970.
type stamp int64

func stampOf(t time.Time) stamp { return stamp(t.UnixMilli()) }

func (s stamp) time() time.Time { return time.UnixMilli(int64(s)).UTC() }

// String writes the time as Cloud does, in UTC with milliseconds.
func (s stamp) String() string { return s.time().Format("2006-01-02T15:04:05.000Z") }
