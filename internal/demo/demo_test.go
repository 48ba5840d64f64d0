package demo

import (
	"strings"
	"testing"
)

func asExpected() Document {
	return Document{
		Migration: Migration{Status: "FINISHED", Pages: 128, BlogPosts: 6, Attachments: 46},
		Sync: Sync{
			Cycles: 3, Propagated: 14, Sides: []Side{{Site: "dc", Carried: 6}, {Site: "cloud", Carried: 8}}, Parity: &Parity{Equal: true},
		},
		Parity: Parity{Equal: true},
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
		{"sync", "failed", func(d *Document) { d.Sync.Failed++ }},
		{"sync", "carried to dc 6, got 5", func(d *Document) { d.Sync.Sides[0].Carried-- }},
		{"sync", "carried to cloud 8, got 9", func(d *Document) { d.Sync.Sides[1].Carried++ }},
		{"parity", "after the sync", func(d *Document) { d.Sync.Parity.Equal = false }},
	} {
		d := asExpected()
		row.spoil(&d)
		got := Check(d)
		if got == nil || got.Part != row.part || !strings.Contains(got.What, row.what) {
			t.Errorf("%s: %+v", row.what, got)
		}
	}
}

// TestCheckWithoutSync: with an export there is nothing to sync, and nothing of it is expected.
func TestCheckWithoutSync(t *testing.T) {
	d := asExpected()
	d.Sync = Sync{Sides: []Side{}}
	if got := Check(d); got != nil {
		t.Errorf("%+v", got)
	}
}

// TestEditsAreOneSided: no page is touched twice, let alone on both sites: whatever arrives was not merged.
func TestEditsAreOneSided(t *testing.T) {
	seen := map[any]bool{}
	for _, round := range rounds {
		for _, d := range round {
			name := d.what["page"]
			if name == nil {
				name = d.what["title"]
			}
			if name == nil || seen[name] {
				t.Errorf("%v is edited twice", name)
			}
			seen[name] = true
			if fullName(d.who) == d.who {
				t.Errorf("nobody is called %s", d.who)
			}
		}
	}
	if got := Edits(); got != [2]int{8, 6} {
		t.Errorf("edits on both sites: %v", got)
	}
}

func TestSpacesInOrder(t *testing.T) {
	if got := strings.Join(Spaces(), " "); got != "ENG HR OPS" {
		t.Errorf("spaces are %s", got)
	}
}
