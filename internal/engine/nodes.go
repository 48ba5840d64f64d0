package engine

import (
	"errors"
	"iter"
	"slices"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// build finds out what nodes are made of besides their rows.
func (s *work) build(v *view) {
	for _, side := range confluence.Sides {
		v.ranks[side] = rankRows(v.seen[side], present)
		if s.paired {
			v.files[side] = v.filesOf(side)
		}
	}
	if s.paired {
		for twin, a := range v.agreed.all() {
			if s.recall(v, a) {
				v.agreed.put(twin, a)
			}
		}
	}
	s.mend(v)
}

// nodes are the contents of a side as reconcile sees them, made one by one. An error ends them, and is kept in err.
func (v *view) nodes(side confluence.Side, err *error) iter.Seq[reconcile.Node] {
	return func(yield func(reconcile.Node) bool) {
		s := v.s
		for twin, o := range v.seen[side].all() {
			n, bad := s.node(v, side, o)
			if bad != nil {
				*err = bad
				return
			}
			n.Twin, n.Parent = twin, v.roster.own(n.Parent)
			if !yield(n) {
				return
			}
		}
		for twin, a := range v.agreed.all() {
			if a.Tomb || v.seen[side].has(twin) {
				continue
			}
			if n, ok := s.unreadNode(v, side, a); ok && !yield(n) {
				return
			}
		}
		for _, o := range v.extra[side] {
			if (s.paired || side == confluence.B) && !yield(s.strangerNode(v, side, o)) {
				return
			}
		}
	}
}

// base is the baseline as reconcile sees it.
func (v *view) base() iter.Seq[reconcile.Agreed] {
	return func(yield func(reconcile.Agreed) bool) {
		for twin, a := range v.agreed.all() {
			a.Twin, a.Parent = twin, v.roster.own(a.Parent)
			if !v.s.paired && a.Tomb {
				continue
			}
			b := v.s.believed(a)
			for _, side := range confluence.Sides {
				if b.Owed[side].Has(reconcile.Restrictions) && !v.shut(side, twin) {
					b.Owed[side] &^= reconcile.Restrictions
				}
			}
			if !yield(b) {
				return
			}
		}
	}
}

// shut reports whether a content stands on a side as one that we made and have not restricted yet: nobody but ourselves may
// see or edit it.
func (v *view) shut(side confluence.Side, twin confluence.TwinID) bool {
	o := v.seen[side].get(twin)
	if o == nil || o.Content.Restrictions.Open() {
		return false
	}
	ours := func(list []confluence.Principal) bool {
		return slices.Equal(list, []confluence.Principal{confluence.UserPrincipal(v.s.ids[side].Me.ID)})
	}
	return ours(o.Content.Restrictions.Read) && ours(o.Content.Restrictions.Update)
}

// plan asks reconcile what to do.
func (v *view) plan(policy reconcile.Policy) (reconcile.Result, error) {
	var err [2]error
	var snaps [2]iter.Seq[reconcile.Node]
	for _, side := range confluence.Sides {
		snaps[side] = v.nodes(side, &err[side])
	}
	r := reconcile.PlanEach(v.base(), snaps, policy)
	return r, errors.Join(err[:]...)
}

// nodeOf is one content of a side as reconcile sees it; the zero Node if the side was not seen with it, or if what it was
// seen with cannot be read.
func (v *view) nodeOf(side confluence.Side, twin confluence.TwinID) reconcile.Node {
	if o := v.seen[side].get(twin); o != nil {
		n, err := v.s.node(v, side, o)
		if err != nil {
			return reconcile.Node{}
		}
		return n
	}
	if a := v.agreed.get(twin); a != nil && !a.Tomb {
		if n, ok := v.s.unreadNode(v, side, a); ok {
			return n
		}
	}
	return reconcile.Node{}
}

// strangerNode is a content of one side alone: nothing is done to it, but the title or file name it has is taken. Of a
// pair that is kept equal it has no twin, unless planning is to say that its kind cannot be held.
func (s *work) strangerNode(v *view, side confluence.Side, o *store.Observed) reconcile.Node {
	c := o.Content
	n := reconcile.Node{
		Twin: strangerTwin(side, c.ID), ID: c.ID, Kind: c.Kind, Status: s.statusOf(c), Title: c.Title,
		Parent: s.parentOf(v, side, c), Rank: -1, Version: c.Version.Number,
	}
	switch c.Kind {
	case confluence.Comment:
		n.Title = ""
	case confluence.Page, confluence.BlogPost, confluence.Attachment:
	default:
		return n
	}
	if s.paired {
		n.Twin = ""
	}
	if s.paired && (c.Kind == confluence.Comment || c.Kind == confluence.Attachment) {
		n.Twin = "" // it takes its name and place, and is nothing that the other side lacks
	}
	return n
}

// believed is the baseline as planning sees it: what was written and not read back yet counts as agreed, because the
// node of the side it was written to shows the same.
func (s *work) believed(a *store.AgreedRow) reconcile.Agreed {
	b := a.Agreed
	b.Facets |= a.Pending[confluence.A] | a.Pending[confluence.B]
	if !s.paired { // whose nodes show digests alone
		b.Labels, b.Readers, b.Editors = [2][]string{}, [2][]confluence.Principal{}, [2][]confluence.Principal{}
	}
	return b
}

// node is a content as a side shows it. Facets that were written after the last reading are shown as written.
func (s *work) node(v *view, side confluence.Side, o *store.Observed) (reconcile.Node, error) {
	c := o.Content
	n := reconcile.Node{
		Twin: o.Twin, ID: c.ID, Kind: c.Kind, Status: s.statusOf(c), Title: c.Title,
		Parent: s.parentOf(v, side, c), Rank: v.rankOf(side, o.Twin), Version: c.Version.Number, Home: s.isHome(v, side, o.Twin, c.ID),
	}
	if n.Home {
		n.Parent = ""
	}
	if c.Kind == confluence.Comment {
		n.Title = ""
	}
	a := v.agreed.get(o.Twin)
	s.setCommon(&n, side, c)
	if s.paired {
		s.setCircumstances(&n, side, c)
	}
	if c.Kind != confluence.Attachment {
		print, err := v.printOf(side, o, s.pair.Keys[side])
		if err != nil {
			return n, err
		}
		set(&n, reconcile.Body, bodyDigest(a, side, print))
		if v.mended[side.Other()][o.Twin] {
			i := reconcile.Body.Index()
			n.Digest[i] = confluence.Sum(append([]byte("led astray\x00"), n.Digest[i][:]...))
		}
		if s.paired || side == confluence.A {
			n.Late = s.late(v, side, o)
		}
		if s.paired {
			n.Files = s.filesIn(o, v.files[side])
		}
	}
	if a != nil {
		overlay(&n, side, a)
	}
	return n, nil
}

// setCircumstances says who made a version and when, and where the content stands beyond its facets.
func (s *work) setCircumstances(n *reconcile.Node, side confluence.Side, c confluence.Content) {
	n.By, n.At, n.ByApp = c.Version.By, c.Version.At, c.Version.App && c.Version.By != s.ids[side].Me.ID
	if c.Comment != nil {
		n.Inline, n.Resolved = c.Comment.Kind == confluence.Inline, c.Comment.Resolution == "resolved"
	}
	switch {
	case c.SpaceID != "" && s.pair.Spaces[side] != "":
		n.Away = c.SpaceID != s.pair.Spaces[side]
	case c.SpaceKey != "":
		n.Away = c.SpaceKey != s.pair.Keys[side]
	}
}

func (s *work) isHome(v *view, side confluence.Side, twin confluence.TwinID, id confluence.ID) bool {
	if side == confluence.A {
		return twin == v.home
	}
	return id == s.pair.Homes[side]
}

// statusOf is the state of a content as planning sees it. A migration carries all that its source shows.
func (s *work) statusOf(c confluence.Content) confluence.Status {
	if c.Status == "" || !s.paired {
		return confluence.Current
	}
	return c.Status
}

// setCommon sets the digests that need no body.
func (s *work) setCommon(n *reconcile.Node, side confluence.Side, c confluence.Content) {
	set(n, reconcile.Title, textDigest("title", n.Title))
	set(n, reconcile.Parent, textDigest("parent", string(n.Parent)))
	switch c.Kind {
	case confluence.Attachment:
		set(n, reconcile.File, fileDigest(c))
	case confluence.Page, confluence.BlogPost:
		set(n, reconcile.Labels, labelsDigest(carriedLabels(c.Labels)))
		set(n, reconcile.Restrictions, restrictionsDigest(c.Restrictions))
		switch {
		case s.paired:
			s.setSets(n, side, c)
		case side == confluence.A:
			s.setMapped(n, c)
		}
	}
}

// setMapped lets the restrictions of a source content depend on whom they mean at the destination: a later people file
// changes them as an edit does.
func (s *work) setMapped(n *reconcile.Node, c confluence.Content) {
	if c.Restrictions.Open() || !n.Read.Has(reconcile.Restrictions) {
		return
	}
	there, _ := s.mapRestrictions(confluence.B, c.Restrictions)
	here, mapped := restrictionsDigest(c.Restrictions), restrictionsDigest(there)
	set(n, reconcile.Restrictions, confluence.Sum(append(here[:], mapped[:]...)))
}

func set(n *reconcile.Node, f reconcile.Facets, d confluence.Digest) {
	n.Digest[f.Index()] = d
	n.Read |= f
}

// parentOf names what a content of a side stands under or belongs to; nothing for a page at the root. Below something
// that is not carried, such as a folder, a page stands under the nearest one above that is; at the destination of a
// migration it stands under a stranger.
func (s *work) parentOf(v *view, side confluence.Side, c confluence.Content) confluence.TwinID {
	switch c.Kind {
	case confluence.Comment:
		if c.Comment != nil && c.Comment.ReplyTo != "" {
			return s.twinOf(side, c.Comment.ReplyTo)
		}
		return s.twinOf(side, c.Container)
	case confluence.Attachment:
		return s.twinOf(side, c.Container)
	case confluence.BlogPost:
		return ""
	}
	if !s.paired && side == confluence.B {
		return s.twinOf(side, c.ParentID)
	}
	for id, steps := c.ParentID, 0; id != "" && steps < maxDepth; steps++ {
		t := s.twinOf(side, id)
		if v.seen[side].has(t) {
			return t
		}
		if s.paired {
			if a := v.agreed.get(t); a != nil && !a.Tomb {
				return t // not listed this time
			}
		}
		id = v.above[side][id]
	}
	return ""
}

// maxDepth ends a walk upwards that a site's answer has closed into a ring.
const maxDepth = 1000

// overlay shows facets that were written to a side after the last reading as they were written.
func overlay(n *reconcile.Node, side confluence.Side, a *store.AgreedRow) {
	for _, f := range reconcile.AllFacets {
		if a.Pending[side]&f == 0 {
			continue
		}
		n.Digest[f.Index()] = a.Digest[side][f.Index()]
		n.Read |= f
		switch f {
		case reconcile.Title:
			n.Title = a.Title[side]
		case reconcile.Parent:
			n.Parent = a.Parent
		case reconcile.Labels:
			n.Labels = a.Labels[side]
		case reconcile.Restrictions:
			n.Readers, n.Editors = a.Readers[side], a.Editors[side]
		}
	}
}

// unreadNode is a content that was created and not read back yet: it is believed to be as it was written. One that was
// agreed on and is not listed is absent.
func (s *work) unreadNode(v *view, side confluence.Side, a *store.AgreedRow) (reconcile.Node, bool) {
	n := reconcile.Node{
		Twin: a.Twin, ID: a.ID[side], Kind: a.Kind, Status: confluence.Current, Title: a.Title[side],
		Parent: a.Parent, Rank: -1, Version: a.Version[side], Home: s.isHome(v, side, a.Twin, a.ID[side]),
	}
	if n.ID == "" || a.Facets != 0 || !s.paired && side == confluence.A {
		return n, false
	}
	overlay(&n, side, a)
	return n, true
}

// print is what the body of a content of a side is now; not ok where the side was not seen with it, or it has no body.
func (v *view) print(side confluence.Side, twin confluence.TwinID) (print fingerprint, ok bool) {
	o := v.seen[side].get(twin)
	if o == nil || o.Content.Kind == confluence.Attachment {
		return print, false
	}
	print, err := v.printOf(side, o, v.s.pair.Keys[side])
	return print, err == nil
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
func bodyDigest(a *store.AgreedRow, side confluence.Side, now fingerprint) confluence.Digest {
	if a != nil && a.Facets&reconcile.Body != 0 {
		if was, ok := decodeFingerprint(a.Refs[side]); ok && was.same(now) {
			return a.Digest[side][reconcile.Body.Index()]
		}
	}
	return now.digest()
}

// late names the contents of this space whose id on the other side a body needs.
func (s *work) late(v *view, side confluence.Side, o *store.Observed) []confluence.TwinID {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return nil
	}
	var late []confluence.TwinID
	holder := where{twin: o.Twin, id: o.Content.ID, kind: o.Content.Kind, key: s.pair.Keys[side]}
	for _, slot := range slots {
		if slot.Kind != body.SlotPageID && slot.Kind != body.SlotShortLink {
			continue
		}
		if w, ok := v.index[side].find(slot, holder.key, holder); ok && w.twin != o.Twin && v.seen[side].has(w.twin) {
			late = append(late, w.twin)
		}
	}
	slices.Sort(late)
	return slices.Compact(late)
}

// fileKey is how a body names a file of its own page.
type fileKey struct {
	holder confluence.ID
	name   string
}

func (v *view) filesOf(side confluence.Side) map[fileKey]confluence.TwinID {
	files := map[fileKey]confluence.TwinID{}
	for twin, o := range v.seen[side].all() {
		if c := o.Content; c.Kind == confluence.Attachment && present(c) {
			files[fileKey{c.Container, c.Title}] = twin
		}
	}
	return files
}

// filesIn names the files of a content that its body shows.
func (s *work) filesIn(o *store.Observed, files map[fileKey]confluence.TwinID) []confluence.TwinID {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil || len(files) == 0 {
		return nil
	}
	holder := o.Content.ID
	if o.Content.Kind == confluence.Comment {
		holder = o.Content.Container
	}
	var out []confluence.TwinID
	for _, slot := range slots {
		if twin, ok := files[fileKey{holder, slot.File}]; ok && slot.Kind == body.SlotAttachment && slot.Title == "" {
			out = append(out, twin)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
