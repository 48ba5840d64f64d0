package engine

import (
	"cmp"
	"slices"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

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
	for _, o := range v.extra {
		v.nodes[confluence.B] = append(v.nodes[confluence.B], s.strangerNode(v, o))
	}
	v.mend()
	return nil
}

// strangerNode is a content of the destination without a twin: nothing is done to it, but the title or file name it has
// is taken.
func (s *spaceRun) strangerNode(v *view, o *store.Observed) reconcile.Node {
	c := o.Content
	n := reconcile.Node{
		Twin: strangerTwin(confluence.B, c.ID), ID: c.ID, Kind: c.Kind, Status: confluence.Current, Title: c.Title,
		Parent: s.targetParent(v, c), Rank: -1, Version: c.Version.Number,
	}
	if c.Kind == confluence.Comment {
		n.Title = ""
	}
	return n
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
	s.setMapped(&n, c)
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

// setMapped lets the restrictions of a source content depend on whom they mean at the destination: a later people file
// changes them as an edit does.
func (s *spaceRun) setMapped(n *reconcile.Node, c confluence.Content) {
	if c.Restrictions.Open() || !n.Read.Has(reconcile.Restrictions) {
		return
	}
	there, _ := s.mapRestrictions(c.Restrictions)
	here, mapped := restrictionsDigest(c.Restrictions), restrictionsDigest(there)
	set(n, reconcile.Restrictions, confluence.Sum(append(here[:], mapped[:]...)))
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
