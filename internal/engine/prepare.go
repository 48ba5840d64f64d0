package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
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
	case confluence.VerbLabel, confluence.VerbUnlabel:
		return a.prepareLabels(c), nil
	case confluence.VerbRestrict:
		return one(func() (*write, error) { return a.restriction(c) }), nil
	case confluence.VerbAttach, confluence.VerbReplace:
		return one(func() (*write, error) { return a.file(c) }), nil
	case confluence.VerbComment, confluence.VerbRecomment:
		return one(func() (*write, error) { return a.comment(ctx, c) }), nil
	case confluence.VerbTrash, confluence.VerbDetach, confluence.VerbUncomment, confluence.VerbRestore, confluence.VerbArchive,
		confluence.VerbResolve:
		return one(func() (*write, error) { return a.change(ctx, c) }), nil
	}
	return nil, confluence.Errorf(confluence.CodeInternal, "no way to carry %s", c.Verb)
}

// row starts the baseline row that a write to a side will leave behind.
func (a *applier) row(to confluence.Side, twin confluence.TwinID) store.AgreedRow {
	var row store.AgreedRow
	if was := a.view.agreed.get(twin); was != nil {
		row = *was
	}
	row.Twin = twin
	from := to.Other()
	if src := a.shown(from, twin); src != nil {
		row.Kind = src.Content.Kind
		row.ID[from] = src.Content.ID
		row.Version[from] = max(row.Version[from], src.Content.Version.Number)
		if !a.s.paired {
			row.Version[from] = src.Content.Version.Number
		}
	}
	if d, ok := a.destOf(to, twin); ok {
		row.ID[to], row.Version[to] = d.id, max(d.version, row.Version[to])
	}
	return row
}

// learner returns the function that fills the row in once the site has answered. One row is written by several changes
// that run side by side: the function is called inside the transaction that stores the row, so that what is stored last
// holds everything.
func (a *applier) learner(c reconcile.Change, facets reconcile.Facets, edit func(row *store.AgreedRow, settled reconcile.Facets)) func(confluence.Result) *store.AgreedRow {
	return func(res confluence.Result) *store.AgreedRow {
		a.rowMu.Lock()
		defer a.rowMu.Unlock()
		to, from := c.Side, c.Side.Other()
		row := a.row(to, c.Twin)
		if res.ID != "" && (row.ID[to] == "" || makes(c.Verb)) {
			row.ID[to] = res.ID
		}
		if res.Version > row.Version[to] {
			row.Version[to] = res.Version
		}
		settled := facets &^ c.Merged // a later plan settles those, once both sides show them
		if settled != facets && a.s.paired {
			a.touch(to, c.Twin) // which has to see them: nothing of it is pending
		}
		node := a.nodeFrom(c)
		for _, f := range reconcile.AllFacets {
			if settled&f == 0 {
				continue
			}
			row.Digest[from][f.Index()] = node.Digest[f.Index()]
			row.Digest[to][f.Index()] = confluence.Digest{}
			row.Pending[to] |= f
			row.Facets &^= f
			if planted.On(planted.EarlyBaseline) {
				row.Digest[to][f.Index()] = node.Digest[f.Index()]
				row.Pending[to] &^= f
				row.Facets |= f
			}
		}
		row.Owed[to] &^= settled
		if settled&reconcile.Parent != 0 {
			row.Parent = node.Parent
		}
		if facets.Has(reconcile.Parent) && a.s.paired {
			row.Landed[to] = true
		}
		if edit != nil {
			edit(&row, settled)
		}
		a.view.agreed.put(c.Twin, &row)
		return &row
	}
}

// makes reports whether a verb makes a content, which gets an id of its own, also where an earlier one is gone for good.
func makes(v confluence.Verb) bool {
	return v == confluence.VerbPost || v == confluence.VerbAttach || v == confluence.VerbComment
}

// prepareCreate makes a page or blog post. In a space that others can already see, a restricted one is made private, and
// its restriction is written afterwards: at no instant is it open, and a crash in between leaves it shut (decision D26;
// docs/design/0003-private-then-restricted.md).
func (a *applier) prepareCreate(ctx context.Context, c reconcile.Change) ([]making, error) {
	if c.CopyOf != "" {
		return a.prepareCopy(ctx, c)
	}
	src, err := a.origin(c)
	if err != nil {
		return nil, err
	}
	r, err := a.render(ctx, c.Side, src)
	if err != nil {
		return nil, err
	}
	return []making{func() (*write, error) { return a.create(c, src, r) }}, nil
}

// origin is what the other side showed of a content that is carried.
func (a *applier) origin(c reconcile.Change) (*store.Observed, error) {
	if src := a.shown(c.Side.Other(), c.Twin); src != nil {
		return src, nil
	}
	return nil, confluence.Errorf(confluence.CodeInternal, "%s of a content that is not known", c.Verb)
}

func (a *applier) create(c reconcile.Change, src *store.Observed, r rendered) (*write, error) {
	to := c.Side
	change := confluence.Create{Space: a.s.spaceOf(to), Kind: c.Kind, Title: c.Title}
	change.Private = !a.s.shut(to) && a.s.facets.Has(reconcile.Restrictions) && !src.Content.Restrictions.Open()
	var err error
	if c.Kind == confluence.BlogPost {
		if a.s.ids[to].Caps.BlogDate {
			change.Created = src.Content.Created
		}
	} else if change.Parent, change.Root, err = a.parentFor(to, c.Parent); err != nil {
		return nil, err
	}
	facets := reconcile.Title | reconcile.Parent | completeBody(r)
	w := a.pageWrite(c, r, facets)
	w.change, w.author = change, a.authorOf(c)
	w.key = naturalKey(string(c.Kind), a.s.pair.Keys[to], c.Title)
	w.learned = a.learner(c, facets, func(row *store.AgreedRow, _ reconcile.Facets) {
		a.wrotePage(row, c, src)
		a.wroteBody(row, c, r)
		if change.Private && a.s.paired {
			row.Owed[to] |= reconcile.Restrictions
		}
	})
	return w, nil
}

// pageWrite starts a write that carries a page's body.
func (a *applier) pageWrite(c reconcile.Change, r rendered, facets reconcile.Facets) *write {
	w := &write{
		side: c.Side, payload: confluence.Payload{Body: r.body}, twin: c.Twin, kind: c.Kind, facets: facets,
		digest: r.digest, blob: []byte(r.body.Raw), complete: r.complete,
	}
	if src := a.shown(c.Side.Other(), c.Twin); src != nil && facets.Has(reconcile.Body) {
		w.origin = src.RawBlob
	}
	return w
}

func (a *applier) wrotePage(row *store.AgreedRow, c reconcile.Change, src *store.Observed) {
	title := c.Title
	if title == "" {
		title = src.Content.Title
	}
	row.Title[c.Side], row.Title[c.Side.Other()] = title, src.Content.Title
}

// prepareUpdate writes title, parent and body of a page that exists. What is not carried is sent back as the side holds
// it: one call writes all three, and people may have worked on the others.
func (a *applier) prepareUpdate(ctx context.Context, c reconcile.Change) ([]making, error) {
	return []making{func() (*write, error) {
		r, err := a.updatedBody(ctx, c)
		if err != nil {
			return nil, err
		}
		return a.update(c, r)
	}}, nil
}

// updatedBody is the body that an update sends: the other side's, put into the side's own so that ids and comment
// markers there survive (decision D8), or the side's own where the body is not carried.
func (a *applier) updatedBody(ctx context.Context, c reconcile.Change) (rendered, error) {
	own, known, err := a.ownBody(ctx, c)
	if err != nil {
		return rendered{}, err
	}
	if !c.Facets.Has(reconcile.Body) && known {
		return own, nil
	}
	src, err := a.origin(c)
	if err != nil {
		return rendered{}, err
	}
	r, err := a.render(ctx, c.Side, src)
	if err != nil || r.body.Format != confluence.Storage || !known {
		return r, err
	}
	return r.into(own), nil
}

// ownBody is the body that a side holds of a content: as it was read last, or as it was sent since. known is false where
// all that stands there was written here and is about to be replaced.
func (a *applier) ownBody(ctx context.Context, c reconcile.Change) (own rendered, known bool, err error) {
	seen := a.shown(c.Side, c.Twin)
	d, _ := a.destOf(c.Side, c.Twin)
	own = rendered{body: confluence.Body{Format: confluence.Storage}, complete: true}
	switch {
	case seen != nil && !seen.RawBlob.IsZero() && d.version <= seen.Content.Version.Number:
		raw, err := a.s.e.store.Blob(ctx, seen.RawBlob)
		if err != nil {
			return own, false, err
		}
		own.body.Raw = string(raw)
	case c.Facets.Has(reconcile.Body) && !a.s.paired:
		return own, false, nil
	case !d.sent.IsZero():
		raw, err := a.s.e.store.Blob(ctx, d.sent)
		if err != nil {
			return own, false, err
		}
		own.body.Raw = string(raw)
	default:
		list, err := a.s.sites[c.Side].reader.Fetch(ctx, c.Kind, []confluence.ID{d.id}, confluence.FacetBody)
		if err != nil || len(list) == 0 {
			return own, false, err
		}
		own.body = list[0].Body
	}
	// An ill-formed body of theirs goes back as it is, byte for byte.
	own.digest, _ = sentDigest(own.body.Raw)
	return own, true, nil
}

// into puts a body into the side's own. The result says the same or is not taken.
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

func (a *applier) update(c reconcile.Change, r rendered) (*write, error) {
	to := c.Side
	d, ok := a.destOf(to, c.Twin)
	if !ok {
		return nil, errNeed
	}
	title := a.titleFor(c)
	change := confluence.Update{
		ID: d.id, Kind: c.Kind, Space: a.s.spaceOf(to), Title: title, Expect: d.version, Minor: true,
	}
	if c.Facets.Has(reconcile.Parent) && c.Kind == confluence.Page && !a.view.nodeOf(to.Other(), c.Twin).Home {
		parent, root, err := a.parentFor(to, c.Parent)
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
	w := a.pageWrite(c, r, facets)
	w.change, w.target, w.expect, w.author = change, d.id, d.version, a.authorOf(c)
	w.title = title
	w.key = naturalKey("update", string(d.id))
	w.skip = a.sentAlready(c, r)
	w.learned = a.learner(c, facets, func(row *store.AgreedRow, settled reconcile.Facets) { a.updated(row, c, r, title, settled) })
	return w, nil
}

// updated notes what an update wrote, in the hands of a learner. A body that still waits for a reference was agreed on no
// more.
func (a *applier) updated(row *store.AgreedRow, c reconcile.Change, r rendered, title string, settled reconcile.Facets) {
	if settled.Has(reconcile.Title) || row.Title[c.Side] == "" {
		row.Title[c.Side] = title
		if from, ok := a.titleThere(c); ok {
			row.Title[c.Side.Other()] = from
		}
	}
	if !c.Facets.Has(reconcile.Body) {
		return
	}
	a.wroteBody(row, c, r)
}

// titleThere is the title on the other side of what is carried: as it was seen, or as it is being written.
func (a *applier) titleThere(c reconcile.Change) (string, bool) {
	if title, ok := a.titles[c.Side.Other()][c.Twin]; ok {
		return title, true
	}
	if src := a.shown(c.Side.Other(), c.Twin); src != nil {
		return src.Content.Title, true
	}
	return "", false
}

// wroteBody notes the body that was sent. One that still waits for a reference is agreed on as far as the side it went to
// goes, so that an edit there shows as one; on the other it differs from what was agreed until it is complete.
func (a *applier) wroteBody(row *store.AgreedRow, c reconcile.Change, r rendered) {
	to, from := c.Side, c.Side.Other()
	row.Sent[to] = r.digest
	if c.Merged.Has(reconcile.Body) {
		return
	}
	row.Ancestor = a.shown(from, c.Twin).RawBlob
	row.Refs[from] = a.printFrom(c).encode()
	if r.complete {
		return
	}
	i := reconcile.Body.Index()
	row.Pending[to] |= reconcile.Body
	row.Facets &^= reconcile.Body
	if a.s.paired {
		row.Digest[from][i], row.Digest[to][i] = a.nodeFrom(c).Digest[i], confluence.Digest{}
		row.Owed[to] |= reconcile.Body
		return
	}
	row.Digest[from][i], row.Digest[to][i] = waitingBody, confluence.Digest{}
	row.Refs[from] = nil
}

// waitingBody stands for a body in a row where the other side was written before it could be complete.
var waitingBody = confluence.Sum([]byte("a body that waits for a reference"))

// titleFor is the title that an update sends.
func (a *applier) titleFor(c reconcile.Change) string {
	if c.Facets.Has(reconcile.Title) && c.Title != "" {
		return c.Title
	}
	if now := a.titleNow(c.Side, c.Twin); now != "" && !c.Facets.Has(reconcile.Title) {
		return now
	}
	title, _ := a.titleThere(c)
	return title
}

// titleNow is the title that a twin has on a side, as it was written or seen last.
func (a *applier) titleNow(side confluence.Side, twin confluence.TwinID) string {
	if d, _ := a.destOf(side, twin); d.title != "" {
		return d.title
	}
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row, seen := a.view.agreed.get(twin), a.shown(side, twin)
	if seen != nil && (row == nil || !a.s.paired || !row.Pending[side].Has(reconcile.Title)) {
		return seen.Content.Title
	}
	if row != nil {
		return row.Title[side]
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

// parentFor returns a side's id of a parent, or that the page stands at the root of the space.
func (a *applier) parentFor(to confluence.Side, parent confluence.TwinID) (id confluence.ID, root bool, err error) {
	if parent == "" {
		return "", true, nil
	}
	d, ok := a.destOf(to, parent)
	if !ok {
		return "", false, errNeed
	}
	return d.id, false, nil
}
