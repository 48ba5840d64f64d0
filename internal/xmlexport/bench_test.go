//go:build unix

package xmlexport

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// largeExport writes a folder with an entities.xml of about size bytes: pages with bodies of real wikis' lengths, their
// history, properties, comments, attachments and labels. The same seed gives the same bytes. both names relations on both
// sides, as older exports do.
func largeExport(t testing.TB, dir string, size int64, both bool) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, entitiesName))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	g := &generator{w: w, r: rand.New(rand.NewPCG(1, 2)), both: both, id: 1000}
	g.printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hibernate-generic datetime=\"2024-04-23 09:03:14\">\n")
	g.object("Space", "spaces", 1, g.text("name", "Large"), g.text("key", "LARGE"), g.ref("homePage", "Page", 1002))
	g.printf("<object class=\"ConfluenceUserImpl\" package=\"com.atlassian.confluence.user\"><id name=\"key\">7</id><property name=\"name\">ann</property></object>\n")
	g.object("Label", "labels", 9, g.plain("name", "ops"), g.plain("namespace", "global"))
	for g.n < size {
		g.page()
	}
	g.printf("</hibernate-generic>\n")
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

type generator struct {
	w    *bufio.Writer
	r    *rand.Rand
	n    int64
	id   int64
	both bool

	pages []int64 // some pages, to be parents
}

func (g *generator) printf(format string, args ...any) {
	n, _ := fmt.Fprintf(g.w, format, args...)
	g.n += int64(n)
}

func (g *generator) object(class, pkg string, id int64, parts ...string) {
	g.printf("<object class=%q package=\"com.atlassian.confluence.%s\">\n<id name=\"id\">%d</id>\n", class, pkg, id)
	for _, p := range parts {
		g.printf("%s\n", p)
	}
	g.printf("</object>\n")
}

func (g *generator) text(name, s string) string {
	return `<property name="` + name + `"><![CDATA[` + s + `]]></property>`
}

func (g *generator) plain(name string, s any) string {
	return fmt.Sprintf(`<property name=%q>%v</property>`, name, s)
}

func (g *generator) ref(name, class string, id int64) string {
	return fmt.Sprintf(`<property name=%q class=%q package="com.atlassian.confluence.pages"><id name="id">%d</id></property>`, name, class, id)
}

func (g *generator) list(name, class string, ids ...int64) string {
	if !g.both || len(ids) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<collection name=%q class="java.util.Collection">`, name)
	for _, id := range ids {
		fmt.Fprintf(&b, `<element class=%q package="com.atlassian.confluence.core"><id name="id">%d</id></element>`, class, id)
	}
	b.WriteString("</collection>")
	return b.String()
}

// parent returns a reference to one of the pages before, nothing for the first.
func (g *generator) parent(id int64) string {
	g.pages = append(g.pages, id)
	if len(g.pages) == 1 {
		return ""
	}
	at := g.r.IntN(len(g.pages) - 1)
	up := g.pages[at]
	if len(g.pages) > 1000 {
		g.pages[at] = id
		g.pages = g.pages[:1000]
	}
	return g.ref("parent", "Page", up)
}

func (g *generator) listIf(there bool, name, class string, ids ...int64) string {
	if !there {
		return ""
	}
	return g.list(name, class, ids...)
}

func (g *generator) next() int64 { g.id++; return g.id }

const words = "the rota of the night shift is kept here because nobody could find it in the mail when the pager rang at three "

func (g *generator) body(n int) string {
	var b strings.Builder
	for b.Len() < n {
		switch g.r.IntN(8) {
		case 0:
			fmt.Fprintf(&b, `<h2>Step %d</h2>`, g.r.IntN(1000))
		case 1:
			fmt.Fprintf(&b, `<p><ac:link><ri:page ri:content-title="Page %d" /></ac:link> and &eacute;t&eacute;</p>`, g.r.IntN(100000))
		case 2:
			b.WriteString("<ac:structured-macro ac:name=\"code\"><ac:plain-text-body><![CDATA[for i := 0; i < 10; i++ {\n}]] ></ac:plain-text-body></ac:structured-macro>")
		default:
			at := g.r.IntN(len(words) / 2)
			fmt.Fprintf(&b, "<p>%s%d %s</p>", words[at:], g.r.Uint32(), words[:at])
		}
	}
	return b.String()
}

func (g *generator) page() {
	body, id := g.next(), g.next()
	comment, reply := g.next(), g.next()
	prop, file, label := g.next(), g.next(), g.next()
	hasFile, hasComments, hasLabel := g.r.IntN(4) == 0, g.r.IntN(3) == 0, g.r.IntN(2) == 0
	dates := []string{g.ref("creator", "ConfluenceUserImpl", 7), g.plain("creationDate", "2024-01-02 03:04:05.678"),
		g.ref("lastModifier", "ConfluenceUserImpl", 7), g.plain("lastModificationDate", "2024-02-03 04:05:06.789"), g.plain("contentStatus", "current")}
	g.object("Page", "pages", id, append(dates, g.text("title", "Page "+strconv.FormatInt(id, 10)), g.plain("version", 3),
		g.ref("space", "Space", 1), g.parent(id), g.list("bodyContents", "BodyContent", body),
		g.listIf(hasComments, "comments", "Comment", comment, reply), g.listIf(hasFile, "attachments", "Attachment", file),
		g.listIf(hasLabel, "labellings", "Labelling", label),
		g.list("contentProperties", "ContentProperty", prop))...)
	size := 500 + int(g.r.ExpFloat64()*4000)
	g.object("BodyContent", "core", body, g.text("body", g.body(size)), g.ref("content", "Page", id), g.plain("bodyType", 2))
	g.object("ContentProperty", "content", prop, g.plain("name", "sync-rev"), g.plain("stringValue", "0.confluence$content$1.2"), g.ref("content", "Page", id))
	if hasFile {
		g.object("Attachment", "pages", file, append(dates, g.text("title", "photo.png"), g.plain("version", 1), g.ref("containerContent", "Page", id))...)
		g.object("ContentProperty", "content", g.next(), g.plain("name", "FILESIZE"), g.plain("longValue", 1234), g.ref("content", "Attachment", file))
	}
	if hasComments {
		for at, c := range []int64{comment, reply} {
			up := ""
			if at == 1 {
				up = g.ref("parent", "Comment", comment)
			}
			said := g.next()
			g.object("Comment", "pages", c, append(dates, up, g.plain("version", 1), g.ref("containerContent", "Page", id), g.list("bodyContents", "BodyContent", said))...)
			g.object("BodyContent", "core", said, g.text("body", g.body(200)), g.ref("content", "Comment", c), g.plain("bodyType", 2))
		}
	}
	if hasLabel {
		g.object("Labelling", "labels", label, g.ref("label", "Label", 9), g.ref("content", "Page", id))
	}
	if g.r.IntN(3) == 0 {
		old, was := g.next(), g.next()
		g.object("Page", "pages", old, append(dates, g.text("title", "Page "+strconv.FormatInt(id, 10)), g.plain("version", 2), g.ref("originalVersion", "Page", id), g.list("bodyContents", "BodyContent", was))...)
		g.object("BodyContent", "core", was, g.text("body", g.body(size)), g.ref("content", "Page", old), g.plain("bodyType", 2))
	}
}

// benchBytes is the size of the generated entities.xml, in MiB where TANDEM_BENCH_MIB does not say.
func benchBytes(t testing.TB) int64 {
	mib := int64(64)
	if s := os.Getenv("TANDEM_BENCH_MIB"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		mib = n
	}
	return mib << 20
}

func rawTokens(t testing.TB, path string) time.Duration {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := time.Now()
	d := xml.NewDecoder(bufio.NewReaderSize(f, 1<<20))
	for {
		if _, err := d.RawToken(); errors.Is(err, io.EOF) {
			return time.Since(start)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// packed makes a zip of a generated export.
func packed(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// cpu returns the processor time of this process, which tells more than the clock on a machine that others use too.
func cpu(t testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkIndex opens a generated export and compares the time with that of a bare RawToken loop over the same bytes in
// the same process. The bound of the product is a ratio of 1.5.
func BenchmarkIndex(b *testing.B) {
	for _, form := range []string{"new", "old", "zip"} {
		b.Run(form, func(b *testing.B) {
			dir := largeExport(b, b.TempDir(), benchBytes(b), form == "old")
			path := dir
			if form == "zip" {
				path = packed(b, dir)
			}
			info, err := os.Stat(filepath.Join(dir, entitiesName))
			if err != nil {
				b.Fatal(err)
			}
			var raw, own, rawCPU, ownCPU time.Duration
			b.SetBytes(info.Size())
			for b.Loop() {
				before := cpu(b)
				raw += rawTokens(b, filepath.Join(dir, entitiesName))
				rawCPU += cpu(b) - before
				runtime.GC()
				start := time.Now()
				before = cpu(b)
				r, err := Open(b.Context(), path, Options{Scratch: b.TempDir()})
				if err != nil {
					b.Fatal(err)
				}
				own += time.Since(start)
				ownCPU += cpu(b) - before
				if err := r.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(raw.Seconds()/own.Seconds(), "times-RawToken")
			b.ReportMetric(rawCPU.Seconds()/ownCPU.Seconds(), "times-RawToken-CPU")
			b.ReportMetric(float64(info.Size())*float64(b.N)/own.Seconds()/1e6, "MB/s-index")
			b.ReportMetric(float64(info.Size())*float64(b.N)/raw.Seconds()/1e6, "MB/s-RawToken")
		})
	}
}
