package rest

import (
	"context"
	"sync"
)

// Group runs functions side by side; the first error ends the others' context. It starts goroutines by a Clock, so that
// who owns the clock owns their order too.
type Group struct {
	start  func(func())
	cancel context.CancelCauseFunc
	slots  chan struct{} // nil: no limit
	ended  sync.WaitGroup
	once   sync.Once
	err    error
}

// Group returns a group of at most limit functions at once, 0 for any number, and the context that they share.
func (c Clock) Group(ctx context.Context, limit int) (*Group, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	g := &Group{start: c.Or().Go, cancel: cancel}
	if limit > 0 {
		g.slots = make(chan struct{}, limit)
	}
	return g, ctx
}

// Go runs a function in a goroutine, when there is a place for it.
func (g *Group) Go(f func() error) {
	if g.slots != nil {
		g.slots <- struct{}{}
	}
	g.ended.Add(1)
	g.start(func() {
		defer g.ended.Done()
		if err := f(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel(err)
			})
		}
		if g.slots != nil {
			<-g.slots
		}
	})
}

// Wait returns when all functions have, with the first error.
func (g *Group) Wait() error {
	g.ended.Wait()
	g.cancel(g.err)
	return g.err
}

// Turn is a lock that may be held while requests are under way. The zero value is of no use; see NewTurn.
type Turn chan struct{}

// NewTurn returns a lock that nobody holds.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the lock. Give gives it back.
func (t Turn) Take() { t <- struct{}{} }

// Give gives the lock back.
func (t Turn) Give() { <-t }
