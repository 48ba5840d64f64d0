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

// view is what the tables say about one space: both snapshots, what was agreed on, and who refers to what. It takes
// memory in proportion to the contents of the space, bodies not included.
type view struct {
	index  [2]*index
	source map[confluence.TwinID]*store.Observed // what is carried, side A
	target map[confluence.TwinID]*store.Observed // what the destination showed, by twin
	extra  []*store.Observed                     // of the destination, without a twin
	// elsewhere holds the destination's ids of twins of the other spaces between the same sites.
	elsewhere map[confluence.TwinID]confluence.ID
	agreed    map[confluence.TwinID]*store.AgreedRow
	prints    [2]map[confluence.TwinID]fingerprint // of bodies, as they are now
	mended    map[confluence.TwinID]bool           // bodies to be written for their references alone
	left      []leftOut
	home      confluence.TwinID // source content that is, or becomes, the home page
	nodes     [2][]reconcile.Node
	base      []reconcile.Agreed
}

// look loads the view of the space, or returns the last one if nothing was written since.
func (s *spaceRun) look(ctx context.Context) (*view, error) {
	if s.seen != nil && !s.stale.Load() {
		return s.seen, nil
	}
	s.stale.Store(false)
	s.seen = nil
	v := &view{
		source: map[confluence.TwinID]*store.Observed{}, target: map[confluence.TwinID]*store.Observed{},
		agreed: map[confluence.TwinID]*store.AgreedRow{}, elsewhere: map[confluence.TwinID]confluence.ID{},
	}
	for _, side := range confluence.Sides {
		v.index[side] = newIndex(append(s.ids[side].OtherURLs, s.ids[side].BaseURL)...)
		v.prints[side] = map[confluence.TwinID]fingerprint{}
	}
	if err := s.loadAgreed(ctx, v); err != nil {
		return nil, err
	}
	if err := s.loadSource(ctx, v); err != nil {
		return nil, err
	}
	if err := s.loadTarget(ctx, v); err != nil {
		return nil, err
	}
	if err := s.loadOtherSpaces(ctx, v); err != nil {
		return nil, err
	}
	if err := s.loadPeopleFor(ctx, v); err != nil {
		return nil, err
	}
	if err := s.build(v); err != nil {
		return nil, err
	}
	s.seen = v
	return v, nil
}

func (s *spaceRun) loadAgreed(ctx context.Context, v *view) error {
	return s.e.store.EachAgreed(ctx, s.pair.ID, func(a store.AgreedRow) error {
		v.agreed[a.Twin] = &a
		return nil
	})
}

// twinOf names a content of side A for good: the same content of the same pair always gets the same name.
func (s *spaceRun) twinOf(id confluence.ID) confluence.TwinID {
	return mintTwin(s.pair, confluence.A, id)
}

func (s *spaceRun) loadSource(ctx context.Context, v *view) error {
	var all []*store.Observed
	err := s.e.store.EachObserved(ctx, s.pair.ID, confluence.A, func(o store.Observed) error {
		o.Twin = s.twinOf(o.Content.ID)
		all = append(all, &o)
		return nil
	})
	if err != nil {
		return err
	}
	carried, left := sieve(all, s.plan, s.ids[confluence.B].Caps)
	v.left = left
	for _, o := range carried {
		v.source[o.Twin] = o
		c := o.Content
		v.index[confluence.A].add(where{twin: o.Twin, id: c.ID, kind: c.Kind, key: s.pair.Keys[confluence.A]}, sourceTitle(c), day(c))
	}
	v.home = s.chooseHome(v)
	return nil
}

// sourceTitle is the title under which references at the source name the content.
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

func (s *spaceRun) loadTarget(ctx context.Context, v *view) error {
	twins := map[confluence.ID]confluence.TwinID{}
	for _, a := range v.agreed {
		if id := a.ID[confluence.B]; id != "" {
			twins[id] = a.Twin
		}
	}
	b := v.index[confluence.B]
	err := s.e.store.EachObserved(ctx, s.pair.ID, confluence.B, func(o store.Observed) error {
		twin, ok := twins[o.Content.ID]
		o.Twin = twin
		b.add(where{twin: twin, id: o.Content.ID, kind: o.Content.Kind, key: s.pair.Keys[confluence.B]}, o.Content.Title, day(o.Content))
		if ok {
			v.target[twin] = &o
		} else {
			v.extra = append(v.extra, &o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range v.agreed {
		v.addUnread(a, s.pair.Keys[confluence.B])
	}
	return nil
}

// addUnread makes references resolve to a content that was created and not read back yet. key is that of its space.
func (v *view) addUnread(a *store.AgreedRow, key string) {
	b, id := v.index[confluence.B], a.ID[confluence.B]
	if _, known := b.ids[id]; id != "" && !known && !a.Tomb {
		b.add(where{twin: a.Twin, id: id, kind: a.Kind, key: key}, a.Title[confluence.B], "")
	}
}

// loadOtherSpaces makes references into the other spaces of the same two sites resolvable.
func (s *spaceRun) loadOtherSpaces(ctx context.Context, v *view) error {
	pairs, err := s.e.store.Pairs(ctx)
	if err != nil {
		return err
	}
	s.partners = map[string]string{}
	for _, p := range s.others(pairs) {
		s.partners[p.Keys[confluence.A]] = p.Keys[confluence.B]
		if err := s.loadOther(ctx, v, p); err != nil {
			return err
		}
	}
	return nil
}

// others are the pairs that references of this space may lead into: of each other source space one, the copy that the
// plan is about, else the newest. Older copies of this space, under another key, are none of them.
func (s *spaceRun) others(pairs []store.Pair) []store.Pair {
	of := map[string]store.Pair{}
	for _, p := range pairs {
		key := p.Keys[confluence.A]
		if key == s.pair.Keys[confluence.A] || p.Sites != s.pair.Sites {
			continue
		}
		if target, planned := s.planned(key); planned && target != p.Keys[confluence.B] {
			continue
		}
		if was, ok := of[key]; !ok || was.ID < p.ID {
			of[key] = p
		}
	}
	return slices.SortedFunc(maps.Values(of), func(a, b store.Pair) int { return cmp.Compare(a.ID, b.ID) })
}

// planned returns the destination's key of a space of the plan.
func (s *spaceRun) planned(key string) (string, bool) {
	for _, sc := range s.plan.Spaces {
		if sc.Key == key {
			return targetOf(sc), true
		}
	}
	return "", false
}

func (s *spaceRun) loadOther(ctx context.Context, v *view, p store.Pair) error {
	back := map[confluence.ID]confluence.TwinID{}
	err := s.e.store.EachAgreed(ctx, p.ID, func(a store.AgreedRow) error {
		id := a.ID[confluence.B]
		if id == "" || a.Tomb {
			return nil
		}
		back[id] = a.Twin
		v.elsewhere[a.Twin] = id
		v.index[confluence.B].add(where{twin: a.Twin, id: id, kind: a.Kind, key: p.Keys[confluence.B]}, a.Title[confluence.B], "")
		return nil
	})
	if err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		err := s.e.store.EachObserved(ctx, p.ID, side, func(o store.Observed) error {
			c := o.Content
			twin := mintTwin(p, side, c.ID)
			if side == confluence.B {
				twin = back[c.ID]
			}
			v.index[side].add(where{twin: twin, id: c.ID, kind: c.Kind, key: p.Keys[side]}, sourceTitle(c), day(c))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *spaceRun) loadPeopleFor(ctx context.Context, v *view) error {
	if s.people != nil {
		return nil
	}
	used, err := usedIn(v)
	if err != nil {
		return err
	}
	used.add(s.sourceSpace.Permissions)
	s.people, err = s.e.loadPeople(ctx, s.pair.Sites[confluence.A], s.pair.Sites[confluence.B],
		s.sites[confluence.A], s.sites[confluence.B], used.sorted())
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
