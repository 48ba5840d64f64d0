package markup

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// place is a site with the page There (id 300) in space K, the file there.png on the page itself, and the account u1.
func place() *Scene {
	there := Target{ID: "300", Title: "There", SpaceKey: "K", Path: "/spaces/K/pages/300/There", Type: "page", Version: 7}
	file := File{ID: "9", Name: "there.png", FileID: "f-9", MediaType: "image/png", Collection: "contentId-1", Path: "/download/attachments/1/there.png", Version: 2}
	return &Scene{
		Base: "https://s.example/wiki", Context: "/wiki", Cloud: true,
		Self:  Target{ID: "1", Title: "My Page", SpaceKey: "K", Path: "/spaces/K/pages/1/My+Page", Type: "page", Version: 3},
		Page:  func(r Ref) (Target, bool) { return there, r.Title == "There" },
		ByID:  func(id string) (Target, bool) { return there, id == "300" },
		File:  func(r Ref) (File, bool) { return file, r.File == "there.png" },
		Media: func(id string) (File, bool) { return file, id == "f-9" },
		User: func(_, id string) (Person, bool) {
			return Person{ID: id, Name: "Ann", Path: "/people/u1"}, id == "u1"
		},
		Stored: func(r Ref) (string, bool) {
			return `<p>whole</p><ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>part</p></ac:rich-text-body></ac:structured-macro>`, r.Title == "There"
		},
		Children: func(Ref) []Target { return []Target{there} },
		ID:       func(n int) string { return "local-" + strconv.Itoa(n) },
	}
}

func doc(content string) string { return `{"type":"doc","content":[` + content + `],"version":1}` }

// sameDocument reports whether two JSON texts say the same.
func sameDocument(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		t.Errorf("\n got %s\nwant %s", x, y)
	}
}

func TestToADF(t *testing.T) {
	p := func(content string) string { return `{"type":"paragraph","content":[` + content + `]}` }
	text := func(s string, marks ...string) string {
		if len(marks) == 0 {
			return `{"type":"text","text":"` + s + `"}`
		}
		return `{"type":"text","text":"` + s + `","marks":[` + strings.Join(marks, ",") + `]}`
	}
	for name, c := range map[string]struct{ stored, want string }{
		"paragraphs":            {"<p>a b</p><p></p>", p(text("a b")) + `,{"type":"paragraph"}`},
		"text alone":            {"a<p>b</p>c", p(text("a")) + "," + p(text("b")) + "," + p(text("c"))},
		"heading":               {"<h2>T</h2><h3></h3>", `{"type":"heading","attrs":{"level":2},"content":[` + text("T") + `]}`},
		"mark order":            {`<p><u><strong><a href="https://x.y">t</a></strong></u><strong><em>b</em></strong></p>`, p(text("t", `{"type":"link","attrs":{"href":"https://x.y"}}`, `{"type":"strong"}`, `{"type":"underline"}`) + "," + text("b", `{"type":"em"}`, `{"type":"strong"}`))},
		"code loses marks":      {`<p><code><strong>c</strong></code></p>`, p(text("c", `{"type":"code"}`))},
		"neighbours merge":      {`<p><b>a</b><strong>b</strong></p>`, p(text("ab", `{"type":"strong"}`))},
		"link title is lost":    {`<p><a href="https://x.y" title="T">t</a></p>`, p(text("t", `{"type":"link","attrs":{"href":"https://x.y"}}`))},
		"page link":             {`<p><ac:link ac:anchor="an"><ri:page ri:content-title="There"/></ac:link></p>`, p(text("There", `{"type":"link","attrs":{"href":"https://s.example/wiki/spaces/K/pages/300/There#an"}}`))},
		"page address, anchor":  {`<p><a href="https://s.example/wiki/spaces/K/pages/300#Notes">t</a></p>`, p(text("t", `{"type":"link","attrs":{"href":"https://s.example/wiki/spaces/K/pages/300/There#Notes"}}`))},
		"mention":               {`<p><ac:link><ri:user ri:account-id="u1"/></ac:link></p>`, p(`{"type":"mention","attrs":{"id":"u1","text":"@Ann"}}`)},
		"alignment":             {`<p style="text-align: right;">a</p><p style="text-align: justify;">b</p>`, `{"type":"paragraph","content":[` + text("a") + `],"marks":[{"type":"alignment","attrs":{"align":"end"}}]},` + p(text("b"))},
		"ordered list":          {`<ol><li>a</li></ol>`, `{"type":"orderedList","attrs":{"order":1},"content":[{"type":"listItem","content":[` + p(text("a")) + `]}]}`},
		"panel":                 {`<ac:structured-macro ac:name="tip"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`, `{"type":"panel","attrs":{"panelType":"success"},"content":[` + p(text("T", `{"type":"strong"}`)) + "," + p(text("b")) + `]}`},
		"purple panel":          {`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>b</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>old</p></ac:adf-fallback></ac:adf-extension>`, `{"type":"panel","attrs":{"panelType":"note"},"content":[` + p(text("b")) + `]}`},
		"code block":            {`<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py</ac:parameter><ac:plain-text-body><![CDATA[a  <b>]]></ac:plain-text-body></ac:structured-macro>`, `{"type":"codeBlock","attrs":{"language":"python"},"content":[{"type":"text","text":"a  <b>"}]}`},
		"other macro":           {`<ac:structured-macro ac:name="toc" ac:schema-version="1" ac:macro-id="m" ac:local-id="l"><ac:parameter ac:name="maxLevel">3</ac:parameter></ac:structured-macro>`, `{"type":"extension","attrs":{"extensionKey":"toc","extensionType":"com.atlassian.confluence.macro.core","layout":"default","localId":"l","parameters":{"macroMetadata":{"macroId":{"value":"m"},"schemaVersion":{"value":"1"},"title":"toc"},"macroParams":{"maxLevel":{"value":"3"}}}}}`},
		"status in text":        {`<p>a <ac:structured-macro ac:name="status" ac:local-id="l"><ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">OK</ac:parameter></ac:structured-macro></p>`, p(text("a ") + `,{"type":"status","attrs":{"color":"green","localId":"l","style":"","text":"OK"}}`)},
		"marker":                {`<p>a<ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>`, p(text("a") + "," + text("b", `{"type":"annotation","attrs":{"annotationType":"inlineComment","id":"r"}}`))},
		"date, emoji":           {`<p><time datetime="2022-09-27"/><ac:emoticon ac:name="smile"/></p>`, p(`{"type":"date","attrs":{"timestamp":"1664236800000"}},{"type":"emoji","attrs":{"shortName":":smile:"}}`)},
		"image":                 {`<ac:image ac:alt="A" ac:width="100"><ri:attachment ri:filename="there.png"/></ac:image>`, `{"type":"mediaSingle","attrs":{"layout":"center","width":100,"widthType":"pixel"},"content":[{"type":"media","attrs":{"__fileName":"there.png","alt":"A","collection":"contentId-1","id":"f-9","type":"file"}}]}`},
		"absent image":          {`<ac:image><ri:attachment ri:filename="gone.png"/></ac:image>`, `{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{"__fileName":"gone.png","collection":"","id":"UNKNOWN_MEDIA_ID","type":"file"}}]}`},
		"tasks":                 {`<ac:task-list><ac:task><ac:task-id>4</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body><p>x</p></ac:task-body></ac:task></ac:task-list>`, `{"type":"taskList","attrs":{"localId":"local-1"},"content":[{"type":"taskItem","attrs":{"localId":"4","state":"DONE"},"content":[` + text("x") + `]}]}`},
		"table":                 {`<table ac:local-id="l"><colgroup><col style="width: 300px;"/><col style="width: 500.0px;"/></colgroup><tbody><tr><th>h</th><td rowspan="2">c</td></tr></tbody></table>`, `{"type":"table","attrs":{"layout":"wide","localId":"l"},"content":[{"type":"tableRow","content":[{"type":"tableHeader","attrs":{"colspan":1,"rowspan":1,"colwidth":[300]},"content":[` + p(text("h")) + `]},{"type":"tableCell","attrs":{"colspan":1,"rowspan":2,"colwidth":[500]},"content":[` + p(text("c")) + `]}]}]}`},
		"layout":                {`<ac:layout><ac:layout-section ac:type="two_left_sidebar" ac:breakout-mode="wide"><ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell/></ac:layout-section></ac:layout>`, `{"type":"layoutSection","marks":[{"type":"breakout","attrs":{"mode":"wide"}}],"content":[{"type":"layoutColumn","attrs":{"width":33.33},"content":[` + p(text("a")) + `]},{"type":"layoutColumn","attrs":{"width":66.66},"content":[{"type":"paragraph"}]}]}`},
		"table in table":        {`<table><tbody><tr><td><table><tbody><tr><td>x</td></tr></tbody></table></td></tr></tbody></table>`, `{"type":"table","attrs":{"layout":"default","localId":"local-1"},"content":[{"type":"tableRow","content":[{"type":"tableCell","attrs":{"colspan":1,"rowspan":1},"content":[{"type":"extension","attrs":{"extensionKey":"legacy-content","extensionType":"com.atlassian.confluence.migration","layout":"default","localId":"local-3","parameters":{"cxhtml":"<table><tbody><tr><td>x</td></tr></tbody></table>"}}}]}]}]}`},
		"macro in a paragraph":  {`<p>a<ac:structured-macro ac:name="expand"><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>b</p>`, p(text("a")) + `,{"type":"expand","attrs":{"title":""},"content":[` + p(text("x")) + `]},` + p(text("b"))},
		"nothing":               {"", ""},
		"blanks at line breaks": {"<p> a <br/> b </p>", p(text("a") + `,{"type":"hardBreak"},` + text("b"))},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ToADF(c.stored, place())
			if err != nil {
				t.Fatal(err)
			}
			sameDocument(t, got, doc(c.want))
			back, err := FromADF(got, place(), true)
			if err != nil {
				t.Fatalf("own document refused: %v\n%s", err, got)
			}
			if _, err := Normalise(back, testRules()); err != nil {
				t.Fatalf("%v in %s", err, back)
			}
		})
	}
}

func TestFromADF(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"marks":             {`{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"underline"},{"type":"strong"},{"type":"link","attrs":{"href":"https://x.y","title":"T","__confluenceMetadata":{"linkType":"self"}}}]}]}`, `<p><a href="https://x.y" title="T"><strong><u>a</u></strong></a></p>`},
		"joined":            {`{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"strong"}]},{"type":"text","text":"b","marks":[{"type":"strong"},{"type":"underline"}]}]}`, `<p><strong>a<u>b</u></strong></p>`},
		"font size":         {`{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"fontSize","attrs":{"fontSize":"small"}}]}]}`, `<p>a</p>`},
		"empty text":        {`{"type":"paragraph","content":[{"type":"text","text":""}]},{"type":"heading","attrs":{"level":1}}`, `<p />`},
		"panels":            {`{"type":"panel","attrs":{"panelType":"error"},"content":[{"type":"paragraph"}]}`, `<ac:structured-macro ac:name="warning"><ac:rich-text-body><p /></ac:rich-text-body></ac:structured-macro>`},
		"purple panel":      {`{"type":"panel","attrs":{"panelType":"note"},"content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}`, `<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>x</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div class="panel"><p>x</p></div></ac:adf-fallback></ac:adf-extension>`},
		"language":          {`{"type":"codeBlock","attrs":{"language":"Bash"},"content":[{"type":"text","text":"a ]]> b"}]},{"type":"codeBlock","attrs":{"language":""}}`, `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">shell</ac:parameter><ac:plain-text-body><![CDATA[a ]]]]><![CDATA[> b]]></ac:plain-text-body></ac:structured-macro><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[]]></ac:plain-text-body></ac:structured-macro>`},
		"block task":        {`{"type":"taskList","attrs":{"localId":"a"},"content":[{"type":"blockTaskItem","attrs":{"state":"TODO","localId":"7"},"content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}]}`, `<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`},
		"media loses alt":   {`{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{"type":"file","id":"f-9","collection":"c","alt":"A"}}]}`, `<ac:image ac:layout="center" ac:align="center"><ri:attachment ri:filename="there.png" /></ac:image>`},
		"address":           {`{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"link","attrs":{"href":"https://s.example/wiki/spaces/K/pages/300/Old+Title"}}]}]}`, `<p><a href="https://s.example/wiki/spaces/K/pages/300">a</a></p>`},
		"address, anchor":   {`{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"link","attrs":{"href":"https://s.example/wiki/spaces/K/pages/300#Notes"}}]}]}`, `<p><a href="https://s.example/wiki/spaces/K/pages/300/There#Notes">a</a></p>`},
		"card":              {`{"type":"paragraph","content":[{"type":"inlineCard","attrs":{"url":"https://x.y/z"}}]}`, `<p><a href="https://x.y/z" data-card-appearance="inline">https://x.y/z</a></p>`},
		"numbered table":    {`{"type":"table","attrs":{"isNumberColumnEnabled":true,"layout":"default"},"content":[{"type":"tableRow","content":[{"type":"tableCell","attrs":{"colwidth":[120]},"content":[{"type":"paragraph"}]}]}]}`, `<table data-layout="default"><colgroup><col style="width: 120.0px;" /></colgroup><tbody><tr><td class="numberingColumn">1</td><td><p /></td></tr></tbody></table>`},
		"control character": {`{"type":"paragraph","content":[{"type":"text","text":"a\u0001b"}]}`, `<p>ab</p>`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromADF(doc(c.doc), place(), false)
			if err != nil || got != c.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, c.want)
			}
		})
	}
}

// ER-13, AT-10: what is no document is refused.
func TestFromADFRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"no JSON": `{`, "two values": doc("") + "{}", "no doc": `{"type":"paragraph"}`, "version": `{"type":"doc","version":2,"content":[]}`,
		"unknown node": doc(`{"type":"blink"}`), "text at the root": doc(`{"type":"text","text":"a"}`), "null": doc("null"),
		"block in text": doc(`{"type":"paragraph","content":[{"type":"paragraph"}]}`), "level": doc(`{"type":"heading","attrs":{"level":9}}`),
		"unknown mark": doc(`{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"blink"}]}]}`), "no panel type": doc(`{"type":"panel"}`),
		"legacy content": doc(`{"type":"extension","attrs":{"extensionType":"x","extensionKey":"legacy-content","parameters":{"cxhtml":"<p>"}}}`),
	} {
		if out, err := FromADF(raw, place(), false); err == nil {
			t.Errorf("%s: accepted as %s", name, out)
		} else if _, ok := err.(*DocError); !ok {
			t.Errorf("%s: error is %T", name, err)
		}
	}
	media := doc(`{"type":"mediaSingle","content":[{"type":"media","attrs":{"type":"file","id":"unknown"}}]}`)
	_, err := FromADF(media, place(), false)
	if bad, ok := err.(*DocError); !ok || !bad.Media {
		t.Errorf("an unknown media id: %v", err)
	}
	if out, err := FromADF(media, place(), true); err != nil || !strings.Contains(out, "UNKNOWN_ATTACHMENT-unknown") {
		t.Errorf("decorated: %s, %v", out, err)
	}
}

func TestRender(t *testing.T) {
	for name, c := range map[string]struct {
		stored string
		form   Form
		has    []string
	}{
		"heading and contents": {`<ac:structured-macro ac:name="toc"/><h2>One two</h2><h2>One two</h2>`, View, []string{`<h2 id="MyPage-Onetwo">One two</h2>`, `<h2 id="MyPage-Onetwo.1">`, `<a href="#MyPage-Onetwo.1">One two</a>`}},
		"table":                {`<table><tbody><tr><th>a</th><td>b</td></tr></tbody></table>`, View, []string{`<div class="table-wrap"><table class="confluenceTable"><tbody><tr><th class="confluenceTh">a</th><td class="confluenceTd">b</td></tr></tbody></table></div>`}},
		"page link":            {`<p><ac:link><ri:page ri:content-title="There"/></ac:link></p>`, View, []string{`<a href="/wiki/spaces/K/pages/300/There" data-linked-resource-id="300"`, `>There</a>`}},
		"absolute in exports":  {`<p><ac:link><ri:page ri:content-title="There"/><ac:link-body>x</ac:link-body></ac:link></p>`, ExportView, []string{`<a href="https://s.example/wiki/spaces/K/pages/300/There">x</a>`}},
		"absent page":          {`<p><ac:link><ri:page ri:content-title="Gone"/></ac:link></p>`, View, []string{`class="createlink"`, `>Gone</a>`}},
		"page by id":           {`<p><ac:link><ri:page ri:content-id="300"/></ac:link></p>`, View, []string{`Title must not be null or empty`}},
		"mention":              {`<p><ac:link><ri:user ri:account-id="u1"/></ac:link></p>`, View, []string{`data-account-id="u1"`, `>Ann</a>`}},
		"image":                {`<ac:image ac:alt="A"><ri:attachment ri:filename="there.png"/></ac:image>`, View, []string{`<img alt="A" class="confluence-embedded-image" src="/wiki/download/attachments/1/there.png"`}},
		"code":                 {`<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bogus</ac:parameter><ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>`, View, []string{`brush: java;`, `a &lt; b</pre>`}},
		"info":                 {`<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`, View, []string{`confluence-information-macro-information`, `<p class="title">T</p>`, `<p>b</p>`}},
		"unknown macro":        {`<ac:structured-macro ac:name="zorp"><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`, View, []string{`Unknown macro: 'zorp'`, `<p>b</p>`}},
		"tasks":                {`<ac:task-list><ac:task><ac:task-id>4</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`, View, []string{`data-inline-tasks-content-id="1"`, `<li data-inline-task-id="4" class="checked">x</li>`}},
		"include":              {`<ac:structured-macro ac:name="excerpt-include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="There"/></ac:link></ac:parameter></ac:structured-macro>`, View, []string{`<p>part</p>`}},
		"children":             {`<ac:structured-macro ac:name="children"/>`, View, []string{`<li><a href="/wiki/spaces/K/pages/300/There">There</a></li>`}},
		"marker":               {`<p>a<ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>`, View, []string{`<span class="inline-comment-marker" data-ref="r">b</span>`}},
		"no marker in exports": {`<p>a<ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>`, ExportView, []string{`<p>ab</p>`}},
		"fallback":             {`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-content><p>new</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>stale</p></ac:adf-fallback></ac:adf-extension>`, View, []string{`<p>stale</p>`}},
		"styled":               {`<p>a</p>`, StyledView, []string{`<title>My Page</title>`, `<body><p>a</p></body>`}},
		"layout":               {`<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>a</p></ac:layout-cell></ac:layout-section></ac:layout>`, View, []string{`class="columnLayout two-equal"`, `<div class="innerCell"><p>a</p></div>`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Render(c.stored, c.form, place())
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.has {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in\n%s", want, got)
				}
			}
		})
	}
}

// What the legacy editor is given comes back as the same body.
func TestEditorRoundTrip(t *testing.T) {
	for _, stored := range []string{
		`<p>a <strong>b</strong></p><h2>T</h2><table><tbody><tr><td>x</td></tr></tbody></table>`,
		`<ac:structured-macro ac:name="info" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name="title">a=b|c</ac:parameter><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`,
		`<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="m"><ac:plain-text-body><![CDATA[a < b]]></ac:plain-text-body></ac:structured-macro>`,
		`<p><ac:structured-macro ac:name="status" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name="title">x</ac:parameter></ac:structured-macro></p>`,
		`<p><ac:link><ri:user ri:account-id="u1" /></ac:link></p>`,
	} {
		edited, err := Render(stored, EditorView, place())
		if err != nil {
			t.Fatal(err)
		}
		back, err := Normalise(FromHTML(edited), testRules())
		if err != nil || back != stored {
			t.Errorf("%v\n sent %s\neditor %s\n back %s", err, stored, edited, back)
		}
	}
}

func FuzzToADF(f *testing.F) {
	for _, seed := range []string{
		"<p>a</p>", "<table><tr><td>a</td></tr></table>", `<ac:structured-macro ac:name="info"><ac:rich-text-body><h1>x</h1></ac:rich-text-body></ac:structured-macro>`,
		`<ul><ul><li>x</li></ul></ul>`, `<ac:adf-extension><ac:adf-node type="decision-list"/></ac:adf-extension>`, `<td>x</td>`, `<ac:task-list><ac:task/></ac:task-list>`,
		`<ac:image/>`, `<ac:layout><ac:layout-section><ac:layout-cell><table/></ac:layout-cell></ac:layout-section></ac:layout>`, `<p><p><hr/></p></p>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		if _, err := Parse(stored); err != nil {
			return
		}
		document, err := ToADF(stored, place())
		if err != nil {
			t.Fatalf("%v: %q", err, stored)
		}
		for _, form := range []Form{View, StyledView, EditorView} {
			if _, err := Render(stored, form, place()); err != nil {
				t.Fatalf("%v: %q", err, stored)
			}
		}
		back, err := FromADF(document, place(), true)
		if err != nil {
			t.Fatalf("own document refused: %v\n%q\n%s", err, stored, document)
		}
		if _, err := Parse(back); err != nil {
			t.Fatalf("ill-formed: %v\n%q\n%s\n%s", err, stored, document, back)
		}
	})
}

func FuzzFromADF(f *testing.F) {
	for _, seed := range []string{
		doc(""), doc(`{"type":"paragraph","content":[{"type":"text","text":"a"}]}`), doc(`{"type":"table","content":[{"type":"tableRow"}]}`),
		doc(`{"type":"extension","attrs":{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"toc","parameters":{"macroParams":{"a":{"value":1}}}}}`),
		doc(`{"type":"mediaSingle"}`), doc(`{"type":"taskList","content":[{"type":"taskList","content":[]}]}`), doc(`{"type":"codeBlock","attrs":{"language":{"a":1}}}`),
		doc(`{"type":"multiBodiedExtension","attrs":{},"content":[{"type":"extensionFrame","content":[{"type":"paragraph"}]}]}`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		stored, err := FromADF(raw, place(), true)
		if err != nil {
			return
		}
		if _, err := Normalise(stored, testRules()); err != nil {
			t.Fatalf("ill-formed: %v\n%s\n%s", err, raw, stored)
		}
	})
}

func FuzzFromHTML(f *testing.F) {
	for _, seed := range []string{"<p>a<br>b", "<a b:c='d' 1x=2 onclick=x>", "<table class=wysiwyg-macro data-macro-name=x data-macro-parameters='a=b|c\\|'>", "\x01<x:y>", "<svg><a xlink:href='x'/></svg>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if out := FromHTML(src); out != "" {
			if _, err := Parse(out); err != nil {
				t.Fatalf("ill-formed: %v\n%q\n%s", err, src, out)
			}
		}
	})
}
