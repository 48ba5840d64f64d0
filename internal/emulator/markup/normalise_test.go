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

// TestRows holds each row of the normalisation table by its number: the body after it is another than before, unless
// the row says that it is kept.
func TestRows(t *testing.T) {
	seen := map[int]bool{}
	for _, r := range RowsByNumber() {
		seen[r.Number] = true
		for _, example := range r.Examples {
			t.Run(fmt.Sprintf("%d %s", r.Number, r.When), func(t *testing.T) {
				before, want := example[0], example[1]
				after, err := r.Apply(before)
				if err != nil || after != want {
					t.Errorf("%v\nbefore %s\n   got %s\n  want %s", err, before, after, want)
				}
				if (after == before) != (r.When == Kept) {
					t.Errorf("the row does not fire: %s", before)
				}
			})
		}
	}
	for number := 1; number <= 40; number++ {
		if !seen[number] {
			t.Errorf("row %d is missing", number)
		}
	}
}

// TestWritesLeave holds what a write leaves as it is beside the rows of the table.
func TestWritesLeave(t *testing.T) {
	for name, raw := range map[string]string{
		"a macro's own id and version": `<ac:structured-macro ac:name="toc" ac:schema-version="2" ac:macro-id="mine" />`,
		"an empty named parameter":     `<ac:structured-macro ac:name="x" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name="a" /></ac:structured-macro>`,
		"a blank between words":        `<p><strong>a</strong> <em>b</em></p>`,
		"the id of a heading":          `<h2 id="keep">t</h2>`,
		"alignment to the right":       `<p style="text-align: right;">b</p>`,
		"a link to nowhere":            `<p><ac:link><ri:page ri:content-title="Nowhere" /></ac:link></p>`,
		"white space in pre":           "<pre>\n a\n  b </pre>",
		"an empty link":                `<p><ac:link /></p>`,
		"a reference in a parameter":   `<ac:structured-macro ac:name="include" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name=""><ac:link ac:anchor="a%20b"><ri:page ri:content-title="X" /></ac:link></ac:parameter></ac:structured-macro>`,
		"an old macro":                 `<ac:macro ac:name="toc"><ac:default-parameter>1</ac:default-parameter></ac:macro>`,
	} {
		if back, err := Normalise(raw, testRules()); err != nil || back != raw {
			t.Errorf("%s: %v\n sent %s\n back %s", name, err, raw, back)
		}
	}
	if back, err := Normalise(`<p><![CDATA[a < b]]></p>`, testRules()); err != nil || back != `<p>a &lt; b</p>` {
		t.Errorf("CDATA outside a plain text body: %s, %v", back, err)
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
