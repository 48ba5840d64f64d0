package backup

import (
	"strings"
	"time"
)

// BodyType says in which language a body is written.
type BodyType int

// The body types, by their numbers in the export.
const (
	BodyWiki    BodyType = 0 // wiki markup, before 4.0
	BodyRaw     BodyType = 1 // plain text or JSON
	BodyStorage BodyType = 2 // storage format
)

// Body is the text of a content.
type Body struct {
	Type   BodyType
	Text   []byte // copied at once; the caller may use it again
	Absent bool   // no body object at all
}

// Storage is a body in storage format.
func Storage(text string) Body { return Body{Type: BodyStorage, Text: []byte(text)} }

// Wiki is a body in wiki markup.
func Wiki(text string) Body { return Body{Type: BodyWiki, Text: []byte(text)} }

// Label is a label. Owner is the key of the user whom a personal label belongs to.
type Label struct{ Namespace, Name, Owner string }

// Property is an internal fact on a content, or a value that an app stored there.
type Property struct {
	Name   string
	String string
	Long   int64
	IsLong bool
	Date   time.Time
}

// Content is a page or a blog post, or one of their versions.
type Content struct {
	ID                int64 // 0 = the next automatic one
	Original          int64 // id of the current version; 0 = this is it
	Space             string
	Parent            int64 // pages
	Title             string
	Position          int // pages
	Positioned        bool
	Status            string // current (default), draft, deleted, archived
	Version           int    // 0 = 1
	Message           string // comment on the version
	Creator, Modifier string
	Created, Modified time.Time // the posting day of a blog post is Created
	Body              Body
	Labels            []Label
	Properties        []Property
	Readers, Editors  []Principal // empty = open
	Watchers, Likes   []string
	Editor            string // editorVersion of Cloud: v2
}

// Page writes a page with its body, properties, labels and restrictions, and gives its id.
func (w *Writer) Page(c Content) int64 { return w.piece(classPage, c) }

// BlogPost writes a blog post, likewise.
func (w *Writer) BlogPost(c Content) int64 { return w.piece(classBlogPost, c) }

func (w *Writer) piece(kind class, c Content) int64 {
	c.ID = w.content(c.ID)
	s, ok := w.spaces[c.Space]
	if !ok && c.Space != "" {
		w.fail("content %q: its space %q was not written before", c.Title, c.Space)
	}
	head := c.Original == 0 && or(c.Status, "current") == "current"
	if head {
		c = w.spoil(kind, c, s)
	}
	if c.Space == "" {
		s.id = 0
	}
	times := 1
	if head && w.take(DefectDuplicateObject, c.Title, c.ID) {
		times = 2
	}
	var properties []reference
	for range c.Properties {
		properties = append(properties, reference{classProperty, w.other(classProperty)})
	}
	if c.Original != 0 && c.Status == "" && w.take(DefectDeletedVersion, c.Title, c.ID) {
		c.Status = "deleted"
	}
	if c.Original != 0 && c.Status == "" && w.take(DefectMissingVersion, c.Title, c.ID) {
		times = 0
	}
	for range times {
		w.pieceObject(kind, c, s.id, properties)
	}
	w.properties(kind, c.ID, c.Properties, properties)
	w.relations(kind, c)
	return c.ID
}

func (w *Writer) pieceObject(kind class, c Content, space int64, properties []reference) {
	w.begin(kind, c.ID)
	w.number("hibernateVersion", int64(max(c.Version, 1)+1))
	w.text("title", c.Title)
	w.text("lowerTitle", strings.ToLower(c.Title))
	w.number("version", int64(max(c.Version, 1)))
	w.dates(c.Creator, c.Modifier, c.Created, c.Modified)
	w.text("versionComment", c.Message)
	w.status(c.Status)
	w.ref("originalVersion", kind, c.Original)
	if w.o.Generation != New && c.Original == 0 {
		w.null("originalVersionId")
	} else if c.Original != 0 {
		w.number("originalVersionId", c.Original)
	}
	if kind == classPage {
		w.ref("parent", classPage, c.Parent)
		if c.Positioned {
			w.number("position", int64(c.Position))
		} else {
			w.null("position")
		}
	}
	w.plain("editorVersion", c.Editor)
	w.ref("space", classSpace, space)
	if len(properties) > 0 {
		w.list("contentProperties", properties)
	}
	if c.Original == 0 && c.Title != "" && w.take(DefectRepeatedProperty, c.Title, c.ID) {
		w.text("title", c.Title)
	}
	if c.Original == 0 && w.take(DefectUnknownElement, c.Title, c.ID) {
		w.buf = append(w.buf, "<oddity name=\"what\"><inner>nobody knows</inner></oddity>\n"...)
	}
	w.end()
}

func (w *Writer) status(status string) {
	if status == emptyStatus {
		w.name("contentStatus")
		w.buf = append(w.buf, "></property>\n"...)
		return
	}
	w.plain("contentStatus", or(status, "current"))
}

func (w *Writer) relations(kind class, c Content) {
	w.body(kind, c.ID, c.Body)
	w.labelled(kind, c.ID, c.Labels, c.Creator)
	w.restricted(kind, c, "View", c.Readers)
	w.restricted(kind, c, "Edit", c.Editors)
	for _, key := range c.Watchers {
		w.watched(kind, c, key)
	}
	for _, key := range c.Likes {
		w.begin(classLike, w.other(classLike))
		w.ref("content", kind, c.ID)
		w.user("user", key)
		w.date("creationDate", w.when(c.Created))
		w.end()
	}
	switch {
	case c.Original != 0:
		w.child(kind, c.Original, "historicalVersions", kind, c.ID)
		if w.o.Generation != New && w.take(DefectDuplicateVersion, c.Title, c.Original) {
			w.child(kind, c.Original, "historicalVersions", kind, c.ID)
		}
	case c.Parent != 0 && w.o.Cloud:
		w.child(classPage, c.Parent, "childrens", classPage, c.ID)
	case c.Parent != 0:
		w.child(classPage, c.Parent, "children", classPage, c.ID)
	}
}

func (w *Writer) watched(kind class, c Content, key string) {
	w.begin(classNotification, w.other(classNotification))
	w.ref("content", kind, c.ID)
	w.user("receiver", key)
	w.dates(key, key, c.Created, c.Created)
	w.plain("digest", "false")
	w.plain("network", "false")
	w.enum("type", "ContentTypeEnum", confluencePackage+"search.service", "page")
	w.end()
}

func (w *Writer) body(owner class, id int64, b Body) {
	if b.Absent {
		return
	}
	own := w.other(classBody)
	w.begin(classBody, own)
	w.cdata("body", b.Text)
	w.number("bodyType", int64(b.Type))
	w.ref("content", owner, id)
	w.end()
	w.child(owner, id, "bodyContents", classBody, own)
}

// properties writes the facts of a content. Old and Ancient leave out the reference to it: the owner is known from the
// owner's list only.
func (w *Writer) properties(owner class, id int64, properties []Property, ids []reference) {
	for i, p := range properties {
		w.begin(classProperty, ids[i].id)
		w.text("name", p.Name)
		w.text("stringValue", p.String)
		if p.IsLong {
			w.number("longValue", p.Long)
		} else {
			w.null("longValue")
		}
		w.date("dateValue", p.Date)
		if w.o.Generation == New {
			w.ref("content", owner, id)
		}
		w.end()
	}
}

// labelled writes labellings. A label itself is written when it is first used.
func (w *Writer) labelled(owner class, id int64, labels []Label, user string) {
	for _, l := range labels {
		l.Namespace = or(l.Namespace, "global")
		label, ok := w.labels[l]
		if !ok {
			label = w.other(classLabel)
			w.labels[l] = label
			w.begin(classLabel, label)
			w.text("name", l.Name)
			w.text("namespace", l.Namespace)
			w.date("creationDate", w.o.At)
			w.date("lastModificationDate", w.o.At)
			w.user("owningUser", l.Owner)
			w.end()
		}
		own := w.other(classLabelling)
		w.begin(classLabelling, own)
		w.date("creationDate", w.o.At)
		w.date("lastModificationDate", w.o.At)
		w.number("labelableId", id)
		if owner == classTemplate {
			w.plain("labelableType", "PAGETEMPLATE")
			w.ref("pageTemplate", owner, id)
		} else {
			w.plain("labelableType", "CONTENT")
			w.ref("content", owner, id)
		}
		w.ref("label", classLabel, label)
		w.user("owningUser", or(l.Owner, user))
		w.end()
		w.child(owner, id, "labellings", classLabelling, own)
	}
}

func (w *Writer) restricted(kind class, c Content, what string, to []Principal) {
	if len(to) == 0 {
		return
	}
	set := w.other(classPermissionSet)
	w.child(kind, c.ID, "contentPermissionSets", classPermissionSet, set)
	if w.take(DefectMissingPermissionSet, c.Title, c.ID) {
		return
	}
	w.begin(classPermissionSet, set)
	w.plain("type", what)
	w.date("creationDate", w.when(c.Modified))
	w.date("lastModificationDate", w.when(c.Modified))
	w.ref("owningContent", kind, c.ID)
	w.end()
	for _, p := range to {
		id := w.other(classPermission)
		w.begin(classPermission, id)
		w.plain("type", what)
		w.user("userSubject", p.User)
		w.text("groupName", p.Group)
		w.ref("owningSet", classPermissionSet, set)
		w.dates(c.Creator, c.Creator, c.Modified, c.Modified)
		w.end()
		w.child(classPermissionSet, set, "contentPermissions", classPermission, id)
	}
}
