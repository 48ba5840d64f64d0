package engine

import (
	"hash/maphash"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// table finds the numbers of what stands in a list, by hash: what it holds of each is its number alone. What was put into
// it stays. The zero table is empty.
type table struct {
	slots []int32 // number + 1; 0: free
	used  int
}

// find returns the number of what has this hash and is it.
func (t *table) find(hash uint64, is func(n int32) bool) (int32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	last := uint64(len(t.slots) - 1)
	for at := hash & last; t.slots[at] != 0; at = (at + 1) & last {
		if n := t.slots[at] - 1; is(n) {
			return n, true
		}
	}
	return 0, false
}

// put adds a number that find does not find. hashOf returns the hash of whatever was put.
func (t *table) put(n int32, hashOf func(n int32) uint64) {
	if t.used++; 4*t.used > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]int32, max(16, 2*len(old)))
		for _, slot := range old {
			if slot != 0 {
				t.place(slot, hashOf(slot-1))
			}
		}
	}
	t.place(n+1, hashOf(n))
}

func (t *table) place(slot int32, hash uint64) {
	last := uint64(len(t.slots) - 1)
	at := hash & last
	for t.slots[at] != 0 {
		at = (at + 1) & last
	}
	t.slots[at] = slot
}

// hashSeed differs from process to process: nothing hangs on the order of a table.
var hashSeed = maphash.MakeSeed()

func hashText(s string) uint64 { return maphash.String(hashSeed, s) }

// hashNumber spreads numbers that follow each other.
func hashNumber(n uint64) uint64 {
	n *= 0x9e3779b97f4a7c15
	return n ^ n>>29
}

// digests are digests that many rows share, each kept once, numbered in the order of their coming.
type digests struct {
	pieces [][]confluence.Digest
	count  int32
	at     table
}

const digestsInPiece = 512

func (x *digests) get(n int32) *confluence.Digest {
	return &x.pieces[n/digestsInPiece][n%digestsInPiece]
}

func (x *digests) hash(n int32) uint64 { return hashDigest(x.get(n)) }

// hashDigest takes what is spread already.
func hashDigest(d *confluence.Digest) uint64 {
	return uint64(d[0]) | uint64(d[1])<<8 | uint64(d[2])<<16 | uint64(d[3])<<24 | uint64(d[4])<<32 | uint64(d[5])<<40
}

func (x *digests) put(d confluence.Digest) int32 {
	if n, ok := x.at.find(hashDigest(&d), func(n int32) bool { return *x.get(n) == d }); ok {
		return n
	}
	n := x.count
	if int(n/digestsInPiece) == len(x.pieces) {
		size := digestsInPiece
		if n == 0 {
			size = digestsInPiece / 16 // of a small space this is all
		}
		x.pieces = append(x.pieces, make([]confluence.Digest, 0, size))
	}
	piece := &x.pieces[n/digestsInPiece]
	*piece = append(*piece, d)
	x.count++
	x.at.put(n, x.hash)
	return n
}

// words are texts that many rows share, each kept once.
type words struct {
	list []string
	at   table
}

func (w *words) put(s string) int {
	n, ok := w.at.find(hashText(s), func(n int32) bool { return w.list[n] == s })
	if !ok {
		n = int32(len(w.list))
		w.list = append(w.list, strings.Clone(s))
		w.at.put(n, func(n int32) uint64 { return hashText(w.list[n]) })
	}
	return int(n)
}

// twinsByID are twins by the ids of their contents on one side. nil has none.
type twinsByID struct {
	of     *roster
	nums   []uint64 // ids that are numbers
	twins  []int32  // theirs, by the roster
	at     table
	others map[confluence.ID]confluence.TwinID
}

func newTwinsByID(r *roster) *twinsByID {
	return &twinsByID{of: r, others: map[confluence.ID]confluence.TwinID{}}
}

func (x *twinsByID) find(num uint64) (int32, bool) {
	return x.at.find(hashNumber(num), func(n int32) bool { return x.nums[n] == num })
}

func (x *twinsByID) get(id confluence.ID) (confluence.TwinID, bool) {
	if x == nil {
		return "", false
	}
	num, ok := numeral(id)
	if !ok {
		t, known := x.others[id]
		return t, known
	}
	n, known := x.find(num)
	if !known {
		return "", false
	}
	return x.of.nameOf(x.twins[n]), true
}

// put names the content with an id; the twin joins the roster.
func (x *twinsByID) put(id confluence.ID, twin confluence.TwinID) {
	num, ok := numeral(id)
	if !ok {
		x.others[id] = twin
		return
	}
	number := x.of.join(twin)
	if n, known := x.find(num); known {
		x.twins[n] = number
		return
	}
	n := int32(len(x.nums))
	x.nums, x.twins = append(x.nums, num), append(x.twins, number)
	x.at.put(n, func(n int32) uint64 { return hashNumber(x.nums[n]) })
}
