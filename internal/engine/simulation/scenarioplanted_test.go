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
