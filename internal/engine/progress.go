package engine

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// EventKind says what an event is about.
type EventKind string

// The kinds of events.
const (
	EventProgress EventKind = "progress" // counts have moved: ask Progress
	EventStatus   EventKind = "status"   // a run or task has another status
	EventLog      EventKind = "log"      // a line was added to the run's log
	EventPair     EventKind = "pair"     // a pair has another state, or is asked for one: ask Pair
	EventCycle    EventKind = "cycle"    // a cycle of a pair began or ended
	EventConflict EventKind = "conflict" // conflicts of a pair were opened or closed
)

// Event is one thing that happened to a run. Events are hints: whoever missed some asks Progress.
type Event struct {
	Kind  EventKind `json:"kind"`
	Run   string    `json:"run"`
	Pair  string    `json:"pair,omitempty"` // name
	Space string    `json:"space,omitempty"`
	Text  string    `json:"text,omitempty"`
	At    time.Time `json:"at"`
}

// hub hands events to subscribers; a slow one loses events instead of holding up the work.
type hub struct {
	mu   sync.Mutex
	next int
	subs map[int]chan Event
}

func (h *hub) publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.subs {
		select {
		case c <- e:
		default:
		}
	}
}

func (h *hub) subscribe() (<-chan Event, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = map[int]chan Event{}
	}
	id := h.next
	h.next++
	c := make(chan Event, 64)
	h.subs[id] = c
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, id)
	}
}

// Subscribe returns a channel of events and a function that ends the subscription.
func (e *Engine) Subscribe() (<-chan Event, func()) { return e.hub.subscribe() }

// Progress says how a run stands.
type Progress struct {
	Run      store.Run      `json:"run"`
	Tasks    []TaskProgress `json:"tasks"`
	Done     int            `json:"done"`  // pages, blog posts, attachments and comments
	Total    int            `json:"total"` // of the spaces surveyed so far
	Failures int            `json:"failures"`
	Rate     float64        `json:"rate"` // a second, over the last minute; 0 = nothing can be said
	// ETA is the range of seconds until the contents have arrived; both 0 = nothing can be said.
	ETA [2]int `json:"eta"`
}

// TaskProgress is how one space of a run stands.
type TaskProgress struct {
	migration.Task
	Rate float64 `json:"rate"`
}

// Progress returns how a run stands now: from memory while this process works on it, else as it was last saved. It never
// goes back but where a content that had arrived in part fails.
func (e *Engine) Progress(ctx context.Context, run string) (Progress, error) {
	// What is in memory is read first: a row that is read after it is at least as new.
	live := e.liveTasks(run)
	r, err := e.store.Run(ctx, run)
	if err != nil {
		return Progress{}, err
	}
	rows, err := e.store.Tasks(ctx, run)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Run: r}
	for _, row := range rows {
		t := TaskProgress{Task: row.Task}
		if now, ok := live[row.Space]; ok && !row.Task.Status.Final() && now.Status == row.Task.Status {
			t.Counts = now.Counts
			if r.Status == migration.PlanRunning {
				t.Rate = now.Rate
			}
		}
		p.add(t)
	}
	if r.Status == migration.PlanRunning {
		p.estimate()
	}
	return p, nil
}

// liveTasks are the spaces of a run that this process has worked on, as they stand in memory.
func (e *Engine) liveTasks(run string) map[string]TaskProgress {
	e.mu.Lock()
	var meters []*meter
	for _, m := range e.live {
		if m.run == run {
			meters = append(meters, m)
		}
	}
	e.mu.Unlock()
	out := map[string]TaskProgress{}
	for _, m := range meters {
		out[m.space] = TaskProgress{m.snapshot(), m.rate()}
	}
	return out
}

func (p *Progress) add(t TaskProgress) {
	p.Tasks = append(p.Tasks, t)
	p.Rate += t.Rate
	for _, c := range []migration.Tally{t.Counts.Pages, t.Counts.BlogPosts, t.Counts.Attachments, t.Counts.Comments} {
		p.Done += c.Done
		p.Total += c.Total
		p.Failures += c.Failed
	}
}

// estimate gives a range: the rate of the last minute, give or take a quarter.
func (p *Progress) estimate() {
	left := p.Total - p.Done - p.Failures
	if p.Rate <= 0 || left <= 0 {
		return
	}
	seconds := float64(left) / p.Rate
	p.ETA = [2]int{int(math.Floor(seconds * 0.8)), int(math.Ceil(seconds * 1.25))}
}

// say adds a line to a run's log and tells whoever listens. A log that cannot be written ends nothing.
func (e *Engine) say(ctx context.Context, run, space, level string, code confluence.Code, text string) {
	now := e.opt.Now().UTC()
	err := e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		return tx.Log(run, store.LogLine{At: now, Level: level, Code: code, Space: space, Text: text})
	})
	if err != nil {
		e.opt.Log.Warn("log line not written", "run", run, "error", err)
	}
	e.hub.publish(Event{Kind: EventLog, Run: run, Space: space, Text: text, At: now})
}
