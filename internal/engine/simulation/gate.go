package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// errCrashed is what everything gets that a dead process still tries.
var errCrashed = errors.New("simulation: the process has crashed")

// Kind says what is parked at the gate.
type Kind string

// The kinds of events, in the order in which they are let through where no seed decides.
const (
	Committed Kind = "committed" // a commit is durable and its caller does not know yet
	Answer    Kind = "answer"    // a request had its effect; its answer is on the way back
	Start     Kind = "start"     // a goroutine is about to begin
	Point     Kind = "point"     // a write passes before-call, after-call or after-outcome
	Commit    Kind = "commit"    // a transaction is about to begin
	Request   Kind = "request"   // a request is on its way
	Timer     Kind = "timer"     // a time has come that somebody waited for
)

var kinds = []Kind{Committed, Answer, Start, Point, Commit, Request, Timer}

// Event is one thing that may happen next.
type Event struct {
	Kind Kind
	Key  string // unique among what is parked, and the same in every run of a seed
	// Call is the call of a Request or an Answer.
	Call *Call
	// Point and Verb are those of a Point.
	Point     string
	Verb      confluence.Verb
	overslept bool // of a process that slept while another took over
	// Intent says of a Commit that it is to record what is about to be written to a site.
	Intent bool
}

// ticket is an event that waits to be let through.
type ticket struct {
	Event
	proc *process      // nil: of a site
	due  time.Time     // of a timer
	fire func()        // a timer without a goroutine that waits
	open chan struct{} // closed when it may go on
	err  error         // set before open is closed
	gone bool
}

// gate holds what is parked. It is safe for concurrent use.
type gate struct {
	mu      sync.Mutex
	tickets map[*ticket]struct{}
	threads map[unsafe.Pointer]*thread // by mark of the goroutine
}

// thread is a goroutine of a simulated process. Its name says which of its parent's children it is, so that it is the
// same in every run.
type thread struct {
	name     string
	proc     *process
	children int
	events   int
	ids      int
	minted   bool // an id for what is about to be written; the next commit records it
	verb     confluence.Verb
}

func newGate() *gate {
	return &gate{tickets: map[*ticket]struct{}{}, threads: map[unsafe.Pointer]*thread{}}
}

// self returns the thread of the calling goroutine.
func (g *gate) self() *thread {
	id := goroutineMark()
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.threads[id]
	if t == nil {
		// The scheduler's own, or one that nobody announced: what it does is told by its content.
		t = &thread{name: "-"}
		g.threads[id] = t
	}
	return t
}

// enter makes the calling goroutine a thread until leave.
func (g *gate) enter(name string, proc *process) (leave func()) {
	id := markGoroutine()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.threads[id] = &thread{name: name, proc: proc}
	return func() {
		unmarkGoroutine()
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.threads, id)
	}
}

// child names a goroutine that the caller is about to start.
func (g *gate) child() string {
	t := g.self()
	t.children++
	return fmt.Sprintf("%s/%03d", t.name, t.children)
}

// next names an event of the calling goroutine.
func (g *gate) next() string {
	t := g.self()
	t.events++
	return fmt.Sprintf("%s#%05d", t.name, t.events)
}

// add parks a ticket without waiting for it. A dead process parks nothing.
func (g *gate) add(t *ticket) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.proc != nil && t.proc.dead {
		return errCrashed
	}
	g.tickets[t] = struct{}{}
	return nil
}

// pass parks the caller until the scheduler lets it through, ctx ends, or its process crashes.
func (g *gate) pass(ctx context.Context, t *ticket) error {
	t.open = make(chan struct{})
	if err := g.add(t); err != nil {
		return err
	}
	select {
	case <-t.open:
		return t.err
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.gone {
		<-t.open
		return t.err
	}
	t.gone = true
	delete(g.tickets, t)
	return ctx.Err()
}

// remove takes a timer back and reports whether it had not fired.
func (g *gate) remove(t *ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.gone {
		return false
	}
	t.gone = true
	delete(g.tickets, t)
	return true
}

// release lets a ticket through, with an error where its process is dead.
func (g *gate) release(t *ticket, err error) {
	g.mu.Lock()
	if t.gone {
		g.mu.Unlock()
		return
	}
	t.gone, t.err = true, err
	delete(g.tickets, t)
	g.mu.Unlock()
	if t.fire != nil {
		t.fire()
		return
	}
	close(t.open)
}

// free returns what may go on at a time, sorted, and the earliest time that somebody waits for; zero if nobody does.
func (g *gate) free(now time.Time) (now1 []*ticket, earliest time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.tickets {
		if t.proc != nil && t.proc.asleep {
			continue
		}
		if t.Kind == Timer && t.due.After(now) {
			if earliest.IsZero() || t.due.Before(earliest) {
				earliest = t.due
			}
			continue
		}
		now1 = append(now1, t)
	}
	slices.SortFunc(now1, func(a, b *ticket) int {
		if d := slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
	return now1, earliest
}

// kill marks a process as dead and gives everything of it that is parked an error.
func (g *gate) kill(p *process) {
	g.mu.Lock()
	p.dead = true
	var rest []*ticket
	for t := range g.tickets {
		if t.proc == p {
			rest = append(rest, t)
		}
	}
	g.mu.Unlock()
	for _, t := range rest {
		g.release(t, errCrashed)
	}
}

// story lists what is parked, for the message of a run that does not end.
func (g *gate) story() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var lines []string
	for t := range g.tickets {
		line := string(t.Kind) + " " + t.Key
		if t.Kind == Timer {
			line += " " + t.due.Format(time.RFC3339Nano)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
