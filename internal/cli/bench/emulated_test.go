package bench_test

import (
	"context"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cli/bench"
)

// TestSiteProbe: what a child process tells of a generated site is that of a site of that size.
func TestSiteProbe(t *testing.T) {
	p, err := bench.Probe(context.Background(), bench.ProbeSite, "2000", time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Contents != 2000 || p.Took <= 0 || p.Bytes < 2000*100 {
		t.Errorf("got %+v", p)
	}
	if _, err := bench.Probe(context.Background(), bench.ProbeSite, "many", time.Now, nil); err == nil {
		t.Error("a size that is no number was taken")
	}
}
