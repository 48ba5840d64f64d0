package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// meter counts the work of one space while it runs. It is what people look at; nothing is decided by it.
type meter struct {
	e          *Engine
	run, space string
	stop       atomic.Bool // somebody wants the run to pause or to stop

	mu     sync.Mutex
	task   migration.Task
	seen   map[meterKey]struct{}
	reads  [2]int // contents read in this slice
	sites  [2]*site
	marks  []mark
	told   time.Time
	failCt map[meterKey]struct{}
}

// meterKey stands for one content in one tally: written twice, it still arrives once. A large space has many of them.
type meterKey uint64

// key returns what a change counts towards, nil for nothing, and what stands for its content there.
func (m *meter) key(ch reconcile.Change) (*migration.Tally, meterKey) {
	t := tallies(&m.task.Counts, ch)
	for i, x := range m.all() {
		if x == t {
			return t, meterKey(hashText(string(ch.Twin)) + uint64(i))
		}
	}
	return nil, 0
}

// all are the tallies.
func (m *meter) all() [6]*migration.Tally {
	c := &m.task.Counts
	return [...]*migration.Tally{&c.Pages, &c.BlogPosts, &c.Attachments, &c.Comments, &c.Labels, &c.Restrictions}
}

// mark is a moment and how much was done then; rates are taken over the last minute.
type mark struct {
	at   time.Time
	done int
}

const rateWindow = time.Minute

func (e *Engine) meterOf(run, space string, task migration.Task, sites [2]*site) *meter {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := sliceKey(run, space)
	m := e.live[key]
	if m == nil {
		m = &meter{e: e, run: run, space: space, seen: map[meterKey]struct{}{}, failCt: map[meterKey]struct{}{}}
		e.live[key] = m
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.task.Status == task.Status && m.task.Phase == task.Phase {
		task.Counts = m.task.Counts // newer than what was saved
	}
	m.task, m.sites = task, sites
	return m
}

// tallies returns the tallies that a change counts towards.
func tallies(c *migration.Counts, ch reconcile.Change) *migration.Tally {
	switch ch.Verb {
	case confluence.VerbPost, confluence.VerbPut:
		switch ch.Kind {
		case confluence.Page:
			return &c.Pages
		case confluence.BlogPost:
			return &c.BlogPosts
		}
	case confluence.VerbAttach, confluence.VerbReplace:
		return &c.Attachments
	case confluence.VerbComment, confluence.VerbRecomment:
		return &c.Comments
	case confluence.VerbLabel:
		return &c.Labels
	case confluence.VerbRestrict:
		return &c.Restrictions
	}
	return nil
}

// setTotals starts the tallies: everything there is, all of it still to be looked at.
func (m *meter) setTotals(c migration.Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.task.Counts = c
	m.seen = map[meterKey]struct{}{}
	m.failCt = map[meterKey]struct{}{}
}

// plan sets what is done already: everything that needs no change.
func (m *meter) plan(r reconcile.Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	todo := map[*migration.Tally]int{}
	seen := map[meterKey]struct{}{}
	for call, n := range r.Later {
		if t := tallies(&m.task.Counts, reconcile.Change{Verb: call.Verb, Kind: call.Kind}); t != nil && !call.Relink {
			todo[t] += n
		}
	}
	for _, ch := range r.Changes {
		t, k := m.key(ch)
		if _, again := seen[k]; t != nil && !ch.Relink && !again {
			seen[k] = struct{}{}
			todo[t]++
		}
	}
	for _, t := range m.all() {
		done := max(0, t.Total-todo[t]-t.Failed)
		if t.Done == 0 {
			t.Unchanged = done
		}
		t.Done = max(t.Done, done)
	}
	m.marks = append(m.marks, mark{m.e.opt.Now(), m.doneLocked()})
}

func (m *meter) done(ch reconcile.Change) {
	m.mu.Lock()
	m.task.Arrived = true
	t, k := m.key(ch)
	if _, again := m.seen[k]; t != nil && !again && t.Done+t.Failed < t.Total {
		m.seen[k] = struct{}{}
		t.Done++
	}
	m.marks = append(m.marks, mark{m.e.opt.Now(), m.doneLocked()})
	m.trim()
	m.mu.Unlock()
	m.tell()
}

// failed counts a content that did not arrive as it should. What had arrived in part was counted as done, and is no more.
func (m *meter) failed(ch reconcile.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, k := m.key(ch)
	if _, again := m.failCt[k]; t != nil && !again {
		m.failCt[k] = struct{}{}
		t.Failed = min(t.Failed+1, t.Total)
		t.Done = min(t.Done, t.Total-t.Failed)
	}
}

func (m *meter) read(side confluence.Side, n int) {
	m.mu.Lock()
	m.reads[side] += n
	m.mu.Unlock()
	m.tell()
}

func (m *meter) doneLocked() int {
	c := m.task.Counts
	return c.Pages.Done + c.BlogPosts.Done + c.Attachments.Done + c.Comments.Done
}

func (m *meter) trim() {
	since := m.e.opt.Now().Add(-rateWindow)
	for len(m.marks) > 2 && m.marks[1].at.Before(since) {
		m.marks = m.marks[1:]
	}
}

// tell sends progress to whoever listens, at most four times a second.
func (m *meter) tell() {
	now := m.e.opt.Now()
	m.mu.Lock()
	if now.Sub(m.told) < 250*time.Millisecond {
		m.mu.Unlock()
		return
	}
	m.told = now
	m.mu.Unlock()
	m.e.hub.publish(Event{Kind: EventProgress, Run: m.run, Space: m.space, At: now.UTC()})
}

// store copies the counts into the row that is about to be written.
func (m *meter) store(t *migration.Task) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.Counts, t.Arrived = m.task.Counts, t.Arrived || m.task.Arrived
	m.task.Phase, m.task.Status = t.Phase, t.Status
}

func (m *meter) wanted() bool { return m.stop.Load() }

// flush adds the calls made since the last flush to the run.
func (m *meter) flush() {
	m.mu.Lock()
	sites := m.sites
	m.mu.Unlock()
	var sent [2]int64
	for _, side := range confluence.Sides {
		sent[side] = sites[side].calls.take(sites[side].reader)
	}
	if sent == [2]int64{} {
		return
	}
	err := m.e.store.Commit(context.Background(), store.Lease{}, func(tx *store.Tx) error {
		for _, side := range confluence.Sides {
			if err := tx.AddCalls(m.run, side, sent[side]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.e.opt.Log.Warn("calls not counted", "run", m.run, "error", err)
	}
}

// rate returns contents a second over the last minute, 0 while nothing can be said.
func (m *meter) rate() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trim()
	if len(m.marks) < 2 {
		return 0
	}
	first, last := m.marks[0], m.marks[len(m.marks)-1]
	span := last.at.Sub(first.at).Seconds()
	if span <= 0 {
		return 0
	}
	return float64(last.done-first.done) / span
}

func (m *meter) snapshot() migration.Task {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.task
}
