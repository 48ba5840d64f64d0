package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// A cycle writes a few rows and then looks again. Loading all of its space for that would cost what the space is large:
// instead the rows that were written are read into the view that is there, as long as they change nothing of it but
// themselves. What may reach further, a title, a deletion, a name, has the view loaded anew.

// news names the rows that were written since the view was loaded. It is safe for concurrent use.
type news struct {
	mu     sync.Mutex
	shown  [2]map[confluence.ID]bool
	agreed map[confluence.TwinID]bool
	more   bool // and others, which are not named
}

func (n *news) add(pair int64, rows []store.Touched, more bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.more = n.more || more
	for _, r := range rows {
		switch {
		case r.Pair != pair:
		case r.Twin != "":
			put(&n.agreed, r.Twin, true)
		default:
			put(&n.shown[r.Side], r.ID, true)
		}
	}
	if len(n.agreed)+len(n.shown[0])+len(n.shown[1]) > mostFollowed {
		n.agreed, n.shown, n.more = nil, [2]map[confluence.ID]bool{}, true
	}
}

func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// take returns what was written, and forgets it.
func (n *news) take() (shown [2]map[confluence.ID]bool, agreed map[confluence.TwinID]bool, more bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	shown, agreed, more = n.shown, n.agreed, n.more
	n.shown, n.agreed, n.more = [2]map[confluence.ID]bool{}, nil, false
	return shown, agreed, more
}

// mostFollowed is how many rows are read one by one. Of more, reading all of them in their order costs less.
const mostFollowed = 200

// follow reads what was written since a view was loaded into it. ok is false where the view has to be loaded anew.
func (s *work) follow(ctx context.Context, v *view) (ok bool, err error) {
	shown, agreed, more := s.news.take()
	for _, side := range confluence.Sides {
		for _, twin := range v.seen[side].touched() {
			if o := v.seen[side].get(twin); o != nil {
				put(&shown[side], o.Content.ID, true)
			}
		}
		for id := range shown[side] {
			put(&agreed, s.twinOf(side, id), true) // what is recalled of it follows from both
		}
	}
	for _, twin := range v.agreed.touched() {
		put(&agreed, twin, true)
	}
	if more || len(agreed)+len(shown[0])+len(shown[1]) > mostFollowed {
		return false, nil
	}
	if given, err := s.textGiven(ctx); err != nil || given {
		return false, err // it may lead into any space
	}
	if ok, err = s.followAgreed(ctx, v, agreed); err != nil || !ok {
		return false, err
	}
	for _, side := range confluence.Sides {
		if ok, err = s.followShown(ctx, v, side, shown[side]); err != nil || !ok {
			return false, err
		}
	}
	v.home = s.chooseHome(v)
	s.build(v)
	v.watch()
	return true, nil
}

// followAgreed reads rows of the baseline. New ones, and ids that are new, must not be known by any other name.
func (s *work) followAgreed(ctx context.Context, v *view, twins map[confluence.TwinID]bool) (bool, error) {
	rows, err := s.e.store.AgreedByTwin(ctx, s.pair.ID, sortedKeys(twins)...)
	if err != nil {
		return false, err
	}
	there := map[confluence.TwinID]bool{}
	for i := range rows {
		a := &rows[i]
		there[a.Twin] = true
		if a.Tomb || a.Kind == confluence.BlogPost && !v.agreed.has(a.Twin) {
			return false, nil
		}
		if was := v.agreed.get(a.Twin); was != nil && was.Tomb {
			return false, nil
		}
		a.Twin = v.roster.name(a.Twin)
		for _, side := range confluence.Sides {
			if a.ID[side] != "" && !s.followID(v, side, a) {
				return false, nil
			}
		}
		v.agreed.put(a.Twin, a)
	}
	for twin := range twins {
		if !there[twin] && v.agreed.has(twin) {
			return false, nil // removed, or never written
		}
	}
	return true, nil
}

// followID lets a side's content be found by the id that a row of the baseline gives it.
func (s *work) followID(v *view, side confluence.Side, a *store.AgreedRow) bool {
	id, x := a.ID[side], v.index[side]
	if _, besides := v.above[side][id]; besides {
		return false
	}
	if t, known := s.twins[side].get(id); !known {
		s.twins[side].put(id, a.Twin)
	} else if t != a.Twin {
		return false
	}
	w, known := x.byID(id)
	if known && (w.twin != a.Twin || w.kind != a.Kind) {
		return false
	}
	if v.seen[side].has(a.Twin) {
		return known
	}
	if !known {
		if findable(a.Kind) && x.leads(s.pair.Keys[side], a.Kind, "", a.Title[side]) {
			return false
		}
		v.addUnread(a, side, s.pair.Keys[side])
		return true
	}
	found, ok := x.byTitle(s.pair.Keys[side], a.Kind, "", a.Title[side])
	return !findable(a.Kind) || ok && found.id == id
}

// findable reports whether references find contents of a kind by their title.
func findable(kind confluence.Kind) bool {
	return kind == confluence.Page || kind == confluence.BlogPost
}

// leads reports whether a title leads somewhere.
func (x *index) leads(space string, kind confluence.Kind, day, title string) bool {
	_, taken := x.byTitle(space, kind, day, title)
	return taken
}

// followShown reads what a side showed of some contents.
func (s *work) followShown(ctx context.Context, v *view, side confluence.Side, ids map[confluence.ID]bool) (bool, error) {
	for _, id := range keysOf(ids) {
		rows, err := s.e.store.ObservedByID(ctx, s.pair.ID, side, id)
		if err != nil || len(rows) != 1 {
			return false, err
		}
		if ok, err := s.followOne(v, side, &rows[0]); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (s *work) followOne(v *view, side confluence.Side, o *store.Observed) (bool, error) {
	c, key, x := o.Content, s.pair.Keys[side], v.index[side]
	if _, besides := v.above[side][c.ID]; besides || !present(c) || c.Kind == confluence.Attachment && !v.seen[side].has(s.twinOf(side, c.ID)) {
		return false, nil
	}
	o.Twin = v.roster.name(s.twinOf(side, c.ID))
	if known, err := v.staysHere(side, o, key); err != nil || !known {
		return false, err
	}
	if _, no := v.refuse(side, o, s.ids[side.Other()].Caps, s.paired); no || !s.asksNobody(side, o) {
		return false, nil
	}
	if w, known := x.byID(c.ID); known && (w.twin != o.Twin || w.kind != c.Kind || w.key != key) {
		return false, nil
	} else if !known {
		if findable(c.Kind) && x.leads(key, c.Kind, titleDay(c), sourceTitle(c)) {
			return false, nil
		}
		x.add(where{twin: o.Twin, id: c.ID, kind: c.Kind, key: key}, sourceTitle(c), day(c))
	}
	if found, ok := x.byTitle(key, c.Kind, titleDay(c), sourceTitle(c)); findable(c.Kind) && (!ok || found.id != c.ID) {
		return false, nil
	}
	v.seen[side].put(o.Twin, o)
	return true, nil
}

// titleDay is the day under which a title is found.
func titleDay(c confluence.Content) string {
	if c.Kind == confluence.BlogPost {
		return day(c)
	}
	return ""
}

// staysHere reports whether a body leads nowhere outside that the bodies of its side did not lead to before.
func (v *view) staysHere(side confluence.Side, o *store.Observed, own string) (bool, error) {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return false, err
	}
	for _, slot := range slots {
		if slot.Kind == body.SlotUser || slot.Kind == body.SlotSpace {
			continue
		}
		if slot.SpaceKey != "" && slot.SpaceKey != own && !v.abroad[side].keys[slot.SpaceKey] {
			return false, nil
		}
		if _, here := v.index[side].byID(slot.ID); slot.ID != "" && !here && !v.abroad[side].ids[slot.ID] {
			return false, nil
		}
	}
	return true, nil
}

// asksNobody reports whether everybody whom a content mentions or restricts was looked up before.
func (s *work) asksNobody(side confluence.Side, o *store.Observed) bool {
	used := &principalSet{users: map[confluence.UserID]bool{}, groups: map[string]bool{}}
	return used.addContent(o) == nil && s.people != nil && used.sorted().within(s.asked[side])
}

// watch notes from now on which rows are put.
func (v *view) watch() {
	v.agreed.watch()
	for _, side := range confluence.Sides {
		v.seen[side].watch()
	}
}

// watch notes from now on which rows are put.
func (x *rows[T]) watch() {
	x.of.mu.Lock()
	defer x.of.mu.Unlock()
	x.fresh = map[int32]bool{}
}

// touched are the rows that were put since they are watched.
func (x *rows[T]) touched() []confluence.TwinID {
	x.of.mu.RLock()
	defer x.of.mu.RUnlock()
	out := make([]confluence.TwinID, 0, len(x.fresh))
	for n := range x.fresh {
		out = append(out, x.of.names[n])
	}
	slices.SortFunc(out, cmp.Compare[confluence.TwinID])
	return out
}
