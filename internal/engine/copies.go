package engine

import (
	"context"
	"io"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// prepareCopy makes a conflict copy: a page that keeps a text which is about to be overwritten, on the side that has it.
func (a *applier) prepareCopy(ctx context.Context, c reconcile.Change) ([]making, error) {
	src := a.shown(c.CopyFrom, c.CopyOf)
	if src == nil {
		return nil, confluence.Errorf(confluence.CodeInternal, "a copy of a content that is not known")
	}
	var r rendered
	var err error
	if c.CopyFrom != c.Side {
		r, err = a.render(ctx, c.Side, src)
	} else {
		r, err = a.asItStands(ctx, src)
	}
	if err != nil {
		return nil, err
	}
	return []making{func() (*write, error) {
		change := confluence.Create{Space: a.s.spaceOf(c.Side), Kind: c.Kind, Title: c.Title, Private: !src.Content.Restrictions.Open()}
		var err error
		if change.Parent, change.Root, err = a.parentFor(c.Side, c.Parent); err != nil {
			return nil, err
		}
		w := a.pageWrite(c, r, 0)
		w.change = change
		w.key = naturalKey(string(c.Kind), a.s.pair.Keys[c.Side], c.Title)
		a.copied(w, c)
		return w, nil
	}}, nil
}

// asItStands is a body for the side that shows it, without its comment markers: their comments stay where they are.
func (a *applier) asItStands(ctx context.Context, src *store.Observed) (rendered, error) {
	raw, err := a.s.e.store.Blob(ctx, src.RawBlob)
	if err != nil {
		return rendered{}, err
	}
	r := rendered{body: confluence.Body{Format: confluence.Storage, Raw: string(raw)}, complete: true}
	if r.digest, err = sentDigest(r.body.Raw); err != nil {
		return r, err
	}
	return r.unmarked(), nil
}

// copyFile makes a conflict copy of a file, beside it.
func (a *applier) copyFile(c reconcile.Change) (*write, error) {
	src := a.shown(c.CopyFrom, c.CopyOf)
	holder, ok := a.destOf(c.Side, c.Parent)
	if src == nil || src.Content.File == nil || !ok {
		return nil, errNeed
	}
	w := &write{side: c.Side, twin: c.Twin, kind: confluence.Attachment, key: naturalKey("file", string(holder.id), c.Title)}
	w.payload.Open = func(ctx context.Context) (io.ReadCloser, error) {
		return a.s.sites[c.CopyFrom].reader.Open(ctx, src.Content)
	}
	file := src.Content.File
	w.change = confluence.Attach{Container: holder.id, Name: c.Title, MediaType: file.MediaType, Comment: file.Comment, Size: file.Size}
	a.copied(w, c)
	return w, nil
}

// copied records a copy under its twin, so that it is made once. The other side gets it as any new content.
func (a *applier) copied(w *write, c reconcile.Change) {
	w.learned = func(res confluence.Result) *store.AgreedRow {
		a.touch(c.Side, c.Twin)
		row := store.AgreedRow{Agreed: reconcile.Agreed{Twin: c.Twin, Kind: c.Kind, Parent: c.Parent}}
		row.ID[c.Side], row.Version[c.Side], row.Title[c.Side] = res.ID, res.Version, c.Title
		a.rowMu.Lock()
		defer a.rowMu.Unlock()
		a.view.agreed.put(c.Twin, &row)
		return &row
	}
}
