package tandem

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"testing"
)

// The largest that a file and a function may grow, in lines, and the most parameters and methods. Most are far smaller;
// see CONTRIBUTING.md.
const (
	maxFile       = 600
	maxFunction   = 100
	maxParameters = 7
	maxMethods    = 8
)

// TestBudgets holds the tail: no file, function, parameter list or interface outgrows its reader.
func TestBudgets(t *testing.T) {
	for _, f := range production(t) {
		text, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > maxFile {
			t.Errorf("%s has %d lines", f.path, n)
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, f.path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				lines := set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1
				if lines > maxFunction {
					t.Errorf("%s: %s has %d lines", f.path, n.Name.Name, lines)
				}
				if p := n.Type.Params.NumFields(); p > maxParameters {
					t.Errorf("%s: %s has %d parameters", f.path, n.Name.Name, p)
				}
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s has an init", f.path)
				}
			case *ast.InterfaceType:
				if m := n.Methods.NumFields(); m > maxMethods {
					t.Errorf("%s: an interface of %d methods", f.path, m)
				}
			}
			return true
		})
	}
}
