// Package reconcile decides what each side must do so that both agree, and never does it.
//
// It is a pure function of what both sides last agreed on (the baseline) and of one snapshot of each side. A migration
// is the call with an empty baseline and a mode of one direction. Results are sorted, so the same input gives the same
// bytes.
package reconcile

import (
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Facets is a set of the fields of a content that are compared and carried each on its own.
type Facets uint16

// The facets.
const (
	Title Facets = 1 << iota
	Parent
	// Order is that of the children of a content; of the roots of the space for the zero TwinID. The baseline keeps it
	// as the place of each child: see Ordered.
	Order
	Body
	Labels
	Restrictions
	File // bytes, name and comment of an attachment
	// Status is the state of a content's life; of an inline comment also whether it is resolved.
	Status
)

// facetCount is the number of facets above.
const facetCount = 8

// Purged is the status of a content that is gone for good, of which there is evidence: it was seen in the trash, or a
// privileged probe says so. A content that is merely not seen has no node at all, and is unknown there.
const Purged confluence.Status = "purged"

// Node is one content as one side shows it. Digests are of that side's own dialect: two sides are never compared by
// them, only a side with what it was when both agreed.
type Node struct {
	Twin    confluence.TwinID
	ID      confluence.ID
	Kind    confluence.Kind
	Status  confluence.Status
	Title   string            // file name of an attachment; empty for comments
	Parent  confluence.TwinID // page above; container of an attachment or comment; the comment that a reply answers
	Rank    int               // place among its siblings from 0 where their order is explicit, else -1
	Version int
	Home    bool // home page of its space
	// Digest holds the digest of each facet at the index of its bit (Title is 0). Facets that were not read are absent
	// from Read.
	Digest [facetCount]confluence.Digest
	Read   Facets
	// Late names contents whose server id on the other side the body needs: references by page id, short link, content id.
	Late []confluence.TwinID
	// Files names attachments of the content that its body shows.
	Files []confluence.TwinID
	// Labels are "prefix:name" in lower case, sorted. Nil with Labels in Read and a digest: only the digest is known.
	Labels []string
	// Readers and Editors are the restrictions in the neutral form (the names of side A), sorted, without tandem's own
	// account; empty: everyone. Both nil with Restrictions in Read and a digest: only the digest is known.
	Readers, Editors []confluence.Principal
	By               confluence.UserID // who made the version
	At               time.Time         // when; zero where the site does not say
	ByApp            bool              // By is an app or a system account other than tandem's
	Inline           bool              // a comment on a text of the body, or an answer to one
	Resolved         bool              // of an inline comment
	// Away marks a content that was seen outside the pair's scope: in another space, or under an excluded page.
	Away bool
}

// Agreed is what both sides last agreed on about one content: one digest per side and facet, observed after the last
// agreed write.
type Agreed struct {
	Twin    confluence.TwinID
	Kind    confluence.Kind
	ID      [2]confluence.ID // empty on a side where it does not exist
	Version [2]int
	Title   [2]string
	Parent  confluence.TwinID
	Facets  Facets // facets that were agreed on; others count as never compared
	Digest  [2][facetCount]confluence.Digest
	Tomb    bool // gone on both sides; kept because it can come back
	// Labels, Readers and Editors are what each side showed when both agreed, in the form of Node: they may differ by what
	// one side cannot hold. What one side changed since is carried to the other's own set as a difference.
	Labels           [2][]string
	Readers, Editors [2][]confluence.Principal
	Resolved         bool
	// Owed are facets of which the last write to a side is not whole yet: a body whose references wait for their targets,
	// title and place of what was just restored. The other side's value is written again until both are equal.
	Owed [2]Facets
	// Landed: tandem created or moved it on that side, so that its place among its siblings there is nobody's wish yet. The
	// caller takes it back when Result.Ordered names the twin.
	Landed [2]bool
	// Detached: left the scope on one side; nothing of it is carried until a person says so.
	Detached bool
	// Contested: met on both sides with different bodies and no ancestor; held until they are equal or a person decides.
	Contested bool
	// Held are facets that wait for a person: their clash stays open, and nothing of them is carried until both sides are
	// equal or a person decides.
	Held Facets
}

// Mode says in which direction changes flow, and what happens to edits made on a side that only receives.
type Mode string

// The modes. Safe never overwrites what people wrote at the destination: it is a conflict, and kept. Mirror takes it back.
const (
	TwoWay     Mode = "two-way"
	SafeAToB   Mode = "a-to-b-safe"
	MirrorAToB Mode = "a-to-b-mirror"
	SafeBToA   Mode = "b-to-a-safe"
	MirrorBToA Mode = "b-to-a-mirror"
)

// Choice is what a person wants to happen where both sides changed one facet.
type Choice string

// The choices. Merge falls back to Hold where no merge is possible. Copy overwrites as Policy.CopyWinner says and keeps
// the other text as a page below.
const (
	Hold    Choice = "hold"
	Merge   Choice = "merge"
	PreferA Choice = "a"
	PreferB Choice = "b"
	Newer   Choice = "newer"
	Copy    Choice = "copy"
	Tighten Choice = "tighten"
	Union   Choice = "union"
)

// Words of Policy.Deletes, Policy.DeleteVsEdit and Policy.OutOfScope.
const (
	DeletesPropagate = "propagate"
	DeletesArchive   = "archive"
	DeletesIgnore    = "ignore"

	EditWins   = "edit"
	DeleteWins = "delete"
	HoldBoth   = "hold"

	ScopeKeep  = "keep"
	ScopeTrash = "trash"
)

// Policy is what a person decided for a pair. The zero value of a field is its default.
type Policy struct {
	Mode Mode
	// Facets that take part; others are left alone.
	Facets Facets
	// Primary is the side that wins ties: orders, collisions of titles, moves that close a ring.
	Primary confluence.Side
	// Position and RootPosition: the side can be put in order below a page, and at the root.
	Position, RootPosition [2]bool
	// FoldTitle gives the form in which the side compares titles for uniqueness; nil: lower case.
	FoldTitle [2]func(string) string
	// Names of the sites, for suffixes of titles: " (Cloud)".
	Names [2]string

	// Choices per facet; where one is absent: Body Merge, Title, Parent and File Hold, Order the primary side,
	// Restrictions Tighten, Labels Union.
	Choices map[Facets]Choice
	// CopyWinner says who wins under Copy: PreferA, PreferB or Newer. Default Newer.
	CopyWinner Choice
	// Deletes says what becomes of a content whose twin was deleted. Empty: nothing is ever deleted, and a content deleted
	// at the destination is not made again: a migration.
	Deletes            string
	DeleteVsEdit       string // default EditWins
	RenameProtects     bool   // a rename alone also keeps a page from being deleted
	ResurrectAncestors bool   // a survivor brings deleted pages above it back, instead of moving up
	Prune              bool   // mirror modes: what only the receiver has goes to the trash
	OutOfScope         string // default ScopeKeep; ScopeTrash counts in mirror modes only
	// SkewMargin is how far times must be apart for Newer. Default 120 s.
	SkewMargin time.Duration
	// Sweep: the snapshots are a sweep's. Without it only what a feed sees for sure is decided: no deletes, orders, labels
	// or restrictions, and no moves that made no version.
	Sweep bool
	// Brakes are the limits; Allowed names brakes that a person let pass this once.
	Brakes  Limits
	Allowed map[string]bool
	// Decided is what a person decided about single conflicts. It wins over Choices, DeleteVsEdit and the mode.
	Decided map[Question]Choice
	// Most is how many changes a Result holds at most; zero: all. Those that it leaves out come with a later plan.
	Most int
	// CanArchive: the side can archive a page. TrashHoldsTitle: a page in its trash keeps its title from others.
	CanArchive, TrashHoldsTitle [2]bool
	// Same reports whether both sides show the same in the neutral form. It is asked only where both sides changed, and of
	// contents met for the first time; nil: never the same.
	Same func(twin confluence.TwinID, facet Facets) bool
	// Met is the same for two contents of one side each that have the same title (pages, posts) or the same name on the
	// same page (files) and a twin each of their own, side A's first.
	Met func(twins [2]confluence.TwinID, facet Facets) bool
}

// Question is one facet of one content; Status asks what becomes of a content that one side deleted.
type Question struct {
	Twin  confluence.TwinID
	Facet Facets
}

// Limits are those of the brakes; zero values are the defaults.
type Limits struct {
	DeleteShare float64 // of the live twins that one cycle may delete on a side; default 0.10
	DeleteLeast int     // that many are always allowed; default 5
	Listing     float64 // least share of the agreed pages that a side must show; default 0.5
	MassChange  float64 // share of the pages that no user may change at once; default 0.30
}

// Change is one decision: one call on one side. The values come from the other side.
type Change struct {
	N      int // index in Result.Changes
	Side   confluence.Side
	Verb   confluence.Verb
	Twin   confluence.TwinID
	Kind   confluence.Kind
	Facets Facets // what it carries
	// Target is the server id on Side; empty for creates and for what is done to a content that this Result creates.
	Target confluence.ID
	Parent confluence.TwinID // creates and moves: under which content; zero: the root
	Title  string            // what carries Title
	// Expect is the version that Side showed, for facets that have versions. Where the change needs another change of the
	// same content, the version which that one left counts.
	Expect int
	// Relink marks the second pass over a body that is written before everything it refers to exists. Until it succeeds
	// the body must not count as agreed on.
	Relink bool
	// Merged are those of Facets whose value is not the other side's own: it joins what both did, takes a suffix, or moves
	// a page out of one that is deleted. The caller does not move the baseline for them: a later Plan does it, by Settled,
	// once both sides show the value.
	Merged Facets
	// Add and Remove are labels, as in Node.
	Add, Remove []string
	// Readers and Editors are the restrictions that Side is to have, in the neutral form. Both empty opens the content.
	Readers, Editors []confluence.Principal
	// Resolved is what VerbResolve sets.
	Resolved bool
	// CopyOf, with VerbPost: the page is a conflict copy. It takes its body from what CopyFrom shows of that twin.
	CopyOf   confluence.TwinID
	CopyFrom confluence.Side
	// After, with VerbMove: the sibling it comes after; zero and First: before all others, directly before Before.
	// VerbMove with Parent among its facets puts a page below Parent, at the root of the space if that is zero.
	After  confluence.TwinID
	Before confluence.TwinID
	First  bool
	// Needs are indexes of the changes that must have succeeded before. They are always satisfiable in any topological
	// order, and always point to changes of the same Result.
	Needs []int
	// Waits are indexes of changes that should have ended before, whatever became of them: comments keep the order in
	// which they were written. They never close a cycle with Needs.
	Waits []int
}

// Clash is a facet of a content that is not carried as one side has it: both sides changed it, or the receiving side did.
type Clash struct {
	Twin  confluence.TwinID
	Facet Facets // exactly one
	What  string // one sentence for a person
	// Kind is body, title, parent, order, label, restriction, attachment, comment, delete-edit, delete, archived, contested,
	// cycle, suffix, target-only, detached, kind, unseen or held. Callers add their own.
	Kind string
	// Row of the decision table in docs/reconcile.md, 1 to 38; 0: none of them.
	Row int
	// Policy that decided.
	Policy Choice
	// Open: waits for a person, and nothing of the facet is carried. Else it is a record of what was decided.
	Open bool
}

// Brake says why nothing of a result may be carried out until a person has seen it.
type Brake struct {
	Name   string // deletes, emptied, mass-change
	Side   confluence.Side
	Count  int
	Of     int
	What   string              // one sentence for a person
	Sample []confluence.TwinID // at most 20
}

// Result is what to do. Every list is sorted by twin, Changes by a topological order of their Needs.
type Result struct {
	// Changes to carry out. If there are Brakes, they are what would be done: none of them may be applied.
	Changes []Change
	// Later counts the changes that Policy.Most leaves out, nil if there are none. None of Changes needs one of them.
	Later   map[Call]int
	Clashes []Clash
	Brakes  []Brake
	// Converged lists contents whose facets changed on both sides to the same value, or were met for the first time equal.
	Converged []confluence.TwinID
	// Gone lists contents that both agreed on and that the sending side no longer has. Nothing is deleted for it in a
	// migration.
	Gone []confluence.TwinID
	// Joined lists contents that were made on both sides and are twins from now on. The caller records them before it
	// carries out any change.
	Joined []Joined
	// Settled lists what the caller records as agreed, as both sides show it now.
	Settled []Settled
	// Tombs lists contents that are gone on both sides by now: the caller makes their Agreed a tombstone.
	Tombs []confluence.TwinID
	// Detached lists contents that left the scope on one side.
	Detached []confluence.TwinID
	// Unknown lists contents that a side should have and did not show, without evidence that they are gone. Nothing is
	// decided about them.
	Unknown []confluence.TwinID
	// Ordered lists pages that stand among their siblings as at the sender, with what is to be recorded of it. Sorted by
	// twin.
	Ordered []Ordered
	// Unchanged counts contents that were compared and need nothing.
	Unchanged int
	// Rows counts how often each row of the decision table decided.
	Rows map[int]int
}

// Call is a sort of change.
type Call struct {
	Verb   confluence.Verb
	Kind   confluence.Kind
	Relink bool
}

// Joined are two contents of one side each that become twins. All that a Result says of them it says of Twins[A], which
// stays; Twins[B] is used no more.
type Joined struct {
	Twins [2]confluence.TwinID
	Kind  confluence.Kind
	// Contested: their bodies, or bytes, differ, and there is no ancestor.
	Contested bool
}

// Settled are facets of a content that both sides agree on without a change, or that a person let differ.
type Settled struct {
	Twin   confluence.TwinID
	Facets Facets
	// Labels, with Labels among Facets: what was agreed on of each side's labels is this from now on. A change of labels
	// that succeeded adds its Add to both, and takes its Remove from both.
	Labels [2][]string
}

// Ordered is the place of a page among its siblings, which both sides show. The caller records Digest for the facet Order
// of the page's Agreed, for both sides; zero takes back what was recorded.
type Ordered struct {
	Twin   confluence.TwinID
	Digest confluence.Digest
}
