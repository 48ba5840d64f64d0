package simulation

import (
	"errors"
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

// TestScenarioFiles plays every scenario of testdata/scenarios/sync.
func TestScenarioFiles(t *testing.T) {
	for name, s := range scenarioFiles(t) {
		t.Run(name, func(t *testing.T) {
			r, err := playFile(t, s, ScenarioOptions{})
			var e *confluence.Error
			if errors.As(err, &e) && e.Code == confluence.CodeNotCapable {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !r.Holds {
				t.Errorf("line %d: %s", r.Line, r.Failed)
			}
		})
	}
}

// playFile plays a scenario in a bubble.
func playFile(t *testing.T, s *Scenario, opt ScenarioOptions) (r ScenarioResult, err error) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		opt.Quiet = synctest.Wait
		r, err = s.Run(opt)
	})
	return r, err
}
