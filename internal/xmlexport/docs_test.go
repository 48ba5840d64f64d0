package xmlexport

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// register writes the table of defects of docs/exports.md.
func register() string {
	var b strings.Builder
	b.WriteString("| defect | code | effect | what it says |\n| --- | --- | --- | --- |\n")
	for _, r := range Rules {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Name, r.Code, r.Effect, r.What)
	}
	return b.String()
}

// TestDocumentedDefects holds docs/exports.md to the rules. With TANDEM_UPDATE=1 it writes the table instead.
func TestDocumentedDefects(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "exports.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(page), "| defect |")
	if !ok {
		t.Fatalf("%s has no table of defects", path)
	}
	want := head + register()
	if os.Getenv("TANDEM_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s is not what the rules say; run the test with TANDEM_UPDATE=1", path)
	}
}
