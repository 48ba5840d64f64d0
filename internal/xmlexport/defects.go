package xmlexport

import "github.com/tandem-sync/tandem/internal/confluence"

// Rule is one kind of defect that real exports have: what it is called, what it is reported as, and what becomes of it.
type Rule struct {
	Name   string
	Code   confluence.Code
	Effect confluence.Effect
	What   string // one sentence for a person
}

// Names of defects that the code refers to in more than one place, or raises outside SQL.
const (
	defectRepeatedProperty = "repeated property"
	defectOverlong         = "overlong text"
	defectNoID             = "object without id"
	defectDuplicateID      = "duplicate object id"
	defectParentCycle      = "parent cycle"
	defectDuplicateTitle   = "duplicate titles"
	defectDuplicateFile    = "duplicate attachment name"
	defectMarker           = "missing marker"
	defectCommentOnFile    = "comment on attachment"
	defectBrokenCDATA      = "broken CDATA"
)

// Rules lists every defect by name, sorted. The names of the first block of docs/exports.md are those that the table of
// expectations counts; the others are ours.
var Rules = []Rule{
	{"archived page", confluence.CodeExportDefect, confluence.SkippedOver, "the page is archived and stays behind"},
	{defectBrokenCDATA, confluence.CodeExportDefect, confluence.Kept, "the body has a CDATA section whose end the export damaged; it was repaired where it can be told"},
	{defectCommentOnFile, confluence.CodeExportDefect, confluence.Kept, "the comment was made on an attachment, not on a page"},
	{"comment without page", confluence.CodeExportDefect, confluence.Lost, "the comment belongs to a content that the export does not hold"},
	{"contradictory body reference", confluence.CodeExportDefect, confluence.Kept, "a body is listed here but says that it belongs to another content, which was believed"},
	{"deleted revision", confluence.CodeExportDefect, confluence.SkippedOver, "the version of another content is in the trash and stays behind"},
	{defectDuplicateFile, confluence.CodeDuplicateFile, confluence.Changed, "another attachment of the page has the same file name; this one got a number"},
	{defectDuplicateID, confluence.CodeExportDefect, confluence.SkippedOver, "two objects have the same id; the last one counts"},
	{defectDuplicateTitle, confluence.CodeTitleChanged, confluence.Changed, "another content of the space has the same title; this one got a number"},
	{"duplicate version", confluence.CodeExportDefect, confluence.Kept, "two versions of the content have the same number"},
	{"empty body", confluence.CodeExportDefect, confluence.Kept, "the body holds no text"},
	{"empty title", confluence.CodeTitleChanged, confluence.Changed, "the content has no title; it got one from its id"},
	{"extra root", confluence.CodeExportDefect, confluence.Kept, "the page stands at the root of the space beside the home page"},
	{"extraneous space", confluence.CodeExportDefect, confluence.SkippedOver, "the export holds the object of a space that it is not an export of"},
	{"missing attachment object", confluence.CodeExportDefect, confluence.Lost, "the page lists an attachment that the export does not hold"},
	{"missing binary", confluence.CodeFileMissing, confluence.Lost, "the export holds no file for the attachment"},
	{"missing body", confluence.CodeExportDefect, confluence.Changed, "the export holds no body for the content; it arrives empty"},
	{"missing comment", confluence.CodeExportDefect, confluence.Lost, "the page lists a comment that the export does not hold"},
	{"missing home page", confluence.CodeExportDefect, confluence.Changed, "the home page of the space is not among its current pages"},
	{"missing label", confluence.CodeExportDefect, confluence.Lost, "a label of the content is not in the export"},
	{defectMarker, confluence.CodeExportDefect, confluence.Kept, "the inline comment's marker is not in the body of its page"},
	{"missing parent", confluence.CodeExportDefect, confluence.Changed, "the parent page is not in the export; the page goes to the root of the space"},
	{"missing parent comment", confluence.CodeExportDefect, confluence.Changed, "the comment answered is not in the export; the reply stands by itself"},
	{"missing permission", confluence.CodeExportDefect, confluence.Changed, "a restriction lists a permission that the export does not hold; it counts as a reader nobody knows"},
	{"missing permission set", confluence.CodeExportDefect, confluence.Changed, "the page lists a restriction that the export does not hold; it counts as one to a holder nobody knows"},
	{"missing revision object", confluence.CodeExportDefect, confluence.Lost, "the page lists an older version that the export does not hold"},
	{"missing space", confluence.CodeExportDefect, confluence.Changed, "the space of the content is not in the export; one was made up for it"},
	{"missing template object", confluence.CodeExportDefect, confluence.Lost, "the space lists a template that the export does not hold"},
	{"missing user", confluence.CodeExportDefect, confluence.Kept, "an author is not among the users of the export"},
	{"no bodyType", confluence.CodeExportDefect, confluence.Changed, "the body does not say in which markup it is written; it is taken for wiki markup"},
	{"no home page", confluence.CodeExportDefect, confluence.Kept, "the space has no home page"},
	{"no space object", confluence.CodeExportDefect, confluence.Changed, "the export holds no space; one was made up from its descriptor"},
	{defectNoID, confluence.CodeExportDefect, confluence.Lost, "an object has no id, so nothing can refer to it"},
	{"orphan revision", confluence.CodeExportDefect, confluence.SkippedOver, "an older version belongs to a content that the export does not hold"},
	{defectOverlong, confluence.CodeExportDefect, confluence.Changed, "a text of the object is longer than a megabyte and was cut off"},
	{"page without space", confluence.CodeExportDefect, confluence.Changed, "the content names no space; it goes to the export's first"},
	{"parent comment not current", confluence.CodeExportDefect, confluence.Changed, "the comment answered is not carried; the reply stands at the next comment above, or by itself"},
	{defectParentCycle, confluence.CodeExportDefect, confluence.Changed, "the page is its own ancestor; it goes to the root of the space"},
	{"parent in other space", confluence.CodeExportDefect, confluence.Changed, "the parent page is in another space; the page goes to the root of its own"},
	{"parent not current", confluence.CodeExportDefect, confluence.Changed, "the parent page is a draft, archived, in the trash or an old version; the page goes to the root of the space"},
	{"plain body", confluence.CodeExportDefect, confluence.Changed, "the body is plain text; it was made a paragraph"},
	{defectRepeatedProperty, confluence.CodeExportDefect, confluence.Kept, "the object gives a property twice; the last one counts"},
	{"reply cycle", confluence.CodeExportDefect, confluence.Changed, "the comment answers itself by way of others; it stands by itself"},
	{"several bodies", confluence.CodeExportDefect, confluence.Changed, "the content has more than one body; the newest in storage format was taken"},
	{"size mismatch", confluence.CodeExportDefect, confluence.Kept, "the file has another length than the attachment says; the file was believed"},
	{"too large body", confluence.CodeExportDefect, confluence.Lost, "the body is longer than 64 MiB and was left out"},
	{"unknown permission", confluence.CodeExportDefect, confluence.SkippedOver, "a permission of the space has no counterpart in Cloud"},
	{"unreferenced file", confluence.CodeExportDefect, confluence.SkippedOver, "a file of the export belongs to no attachment"},
	{"zero-byte file", confluence.CodeExportDefect, confluence.Kept, "an attachment's file holds no bytes"},
}

var rules = func() map[string]Rule {
	m := make(map[string]Rule, len(Rules))
	for _, r := range Rules {
		m[r.Name] = r
	}
	return m
}()
