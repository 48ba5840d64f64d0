package engine

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
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
	left      []leftOut
	home      confluence.TwinID // source content that is, or becomes, the home page
	nodes     [2][]reconcile.Node
	base      []reconcile.Agreed
}

// look loads the view of the space.
func (s *spaceRun) look(ctx context.Context) (*view, error) {
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
	return v, s.build(v)
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
	for _, a := range v.agreed { // created, and not yet read back
		id := a.ID[confluence.B]
		if _, known := b.ids[id]; id != "" && !known && !a.Tomb {
			b.add(where{twin: a.Twin, id: id, kind: a.Kind, key: s.pair.Keys[confluence.B]}, a.Title[confluence.B], "")
		}
	}
	return nil
}

// loadOtherSpaces makes references into the other spaces of the same two sites resolvable.
func (s *spaceRun) loadOtherSpaces(ctx context.Context, v *view) error {
	pairs, err := s.e.store.Pairs(ctx)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if p.ID == s.pair.ID || p.Sites != s.pair.Sites {
			continue
		}
		if err := s.loadOther(ctx, v, p); err != nil {
			return err
		}
	}
	return nil
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

// build makes the nodes that reconcile sees.
func (s *spaceRun) build(v *view) error {
	ranks := ranksOf(v.source)
	for _, twin := range sortedKeys(v.source) {
		n, err := s.sourceNode(v, v.source[twin], ranks)
		if err != nil {
			return err
		}
		v.nodes[confluence.A] = append(v.nodes[confluence.A], n)
	}
	targetRanks := ranksOf(v.target)
	for _, twin := range sortedKeys(v.agreed) {
		a := v.agreed[twin]
		if a.Tomb {
			continue
		}
		n, present, err := s.targetNode(v, a, targetRanks)
		if err != nil {
			return err
		}
		if present {
			v.nodes[confluence.B] = append(v.nodes[confluence.B], n)
		}
		v.base = append(v.base, believed(a))
	}
	return nil
}

// believed is the baseline as planning sees it: what was written and not read back yet counts as agreed, because the
// target's node shows the same.
func believed(a *store.AgreedRow) reconcile.Agreed {
	b := a.Agreed
	b.Facets |= a.Pending
	return b
}

func (s *spaceRun) sourceNode(v *view, o *store.Observed, ranks map[confluence.TwinID]int) (reconcile.Node, error) {
	c := o.Content
	n := reconcile.Node{
		Twin: o.Twin, ID: c.ID, Kind: c.Kind, Status: confluence.Current, Title: c.Title,
		Parent: s.sourceParent(v, c), Rank: rank(ranks, o.Twin), Version: c.Version.Number, Home: o.Twin == v.home,
	}
	if n.Home {
		n.Parent = ""
	}
	setCommon(&n, c)
	if c.Kind != confluence.Attachment {
		print, err := v.printOf(confluence.A, o, s.pair.Keys[confluence.A])
		if err != nil {
			return n, err
		}
		v.prints[confluence.A][o.Twin] = print
		set(&n, reconcile.Body, v.bodyDigest(confluence.A, o.Twin, print))
		n.Late = s.late(v, o)
	}
	return n, nil
}

// setCommon sets the digests that are made alike on both sides.
func setCommon(n *reconcile.Node, c confluence.Content) {
	set(n, reconcile.Title, textDigest("title", n.Title))
	set(n, reconcile.Parent, textDigest("parent", string(n.Parent)))
	switch c.Kind {
	case confluence.Attachment:
		set(n, reconcile.File, fileDigest(c))
	case confluence.Page, confluence.BlogPost:
		set(n, reconcile.Labels, labelsDigest(carriedLabels(c.Labels)))
		set(n, reconcile.Restrictions, restrictionsDigest(c.Restrictions))
	}
}

func set(n *reconcile.Node, f reconcile.Facets, d confluence.Digest) {
	n.Digest[f.Index()] = d
	n.Read |= f
}

func (s *spaceRun) sourceParent(v *view, c confluence.Content) confluence.TwinID {
	switch c.Kind {
	case confluence.Comment:
		if c.Comment != nil && c.Comment.ReplyTo != "" {
			return s.twinOf(c.Comment.ReplyTo)
		}
		return s.twinOf(c.Container)
	case confluence.Attachment:
		return s.twinOf(c.Container)
	case confluence.Page:
		if c.ParentID == "" {
			return ""
		}
		if t := s.twinOf(c.ParentID); v.source[t] != nil {
			return t
		}
	}
	return ""
}

// targetNode is the destination's content as it was last seen. One that was created and not read back yet is believed
// to be as it was written; one that a complete listing did not show is absent.
func (s *spaceRun) targetNode(v *view, a *store.AgreedRow, ranks map[confluence.TwinID]int) (reconcile.Node, bool, error) {
	o := v.target[a.Twin]
	if o == nil {
		return s.believedNode(a)
	}
	c := o.Content
	n := reconcile.Node{
		Twin: a.Twin, ID: c.ID, Kind: c.Kind, Status: confluence.Current, Title: c.Title,
		Parent: s.targetParent(v, c), Rank: rank(ranks, a.Twin), Version: c.Version.Number, Home: c.ID == s.pair.Homes[confluence.B],
	}
	if n.Home {
		n.Parent = ""
	}
	if c.Kind == confluence.Comment {
		n.Title = ""
	}
	setCommon(&n, c)
	if c.Kind != confluence.Attachment {
		print, err := v.printOf(confluence.B, o, s.pair.Keys[confluence.B])
		if err != nil {
			return n, false, err
		}
		v.prints[confluence.B][a.Twin] = print
		set(&n, reconcile.Body, v.bodyDigest(confluence.B, a.Twin, print))
	}
	overlay(&n, a)
	return n, true, nil
}

// overlay shows facets that were written after the last reading as they were written.
func overlay(n *reconcile.Node, a *store.AgreedRow) {
	for _, f := range reconcile.AllFacets {
		if a.Pending&f == 0 {
			continue
		}
		n.Digest[f.Index()] = a.Digest[confluence.B][f.Index()]
		n.Read |= f
		switch f {
		case reconcile.Title:
			n.Title = a.Title[confluence.B]
		case reconcile.Parent:
			n.Parent = a.Parent
		}
	}
}

func (s *spaceRun) believedNode(a *store.AgreedRow) (reconcile.Node, bool, error) {
	n := reconcile.Node{
		Twin: a.Twin, ID: a.ID[confluence.B], Kind: a.Kind, Status: confluence.Current, Title: a.Title[confluence.B],
		Parent: a.Parent, Rank: -1, Version: a.Version[confluence.B], Home: a.ID[confluence.B] == s.pair.Homes[confluence.B],
	}
	if n.ID == "" || a.Facets != 0 { // agreed once and no longer listed: gone
		return n, false, nil
	}
	overlay(&n, a)
	return n, true, nil
}

func (s *spaceRun) targetParent(v *view, c confluence.Content) confluence.TwinID {
	id := c.ParentID
	switch c.Kind {
	case confluence.Comment:
		id = c.Container
		if c.Comment != nil && c.Comment.ReplyTo != "" {
			id = c.Comment.ReplyTo
		}
	case confluence.Attachment:
		id = c.Container
	case confluence.BlogPost:
		return ""
	}
	if id == "" {
		return ""
	}
	if w, ok := v.index[confluence.B].ids[id]; ok && w.twin != "" {
		return w.twin
	}
	return strangerTwin(confluence.B, id)
}

// printOf computes what the body of an observation is now.
func (v *view) printOf(side confluence.Side, o *store.Observed, own string) (fingerprint, error) {
	p := fingerprint{Canon: body.CanonVersion, Skeleton: o.Form.Skeleton}
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return p, confluence.Errorf(confluence.CodeStateDamaged, "references of a body cannot be read").Because(err)
	}
	holder := where{twin: o.Twin, id: o.Content.ID, kind: o.Content.Kind, key: own}
	for _, slot := range slots {
		p.Refs = append(p.Refs, [2]string{slot.Written, v.index[side].local(slot, own, holder)})
	}
	return p, nil
}

// bodyDigest is the agreed digest if the body still is what was agreed on, else that of what it is now (decision D17).
func (v *view) bodyDigest(side confluence.Side, twin confluence.TwinID, now fingerprint) confluence.Digest {
	if a := v.agreed[twin]; a != nil && a.Facets&reconcile.Body != 0 {
		if was, ok := decodeFingerprint(a.Refs[side]); ok && was.same(now) {
			return a.Digest[side][reconcile.Body.Index()]
		}
	}
	return now.digest()
}

// ranksOf numbers the siblings below each parent whose order is explicit, and comments in the order they were written.
func ranksOf(rows map[confluence.TwinID]*store.Observed) map[confluence.TwinID]int {
	children, comments := map[confluence.ID][]*store.Observed{}, map[confluence.ID][]*store.Observed{}
	for _, o := range rows {
		switch c := o.Content; {
		case c.Kind == confluence.Page:
			children[c.ParentID] = append(children[c.ParentID], o)
		case c.Kind == confluence.Comment && c.Comment != nil && c.Comment.ReplyTo != "":
			comments[c.Comment.ReplyTo] = append(comments[c.Comment.ReplyTo], o)
		case c.Kind == confluence.Comment:
			comments[c.Container] = append(comments[c.Container], o)
		}
	}
	ranks := map[confluence.TwinID]int{}
	for _, list := range comments {
		slices.SortFunc(list, byTime)
		for i, o := range list {
			ranks[o.Twin] = i
		}
	}
	for _, list := range children {
		explicit := slices.ContainsFunc(list, func(o *store.Observed) bool { return o.Content.Positioned })
		if !explicit {
			continue
		}
		slices.SortFunc(list, bySibling)
		for i, o := range list {
			ranks[o.Twin] = i
		}
	}
	return ranks
}

func byTime(a, b *store.Observed) int {
	if c := a.Content.Created.Compare(b.Content.Created); c != 0 {
		return c
	}
	return byID(a.Content.ID, b.Content.ID)
}

// bySibling is the order in which Confluence shows siblings: positioned ones by position, then the others by title.
func bySibling(a, b *store.Observed) int {
	x, y := a.Content, b.Content
	if x.Positioned != y.Positioned {
		if x.Positioned {
			return -1
		}
		return 1
	}
	if x.Positioned {
		if c := cmp.Compare(x.Position, y.Position); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(migration.FoldTitle(x.Title), migration.FoldTitle(y.Title)); c != 0 {
		return c
	}
	return byID(x.ID, y.ID)
}

// byID orders ids of digits by their number.
func byID(x, y confluence.ID) int {
	a, errA := strconv.ParseInt(string(x), 10, 64)
	b, errB := strconv.ParseInt(string(y), 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(x, y)
}

func rank(ranks map[confluence.TwinID]int, twin confluence.TwinID) int {
	if r, ok := ranks[twin]; ok {
		return r
	}
	return -1
}

func sortedKeys[V any](m map[confluence.TwinID]V) []confluence.TwinID {
	keys := make([]confluence.TwinID, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// late names the contents of this space whose id at the destination a body needs.
func (s *spaceRun) late(v *view, o *store.Observed) []confluence.TwinID {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return nil
	}
	var late []confluence.TwinID
	holder := where{twin: o.Twin, id: o.Content.ID, kind: o.Content.Kind, key: s.pair.Keys[confluence.A]}
	for _, slot := range slots {
		if slot.Kind != body.SlotPageID && slot.Kind != body.SlotShortLink {
			continue
		}
		if w, ok := v.index[confluence.A].find(slot, holder.key, holder); ok && v.source[w.twin] != nil && w.twin != o.Twin {
			late = append(late, w.twin)
		}
	}
	slices.Sort(late)
	return slices.Compact(late)
}

func findNode(nodes []reconcile.Node, twin confluence.TwinID) (int, bool) {
	return slices.BinarySearchFunc(nodes, twin, func(n reconcile.Node, t confluence.TwinID) int { return cmp.Compare(n.Twin, t) })
}
