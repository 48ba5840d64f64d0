// Package company is the sample company of the demo: Lindgaard & Voss, a maker of cargo bikes with a drive controller and
// a fleet portal of its own. Its wiki has three spaces, which [Write] delivers as a site backup of Data Center.
//
// The texts stand in content, in a plain notation that markup.go turns into storage format; pictures and other files are
// drawn by files.go. Everything is made up, and the same seed gives the same bytes.
package company

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/tandem-sync/tandem/internal/emulator/backup"
)

// OldSite is the address of the company's Data Center in what [Write] writes. Some links in the texts are absolute and
// lead there.
const OldSite = "https://wiki.lindgaard.example"

// Counts is what a space, or the whole wiki, holds.
type Counts struct {
	Pages, BlogPosts, Attachments                        int
	FooterComments, Replies, InlineComments              int
	Labels, Restricted, Templates, Users, Groups, Spaces int
}

// Expected is what the export holds in all. It is written down, not counted: a test holds the texts to it.
var Expected = Counts{
	Spaces: 3, Pages: 128, BlogPosts: 6, Attachments: 46, Users: 24, Groups: 6,
	FooterComments: 18, Replies: 19, InlineComments: 2, Labels: 252, Restricted: 5, Templates: 3,
}

// ExpectedSpaces is what each space holds: pages, blog posts, attachments and restricted pages.
var ExpectedSpaces = map[string]Counts{
	"HR":  {Pages: 42, Attachments: 12, Restricted: 4},
	"ENG": {Pages: 63, BlogPosts: 6, Attachments: 29, Restricted: 1},
	"OPS": {Pages: 23, Attachments: 5},
}

// wiki reads the texts once.
var wiki = sync.OnceValues(func() (*library, error) { return load(texts) })

// Write writes the export to w.
func Write(w io.Writer, seed uint64) error { return WriteAt(w, seed, OldSite) }

// WriteAt writes the export of a Data Center at another address, without a slash at its end, for a site that is to stand
// there with these contents.
func WriteAt(w io.Writer, seed uint64, address string) error {
	l, err := wiki()
	if err != nil {
		return err
	}
	b, err := backup.Create(w, backup.Options{Site: true, Seed: seed, At: exported})
	if err != nil {
		return err
	}
	e := &exporter{library: l, out: b, seed: seed, address: address, comments: map[*document][]int64{}}
	e.people()
	for _, s := range spaces {
		e.space(s)
	}
	if err := e.err; err != nil {
		return err
	}
	return b.Close()
}

// exporter hands the texts to the writer of the backup.
type exporter struct {
	*library
	out      *backup.Writer
	seed     uint64
	address  string
	comments map[*document][]int64
	err      error
}

func (e *exporter) people() {
	for _, u := range users {
		e.out.User(backup.User{Key: u.Key, Name: u.Name, FullName: u.FullName, Email: u.Email, Inactive: u.Former})
	}
	for _, g := range Groups() {
		e.out.Group(backup.Group{Name: g.Name, Description: g.About, Members: g.Members})
		e.out.GlobalPermission(backup.Permission{Type: "USECONFLUENCE", Principal: backup.Principal{Group: g.Name}})
	}
	e.out.Setting(backup.Setting{Context: "_GLOBAL", Key: "atlassian.confluence.settings", Value: "<settings><baseUrl>" + e.address + "</baseUrl></settings>"})
}

func (e *exporter) space(s spaceFacts) {
	home := e.home(s.key)
	made := backup.Space{
		ID: s.id, Key: s.key, Name: s.name, Home: home.id(e.seed), Description: s.about, Creator: userKey(s.owner),
		Created: founded, Modified: founded, Categories: []backup.Label{{Namespace: "team", Name: s.category}},
	}
	for _, g := range s.grants {
		for _, kind := range g.kinds {
			made.Permissions = append(made.Permissions, backup.Permission{Type: kind, Principal: backup.Principal{Group: g.group}})
		}
	}
	e.out.Space(made)
	for _, d := range e.documents {
		if d.space == s.key {
			e.document(d)
		}
	}
	for _, d := range e.documents {
		if d.space == s.key {
			e.attach(d)
			e.discuss(d)
		}
	}
}

func (e *exporter) document(d *document) {
	body, err := e.storage(d, e.seed, e.address)
	if err != nil {
		e.err = err
		return
	}
	if d.kind == "template" {
		t := backup.Template{Name: d.title, Space: d.space, Description: d.about, Body: backup.Storage(body), Creator: userKey(d.by)}
		if d.global {
			t.Space = ""
		}
		e.out.Template(t)
		return
	}
	c := backup.Content{
		ID: d.id(e.seed), Space: d.space, Title: d.title, Position: d.position, Positioned: d.positioned, Version: max(d.versions, 1),
		Creator: userKey(d.by), Modifier: userKey(d.editor), Created: d.at, Modified: d.edited, Message: d.message,
		Body: backup.Storage(body), Readers: principals(d.readers), Editors: principals(d.editors),
	}
	for _, l := range d.labels {
		c.Labels = append(c.Labels, backup.Label{Name: l})
	}
	for _, u := range d.watchers {
		c.Watchers = append(c.Watchers, userKey(u))
	}
	if d.parent != nil {
		c.Parent = d.parent.id(e.seed)
	}
	write := e.out.Page
	if d.kind == "blog" {
		write = e.out.BlogPost
	}
	for v := 1; v < c.Version; v++ {
		write(d.version(v, c, body))
	}
	write(c)
}

// version is an older version of a content: as it was before the last blocks were added.
func (d *document) version(v int, c backup.Content, body string) backup.Content {
	c.ID, c.Original, c.Version = 0, c.ID, v
	c.Labels, c.Readers, c.Editors, c.Watchers, c.Positioned, c.Message = nil, nil, nil, nil, false, ""
	c.Modified = d.at.Add(d.edited.Sub(d.at) * time.Duration(v) / time.Duration(d.versions))
	if end := bytes.Index([]byte(body), []byte("</p>")); end > 0 && bytes.HasPrefix([]byte(body), []byte("<p>")) {
		c.Body = backup.Storage(body[:end+len("</p>")])
	}
	return c
}

func (e *exporter) attach(d *document) {
	on := backup.OnPage
	if d.kind == "blog" {
		on = backup.OnBlogPost
	}
	for i, f := range d.files {
		data, err := f.bytes()
		if err != nil {
			e.err = err
			return
		}
		e.out.Attachment(backup.Attachment{
			ID: d.id(e.seed) + int64(i) + 1, Container: d.id(e.seed), On: on, Space: d.space, Name: f.name, MediaType: f.mediaType(),
			Comment: f.comment, Size: int64(len(data)), Creator: userKey(d.by), Created: d.at,
			Open: func() (io.Reader, error) { return bytes.NewReader(data), nil },
		})
	}
}

func (e *exporter) discuss(d *document) {
	on := backup.OnPage
	if d.kind == "blog" {
		on = backup.OnBlogPost
	}
	var top int64
	for _, c := range d.comments {
		body, err := e.remark(d, c.text, e.seed, e.address)
		if err != nil {
			e.err = err
			return
		}
		k := backup.Comment{Container: d.id(e.seed), On: on, Creator: userKey(c.by), Created: c.at, Body: backup.Storage(body)}
		if c.reply {
			k.Parent = top
		}
		if c.inline > 0 {
			k.Inline = &backup.Inline{Marker: marker(d, c.inline, e.seed), Selection: d.selections[c.inline], Status: "open"}
		}
		id := e.out.Comment(k)
		if !c.reply {
			top = id
		}
	}
}
