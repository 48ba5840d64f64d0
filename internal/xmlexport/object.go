package xmlexport

import (
	"bytes"
	"errors"
	"hash/maphash"
	"io"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const (
	maxText = 1 << 20  // bytes of one property text that are kept
	maxHeld = 32 << 20 // bytes of one object that are held in memory; bodies do not count
)

// span is a run of bytes in an object's arena.
type span struct{ from, to int32 }

// value is what a property holds: a text, or the id of another object.
type value struct {
	span
	ref, set bool
}

// listed is one element of a collection.
type listed struct {
	kind int
	id   span
}

// object is one object of entities.xml, as far as it is wanted. It is used again for the next.
type object struct {
	class    *class
	name     string // of the class
	id       span
	hasID    bool
	vals     [slots]value
	items    []listed
	body     bodySpan
	repeated bool // a property or collection is given twice
	clipped  bool // a text was longer than maxText, or the object larger than maxHeld
	arena    []byte
	names    []uint64 // hashes of the names seen
}

func (o *object) reset() {
	*o = object{items: o.items[:0], arena: o.arena[:0], names: o.names[:0]}
}

func (o *object) bytes(s span) []byte { return bytes.TrimSpace(o.arena[s.from:s.to]) }

// text returns a property's text without the blanks around it, empty if there is none or it is a reference.
func (o *object) text(slot int) []byte {
	if v := o.vals[slot]; v.set && !v.ref {
		return o.bytes(v.span)
	}
	return nil
}

// ref returns the id that a property refers to, empty if it is none.
func (o *object) ref(slot int) []byte {
	if v := o.vals[slot]; v.set && v.ref {
		return o.bytes(v.span)
	}
	return nil
}

// objects reads the objects of an entities.xml one after the other.
type objects struct {
	scan    *scanner
	bodies  *bodyWriter
	seed    maphash.Seed
	started bool
	ended   bool
	names   map[string]string // class names seen, so that each is one string
	o       object
}

func newObjects(scan *scanner, bodies *bodyWriter) *objects {
	return &objects{scan: scan, bodies: bodies, seed: maphash.MakeSeed(), names: map[string]string{}}
}

// next returns the next object, valid until the next call, and io.EOF after the last.
func (r *objects) next() (*object, error) {
	if !r.started {
		if err := r.root(); err != nil {
			return nil, err
		}
		r.started = true
	}
	for !r.ended {
		kind, err := r.scan.next()
		if err != nil {
			return nil, err
		}
		switch {
		case kind == tokenEnd:
			r.ended = true
		case kind == tokenStart && string(r.scan.name) == "object":
			return r.object()
		case kind == tokenStart:
			if err := r.skip(); err != nil {
				return nil, err
			}
		}
	}
	return nil, r.tail()
}

// root reads up to the root element, which must be that of an export.
func (r *objects) root() error {
	for {
		kind, err := r.scan.next()
		if errors.Is(err, io.EOF) {
			return confluence.Errorf(confluence.CodeNoExport, "entities.xml is empty")
		}
		if err != nil {
			return err
		}
		if kind == tokenStart {
			if string(r.scan.name) != "hibernate-generic" {
				return confluence.Errorf(confluence.CodeNoExport, "entities.xml is not that of a Confluence export").
					Because(errors.New("rule: its root element must be hibernate-generic"))
			}
			return nil
		}
		if len(bytes.Trim(r.scan.text, " \t\n\uFEFF")) > 0 {
			return r.scan.fail("text before the root element")
		}
	}
}

// tail demands that nothing but blanks follows the root element.
func (r *objects) tail() error {
	for {
		kind, err := r.scan.next()
		if err != nil {
			return err
		}
		if kind != tokenText || len(bytes.TrimSpace(r.scan.text)) > 0 {
			return r.scan.fail("something after the root element")
		}
	}
}

// skip passes over the rest of the element whose start tag was read last.
func (r *objects) skip() error {
	for depth := 1; depth > 0; {
		kind, err := r.scan.next()
		if err != nil {
			return err
		}
		switch kind {
		case tokenStart:
			depth++
		case tokenEnd:
			depth--
		}
	}
	return nil
}

func (r *objects) object() (*object, error) {
	o := &r.o
	o.reset()
	o.name = r.intern(r.scan.attr("class"))
	o.class = classes[o.name]
	for {
		kind, err := r.scan.next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case tokenEnd:
			return o, nil
		case tokenStart:
			if err := r.child(o); err != nil {
				return nil, err
			}
		}
	}
}

func (r *objects) intern(name []byte) string {
	if s, ok := r.names[string(name)]; ok {
		return s
	}
	s := string(name)
	if len(r.names) < 4096 {
		r.names[s] = s
	}
	return s
}

// child reads one child of an object.
func (r *objects) child(o *object) error {
	switch string(r.scan.name) {
	case "id":
		from := len(o.arena)
		o.hasID = true
		err := r.hold(o)
		o.id = o.since(from)
		return err
	case "composite-id":
		return r.compositeID(o)
	}
	name := r.scan.attr("name")
	if name == nil {
		return r.skip()
	}
	hash := maphash.Bytes(r.seed, name)
	for _, seen := range o.names {
		o.repeated = o.repeated || seen == hash
	}
	if len(o.names) < 1024 {
		o.names = append(o.names, hash)
	}
	if o.class == nil {
		return r.skip()
	}
	if string(r.scan.name) == "collection" {
		if kind, ok := o.class.lists[string(name)]; ok {
			return r.collection(o, kind)
		}
		return r.skip()
	}
	if o.class.body != "" && string(name) == o.class.body {
		return r.body(o)
	}
	if slot, ok := o.class.wanted[string(name)]; ok {
		return r.property(o, slot)
	}
	return r.skip()
}

func (o *object) since(from int) span { return span{int32(from), int32(len(o.arena))} }

// hold adds the text of the element whose start tag was read last to the arena, up to its first child, and passes over
// the rest.
func (r *objects) hold(o *object) error {
	from, depth, more := len(o.arena), 1, true
	for depth > 0 {
		kind, err := r.scan.next()
		if err != nil {
			return err
		}
		switch kind {
		case tokenStart:
			depth++
			more = false
		case tokenEnd:
			depth--
		case tokenText:
			if more {
				o.add(from, r.scan.text)
			}
		}
	}
	return nil
}

func (o *object) add(from int, text []byte) {
	if len(o.arena)-from+len(text) > maxText || len(o.arena)+len(text) > maxHeld {
		o.clipped = true
		return
	}
	o.arena = append(o.arena, text...)
}

// compositeID joins the texts of a composite id.
func (r *objects) compositeID(o *object) error {
	from := len(o.arena)
	o.hasID = true
	for depth := 1; depth > 0; {
		kind, err := r.scan.next()
		if err != nil {
			return err
		}
		switch kind {
		case tokenStart:
			depth++
			o.add(from, []byte("/"))
		case tokenEnd:
			depth--
		case tokenText:
			o.add(from, bytes.TrimSpace(r.scan.text))
		}
	}
	o.id = o.since(from)
	return nil
}

// property reads a wanted property into its slot; the last of several counts.
func (r *objects) property(o *object, slot int) error {
	v := value{set: true}
	from := len(o.arena)
	text, depth := true, 1
	for depth > 0 {
		kind, err := r.scan.next()
		if err != nil {
			return err
		}
		switch kind {
		case tokenStart:
			if depth == 1 && string(r.scan.name) == "id" && !v.ref {
				v.ref = true
				from = len(o.arena)
				if err := r.hold(o); err != nil {
					return err
				}
				v.span = o.since(from)
				text = false
				continue
			}
			depth++
			text = false
		case tokenEnd:
			depth--
		case tokenText:
			if text {
				o.add(from, r.scan.text)
			}
		}
	}
	if !v.ref {
		v.span = o.since(from)
	}
	o.vals[slot] = v
	return nil
}

// collection reads the ids of a wanted collection.
func (r *objects) collection(o *object, kind int) error {
	for depth := 1; depth > 0; {
		token, err := r.scan.next()
		if err != nil {
			return err
		}
		switch token {
		case tokenStart:
			if depth == 2 && string(r.scan.name) == "id" {
				from := len(o.arena)
				if err := r.hold(o); err != nil {
					return err
				}
				o.items = append(o.items, listed{kind, o.since(from)})
				continue
			}
			depth++
		case tokenEnd:
			depth--
		}
	}
	return nil
}

// body hands the text of the element to the body file, piece by piece.
func (r *objects) body(o *object) error {
	r.bodies.begin()
	text, depth := true, 1
	for depth > 0 {
		kind, err := r.scan.next()
		if err != nil {
			return err
		}
		switch kind {
		case tokenStart:
			depth++
			text = false
		case tokenEnd:
			depth--
		case tokenText:
			if text {
				if err := r.bodies.write(r.scan.text); err != nil {
					return err
				}
			}
		}
	}
	o.body = r.bodies.finish()
	return nil
}
