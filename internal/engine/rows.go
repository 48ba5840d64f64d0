package engine

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// roster numbers the twins of a view, and holds what its rows share. It only grows.
type roster struct {
	mu      sync.RWMutex // of the roster and of all rows by it
	names   []confluence.TwinID
	at      table
	order   []int32 // by name; stale when shorter than names
	words   words
	digests digests
	titles  []uint32 // in texts, by number: what a row of the twin had first; 0: none
	texts   arena
}

func newRoster() *roster { return &roster{} }

// lookup returns the number of a twin, if it has one. Its caller holds mu.
func (r *roster) lookup(twin confluence.TwinID) (int32, bool) {
	return r.at.find(hashText(string(twin)), func(n int32) bool { return r.names[n] == twin })
}

// title reports whether the shared title of a twin is this one, which it becomes if there is none. Its caller holds mu.
func (r *roster) title(n int32, title string) bool {
	for int(n) >= len(r.titles) {
		r.titles = append(r.titles, 0)
	}
	if r.titles[n] == 0 {
		r.titles[n] = r.texts.put(0, []byte(title))
	}
	return string(r.texts.at(r.titles[n])) == title
}

// number returns the number of a twin, which it gets now if it has none. Its caller holds mu.
func (r *roster) number(twin confluence.TwinID) int32 {
	n, ok := r.lookup(twin)
	if !ok {
		n = int32(len(r.names))
		r.names = append(r.names, confluence.TwinID(strings.Clone(string(twin))))
		r.at.put(n, func(n int32) uint64 { return hashText(string(r.names[n])) })
	}
	return n
}

// join is number, for a caller that does not hold mu.
func (r *roster) join(twin confluence.TwinID) int32 {
	if n := r.find(twin); n >= 0 {
		return n
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.number(twin)
}

// name returns the roster's own copy of a name, which joins it if it is new.
func (r *roster) name(twin confluence.TwinID) confluence.TwinID { return r.nameOf(r.join(twin)) }

// find returns the number of a twin, -1 if it has none.
func (r *roster) find(twin confluence.TwinID) int32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if n, ok := r.lookup(twin); ok {
		return n
	}
	return -1
}

// own returns a name as the roster holds it, so that many may share it; unknown ones as they are.
func (r *roster) own(twin confluence.TwinID) confluence.TwinID {
	if n := r.find(twin); n >= 0 {
		return r.nameOf(n)
	}
	return twin
}

func (r *roster) nameOf(n int32) confluence.TwinID {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.names[n]
}

func (r *roster) size() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.names)
}

// sorted returns the numbers in the order of the names. The result must not be changed.
func (r *roster) sorted() []int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.order) != len(r.names) {
		r.order = make([]int32, len(r.names))
		for i := range r.order {
			r.order[i] = int32(i)
		}
		slices.SortFunc(r.order, func(a, b int32) int { return strings.Compare(string(r.names[a]), string(r.names[b])) })
	}
	return r.order
}

// rows are values by twin, packed. What get returns is the caller's own: a change of it shows when it is put. Safe for
// concurrent use.
type rows[T any] struct {
	of     *roster
	places []uint32 // by number of the twin; 0: none
	arena  arena
	fresh  map[int32]bool // put since they are watched; nil: they are not
	pack   func(*packer, *T)
	unpack func(*unpacker, *T)
}

func (x *rows[T]) place(twin confluence.TwinID) uint32 {
	n, ok := x.of.lookup(twin)
	if !ok || int(n) >= len(x.places) {
		return 0
	}
	return x.places[n]
}

func (x *rows[T]) has(twin confluence.TwinID) bool {
	x.of.mu.RLock()
	defer x.of.mu.RUnlock()
	return x.place(twin) != 0
}

// get returns nil where there is none.
func (x *rows[T]) get(twin confluence.TwinID) *T {
	x.of.mu.RLock()
	defer x.of.mu.RUnlock()
	if n, ok := x.of.lookup(twin); ok {
		return x.open(n)
	}
	return nil
}

// open returns the row of a number. Its caller holds mu.
func (x *rows[T]) open(n int32) *T {
	if int(n) >= len(x.places) || x.places[n] == 0 {
		return nil
	}
	v := new(T)
	x.unpack(&unpacker{b: x.arena.at(x.places[n]), of: x.of, self: x.of.names[n], n: n}, v)
	return v
}

func (x *rows[T]) put(twin confluence.TwinID, v *T) {
	x.of.mu.Lock()
	defer x.of.mu.Unlock()
	var room [512]byte
	n := x.of.number(twin)
	p := packer{b: room[:0], of: x.of, self: x.of.names[n], n: n}
	x.pack(&p, v)
	for int(n) >= len(x.places) {
		x.places = append(x.places, 0)
	}
	x.places[n] = x.arena.put(x.places[n], p.b)
	if x.fresh != nil {
		x.fresh[n] = true
	}
	if x.arena.waste > 1<<20 && x.arena.waste > len(x.arena.pieces)*pieceSize/4 {
		x.compact()
	}
}

// compact moves the rows together, and lets each piece go that it has emptied.
func (x *rows[T]) compact() {
	var order []int32
	for n, place := range x.places {
		if place != 0 {
			order = append(order, int32(n))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(x.places[a], x.places[b]) })
	old, done := x.arena, 0
	x.arena = arena{}
	for _, n := range order {
		for ; done < int(x.places[n]>>pieceBits); done++ {
			old.pieces[done] = nil
		}
		x.places[n] = x.arena.put(0, old.at(x.places[n]))
	}
}

// all yields the rows by twin. Rows that are put meanwhile may show.
func (x *rows[T]) all() iter.Seq2[confluence.TwinID, *T] {
	return func(yield func(confluence.TwinID, *T) bool) {
		for _, n := range x.of.sorted() {
			x.of.mu.RLock()
			v := x.open(n)
			twin := x.of.names[n]
			x.of.mu.RUnlock()
			if v != nil && !yield(twin, v) {
				return
			}
		}
	}
}

// onlyIn returns the twins that x has a row of and y has none of. Both are of one roster.
func onlyIn[T, U any](x *rows[T], y *rows[U]) (out []confluence.TwinID) {
	x.of.mu.RLock()
	defer x.of.mu.RUnlock()
	for n, place := range x.places {
		if place != 0 && (n >= len(y.places) || y.places[n] == 0) {
			out = append(out, x.of.names[n])
		}
	}
	slices.Sort(out)
	return out
}

func newShown(r *roster) *rows[store.Observed] {
	return &rows[store.Observed]{of: r, pack: packObserved, unpack: unpackObserved}
}

func newAgreed(r *roster) *rows[store.AgreedRow] {
	return &rows[store.AgreedRow]{of: r, pack: packAgreed, unpack: unpackAgreed}
}

func packObserved(p *packer, o *store.Observed) {
	c := &o.Content
	p.count(int(o.Pair))
	p.flags(o.Side == confluence.B, o.Form.Opaque, c.Positioned, c.Live, c.Untitled, c.Version.Minor, c.Version.App, c.Comment != nil, c.File != nil,
		o.ID == c.ID, len(c.Labels) > 0, !c.Restrictions.Open(), len(o.Form.Late) > 0, c.Attachments != 0 || c.Comments != 0)
	p.twin(o.Twin)
	p.id(c.ID)
	if o.ID != c.ID {
		p.id(o.ID)
	}
	p.word(string(c.Kind))
	p.word(string(c.Status))
	p.word(string(c.SpaceID))
	p.word(c.SpaceKey)
	p.title(c.Title)
	p.id(c.ParentID)
	p.id(c.Container)
	p.number(int64(c.Position))
	p.time(c.Created)
	p.word(string(c.Creator))
	p.number(int64(c.Version.Number))
	p.time(c.Version.At)
	p.word(string(c.Version.By))
	p.text(c.Version.Message)
	p.count(int(c.Facets))
	p.word(string(c.Body.Format))
	p.text(c.SourceTitle)
	packRare(p, o)
	p.digest(o.Form.Skeleton)
	p.digest(o.Form.Presentation)
	p.digest(o.Form.Content)
	p.word(o.Form.Format)
	p.bytes(o.Form.Refs)
	p.digest(o.RawBlob)
	p.text(o.FileSum)
	p.number(o.Pass)
}

// packRare writes what most rows have nothing of.
func packRare(p *packer, o *store.Observed) {
	c := &o.Content
	if x := c.Comment; x != nil {
		p.word(string(x.Kind))
		p.id(x.ReplyTo)
		p.text(x.Marker)
		p.text(x.Selection)
		p.word(x.Resolution)
	}
	if x := c.File; x != nil {
		p.word(x.MediaType)
		p.number(x.Size)
		p.text(x.Comment)
		p.text(x.SHA256)
		p.flags(x.Missing)
	}
	if len(c.Labels) > 0 {
		packList(p, c.Labels, func(l confluence.Label) { p.word(l.Prefix); p.word(l.Name) })
	}
	if !c.Restrictions.Open() {
		packList(p, c.Restrictions.Read, func(x confluence.Principal) { p.word(string(x)) })
		packList(p, c.Restrictions.Update, func(x confluence.Principal) { p.word(string(x)) })
	}
	if len(o.Form.Late) > 0 {
		packList(p, o.Form.Late, p.twin)
	}
	if c.Attachments != 0 || c.Comments != 0 {
		p.number(int64(c.Attachments))
		p.number(int64(c.Comments))
	}
}

func unpackObserved(u *unpacker, o *store.Observed) {
	c := &o.Content
	o.Pair = int64(u.count())
	var sideB, comment, file, sameID, labels, restricted, late, counts bool
	u.flags(&sideB, &o.Form.Opaque, &c.Positioned, &c.Live, &c.Untitled, &c.Version.Minor, &c.Version.App, &comment, &file,
		&sameID, &labels, &restricted, &late, &counts)
	if sideB {
		o.Side = confluence.B
	}
	o.Twin = u.twin()
	c.ID = u.id()
	if o.ID = c.ID; !sameID {
		o.ID = u.id()
	}
	c.Kind, c.Status = confluence.Kind(u.word()), confluence.Status(u.word())
	c.SpaceID, c.SpaceKey = confluence.ID(u.word()), u.word()
	c.Title = u.title()
	c.ParentID, c.Container = u.id(), u.id()
	c.Position = int(u.number())
	c.Created, c.Creator = u.time(), confluence.UserID(u.word())
	c.Version.Number, c.Version.At = int(u.number()), u.time()
	c.Version.By, c.Version.Message = confluence.UserID(u.word()), u.text()
	c.Facets = confluence.Facets(u.count())
	c.Body.Format = confluence.BodyFormat(u.word())
	c.SourceTitle = u.text()
	if comment {
		c.Comment = &confluence.CommentInfo{Kind: confluence.CommentKind(u.word()), ReplyTo: u.id(), Marker: u.text(), Selection: u.text(), Resolution: u.word()}
	}
	if file {
		c.File = &confluence.FileInfo{MediaType: u.word(), Size: u.number(), Comment: u.text(), SHA256: u.text()}
		u.flags(&c.File.Missing)
	}
	if labels {
		c.Labels = unpackList(u, func() confluence.Label { return confluence.Label{Prefix: u.word(), Name: u.word()} })
	}
	if restricted {
		principal := func() confluence.Principal { return confluence.Principal(u.word()) }
		c.Restrictions = confluence.Restrictions{Read: unpackList(u, principal), Update: unpackList(u, principal)}
	}
	if late {
		o.Form.Late = unpackList(u, u.twin)
	}
	if counts {
		c.Attachments, c.Comments = int(u.number()), int(u.number())
	}
	o.Form.Skeleton, o.Form.Presentation, o.Form.Content = u.digest(), u.digest(), u.digest()
	o.Form.Format = u.word()
	o.Form.Refs = u.bytes()
	o.RawBlob = u.digest()
	o.FileSum = u.text()
	o.Pass = u.number()
}

// packAgreed leaves out the digests that follow from the titles, or from what the body was.
func packAgreed(p *packer, a *store.AgreedRow) {
	p.flags(a.Tomb, a.Resolved, a.Landed[0], a.Landed[1], a.Detached, a.Contested, a.Title[0] == a.Title[1],
		setsIn(a), a.Ancestor == a.Raw[0], a.Owed != [2]reconcile.Facets{}, a.Held != 0)
	p.twin(a.Twin)
	p.word(string(a.Kind))
	p.twin(a.Parent)
	p.count(int(a.Facets))
	p.title(a.Title[0])
	if a.Title[1] != a.Title[0] {
		p.text(a.Title[1])
	}
	for side := range confluence.Sides {
		p.id(a.ID[side])
		p.number(int64(a.Version[side]))
		p.count(int(a.Pending[side]))
		packPrint(p, a.Refs[side], packedRefs(a, side))
		for i, d := range a.Digest[side] {
			if !d.IsZero() && d == implied(a, side, i) {
				p.count(told)
			} else {
				p.digest(d)
			}
		}
		p.digest(a.Raw[side])
		p.single(a.Sent[side])
	}
	if a.Ancestor != a.Raw[0] {
		p.digest(a.Ancestor)
	}
	if a.Owed != [2]reconcile.Facets{} {
		p.count(int(a.Owed[0]))
		p.count(int(a.Owed[1]))
	}
	if a.Held != 0 {
		p.count(int(a.Held))
	}
	if setsIn(a) {
		for side := range confluence.Sides {
			packList(p, a.Labels[side], p.word)
			packList(p, a.Readers[side], func(x confluence.Principal) { p.word(string(x)) })
			packList(p, a.Editors[side], func(x confluence.Principal) { p.word(string(x)) })
		}
	}
}

func setsIn(a *store.AgreedRow) bool {
	return len(a.Labels[0])+len(a.Labels[1])+len(a.Readers[0])+len(a.Readers[1])+len(a.Editors[0])+len(a.Editors[1]) > 0
}

// implied is the digest of a facet as the rest of the row says it; zero where it says nothing.
func implied(a *store.AgreedRow, side, facet int) confluence.Digest {
	switch facet {
	case reconcile.Title.Index():
		return textDigest("title", a.Title[side])
	case reconcile.Body.Index():
		if len(a.Refs[side]) > 0 {
			return confluence.Sum(a.Refs[side])
		}
	}
	return confluence.Digest{}
}

// How the print of a body is packed: as it was given, or taken apart.
const (
	printWhole = iota
	printApart
	printAlike // its references are written as those of the other side
)

// packedRefs is what the body of the side packed before this one was.
func packedRefs(a *store.AgreedRow, side int) []byte {
	if side == 0 {
		return nil
	}
	return a.Refs[confluence.A]
}

// packPrint writes what a body was; there is what that of the other side was, if it was packed before.
func packPrint(p *packer, refs, there []byte) {
	f, ok := decodeFingerprint(refs)
	if !ok || string(f.encode()) != string(refs) {
		p.count(printWhole)
		p.bytes(refs)
		return
	}
	other, _ := decodeFingerprint(there)
	alike := len(f.Refs) > 0 && slices.EqualFunc(f.Refs, other.Refs, func(a, b [2]string) bool { return a[0] == b[0] })
	if alike {
		p.count(printAlike)
	} else {
		p.count(printApart)
	}
	p.count(f.Canon)
	p.digest(f.Skeleton)
	packList(p, f.Refs, func(ref [2]string) {
		if !alike {
			p.text(ref[0])
		}
		p.text(ref[1])
	})
}

func unpackPrint(u *unpacker, there []byte) []byte {
	how := u.count()
	if how == printWhole {
		return u.bytes()
	}
	f := fingerprint{Canon: u.count(), Skeleton: u.digest()}
	var other fingerprint
	if how == printAlike {
		other, _ = decodeFingerprint(there)
	}
	i := -1
	f.Refs = unpackList(u, func() [2]string {
		if i++; how == printAlike {
			return [2]string{other.Refs[i][0], u.text()}
		}
		return [2]string{u.text(), u.text()}
	})
	return f.encode()
}

func unpackAgreed(u *unpacker, a *store.AgreedRow) {
	var oneTitle, sets, ancestor, owed, held bool
	u.flags(&a.Tomb, &a.Resolved, &a.Landed[0], &a.Landed[1], &a.Detached, &a.Contested, &oneTitle, &sets, &ancestor, &owed, &held)
	a.Twin, a.Kind, a.Parent = u.twin(), confluence.Kind(u.word()), u.twin()
	a.Facets = reconcile.Facets(u.count())
	a.Title[0] = u.title()
	if a.Title[1] = a.Title[0]; !oneTitle {
		a.Title[1] = u.text()
	}
	for side := range confluence.Sides {
		a.ID[side], a.Version[side] = u.id(), int(u.number())
		a.Pending[side] = reconcile.Facets(u.count())
		a.Refs[side] = unpackPrint(u, packedRefs(a, side))
		for i := range a.Digest[side] {
			if u.b[0] == told {
				u.take(1)
				a.Digest[side][i] = implied(a, int(side), i)
			} else {
				a.Digest[side][i] = u.digest()
			}
		}
		a.Raw[side], a.Sent[side] = u.digest(), u.single()
	}
	if a.Ancestor = a.Raw[0]; !ancestor {
		a.Ancestor = u.digest()
	}
	if owed {
		a.Owed = [2]reconcile.Facets{reconcile.Facets(u.count()), reconcile.Facets(u.count())}
	}
	if held {
		a.Held = reconcile.Facets(u.count())
	}
	if !sets {
		return
	}
	principal := func() confluence.Principal { return confluence.Principal(u.word()) }
	for side := range confluence.Sides {
		a.Labels[side] = unpackList(u, u.word)
		a.Readers[side], a.Editors[side] = unpackList(u, principal), unpackList(u, principal)
	}
}
