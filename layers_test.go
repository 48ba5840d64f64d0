package tandem

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tandem-sync/tandem"

// wide folders put sites together: they may import what cli may, and only cli may import them.
var wide = []string{"cli/bench", "engine/simulation"}

// pure packages are functions of their arguments.
var pure = []string{"confluence", "body", "merge", "reconcile", "migration", "parity", "identity", "links", "audit"}

// effects are imports that a pure package cannot have. context, io and time are no effects by themselves: an interface
// may mention them; time.Now and the like are looked for as calls.
var effects = []string{
	"net", "net/http", "os", "os/exec", "os/signal", "syscall", "database/sql", "log", "log/slog", "math/rand",
	"math/rand/v2", "crypto/rand", "sync", "sync/atomic", "runtime",
}

// clocks are the functions of package time that read or wait for the clock.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// http may be imported by these only: the connectors' client, what serves, and what calls our own API.
var http = []string{"rest", "wire", "dc", "cloud", "emulator", "api", "web", "demo", "cli", "engine/simulation", "confluence/confluencetest"}

// banned are names of packages that say nothing about their content.
var banned = []string{"util", "utils", "common", "manager", "helper", "helpers", "types", "models", "model", "misc", "base", "shared"}

// importTable reads package -> packages it may import out of the page.
func importTable(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`([a-z]+)`")
	table := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			continue
		}
		pkg := name.FindStringSubmatch(cells[1])
		if pkg == nil {
			continue
		}
		if _, twice := table[pkg[1]]; twice {
			t.Errorf("ARCHITECTURE.md names %s twice", pkg[1])
		}
		may := []string{}
		for _, m := range name.FindAllStringSubmatch(cells[3], -1) {
			if _, above := table[m[1]]; !above {
				t.Errorf("ARCHITECTURE.md: %s may import %s, which does not stand above it", pkg[1], m[1])
			}
			may = append(may, m[1])
		}
		table[pkg[1]] = may
	}
	if len(table) < 20 {
		t.Fatalf("the table of ARCHITECTURE.md was not found: %d rows", len(table))
	}
	return table
}

// goFile is a parsed file of ours that is no test.
type goFile struct {
	path   string // relative to the root
	folder string // "engine", "cli/bench", "cmd/tandem"
	syntax *ast.File
}

// production parses every Go file under internal, cmd and web except tests.
func production(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	for _, root := range []string{"internal", "cmd", "web"} {
		if _, err := os.Stat(root); err != nil {
			continue
		}
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules") {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return nil
			}
			syntax, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			slash := filepath.ToSlash(name)
			files = append(files, goFile{slash, strings.TrimPrefix(path.Dir(slash), "internal/"), syntax})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// mayImport reports whether code in folder may import the package or folder own. Both are relative to internal.
func mayImport(table map[string][]string, folder, own string) bool {
	pkg, _, nested := strings.Cut(folder, "/")
	target, _, _ := strings.Cut(own, "/")
	switch {
	case folder == "cmd/tandem":
		return own == "cli"
	case slices.Contains(wide, own):
		return pkg == "cli"
	case slices.Contains(wide, folder):
		return target == "cli" || slices.Contains(table["cli"], target)
	case target == pkg:
		return nested || own != pkg // a folder imports its package, a package the folders below it
	}
	return slices.Contains(table[pkg], target)
}

// TestLayers holds every import of ours to the table in ARCHITECTURE.md.
func TestLayers(t *testing.T) {
	table := importTable(t)
	for _, f := range production(t) {
		pkg, _, _ := strings.Cut(f.folder, "/")
		if _, known := table[pkg]; !known && f.folder != "cmd/tandem" {
			t.Errorf("%s: package %s is missing from ARCHITECTURE.md", f.path, pkg)
			continue
		}
		if slices.Contains(banned, path.Base(f.folder)) {
			t.Errorf("%s: %s says nothing about what the package is for", f.path, path.Base(f.folder))
		}
		for _, imp := range f.syntax.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			own, ours := strings.CutPrefix(name, module+"/internal/")
			switch {
			case ours && !mayImport(table, f.folder, own):
				t.Errorf("%s imports %s", f.path, own)
			case !ours && strings.HasPrefix(name, module):
				t.Errorf("%s imports %s", f.path, name)
			case (name == "database/sql" || strings.HasPrefix(name, "modernc.org/sqlite")) && pkg != "store" && pkg != "xmlexport":
				t.Errorf("%s imports %s: SQL stands in store and xmlexport", f.path, name)
			case name == "net/http" && !slices.Contains(http, pkg) && !slices.Contains(http, f.folder):
				t.Errorf("%s imports net/http: HTTP is spoken by %s", f.path, strings.Join(http, ", "))
			case slices.Contains(pure, f.folder) && slices.Contains(effects, name):
				t.Errorf("%s is pure but imports %s", f.path, name)
			}
		}
	}
}

// TestPure looks for clocks and goroutines in the pure packages.
func TestPure(t *testing.T) {
	for _, f := range production(t) {
		if !slices.Contains(pure, f.folder) {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s is pure but starts a goroutine", f.path)
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					t.Errorf("%s is pure but calls time.%s", f.path, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestMayImport shows that the rule refuses what it must: a table test of the test above.
func TestMayImport(t *testing.T) {
	table := importTable(t)
	for _, row := range []struct {
		folder, own string
		want        bool
	}{
		{"reconcile", "confluence", true},
		{"reconcile", "store", false},
		{"engine", "cloud", false},
		{"emulator", "confluence", false},
		{"emulator/backup", "emulator", true},
		{"emulator/backup", "body", false},
		{"demo", "demo/company", true},
		{"demo/company", "emulator/backup", true},
		{"demo/company", "engine", false},
		{"cli", "cli/bench", true},
		{"engine", "engine/simulation", false},
		{"api", "cli/bench", false},
		{"cli/bench", "xmlexport", true},
		{"cmd/tandem", "cli", true},
		{"cmd/tandem", "api", false},
	} {
		if got := mayImport(table, row.folder, row.own); got != row.want {
			t.Errorf("%s imports %s: allowed %v, want %v", row.folder, row.own, got, row.want)
		}
	}
}
