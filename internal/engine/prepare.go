package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// making makes a write when its turn has come: one that follows another needs to know what that one brought.
type making func() (*write, error)

// prepare turns a decision into the writes it takes, in their order.
func (a *applier) prepare(ctx context.Context, c reconcile.Change) ([]making, error) {
	one := func(m making) []making { return []making{m} }
	switch c.Verb {
	case confluence.VerbPost:
		return a.prepareCreate(ctx, c)
	case confluence.VerbPut:
		return a.prepareUpdate(ctx, c)
	case confluence.VerbMove:
		return one(func() (*write, error) { return a.move(c) }), nil
	case confluence.VerbLabel:
		return a.prepareLabels(c), nil
	case confluence.VerbRestrict:
		return one(func() (*write, error) { return a.restriction(c.Twin) }), nil
	case confluence.VerbAttach, confluence.VerbReplace:
		return one(func() (*write, error) { return a.file(c) }), nil
	case confluence.VerbComment, confluence.VerbRecomment:
		return one(func() (*write, error) { return a.comment(ctx, c) }), nil
	}
	return nil, confluence.Errorf(confluence.CodeInternal, "no way to carry %s", c.Verb)
}

// row starts the baseline row that a write will leave behind.
func (a *applier) row(twin confluence.TwinID) store.AgreedRow {
	var row store.AgreedRow
	if was := a.view.agreed[twin]; was != nil {
		row = *was
	}
	src := a.view.source[twin]
	row.Twin, row.Kind = twin, src.Content.Kind
	row.ID[confluence.A], row.Version[confluence.A] = src.Content.ID, src.Content.Version.Number
	if d, ok := a.destOf(twin); ok {
		row.ID[confluence.B], row.Version[confluence.B] = d.id, max(d.version, row.Version[confluence.B])
	}
	return row
}

// learner returns the function that fills the row in once the site has answered. One row is written by several changes
// that run side by side: the function is called inside the transaction that stores the row, so that what is stored last
// holds everything.
func (a *applier) learner(twin confluence.TwinID, facets reconcile.Facets, edit func(*store.AgreedRow)) func(confluence.Result) *store.AgreedRow {
	return func(res confluence.Result) *store.AgreedRow {
		a.rowMu.Lock()
		defer a.rowMu.Unlock()
		row := a.row(twin)
		if res.ID != "" && row.ID[confluence.B] == "" {
			row.ID[confluence.B] = res.ID
		}
		if res.Version > row.Version[confluence.B] {
			row.Version[confluence.B] = res.Version
		}
		node := a.view.nodeOf(twin)
		for _, f := range reconcile.AllFacets {
			if facets&f == 0 {
				continue
			}
			row.Digest[confluence.A][f.Index()] = node.Digest[f.Index()]
			row.Digest[confluence.B][f.Index()] = confluence.Digest{}
			row.Pending |= f
			row.Facets &^= f
		}
		if facets&reconcile.Parent != 0 {
			row.Parent = node.Parent
		}
		if edit != nil {
			edit(&row)
		}
		a.view.agreed[twin] = &row
		return &row
	}
}

func (v *view) nodeOf(twin confluence.TwinID) reconcile.Node {
	i, ok := findNode(v.nodes[confluence.A], twin)
	if !ok {
		return reconcile.Node{}
	}
	return v.nodes[confluence.A][i]
}

// prepareCreate makes a page or blog post. In a space that others can already see, a restricted one is made private, and
// its restriction is written afterwards: at no instant is it open, and a crash in between leaves it shut (decision D26;
// docs/design/0003-private-then-restricted.md).
func (a *applier) prepareCreate(ctx context.Context, c reconcile.Change) ([]making, error) {
	src := a.view.source[c.Twin]
	r, err := a.render(ctx, src)
	if err != nil {
		return nil, err
	}
	return []making{func() (*write, error) { return a.create(c, src, r) }}, nil
}

func (a *applier) create(c reconcile.Change, src *store.Observed, r rendered) (*write, error) {
	change := confluence.Create{Space: a.s.space(confluence.B), Kind: c.Kind, Title: c.Title}
	change.Private = !a.s.shut() && a.s.scope.Restrictions && !src.Content.Restrictions.Open()
	var err error
	if c.Kind == confluence.BlogPost {
		if a.s.ids[confluence.B].Caps.BlogDate {
			change.Created = src.Content.Created
		}
	} else if change.Parent, change.Root, err = a.parentFor(c.Parent); err != nil {
		return nil, err
	}
	facets := reconcile.Title | reconcile.Parent | completeBody(r)
	w := a.pageWrite(c, src, r, facets)
	w.change = change
	w.key = naturalKey(string(c.Kind), a.s.pair.Keys[confluence.B], c.Title)
	w.learned = a.learner(c.Twin, facets, func(row *store.AgreedRow) {
		a.wrotePage(row, c, src)
		a.wroteBody(row, c.Twin, r)
	})
	return w, nil
}

// shut reports whether nobody else can see the space for certain: this run made it, and will open it itself.
func (s *spaceRun) shut() bool { return s.fresh && s.scope.Permissions && !s.pair.Opened }

// pageWrite starts a write that carries a page's body.
func (a *applier) pageWrite(c reconcile.Change, src *store.Observed, r rendered, facets reconcile.Facets) *write {
	return &write{
		payload: confluence.Payload{Body: r.body}, twin: c.Twin, kind: c.Kind, facets: facets,
		digest: r.digest, blob: []byte(r.body.Raw), complete: r.complete,
	}
}

func (a *applier) wrotePage(row *store.AgreedRow, c reconcile.Change, src *store.Observed) {
	title := c.Title
	if title == "" {
		title = src.Content.Title
	}
	row.Title = [2]string{src.Content.Title, title}
}

// prepareUpdate writes title, parent and body of a page that exists. What is not carried is sent back as the destination
// holds it: one call writes all three, and people may have worked on the others.
func (a *applier) prepareUpdate(ctx context.Context, c reconcile.Change) ([]making, error) {
	src := a.view.source[c.Twin]
	r, err := a.updatedBody(ctx, c, src)
	if err != nil {
		return nil, err
	}
	return []making{func() (*write, error) { return a.update(c, src, r) }}, nil
}

// updatedBody is the body that an update sends: the source's, put into the destination's own so that ids and comment
// markers there survive (decision D8), or the destination's own where the body is not carried.
func (a *applier) updatedBody(ctx context.Context, c reconcile.Change, src *store.Observed) (rendered, error) {
	seen := a.view.target[c.Twin]
	if d, ok := a.destOf(c.Twin); seen == nil || seen.RawBlob.IsZero() || ok && d.version > seen.Content.Version.Number {
		return a.render(ctx, src) // what is there was written by us, and is not read yet
	}
	raw, err := a.s.e.store.Blob(ctx, seen.RawBlob)
	if err != nil {
		return rendered{}, err
	}
	own := rendered{body: confluence.Body{Format: confluence.Storage, Raw: string(raw)}, complete: true}
	if own.digest, err = sentDigest(own.body.Raw); err != nil || !c.Facets.Has(reconcile.Body) {
		return own, nil //nolint:nilerr // an ill-formed body of theirs goes back as it is, byte for byte
	}
	r, err := a.render(ctx, src)
	if err != nil || r.body.Format != confluence.Storage {
		return r, err
	}
	return r.into(own), nil
}

// into puts a body into the destination's own. The result says the same or is not taken.
func (r rendered) into(own rendered) rendered {
	v, err := body.Parse(r.body.Raw)
	if err != nil {
		return r
	}
	target, err := body.Parse(own.body.Raw)
	if err != nil {
		return r
	}
	put := body.Put(v, target)
	if d, err := sentDigest(put); err == nil && d == r.digest {
		r.body.Raw = put
	}
	return r
}

func (a *applier) update(c reconcile.Change, src *store.Observed, r rendered) (*write, error) {
	d, ok := a.destOf(c.Twin)
	if !ok {
		return nil, errNeed
	}
	title := a.titleFor(c, src)
	change := confluence.Update{
		ID: d.id, Kind: c.Kind, Space: a.s.space(confluence.B), Title: title, Expect: d.version, Minor: true,
	}
	if c.Facets.Has(reconcile.Parent) && c.Kind == confluence.Page && !a.view.nodeOf(c.Twin).Home {
		parent, root, err := a.parentFor(c.Parent)
		if err != nil {
			return nil, err
		}
		if !root {
			change.Parent = parent
		}
	}
	facets := c.Facets & (reconcile.Title | reconcile.Parent | reconcile.Body)
	if !r.complete {
		facets &^= reconcile.Body
	}
	w := a.pageWrite(c, src, r, facets)
	w.change, w.target, w.expect = change, d.id, d.version
	w.key = naturalKey("update", string(d.id))
	w.skip = a.sentAlready(c, r)
	w.learned = a.learner(c.Twin, facets, func(row *store.AgreedRow) { a.updated(row, c, src, r, title) })
	return w, nil
}

// updated notes what an update wrote, in the hands of a learner. A body that still waits for a reference was agreed on no
// more.
func (a *applier) updated(row *store.AgreedRow, c reconcile.Change, src *store.Observed, r rendered, title string) {
	if c.Facets.Has(reconcile.Title) || row.Title[confluence.B] == "" {
		row.Title = [2]string{src.Content.Title, title}
	}
	if !c.Facets.Has(reconcile.Body) {
		return
	}
	a.wroteBody(row, c.Twin, r)
}

// wroteBody notes the body that was sent. One that still waits for a reference is agreed on as far as the destination
// goes, so that an edit there shows as one; at the source it differs from what was agreed until it is complete.
func (a *applier) wroteBody(row *store.AgreedRow, twin confluence.TwinID, r rendered) {
	row.Ancestor, row.Sent = a.view.source[twin].RawBlob, r.digest
	row.Refs[confluence.A] = a.view.prints[confluence.A][twin].encode()
	if r.complete {
		return
	}
	i := reconcile.Body.Index()
	row.Digest[confluence.A][i], row.Digest[confluence.B][i] = waitingBody, confluence.Digest{}
	row.Refs[confluence.A] = nil
	row.Pending |= reconcile.Body
	row.Facets &^= reconcile.Body
}

// waitingBody stands for the source's body in a row whose body was written before it could be complete.
var waitingBody = confluence.Sum([]byte("a body that waits for a reference"))

// titleFor is the title that an update sends.
func (a *applier) titleFor(c reconcile.Change, src *store.Observed) string {
	if c.Facets.Has(reconcile.Title) && c.Title != "" {
		return c.Title
	}
	if o := a.view.target[c.Twin]; o != nil && !c.Facets.Has(reconcile.Title) {
		return o.Content.Title
	}
	if was := a.titleNow(c.Twin); was != "" && !c.Facets.Has(reconcile.Title) {
		return was
	}
	return src.Content.Title
}

// titleNow is the destination's title of a twin as it was written or seen last.
func (a *applier) titleNow(twin confluence.TwinID) string {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	if row := a.view.agreed[twin]; row != nil {
		return row.Title[confluence.B]
	}
	return ""
}

func completeBody(r rendered) reconcile.Facets {
	if r.complete {
		return reconcile.Body
	}
	return 0
}

func naturalKey(parts ...string) string {
	key := ""
	for i, p := range parts {
		if i > 0 {
			key += "/"
		}
		key += p
	}
	return key
}

// parentFor returns the destination's id of a parent, or that the page stands at the root of the space.
func (a *applier) parentFor(parent confluence.TwinID) (id confluence.ID, root bool, err error) {
	if parent == "" {
		return "", true, nil
	}
	d, ok := a.destOf(parent)
	if !ok {
		return "", false, errNeed
	}
	return d.id, false, nil
}

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
	src := a.view.source[c.Twin]
	file := src.Content.File
	holder, ok := a.destOf(a.view.nodeOf(c.Twin).Parent)
	if !ok {
		return nil, errNeed
	}
	var last hash.Hash
	w := &write{twin: c.Twin, kind: confluence.Attachment, facets: reconcile.Title | reconcile.Parent | reconcile.File,
		key: naturalKey("file", string(holder.id), src.Content.Title)}
	w.payload.Open = func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := a.s.sites[confluence.A].reader.Open(ctx, src.Content)
		if err != nil {
			return nil, err
		}
		last = sha256.New()
		return hashing{rc, last}, nil
	}
	if c.Verb == confluence.VerbAttach {
		w.change = confluence.Attach{Container: holder.id, Name: src.Content.Title, MediaType: file.MediaType, Comment: file.Comment, Size: file.Size}
	} else {
		d, ok := a.destOf(c.Twin)
		if !ok {
			return nil, errNeed
		}
		w.target, w.expect = d.id, d.version
		w.change = confluence.ReplaceFile{ID: d.id, Container: holder.id, Name: src.Content.Title, MediaType: file.MediaType, Comment: file.Comment, Size: file.Size}
	}
	w.learned = a.learner(c.Twin, w.facets, func(row *store.AgreedRow) {
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
	src := a.view.source[c.Twin]
	r, err := a.render(ctx, src)
	if err != nil {
		return nil, err
	}
	facets := reconcile.Parent | completeBody(r)
	w := &write{payload: confluence.Payload{Body: r.body}, twin: c.Twin, kind: confluence.Comment, facets: facets,
		digest: r.digest, blob: []byte(r.body.Raw), complete: r.complete}
	if c.Verb == confluence.VerbRecomment {
		d, ok := a.destOf(c.Twin)
		if !ok {
			return nil, errNeed
		}
		w.change, w.target, w.expect = confluence.UpdateComment{ID: d.id, Expect: d.version}, d.id, d.version
		w.key = naturalKey("comment", string(d.id))
		w.skip = a.sentAlready(c, r)
	} else if err := a.newComment(w, src); err != nil {
		return nil, err
	}
	w.learned = a.learner(c.Twin, facets, func(row *store.AgreedRow) { a.wroteBody(row, c.Twin, r) })
	return w, nil
}

func (a *applier) newComment(w *write, src *store.Observed) error {
	holder, ok := a.destOf(a.s.twinOf(src.Content.Container))
	if !ok {
		return errNeed
	}
	change := confluence.CreateComment{Container: holder.id, ContainerKind: confluence.Page}
	if h := a.view.source[a.s.twinOf(src.Content.Container)]; h != nil {
		change.ContainerKind = h.Content.Kind
	}
	if reply := src.Content.Comment.ReplyTo; reply != "" {
		parent, ok := a.destOf(a.s.twinOf(reply))
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
	d, ok := a.destOf(c.Twin)
	if !ok {
		return nil, errNeed
	}
	if c.Facets.Has(reconcile.Parent) {
		return a.moveToRoot(c, d)
	}
	move := confluence.Move{ID: d.id, Where: confluence.After}
	next := c.After
	if c.First {
		move.Where, next = confluence.Before, c.Before
	}
	target, ok := a.destOf(next)
	if !ok {
		return nil, errNeed
	}
	move.Target = target.id
	w := &write{change: move, twin: c.Twin, kind: c.Kind, target: d.id, key: fmt.Sprintf("%s %s %s", d.id, move.Where, target.id)}
	w.learned = func(confluence.Result) *store.AgreedRow { return a.displaced(c.Twin) }
	return w, nil
}

// moveToRoot puts a page beside the home page, which stands at the root.
func (a *applier) moveToRoot(c reconcile.Change, d destination) (*write, error) {
	home := a.s.pair.Homes[confluence.B]
	if !a.s.ids[confluence.B].Caps.RootPages || home == "" {
		return nil, confluence.Errorf(confluence.CodeNotCapable, "the site has no way to move a page to the root of its space")
	}
	w := &write{change: confluence.Move{ID: d.id, Where: confluence.After, Target: home}, twin: c.Twin, kind: c.Kind,
		facets: reconcile.Parent, target: d.id, key: fmt.Sprintf("%s to the root", d.id)}
	w.learned = a.learner(c.Twin, reconcile.Parent, nil)
	return w, nil
}

// displaced takes back what was agreed on the place of a page that was moved, until its new place has been seen.
func (a *applier) displaced(twin confluence.TwinID) *store.AgreedRow {
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.row(twin)
	i := reconcile.Order.Index()
	row.Digest[confluence.A][i], row.Digest[confluence.B][i] = confluence.Digest{}, confluence.Digest{}
	row.Facets &^= reconcile.Order
	a.view.agreed[twin] = &row
	return &row
}
