package simulation

import (
	"bytes"
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
var crashSelection = []string{"S005", "S018", "S021", "S027", "S030", "S041", "S044", "S035", "S042", "S050", "S051", "S052", "S053", "S054"}

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
			if !slices.ContainsFunc(chosen, begins) || knownFailures(t)[name] != "" || endsByItself(files[name]) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := crashTest{scenario: withoutCrashes(files[name]), t: t}
				c.run()
				runs.Add(int64(c.runs))
				writes.Add(int64(c.whole.sent))
			})
		}
	})
	t.Logf("%d writes, %d runs with a crash", writes.Load(), runs.Load())
}

// crashTest plays one scenario with a crash at each point of each of its writes.
type crashTest struct {
	t        *testing.T
	scenario *Scenario
	whole    ScenarioResult // without a crash
	runs     int
}

func (c *crashTest) run() {
	type end struct {
		at  CrashPoint
		r   ScenarioResult
		err error
	}
	var ends []end
	opt := ScenarioOptions{crashed: func(at CrashPoint, r ScenarioResult, err error) { ends = append(ends, end{at, r, err}) }}
	if bytes.Contains(c.scenario.Faults, []byte("rules:")) {
		// What a rule has counted cannot be copied: these are played from the start each time.
		opt.crashed = nil
	}
	first := opt
	if shortened(c.scenario) != nil {
		first.crashed = nil
	}
	c.whole = plays(c.t, c.scenario, first)
	if short := shortened(c.scenario); short != nil && c.whole.Holds {
		// Repetitions that write nothing are played whole once; crashes are tried in the shorter story with the same writes.
		sent := c.whole.sent
		c.scenario = short
		if c.whole = plays(c.t, short, opt); c.whole.sent != sent {
			c.t.Fatalf("%d writes in the shorter story, not %d", c.whole.sent, sent)
		}
	}
	if !c.whole.Holds {
		c.t.Fatalf("line %d: %s", c.whole.Line, c.whole.Failed)
	}
	for _, at := range crashPoints {
		for n := 1; n <= c.whole.sent && opt.crashed == nil; n++ {
			at := CrashPoint{At: at, N: n}
			ends = append(ends, end{at, plays(c.t, c.scenario, ScenarioOptions{Crash: at}), nil})
		}
	}
	c.runs = len(ends)
	if least := len(crashPoints) * c.whole.sent; c.runs < least {
		c.t.Errorf("%d crashes at %d writes, not %d", c.runs, c.whole.sent, least)
	}
	for _, e := range ends {
		at := fmt.Sprintf("crash %s of write %d", e.at.At, e.at.N)
		diff := differ(c.whole.End, e.r.End)
		switch {
		case e.err != nil:
			c.t.Errorf("%s: %v", at, e.err)
		case !e.r.crashed:
			c.t.Errorf("%s: the run did not crash", at)
		case !e.r.Holds:
			c.t.Errorf("%s: line %d: %s", at, e.r.Line, e.r.Failed)
		case diff != "":
			c.t.Errorf("%s: %s", at, diff)
		}
	}
}

// quietRepeats are the repetitions that change nothing but the length of their scenario, by their number in it.
var quietRepeats = map[string]int{"S072": 1}

// shortened is a scenario that does once what it repeats without a write; nil where there is nothing of that kind.
func shortened(s *Scenario) *Scenario {
	n, ok := quietRepeats[s.ID]
	if !ok {
		return nil
	}
	c := *s
	c.Steps = slices.Clone(s.Steps)
	once := *c.Steps[n].Repeat
	once.N = 1
	c.Steps[n].Repeat = &once
	return &c
}

// endsByItself reports whether the story of a scenario is that of one crash, at a point of its own.
func endsByItself(s *Scenario) bool {
	return slices.ContainsFunc(s.Steps, func(st scriptStep) bool { return st.Crash != nil && st.Crash.N > 0 })
}

// withoutCrashes is a scenario without the step that crashes at every call: the test does that at every point.
func withoutCrashes(s *Scenario) *Scenario {
	c := *s
	c.Steps = slices.DeleteFunc(slices.Clone(s.Steps), func(st scriptStep) bool { return st.Crash != nil && st.Crash.N == 0 })
	return &c
}
