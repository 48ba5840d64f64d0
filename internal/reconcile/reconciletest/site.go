// Package reconciletest is a model of two Confluence sites, of the people who work on them, and of a caller that plans
// with reconcile and carries the plan out. A modelled site refuses what a real one refuses; what it never does is answer
// late, wrongly or not at all: that is for simulations of the engine. Its bodies are tokens without inside, which
// conflict unless they are equal. Tests and benchmarks share it. Everything follows from a seed.
package reconciletest

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Token stands for what a person wrote: a body, the bytes of a file. Zero is nothing. A copy of it is the same Token.
type Token int32

// Set is a set of at most 16 labels or principals.
type Set uint16

// Has reports whether all of want are in the set.
func (s Set) Has(want Set) bool { return s&want == want }

// names lists members of a set, from all possible names in the order in which they sort.
func (s Set) names(all []string) []string {
	var out []string
	for ; s != 0; s &= s - 1 {
		out = append(out, all[bits.TrailingZeros16(uint16(s))])
	}
	return out
}

// Nowhere is the parent of what stands at the root of the space.
const Nowhere = -1

// Content is one content of a modelled site. Its id is its index in Site.Contents.
type Content struct {
	Birth    int // names what a person made; the copy that we make of it on the other side has the same
	Kind     confluence.Kind
	Status   confluence.Status
	Purged   bool // deleted for good
	Away     bool // moved to another space
	Hidden   bool // restricted by people so that our account cannot read it
	Home     bool
	Title    string
	Parent   int // id of the page above, of the container, of the comment that it answers; Nowhere: the root
	Body     Token
	File     Token
	Labels   Set
	Readers  Set // own restriction; empty: everybody
	Editors  Set
	Version  int
	At       int64 // seconds, when its last version was made
	By       string
	Children []int // child pages in their order
	// Past holds the versions before this one: what a person can bring back by hand.
	Past []Version
}

// Version is what a past version of a content said.
type Version struct {
	Body, File Token
	Title      string
}

// Site is one modelled side.
type Site struct {
	Contents []Content
	Roots    []int // pages at the root of the space, in their order
	Options  Options
	clock    int64
}

// Options are what is not known of real sites, or differs between them.
type Options struct {
	TrashHolds   bool // a trashed page keeps its title from others
	ArchiveHolds bool // so does an archived one
	Cascades     bool // a trashed page takes the pages below it along; else they move up
	MoveBumps    bool // a move makes a version
	RestoreRoot  bool // a restored page stands at the root; else where it was, if that is there
}

// Refusal is a call that a site refuses. It has no code: a real site gives many.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Live reports whether a content is there, current, and in the space.
func (s *Site) Live(id int) bool {
	c := &s.Contents[id]
	return c.Status == confluence.Current && !c.Purged && !c.Away
}

// Shown reports whether a content is live together with the page that it belongs to.
func (s *Site) Shown(id int) bool {
	for ; s.Live(id); id = s.Contents[id].Parent {
		if c := &s.Contents[id]; c.Kind == confluence.Page || c.Kind == confluence.BlogPost {
			return true
		}
	}
	return false
}

// Owner returns the page or blog post that a content belongs to, or is.
func (s *Site) Owner(id int) int {
	for s.Contents[id].Kind == confluence.Attachment || s.Contents[id].Kind == confluence.Comment {
		id = s.Contents[id].Parent
	}
	return id
}

// Holder returns the content that keeps a page title from others, -1 if it is free.
func (s *Site) Holder(title string) int {
	for id := range s.Contents {
		c := &s.Contents[id]
		if c.Kind != confluence.Page || c.Purged || c.Away || !strings.EqualFold(c.Title, title) {
			continue
		}
		switch {
		case c.Status == confluence.Current, c.Status == confluence.Archived && s.Options.ArchiveHolds,
			c.Status == confluence.Trashed && s.Options.TrashHolds:
			return id
		}
	}
	return -1
}

// Inside reports whether a page is another, or stands below it.
func (s *Site) Inside(id, of int) bool {
	for ; id != Nowhere; id = s.Contents[id].Parent {
		if id == of {
			return true
		}
	}
	return false
}

// Below lists attachments and comments of a content, not those of what is below it.
func (s *Site) Below(id int) []int {
	var out []int
	for i := range s.Contents {
		if c := &s.Contents[i]; c.Parent == id && c.Kind != confluence.Page && !c.Purged && c.Status == confluence.Current {
			out = append(out, i)
		}
	}
	return out
}

func (s *Site) siblings(parent int) *[]int {
	if parent == Nowhere {
		return &s.Roots
	}
	return &s.Contents[parent].Children
}

// SiblingsOf lists the pages below a page, or at the root, in their order.
func (s *Site) SiblingsOf(parent int) []int { return *s.siblings(parent) }

func (s *Site) leave(id int) {
	list := s.siblings(s.Contents[id].Parent)
	if i := slices.Index(*list, id); i >= 0 {
		*list = slices.Delete(*list, i, i+1)
	}
}

func (s *Site) enter(id, parent int) {
	s.Contents[id].Parent = parent
	list := s.siblings(parent)
	*list = append(*list, id)
}

// stamp makes a version.
func (s *Site) stamp(id int, by string) {
	c := &s.Contents[id]
	s.clock += 7
	c.Version++
	c.At, c.By = s.clock, by
}

func (s *Site) remember(id int) {
	c := &s.Contents[id]
	c.Past = append(c.Past, Version{Body: c.Body, File: c.File, Title: c.Title})
}

// parentFor checks what a page is to be put under.
func (s *Site) parentFor(parent int) error {
	if parent == Nowhere {
		return nil
	}
	if parent < 0 || parent >= len(s.Contents) || !s.Live(parent) || s.Contents[parent].Kind != confluence.Page {
		return refuse("the page above is not there")
	}
	return nil
}

func (s *Site) titleFor(id int, title string) error {
	if title == "" || len(title) > 255 {
		return refuse("no title, or one that is too long")
	}
	if h := s.Holder(title); h >= 0 && h != id {
		return refuse("the title %q is taken by content %d", title, h)
	}
	return nil
}

// Create makes a content and returns its id.
func (s *Site) Create(c Content, by string) (int, error) {
	switch c.Kind {
	case confluence.Page:
		if err := s.parentFor(c.Parent); err != nil {
			return 0, err
		}
		if err := s.titleFor(-1, c.Title); err != nil {
			return 0, err
		}
	case confluence.Attachment, confluence.Comment:
		if c.Parent < 0 || c.Parent >= len(s.Contents) || !s.Shown(c.Parent) {
			return 0, refuse("what it belongs to is not there")
		}
		if c.Kind == confluence.Attachment && s.FileNamed(c.Parent, c.Title) >= 0 {
			return 0, refuse("the page has a file %q", c.Title)
		}
	default:
		c.Parent = Nowhere
	}
	c.Status, c.Version, c.Children, c.Past = confluence.Current, 0, nil, nil
	id := len(s.Contents)
	s.Contents = append(s.Contents, c)
	if c.Kind == confluence.Page {
		s.enter(id, c.Parent)
	}
	s.stamp(id, by)
	return id, nil
}

// FileNamed returns the attachment of that name on a page, -1 if there is none.
func (s *Site) FileNamed(page int, name string) int {
	for id := range s.Contents {
		c := &s.Contents[id]
		if c.Kind == confluence.Attachment && c.Parent == page && s.Live(id) && strings.EqualFold(c.Title, name) {
			return id
		}
	}
	return -1
}

// Edit is what one update of a page writes: what is nil stays.
type Edit struct {
	Title  *string
	Parent *int
	Body   *Token
}

// Update writes title, parent and body of a page, post or comment in one call. Expect is the version it was planned on,
// -1 for whatever there is.
func (s *Site) Update(id, expect int, e Edit, by string) error {
	c := &s.Contents[id]
	if !s.Shown(id) {
		return refuse("content %d is not there", id)
	}
	if expect >= 0 && expect != c.Version {
		return refuse("version %d of content %d, expected %d", c.Version, id, expect)
	}
	if e.Title != nil && c.Kind == confluence.Page {
		if err := s.titleFor(id, *e.Title); err != nil {
			return err
		}
	}
	if e.Parent != nil {
		if err := s.place(id, *e.Parent); err != nil {
			return err
		}
	}
	s.remember(id)
	if e.Title != nil {
		c.Title = *e.Title
	}
	if e.Body != nil {
		c.Body = *e.Body
	}
	s.stamp(id, by)
	return nil
}

// place puts a page under another, last among its children.
func (s *Site) place(id, parent int) error {
	if s.Contents[id].Kind != confluence.Page {
		return refuse("content %d is no page", id)
	}
	if err := s.parentFor(parent); err != nil {
		return err
	}
	if parent != Nowhere && s.Inside(parent, id) {
		return refuse("page %d under its own descendant %d", id, parent)
	}
	if parent != s.Contents[id].Parent {
		s.leave(id)
		s.enter(id, parent)
	}
	return nil
}

// Move puts a page under another, or at the root.
func (s *Site) Move(id, parent int, by string) error {
	if !s.Live(id) {
		return refuse("page %d is not there", id)
	}
	if err := s.place(id, parent); err != nil {
		return err
	}
	if s.Options.MoveBumps {
		s.stamp(id, by)
	}
	return nil
}

// MoveBeside puts a page directly before or after a sibling.
func (s *Site) MoveBeside(id, sibling int, after bool) error {
	if !s.Live(id) || sibling < 0 || !s.Live(sibling) || id == sibling || s.Contents[id].Parent != s.Contents[sibling].Parent {
		return refuse("content %d beside %d, which is no sibling", id, sibling)
	}
	s.leave(id)
	list := s.siblings(s.Contents[id].Parent)
	at := slices.Index(*list, sibling)
	if after {
		at++
	}
	*list = slices.Insert(*list, at, id)
	return nil
}

// ReplaceFile makes a new version of an attachment.
func (s *Site) ReplaceFile(id int, file Token, by string) error {
	if !s.Shown(id) {
		return refuse("file %d is not there", id)
	}
	s.remember(id)
	s.Contents[id].File = file
	s.stamp(id, by)
	return nil
}
