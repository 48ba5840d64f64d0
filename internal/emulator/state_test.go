package emulator

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// keptSite makes a site for a test that is closed at its end. The site has a state folder, and at the end of the test the
// folder is opened again: once as a killed process leaves it, once after a close in good order. Both must give the same
// site, whatever the test did to it. A method of Site that changes the site therefore says so to the journal (Site.did).
// A test that changes the world by itself, past everything, sets EMULATOR_REPLAY to off.
func keptSite(t *testing.T, opts Options) *Site {
	t.Helper()
	if os.Getenv("EMULATOR_REPLAY") != "off" && opts.StateDir == "" {
		opts.StateDir = t.TempDir()
	}
	site, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if opts.StateDir != "" && !t.Failed() {
			checkKept(t, site, opts)
			return
		}
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	return site
}

func checkKept(t *testing.T, site *Site, opts Options) {
	t.Helper()
	site.settleLate()
	now := site.clock.Now()
	still := opts
	still.Now = func() time.Time { return now.Add(-site.clock.offset) } // nothing becomes due meanwhile
	want := site.Dump("full")
	killed := still
	killed.StateDir = copyFolder(t, opts.StateDir)
	compareKept(t, "after a kill", want, killed)
	if err := site.Close(); err != nil {
		t.Error(err)
	}
	compareKept(t, "after a close", want, still)
}

func compareKept(t *testing.T, when string, want []byte, opts Options) {
	t.Helper()
	again, err := New(opts)
	if err != nil {
		t.Errorf("%s: %v", when, err)
		return
	}
	defer again.Close()
	if got := again.Dump("full"); !bytes.Equal(dumpClock.ReplaceAll(got, nil), dumpClock.ReplaceAll(want, nil)) {
		t.Errorf("%s: the site is another:\n%s", when, firstDifference(got, want))
	}
}

// dumpClock is the time of a dump, which is that of the process.
var dumpClock = regexp.MustCompile(`^{"clock":"[^"]*",`)

// firstDifference shows where two dumps part.
func firstDifference(got, want []byte) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	cut := func(b []byte) string { return string(b[max(0, i-300):min(len(b), i+200)]) }
	return "got  …" + cut(got) + "…\nwant …" + cut(want) + "…"
}

func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(to)
}
