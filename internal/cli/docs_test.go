package cli

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the generated documents anew")

// document compares a generated page with the one in docs, or writes it with -update.
func document(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with: make docs", err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the program says; write it anew with: make docs\n%s", path, diff)
	}
}

// TestHelpPages holds docs/commands.md to what --help says.
func TestHelpPages(t *testing.T) { document(t, "../../docs/commands.md", HelpPages()) }

// TestErrorsPage holds docs/errors.md to the register.
func TestErrorsPage(t *testing.T) { document(t, "../../docs/errors.md", ErrorsPage()) }
