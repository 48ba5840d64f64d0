package vendorspec_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/emulator/vendorspec"
)

// gathered are the answers of a whole test run: `make conformance` runs all tests with TANDEM_ANSWERS set, then this
// package with TANDEM_CHECK_ANSWERS set to the same folder.
func gathered(t *testing.T) []vendorspec.Answer {
	t.Helper()
	dir := os.Getenv("TANDEM_CHECK_ANSWERS")
	if dir == "" {
		t.Skip("TANDEM_CHECK_ANSWERS is not set: make conformance sets it")
	}
	if vendorspec.Shared() == "" {
		t.Skip("the vendor's documents are not there")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no answers in %s: %v", dir, err)
	}
	var out []vendorspec.Answer
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var a vendorspec.Answer
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, a)
	}
	return out
}

// TestAnswersOfWholeRun holds every shape of answer that the tests met against the vendor's documents.
func TestAnswersOfWholeRun(t *testing.T) {
	bad := map[string][]string{}
	count := map[string]int{}
	for _, a := range gathered(t) {
		count[a.Personality]++
		if err := vendorspec.Check(a); err != nil {
			key := fmt.Sprintf("%s %s %s %d: %v", a.Personality, a.Method, a.Template, a.Status, err)
			bad[key] = append(bad[key], a.Target)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(bad)) {
		t.Errorf("%s\n  %d shapes, for example %s", key, len(bad[key]), bad[key][0])
	}
	t.Logf("conformance: %d shapes of Cloud, %d of Data Center, %d not as documented", count["cloud"], count["dc"], len(bad))
}

// TestOperationsExercised holds that the run met a success of every route of the emulator that can succeed, and every
// operation that the references name as needed among them.
func TestOperationsExercised(t *testing.T) {
	met, have := map[string]bool{}, map[string]bool{}
	for _, a := range gathered(t) {
		if a.Status < 400 {
			met[key(a.Personality, a.Method, a.Template)] = true
		}
	}
	all := map[string]int{}
	for _, r := range emulator.Routes() {
		k := key(r.Personality, r.Method, r.Template)
		have[k] = true
		all[r.Personality]++
		if !met[k] && !r.Refuses {
			t.Errorf("never answered with success: %s", k)
		}
	}
	needed := map[string]int{}
	for _, n := range vendorspec.Needed() {
		needed[n.Personality]++
		if k := key(n.Personality, n.Method, n.Path); !have[k] {
			t.Errorf("needed and not there: %s", k)
		} else if !met[k] {
			t.Errorf("needed and never answered with success: %s", k)
		}
	}
	t.Logf("conformance: routes: %d of Cloud, %d of Data Center; answered with success: %d; needed operations: %d of Cloud, %d of Data Center",
		all["cloud"], all["dc"], len(met), needed["cloud"], needed["dc"])
}

func key(personality, method, path string) string {
	return personality + " " + method + " " + vendorspec.Shape(strings.TrimSuffix(strings.TrimPrefix(path, "/wiki"), "/"))
}
