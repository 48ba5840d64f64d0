// Package parity proves that two sides hold the same contents, or names the contents and fields that differ.
//
// Each content becomes one leaf; the leaves of a side form a Merkle tree as in RFC 6962, section 2.1, whose root stands
// for the whole space. Two sides are equal exactly when their roots are. What is known not to be equal is excepted, with
// a reason, and every exception is covered by the root as well. The encoding is described in docs/parity.md.
package parity

import (
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Depth says how much of a content its leaf covers.
type Depth string

// The depths. Structure is kind, title, place and order; Content adds body, files by name and size, labels, comments and
// restrictions; Everything adds the digests of the files' bytes.
const (
	Structure  Depth = "structure"
	Content    Depth = "content"
	Everything Depth = "everything"
)

// The fields of a leaf, as exceptions and differences name them. FieldFiles, FieldLabels, FieldComments, FieldReaders
// and FieldEditors may be followed by a slash and one element: a file name, "prefix:name" of a label, the twin of a
// comment, a principal. The empty field stands for the content as a whole.
const (
	FieldWhole    = ""
	FieldKind     = "kind"
	FieldTitle    = "title"
	FieldParent   = "parent"
	FieldRank     = "rank"
	FieldContent  = "content"
	FieldFiles    = "files"
	FieldLabels   = "labels"
	FieldComments = "comments"
	FieldReaders  = "readers"
	FieldEditors  = "editors"
)

// The reasons of exceptions.
const (
	ReasonAuthorDate          = "author-date"
	ReasonRootOrder           = "root-order"
	ReasonInlineComments      = "inline-comments"
	ReasonConverted           = "converted"
	ReasonPersonalLabel       = "personal-label"
	ReasonDuplicateFile       = "duplicate-file"
	ReasonCommentOnAttachment = "comment-on-attachment"
	ReasonUntitled            = "untitled"
	ReasonUnmappedPrincipal   = "unmapped-principal"
	ReasonEditedSince         = "edited-since" // at the source, after it was read; a later run carries it
	ReasonAccepted            = "accepted"
)

// File is one attachment of a content.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // lower-case hex
	Size   int64  `json:"size"`   // bytes
}

// Comment is one comment with its replies.
type Comment struct {
	Twin       confluence.TwinID
	Kind       confluence.CommentKind
	Content    confluence.Digest
	Resolution string
	Replies    []Comment
}

// Leaf is one page or blog post as one side holds it, in the neutral form: references, principals and parents are named
// by twins and by the keys of side A, so that equal contents have equal leaves.
type Leaf struct {
	Kind   confluence.Kind
	Twin   confluence.TwinID // "A:ID" or "B:ID" for a content without a twin on the other side
	Title  string
	Parent confluence.TwinID // zero at the root, and for blog posts
	// Ranked is set on side A where the order of the siblings is explicit there, on side B where the order is known.
	// Ranks are compared where side A sets it. Rank orders the siblings: only its order counts.
	Ranked  bool
	Rank    int
	Content confluence.Digest
	Files   []File
	Labels  []string // "prefix:name"
	// Comments are the comments on the content itself, replies inside them.
	Comments []Comment
	// Restricted says if readers (0) and editors (1) are restricted at all; Readers and Editors name the principals,
	// without tandem's own account.
	Restricted [2]bool
	Readers    []string
	Editors    []string
}

// Exception silences one field of one content on both sides, for a reason that the proof states.
type Exception struct {
	Reason string            `json:"reason"`
	Twin   confluence.TwinID `json:"twin"`
	Field  string            `json:"field"`
}

// Difference is one field of one content that differs. With Field FieldWhole the content itself is missing on a side.
type Difference struct {
	Twin    confluence.TwinID `json:"twin"`
	Kind    confluence.Kind   `json:"kind"`
	Title   string            `json:"title"`
	Field   string            `json:"field"`
	Values  [2]string         `json:"values"` // of A and of B; empty where Missing
	Missing [2]bool           `json:"missing"`
}

// Proof is the outcome of one comparison of one space.
type Proof struct {
	Space       string               `json:"space"` // key on side A
	Depth       Depth                `json:"depth"`
	Roots       [2]confluence.Digest `json:"roots"`
	Equal       bool                 `json:"equal"`
	Leaves      [2]int               `json:"leaves"`      // contents on each side, without exception leaves
	Differences []Difference         `json:"differences"` // sorted by twin and field; empty exactly if Equal
	Exceptions  []Exception          `json:"exceptions"`  // sorted by reason, twin and field
}

// Report is what a person gets to read and to keep: the proofs of a run with what names them.
type Report struct {
	Title  string    `json:"title"`
	Run    string    `json:"run"`
	Sites  [2]string `json:"sites"` // what people call the two sides
	At     time.Time `json:"at"`
	Facts  []Fact    `json:"facts"` // rows of the summary, in this order
	Proofs []Proof   `json:"proofs"`
}

// Fact is one row of a report's summary.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Equal reports whether every proof holds; a report without proofs proves nothing.
func (r Report) Equal() bool {
	for _, p := range r.Proofs {
		if !p.Equal {
			return false
		}
	}
	return len(r.Proofs) > 0
}
