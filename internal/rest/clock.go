package rest

import (
	"context"
	"time"
)

// Clock is how this package meets time. A nil member stands for the real thing.
type Clock struct {
	// Now tells the time.
	Now func() time.Time
	// Wait returns nil after d, or the context's error as soon as that ends.
	Wait func(ctx context.Context, d time.Duration) error
	// Limit returns a context that ends after d with context.DeadlineExceeded, and a function that frees it.
	Limit func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Go starts a goroutine, whose share of the time it is.
	Go func(func())
}

// Or returns c with the real clock in place of nil members.
func (c Clock) Or() Clock {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	if c.Limit == nil {
		c.Limit = context.WithTimeout
	}
	if c.Go == nil {
		c.Go = func(f func()) { go f() }
	}
	return c
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
