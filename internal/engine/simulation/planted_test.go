//go:build planted

package simulation

import (
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/engine/planted"
)

// TestPlanted plants each bug and demands that one of the first seeds shows it: a simulation that finds nothing in a wrong
// engine proves nothing about a right one.
func TestPlanted(t *testing.T) {
	worlds := prepareAll(t, *base, *seeds)
	for _, bug := range planted.All {
		t.Run(string(bug), func(t *testing.T) {
			defer planted.Plant("")
			began := cpuTime()
			for seed := *base; seed < *base+uint64(*seeds); seed++ {
				planted.Plant(bug)
				out, err := runCase(t, caseOf(seed, worlds))
				planted.Plant("")
				if err == nil && len(out.Broken) == 0 {
					continue
				}
				// It must be the bug that shows.
				if right, err := runCase(t, caseOf(seed, worlds)); err != nil || len(right.Broken) > 0 {
					continue
				}
				t.Logf("seed %d, after %v of CPU time: %v %s", seed, cpuTime()-began, err, strings.Join(out.Broken[:min(2, len(out.Broken))], "; "))
				return
			}
			t.Errorf("no seed shows it, after %v of CPU time", cpuTime()-began)
		})
	}
}
