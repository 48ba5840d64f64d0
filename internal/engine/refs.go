package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/body"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// where is one content as a reference can name it.
type where struct {
	twin confluence.TwinID
	id   confluence.ID
	kind confluence.Kind
	key  string // space key
}

// place is where as an index keeps it.
type place struct {
	num  uint64 // the id, if it is a number; else 0, and it is in others
	twin int32  // by the roster; -1: none; below: in foreign
	key  uint16 // in keys
	kind uint8  // in kinds
}

// titleKey is what a content is found by: a digest of its space, kind, day and folded title.
type titleKey [16]byte

func keyOfTitle(space string, kind confluence.Kind, day, title string) (k titleKey) {
	d := confluence.Sum([]byte(space + "\x00" + string(kind) + "\x00" + day + "\x00" + migration.FoldTitle(title)))
	copy(k[:], d[:])
	return k
}

func (k *titleKey) hash() uint64 { return binary.LittleEndian.Uint64(k[:]) }

// titled is one title of a place.
type titled struct {
	key titleKey
	n   int32 // of the place
}

// index finds contents of one side by title and by id, over every space that takes part.
type index struct {
	of      *roster
	list    []place
	titles  []titled
	byKey   table // of titles
	byNum   table // of list
	others  map[confluence.ID]int32
	ids     map[int32]confluence.ID // of those in others
	foreign []confluence.TwinID     // that are not in the roster: those of other spaces
	kinds   []confluence.Kind
	keys    []string
	bases   map[string]bool // addresses under which this site is known, and their context paths
}

func newIndex(r *roster, bases ...string) *index {
	x := &index{of: r, others: map[confluence.ID]int32{}, ids: map[int32]confluence.ID{}, bases: map[string]bool{}}
	for _, b := range bases {
		if b = strings.TrimRight(b, "/"); b != "" {
			x.bases[b] = true
			x.bases[contextPath(b)] = true
		}
	}
	return x
}

// number returns the place of an id.
func (x *index) number(id confluence.ID) (int32, bool) {
	num, is := numeral(id)
	if !is {
		i, ok := x.others[id]
		return i, ok
	}
	return x.byNum.find(hashNumber(num), func(n int32) bool { return x.list[n].num == num })
}

// byID returns the content with an id.
func (x *index) byID(id confluence.ID) (where, bool) {
	i, ok := x.number(id)
	if !ok {
		return where{}, false
	}
	return x.where(i), true
}

// twin returns what the content with an id is called; nothing for none.
func (x *index) twin(id confluence.ID) confluence.TwinID {
	w, _ := x.byID(id)
	return w.twin
}

func (x *index) byTitle(space string, kind confluence.Kind, day, title string) (where, bool) {
	i, ok := x.titleNumber(keyOfTitle(space, kind, day, title))
	if !ok {
		return where{}, false
	}
	return x.where(x.titles[i].n), true
}

func (x *index) titleNumber(k titleKey) (int32, bool) {
	return x.byKey.find(k.hash(), func(n int32) bool { return x.titles[n].key == k })
}

func (x *index) where(i int32) where {
	p := x.list[i]
	w := where{kind: x.kinds[p.kind], key: x.keys[p.key]}
	switch {
	case p.twin >= 0:
		w.twin = x.of.nameOf(p.twin)
	case p.twin < noNumber:
		w.twin = x.foreign[noNumber-1-p.twin]
	}
	if w.id = x.ids[i]; p.num != 0 {
		w.id = numbered(p.num)
	}
	return w
}

// noNumber stands for no twin; numbers below it are those of foreign.
const noNumber = -1

// twinNumber is how a place names a twin.
func (x *index) twinNumber(twin confluence.TwinID) int32 {
	if twin == "" {
		return noNumber
	}
	if n := x.of.find(twin); n >= 0 {
		return n
	}
	x.foreign = append(x.foreign, twin)
	return int32(noNumber - len(x.foreign))
}

// contextPath is the path of a base address: "/wiki", or nothing.
func contextPath(base string) string {
	_, rest, ok := strings.Cut(base, "://")
	if !ok {
		return base
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

// own reports whether an address with this base leads to the site itself. A site that does not tell its address owns
// every site-relative one.
func (x *index) own(base string) bool {
	if base == "" || x.bases[base] {
		return true
	}
	return len(x.bases) == 0 && strings.HasPrefix(base, "/")
}

// add lets references find a content. Of two with one title the first is found.
func (x *index) add(w where, title, day string) {
	i, known := x.number(w.id)
	num, numeric := numeral(w.id)
	p := place{twin: x.twinNumber(w.twin), num: num, kind: uint8(numberIn(&x.kinds, w.kind)), key: uint16(numberIn(&x.keys, w.key))}
	switch {
	case known:
		x.list[i] = p
	case numeric:
		i, x.list = int32(len(x.list)), append(x.list, p)
		x.byNum.put(i, func(n int32) uint64 { return hashNumber(x.list[n].num) })
	default:
		i, x.list = int32(len(x.list)), append(x.list, p)
		x.others[w.id], x.ids[i] = i, w.id
	}
	if w.kind != confluence.Page && w.kind != confluence.BlogPost {
		return
	}
	if w.kind == confluence.Page {
		day = ""
	}
	x.name(keyOfTitle(w.key, w.kind, day, title), i)
}

// name lets a title lead to a place, if it leads nowhere yet.
func (x *index) name(k titleKey, i int32) {
	if _, taken := x.titleNumber(k); taken {
		return
	}
	n := int32(len(x.titles))
	x.titles = append(x.titles, titled{k, i})
	x.byKey.put(n, func(n int32) uint64 { return x.titles[n].key.hash() })
}

// numberIn returns the place of a value in a short list, which it joins if it is new.
func numberIn[T comparable](list *[]T, v T) int {
	for i := len(*list) - 1; i >= 0; i-- {
		if (*list)[i] == v {
			return i
		}
	}
	*list = append(*list, v)
	return len(*list) - 1
}

// rename lets references to some contents lead to other twins.
func (x *index) rename(to map[confluence.TwinID]confluence.TwinID) {
	for i := range x.list {
		if t, ok := to[x.where(int32(i)).twin]; ok {
			x.list[i].twin = x.twinNumber(t)
		}
	}
}

// without returns an index that knows what this one knows, but for one space.
func (x *index) without(space string) *index {
	out := newIndex(x.of)
	out.bases = x.bases
	moved := map[int32]int32{}
	for i := range x.list {
		if x.keys[x.list[i].key] != space {
			w := x.where(int32(i))
			w.kind = ""
			moved[int32(i)] = int32(len(out.list))
			out.add(w, "", "")
			out.list[len(out.list)-1].kind = uint8(numberIn(&out.kinds, x.kinds[x.list[i].kind]))
		}
	}
	for _, t := range x.titles {
		if n, ok := moved[t.n]; ok {
			out.name(t.key, n)
		}
	}
	return out
}

// find returns the content a slot of a body in space own refers to. Attachments are found by their holder; holder is
// what holds the body.
func (x *index) find(s body.Slot, own string, holder where) (where, bool) {
	key := s.SpaceKey
	if key == "" {
		key = own
	}
	switch s.Kind {
	case body.SlotPage, body.SlotTitleURL:
		if s.Kind == body.SlotTitleURL && (!x.own(s.Base) || s.Title == "") {
			return where{}, false
		}
		return x.byTitle(key, confluence.Page, "", s.Title)
	case body.SlotBlogPost:
		return x.findPost(key, s)
	case body.SlotAttachment:
		return x.findHolder(key, s, holder)
	case body.SlotPageID, body.SlotShortLink:
		if !x.own(s.Base) {
			return where{}, false
		}
		return x.byID(s.ID)
	}
	return where{}, false
}

func (x *index) findPost(key string, s body.Slot) (where, bool) {
	return x.byTitle(key, confluence.BlogPost, strings.ReplaceAll(s.Day, "/", "-"), s.Title)
}

func (x *index) findHolder(key string, s body.Slot, holder where) (where, bool) {
	switch {
	case s.ID != "":
		if !x.own(s.Base) {
			return where{}, false
		}
		return x.byID(s.ID)
	case s.Title == "":
		return holder, holder.id != ""
	case s.Day != "":
		return x.findPost(key, s)
	}
	return x.byTitle(key, confluence.Page, "", s.Title)
}

// local names what a slot refers to within its own side, for the digest of one side (decision D17).
func (x *index) local(s body.Slot, own string, holder where) string {
	switch s.Kind {
	case body.SlotUser:
		return ""
	case body.SlotSpace:
		return "space:" + s.SpaceKey
	}
	w, ok := x.find(s, own, holder)
	if !ok {
		return ""
	}
	if s.Kind == body.SlotAttachment {
		return "attachment:" + string(w.id) + "/" + s.File
	}
	return string(w.kind) + ":" + string(w.id)
}

// fingerprint is what one side's body was when both agreed: enough to tell a change of text from a reference that only
// became resolvable, and from a rename of its target.
type fingerprint struct {
	Canon    int               `json:"c"`
	Skeleton confluence.Digest `json:"k"`
	Refs     [][2]string       `json:"r,omitempty"` // written form, target within the side
}

func (f fingerprint) digest() confluence.Digest { return confluence.Sum(f.encode()) }

// encode writes a fingerprint as JSON. Most have no references; the digest of a body is one of this text.
func (f fingerprint) encode() []byte {
	if len(f.Refs) == 0 {
		b := make([]byte, 0, 24+2*len(f.Skeleton))
		b = strconv.AppendInt(append(b, `{"c":`...), int64(f.Canon), 10)
		b = append(b, `,"k":"`...)
		if !f.Skeleton.IsZero() {
			b = hex.AppendEncode(b, f.Skeleton[:])
		}
		return append(b, `"}`...)
	}
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings and digests always encode
	}
	return b
}

// same reports whether now is the agreed body: equal skeleton, and every reference either leads where it led or is
// written as it was.
func (f fingerprint) same(now fingerprint) bool {
	if f.Canon != now.Canon || f.Skeleton != now.Skeleton || len(f.Refs) != len(now.Refs) {
		return false
	}
	for i, was := range f.Refs {
		is := now.Refs[i]
		sameTarget := was[1] != "" && was[1] == is[1]
		if !sameTarget && was[0] != is[0] {
			return false
		}
	}
	return true
}

// decodeBare reads what encode writes of a fingerprint without references.
func decodeBare(b []byte) (f fingerprint, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte(`{"c":`))
	number, rest, cut := bytes.Cut(rest, []byte(`,"k":"`))
	text, end, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !cut || !closed || string(end) != "}" {
		return f, false
	}
	canon, err := strconv.Atoi(string(number))
	f.Canon = canon
	return f, err == nil && f.Skeleton.UnmarshalText(text) == nil
}

func decodeFingerprint(b []byte) (fingerprint, bool) {
	var f fingerprint
	if len(b) == 0 {
		return f, false
	}
	if f, ok := decodeBare(b); ok {
		return f, true
	}
	return f, json.Unmarshal(b, &f) == nil
}
