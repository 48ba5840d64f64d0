package engine

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// applier carries the changes of one result out, as many at a time as the destination's connections take. Any
// topological order of the changes' needs is valid; it starts what is free in the order of the result.
type applier struct {
	s    *spaceRun
	view *view

	width int            // changes under way at once
	ended sync.WaitGroup // of those

	mu      sync.Mutex // not held during a commit
	ready   intHeap
	waiting []int         // needs that are not met, by change
	blocks  map[int][]int // changes that need a change
	after   map[int][]int // changes that only wait until a change has ended
	changes []reconcile.Change
	left    int // changes neither done nor failed
	flying  int
	halt    error // no further change is started
	refused int   // refusals in a row, none accepted in between

	// begun: a write was begun. A slice begins one at least, however long planning took, so that it gets on.
	begun atomic.Bool

	// rowMu guards view.agreed, which grows while changes run. It is taken on the store's writer: whoever holds it must
	// not commit.
	rowMu sync.Mutex

	destMu sync.RWMutex
	dest   map[confluence.TwinID]destination
}

// destination is what is known about the destination's content of a twin while changes run.
type destination struct {
	id      confluence.ID
	version int
}

// errNeed marks a change that was not tried because one it needs has failed.
var errNeed = errors.New("what it needs has failed")

// apply carries out a result. finished is false when the slice's time ended first, or a person asked to stop; then the
// next slice decides afresh. wrote is false when nothing was sent. An error halts the run or fails the space.
func (s *spaceRun) apply(ctx context.Context, v *view, r reconcile.Result) (finished, wrote bool, err error) {
	a := newApplier(s, v, r)
	if least := s.e.opt.Now().Add(s.e.opt.Slice / 2); s.deadline.Before(least) {
		s.deadline = least // planning a large space takes long; what is planned is worth some work
	}
	a.width = 2 * max(1, s.concurrent()) // twice the connections, so that commits and calls overlap
	a.begin(ctx)
	a.ended.Wait()
	if a.halt != nil && !errors.Is(a.halt, errSliceOver) {
		return false, a.begun.Load(), a.halt
	}
	return a.left == 0, a.begun.Load(), ctx.Err()
}

// errSliceOver ends the starting of new changes without being a failure.
var errSliceOver = errors.New("slice is over")

// concurrent is how many connections the plan and the destination allow.
func (s *spaceRun) concurrent() int {
	n := s.ids[confluence.B].Caps.Concurrent
	if own := s.sites[confluence.B].row.Concurrent; own > 0 {
		n = own
	}
	if want := s.plan.Options.Concurrent; want > 0 && (n == 0 || want < n) {
		n = want
	}
	return max(1, n)
}

func newApplier(s *spaceRun, v *view, r reconcile.Result) *applier {
	a := &applier{s: s, view: v, changes: r.Changes, blocks: map[int][]int{}, after: map[int][]int{}, dest: map[confluence.TwinID]destination{}}
	for twin, row := range v.agreed {
		if id := row.ID[confluence.B]; id != "" && !row.Tomb {
			d := destination{id: id, version: row.Version[confluence.B]}
			if o := v.target[twin]; o != nil && o.Content.Version.Number > d.version {
				d.version = o.Content.Version.Number
			}
			a.dest[twin] = d
		}
	}
	a.waiting = make([]int, len(a.changes))
	a.left = len(a.changes)
	for i, c := range a.changes {
		a.waiting[i] = len(c.Needs) + len(c.Waits)
		for _, n := range c.Needs {
			a.blocks[n] = append(a.blocks[n], i)
		}
		for _, n := range c.Waits {
			a.after[n] = append(a.after[n], i)
		}
		if a.waiting[i] == 0 {
			heap.Push(&a.ready, i)
		}
	}
	return a
}

// begin starts what is free, as far as there is room. Each change has a goroutine of its own, which begins with what it
// has freed when it ends: nobody waits to be woken, so what starts is the same whoever runs first.
func (a *applier) begin(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.flying < a.width && len(a.ready) > 0 {
		if a.halt == nil {
			a.checkSlice(ctx)
		}
		if a.halt != nil {
			return
		}
		i := heap.Pop(&a.ready).(int)
		a.flying++
		a.ended.Add(1)
		a.s.e.opt.Go(func() {
			defer a.ended.Done()
			a.done(ctx, i, a.carry(ctx, a.changes[i]))
		})
	}
}

// checkSlice ends starting when the slice's time is over or somebody wants the run to pause or stop. Its caller holds mu.
func (a *applier) checkSlice(ctx context.Context) {
	switch {
	case ctx.Err() != nil, a.begun.Load() && !a.s.e.opt.Now().Before(a.s.deadline), a.s.meter.wanted():
		a.halt = errSliceOver
	}
}

// done records the end of a change, frees or fails what waits for it, and begins with what is free.
func (a *applier) done(ctx context.Context, i int, err error) {
	for _, j := range a.settle(i, err) {
		if err := a.s.notTried(ctx, a.view, a.changes[j]); err != nil {
			a.stop(err)
		}
	}
	a.mu.Lock()
	a.flying--
	a.mu.Unlock()
	a.begin(ctx)
}

// stop ends the starting of new changes with an error.
func (a *applier) stop(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.halt == nil || errors.Is(a.halt, errSliceOver) {
		a.halt = err
	}
}

// settle takes the end of a change into account and returns the changes that are lost with it.
func (a *applier) settle(i int, err error) (lost []int) {
	if err != nil && halts(err) {
		a.stop(err)
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left--
	a.free(a.after[i])
	if err == nil {
		a.refused = 0
		a.free(a.blocks[i])
		return nil
	}
	if !errors.Is(err, errNeed) {
		a.countRefusal(err)
	}
	return a.failDependents(i)
}

// free takes one thing off what each of these waits for.
func (a *applier) free(changes []int) {
	for _, j := range changes {
		if a.waiting[j]--; a.waiting[j] == 0 {
			heap.Push(&a.ready, j)
		}
	}
}

// refusalsToHalt is how many refusals in a row by permission, with nothing accepted in between, are taken as a sign that
// the account may not write there at all.
const refusalsToHalt = 5

func (a *applier) countRefusal(err error) {
	class := confluence.ClassOf(err)
	if class != confluence.ClassForbidden && class != confluence.ClassNotFound {
		return
	}
	if a.refused++; a.refused >= refusalsToHalt && a.halt == nil {
		e := confluence.Errorf(confluence.CodeBlindAccount, "the account may not write to space %s", a.s.pair.Keys[confluence.B])
		e.Where = confluence.Where{Site: a.s.sites[confluence.B].row.Name, Space: a.s.pair.Keys[confluence.B]}
		a.halt = e.Because(err)
	}
}

// failDependents fails everything that needs change i, once each, and returns what is to be reported as not tried.
func (a *applier) failDependents(i int) (lost []int) {
	queue := a.blocks[i]
	for len(queue) > 0 {
		j := queue[0]
		queue = queue[1:]
		if a.waiting[j] < 0 {
			continue
		}
		a.waiting[j] = failedForGood
		a.left--
		a.free(a.after[j])
		if a.changes[j].Relink {
			continue // what it waits for is not there yet; the relink phase says so
		}
		lost = append(lost, j)
		queue = append(queue, a.blocks[j]...)
	}
	return lost
}

// failedForGood keeps a change that failed with what it needs from ever becoming free.
const failedForGood = -1 << 30

// halts reports whether an error ends the run instead of one content: the site cannot be used at all, or what was done
// cannot be known or recorded.
func halts(err error) bool {
	var e *confluence.Error
	if !errors.As(err, &e) {
		return !errors.Is(err, errNeed)
	}
	switch e.Class() {
	case confluence.ClassUnauthorized, confluence.ClassUnavailable, confluence.ClassLimited, confluence.ClassInternal:
		return true
	}
	return e.Code == confluence.CodeOtherSite || e.Code == confluence.CodeReadOnlySite || e.Code == confluence.CodeBlindAccount
}

// destOf returns what is known about a twin at the destination.
func (a *applier) destOf(twin confluence.TwinID) (destination, bool) {
	a.destMu.RLock()
	defer a.destMu.RUnlock()
	d, ok := a.dest[twin]
	return d, ok && d.id != ""
}

func (a *applier) learn(twin confluence.TwinID, d destination) {
	a.destMu.Lock()
	defer a.destMu.Unlock()
	d.version = max(d.version, a.dest[twin].version) // news of two writes may come in either order
	a.dest[twin] = d
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
