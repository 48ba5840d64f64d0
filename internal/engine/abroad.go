package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// abroad is where the bodies of one side refer to outside of their space, as far as they say so.
type abroad struct {
	keys map[string]bool        // spaces
	ids  map[confluence.ID]bool // contents that are named by their id, wherever they are
}

// meet notes where a body of a side refers to.
func (v *view) meet(side confluence.Side, o *store.Observed, own string) error {
	slots, err := decodeSlots(o.Form.Refs)
	if err != nil {
		return err
	}
	x := &v.abroad[side]
	if x.keys == nil {
		*x = abroad{map[string]bool{}, map[confluence.ID]bool{}}
	}
	for _, s := range slots {
		if s.Kind == body.SlotUser || s.Kind == body.SlotSpace {
			continue
		}
		if s.SpaceKey != "" && s.SpaceKey != own {
			x.keys[s.SpaceKey] = true
		}
		if s.ID != "" {
			x.ids[s.ID] = true
		}
	}
	return nil
}

// reached returns which of the other spaces the bodies of this one refer to by id. No others are needed, but for those
// named by their key: nothing that is written leads anywhere else. So what a space costs hangs on itself, not on how many
// others are migrated or kept. all is set where it cannot be told: a text that a person has given for a conflict may lead
// anywhere.
func (s *work) reached(ctx context.Context, v *view) (pairs map[int64]bool, all bool, err error) {
	if all, err := s.textGiven(ctx); err != nil || all {
		return nil, all, err
	}
	pairs = map[int64]bool{}
	for _, side := range confluence.Sides {
		for id := range v.abroad[side].ids {
			if _, own := v.index[side].byID(id); own {
				continue
			}
			if err := s.whoHas(ctx, side, id, pairs); err != nil {
				return nil, false, err
			}
		}
	}
	return pairs, false, nil
}

// whoHas adds the pairs that know a content of a side: with a twin, or seen and without one so far.
func (s *work) whoHas(ctx context.Context, side confluence.Side, id confluence.ID, pairs map[int64]bool) error {
	found, err := s.e.store.FindTwin(ctx, s.pair.Sites[side], id)
	if err != nil {
		return err
	}
	for _, f := range found {
		pairs[f.Pair.ID] = true
	}
	seen, err := s.e.store.PairsShowing(ctx, s.pair.Sites[side], id)
	for _, p := range seen {
		pairs[p] = true
	}
	return err
}

// textGiven reports whether a person has given a text for a conflict that is still to be carried.
func (s *work) textGiven(ctx context.Context) (bool, error) {
	open, err := s.e.store.Conflicts(ctx, store.ConflictFilter{Pair: s.pair.ID, State: store.ConflictOpen})
	return slices.ContainsFunc(open, func(x store.Conflict) bool { return strings.HasPrefix(x.Decided, decidedFile) }), err
}
