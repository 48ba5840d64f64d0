package backup

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// flushAt is the size in bytes at which finished objects are handed to the zip.
const flushAt = 256 << 10

// firstAutomatic is the first content id given to contents that come without one, where the options name no other.
// Callers that choose ids of their own stay below it.
const firstAutomatic = 800_000_001

// Writer writes one export. Its methods write one object with what belongs to it, and remember the first error, which
// Close returns. It is not safe for concurrent use.
type Writer struct {
	o       Options
	zip     *zip.Writer
	xml     io.Writer
	held    bytes.Buffer // entities.xml, where it comes last
	err     error
	written int64

	buf       []byte
	at        int // where the current object begins in buf
	current   class
	currentID int64

	kept        []object
	collections map[reference][]collection

	nextContent int64
	next        map[string]int64 // last id given, by class
	spaces      map[string]space
	keys        []string
	labels      map[Label]int64
	userNames   map[string]string
	directories map[string]int64
	accounts    map[string]int64 // by lower-case name, in their first directory
	groups      map[string]int64
	files       []file
	mappings    []reference

	broad   bool
	pending map[Defect]int
	spoiled map[reference]bool
	titles  map[string]string // one title of each space, to give away twice
	planted []Planted
}

type space struct{ id, home int64 }

type file struct {
	path string
	open func() (io.Reader, error)
}

// Create begins an export in w. The export is complete when Close has returned without an error.
func Create(w io.Writer, o Options) (*Writer, error) {
	o = o.filled()
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestSpeed)
	})
	b := &Writer{
		o: o, zip: z, nextContent: o.FirstID, next: map[string]int64{}, spaces: map[string]space{},
		labels: map[Label]int64{}, userNames: map[string]string{}, directories: map[string]int64{},
		accounts: map[string]int64{}, groups: map[string]int64{}, collections: map[reference][]collection{},
		pending: map[Defect]int{}, spoiled: map[reference]bool{}, titles: map[string]string{},
	}
	for _, d := range o.Defects {
		if _, ok := Defects[d]; !ok {
			return nil, fmt.Errorf("backup: no defect of the name %q", d)
		}
		b.pending[d]++
	}
	b.broad = b.pending[DefectBroadEscape] > 0
	if b.pending[DefectNoEntities] == 0 {
		b.begun()
	} else {
		b.xml = io.Discard
	}
	return b, b.err
}

func (w *Writer) begun() {
	method := zip.Deflate
	if w.o.Stored {
		method = zip.Store
	}
	if w.o.Last {
		w.xml = &w.held
	} else if w.xml, w.err = w.entry("entities.xml", method); w.err != nil {
		return
	}
	if w.pending[DefectNoXMLDeclaration] == 0 {
		w.buf = append(w.buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
	}
	if w.pending[DefectDoctype] > 0 {
		w.buf = append(w.buf, "<!DOCTYPE hibernate-generic [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n"...)
	}
	w.buf = append(w.buf, `<hibernate-generic datetime="`...)
	w.buf = w.o.At.In(w.o.Zone).AppendFormat(w.buf, "2006-01-02 15:04:05")
	w.buf = append(w.buf, "\">\n"...)
}

func (w *Writer) entry(name string, method uint16) (io.Writer, error) {
	return w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: w.o.At.UTC()})
}

// Bytes is how much of entities.xml has been written so far, in bytes before compression.
func (w *Writer) Bytes() int64 { return w.written + int64(len(w.buf)) }

func (w *Writer) flush() {
	if w.err != nil {
		w.buf = w.buf[:0]
		return
	}
	n, err := w.xml.Write(w.buf)
	w.written += int64(n)
	w.err = err
	w.buf = w.buf[:0]
}

func (w *Writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("backup: "+format, args...)
	}
}

// content gives a content its id: the caller's, or the next automatic one.
func (w *Writer) content(id int64) int64 {
	if id != 0 {
		if id >= w.o.FirstID {
			w.fail("content id %d is not below %d", id, w.o.FirstID)
		}
		return id
	}
	w.nextContent++
	return w.nextContent - 1
}

// other gives an object of a class with an id space of its own its id.
func (w *Writer) other(c class) int64 {
	if w.next[c.name] == 0 {
		w.next[c.name] = 32768 * int64(len(w.next)+1)
	}
	w.next[c.name]++
	return w.next[c.name]
}

// Close writes what is left: the kept objects of the older generations, the descriptor and the attached files.
func (w *Writer) Close() error {
	w.plantAtEnd()
	w.shuffleOut()
	if w.pending[DefectTruncated] > 0 {
		w.buf = w.buf[:len(w.buf)-min(len(w.buf), 40)]
		w.plant(DefectTruncated, "entities.xml", 0)
	} else {
		w.buf = append(w.buf, "</hibernate-generic>\n"...)
	}
	w.flush()
	w.descriptor()
	for _, f := range w.files {
		w.file(f)
	}
	if w.o.Last && w.pending[DefectNoEntities] == 0 {
		w.file(file{"entities.xml", func() (io.Reader, error) { return &w.held, nil }})
	}
	for d, n := range w.pending {
		if n > 0 && !immediate[d] {
			w.fail("nothing in the export could have the defect %q", d)
		}
	}
	return errors.Join(w.err, w.zip.Close())
}

func (w *Writer) shuffleOut() {
	random := rand.New(rand.NewPCG(w.o.Seed, 0x6f6c64))
	random.Shuffle(len(w.kept), func(i, j int) { w.kept[i], w.kept[j] = w.kept[j], w.kept[i] })
	for _, o := range w.kept {
		w.buf = append(w.buf, o.text...)
		if o.id != 0 {
			for _, c := range w.collections[reference{o.class, o.id}] {
				w.list(c.name, c.elements)
			}
		}
		w.buf = append(w.buf, "</object>\n"...)
		if len(w.buf) >= flushAt {
			w.flush()
		}
	}
	w.kept = nil
}

func (w *Writer) descriptor() {
	if w.err != nil || w.take(DefectNoDescriptor, "exportDescriptor.properties", 0) {
		return
	}
	out, err := w.entry("exportDescriptor.properties", zip.Deflate)
	if err != nil {
		w.err = err
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#%s\n", w.o.At.In(w.o.Zone).Format("Mon Jan 02 15:04:05 MST 2006"))
	if w.o.Site {
		b.WriteString("exportType=all\n")
	} else {
		fmt.Fprintf(&b, "exportType=space\nspaceKey=%s\n", strings.Join(w.keys, ","))
	}
	fmt.Fprintf(&b, "buildNumber=%d\ncreatedByBuildNumber=%d\n", w.o.Build/1000*1000, w.o.Build)
	if w.o.Generation != Ancient {
		fmt.Fprintf(&b, "createdByVersionNumber=%s\n", w.o.Version)
	}
	if w.o.Cloud {
		b.WriteString("source=cloud\n")
	}
	fmt.Fprintf(&b, "timezoneId=%s\nbackupAttachments=%t\ndefaultUsersGroup=confluence-users\n", w.o.Zone, len(w.files) > 0)
	_, w.err = io.WriteString(out, b.String())
}

func (w *Writer) file(f file) {
	if w.err != nil {
		return
	}
	in, err := f.open()
	if err != nil {
		w.err = err
		return
	}
	out, err := w.entry(f.path, zip.Deflate)
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if c, ok := in.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	w.err = err
}

// when is t, or the time of the export where t is not set.
func (w *Writer) when(t time.Time) time.Time {
	if t.IsZero() {
		return w.o.At
	}
	return t
}
