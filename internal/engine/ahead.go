package engine

import (
	"context"
	"sync/atomic"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// ahead is a batch that is being read while the one before it is worked on.
type ahead struct {
	req    confluence.ScanRequest
	side   confluence.Side
	cancel context.CancelFunc
	done   chan struct{}
	batch  confluence.Batch
	err    error
}

// ask begins to read a batch. Whoever asks must take or drop it.
func (e *Engine) ask(ctx context.Context, r confluence.Reader, side confluence.Side, req confluence.ScanRequest) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{req: req, side: side, cancel: cancel, done: make(chan struct{})}
	e.opt.Go(func() {
		defer close(a.done)
		a.batch, a.err = r.Scan(ctx, req)
	})
	return a
}

// take waits for the batch.
func (a *ahead) take() (confluence.Batch, error) {
	<-a.done
	a.cancel()
	return a.batch, a.err
}

// drop gives up a batch that nobody needs any more. nil is no batch.
func (a *ahead) drop() {
	if a != nil {
		a.cancel()
		<-a.done
	}
}

// eachBatch reads a space to its end, one batch ahead of what fn works on.
func (e *Engine) eachBatch(ctx context.Context, r confluence.Reader, side confluence.Side, req confluence.ScanRequest, fn func(confluence.Batch) error) error {
	for next := e.ask(ctx, r, side, req); next != nil; {
		batch, err := next.take()
		if err != nil {
			return err
		}
		next = nil
		if req.Cursor = batch.Next; batch.Next != "" {
			next = e.ask(ctx, r, side, req)
		}
		if err := fn(batch); err != nil {
			next.drop()
			return err
		}
	}
	return nil
}

// batch reads the next batch of a side's listing, and begins with the one after it: storing one and reading the next do
// not wait for each other.
func (s *work) batch(ctx context.Context, side confluence.Side) (confluence.Batch, error) {
	req := confluence.ScanRequest{Space: s.spaceOf(side), Facets: confluence.AllFacets, Cursor: confluence.Cursor(s.listing.Scan)}
	next := s.ahead
	s.ahead = nil
	if next != nil && (next.side != side || next.req.Cursor != req.Cursor) {
		next.drop()
		next = nil
	}
	if next == nil {
		next = s.e.ask(ctx, s.sites[side].reader, side, req)
	}
	batch, err := next.take()
	if err == nil && batch.Next != "" && s.e.opt.Now().Before(s.deadline) {
		req.Cursor = batch.Next
		s.ahead = s.e.ask(ctx, s.sites[side].reader, side, req)
	}
	return batch, err
}

// spread does n things, at most width at a time, in no order. The first error ends the starting of more.
func (e *Engine) spread(n, width int, do func(i int) error) error {
	width = min(n, width)
	errs := make([]error, width)
	done := make(chan struct{}, width)
	var at atomic.Int64
	var stop atomic.Bool
	for w := range width {
		e.opt.Go(func() {
			defer func() { done <- struct{}{} }()
			for i := int(at.Add(1)) - 1; i < n && !stop.Load(); i = int(at.Add(1)) - 1 {
				if errs[w] = do(i); errs[w] != nil {
					stop.Store(true)
					return
				}
			}
		})
	}
	for range width {
		<-done
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
