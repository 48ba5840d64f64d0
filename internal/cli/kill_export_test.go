package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

const (
	killAnna = "4028b8e1000000000000000000000a01"
	killBert = "4028b8e1000000000000000000000b02" // has no account at the destination
)

// killPeople maps one of the two people to the only account that an emulated Cloud has from the start.
const killPeople = "source_key,source_name,source_email,match,account_id,used\n" +
	killAnna + ",Anna,anna@example.com,manual,svc-tandem,1\n" +
	"group:staff,,,manual,group:site-admins,1\n"

// Ids of the pages of the small wiki. References by id lead from a page to one below it, which is always made later: so
// each takes a second pass, however the calls are timed.
const (
	killHome = 2001 + iota
	killAlpha
	killDetail
	killBeta
	killGamma
	killSecret
	killOld
	killNew
	killNewSecret
)

// killEdition says which edition of the small wiki is written: the first, or the second, in which people went on working.
type killEdition int

// writeKillExport writes the small wiki: two spaces in which every change that a migration makes occurs.
func writeKillExport(path string, edition killEdition) error {
	var out bytes.Buffer
	bw, err := backup.Create(&out, backup.Options{Site: true})
	if err != nil {
		return err
	}
	w := killWriter{bw, edition == 2}
	bw.User(backup.User{Key: killAnna, Name: "anna", FullName: "Anna", Email: "anna@example.com"})
	bw.User(backup.User{Key: killBert, Name: "bert", FullName: "Bert", Email: "bert@example.com"})
	w.books()
	w.news()
	if err := bw.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}

type killWriter struct {
	*backup.Writer
	later bool
}

// or returns the text of the edition that is written.
func (w killWriter) or(first, second string) string {
	if w.later {
		return second
	}
	return first
}

func (w killWriter) page(c backup.Content) int64 {
	c.Space, c.Creator, c.Created = "KILL", killAnna, time.Date(2024, 5, 6, 7, 8, 0, 0, time.UTC)
	if c.Version == 0 {
		c.Version = 1
	}
	return w.Page(c)
}

// edited is the version of a content that differs between the editions.
func (w killWriter) edited() int {
	if w.later {
		return 3
	}
	return 2
}

func (w killWriter) file(on int64, kind backup.Kind, name, text string, version int) {
	w.Attachment(backup.Attachment{
		Container: on, On: kind, Space: "KILL", Name: name, MediaType: "text/plain", Size: int64(len(text)), Creator: killAnna, Version: version,
		Open: func() (io.Reader, error) { return strings.NewReader(text), nil },
	})
}

func (w killWriter) say(id, on int64, kind backup.Kind, parent int64, text string, version int) int64 {
	return w.Comment(backup.Comment{
		ID: id, Container: on, On: kind, Parent: parent, Creator: killAnna, Body: backup.Storage("<p>" + text + "</p>"), Version: version,
		Created: time.Date(2024, 6, 1, 0, int(id%1000), 0, 0, time.UTC),
	})
}

func permissions(types ...string) []backup.Permission {
	var out []backup.Permission
	for _, t := range types {
		out = append(out, backup.Permission{Type: t, Principal: backup.Principal{Group: "staff"}})
	}
	return out
}

func labels(names ...string) []backup.Label {
	var out []backup.Label
	for _, n := range names {
		out = append(out, backup.Label{Namespace: "global", Name: n})
	}
	return out
}

func byID(id int) string {
	return fmt.Sprintf(`<a href="/pages/viewpage.action?pageId=%d">below</a>`, id)
}

// books writes the space with pages.
func (w killWriter) books() {
	w.Space(backup.Space{Key: "KILL", Name: "Books", Home: killHome, Creator: killAnna, Permissions: permissions("VIEWSPACE", "EDITSPACE", "COMMENT")})
	w.page(backup.Content{ID: killHome, Title: "Books home", Body: backup.Storage("<p>Welcome, see " + byID(killAlpha) +
		` and <ac:link><ri:page ri:content-title="Beta"/></ac:link></p>`)})
	w.page(backup.Content{ID: killAlpha, Parent: killHome, Title: "Alpha", Position: 30, Positioned: true, Version: w.edited(),
		Body:   backup.Storage("<h1>Alpha</h1><p>" + byID(killDetail) + w.or(" first", " second") + ` <ac:link><ri:user ri:userkey="` + killAnna + `"/></ac:link></p>`),
		Labels: labels("kept")})
	w.page(backup.Content{ID: killDetail, Parent: killAlpha, Title: w.or("Detail", "Detail, renamed"), Version: w.edited(),
		Body: backup.Storage("<p>" + byID(killOld) + "</p><table><tbody><tr><td>a</td><td>&eacute;</td></tr></tbody></table>")})
	w.page(backup.Content{ID: killOld, Parent: killDetail, Title: "Old markup", Body: backup.Wiki("h1. Old\n\n* one\n* two\n")})
	beta := backup.Content{ID: killBeta, Parent: killHome, Title: "Beta", Position: 10, Positioned: true, Body: backup.Storage("<p>Beta</p>"),
		Labels: labels("blue", "green")}
	gamma := backup.Content{ID: killGamma, Parent: killHome, Title: "Gamma", Position: 20, Positioned: true, Body: backup.Storage("<p>Gamma</p>"),
		Editors: []backup.Principal{{User: killAnna}}}
	secret := backup.Content{ID: killSecret, Parent: killBeta, Title: "Secret", Body: backup.Storage("<p>hidden</p>"),
		Readers: []backup.Principal{{User: killAnna}, {User: killBert}}}
	if w.later {
		beta.Labels, gamma.Editors = labels("blue", "red"), nil
		gamma.Parent, gamma.Positioned = killAlpha, false
		beta.Position = 40 // behind Alpha now
		secret.Editors = secret.Readers
	}
	w.page(beta)
	w.page(gamma)
	w.page(secret)
	w.file(killBeta, backup.OnPage, "a b.txt", w.or("bytes", "other bytes"), w.edited())
	w.file(killGamma, backup.OnPage, "a b.txt", "bytes", 1)
	w.discussion()
	post := w.BlogPost(backup.Content{ID: 2101, Space: "KILL", Title: "Alpha", Creator: killAnna, Created: time.Date(2024, 3, 4, 8, 0, 0, 0, time.UTC),
		Body: backup.Storage("<p>a post of the same title</p>"), Labels: labels("news")})
	w.file(post, backup.OnBlogPost, "chart.txt", "|||", 1)
	w.say(2301, post, backup.OnBlogPost, 0, "on the post", 1)
	w.BlogPost(backup.Content{ID: 2102, Space: "KILL", Title: "Alpha", Creator: killAnna, Created: time.Date(2024, 3, 5, 8, 0, 0, 0, time.UTC),
		Body: backup.Storage("<p>a post of the same title</p>")})
	if w.later {
		w.page(backup.Content{ID: killNew, Parent: killBeta, Title: "New", Body: backup.Storage("<p>" + byID(killBeta) + "</p>"), Labels: labels("blue")})
		w.file(killNew, backup.OnPage, "new.txt", "new", 1)
		w.page(backup.Content{ID: killNewSecret, Parent: killNew, Title: "New secret", Body: backup.Storage("<p>for few</p>"), Readers: []backup.Principal{{User: killAnna}}})
		w.say(2206, killNewSecret, backup.OnPage, 0, "among us", 1)
	}
}

// discussion has a reply to a reply, and two comments that nothing tells apart.
func (w killWriter) discussion() {
	first := w.say(2201, killBeta, backup.OnPage, 0, "same", 1)
	w.say(2202, killBeta, backup.OnPage, 0, "same", 1)
	reply := w.say(2203, killBeta, backup.OnPage, first, w.or("answer", "answer, edited"), w.edited())
	w.say(2204, killBeta, backup.OnPage, reply, "answer to it", 1)
	if w.later {
		w.say(2205, killBeta, backup.OnPage, 0, "same", 1)
	}
}

// news writes the space that has blog posts only: the page that the server makes goes to the trash.
func (w killWriter) news() {
	w.Space(backup.Space{Key: "NEWS", Name: "News", Creator: killAnna, Permissions: permissions("VIEWSPACE")})
	w.BlogPost(backup.Content{ID: 2103, Space: "NEWS", Title: "Opened", Creator: killAnna, Created: time.Date(2024, 1, 2, 8, 0, 0, 0, time.UTC),
		Body: backup.Storage(`<p>See <ac:link><ri:page ri:space-key="KILL" ri:content-title="Beta"/></ac:link></p>`)})
}
