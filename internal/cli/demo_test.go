package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const demoMigration = `{
  "migration": {
    "status": "FINISHED",
    "pages": 128,
    "blogPosts": 6,
    "attachments": 46,
    "users": 0,
    "groups": 0,
    "failures": 0
  },
`

const demoParity = `  "parity": {
    "equal": true,
    "differences": 0
  }
}
`

// demoDocument is what the demo prints with the wiki on a Data Center: 14 edits of people, each carried by one change, and
// each site counts a checkpoint for every cycle of a pair that wrote.
const demoDocument = demoMigration + `  "sync": {
    "cycles": 3,
    "propagated": 14,
    "merged": 0,
    "conflicts": 0,
    "failed": 0,
    "sides": [
      {
        "site": "dc",
        "carried": 6,
        "writes": 12
      },
      {
        "site": "cloud",
        "carried": 8,
        "writes": 14
      }
    ],
    "parity": {
      "equal": true,
      "differences": 0
    }
  },
` + demoParity

// exportDocument is what it prints with the wiki as an export.
const exportDocument = demoMigration + `  "sync": {
    "cycles": 0,
    "propagated": 0,
    "merged": 0,
    "conflicts": 0,
    "failed": 0,
    "sides": []
  },
` + demoParity

// TestDemo runs what the README promises, then looks at what was kept with commands of its own.
func TestDemo(t *testing.T) {
	t.Parallel()
	keep := t.TempDir()
	code, stdout, stderr := runCommand(t.Context(), nil, "", "demo", "--exit", "--output", "json", "--keep", keep)
	if code != 0 || stdout != demoDocument {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	for _, want := range []string{"HR", "ENG", "OPS", "proved equal", "22 of 24 people mapped", "Data Center 9.2.17, as tandem", "3 spaces from dc"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is not among the steps:\n%s", want, stderr)
		}
	}
	state := filepath.Join(keep, "state")
	code, stdout, stderr = inDir(t, state, "run", "report", "demo")
	if code != 0 || !strings.Contains(stdout, "FINISHED") || !strings.Contains(stdout, "proved equal") {
		t.Errorf("the report of what was kept: exit code %d\n%s%s", code, stdout, stderr)
	}
	// tandem's own account stands in the restrictions of the Data Center, or it could not read those pages: it is no reader
	// who is lost, and no exception of the proof.
	if strings.Contains(stdout, "restricted to fewer") {
		t.Errorf("tandem's own account counts as a reader without a counterpart:\n%s", stdout)
	}
	for _, name := range []string{"state.key", "state/token"} {
		if info, err := os.Stat(filepath.Join(keep, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}

// TestDemoFromExport: with the wiki as an export the same arrives, and no Data Center runs.
func TestDemoFromExport(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runCommand(t.Context(), nil, "", "demo", "--exit", "--output", "json", "--source", "export")
	if code != 0 || stdout != exportDocument {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "3 spaces from company-export.zip") || strings.Contains(stderr, "Data Center") {
		t.Errorf("the steps are\n%s", stderr)
	}
}

// TestDemoStays starts the demo as the README says, follows the printed commands, and ends it.
func TestDemoStays(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout := &readyWriter{ready: make(chan struct{})}
	ready := make(chan struct{})
	ended := make(chan int, 1)
	dir := t.TempDir()
	go func() {
		ended <- Run(Env{
			Args: []string{"demo", "--keep", dir}, Stdin: strings.NewReader(""), Stderr: &readyWriter{ready: make(chan struct{})},
			Stdout: &onText{text: "Ctrl-C", then: func() { close(ready) }, to: stdout},
			Getenv: func(string) string { return "" }, Interrupt: ctx, Now: time.Now,
		})
	}()
	select {
	case <-ready:
	case code := <-ended:
		t.Fatalf("the demo ended with %d: %s", code, stdout)
	}
	text := stdout.String()
	command := regexp.MustCompile(` (--data-dir \S+ run report \S+)\n`).FindStringSubmatch(text)
	if command == nil {
		t.Fatalf("no command to look at it:\n%s", text)
	}
	code, report, stderr := runCommand(t.Context(), nil, "", strings.Fields(command[1])...)
	if code != 0 || !strings.Contains(report, "FINISHED") {
		t.Errorf("exit code %d: %s%s", code, report, stderr)
	}
	// Both sites are edited as the text says, and what is edited arrives on the other.
	calls := regexp.MustCompile(`curl .*-X (\S+) (?:-(u|H) '([^']+)' -H '[^']+' )?'(http[^']+)' -d '(.+)'\n`).FindAllStringSubmatch(text, -1)
	if len(calls) != 4 {
		t.Fatalf("%d calls to edit with:\n%s", len(calls), text)
	}
	for _, c := range calls {
		r, err := http.NewRequestWithContext(t.Context(), c[1], c[4], strings.NewReader(c[5]))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if c[2] == "u" {
			name, secret, _ := strings.Cut(c[3], ":")
			r.SetBasicAuth(name, secret)
		} else if c[2] == "H" {
			r.Header.Set("Authorization", strings.TrimPrefix(c[3], "Authorization: "))
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", c[4], resp.Status, answer)
		}
	}
	patient, enough := context.WithTimeout(t.Context(), 2*time.Minute)
	defer enough()
	for _, want := range []string{`to cloud [1-9]`, `to dc [1-9]`} {
		shown := regexp.MustCompile(`\n\d\d:\d\d:\d\d  ops  cycle \d+ \(\w+\): .*` + want)
		if err := stdout.until(patient, shown.MatchString); err != nil {
			t.Fatalf("no cycle with %s is shown:\n%s", want, stdout)
		}
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("the demo ended with %d", code)
	}
}

// TestDemoRefusesWhatIsNotBuilt: a size that is not built is refused, not replaced by another.
func TestDemoRefusesWhatIsNotBuilt(t *testing.T) {
	code, stdout, stderr := runCommand(t.Context(), nil, "", "demo", "--exit", "--size", "large")
	if code != 2 || stdout != "" || !strings.Contains(stderr, "T-2007") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = runCommand(t.Context(), nil, "", "demo", "--exit", "--source", "xml")
	if code != 2 || stdout != "" || !strings.Contains(stderr, "neither dc nor export") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}
