package emulator

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// form is the body of a page in one form.
func (b *bench) form(id, form string) string {
	b.t.Helper()
	return b.do(200, "GET", "/wiki/api/v2/pages/"+id+"?body-format="+form, nil).str("body." + form + ".value")
}

func (b *bench) number(id string) int {
	b.t.Helper()
	return b.do(200, "GET", "/wiki/api/v2/pages/"+id, nil).num("version.number")
}

// macroGiven matches the ids that a server gives to a macro.
var macroGiven = regexp.MustCompile(` ac:schema-version="1" ac:macro-id="[0-9a-f-]{36}"`)

func TestRow_ST_01(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", "<p>a<br/>— &#9888;<!-- c --></p>\n<div data-x=\"1\" onclick=\"y\">d</div><ac:structured-macro ac:name=\"toc\"><ac:parameter ac:name=\"\"/></ac:structured-macro>")
	stored := b.body(p)
	equal(t, "stored", macroGiven.ReplaceAllString(stored, " GIVEN"), `<p>a<br />&mdash; ⚠</p><div>d</div><ac:structured-macro ac:name="toc" GIVEN />`)
	b.put(200, p, "P", strings.Replace(stored, "<p>a", "<p>b", 1), 2)
	equal(t, "the id stays", b.body(p), strings.Replace(stored, "<p>a", "<p>b", 1))
	twice := macroGiven.FindString(stored)
	b.put(200, p, "P", `<ac:structured-macro ac:name="toc"`+twice+`/><ac:structured-macro ac:name="toc"`+twice+`/>`, 3)
	if n := strings.Count(b.body(p), twice); n != 1 {
		t.Errorf("an id that stood twice stands %d times: %s", n, b.body(p))
	}
}

func TestRow_ST_02(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	b.page(space, "", "There", "<p>x</p>")
	p := b.page(space, "", "P", "<p style=\"text-align: start;\"><mark>m</mark>\u00a0</p><p><ac:link><ri:page ri:content-title=\"There\"/></ac:link></p><h2></h2>"+
		"<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>t</ac:task-body></ac:task></ac:task-list>")
	equal(t, "stored", regexp.MustCompile(`<ac:task-uuid>[^<]*`).ReplaceAllString(b.body(p), "<ac:task-uuid>U"),
		`<p style="">m&nbsp;</p><p><ac:link><ri:page ri:content-title="There" ri:version-at-save="1" /></ac:link></p><h2 />`+
			`<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-uuid>U</ac:task-uuid><ac:task-status>incomplete</ac:task-status><ac:task-body>t</ac:task-body></ac:task></ac:task-list>`)

	mention := `<p><ac:link><ri:user ri:username="svc-tandem" /></ac:link></p>`
	for option, want := range map[string]string{"kept": mention, "resolved": `<p><ac:link><ri:user ri:account-id="svc-tandem" /></ac:link></p>`} {
		b := newBench(t, "ST-02", option)
		space, _ := b.space("HR")
		equal(t, option, b.body(b.page(space, "", "P", mention)), want)
	}
	dc := newDC(t, "")
	dc.dcSpace("K")
	stored := dc.dcGet(dc.dcPage("K", "", "P", mention), "body.storage").str("body.storage.value")
	equal(t, "Data Center", stored, `<p><ac:link><ri:user ri:userkey="`+dc.site.people.named("svc-tandem").key+`" /></ac:link></p>`)
}

func TestRow_ST_03(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	for i, kept := range []string{
		`<table data-layout="bogus"><tbody><tr><td align="center">a</td></tr></tbody></table>`,
		`<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name="language">bogus</ac:parameter><ac:plain-text-body><![CDATA[x]]></ac:plain-text-body></ac:structured-macro>`,
	} {
		p := b.page(space, "", fmt.Sprint("P", i), kept)
		equal(t, "kept", b.body(p), kept)
	}
}

func TestRow_ST_04(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", `<p><b>a</b></p><ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro><table><tbody><tr><td>c</td></tr></tbody></table>`)
	b.mustAct(serviceID, `{"editor": "P"}`)
	first := b.body(p)
	for _, want := range []string{`<p local-id="`, `<strong>a</strong>`, `<strong>T</strong></p>`, `ac:local-id="`, `data-table-width="760"`, `<col style="width: 760.0px;" />`} {
		if !strings.Contains(first, want) {
			t.Errorf("no %s in %s", want, first)
		}
	}
	if strings.Contains(first, `ac:name="title"`) || b.number(p) != 2 {
		t.Errorf("version %d, %s", b.number(p), first)
	}
	b.mustAct(serviceID, `{"editor": ["P"]}`)
	if b.body(p) == first {
		t.Error("local ids are not given anew")
	}
}

func TestRow_ST_05(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", `<h2></h2><p><strong><em>x</em></strong> <code><b>c</b></code> <a href="https://a.b" title="T">l</a></p><ol><li>i</li></ol>`)
	document := b.form(p, "atlas_doc_format")
	for _, want := range []string{
		`"marks":[{"type":"em"},{"type":"strong"}]`, `{"type":"text","marks":[{"type":"code"}],"text":"c"}`, `"attrs":{"href":"https://a.b"}`, `"attrs":{"order":1}`,
	} {
		var parsed any
		if err := json.Unmarshal([]byte(document), &parsed); err != nil || !strings.Contains(document, want) {
			t.Errorf("%v, no %s in %s", err, want, document)
		}
	}
	if strings.Contains(document, "heading") {
		t.Errorf("the empty heading is there: %s", document)
	}
	// What was read is written back: its losses are in the storage format now.
	b.do(200, "PUT", "/wiki/api/v2/pages/"+p, object{"id": p, "status": "current", "title": "P", "version": object{"number": 2},
		"body": object{"representation": "atlas_doc_format", "value": document}})
	equal(t, "written back", b.body(p), `<p><em><strong>x</strong></em> <code>c</code> <a href="https://a.b">l</a></p><ol><li><p>i</p></li></ol>`)
	created := b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": space, "status": "current", "title": "B",
		"body": object{"atlas_doc_format": object{"representation": "atlas_doc_format", "value": document}}}).str("id")
	got := b.do(200, "GET", "/wiki/api/v2/blogposts/"+created+"?body-format=atlas_doc_format", nil).str("body.atlas_doc_format.value")
	equal(t, "of a blog post", got, document)
	m := b.do(201, "POST", "/wiki/api/v2/footer-comments", object{"pageId": p, "body": object{"representation": "atlas_doc_format",
		"value": `{"type":"doc","version":1,"content":[{"type":"codeBlock","attrs":{"language":"js"},"content":[{"type":"text","text":"x"}]}]}`}})
	if got := m.str("body.storage.value"); !strings.Contains(got, `<ac:parameter ac:name="language">javascript</ac:parameter>`) {
		t.Errorf("of a comment: %s", got)
	}
}

func TestRow_ST_06(t *testing.T) {
	const extension = `<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>new</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>old</p></ac:adf-fallback></ac:adf-extension>`
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", extension)
	equal(t, "stored", b.body(p), extension)
	equal(t, "the fallback is stale", b.form(p, "view"), "<p>old</p>")
	dc := newDC(t, "")
	dc.dcSpace("K")
	equal(t, "Data Center", dc.dcGet(dc.dcPage("K", "", "P", extension), "body.storage").str("body.storage.value"), extension)
}

func TestRow_ST_07(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	there := b.page(space, "", "There", "<p>x</p>")
	link := `<p><a href="https://emulated.example.test/wiki/spaces/HR/pages/` + there + `#Notes">x</a></p>`
	p := b.page(space, "", "P", link)
	equal(t, "over REST", b.body(p), link)
	document := b.form(p, "atlas_doc_format")
	if !strings.Contains(document, "/pages/"+there+"/There#Notes") {
		t.Errorf("no title in the address: %s", document)
	}
}

func TestRow_ST_08(t *testing.T) {
	const links = `<p><ac:link ac:anchor="a%20b"><ri:page ri:content-title="Nowhere" /></ac:link> <ac:link /></p>` +
		`<ac:structured-macro ac:name="include" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="There" /></ac:link></ac:parameter></ac:structured-macro>`
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", links)
	equal(t, "stored", b.body(p), links)
	b.page(space, "", "There", "<p>included words</p>")
	if view := b.form(p, "view"); !strings.Contains(view, "<p>included words</p>") || !strings.Contains(view, `<span class="error">`) {
		t.Errorf("view %s", view)
	}
}

func TestRow_ST_09(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("u1", "Ann Example", "ann@example.test")
	space, _ := b.space("HR")
	p := b.page(space, "", "P", `<p><ac:link><ri:user ri:account-id="u1" /></ac:link> <ac:link><ri:user ri:account-id="gone" /></ac:link></p>`)
	view := b.form(p, "view")
	if !strings.Contains(view, `data-account-id="u1"`) || !strings.Contains(view, ">Ann Example</a>") || !strings.Contains(view, ">Former user</a>") {
		t.Errorf("view %s", view)
	}
	if document := b.form(p, "atlas_doc_format"); !strings.Contains(document, `"id":"u1","text":"@Ann Example"`) {
		t.Errorf("document %s", document)
	}
	dc := newDC(t, "")
	dc.dcSpace("K")
	key := dc.site.people.named(serviceID).key
	shown := dc.dcGet(dc.dcPage("K", "", "P", `<p><ac:link><ri:user ri:userkey="`+key+`" /></ac:link></p>`), "body.view").str("body.view.value")
	if !strings.Contains(shown, "tandem service account</a>") {
		t.Errorf("view of Data Center %s", shown)
	}
}

func TestRow_ST_10(t *testing.T) {
	dc := newDC(t, "", "ST-10", "on")
	g := dc.do(200, "GET", "/rest/api/content?spaceKey=ODDS&title=Old+macro&expand=body.storage", nil)
	if body := g.str("results.0.body.storage.value"); !strings.Contains(body, "<ac:macro ") || !strings.Contains(body, "<ac:default-parameter>") {
		t.Errorf("old content %s", body)
	}
	dc.dcSpace("K")
	const split = `<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="m"><ac:plain-text-body><![CDATA[a ]]]]><![CDATA[> b &nbsp;]]></ac:plain-text-body></ac:structured-macro><p>&nbsp;&auml;</p>`
	equal(t, "CDATA and entities", dc.dcGet(dc.dcPage("K", "", "P", split), "body.storage").str("body.storage.value"), split)
}

func TestRow_ST_11(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", `<p>one <strong>two</strong> three</p>`)
	comment := func(selection string) string {
		t.Helper()
		return b.do(201, "POST", "/wiki/api/v2/inline-comments", object{"pageId": p, "body": storage("<p>c</p>"),
			"inlineCommentProperties": object{"textSelection": selection, "textSelectionMatchCount": 1, "textSelectionMatchIndex": 0}}).str("properties.inlineMarkerRef")
	}
	first := comment("one two three")
	second := comment("two")
	open := func(ref string) string { return `<ac:inline-comment-marker ac:ref="` + ref + `">` }
	const end = `</ac:inline-comment-marker>`
	equal(t, "markers", b.body(p), `<p>`+open(first)+`one `+end+`<strong>`+open(first)+open(second)+`two`+end+end+`</strong>`+open(first)+` three`+end+`</p>`)
	equal(t, "version", b.number(p), 1)
}

func TestRow_ST_12(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "My page", `<h2>A b</h2><p><ac:link><ri:page ri:content-title="My page"/></ac:link></p>`)
	view, export := b.form(p, "view"), b.form(p, "export_view")
	if !strings.Contains(view, `<h2 id="Mypage-Ab">`) || !strings.Contains(view, `href="/wiki/spaces/HR/pages/`) {
		t.Errorf("view %s", view)
	}
	if !strings.Contains(export, `href="https://emulated.example.test/wiki/spaces/HR/pages/`) {
		t.Errorf("export view %s", export)
	}
	for _, form := range []string{"styled_view", "anonymous_export_view", "editor"} {
		if b.form(p, form) == "" {
			t.Errorf("no %s", form)
		}
	}
	dc := newDC(t, "", "ID-03", "/confluence")
	dc.do(200, "POST", "/confluence/rest/api/space", object{"key": "K", "name": "K"})
	id := dc.do(200, "POST", "/confluence/rest/api/content", object{"type": "page", "title": "T", "space": object{"key": "K"},
		"body": object{"storage": storage(`<p><ac:link><ri:page ri:content-title="T"/></ac:link></p>`)}}).str("id")
	shown := dc.do(200, "GET", "/confluence/rest/api/content/"+id+"?expand=body.view", nil).str("body.view.value")
	if !strings.Contains(shown, `href="/confluence/`) {
		t.Errorf("view below a context path %s", shown)
	}
}

func TestRow_ST_13(t *testing.T) {
	for name, b := range map[string]*bench{"Cloud": newBench(t, "ST-13", "on"), "Data Center": newDC(t, "", "ST-13", "on", "ST-10", "on")} {
		in := b.site.world.keys[foldKey(specimenKey)]
		if in == nil {
			t.Fatalf("%s: no space of specimens", name)
		}
		titles := map[string]bool{}
		for _, p := range in.pages {
			titles[p.title] = true
			for _, form := range []string{"view", "editor", "atlas_doc_format"} {
				if _, err := (&call{Site: b.site, user: b.site.people.byID[serviceID]}).rendering(b.site.heap.text(p.body), form, in, p); err != nil {
					t.Errorf("%s: %s as %s: %v", name, p.title, form, err)
				}
			}
		}
		for _, sp := range specimens {
			if titles[sp.title] == (sp.old && name == "Cloud") {
				t.Errorf("%s: %q is there: %v", name, sp.title, titles[sp.title])
			}
		}
	}
	if b := newBench(t); b.site.world.keys[foldKey(specimenKey)] != nil {
		t.Error("specimens nobody asked for")
	}
}

func TestRow_ST_14_Bodies(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	set := b.site.SetFaults([]byte("rules:\n  - match: {method: POST}\n    do: {fault: ST-14}\n"))
	if set != nil {
		t.Fatal(set)
	}
	const sent = `<p>Grüße — a</p><ac:structured-macro ac:name="toc" ac:schema-version="1" ac:macro-id="m" />`
	seen := map[string]bool{}
	for i := range 6 {
		seen[b.body(b.page(space, "", fmt.Sprint("P", i), sent))] = true
	}
	if len(seen) < 3 {
		t.Errorf("%d read-backs of 6 writes", len(seen))
	}
}

func TestRow_ST_15(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", `<ac:structured-macro ac:name="toc"/>`)
	before := b.body(p)
	b.do(200, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "Q"})
	equal(t, "body", b.body(p), before)
	equal(t, "version", b.number(p), 2)
}

func TestRow_ER_13(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	for bad, want := range map[string]string{
		"<p>a":              "Unexpected EOF; was expecting a close tag for element <p>",
		"<p>&foo;</p>":      `Undeclared general entity "foo"`,
		"<td nowrap>a</td>": "expected '='",
		"<p>a ]]> b</p>":    "']]>' not allowed",
	} {
		g := b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "current", "title": "P", "body": storage(bad)})
		if !strings.Contains(g.title(), "Error parsing xhtml: ") || !strings.Contains(g.title(), want) {
			t.Errorf("%s: %s", bad, g.title())
		}
	}
	for _, bad := range []string{"{", `{"type":"doc","version":1,"content":[{"type":"blink"}]}`, `{"type":"doc","content":[]}`} {
		b.do(400, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "current", "title": "P",
			"body": object{"representation": "atlas_doc_format", "value": bad}})
	}
	if pages := b.do(200, "GET", "/wiki/api/v2/pages?title=P", nil).col("id"); len(pages) != 0 {
		t.Errorf("a refused page is there: %v", pages)
	}
}

func TestRow_AT_10(t *testing.T) {
	const media = `{"type":"doc","version":1,"content":[{"type":"mediaSingle","content":[{"type":"media","attrs":{"type":"file","id":"%s","collection":"c"}}]}]}`
	write := func(b *bench, want int, id, file string) got {
		t.Helper()
		return b.do(want, "PUT", "/wiki/api/v2/pages/"+id, object{"id": id, "status": "current", "title": "P", "version": object{"number": 2},
			"body": object{"representation": "atlas_doc_format", "value": fmt.Sprintf(media, file)}})
	}
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", `<ac:image><ri:attachment ri:filename="gone.png" /></ac:image>`)
	equal(t, "storage format takes a file that is not there", b.body(p), `<ac:image><ri:attachment ri:filename="gone.png" /></ac:image>`)
	g := write(b, 400, p, "unknown")
	equal(t, "code", g.str("errors.0.code"), "ATTACHMENT_VALIDATION_ERROR")
	b.upload(200, "POST", "/wiki/rest/api/content/"+p+"/child/attachment", part{name: "file", file: "f.png", value: "png"})
	file := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/attachments", nil).str("results.0.fileId")
	write(b, 200, p, file)
	if body := b.body(p); !strings.Contains(body, `ri:filename="f.png"`) {
		t.Errorf("body %s", body)
	}
	b = newBench(t, "AT-10", "decorated")
	space, _ = b.space("HR")
	p = b.page(space, "", "P", "<p>x</p>")
	write(b, 200, p, "unknown")
	if body := b.body(p); !strings.Contains(body, "UNKNOWN_ATTACHMENT-unknown") {
		t.Errorf("decorated: %s", body)
	}
}

func TestRow_PA_04(t *testing.T) {
	const text = "<p>one</p><p>two</p><p>three</p>"
	for option, want := range map[string]string{"merged": "<p>ONE</p><p>two</p><p>THREE</p>", "dropped": "<p>one</p><p>two</p><p>THREE</p>"} {
		b := newBench(t, "PA-04", option)
		space, _ := b.space("HR")
		p := b.page(space, "", "P", text)
		b.mustAct(serviceID, `{"draft": {"page": "P", "text": "<p>ONE</p><p>two</p><p>three</p>"}}`)
		equal(t, "a draft is not seen", b.body(p), text)
		b.put(200, p, "P", "<p>one</p><p>two</p><p>THREE</p>", 2)
		equal(t, "the write is", b.body(p), "<p>one</p><p>two</p><p>THREE</p>")
		if _, err := b.site.Act(serviceID, json.RawMessage(`{"publish": "P"}`)); (err != nil) != (option == "dropped") {
			t.Errorf("%s: %v", option, err)
		}
		equal(t, option, b.body(p), want)
	}
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", text)
	b.mustAct(serviceID, `{"draft": {"page": "P", "block": "p1", "to": "mine"}}`)
	b.put(200, p, "P", "<p>theirs</p><p>two</p>", 2)
	b.mustAct(serviceID, `{"publish": "P"}`)
	equal(t, "where both wrote, the draft wins", b.body(p), "<p>mine</p><p>two</p>")
}

func TestRow_PA_17(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	nested := `<table><tbody><tr><td><table><tbody><tr><td>x</td></tr></tbody></table></td></tr></tbody></table>`
	for body, want := range map[string]string{"<p>a</p>": "v2", nested: "v1"} {
		p := b.page(space, "", "P "+want, body)
		path := "/wiki/api/v2/pages/" + p + "/properties"
		equal(t, "decided by the content", b.do(200, "GET", path+"?key=editor", nil).str("results.0.value"), want)
		if want == "v2" {
			b.do(200, "POST", path, object{"key": "editor", "value": "v2"})
			continue
		}
		g := b.do(400, "POST", path, object{"key": "editor", "value": "v2"})
		equal(t, "refusal", g.title(), "Content body cannot be converted to new editor format")
		b.do(200, "POST", path, object{"key": "editor", "value": "v1"})
	}
}

// TestRow_PA_19_Cloud: on Cloud the references of other pages change without a version (open-facts OF-29).
func TestRow_PA_19_Cloud(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	_, other := b.space("IT")
	p := b.page(space, "", "Old", `<p>x</p>`)
	url := `https://emulated.example.test/wiki/spaces/HR/pages/` + p
	q := b.page(space, "", "Q", `<p><ac:link><ri:page ri:content-title="Old" /></ac:link> <a href="`+url+`/Old">y</a></p>`)
	b.do(200, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "New"})
	equal(t, "renamed", strings.Contains(b.body(q), `ri:content-title="New"`), true)
	b.do(200, "PUT", "/wiki/rest/api/content/"+p+"/move/append/"+other, nil)
	body := b.body(q)
	if !strings.Contains(body, `ri:space-key="IT" ri:content-title="New"`) || !strings.Contains(body, "/spaces/IT/pages/"+p+"/Old") {
		t.Errorf("moved: %s", body)
	}
	equal(t, "version", b.number(q), 1)
}

func TestRow_CO_02_Bodies(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", "<p>word word</p>")
	before := b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	m := b.do(201, "POST", "/wiki/api/v2/inline-comments", object{"pageId": p, "body": storage("<p>c</p>"),
		"inlineCommentProperties": object{"textSelection": "word", "textSelectionMatchCount": 2, "textSelectionMatchIndex": 1}})
	ref := m.str("properties.inlineMarkerRef")
	equal(t, "body", b.body(p), `<p>word <ac:inline-comment-marker ac:ref="`+ref+`">word</ac:inline-comment-marker></p>`)
	after := b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil)
	equal(t, "number", after.num("version.number"), 1)
	equal(t, "date", after.str("version.createdAt"), before.str("version.createdAt"))
	if document := b.form(p, "atlas_doc_format"); !strings.Contains(document, `"annotationType":"inlineComment","id":"`+ref+`"`) {
		t.Errorf("no annotation in %s", document)
	}
}

func TestRow_CO_04_Bodies(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", "<p>one\n two <em>th</em>ree</p><p>one</p>")
	try := func(want int, selection string, count, index int) {
		t.Helper()
		b.do(want, "POST", "/wiki/api/v2/inline-comments", object{"pageId": p, "body": storage("<p>c</p>"),
			"inlineCommentProperties": object{"textSelection": selection, "textSelectionMatchCount": count, "textSelectionMatchIndex": index}})
	}
	try(400, "four", 1, 0)
	try(400, "one", 1, 0)
	try(400, "one", 2, 2)
	try(400, "three one", 1, 0) // over the border of a paragraph
	try(201, "one two three", 1, 0)
	try(201, "one", 2, 1)
}

func TestRow_CO_06(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.page(space, "", "P", "<p>word</p>")
	m := b.do(201, "POST", "/wiki/api/v2/inline-comments", object{"pageId": p, "body": storage("<p>c</p>"),
		"inlineCommentProperties": object{"textSelection": "word", "textSelectionMatchCount": 1, "textSelectionMatchIndex": 0}}).str("id")
	state := func() string {
		return b.do(200, "GET", "/wiki/api/v2/inline-comments/"+m, nil).str("resolutionStatus")
	}
	marked := b.body(p)
	b.put(200, p, "P", "<p>word</p>", 2)
	equal(t, "without its marker", state(), "dangling")
	b.do(400, "PUT", "/wiki/api/v2/inline-comments/"+m, object{"version": object{"number": 2}, "body": storage("<p>d</p>")})
	b.put(200, p, "P", marked, 3)
	equal(t, "with it again", state(), "open")
}

// TestRow_OF_29: the option says whether rewriting references makes a version, on both sides.
func TestRow_OF_29(t *testing.T) {
	b := newBench(t, "OF-29", "version")
	space, _ := b.space("HR")
	p := b.page(space, "", "Old", "<p>x</p>")
	q := b.page(space, "", "Q", `<p><ac:link><ri:page ri:content-title="Old" /></ac:link></p>`)
	b.do(200, "PUT", "/wiki/api/v2/pages/"+p+"/title", object{"status": "current", "title": "New"})
	equal(t, "Cloud, with versions", b.number(q), 2)
	for option, want := range map[string]int{"version": 2, "silent": 1} {
		dc := newDC(t, "", "OF-29", option)
		dc.dcSpace("K")
		dc.dcSpace("L")
		p := dc.dcPage("K", "", "Moves", `<p><ac:link><ri:page ri:content-title="Near" /></ac:link></p>`)
		near := dc.dcPage("K", "", "Near", `<p><ac:link><ri:page ri:content-title="moves" /></ac:link></p>`)
		far := dc.dcPage("L", "", "Far", `<p><ac:link><ri:page ri:space-key="K" ri:content-title="Moves" /></ac:link></p>`)
		dc.mustAct(serviceID, `{"moveOut": {"page": "Moves", "space": "L"}}`)
		equal(t, "of the page itself", dc.dcGet(p, "body.storage").str("body.storage.value"), `<p><ac:link><ri:page ri:space-key="K" ri:content-title="Near" /></ac:link></p>`)
		for id, body := range map[string]string{
			near: `<p><ac:link><ri:page ri:space-key="L" ri:content-title="Moves" ri:version-at-save="1" /></ac:link></p>`,
			far:  `<p><ac:link><ri:page ri:space-key="L" ri:content-title="Moves" ri:version-at-save="1" /></ac:link></p>`,
		} {
			g := dc.dcGet(id, "version,body.storage")
			equal(t, option, g.str("body.storage.value"), body)
			equal(t, option, g.num("version.number"), want)
		}
	}
}

// TestRow_OF_35: empty headings of storage format stay, or go where the option says so.
func TestRow_OF_35(t *testing.T) {
	for option, want := range map[string]string{"kept": "<h2 /><p>a</p>", "dropped": "<p>a</p>"} {
		b := newBench(t, "OF-35", option)
		space, _ := b.space("HR")
		equal(t, option, b.body(b.page(space, "", "P", "<h2></h2><p>a</p>")), want)
	}
}

// TestRow_OF_36: wiki markup is taken and comes back as storage format.
func TestRow_OF_36(t *testing.T) {
	b := newBench(t)
	space, _ := b.space("HR")
	p := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": space, "status": "current", "title": "P",
		"body": object{"representation": "wiki", "value": "h2. T\n* a"}}).str("id")
	equal(t, "storage", b.body(p), "<h2>T</h2><ul><li>a</li></ul>")
}
