package rest

import (
	"context"
	"math"
	"sync"
	"time"
)

// BudgetOptions sets up a Budget.
type BudgetOptions struct {
	Concurrent int     // requests in flight; 0 = 8
	Rate       float64 // requests per second on average; 0 = as fast as the slots allow
	Burst      int     // requests that may go at once after a quiet time; 0 = Concurrent. Only with Rate
	Clock      Clock
}

// Budget is what all callers of one site share: slots for requests in flight, a token bucket, and the pause the site
// has asked for. After a 429 the slots are halved; each round of successes gives one back. It is safe for concurrent
// use, and first come is first served.
type Budget struct {
	clock Clock
	most  int
	rate  float64
	burst float64

	mu      sync.Mutex
	slots   int // allowed now, 1 to most
	busy    int
	good    int // successes since the slots last changed
	queue   []chan struct{}
	tokens  float64
	filled  time.Time
	resumes time.Time // nothing is sent before
}

// NewBudget makes the budget of one site.
func NewBudget(o BudgetOptions) *Budget {
	if o.Concurrent <= 0 {
		o.Concurrent = 8
	}
	if o.Burst <= 0 {
		o.Burst = o.Concurrent
	}
	return &Budget{
		clock: o.Clock.Or(), most: o.Concurrent, slots: o.Concurrent,
		rate: o.Rate, burst: float64(o.Burst), tokens: float64(o.Burst),
	}
}

// Slots returns how many requests may be in flight now, and how many at most.
func (b *Budget) Slots() (now, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.slots, b.most
}

// Resize changes how many requests may be in flight at most. Those under way go on.
func (b *Budget) Resize(most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if most <= 0 || most == b.most {
		return
	}
	if b.slots == b.most || b.slots > most {
		b.slots = most
	}
	b.most = most
	b.next()
}

// Pause keeps every caller of the site from sending for d from now. A longer pause already asked for stays.
func (b *Budget) Pause(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.clock.Now().Add(d); t.After(b.resumes) {
		b.resumes = t
	}
}

// acquire waits for a slot, a token and the end of the site's pause. If the pause is longer than most, it gives up at
// once and returns the pause; the slot is then free again. Otherwise the caller must call release once.
func (b *Budget) acquire(ctx context.Context, most time.Duration) (pause time.Duration, err error) {
	if err := b.slot(ctx); err != nil {
		return 0, err
	}
	for {
		pause, delay := b.token()
		if pause > most {
			b.release()
			return pause, nil
		}
		if delay <= 0 {
			return 0, nil
		}
		if err := b.clock.Wait(ctx, delay); err != nil {
			b.release()
			return 0, err
		}
	}
}

func (b *Budget) slot(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	if b.busy < b.slots && len(b.queue) == 0 {
		b.busy++
		b.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	b.queue = append(b.queue, turn)
	b.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, c := range b.queue {
		if c == turn {
			b.queue = append(b.queue[:i], b.queue[i+1:]...)
			return ctx.Err()
		}
	}
	// The slot came in the same moment: hand it on.
	b.busy--
	b.next()
	return ctx.Err()
}

// token takes a token if it may be sent now, else tells how long to wait, and how much of that is the site's pause.
func (b *Budget) token() (pause, delay time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if pause = b.resumes.Sub(now); pause > 0 {
		return pause, pause
	}
	if b.rate <= 0 {
		return 0, 0
	}
	if !b.filled.IsZero() {
		b.tokens = math.Min(b.burst, b.tokens+now.Sub(b.filled).Seconds()*b.rate)
	}
	b.filled = now
	if b.tokens >= 1 {
		b.tokens--
		return 0, 0
	}
	return 0, time.Duration((1-b.tokens)/b.rate*float64(time.Second)) + time.Microsecond
}

func (b *Budget) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy--
	b.next()
}

// next hands free slots to those who wait longest. b.mu is held.
func (b *Budget) next() {
	for b.busy < b.slots && len(b.queue) > 0 {
		b.busy++
		close(b.queue[0])
		b.queue = b.queue[1:]
	}
}

// limited notes a 429: fewer slots, and a pause for everybody.
func (b *Budget) limited(pause time.Duration) {
	b.Pause(pause)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.slots = max(1, b.slots/2)
	b.good = 0
}

// fine notes a request that the site answered in earnest.
func (b *Budget) fine() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.slots == b.most {
		return
	}
	if b.good++; b.good >= 4*b.slots {
		b.slots++
		b.good = 0
		b.next()
	}
}
