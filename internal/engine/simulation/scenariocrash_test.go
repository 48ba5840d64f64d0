package simulation

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// crashSelection are the scenarios of which CI crashes every write; TANDEM_CRASHES=all takes all of them.
var crashSelection = []string{"S005", "S018", "S021", "S027", "S030", "S041", "S044", "S050", "S051", "S052", "S054"}

// TestScenarioCrashes ends the engine before and after every write of every scenario, and in the commit of its outcome: the
// end is the same as without.
func TestScenarioCrashes(t *testing.T) {
	all := os.Getenv("TANDEM_CRASHES") == "all"
	runs := 0
	for name, s := range scenarioFiles(t) {
		if !all && !slices.Contains(crashSelection, s.ID) || allCrashes(s.Steps) != nil || knownFailures(t)[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			whole := plays(t, s, ScenarioOptions{})
			for _, at := range crashPoints {
				for n := 1; n <= whole.sent; n++ {
					t.Run(fmt.Sprintf("%s-%d", at, n), func(t *testing.T) {
						runs++
						r := plays(t, s, ScenarioOptions{Crash: CrashPoint{At: at, N: n}})
						if !r.crashed {
							t.Error("the run did not crash")
						}
						if !r.Holds {
							t.Errorf("line %d: %s", r.Line, r.Failed)
						}
						if diff := differ(whole.End, r.End); diff != "" {
							t.Error(diff)
						}
					})
				}
			}
		})
	}
	t.Logf("%d runs with a crash", runs)
}
