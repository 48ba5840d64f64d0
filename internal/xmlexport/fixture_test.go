package xmlexport

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// fixture is an export that a test writes.
type fixture struct {
	xml        strings.Builder
	descriptor string
	files      map[string]string
}

// newFixture has a space DOC (id 1) with a home page (id 10) whose body is 11, written by the user u1.
func newFixture() *fixture {
	f := bare()
	f.object("Space", "1", prop("key", "DOC"), prop("name", "Documents"), ref("homePage", "Page", "10"))
	f.user("u1", "ann")
	f.page("10", "Home", ref("space", "Space", "1"))
	f.body("11", "10", "<p>Welcome</p>")
	return f
}

func bare() *fixture { return &fixture{files: map[string]string{}} }

func (f *fixture) object(class, id string, parts ...string) *fixture {
	if id != "" {
		id = `<id name="id">` + id + `</id>`
	}
	fmt.Fprintf(&f.xml, "<object class=%q package=\"com.atlassian.confluence\">%s\n%s\n</object>\n", class, id, strings.Join(parts, "\n"))
	return f
}

func (f *fixture) page(id, title string, parts ...string) *fixture {
	return f.object("Page", id, append([]string{prop("title", title), prop("version", "1"), ref("creator", "ConfluenceUserImpl", "u1")}, parts...)...)
}

// child adds a page below the home page, with a body whose id is its own with a 9 behind it.
func (f *fixture) child(id, title string, parts ...string) *fixture {
	f.page(id, title, append([]string{ref("space", "Space", "1"), ref("parent", "Page", "10")}, parts...)...)
	return f.body(id+"9", id, "<p>"+title+"</p>")
}

func (f *fixture) body(id, of, raw string, parts ...string) *fixture {
	return f.object("BodyContent", id, append(parts, prop("body", raw), ref("content", "Page", of), prop("bodyType", "2"))...)
}

func (f *fixture) comment(id, on string, parts ...string) *fixture {
	f.object("Comment", id, append(parts, ref("containerContent", "Page", on), prop("version", "1"), ref("creator", "ConfluenceUserImpl", "u1"))...)
	return f.body(id+"9", id, "<p>said</p>")
}

func (f *fixture) attachment(id, on, name string, parts ...string) *fixture {
	return f.object("Attachment", id, append(parts, prop("title", name), prop("version", "1"), ref("containerContent", "Page", on),
		ref("creator", "ConfluenceUserImpl", "u1"))...)
}

func (f *fixture) property(id, of, name, value string) *fixture {
	return f.object("ContentProperty", id, prop("name", name), prop("stringValue", value), ref("content", "Comment", of))
}

func (f *fixture) user(key, name string) *fixture {
	fmt.Fprintf(&f.xml, "<object class=\"ConfluenceUserImpl\" package=\"com.atlassian.confluence.user\"><id name=\"key\">%s</id>%s%s</object>\n",
		key, prop("name", name), prop("lowerName", strings.ToLower(name)))
	return f
}

func (f *fixture) file(name, content string) *fixture {
	f.files[name] = content
	return f
}

func prop(name, s string) string {
	return fmt.Sprintf("<property name=%q><![CDATA[%s]]></property>", name, s)
}

func ref(name, class, id string) string {
	return fmt.Sprintf("<property name=%q class=%q package=\"p\"><id name=\"id\">%s</id></property>", name, class, id)
}

func list(name, class string, ids ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<collection name=%q class=\"java.util.Collection\">", name)
	for _, id := range ids {
		fmt.Fprintf(&b, "<element class=%q package=\"p\"><id name=\"id\">%s</id></element>", class, id)
	}
	b.WriteString("</collection>")
	return b.String()
}

func (f *fixture) entities() string {
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hibernate-generic datetime=\"2024-01-01 00:00:00\">\n" + f.xml.String() + "</hibernate-generic>\n"
}

func (f *fixture) all() map[string]string {
	all := map[string]string{entitiesName: f.entities()}
	if f.descriptor != "" {
		all[descriptorName] = f.descriptor
	}
	for name, content := range f.files {
		all[name] = content
	}
	return all
}

// folder writes the export as a folder.
func (f *fixture) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range f.all() {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// zip writes the export as a zip.
func (f *fixture) zip(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.zip")
	if err := os.WriteFile(path, zipped(t, f.all()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open opens the fixture and closes it with the test.
func (f *fixture) open(t testing.TB) *Reader {
	t.Helper()
	return openPath(t, f.folder(t), Options{})
}

func openPath(t testing.TB, path string, opts Options) *Reader {
	t.Helper()
	if opts.Scratch == "" {
		opts.Scratch = t.TempDir()
	}
	r, err := Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// told are contents by id and defects, as a Scan of all spaces tells them.
type told struct {
	contents map[confluence.ID]confluence.Content
	defects  []confluence.Defect
}

func scanAll(t testing.TB, r *Reader) told {
	t.Helper()
	spaces, err := r.Spaces(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := told{contents: map[confluence.ID]confluence.Content{}}
	for _, s := range spaces {
		for req := (confluence.ScanRequest{Space: s, Facets: confluence.AllFacets}); ; {
			b, err := r.Scan(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range b.Contents {
				if _, twice := all.contents[c.ID]; twice {
					t.Errorf("content %s is told twice", c.ID)
				}
				all.contents[c.ID] = c
			}
			all.defects = append(all.defects, b.Defects...)
			if req.Cursor = b.Next; b.Next == "" {
				break
			}
		}
	}
	return all
}
