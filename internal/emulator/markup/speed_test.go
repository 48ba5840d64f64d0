package markup

import (
	"strconv"
	"strings"
	"testing"
)

// pageOf makes a body of about that many bytes with everything that a usual page has.
func pageOf(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(`<h2>Heading — ` + strconv.Itoa(i) + `</h2><p>Whoever changes the plan after the review tells the <strong>team</strong>, and notes ` +
			`the reason where the others will look for it: <ac:link><ri:page ri:content-title="There" /></ac:link> &uuml;ber alles.</p>` +
			`<ac:structured-macro ac:name="info"><ac:rich-text-body><p>note</p></ac:rich-text-body></ac:structured-macro>` +
			`<table><tbody><tr><th>a</th><td>b</td></tr><tr><th>c</th><td>d</td></tr></tbody></table><ul><li>one</li><li>two</li></ul>`)
	}
	return b.String()
}

func benchmark(b *testing.B, work func(string) error) {
	page := pageOf(8 << 10)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if err := work(page); err != nil {
			b.Fatal(err)
		}
	}
}

// A write of 8 kB has about 4 ms of two cores at 500 writes a second (issue "Two faithful Confluences").
func BenchmarkNormalise(b *testing.B) {
	rules := testRules()
	benchmark(b, func(raw string) error { _, err := Normalise(raw, rules); return err })
}

func BenchmarkParse(b *testing.B) {
	benchmark(b, func(raw string) error { _, err := Parse(raw); return err })
}

func BenchmarkRender(b *testing.B) {
	benchmark(b, func(raw string) error { _, err := Render(raw, View, place()); return err })
}

func BenchmarkToADF(b *testing.B) {
	benchmark(b, func(raw string) error { _, err := ToADF(raw, place()); return err })
}

// FuzzMark holds that a marker takes no text away and gives a body that can be read.
func FuzzMark(f *testing.F) {
	for _, seed := range []struct{ raw, selection string }{
		{"<p>one <em>two</em> three</p>", "one two"}, {"<p>a&nbsp;b</p>", "a b"}, {"<td>a</td><td>b</td>", "b"}, {"a<br/>a", "a"}, {"<p>ü — ü</p>", "ü"},
	} {
		f.Add(seed.raw, seed.selection, 0)
	}
	f.Fuzz(func(t *testing.T, raw, selection string, index int) {
		before, err := Text(raw)
		if err != nil {
			return
		}
		marked, count, err := Mark(raw, selection, index, "r")
		if err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		after, err := Text(marked)
		if err != nil || strings.Join(strings.Fields(after), "") != strings.Join(strings.Fields(before), "") {
			t.Fatalf("%v: the text changed\n%q\n%q", err, raw, marked)
		}
		if done := len(Markers(marked)) > len(Markers(raw)); !done && index >= 0 && index < count && !strings.Contains(raw, `"r"`) {
			t.Fatalf("%d occurrences of %q and no marker: %q", count, selection, marked)
		}
	})
}
