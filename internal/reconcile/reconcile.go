// Package reconcile decides what each side must do so that both agree, and never does it.
//
// It is a pure function of what both sides last agreed on (the baseline) and of one snapshot of each side. A migration
// is the call with an empty baseline and a mode of one direction. Results are sorted, so the same input gives the same
// bytes.
package reconcile

import "github.com/tandem-sync/tandem/internal/confluence"

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
	Status
)

// facetCount is the number of facets above.
const facetCount = 8

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
	Tomb    bool // gone on both sides
}

// Mode says in which direction changes flow, and what happens to edits made on a side that only receives.
type Mode string

// The modes. Safe never overwrites what people wrote at the destination: it is a conflict, and kept.
const (
	SafeAToB Mode = "a-to-b-safe"
)

// Policy is what a person decided for a pair.
type Policy struct {
	Mode Mode
	// Facets that take part; others are left alone.
	Facets Facets
	// Position and RootPosition: the receiving side can be put in order below a page, and at the root.
	Position, RootPosition bool
	// FoldTitle gives the form in which the receiving side compares titles for uniqueness; nil: lower case.
	FoldTitle func(string) string
}

// Change is one decision: one call on one side.
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
	// After, with VerbMove: the sibling it comes after; zero and First: before all others, directly before Before.
	// VerbMove with Parent among its facets puts a page at the root of the space.
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

// Clash is a facet of a content that both sides changed, or that the receiving side changed, so that nothing is done.
type Clash struct {
	Twin  confluence.TwinID
	Facet Facets // exactly one
	What  string // one sentence for a person
}

// Result is what to do. Every list is sorted by twin, Changes by a topological order of their Needs.
type Result struct {
	Changes []Change
	Clashes []Clash
	// Converged lists contents whose facets changed on both sides to the same value, or were met for the first time equal.
	Converged []confluence.TwinID
	// Gone lists contents that both agreed on and that the sending side no longer has. Nothing is deleted for it in a
	// migration.
	Gone []confluence.TwinID
	// Ordered lists pages that stand among their siblings as at the sender, with what is to be recorded of it. Sorted by
	// twin.
	Ordered []Ordered
	// Unchanged counts contents that were compared and need nothing.
	Unchanged int
}

// Ordered is the place of a page among its siblings, which both sides show. The caller records Digest for the facet Order
// of the page's Agreed, for both sides; zero takes back what was recorded.
type Ordered struct {
	Twin   confluence.TwinID
	Digest confluence.Digest
}
