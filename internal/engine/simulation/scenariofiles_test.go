package simulation

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tandem-sync/tandem/internal/confluence"
)

const scenarioFolder = "../../../testdata/scenarios/sync"

// scenarioFiles are the scenarios of the repository by name.
func scenarioFiles(t *testing.T) map[string]*Scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(scenarioFolder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios found: %v", err)
	}
	out := map[string]*Scenario{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if out[name], err = Parse(text, name); err != nil {
			t.Fatal(err)
		}
		if id, _, _ := strings.Cut(name, "-"); id != out[name].ID {
			t.Errorf("file %s holds scenario %s", name, out[name].ID)
		}
	}
	return out
}

// knownFailures are the scenarios that the product does not hold yet, with the reason; the test below checks the list
// strictly.
func knownFailures(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(scenarioFolder, "known.txt"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		out[name] = strings.TrimSpace(reason)
		if out[name] == "" {
			t.Errorf("known.txt names %s without a reason", name)
		}
	}
	return out
}

// TestScenarioFiles plays every scenario of testdata/scenarios/sync. One that known.txt names must fail, or its line goes.
func TestScenarioFiles(t *testing.T) {
	files, known := scenarioFiles(t), knownFailures(t)
	for name := range known {
		if files[name] == nil {
			t.Errorf("known.txt names %s, which is not there", name)
		}
	}
	for name, s := range files {
		t.Run(name, func(t *testing.T) {
			r := plays(t, s, ScenarioOptions{})
			switch {
			case !r.Holds && known[name] == "":
				t.Errorf("line %d: %s", r.Line, r.Failed)
			case r.Holds && known[name] != "":
				t.Errorf("it holds, and known.txt says that it does not: %s", known[name])
			case !r.Holds:
				t.Logf("known: line %d: %s", r.Line, r.Failed)
			}
		})
	}
}

// plays plays a scenario in a bubble.
func plays(t *testing.T, s *Scenario, opt ScenarioOptions) (r ScenarioResult) {
	t.Helper()
	var err error
	if os.Getenv("TANDEM_TEST_LOG") != "" {
		opt.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	synctest.Test(t, func(*testing.T) {
		opt.Quiet = synctest.Wait
		r, err = s.Run(opt)
	})
	var e *confluence.Error
	if errors.As(err, &e) && e.Code == confluence.CodeNotCapable {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestScenarioExamples plays the examples of docs/scenarios.md.
func TestScenarioExamples(t *testing.T) {
	page, err := os.ReadFile("../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range strings.Split(string(page), "```\n") {
		if !strings.Contains(block, "-- start.yaml --") {
			continue
		}
		n++
		s, err := Parse([]byte(block), "docs/scenarios.md")
		if err != nil {
			t.Fatal(err)
		}
		t.Run(s.ID, func(t *testing.T) {
			if r := plays(t, s, ScenarioOptions{}); !r.Holds {
				t.Errorf("line %d: %s", r.Line, r.Failed)
			}
		})
	}
	if n != 3 {
		t.Errorf("docs/scenarios.md has %d examples", n)
	}
}

// TestScenarioCatalogue: docs/scenarios.md accounts for each number of the catalogue, S001 to S072, and for each script.
func TestScenarioCatalogue(t *testing.T) {
	page, err := os.ReadFile("../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| id | name | where |\n")
	where := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || strings.HasPrefix(line, "| ---") {
			continue
		}
		id := strings.TrimSpace(cells[0])
		if where[id] != "" {
			t.Errorf("%s has two rows", id)
		}
		where[id] = strings.TrimSpace(cells[1]) + ": " + strings.TrimSpace(cells[2])
	}
	scripts := map[string]string{}
	for _, s := range scenarioFiles(t) {
		if scripts[s.ID] != "" {
			t.Errorf("two scripts are called %s", s.ID)
		}
		scripts[s.ID] = s.Name + ": script"
	}
	for id, row := range scripts {
		if where[id] != row {
			t.Errorf("%s: the table says %q, not %q", id, where[id], row)
		}
	}
	for n := 1; n <= 72; n++ {
		if id := "S" + padded(n, 3); where[id] == "" {
			t.Errorf("%s has no row", id)
		}
	}
	for id, row := range where {
		if strings.HasSuffix(row, ": script") != (scripts[id] != "") || strings.HasSuffix(row, ": ") {
			t.Errorf("%s: %q, and the script is %q", id, row, scripts[id])
		}
	}
}
