package reconciletest

import (
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Trash puts a page, post or file into the trash, and deletes a comment for good.
func (s *Site) Trash(id int) error {
	c := &s.Contents[id]
	switch {
	case !s.Live(id):
		return refuse("content %d is not there", id)
	case c.Home:
		return refuse("the home page cannot be deleted")
	case c.Kind == confluence.Comment:
		s.uncomment(id)
		return nil
	}
	c.Status = confluence.Trashed
	if c.Kind == confluence.Page {
		s.abandon(id)
	}
	return nil
}

func (s *Site) uncomment(id int) {
	s.Contents[id].Purged = true
	for i := range s.Contents {
		if c := &s.Contents[i]; c.Kind == confluence.Comment && c.Parent == id && !c.Purged {
			s.uncomment(i)
		}
	}
}

// abandon takes a page out of the tree. What stands below it moves up, or goes along.
func (s *Site) abandon(id int) {
	children := slices.Clone(s.Contents[id].Children)
	parent := s.Contents[id].Parent
	for _, child := range children {
		if s.Options.Cascades && s.Contents[id].Status == confluence.Trashed {
			s.Contents[child].Status = confluence.Trashed
			s.abandon(child)
			continue
		}
		s.leave(child)
		s.enter(child, parent)
	}
	s.leave(id)
}

// Restore takes a content out of the trash, with its id.
func (s *Site) Restore(id int, by string) error {
	c := &s.Contents[id]
	if c.Status != confluence.Trashed || c.Purged || c.Away {
		return refuse("content %d is not in the trash", id)
	}
	switch c.Kind {
	case confluence.Page:
		if err := s.titleFor(id, c.Title); err != nil {
			return err
		}
		parent := c.Parent
		if s.Options.RestoreRoot || parent != Nowhere && !s.Live(parent) {
			parent = Nowhere
		}
		c.Status = confluence.Current
		s.enter(id, parent)
	case confluence.Attachment:
		if !s.Shown(c.Parent) || s.FileNamed(c.Parent, c.Title) >= 0 {
			return refuse("file %d has no place", id)
		}
	}
	s.Contents[id].Status = confluence.Current
	s.stamp(id, by)
	return nil
}

// Archive archives a page; what stands below it moves up.
func (s *Site) Archive(id int) error {
	if !s.Live(id) || s.Contents[id].Kind != confluence.Page || s.Contents[id].Home {
		return refuse("content %d cannot be archived", id)
	}
	s.Contents[id].Status = confluence.Archived
	s.abandon(id)
	return nil
}

// Leave moves a page to another space; what stands below it goes along.
func (s *Site) Leave(id int) error {
	if !s.Live(id) || s.Contents[id].Kind != confluence.Page || s.Contents[id].Home {
		return refuse("content %d cannot be moved away", id)
	}
	s.leave(id)
	s.away(id)
	return nil
}

func (s *Site) away(id int) {
	s.Contents[id].Away = true
	for _, child := range s.Contents[id].Children {
		s.away(child)
	}
}

// AddLabels adds labels to what is there.
func (s *Site) AddLabels(id int, labels Set) error {
	if !s.Shown(id) {
		return refuse("content %d is not there", id)
	}
	s.Contents[id].Labels |= labels
	return nil
}

// RemoveLabels takes labels away that are there.
func (s *Site) RemoveLabels(id int, labels Set) error {
	if !s.Shown(id) {
		return refuse("content %d is not there", id)
	}
	if !s.Contents[id].Labels.Has(labels) {
		return refuse("content %d has no such label", id)
	}
	s.Contents[id].Labels &^= labels
	return nil
}

// Restrict replaces a content's own restrictions.
func (s *Site) Restrict(id int, readers, editors Set) error {
	if !s.Live(id) {
		return refuse("content %d is not there", id)
	}
	s.Contents[id].Readers, s.Contents[id].Editors = readers, editors
	return nil
}

// Everybody is the set of all who could read.
const Everybody Set = 1<<principals - 1

// principals is how many users and groups there are to restrict to.
const principals = 4

// ReadersOf returns who can see a content: those whom neither its page nor one above shuts out.
func (s *Site) ReadersOf(id int) Set {
	all := Everybody
	for id = s.Owner(id); id != Nowhere; id = s.Contents[id].Parent {
		if own := s.Contents[id].Readers; own != 0 {
			all &= own
		}
	}
	return all
}
