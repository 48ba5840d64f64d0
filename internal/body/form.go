package body

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Form is the canonical form of a body: what it says, whichever server or editor wrote it. It is a function of the body
// alone.
type Form struct {
	// Skeleton is the digest of the canonical tree with a slot for every reference.
	Skeleton confluence.Digest
	// Presentation is the digest of the attributes that servers and editors rewrite by themselves: table and column
	// widths, layout, breakout.
	Presentation confluence.Digest
	// Slots are the references, in the order of the canonical tree: that of the document, but for macro parameters,
	// which stand sorted by name.
	Slots []Slot
	// Empty is set where there is nothing to see: no text, and no table, image, macro or other object.
	Empty bool
}

// Form returns the canonical form.
func (t *Tree) Form() Form {
	w := writer{t: *t, sum: sha256.New()}
	w.body()
	w.sum.Write(w.out)
	return Form{
		Skeleton:     confluence.Digest(w.sum.Sum(nil)),
		Presentation: confluence.Sum(w.drift),
		Slots:        w.slots,
		Empty:        !w.visible,
	}
}

// Content returns the digest of what the body says: canonical version, skeleton, and the slots in order. resolve names
// the target of a slot ("page:X", "user:X"), or returns "" where it knows none; then the slot counts as it is written.
// A name must tell everything about the target; the anchor within it counts as well, and is added here.
func (f Form) Content(resolve func(Slot) string) confluence.Digest {
	h := sha256.New()
	var version [8]byte
	binary.BigEndian.PutUint64(version[:], CanonVersion)
	h.Write(version[:])
	h.Write(f.Skeleton[:])
	for _, s := range f.Slots {
		target := resolve(s)
		if target == "" {
			target = "raw:" + s.Written
		} else {
			target += "#" + s.Query + "#" + s.Anchor
		}
		writeField(h, target)
	}
	var d confluence.Digest
	h.Sum(d[:0])
	return d
}

func writeField(h hash.Hash, s string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(s)))
	h.Write(length[:])
	h.Write([]byte(s))
}

// Canonical returns the canonical form as a body: what Form digests, with references as written. It serves as the
// common ancestor of two sides, and is never sent to a site.
func (t *Tree) Canonical() string {
	w := writer{t: *t, written: true}
	w.body()
	return string(w.out)
}
