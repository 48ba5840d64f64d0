package migration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const smallPair = "apiVersion: tandem/v1\nkind: SpacePair\nname: hr\na: {site: dc, space: HR}\nb: {site: cloud, space: HR}\n"

// TestPairFile: what is not said is the default, and what is written is read again as the same pair.
func TestPairFile(t *testing.T) {
	p, err := ParsePair([]byte(smallPair), "hr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := NewPair()
	want.Name, want.A, want.B = "hr", PairEnd{Site: "dc", Space: "HR"}, PairEnd{Site: "cloud", Space: "HR"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	full := smallPair + `adopt: "HR-2026#1"
direction: "to:cloud"
strict: mirror
mode: on-demand
facets: [body, title]
deletes: ignore
conflicts: "prefer:dc"
choices: {labels: hold, order: newer}
deleteVsEdit: hold
renameProtects: true
resurrectAncestors: true
prune: true
outOfScope: trash
primary: cloud
brakes: {deletes: "20%", least: "3"}
feed: 30s
sweep: 1h
owner: anna
review: 2027-02-01
end: 2027-06-30
`
	p, err = ParsePair([]byte(full), "hr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if p.Brakes["least"] != "3" || p.Choices["labels"] != "hold" || !p.Prune || p.End != "2027-06-30" || p.Adopt != "HR-2026#1" {
		t.Errorf("read as %+v", p)
	}
	again, err := ParsePair(p.YAML(), "again.yaml")
	if err != nil {
		t.Fatalf("%v\n%s", err, p.YAML())
	}
	if diff := cmp.Diff(p, again, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// TestPairFileRefused: what is wrong is refused with its place.
func TestPairFileRefused(t *testing.T) {
	for _, row := range []struct{ name, file, says string }{
		{"another kind", strings.Replace(smallPair, "SpacePair", "MigrationPlan", 1), "line 2"},
		{"unknown key", smallPair + "colour: red\n", "line 6"},
		{"unknown word", smallPair + "deletes: sometimes\n", "line 6"},
		{"no side", "apiVersion: tandem/v1\nkind: SpacePair\nname: hr\na: {site: dc, space: HR}\n", "site and the key"},
		{"two documents", smallPair + "---\n" + smallPair, "one document"},
	} {
		_, err := ParsePair([]byte(row.file), "hr.yaml")
		if err == nil || confluence.AsError(err).Code != confluence.CodeBadFile || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if _, err := ParsePair([]byte(smallPair+"mode: scheduled\n"), "hr.yaml"); err == nil || confluence.AsError(err).Code != confluence.CodeNotCapable {
		t.Errorf("a schedule: %v", err)
	}
}
