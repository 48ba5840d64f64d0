package bench

import (
	"fmt"
	"strings"
)

// Worse compares figures with those of an earlier run and names each that is worse by more than the tolerance, a share.
// Figures that only one of the runs has say nothing.
func Worse(now, earlier []Figure, tolerance float64) []string {
	was := map[string]Figure{}
	for _, f := range earlier {
		was[f.Suite+" "+f.Name] = f
	}
	var out []string
	for _, f := range now {
		b, ok := was[f.Suite+" "+f.Name]
		if !ok || b.Unit != f.Unit {
			continue
		}
		worse := f.Value > b.Value*(1+tolerance)
		if f.moreIsBetter() {
			worse = f.Value < b.Value*(1-tolerance)
		}
		if worse {
			out = append(out, fmt.Sprintf("%s %s is worse than in the baseline: %v, was %v", f.Suite, f.Name, f.Value, b.Value))
		}
	}
	return out
}

func (f Figure) moreIsBetter() bool {
	return strings.HasPrefix(f.Bound, ">=") || strings.HasSuffix(f.Unit, "/s")
}
