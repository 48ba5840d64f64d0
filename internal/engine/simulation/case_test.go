package simulation

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

var (
	seeds = flag.Int("seeds", 12, "how many seeds are simulated")
	base  = flag.Uint64("base", 1, "the first of them")
	pairs = flag.Bool("pairs", true, "go on with pairs")
)

// runCase lives a case in a bubble.
func runCase(t *testing.T, c Case) (out Outcome, err error) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		c.Quiet = synctest.Wait
		out, err = c.Run()
	})
	return out, err
}

// TestSimulate lives seeds, each twice: the calls are the same, and every invariant holds.
func TestSimulate(t *testing.T) {
	total := map[string]int{}
	for i := range *seeds {
		seed := *base + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			out, err := runCase(t, Case{Seed: seed, Pair: *pairs})
			for k, n := range out.Counts {
				total[k] += n
			}
			if err != nil || len(out.Broken) > 0 {
				t.Errorf("seed %d: %v\n%s\nwhat people did:\n%s\ncalls:\n%s", seed, err, strings.Join(out.Broken, "\n"), strings.Join(out.Acts, "\n"), writesOf(out.Log))
				return
			}
			again, err := runCase(t, Case{Seed: seed, Pair: *pairs})
			if err != nil {
				t.Fatal(err)
			}
			sameLog(t, out.Trace, again.Trace)
			sameLog(t, out.Log, again.Log)
		})
	}
	for _, k := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%6d %s", total[k], k)
	}
}

// writesOf are the lines of a log that change something, or that something happened to.
func writesOf(log []byte) string {
	var out []string
	for line := range strings.Lines(string(log)) {
		if !strings.Contains(line, " GET ") || !strings.HasSuffix(strings.TrimSpace(line), " 200") && !strings.HasSuffix(strings.TrimSpace(line), " 302") {
			if len(line) > 220 {
				line = line[:220] + "…\n"
			}
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}
