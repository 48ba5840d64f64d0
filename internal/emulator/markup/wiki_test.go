package markup

import (
	"strings"
	"testing"
	"unicode"
)

func TestFromWiki(t *testing.T) {
	for name, c := range map[string]struct{ wiki, want string }{
		"paragraphs":    {"one\ntwo\n\nthree", `<p>one<br />two</p><p>three</p>`},
		"headings":      {"h1. A *b*\nh3.c", `<h1>A <strong>b</strong></h1><h3>c</h3>`},
		"marks":         {"*b* _i_ -s- +u+ ^p^ ~q~ {{m *x*}} ??c??", `<p><strong>b</strong> <em>i</em> <del>s</del> <u>u</u> <sup>p</sup> <sub>q</sub> <code>m *x*</code> <cite>c</cite></p>`},
		"no marks":      {"2*3*4 snake_case_name well-known-thing * a * b", `<p>2*3*4 snake_case_name well-known-thing * a * b</p>`},
		"lists":         {"* a\n** b\n** c\n* d\n# e", `<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul><ol><li>e</li></ol>`},
		"table":         {"||h||k||\n|a|[x|y]|\n\nend", `<table><tbody><tr><th>h</th><th>k</th></tr><tr><td>a</td><td><ac:link><ri:page ri:content-title="y" /><ac:link-body>x</ac:link-body></ac:link></td></tr></tbody></table><p>end</p>`},
		"code":          {"{code:java}\nif (a < b) { *x* }\n{code}\nafter", `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">java</ac:parameter><ac:plain-text-body><![CDATA[if (a < b) { *x* }]]></ac:plain-text-body></ac:structured-macro><p>after</p>`},
		"noformat":      {"{noformat}\n  keep ]]> this\n{noformat}", `<ac:structured-macro ac:name="noformat"><ac:plain-text-body><![CDATA[  keep ]]]]><![CDATA[> this]]></ac:plain-text-body></ac:structured-macro>`},
		"bodied macro":  {"{info:title=T}\nbody *b*\n{info}", `<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>body <strong>b</strong></p></ac:rich-text-body></ac:structured-macro>`},
		"toc":           {"{toc}\ntext {toc:maxLevel=2}", `<ac:structured-macro ac:name="toc"></ac:structured-macro><p>text <ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro></p>`},
		"links":         {"[Page] [al|KEY:Page#an] [http://x.y/z?a=1&b=2] [^f.png] [~joe] [m|mailto:a@b]", `<p><ac:link><ri:page ri:content-title="Page" /></ac:link> <ac:link ac:anchor="an"><ri:page ri:space-key="KEY" ri:content-title="Page" /><ac:link-body>al</ac:link-body></ac:link> <a href="http://x.y/z?a=1&amp;b=2">http://x.y/z?a=1&amp;b=2</a> <ac:link><ri:attachment ri:filename="f.png" /></ac:link> <ac:link><ri:user ri:username="joe" /></ac:link> <a href="mailto:a@b">m</a></p>`},
		"image":         {"!a b.png|width=30,thumbnail! wow!", `<p><ac:image ac:width="30" ac:thumbnail="true"><ri:attachment ri:filename="a b.png" /></ac:image> wow!</p>`},
		"bare address":  {"see https://a.b/c. Then", `<p>see <a href="https://a.b/c">https://a.b/c</a>. Then</p>`},
		"quotes, rules": {"bq. said\n----\n{quote}\nx\n{quote}", `<blockquote><p>said</p></blockquote><hr /><blockquote><p>x</p></blockquote>`},
		"escapes":       {`\*not\* a\\b &lt; <x>`, `<p>*not* a<br />b &amp;lt; &lt;x&gt;</p>`},
		"open macro":    {"{unknown and {more", `<p>{unknown and {more</p>`},
		"colour":        {"{color:red}x{color}", `<p><span style="color: red;">x</span></p>`},
		"dashes":        {"a -- b --- c", `<p>a &ndash; b &mdash; c</p>`},
	} {
		t.Run(name, func(t *testing.T) {
			got := FromWiki(c.wiki)
			if got != c.want {
				t.Errorf("%q\n got %s\nwant %s", c.wiki, got, c.want)
			}
		})
	}
}

// letters are the letters and digits of a text in order.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

func FuzzFromWiki(f *testing.F) {
	for _, seed := range []string{
		"h1. a\n* b\n|c|", "{code}\nx\n{code}", "[a|b|c] !d.png! *e*", "{a}{b}{a}{b}", "||\n|", "\\*\\", "{info}\n* a\n{info}", "*_-+^~*_-",
		"|[a|{b|c}", "[[[", "{{x}} {{", "!http://a.b/c.png|width=\"1\"!", "{color:red}{color}", "a\r\nb", "\x01 ]]>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wiki string) {
		out := FromWiki(wiki)
		if _, err := Parse(out); err != nil {
			t.Fatalf("ill-formed: %v\n%q\n%s", err, wiki, out)
		}
	})
}

// TestFromWikiKeepsText holds that every word of the source is in the result, as text or in an attribute.
func TestFromWikiKeepsText(t *testing.T) {
	for _, wiki := range []string{
		"h9. strange heading", "* [broken|link", "|cell one|cell {two\n|three", "{panel:title=Hello|x}inside{panel} after", "!not an image",
		"{code}unclosed *code*", "text {macro:with=param} tail", "# one\n#* two\nthree\n\nfour", "[alias|target|tip] rest", "{a}x{b}y{a}z{b}",
	} {
		out := FromWiki(wiki)
		root, err := Parse(out)
		if err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		var all strings.Builder
		walk(root, func(n *Node) {
			for _, a := range n.Attrs {
				all.WriteString(a.Value + " ")
			}
			all.WriteString(n.Text + " ")
		})
		for word := range strings.FieldsFuncSeq(wiki, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if word != "tip" && !strings.Contains(letters(all.String()), word) && len(word) > 2 {
				t.Errorf("%q is lost from %q: %s", word, wiki, out)
			}
		}
	}
}

func TestMark(t *testing.T) {
	raw := `<p>one <strong>two</strong> three two</p><p>two</p>`
	for i, want := range []string{
		`<p>one <strong><ac:inline-comment-marker ac:ref="r">two</ac:inline-comment-marker></strong> three two</p><p>two</p>`,
		`<p>one <strong>two</strong> three <ac:inline-comment-marker ac:ref="r">two</ac:inline-comment-marker></p><p>two</p>`,
		`<p>one <strong>two</strong> three two</p><p><ac:inline-comment-marker ac:ref="r">two</ac:inline-comment-marker></p>`,
	} {
		got, count, err := Mark(raw, "two", i, "r")
		if err != nil || count != 3 || got != want {
			t.Errorf("%d: %d, %v\n%s", i, count, err, got)
		}
		if refs := Markers(got); len(refs) != 1 || refs[0] != "r" {
			t.Errorf("markers %v", refs)
		}
	}
	got, _, err := Mark(raw, "e two t", 0, "r")
	want := `<p>on<ac:inline-comment-marker ac:ref="r">e </ac:inline-comment-marker><strong><ac:inline-comment-marker ac:ref="r">two</ac:inline-comment-marker></strong><ac:inline-comment-marker ac:ref="r"> t</ac:inline-comment-marker>hree two</p><p>two</p>`
	if err != nil || got != want {
		t.Errorf("across marks: %v\n%s", err, got)
	}
	spread := "<p>one\n  two&nbsp;<em>th<strong>ree</strong></em></p>"
	got, count, err := Mark(spread, "two  three", 0, "r")
	want = `<p>one
  <ac:inline-comment-marker ac:ref="r">two&nbsp;</ac:inline-comment-marker><em><ac:inline-comment-marker ac:ref="r">th</ac:inline-comment-marker><strong><ac:inline-comment-marker ac:ref="r">ree</ac:inline-comment-marker></strong></em></p>`
	if err != nil || count != 1 || got != want {
		t.Errorf("white space: %d, %v\n%s", count, err, got)
	}
	nested, count, err := Mark(got, "hre", 0, "q")
	if refs := Markers(nested); err != nil || count != 1 || len(refs) != 2 {
		t.Errorf("a marker in a marker: %d, %v, %v\n%s", count, err, refs, nested)
	}
	if _, count, _ := Mark("<p>a</p><p>b</p>", "a b", 0, "r"); count != 0 {
		t.Error("a selection goes over the border of a block")
	}
	if got, count, _ := Mark(raw, "absent", 0, "r"); count != 0 || got != raw {
		t.Errorf("absent text was marked: %s", got)
	}
}

func TestEdits(t *testing.T) {
	raw := `<p>A p1 alpha beta</p><p>A p2 gamma</p><table><tbody><tr><td><p>A t 1 1</p></td><td>A t 1 2</td></tr></tbody></table>` +
		`<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">A m</ac:parameter><ac:rich-text-body><p>A mp x</p></ac:rich-text-body></ac:structured-macro>`
	for name, c := range map[string]struct {
		do   func() (string, error)
		has  string
		lost string
	}{
		"block":    {func() (string, error) { return EditBlock(raw, "p2", "", "new text") }, "<p>new text</p>", "gamma"},
		"word":     {func() (string, error) { return EditBlock(raw, "p1", "3", "uuu") }, "<p>A p1 uuu beta</p>", "alpha"},
		"last":     {func() (string, error) { return EditBlock(raw, "p1", "last", "uuu") }, "<p>A p1 alpha uuu</p>", "beta"},
		"cell":     {func() (string, error) { return EditBlock(raw, "t 1 1", "", "c") }, "<td><p>c</p></td>", "A t 1 1"},
		"numbered": {func() (string, error) { return EditBlock(`<p>x</p><p>y</p>`, "p2", "", "z") }, "<p>x</p><p>z</p>", "y"},
		"insert":   {func() (string, error) { return InsertAfter(raw, "p1", "n & m") }, "beta</p><p>n &amp; m</p><p>A p2", "\x00"},
		"drop":     {func() (string, error) { return DropBlock(raw, "p1") }, "<p>A p2 gamma</p>", "alpha"},
		"macro":    {func() (string, error) { return SetMacro(raw, "m", "title", "New") }, `ac:name="title">New<`, "A m<"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.do()
			if err != nil || !strings.Contains(got, c.has) || strings.Contains(got, c.lost) {
				t.Errorf("%v\n%s", err, got)
			}
		})
	}
	if _, err := EditBlock(raw, "p9", "", "x"); err == nil {
		t.Error("a block that is not there was edited")
	}
}
