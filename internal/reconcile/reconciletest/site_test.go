package reconciletest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// grown is a site: pages 0 with 1 and 2 below it, 3 below 1, file 4 and comment 5 on 3, answer 6 to 5.
func grown(t *testing.T, o Options) *Site {
	t.Helper()
	s := &Site{Options: o}
	for _, c := range []Content{
		{Kind: confluence.Page, Title: "Home", Parent: Nowhere, Home: true}, {Kind: confluence.Page, Title: "One"}, {Kind: confluence.Page, Title: "Two"},
		{Kind: confluence.Page, Title: "Three", Parent: 1}, {Kind: confluence.Attachment, Title: "f.png", Parent: 3, File: 9},
		{Kind: confluence.Comment, Parent: 3, Body: 7}, {Kind: confluence.Comment, Parent: 5, Body: 8},
	} {
		if _, err := s.Create(c, "somebody"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestRefusals: a modelled site refuses what a real one refuses.
func TestRefusals(t *testing.T) {
	title := func(s string) Edit { return Edit{Title: &s} }
	under := func(id int) Edit { return Edit{Parent: &id} }
	for _, c := range []struct {
		name string
		do   func(s *Site) error
		want string // empty: it is done
	}{
		{"under a descendant", func(s *Site) error { return s.Move(1, 3, "p") }, "own descendant"},
		{"under itself", func(s *Site) error { return s.Update(1, 1, under(1), "p") }, "own descendant"},
		{"under nothing", func(s *Site) error { return s.Update(1, 1, under(99), "p") }, "not there"},
		{"under a file", func(s *Site) error { return s.Move(1, 4, "p") }, "not there"},
		{"under a trashed page", func(s *Site) error { return errors.Join(s.Trash(2), s.Move(1, 2, "p")) }, "not there"},
		{"elsewhere", func(s *Site) error { return s.Move(3, 2, "p") }, ""},
		{"a taken title", func(s *Site) error { return s.Update(1, 1, title("two"), "p") }, "taken"},
		{"its own title in capitals", func(s *Site) error { return s.Update(1, 1, title("ONE"), "p") }, ""},
		{"create with a taken title", func(s *Site) error {
			_, err := s.Create(Content{Kind: confluence.Page, Title: "HOME", Parent: 0}, "p")
			return err
		}, "taken"},
		{"a title of 256 bytes", func(s *Site) error { return s.Update(1, 1, title(strings.Repeat("x", 256)), "p") }, "too long"},
		{"a stale version", func(s *Site) error { return s.Update(1, 0, title("New"), "p") }, "version 1"},
		{"a version to come", func(s *Site) error { return s.Update(1, 2, title("New"), "p") }, "version 1"},
		{"create below nothing", func(s *Site) error {
			_, err := s.Create(Content{Kind: confluence.Page, Title: "New", Parent: 99}, "p")
			return err
		}, "not there"},
		{"a second file of the name", func(s *Site) error {
			_, err := s.Create(Content{Kind: confluence.Attachment, Title: "F.png", Parent: 3}, "p")
			return err
		}, "has a file"},
		{"a comment on a trashed page", func(s *Site) error {
			_, err := s.Create(Content{Kind: confluence.Comment, Parent: 3}, "p")
			return errors.Join(s.Trash(3), err, s.Update(5, -1, Edit{Body: new(Token)}, "p"))
		}, "not there"},
		{"beside what is no sibling", func(s *Site) error { return s.MoveBeside(3, 2, true) }, "no sibling"},
		{"trash the home page", func(s *Site) error { return s.Trash(0) }, "home page"},
		{"trash twice", func(s *Site) error { return errors.Join(s.Trash(2), s.Trash(2)) }, "not there"},
		{"restore what is live", func(s *Site) error { return s.Restore(2, "p") }, "not in the trash"},
		{"restore where the title is taken", func(s *Site) error {
			return errors.Join(s.Trash(2), s.Update(1, -1, title("Two"), "p"), s.Restore(2, "p"))
		}, "taken"},
		{"a label that is not there", func(s *Site) error { return s.RemoveLabels(1, 1) }, "no such label"},
		{"archive a file", func(s *Site) error { return s.Archive(4) }, "cannot be archived"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.do(grown(t, Options{}))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			var refusal Refusal
			if err != nil && !errors.As(err, &refusal) {
				t.Errorf("%v is no refusal", err)
			}
		})
	}
}

// TestTrash: what stands below a trashed page moves up or goes along, files and comments are shown no more, and come back.
func TestTrash(t *testing.T) {
	s := grown(t, Options{})
	if err := s.Trash(1); err != nil {
		t.Fatal(err)
	}
	if s.Contents[3].Parent != 0 || !slices.Equal(s.SiblingsOf(0), []int{2, 3}) || !s.Shown(4) {
		t.Errorf("the page below stands under %d; children %v", s.Contents[3].Parent, s.SiblingsOf(0))
	}
	s = grown(t, Options{Cascades: true, TrashHolds: true})
	if err := s.Trash(1); err != nil {
		t.Fatal(err)
	}
	if s.Live(3) || s.Shown(6) || s.Holder("three") != 3 {
		t.Error("the page below did not go along, or lost its title")
	}
	if err := errors.Join(s.Restore(1, "p"), s.Restore(3, "p")); err != nil || !s.Shown(6) || s.Contents[3].Parent != 1 {
		t.Errorf("%v; parent %d", err, s.Contents[3].Parent)
	}
	if err := s.Trash(5); err != nil || !s.Contents[6].Purged {
		t.Errorf("%v: a comment takes its answers along", err)
	}
}

// TestReaders: who can read a page is who is let in by it and by all pages above.
func TestReaders(t *testing.T) {
	s := grown(t, Options{})
	if err := errors.Join(s.Restrict(1, 0b0110, 0), s.Restrict(3, 0b0011, 0)); err != nil {
		t.Fatal(err)
	}
	if got := s.ReadersOf(6); got != 0b0010 {
		t.Errorf("%04b can read an answer on the page", got)
	}
	if err := s.Move(3, 2, "p"); err != nil || s.ReadersOf(4) != 0b0011 || s.ReadersOf(2) != Everybody {
		t.Errorf("%v: %04b can read a file on the moved page", err, s.ReadersOf(4))
	}
}

// TestShrink: what a failure does not need is cut away.
func TestShrink(t *testing.T) {
	has := func(c Case, a Act) bool {
		return slices.ContainsFunc(c.Rounds, func(ops []Op) bool { return slices.ContainsFunc(ops, func(o Op) bool { return o.Act == a }) })
	}
	c := Draw(0, Variant{})
	for seed := uint64(1); !has(c, Swap) || !has(c, Label); seed++ {
		c = Draw(seed, Variant{})
	}
	small := Shrink(c, func(c Case) bool { return has(c, Swap) && has(c, Label) && len(c.Start) > 3 })
	n := 0
	for _, ops := range small.Rounds {
		n += len(ops)
	}
	if n != 2 || len(small.Start) != 4 || small.Fail != 0 || len(small.Race) != 0 {
		t.Errorf("%d acts and %d contents are left:\n%s", n, len(small.Start), small.Source())
	}
}
