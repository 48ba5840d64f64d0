package demo

import (
	"strings"
	"testing"
)

func asExpected() Document {
	return Document{
		Migration: Migration{Status: "FINISHED", Pages: 128, BlogPosts: 6, Attachments: 46},
		Parity:    Parity{Equal: true},
	}
}

// TestCheck: everything that can deviate is named, with its part.
func TestCheck(t *testing.T) {
	if d := Check(asExpected()); d != nil {
		t.Errorf("what is expected deviates: %+v", d)
	}
	for _, row := range []struct {
		part, what string
		spoil      func(*Document)
	}{
		{"migration", "FINISHED", func(d *Document) { d.Migration.Status = "INCOMPLETE" }},
		{"migration", "pages 128, got 127", func(d *Document) { d.Migration.Pages-- }},
		{"migration", "blogPosts 6, got 7", func(d *Document) { d.Migration.BlogPosts++ }},
		{"migration", "attachments 46, got 45", func(d *Document) { d.Migration.Attachments-- }},
		{"migration", "failures 0, got 1", func(d *Document) { d.Migration.Failures++ }},
		{"parity", "differences 0, got 1", func(d *Document) { d.Parity.Differences++ }},
		{"parity", "equal", func(d *Document) { d.Parity.Equal = false }},
		{"sync", "conflicts", func(d *Document) { d.Sync.Conflicts++ }},
		{"sync", "merged", func(d *Document) { d.Sync.Merged++ }},
	} {
		d := asExpected()
		row.spoil(&d)
		got := Check(d)
		if got == nil || got.Part != row.part || !strings.Contains(got.What, row.what) {
			t.Errorf("%s: %+v", row.what, got)
		}
	}
}

func TestSpacesInOrder(t *testing.T) {
	if got := strings.Join(Spaces(), " "); got != "ENG HR OPS" {
		t.Errorf("spaces are %s", got)
	}
}
