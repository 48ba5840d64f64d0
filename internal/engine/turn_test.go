package engine

import (
	"context"
	"testing"
	"testing/synctest"
)

// Whoever waits for a turn can be told to go, and stands still meanwhile as far as a bubble is concerned.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newTurn()
		if err := one.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- one.take(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; err == nil {
			t.Error("two have the turn")
		}
		one.giveBack()
		if err := one.take(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
