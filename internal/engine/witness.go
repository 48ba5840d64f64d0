package engine

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// witness reads one side for a proof. It keeps what it read packed, and makes leaves of it as often as they are wanted.
type witness struct {
	s     *work
	v     *view
	side  confluence.Side
	depth parity.Depth

	index      *index
	rows       *rows[store.Observed] // without what no proof covers
	order      ranks
	files      map[confluence.ID][]confluence.TwinID // of contents that have any
	comments   map[confluence.ID][]confluence.TwinID
	exceptions []parity.Exception // nil until the witness has been heard
	heard      bool
}

func newWitness(s *work, v *view, side confluence.Side, depth parity.Depth) *witness {
	return &witness{s: s, v: v, side: side, depth: depth, rows: newShown(v.roster),
		// The index of the view knows the other spaces; this space is replaced by what is read now.
		index: v.index[side].without(s.pair.Keys[side]),
		files: map[confluence.ID][]confluence.TwinID{}, comments: map[confluence.ID][]confluence.TwinID{}}
}

// twin names a content of this side; one without a counterpart is named by its side and id.
func (w *witness) twin(id confluence.ID) confluence.TwinID {
	if id == "" {
		return ""
	}
	return w.s.twinOf(w.side, id)
}

func (w *witness) read(ctx context.Context) error {
	req := confluence.ScanRequest{Space: w.s.spaceOf(w.side), Facets: confluence.AllFacets}
	return w.s.e.eachBatch(ctx, w.s.sites[w.side].reader, w.side, req, func(batch confluence.Batch) error {
		sums, err := w.sumFiles(ctx, batch.Contents)
		if err != nil {
			return err
		}
		for _, c := range batch.Contents {
			w.take(c, sums[c.ID])
		}
		w.s.gauge.read(w.side, len(batch.Contents))
		return nil
	})
}

func (w *witness) take(c confluence.Content, sum string) {
	o := store.Observed{Side: w.side, Twin: w.v.roster.name(w.twin(c.ID)), FileSum: sum}
	if c.Body.Format != "" {
		takeBody(&o, c.Body)
	}
	w.index.add(where{twin: o.Twin, id: c.ID, kind: c.Kind, key: w.s.pair.Keys[w.side]}, sourceTitle(c), day(c))
	again := w.rows.has(o.Twin)
	switch {
	case again:
	case c.Kind == confluence.Attachment:
		w.files[c.Container] = append(w.files[c.Container], o.Twin)
	case c.Kind == confluence.Comment:
		w.comments[c.Container] = append(w.comments[c.Container], o.Twin)
	}
	c.Body = confluence.Body{Format: c.Body.Format}
	c.Version, c.Created, c.Creator, c.SpaceID, c.SpaceKey = confluence.Version{Number: c.Version.Number}, time.Time{}, "", "", ""
	o.Content = c
	w.rows.put(o.Twin, &o)
}

func takeBody(o *store.Observed, b confluence.Body) {
	o.Form.Format = string(b.Format)
	if b.Format == confluence.Storage {
		if tree, err := body.Parse(b.Raw); err == nil {
			f := tree.Form()
			o.Form.Skeleton, o.Form.Refs = f.Skeleton, encodeSlots(f.Slots)
			return
		}
	}
	o.Form.Opaque, o.RawBlob = true, confluence.Sum([]byte(b.Raw))
}

// sumFiles reads the bytes of a batch's files, as many at a time as the destination's connections take.
func (w *witness) sumFiles(ctx context.Context, batch []confluence.Content) (map[confluence.ID]string, error) {
	if w.depth != parity.Everything {
		return nil, nil
	}
	var files []confluence.Content
	for _, c := range batch {
		if c.Kind == confluence.Attachment && c.File != nil && !c.File.Missing {
			files = append(files, c)
		}
	}
	sums := make([]string, len(files))
	err := w.s.e.spread(len(files), w.s.connections(confluence.B), func(i int) (err error) {
		sums[i], err = sumOf(ctx, w.s.sites[w.side].reader, files[i])
		return err
	})
	out := make(map[confluence.ID]string, len(files))
	for i, c := range files {
		out[c.ID] = sums[i]
	}
	return out, err
}

// hear makes all leaves once, to learn what is known not to be equal.
func (w *witness) hear() {
	w.order = rankRows(w.rows, func(confluence.Content) bool { return true })
	for range w.leaves() {
	}
	w.heard = true
}

// leaves makes the leaves of what was read, in the neutral form.
func (w *witness) leaves() iter.Seq[parity.Leaf] {
	return func(yield func(parity.Leaf) bool) {
		for _, o := range w.rows.all() {
			if o.Content.Kind != confluence.Page && o.Content.Kind != confluence.BlogPost {
				continue
			}
			if !yield(w.leaf(o)) {
				return
			}
		}
	}
}

func (w *witness) leaf(o *store.Observed) parity.Leaf {
	c := o.Content
	l := parity.Leaf{Kind: c.Kind, Twin: w.v.roster.name(o.Twin), Title: c.Title, Parent: w.v.roster.name(w.parent(c))}
	if n := w.v.rankIn(w.order, o.Twin); n >= 0 && c.Kind == confluence.Page {
		l.Rank, l.Ranked = n, true
	}
	l.Content = w.content(o, where{twin: l.Twin, id: c.ID, kind: c.Kind, key: w.s.pair.Keys[w.side]})
	l.Files = w.filesOf(l.Twin, w.below(w.files, c.ID))
	for _, label := range c.Labels {
		l.Labels = append(l.Labels, label.String())
	}
	l.Comments = w.commentsOf(l.Twin, w.below(w.comments, c.ID), "")
	w.restrictions(&l, c.Restrictions)
	w.except(&l, c)
	return l
}

// below opens what belongs to a content.
func (w *witness) below(of map[confluence.ID][]confluence.TwinID, id confluence.ID) []*store.Observed {
	var out []*store.Observed
	for _, twin := range of[id] {
		out = append(out, w.rows.get(twin))
	}
	return out
}

func (w *witness) note(e parity.Exception) {
	if !w.heard {
		w.exceptions = append(w.exceptions, e)
	}
}

func (w *witness) parent(c confluence.Content) confluence.TwinID {
	if c.Kind != confluence.Page || c.ParentID == "" || c.ID == w.home() {
		return ""
	}
	if w.side == confluence.A && !w.shows(c.ParentID) {
		return ""
	}
	return w.twin(c.ParentID)
}

// shows reports whether the side listed a content.
func (w *witness) shows(id confluence.ID) bool { return w.rows.has(w.twin(id)) }

// content is the digest of a body in the neutral form: references named by twins and by the keys of side A.
func (w *witness) content(o *store.Observed, holder where) confluence.Digest {
	if o.Form.Opaque || o.Form.Format == "" {
		return o.RawBlob
	}
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		panic(err) // encoded here
	}
	f := body.Form{Skeleton: o.Form.Skeleton, Slots: slots}
	return f.Content(func(s body.Slot) string { return w.neutral(s, holder) })
}

// neutral names what a reference leads to, alike on both sides.
func (w *witness) neutral(s body.Slot, holder where) string {
	return w.s.neutralSlot(w.side, w.index, s, holder)
}

func (w *witness) filesOf(holder confluence.TwinID, list []*store.Observed) []parity.File {
	var out []parity.File
	for _, o := range list {
		c := o.Content
		if c.File == nil || c.File.Missing {
			continue
		}
		if c.SourceTitle != "" && w.side == confluence.A {
			w.note(parity.Exception{Reason: parity.ReasonDuplicateFile, Twin: holder, Field: parity.FieldFiles + "/" + c.Title})
		}
		out = append(out, parity.File{Name: c.Title, Size: c.File.Size, SHA256: o.FileSum})
	}
	return out
}

// commentsOf builds the tree of comments below one content or one comment.
func (w *witness) commentsOf(holder confluence.TwinID, list []*store.Observed, replyTo confluence.ID) []parity.Comment {
	var out []parity.Comment
	for _, o := range list {
		c := o.Content
		if c.Comment == nil || c.Comment.ReplyTo != replyTo {
			continue
		}
		pc := parity.Comment{Twin: o.Twin, Kind: c.Comment.Kind, Resolution: resolution(c)}
		pc.Content = w.content(o, where{twin: holder})
		pc.Replies = w.commentsOf(holder, list, c.ID)
		if w.side == confluence.A && replyTo == "" && w.left(c.ID) {
			w.note(parity.Exception{Reason: parity.ReasonInlineComments, Twin: holder, Field: parity.FieldComments + "/" + string(pc.Twin)})
		}
		out = append(out, pc)
	}
	return out
}

// resolution of a footer comment is no state of its own on either product.
func resolution(c confluence.Content) string {
	if c.Comment.Kind != confluence.Inline {
		return ""
	}
	return c.Comment.Resolution
}

func (w *witness) left(id confluence.ID) bool {
	return slices.ContainsFunc(w.v.left[w.side], func(l leftOut) bool { return l.row.Content.ID == id })
}

func (w *witness) restrictions(l *parity.Leaf, r confluence.Restrictions) {
	if !w.s.facets.Has(reconcile.Restrictions) {
		return
	}
	me := confluence.UserPrincipal(w.s.ids[confluence.B].Me.ID)
	neutral := func(list []confluence.Principal) []string {
		var out []string
		for _, p := range list {
			if t, ok := w.s.people.principal(confluence.B, p); p == me || ok && t == me {
				continue
			}
			out = append(out, w.s.people.neutral(p))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	l.Restricted = [2]bool{len(r.Read) > 0, len(r.Update) > 0}
	l.Readers, l.Editors = neutral(r.Read), neutral(r.Update)
}

// except lists what is known not to be equal about a leaf of the source.
func (w *witness) except(l *parity.Leaf, c confluence.Content) {
	if w.side != confluence.A {
		return
	}
	add := func(reason, field string) {
		w.note(parity.Exception{Reason: reason, Twin: l.Twin, Field: field})
	}
	if c.Untitled {
		add(parity.ReasonUntitled, parity.FieldTitle)
	}
	if c.Body.Format == confluence.Wiki {
		add(parity.ReasonConverted, parity.FieldContent)
	}
	for _, label := range personalLabels(c.Labels) {
		add(parity.ReasonPersonalLabel, parity.FieldLabels+"/"+label.String())
	}
	if !w.s.facets.Has(reconcile.Restrictions) {
		return
	}
	for i, list := range [][]confluence.Principal{c.Restrictions.Read, c.Restrictions.Update} {
		field := [2]string{parity.FieldReaders, parity.FieldEditors}[i]
		_, missing := w.s.people.principals(confluence.B, list)
		for _, p := range missing {
			add(parity.ReasonUnmappedPrincipal, field+"/"+w.s.people.neutral(p))
		}
	}
}

func (w *witness) home() confluence.ID { return w.s.pair.Homes[w.side] }
