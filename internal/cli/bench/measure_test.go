package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/cli/bench"
)

// TestMain lets this program be the child process of a measurement, as `tandem bench probe` is.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "probe" {
		p, err := bench.Probe(context.Background(), os.Args[2], os.Args[3], time.Now, nil)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(p)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func options(t *testing.T, suite string) bench.Options {
	o := bench.New().Quick()
	o.Suites, o.Dir, o.Now = []string{suite}, t.TempDir(), time.Now
	o.Say = func(format string, args ...any) { t.Logf(format, args...) }
	o.Child = func(ctx context.Context, what, path string) *exec.Cmd {
		return exec.CommandContext(ctx, os.Args[0], "probe", what, path)
	}
	return o
}

func measured(t *testing.T, o bench.Options) map[string]bench.Figure {
	t.Helper()
	figures, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bench.Figure{}
	for _, f := range figures {
		if _, twice := out[f.Name]; twice || f.Suite != o.Suites[0] || f.Against == "" || len(f.Raw) == 0 {
			t.Errorf("%+v", f)
		}
		out[f.Name] = f
		t.Logf("%s %v %s (%s)", f.Name, f.Value, f.Unit, f.Bound)
	}
	return out
}

// TestExportSuite measures a small export. The ratio says nothing at this size; the memory must hold at every size.
func TestExportSuite(t *testing.T) {
	o := options(t, "export")
	o.Size = 2 << 20
	got := measured(t, o)
	if f := got["resident"]; f.Name != "" && (!f.Holds || f.Value < 4<<20 || f.Bound != "<= 268435456") {
		t.Errorf("resident %+v", f)
	}
	if f := got["index_over_rawtoken"]; f.Value <= 0 || f.Bound != ">= 1.5" {
		t.Errorf("index %+v", f)
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBodySuite(t *testing.T) {
	o := options(t, "body")
	o.Corpus = 256 << 10
	got := measured(t, o)
	for _, name := range []string{"canonical_over_rawtoken", "rewrite_over_rawtoken"} {
		if f := got[name]; f.Value <= 0 || f.Bound != ">= 3" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestAChildThatFailsIsAnError: no figure comes of a process that did not report.
func TestAChildThatFailsIsAnError(t *testing.T) {
	o := options(t, "export")
	o.Size = 1 << 20
	o.Child = func(ctx context.Context, _, path string) *exec.Cmd {
		return exec.CommandContext(ctx, os.Args[0], "probe", "nothing", path)
	}
	if figures, err := bench.Run(t.Context(), o); err == nil || len(figures) != 0 {
		t.Errorf("figures %v, %v", figures, err)
	}
}
