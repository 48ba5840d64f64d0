package emulator

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// late are requests whose client was cut off and whose effect is still to come. An effect comes at its time on the
// site's clock: a timer looks when that should be, and every request and dump looks first, so that the order holds on a
// clock that is set or stands as well. It is safe for concurrent use.
type late struct {
	after   func(time.Duration, func()) (stop func() bool)
	waiting atomic.Int64
	timers  sync.WaitGroup

	mu     sync.Mutex // held while effects are applied
	queue  []*lateCall
	closed bool
}

type lateCall struct {
	due  time.Time
	call *call
	stop func() bool
}

// postpone reads the request whole and lets its effect come after d, whatever becomes of its client.
func (c *call) postpone(d time.Duration) error {
	var body []byte
	if c.r.Body != nil {
		var err error
		if body, err = io.ReadAll(c.r.Body); err != nil {
			return invalid("Could not read request body")
		}
	}
	if c.route == nil {
		return nil
	}
	r := c.r.Clone(context.WithoutCancel(c.r.Context()))
	r.Body = io.NopCloser(bytes.NewReader(body))
	again := &call{Site: c.Site, r: r, arrived: c.arrived, now: c.now.Add(d), route: c.route, params: c.params, query: c.query, user: c.user, rejected: c.rejected, context: c.context, key: c.key, gateway: c.gateway}
	again.fault = disturbance{seed: c.fault.seed, skew: c.fault.skew}
	c.late.add(&lateCall{due: again.now, call: again}, d)
	return nil
}

func (l *late) add(q *lateCall, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.queue = append(l.queue, q)
	slices.SortStableFunc(l.queue, func(a, b *lateCall) int { return a.due.Compare(b.due) })
	l.waiting.Add(1)
	l.timers.Add(1)
	site := q.call.Site
	q.stop = l.after(d, func() {
		defer l.timers.Done()
		site.settleLate()
	})
}

// settleLate applies what is due by the site's clock, in order.
func (s *Site) settleLate() {
	if s.late.waiting.Load() == 0 {
		return
	}
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	now := s.clock.Now()
	for len(s.late.queue) > 0 && !s.late.queue[0].due.After(now) {
		q := s.late.queue[0]
		s.late.queue = s.late.queue[1:]
		s.run(q.call) // nobody hears the answer
		s.late.waiting.Add(-1)
		s.late.release(q)
	}
}

// release stops the timer of an effect; one that runs already ends by itself.
func (l *late) release(q *lateCall) {
	if q.stop() {
		l.timers.Done()
	}
}

// close drops what is still to come and waits for timers that run.
func (l *late) close() {
	l.mu.Lock()
	l.closed = true
	for _, q := range l.queue {
		l.release(q)
	}
	l.queue = nil
	l.waiting.Store(0)
	l.mu.Unlock()
	l.timers.Wait()
}

// hold keeps an answer back; a client that goes away ends it.
func (c *call) hold(d time.Duration) {
	if d <= 0 {
		return
	}
	over := make(chan struct{})
	stop := c.late.after(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
	case <-c.r.Context().Done():
	}
}
