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
)

// Verbs lists all verbs in the order of the register.
var Verbs = []Verb{
	VerbPost, VerbPut, VerbMove, VerbTrash, VerbRestore, VerbArchive, VerbLabel, VerbUnlabel, VerbAttach, VerbReplace,
	VerbDetach, VerbComment, VerbRecomment, VerbUncomment, VerbRestrict, VerbProperty, VerbSpace, VerbHome, VerbPermission,
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

// CreateComment adds a footer comment, or a reply if ReplyTo is set.
type CreateComment struct {
	Container     ID
	ContainerKind Kind
	ReplyTo       ID
}

// UpdateComment replaces a footer comment's body.
type UpdateComment struct {
	ID     ID
	Expect int
}

// RemoveComment deletes a footer comment for good.
type RemoveComment struct{ ID ID }

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

func (Create) Verb() Verb        { return VerbPost }
func (Update) Verb() Verb        { return VerbPut }
func (Move) Verb() Verb          { return VerbMove }
func (Trash) Verb() Verb         { return VerbTrash }
func (Restore) Verb() Verb       { return VerbRestore }
func (Archive) Verb() Verb       { return VerbArchive }
func (AddLabels) Verb() Verb     { return VerbLabel }
func (RemoveLabel) Verb() Verb   { return VerbUnlabel }
func (Attach) Verb() Verb        { return VerbAttach }
func (ReplaceFile) Verb() Verb   { return VerbReplace }
func (Detach) Verb() Verb        { return VerbDetach }
func (CreateComment) Verb() Verb { return VerbComment }
func (UpdateComment) Verb() Verb { return VerbRecomment }
func (RemoveComment) Verb() Verb { return VerbUncomment }
func (Restrict) Verb() Verb      { return VerbRestrict }
func (SetProperty) Verb() Verb   { return VerbProperty }
func (CreateSpace) Verb() Verb   { return VerbSpace }
func (SetHomepage) Verb() Verb   { return VerbHome }
func (Grant) Verb() Verb         { return VerbPermission }

func (Create) closed()        {}
func (Update) closed()        {}
func (Move) closed()          {}
func (Trash) closed()         {}
func (Restore) closed()       {}
func (Archive) closed()       {}
func (AddLabels) closed()     {}
func (RemoveLabel) closed()   {}
func (Attach) closed()        {}
func (ReplaceFile) closed()   {}
func (Detach) closed()        {}
func (CreateComment) closed() {}
func (UpdateComment) closed() {}
func (RemoveComment) closed() {}
func (Restrict) closed()      {}
func (SetProperty) closed()   {}
func (CreateSpace) closed()   {}
func (SetHomepage) closed()   {}
func (Grant) closed()         {}
