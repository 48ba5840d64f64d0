package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// view is what the tables say about one space: both snapshots, what was agreed on, and who refers to what. It takes some
// hundred bytes of memory for each content of the space, bodies not included: what is derived from its rows is made where
// it is needed, not kept.
type view struct {
	s      *work
	roster *roster
	index  [2]*index
	seen   [2]*rows[store.Observed]           // what a side showed of what takes part
	extra  [2][]*store.Observed               // what it showed besides: nothing is done to it
	left   [2][]leftOut                       // of extra: what the other side cannot hold, and why
	above  [2]map[confluence.ID]confluence.ID // of what is in extra: the page or folder it stands under
	// elsewhere holds the ids of twins of the other spaces between the same sites.
	elsewhere [2]map[confluence.TwinID]confluence.ID
	agreed    *rows[store.AgreedRow]
	abroad    [2]abroad                     // where bodies lead outside
	mended    [2]map[confluence.TwinID]bool // bodies to be written to that side for their references alone
	home      confluence.TwinID             // content of side A that is, or becomes, the home page
	ranks     [2]ranks
	files     [2]map[fileKey]confluence.TwinID
}

// look loads the view of the space, or returns the last one if nothing was written since. That of a cycle may be the last
// one with what was written.
func (s *work) look(ctx context.Context) (*view, error) {
	last := s.seen
	if last != nil && !s.stale.Load() {
		return last, nil
	}
	s.stale.Store(false)
	s.seen = nil
	if s.near && last != nil {
		if ok, err := s.follow(ctx, last); err != nil {
			return nil, err
		} else if ok {
			s.seen = last
			if s.e.checkView != nil {
				err = s.e.checkView(ctx, s, last)
			}
			return last, err
		}
		last = nil // its memory is for the next one
	}
	s.news.take()
	v, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if s.near {
		v.watch()
	}
	s.seen = v
	return v, nil
}

// load loads the view of the space.
func (s *work) load(ctx context.Context) (*view, error) {
	v := &view{s: s, roster: newRoster()}
	v.agreed = newAgreed(v.roster)
	for _, side := range confluence.Sides {
		v.index[side] = newIndex(v.roster, append(s.ids[side].OtherURLs, s.ids[side].BaseURL)...)
		v.seen[side] = newShown(v.roster)
		v.above[side] = map[confluence.ID]confluence.ID{}
		v.elsewhere[side] = map[confluence.TwinID]confluence.ID{}
	}
	if err := s.loadAgreed(ctx, v); err != nil {
		return nil, err
	}
	for _, side := range confluence.Sides {
		if err := s.loadSeen(ctx, v, side); err != nil {
			return nil, err
		}
	}
	v.home = s.chooseHome(v)
	if err := s.loadOtherSpaces(ctx, v); err != nil {
		return nil, err
	}
	if err := s.loadPeopleFor(ctx, v); err != nil {
		return nil, err
	}
	s.build(v)
	return v, nil
}

// loadAgreed loads the baseline. Of a content that lives and one that is gone under the same id, the living one has it.
func (s *work) loadAgreed(ctx context.Context, v *view) error {
	twins := [2]*twinsByID{newTwinsByID(v.roster), newTwinsByID(v.roster)}
	tombs := [2]map[confluence.ID]bool{{}, {}}
	err := s.e.store.EachAgreed(ctx, s.pair.ID, func(a store.AgreedRow) error {
		a.Twin = v.roster.name(a.Twin)
		v.agreed.put(a.Twin, &a)
		for _, side := range confluence.Sides {
			id := a.ID[side]
			if _, known := twins[side].get(id); id == "" || known && !tombs[side][id] {
				continue
			}
			twins[side].put(id, a.Twin)
			if delete(tombs[side], id); a.Tomb {
				tombs[side][id] = true
			}
		}
		return nil
	})
	s.twins = twins
	return err
}

// twinOf names a content of a side for good: as both agreed, else by its id, so that the same content of the same pair
// always gets the same name.
func (s *work) twinOf(side confluence.Side, id confluence.ID) confluence.TwinID {
	if t, ok := s.twins[side].get(id); ok || id == "" {
		return t
	}
	if side == confluence.B && !s.paired {
		return strangerTwin(side, id)
	}
	return mintTwin(s.pair, side, id)
}

// takesPart reports whether a content of a side has a twin, or gets one.
func (s *work) takesPart(side confluence.Side, id confluence.ID) bool {
	_, known := s.twins[side].get(id)
	return known || s.paired || side == confluence.A
}

// loadSeen loads what a side showed, and parts what is carried from what is not.
func (s *work) loadSeen(ctx context.Context, v *view, side confluence.Side) error {
	sifted := s.paired || side == confluence.A
	err := s.e.store.EachObserved(ctx, s.pair.ID, side, func(o store.Observed) error {
		o.Twin = s.twinOf(side, o.Content.ID)
		if len(o.Form.Refs) > 0 {
			if err := v.meet(side, &o, s.pair.Keys[side]); err != nil {
				return err
			}
		}
		if !present(o.Content) {
			if a := v.agreed.get(o.Twin); a != nil && a.ID[side] != "" && a.ID[side] != o.Content.ID {
				return nil // its twin stands for the one that was made in its place
			}
		}
		if sifted {
			if why, no := v.refuse(side, &o, s.ids[side.Other()].Caps, s.paired); no {
				v.left[side] = append(v.left[side], why)
				v.stranger(side, why.row)
				return nil
			}
		}
		c := o.Content
		if s.takesPart(side, c.ID) {
			o.Twin = v.roster.name(o.Twin)
			v.seen[side].put(o.Twin, &o)
		} else {
			v.stranger(side, &o)
			o.Twin = ""
		}
		if present(c) {
			v.index[side].add(where{twin: o.Twin, id: c.ID, kind: c.Kind, key: s.pair.Keys[side]}, sourceTitle(c), day(c))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.paired || side == confluence.B {
		for _, a := range v.agreed.all() {
			v.addUnread(a, side, s.pair.Keys[side])
		}
	}
	return nil
}

// present reports whether references can lead to a content.
func present(c confluence.Content) bool {
	return c.Status != confluence.Trashed && c.Status != reconcile.Purged
}

// knows reports whether a side was seen with a content, in whatever state.
func (v *view) knows(side confluence.Side, id confluence.ID) bool {
	if w, ok := v.index[side].byID(id); ok && w.key != "" {
		return true
	}
	_, besides := v.above[side][id]
	return besides
}

// stranger keeps what takes no part.
func (v *view) stranger(side confluence.Side, o *store.Observed) {
	v.extra[side] = append(v.extra[side], o)
	v.above[side][o.Content.ID] = o.Content.ParentID
}

// sourceTitle is the title under which references of its side name the content.
func sourceTitle(c confluence.Content) string {
	if c.SourceTitle != "" {
		return c.SourceTitle
	}
	return c.Title
}

// day is the posting day of a blog post as references name it.
func day(c confluence.Content) string {
	if c.Created.IsZero() {
		return ""
	}
	return c.Created.Format("2006-01-02")
}

// addUnread makes references resolve to a content that was created and not read back yet. key is that of its space.
func (v *view) addUnread(a *store.AgreedRow, side confluence.Side, key string) {
	x, id := v.index[side], a.ID[side]
	if id == "" || a.Tomb {
		return
	}
	if _, known := x.byID(id); !known {
		x.add(where{twin: v.roster.name(a.Twin), id: id, kind: a.Kind, key: key}, a.Title[side], "")
	}
}

// loadOtherSpaces makes the references into other spaces of the same two sites resolvable that the bodies of this one hold.
func (s *work) loadOtherSpaces(ctx context.Context, v *view) error {
	pairs, err := s.e.store.Pairs(ctx)
	if err != nil {
		return err
	}
	s.keys = [2]map[string]string{{}, {}}
	join := func(a, b string) { s.keys[confluence.A][a], s.keys[confluence.B][b] = b, a }
	only, all, err := s.reached(ctx, v)
	if err != nil {
		return err
	}
	for _, p := range s.others(pairs) {
		join(p.Keys[confluence.A], p.Keys[confluence.B])
		named := v.abroad[confluence.A].keys[p.Keys[confluence.A]] || v.abroad[confluence.B].keys[p.Keys[confluence.B]]
		if !all && !only[p.ID] && !named {
			continue
		}
		if err := s.loadOther(ctx, v, p); err != nil {
			return err
		}
	}
	for _, a := range slices.Sorted(maps.Keys(s.planned)) {
		join(a, s.planned[a])
	}
	return nil
}

// others are the pairs that references of this space may lead into: of each other source space one, the copy that is
// planned, else the newest. Older copies of this space, under another key, are none of them.
func (s *work) others(pairs []store.Pair) []store.Pair {
	of := map[string]store.Pair{}
	for _, p := range pairs {
		key := p.Keys[confluence.A]
		if key == s.pair.Keys[confluence.A] || p.Sites != s.pair.Sites {
			continue
		}
		if target, planned := s.planned[key]; planned && target != p.Keys[confluence.B] {
			continue
		}
		if was, ok := of[key]; !ok || was.ID < p.ID {
			of[key] = p
		}
	}
	return slices.SortedFunc(maps.Values(of), func(a, b store.Pair) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *work) loadOther(ctx context.Context, v *view, p store.Pair) error {
	back := [2]map[confluence.ID]confluence.TwinID{{}, {}}
	err := s.e.store.EachAgreed(ctx, p.ID, func(a store.AgreedRow) error {
		for _, side := range confluence.Sides {
			if id := a.ID[side]; id != "" && !a.Tomb {
				back[side][id] = a.Twin
				v.elsewhere[side][a.Twin] = id
			}
		}
		if id := a.ID[confluence.B]; id != "" && !a.Tomb {
			v.index[confluence.B].add(where{twin: a.Twin, id: id, kind: a.Kind, key: p.Keys[confluence.B]}, a.Title[confluence.B], "")
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		err := s.e.store.EachObserved(ctx, p.ID, side, func(o store.Observed) error {
			c := o.Content
			twin, known := back[side][c.ID]
			if !known && side == confluence.A {
				twin = mintTwin(p, side, c.ID)
			}
			if present(c) {
				v.index[side].add(where{twin: twin, id: c.ID, kind: c.Kind, key: p.Keys[side]}, sourceTitle(c), day(c))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *work) loadPeopleFor(ctx context.Context, v *view) error {
	var used [2]usedPeople
	for _, side := range confluence.Sides {
		if !s.paired && side == confluence.B {
			continue // nobody of the destination is carried
		}
		set, err := usedIn(v, side)
		if err != nil {
			return err
		}
		if side == confluence.A {
			set.add(s.permissions)
		}
		used[side] = set.sorted()
	}
	if s.people != nil && used[0].within(s.asked[0]) && used[1].within(s.asked[1]) {
		return nil
	}
	var err error
	if s.paired {
		s.people, err = s.e.pairPeople(ctx, s.pair, s.sites, used)
	} else if s.people, err = s.e.loadPeople(ctx, s.pair.Sites, s.sites, used); err == nil {
		s.people.weAre([2]confluence.UserID{s.ids[confluence.A].Me.ID, s.ids[confluence.B].Me.ID})
	}
	s.asked = used
	return err
}

func sortedKeys[V any](m map[confluence.TwinID]V) []confluence.TwinID {
	keys := make([]confluence.TwinID, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
