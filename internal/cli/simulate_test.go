package cli

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSimulateRefuses: a file that is no scenario is refused with part and line.
func TestSimulateRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "bad.txtar")
	write(t, file, "X1 bad\n-- start.yaml --\nuse: S0\n-- steps.yaml --\n- cycle: daily\n-- want.yaml --\n{}\n")
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{[]string{"simulate", "--scenario", file}, []string{"T-1003", "steps.yaml, line 1, column 10", `"daily": this must be one of sweep, feed`}},
		{[]string{"simulate", "--scenario", filepath.Join(dir, "none.txtar")}, []string{"T-1003", "none.txtar"}},
		{[]string{"simulate"}, []string{"T-1001", "scenario"}},
	} {
		code, stdout, stderr := inDir(t, dir, c.args...)
		if code != 2 {
			t.Errorf("%q ended with %d", c.args, code)
		}
		for _, w := range c.words {
			if !strings.Contains(stdout+stderr, w) {
				t.Errorf("%q does not say %q:\n%s%s", c.args, w, stdout, stderr)
			}
		}
	}
}

// TestSimulateProgram plays a scenario with the program itself, which waits for signals besides.
func TestSimulateProgram(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "tandem")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tandem").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "simulate", "--scenario", "../../testdata/scenarios/sync/S002-one-sided-edit.txtar").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "ok") || !strings.Contains(string(out), "0 writes on DC, 1 on Cloud") {
		t.Errorf("%v: %s", err, out)
	}
}
