package emulator

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rowName is the part of a test's name that names a row. What follows says which part of a row is tested where several
// subjects share it: TestRow_LB_03_DC.
var rowName = regexp.MustCompile(`^[A-Z]{2}_\d\d`)

// rowTests are the names of all test functions of this package and the folders below it.
func rowTests(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "TestRow_") {
				found[rowName.FindString(strings.TrimPrefix(f.Name.Name, "TestRow_"))] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// registerRows are the id, personality and mode of the rows of the register, where that is at hand.
func registerRows(t *testing.T) [][3]string {
	t.Helper()
	if shared() == "" {
		return nil
	}
	page, err := os.ReadFile(filepath.Join(shared(), "reference", "emulator-faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out [][3]string
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]{2}-\d\d) \|.*$`).FindAllStringSubmatch(string(page), -1) {
		cells := strings.Split(strings.ReplaceAll(m[0], `\|`, ""), " | ")
		out = append(out, [3]string{m[1], strings.TrimSpace(cells[2]), cells[3]})
	}
	return out
}

// TestRegister holds the ledger to the register of behaviours: the same rows, of the same personality, each built in the
// ways that its mode names, each with a test of its name; and the options, faults and acts it speaks of exist.
func TestRegister(t *testing.T) {
	tests := rowTests(t)
	byID := map[string]registered{}
	var open []string
	for _, r := range register {
		byID[r.id] = r
		name := strings.ReplaceAll(r.id, "-", "_")
		if !tests[name] {
			open = append(open, r.id)
		}
		delete(tests, name)
	}
	for name := range tests {
		if !strings.HasPrefix(name, "OF_") {
			t.Errorf("TestRow_%s is about no row of the register", name)
		}
	}
	checkRegister(t, byID)
	checkBuilt(t, open)
	if len(open) > 0 {
		t.Errorf("%d of %d rows have no test: %s", len(open), len(register), strings.Join(open, " "))
	}
	t.Logf("conformance: %d rows, %d of them without a test", len(register), len(open))
}

// checkRegister compares with the register itself.
func checkRegister(t *testing.T, byID map[string]registered) {
	t.Helper()
	rows := registerRows(t)
	if rows == nil {
		t.Log("the register is not there")
		return
	}
	for _, row := range rows {
		r, ok := byID[row[0]]
		delete(byID, row[0])
		if !ok {
			t.Errorf("%s is missing from the ledger", row[0])
			continue
		}
		personality := row[1]
		if strings.HasPrefix(r.id, "XM") {
			personality = "XML"
		}
		if !strings.HasPrefix(personality, r.personality) {
			t.Errorf("%s: the register says %q, the ledger %q", r.id, row[1], r.personality)
		}
		for mode, built := range map[string]string{"default": "default", "option": "option", "fault": "fault", "action": "act"} {
			if r.personality != "XML" && regexp.MustCompile(`\b`+mode+`\b`).MatchString(row[2]) != r.in(built) {
				t.Errorf("%s: the register says %q, the ledger %q", r.id, row[2], r.built)
			}
		}
	}
	for id := range byID {
		t.Errorf("%s is no row of the register", id)
	}
}

func (r registered) in(way string) bool {
	return slices.Contains(strings.Split(r.built, ", "), way)
}

// checkBuilt looks for the options, faults and acts of the rows that are not open.
func checkBuilt(t *testing.T, open []string) {
	t.Helper()
	for _, r := range register {
		if slices.Contains(open, r.id) || r.personality == "XML" {
			continue
		}
		names := strings.Fields(r.names)
		has := func(find func(name string) bool) bool { return slices.ContainsFunc(append(names, r.id), find) }
		option := func(name string) bool {
			return name == "version" || slices.ContainsFunc(optionRows, func(o optionRow) bool { return o.name == name })
		}
		if r.in("option") && !has(option) {
			t.Errorf("%s is built as an option; there is none of that name", r.id)
		}
		if r.in("act") && !has(func(name string) bool { return acts[name] != nil }) {
			t.Errorf("%s is built as an act; there is none of that name", r.id)
		}
		if r.in("fault") && !slices.ContainsFunc(faultRows, func(f faultRow) bool { return f.id == r.id }) {
			t.Errorf("%s is built as a fault; there is none of that name", r.id)
		}
	}
}
