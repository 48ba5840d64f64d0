package engine

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// A view holds a row for each content of a space on each side. As Go values they take kilobytes; what follows packs them
// into a few hundred bytes, in memory that holds no pointers.

// packer appends values to b.
type packer struct {
	b    []byte
	of   *roster           // whose mu the caller holds
	self confluence.TwinID // whose row it is
	n    int32             // its number
}

func (p *packer) number(n int64) { p.b = binary.AppendVarint(p.b, n) }
func (p *packer) count(n int)    { p.b = binary.AppendUvarint(p.b, uint64(n)) }
func (p *packer) word(s string)  { p.count(p.of.words.put(s)) }
func (p *packer) text(s string)  { p.count(len(s)); p.b = append(p.b, s...) }
func (p *packer) bytes(s []byte) { p.count(len(s)); p.b = append(p.b, s...) }
func (p *packer) flags(set ...bool) {
	var n uint64
	for i, on := range set {
		if on {
			n |= 1 << i
		}
	}
	p.b = binary.AppendUvarint(p.b, n)
}

// digest writes the number of a digest, which other rows have too, most of the time.
func (p *packer) digest(d confluence.Digest) {
	if d.IsZero() {
		p.b = append(p.b, 0)
		return
	}
	p.count(int(p.of.digests.put(d)) + firstDigest)
}

// What stands for a digest: that there is none, that it is told by the rest of the row, or its number from here on.
const (
	told        = 1
	firstDigest = 2
)

// single writes a digest that no other row has.
func (p *packer) single(d confluence.Digest) {
	if d.IsZero() {
		p.b = append(p.b, 0)
		return
	}
	p.b = append(append(p.b, 1), d[:]...)
}

func (p *packer) time(t time.Time) {
	if t.IsZero() {
		p.b = append(p.b, 0)
		return
	}
	p.b = append(p.b, 1)
	p.number(t.Unix())
	p.count(t.Nanosecond())
}

// id writes ids of digits, as both products give them, as numbers.
func (p *packer) id(id confluence.ID) {
	if n, ok := numeral(id); ok {
		p.b = binary.AppendUvarint(p.b, n<<1)
		return
	}
	p.b = binary.AppendUvarint(p.b, uint64(len(id))<<1|1)
	p.b = append(p.b, id...)
}

// numeral returns the number that an id is written as, if nothing else is written like it.
func numeral(id confluence.ID) (uint64, bool) {
	if id == "" || id[0] == '0' || len(id) > 18 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(id), 10, 62)
	return n, err == nil
}

func numbered(n uint64) confluence.ID { return confluence.ID(strconv.FormatUint(n, 10)) }

// twin writes the number of a name, which joins the roster if it is new.
func (p *packer) twin(t confluence.TwinID) {
	switch t {
	case "":
		p.count(noTwin)
	case p.self:
		p.count(selfTwin)
	default:
		p.count(int(p.of.number(t)) + firstTwin)
	}
}

// title writes a title, which mostly is that of the other rows of the twin too.
func (p *packer) title(s string) {
	if p.of.title(p.n, s) {
		p.count(0)
		return
	}
	p.count(len(s) + 1)
	p.b = append(p.b, s...)
}

// What stands for a twin: none, that of the row, or a number of the roster from here on.
const (
	noTwin    = 0
	selfTwin  = 1
	firstTwin = 2
)

func packList[T any](p *packer, list []T, one func(T)) {
	p.count(len(list))
	for _, v := range list {
		one(v)
	}
}

// unpacker takes off b what a packer wrote, in the same order.
type unpacker struct {
	b    []byte
	of   *roster
	self confluence.TwinID
	n    int32
}

func (u *unpacker) number() int64 {
	n, size := binary.Varint(u.b)
	u.b = u.b[size:]
	return n
}

func (u *unpacker) uvarint() uint64 {
	n, size := binary.Uvarint(u.b)
	u.b = u.b[size:]
	return n
}

func (u *unpacker) count() int   { return int(u.uvarint()) }
func (u *unpacker) word() string { return u.of.words.list[u.count()] }

func (u *unpacker) take(n int) []byte {
	out := u.b[:n]
	u.b = u.b[n:]
	return out
}

func (u *unpacker) text() string { return string(u.take(u.count())) }

func (u *unpacker) title() string {
	if n := u.count(); n > 0 {
		return string(u.take(n - 1))
	}
	return string(u.of.texts.at(u.of.titles[u.n]))
}

func (u *unpacker) bytes() []byte {
	n := u.count()
	if n == 0 {
		return nil
	}
	return append([]byte(nil), u.take(n)...)
}

func (u *unpacker) flags(set ...*bool) {
	n := u.uvarint()
	for i, on := range set {
		*on = n&(1<<i) != 0
	}
}

func (u *unpacker) digest() confluence.Digest {
	n := u.count()
	if n < firstDigest {
		return confluence.Digest{}
	}
	return *u.of.digests.get(int32(n - firstDigest))
}

func (u *unpacker) single() (d confluence.Digest) {
	if u.take(1)[0] != 0 {
		copy(d[:], u.take(len(d)))
	}
	return d
}

func (u *unpacker) time() time.Time {
	if u.take(1)[0] == 0 {
		return time.Time{}
	}
	seconds := u.number()
	return time.Unix(seconds, int64(u.count())).UTC()
}

func (u *unpacker) id() confluence.ID {
	n := u.uvarint()
	if n&1 == 0 {
		return numbered(n >> 1)
	}
	return confluence.ID(u.take(int(n >> 1)))
}

func (u *unpacker) twin() confluence.TwinID {
	switch n := u.count(); n {
	case noTwin:
		return ""
	case selfTwin:
		return u.self
	default:
		return u.of.names[n-firstTwin]
	}
}

// unpackList returns nil for an empty list.
func unpackList[T any](u *unpacker, one func() T) []T {
	n := u.count()
	if n == 0 {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		out[i] = one()
	}
	return out
}

// arena holds packed rows in pieces, so that growing copies nothing. A place in it is a number above 0.
type arena struct {
	pieces [][]byte
	waste  int // bytes of rows that stand elsewhere by now
}

const (
	pieceBits = 18
	pieceSize = 1 << pieceBits
)

// put keeps a row, in the place it had where it fits there exactly.
func (a *arena) put(was uint32, row []byte) uint32 {
	if was != 0 {
		if old := a.at(was); len(old) == len(row) {
			copy(old, row)
			return was
		} else {
			a.waste += len(old)
		}
	}
	need := len(row) + binary.MaxVarintLen32
	last := len(a.pieces) - 1
	if last < 0 || len(a.pieces[last])+need > cap(a.pieces[last]) {
		size := pieceSize
		if last < 0 {
			size = pieceSize / 16 // of a small space this is all
		}
		a.pieces = append(a.pieces, make([]byte, 1, max(size, need+1))) // place 0 is none
		last++
	}
	at := uint32(last)<<pieceBits | uint32(len(a.pieces[last]))
	a.pieces[last] = binary.AppendUvarint(a.pieces[last], uint64(len(row)))
	a.pieces[last] = append(a.pieces[last], row...)
	return at
}

func (a *arena) at(place uint32) []byte {
	piece := a.pieces[place>>pieceBits][place&(pieceSize-1):]
	n, size := binary.Uvarint(piece)
	return piece[size : size+int(n)]
}
