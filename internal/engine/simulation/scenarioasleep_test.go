package simulation

import (
	"slices"
	"testing"
)

// asleep are the scenarios of which each write is overslept.
var asleep = []string{"S004", "S052"}

// TestOversleptWrites lets an engine fall asleep between writing down that it is about to send something and sending it, and
// between the answer and writing that down, so long that another one takes its lease over and does the cycle. What the
// first one sends when it wakes was prepared under a lease that it has lost: what the scenario wants holds all the same.
func TestOversleptWrites(t *testing.T) {
	runs, late := 0, 0
	for name, s := range scenarioFiles(t) {
		if !slices.Contains(asleep, s.ID) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			again := *s // a comment that is sent late is a second one until a sweep has seen it
			again.Steps = append(slices.Clone(s.Steps), scriptStep{Cycle: "sweep"})
			if !hasCycle(s.Steps) {
				again.Steps = append(again.Steps, scriptStep{Cycle: "sweep"})
			}
			s = &again
			whole := plays(t, s, ScenarioOptions{})
			for _, at := range []string{"before-call", "after-call"} {
				for n := 1; n <= whole.sent; n++ {
					runs++
					// By another seed it is another of all that has been waiting that goes on first.
					r := plays(t, s, ScenarioOptions{Seed: uint64(runs), asleep: CrashPoint{At: at, N: n}})
					late += r.late
					if !r.Holds {
						t.Errorf("asleep %s of write %d: line %d: %s", at, n, r.Line, r.Failed)
					}
				}
			}
		})
	}
	t.Logf("%d writes overslept, %d calls sent late", runs, late)
	if late == 0 {
		t.Error("nothing was sent under a lease that was lost")
	}
}
