package emulator

import "github.com/tandem-sync/tandem/internal/emulator/markup"

// specimen is a page of seed content: one thing that real spaces hold and that products stumble over.
type specimen struct {
	title, body string
	old         bool // as Confluence before 4.0 left it, of Data Center only (register row ST-10)
}

// specimenKey is the space of the specimens.
const specimenKey = "ODDS"

func bodied(name, content string) string {
	return `<ac:structured-macro ac:name="` + name + `"><ac:rich-text-body>` + content + `</ac:rich-text-body></ac:structured-macro>`
}

func bodiless(name string) string { return `<ac:structured-macro ac:name="` + name + `" />` }

// specimens are pages with unknown and app macros, macros in macros, tables in tables, macros by what becomes of them on
// Cloud, bodies of both editors, addresses, short links, and Jira macros that name their server (register row ST-13;
// dc-api.md section 14).
var specimens = []specimen{
	{title: "Unknown macro", body: bodied("zorp", `<p>kept</p>`) + bodiless("zorp-plain")},
	{title: "App macros", body: `<ac:structured-macro ac:name="drawio"><ac:parameter ac:name="diagramName">flow</ac:parameter></ac:structured-macro>` + bodied("ui-tabs", bodied("ui-tab", `<p>one</p>`)) + bodiless("gliffy")},
	{title: "Macro in macro", body: bodied("section", bodied("column", bodied("panel", bodied("info", `<p>deep</p>`))))},
	{title: "Table in table", body: `<table><tbody><tr><td><table><tbody><tr><td>inner</td></tr></tbody></table></td></tr></tbody></table>`},
	{title: "Kept macros", body: bodied("align", `<p>a</p>`) + bodied("center", `<p>b</p>`) + bodied("note", `<p>c</p>`) + bodied("panel", `<p>d</p>`) + bodiless("loremipsum")},
	{title: "View-only macros", body: bodiless("gallery") + bodiless("index") + bodiless("recently-updated-dashboard") + bodiless("viewdoc")},
	{title: "Removed macros", body: bodiless("im") + bodiless("junitreport") + bodied("span", `<p>x</p>`)},
	{title: "Legacy editor", body: `<p style="margin-left: 40.0px;">indented</p><p><span style="color: rgb(255,0,0);">red</span> <u>under</u></p><table class="wrapped"><colgroup><col /><col /></colgroup><tbody><tr><th>a</th><td class="highlight-grey" data-highlight-colour="grey">b</td></tr></tbody></table><p class="auto-cursor-target"><br /></p>`},
	{title: "New editor", body: `<p local-id="0123456789ab">text</p><ac:layout><ac:layout-section ac:type="two_equal" ac:breakout-mode="wide"><ac:layout-cell><p>l</p></ac:layout-cell><ac:layout-cell><p>r</p></ac:layout-cell></ac:layout-section></ac:layout><ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>purple</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>stale</p></ac:adf-fallback></ac:adf-extension>`},
	{title: "Links", body: `<p><ac:link ac:anchor="a%20b"><ri:page ri:content-title="Legacy editor" /></ac:link> <ac:link /> <ac:link><ri:page ri:content-title="Nowhere" /></ac:link> <a href="https://dc.example.test/display/ODDS/Legacy+editor">absolute</a> <a href="/x/AQBI">short</a> <a href="https://dc.example.test/pages/viewpage.action?pageId=1179649">by id</a></p>`},
	{title: "Mentions", body: `<p><ac:link><ri:user ri:userkey="0123456789abcdef0123456789abcdef" /></ac:link> <ac:link><ri:user ri:username="leaver" /></ac:link> <ac:link><ri:user ri:account-id="557058:0123" /></ac:link></p>`},
	{title: "Jira", body: `<ac:structured-macro ac:name="jira"><ac:parameter ac:name="server">Company Jira</ac:parameter><ac:parameter ac:name="serverId">0b1a2c3d-1111-2222-3333-444455556666</ac:parameter><ac:parameter ac:name="key">ABC-1</ac:parameter></ac:structured-macro>`},
	{title: "Code with CDATA", body: `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">cobol</ac:parameter><ac:plain-text-body><![CDATA[if a[b[0]]]]><![CDATA[> 1]]></ac:plain-text-body></ac:structured-macro>`},
	{title: "Tasks", body: `<ac:task-list><ac:task><ac:task-id>3</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>done</ac:task-body></ac:task></ac:task-list>`},
	{title: "Includes", body: `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Legacy editor" /></ac:link></ac:parameter></ac:structured-macro>`},
	{title: "Old macro", old: true, body: `<ac:macro ac:name="toc"><ac:default-parameter>3</ac:default-parameter><ac:parameter ac:name="type">flat</ac:parameter></ac:macro>`},
	{title: "Unmigrated wiki markup", old: true, body: `<ac:structured-macro ac:name="unmigrated-wiki-markup"><ac:plain-text-body><![CDATA[h1. Old *bold* [link|Page]]]></ac:plain-text-body></ac:structured-macro>`},
}

// furnish makes the space of the specimens where the options ask for it. Bodies stand as they are: nobody has written
// them over REST.
func (s *Site) furnish() error {
	if !s.set.specimens && !s.set.oldContent {
		return nil
	}
	c := &call{Site: s, user: s.people.byID[serviceID], now: s.clock.Now(), route: &route{method: "POST", api: v1}}
	in, err := c.newSpace(&spaceRequest{Key: specimenKey, Name: "Odds and ends"}, false)
	if err != nil {
		return err
	}
	for _, sp := range specimens {
		if sp.old && !(s.set.oldContent && s.dc()) || !sp.old && !s.set.specimens {
			continue
		}
		if _, err := markup.Parse(sp.body); err != nil {
			return err
		}
		p := &content{
			id: c.world.newID(), kind: page, space: in, title: sp.title, creator: c.user, created: c.stamp(), firstAt: 1,
			body: c.heap.putText(sp.body), last: version{at: c.stamp(), by: c.user},
		}
		c.add(p)
		c.todoOf(p, sp.body)
		c.link(p, in.home)
	}
	return nil
}
