package rest

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// watchdog ends a download that makes no progress. It runs one goroutine until stop.
type watchdog struct {
	mu     sync.Mutex
	last   time.Time
	cancel context.CancelFunc
	stuck  bool
	done   sync.WaitGroup
}

func (c *Client) watch(ctx context.Context, req *Request, cancel context.CancelFunc) *watchdog {
	w := &watchdog{last: c.clock.Now(), cancel: cancel}
	timeout := orElse(req.Timeout, c.o.Timeout)
	w.done.Add(1)
	c.clock.Go(func() {
		defer w.done.Done()
		for {
			left := w.left(c.clock.Now(), timeout)
			if left <= 0 {
				cancel()
				return
			}
			tctx, free := c.clock.Limit(ctx, left)
			<-tctx.Done()
			free()
			if ctx.Err() != nil {
				return
			}
		}
	})
	return w
}

func (w *watchdog) left(now time.Time, timeout time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := timeout - now.Sub(w.last)
	w.stuck = left <= 0
	return left
}

func (w *watchdog) alive(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = now
}

func (w *watchdog) stop() {
	w.cancel()
	w.done.Wait()
}

// streamBody reads a download and names what goes wrong in it.
type streamBody struct {
	c     *Client
	req   *Request
	body  io.ReadCloser
	guard *watchdog
	ctx   context.Context
	once  sync.Once
}

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.guard.alive(b.c.clock.Now())
	if n > 0 {
		b.c.count.received(b.req.Method, b.req.Route, int64(n))
	}
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, b.c.lost(b.ctx, b.req, err)
}

func (b *streamBody) Close() error {
	err := b.body.Close()
	b.once.Do(b.guard.stop)
	return err
}
