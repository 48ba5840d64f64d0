package emulator

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// part is a part of an upload.
type part struct{ name, file, form, value string }

func (b *bench) upload(want int, method, path string, parts ...part) got {
	b.t.Helper()
	g := b.send(b.uploadRequest(method, path, parts...))
	if g.status != want {
		b.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, g.status, want, g.raw)
	}
	return g
}

func (b *bench) uploadRequest(method, path string, parts ...part) *http.Request {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name="%s"`, p.name)
		if p.file != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, p.file)
		}
		h.Set("Content-Disposition", disposition)
		if p.form != "" {
			h.Set("Content-Type", p.form)
		}
		to, err := w.CreatePart(h)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := to.Write([]byte(p.value)); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := b.request(method, path, body.String())
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("X-Atlassian-Token", "no-check")
	return r
}

// download follows the redirect as another client, without credentials.
func (b *bench) download(page, id, query string) string {
	b.t.Helper()
	first := b.do(302, "GET", "/wiki/rest/api/content/"+page+"/child/attachment/"+id+"/download"+query, nil)
	w := httptest.NewRecorder()
	b.site.Handler().ServeHTTP(w, httptest.NewRequest("GET", first.header.Get("Location"), nil))
	if w.Code != 200 {
		b.t.Fatalf("media: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestAttachments: AT-01, AT-03 to AT-05, AT-07, AT-09, AT-11, AT-13, OF-34.
func TestAttachments(t *testing.T) {
	b := newBench(t, "AT-07", "2000000")
	id, home := b.space("A")
	p := b.page(id, "", "P", "<p/>")
	path := "/wiki/rest/api/content/" + p + "/child/attachment"
	file := func(name, value string) part { return part{"file", name, "text/plain", value} }
	minor := part{"minorEdit", "", "", "true"}
	r := b.uploadRequest("PUT", path, file("a.txt", "one"), minor)
	r.Header.Del("X-Atlassian-Token")
	if g := b.send(r); g.status != 403 || string(g.raw) != "XSRF check failed" {
		t.Errorf("XSRF: %d %s", g.status, g.raw)
	}
	made := b.upload(200, "PUT", path, file("a.txt", "one"), minor, part{"comment", "", "text/plain; charset=UTF-8", "Größe"})
	att := made.str("results.0.id")
	if !strings.HasPrefix(att, "att") {
		t.Fatalf("id %s", att)
	}
	equal(t, "comment", made.str("results.0.extensions.comment"), "Größe")
	b.wait(time.Minute)
	again := b.upload(200, "PUT", path, file("a.txt", "two!"), minor, part{"comment", "", "", "Größe"})
	equal(t, "same id", again.str("results.0.id"), att)
	equal(t, "next version", again.num("results.0.version.number"), 2)
	equal(t, "without charset it is Latin-1", again.str("results.0.extensions.comment"), "GrÃ¶Ã\u009fe")
	refused := b.upload(400, "POST", path, file("a.txt", "x"), minor)
	if !strings.Contains(refused.str("message"), "same file name") {
		t.Errorf("message %s", refused.raw)
	}
	odd := "a+b %C3 ü\u0301.txt"
	b.upload(200, "POST", path, file(odd, "odd"), minor)
	b.upload(400, "POST", path, file("a/b.txt", "x"), minor)
	b.upload(400, "POST", path, minor)
	b.upload(404, "PUT", path, file("big.bin", strings.Repeat("x", 2000001)), minor)
	b.upload(200, "PUT", path, file("big.bin", strings.Repeat("x", 2000000)), minor)
	b.upload(404, "PUT", "/wiki/rest/api/content/1/child/attachment", file("a", "x"))
	b.upload(404, "PUT", path+"?status=draft", file("a", "x"))

	list := b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/attachments?sort=-created-date", nil)
	same(t, "names as given", list.col("title"), "big.bin", odd, "a.txt")
	one := b.do(200, "GET", "/wiki/api/v2/attachments/"+att+"?include-versions=true&include-labels=true&include-properties=true&include-operations=true", nil)
	equal(t, "size", one.num("fileSize"), 4)
	equal(t, "page", one.str("pageId"), p)
	same(t, "by name", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/attachments?filename=a.txt", nil).col("id"), att)
	equal(t, "site-wide", len(b.do(200, "GET", "/wiki/api/v2/attachments?mediaType=text/plain", nil).col("id")), 3)
	same(t, "versions", b.do(200, "GET", "/wiki/api/v2/attachments/"+att+"/versions", nil).col("number"), "2", "1")
	equal(t, "page version", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number"), 1)
	equal(t, "bytes", b.download(p, att, ""), "two!")
	equal(t, "old bytes", b.download(p, att, "?version=1"), "one")
	b.do(404, "GET", path+"/"+att+"/download?version=7", nil)
	w := httptest.NewRecorder()
	b.site.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/media/file/"+att[3:]+"/2?token=guess", nil))
	equal(t, "media with a guessed token", w.Code, 403)

	b.upload(200, "POST", path+"/"+att+"/data", file("other-name.txt", "three"), minor)
	rename := func(want, number int, title string) {
		t.Helper()
		b.do(want, "PUT", path+"/"+att, object{"id": att, "type": "attachment", "title": title, "version": object{"number": number}})
	}
	rename(409, 2, "b.txt")
	rename(200, 3, "b.txt")
	rename(200, 5, "c.txt")
	rename(400, 5, odd)
	moved := b.do(200, "PUT", path+"/"+att, object{"id": att, "type": "attachment", "version": object{"number": 5}, "container": object{"id": home}})
	equal(t, "moved", moved.str("container.id"), home)
	equal(t, "bytes stay", b.download(home, att, ""), "three")
	b.do(404, "GET", path+"/"+att+"/download", nil)

	b.do(404, "DELETE", "/wiki/api/v2/attachments/"+att[3:]+"?purge=true", nil)
	b.do(204, "DELETE", "/wiki/api/v2/attachments/"+att[3:], nil)
	same(t, "trash", b.do(200, "GET", "/wiki/api/v2/pages/"+home+"/attachments?status=trashed", nil).col("id"), att)
	b.do(204, "DELETE", "/wiki/api/v2/attachments/"+att+"?purge=true", nil)
	b.do(404, "GET", "/wiki/api/v2/attachments/"+att, nil)
	counts := b.site.Counts()
	equal(t, "counted", counts.AttachmentsCurrent, 2)
	equal(t, "with bytes", counts.AttachmentsWithBinary, 2)

	draft := b.do(200, "POST", "/wiki/api/v2/pages", object{"spaceId": id, "status": "draft", "title": "D"}).str("id")
	b.upload(200, "PUT", "/wiki/rest/api/content/"+draft+"/child/attachment?status=draft", file("d.txt", "d"), minor)
	b.upload(200, "PUT", path, part{"file", "empty.png", "", ""}, minor)
	equal(t, "media type by name", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/attachments?filename=empty.png", nil).str("results.0.mediaType"), "image/png")
}

// TestFooterComments: CO-01, CO-08.
func TestFooterComments(t *testing.T) {
	b := newBench(t)
	b.site.AddUser("ann", "Ann", "ann@example.test")
	id, _ := b.space("C")
	p := b.page(id, "", "P", "<p/>")
	post := b.do(200, "POST", "/wiki/api/v2/blogposts", object{"spaceId": id, "title": "Post"}).str("id")
	att := b.upload(200, "PUT", "/wiki/rest/api/content/"+p+"/child/attachment", part{"file", "f.txt", "", "x"}).str("results.0.id")
	create := func(want int, member, on, text string) got {
		t.Helper()
		b.wait(time.Second)
		return b.do(want, "POST", "/wiki/api/v2/footer-comments", object{member: on, "body": storage(text)})
	}
	c1 := create(201, "pageId", p, "<p>one</p>")
	c2 := create(201, "pageId", p, "<p>two</p>").str("id")
	reply := create(201, "parentCommentId", c1.str("id"), "<p>reply</p>").str("id")
	onPost := create(201, "blogPostId", post, "<p>post</p>").str("id")
	onFile := create(201, "attachmentId", att, "<p>file</p>").str("id")
	equal(t, "location", c1.header.Get("Location"), "/wiki/api/v2/footer-comments/"+c1.str("id"))
	create(404, "pageId", "12", "<p/>")
	create(400, "pageId", p, "<p>")
	b.do(400, "POST", "/wiki/api/v2/footer-comments", object{"pageId": p})
	b.do(400, "POST", "/wiki/api/v2/footer-comments", object{"body": storage("")})
	same(t, "roots of the page", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/footer-comments?body-format=storage", nil).col("id"), c1.str("id"), c2)
	same(t, "of the post", b.do(200, "GET", "/wiki/api/v2/blogposts/"+post+"/footer-comments", nil).col("id"), onPost)
	same(t, "of the attachment", b.do(200, "GET", "/wiki/api/v2/attachments/"+att+"/footer-comments", nil).col("id"), onFile)
	same(t, "replies", b.do(200, "GET", "/wiki/api/v2/footer-comments/"+c1.str("id")+"/children?body-format=storage", nil).col("id"), reply)
	all := b.do(200, "GET", "/wiki/api/v2/footer-comments?sort=-modified-date&body-format=storage", nil)
	same(t, "site-wide, newest first", all.col("id"), onFile, onPost, reply, c2, c1.str("id"))
	path := "/wiki/api/v2/footer-comments/" + reply
	update := object{"version": object{"number": 2}, "body": storage("<p>better</p>")}
	b.as("ann").do(404, "PUT", path, update)
	b.do(409, "PUT", path, object{"version": object{"number": 1}, "body": storage("<p>x</p>")})
	equal(t, "number", b.do(200, "PUT", path, update).num("version.number"), 2)
	equal(t, "body", b.do(200, "GET", path+"?body-format=storage", nil).str("body.storage.value"), "<p>better</p>")
	equal(t, "old body", b.do(200, "GET", path+"?body-format=storage&version=1", nil).str("body.storage.value"), "<p>reply</p>")
	n := b.site.Counts()
	equal(t, "footer comments on pages and posts", n.FooterComments, 3)
	equal(t, "replies", n.Replies, 1)
	b.do(204, "DELETE", "/wiki/api/v2/footer-comments/"+c1.str("id"), nil)
	b.do(404, "GET", "/wiki/api/v2/footer-comments/"+c1.str("id"), nil)
	b.do(404, "GET", path, nil)
	b.do(204, "DELETE", "/wiki/api/v2/pages/"+p, nil)
	same(t, "comments of a trashed page", b.do(200, "GET", "/wiki/api/v2/footer-comments", nil).col("id"), onPost)
}

// TestInlineComments: CO-02, CO-04, CO-06, CO-07.
func TestInlineComments(t *testing.T) {
	b := newBench(t)
	id, _ := b.space("I")
	p := b.page(id, "", "P", "<p>one two</p><p>two</p>")
	create := func(want int, text string, count, index int) got {
		t.Helper()
		return b.do(want, "POST", "/wiki/api/v2/inline-comments", object{
			"pageId": p, "body": storage("<p>c</p>"),
			"inlineCommentProperties": object{"textSelection": text, "textSelectionMatchCount": count, "textSelectionMatchIndex": index},
		})
	}
	create(400, "three", 1, 0)
	create(400, "two", 1, 0)
	create(400, "two", 2, 2)
	c := create(201, "two", 2, 1)
	ref := c.str("properties.inlineMarkerRef")
	marked := `<p>one two</p><p><ac:inline-comment-marker ac:ref="` + ref + `">two</ac:inline-comment-marker></p>`
	equal(t, "marker", b.body(p), marked)
	equal(t, "no version", b.do(200, "GET", "/wiki/api/v2/pages/"+p, nil).num("version.number"), 1)
	reply := b.do(201, "POST", "/wiki/api/v2/inline-comments", object{"parentCommentId": c.str("id"), "body": storage("<p>r</p>")})
	same(t, "replies", b.do(200, "GET", "/wiki/api/v2/inline-comments/"+c.str("id")+"/children", nil).col("id"), reply.str("id"))
	same(t, "open", b.do(200, "GET", "/wiki/api/v2/pages/"+p+"/inline-comments?resolution-status=open", nil).col("id"), c.str("id"))
	path := "/wiki/api/v2/inline-comments/" + c.str("id")
	b.put(200, p, "P", "<p>one two</p><p>two</p>", 2)
	equal(t, "without its marker", b.do(200, "GET", path, nil).str("resolutionStatus"), "dangling")
	b.do(400, "PUT", path, object{"version": object{"number": 2}, "body": storage("<p>x</p>")})
	b.put(200, p, "P", marked, 3)
	equal(t, "with it again", b.do(200, "GET", path, nil).str("resolutionStatus"), "open")
	equal(t, "resolved", b.do(200, "PUT", path, object{"version": object{"number": 2}, "resolved": true}).str("resolutionStatus"), "resolved")
	equal(t, "reopened", b.do(200, "PUT", path, object{"version": object{"number": 3}, "resolved": false}).str("resolutionStatus"), "reopened")
	same(t, "site-wide", b.do(200, "GET", "/wiki/api/v2/inline-comments?body-format=storage", nil).col("id"), c.str("id"), reply.str("id"))
	b.do(404, "GET", "/wiki/api/v2/footer-comments/"+c.str("id"), nil)
	b.do(404, "POST", "/wiki/api/v2/footer-comments", object{"parentCommentId": c.str("id"), "body": storage("<p/>")})
	n := b.site.Counts()
	equal(t, "inline", n.InlineComments, 1)
	equal(t, "replies", n.Replies, 1)
	b.do(204, "DELETE", path, nil)
	equal(t, "gone with its replies", b.site.Counts().Replies, 0)
}
