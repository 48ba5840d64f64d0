package store

import "sync"

// bells wakes whoever waits for slices to change. A bell that has rung and was not heard stays rung.
type bells struct {
	mu    sync.Mutex
	chans map[chan struct{}]struct{}
}

func (b *bells) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.chans {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// SlicesChanged returns a channel that gets a value after every commit that added, continued, finished or freed slices;
// several such commits may give one value. Call the function to end it.
func (s *Store) SlicesChanged() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	b := &s.bells
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.chans == nil {
		b.chans = map[chan struct{}]struct{}{}
	}
	b.chans[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.chans, c)
	}
}
