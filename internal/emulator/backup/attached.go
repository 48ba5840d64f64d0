package backup

import (
	"io"
	"strings"
	"time"
)

// Kind is the kind of content that a comment or an attachment belongs to.
type Kind int

// The kinds of containers.
const (
	OnPage Kind = iota
	OnBlogPost
	OnAttachment
	OnDescription // of a space: its logo
)

var containers = map[Kind]class{
	OnPage: classPage, OnBlogPost: classBlogPost, OnAttachment: classAttachment, OnDescription: classDescription,
}

// Attachment is an attached file, or one of its versions.
type Attachment struct {
	ID        int64 // 0 = the next automatic one
	Original  int64 // id of the current version; 0 = this is it
	Container int64
	On        Kind
	Space     string
	Name      string
	MediaType string
	Version   int    // 0 = 1
	Comment   string // comment on the version
	Status    string
	Size      int64
	Open      func() (io.Reader, error) // nil = the file is not in the export; called by Close
	Creator   string
	Modifier  string // of this version; empty = the creator
	Created   time.Time
	Modified  time.Time // of this version; zero = Created
	Labels    []Label
}

// Attachment writes an attachment and gives its id. Its file is written by Close.
func (w *Writer) Attachment(a Attachment) int64 {
	a.ID = w.content(a.ID)
	on := containers[a.On]
	if a.Original == 0 {
		a = w.spoilFile(a)
	}
	if w.o.Generation == Ancient {
		w.ancientAttachment(a, on)
	} else {
		w.attachment(a, on)
	}
	w.labelled(classAttachment, a.ID, a.Labels, a.Creator)
	w.child(on, a.Container, "attachments", classAttachment, a.ID)
	if a.Original != 0 {
		w.child(classAttachment, a.Original, "historicalVersions", classAttachment, a.ID)
	}
	if a.Open != nil {
		w.files = append(w.files, file{w.path(a), a.Open})
	}
	return a.ID
}

func (w *Writer) attachment(a Attachment, on class) {
	facts := []Property{
		{Name: "FILESIZE", Long: a.Size, IsLong: true}, {Name: "MEDIA_TYPE", String: a.MediaType}, {Name: "MINOR_EDIT", String: "false"},
	}
	ids := make([]reference, len(facts))
	for i := range facts {
		ids[i] = reference{classProperty, w.other(classProperty)}
	}
	w.begin(classAttachment, a.ID)
	w.number("hibernateVersion", 3)
	w.text("title", a.Name)
	w.text("lowerTitle", strings.ToLower(a.Name))
	w.number("version", int64(max(a.Version, 1)))
	w.dates(a.Creator, a.Modifier, a.Created, a.Modified)
	w.text("versionComment", a.Comment)
	w.status(a.Status)
	w.ref("originalVersion", classAttachment, a.Original)
	if a.Original != 0 {
		w.number("originalVersionId", a.Original)
	} else {
		w.null("originalVersionId")
	}
	w.ref("containerContent", on, a.Container)
	w.ref("space", classSpace, w.spaces[a.Space].id)
	w.list("contentProperties", ids)
	w.end()
	w.properties(classAttachment, a.ID, facts, ids)
}

func (w *Writer) ancientAttachment(a Attachment, on class) {
	w.begin(classAttachment, a.ID)
	w.text("fileName", a.Name)
	w.text("contentType", a.MediaType)
	w.number("fileSize", a.Size)
	w.text("comment", a.Comment)
	w.number("attachmentVersion", int64(max(a.Version, 1)))
	w.dates(a.Creator, a.Modifier, a.Created, a.Modified)
	w.ref("originalVersion", classAttachment, a.Original)
	w.ref("content", on, a.Container)
	w.end()
}

// Inline is what an inline comment has beyond a footer comment.
type Inline struct {
	Marker    string // ac:ref of the marker in the body; empty on replies
	Selection string // the marked text
	Status    string // open, resolved, dangling, reopened; empty = not written
}

// Comment is a comment, or a reply to one.
type Comment struct {
	ID                int64 // 0 = the next automatic one
	Container         int64
	On                Kind
	Parent            int64 // the comment that this one answers; 0 = none
	Body              Body
	Creator           string
	Created, Modified time.Time
	Status            string
	Version           int
	Original          int64
	Inline            *Inline // nil = footer comment
}

// Comment writes a comment and gives its id.
func (w *Writer) Comment(c Comment) int64 {
	c.ID = w.content(c.ID)
	on := containers[c.On]
	facts := inlineFacts(c.Inline)
	if c.Inline != nil && c.Inline.Marker != "" && w.take(DefectMissingMarker, "comment", c.ID) {
		facts[1].String = "00000000-dead-4000-8000-000000000000"
	}
	var ids []reference
	for range facts {
		ids = append(ids, reference{classProperty, w.other(classProperty)})
	}
	parent := c.Parent
	if parent != 0 && w.take(DefectMissingParentComment, "comment", c.ID) {
		parent = w.content(0)
	}
	w.begin(classComment, c.ID)
	w.number("hibernateVersion", 3)
	w.null("title")
	w.number("version", int64(max(c.Version, 1)))
	w.dates(c.Creator, c.Creator, c.Created, c.Modified)
	w.text("versionComment", "")
	w.status(c.Status)
	w.ref("originalVersion", classComment, c.Original)
	if w.o.Generation == Ancient {
		w.ref("owner", on, c.Container)
	} else {
		w.ref("containerContent", on, c.Container)
	}
	w.ref("parent", classComment, parent)
	if len(ids) > 0 {
		w.list("contentProperties", ids)
	}
	w.end()
	w.properties(classComment, c.ID, facts, ids)
	w.body(classComment, c.ID, c.Body)
	w.child(on, c.Container, "comments", classComment, c.ID)
	w.child(classComment, c.Parent, "children", classComment, c.ID)
	return c.ID
}

func inlineFacts(i *Inline) []Property {
	if i == nil {
		return nil
	}
	facts := []Property{{Name: "inline-comment", String: "true"}}
	if i.Marker != "" {
		facts = append(facts, Property{Name: "inline-marker-ref", String: i.Marker},
			Property{Name: "inline-original-selection", String: i.Selection})
	}
	if i.Status != "" {
		facts = append(facts, Property{Name: "status", String: i.Status})
	}
	return facts
}

// Template is a page template: of a space, or global where Space is empty.
type Template struct {
	Name, Description, Space string
	Body                     Body
	Creator                  string
	Labels                   []Label
}

// Template writes a page template.
func (w *Writer) Template(t Template) {
	id := w.other(classTemplate)
	space := w.spaces[t.Space].id
	w.begin(classTemplate, id)
	w.text("name", t.Name)
	w.text("description", t.Description)
	w.cdata("content", t.Body.Text)
	w.number("bodyType", int64(t.Body.Type))
	w.number("version", 1)
	w.dates(t.Creator, t.Creator, w.o.At, w.o.At)
	w.ref("space", classSpace, space)
	w.end()
	w.labelled(classTemplate, id, t.Labels, t.Creator)
	w.child(classSpace, space, "pageTemplates", classTemplate, id)
}

// Custom is a value that an app keeps with a page: a content property of the REST API where Module is empty.
type Custom struct {
	Container        int64
	Space, Key, JSON string
	Module, Creator  string
}

const propertyModule = "com.atlassian.confluence.plugins.confluence-content-property-storage:content-property"

// Custom writes a custom content.
func (w *Writer) Custom(c Custom) {
	id := w.content(0)
	w.begin(classCustom, id)
	w.text("title", c.Key)
	w.text("lowerTitle", strings.ToLower(c.Key))
	w.text("pluginModuleKey", or(c.Module, propertyModule))
	w.number("version", 1)
	w.dates(c.Creator, c.Creator, w.o.At, w.o.At)
	w.status("")
	w.ref("containerContent", classPage, c.Container)
	w.ref("space", classSpace, w.spaces[c.Space].id)
	w.end()
	w.body(classCustom, id, Body{Type: BodyRaw, Text: []byte(c.JSON)})
	w.child(classPage, c.Container, "customContent", classCustom, id)
}
