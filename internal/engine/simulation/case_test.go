package simulation

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

var (
	seeds  = flag.Int("seeds", 330, "how many seeds are simulated")
	relist = flag.Bool("relist", false, "write the list of seeds that are not clean anew")
	base   = flag.Uint64("base", 1, "the first of them")
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
	// Many small worlds come and go: collecting them less often costs little memory.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	began, worlds := cpuTime(), prepareAll(t, *base, *seeds)
	t.Logf("%d prepared worlds: %v of CPU time", len(worlds), cpuTime()-began)
	var mu sync.Mutex
	var found []string
	total, known := map[string]int{}, knownSeeds(t)
	t.Run("seeds", func(t *testing.T) {
		for i := range *seeds {
			c := caseOf(*base+uint64(i), worlds)
			t.Run(fmt.Sprint(c.Seed), func(t *testing.T) {
				t.Parallel()
				out, wrong := liveTwice(t, c, known[c.Seed])
				mu.Lock()
				defer mu.Unlock()
				if wrong != "" {
					found = append(found, fmt.Sprintf("%4d %s\n", c.Seed, wrong))
				}
				for k, n := range out.Counts {
					total[k] += n
				}
				total["calls"] += bytes.Count(out.Log, []byte("\n"))
			})
		}
	})
	t.Logf("%d seeds, each twice: %v of CPU time", *seeds, cpuTime()-began)
	if *relist {
		slices.Sort(found)
		head := "# Seeds of the engine's simulation that show an engine at fault, with what shows. A line goes as soon as its seed is clean.\n"
		if err := os.WriteFile(knownFile, []byte(head+strings.Join(found, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d seeds are clean", *seeds-len(found), *seeds)
	checkCoverage(t, total, *seeds)
	if testing.Verbose() {
		for _, k := range slices.Sorted(maps.Keys(total)) {
			t.Logf("%6d %s", total[k], k)
		}
	}
}

// caseOf is the life of a seed: one of six is a migration, the others begin from a prepared world.
func caseOf(seed uint64, worlds map[int]*Prepared) Case {
	if seed%6 == 5 {
		return Case{Seed: seed, Small: true}
	}
	return Case{Seed: seed, Pair: true, From: worlds[Flavour(seed)]}
}

// knownFile lists seeds that show an engine at fault, with what shows, one a line. A seed that gets clean fails until its
// line is gone; -relist writes the file anew for the seeds that are simulated.
const knownFile = "testdata/known-seeds.txt"

func knownSeeds(t *testing.T) map[uint64]string {
	t.Helper()
	text, err := os.ReadFile(knownFile)
	if err != nil {
		t.Fatal(err)
	}
	known := map[uint64]string{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		number, why, _ := strings.Cut(strings.TrimSpace(line), " ")
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil || why == "" {
			t.Fatalf("%s: %q is no seed with what it shows", knownFile, line)
		}
		known[seed] = why
	}
	return known
}

// shows says in a few words what is wrong with a life; empty: nothing.
func shows(out Outcome, err error) string {
	what := ""
	switch {
	case len(out.Broken) > 0:
		what = out.Broken[0]
	case err != nil:
		what, _, _ = strings.Cut(err.Error(), "\n")
	}
	if len(what) > 160 {
		what = what[:160]
	}
	return strings.ToValidUTF8(what, "")
}

// compare lives the quiet life of a seed in a bubble.
func compare(t *testing.T, c Case, exchanged bool) (out Outcome, err error) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		c.Quiet = synctest.Wait
		out, err = c.Compare(exchanged)
	})
	return out, err
}

// liveWhole lives a seed, and the quiet lives beside it where it has some.
func liveWhole(t *testing.T, c Case) (Outcome, error) {
	out, err := runCase(t, c)
	quiet, exchanged := Compared(c.Seed)
	if !quiet || err != nil || len(out.Broken) > 0 {
		return out, err
	}
	beside, err := compare(t, c, exchanged)
	out.Broken = beside.Broken
	if err != nil || len(out.Broken) > 0 {
		out.Acts = beside.Acts
	}
	for what, n := range beside.Counts {
		out.Counts[what] += n
	}
	return out, err
}

// liveTwice lives a seed twice; known is what it is known to show.
func liveTwice(t *testing.T, c Case, known string) (out Outcome, wrong string) {
	out, err := liveWhole(t, c)
	wrong = shows(out, err)
	if *relist {
		return out, wrong
	}
	if known != "" {
		if wrong == "" {
			t.Errorf("seed %d is clean: take it out of %s (%s)", c.Seed, knownFile, known)
		}
		return out, wrong
	}
	if err != nil || len(out.Broken) > 0 {
		t.Errorf("seed %d: %v\n%s\nwhat people did:\n%s\ncalls:\n%s", c.Seed, err, strings.Join(out.Broken, "\n"), strings.Join(out.Acts, "\n"), writesOf(out.Log))
		return out, wrong
	}
	again, err := runCase(t, c)
	if err != nil {
		t.Fatal(err)
	}
	sameLog(t, out.Trace, again.Trace)
	sameLog(t, out.Log, again.Log)
	return out, wrong
}

// prepareAll makes the worlds that seeds begin from.
func prepareAll(t *testing.T, first uint64, n int) map[int]*Prepared {
	t.Helper()
	worlds := map[int]*Prepared{}
	for i := range n {
		flavour := Flavour(first + uint64(i))
		if worlds[flavour] != nil {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			p, err := Prepare(flavour, synctest.Wait)
			if err != nil {
				t.Fatal(err)
			}
			worlds[flavour] = p
		})
	}
	t.Cleanup(func() {
		for _, p := range worlds {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return worlds
}
