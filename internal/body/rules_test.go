package body

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/canonical.md")

func TestRulesHold(t *testing.T) {
	for i, r := range Rules() {
		if r.Number != i+1 {
			t.Errorf("rule %d stands at place %d", r.Number, i+1)
		}
		if len(r.Same) == 0 || len(r.Differ) == 0 {
			t.Errorf("rule %d has no examples", r.Number)
		}
		for _, pair := range r.Same {
			if a, b := parse(t, pair[0]), parse(t, pair[1]); content(a) != content(b) {
				t.Errorf("rule %d: not the same\n%s\n%s\ncanonical\n%s\n%s", r.Number, pair[0], pair[1], a.Canonical(), b.Canonical())
			}
		}
		for _, pair := range r.Differ {
			if a, b := parse(t, pair[0]), parse(t, pair[1]); content(a) == content(b) {
				t.Errorf("rule %d: the same\n%s\n%s\ncanonical\n%s", r.Number, pair[0], pair[1], a.Canonical())
			}
		}
	}
}

// docs/canonical.md is the rules, and nothing else.
func TestRulesAreDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "canonical.md")
	want := document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/canonical.md is not what the rules say (go test ./internal/body -run Documented -update):\n%s", diff)
	}
}

func document() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The canonical form of a body, version %d\n\n", CanonVersion)
	b.WriteString("Made from the rules in `internal/body` by `go test ./internal/body -run Documented -update`; do not edit.\n\n")
	b.WriteString("Two bodies say the same if their canonical forms are equal. The form is a function of one body alone. A change of a\n" +
		"rule that can change a form is a new version; it is never a change of content.\n")
	for _, r := range Rules() {
		name := runtime.FuncForPC(reflect.ValueOf(r.By).Pointer()).Name()
		name = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], "-fm")
		fmt.Fprintf(&b, "\n## %d\n\n%s\n\nIn `%s`.\n\n| | body | body |\n| --- | --- | --- |\n", r.Number, strings.ReplaceAll(r.Sentence, "<", `\<`), name)
		for _, row := range []struct {
			sign  string
			pairs [][2]string
		}{{"same", r.Same}, {"different", r.Differ}} {
			for _, p := range row.pairs {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", row.sign, cell(p[0]), cell(p[1]))
			}
		}
	}
	return b.String()
}

func cell(body string) string {
	if body == "" {
		return "(empty)"
	}
	quoted := fmt.Sprintf("%+q", body)
	return "`" + strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), "|", `\|`) + "`"
}
