package emulator

import (
	"maps"
	"slices"
	"time"
)

// past keeps earlier states of the site for stale reads, guarded by the Site's lock. It keeps nothing unless a rule asks
// for it, and then at most pastSteps+1 states of the last window: structure and metadata, about 600 bytes a content;
// bodies and files stand in the heap anyway. A stale read is therefore up to window/pastSteps younger than it was asked
// to be where writes follow each other faster than that, and exact elsewhere.
type past struct {
	window time.Duration
	states []state // oldest first
}

// state is the site just before a write at that time.
type state struct {
	at    time.Time
	world *world
}

const pastSteps = 16

// keepFor sets how far back stale reads go; 0 keeps nothing.
func (p *past) keepFor(window time.Duration) {
	p.window = window
	if window == 0 {
		p.states = nil
	}
}

// change takes the lock for a change, and keeps the state before it if a rule needs that. It returns what unlocks.
func (s *Site) change(now time.Time) (unlock func()) {
	s.mu.Lock()
	p := &s.past
	if p.window > 0 {
		p.states = slices.DeleteFunc(p.states, func(old state) bool { return old.at.Before(now.Add(-p.window)) })
		if n := len(p.states); n == 0 || now.Sub(p.states[n-1].at) >= p.window/pastSteps {
			p.states = append(p.states, state{at: now, world: s.world.clone()})
		}
	}
	return s.mu.Unlock
}

// asOf returns the site as it was then, or the site itself if nothing was written since. The lock must be held while
// the answer is used.
func (s *Site) asOf(then time.Time) *Site {
	for _, old := range s.past.states {
		if old.at.After(then) {
			return &Site{
				opts: s.opts, clock: s.clock, cloudID: s.cloudID, product: s.product, heap: s.heap, books: s.books, faults: s.faults,
				late: s.late, courier: s.courier, set: s.set, world: old.world, people: s.people, instance: s.instance,
			}
		}
	}
	return s
}

// clone copies the world but for what no read looks at. Bodies, files, labels and accounts are shared: they never change.
func (w *world) clone() *world {
	out := &world{
		next: w.next, doubles: w.doubles, contents: make(map[int64]*content, len(w.contents)), titles: map[titleKey]*content{},
		spaces: make([]*space, len(w.spaces)), keys: make(map[string]*space, len(w.keys)), labels: map[string]*label{},
		labelIDs: maps.Clone(w.labelIDs), lagging: make(map[*content]treeLag, len(w.lagging)), annex: w.annex,
	}
	spaces := make(map[*space]*space, len(w.spaces))
	for i, s := range w.spaces {
		copied := *s
		spaces[s], out.spaces[i] = &copied, &copied
	}
	for key, s := range w.keys {
		out.keys[key] = spaces[s]
	}
	for id, c := range w.contents {
		copied := *c
		out.contents[id] = &copied
	}
	t := twins{out, spaces}
	for _, c := range out.contents {
		t.fixContent(c)
	}
	for _, s := range out.spaces {
		t.fixSpace(s)
	}
	for c, l := range w.lagging {
		l.parent = t.of(l.parent)
		out.lagging[t.of(c)] = l
	}
	out.files, out.comments, out.todos = t.list(w.files), t.list(w.comments), maps.Clone(w.todos)
	return out
}

// twins finds the copies of contents and spaces.
type twins struct {
	in     *world
	spaces map[*space]*space
}

// of returns the copy; what is not part of the site any more stands for itself.
func (t twins) of(c *content) *content {
	if c == nil {
		return nil
	}
	if twin := t.in.contents[c.id]; twin != nil {
		return twin
	}
	return c
}

func (t twins) list(from []*content) []*content {
	if from == nil {
		return nil
	}
	out := make([]*content, len(from))
	for i, c := range from {
		out[i] = t.of(c)
	}
	return out
}

func (t twins) fixContent(c *content) {
	if s := t.spaces[c.space]; s != nil {
		c.space = s
	}
	c.parent, c.kids = t.of(c.parent), t.list(c.kids)
	c.older, c.labels = slices.Clone(c.older), slices.Clone(c.labels)
	if c.more == nil {
		return
	}
	m := *c.more
	m.former = t.of(m.former)
	m.files, m.comments, m.props = t.list(m.files), t.list(m.comments), cloneAll(m.props)
	m.customs = t.list(m.customs)
	if m.remark != nil {
		r := *m.remark
		r.replyTo = t.of(r.replyTo)
		m.remark = &r
	}
	c.more = &m
}

func (t twins) fixSpace(s *space) {
	s.home = t.of(s.home)
	s.changes = slices.Clone(s.changes)
	for i := range s.changes {
		s.changes[i].content = t.of(s.changes[i].content)
	}
	s.roots, s.pages, s.blogs, s.folders = t.list(s.roots), t.list(s.pages), t.list(s.blogs), t.list(s.folders)
	s.grants, s.props = cloneAll(s.grants), cloneAll(s.props)
	s.roles, s.labels = slices.Clone(s.roles), slices.Clone(s.labels)
}

func cloneAll[T any](from []*T) []*T {
	out := slices.Clone(from)
	for i, v := range out {
		copied := *v
		out[i] = &copied
	}
	return out
}
