package body

// Rule is one rule of the canonical form. All rules together define it; docs/canonical.md is made of them.
type Rule struct {
	Number   int
	Sentence string
	// By is the function that carries the rule out, as a function value.
	By any
	// Same are pairs of bodies with the same content by this rule, Differ pairs that stay different in spite of it.
	Same, Differ [][2]string
}

// Rules returns the rules of canonical form CanonVersion in order. Their source is the canonical form agreed on for
// both products (algorithms B2, rules 1 to 9), with what servers are known to rewrite (rows marked REST of the
// normalisation table, rules 10 and 11) and what the new editor does without changing text (rows marked editor, rules 12
// and 13).
func Rules() []Rule {
	return append(textRules(), referenceRules()...)
}

func textRules() []Rule {
	const macro, end = `<ac:structured-macro ac:name="x">`, `</ac:structured-macro>`
	return []Rule{
		{
			Number: 1, By: (*writer).text,
			Sentence: "Entities and numeric references are decoded and text is brought into NFC. CDATA is text like any other, but in plain text bodies, where all characters stay as they are.",
			Same:     [][2]string{{"<p>é — a&#8201;b</p>", "<p>e\u0301 &mdash; <![CDATA[a\u2009b]]></p>"}, {"<p>&amp;#233;</p>", "<p><![CDATA[&#233;]]></p>"}},
			Differ: [][2]string{{"<p>é</p>", "<p>e</p>"}, {
				macro + "<ac:plain-text-body><![CDATA[a  b]]></ac:plain-text-body>" + end, macro + "<ac:plain-text-body><![CDATA[a b]]></ac:plain-text-body>" + end,
			}},
		}, {
			Number: 2, By: (*writer).macro,
			Sentence: "Comments are dropped; <x/> is <x></x>; attributes are sorted; the parameters of a macro are sorted by name, and one with neither name nor value is dropped.",
			Same: [][2]string{{`<td a="1" b="2"></td>`, `<td b='2' a='1'/><!-- c -->`}, {
				macro + `<ac:parameter ac:name="b">2</ac:parameter><ac:parameter ac:name="a">1</ac:parameter>` + end,
				macro + `<ac:parameter ac:name=""/><ac:parameter ac:name="a">1</ac:parameter><ac:parameter ac:name="b">2</ac:parameter>` + end,
			}},
			Differ: [][2]string{{macro + `<ac:parameter ac:name="">1</ac:parameter>` + end, macro + end}, {macro + `<ac:parameter ac:name="a"/>` + end, macro + end}},
		}, {
			Number: 3, By: fateOf,
			Sentence: "Ids that a site or an editor gives are dropped: ac:macro-id, ac:local-id, local-id, ri:local-id, ac:task-id, ac:task-uuid, and the local id of an extension.",
			Same: [][2]string{{`<p local-id="1">a</p>`, `<p>a</p>`}, {
				`<ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status></ac:task>`,
				`<ac:task><ac:task-id>2</ac:task-id><ac:task-uuid>u</ac:task-uuid><ac:task-status>complete</ac:task-status></ac:task>`,
			}, {`<ac:adf-node><ac:adf-attribute key="local-id">1</ac:adf-attribute></ac:adf-node>`, `<ac:adf-node/>`}},
			Differ: [][2]string{{`<ac:task><ac:task-status>complete</ac:task-status></ac:task>`, `<ac:task><ac:task-status>incomplete</ac:task-status></ac:task>`}},
		}, {
			Number: 4, By: (*writer).counts,
			Sentence: "Bookkeeping is dropped: ac:schema-version, ri:version-at-save, an empty class or style, colspan and rowspan of 1, alignment to the start. The declarations of a style are trimmed and keep their order.",
			Same: [][2]string{{`<td colspan="1" class="" style="text-align: start;">a</td>`, `<td>a</td>`}, {
				`<p style=" COLOR:red ;; margin : 0 ">a</p>`, `<p style="color: red; margin: 0;">a</p>`,
			}},
			Differ: [][2]string{{`<td colspan="2">a</td>`, `<td>a</td>`}, {`<p style="text-align: left">a</p>`, `<p>a</p>`}, {`<p style="color: red">a</p>`, `<p style="color: blue">a</p>`}},
		}, {
			Number: 5, By: (*writer).blank,
			Sentence: "White space where a block or a line begins or ends is dropped, as is white space between elements that hold no text, and between macros or images that stand as blocks; elsewhere a run of it is one blank. In pre, in parameters and in plain text bodies all of it stays. A no-break space is text, and an empty paragraph stays.",
			Same:     [][2]string{{"<p>a b</p><p>c</p>", " <p>\n a \t b</p>\n<p>c </p>"}, {"<p>a<br/>b</p>", "<p>a <br/>\nb</p>"}, {macro + end + "\n" + macro + end, macro + end + macro + end}},
			Differ: [][2]string{{"<p>a b</p>", "<p>ab</p>"}, {"<pre>a  b</pre>", "<pre>a b</pre>"}, {"<p>&nbsp;</p>", "<p></p>"}, {"<p></p>", ""},
				{"<p><strong>a</strong> <em>b</em></p>", "<p><strong>a</strong><em>b</em></p>"}},
		}, {
			Number: 6, By: (*writer).mark,
			Sentence: "b is strong, i is em, s and strike are del, tt is code; two equal kinds of formatting side by side are one; inline comment markers are unwrapped, and the text on both sides of them is one.",
			Same: [][2]string{{"<p><b>a</b><strong>b</strong></p>", "<p><strong>ab</strong></p>"}, {"<p><s>a</s><strike>b</strike><tt>c</tt></p>", "<p><del>ab</del><code>c</code></p>"},
				{`<p>e<ac:inline-comment-marker ac:ref="1">&#x301;a</ac:inline-comment-marker>b</p>`, "<p>éab</p>"}},
			Differ: [][2]string{{"<p><strong>a</strong></p>", "<p><em>a</em></p>"}, {`<p><a href="x">a</a><a href="x">b</a></p>`, `<p><a href="x">ab</a></p>`}},
		}, {
			Number: 7, By: (*writer).element,
			Sentence: "Of an extension of the new editor (ac:adf-extension) the node counts; its fallback is dropped.",
			Same:     [][2]string{{"<ac:adf-extension><ac:adf-node/><ac:adf-fallback><p>a</p></ac:adf-fallback></ac:adf-extension>", "<ac:adf-extension><ac:adf-node/></ac:adf-extension>"}},
			Differ:   [][2]string{{`<ac:adf-extension><ac:adf-node type="a"/></ac:adf-extension>`, `<ac:adf-extension><ac:adf-node type="b"/></ac:adf-extension>`}},
		},
	}
}

func referenceRules() []Rule {
	return []Rule{
		{
			Number: 8, By: (*writer).slot,
			Sentence: "Every reference to a user, page, blog post, space or attachment, by name or in an address, is a slot; the slots stand in order beside the skeleton, each with its written form and its target.",
			Same:     [][2]string{{`<ac:link><ri:page ri:space-key="K" ri:content-title="T"/></ac:link>`, `<ac:link><ri:page ri:content-title="T" ri:space-key="K" ri:version-at-save="2"/></ac:link>`}},
			Differ: [][2]string{{`<ac:link><ri:page ri:content-title="T"/></ac:link>`, `<ac:link><ri:page ri:content-title="U"/></ac:link>`},
				{`<ac:link><ri:user ri:userkey="a"/></ac:link>`, `<ac:link><ri:user ri:userkey="b"/></ac:link>`}},
		}, {
			Number: 9, By: (*writer).present,
			Sentence: "Presentation leaves the content and goes into a digest of its own: data-layout, data-table-width, data-table-display-mode, ac:breakout-mode, ac:breakout-width, and widths of columns in pixels or percent; columns with nothing else are dropped.",
			Same: [][2]string{{`<table data-layout="wide"><colgroup><col style="width: 10px;"/></colgroup><tbody/></table>`, `<table><tbody/></table>`},
				{`<ac:layout-section ac:breakout-mode="wide"/>`, `<ac:layout-section/>`}},
			Differ: [][2]string{{`<table><colgroup><col style="color: red"/></colgroup></table>`, `<table/>`}, {`<ac:image ac:width="100"/>`, `<ac:image ac:width="200"/>`}},
		}, {
			Number: 10, By: meaningfulData,
			Sentence: "What servers take away when a body is stored over REST is dropped: id on headings, list items and div; data- attributes, but for data-highlight-colour and data-card-appearance outside span and div; attributes of div that are unknown; mark, whose text stays.",
			Same:     [][2]string{{`<h1 id="x">a</h1>`, `<h1>a</h1>`}, {`<div data-x="1" onclick="y">a</div>`, `<div>a</div>`}, {`<p><mark>a</mark>b</p>`, `<p>ab</p>`}},
			Differ:   [][2]string{{`<td data-highlight-colour="grey">a</td>`, `<td>a</td>`}, {`<div class="x">a</div>`, `<div>a</div>`}},
		}, {
			Number: 11, By: (*address).canonical,
			Sentence: "Addresses of one target at one base are one: the address of a page by its id stands without space key and title, because servers add and remove them; a title counts as it reads, not as it is encoded; scheme and host count in lower case.",
			Same: [][2]string{{`<a href="https://W.example.com/spaces/K/pages/12/Title">a</a>`, `<a href="https://w.example.com/pages/viewpage.action?pageId=12">a</a>`},
				{`<a href="/display/K/A+B%C3%BC">a</a>`, `<a href="/display/K/A%20Bü">a</a>`}},
			Differ: [][2]string{{`<a href="/pages/viewpage.action?pageId=12">a</a>`, `<a href="/pages/viewpage.action?pageId=13">a</a>`},
				{`<a href="/pages/viewpage.action?pageId=12#x">a</a>`, `<a href="/pages/viewpage.action?pageId=12">a</a>`}, {`<a href="https://example.com/a">a</a>`, `<a href="https://example.com/b">a</a>`}},
		}, {
			Number: 12, By: (*writer).panel,
			Sentence: "A panel of the new editor that has a macro is that macro: info is info, success is tip, warning is note, error is warning. One that says more than its kind and its content stays an extension.",
			Same: [][2]string{{`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">success</ac:adf-attribute><ac:adf-content><p>a</p></ac:adf-content></ac:adf-node></ac:adf-extension>`,
				`<ac:structured-macro ac:name="tip"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`}},
			Differ: [][2]string{{`<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>a</p></ac:adf-content></ac:adf-node></ac:adf-extension>`,
				`<ac:structured-macro ac:name="note"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`}},
		}, {
			Number: 13, By: (*writer).unwrap,
			Sentence: "A paragraph without attributes that holds nothing but one macro is that macro: editors put such paragraphs around macros and take them away.",
			Same:     [][2]string{{`<p> <ac:structured-macro ac:name="x"/> </p>`, `<ac:structured-macro ac:name="x"/>`}},
			Differ: [][2]string{{`<p>a <ac:structured-macro ac:name="x"/></p>`, `<p>a </p><ac:structured-macro ac:name="x"/>`},
				{`<p style="text-align: center"><ac:structured-macro ac:name="x"/></p>`, `<ac:structured-macro ac:name="x"/>`}},
		},
	}
}
