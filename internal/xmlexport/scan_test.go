package xmlexport

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// token is what both the scanner and encoding/xml make of a document, adjacent text joined.
type token struct {
	Kind tokenKind
	Text string
}

func join(all []token, t token) []token {
	if n := len(all); t.Kind == tokenText && n > 0 && all[n-1].Kind == tokenText {
		all[n-1].Text += t.Text
		return all
	}
	return append(all, t)
}

// own runs the scanner over r.
func own(r io.Reader) (all []token, err error) {
	clean := &cleaner{src: r}
	s := newScanner(func(c *chunk) error {
		c.buf = make([]byte, headroom, headroom+chunkSize+64)
		return clean.next(c)
	})
	for {
		kind, err := s.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		t := token{kind, string(s.name)}
		if kind == tokenText {
			t.Text = string(s.text)
			if t.Text == "" {
				continue
			}
		}
		if kind == tokenStart {
			for _, a := range s.attrs {
				t.Text += "\x00" + string(a.name) + "=" + string(a.value)
			}
		}
		all = join(all, t)
	}
}

// oracle runs encoding/xml over b. nested is false where the elements are not properly nested or not all closed.
func oracle(b []byte) (all []token, nested bool, err error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	name := func(n xml.Name) string {
		if n.Space != "" {
			return n.Space + ":" + n.Local
		}
		return n.Local
	}
	var open []string
	nested = true
	for {
		raw, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return all, nested && len(open) == 0, nil
		}
		if err != nil {
			return all, false, err
		}
		switch raw := raw.(type) {
		case xml.StartElement:
			t := token{tokenStart, name(raw.Name)}
			open = append(open, t.Text)
			for _, a := range raw.Attr {
				t.Text += "\x00" + name(a.Name) + "=" + a.Value
			}
			all = append(all, t)
		case xml.EndElement:
			n := len(open)
			nested = nested && n > 0 && open[n-1] == name(raw.Name)
			open = open[:max(0, n-1)]
			all = append(all, token{tokenEnd, name(raw.Name)})
		case xml.CharData:
			if len(raw) > 0 {
				all = join(all, token{tokenText, string(raw)})
			}
		case xml.Directive:
			nested = false
		}
	}
}

// agree fails where encoding/xml reads a document and the scanner does not, or reads something else.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, b []byte) {
	t.Helper()
	want, nested, err := oracle(b)
	if err != nil || !nested {
		return
	}
	got, err := own(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("encoding/xml reads this and the scanner does not: %v\n%q", err, b)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("tokens (-encoding/xml +scanner):\n%s\n%q", diff, b)
	}
}

// cleaned returns what the cleaner makes of b.
func cleaned(t testing.TB, r io.Reader) ([]byte, Repairs) {
	t.Helper()
	f := &cleaner{src: r}
	var out []byte
	c := chunk{buf: make([]byte, headroom, headroom+chunkSize+64)}
	for {
		if err := f.next(&c); errors.Is(err, io.EOF) {
			return out, f.repairs
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, c.buf[headroom:]...)
	}
}

// TestScannerOnSharedExports compares the scanner with encoding/xml on every real export.
func TestScannerOnSharedExports(t *testing.T) {
	n := 0
	err := filepath.WalkDir(shared(t, "data"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Name() != entitiesName {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		clean, _ := cleaned(t, f)
		want, nested, err := oracle(clean)
		if err != nil || !nested {
			t.Errorf("%s: encoding/xml does not read it after the repair: %v", path, err)
		}
		got, err := own(bytes.NewReader(clean))
		if err != nil || !gocmp.Equal(want, got) {
			t.Errorf("%s: %v\n%s", path, err, gocmp.Diff(want, got))
		}
		n++
		return nil
	})
	if err != nil || n < 60 {
		t.Errorf("%d exports compared: %v", n, err)
	}
}

// TestScannerOnRandomDocuments compares the scanner with encoding/xml on documents put together at random, read through
// buffers that end anywhere.
func TestScannerOnRandomDocuments(t *testing.T) {
	pieces := []string{"<a>", "</a>", "<b x='1' y=\"&lt;2&#65;\">", "</b>", "<c/>", "<d e = 'f' />", "text ", "&amp;", "&#x20AC;", "\n", "\r\n", "\r", "é", "🙂",
		"<![CDATA[", "]]>", "]]", "]] >", "<!-- c > -->", "<?pi x?>", "ns:t", "<ns:t ns:u='v'>", "</ns:t>", " ", "'", "\""}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("<root>")
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(t, "pieces") {
			b.WriteString(p)
		}
		b.WriteString("</root>")
		agree(t, []byte(b.String()))
	})
}

// TestScannerAcrossChunks puts every kind of token over the border of two chunks.
func TestScannerAcrossChunks(t *testing.T) {
	for _, tail := range []string{"<b c='d>e'>x</b>", "<![CDATA[a]]b]]>", "&amp;&#233;", "<!-- a--b -->y", "</a><a>", "é🙂", "\r\nz", "<?x y?>"} {
		if strings.Contains(tail, "--b") {
			tail = "<!-- a-b -->y"
		}
		for cut := range len(tail) + 1 {
			doc := "<a>" + strings.Repeat("t", chunkSize-3-cut) + tail + "</a>"
			agree(t, []byte(doc))
			if got, err := own(iotest.OneByteReader(strings.NewReader(doc))); err != nil || len(got) < 2 {
				t.Fatalf("%q: %v", tail, err)
			}
		}
	}
}

// TestCleaner takes out what XML 1.0 forbids, keeps the rest byte for byte, and says where the first repair was.
func TestCleaner(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		repairs        Repairs
	}{
		{"plain", "a\tb\nc é €", "a\tb\nc é €", Repairs{}},
		{"control", "a\nb\x02c\x08", "a\nbc", Repairs{Controls: 2, FirstLine: 2, FirstByte: 3}},
		{"line ends", "a\r\nb\rc\n\r", "a\nb\nc\n\n", Repairs{}},
		{"invalid", "a\xffb\xc3", "a\uFFFDb\uFFFD", Repairs{InvalidSeq: 2, FirstLine: 1, FirstByte: 1}},
		{"not a character", "a\uFFFEb\uFFFFc", "a\uFFFDb\uFFFDc", Repairs{InvalidSeq: 2, FirstLine: 1, FirstByte: 1}},
		{"surrogate", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD", Repairs{InvalidSeq: 3, FirstLine: 1}},
		{"empty", "", "", Repairs{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, repairs := cleaned(t, strings.NewReader(c.in))
			if string(got) != c.want || repairs != c.repairs {
				t.Errorf("got %q %+v, want %q %+v", got, repairs, c.want, c.repairs)
			}
		})
	}
}

// TestCleanerAcrossChunks finds the same whatever lies at the border of two chunks.
func TestCleanerAcrossChunks(t *testing.T) {
	for _, s := range []string{"🙂", "\r\n", "\xf0\x9f", "é\x01", "\xff\r"} {
		for cut := range len(s) + 1 {
			in := strings.Repeat("\n", 10) + strings.Repeat("x", chunkSize-10-cut) + s + "end"
			whole := &cleaner{}
			want := whole.repair(append(make([]byte, headroom), in...), 0)[headroom:]
			got, repairs := cleaned(t, strings.NewReader(in))
			if !bytes.Equal(got, want) || repairs != whole.repairs {
				t.Errorf("%q cut at %d: got …%q %+v, want …%q %+v", s, cut, got[len(got)-8:], repairs, want[len(want)-8:], whole.repairs)
			}
		}
	}
}

// TestRefusedDocuments names what is refused and where.
func TestRefusedDocuments(t *testing.T) {
	const head = `<?xml version="1.0"?>`
	long := "<a " + strings.Repeat("x", headroom) + "='"
	for name, c := range map[string]struct{ doc, want string }{
		"doctype":       {head + `<!DOCTYPE x [<!ENTITY a "b">]><a/>`, "DOCTYPE or ENTITY declaration at byte 21"},
		"entity":        {"<a><!ENTITY x SYSTEM 'file:///etc/passwd'></a>", "DOCTYPE or ENTITY declaration at byte 3"},
		"truncated":     {"<a><b>text", "cut off at byte 10"},
		"truncated tag": {"<a><b c='", "cut off at byte"},
		"crossed":       {"<a><b></a></b>", "closes another element"},
		"utf-16":        {`<?xml version="1.0" encoding="UTF-16"?><a/>`, "encoding other than UTF-8"},
		"deep":          {strings.Repeat("<a>", maxDepth+1), "nested too deep"},
		"long tag":      {"<r>" + long + strings.Repeat("y", 4*chunkSize), "too long"},
		"unquoted":      {"<a b=c></a>", "without quotes"},
		"extra end":     {"<a></a></b>", "without a start tag"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := own(strings.NewReader(c.doc))
			e := confluence.AsError(err)
			if e == nil || e.Code != confluence.CodeNoExport || !strings.Contains(e.Error(), c.want) {
				t.Errorf("got %v, want %s %q", err, confluence.CodeNoExport, c.want)
			}
		})
	}
}

// FuzzScanner never panics, and reads what encoding/xml reads.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"", "<a/>", newFixture().entities(), "<a b='c'><![CDATA[x]] >]]></a>", "<!DOCTYPE a>", "\xef\xbb\xbf<a>\x00</a>", "<a>&#8;&bad;&</a>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = own(bytes.NewReader(b))
		clean, _ := cleaned(t, bytes.NewReader(b))
		if again, repairs := cleaned(t, bytes.NewReader(clean)); !bytes.Equal(again, clean) || repairs != (Repairs{}) {
			t.Fatalf("what was cleaned is not clean: %q %+v", clean, repairs)
		}
		agree(t, clean)
	})
}
