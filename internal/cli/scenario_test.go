package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tandem-sync/tandem/internal/emulator"
)

// TestScenarios runs the stories of testdata/scenarios: commands as a person types them, against an emulated Cloud. What
// arrived is asserted on the Cloud's own state dump and counters. docs/scenarios.md explains the steps.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenarios/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios found: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newStory(t)
			for _, f := range archive.Files {
				if f.Name != "steps" {
					s.write(f.Name, f.Data)
				}
			}
			for _, f := range archive.Files {
				if f.Name == "steps" {
					s.play(string(f.Data))
				}
			}
			if s.steps == 0 {
				t.Fatal("the scenario has no steps")
			}
		})
	}
}

// story is one scenario under way.
type story struct {
	t       *testing.T
	dir     string
	cloud   *emulator.Site
	product *httptest.Server
	control *httptest.Server
	saved   []byte // neutral dump to compare with

	steps  int
	shown  string // standard output and error of the last command
	server chan struct{}
	stop   context.CancelFunc
}

func newStory(t *testing.T) *story {
	t.Helper()
	cloud, err := emulator.New(emulator.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, dir: t.TempDir(), cloud: cloud, product: httptest.NewServer(cloud.Handler()), control: httptest.NewServer(cloud.Control())}
	t.Cleanup(func() {
		s.endServer()
		s.product.Close()
		s.control.Close()
		if err := cloud.Close(); err != nil {
			t.Error(err)
		}
	})
	_, token := cloud.Account()
	s.write("token", []byte(token))
	return s
}

func (s *story) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *story) write(name string, data []byte) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// play does the steps. The first that does not hold ends the story.
func (s *story) play(text string) {
	s.t.Helper()
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s.steps++
		if err := s.step(words(line)); err != nil {
			s.t.Fatalf("step %d: %s\n%v\nshown by the last command:\n%s", n+1, line, err, s.shown)
		}
	}
}

// words splits a line at spaces; quoted parts stay together.
func words(line string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|'([^']*)'|\S+`).FindAllStringSubmatch(line, -1) {
		switch {
		case strings.HasPrefix(m[0], `"`):
			out = append(out, m[1])
		case strings.HasPrefix(m[0], `'`):
			out = append(out, m[2])
		default:
			out = append(out, m[0])
		}
	}
	return out
}

// verbs are the steps by their first words.
func (s *story) step(w []string) error {
	switch w[0] {
	case "tandem":
		return s.tandem(0, w[1:])
	case "exits":
		code, err := strconv.Atoi(w[1])
		if err != nil || len(w) < 4 || w[2] != "tandem" {
			return fmt.Errorf("a step reads: exits CODE tandem ...")
		}
		return s.tandem(code, w[3:])
	case "shows":
		return s.shows(strings.Join(w[1:], " "))
	case "hides":
		if s.shows(strings.Join(w[1:], " ")) == nil {
			return fmt.Errorf("shown, and must not be")
		}
		return nil
	case "export":
		return s.export(w[1], w[2])
	case "serve":
		return s.startServer()
	case "cloud":
		return s.onCloud(w[1], w[2:])
	}
	return fmt.Errorf("there is no step %q", w[0])
}

func (s *story) shows(want string) error {
	if !strings.Contains(s.shown, want) {
		return fmt.Errorf("not shown: %s", want)
	}
	return nil
}

// expand puts in what a scenario cannot know.
func (s *story) expand(arg string) string {
	email, _ := s.cloud.Account()
	arg = strings.NewReplacer("$CLOUD", s.product.URL+"/wiki", "$EMAIL", email, "$DIR", s.dir).Replace(arg)
	if _, err := os.Stat(s.path(arg)); err == nil && arg != "" {
		return s.path(arg)
	}
	return arg
}

func (s *story) tandem(want int, args []string) error {
	for i := range args {
		args[i] = s.expand(args[i])
	}
	code, stdout, stderr := runCommand(s.t.Context(), s.env(), "", args...)
	s.shown = stdout + stderr
	if code != want {
		return fmt.Errorf("exit code %d, want %d", code, want)
	}
	return nil
}

// env is the environment of every command of a story.
func (s *story) env() map[string]string {
	return map[string]string{"TANDEM_DATA_DIR": s.path("state")}
}

// startServer runs tandem serve for the rest of the story: the commands that follow talk to it over its socket.
func (s *story) startServer() error {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.server = stop, make(chan struct{})
	out := &readyWriter{ready: make(chan struct{})}
	go func() {
		defer close(s.server)
		Run(Env{
			Args: []string{"serve", "--listen", "127.0.0.1:0"}, Stdin: strings.NewReader(""), Stdout: out, Stderr: &bytes.Buffer{},
			Getenv: func(k string) string { return s.env()[k] }, Interrupt: ctx, Now: time.Now,
		})
	}()
	select {
	case <-out.ready:
		return nil
	case <-s.server:
		return fmt.Errorf("the server ended at once")
	}
}

func (s *story) endServer() {
	if s.stop != nil {
		s.stop()
		<-s.server
	}
}

// onCloud does a step that is about the emulated Cloud.
func (s *story) onCloud(verb string, w []string) error {
	switch verb {
	case "user":
		s.cloud.AddUser(w[0], w[1], w[2])
	case "group":
		s.cloud.AddGroup(w[0], w[1:]...)
	case "holds":
		return s.holds(w)
	case "mark":
		s.cloud.ResetCounters()
	case "wrote":
		return s.wrote(w[0])
	case "save":
		s.saved = s.cloud.Dump("neutral")
	case "unchanged":
		if diff := cmp.Diff(string(s.saved), string(s.cloud.Dump("neutral"))); diff != "" {
			return fmt.Errorf("the Cloud holds something else now:\n%s", diff)
		}
	case "page":
		return s.page(w)
	case "act":
		_, err := s.cloud.Act(w[0], json.RawMessage(w[1]))
		return err
	case "faults":
		return s.put("/faults", s.path(w[0]))
	case "token":
		s.write(w[0], []byte(s.cloud.Renew("svc-tandem")))
	case "revoke":
		s.cloud.Revoke("svc-tandem")
	default:
		return fmt.Errorf("there is no step cloud %q", verb)
	}
	return nil
}

// dump is what is read of the Cloud's state dump.
type dump struct {
	Counts map[string]int
	Spaces []struct {
		Key, Home   string
		Permissions []string
	}
	Content []struct {
		Body, Kind, Title, Space, Status, ID, Parent string
		Labels                                       []string
		Restrictions                                 struct{ Read, Update []string }
	}
}

func (s *story) dumped() (dump, error) {
	var d dump
	err := json.Unmarshal(s.cloud.Dump("full"), &d)
	return d, err
}

// holds compares counts of the state dump: NAME=N.
func (s *story) holds(pairs []string) error {
	d, err := s.dumped()
	if err != nil {
		return err
	}
	for _, p := range pairs {
		name, text, _ := strings.Cut(p, "=")
		want, err := strconv.Atoi(text)
		got, known := d.Counts[name]
		if err != nil || !known {
			return fmt.Errorf("%s: the state dump counts %v", p, d.Counts)
		}
		if got != want {
			return fmt.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	return nil
}

// wrote compares the write requests since the last mark.
func (s *story) wrote(text string) error {
	want, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	got, routes := 0, []string{}
	for route, c := range s.cloud.Counters() {
		got += int(c.Writes)
		if c.Writes > 0 {
			routes = append(routes, fmt.Sprintf("%s %d", route, c.Writes))
		}
	}
	if got != want {
		return fmt.Errorf("%d write requests, want %d: %s", got, want, strings.Join(routes, ", "))
	}
	return nil
}

// page asserts on one page: KEY TITLE (has TEXT | under TITLE | labels A,B | readers P,Q | open).
func (s *story) page(w []string) error {
	d, err := s.dumped()
	if err != nil {
		return err
	}
	titles := map[string]string{}
	for _, c := range d.Content {
		titles[c.ID] = c.Title
	}
	for _, c := range d.Content {
		if c.Space != w[0] || c.Title != w[1] || c.Kind != "page" && c.Kind != "blogpost" {
			continue
		}
		got, want := "", strings.Join(w[3:], " ")
		switch w[2] {
		case "has":
			if !strings.Contains(c.Body, s.expand(want)) {
				return fmt.Errorf("its body is %s", c.Body)
			}
			return nil
		case "under":
			got = titles[c.Parent]
		case "labels":
			got = strings.Join(c.Labels, ",")
		case "readers":
			got = strings.Join(c.Restrictions.Read, ",")
		default:
			return fmt.Errorf("a page has, is under, has labels or readers")
		}
		if got != want {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	}
	return fmt.Errorf("no such page")
}

// put sends a file to the control plane.
func (s *story) put(path, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.control.URL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the control plane answers %s", resp.Status)
	}
	return nil
}
