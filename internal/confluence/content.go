package confluence

import (
	"slices"
	"strings"
	"time"
)

// ID is the id a server gave to a content or a space. It is opaque, and unique only within one site.
type ID string

// TwinID names two contents that are kept together, one on each side. It is minted once and never used again.
type TwinID string

// Kind says what a content is, in the words of the REST API.
type Kind string

// The kinds of content. Folder, Whiteboard, Database and Embed exist on Cloud only.
const (
	Page       Kind = "page"
	BlogPost   Kind = "blogpost"
	Comment    Kind = "comment"
	Attachment Kind = "attachment"
	Folder     Kind = "folder"
	Whiteboard Kind = "whiteboard"
	Database   Kind = "database"
	Embed      Kind = "embed"
)

// Status says in which state of its life a content is.
type Status string

// The states of a content.
const (
	Current  Status = "current"
	Draft    Status = "draft"
	Archived Status = "archived"
	Trashed  Status = "trashed"
)

// UserID names a user within one site: the user key on Data Center and in exports, the account id on Cloud.
type UserID string

// User is a person or an account as one site knows it. Email and Name are empty where the site hides or lacks them.
type User struct {
	ID          UserID
	Name        string // the name to log in with; Data Center and exports only
	DisplayName string
	Email       string
	Active      bool
	App         bool // no person: an app or a service account; false where the site does not say
}

// Principal is one holder of a permission or a restriction: "user:ID", "group:NAME", or Anonymous.
type Principal string

// Anonymous stands for everybody, logged in or not.
const Anonymous Principal = "anonymous"

// UserPrincipal returns the principal of a user.
func UserPrincipal(id UserID) Principal { return Principal("user:" + string(id)) }

// GroupPrincipal returns the principal of a group.
func GroupPrincipal(name string) Principal { return Principal("group:" + name) }

// User returns the user's id and true if the principal is a user.
func (p Principal) User() (UserID, bool) {
	id, ok := strings.CutPrefix(string(p), "user:")
	return UserID(id), ok
}

// Group returns the group's name and true if the principal is a group.
func (p Principal) Group() (string, bool) { return strings.CutPrefix(string(p), "group:") }

// Version is one version of a content: its number from 1, when and by whom it was made. A number is no identity on
// Cloud, where deleting a version renumbers the rest; the pair of Number and At is.
type Version struct {
	Number  int
	At      time.Time // UTC; zero where the source does not say
	By      UserID
	Message string
	Minor   bool
	// App is set where the author is known to be no person: an app, a service account, or nobody who has logged in.
	App bool
}

// BodyFormat says in which language a body is written.
type BodyFormat string

// The languages of bodies. Wiki is the markup of Confluence before 4.0 (bodyType 0 of an export).
const (
	Storage BodyFormat = "storage"
	Wiki    BodyFormat = "wiki"
)

// Body is the text of a page, blog post or comment as its site holds it.
type Body struct {
	Format BodyFormat // empty: the content has no body, or it was not asked for
	Raw    string
}

// Label is a label with its prefix: global, team, my (personal) or system.
type Label struct {
	Prefix string
	Name   string
}

// String returns the label as "prefix:name".
func (l Label) String() string { return l.Prefix + ":" + l.Name }

// Restrictions are a content's own restrictions, without inherited ones. An empty list restricts nothing.
type Restrictions struct {
	Read   []Principal
	Update []Principal
}

// Open reports whether nothing is restricted.
func (r Restrictions) Open() bool { return len(r.Read) == 0 && len(r.Update) == 0 }

// Sorted returns a copy with both lists sorted and free of repetitions.
func (r Restrictions) Sorted() Restrictions {
	norm := func(ps []Principal) []Principal {
		ps = slices.Clone(ps)
		slices.Sort(ps)
		return slices.Compact(ps)
	}
	return Restrictions{Read: norm(r.Read), Update: norm(r.Update)}
}

// CommentKind tells footer comments from inline ones. A reply has the kind of the comment it answers.
type CommentKind string

// The kinds of comments.
const (
	Footer CommentKind = "footer"
	Inline CommentKind = "inline"
)

// CommentInfo is what a comment has beyond its body.
type CommentInfo struct {
	Kind       CommentKind
	ReplyTo    ID     // the comment it answers; empty for a comment on the container itself
	Marker     string // ac:ref of the marker in the container's body; inline comments only
	Selection  string // the text the comment was made on; inline comments only
	Resolution string // open, reopened, resolved or dangling; empty where the site does not say
}

// FileInfo is what an attachment has beyond its title, which is its file name.
type FileInfo struct {
	MediaType string
	Size      int64 // bytes
	Comment   string
	SHA256    string // lower-case hex; empty where the site does not tell, which is usual
	Missing   bool   // the site lists the attachment but holds no bytes for it
}

// Content is one content as a Reader saw it. Facets that were not asked for are empty; Facets tells which were read.
type Content struct {
	ID        ID
	Kind      Kind
	Status    Status
	SpaceID   ID
	SpaceKey  string
	Title     string
	ParentID  ID // the page or folder above; empty at the root of the space; pages only
	Container ID // what a comment or an attachment belongs to
	// Position orders siblings: smaller comes first, only the order counts. It means nothing unless Positioned; contents
	// without a position follow those with one, by title.
	Position     int
	Positioned   bool
	Created      time.Time // UTC
	Creator      UserID
	Version      Version
	Facets       Facets
	Body         Body
	Labels       []Label
	Restrictions Restrictions
	Comment      *CommentInfo // comments only
	File         *FileInfo    // attachments only
	// Attachments and Comments count what belongs to the content, -1 where the site does not tell in the same answer.
	Attachments int
	Comments    int
	// Live is set for a page whose editor keeps a document of its own (a live doc of Cloud): what is written to its body
	// may be undone by the next autosave.
	Live bool
	// Untitled is set where the source has no title and Title was made up by the Reader.
	Untitled bool
	// SourceTitle is the title at the source where Title had to differ from it; else empty.
	SourceTitle string
}

// Facets is a set of the parts a content can be read in. Kind, title, parent, position, status and version always come.
type Facets uint16

// The facets that cost extra. FacetAttachments and FacetComments make a Scan list those contents too; comments come with
// their bodies if FacetBody is asked for, and perhaps without if not.
const (
	FacetBody Facets = 1 << iota
	FacetLabels
	FacetRestrictions
	FacetAttachments
	FacetComments
	// FacetFileComments makes a Scan list the comments on attachments too. It is no part of AllFacets: it may cost a call
	// for each attachment.
	FacetFileComments
)

// AllFacets is everything a Scan can read.
const AllFacets = FacetBody | FacetLabels | FacetRestrictions | FacetAttachments | FacetComments

// Has reports whether all of want are in the set.
func (f Facets) Has(want Facets) bool { return f&want == want }

// Permission is one right in a space, in the vocabulary of Cloud's classic space permissions: Operation is "key/target"
// such as "read/space", "create/page", "administer/space" (Confluence Cloud REST API v1, POST space/{key}/permission).
type Permission struct {
	Principal Principal
	Operation string
}

// Space is a space of a site.
type Space struct {
	ID          ID
	Key         string
	Name        string
	Type        string // global, personal, collaboration, knowledge_base
	Status      string // current or archived
	Description string // plain text
	HomeID      ID     // the home page; empty where the space has none
	Creator     UserID
	Created     time.Time
	Permissions []Permission
	Pages       int // current pages and blog posts, -1 where the site does not tell cheaply
	// Guarded is set where permissions were asked for and the account may not see them: Permissions is then empty.
	Guarded bool
}

// Defect is a thing a Reader found wrong with an object of its source, and how it dealt with it. It becomes a finding.
type Defect struct {
	Code   Code
	Name   string // the defect's name as in the register of docs/exports.md, for example "missing binary"
	Space  string
	ID     ID // the content, where there is one
	Kind   Kind
	Title  string
	Path   string // object of the source: "class#id"
	What   string // one sentence for a person
	Effect Effect
}

// Effect says what became of something that could not be carried as it was.
type Effect string

// The effects of a finding.
const (
	Lost        Effect = "lost"    // did not arrive
	Changed     Effect = "changed" // arrived otherwise than written
	Kept        Effect = "kept"    // arrived, but was not understood
	SkippedOver Effect = "skipped" // left out on purpose
	Blocked     Effect = "blocked" // stands in the way of a run
)
