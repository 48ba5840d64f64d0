package xmlexport

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tandem-sync/tandem/internal/confluence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// refusedWith opens bytes as a zip and demands T-7601, a message, the file in Where, and an empty scratch folder.
func refusedWith(t *testing.T, b []byte, lim limits, want string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hostile.zip")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedPath(t, path, lim, want)
}

func refusedPath(t *testing.T, path string, lim limits, want string) {
	t.Helper()
	scratch := t.TempDir()
	r, err := Open(t.Context(), path, Options{Scratch: scratch, limits: lim})
	if err == nil {
		r.Close()
		t.Fatal("it was opened")
	}
	e := confluence.AsError(err)
	if e.Code != confluence.CodeNoExport || !strings.Contains(e.Error(), want) || e.Where.File != path || e.Help() == "" {
		t.Errorf("got %v at %+v, want %s %q", err, e.Where, confluence.CodeNoExport, want)
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("left behind in the scratch folder: %v %v", left, err)
	}
}

// TestHostileArchives has one case per rule.
func TestHostileArchives(t *testing.T) {
	good := zipped(t, newFixture().all())
	with := func(name, content string) []byte {
		all := newFixture().all()
		all[name] = content
		return zipped(t, all)
	}
	small := defaultLimits
	small.total, small.entries = 1<<20, 3
	for name, c := range map[string]struct {
		zip  []byte
		lim  limits
		want string
	}{
		"not a zip":       {[]byte("<html>not a zip</html>"), defaultLimits, "no zip, or it is cut off or damaged"},
		"empty":           {nil, defaultLimits, "no zip"},
		"cut off":         {good[:len(good)/2], defaultLimits, "no zip"},
		"bomb by ratio":   {with("attachments/1/2/3", strings.Repeat("\x00", 32<<20)), defaultLimits, "compression ratio"},
		"bomb by total":   {with("x", strings.Repeat("x", 2<<20)), small, "total size"},
		"many entries":    {zipped(t, map[string]string{entitiesName: "", "a": "", "b": "", "c": ""}), small, "number of entries"},
		"parent path":     {with("../evil", "x"), defaultLimits, "unsafe name"},
		"inner parent":    {with("attachments/../../evil", "x"), defaultLimits, "unsafe name"},
		"absolute path":   {with("/etc/evil", "x"), defaultLimits, "unsafe name"},
		"backslash":       {with(`attachments\evil`, "x"), defaultLimits, "unsafe name"},
		"drive":           {with("c:evil", "x"), defaultLimits, "unsafe name"},
		"html export":     {zipped(t, map[string]string{"DOC/index.html": "<html/>"}), defaultLimits, "HTML export"},
		"pdf export":      {zipped(t, map[string]string{"DOC.pdf": "%PDF"}), defaultLimits, "PDF export"},
		"in a folder":     {zipped(t, map[string]string{"export/entities.xml": "<x/>"}), defaultLimits, "in a folder of its own"},
		"other root":      {zipped(t, map[string]string{entitiesName: "<feed></feed>"}), defaultLimits, "hibernate-generic"},
		"empty entities":  {zipped(t, map[string]string{entitiesName: ""}), defaultLimits, "entities.xml is empty"},
		"cut entities":    {zipped(t, map[string]string{entitiesName: newFixture().entities()[:300]}), defaultLimits, "cut off at byte 300"},
		"doctype":         {zipped(t, map[string]string{entitiesName: "<!DOCTYPE hibernate-generic [<!ENTITY x 'y'>]><hibernate-generic/>"}), defaultLimits, "DOCTYPE"},
		"trailing object": {zipped(t, map[string]string{entitiesName: newFixture().entities() + "<object/>"}), defaultLimits, "after the root element"},
		"corrupt data":    {corrupt(t, good), defaultLimits, "damaged or cut off"},
		"overlapping":     {overlapping(t, good), defaultLimits, "overlapping entries"},
		"duplicate names": {twice(t), defaultLimits, "two entries of the name"},
		"encrypted":       {patched(t, good, 8, 1), defaultLimits, "encrypted"},
	} {
		t.Run(name, func(t *testing.T) { refusedWith(t, c.zip, c.lim, c.want) })
	}
	t.Run("no file", func(t *testing.T) {
		refusedPath(t, filepath.Join(t.TempDir(), "none.zip"), defaultLimits, "cannot be opened")
	})
	t.Run("empty folder", func(t *testing.T) { refusedPath(t, t.TempDir(), defaultLimits, "no entities.xml") })
}

// corrupt changes a byte in the middle of the packed entities.xml.
func corrupt(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	at, err := z.File[0].DataOffset()
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Clone(b)
	b[at+int64(z.File[0].CompressedSize64)/2] ^= 0x55
	return b
}

// patched sets two bytes at an offset of the first record of the zip's directory.
func patched(t *testing.T, b []byte, at int, v uint16) []byte {
	t.Helper()
	b = bytes.Clone(b)
	dir := bytes.Index(b, []byte("PK\x01\x02"))
	if dir < 0 {
		t.Fatal("no directory")
	}
	binary.LittleEndian.PutUint16(b[dir+at:], v)
	return b
}

// overlapping claims a packed size beyond the file.
func overlapping(t *testing.T, b []byte) []byte {
	t.Helper()
	return patched(t, patched(t, b, 22, 0x10), 26, 0x20)
}

func twice(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for range 2 {
		e, err := w.Create(entitiesName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(newFixture().entities())); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSymlinksAreNotFollowed keeps a folder's links from showing what lies outside of it.
func TestSymlinksAreNotFollowed(t *testing.T) {
	dir := newFixture().attachment("30", "10", "a.txt").folder(t)
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "attachments", "10", "30")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(at, "1")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	r := openPath(t, dir, Options{})
	if c := scanAll(t, r).contents["30"]; !c.File.Missing {
		t.Errorf("the link counts as a file: %+v", c.File)
	}
}

// TestCancelledOpen leaves nothing behind and tells the context's error.
func TestCancelledOpen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	scratch := t.TempDir()
	if _, err := Open(ctx, newFixture().zip(t), Options{Scratch: scratch}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(scratch); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestScratchCannotBeWritten is an error of the disk, not of the export.
func TestScratchCannotBeWritten(t *testing.T) {
	_, err := Open(t.Context(), newFixture().zip(t), Options{Scratch: filepath.Join(t.TempDir(), "missing")})
	if e := confluence.AsError(err); e == nil || e.Code != confluence.CodeStateDamaged {
		t.Errorf("got %v", err)
	}
}

// TestScratchOfAnyName works in a folder whose name means something in an address.
func TestScratchOfAnyName(t *testing.T) {
	scratch := filepath.Join(t.TempDir(), "a b%41#é")
	if err := os.Mkdir(scratch, 0o755); err != nil {
		t.Fatal(err)
	}
	r := openPath(t, newFixture().zip(t), Options{Scratch: scratch})
	if _, err := os.Stat(filepath.Join(r.dir, indexName)); err != nil || len(scanAll(t, r).contents) != 1 {
		t.Errorf("the index is not where it should be: %v", err)
	}
}

// FuzzZip opens whatever it is given without panic, and leaves no scratch behind.
func FuzzZip(f *testing.F) {
	f.Add(zipped(f, newFixture().all()))
	f.Add(zipped(f, newFixture().comment("40", "10").attachment("30", "10", "a").file("attachments/10/30/1", "x").all()))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "a.zip")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		openAnything(t, path)
	})
}

// FuzzEntities opens a folder with whatever entities.xml.
func FuzzEntities(f *testing.F) {
	for _, c := range treeCases {
		f.Add(c.build().entities())
	}
	for _, c := range commentCases {
		f.Add(c.build().entities())
	}
	f.Fuzz(func(t *testing.T, s string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, entitiesName), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		openAnything(t, dir)
	})
}

// openAnything demands that an export opens and reads without fault of ours, or is refused with T-7601.
func openAnything(t *testing.T, path string) {
	t.Helper()
	scratch := t.TempDir()
	lim := defaultLimits
	lim.total = 64 << 20
	r, err := Open(t.Context(), path, Options{Scratch: scratch, limits: lim})
	if err != nil {
		if confluence.AsError(err).Code != confluence.CodeNoExport {
			t.Fatal(err)
		}
	} else {
		scanAll(t, r)
		if _, err := r.Report(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v %v", left, err)
	}
}

// FuzzDescriptor never panics and never invents an empty space key.
func FuzzDescriptor(f *testing.F) {
	f.Add("#Mon\nexportType=space\nspaceKey=A, B\nsource : cloud\n")
	f.Add("a\\=b=c\\u00e9\\\n  d\n!x\n=\n\\u12")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDescriptor(strings.NewReader(s))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range d.SpaceKeys {
			if strings.TrimSpace(k) == "" {
				t.Fatalf("an empty key of %q", s)
			}
		}
	})
}

// TestManyFiles reads an export with more attachment files than the queue of rows holds.
func TestManyFiles(t *testing.T) {
	f := newFixture()
	const files = 5000
	for i := range files {
		id := fmt.Sprint(1000 + i)
		f.attachment(id, "10", "f"+id+".txt").file("attachments/10/"+id+"/1", id)
	}
	found := 0
	for _, c := range scanAll(t, openPath(t, f.zip(t), Options{})).contents {
		if c.Kind == confluence.Attachment {
			found++
		}
	}
	if found != files {
		t.Errorf("found %d attachments of %d", found, files)
	}
}
