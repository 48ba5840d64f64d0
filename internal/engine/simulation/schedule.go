package simulation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
)

func runtimeStack(buf []byte) int { return runtime.Stack(buf, true) }

// watchRuntime returns a function that returns when nothing in this process runs but the caller. The runtime's counts are
// taken while goroutines go on, so the same answer is asked for more than once. What stands outside Go now, such as the
// wait for signals, goes on doing so.
func watchRuntime() func() {
	outside := []metrics.Sample{{Name: "/sched/goroutines/not-in-go:goroutines"}}
	metrics.Read(outside)
	return func() { watchUntil(outside[0].Value.Uint64()) }
}

func watchUntil(outside uint64) {
	samples := []metrics.Sample{
		{Name: "/sched/goroutines/running:goroutines"},
		{Name: "/sched/goroutines/runnable:goroutines"},
		{Name: "/sched/goroutines/not-in-go:goroutines"},
	}
	for still, tries := 0, 0; still < 3; tries++ {
		metrics.Read(samples)
		if samples[0].Value.Uint64() <= 1 && samples[1].Value.Uint64() == 0 && samples[2].Value.Uint64() <= outside {
			still++
			continue
		}
		still = 0
		if runtime.Gosched(); tries > 100 {
			time.Sleep(20 * time.Microsecond) // a system call is under way; the runtime tells nobody when it ends
		}
	}
}

// step lets one event happen that may happen now. It returns false where there is none.
func (w *World) step() (bool, error) {
	w.opt.Quiet()
	if broken := w.broken(); errors.Is(broken, errDiskFull) {
		return true, w.Crash() // a process that cannot write ends, and somebody starts it again
	} else if broken != nil {
		return false, fmt.Errorf("simulation: the engine ended by itself: %w", broken)
	}
	free, _ := w.gate.free(w.clock.Now())
	if len(free) == 0 {
		return false, nil
	}
	t := free[0]
	if w.rand != nil {
		t = free[w.rand.IntN(len(free))]
	}
	w.steps++
	fmt.Fprintf(&w.trace, "%s %s of %d\n", t.Kind, t.Key, len(free))
	return true, w.happen(t)
}

// broken is why an engine ended by itself, the one that runs or one that took over while it sleeps; nil while all go on.
// Of one that took over and ended nothing is parked: the sleeper would wait for ever for what it has in hand.
func (w *World) broken() error {
	for _, p := range append([]*process{w.proc}, w.others...) {
		if p == nil {
			continue
		}
		p.mu.Lock()
		err := p.broken
		p.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// happen lets an event through, or does to it what its fate is.
func (w *World) happen(t *ticket) error {
	if t.Kind == Request || t.Kind == Answer || t.proc == nil {
		w.answers++ // a site may change
	}
	fate := Fate{}
	if w.opt.Before != nil && t.proc != nil {
		before := w.crashes
		t.overslept = t.proc.overslept
		fate = w.opt.Before(t.Event)
		if w.crashes != before {
			return nil
		}
	}
	switch {
	case fate.Crash:
		return w.Crash()
	case fate.Sleep:
		w.overtake(t.proc)
		return nil
	}
	if t.Kind == Request {
		c := t.Call
		w.calls = append(w.calls, c)
		c.N, c.Time = len(w.calls), w.clock.Now()
		return w.deliver(t, fate)
	}
	if t.Kind == Commit && fate.Refuse {
		w.gate.release(t, errDiskFull)
		return nil
	}
	if t.Kind == Answer && fate.Lose != Kept {
		t.Call.lost = lostAfter
		t.Call.Fault += lostAfter
	}
	if t.Kind == Answer && w.changed != nil && t.Call.Writes() {
		w.changed(t.Call.Side)
	}
	w.gate.release(t, nil)
	return nil
}

// errDiskFull is what a commit gets that finds no place.
var errDiskFull = confluence.Errorf(confluence.CodeStateDamaged, "the disk is full")

// deliver lets a request reach its site, under a fault where it is to suffer one.
func (w *World) deliver(t *ticket, fate Fate) error {
	c := t.Call
	switch fate.Lose {
	case Unreachable:
		c.lost = unreachable
	case Unsent:
		c.lost = lostBefore
	case Unheard:
		c.lost = lostAfter
	}
	c.Fault = c.lost
	if fate.Fault == "" || c.lost == unreachable || c.lost == lostBefore {
		w.gate.release(t, nil)
		return nil
	}
	c.Fault += fate.Fault
	s := w.sites[c.Side]
	kept := s.Faults()
	rule := fmt.Sprintf("rules: [{do: {%s}}]\n", fate.Fault)
	if err := s.SetFaults([]byte(rule)); err != nil {
		return fmt.Errorf("simulation: fault %q: %w", fate.Fault, err)
	}
	w.gate.release(t, nil)
	w.opt.Quiet()
	return s.SetFaults(kept)
}

// patience is how long a call of the engine may take on the world's clock.
const patience = 6 * time.Hour

// Do runs a function on the engine, as the API would, and lets happen what must until it returns.
func (w *World) Do(f func(e *engine.Engine) error) error {
	p := w.proc
	var result error
	done := make(chan struct{})
	w.births++
	p.startNamed(fmt.Sprintf("do%d", w.births), func() {
		defer close(done)
		result = f(p.engine)
	})
	since := w.Now()
	late := false
	ended := func() bool {
		late = w.Now().Sub(since) > patience
		if late {
			return true
		}
		select {
		case <-done:
			return true
		default:
			return p != w.proc
		}
	}
	if err := w.until(ended, time.Time{}); err != nil {
		return err
	}
	if late {
		return fmt.Errorf("simulation: a call of the engine has not returned after %v", patience)
	}
	if p != w.proc {
		<-done
		return errors.Join(errCrashed, result)
	}
	return result
}

// Context is the context of the process that runs now; it ends with a crash.
func (w *World) Context() context.Context { return w.proc.ctx }

// Settle lets everything happen until no slice of work is due or in hand. Time passes only where somebody waits for it.
func (w *World) Settle() error { return w.until(w.idle, time.Time{}) }

// Advance lets d pass and everything happen that becomes due, and then settles.
func (w *World) Advance(d time.Duration) error {
	end := w.clock.Now().Add(d)
	if err := w.until(func() bool { return !w.clock.Now().Before(end) }, end); err != nil {
		return err
	}
	return w.Settle()
}

// until lets events happen until done says so when nothing more can happen at this moment. Time moves to the next
// moment that somebody waits for, at most to end where that is not zero.
func (w *World) until(done func() bool, end time.Time) error {
	for n := 0; ; n++ {
		if n > w.limit {
			return w.stuck("no end of events")
		}
		more, err := w.step()
		if err != nil {
			return err
		}
		if more || w.rouse() {
			continue
		}
		if done() {
			return nil
		}
		_, next := w.gate.free(w.clock.Now())
		switch {
		case !end.IsZero() && (next.IsZero() || next.After(end)):
			w.clock.set(end)
		case next.IsZero():
			return w.stuck("nothing can happen any more")
		default:
			w.clock.set(next)
		}
	}
}

// idle reports whether no slice is due now or in hand.
func (w *World) idle() bool {
	slices, err := w.proc.store.Slices(context.Background())
	if err != nil {
		return false
	}
	now := w.proc.now()
	for _, s := range slices {
		if s.Owner != "" || !s.Parked && !s.Due.After(now) {
			return false
		}
	}
	return true
}

// Crash drops the process as it stands and starts it again on the data directory as it was on the disk.
func (w *World) Crash() error {
	w.crashes++
	to := filepath.Join(w.dir, fmt.Sprintf("state-%d", w.crashes))
	all := append(w.others, w.proc) // whose store the others use
	for _, p := range all {
		w.gate.kill(p)
	}
	err := copyState(w.proc.dir, to)
	for _, p := range all {
		err = errors.Join(err, p.end())
	}
	w.others = nil
	if err != nil {
		return fmt.Errorf("simulation: the end of a crashed process: %w", err)
	}
	return w.startProcess(to)
}
