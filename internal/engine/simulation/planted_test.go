//go:build planted

package simulation

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/engine/planted"
)

// shownBy are seeds that showed a bug when this was written: the search begins there, so that it is short. A seed proves
// nothing by standing here, and where it shows its bug no more the search goes on through all of them.
var shownBy = map[planted.Bug]uint64{
	planted.WatermarkPast: 3, planted.EarlyBaseline: 7, planted.LastWriterWins: 2, planted.NoConflict: 3, planted.DeleteOnMissing: 2,
	planted.NoProbe: 28, planted.NeedsIgnored: 3, planted.TitleLeft: 79, planted.JournalIgnored: 1, planted.NoReread: 7,
	planted.RetiredWatched: 2, planted.EmptyRestriction: 13, planted.ContentFirst: 13, planted.SentTwice: 8, planted.OneByOne: 1,
	planted.BothWays: 2, planted.SideA: 3, planted.NotWhatWasSeen: 2, planted.NoOrder: 1, planted.HeldWhole: 6,
}

// compared are the invariants whose bugs are looked for in quiet lives, which go on from prepared worlds.
var compared = []string{"I6", "I8", "I13", "I15"}

var onlyBug = flag.String("invariant", "", "of planted bugs those alone that must be named by this invariant")

// TestPlanted plants each bug and demands that one of the seeds shows it, by the name of the invariant that it breaks, and
// that the same seed is clean without it: a simulation that finds nothing in a wrong engine proves nothing about a right
// one.
func TestPlanted(t *testing.T) {
	worlds := map[int]*Prepared{}
	whole := cpuTime()
	for _, p := range planted.All {
		if *onlyBug != "" && p.Must != *onlyBug {
			continue
		}
		began := cpuTime()
		seed, shown := find(t, p.Bug, p.Must, worlds)
		if shown == "" {
			t.Errorf("%s: no seed shows %q, after %v of CPU time", p.Must, p.Bug, cpuTime()-began)
			continue
		}
		t.Logf("%q: seed %d, after %v of CPU time: %.200s", p.Bug, seed, cpuTime()-began, shown)
	}
	t.Logf("%d bugs: %v of CPU time", len(planted.All), cpuTime()-whole)
}

// find looks for a seed that shows a bug by an invariant.
func find(t *testing.T, bug planted.Bug, must string, worlds map[int]*Prepared) (seed uint64, shown string) {
	defer planted.Plant("")
	for _, seed := range searched(must, shownBy[bug]) {
		if f := Flavour(seed); worlds[f] == nil {
			worlds[f] = prepareAll(t, seed, 1)[f]
		}
		c := caseOf(seed, worlds)
		planted.Plant(bug)
		shown := breaks(t, c, must)
		planted.Plant("")
		// It must be the bug that shows.
		if shown != "" && breaks(t, c, must) == "" {
			return seed, shown
		}
	}
	return 0, ""
}

// searched are the seeds in which a bug is looked for.
func searched(must string, hint uint64) []uint64 {
	var out []uint64
	if hint != 0 {
		out = append(out, hint)
	}
	for seed := *base; seed < *base+uint64(*seeds); seed++ {
		if !slices.Contains(compared, must) || !caseOf(seed, nil).Small {
			out = append(out, seed)
		}
	}
	return out
}

// breaks lives a seed and returns how it breaks an invariant; empty: it does not.
func breaks(t *testing.T, c Case, invariant string) (how string) {
	var out Outcome
	var err error
	if slices.Contains(compared, invariant) {
		out, err = compare(t, c, invariant == "I15")
	} else {
		out, err = runCase(t, c)
	}
	if err != nil {
		t.Logf("seed %d: %.200s", c.Seed, err)
	}
	if invariant == "I16" {
		if again, err := runCase(t, c); err == nil && !bytes.Equal(out.Log, again.Log) {
			out.Broken = append(out.Broken, fmt.Sprintf("I16: %d calls, and %d of the same life", bytes.Count(out.Log, []byte("\n")), bytes.Count(again.Log, []byte("\n"))))
		}
	}
	for _, b := range out.Broken {
		if strings.HasPrefix(b, invariant+":") {
			return b
		}
	}
	return ""
}
