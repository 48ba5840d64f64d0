package markup

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func testRules() Rules {
	return Rules{
		ID: func(n int) string { return fmt.Sprintf("id-%d", n) },
		Target: func(r Ref) (int, bool) {
			return 7, r.Title == "There" || r.File == "there.png"
		},
	}
}

// TestRows holds each row of cloud-api.md 8.3 that a REST write shows.
func TestRows(t *testing.T) {
	macro := `ac:schema-version="1" ac:macro-id="id-1"`
	for name, c := range map[string]struct{ sent, back string }{
		"1 void elements":            {`<table><colgroup><col style="width: 1px;"/></colgroup><tbody><tr><td>a<br/>b</td></tr></tbody></table><hr></hr>`, `<table><colgroup><col style="width: 1px;" /></colgroup><tbody><tr><td>a<br />b</td></tr></tbody></table><hr />`},
		"1 empty paragraph":          {`<p></p>`, `<p />`},
		"2 and 3 macro ids":          {`<ac:structured-macro ac:name="toc"/>`, `<ac:structured-macro ac:name="toc" ` + macro + ` />`},
		"3 macro id kept":            {`<ac:structured-macro ac:name="toc" ac:macro-id="mine" ac:schema-version="2"/>`, `<ac:structured-macro ac:name="toc" ac:schema-version="2" ac:macro-id="mine" />`},
		"4 empty unnamed parameter":  {`<ac:structured-macro ac:name="toc"><ac:parameter ac:name=""/></ac:structured-macro>`, `<ac:structured-macro ac:name="toc" ` + macro + ` />`},
		"4 empty named parameter":    {`<ac:structured-macro ac:name="x"><ac:parameter ac:name="a"/></ac:structured-macro>`, `<ac:structured-macro ac:name="x" ` + macro + `><ac:parameter ac:name="a" /></ac:structured-macro>`},
		"5 attribute order":          {`<ac:structured-macro ac:macro-id="m" ac:local-id="l" data-layout="wide" ac:schema-version="1" ac:name="x"/>`, `<ac:structured-macro ac:name="x" ac:schema-version="1" data-layout="wide" ac:local-id="l" ac:macro-id="m" />`},
		"6 named entities":           {`<p>a — b ü ß “q” 𝄞 語</p>`, `<p>a &mdash; b &uuml; &szlig; &ldquo;q&rdquo; 𝄞 語</p>`},
		"6 entities in attributes":   {`<p><ac:link><ri:page ri:content-title="Übersicht &amp; mehr"/></ac:link></p>`, `<p><ac:link><ri:page ri:content-title="&Uuml;bersicht &amp; mehr" /></ac:link></p>`},
		"7 numeric entities":         {`<p>&#9888; &#x2713; &#8212;</p>`, `<p>⚠ ✓ &mdash;</p>`},
		"9 comments":                 {`<p>a<!-- secret -->b</p><!-- c -->`, `<p>ab</p>`},
		"10 white space":             {"<p>a</p>\n\n  <ul>\n <li>x</li>\n</ul>\n", `<p>a</p><ul><li>x</li></ul>`},
		"10 blank between words":     {`<p><strong>a</strong> <em>b</em></p>`, `<p><strong>a</strong> <em>b</em></p>`},
		"11 stray attributes":        {`<div data-x="1" onclick="y" class="k">a</div><h2 id="keep">t</h2>`, `<div class="k">a</div><h2 id="keep">t</h2>`},
		"12 mark":                    {`<p>a <mark>b <em>c</em></mark> d</p>`, `<p>a b <em>c</em> d</p>`},
		"13 text-align start":        {`<p style="text-align: start;">a</p><p style="text-align: right;">b</p>`, `<p style="">a</p><p style="text-align: right;">b</p>`},
		"14 and 15 layout kept":      {`<table data-layout="bogus"><tbody><tr><td align="center">a</td></tr></tbody></table>`, `<table data-layout="bogus"><tbody><tr><td align="center">a</td></tr></tbody></table>`},
		"18 local ids kept":          {`<p local-id="abcdefabcdef">a</p>`, `<p local-id="abcdefabcdef">a</p>`},
		"19 absolute links stay":     {`<p><a href="https://s/wiki/spaces/K/pages/1?a=1&amp;b=2">x</a></p>`, `<p><a href="https://s/wiki/spaces/K/pages/1?a=1&amp;b=2">x</a></p>`},
		"20 version at save":         {`<p><ac:link><ri:page ri:content-title="There"/></ac:link><ac:image><ri:attachment ri:version-at-save="1" ri:filename="there.png"/></ac:image></p>`, `<p><ac:link><ri:page ri:content-title="There" ri:version-at-save="7" /></ac:link><ac:image><ri:attachment ri:filename="there.png" ri:version-at-save="7" /></ac:image></p>`},
		"20 unknown target":          {`<p><ac:link><ri:page ri:content-title="Nowhere"/></ac:link></p>`, `<p><ac:link><ri:page ri:content-title="Nowhere" /></ac:link></p>`},
		"30 empty heading kept":      {`<h2></h2><p>a</p>`, `<h2 /><p>a</p>`},
		"34 marker kept":             {`<p>a<ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>`, `<p>a<ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>`},
		"37 plain text body":         {`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a <b> & — ]]]]><![CDATA[>]]></ac:plain-text-body></ac:structured-macro>`, `<ac:structured-macro ac:name="code" ` + macro + `><ac:plain-text-body><![CDATA[a <b> & — ]]]]><![CDATA[>]]></ac:plain-text-body></ac:structured-macro>`},
		"39 no-break space":          {"<p>a\u00a0b&nbsp;c</p><p>\u00a0</p>", `<p>a&nbsp;b&nbsp;c</p><p>&nbsp;</p>`},
		"40 task ids":                {`<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`, `<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-uuid>id-1</ac:task-uuid><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`},
		"CDATA outside a plain body": {`<p><![CDATA[a < b]]></p>`, `<p>a &lt; b</p>`},
		"pre keeps white space":      {"<pre>\n a\n  b </pre>", "<pre>\n a\n  b </pre>"},
	} {
		t.Run(name, func(t *testing.T) {
			back, err := Normalise(c.sent, testRules())
			if err != nil {
				t.Fatal(err)
			}
			if back != c.back {
				t.Errorf("sent %s\n got %s\nwant %s", c.sent, back, c.back)
			}
		})
	}
}

func TestEmptyHeadingsDroppedWhereAsked(t *testing.T) {
	rules := testRules()
	rules.DropEmptyHeadings = true
	back, err := Normalise(`<h2></h2><h3><br/></h3><p></p>`, rules)
	if err != nil || back != `<h3><br /></h3><p />` {
		t.Errorf("%s, %v", back, err)
	}
}

func TestRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"unclosed":             `<p>a`,
		"crossed":              `<p><strong>a</p></strong>`,
		"undeclared entity":    `<p>&undeclared;</p>`,
		"bare ampersand":       `<p>a & b</p>`,
		"valueless attribute":  `<td nowrap>a</td>`,
		"unquoted attribute":   `<td a=b>a</td>`,
		"CDATA end in text":    `<p>a ]]> b</p>`,
		"unbound prefix":       `<o:p>a</o:p>`,
		"doctype":              `<!DOCTYPE x [<!ENTITY a "b">]><p>&a;</p>`,
		"duplicate attribute":  `<p class="a" class="b">x</p>`,
		"control character":    "<p>a\x01b</p>",
		"end without start":    `</p>`,
		"too deep":             strings.Repeat("<div>", 600) + strings.Repeat("</div>", 600),
		"invalid UTF-8":        "<p>\xff</p>",
		"less-than in a value": `<p class="<">x</p>`,
	} {
		t.Run(name, func(t *testing.T) {
			if back, err := Normalise(raw, testRules()); err == nil {
				t.Errorf("accepted as %s", back)
			} else if _, ok := err.(*SyntaxError); !ok {
				t.Errorf("error is %T", err)
			}
		})
	}
}

// TestComplaints holds the words of refusals, which clients show to people (register row ER-13).
func TestComplaints(t *testing.T) {
	for raw, want := range map[string]string{
		"<p>a &foo; b</p>":     `Undeclared general entity "foo"`,
		"<p><b>a</p></b>":      "Unexpected close tag </p>; expected </b>",
		"<td nowrap>a</td>":    "Unexpected character '>' (code 62) expected '='",
		"<p>a ]]> b</p>":       "String ']]>' not allowed in textual content",
		"<p>a":                 "Unexpected EOF; was expecting a close tag for element <p>",
		"<p>a & b</p>":         "(missing name?)",
		"<o:p>a</o:p>":         `Undeclared namespace prefix "o"`,
		`<p a="1" a="2">x</p>`: "Duplicate attribute 'a'",
		"<p><![CDATA[a</p>":    "Unexpected end-of-input in CDATA section",
		"</p>":                 "nothing is open",
		"<p>\x01</p>":          "Illegal character",
		"<p class='a>b</p>":    "in attribute value",
	} {
		if _, err := Parse(raw); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "at [row,col {unknown-source}]: [1,") {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
}

func TestErrorSaysWhere(t *testing.T) {
	_, err := Parse("<p>a</p>\n<p>b</q>")
	syntax, ok := err.(*SyntaxError)
	if !ok || syntax.Line != 2 {
		t.Fatalf("%v", err)
	}
}

// body draws a well-formed body with everything the normaliser touches.
func body() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{"alpha", "Über", "a—b", "x &amp; y", "&nbsp;", "&#9888;", " ", "\n ", "語", "it's \"q\""})
	attrs := rapid.SampledFrom([]string{"", ` class="a"`, ` style="text-align: start;"`, ` data-x="1"`, ` local-id="1"`, ` id="i"`})
	leaf := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{
			"<br/>", "<hr/>", "<!-- c -->", `<ac:structured-macro ac:name="toc"/>`, `<ac:parameter ac:name=""/>`, "<![CDATA[ a < b ]]>",
			`<ac:link><ri:page ri:content-title="There"/></ac:link>`, "<p/>", `<ac:task><ac:task-body>t</ac:task-body></ac:task>`,
			`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a  ]]]]><![CDATA[> ` + "\n" + ` b]]></ac:plain-text-body></ac:structured-macro>`,
		}).Draw(t, "leaf")
	})
	var node func(depth int) *rapid.Generator[string]
	node = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			pick := rapid.IntRange(0, 9).Draw(t, "pick")
			if depth == 0 || pick < 4 {
				if pick%2 == 0 {
					return word.Draw(t, "word")
				}
				return leaf.Draw(t, "leaf")
			}
			name := rapid.SampledFrom([]string{"p", "div", "strong", "mark", "td", "ul", "li", "h2", "pre", "blockquote", "ac:rich-text-body", "ac:structured-macro", "table", "ac:task-list"}).Draw(t, "name")
			kids := rapid.SliceOfN(node(depth-1), 0, 4).Draw(t, "kids")
			return "<" + name + attrs.Draw(t, "attrs") + ">" + strings.Join(kids, "") + "</" + name + ">"
		})
	}
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(node(4), 0, 5).Draw(t, "nodes"), "") })
}

// words is visible text in which only the words count: what a reader sees of white space depends on blocks.
func words(t interface{ Fatalf(string, ...any) }, raw string) string {
	text, err := Text(raw)
	if err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }), " ")
}

func TestNormaliserIsIdempotentAndKeepsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := body().Draw(t, "body")
		once, err := Normalise(raw, testRules())
		if err != nil {
			t.Fatalf("generated body refused: %v\n%s", err, raw)
		}
		twice, err := Normalise(once, testRules())
		if err != nil {
			t.Fatalf("own output refused: %v\n%s", err, once)
		}
		if once != twice {
			t.Fatalf("not idempotent\n raw %q\nonce %q\ntwice %q", raw, once, twice)
		}
		if before, after := words(t, raw), words(t, once); before != after {
			t.Fatalf("visible text changed\n raw %q\n%q\n%q", raw, before, after)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "<p>a</p>", "<p>&nbsp;&mdash;</p>", `<ac:link><ri:page ri:content-title="x"/></ac:link>`, "<![CDATA[a]]>", "<p>", "]]>",
		`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x]]></ac:plain-text-body></ac:structured-macro>`,
		`<a xmlns:o="u"><o:p/></a>`, "<?pi?>", "<!-- - -->", "&#0;", "<p a='1'/>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := Normalise(raw, testRules())
		if err != nil {
			return
		}
		twice, err := Normalise(once, testRules())
		if err != nil {
			t.Fatalf("own output refused: %v\n%q -> %q", err, raw, once)
		}
		if once != twice {
			t.Fatalf("not idempotent: %q -> %q -> %q", raw, once, twice)
		}
	})
}
