package emulator

import (
	"strings"
	"testing"
)

// comment creates a comment of Data Center.
func (b *bench) commentDC(want int, on, replyTo, text string, extensions object) got {
	b.t.Helper()
	q := object{
		"type": "comment", "container": object{"id": on, "type": "page"},
		"body": object{"storage": object{"value": text, "representation": "storage"}},
	}
	if replyTo != "" {
		q["ancestors"] = []object{{"id": replyTo}}
	}
	if extensions != nil {
		q["extensions"] = extensions
	}
	return b.do(want, "POST", "/rest/api/content?expand=body.storage,version,ancestors,extensions.inlineProperties,extensions.resolution", q)
}

// inlineOn are the members that an inline comment on a text needs.
func inlineOn(selection string, matches, index int) object {
	return object{"location": "inline", "inlineProperties": object{
		"originalSelection": selection, "numMatches": matches, "matchIndex": index, "lastFetchTime": "1767603600000",
		"serializedHighlights": `[["` + selection + `"]]`,
	}}
}

func (b *bench) resolution(id string) string {
	b.t.Helper()
	return b.do(200, "GET", "/rest/api/content/"+id+"?expand=extensions.resolution", nil).str("extensions.resolution.status")
}

func TestRow_CO_01_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "<p>text</p>")
	root := b.commentDC(200, page, "", "<p>one</p>", nil)
	equal(t, "place", root.str("extensions.location"), "footer")
	reply := b.commentDC(200, page, root.str("id"), "<p>two</p>", nil)
	equal(t, "answers", reply.str("ancestors.0.id"), root.str("id"))
	b.commentDC(400, b.sitePage("HR", "Other", ""), root.str("id"), "<p>elsewhere</p>", nil)
	changed := b.do(200, "PUT", "/rest/api/content/"+root.str("id"), object{
		"id": root.str("id"), "type": "comment", "version": object{"number": 2}, "body": object{"storage": object{"value": "<p>1</p>", "representation": "storage"}},
	})
	equal(t, "changed", changed.str("body.storage.value"), "<p>1</p>")
	b.do(204, "DELETE", "/rest/api/content/"+root.str("id"), nil)
	b.do(404, "GET", "/rest/api/content/"+reply.str("id")+"?status=any", nil)
}

func TestRow_CO_03(t *testing.T) {
	for option, want := range map[string]int{"version": 2, "none": 1} {
		b := newDC(t, "", "CO-03", option)
		b.siteSpace("HR")
		page := b.sitePage("HR", "P", "<p>one two one</p>")
		m := b.commentDC(200, page, "", "<p>why?</p>", inlineOn("one", 2, 1))
		equal(t, "selection", m.str("extensions.inlineProperties.originalSelection"), "one")
		got := b.do(200, "GET", "/rest/api/content/"+page+"?expand=body.storage,version", nil)
		equal(t, option, got.num("version.number"), want)
		marker := `<p>one two <ac:inline-comment-marker ac:ref="` + m.str("extensions.inlineProperties.markerRef") + `">one</ac:inline-comment-marker></p>`
		equal(t, "body", got.str("body.storage.value"), marker)
	}
}

// TestRow_CO_05 and OF_40: one of the four members missing is 400 that names it; versions before 8 refuse all of them.
func TestRow_CO_05(t *testing.T) {
	b := newDC(t, "8.5")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "<p>one</p>")
	for _, member := range []string{"numMatches", "matchIndex", "lastFetchTime", "serializedHighlights"} {
		e := inlineOn("one", 1, 0)
		delete(e["inlineProperties"].(object), member)
		g := b.commentDC(400, page, "", "<p>x</p>", e)
		if key := g.str("data.errors.0.message.key"); !strings.Contains(key, member) {
			t.Errorf("%s is not named: %s", member, key)
		}
	}
	b.commentDC(400, page, "", "<p>x</p>", inlineOn("nothing", 1, 0))
	b.commentDC(200, page, "", "<p>x</p>", inlineOn("one", 1, 0))
}

func TestRow_OF_40(t *testing.T) {
	old := newDC(t, "7.19")
	old.siteSpace("HR")
	g := old.commentDC(400, old.sitePage("HR", "P", "<p>one</p>"), "", "<p>x</p>", inlineOn("one", 1, 0))
	equal(t, "valid", g.at("data.valid"), any(true))
	equal(t, "authorized", g.at("data.authorized"), any(false))
	for option, want := range map[string][2]int{"both": {200, 200}, "PUT": {200, 405}, "PATCH": {405, 200}} {
		b := newDC(t, "8.5", "OF-40", option)
		b.siteSpace("HR")
		id := b.commentDC(200, b.sitePage("HR", "P", "<p>one</p>"), "", "<p>x</p>", inlineOn("one", 1, 0)).str("id")
		b.do(want[0], "PUT", "/rest/inlinecomments/1.0/comments/"+id+"/resolve/true/dangling/false", object{})
		b.do(want[1], "PATCH", "/rest/inlinecomments/1.0/comments/"+id+"/resolve/true/dangling/false", object{})
	}
}

func TestRow_CO_06_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "<p>one</p>")
	m := b.commentDC(200, page, "", "<p>x</p>", inlineOn("one", 1, 0))
	id := m.str("id")
	marked := b.do(200, "GET", "/rest/api/content/"+page+"?expand=body.storage", nil).str("body.storage.value")
	write := func(body string, number int) {
		t.Helper()
		b.do(200, "PUT", "/rest/api/content/"+page, object{
			"id": page, "type": "page", "title": "P", "version": object{"number": number}, "body": object{"storage": object{"value": body, "representation": "storage"}},
		})
	}
	write("<p>one</p>", 3)
	equal(t, "without its marker", b.resolution(id), "dangling")
	b.do(400, "PUT", "/rest/api/content/"+id, object{
		"id": id, "type": "comment", "version": object{"number": 2}, "body": object{"storage": object{"value": "<p>y</p>", "representation": "storage"}},
	})
	write(marked, 4)
	equal(t, "with it again", b.resolution(id), "open")
}

func TestRow_CO_07_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "<p>one</p>")
	id := b.commentDC(200, page, "", "<p>x</p>", inlineOn("one", 1, 0)).str("id")
	equal(t, "at first", b.resolution(id), "open")
	base := "/rest/inlinecomments/1.0/comments/" + id
	b.do(200, "PUT", base+"/resolve/true", object{})
	equal(t, "resolved", b.resolution(id), "resolved")
	b.do(200, "PATCH", base+"/resolve/false/dangling/false", object{})
	equal(t, "reopened", b.resolution(id), "reopened")
	b.do(200, "PUT", base+"/resolve/true/dangling/false", object{})
	b.do(200, "PATCH", base+"/resolve/false", object{})
	b.do(400, "PUT", base+"/resolve/perhaps", object{})
	rows := b.do(200, "GET", "/rest/inlinecomments/1.0/comments?containerId="+page, nil)
	equal(t, "listed", strings.Join(rows.names("originalSelection"), " "), "one")
	b.do(200, "GET", base, nil)
	b.do(200, "POST", base+"/replies", object{"body": "<p>because</p>"})
	equal(t, "replies", strings.Join(b.do(200, "GET", base+"/replies", nil).names("body"), " "), "<p>because</p>")
	second := b.do(200, "POST", "/rest/inlinecomments/1.0/comments", object{
		"containerId": page, "body": "<p>z</p>", "originalSelection": "one", "numMatches": 1, "matchIndex": 0, "lastFetchTime": "1", "serializedHighlights": "[]",
	})
	if _, number := second.at("id").(float64); !number {
		t.Errorf("id %v", second.at("id"))
	}
	b.do(204, "DELETE", base, nil)
	b.do(404, "GET", base, nil)
}

func TestRow_CO_08_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	id := b.as("eve").do(200, "POST", "/rest/api/content", object{
		"type": "comment", "container": object{"id": page, "type": "page"}, "body": object{"storage": object{"value": "<p>x</p>", "representation": "storage"}},
		"history": object{"createdBy": object{"username": serviceID}, "createdDate": "2001-01-01T00:00:00.000Z"},
	}).str("id")
	g := b.do(200, "GET", "/rest/api/content/"+id+"?expand=history", nil)
	equal(t, "author", g.str("history.createdBy.username"), "eve")
	equal(t, "date", g.str("history.createdDate"), "2026-01-05T09:00:00.000Z")
}

func TestRow_CO_09(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "<p>one two</p>")
	foot := b.commentDC(200, page, "", "<p>f</p>", nil).str("id")
	reply := b.commentDC(200, page, foot, "<p>r</p>", nil).str("id")
	open := b.commentDC(200, page, "", "<p>i</p>", inlineOn("one", 1, 0)).str("id")
	done := b.commentDC(200, page, "", "<p>d</p>", inlineOn("two", 1, 0)).str("id")
	b.do(200, "PUT", "/rest/inlinecomments/1.0/comments/"+done+"/resolve/true/dangling/false", object{})
	path := "/rest/api/content/" + page + "/child/comment"
	for query, want := range map[string][]string{
		"": {foot, open, done}, "?depth=all": {foot, reply, open, done}, "?location=footer": {foot}, "?location=inline": {open},
		"?location=resolved": {done}, "?location=footer&location=resolved&depth=all": {foot, reply, done},
	} {
		equal(t, query, strings.Join(b.do(200, "GET", path+query, nil).col("id"), " "), strings.Join(want, " "))
	}
	b.do(400, "GET", path+"?location=moon", nil)
	equal(t, "descendants", len(b.do(200, "GET", "/rest/api/content/"+page+"/descendant/comment", nil).col("id")), 4)
	b.do(400, "GET", "/rest/api/content/"+page+"/descendant/page", nil)
}
