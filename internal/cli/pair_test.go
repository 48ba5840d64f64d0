package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/migration"
)

// twoSites are an emulated Data Center with one space K and an emulated Cloud that it was migrated to.
type twoSites struct {
	t     *testing.T
	dir   string
	sites [2]*emulator.Site
	urls  [2]string
}

// act lets tandem's administrator do something at one of the sites.
func (w *twoSites) act(site int, action string) {
	w.t.Helper()
	id, _ := w.sites[0].Account()
	if _, err := w.sites[site].Act(id, json.RawMessage(action)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *twoSites) says(code int, words []string, args ...string) string {
	w.t.Helper()
	return says(w.t, w.dir, code, words, args...)
}

// post sends JSON to a site.
func (w *twoSites) post(site int, path, body string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.urls[site]+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	login, secret := w.sites[site].Account()
	r.SetBasicAuth(login, secret)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode >= 300 {
		w.t.Fatalf("%s: %s %s", path, resp.Status, text)
	}
}

// migrated builds the sites, adds them to tandem and migrates the space.
func migrated(t *testing.T) *twoSites {
	t.Helper()
	w := &twoSites{t: t, dir: t.TempDir()}
	for i, name := range [2]string{"dc", "cloud"} {
		site, err := emulator.New(emulator.Options{Personality: name, Seed: uint64(i + 1), Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(site.Handler())
		t.Cleanup(func() {
			server.Close()
			if err := site.Close(); err != nil {
				t.Error(err)
			}
		})
		w.sites[i], w.urls[i] = site, server.URL+site.Context()
		login, secret := site.Account()
		args := []string{"site", "add", name, "--url", w.urls[i], "--kind", name, "--secret-file", fileOf(t, secret), "--auth", "pat"}
		if name == "cloud" {
			args = append(args[:len(args)-1], "token", "--email", login)
		}
		w.says(0, []string{"added"}, args...)
	}
	w.post(0, "/rest/api/space", `{"key":"K","name":"Kitchen"}`)
	for _, page := range []string{"Menu", "Recipes", "Suppliers"} {
		w.act(0, `{"create":{"space":"K","title":"`+page+`","text":"<p>`+page+` first words.</p><p>`+page+` second words.</p>"}}`)
	}
	w.says(0, []string{"SAVED"}, "plan", "create", "K", "--from", "dc", "--to", "cloud", "--space", "K")
	w.says(0, []string{"FINISHED"}, "run", "start", "K")
	return w
}

// TestPairFromDraftToRetired goes the way of a pair by its commands, without a cycle.
func TestPairFromDraftToRetired(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	create := []string{"pair", "create", "kitchen", "--a", "dc:K", "--b", "cloud:K", "--adopt", "K", "--mode", "on-demand", "--owner", "anna", "--brake", "deletes=20%"}
	out := w.says(0, []string{"would create the pair kitchen", "keep dc:K and cloud:K equal"}, append(create, "--dry-run")...)
	digest := strings.Fields(out[strings.Index(out, "digest "):])[1]
	w.says(7, []string{"T-3108"}, append(create, "--deletes", "ignore", "--plan-digest", strings.TrimSuffix(digest, ";"))...)
	w.says(0, []string{"pair kitchen: Draft (next: tandem pair baseline kitchen)"}, append(create, "--plan-digest", strings.TrimSuffix(digest, ";"))...)
	w.says(2, []string{"T-6202"}, create...)
	w.says(2, []string{"T-6201", "draft"}, "pair", "pause", "kitchen")

	out = w.says(0, []string{"matched 4 (migration map 4, path+title 0); only on dc 0; only on cloud 0", "equal 4, differing 0"}, "pair", "baseline", "kitchen")
	digest = strings.TrimSpace(out[strings.Index(out, "baseline digest ")+len("baseline digest "):])
	w.says(7, []string{"T-3108"}, "pair", "baseline", "kitchen", "--plan-digest", "000000000000")
	w.says(0, []string{"pair kitchen: Active, In sync 4/4", "0 writes"}, "pair", "baseline", "kitchen", "--plan-digest", digest)

	w.says(0, []string{"Paused"}, "pair", "pause", "kitchen", "--reason", "Cloud maintenance")
	w.says(0, []string{"Cloud maintenance", "tandem pair resume kitchen"}, "pair", "show", "kitchen")
	w.says(0, []string{"Active"}, "pair", "resume", "--all")
	w.says(0, []string{`pair kitchen: deletes ignore, end "2027-06-30"`}, "pair", "edit", "kitchen", "--deletes", "ignore", "--end", "2027-06-30")
	w.says(0, []string{"pair kitchen: deletes propagate\n"}, "pair", "edit", "kitchen", "--unset", "deletes")
	w.says(0, []string{`end: "2027-06-30"`, `brakes: {deletes: "20%"}`, "deletes: propagate"}, "pair", "show", "kitchen", "--rules")
	w.says(2, []string{"T-1001", "colour"}, "pair", "edit", "kitchen", "--unset", "colour")
	w.says(2, []string{"reason"}, "pair", "retire", "kitchen", "--yes")
	w.says(2, []string{"T-1002", "--yes"}, "pair", "retire", "kitchen", "--reason", "DC switched off")
	w.says(0, []string{"would retire the pair kitchen"}, "pair", "retire", "kitchen", "--dry-run")
	w.says(0, []string{"Retired"}, "pair", "retire", "kitchen", "--reason", "DC switched off", "--yes")
	w.says(2, []string{"T-6201"}, "pair", "sync", "kitchen")
}

// TestPairLists: the pairs in every form; arrows are words where they cannot be shown.
func TestPairLists(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.says(0, nil, "pair", "create", "kitchen", "--a", "dc:K", "--b", "cloud:K", "--adopt", "K", "--mode", "on-demand", "--direction", "to:cloud", "--review", "2027-02-01")
	w.says(0, []string{"dc:K → cloud:K", "to:cloud", "draft", "2027-02-01"}, "pair", "list")
	w.says(0, []string{"dc:K to cloud:K"}, "pair", "list", "--plain")
	rows, err := csv.NewReader(strings.NewReader(w.says(0, nil, "pair", "list", "-o", "csv"))).ReadAll()
	if err != nil || len(rows) != 2 || strings.Join(rows[0][:3], " ") != "name spaces direction" || rows[1][1] != "dc:K to cloud:K" {
		t.Errorf("as csv: %v %q", err, rows)
	}
	var list []api.Pair
	if err := json.Unmarshal([]byte(w.says(0, nil, "pair", "list", "-o", "json", "--filter", "state=draft")), &list); err != nil || len(list) != 1 || list[0].Sides[1].Site != "cloud" {
		t.Errorf("as json: %v %+v", err, list)
	}
	if out := w.says(0, nil, "pair", "list", "--state", "active", "-o", "jsonl"); out != "" {
		t.Errorf("active are %s", out)
	}
	if out := w.says(0, nil, "conflict", "list", "-o", "json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("conflicts are %s", out)
	}
	w.says(2, []string{"T-1004"}, "conflict", "list", "--pair", "other")
	w.says(2, []string{"T-1004"}, "conflict", "show", "C-1")
	w.says(0, []string{"kind: SpacePair", `direction: "to:cloud"`}, "pair", "show", "kitchen", "--rules")
	file := fileOf(t, strings.Replace(w.says(0, nil, "pair", "show", "kitchen", "--rules"), "name: kitchen", "name: again", 1))
	w.says(2, []string{"T-6202"}, "pair", "create", "-f", file)
	w.says(0, []string{"would create the pair again", "never back"}, "pair", "create", "-f", file, "--dry-run")
}

// TestPairUsage: what does not fit together is refused before anything is asked.
func TestPairUsage(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"pair"}, {"pair", "create"}, {"pair", "create", "x", "--a", "dc"}, {"pair", "create", "x", "--a", "dc:K", "--b", "cloud:K", "--brake", "deletes"},
		{"pair", "create", "x", "--a", "dc:K", "--b", "cloud:K", "--conflicts", "guess"}, {"pair", "sync"}, {"pair", "sync", "x", "--all"},
		{"pair", "show", "x", "--changes", "--rules"}, {"conflict", "resolve", "C-1"}, {"conflict", "resolve", "C-1", "--use", "dc", "--first", "dc"},
		{"conflict", "resolve", "C-1", "C-2", "--use", "file:x"}, {"conflict", "show", "C-1", "--as", "poem"},
	} {
		code, stdout, stderr := inDir(t, dir, args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "T-") {
			t.Errorf("tandem %s: exit code %d, stdout %q, stderr %q", strings.Join(args, " "), code, stdout, stderr)
		}
	}
	bad := fileOf(t, "<p>a</p>\n<p>b")
	code, _, stderr := inDir(t, dir, "conflict", "resolve", "C-1", "--use", "file:"+bad)
	if code != 2 || !strings.Contains(stderr, "T-1003") || !strings.Contains(stderr, "line 2") {
		t.Errorf("an ill-formed file: exit code %d, %s", code, stderr)
	}
}

// TestExitOfPairs holds the exit codes of pairs and cycles as they stand.
func TestExitOfPairs(t *testing.T) {
	for _, row := range []struct {
		p    api.Pair
		want []int
	}{
		{api.Pair{State: migration.PairActive}, nil},
		{api.Pair{State: migration.PairActive, Conflicts: 2}, []int{5}},
		{api.Pair{State: migration.PairHalted, Conflicts: 2}, []int{10, 5}},
		{api.Pair{State: migration.PairPaused}, nil},
	} {
		if got := exitPair(row.p); !slices.Equal(got, row.want) {
			t.Errorf("%s with %d conflicts exits with %v, want %v", row.p.State, row.p.Conflicts, got, row.want)
		}
	}
	for _, row := range []struct {
		c    api.Cycle
		want int
		says string
	}{
		{api.Cycle{}, 0, ""},
		{api.Cycle{Open: 1}, 5, ""},
		{api.Cycle{Open: 1, DryRun: true}, 0, ""},
		{api.Cycle{Pair: "ops", Open: 1, Halt: &api.Halt{Brake: "deletes", What: "9 of 23 pages"}}, 10, "--allow-brake deletes"},
		{api.Cycle{Halt: &api.Halt{Error: &migration.Finding{Code: confluence.CodeCredential, What: "refused", Remedy: "rotate"}}}, 8, "rotate"},
	} {
		var stderr bytes.Buffer
		a := &app{env: Env{Stderr: &stderr, Interrupt: t.Context()}}
		a.exitCycle(row.c)
		if got := a.finish(nil); got != row.want || !strings.Contains(stderr.String(), row.says) {
			t.Errorf("%+v exits with %d, want %d: %s", row.c, got, row.want, &stderr)
		}
	}
}

// TestCompletionOfPairs: a running server completes the names of pairs.
func TestCompletionOfPairs(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	w.says(0, nil, "pair", "create", "kitchen", "--a", "dc:K", "--b", "cloud:K", "--adopt", "K", "--mode", "on-demand")
	ctx, cancel := context.WithCancel(t.Context())
	out := &readyWriter{ready: make(chan struct{})}
	ended := make(chan int, 1)
	go func() {
		ended <- Run(Env{
			Args: []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", w.dir}, Stdin: strings.NewReader(""), Stdout: out, Stderr: io.Discard,
			Getenv: func(string) string { return "" }, Interrupt: ctx, Now: time.Now,
		})
	}()
	select {
	case <-out.ready:
	case code := <-ended:
		t.Fatalf("the server ended with %d", code)
	}
	for _, verb := range []string{"edit", "baseline", "show", "sync", "pause", "resume", "retire"} {
		w.says(0, []string{"kitchen"}, "__complete", "pair", verb, "")
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("the server ended with %d", code)
	}
}
