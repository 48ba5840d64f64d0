package bench

import (
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// TestPairsAtRestAndAtWork measures two small pairs: what an interval and a sweep cost when nothing happens, and that an
// edit on either side is carried and its calls are counted.
func TestPairsAtRestAndAtWork(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it lets twenty minutes of emulated time pass")
	}
	o := New().Quick()
	o.Dir, o.Say, o.Pairs, o.PairPages = t.TempDir(), t.Logf, 2, 12
	err := o.withPairs(t.Context(), o.Pairs, o.PairPages, func(p *pairs) error {
		got, err := p.interval(t.Context(), o, o.Pairs)
		if err != nil {
			return err
		}
		for i, name := range []string{"interval_calls_dc_2", "interval_calls_cloud_2", "sweep_round_dc_2", "sweep_round_cloud_2"} {
			f := got[i]
			if f.Name != name || f.Value <= 0 || len(f.Raw) == 0 {
				t.Errorf("%d: %+v, want %s with a value", i, f, name)
			}
			if strings.HasPrefix(name, "interval") && !f.Holds {
				t.Errorf("%+v", f)
			}
		}
		if got, err = p.oneEdit(t.Context(), o); err != nil {
			return err
		}
		for i, name := range []string{"calls_of_an_edit_from_dc", "calls_of_an_edit_from_cloud"} {
			if f := got[i]; f.Name != name || f.Value < 2 {
				t.Errorf("%d: %+v, want %s with at least a read and a write", i, f, name)
			}
		}
		p.edits = 4
		f, err := p.latency(t.Context(), o, confluence.A, "5s", CarriedIn, "", 3)
		if err == nil && (f.Name != "p95_to_cloud" || f.Value < 0.25) {
			t.Errorf("%+v", f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSweepBound: the words of the issue, in numbers.
func TestSweepBound(t *testing.T) {
	for _, c := range []struct {
		contents, spaces int
		want             float64
	}{{10_000, 1, 51}, {10_001, 1, 52}, {200_000, 500, 1_500}, {1, 1, 2}} {
		if b := sweepBound(c.contents, c.spaces); !b.Most || b.Limit != c.want {
			t.Errorf("%d contents in %d spaces: %s, want <= %v", c.contents, c.spaces, b, c.want)
		}
	}
	if got := facetNames(confluence.FacetBody | confluence.FacetComments); got != "bodies, comments" {
		t.Errorf("facets are named %q", got)
	}
}
