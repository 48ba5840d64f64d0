package emulator

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// The whole state of a site is kept by one codec that walks its types: many write the state, and what one of them adds
// must not be forgotten. Every pointer is written once and shared after reading as it was before. Functions and locks
// are left out. What it cannot keep (channels, interfaces of unknown values) is an error of the type, found by a test.
//
// A record is read back only by a program whose types are the same; their signature stands at its beginning.

// codec writes and reads values of one type.
type codec struct {
	encode func(*stateWriter, unsafe.Pointer)
	decode func(*stateReader, unsafe.Pointer)
	hint   int // bytes in memory
}

// codecs makes the codecs of types, each once.
type codecs struct {
	byType    map[reflect.Type]*codec
	signature io.Writer // told every type in the order of its making
}

type stateWriter struct {
	*bufio.Writer
	codecs
	known   map[kept]uint64
	pending []kept
	buf     [binary.MaxVarintLen64]byte
}

// kept is an object that something points to.
type kept struct {
	at unsafe.Pointer
	of reflect.Type
}

type stateReader struct {
	*bufio.Reader
	codecs
	objects []kept
	rooms   map[reflect.Type]reflect.Value // space for objects, made in pieces
	err     error
}

// errOtherTypes says that a record was written by another version of the program.
var errOtherTypes = errors.New("the state was written by another version of the emulator")

// writeState writes what v points to, with all that can be reached from it.
func writeState[T any](to io.Writer, v *T) error {
	w := &stateWriter{Writer: bufio.NewWriterSize(to, 1<<16), codecs: newCodecs(), known: map[kept]uint64{}}
	root := w.codec(reflect.TypeFor[T]())
	w.unsigned(signatureOf[T]())
	root.encode(w, unsafe.Pointer(v))
	for len(w.pending) > 0 {
		next := w.pending[0]
		w.pending = w.pending[1:]
		w.codec(next.of).encode(w, next.at)
	}
	return w.Flush()
}

// readState reads what writeState wrote.
func readState[T any](from io.Reader, v *T) error {
	r := &stateReader{Reader: bufio.NewReaderSize(from, 1<<16), codecs: newCodecs(), rooms: map[reflect.Type]reflect.Value{}}
	root := r.codec(reflect.TypeFor[T]())
	if r.unsigned() != signatureOf[T]() {
		return errors.Join(errOtherTypes, r.err)
	}
	root.decode(r, unsafe.Pointer(v))
	for i := 0; i < len(r.objects) && r.err == nil; i++ {
		r.codec(r.objects[i].of).decode(r, r.objects[i].at)
	}
	return r.err
}

func newCodecs() codecs { return codecs{byType: map[reflect.Type]*codec{}, signature: io.Discard} }

// signatureOf is a hash over the names and types of everything that can be reached from a type.
func signatureOf[T any]() uint64 {
	h := fnv.New64a()
	c := codecs{byType: map[reflect.Type]*codec{}, signature: h}
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		if seen[t] || t == locationType || t == timeType {
			return
		}
		seen[t] = true
		fmt.Fprintln(h, t.String(), t.Kind())
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(t.Elem())
		case reflect.Map:
			walk(t.Key())
			walk(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				fmt.Fprintln(h, t.Field(i).Name)
				walk(t.Field(i).Type)
			}
		}
		c.codec(t)
	}
	walk(reflect.TypeFor[T]())
	return h.Sum64()
}

var (
	locationType = reflect.TypeFor[*time.Location]()
	timeType     = reflect.TypeFor[time.Time]()
)

// codec returns the codec of a type. It panics where there can be none: a mistake in the program.
func (c codecs) codec(t reflect.Type) *codec {
	if known := c.byType[t]; known != nil {
		return known
	}
	made := &codec{hint: int(t.Size())}
	c.byType[t] = made
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.byte(*(*byte)(p)) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(*byte)(p) = r.byte() }
	case reflect.Int, reflect.Int64:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.signed(*(*int64)(p)) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(*int64)(p) = r.signed() }
	case reflect.Int32:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.signed(int64(*(*int32)(p))) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(*int32)(p) = int32(r.signed()) }
	case reflect.Uint, reflect.Uint64, reflect.Float64:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.unsigned(*(*uint64)(p)) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(*uint64)(p) = r.unsigned() }
	case reflect.Uint32:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.unsigned(uint64(*(*uint32)(p))) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(*uint32)(p) = uint32(r.unsigned()) }
	case reflect.String:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.text(*(*string)(p)) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(*string)(p) = r.text() }
	case reflect.Func:
		made.encode = func(*stateWriter, unsafe.Pointer) {}
		made.decode = func(*stateReader, unsafe.Pointer) {}
	case reflect.Interface:
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.value(reflect.NewAt(t, p).Elem().Interface()) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { r.value(reflect.NewAt(t, p).Elem()) }
	case reflect.Pointer:
		c.pointer(t, made)
	case reflect.Slice:
		c.slice(t, made)
	case reflect.Array:
		c.array(t, made)
	case reflect.Map:
		c.mapped(t, made)
	case reflect.Struct:
		c.structure(t, made)
	default:
		panic("emulator: state of the type " + t.String() + " cannot be kept")
	}
	return made
}

func (c codecs) pointer(t reflect.Type, made *codec) {
	if t == locationType {
		made.encode = func(w *stateWriter, p unsafe.Pointer) { w.zone(*(**time.Location)(p)) }
		made.decode = func(r *stateReader, p unsafe.Pointer) { *(**time.Location)(p) = r.zone() }
		return
	}
	of := t.Elem()
	made.encode = func(w *stateWriter, p unsafe.Pointer) { w.reference(kept{*(*unsafe.Pointer)(p), of}) }
	made.decode = func(r *stateReader, p unsafe.Pointer) { *(*unsafe.Pointer)(p) = r.reference(of) }
}

func (c codecs) slice(t reflect.Type, made *codec) {
	of := c.codec(t.Elem())
	size := t.Elem().Size()
	made.encode = func(w *stateWriter, p unsafe.Pointer) {
		v := reflect.NewAt(t, p).Elem()
		if v.IsNil() {
			w.unsigned(0)
			return
		}
		w.unsigned(uint64(v.Len()) + 1)
		if n := v.Len(); n > 0 {
			first := v.UnsafePointer()
			if t.Elem().Kind() == reflect.Uint8 {
				_, _ = w.Write(unsafe.Slice((*byte)(first), n)) // bufio keeps the error for Flush
				return
			}
			for i := range n {
				of.encode(w, unsafe.Add(first, uintptr(i)*size))
			}
		}
	}
	made.decode = func(r *stateReader, p unsafe.Pointer) {
		n := r.length()
		if n == 0 {
			return
		}
		v := reflect.MakeSlice(t, 0, min(n-1, 1<<20))
		for i := range n - 1 {
			if r.err != nil {
				return
			}
			v = reflect.Append(v, reflect.Zero(t.Elem()))
			of.decode(r, v.Index(i).Addr().UnsafePointer())
		}
		reflect.NewAt(t, p).Elem().Set(v)
	}
}

func (c codecs) array(t reflect.Type, made *codec) {
	of, size := c.codec(t.Elem()), t.Elem().Size()
	made.encode = func(w *stateWriter, p unsafe.Pointer) {
		for i := range t.Len() {
			of.encode(w, unsafe.Add(p, uintptr(i)*size))
		}
	}
	made.decode = func(r *stateReader, p unsafe.Pointer) {
		for i := range t.Len() {
			of.decode(r, unsafe.Add(p, uintptr(i)*size))
		}
	}
}

func (c codecs) mapped(t reflect.Type, made *codec) {
	keys, values := c.codec(t.Key()), c.codec(t.Elem())
	made.encode = func(w *stateWriter, p unsafe.Pointer) {
		v := reflect.NewAt(t, p).Elem()
		if v.IsNil() {
			w.unsigned(0)
			return
		}
		w.unsigned(uint64(v.Len()) + 1)
		k, e := reflect.New(t.Key()), reflect.New(t.Elem())
		for rows := v.MapRange(); rows.Next(); {
			k.Elem().SetIterKey(rows)
			e.Elem().SetIterValue(rows)
			keys.encode(w, k.UnsafePointer())
			values.encode(w, e.UnsafePointer())
		}
	}
	made.decode = func(r *stateReader, p unsafe.Pointer) {
		n := r.length()
		if n == 0 {
			return
		}
		v := reflect.MakeMapWithSize(t, min(n-1, 1<<21))
		for range n - 1 {
			if r.err != nil {
				return
			}
			k, e := reflect.New(t.Key()), reflect.New(t.Elem())
			keys.decode(r, k.UnsafePointer())
			values.decode(r, e.UnsafePointer())
			v.SetMapIndex(k.Elem(), e.Elem())
		}
		reflect.NewAt(t, p).Elem().Set(v)
	}
}

func (c codecs) structure(t reflect.Type, made *codec) {
	switch {
	case t == timeType:
		made.encode = func(w *stateWriter, p unsafe.Pointer) {
			data, err := (*time.Time)(p).MarshalBinary()
			if err != nil {
				panic(err) // a year that no site has
			}
			w.text(string(data))
		}
		made.decode = func(r *stateReader, p unsafe.Pointer) {
			if err := (*time.Time)(p).UnmarshalBinary([]byte(r.text())); err != nil && r.err == nil {
				r.err = err
			}
		}
		return
	case t.PkgPath() == "sync":
		made.encode = func(*stateWriter, unsafe.Pointer) {}
		made.decode = func(*stateReader, unsafe.Pointer) {}
		return
	}
	type part struct {
		offset uintptr
		*codec
	}
	var parts []part
	for i := range t.NumField() {
		f := t.Field(i)
		parts = append(parts, part{f.Offset, c.codec(f.Type)})
	}
	made.encode = func(w *stateWriter, p unsafe.Pointer) {
		for _, f := range parts {
			f.encode(w, unsafe.Add(p, f.offset))
		}
	}
	made.decode = func(r *stateReader, p unsafe.Pointer) {
		for _, f := range parts {
			f.decode(r, unsafe.Add(p, f.offset))
		}
	}
}

func (w *stateWriter) byte(b byte)       { _ = w.WriteByte(b) } // bufio keeps the first error for Flush
func (w *stateWriter) unsigned(n uint64) { _, _ = w.Write(w.buf[:binary.PutUvarint(w.buf[:], n)]) }
func (w *stateWriter) signed(n int64)    { _, _ = w.Write(w.buf[:binary.PutVarint(w.buf[:], n)]) }

func (w *stateWriter) text(s string) {
	w.unsigned(uint64(len(s)))
	_, _ = w.WriteString(s)
}

// reference writes the number of an object; an object that is new comes later, in the order of the numbers.
func (w *stateWriter) reference(to kept) {
	if to.at == nil {
		w.unsigned(0)
		return
	}
	n := w.known[to]
	if n == 0 {
		n = uint64(len(w.known)) + 1
		w.known[to] = n
		w.pending = append(w.pending, to)
	}
	w.unsigned(n)
}

func (w *stateWriter) zone(z *time.Location) {
	if z == nil {
		w.text("")
		return
	}
	_, offset := time.Unix(0, 0).In(z).Zone()
	w.text(z.String())
	w.signed(int64(offset))
}

// The values that an interface may hold are errors, of which the text is kept, and what JSON can say.
const (
	valueNil byte = iota
	valueText
	valueJSON
	valueRaw
	valueError
)

func (w *stateWriter) value(v any) {
	switch x := v.(type) {
	case nil:
		w.byte(valueNil)
	case string:
		w.byte(valueText)
		w.text(x)
	case json.RawMessage:
		w.byte(valueRaw)
		w.text(string(x))
	case error:
		w.byte(valueError)
		w.text(x.Error())
	default:
		w.byte(valueJSON)
		w.text(string(encode(x)))
	}
}

func (r *stateReader) fail(err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("the state is damaged: %w", err)
	}
}

func (r *stateReader) byte() byte {
	b, err := r.ReadByte()
	r.fail(err)
	return b
}

func (r *stateReader) unsigned() uint64 {
	n, err := binary.ReadUvarint(r.Reader)
	r.fail(err)
	return n
}

func (r *stateReader) signed() int64 {
	n, err := binary.ReadVarint(r.Reader)
	r.fail(err)
	return n
}

// length is the length of something, plus one; 0 where it is nil or cannot be read.
func (r *stateReader) length() int {
	n := r.unsigned()
	if n > math.MaxInt32 {
		r.fail(errors.New("a length is absurd"))
		return 0
	}
	return int(n)
}

func (r *stateReader) text() string {
	n := r.length()
	if n == 0 || r.err != nil {
		return ""
	}
	if n > 1<<30 {
		r.fail(errors.New("a text is absurdly long"))
		return ""
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r.Reader, b)
	r.fail(err)
	return string(b)
}

// reference finds an object by its number, or makes room for one that is still to come.
func (r *stateReader) reference(of reflect.Type) unsafe.Pointer {
	n := r.unsigned()
	switch {
	case n == 0 || r.err != nil:
		return nil
	case n > uint64(len(r.objects))+1:
		r.fail(errors.New("an object is missing"))
		return nil
	case n == uint64(len(r.objects))+1:
		r.objects = append(r.objects, kept{r.room(of), of})
	}
	if o := r.objects[n-1]; o.of == of {
		return o.at
	}
	r.fail(errors.New("an object is of another type"))
	return nil
}

// room makes space for an object, for many at once: that takes less than an allocation of each.
func (r *stateReader) room(of reflect.Type) unsafe.Pointer {
	room := r.rooms[of]
	if !room.IsValid() || room.Len() == 0 {
		room = reflect.MakeSlice(reflect.SliceOf(of), 256, 256)
	}
	r.rooms[of] = room.Slice(1, room.Len())
	return room.Index(0).Addr().UnsafePointer()
}

func (r *stateReader) zone() *time.Location {
	name := r.text()
	if name == "" {
		return nil
	}
	offset := int(r.signed())
	if z, err := time.LoadLocation(name); err == nil && !slices.Contains([]string{"", "Local"}, name) {
		return z
	}
	return time.FixedZone(name, offset)
}

func (r *stateReader) value(to reflect.Value) {
	var v any
	switch kind := r.byte(); kind {
	case valueNil:
		return
	case valueText:
		v = r.text()
	case valueRaw:
		v = json.RawMessage(r.text())
	case valueError:
		v = errors.New(r.text())
	case valueJSON:
		r.fail(json.Unmarshal([]byte(r.text()), &v))
	default:
		r.fail(errors.New("a value is of an unknown kind"))
	}
	if r.err == nil && v != nil {
		to.Set(reflect.ValueOf(v))
	}
}
