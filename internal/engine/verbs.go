package engine

import (
	"context"
	"fmt"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// change makes the write of a verb that changes the state of a content's life: trash, restore, archive, and what
// attachments and comments have in their place.
func (a *applier) change(ctx context.Context, c reconcile.Change) (*write, error) {
	d, ok := a.destOf(c.Side, c.Twin)
	if !ok {
		return nil, errNeed
	}
	w := &write{side: c.Side, twin: c.Twin, kind: c.Kind, facets: reconcile.Status, target: d.id, expect: d.version,
		key: naturalKey(string(c.Verb), string(d.id))}
	seen := a.shown(c.Side, c.Twin)
	comment := confluence.CommentInfo{}
	if seen != nil && seen.Content.Comment != nil {
		comment = *seen.Content.Comment
	}
	switch c.Verb {
	case confluence.VerbTrash:
		w.change = confluence.Trash{ID: d.id, Kind: c.Kind}
	case confluence.VerbDetach:
		w.change = confluence.Detach{ID: d.id}
	case confluence.VerbUncomment:
		w.change = confluence.RemoveComment{ID: d.id, Kind: comment.Kind}
	case confluence.VerbRestore:
		w.change = confluence.Restore{ID: d.id, Kind: c.Kind, Space: a.s.spaceOf(c.Side), Title: a.titleNow(c.Side, c.Twin), Expect: d.version}
	case confluence.VerbArchive:
		w.change = confluence.Archive{IDs: []confluence.ID{d.id}}
	case confluence.VerbResolve:
		w.change = confluence.ResolveComment{ID: d.id, Resolved: c.Resolved, Expect: d.version}
	default:
		return nil, confluence.Errorf(confluence.CodeInternal, "%s changes no state", c.Verb)
	}
	if err := a.unchangedSince(ctx, c, seen); err != nil {
		return nil, err
	}
	a.stateWritten(w, c)
	return w, nil
}

// stateWritten notes at once what a side shows of a content whose state was changed: it is read again before anything
// else is decided about it.
func (a *applier) stateWritten(w *write, c reconcile.Change) {
	var seen *store.Observed
	w.learned = func(res confluence.Result) *store.AgreedRow {
		a.rowMu.Lock()
		defer a.rowMu.Unlock()
		a.touch(c.Side, c.Twin)
		seen = a.alter(c.Side, c.Twin, func(x *confluence.Content) {
			x.Version.Number = max(x.Version.Number, res.Version) // whose body is the one before
			becomes(x, c)
		})
		row := a.row(c.Side, c.Twin)
		row.Version[c.Side] = max(row.Version[c.Side], res.Version)
		switch c.Verb {
		case confluence.VerbRestore:
			row.Tomb = false
			row.Landed[c.Side] = true
			row.Owed[c.Side] |= reconcile.Title | reconcile.Parent
		case confluence.VerbResolve:
			row.Resolved = c.Resolved
		}
		if row.ID[c.Side.Other()] == "" && !a.view.agreed.has(c.Twin) {
			return nil // of one side alone
		}
		a.view.agreed.put(c.Twin, &row)
		return &row
	}
	w.after = func(tx *store.Tx) error {
		if seen == nil {
			return nil
		}
		return tx.PutObserved(*seen)
	}
}

// becomes is what a content is after a change of its state.
func becomes(x *confluence.Content, c reconcile.Change) {
	switch c.Verb {
	case confluence.VerbTrash, confluence.VerbDetach:
		x.Status = confluence.Trashed
	case confluence.VerbUncomment:
		x.Status = reconcile.Purged // comments have no trash
	case confluence.VerbRestore:
		x.Status = confluence.Current
	case confluence.VerbArchive:
		x.Status = confluence.Archived
	case confluence.VerbResolve:
		if x.Comment != nil {
			info := *x.Comment
			info.Resolution = "open"
			if c.Resolved {
				info.Resolution = "resolved"
			}
			x.Comment = &info
		}
	}
}

// unchangedSince reads a content once more before it goes to the trash. Where somebody has worked on it since the plan
// saw it, nothing is removed: the edit wins, and the next plan decides (algorithms A6.1).
func (a *applier) unchangedSince(ctx context.Context, c reconcile.Change, seen *store.Observed) error {
	switch c.Verb {
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbArchive:
	default:
		return nil
	}
	if planted.On(planted.NoReread) {
		return nil
	}
	if seen == nil {
		return overtaken(c, "is not known to be there")
	}
	was := seen.Content
	list, err := a.s.sites[c.Side].reader.Fetch(ctx, c.Kind, []confluence.ID{was.ID}, 0)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return overtaken(c, "is not shown any more")
	}
	now := list[0]
	switch d, _ := a.destOf(c.Side, c.Twin); {
	case now.Version.Number > max(was.Version.Number, d.version):
		return overtaken(c, "was edited meanwhile")
	case now.Status == confluence.Trashed && was.Status != confluence.Trashed:
		return overtaken(c, "is in the trash already")
	}
	return a.nothingNewBelow(ctx, c, was.ID)
}

// nothingNewBelow asks what hangs on a page that is about to be removed. A page, a file or a comment that the plan did not
// know, or not as it is now, is read, so that the next plan knows it, and keeps the page.
func (a *applier) nothingNewBelow(ctx context.Context, c reconcile.Change, id confluence.ID) error {
	reader, ok := a.s.sites[c.Side].reader.(confluence.Below)
	if !ok || c.Kind != confluence.Page && c.Kind != confluence.BlogPost {
		return nil
	}
	list, err := reader.Below(ctx, c.Kind, id)
	if err != nil {
		return err
	}
	fresh := map[confluence.Kind][]confluence.ID{}
	for _, x := range list {
		if !a.view.knows(c.Side, x.ID) || a.newer(c.Side, x) {
			fresh[x.Kind] = append(fresh[x.Kind], x.ID)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	for _, kind := range []confluence.Kind{confluence.Page, confluence.Attachment, confluence.Comment} {
		if err := a.s.fetchAgain(ctx, c.Side, kind, fresh[kind], confluence.AllFacets); err != nil {
			return err
		}
	}
	return overtaken(c, "has something new below it")
}

// newer reports whether a content has a version that is neither known nor our own.
func (a *applier) newer(side confluence.Side, x confluence.Content) bool {
	twin := a.s.twinOf(side, x.ID)
	o := a.shown(side, twin)
	if o == nil || o.Content.ID != x.ID {
		return false // takes no part
	}
	d, _ := a.destOf(side, twin)
	return x.Version.Number > max(o.Content.Version.Number, d.version)
}

// overtaken ends a change that somebody at the side was quicker than. It is no failure of the content: the side is read
// again, and the next plan decides.
func overtaken(c reconcile.Change, what string) error {
	return fmt.Errorf("%w: %s of %s, which %s", errOvertaken, c.Verb, c.Twin, what)
}

// reviveBody lets the outcome of an intent of an earlier execution be noted where it carried a text or a file. What the
// other side shows may be newer than what was carried: that is known by its blob, so a later edit stays one. Title and
// place are settled by the next plan, when both sides show them.
func (a *applier) reviveBody(w *write, c reconcile.Change, in store.Intent, src *store.Observed) {
	from := in.Side.Other()
	c.Merged = in.Facets & (reconcile.Title | reconcile.Parent)
	if in.Verb == confluence.VerbPost || in.Verb == confluence.VerbAttach || in.Verb == confluence.VerbComment {
		c.Merged &^= reconcile.Parent
	}
	print, _ := a.view.print(from, in.Twin)
	carried := src.RawBlob
	if !in.PreDigest.IsZero() && in.PreDigest != src.RawBlob {
		if was, ok := a.printOfBlob(from, src, in.PreDigest); ok {
			print, carried = was, in.PreDigest
		} else {
			c.Merged |= reconcile.Body
		}
	}
	w.learned = a.learner(c, in.Facets, func(row *store.AgreedRow, settled reconcile.Facets) {
		if _, title, ok := createKey(in.NaturalKey); ok && in.Verb == confluence.VerbPost {
			row.Title = [2]string{title, title}
			if !a.s.shut(in.Side) && a.s.facets.Has(reconcile.Restrictions) {
				row.Owed[in.Side] |= reconcile.Restrictions // counts where it stands there shut
			}
		}
		if settled.Has(reconcile.Body) {
			row.Digest[from][reconcile.Body.Index()] = print.digest()
			row.Refs[from], row.Ancestor = print.encode(), carried
			row.Sent[in.Side] = in.PayloadDigest
		}
	})
}

// printOfBlob is what a body that a side showed earlier was.
func (a *applier) printOfBlob(side confluence.Side, o *store.Observed, blob confluence.Digest) (fingerprint, bool) {
	raw, err := a.s.e.store.Blob(context.Background(), blob)
	if err != nil {
		return fingerprint{}, false
	}
	tree, err := body.Parse(string(raw))
	if err != nil {
		return fingerprint{}, false
	}
	was, form := *o, tree.Form()
	was.Form.Skeleton, was.Form.Refs = form.Skeleton, encodeSlots(form.Slots)
	print, err := a.view.printOf(side, &was, a.s.pair.Keys[side])
	return print, err == nil
}

// reviveState lets the outcome of an intent of an earlier execution be noted where it set a state or a set. It reports
// whether that was all.
func (a *applier) reviveState(w *write, c reconcile.Change, in store.Intent) bool {
	switch in.Verb {
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbRestore, confluence.VerbArchive:
		a.stateWritten(w, c)
		return true
	case confluence.VerbLabel, confluence.VerbUnlabel, confluence.VerbRestrict, confluence.VerbMove, confluence.VerbResolve:
		w.learned = func(confluence.Result) *store.AgreedRow {
			a.touch(c.Side, c.Twin)
			return nil
		}
		return true
	}
	return false
}
