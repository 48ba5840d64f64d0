package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/cli/bench"
)

// TestBenchWire measures a small migration through the command: the whole way, with a short latency.
func TestBenchWire(t *testing.T) {
	to := filepath.Join(t.TempDir(), "figures.json")
	args := []string{"bench", "--suite", "wire", "--pages", "60", "--latency", "2ms", "--repeat", "1", "--output", "json", "--to", to}
	code, out, messages := inDir(t, t.TempDir(), args...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, messages)
	}
	var figures []bench.Figure
	if err := json.Unmarshal([]byte(out), &figures); err != nil {
		t.Fatal(err)
	}
	got := map[string]bench.Figure{}
	for _, f := range figures {
		got[f.Name] = f
	}
	// 60 pages are too few for the bounds, so the figures are reported only: their calls are still known to be few.
	if f := got["calls_per_page_60"]; f.Value < 1 || f.Value > 2 || f.Bound != "" || !f.Holds || f.Unit != "calls" {
		t.Errorf("calls: %+v", f)
	}
	if f := got["wall_over_limit"]; f.Value <= 0 || !strings.Contains(f.Against, "60 pages × 2ms ÷ 8") || !strings.Contains(f.Against, "CQ-01=0s TR-03=0s") {
		t.Errorf("wall: %+v", f)
	}
	for _, raw := range []string{"synchronous=FULL", "59 writes /wiki/api/v2/pages", "longest chain"} {
		if !strings.Contains(messages, raw) {
			t.Errorf("nothing is said of %q:\n%s", raw, messages)
		}
	}
	if text, err := os.ReadFile(to); err != nil || !strings.Contains(string(text), "calls_per_page_60") {
		t.Errorf("--to: %v: %s", err, text)
	}
}

// TestBenchScale: a small migration from a living Data Center, the sites and tandem in processes of their own.
func TestBenchScale(t *testing.T) {
	program := filepath.Join(t.TempDir(), "tandem")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tandem").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), program, "bench", "--suite", "scale", "--live-pages", "40", "--output", "json")
	var messages strings.Builder
	cmd.Stderr = &messages
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, messages.String())
	}
	var figures []bench.Figure
	if err := json.Unmarshal(out, &figures); err != nil {
		t.Fatal(err)
	}
	if f := figures[0]; f.Name != "live_calls_per_page_40" || f.Value < 1 || f.Value > 6 || f.Bound != "" {
		t.Errorf("calls: %+v", f)
	}
	if !strings.Contains(messages.String(), "calls to the Data Center") {
		t.Errorf("the calls are not printed:\n%s", messages.String())
	}
}

func TestBenchRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"--suite", "merge"}, {"--suite", "nonsense"}, {"--pages", "1"}, {"--connections", "0"}, {"--size", "much"}, {"--latency", "-1s"},
	} {
		code, out, messages := inDir(t, t.TempDir(), append([]string{"bench"}, args...)...)
		if code != 2 || out != "" || !strings.Contains(messages, "T-1001") {
			t.Errorf("%v: exit %d, %q, %q", args, code, out, messages)
		}
	}
}

// TestBenchBaseline: a figure that is worse than in the baseline ends with exit code 1.
func TestBenchBaseline(t *testing.T) {
	baseline := filepath.Join(t.TempDir(), "was.json")
	was := `[{"suite":"wire","name":"calls_per_page_20","value":0.5,"unit":"calls","bound":"","against":"","holds":true}]`
	if err := os.WriteFile(baseline, []byte(was), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"bench", "--suite", "wire", "--pages", "20", "--latency", "0s", "--repeat", "1", "--output", "json", "--baseline", baseline}
	code, _, messages := inDir(t, t.TempDir(), args...)
	if code != 1 || !strings.Contains(messages, "worse than in the baseline") {
		t.Errorf("exit %d: %s", code, messages)
	}
}
