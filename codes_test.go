package tandem

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// later are codes whose part is not built yet. They keep their number; nothing raises them. A row goes as soon as
// something does, and the test below says so.
var later = map[confluence.Code]string{
	confluence.CodeNotSealed:   "sealing of plans",
	confluence.CodeAuditBroken: "audit chain",
}

// TestErrorCodes demands that each code of the register is raised by the program and in a test. That each is documented
// is held by the test of docs/errors.md.
func TestErrorCodes(t *testing.T) {
	register, err := os.ReadFile("internal/confluence/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[confluence.Code]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s+(Code\w+)\s+Code = "(T-\d{4})"`).FindAllStringSubmatch(string(register), -1) {
		names[confluence.Code(m[2])] = m[1]
	}
	raised, tested := mentions(t)
	for _, e := range confluence.Register {
		name := names[e.Code]
		if name == "" {
			t.Errorf("%s has no constant", e.Code)
			continue
		}
		reason, waits := later[e.Code]
		used := strings.Contains(raised, "."+name) && regexp.MustCompile(`\.`+name+`\b`).MatchString(raised)
		switch {
		case waits && used:
			t.Errorf("%s (%s) is raised now: it no longer waits for %s", e.Code, name, reason)
		case waits:
		case !used:
			t.Errorf("%s (%s) is raised by nothing", e.Code, name)
		case !strings.Contains(tested, string(e.Code)) && !regexp.MustCompile(`\.`+name+`\b`).MatchString(tested):
			t.Errorf("%s (%s) is raised in no test", e.Code, name)
		}
	}
}

// mentions returns the text of all code of ours outside of the register, and that of all tests and scenarios.
func mentions(t *testing.T) (code, tests string) {
	t.Helper()
	var production, test strings.Builder
	for _, root := range []string{"internal", "testdata"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			into := &test
			switch {
			case strings.HasSuffix(name, "codes.go"):
				return nil
			case strings.HasSuffix(name, ".txtar"), strings.HasSuffix(name, "_test.go"), strings.Contains(name, "test"+string(filepath.Separator)):
			case strings.HasSuffix(name, ".go"):
				into = &production
			default:
				return nil
			}
			text, err := os.ReadFile(name)
			into.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return production.String(), test.String()
}
