package engine

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// same tells planning whether both sides show the same of a twin, in the neutral form.
func (s *work) same(ctx context.Context, v *view) func(confluence.TwinID, reconcile.Facets) bool {
	met := s.met(ctx, v)
	return func(twin confluence.TwinID, f reconcile.Facets) bool {
		return met([2]confluence.TwinID{twin, twin}, f)
	}
}

// met is the same for a content of each side, side A's first. Files are compared by their bytes, which are read for it;
// what cannot be read is not the same.
func (s *work) met(ctx context.Context, v *view) func([2]confluence.TwinID, reconcile.Facets) bool {
	return func(twins [2]confluence.TwinID, f reconcile.Facets) bool {
		a, b := v.seen[confluence.A].get(twins[confluence.A]), v.seen[confluence.B].get(twins[confluence.B])
		if a == nil || b == nil {
			return false
		}
		switch f {
		case reconcile.Title:
			return a.Content.Title == b.Content.Title
		case reconcile.Body:
			return s.sameBody(v, a, b)
		case reconcile.Labels:
			return slices.Equal(labelNames(a.Content.Labels), labelNames(b.Content.Labels))
		case reconcile.Restrictions:
			x, y := a.Content.Restrictions, b.Content.Restrictions
			return slices.Equal(s.neutral(confluence.A, x.Read), s.neutral(confluence.B, y.Read)) &&
				slices.Equal(s.neutral(confluence.A, x.Update), s.neutral(confluence.B, y.Update))
		case reconcile.File:
			equal, err := s.sameFile(ctx, [2]confluence.Content{a.Content, b.Content})
			return err == nil && equal
		case reconcile.Status:
			return s.statusOf(a.Content) == s.statusOf(b.Content) && resolved(a.Content) == resolved(b.Content)
		}
		return false
	}
}

func (s *work) sameBody(v *view, a, b *store.Observed) bool {
	if a.Form.Opaque || b.Form.Opaque {
		return a.RawBlob == b.RawBlob
	}
	x, err := s.neutralBody(v, confluence.A, a)
	if err != nil {
		return false
	}
	y, err := s.neutralBody(v, confluence.B, b)
	return err == nil && x == y
}

// neutralBody is the digest of a body with its references named by twins and by the keys of side A.
func (s *work) neutralBody(v *view, side confluence.Side, o *store.Observed) (confluence.Digest, error) {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return confluence.Digest{}, err
	}
	holder := v.holderOf(side, o, s.pair.Keys[side])
	f := body.Form{Skeleton: o.Form.Skeleton, Slots: slots}
	return f.Content(func(slot body.Slot) string { return s.neutralSlot(side, v.index[side], slot, holder) }), nil
}

// resolved reports whether an inline comment is resolved.
func resolved(c confluence.Content) bool {
	return c.Comment != nil && c.Comment.Kind == confluence.Inline && c.Comment.Resolution == "resolved"
}
