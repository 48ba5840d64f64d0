package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tandem-sync/tandem/internal/api"
)

// paired is the space K migrated and kept as the pair kitchen, which syncs when it is told.
func paired(t *testing.T) *twoSites {
	t.Helper()
	w := migrated(t)
	w.says(0, nil, "pair", "create", "kitchen", "--a", "dc:K", "--b", "cloud:K", "--adopt", "K", "--mode", "on-demand")
	out := w.says(0, nil, "pair", "baseline", "kitchen")
	_, digest, _ := strings.Cut(out, "baseline digest ")
	w.says(0, []string{"Active"}, "pair", "baseline", "kitchen", "--plan-digest", strings.TrimSpace(digest))
	w.says(0, []string{"to cloud 0, to dc 0"}, "pair", "sync", "kitchen")
	return w
}

// TestPairSync: edits of both sides are carried by one command, after a dry run that says which, and are listed then.
func TestPairSync(t *testing.T) {
	t.Parallel()
	w := paired(t)
	w.act(0, `{"edit":{"page":"Menu","block":"p1","to":"Menu of the week."}}`)
	w.act(1, `{"label":{"page":"Recipes","add":"vegan"}}`)
	out := w.says(0, []string{`would PUT  on cloud: page "Menu" (body)`, `would LB+  on dc: page "Recipes"`, "nothing was done"}, "pair", "sync", "kitchen", "--dry-run")
	digest := regexp.MustCompile(`digest ([0-9a-f]{12})`).FindStringSubmatch(out)
	w.says(7, []string{"T-3108"}, "pair", "sync", "kitchen", "--plan-digest", "000000000000")
	w.says(0, []string{"to cloud 1, to dc 1", "conflicts 0 open"}, "pair", "sync", "kitchen", "--plan-digest", digest[1])
	var c api.Cycle
	if err := json.Unmarshal([]byte(w.says(0, nil, "pair", "sync", "--all", "-o", "json")), &c); err != nil || c.Sides[0].Written+c.Sides[1].Written != 0 || c.Outcome != "done" {
		t.Errorf("the next one: %v %+v", err, c)
	}
	w.says(0, []string{"Menu", "carried to cloud (PUT)", "Recipes", "carried to dc (LB+)"}, "pair", "show", "kitchen", "--changes")
	w.says(0, []string{"dc 1, cloud 1", "sweep"}, "pair", "show", "kitchen", "--cycles")
}

// TestConflictSettled: what both sides edited stays as it is on each, with exit code 5, until a person takes one side.
func TestConflictSettled(t *testing.T) {
	t.Parallel()
	w := paired(t)
	w.act(0, `{"edit":{"page":"Menu","block":"p1","to":"Soup on Tuesday."}}`)
	w.act(1, `{"edit":{"page":"Menu","block":"p1","to":"Soup on Friday."}}`)
	w.says(5, []string{"conflicts 1 open"}, "pair", "sync", "kitchen")
	w.says(0, []string{"C-1", "kitchen", "Menu", "body"}, "conflict", "list")
	w.says(5, nil, "conflict", "list", "--exit-code")
	w.says(5, []string{"Conflicts"}, "pair", "show", "kitchen", "--exit-code")
	w.says(0, []string{"block 1", "Soup on Tuesday.", "Soup on Friday.", "Menu first words."}, "conflict", "show", "C-1")
	w.says(0, []string{"!    1", "| <p>Soup on Friday.</p>", "base: <p>Menu first words.</p>"}, "conflict", "show", "C-1", "--as", "diff")
	dir := filepath.Join(t.TempDir(), "c1")
	w.says(0, []string{"result.xml"}, "conflict", "show", "C-1", "--as", "files", "--to", dir)
	w.says(0, []string{"would take what cloud holds"}, "conflict", "resolve", "C-1", "--use", "cloud", "--dry-run")
	w.says(0, []string{"C-1 resolved", "both sides hold what cloud had", "the text of dc stays in dc v"}, "conflict", "resolve", "C-1", "--use", "cloud", "--comment", "agreed")
	w.says(0, nil, "conflict", "list", "--exit-code")
	w.says(0, []string{"resolved", "C-1"}, "conflict", "list", "--state", "all")
	if dump := string(w.sites[0].Dump("full")); !strings.Contains(dump, "Soup on Friday.") {
		t.Error("the Data Center does not hold what was decided")
	}
	w.says(0, []string{"to cloud 0, to dc 0"}, "pair", "sync", "kitchen")

	w.act(0, `{"edit":{"page":"Menu","block":"p2","to":"Bread on Monday."}}`)
	w.act(1, `{"edit":{"page":"Menu","block":"p2","to":"Bread on Sunday."}}`)
	w.says(5, nil, "pair", "sync", "kitchen")
	var open []api.Conflict
	if err := json.Unmarshal([]byte(w.says(0, nil, "conflict", "list", "-o", "json")), &open); err != nil || len(open) != 1 {
		t.Fatalf("open are %v %+v", err, open)
	}
	file := fileOf(t, "<p>Soup on Friday.</p><p>Bread every day.</p>")
	w.says(0, []string{"resolved", "the result in the file"}, "conflict", "resolve", open[0].ID, "--use", "file:"+file)
	for i, site := range w.sites {
		if !strings.Contains(string(site.Dump("full")), "Bread every day.") {
			t.Errorf("site %d does not hold the file", i)
		}
	}
}

// TestPairHalted: many deletes halt a pair with exit code 10 and nothing done; a person lets them pass with a reason.
func TestPairHalted(t *testing.T) {
	t.Parallel()
	w := paired(t)
	for i := range 12 {
		w.act(0, fmt.Sprintf(`{"create":{"space":"K","title":"Dish %d","text":"<p>Dish %[1]d.</p>"}}`, i))
	}
	w.says(0, []string{"to cloud 12"}, "pair", "sync", "kitchen")
	for i := range 8 {
		w.act(0, fmt.Sprintf(`{"trash":"Dish %d"}`, i))
	}
	w.says(10, []string{"T-6001", `halted by brake "deletes"`, "--allow-brake deletes"}, "pair", "sync", "kitchen")
	w.says(10, []string{"Halted", "by brake deletes"}, "pair", "show", "kitchen", "--exit-code")
	w.says(0, []string{"would DEL", "Dish 3"}, "pair", "sync", "kitchen", "--dry-run")
	w.says(2, []string{"reason"}, "pair", "sync", "kitchen", "--allow-brake", "deletes")
	w.says(0, []string{"to cloud 8"}, "pair", "sync", "kitchen", "--allow-brake", "deletes", "--reason", "off the menu")
	w.says(0, []string{"active"}, "pair", "list")
}
