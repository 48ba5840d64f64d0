package simulation

import (
	"slices"
	"testing"
)

// asleep are the scenarios of which each write is overslept.
var asleep = []string{"S004", "S052"}

// TestOversleptWrites lets an engine fall asleep between writing down that it is about to send something and sending it,
// with the request on its way, and between the answer and writing that down, so long that another one takes its lease over
// and does the cycle. When the first one wakes it sends nothing whose time is over; what was on its way arrives, under a
// lease that was lost: what the scenario wants holds all the same.
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
			for _, at := range []string{"before-call", "request", "after-call"} {
				for n := 1; n <= whole.sent; n++ {
					runs++
					// By another seed it is another of all that has been waiting that goes on first.
					r := plays(t, s, ScenarioOptions{Seed: uint64(runs), asleep: CrashPoint{At: at, N: n}})
					late += r.late
					if at == "before-call" && r.late > 0 {
						t.Errorf("asleep before write %d: %d writes sent under a lease that was lost", n, r.late)
					}
					if !r.Holds {
						t.Errorf("asleep %s of write %d: line %d: %s", at, n, r.Line, r.Failed)
					}
				}
			}
		})
	}
	t.Logf("%d writes overslept, %d calls sent late", runs, late)
	if late == 0 {
		t.Error("nothing arrived under a lease that was lost")
	}
}
