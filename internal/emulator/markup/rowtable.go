package markup

const (
	exampleIDs   = ` ac:schema-version="1" ac:macro-id="id-1"`
	examplePlain = `<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="m"><ac:parameter ac:name="language">bogus</ac:parameter><ac:plain-text-body><![CDATA[a <b> & — ]]]]><![CDATA[>]]></ac:plain-text-body></ac:structured-macro>`
)

// writeRows happen when a body is written over REST.
var writeRows = []Row{
	{Number: 1, When: OnWrite, Sentence: "void and empty elements have a blank before the slash", Examples: [][2]string{
		{`<table><colgroup><col style="width: 1px;"/></colgroup><tbody><tr><td>a<br/>b</td></tr></tbody></table><hr></hr>`, `<table><colgroup><col style="width: 1px;" /></colgroup><tbody><tr><td>a<br />b</td></tr></tbody></table><hr />`},
		{`<p></p>`, `<p />`},
	}},
	{Number: 2, When: OnWrite, Sentence: "macros get a schema version", Examples: [][2]string{{`<ac:structured-macro ac:name="toc"/>`, `<ac:structured-macro ac:name="toc"` + exampleIDs + ` />`}}},
	{Number: 2, When: OnWriteDC, Sentence: "macros get a schema version", Examples: [][2]string{{`<ac:structured-macro ac:name="toc"/>`, `<ac:structured-macro ac:name="toc"` + exampleIDs + ` />`}}},
	{Number: 3, When: OnWrite, Sentence: "macros get an id, which stays unless it stands twice", Examples: [][2]string{
		{`<ac:structured-macro ac:name="toc" ac:schema-version="1"/>`, `<ac:structured-macro ac:name="toc"` + exampleIDs + ` />`},
		{`<ac:structured-macro ac:name="a" ac:schema-version="1" ac:macro-id="m"/><ac:structured-macro ac:name="b" ac:schema-version="1" ac:macro-id="m"/>`,
			`<ac:structured-macro ac:name="a" ac:schema-version="1" ac:macro-id="m" /><ac:structured-macro ac:name="b"` + exampleIDs + ` />`},
	}},
	{Number: 4, When: OnWrite, Sentence: "parameters with neither name nor value are dropped", Examples: [][2]string{
		{`<ac:structured-macro ac:name="toc"><ac:parameter ac:name=""/></ac:structured-macro>`, `<ac:structured-macro ac:name="toc"` + exampleIDs + ` />`},
	}},
	{Number: 5, When: OnWrite, Sentence: "attributes stand in the server's order", Examples: [][2]string{
		{`<ac:structured-macro ac:macro-id="m" ac:local-id="l" data-layout="wide" ac:schema-version="1" ac:name="x" />`, `<ac:structured-macro ac:name="x" ac:schema-version="1" data-layout="wide" ac:local-id="l" ac:macro-id="m" />`},
	}},
	{Number: 6, When: OnWrite, Sentence: "characters with a name are written by name", Examples: [][2]string{
		{`<p>a — b ü ß “q” 𝄞 語</p>`, `<p>a &mdash; b &uuml; &szlig; &ldquo;q&rdquo; 𝄞 語</p>`},
		{`<p><ac:link><ri:page ri:content-title="Übersicht &amp; mehr" /></ac:link></p>`, `<p><ac:link><ri:page ri:content-title="&Uuml;bersicht &amp; mehr" /></ac:link></p>`},
	}},
	{Number: 7, When: OnWrite, Sentence: "numeric references become characters", Examples: [][2]string{{`<p>&#9888; &#x2713; &#8212;</p>`, `<p>⚠ ✓ &mdash;</p>`}}},
	{Number: 8, When: OnHTML, Sentence: "apostrophes become references", Examples: [][2]string{{`<p>it's</p>`, `<p>it&#039;s</p>`}}},
	{Number: 9, When: OnWrite, Sentence: "comments are removed", Examples: [][2]string{{`<p>a<!-- secret -->b</p><!-- c -->`, `<p>ab</p>`}}},
	{Number: 10, When: OnWrite, Sentence: "white space that is no text is taken away", Examples: [][2]string{{"<p>a</p>\n\n  <ul>\n <li>x</li>\n</ul>\n", `<p>a</p><ul><li>x</li></ul>`}}},
	{Number: 11, When: OnWrite, Sentence: "data attributes of div and span and unknown attributes of div are stripped", Examples: [][2]string{
		{`<div data-x="1" onclick="y" class="k">a</div><p><span data-y="1">b</span></p>`, `<div class="k">a</div><p><span>b</span></p>`},
	}},
	{Number: 11, When: OnADF, Sentence: "ids of headings are stripped", Examples: [][2]string{{`<h2 id="x">t</h2>`, `<h2>t</h2>`}}},
	{Number: 12, When: OnWrite, Sentence: "mark is stripped, its text stays", Examples: [][2]string{{`<p>a <mark>b <em>c</em></mark> d</p>`, `<p>a b <em>c</em> d</p>`}}},
	{Number: 13, When: OnWrite, Sentence: "alignment to the start becomes an empty style", Examples: [][2]string{{`<p style="text-align: start;">a</p>`, `<p style="">a</p>`}}},
	{Number: 19, When: OnHTML, Sentence: "addresses of pages become links by title", Alters: "an address becomes a link by title to the same page", Examples: [][2]string{
		{`<p><a href="https://s.example/wiki/spaces/K/pages/300">x</a></p>`, `<p><ac:link><ri:page ri:content-title="There" ri:version-at-save="7" /><ac:link-body>x</ac:link-body></ac:link></p>`},
	}},
	{Number: 20, When: OnWrite, Sentence: "references note the version of what they name", Examples: [][2]string{
		{`<p><ac:link><ri:page ri:content-title="There" /></ac:link><ac:image><ri:attachment ri:version-at-save="1" ri:filename="there.png" /></ac:image></p>`, `<p><ac:link><ri:page ri:content-title="There" ri:version-at-save="7" /></ac:link><ac:image><ri:attachment ri:filename="there.png" ri:version-at-save="7" /></ac:image></p>`},
	}},
	{Number: 21, When: OnWrite, Sentence: "usernames and user keys become account ids, where the site does so", Examples: [][2]string{
		{`<p><ac:link><ri:user ri:username="joe" /></ac:link> <ac:link><ri:user ri:userkey="k1" /></ac:link></p>`, `<p><ac:link><ri:user ri:account-id="u1" /></ac:link> <ac:link><ri:user ri:account-id="u1" /></ac:link></p>`},
	}},
	{Number: 21, When: OnWriteDC, Sentence: "usernames become user keys", Examples: [][2]string{
		{`<p><ac:link><ri:user ri:username="joe" /></ac:link></p>`, `<p><ac:link><ri:user ri:userkey="k1" /></ac:link></p>`},
	}},
	{Number: 34, When: OnComment, Sentence: "an inline comment wraps words in a marker and splits texts", Examples: [][2]string{
		{`<p>a w<strong>or</strong>d</p>`, `<p>a <ac:inline-comment-marker ac:ref="ref-1">w</ac:inline-comment-marker><strong><ac:inline-comment-marker ac:ref="ref-1">or</ac:inline-comment-marker></strong><ac:inline-comment-marker ac:ref="ref-1">d</ac:inline-comment-marker></p>`},
	}},
	{Number: 39, When: OnWrite, Sentence: "no-break spaces are written by name", Examples: [][2]string{{"<p>a\u00a0b&nbsp;c</p><p>\u00a0</p>", `<p>a&nbsp;b&nbsp;c</p><p>&nbsp;</p>`}}},
	{Number: 40, When: OnWrite, Sentence: "tasks get a number and an id", Examples: [][2]string{
		{`<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`, `<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-uuid>id-1</ac:task-uuid><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`},
	}},
	{Number: 40, When: OnWriteDC, Sentence: "tasks get a number", Examples: [][2]string{
		{`<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`, `<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>x</ac:task-body></ac:task></ac:task-list>`},
	}},
}

// keptRows say what a server leaves as it is, whether or not it makes sense.
var keptRows = []Row{
	{Number: 14, When: Kept, Sentence: "the old alignment of cells stays", Examples: same(`<table><tbody><tr><td align="center">a</td></tr></tbody></table>`)},
	{Number: 15, When: Kept, Sentence: "a layout that there is not stays", Examples: same(`<table data-layout="bogus"><tbody><tr><td>a</td></tr></tbody></table>`)},
	{Number: 18, When: Kept, Sentence: "local ids stay over REST", Examples: same(`<p local-id="abcdefabcdef">a</p>`)},
	{Number: 19, When: Kept, Sentence: "addresses of pages stay over REST", Examples: same(`<p><a href="https://s.example/wiki/spaces/K/pages/300?a=1&amp;b=2">x</a></p>`)},
	{Number: 24, When: Kept, Sentence: "extensions of the new editor stay over REST, stale fallbacks too", Examples: same(`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">info</ac:adf-attribute><ac:adf-content><p>new</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>old</p></ac:adf-fallback></ac:adf-extension>`)},
	{Number: 30, When: Kept, Sentence: "empty headings and paragraphs stay over REST, unless the option OF-35 says otherwise", Examples: same(`<h2 /><p>a</p><p />`)},
	{Number: 35, When: Kept, Sentence: "a content state makes a version with the same body", Examples: same(`<p>a</p>`)},
	{Number: 37, When: Kept, Sentence: "names of languages and plain text bodies stay", Examples: same(examplePlain)},
}

func same(raw string) [][2]string { return [][2]string{{raw, raw}} }

// editorRows happen when a person saves in the new editor.
var editorRows = []Row{
	{Number: 16, When: OnEditor, Sentence: "a table gets a layout by the sum of its columns", Examples: [][2]string{
		{`<table data-table-width="900"><colgroup><col style="width: 900px;" /></colgroup></table>`, `<table data-table-width="900" data-layout="wide" ac:local-id="00000001-0000-4000-8000-000000000000"><colgroup><col style="width: 900px;" /></colgroup></table>`},
	}},
	{Number: 17, When: OnEditor, Sentence: "a table gets width, columns, ids and spans", Examples: [][2]string{
		{`<table><tbody><tr><td>a</td></tr></tbody></table>`, `<table data-layout="default" data-table-width="760" ac:local-id="00000001-0000-4000-8000-000000000000"><colgroup><col style="width: 760.0px;" /></colgroup><tbody><tr ac:local-id="00000002-0000-4000-8000-000000000000"><td ac:local-id="00000003-0000-4000-8000-000000000000" rowspan="1" colspan="1">a</td></tr></tbody></table>`},
	}},
	{Number: 18, When: OnEditor, Sentence: "blocks and macros get local ids, new ones each time", Examples: [][2]string{
		{`<h1>a</h1><p local-id="old">c</p>`, `<h1 local-id="000000010000">a</h1><p local-id="000000020000">c</p>`},
	}},
	{Number: 22, When: OnEditor, Sentence: "the title of a panel becomes a bold paragraph in it", Alters: "text: the title stands in the panel", Examples: [][2]string{
		{`<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`, `<ac:structured-macro ac:name="info" ac:local-id="00000002-0000-4000-8000-000000000000"><ac:rich-text-body><p local-id="000000030000"><strong>T</strong></p><p local-id="000000010000">b</p></ac:rich-text-body></ac:structured-macro>`},
	}},
	{Number: 23, When: OnEditor, Sentence: "a purple panel has no macro and stays an extension", Examples: [][2]string{
		{`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>b</p></ac:adf-content></ac:adf-node></ac:adf-extension>`, `<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p local-id="000000010000">b</p></ac:adf-content></ac:adf-node></ac:adf-extension>`},
	}},
	{Number: 24, When: OnEditor, Sentence: "an extension that is a panel with a macro becomes the macro", Examples: [][2]string{
		{`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">error</ac:adf-attribute><ac:adf-content><p>b</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>b</p></ac:adf-fallback></ac:adf-extension>`, `<ac:structured-macro ac:name="warning" ac:local-id="00000002-0000-4000-8000-000000000000"><ac:rich-text-body><p local-id="000000010000">b</p></ac:rich-text-body></ac:structured-macro>`},
	}},
	{Number: 30, When: OnEditor, Sentence: "empty headings are dropped", Alters: "text: a heading without text is gone", Examples: [][2]string{{`<h2 /><h3>a</h3>`, `<h3 local-id="000000010000">a</h3>`}}},
	{Number: 36, When: OnEditor, Sentence: "paragraphs around macros come and go", Examples: [][2]string{
		{`<p> <ac:structured-macro ac:name="toc" /> </p>`, `<ac:structured-macro ac:name="toc" ac:local-id="00000001-0000-4000-8000-000000000000" />`},
		{`<ac:structured-macro ac:name="status" />`, `<p local-id="000000020000"><ac:structured-macro ac:name="status" ac:local-id="00000001-0000-4000-8000-000000000000" /></p>`},
	}},
	{Number: 38, When: OnEditor, Sentence: "old names of formatting become new ones", Examples: [][2]string{
		{`<p><b>a</b> <i>b</i> <strike>c</strike> <s>d</s> <tt>e</tt></p>`, `<p local-id="000000010000"><strong>a</strong> <em>b</em> <del>c</del> <del>d</del> <code>e</code></p>`},
	}},
}

// documentRows happen when a body is read as ADF and written back.
var documentRows = []Row{
	{Number: 13, When: OnADF, Sentence: "alignment to the left and of blocks has no mark", Alters: "the alignment", Examples: [][2]string{
		{`<p style="text-align: left;">a</p><p style="text-align: right;">b</p>`, `<p>a</p><p style="text-align: right;">b</p>`},
	}},
	{Number: 16, When: OnADF, Sentence: "a table gets a layout by the sum of its columns", Examples: [][2]string{
		{`<table ac:local-id="l"><colgroup><col style="width: 990px;" /></colgroup><tbody><tr><td><p>a</p></td></tr></tbody></table>`, `<table data-layout="full-width" ac:local-id="l"><colgroup><col style="width: 990.0px;" /></colgroup><tbody><tr><td><p>a</p></td></tr></tbody></table>`},
	}},
	{Number: 19, When: OnADF, Sentence: "the address of a page with an anchor gets the title, one without loses it", Examples: [][2]string{
		{`<p><a href="https://s.example/wiki/spaces/K/pages/300#Notes">x</a> <a href="https://s.example/wiki/spaces/K/pages/300/Old">y</a></p>`, `<p><a href="https://s.example/wiki/spaces/K/pages/300/There#Notes">x</a> <a href="https://s.example/wiki/spaces/K/pages/300">y</a></p>`},
	}},
	{Number: 23, When: OnADF, Sentence: "panels are kinds of one node", Examples: [][2]string{
		{`<ac:structured-macro ac:name="note" ac:macro-id="m"><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`, `<ac:structured-macro ac:name="note"><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`},
	}},
	{Number: 25, When: OnADF, Sentence: "macros are extensions, panels and statuses nodes", Examples: [][2]string{
		{`<ac:structured-macro ac:name="toc" ac:local-id="l" ac:macro-id="m" ac:schema-version="1"><ac:parameter ac:name="b">2</ac:parameter><ac:parameter ac:name="a">1</ac:parameter></ac:structured-macro>`, `<ac:structured-macro ac:name="toc" ac:schema-version="1" ac:local-id="l" ac:macro-id="m"><ac:parameter ac:name="a">1</ac:parameter><ac:parameter ac:name="b">2</ac:parameter></ac:structured-macro>`},
		{`<p>a <ac:structured-macro ac:name="status" ac:macro-id="m"><ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">OK</ac:parameter></ac:structured-macro></p>`, `<p>a <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">OK</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro></p>`},
	}},
	{Number: 26, When: OnADF, Sentence: "marks stand in another order", Alters: "which formatting stands in which", Examples: [][2]string{{`<p><strong><em>a</em></strong></p>`, `<p><em><strong>a</strong></em></p>`}}},
	{Number: 27, When: OnADF, Sentence: "formatting within code is lost", Alters: "formatting", Examples: [][2]string{{`<p><code>a<strong>b</strong></code></p>`, `<p><code>ab</code></p>`}}},
	{Number: 28, When: OnADF, Sentence: "titles of links are lost", Alters: "the title of a link", Examples: [][2]string{{`<p><a href="https://x.y" title="T">a</a></p>`, `<p><a href="https://x.y">a</a></p>`}}},
	{Number: 29, When: OnADF, Sentence: "links by title become addresses", Alters: "a link by title becomes an address of the same page", Examples: [][2]string{
		{`<p><ac:link><ri:page ri:content-title="There" /></ac:link></p>`, `<p><a href="https://s.example/wiki/spaces/K/pages/300">There</a></p>`},
	}},
	{Number: 30, When: OnADF, Sentence: "empty headings are dropped", Alters: "text: a heading without text is gone", Examples: [][2]string{{`<h2 /><p>a</p><p />`, `<p>a</p><p />`}}},
	{Number: 31, When: OnADF, Sentence: "items of lists hold paragraphs", Alters: "a paragraph around the text of each item", Examples: [][2]string{{`<ol><li>a</li></ol>`, `<ol><li><p>a</p></li></ol>`}}},
	{Number: 32, When: OnADF, Sentence: "sizes of text are lost", Alters: "the size of text", Examples: [][2]string{{`<p>a <small>b</small></p>`, `<p>a b</p>`}}},
	{Number: 33, When: OnADF, Sentence: "alternative texts of images are lost", Alters: "the alternative text, and the place of an image without one", Examples: [][2]string{
		{`<ac:image ac:alt="A"><ri:attachment ri:filename="there.png" /></ac:image>`, `<ac:image ac:layout="center" ac:align="center"><ri:attachment ri:filename="there.png" /></ac:image>`},
	}},
	{Number: 38, When: OnADF, Sentence: "old names of formatting become new ones", Examples: [][2]string{
		{`<p><b>a</b> <i>b</i> <strike>c</strike> <tt>e</tt></p>`, `<p><strong>a</strong> <em>b</em> <del>c</del> <code>e</code></p>`},
	}},
}
