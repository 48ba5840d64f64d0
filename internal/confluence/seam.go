package confluence

import (
	"context"
	"io"
	"time"
)

// SiteKind says what a site is.
type SiteKind string

// The kinds of sites.
const (
	DataCenter SiteKind = "dc"
	Cloud      SiteKind = "cloud"
	Export     SiteKind = "export"
)

// Identity is what a site says about itself and about the account that asks.
type Identity struct {
	Kind        SiteKind
	Product     string // for people: "Confluence Cloud", "Confluence Data Center 8.5.6", "export of Confluence 8.5.6"
	Version     string
	Fingerprint string // of the site itself, whatever its address: cloudId, server id, "sha256:…" of an export
	BaseURL     string // without a trailing slash, context path included; empty if unknown
	OtherURLs   []string
	Me          User
	Anonymous   bool      // the site answers, but as to nobody
	Now         time.Time // the server's clock at the answer; zero where it has none
	Caps        Capabilities
}

// Capabilities are the features in which sites differ. The engine acts on these alone and never on the kind of a site.
type Capabilities struct {
	Write           bool
	Position        bool   // siblings below a page can be put in order
	RootPosition    bool   // root pages can be put in order
	BlogDate        bool   // a blog post can be created with its date
	WikiBodies      bool   // bodies in wiki markup are taken and converted
	PersonalLabels  bool   // labels with prefix my can be written
	InlineComments  bool   // inline comments can be written
	RootPages       bool   // a page can stand beside the home page at the root of the space
	FreshPageLast   bool   // a fresh page becomes the last of its siblings
	PutReturnsBody  bool   // an update's answer holds the stored body
	Mention         string // the attribute by which its bodies name a user: account-id or userkey
	Directory       bool   // Directory is implemented and usable for this account
	FetchBatch      int    // ids in one Fetch at most
	MaxTitle        int    // characters
	MaxBody         int    // bytes of a body in a create
	MaxFile         int64  // bytes of an attachment; 0 = unknown
	Concurrent      int    // calls in flight that are polite by default
	ArchivedHolds   bool   // an archived content still holds its title
	UnpaginatedRead bool   // reading costs no calls (an export)
	Permissions     bool   // the permissions of spaces can be read and written
	Archive         bool   // pages can be archived
	Drafts          bool   // Create takes Draft
	Resolution      bool   // inline comments can be resolved and opened again
	Trash           bool   // TrashReader is implemented
	Templates       bool   // Templates is implemented and the site has the resource
	Properties      bool   // Properties is implemented
	States          bool   // States is implemented
	PositionBySet   bool   // a fresh page is sorted in by title unless people have ordered its siblings by hand
	ArchivedList    bool   // archived pages are listed; see ScanRequest.Archived

	// Listed are the facets that a Scan without bodies reads in the very calls of its listing, but for the few contents
	// of which one answer does not tell all.
	Listed Facets
	// Glanced are the facets that Glancer reads, GlanceBatch contents a call. Zero: Glancer is not implemented.
	Glanced     Facets
	GlanceBatch int
	Probe       bool // Prober is implemented; the account may still lack the rights
}

// Cursor resumes a Scan where a batch ended. It is opaque and may be stored; empty = from the start, or at the end.
type Cursor string

// ScanRequest asks for the contents of one space.
type ScanRequest struct {
	Space  Space // ID and Key as Spaces returned them
	Facets Facets
	Cursor Cursor
	// Kind restricts the Scan to Page (with folders) or BlogPost and what belongs to them; empty: both.
	Kind Kind
	// Trash and Archived make it list trashed and archived contents too, where the site lists them, without facets and in
	// the same calls where it can. That none is listed proves nothing: the account may not be allowed to see them.
	Trash, Archived bool
	// Unproved leaves out the question who we are, which a site needs at the end of a batch that answers nobody as well as
	// us: what is listed is then true, and what is not listed may only have been hidden. Who sees anything missing must
	// call Confirm before believing it.
	Unproved bool
}

// Batch is one page of a Scan. Contents come in an order in which resuming is sound, not sorted: parents may come after
// children, comments before their pages. Next is empty after the last batch.
type Batch struct {
	Contents []Content
	Defects  []Defect
	Next     Cursor
}

// Probe describes a content looked for after an unknown outcome. Empty fields do not restrict.
type Probe struct {
	Space     Space
	Kind      Kind
	Title     string // exact; of an attachment its file name
	Container ID     // comments and attachments
	ReplyTo   ID     // comments; empty: those that answer nothing
	Inline    bool   // comments: inline ones, not footer ones
	Creator   UserID
	Since     time.Time // created at or after, minus the margin of the site's clock
}

// Reader reads one site. Its methods are safe for concurrent use. Errors are *Error; one of class ClassNotFound proves
// nothing about deletion, because both products hide what an account may not see.
type Reader interface {
	// Identity asks the site who it is and who we are.
	Identity(ctx context.Context) (Identity, error)
	// Spaces lists the spaces with these keys, or all visible ones if keys is empty, sorted by key. A key that is not
	// there or not visible is left out.
	Spaces(ctx context.Context, keys []string) ([]Space, error)
	// Scan returns the next batch of a space's contents with the facets asked for.
	Scan(ctx context.Context, req ScanRequest) (Batch, error)
	// Fetch reads contents of one kind by id, with the facets asked for, in few calls. Contents that are not there or
	// not visible are left out. The order is that of ids.
	Fetch(ctx context.Context, kind Kind, ids []ID, facets Facets) ([]Content, error)
	// Find looks for contents that fit the probe, bodies included, in any current state, without using a search index.
	Find(ctx context.Context, probe Probe) ([]Content, error)
	// Version reads one version of a content with its body.
	Version(ctx context.Context, kind Kind, id ID, number int) (Content, error)
	// Open opens the bytes of an attachment, as Scan or Fetch returned it. The caller closes.
	Open(ctx context.Context, attachment Content) (io.ReadCloser, error)
	// Feed lists contents of the whole site that were made or edited at or after since, newest first: pages, blog posts,
	// attachments, and comments of every place and depth. It costs the same number of calls for any size of site, as long
	// as one page of each of its listings reaches back to since: at most 4 on Cloud and 2 on Data Center, the question who
	// we are included. It is asked last, so that an answer given to nobody is never taken for one without changes: then
	// Feed fails.
	//
	// A row has kind, id, status, title, version (number, author, time), the space by id or by key or both, and for an
	// attachment or a comment its Container; no facet, and of a comment perhaps neither place nor what it answers. It is a
	// hint that its content be fetched, and no more. Where a site lists changes from a search index (Data Center all of
	// them, Cloud attachments and comments), rows come with the index's lag, usually seconds, a minute and more under load,
	// and not always in the order of their dates: ask from well before the last answer, and drop what is known by id and
	// version. A row that is missing proves nothing. What makes no version is never in it: trash and restore, moves, order,
	// labels, restrictions, resolved comments, removed comments and attachments.
	Feed(ctx context.Context, since time.Time) ([]Content, error)
}

// Confirmer is a Reader that can be asked, by one call, whether the site still takes it for the account that it was: nil
// vouches for everything that was read before. Calls side by side share one request.
type Confirmer interface {
	Confirm(ctx context.Context) error
}

// NewsReader is a Reader whose Feed can leave out what was seen before, so that a bulk change costs more calls once, and not
// as long as it is among the newest.
type NewsReader interface {
	// FeedNews is Feed, but a listing of which one page holds nothing unseen is read no further.
	FeedNews(ctx context.Context, since time.Time, seen func(Content) bool) ([]Content, error)
}

// Voucher is a Confirmer that remembers the last answer to the question who we are, whoever asked it: a reading that begins
// soon after a feed need not ask again.
type Voucher interface {
	// Vouched returns when that question was sent, by our clock, and the clock of the site at the answer (zero where it
	// has none). at is zero if it was never answered, or if the last answer was another one than before.
	Vouched() (at, site time.Time)
}

// Unproved is a Reader whose Fetch ends with the question who we are where an answer given to nobody looks like one given
// to us, and which can leave that question out.
type Unproved interface {
	// FetchUnproved is Fetch without that question. What it shows is true; what it does not show, a restriction among it,
	// may only have been hidden: whoever misses anything must call Confirm before believing it.
	FetchUnproved(ctx context.Context, kind Kind, ids []ID, facets Facets) ([]Content, error)
}

// Glancer is a Reader that reads facets of many contents by id in few calls, at a price: it may leave contents out, and
// what it tells is at least as new as the version it names. A site declares it by Capabilities.Glanced.
type Glancer interface {
	// Glance reads facets of current pages or blog posts: at most one call for Capabilities.GlanceBatch of them. What the
	// site does not show is left out, and proves nothing. Contents lack those facets of which the answer did not tell all:
	// Content.Facets says what was read. Attachments and comments follow what they belong to, comments without bodies, and
	// all of them are listed if their container has FacetAttachments or FacetComments.
	Glance(ctx context.Context, kind Kind, ids []ID, facets Facets) ([]Content, error)
}

// Below is a Reader that tells what hangs on a page at this moment: it is asked before a page is removed.
type Below interface {
	// Below lists the current pages directly below a page, and the files and comments of a page or blog post, comments of
	// every place and depth. Of each it tells kind and id at least, of files and comments the version too.
	Below(ctx context.Context, kind Kind, id ID) ([]Content, error)
}

// Owned is a Reader that tells what belongs to a content where no listing and no glance shows it: to an archived page.
type Owned interface {
	// Owned lists the files and the comments of a page or blog post in any state but trashed, with their versions.
	Owned(ctx context.Context, kind Kind, id ID) ([]Content, error)
}

// Prober is a Reader that can look past restrictions, for an account that may. A site declares it by Capabilities.Probe.
type Prober interface {
	// Probe reads pages or blog posts by id, in any state, with every right that the account can be given, without facets.
	// What it leaves out is not there any more. An error of class ClassUnsupported or ClassForbidden says that the account
	// cannot be sure.
	Probe(ctx context.Context, kind Kind, ids []ID) ([]Content, error)
}

// Directory is a Reader that knows people. A site declares it by Capabilities.Directory.
type Directory interface {
	// Users reads users by id; unknown ones are left out.
	Users(ctx context.Context, ids []UserID) ([]User, error)
	// Groups returns which of these groups exist.
	Groups(ctx context.Context, names []string) ([]string, error)
}

// Acquainted is a Reader that knows, without asking, how people are called whom its answers have named.
type Acquainted interface {
	// Met returns the display name of an account.
	Met(id UserID) (name string, known bool)
}

// TrashReader is a Reader that lists what is in the trash of a space: with a content that is not listed any more, it tells a
// deletion from a loss of sight. A site declares it by Capabilities.Trash.
type TrashReader interface {
	// Trashed returns the next batch of a space's trash, without bodies. T-4030 and T-2009 say that the account may not
	// look into it.
	Trashed(ctx context.Context, space Space, cursor Cursor) (Batch, error)
}

// Property is a property of a content or of a space: JSON under a key, with a version of its own.
type Property struct {
	Key     string
	Value   []byte
	Version int
}

// Properties is a Reader that knows properties. A site declares it by Capabilities.Properties.
type Properties interface {
	// Properties returns all properties of a content, sorted by key, those of the server's own included.
	Properties(ctx context.Context, kind Kind, id ID) ([]Property, error)
	// Property returns one property of a page or, if page is empty, of a space: by one call if it is there. That it is not
	// there is believed only from an account that is confirmed.
	Property(ctx context.Context, space Space, page ID, key string) (property Property, found bool, err error)
}

// Template is a page template. Two of a space may share a name.
type Template struct {
	ID          ID
	Name        string
	Description string
	SpaceKey    string // empty: of the whole site
	Body        Body
	Labels      []Label
}

// Templates is a Reader that knows page templates. A site declares it by Capabilities.Templates.
type Templates interface {
	// Templates returns the templates of a space, or of the whole site if space is the zero Space, sorted by name and id.
	Templates(ctx context.Context, space Space) ([]Template, error)
}

// States is a Reader that knows content states (lozenges). A site declares it by Capabilities.States.
type States interface {
	// State returns the name of a page's state, empty if it has none.
	State(ctx context.Context, id ID) (string, error)
}

// Payload is what a change carries besides its fields. Open may be called again for another try.
type Payload struct {
	Body Body
	Open func(context.Context) (io.ReadCloser, error)
}

// Result is what a site said about a change it made.
type Result struct {
	ID       ID  // of what was created or changed
	Version  int // its version now; 0 where the answer does not say
	Position int // of a page among its siblings; valid if Positioned
	// Positioned is set where the answer tells the position.
	Positioned bool
	HomeID     ID // of a created space: the home page the server made
	// Stored is, of an Update, the content as the site says that it stands now, body included; nil where the answer holds
	// no stored body. Its labels and restrictions are not told.
	Stored *Content
}

// Writer changes one site. Apply makes one change by one call (an upload may need two) and is safe for concurrent use.
// An *Error whose Outcome is OutcomeUnknown means that the change may or may not have been made: probe before sending
// it again. Apply itself never sends a change twice unless the site said that the first was not made.
type Writer interface {
	Apply(ctx context.Context, change Change, payload Payload) (Result, error)
}

// Calls counts requests that really went out, for a site that can tell.
type Calls interface {
	// Calls returns the number of requests sent so far and of those answered 429.
	Calls() (sent, limited int64)
}
