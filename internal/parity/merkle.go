package parity

import (
	"crypto/sha256"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// tree computes the root of a Merkle tree (RFC 6962, section 2.1) leaf by leaf. It holds one digest for each complete
// subtree to the left of the next leaf, largest first.
type tree struct {
	peaks  []confluence.Digest
	leaves int
}

func leafDigest(leaf []byte) confluence.Digest {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	var d confluence.Digest
	h.Sum(d[:0])
	return d
}

func nodeDigest(left, right confluence.Digest) confluence.Digest {
	var buf [1 + 2*sha256.Size]byte
	buf[0] = 1
	copy(buf[1:], left[:])
	copy(buf[1+sha256.Size:], right[:])
	return sha256.Sum256(buf[:])
}

func (t *tree) add(leaf confluence.Digest) {
	t.leaves++
	// As many complete subtrees close as the count of leaves has factors of two.
	for n := t.leaves; n%2 == 0; n /= 2 {
		last := len(t.peaks) - 1
		leaf = nodeDigest(t.peaks[last], leaf)
		t.peaks = t.peaks[:last]
	}
	t.peaks = append(t.peaks, leaf)
}

// root returns the digest over all leaves added so far; of no leaves, the digest of nothing.
func (t *tree) root() confluence.Digest {
	if len(t.peaks) == 0 {
		return sha256.Sum256(nil)
	}
	root := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		root = nodeDigest(t.peaks[i], root)
	}
	return root
}
