package engine

import (
	"context"
	"fmt"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// What a person decided about a conflict: that one side's value counts on both, or that a body of their own does, which
// goes to one side first and from there, as any edit, to the other.
const (
	decidedA    = "a"
	decidedB    = "b"
	decidedFile = "file:" // side and digest of the blob follow
)

// bothSides is the word of a Resolution for the texts of both sides, one after the other.
const bothSides = "both"

// ResolveConflict carries out what a person decided, by the very path that carries edits, and returns the conflict as it
// is after the cycle. T-3108 if a side has moved on since the person looked, T-6201 if the pair is in no state for it,
// T-6101 if the conflict is open still. Nothing is lost by any decision: what is replaced stays in the history of its side.
func (e *Engine) ResolveConflict(ctx context.Context, id string, r Resolution) (ConflictReport, error) {
	c, err := e.Conflict(ctx, id)
	if err != nil {
		return c, err
	}
	if c.State != store.ConflictOpen {
		return c, confluence.Errorf(confluence.CodePairState, "conflict %s is %s already", id, c.State)
	}
	row, err := e.store.PairRowOf(ctx, c.Conflict.Pair)
	if err != nil {
		return c, err
	}
	opt := SyncOptions{}
	if err := maySync(row, opt); err != nil {
		return c, err
	}
	if err := e.unmoved(ctx, row, c, r.Versions); err != nil {
		return c, err
	}
	if err := e.noteDecision(ctx, row, c.Conflict, r); err != nil {
		return c, err
	}
	if c.Conflict.Facet&(reconcile.Title|reconcile.Body|reconcile.File) != 0 {
		opt.Page = c.Conflict.ID[confluence.A]
		opt.Site = row.Sites[confluence.A]
		if opt.Page == "" {
			opt.Page, opt.Site = c.Conflict.ID[confluence.B], row.Sites[confluence.B]
		}
	}
	if _, err := e.SyncPair(ctx, row.Spec.Name, opt); err != nil {
		return c, err
	}
	after, err := e.Conflict(ctx, id)
	if err == nil && after.State == store.ConflictOpen {
		err = confluence.Errorf(confluence.CodeConflict, "conflict %s is still open: %s", id, after.What)
	}
	return after, err
}

// unmoved refuses a decision about what is not there any more.
func (e *Engine) unmoved(ctx context.Context, row store.PairRow, c ConflictReport, looked [2]int) error {
	for side := range confluence.Sides {
		if looked[side] != 0 && looked[side] != c.Versions[side] {
			return stale(row, side, looked[side], c.Versions[side])
		}
		if c.Conflict.ID[side] == "" {
			continue
		}
		seen, err := e.store.ObservedByID(ctx, row.ID, confluence.Side(side), c.Conflict.ID[side])
		if err != nil {
			return err
		}
		if len(seen) > 0 && seen[0].Content.Version.Number != c.Versions[side] {
			return stale(row, side, c.Versions[side], seen[0].Content.Version.Number)
		}
	}
	return nil
}

func stale(row store.PairRow, side, was, is int) error {
	x := confluence.Errorf(confluence.CodeStale, "%s has moved on from version %d to %d since the conflict was looked at", row.Sites[side], was, is)
	x.Where = confluence.Where{Site: row.Sites[side], Space: row.Keys[side]}
	return x
}

// noteDecision records what a person decided; the next cycle carries it out.
func (e *Engine) noteDecision(ctx context.Context, row store.PairRow, c store.Conflict, r Resolution) error {
	c.Comment, c.Who = r.Comment, r.Who
	var blob []byte
	switch side, known := row.Spec.SideOf(r.Use); {
	case len(r.File) > 0 || r.Use == bothSides:
		first, ok := row.Spec.SideOf(r.First)
		if !ok {
			first = row.Spec.PrimarySide()
		}
		if c.Facet != reconcile.Body || row.Spec.Receivers() != [2]bool{true, true} {
			return confluence.Errorf(confluence.CodeUsage, "a text of one's own settles a conflict of bodies in a pair of both directions")
		}
		blob = r.File
		if r.Use == bothSides {
			c.Decided = fmt.Sprintf("%s%d:%s", decidedFile, first, bothSides)
			break
		}
		if _, err := body.Parse(string(r.File)); err != nil {
			return confluence.Errorf(confluence.CodeBadFile, "the file is no body in storage format").Because(err)
		}
		c.Decided = fmt.Sprintf("%s%d:%s", decidedFile, first, confluence.Sum(blob))
	case known && side == confluence.A:
		c.Decided = decidedA
	case known:
		c.Decided = decidedB
	default:
		return confluence.Errorf(confluence.CodeUsage, "%q is none of %s, %s and both", r.Use, row.Sites[0], row.Sites[1])
	}
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if len(blob) > 0 {
			tx.PutBlob(blob)
		}
		return tx.PutConflict(&c)
	})
}

// decisions are what people decided about open conflicts and was not carried out yet. One about a side that has moved on
// since counts no more: the person has not seen what would be replaced.
func (c *cycle) decisions(ctx context.Context, v *view) (map[reconcile.Question]reconcile.Choice, error) {
	open, err := c.e.store.Conflicts(ctx, store.ConflictFilter{Pair: c.row.ID, State: store.ConflictOpen})
	if err != nil {
		return nil, err
	}
	out := map[reconcile.Question]reconcile.Choice{}
	for _, x := range open {
		choice, loser := reconcile.PreferA, confluence.B
		if x.Decided == decidedB {
			choice, loser = reconcile.PreferB, confluence.A
		} else if x.Decided != decidedA {
			continue
		}
		if o := v.seen[loser].get(x.Twin); o != nil && o.Content.Version.Number != x.Versions[loser] && x.Versions[loser] != 0 {
			x.Decided = ""
			if err := c.note(ctx, func(tx *store.Tx) error { return tx.PutConflict(&x) }); err != nil {
				return nil, err
			}
			continue
		}
		out[reconcile.Question{Twin: x.Twin, Facet: x.Facet}] = choice
	}
	return out, nil
}

// writeResults writes the texts that people gave as results of conflicts to the side they chose. From there on each is
// that side's own text, which counts on both.
func (c *cycle) writeResults(ctx context.Context, v *view) (wrote bool, err error) {
	open, err := c.e.store.Conflicts(ctx, store.ConflictFilter{Pair: c.row.ID, State: store.ConflictOpen})
	if err != nil || c.rec.Request.DryRun {
		return false, err
	}
	for _, x := range open {
		var side confluence.Side
		var what string
		if n, _ := fmt.Sscanf(x.Decided, decidedFile+"%d:%s", &side, &what); n != 2 {
			continue
		}
		o := v.seen[side].get(x.Twin)
		if o == nil || o.Content.Version.Number != x.Versions[side] {
			x.Decided = ""
			err = c.note(ctx, func(tx *store.Tx) error { return tx.PutConflict(&x) })
		} else {
			wrote, err = true, c.writeResult(ctx, v, x, side, what)
		}
		if err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

// writeResult writes one result. The decision turns into one for the side that has it in the transaction of the outcome.
func (c *cycle) writeResult(ctx context.Context, v *view, x store.Conflict, side confluence.Side, what string) error {
	a := newApplier(&c.work, v, emptyResult)
	text, err := c.resultText(ctx, a, x, side, what)
	if err != nil {
		return err
	}
	digest, err := sentDigest(text)
	if err != nil {
		return err
	}
	o := v.seen[side].get(x.Twin)
	w := &write{side: side, twin: x.Twin, kind: x.Content, facets: reconcile.Body, target: o.Content.ID, expect: o.Content.Version.Number,
		digest: digest, blob: []byte(text), complete: true, key: naturalKey("result", x.Name()),
		payload: confluence.Payload{Body: confluence.Body{Format: confluence.Storage, Raw: text}}}
	w.change = confluence.Update{ID: o.Content.ID, Kind: x.Content, Space: c.spaceOf(side), Title: o.Content.Title, Expect: o.Content.Version.Number}
	if x.Content == confluence.Comment {
		w.change = confluence.UpdateComment{ID: o.Content.ID, Kind: commentKind(o.Content), Expect: o.Content.Version.Number}
	}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	w.also = func(tx *store.Tx, _ confluence.Result) error {
		x.Decided = [2]string{decidedA, decidedB}[side]
		return tx.PutConflict(&x)
	}
	if _, err := c.perform(ctx, w, nil); err != nil {
		return err
	}
	c.touch(side, x.Twin)
	return nil
}

func commentKind(c confluence.Content) confluence.CommentKind {
	if c.Comment == nil {
		return confluence.Footer
	}
	return c.Comment.Kind
}

// resultText is the body that a person gave, or the texts of both sides one after the other in the words of one.
func (c *cycle) resultText(ctx context.Context, a *applier, x store.Conflict, side confluence.Side, what string) (string, error) {
	if what != bothSides {
		var d confluence.Digest
		if err := d.UnmarshalText([]byte(what)); err != nil {
			return "", err
		}
		return c.e.text(ctx, d)
	}
	first, second := a.view.seen[side].get(x.Twin), a.view.seen[side.Other()].get(x.Twin)
	if first == nil || second == nil {
		return "", confluence.Errorf(confluence.CodeNotThere, "%q is not there on both sides", x.Title)
	}
	raw, err := c.e.text(ctx, first.RawBlob)
	if err != nil {
		return "", err
	}
	r, err := a.render(ctx, side, second)
	return raw + r.body.Raw, err
}
