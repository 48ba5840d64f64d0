package engine

import (
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// holderOf is what references without a page belong to: the content itself, or the page of a comment.
func (v *view) holderOf(side confluence.Side, o *store.Observed, key string) where {
	c := o.Content
	if c.Kind == confluence.Comment {
		if h, ok := v.index[side].byID(c.Container); ok {
			return h
		}
	}
	return where{twin: o.Twin, id: c.ID, kind: c.Kind, key: key}
}

// neutralSlot names what a reference of one side leads to, alike on both.
func (s *work) neutralSlot(side confluence.Side, x *index, slot body.Slot, holder where) string {
	switch slot.Kind {
	case body.SlotUser:
		if side == confluence.B {
			if k, ok := s.people.user(confluence.A, slot.User); ok {
				return "user:" + string(k)
			}
		}
		return "user:" + string(s.people.source(slot.User))
	case body.SlotSpace:
		key, _ := s.sourceKey(side, slot.SpaceKey)
		return "space:" + key
	}
	w, ok := x.find(slot, s.pair.Keys[side], holder)
	if !ok || w.twin == "" {
		return s.unresolved(side, x, slot)
	}
	if slot.Kind == body.SlotAttachment {
		return "attachment:" + string(w.twin) + "/" + slot.File
	}
	return "page:" + string(w.twin) + slot.Query + "#" + slot.Anchor
}

// unresolved names a reference that leads nowhere by how it is written; where it names a space that takes part, by that
// space's key on side A and without the site's own address, because both were adapted.
func (s *work) unresolved(side confluence.Side, x *index, slot body.Slot) string {
	key, part := s.sourceKey(side, slot.SpaceKey)
	if !part {
		return ""
	}
	base := slot.Base
	if x.own(base) {
		base = ""
	}
	return strings.Join([]string{"raw", string(slot.Kind), base, key, slot.Day, slot.Title, slot.File, string(slot.ID), slot.Query, slot.Anchor}, "\x00")
}

// sourceKey returns the key on side A of a space of a side that takes part.
func (s *work) sourceKey(side confluence.Side, key string) (string, bool) {
	across, ok := s.keyAcross(side, key)
	if !ok || side == confluence.A {
		return key, ok
	}
	return across, true
}
