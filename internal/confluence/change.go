package confluence

import "time"

// Verb names a kind of change as journal, counters and scenarios do.
type Verb string

// The verbs.
const (
	VerbPost       Verb = "POST"
	VerbPut        Verb = "PUT"
	VerbMove       Verb = "MV"
	VerbTrash      Verb = "DEL"
	VerbRestore    Verb = "RST"
	VerbArchive    Verb = "ARC"
	VerbLabel      Verb = "LB+"
	VerbUnlabel    Verb = "LB-"
	VerbAttach     Verb = "AT+"
	VerbReplace    Verb = "ATv"
	VerbDetach     Verb = "AT-"
	VerbComment    Verb = "CM+"
	VerbRecomment  Verb = "CMu"
	VerbUncomment  Verb = "CM-"
	VerbRestrict   Verb = "RS"
	VerbProperty   Verb = "PR"
	VerbSpace      Verb = "SP"
	VerbHome       Verb = "HM"
	VerbPermission Verb = "PM"
	VerbPurge      Verb = "PRG"
	VerbResolve    Verb = "CMr"
	VerbState      Verb = "CS"
)

// Verbs lists all verbs in the order of the register.
var Verbs = []Verb{
	VerbPost, VerbPut, VerbMove, VerbTrash, VerbRestore, VerbArchive, VerbLabel, VerbUnlabel, VerbAttach, VerbReplace,
	VerbDetach, VerbComment, VerbRecomment, VerbUncomment, VerbRestrict, VerbProperty, VerbSpace, VerbHome, VerbPermission,
	VerbPurge, VerbResolve, VerbState,
}

// Change is one edit to one site. The set is closed: only the types of this package implement it.
type Change interface {
	Verb() Verb
	closed()
}

// Create makes a page or a blog post.
type Create struct {
	Space   Space
	Kind    Kind // Page or BlogPost
	Parent  ID   // empty with Root false: the site's default place, under the home page
	Root    bool // stand at the root of the space
	Title   string
	Draft   bool
	Private bool      // only the account that makes it can see and edit it, until Restrict says otherwise
	Created time.Time // blog posts: the posting date, where the site takes one; zero = now
	Message string    // version message, where the site takes one at creation
}

// Update writes title, parent and body of a page or blog post in one call. It makes a new version.
type Update struct {
	ID      ID
	Kind    Kind
	Space   Space
	Title   string
	Parent  ID // empty: leave it where it is
	Expect  int
	Message string
	Minor   bool
}

// Place says how Move places a page relative to its target.
type Place string

// The places relative to a target.
const (
	Before Place = "before"
	After  Place = "after"
	Append Place = "append" // last child of the target
)

// Move puts a page elsewhere in the tree, or elsewhere among its siblings.
type Move struct {
	ID     ID
	Where  Place
	Target ID
}

// Trash puts a content into the trash. For an attachment and a comment use Detach and RemoveComment.
type Trash struct {
	ID   ID
	Kind Kind
}

// Restore takes a content out of the trash, with the id it had.
type Restore struct {
	ID     ID
	Kind   Kind
	Space  Space
	Title  string
	Expect int
}

// Purge deletes for good what is in the trash, or a draft that was never published.
type Purge struct {
	ID   ID
	Kind Kind
}

// Archive archives pages. The site does it after the call has returned.
type Archive struct{ IDs []ID }

// AddLabels adds labels to a content.
type AddLabels struct {
	ID     ID
	Kind   Kind
	Labels []Label
}

// RemoveLabel takes one label away.
type RemoveLabel struct {
	ID    ID
	Label Label
}

// Attach uploads a file as a new attachment. The payload's Open gives the bytes.
type Attach struct {
	Container ID
	Name      string
	MediaType string
	Comment   string
	Size      int64
}

// ReplaceFile uploads a new version of an attachment.
type ReplaceFile struct {
	ID        ID
	Container ID
	Name      string
	MediaType string
	Comment   string
	Size      int64
}

// Detach puts an attachment into the trash.
type Detach struct{ ID ID }

// CreateComment adds a footer comment, an inline comment if Inline is set, or a reply if ReplyTo is set. A reply to an
// inline comment names Kind.
type CreateComment struct {
	Container     ID
	ContainerKind Kind
	ReplyTo       ID
	Kind          CommentKind // of a reply; empty: footer
	Inline        *Anchor
}

// Anchor is the text that an inline comment is made on. The site puts the marker into the container's body itself.
type Anchor struct {
	Selection string // as the container's rendered text has it
	Matches   int    // how often it occurs there, at least 1
	Index     int    // which of them, from 0
}

// UpdateComment replaces a comment's body.
type UpdateComment struct {
	ID     ID
	Kind   CommentKind // empty: footer
	Expect int
}

// RemoveComment deletes a comment for good.
type RemoveComment struct {
	ID   ID
	Kind CommentKind // empty: footer
}

// ResolveComment resolves an inline comment, or opens it again.
type ResolveComment struct {
	ID       ID
	Resolved bool
	Expect   int // version of the comment; a site may not ask for it
}

// Restrict replaces a content's own restrictions. Both lists empty opens it.
type Restrict struct {
	ID           ID
	Kind         Kind
	Restrictions Restrictions
}

// SetProperty writes a property of a space or of a page. Value is JSON.
type SetProperty struct {
	Space  Space // set: a property of the space
	ID     ID    // set: a property of the page
	Key    string
	Value  []byte
	Expect int // version of the property read last; 0 = create
}

// SetState gives a page the content state of that name, or takes its state away if Name is empty. On Cloud it makes a
// version. A name that the site does not offer for the page is refused, never made.
type SetState struct {
	ID   ID
	Name string
}

// CreateSpace makes a space. Private: only the account that makes it sees it.
type CreateSpace struct {
	Key         string
	Name        string
	Description string
	Private     bool
}

// SetHomepage makes a page the home page of its space.
type SetHomepage struct {
	Space Space
	Page  ID
}

// Grant gives one permission in a space.
type Grant struct {
	Space      Space
	Permission Permission
}

func (Create) Verb() Verb         { return VerbPost }
func (Update) Verb() Verb         { return VerbPut }
func (Move) Verb() Verb           { return VerbMove }
func (Trash) Verb() Verb          { return VerbTrash }
func (Restore) Verb() Verb        { return VerbRestore }
func (Archive) Verb() Verb        { return VerbArchive }
func (AddLabels) Verb() Verb      { return VerbLabel }
func (RemoveLabel) Verb() Verb    { return VerbUnlabel }
func (Attach) Verb() Verb         { return VerbAttach }
func (ReplaceFile) Verb() Verb    { return VerbReplace }
func (Detach) Verb() Verb         { return VerbDetach }
func (CreateComment) Verb() Verb  { return VerbComment }
func (UpdateComment) Verb() Verb  { return VerbRecomment }
func (RemoveComment) Verb() Verb  { return VerbUncomment }
func (Restrict) Verb() Verb       { return VerbRestrict }
func (SetProperty) Verb() Verb    { return VerbProperty }
func (CreateSpace) Verb() Verb    { return VerbSpace }
func (SetHomepage) Verb() Verb    { return VerbHome }
func (Grant) Verb() Verb          { return VerbPermission }
func (Purge) Verb() Verb          { return VerbPurge }
func (ResolveComment) Verb() Verb { return VerbResolve }
func (SetState) Verb() Verb       { return VerbState }

func (Create) closed()         {}
func (Update) closed()         {}
func (Move) closed()           {}
func (Trash) closed()          {}
func (Restore) closed()        {}
func (Archive) closed()        {}
func (AddLabels) closed()      {}
func (RemoveLabel) closed()    {}
func (Attach) closed()         {}
func (ReplaceFile) closed()    {}
func (Detach) closed()         {}
func (CreateComment) closed()  {}
func (UpdateComment) closed()  {}
func (RemoveComment) closed()  {}
func (Restrict) closed()       {}
func (SetProperty) closed()    {}
func (CreateSpace) closed()    {}
func (SetHomepage) closed()    {}
func (Grant) closed()          {}
func (Purge) closed()          {}
func (ResolveComment) closed() {}
func (SetState) closed()       {}
