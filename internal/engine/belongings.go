package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// hashing counts the bytes of an upload into a digest. A retry starts afresh.
type hashing struct {
	io.ReadCloser
	h hash.Hash
}

func (r hashing) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.h.Write(p[:n])
	return n, err
}

func (a *applier) file(c reconcile.Change) (*write, error) {
	to := c.Side
	if c.CopyOf != "" {
		return a.copyFile(c)
	}
	src, err := a.origin(c)
	if err != nil {
		return nil, err
	}
	file := src.Content.File
	holder, ok := a.destOf(to, a.view.nodeOf(to.Other(), c.Twin).Parent)
	if !ok {
		return nil, errNeed
	}
	var last hash.Hash
	w := &write{side: to, twin: c.Twin, kind: confluence.Attachment, facets: reconcile.Title | reconcile.Parent | reconcile.File,
		key: naturalKey("file", string(holder.id), src.Content.Title)}
	w.payload.Open = func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := a.s.sites[to.Other()].reader.Open(ctx, src.Content)
		if err != nil {
			return nil, err
		}
		last = sha256.New()
		return hashing{rc, last}, nil
	}
	if c.Verb == confluence.VerbAttach {
		w.change = confluence.Attach{Container: holder.id, Name: src.Content.Title, MediaType: file.MediaType, Comment: file.Comment, Size: file.Size}
	} else {
		d, ok := a.destOf(c.Side, c.Twin)
		if !ok {
			return nil, errNeed
		}
		w.target, w.expect = d.id, d.version
		w.change = confluence.ReplaceFile{ID: d.id, Container: holder.id, Name: src.Content.Title, MediaType: file.MediaType, Comment: file.Comment, Size: file.Size}
	}
	w.learned = a.learner(c, w.facets, func(row *store.AgreedRow, _ reconcile.Facets) {
		row.Title = [2]string{src.Content.Title, src.Content.Title}
	})
	w.after = func(tx *store.Tx) error {
		if last == nil {
			return nil
		}
		seen := *src
		seen.FileSum = hex.EncodeToString(last.Sum(nil))
		return tx.PutObserved(seen)
	}
	return w, nil
}

func (a *applier) comment(ctx context.Context, c reconcile.Change) (*write, error) {
	src, err := a.origin(c)
	if err != nil {
		return nil, err
	}
	r, err := a.render(ctx, c.Side, src)
	if err != nil {
		return nil, err
	}
	facets := reconcile.Parent | completeBody(r)
	w := &write{side: c.Side, payload: confluence.Payload{Body: r.body}, twin: c.Twin, kind: confluence.Comment, facets: facets,
		digest: r.digest, blob: []byte(r.body.Raw), complete: r.complete, origin: src.RawBlob}
	if c.Verb == confluence.VerbRecomment {
		d, ok := a.destOf(c.Side, c.Twin)
		if !ok {
			return nil, errNeed
		}
		w.change, w.target, w.expect = confluence.UpdateComment{ID: d.id, Expect: d.version}, d.id, d.version
		w.key = naturalKey("comment", string(d.id))
		w.skip = a.sentAlready(c, r)
	} else if err := a.newComment(w, src.Content); err != nil {
		return nil, err
	}
	w.learned = a.learner(c, facets, func(row *store.AgreedRow, _ reconcile.Facets) { a.wroteBody(row, c, r) })
	return w, nil
}

func (a *applier) newComment(w *write, c confluence.Content) error {
	to, from := w.side, w.side.Other()
	on := a.s.twinOf(from, c.Container)
	holder, ok := a.destOf(to, on)
	if !ok {
		return errNeed
	}
	change := confluence.CreateComment{Container: holder.id, ContainerKind: confluence.Page}
	if h := a.shown(from, on); h != nil {
		change.ContainerKind = h.Content.Kind
	}
	if reply := c.Comment.ReplyTo; reply != "" {
		parent, ok := a.destOf(to, a.s.twinOf(from, reply))
		if !ok {
			return errNeed
		}
		change.ReplyTo = parent.id
	}
	w.change = change
	w.key = naturalKey("comment", string(w.twin))
	return nil
}

func (a *applier) move(c reconcile.Change) (*write, error) {
	d, ok := a.destOf(c.Side, c.Twin)
	if !ok {
		return nil, errNeed
	}
	if c.Facets.Has(reconcile.Parent) {
		return a.moveBelow(c, d)
	}
	move := confluence.Move{ID: d.id, Where: confluence.After}
	next := c.After
	if c.First {
		move.Where, next = confluence.Before, c.Before
	}
	target, ok := a.destOf(c.Side, next)
	if !ok {
		return nil, errNeed
	}
	move.Target = target.id
	w := &write{side: c.Side, change: move, twin: c.Twin, kind: c.Kind, target: d.id, key: fmt.Sprintf("%s %s %s", d.id, move.Where, target.id)}
	w.learned = func(confluence.Result) *store.AgreedRow { return a.displaced(c.Side, c.Twin) }
	return w, nil
}

// moveBelow puts a page under another one, or at the root beside the home page.
func (a *applier) moveBelow(c reconcile.Change, d destination) (*write, error) {
	move := confluence.Move{ID: d.id, Where: confluence.Append}
	w := &write{side: c.Side, twin: c.Twin, kind: c.Kind, facets: reconcile.Parent, target: d.id}
	parent, root, err := a.parentFor(c.Side, c.Parent)
	switch {
	case err != nil:
		return nil, err
	case root:
		home := a.s.pair.Homes[c.Side]
		if !a.s.ids[c.Side].Caps.RootPages || home == "" {
			return nil, confluence.Errorf(confluence.CodeNotCapable, "the site has no way to move a page to the root of its space")
		}
		move.Where, move.Target = confluence.After, home
		w.key = fmt.Sprintf("%s to the root", d.id)
	default:
		move.Target = parent
		w.key = fmt.Sprintf("%s under %s", d.id, parent)
	}
	w.change = move
	w.learned = a.learner(c, reconcile.Parent, nil)
	return w, nil
}

// displaced takes back what was agreed on the place of a page that was moved, until its new place has been seen.
func (a *applier) displaced(to confluence.Side, twin confluence.TwinID) *store.AgreedRow {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.row(to, twin)
	i := reconcile.Order.Index()
	row.Digest[confluence.A][i], row.Digest[confluence.B][i] = confluence.Digest{}, confluence.Digest{}
	row.Facets &^= reconcile.Order
	row.Landed[to] = row.Landed[to] || a.s.paired
	a.view.agreed.put(twin, &row)
	return &row
}
