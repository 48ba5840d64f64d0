package simulation

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// crashSelection are the scenarios of which CI crashes every write; TANDEM_CRASHES=all takes all of them, and any other
// value those whose names begin with one of its words.
var crashSelection = []string{"S005", "S018", "S021", "S027", "S030", "S041", "S044", "S050", "S051", "S052", "S054"}

// TestScenarioCrashes ends the engine before and after every write of every scenario, and in the commit of its outcome: the
// end is the same as without.
func TestScenarioCrashes(t *testing.T) {
	chosen := crashSelection
	if words := os.Getenv("TANDEM_CRASHES"); words == "all" {
		chosen = []string{"S"}
	} else if words != "" {
		chosen = strings.Fields(words)
	}
	var runs, writes atomic.Int64
	t.Run("scenarios", func(t *testing.T) {
		files := scenarioFiles(t)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			begins := func(word string) bool { return strings.HasPrefix(name, word) }
			if !slices.ContainsFunc(chosen, begins) || knownFailures(t)[name] != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				n := crashes(t, withoutCrashes(files[name]), &runs)
				writes.Add(int64(n))
			})
		}
	})
	t.Logf("%d writes, %d runs with a crash", writes.Load(), runs.Load())
}

// crashes plays a scenario once as it is, and once for each point of each of its writes, whose number it returns.
func crashes(t *testing.T, s *Scenario, runs *atomic.Int64) int {
	whole := plays(t, s, ScenarioOptions{})
	if !whole.Holds {
		t.Fatalf("line %d: %s", whole.Line, whole.Failed)
	}
	for _, at := range crashPoints {
		for n := 1; n <= whole.sent; n++ {
			t.Run(fmt.Sprintf("%s-%d", at, n), func(t *testing.T) {
				runs.Add(1)
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
	return whole.sent
}

// withoutCrashes is a scenario without the step that crashes at every call: the test does that at every point.
func withoutCrashes(s *Scenario) *Scenario {
	c := *s
	c.Steps = slices.DeleteFunc(slices.Clone(s.Steps), func(st scriptStep) bool { return st.Crash != nil && st.Crash.N == 0 })
	return &c
}
