package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// since compares what a proof reads of a living source with what was carried from it. People go on writing while a run is
// under way: what they changed after it was read is excepted from this proof, named by a finding, and carried by a later
// run. Only what the source itself proves to be newer is excepted: a higher version, another value of a facet without
// versions, a content that was not there, or one that is in the trash now. What merely is not shown is a difference.
type since struct {
	w          *witness
	exceptions []parity.Exception
	changed    map[confluence.TwinID][]string // fields, by page or blog post
	gone       []*store.Observed
}

// editedSince returns the exceptions of what was edited at the source after it was read, and the findings about it.
func (s *work) editedSince(ctx context.Context, w *witness) ([]parity.Exception, []migration.Finding, error) {
	if s.ids[confluence.A].Caps.UnpaginatedRead {
		return nil, nil, nil // an export stands still
	}
	x := &since{w: w, changed: map[confluence.TwinID][]string{}}
	for twin, o := range w.rows.all() {
		c := o.Content
		if was := w.v.seen[confluence.A].get(twin); was != nil {
			x.compare(twin, was.Content, c)
		} else if !w.left(c.ID) {
			x.fresh(twin, c)
		}
	}
	for twin, o := range w.v.seen[confluence.A].all() {
		if !w.rows.has(twin) {
			x.gone = append(x.gone, o)
		}
	}
	if err := x.trashed(ctx); err != nil {
		return nil, nil, err
	}
	return x.exceptions, x.findings(), nil
}

// holder is the page or blog post that a content belongs to, or itself.
func (x *since) holder(twin confluence.TwinID, c confluence.Content) confluence.TwinID {
	if c.Kind == confluence.Attachment || c.Kind == confluence.Comment {
		return x.w.twin(c.Container)
	}
	return twin
}

func (x *since) except(twin confluence.TwinID, field string) {
	x.exceptions = append(x.exceptions, parity.Exception{Reason: parity.ReasonEditedSince, Twin: twin, Field: field})
	name, _, _ := strings.Cut(field, "/")
	if name == parity.FieldWhole {
		name = "the whole of it"
	}
	if !slices.Contains(x.changed[twin], name) {
		x.changed[twin] = append(x.changed[twin], name)
	}
}

// fresh excepts what was not there.
func (x *since) fresh(twin confluence.TwinID, c confluence.Content) {
	x.except(x.holder(twin, c), x.element(twin, c))
}

// element is the field of a proof that a content is, or is part of.
func (x *since) element(twin confluence.TwinID, c confluence.Content) string {
	switch c.Kind {
	case confluence.Attachment:
		return parity.FieldFiles + "/" + c.Title
	case confluence.Comment:
		for c.Comment != nil && c.Comment.ReplyTo != "" { // a thread is one element
			twin = x.w.twin(c.Comment.ReplyTo)
			o := x.w.rows.get(twin)
			if o == nil {
				break
			}
			c = o.Content
		}
		return parity.FieldComments + "/" + string(twin)
	}
	return parity.FieldWhole
}

// compare excepts the fields of a content that are newer than what was carried.
func (x *since) compare(twin confluence.TwinID, was, is confluence.Content) {
	newer := is.Version.Number > was.Version.Number
	switch is.Kind {
	case confluence.Attachment, confluence.Comment:
		if newer || resolutionOf(was) != resolutionOf(is) {
			x.except(x.holder(twin, is), x.element(twin, is))
		}
		return
	}
	if newer {
		x.except(twin, parity.FieldContent)
	}
	if was.Title != is.Title && newer {
		x.except(twin, parity.FieldTitle)
	}
	if was.ParentID != is.ParentID {
		x.except(twin, parity.FieldParent)
		x.except(twin, parity.FieldRank)
	} else if was.Position != is.Position || was.Positioned != is.Positioned {
		x.except(twin, parity.FieldRank)
	}
	for _, label := range apart(was.Labels, is.Labels) {
		x.except(twin, parity.FieldLabels+"/"+label.String())
	}
	if len(apart(was.Restrictions.Read, is.Restrictions.Read)) > 0 {
		x.except(twin, parity.FieldReaders)
	}
	if len(apart(was.Restrictions.Update, is.Restrictions.Update)) > 0 {
		x.except(twin, parity.FieldEditors)
	}
}

func resolutionOf(c confluence.Content) string {
	if c.Comment == nil {
		return ""
	}
	return resolution(c)
}

// apart returns what is in one list only.
func apart[T comparable](a, b []T) []T {
	var out []T
	for _, v := range a {
		if !slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	for _, v := range b {
		if !slices.Contains(a, v) {
			out = append(out, v)
		}
	}
	return out
}

// trashed asks the source about what it does not list any more, and excepts what it shows in the trash. A comment has no
// trash: it is excepted where its page was seen and was asked for its comments.
func (x *since) trashed(ctx context.Context) error {
	byKind := map[confluence.Kind][]*store.Observed{}
	for _, o := range x.gone {
		byKind[o.Content.Kind] = append(byKind[o.Content.Kind], o)
	}
	reader := x.w.s.sites[confluence.A].reader
	size := max(1, x.w.s.ids[confluence.A].Caps.FetchBatch)
	for _, kind := range []confluence.Kind{confluence.Page, confluence.BlogPost, confluence.Attachment} {
		for batch := range slices.Chunk(byKind[kind], size) {
			ids := make([]confluence.ID, len(batch))
			for i, o := range batch {
				ids[i] = o.Content.ID
			}
			found, err := reader.Fetch(ctx, kind, ids, 0)
			if err != nil {
				return err
			}
			for _, c := range found {
				if c.Status == confluence.Trashed {
					twin := x.w.twin(c.ID)
					x.except(x.holder(twin, x.w.v.seen[confluence.A].get(twin).Content), x.element(twin, x.w.v.seen[confluence.A].get(twin).Content))
				}
			}
		}
	}
	for _, o := range byKind[confluence.Comment] {
		if x.w.shows(o.Content.Container) {
			x.except(x.w.twin(o.Content.Container), x.element(x.w.twin(o.Content.ID), o.Content))
		}
	}
	return nil
}

// fieldOrder is the order in which a finding names fields.
var fieldOrder = []string{parity.FieldContent, parity.FieldTitle, parity.FieldParent, parity.FieldRank, parity.FieldLabels, parity.FieldReaders,
	parity.FieldEditors, parity.FieldFiles, parity.FieldComments}

// findings says of each page and blog post what is newer at the source.
func (x *since) findings() []migration.Finding {
	var out []migration.Finding
	for _, twin := range sortedKeys(x.changed) {
		var c confluence.Content
		if now := x.w.rows.get(twin); now != nil {
			c = now.Content
		} else if was := x.w.v.seen[confluence.A].get(twin); was != nil {
			c = was.Content
		}
		slices.SortFunc(x.changed[twin], func(a, b string) int { return slices.Index(fieldOrder, a) - slices.Index(fieldOrder, b) })
		f := x.w.s.finding(confluence.A, confluence.CodeSourceEdited, c, confluence.Kept, strings.Join(x.changed[twin], ","),
			fmt.Sprintf("%s was edited at the source after it had been read", describe(c)))
		f.Severity = migration.SeverityInfo
		out = append(out, f)
	}
	return out
}
