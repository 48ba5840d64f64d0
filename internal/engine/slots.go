package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/tandem-sync/tandem/internal/body"
)

// slotsForm is the first byte of what encodeSlots writes. Data directories of earlier versions hold JSON, which begins
// with a bracket.
const slotsForm = 1

// slotKinds are the kinds of slots by the number under which they are written. It only grows.
var slotKinds = []body.SlotKind{body.SlotPage, body.SlotBlogPost, body.SlotAttachment, body.SlotUser, body.SlotSpace,
	body.SlotPageID, body.SlotTitleURL, body.SlotShortLink}

// slotTexts are the texts of a slot, in the order in which they are written.
func slotTexts(s *body.Slot) [12]*string {
	return [...]*string{(*string)(&s.Kind), &s.Written, &s.SpaceKey, &s.Title, &s.Day, &s.File, (*string)(&s.User), &s.UserAttr,
		(*string)(&s.ID), &s.Base, &s.Query, &s.Anchor}
}

// encodeSlots writes a body's references as they are kept beside its observation: of each what it has.
func encodeSlots(slots []body.Slot) []byte {
	if len(slots) == 0 {
		return nil
	}
	b := binary.AppendUvarint([]byte{slotsForm}, uint64(len(slots)))
	for i := range slots {
		b = appendSlot(b, slots[i])
	}
	return b
}

func appendSlot(b []byte, s body.Slot) []byte {
	kind := uint64(0) // a kind that has no number is spelled
	for i, k := range slotKinds {
		if k == s.Kind {
			kind, s.Kind = uint64(i+1), ""
			break
		}
	}
	texts := slotTexts(&s)
	var has uint64
	for i, t := range texts {
		if *t != "" {
			has |= 1 << i
		}
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, kind), has)
	for _, t := range texts {
		if *t != "" {
			b = append(binary.AppendUvarint(b, uint64(len(*t))), *t...)
		}
	}
	return binary.AppendVarint(binary.AppendVarint(b, int64(s.Start)), int64(s.End-s.Start))
}

var errSlots = errors.New("references end in the middle")

// decodeSlots reads what encodeSlots wrote.
func decodeSlots(b []byte) ([]body.Slot, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if b[0] != slotsForm {
		var slots []body.Slot
		err := json.Unmarshal(b, &slots)
		return slots, err
	}
	r := slotReader{b: string(b[1:])}
	n := r.number()
	if n > uint64(len(r.b)) {
		return nil, errSlots
	}
	slots := make([]body.Slot, n)
	for i := range slots {
		r.slot(&slots[i])
	}
	if r.bad {
		return nil, errSlots
	}
	return slots, nil
}

// slotReader takes slots off a text, which the texts of the slots are parts of.
type slotReader struct {
	b   string
	bad bool
}

func (r *slotReader) number() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		if r.b == "" {
			break
		}
		c := r.b[0]
		r.b = r.b[1:]
		if n |= uint64(c&0x7f) << shift; c < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

func (r *slotReader) signed() int {
	n := r.number()
	return int(n>>1) ^ -int(n&1)
}

func (r *slotReader) text() string {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad = true
		return ""
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *slotReader) slot(s *body.Slot) {
	kind, has := r.number(), r.number()
	for i, t := range slotTexts(s) {
		if has&(1<<i) != 0 {
			*t = r.text()
		}
	}
	if kind > uint64(len(slotKinds)) {
		r.bad = true
	} else if kind > 0 {
		s.Kind = slotKinds[kind-1]
	}
	s.Start = r.signed()
	s.End = s.Start + r.signed()
}
