package body

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		raw          string
		line, column int
		what         string
	}{
		{"<p>a", 1, 1, "<p> is not closed"},
		{"<p>a</b>", 1, 5, "</b> where </p> is due"},
		{"a</p>", 1, 2, "</p> without a start tag"},
		{"<p>\n<br></p>", 2, 5, "</p> where </br> is due"},
		{"<p>ä\n é&nope;</p>", 2, 3, `unknown entity "&nope;"`},
		{"<p>a & b</p>", 1, 6, "'&' that starts no entity"},
		{"<p>&#0;</p>", 1, 4, `unknown entity "&#0;"`},
		{"<p>&#xD800;</p>", 1, 4, `unknown entity "&#xD800;"`},
		{"<p>&#x110000;</p>", 1, 4, `unknown entity "&#x110000;"`},
		{"<p>&AMP;</p>", 1, 4, `unknown entity "&AMP;"`},
		{"<input checked/>", 1, 8, "attribute checked without a value"},
		{"<p a=b>x</p>", 1, 6, "attribute a without quotes"},
		{`<p a="1" b="2" a="3">x</p>`, 1, 16, "attribute a twice"},
		{`<p a="1"b="2">x</p>`, 1, 9, "ill-formed start tag"},
		{`<p a="<">x</p>`, 1, 7, "'<' inside a value"},
		{`<p a="x>x</p>`, 1, 10, "'<' inside a value"},
		{`<p a="x`, 1, 6, "value without an end"},
		{"<p>a ]]> b</p>", 1, 6, "']]>' outside CDATA"},
		{"<p><![CDATA[a</p>", 1, 4, "CDATA section without an end"},
		{"<p><!-- a</p>", 1, 4, "comment without an end"},
		{"<!-- a -- b -->", 1, 8, "'--' inside a comment"},
		{"<!DOCTYPE html><p/>", 1, 1, "a DOCTYPE is not allowed"},
		{"<!ENTITY x 'y'>", 1, 1, "'<!' that starts neither comment nor CDATA section"},
		{`<?xml version="1.0"?><p/>`, 1, 1, "an XML declaration is not allowed"},
		{"<p>a\x00b</p>", 1, 5, "character U+0000 is not allowed"},
		{"<p a='\x1b'/>", 1, 7, "character U+001B is not allowed"},
		{"<p><![CDATA[\x08]]></p>", 1, 13, "character U+0008 is not allowed"},
		{"<p>\uffff</p>", 1, 4, "character U+FFFF is not allowed"},
		{"<p>a\xffb</p>", 1, 5, "not UTF-8"},
		{"a < b", 1, 3, "'<' that starts no tag"},
		{"<a:b:c/>", 1, 1, "'<' that starts no tag"},
		{"<p", 1, 1, "tag without an end"},
		{"<", 1, 1, "'<' at the end"},
		{"</p x>", 1, 1, "ill-formed end tag"},
		{strings.Repeat("<p>", 513) + strings.Repeat("</p>", 513), 1, 1537, "elements nest more than 512 deep"},
		{strings.Repeat("<p>", 512) + "<br/>" + strings.Repeat("</p>", 512), 1, 1537, "elements nest more than 512 deep"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.raw)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.60q is accepted", tt.raw)
			continue
		}
		if syntax.What != tt.what || syntax.Line != tt.line || syntax.Column != tt.column {
			t.Errorf("%.60q: %v, want line %d, column %d: %s", tt.raw, err, tt.line, tt.column, tt.what)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	for _, raw := range []string{
		"", " ", "text", "<br/>", "<br />", "<br></br>", "<p a = 'x' >a</p >", "a > b ] ]] >", "&nbsp;&hellip;&thetasym;&apos;&#9888;&#x1F600;",
		"<![CDATA[<p>]] ]]>", "<?php echo?>", "<!---->", "<p a='\"' b=\"'>\"/>", strings.Repeat("<p>", 512) + strings.Repeat("</p>", 512),
		"\ufeff<p/>", "<o:p/>", "\uFFFD",
	} {
		checkForm(t, raw)
		checkRewrite(t, raw)
		checkPut(t, raw, "<p>x</p>")
	}
}

// Every entity that XHTML knows is known, and reads as the standard table has it.
func TestEntities(t *testing.T) {
	if len(xml.HTMLEntity) < 252 {
		t.Fatalf("only %d entities", len(xml.HTMLEntity))
	}
	for name, text := range xml.HTMLEntity {
		if got := parse(t, "<pre>&"+name+";</pre>").plain(0); got != text {
			t.Errorf("&%s; reads %q, want %q", name, got, text)
		}
	}
}

var seeds = []string{
	"", "<p>a</p>", `<p style="color: red;">a <b>b</b><strong>c</strong>&nbsp;&#8201;é</p>`, "<p><![CDATA[a]]>b</p>",
	`<ac:link ac:anchor="x"><ri:page ri:space-key="K" ri:content-title="T &amp; U"/><ac:plain-text-link-body><![CDATA[a]]]]><![CDATA[>b]]></ac:plain-text-link-body></ac:link>`,
	`<ac:structured-macro ac:name="info" ac:macro-id="1"><ac:parameter ac:name="b">1</ac:parameter><ac:parameter ac:name="a"><ri:user ri:userkey="u"/></ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>`,
	`<table data-layout="wide"><colgroup><col style="width: 1px;"/></colgroup><tbody><tr><td colspan="1">a</td></tr></tbody></table>`,
	`<p><ac:inline-comment-marker ac:ref="1">a<i>b</i></ac:inline-comment-marker> c</p>`,
	`<a href="https://w.example.com/wiki/spaces/K/pages/1/T?x=y&amp;z#a">l</a><a href="/x/AwAB">s</a><img src="/download/attachments/1/a%20b"/>`,
	`<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`,
	`<ac:adf-extension><ac:adf-node><ac:adf-attribute key="local-id">1</ac:adf-attribute></ac:adf-node><ac:adf-fallback>x</ac:adf-fallback></ac:adf-extension>`,
	"<pre> a\r\n<b> </b> </pre><hr/><br/> <?pi x?><!-- c -->", "<p>&lt;\u0338 > \u0338</p>", "<p>]]<!-- -->></p>", "<b> <i> a </i> </b> <b> b</b>",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		tree, err := Parse(raw)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(raw) || syntax.Line < 1 || syntax.Column < 1 {
				t.Fatalf("%#v", err)
			}
			return
		}
		if !utf8.ValidString(raw) {
			t.Fatal("accepted though it is no UTF-8")
		}
		var tokens strings.Builder
		concat(tree, 0, &tokens)
		if tokens.String() != raw {
			t.Fatalf("the tokens make\n%q", tokens.String())
		}
		checkAgainstStandardParser(t, raw)
		tree.Text()
		tree.Macros()
	})
}

func FuzzForm(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "<p>x</p>")
		f.Add("<p>x</p>", s)
	}
	f.Fuzz(func(t *testing.T, raw, other string) {
		if _, err := Parse(raw); err != nil {
			t.Skip()
		}
		checkForm(t, raw)
		checkRewrite(t, raw)
		if _, err := Parse(other); err == nil {
			checkPut(t, other, raw)
		}
	})
}
