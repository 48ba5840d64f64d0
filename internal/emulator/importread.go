package emulator

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// The emulator reads exports with a reader of its own (decision D33), so that a mistake of the product's reader does not
// meet itself again. It keeps rows in memory and bodies in the heap, and is made for exports of tests and demos.

// exported is an export as it was read: its objects by class, in the order of the file.
type exported struct {
	files      fs.FS
	descriptor map[string]string
	zone       *time.Location
	rows       map[string][]*exportedRow
	byID       map[string]map[string]*exportedRow // class group, id; of two with one id the last
	attached   map[string]string                  // see paths
}

// exportedRow is one object: its plain values, its references, its collections of references.
type exportedRow struct {
	class, id string
	text      map[string]string
	ref       map[string]string
	list      map[string][]string
	body      span // of a BodyContent, with the repairs of xml-export.md section 3
}

// exportedClasses are the classes that are read; the rest is passed over. All content classes share one space of ids.
var exportedClasses = map[string]string{
	"Page": "content", "BlogPost": "content", "Comment": "content", "Attachment": "content", "SpaceDescription": "content",
	"CustomContentEntityObject": "content", "Draft": "Draft", "Space": "Space", "BodyContent": "BodyContent",
	"ContentProperty": "ContentProperty", "Label": "Label", "Labelling": "Labelling",
	"ContentPermissionSet": "ContentPermissionSet", "ContentPermission": "ContentPermission",
	"SpacePermission": "SpacePermission", "PageTemplate": "PageTemplate", "ConfluenceUserImpl": "ConfluenceUserImpl",
	"InternalUser": "InternalUser", "DefaultHibernateUser": "InternalUser", "InternalGroup": "InternalGroup",
	"DefaultHibernateGroup": "InternalGroup", "HibernateMembership": "HibernateMembership",
	"LikeEntity": "LikeEntity", "Notification": "Notification",
}

func (r *exportedRow) get(name string) string { return strings.TrimSpace(r.text[name]) }

// first is the first of several names that has a value or a reference.
func (r *exportedRow) first(names ...string) string {
	for _, n := range names {
		if v := r.ref[n]; v != "" {
			return v
		}
		if v := r.get(n); v != "" {
			return v
		}
	}
	return ""
}

// of returns the row of a content class, or nil.
func (e *exported) content(id string) *exportedRow { return e.byID["content"][id] }

// readExport reads the export at a path: a zip, or a folder that holds what a zip would.
func (s *Site) readExport(path string) (e *exported, close func() error, err error) {
	e = &exported{rows: map[string][]*exportedRow{}, byID: map[string]map[string]*exportedRow{}, descriptor: map[string]string{}}
	close = func() error { return nil }
	if info, err := os.Stat(path); err != nil {
		return nil, nil, err
	} else if info.IsDir() {
		e.files = os.DirFS(path)
	} else {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, nil, err
		}
		e.files, close = z, z.Close
	}
	if err = e.read(s.heap); err != nil {
		return nil, nil, errors.Join(err, close())
	}
	return e, close, nil
}

// exportIn reads the export in a zip.
func (s *Site) exportIn(z *zip.Reader) (*exported, error) {
	e := &exported{files: z, rows: map[string][]*exportedRow{}, byID: map[string]map[string]*exportedRow{}, descriptor: map[string]string{}}
	return e, e.read(s.heap)
}

func (e *exported) read(to *heap) error {
	if err := e.readDescriptor(); err != nil {
		return err
	}
	return e.readEntities(to)
}

func (e *exported) readDescriptor() error {
	data, err := fs.ReadFile(e.files, "exportDescriptor.properties")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			e.descriptor[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	e.zone = time.UTC
	if zone, err := time.LoadLocation(e.descriptor["timezoneId"]); err == nil {
		e.zone = zone
	}
	return nil
}

// readEntities reads entities.xml, or the only other XML file of a folder that is one.
func (e *exported) readEntities(to *heap) error {
	names := []string{"entities.xml"}
	if entries, err := fs.ReadDir(e.files, "."); err == nil {
		for _, entry := range entries {
			if name := entry.Name(); strings.HasSuffix(name, ".xml") && name != names[0] {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		f, err := e.files.Open(name)
		if err != nil {
			continue
		}
		err = e.readObjects(xml.NewDecoder(&cleaned{in: bufio.NewReaderSize(f, 1<<16)}), to)
		f.Close()
		if !errors.Is(err, errNoExport) {
			return err
		}
	}
	return errNoExport
}

var errNoExport = errors.New("this is no XML export: it has no entities.xml")

func (e *exported) readObjects(d *xml.Decoder, to *heap) error {
	rooted := false
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && rooted:
			return nil
		case err != nil && !rooted:
			return errNoExport
		case err != nil:
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("the export has a document type, which no export has")
		case xml.StartElement:
			if !rooted {
				if rooted = t.Name.Local == "hibernate-generic"; !rooted {
					return errNoExport
				}
				continue
			}
			class := attribute(t, "class")
			if t.Name.Local != "object" || exportedClasses[class] == "" {
				err = d.Skip()
			} else {
				err = e.readObject(d, class, to)
			}
			if err != nil {
				return err
			}
		}
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e *exported) readObject(d *xml.Decoder, class string, to *heap) error {
	r := &exportedRow{class: class, text: map[string]string{}, ref: map[string]string{}, list: map[string][]string{}}
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if class == "BodyContent" || class == "PageTemplate" {
				r.keepBody(to)
			}
			group := exportedClasses[class]
			e.rows[class] = append(e.rows[class], r)
			if e.byID[group] == nil {
				e.byID[group] = map[string]*exportedRow{}
			}
			e.byID[group][r.id] = r
			return nil
		case xml.StartElement:
			text, ids, err := readMember(d)
			if err != nil {
				return err
			}
			name := attribute(t, "name")
			switch t.Name.Local {
			case "id":
				r.id = strings.TrimSpace(text)
			case "collection":
				r.list[name] = ids
			case "property":
				delete(r.text, name) // a property that stands twice counts with its last value
				delete(r.ref, name)
				if len(ids) > 0 {
					r.ref[name] = ids[0]
				} else {
					r.text[name] = text
				}
			}
		}
	}
}

// readMember reads an element to its end: its text, and the ids in it, at whatever depth.
func readMember(d *xml.Decoder) (string, []string, error) {
	var text, id strings.Builder
	var ids []string
	for depth, in := 1, 0; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return "", nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; t.Name.Local == "id" && in == 0 {
				in = depth
				id.Reset()
			}
		case xml.EndElement:
			if in == depth {
				in = 0
				if v := strings.TrimSpace(id.String()); v != "" {
					ids = append(ids, v)
				}
			}
			depth--
		case xml.CharData:
			if in > 0 {
				id.Write(t)
			} else if depth == 1 {
				text.Write(t)
			}
		}
	}
	return text.String(), ids, nil
}

// keepBody moves a body to the heap, with the ends of inner CDATA sections as they were.
func (r *exportedRow) keepBody(to *heap) {
	for _, name := range []string{"body", "content"} {
		if text, ok := r.text[name]; ok {
			r.body = to.putText(bodyText(r.get("bodyType"), strings.ReplaceAll(text, "]] >", "]]>")))
			delete(r.text, name)
			return
		}
	}
}

// cleaned leaves out of a document what XML 1.0 does not allow and exports hold all the same (register row XM-06).
type cleaned struct {
	in   *bufio.Reader
	rest []byte
}

func (c *cleaned) Read(p []byte) (int, error) {
	var err error
	if len(c.rest) == 0 {
		buf := make([]byte, 0, 8<<10)
		for len(buf) < 8<<10-utf8.UTFMax && err == nil {
			var r rune
			if r, _, err = c.in.ReadRune(); err == nil && (r >= 0x20 && r != 0xfffe && r != 0xffff || r == '\t' || r == '\n' || r == '\r') {
				buf = utf8.AppendRune(buf, r)
			}
		}
		c.rest = buf
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// binary returns the bytes of one version of an attached file, nil where the export lacks them. Besides the layout of
// exports those of home directories and of versions before 2.2 are known (register row XM-16).
func (e *exported) binary(container, head, own, version, name string) []byte {
	for _, path := range []string{
		container + "/" + head + "/" + version, container + "/" + own + "/" + version, // the second: under the id of the version itself
		head + "/" + head + "." + version, container + "/" + name + "." + version, container + "/" + name,
	} {
		at, there := e.paths()[path]
		if !there {
			continue
		}
		if data, err := fs.ReadFile(e.files, at); err == nil {
			return bytes.Clone(data)
		}
	}
	return nil
}

// paths are the files of attachments by what their layouts have in common: the last three parts of the path, and the
// last two.
func (e *exported) paths() map[string]string {
	if e.attached != nil {
		return e.attached
	}
	e.attached = map[string]string{}
	_ = fs.WalkDir(e.files, "attachments", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // what cannot be read is missing
		}
		parts := strings.Split(path, "/")
		if n := len(parts); n >= 4 {
			e.attached[strings.Join(parts[n-3:], "/")] = path
		}
		if n := len(parts); n == 3 || n > 3 && parts[1] == "v4" {
			e.attached[strings.Join(parts[n-2:], "/")] = path
		}
		return nil
	})
	return e.attached
}
