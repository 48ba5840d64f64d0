package engine

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// witness reads one side for a proof.
type witness struct {
	s     *work
	v     *view
	side  confluence.Side
	depth parity.Depth

	index      *index
	rows       []confluence.Content // without bodies
	forms      map[confluence.ID]body.Form
	opaque     map[confluence.ID]confluence.Digest
	sums       map[confluence.ID]string
	kinds      map[confluence.ID]confluence.Kind
	exceptions []parity.Exception
}

func newWitness(s *work, v *view, side confluence.Side, depth parity.Depth) *witness {
	w := &witness{s: s, v: v, side: side, depth: depth, forms: map[confluence.ID]body.Form{}, opaque: map[confluence.ID]confluence.Digest{},
		sums: map[confluence.ID]string{}, kinds: map[confluence.ID]confluence.Kind{}}
	// The index of the view knows the other spaces; this space is replaced by what is read now.
	w.index = v.index[side].without(s.pair.Keys[side])
	return w
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
		for _, c := range batch.Contents {
			w.take(c)
		}
		w.s.gauge.read(w.side, len(batch.Contents))
		return w.sumFiles(ctx, batch.Contents)
	})
}

func (w *witness) take(c confluence.Content) {
	w.kinds[c.ID] = c.Kind
	if c.Body.Format != "" {
		w.takeBody(c)
		c.Body = confluence.Body{Format: c.Body.Format}
	}
	w.index.add(where{twin: w.twin(c.ID), id: c.ID, kind: c.Kind, key: w.s.pair.Keys[w.side]}, sourceTitle(c), day(c))
	w.rows = append(w.rows, c)
}

// sumFiles reads the bytes of a batch's files, as many at a time as the destination's connections take.
func (w *witness) sumFiles(ctx context.Context, batch []confluence.Content) error {
	if w.depth != parity.Everything {
		return nil
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
	for i, c := range files {
		w.sums[c.ID] = sums[i]
	}
	return err
}

func (w *witness) takeBody(c confluence.Content) {
	if c.Body.Format == confluence.Storage {
		if tree, err := body.Parse(c.Body.Raw); err == nil {
			w.forms[c.ID] = tree.Form()
			return
		}
	}
	w.opaque[c.ID] = confluence.Sum([]byte(c.Body.Raw))
}

// leaves turns what was read into leaves in the neutral form.
func (w *witness) leaves() []parity.Leaf {
	files, comments := w.byContainer()
	ranks := w.ranks()
	var out []parity.Leaf
	for _, c := range w.rows {
		if c.Kind != confluence.Page && c.Kind != confluence.BlogPost {
			continue
		}
		l := parity.Leaf{Kind: c.Kind, Twin: w.twin(c.ID), Title: c.Title, Parent: w.parent(c)}
		l.Rank, l.Ranked = ranks[c.ID]
		l.Content = w.content(c, where{twin: l.Twin, id: c.ID, kind: c.Kind, key: w.s.pair.Keys[w.side]})
		l.Files = w.files(l.Twin, files[c.ID])
		for _, label := range c.Labels {
			l.Labels = append(l.Labels, label.String())
		}
		l.Comments = w.comments(l.Twin, comments[c.ID], "")
		w.restrictions(&l, c.Restrictions)
		w.except(&l, c)
		out = append(out, l)
	}
	return out
}

func (w *witness) byContainer() (files, comments map[confluence.ID][]confluence.Content) {
	files, comments = map[confluence.ID][]confluence.Content{}, map[confluence.ID][]confluence.Content{}
	for _, c := range w.rows {
		switch c.Kind {
		case confluence.Attachment:
			files[c.Container] = append(files[c.Container], c)
		case confluence.Comment:
			comments[c.Container] = append(comments[c.Container], c)
		}
	}
	return files, comments
}

func (w *witness) parent(c confluence.Content) confluence.TwinID {
	if c.Kind != confluence.Page || c.ParentID == "" || c.ID == w.home() {
		return ""
	}
	if _, here := w.kinds[c.ParentID]; !here && w.side == confluence.A {
		return ""
	}
	return w.twin(c.ParentID)
}

// ranks orders siblings. On the source only an explicit order counts, on the destination the order there is.
func (w *witness) ranks() map[confluence.ID]int {
	children := map[confluence.ID][]sibling{}
	for i, c := range w.rows {
		if c.Kind == confluence.Page {
			children[c.ParentID] = append(children[c.ParentID], sibling{n: int32(i), id: c.ID, positioned: c.Positioned, position: c.Position})
		}
	}
	ranks := map[confluence.ID]int{}
	title := func(x sibling) string { return w.rows[x.n].Title }
	for _, list := range children {
		if !slices.ContainsFunc(list, func(x sibling) bool { return x.positioned }) {
			continue
		}
		slices.SortFunc(list, func(a, b sibling) int { return bySibling(a, b, title) })
		for i, x := range list {
			ranks[x.id] = i
		}
	}
	return ranks
}

// content is the digest of a body in the neutral form: references named by twins and by the keys of side A.
func (w *witness) content(c confluence.Content, holder where) confluence.Digest {
	if d, ok := w.opaque[c.ID]; ok {
		return d
	}
	f, ok := w.forms[c.ID]
	if !ok {
		return confluence.Digest{}
	}
	return f.Content(func(s body.Slot) string { return w.neutral(s, holder) })
}

// neutral names what a reference leads to, alike on both sides.
func (w *witness) neutral(s body.Slot, holder where) string {
	return w.s.neutralSlot(w.side, w.index, s, holder)
}

func (w *witness) files(holder confluence.TwinID, list []confluence.Content) []parity.File {
	var out []parity.File
	for _, c := range list {
		if c.File == nil || c.File.Missing {
			continue
		}
		f := parity.File{Name: c.Title, Size: c.File.Size, SHA256: w.sums[c.ID]}
		if c.SourceTitle != "" && w.side == confluence.A {
			w.exceptions = append(w.exceptions, parity.Exception{Reason: parity.ReasonDuplicateFile, Twin: holder, Field: parity.FieldFiles + "/" + c.Title})
		}
		out = append(out, f)
	}
	return out
}

// comments builds the tree of comments below one content or one comment.
func (w *witness) comments(holder confluence.TwinID, list []confluence.Content, replyTo confluence.ID) []parity.Comment {
	var out []parity.Comment
	for _, c := range list {
		if c.Comment == nil || c.Comment.ReplyTo != replyTo {
			continue
		}
		pc := parity.Comment{Twin: w.twin(c.ID), Kind: c.Comment.Kind, Resolution: resolution(c)}
		pc.Content = w.content(c, where{twin: holder})
		pc.Replies = w.comments(holder, list, c.ID)
		if w.side == confluence.A && replyTo == "" && w.left(c.ID) {
			w.exceptions = append(w.exceptions, parity.Exception{Reason: parity.ReasonInlineComments, Twin: holder, Field: parity.FieldComments + "/" + string(pc.Twin)})
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
		w.exceptions = append(w.exceptions, parity.Exception{Reason: reason, Twin: l.Twin, Field: field})
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
