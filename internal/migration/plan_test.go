package migration

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const smallPlan = `apiVersion: tandem/v1
kind: MigrationPlan
name: HR-2026
from: {export: hr-export.zip}
to: {site: cloud}
spaces:
  - {key: HR}
`

func TestParsePlanDefaults(t *testing.T) {
	p, err := ParsePlan([]byte(smallPlan), "hr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := NewPlan()
	want.Name, want.From, want.To = "HR-2026", Endpoint{Export: "hr-export.zip"}, Endpoint{Site: "cloud"}
	want.Spaces = []SpaceScope{{Key: "HR", Target: "HR", What: "all", Existing: "skip", History: "none", Restrictions: true, Permissions: true}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func TestPlanYAML(t *testing.T) {
	p, err := ParsePlan([]byte(smallPlan), "hr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: tandem/v1
kind: MigrationPlan
name: HR-2026
stage: test
from: {export: hr-export.zip}
to: {site: cloud}
users: scoped
people: ""
templates: false
spaces:
  - {key: HR, target: HR, what: all, existing: skip, history: none, restrictions: true, permissions: true, attachmentsFirst: false}
select: {cql: "", labels: [], subtree: [], editedAfter: ""}
neverSend: []
options: {quietWrites: true, concurrent: 0, editor: keep, provenance: [message], macros: ""}
`
	if diff := cmp.Diff(want, string(p.YAML())); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

func TestParsePlanErrors(t *testing.T) {
	edit := func(old, replacement string) string { return strings.Replace(smallPlan, old, replacement, 1) }
	tests := []struct {
		name, file string
		code       confluence.Code
		line       int
		text       string
	}{
		{"unknown key", smallPlan + "colour: red\n", confluence.CodeBadFile, 8, "colour"},
		{"unknown key in a space", edit("{key: HR}", "{key: HR, colour: red}"), confluence.CodeBadFile, 7, "colour"},
		{"unknown key in options", smallPlan + "options: {fast: true}\n", confluence.CodeBadFile, 8, "fast"},
		{"key twice", smallPlan + "name: other\n", confluence.CodeBadFile, 8, "name"},
		{"no YAML", "a: [", confluence.CodeBadFile, 1, ""},
		{"wrong type", edit("{key: HR}", "{key: HR, restrictions: maybe}"), confluence.CodeBadFile, 7, ""},
		{"empty", "", confluence.CodeBadFile, 0, "empty"},
		{"two documents", smallPlan + "---\n" + smallPlan, confluence.CodeBadFile, 0, "one document"},
		{"wrong version", edit("tandem/v1", "tandem/v2"), confluence.CodeBadFile, 1, "apiVersion"},
		{"no version", edit("apiVersion: tandem/v1\n", ""), confluence.CodeBadFile, 1, "apiVersion"},
		{"wrong kind", edit("MigrationPlan", "Plan"), confluence.CodeBadFile, 2, "kind"},
		{"sync pair", edit("MigrationPlan", "SpacePair"), confluence.CodeBadFile, 2, "tandem pair create"},
		{"bad name", edit("HR-2026", "HR 2026"), confluence.CodeBadFile, 3, "name"},
		{"bad stage", smallPlan + "stage: prod\n", confluence.CodeBadFile, 8, `"prod"`},
		{"no source", edit("{export: hr-export.zip}", "{}"), confluence.CodeBadFile, 4, "either"},
		{"two sources", edit("{export: hr-export.zip}", "{export: x.zip, site: dc}"), confluence.CodeBadFile, 4, "either"},
		{"export as destination", edit("{site: cloud}", "{export: x.zip}"), confluence.CodeBadFile, 5, "into an export"},
		{"the same site", edit("{export: hr-export.zip}", "{site: cloud}"), confluence.CodeBadFile, 5, "same site"},
		{"no spaces", edit("spaces:\n  - {key: HR}\n", "spaces: []\n"), confluence.CodeBadFile, 6, "at least one"},
		{"key missing", edit("{key: HR}", "{target: HR}"), confluence.CodeBadFile, 7, "space key"},
		{"space twice", smallPlan + "  - {key: hr, target: X}\n", confluence.CodeBadFile, 8, "twice"},
		{"target twice", smallPlan + "  - {key: X, target: hr}\n", confluence.CodeBadFile, 8, "two spaces"},
		{"bad history", edit("{key: HR}", "{key: HR, history: 0}"), confluence.CodeBadFile, 7, "number from 1"},
		{"too many connections", smallPlan + "options:\n  concurrent: 65\n", confluence.CodeBadFile, 9, "between 1 and 64"},
		{"bad never send", smallPlan + "neverSend:\n  - label:x\n  - colour:red\n", confluence.CodeBadFile, 10, "colour:red"},
		{"not built: users", smallPlan + "users: all\n", confluence.CodeNotCapable, 8, "users: all"},
		{"not built: templates", smallPlan + "templates: true\n", confluence.CodeNotCapable, 8, "templates"},
		{"not built: history", edit("{key: HR}", "{key: HR, history: 3}"), confluence.CodeNotCapable, 7, "history: 3"},
		{"not built: what", edit("{key: HR}", "{key: HR, what: attachments}"), confluence.CodeNotCapable, 7, "what: attachments"},
		{"not built: existing", edit("{key: HR}", "{key: HR, existing: replace}"), confluence.CodeNotCapable, 7, "existing: replace"},
		{"not built: attachments first", edit("{key: HR}", "{key: HR, attachmentsFirst: true}"), confluence.CodeNotCapable, 7, "attachmentsFirst"},
		{"not built: select", smallPlan + "select:\n  labels: [x]\n", confluence.CodeNotCapable, 9, "select.labels"},
		{"not built: cql", smallPlan + "select: {cql: \"type = page\"}\n", confluence.CodeNotCapable, 8, "select.cql"},
		{"not built: never send", smallPlan + "neverSend: [\"label:secret\"]\n", confluence.CodeNotCapable, 8, "neverSend"},
		{"not built: editor", smallPlan + "options: {editor: convert}\n", confluence.CodeNotCapable, 8, "convert"},
		{"not built: provenance", smallPlan + "options: {provenance: [message, banner]}\n", confluence.CodeNotCapable, 8, "provenance"},
		{"not built: macros", smallPlan + "options: {macros: m.yaml}\n", confluence.CodeNotCapable, 8, "macros"},
		{"too large", strings.Repeat("#", maxPlanBytes+1), confluence.CodeBadFile, 0, "bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePlan([]byte(tt.file), "hr.yaml")
			var e *confluence.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if e.Code != tt.code || e.Where.Line != tt.line || e.Where.File != "hr.yaml" || !strings.Contains(e.What, tt.text) {
				t.Errorf("error %v at line %d, want %s at line %d with %q", e, e.Where.Line, tt.code, tt.line, tt.text)
			}
			if tt.line > 0 && !strings.Contains(e.What, "column ") {
				t.Errorf("no column in %q", e.What)
			}
			if strings.Contains(e.What, "\n") {
				t.Errorf("more than one line: %q", e.What)
			}
		})
	}
}

func TestPlanRoundTrip(t *testing.T) {
	word := rapid.StringMatching(`[^\s\x00-\x1f\x7f-\x9f]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		p := NewPlan()
		p.Name = rapid.StringMatching(`[A-Za-z0-9._-]{1,64}`).Draw(t, "name")
		p.Stage = rapid.SampledFrom([]string{"test", "production"}).Draw(t, "stage")
		p.Users = rapid.SampledFrom([]string{"scoped", "none"}).Draw(t, "users")
		p.From = Endpoint{Export: rapid.StringN(1, 20, -1).Draw(t, "export"), Fingerprint: rapid.String().Draw(t, "fingerprint")}
		p.To = Endpoint{Site: "to " + rapid.String().Draw(t, "site")}
		p.People = rapid.String().Draw(t, "people")
		for i, key := range rapid.SliceOfNDistinct(word, 1, 4, strings.ToLower).Draw(t, "keys") {
			s := NewScope(key, fmt.Sprint("T", i))
			s.Restrictions = rapid.Bool().Draw(t, "restrictions")
			p.Spaces = append(p.Spaces, s)
		}
		p.Options.Concurrent = rapid.IntRange(0, maxConcurrent).Draw(t, "concurrent")
		p.Options.QuietWrites = rapid.Bool().Draw(t, "quiet")
		if err := p.Validate(); err != nil {
			t.Skip(err)
		}
		got, err := ParsePlan(p.YAML(), "f")
		if err != nil {
			t.Fatalf("%v\n%s", err, p.YAML())
		}
		for _, list := range []*[]string{&got.NeverSend, &got.Select.Labels, &got.Select.Subtree} {
			if len(*list) == 0 {
				*list = nil
			}
		}
		if diff := cmp.Diff(p, got); diff != "" {
			t.Errorf("plan (-want +got):\n%s\n%s", diff, p.YAML())
		}
	})
}

func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(smallPlan))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("? {a: b}\n: - c"))
	f.Add([]byte("{{{"))
	f.Add([]byte("apiVersion: A\nspaces:\n  ! #0")) // makes the YAML package panic
	f.Add([]byte("!!binary |\n  aa"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePlan(data, "f")
		if err != nil {
			if c := confluence.AsError(err).Code; c != confluence.CodeBadFile && c != confluence.CodeNotCapable {
				t.Errorf("code %s: %v", c, err)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Errorf("a parsed plan is not valid: %v", err)
		}
		if _, err := ParsePlan(p.YAML(), "f"); err != nil {
			t.Errorf("the plan's own file is refused: %v\n%s", err, p.YAML())
		}
	})
}
