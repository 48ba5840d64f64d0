package engine

import (
	"container/heap"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// applier carries the changes of one result out, as many at a time as the destination's connections take. Any
// topological order of the changes' needs is valid; it starts what is free in the order of the result.
type applier struct {
	s    *work
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
	halt    error  // no further change is started
	refused [2]int // refusals of a side in a row, none accepted in between

	overtaken atomic.Bool // somebody was quicker than a change: there is something to decide anew

	// seenMu guards what view.seen points at, which changes as writes show at once. It is held by nobody who takes another.
	seenMu sync.RWMutex

	// begun: a write was begun. A slice begins one at least, however long planning took, so that it gets on.
	begun atomic.Bool

	fresh freshener

	// rowMu guards view.agreed, which grows while changes run. It is taken on the store's writer: whoever holds it must
	// not commit.
	rowMu sync.Mutex

	// outsets are what changes under way began with, by their number.
	outsetMu sync.Mutex
	outsets  map[int]outset

	destMu sync.RWMutex
	dest   [2]map[confluence.TwinID]destination
	titles [2]map[confluence.TwinID]string // that contents get on a side
}

// destination is what is known about a side's content of a twin while changes run.
type destination struct {
	id      confluence.ID
	version int
	sent    confluence.Digest // blob of the body that made this version, if it was sent here
	says    confluence.Digest // its content digest
	title   string            // as it was sent last; empty: not sent
}

// errNeed marks a change that was not tried because one it needs has failed.
var errNeed = errors.New("what it needs has failed")

// errOvertaken marks a change that was not made because somebody at the side was quicker.
var errOvertaken = errors.New("overtaken")

// apply carries out a result. finished is false when the slice's time ended first, or a person asked to stop; then the
// next slice decides afresh. wrote is false when nothing was sent. An error halts the run or fails the space.
func (s *work) apply(ctx context.Context, v *view, r reconcile.Result) (finished, wrote bool, err error) {
	a := newApplier(s, v, r)
	// Planning a large space takes long; what is planned is worth some work, so that a space twice as large takes twice as
	// long.
	if least := s.e.opt.Now().Add(max(s.e.opt.Slice/2, worthOfPlanning*s.planning)); s.deadline.Before(least) {
		s.deadline = least
	}
	a.width = 2 * a.connections() // twice the connections, so that commits and calls overlap
	a.begin(ctx)
	a.ended.Wait()
	s.again = a.overtaken.Load()
	if a.halt != nil && !errors.Is(a.halt, errSliceOver) {
		return false, a.begun.Load(), a.halt
	}
	return a.left == 0, a.begun.Load(), ctx.Err()
}

// worthOfPlanning is how many times as long as planning took changes are carried out at least, before a plan is made anew.
const worthOfPlanning = 8

// errSliceOver ends the starting of new changes without being a failure.
var errSliceOver = errors.New("slice is over")

// connections is how many calls the sides that are written to take at a time.
func (a *applier) connections() int {
	var written [2]bool
	for _, c := range a.changes {
		written[c.Side] = true
	}
	n := 0
	for _, side := range confluence.Sides {
		if written[side] {
			n += a.s.connections(side)
		}
	}
	return max(1, n)
}

func newApplier(s *work, v *view, r reconcile.Result) *applier {
	a := &applier{s: s, view: v, changes: r.Changes, fresh: newFreshener(), blocks: map[int][]int{}, after: map[int][]int{}, outsets: map[int]outset{}}
	for _, side := range confluence.Sides {
		a.dest[side], a.titles[side] = map[confluence.TwinID]destination{}, map[confluence.TwinID]string{}
	}
	for _, c := range r.Changes {
		if c.Facets.Has(reconcile.Title) {
			a.titles[c.Side][c.Twin] = c.Title // a temporary title comes before the one that stays
		}
	}
	if planted.On(planted.ContentFirst) {
		contentFirst(a.changes)
	}
	a.waiting = make([]int, len(a.changes))
	a.left = len(a.changes)
	for i, c := range a.changes {
		a.waiting[i] = len(c.Needs) + len(c.Waits)
		if planted.On(planted.NeedsIgnored) {
			a.waiting[i] = 0
		}
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
		if planted.On(planted.NoOrder) {
			heap.Push(&a.ready, i)
			i = heap.Remove(&a.ready, rand.IntN(len(a.ready))).(int)
		}
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
	case ctx.Err() != nil, a.begun.Load() && !a.s.e.opt.Now().Before(a.s.deadline), a.s.gauge.wanted():
		a.halt = errSliceOver
	}
}

// done records the end of a change, frees or fails what waits for it, and begins with what is free.
func (a *applier) done(ctx context.Context, i int, err error) {
	for _, j := range a.settle(i, err) {
		if errors.Is(err, errOvertaken) {
			continue // the next plan decides about it
		}
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
		a.refused[a.changes[i].Side] = 0
		a.free(a.blocks[i])
		return nil
	}
	if !errors.Is(err, errNeed) {
		a.countRefusal(a.changes[i].Side, err)
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

func (a *applier) countRefusal(side confluence.Side, err error) {
	class := confluence.ClassOf(err)
	if class != confluence.ClassForbidden && class != confluence.ClassNotFound {
		return
	}
	if a.refused[side]++; a.refused[side] >= refusalsToHalt && a.halt == nil {
		key := a.s.pair.Keys[side]
		e := confluence.Errorf(confluence.CodeBlindAccount, "the account may not write to space %s", key)
		e.Where = confluence.Where{Site: a.s.sites[side].row.Name, Space: key}
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
		return !errors.Is(err, errNeed) && !errors.Is(err, errOvertaken)
	}
	switch e.Class() {
	case confluence.ClassUnauthorized, confluence.ClassUnavailable, confluence.ClassLimited, confluence.ClassInternal:
		return true
	}
	return e.Code == confluence.CodeOtherSite || e.Code == confluence.CodeReadOnlySite || e.Code == confluence.CodeBlindAccount
}

// destOf returns what is known about a twin on a side. What people made there and nothing was carried from yet is known by
// what the side shows.
func (a *applier) destOf(side confluence.Side, twin confluence.TwinID) (destination, bool) {
	a.destMu.RLock()
	d, ok := a.dest[side][twin]
	a.destMu.RUnlock()
	if !ok {
		d = a.destBefore(side, twin)
	}
	if ok || d.id != "" || !a.s.paired {
		return d, d.id != ""
	}
	o := a.shown(side, twin)
	if o == nil || statusOrCurrent(o.Content) != confluence.Current {
		return destination{}, false
	}
	return destination{id: o.Content.ID, version: o.Content.Version.Number}, true
}

// destBefore is what was agreed about a twin on a side when the changes began.
func (a *applier) destBefore(side confluence.Side, twin confluence.TwinID) (d destination) {
	row := a.view.agreed.get(twin)
	if row == nil || row.ID[side] == "" {
		return d
	}
	d = destination{id: row.ID[side], version: row.Version[side]}
	if o := a.view.seen[side].get(twin); o != nil {
		d.version = max(d.version, o.Content.Version.Number)
	}
	return d
}

// shown is what a side is known to show of a twin at this moment; nil if nothing is.
func (a *applier) shown(side confluence.Side, twin confluence.TwinID) *store.Observed {
	a.seenMu.RLock()
	defer a.seenMu.RUnlock()
	return a.view.seen[side].get(twin)
}

// alter changes what a side is known to show of a content, and returns what it is then, to be stored; nil where it was
// not read yet.
func (a *applier) alter(side confluence.Side, twin confluence.TwinID, edit func(*confluence.Content)) *store.Observed {
	a.seenMu.Lock()
	defer a.seenMu.Unlock()
	o := a.view.seen[side].get(twin)
	if o == nil {
		return nil
	}
	edit(&o.Content)
	a.view.seen[side].put(twin, o)
	return o
}

// touch notes that a content of a side was written to, so that it is read again.
func (a *applier) touch(side confluence.Side, twin confluence.TwinID) {
	a.s.touchedMu.Lock()
	defer a.s.touchedMu.Unlock()
	if a.s.touched[side] == nil {
		a.s.touched[side] = map[confluence.TwinID]bool{}
	}
	a.s.touched[side][twin] = true
}

func (a *applier) learn(side confluence.Side, twin confluence.TwinID, d destination) {
	a.destMu.Lock()
	defer a.destMu.Unlock()
	was, known := a.dest[side][twin]
	if !known {
		was = a.destBefore(side, twin)
	}
	if was.version > d.version { // news of two writes may come in either order
		d.version, d.sent, d.says, d.title = was.version, was.sent, was.says, was.title
	}
	if d.title == "" {
		d.title = was.title
	}
	a.dest[side][twin] = d
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
