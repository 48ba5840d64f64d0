package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// TestUsageErrors runs commands that are called wrongly: exit code 2, T-1001 and a hint, nothing on standard output.
func TestUsageErrors(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"frobnicate"}, {"site"}, {"site", "ad"}, {"site", "add"}, {"site", "list", "extra"}, {"--nonsense"}, {"site", "list", "--limit", "x"},
		{"site", "list", "--filter", "nonsense"}, {"site", "list", "--sort", "nonsense"}, {"site", "list", "--columns", "nonsense"},
		{"site", "list", "--limit", "-1"}, {"site", "list", "--output", "xml"}, {"--quiet", "--verbose", "site", "list"},
		{"verify", "run"}, {"people", "import", "-f", "x"}, {"completion", "ksh"}, {"completion"}, {"run", "status", "--items"},
		{"plan", "create", "--from", "a", "--to", "b"}, {"export", "inspect", ".", "--tab", "x", "-o", "json"},
	} {
		code, stdout, stderr := inDir(t, dir, args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "T-") {
			t.Errorf("tandem %s: exit code %d, stdout %q, stderr %q", strings.Join(args, " "), code, stdout, stderr)
		}
	}
}

func TestSuggestion(t *testing.T) {
	_, _, stderr := inDir(t, t.TempDir(), "run", "stat")
	if !strings.Contains(stderr, "status") {
		t.Errorf("no suggestion: %s", stderr)
	}
}

// TestErrorAsJSON holds the shape of errors for scripts.
func TestErrorAsJSON(t *testing.T) {
	code, stdout, stderr := inDir(t, t.TempDir(), "plan", "show", "X", "--output", "json")
	var got map[string]any
	if err := json.Unmarshal([]byte(stderr), &got); err != nil || code != 2 || stdout != "" {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	want := []string{"cause", "class", "code", "help", "remedy", "what", "where"}
	var keys []string
	for k := range got {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if !slices.Equal(keys, want) {
		t.Errorf("members are %v, want %v", keys, want)
	}
}

// TestExitOrder holds the precedence of exit codes.
func TestExitOrder(t *testing.T) {
	for _, row := range []struct {
		exits []int
		want  int
	}{
		{nil, 0}, {[]int{5, 6}, 6}, {[]int{6, 4}, 4}, {[]int{4, 3}, 3}, {[]int{3, 10}, 10}, {[]int{10, 7}, 7}, {[]int{7, 9}, 9}, {[]int{9, 8}, 8},
		{[]int{8, 130}, 130}, {[]int{0, 6}, 6},
	} {
		a := &app{env: Env{Interrupt: t.Context()}}
		for _, c := range row.exits {
			a.exit(c)
		}
		if got := a.finish(nil); got != row.want {
			t.Errorf("%v exits with %d, want %d", row.exits, got, row.want)
		}
	}
}

// TestExitOfRuns holds the exit codes of runs as they stand.
func TestExitOfRuns(t *testing.T) {
	halted := &migration.Finding{Code: confluence.CodeCredential}
	for _, row := range []struct {
		p    api.Progress
		want []int
	}{
		{api.Progress{Status: migration.PlanFinished}, nil},
		{api.Progress{Status: migration.PlanRunning}, nil},
		{api.Progress{Status: migration.PlanIncomplete}, []int{4}},
		{api.Progress{Status: migration.PlanFailed}, []int{4}},
		{api.Progress{Status: migration.PlanStopped}, []int{4}},
		{api.Progress{Status: migration.PlanPaused}, []int{130}},
		{api.Progress{Status: migration.PlanPaused, Error: halted}, []int{8}},
	} {
		if got := exitRun(row.p); !slices.Equal(got, row.want) {
			t.Errorf("%s exits with %v, want %v", row.p.Status, got, row.want)
		}
	}
}

// TestEveryExitCodeHasAPlace demands that no code of the register ends a command with an exit code that is not ordered.
func TestEveryExitCodeHasAPlace(t *testing.T) {
	for _, e := range confluence.Register {
		if e.Exit != 0 && !slices.Contains(exitOrder, e.Exit) {
			t.Errorf("%s exits with %d, which has no place in the order", e.Code, e.Exit)
		}
	}
}

// TestSettings: a flag beats the environment, which beats the configuration file.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "tandem.yaml")
	write(t, file, "output: jsonl\ndata-dir: "+filepath.Join(dir, "from-file")+"\n")
	settle := func(env map[string]string, args ...string) (settings, string) {
		a := &app{env: Env{Getenv: func(k string) string { return env[k] }, Interrupt: t.Context(), Stderr: &bytes.Buffer{}}}
		root := a.root()
		var got settings
		probe := &cobra.Command{Use: "probe"}
		probe.RunE = a.run(func(context.Context, []string) error { got = a.settings; return nil })
		root.AddCommand(probe)
		root.SetArgs(append([]string{"probe"}, args...))
		err := root.ExecuteContext(t.Context())
		if err != nil {
			return got, string(confluence.AsError(err).Code)
		}
		return got, ""
	}
	env := map[string]string{"TANDEM_CONFIG": file}
	if got, _ := settle(env); got.Output != "jsonl" || filepath.Base(got.DataDir) != "from-file" || got.KeyFile != got.DataDir+".key" {
		t.Errorf("from the file: %+v", got)
	}
	env["TANDEM_OUTPUT"], env["TANDEM_PLAIN"] = "csv", "true"
	if got, _ := settle(env); got.Output != "csv" || !got.Plain {
		t.Errorf("from the environment: %+v", got)
	}
	if got, _ := settle(env, "--output", "json", "--timeout", "3m"); got.Output != "json" || got.Timeout != 3*time.Minute {
		t.Errorf("from flags: %+v", got)
	}
	if got, _ := settle(nil); got.Output != "table" || got.DataDir == "" {
		t.Errorf("defaults: %+v", got)
	}
	for text, want := range map[string]string{"surprise: 1": "T-1003", "output: [": "T-1003", "reason: x": "T-1003", "output: xml": "T-1001"} {
		write(t, file, text)
		if _, code := settle(map[string]string{"TANDEM_CONFIG": file}); code != want {
			t.Errorf("a file with %q is answered with %q, want %s", text, code, want)
		}
	}
	if _, code := settle(nil, "--config", filepath.Join(dir, "absent")); code != "T-1003" {
		t.Errorf("an absent file is answered with %q", code)
	}
	if _, code := settle(nil, "--database", "postgres://x/y"); code != "T-2007" {
		t.Errorf("another database is answered with %q", code)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestListForms prints one list in every form.
func TestListForms(t *testing.T) {
	type row struct {
		Name string    `json:"name"`
		N    int       `json:"n"`
		At   time.Time `json:"at"`
	}
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	rows := []row{{"b, \"c\"", 10, at}, {"a\x1b[31m", 9, at.Add(time.Hour)}, {"", 100, time.Time{}}}
	columns := []column[row]{
		{"NAME", func(r row) any { return r.Name }}, {"HOW MANY", func(r row) any { return r.N }}, {"AT", func(r row) any { return r.At }},
	}
	show := func(format string, f listFlags) string {
		t.Helper()
		var out bytes.Buffer
		a := &app{env: Env{Stdout: &out}, settings: settings{Output: format}}
		if err := printList(a, &f, columns, rows); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	parsed, err := csv.NewReader(strings.NewReader(show("csv", listFlags{}))).ReadAll()
	if err != nil || len(parsed) != 4 || parsed[0][1] != "how_many" || parsed[1][0] != "b, \"c\"" || parsed[1][2] != "2026-01-05T09:00:00Z" {
		t.Errorf("csv is %v, %v", parsed, err)
	}
	var objects []row
	if err := json.Unmarshal([]byte(show("json", listFlags{sort: "-how_many", limit: 2})), &objects); err != nil || len(objects) != 2 || objects[0].N != 100 {
		t.Errorf("json is %+v, %v", objects, err)
	}
	if got := show("jsonl", listFlags{filter: []string{"how many=9"}, columns: []string{"HOW MANY"}}); got != "{\"how_many\":9}\n" {
		t.Errorf("jsonl is %q", got)
	}
	table := show("table", listFlags{sort: "how_many"})
	lines := strings.Split(table, "\n")
	if strings.Contains(table, "\x1b") || !strings.HasPrefix(lines[1], "a") || !strings.HasPrefix(lines[3], "-") {
		t.Errorf("table is\n%s", table)
	}
	if got := show("json", listFlags{filter: []string{"name=nobody"}}); strings.TrimSpace(got) != "[]" {
		t.Errorf("no rows are %q", got)
	}
}

// TestSecrets: from a file, standard input, the environment; never without a person or a source.
func TestSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	write(t, file, "  from-file\n")
	get := func(path, stdin, env string, tty bool) (string, string) {
		a := &app{env: Env{
			Stdin: strings.NewReader(stdin), Stderr: &bytes.Buffer{}, StdinTTY: tty,
			Getenv: func(k string) string { return map[string]string{"TANDEM_SITE_SECRET": env}[k] },
		}}
		s, err := a.secret(t.Context(), path, "cloud")
		if err != nil {
			return s, string(confluence.AsError(err).Code)
		}
		return s, ""
	}
	for _, row := range []struct {
		path, stdin, env string
		tty              bool
		want, code       string
	}{
		{file, "", "env", false, "from-file", ""},
		{"-", "piped\n", "env", false, "piped", ""},
		{"", "", "env", false, "env", ""},
		{"", "typed\n", "", true, "typed", ""},
		{"", "", "", false, "", "T-1002"},
		{"", "", "", true, "", "T-1002"},
		{"-", " \n", "", false, "", "T-1003"},
		{file + "x", "", "", false, "", "T-1003"},
	} {
		got, code := get(row.path, row.stdin, row.env, row.tty)
		if got != row.want || code != row.code {
			t.Errorf("%+v gives %q, %q", row, got, code)
		}
	}
}

// TestNoFlagTakesASecret looks at every flag of every command.
func TestNoFlagTakesASecret(t *testing.T) {
	page := HelpPages()
	for _, word := range []string{"--secret ", "--token ", "--password ", "--pat "} {
		if strings.Contains(page, word) {
			t.Errorf("there is a flag %s", word)
		}
	}
}

// TestEveryCommandIsDocumented looks for commands without a short text.
func TestEveryCommandIsDocumented(t *testing.T) {
	a := &app{env: Env{Getenv: func(string) string { return "" }}}
	n := 0
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		n++
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: short text is %q", cmd.CommandPath(), cmd.Short)
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(a.root())
	if n < 40 {
		t.Errorf("only %d commands", n)
	}
}

func TestManPagesAndCompletion(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := inDir(t, dir, "completion", "--man", filepath.Join(dir, "man")); code != 0 {
		t.Fatal(stderr)
	}
	pages, err := os.ReadDir(filepath.Join(dir, "man"))
	if err != nil || len(pages) < 40 {
		t.Errorf("%d man pages, %v", len(pages), err)
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, stdout, _ := inDir(t, dir, "completion", shell)
		if code != 0 || !strings.Contains(stdout, "tandem") {
			t.Errorf("completion of %s: exit code %d, %d bytes", shell, code, len(stdout))
		}
	}
}

func TestVersionAndExplain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	code, stdout, _ := inDir(t, dir, "version", "--output", "json")
	var v api.Version
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || code != 0 || v.Schema < 1 || v.PlanFormat != "tandem/v1" {
		t.Errorf("version is %d %s", code, stdout)
	}
	code, stdout, _ = inDir(t, dir, "doctor", "--explain", "3107")
	if code != 0 || !strings.Contains(stdout, "exit code 7") {
		t.Errorf("explain prints %d %s", code, stdout)
	}
	if code, _, _ := inDir(t, dir, "doctor", "--explain", "T-0000"); code != 2 {
		t.Errorf("an unknown code exits with %d", code)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("an offline command made a data directory")
	}
}

// TestOwnedDataDirectory: a directory whose owner serves nobody is refused, one with a dead owner is not.
func TestOwnedDataDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	st, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := inDir(t, dir, "site", "list")
	if code != 2 || !strings.Contains(stderr, "T-1501") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := inDir(t, dir, "site", "list"); code != 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

func TestRemoteServer(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		server, token string
		code          int
		want          string
	}{
		{"http://wiki.example.com:7070", "x", 2, "T-2003"},
		{"not an address", "x", 2, "T-1001"},
		{"http://127.0.0.1:1", "x", 9, "T-2001"},
		{"http://127.0.0.1:1", "", 8, "T-1005"},
	} {
		env := map[string]string{"TANDEM_DATA_DIR": dir, "TANDEM_SERVER": row.server, "TANDEM_TOKEN": row.token}
		code, _, stderr := runCommand(t.Context(), env, "", "site", "list")
		if code != row.code || !strings.Contains(stderr, row.want) {
			t.Errorf("%s: exit code %d: %s", row.server, code, stderr)
		}
	}
}

func TestFailpoint(t *testing.T) {
	for _, bad := range []string{"POST", "POST:x:1", "POST:before-call:0", "POST:before-call:x", "a:b:c:d"} {
		if f, err := failpoint(bad); err == nil || f != nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if f, err := failpoint(""); f != nil || err != nil {
		t.Errorf("no failpoint is %v", err)
	}
	f, err := failpoint("POST:after-call:2")
	if err != nil {
		t.Fatal(err)
	}
	f("before-call", confluence.VerbPost)
	f("after-call", confluence.VerbPut)
	f("after-call", confluence.VerbPost) // the first; the second would end the test's process
}

func TestListenOnlyOnLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:7070", "nonsense"} {
		l, err := openSocket(t.Context(), address, false)
		if err == nil {
			l.Close()
			t.Errorf("listens on %s", address)
		}
	}
	l, err := openSocket(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestOpIDs(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	mint := newOpIDs(func() time.Time { return now })
	seen := map[string]bool{}
	last := ""
	for range 50 {
		id := mint()
		if len(id) != 26 || seen[id] || id < last[:min(len(last), 10)] {
			t.Fatalf("id %q after %q", id, last)
		}
		seen[id], last = true, id
		now = now.Add(time.Millisecond)
	}
}
