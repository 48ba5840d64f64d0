package backup

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// Defect names a thing that is wrong with real exports, or with hostile ones.
type Defect string

// The defects. Each is planted at the first object that can have it and has no other defect yet.
const (
	DefectControlTitle         Defect = "control-character-title"
	DefectControlBody          Defect = "control-character-body"
	DefectInvalidUTF8          Defect = "invalid-utf8"
	DefectBroadEscape          Defect = "broad-escape"
	DefectMissingBinary        Defect = "missing-binary"
	DefectZeroByteFile         Defect = "zero-byte-file"
	DefectSizeMismatch         Defect = "size-mismatch"
	DefectUnreferencedFile     Defect = "unreferenced-file"
	DefectDuplicateFileName    Defect = "duplicate-attachment-name"
	DefectMissingParent        Defect = "missing-parent"
	DefectParentCycle          Defect = "parent-cycle"
	DefectParentTrashed        Defect = "parent-not-current"
	DefectParentElsewhere      Defect = "parent-in-other-space"
	DefectExtraneousSpace      Defect = "extraneous-space"
	DefectNoSpaceObject        Defect = "no-space-object"
	DefectPageWithoutSpace     Defect = "page-without-space"
	DefectNoHomePage           Defect = "no-home-page"
	DefectMissingHomePage      Defect = "missing-home-page"
	DefectDuplicateVersion     Defect = "duplicate-version-id"
	DefectOrphanVersion        Defect = "orphan-version"
	DefectDuplicateObject      Defect = "duplicate-object-id"
	DefectRepeatedProperty     Defect = "repeated-property"
	DefectUntitled             Defect = "untitled-page"
	DefectDuplicateTitle       Defect = "duplicate-title"
	DefectLongTitle            Defect = "over-long-title"
	DefectEmptyStatus          Defect = "empty-status"
	DefectMissingBody          Defect = "missing-body"
	DefectEmptyBody            Defect = "empty-body"
	DefectIllFormedBody        Defect = "ill-formed-body"
	DefectSeveralBodies        Defect = "several-bodies"
	DefectPersonalLabel        Defect = "personal-label"
	DefectCommentOnAttachment  Defect = "comment-on-attachment"
	DefectMissingParentComment Defect = "missing-parent-comment"
	DefectMissingMarker        Defect = "missing-marker"
	DefectMissingPermissionSet Defect = "missing-permission-set"
	DefectMissingUser          Defect = "missing-user"
	DefectDoctype              Defect = "doctype"
	DefectNoXMLDeclaration     Defect = "no-xml-declaration"
	DefectTruncated            Defect = "truncated"
	DefectNoDescriptor         Defect = "no-descriptor"
	DefectNoEntities           Defect = "no-entities"
	DefectPathTrick            Defect = "path-trick"
	DefectUnknownElement       Defect = "unknown-element"
	DefectLineSeparator        Defect = "line-separator"
	DefectDeletedVersion       Defect = "deleted-version"
	DefectMissingVersion       Defect = "missing-version-object"
)

// Defects says of each defect what an export with it looks like.
var Defects = map[Defect]string{
	DefectControlTitle:         "a title holds U+001C as a raw byte, which no XML parser takes",
	DefectControlBody:          "a body holds U+0008 as a raw byte",
	DefectInvalidUTF8:          "a body holds a byte that is no UTF-8",
	DefectBroadEscape:          "every pair of closing brackets in a text is followed by a blank, not only before '>'",
	DefectMissingBinary:        "an attachment's file is not in the zip",
	DefectZeroByteFile:         "an attachment's file has no bytes, though its size says otherwise",
	DefectSizeMismatch:         "an attachment's size is not that of its file",
	DefectUnreferencedFile:     "a file lies under attachments/ that belongs to no attachment",
	DefectDuplicateFileName:    "two attachments of one page have the same name",
	DefectMissingParent:        "a page's parent is in no object",
	DefectParentCycle:          "a page is its own parent",
	DefectParentTrashed:        "a page's parent is in the trash",
	DefectParentElsewhere:      "a page's parent belongs to another space",
	DefectExtraneousSpace:      "a space that was not exported stands among the objects, with a page",
	DefectNoSpaceObject:        "pages refer to a space that has no object",
	DefectPageWithoutSpace:     "a page refers to no space",
	DefectNoHomePage:           "a space names no home page",
	DefectMissingHomePage:      "a space's home page is in no object",
	DefectDuplicateVersion:     "historicalVersions names a version twice (generations with collections)",
	DefectOrphanVersion:        "a version of a page whose current version is absent",
	DefectDuplicateObject:      "a page object stands twice",
	DefectRepeatedProperty:     "a title stands twice in one object",
	DefectUntitled:             "a page has no title",
	DefectDuplicateTitle:       "two pages of one space have the same title",
	DefectLongTitle:            "a title is longer than 255 characters",
	DefectEmptyStatus:          "a page's contentStatus is empty",
	DefectMissingBody:          "a page has no body object",
	DefectEmptyBody:            "a page's body is empty",
	DefectIllFormedBody:        "a body is no well-formed storage format",
	DefectSeveralBodies:        "a page has two body objects",
	DefectPersonalLabel:        "a page carries a label of somebody's own",
	DefectCommentOnAttachment:  "a comment stands on an attachment",
	DefectMissingParentComment: "a reply's parent is in no object",
	DefectMissingMarker:        "an inline comment's marker is not in the body",
	DefectMissingPermissionSet: "a restriction has no object, though its page names it",
	DefectMissingUser:          "a user is referred to that has no object",
	DefectDoctype:              "entities.xml has a document type with nested entities",
	DefectNoXMLDeclaration:     "entities.xml begins without an XML declaration",
	DefectTruncated:            "entities.xml ends in the middle of an object",
	DefectNoDescriptor:         "exportDescriptor.properties is absent",
	DefectNoEntities:           "entities.xml is absent",
	DefectPathTrick:            "a zip entry's name climbs out of the archive",
	DefectUnknownElement:       "a page object has a child element that no reader knows",
	DefectLineSeparator:        "a title holds U+2028 and U+2029",
	DefectDeletedVersion:       "a version of a page is itself deleted",
	DefectMissingVersion:       "a version is in no object, though its body is, and in the older generations its page names it",
}

// immediate defects concern the document and are planted without looking for an object.
var immediate = map[Defect]bool{
	DefectBroadEscape: true, DefectDoctype: true, DefectNoXMLDeclaration: true, DefectTruncated: true, DefectNoEntities: true,
}

// Planted says where a defect went. Object is a title, key or file name; ID is 0 where the object has none.
type Planted struct {
	Defect Defect
	Object string
	ID     int64
}

// Planted lists the defects in the order of planting. Defects of the whole document are not in it.
func (w *Writer) Planted() []Planted { return slices.Clone(w.planted) }

const emptyStatus = "\x00"

// take says whether a defect shall be planted here. An object takes one defect only.
func (w *Writer) take(d Defect, object string, id int64) bool {
	if w.pending[d] == 0 {
		return false
	}
	key := reference{class{name: string(d)}, 0}
	if id != 0 {
		key = reference{class{}, id}
	}
	if id != 0 && w.spoiled[key] {
		return false
	}
	w.spoiled[key] = true
	w.pending[d]--
	w.plant(d, object, id)
	return true
}

func (w *Writer) plant(d Defect, object string, id int64) {
	w.planted = append(w.planted, Planted{d, object, id})
}

// spoil plants what the current version of a page or post can have. A home page keeps its title and place.
func (w *Writer) spoil(kind class, c Content, s space) Content {
	if len(w.pending) == 0 {
		return c
	}
	c = w.spoilText(kind, c)
	if kind != classPage || c.ID == s.home {
		return c
	}
	c = w.spoilTitle(c)
	c = w.spoilPlace(c, s)
	if w.take(DefectPersonalLabel, c.Title, c.ID) {
		c.Labels = append(slices.Clone(c.Labels), Label{Namespace: "my", Name: "favourite", Owner: c.Creator})
	}
	if w.take(DefectEmptyStatus, c.Title, c.ID) {
		c.Status = emptyStatus
	}
	return c
}

func (w *Writer) spoilText(kind class, c Content) Content {
	text := c.Body.Text
	switch {
	case len(text) == 0:
	case w.take(DefectControlBody, c.Title, c.ID):
		c.Body.Text = append(bytes.Clone(text), "<p>bell\x08</p>"...)
	case w.take(DefectInvalidUTF8, c.Title, c.ID):
		c.Body.Text = append(bytes.Clone(text), "<p>caf\xe9</p>"...)
	case w.take(DefectIllFormedBody, c.Title, c.ID):
		c.Body.Text = append(bytes.Clone(text), "<p>never <strong>closed</p>"...)
	case w.take(DefectEmptyBody, c.Title, c.ID):
		c.Body.Text = nil
	case w.take(DefectMissingBody, c.Title, c.ID):
		c.Body.Absent = true
	case w.take(DefectSeveralBodies, c.Title, c.ID):
		w.body(kind, c.ID, c.Body)
	}
	return c
}

func (w *Writer) spoilTitle(c Content) Content {
	switch {
	case w.take(DefectControlTitle, c.Title, c.ID):
		c.Title += "\x1c"
	case w.take(DefectLineSeparator, c.Title, c.ID):
		c.Title += " one\u2028two\u2029three"
	case w.take(DefectUntitled, c.Title, c.ID):
		c.Title = ""
	case w.take(DefectLongTitle, c.Title, c.ID):
		c.Title += strings.Repeat(" and so on", 30)
	case w.titles[c.Space] != "" && w.take(DefectDuplicateTitle, c.Title, c.ID):
		c.Title = w.titles[c.Space]
	case w.titles[c.Space] == "":
		w.titles[c.Space] = c.Title
	}
	return c
}

func (w *Writer) spoilPlace(c Content, s space) Content {
	switch {
	case w.take(DefectPageWithoutSpace, c.Title, c.ID):
		c.Space = ""
	case c.Parent == 0:
	case w.take(DefectMissingParent, c.Title, c.ID):
		c.Parent = w.content(0)
	case w.take(DefectParentCycle, c.Title, c.ID):
		c.Parent = c.ID
	case w.take(DefectParentTrashed, c.Title, c.ID):
		c.Parent = w.Page(Content{Space: c.Space, Title: "Thrown away", Status: "deleted", Creator: c.Creator, Body: Storage("<p>gone</p>")})
	case w.pending[DefectParentElsewhere] > 0:
		for _, key := range w.keys {
			if o := w.spaces[key]; o.id != s.id && o.home != 0 && w.take(DefectParentElsewhere, c.Title, c.ID) {
				c.Parent = o.home
				break
			}
		}
	}
	return c
}

func (w *Writer) spoilFile(a Attachment) Attachment {
	if a.Open == nil || len(w.pending) == 0 {
		return a
	}
	switch {
	case w.take(DefectMissingBinary, a.Name, a.ID):
		a.Open = nil
	case w.take(DefectZeroByteFile, a.Name, a.ID):
		a.Open = func() (io.Reader, error) { return bytes.NewReader(nil), nil }
	case w.take(DefectSizeMismatch, a.Name, a.ID):
		a.Size += 7
	case a.On == OnPage && w.take(DefectDuplicateFileName, a.Name, a.ID):
		again := a
		again.ID = 0
		w.Attachment(again)
	case w.take(DefectCommentOnAttachment, a.Name, a.ID):
		w.Comment(Comment{Container: a.ID, On: OnAttachment, Creator: a.Creator, Created: a.Created, Body: Storage("<p>Which scale is this?</p>")})
	}
	return a
}

// plantAtEnd plants what needs an object of its own.
func (w *Writer) plantAtEnd() {
	w.finishSite()
	if len(w.keys) > 0 && w.take(DefectOrphanVersion, w.keys[0], 0) {
		w.Page(Content{Original: w.content(0), Space: w.keys[0], Title: "Head unknown", Version: 3, Body: Storage("<p>An old version.</p>")})
	}
	if w.take(DefectExtraneousSpace, "EXTRA", 0) {
		keys := slices.Clone(w.keys)
		w.Space(Space{Key: "EXTRA", Name: "Only linked to"})
		w.Page(Content{Space: "EXTRA", Title: "Not asked for", Body: Storage("<p>Of another space.</p>")})
		w.keys = keys
	}
	nothing := func() (io.Reader, error) { return strings.NewReader("nobody's"), nil }
	if w.take(DefectUnreferencedFile, "attachments/1/2/1", 0) {
		w.files = append(w.files, file{"attachments/1/2/1", nothing})
	}
	if w.take(DefectPathTrick, "attachments/../../outside.txt", 0) {
		w.files = append(w.files, file{"attachments/../../outside.txt", nothing})
	}
}
