package simulation

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/rest"
)

// Epoch is when every world begins.
var Epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// clock is the time of a world. It stands but for what the scheduler moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// after runs a function at a time of the world; it is the emulators' After.
func (w *World) after(d time.Duration, f func()) (stop func() bool) {
	t := &ticket{Event: Event{Kind: Timer, Key: w.gate.next()}, due: w.clock.Now().Add(d), fire: f}
	_ = w.gate.add(t) // sites do not crash
	return func() bool { return w.gate.remove(t) }
}

// now is the process's clock: the world's, and how far it goes wrong.
func (p *process) now() time.Time { return p.w.clock.Now().Add(p.w.skew()) }

// wait is the engine's wait for a time.
func (p *process) wait(ctx context.Context, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	until = until.Add(-p.w.skew())
	return p.w.gate.pass(ctx, &ticket{Event: Event{Kind: Timer, Key: p.w.gate.next()}, proc: p, due: until})
}

// restClock is the clock of the process's connections.
func (p *process) restClock() rest.Clock {
	return rest.Clock{
		Now: p.now,
		Wait: func(ctx context.Context, d time.Duration) error {
			if d <= 0 {
				return ctx.Err()
			}
			return p.wait(ctx, p.now().Add(d))
		},
		Limit: p.limit,
		Go:    p.start,
	}
}

// limited is a context whose time may run out.
type limited struct {
	context.Context
	due time.Time
	out *atomic.Bool
}

func (l limited) Deadline() (time.Time, bool) { return l.due, true }

func (l limited) Err() error {
	err := l.Context.Err()
	if err != nil && l.out.Load() {
		return context.DeadlineExceeded
	}
	return err
}

func (p *process) limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(ctx)
	l := limited{Context: inner, due: p.w.clock.Now().Add(d), out: &atomic.Bool{}}
	t := &ticket{Event: Event{Kind: Timer, Key: p.w.gate.next()}, proc: p, due: l.due, fire: func() {
		l.out.Store(true)
		cancel()
	}}
	if err := p.w.gate.add(t); err != nil {
		cancel()
	}
	return l, func() {
		p.w.gate.remove(t)
		cancel()
	}
}
