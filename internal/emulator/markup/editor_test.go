package markup

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func editorID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n) }

// TestEditorRows holds the rows of cloud-api.md 8.3 that a save in the editor shows.
func TestEditorRows(t *testing.T) {
	info := func(id int, content string) string {
		return `<ac:structured-macro ac:name="info" ac:local-id="` + editorID(id) + `"><ac:rich-text-body>` + content + `</ac:rich-text-body></ac:structured-macro>`
	}
	p := func(id int, content string) string { return fmt.Sprintf(`<p local-id="%08x0000">%s</p>`, id, content) }
	for name, c := range map[string]struct{ before, after string }{
		"16 layout by width": {`<table ac:local-id="old"><colgroup><col style="width: 400px;"/><col style="width: 500px;"/></colgroup><tbody/></table>`,
			`<table ac:local-id="` + editorID(1) + `" data-layout="wide" data-table-width="900"><colgroup><col style="width: 400px;" /><col style="width: 500px;" /></colgroup><tbody /></table>`},
		"16 full width": {`<table><colgroup><col style="width: 1000px;"/></colgroup></table>`,
			`<table data-layout="full-width" data-table-width="1000" ac:local-id="` + editorID(1) + `"><colgroup><col style="width: 1000px;" /></colgroup></table>`},
		"17 table": {`<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>`,
			`<table data-layout="default" data-table-width="760" ac:local-id="` + editorID(1) + `"><colgroup><col style="width: 380.0px;" /><col style="width: 380.0px;" /></colgroup><tbody><tr ac:local-id="` + editorID(2) + `"><td ac:local-id="` + editorID(3) + `" rowspan="1" colspan="1">a</td><td ac:local-id="` + editorID(4) + `" rowspan="1" colspan="1">b</td></tr></tbody></table>`},
		"18 local ids":           {`<h1>a</h1><ul><li>b</li></ul><p local-id="old">c</p>`, `<h1 local-id="000000010000">a</h1><ul local-id="000000030000"><li local-id="000000020000">b</li></ul>` + p(4, "c")},
		"22 title of a panel":    {`<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T &amp; x</ac:parameter><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`, info(2, p(3, "<strong>T &amp; x</strong>")+p(1, "b"))},
		"24 panel extension":     {`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">info</ac:adf-attribute><ac:adf-content><p>b</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>b</p></ac:adf-fallback></ac:adf-extension>`, info(2, p(1, "b"))},
		"23 purple panel stays":  {`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute></ac:adf-node></ac:adf-extension>`, `<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute></ac:adf-node></ac:adf-extension>`},
		"30 empty heading":       {`<h2/><h3>a</h3>`, `<h3 local-id="000000010000">a</h3>`},
		"36 paragraph removed":   {`<p> <ac:structured-macro ac:name="toc"/> </p>`, `<ac:structured-macro ac:name="toc" ac:local-id="` + editorID(1) + `" />`},
		"36 paragraph added":     {`<ac:structured-macro ac:name="status"/>`, `<p local-id="000000020000"><ac:structured-macro ac:name="status" ac:local-id="` + editorID(1) + `" /></p>`},
		"36 text beside a macro": {`<p>a <ac:structured-macro ac:name="toc"/></p>`, `<p local-id="000000020000">a <ac:structured-macro ac:name="toc" ac:local-id="` + editorID(1) + `" /></p>`},
		"38 old elements":        {`<p><b>a</b><i>b</i><strike>c</strike><s>d</s><tt>e</tt></p>`, p(1, `<strong>a</strong><em>b</em><del>c</del><del>d</del><code>e</code>`)},
	} {
		t.Run(name, func(t *testing.T) {
			after, err := EditorSave(c.before, editorID)
			if err != nil || after != c.after {
				t.Errorf("%v\nbefore %s\n   got %s\n  want %s", err, c.before, after, c.after)
			}
		})
	}
}

// A save keeps every word but that of empty headings, and a second one changes ids only.
func TestEditorSaveKeepsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := body().Draw(t, "body")
		saved, err := EditorSave(raw, editorID)
		if err != nil {
			t.Fatalf("generated body refused: %v\n%s", err, raw)
		}
		if before, after := words(t, raw), words(t, saved); strings.Join(strings.Fields(before), "") != strings.Join(strings.Fields(after), "") {
			t.Fatalf("visible text changed\n raw %q\n%q\n%q", raw, before, after)
		}
		again, err := EditorSave(saved, editorID)
		if err != nil || again != saved {
			t.Fatalf("a second save changes more: %v\n%s\n%s", err, saved, again)
		}
	})
}
