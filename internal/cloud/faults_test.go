package cloud_test

import (
	"net/http"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence/confluencetest"
)

// TestConformanceOfAnUneasySite runs the suite on sites that do what sites now and then do, all the time.
func TestConformanceOfAnUneasySite(t *testing.T) {
	for name, rules := range map[string]string{
		"limits":      "rules: [{match: {every: 9}, do: {fault: RL-06}}, {match: {every: 23}, do: {fault: RL-04}}]",
		"failures":    "rules: [{match: {method: GET, every: 13}, do: {fault: ER-11, variant: 503-retry-after}}, {match: {method: GET, every: 29}, do: {fault: ER-11, variant: 502}}]",
		"double rows": "rules: [{match: {method: GET}, do: {list: {duplicate: 2}}}]",
		"lost index":  "rules: [{do: {fault: CQ-09}}]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			confluencetest.Exercise(t, func(t *testing.T) confluencetest.Site {
				b := newBench(t, map[string]string{"AT-07": "2097152"})
				if err := b.site.SetFaults([]byte(rules)); err != nil {
					t.Fatal(err)
				}
				s := conformOn(t, b, func(under http.RoundTripper) http.RoundTripper { return under })
				s.Uneasy, s.Forgetful = true, name == "lost index"
				return s
			})
		})
	}
}
