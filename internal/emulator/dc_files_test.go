package emulator

import (
	"net/http"
	"strings"
	"testing"
)

// attachDC uploads one file.
func (b *bench) attachDC(page, name, text string) got {
	b.t.Helper()
	return b.upload(200, "POST", "/rest/api/content/"+page+"/child/attachment", part{"file", name, "text/plain", text})
}

// fileIn gives a page of a new space a file and returns the paths of both.
func (b *bench) fileIn(key, name, text string) (page, path string) {
	b.t.Helper()
	b.siteSpace(key)
	page = b.sitePage(key, "Files", "<p>x</p>")
	g := b.attachDC(page, name, text)
	return page, "/rest/api/content/" + page + "/child/attachment/" + g.str("results.0.id")
}

func TestRow_ER_07(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	g := b.upload(405, "PUT", "/rest/api/content/"+page+"/child/attachment", part{"file", "a.txt", "text/plain", "x"})
	equal(t, "message", g.at("data.authorized"), any(true))
}

func TestRow_AT_02(t *testing.T) {
	b := newDC(t, "")
	page, path := b.fileIn("HR", "a.txt", "one")
	again := b.upload(400, "POST", "/rest/api/content/"+page+"/child/attachment", part{"file", "a.txt", "text/plain", "two"})
	if !strings.Contains(again.str("message"), "same file name") {
		t.Errorf("message %s", again.str("message"))
	}
	next := b.upload(200, "POST", path+"/data", part{"file", "a.txt", "text/plain", "two"}, part{"comment", "", "", "second"})
	equal(t, "version", next.num("version.number"), 2)
	equal(t, "comment", next.str("metadata.comment"), "second")
	twin := b.upload(200, "POST", "/rest/api/content/"+page+"/child/attachment?allowDuplicated=true", part{"file", "a.txt", "text/plain", "three"})
	equal(t, "twin", twin.str("results.0.title"), "a (1).txt")
	equal(t, "version of the page", b.do(200, "GET", "/rest/api/content/"+page+"?expand=version", nil).num("version.number"), 1)
	two := b.upload(200, "POST", "/rest/api/content/"+page+"/child/attachment",
		part{"file", "b.txt", "", "b"}, part{"file", "c.txt", "", "c"}, part{"comment", "", "", "ä"}, part{"comment", "", "", "of c"})
	equal(t, "first comment", two.str("results.0.metadata.comment"), "ä")
	equal(t, "second comment", two.str("results.1.metadata.comment"), "of c")
	b.upload(400, "POST", "/rest/api/content/"+page+"/child/attachment", part{"file", "d.txt", "", "b"}, part{"comment", "", "", "1"}, part{"comment", "", "", "2"})
}

func TestRow_AT_03_DC(t *testing.T) {
	b := newDC(t, "")
	page, path := b.fileIn("HR", "a.txt", "one")
	id := path[strings.LastIndexByte(path, '/')+1:]
	change := func(number int, more object) object {
		o := object{"id": id, "type": "attachment", "version": object{"number": number}}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	b.do(409, "PUT", path, change(2, object{"title": "b.txt"}))
	g := b.do(200, "PUT", path, change(1, object{"title": "b.txt", "metadata": object{"mediaType": "text/csv", "comment": "c"}}))
	equal(t, "title", g.str("title"), "b.txt")
	equal(t, "media type", g.str("metadata.mediaType"), "text/csv")
	other := b.sitePage("HR", "Other", "")
	moved := b.do(200, "PUT", path, change(1, object{"container": object{"id": other, "type": "page"}}))
	equal(t, "container", moved.str("container.id"), other)
	b.do(404, "PUT", path, change(1, nil))
	equal(t, "gone from the first", len(b.do(200, "GET", "/rest/api/content/"+page+"/child/attachment", nil).col("id")), 0)
	b.do(400, "PUT", "/rest/api/content/"+other+"/child/attachment/"+id, object{"id": id, "type": "page", "version": object{"number": 1}})
}

func TestMoveOfAttachment(t *testing.T) {
	b := newDC(t, "10.2")
	_, path := b.fileIn("HR", "a.txt", "one")
	other := b.sitePage("HR", "Other", "")
	b.do(403, "POST", path+"/move?newContentId="+other, nil)
	r := b.request("POST", path+"/move?newContentId="+other+"&newName=n.txt", nil)
	r.Header.Set("X-Atlassian-Token", "no-check")
	equal(t, "moved", b.send(r).status, 204)
	equal(t, "there", strings.Join(b.do(200, "GET", "/rest/api/content/"+other+"/child/attachment", nil).col("title"), " "), "n.txt")
	old := newDC(t, "9.2")
	_, path = old.fileIn("HR", "a.txt", "one")
	old.do(404, "POST", path+"/move", nil)
}

func TestRow_AT_06(t *testing.T) {
	b := newDC(t, "", "ID-03", "/confluence")
	b.do(200, "POST", "/confluence/rest/api/space", object{"key": "HR", "name": "HR"})
	page := b.do(200, "POST", "/confluence/rest/api/content", object{
		"type": "page", "title": "P", "space": object{"key": "HR"}, "body": object{"storage": object{"value": "", "representation": "storage"}},
	}).str("id")
	path := "/confluence/rest/api/content/" + page + "/child/attachment"
	g := b.upload(200, "POST", path, part{"file", "50% ü+b.txt", "text/plain", "one"})
	link := "/confluence" + g.str("results.0._links.download")
	b.upload(200, "POST", path+"/"+g.str("results.0.id")+"/data", part{"file", "x", "text/plain", "two"})
	equal(t, "version 1", string(b.do(200, "GET", link, nil).raw), "one")
	equal(t, "version 2", string(b.do(200, "GET", strings.Replace(link, "version=1", "version=2", 1), nil).raw), "two")
	b.do(404, "GET", strings.Replace(link, "version=1", "version=3", 1), nil)
	b.do(404, "GET", path+"/"+g.str("results.0.id")+"/download", nil)
	equal(t, "login page", b.send(b.bearer("GET", link, "")).status, 401)
	b.do(200, "GET", strings.Replace(link, "/attachments/", "/thumbnails/", 1), nil)
}

func TestRow_AT_07_DC(t *testing.T) {
	for option, want := range map[string]int{"413": 413, "404": 404} {
		b := newDC(t, "", "AT-07", "4", "OF-33", option)
		page, _ := b.fileIn("HR", "a.txt", "four")
		b.upload(want, "POST", "/rest/api/content/"+page+"/child/attachment", part{"file", "b.txt", "text/plain", "five5"})
	}
	b := newDC(t, "", "AT-07", "0")
	b.siteSpace("HR")
	b.upload(403, "POST", "/rest/api/content/"+b.sitePage("HR", "P", "")+"/child/attachment", part{"file", "b.txt", "text/plain", ""})
}

// TestRow_AT_08: nothing of an answer tells what is in a file.
func TestRow_AT_08(t *testing.T) {
	b := newDC(t, "")
	page, _ := b.fileIn("HR", "a.txt", "content")
	link := b.do(200, "GET", "/rest/api/content/"+page+"/child/attachment", nil).str("results.0._links.download")
	got := b.do(200, "GET", link, nil)
	for _, name := range []string{"ETag", "Content-MD5", "Digest", "Accept-Ranges"} {
		if v := got.header.Get(name); v != "" {
			t.Errorf("%s: %s", name, v)
		}
	}
}

func TestRow_AT_09_DC(t *testing.T) {
	b := newDC(t, "")
	page, path := b.fileIn("HR", "a.txt", "one")
	id := path[strings.LastIndexByte(path, '/')+1:]
	for _, text := range []string{"two", "three"} {
		b.upload(200, "POST", path+"/data", part{"file", "a.txt", "text/plain", text})
	}
	b.do(204, "DELETE", path+"/version/1", nil)
	b.do(404, "DELETE", path+"/version/1", nil)
	b.do(400, "DELETE", path+"/version/3", nil)
	b.do(404, "GET", "/download/attachments/"+page+"/a.txt?version=1", nil)
	equal(t, "hole", string(b.do(200, "GET", "/download/attachments/"+page+"/a.txt?version=2", nil).raw), "two")
	b.site.AddUser("eve", "Eve", "eve@example.test")
	b.as("eve").do(400, "DELETE", path, nil)
	b.do(204, "DELETE", path, nil)
	equal(t, "in the trash", strings.Join(b.do(200, "GET", "/rest/api/space/HR/trash", nil).col("id"), " "), id)
	b.do(404, "GET", "/download/attachments/"+page+"/a.txt", nil)
	b.do(204, "DELETE", "/rest/api/content/"+id+"?status=trashed", nil)
	equal(t, "purged", len(b.do(200, "GET", "/rest/api/space/HR/trash", nil).col("id")), 0)
}

func TestRow_AT_11_DC(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	for _, name := range []string{"a b.txt", "100% sure.txt", "a+b.txt", "Ærø ü.txt", "日本.txt"} {
		link := b.attachDC(page, name, name).str("results.0._links.download")
		equal(t, name, string(b.do(200, "GET", link, nil).raw), name)
		row := b.do(200, "GET", "/rest/api/content/"+page+"/child/attachment?filename="+strings.NewReplacer("%", "%25", "+", "%2B", " ", "%20").Replace(name), nil)
		equal(t, "kept", strings.Join(row.col("title"), "|"), name)
	}
	b.upload(400, "POST", "/rest/api/content/"+page+"/child/attachment", part{"file", "a/b.txt", "text/plain", "x"})
}

func TestRow_AT_14_DC(t *testing.T) {
	b := newDC(t, "")
	page, _ := b.fileIn("HR", "a.txt", "1234567")
	g := b.do(200, "GET", "/rest/api/content/"+page+"/child/attachment?expand=version,container,history,metadata.labels", nil)
	equal(t, "size", g.num("results.0.extensions.fileSize"), 7)
	equal(t, "type", g.str("results.0.extensions.mediaType"), "text/plain")
	equal(t, "container", g.str("results.0.container.id"), page)
	equal(t, "by type", len(b.do(200, "GET", "/rest/api/content/"+page+"/child/attachment?mediaType=image/png", nil).col("id")), 0)
}

func TestRow_ID_12_Attachments(t *testing.T) {
	for option, prefixed := range map[string]bool{"with": true, "without": false} {
		b := newDC(t, "", "ID-12", option)
		_, path := b.fileIn("HR", "a.txt", "x")
		at := strings.LastIndexByte(path, '/') + 1
		equal(t, option, strings.HasPrefix(path[at:], "att"), prefixed)
		b.do(204, "DELETE", path[:at]+strings.TrimPrefix(path[at:], "att"), nil) // both forms are taken
	}
	b := newDC(t, "")
	b.siteSpace("HR")
	if _, number := b.do(200, "GET", "/rest/api/space/HR", nil).at("id").(float64); !number {
		t.Error("the id of a space is no number")
	}
}

func TestExtractedText(t *testing.T) {
	b := newDC(t, "10.2")
	page, path := b.fileIn("HR", "a.txt", "some words")
	equal(t, "text", b.do(200, "GET", path+"/extractedtext?limit=4", nil).str("extractedText"), "some")
	png := b.upload(200, "POST", "/rest/api/content/"+page+"/child/attachment", part{"file", "p.png", "image/png", "x"}).str("results.0.id")
	b.do(204, "GET", "/rest/api/content/"+page+"/child/attachment/"+png+"/extractedtext", nil)
	newDC(t, "9.2").do(404, "GET", "/rest/api/content/1/child/attachment/2/extractedtext", nil)
}

func TestRow_AU_15_Uploads(t *testing.T) {
	b := newDC(t, "")
	b.siteSpace("HR")
	page := b.sitePage("HR", "P", "")
	for token, want := range map[string]int{"": 403, "nocheck": 403, "no-check": 200} {
		r := b.uploadRequest("POST", "/rest/api/content/"+page+"/child/attachment", part{"file", "f" + token, "text/plain", "x"})
		r.Header.Del("X-Atlassian-Token")
		if token != "" {
			r.Header.Set("X-Atlassian-Token", token)
		}
		g := b.send(r)
		equal(t, "token "+token, g.status, want)
		if want == http.StatusForbidden && !strings.Contains(string(g.raw), "XSRF check failed") {
			t.Errorf("%s", g.raw)
		}
	}
}
