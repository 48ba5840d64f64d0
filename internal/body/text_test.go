package body

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	const raw = `<h1>A  title</h1><p>Some <b>bold</b>
 text &amp; <ac:link><ri:page ri:content-title="Other page"/></ac:link>, <ac:link><ri:page ri:content-title="P"/><ac:link-body>by name</ac:link-body></ac:link><br/>next</p>
<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">go</ac:parameter><ac:plain-text-body><![CDATA[if a {
	b
}]]></ac:plain-text-body></ac:structured-macro><ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>do</ac:task-body></ac:task></ac:task-list>
<ac:adf-extension><ac:adf-node><ac:adf-content><p>once</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>once</p></ac:adf-fallback></ac:adf-extension>`
	want := "A title\nSome bold text & Other page, by name\nnext\na\nb\nif a {\n\tb\n}\ndo\nonce"
	tree := parse(t, raw)
	if diff := cmp.Diff(want, tree.Text()); diff != "" {
		t.Error(diff)
	}
	for limit, want := range map[int]string{-1: "", 0: "", 7: "A…", 8: "A title…", 3: "A…", 1: "…", 12: "A title…", 13: "A title Some…", 1000: "A title Some bold text & Other page, by name next a b if a { b } do once"} {
		if got := tree.Excerpt(limit); got != want {
			t.Errorf("Excerpt(%d) = %q, want %q", limit, got, want)
		}
	}
	if diff := cmp.Diff(map[string]int{"code": 1}, tree.Macros()); diff != "" {
		t.Error(diff)
	}
	const text = "a < b & \"c\" > d\r\n"
	if got := parse(t, "<pre>"+EscapeText(text)+"</pre>").plain(0); got != text {
		t.Errorf("EscapeText shows %q", got)
	}
}

func TestEmpty(t *testing.T) {
	for raw, want := range map[string]bool{
		"": true, "<p></p>": true, "<p>&nbsp;</p> <br/>": true, "<p>a</p>": false, "<ac:image/>": false, `<ac:structured-macro ac:name="toc"/>`: false,
		"<table/>": false, "<!-- x -->": true, "<hr/>": false, "<ul><li/></ul>": true, "<ac:adf-fallback>x</ac:adf-fallback>": true,
	} {
		if got := parse(t, raw).Form().Empty; got != want {
			t.Errorf("%q: Empty = %v", raw, got)
		}
	}
}
