package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
)

func clashing() api.Conflict {
	at := time.Date(2026, 11, 20, 11, 29, 0, 0, time.UTC)
	return api.Conflict{
		ID: "C-7", Pair: "eng", State: "open", Kind: "body", Facet: "body", Content: "page", Title: "Release process", What: "both sides edited the body",
		Bodies: true, Opened: at, Base: "<h2>How</h2><p>Release on Thursday.</p><p>Ask Anna.</p><p>Then</p><p>wait</p>",
		Sides: [2]api.ConflictSide{
			{Site: "dc", By: "a.smith", At: &at, Version: 8, Value: "<h2>How</h2><p>Release on Tuesday.</p><p>Ask Bob.</p><p>Then</p><p>wait</p>"},
			{Site: "cloud", By: "b.jones", Version: 6, Value: `<h2 local-id="x">How</h2><p>Release on Friday.</p><p>Ask Anna.</p><p>Then</p><p>wait</p>`},
		},
	}
}

// TestConflictSummary: the block that both changed stands there with what each side holds; the others are counted.
func TestConflictSummary(t *testing.T) {
	var out bytes.Buffer
	a := &app{env: Env{Getenv: func(string) string { return "" }}}
	a.printConflict(&out, clashing(), false)
	for _, want := range []string{
		`C-7  page "Release process" of pair eng`, "dc: a.smith", "cloud: b.jones v6",
		"block 2   base:  <p>Release on Thursday.</p>\n          dc:    <p>Release on Tuesday.</p>\n          cloud: <p>Release on Friday.</p>\n",
		"other blocks: 1 changed on dc only, 0 on cloud only", "tandem conflict resolve C-7 --use dc, cloud or file:PATH",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, &out)
		}
	}
}

// TestConflictSideBySide: two columns, a mark for who changed what, long texts wrapped, what is alike folded.
func TestConflictSideBySide(t *testing.T) {
	var out bytes.Buffer
	a := &app{env: Env{Getenv: func(name string) string { return map[string]string{"COLUMNS": "60"}[name] }}}
	a.printConflict(&out, clashing(), true)
	_, rest, _ := strings.Cut(out.String(), "v6\n")
	want := `        dc                        | cloud
        ------------------------- | -------------------------
     1  <h2>How</h2>              | <h2>How</h2>
!    2  <p>Release on             | <p>Release on Friday.</p>
        Tuesday.</p>              |
        base: <p>Release on Thursday.</p>
<    3  <p>Ask Bob.</p>           | <p>Ask Anna.</p>
     4  <p>Then</p>               | <p>Then</p>
     5  <p>wait</p>               | <p>wait</p>
`
	if !strings.HasPrefix(rest, want) {
		t.Errorf("side by side:\n%s\nwant\n%s", rest, want)
	}
	x := clashing()
	alike := strings.Repeat("<p>same</p>", 5)
	x.Base, x.Sides[0].Value, x.Sides[1].Value = x.Base+alike, x.Sides[0].Value+alike, x.Sides[1].Value+alike
	out.Reset()
	a.printConflict(&out, x, true)
	if !strings.Contains(out.String(), "... 6 blocks alike") {
		t.Errorf("what is alike is not folded:\n%s", &out)
	}
}

// TestConflictOfTitles: a conflict without bodies shows its values, and text of a site cannot act on the terminal.
func TestConflictOfTitles(t *testing.T) {
	x := api.Conflict{ID: "C-1", Pair: "k", State: "resolved", Content: "page", Title: "C", Base: "C", What: "renamed", Decided: "cloud",
		Sides: [2]api.ConflictSide{{Site: "dc", Value: "C2\x1b[31m"}, {Site: "cloud", Value: "C3"}}}
	var out bytes.Buffer
	a := &app{env: Env{Getenv: func(string) string { return "" }}}
	a.printConflict(&out, x, false)
	if got := out.String(); !strings.Contains(got, "base:  C\n") || !strings.Contains(got, "dc:    C2 [31m\n") || !strings.Contains(got, "cloud: C3\n") ||
		!strings.Contains(got, "resolved: cloud") || strings.Contains(got, "settle it") || strings.Contains(got, "\x1b") {
		t.Errorf("shown as\n%s", got)
	}
	if err := a.conflictFiles(x, t.TempDir()); err == nil {
		t.Error("a conflict of titles has files")
	}
}

// TestConflictFiles: both bodies, what they come from, and a file to edit, each as the sites hold it.
func TestConflictFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c7")
	var stderr bytes.Buffer
	a := &app{env: Env{Stderr: &stderr}}
	x := clashing()
	if err := a.conflictFiles(x, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"base.xml": x.Base, "dc.xml": x.Sides[0].Value, "cloud.xml": x.Sides[1].Value, "result.xml": x.Sides[0].Value} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %v %q", name, err, got)
		}
	}
	if !strings.Contains(stderr.String(), "--use file:"+filepath.Join(dir, "result.xml")) {
		t.Errorf("no word on what to do next: %s", &stderr)
	}
	if text, err := json.Marshal(x); err != nil || !strings.Contains(string(text), `"bodies":true`) {
		t.Errorf("as json %v %s", err, text)
	}
}
