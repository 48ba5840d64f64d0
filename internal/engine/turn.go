package engine

import "context"

// turn lets one at a time through. Unlike a mutex it may be held while something is awaited: whoever waits for it can be
// told to go.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn; an error is that of ctx, and then there is nothing to give back.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) giveBack() { <-t }
