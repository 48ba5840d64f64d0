package emulator

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator/vendorspec"
)

const (
	endpointsBegin = "<!-- endpoints: generated -->\n"
	endpointsEnd   = "<!-- endpoints: end -->\n"
)

// endpointTables are the part of docs/fidelity.md that is about each endpoint.
func endpointTables() string {
	var b strings.Builder
	for _, p := range []struct{ name, title string }{{"cloud", "Cloud"}, {"dc", "Data Center"}} {
		counts, gaps := map[string]int{}, 0
		var rows []string
		for _, r := range Routes() {
			if r.Personality != p.name {
				continue
			}
			counts[r.Evidence]++
			gap := r.Gap
			if gap == "" {
				gap = "–"
			} else {
				gaps++
			}
			where := "`" + r.Method + " " + r.Template + "`"
			if r.Since != "" {
				where += " (" + r.Since + ")"
			}
			rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", where, r.Evidence, gap))
		}
		fmt.Fprintf(&b, "\n### %s: %d endpoints\n\nBy the best ground they stand on:", p.title, len(rows))
		for e := bySpec; e <= byMemory; e++ {
			if n := counts[e.String()]; n > 0 {
				fmt.Fprintf(&b, " %s %d,", e, n)
			}
		}
		fmt.Fprintf(&b, " with a known gap %d.\n\n| endpoint | evidence | not faithful |\n| --- | --- | --- |\n%s", gaps, strings.Join(rows, ""))
	}
	b.WriteString("\n")
	return b.String()
}

// TestEndpointTables holds docs/fidelity.md to the routing tables. With TANDEM_UPDATE=1 it writes it instead.
func TestEndpointTables(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "fidelity.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), endpointsBegin)
	_, tail, ended := strings.Cut(rest, endpointsEnd)
	if !ok || !ended {
		t.Fatalf("%s has no place for the endpoints", path)
	}
	want := head + endpointsBegin + endpointTables() + endpointsEnd + tail
	if os.Getenv("TANDEM_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s is not what the code says; run the test with TANDEM_UPDATE=1", path)
	}
}

// TestEvidence holds that a route which claims the vendor's document is in it, and that one without says what it stands
// on instead.
func TestEvidence(t *testing.T) {
	if vendorspec.Shared() == "" {
		t.Skip("the vendor's documents are not there")
	}
	for _, r := range Routes() {
		documented := vendorspec.Operation(r.Personality, r.Method, r.Template) != nil
		if r.Evidence == bySpec.String() && !documented && !r.Refuses {
			t.Errorf("%s %s %s is in no document of the vendor: name its evidence", r.Personality, r.Method, r.Template)
		}
	}
}
