//go:build planted

package simulation

import (
	"testing"

	"github.com/tandem-sync/tandem/internal/engine/planted"
)

// TestPlantedScenarios plants the bugs that random lives need not show, and demands that the scenario made for each fails.
func TestPlantedScenarios(t *testing.T) {
	files := scenarioFiles(t)
	for bug, name := range planted.ByScenario {
		t.Run(string(bug), func(t *testing.T) {
			defer planted.Plant("")
			if r := plays(t, files[name], ScenarioOptions{}); !r.Holds {
				t.Fatalf("%s does not hold without the bug: %s", name, r.Failed)
			}
			planted.Plant(bug)
			if r := plays(t, files[name], ScenarioOptions{}); r.Holds {
				t.Errorf("%s holds", name)
			}
		})
	}
}

// TestPlantedCrashes: with a journal that nobody reads after a crash, crashes at the writes of a scenario leave something
// twice or undone.
func TestPlantedCrashes(t *testing.T) {
	s := scenarioFiles(t)["S052-comment-thread"]
	wrong := func(bug planted.Bug) (n int) {
		planted.Plant(bug)
		defer planted.Plant("")
		whole := plays(t, s, ScenarioOptions{crashed: func(at CrashPoint, r ScenarioResult, err error) {
			if err != nil || !r.Holds {
				n++
				t.Logf("crash %s of write %d: %v %s", at.At, at.N, err, r.Failed)
			}
		}})
		if !whole.Holds {
			t.Errorf("without a crash: %s", whole.Failed)
		}
		return n
	}
	if n := wrong(""); n > 0 {
		t.Errorf("%d crashes end wrong without a bug", n)
	}
	if wrong(planted.JournalIgnored) == 0 {
		t.Error("the bug does not show")
	}
}
