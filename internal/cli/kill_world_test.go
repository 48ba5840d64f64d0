package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// killPlan is the name of the plan of every world.
const killPlan = "P"

// killTimeout is the request timeout of the program under test: so long it leaves a comment alone whose outcome is
// unknown.
const killTimeout = 1500 * time.Millisecond

// killWorld is an emulated Cloud in a process of its own, a data directory, and the program that is killed.
type killWorld struct {
	program string
	dir     string
	cloud   *exec.Cmd
	url     string // of the Cloud
	control string // of its control plane
	// The account that tandem uses there.
	email, tokenFile string
}

var cloudReady = regexp.MustCompile(`ready on (\S+), control on (\S+), account (\S+), admin token in (.+)`)

// newKillWorld starts a Cloud and makes the site known to the program.
func newKillWorld(ctx context.Context, program, dir string) (*killWorld, error) {
	w := &killWorld{program: program, dir: dir}
	w.cloud = exec.CommandContext(ctx, program, "emulator", "serve", "--personality", "cloud", "--listen", "127.0.0.1:0",
		"--control", "127.0.0.1:0", "--seed", "7", "--latency", "5ms", "--state", filepath.Join(dir, "cloud"))
	w.cloud.Env = w.environment()
	out, err := w.cloud.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cloud.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	said := cloudReady.FindStringSubmatch(strings.TrimSpace(line))
	if err != nil || said == nil {
		return nil, errors.Join(fmt.Errorf("the emulator said %q", line), err, w.close())
	}
	w.url, w.control, w.email, w.tokenFile = said[1], said[2], said[3], said[4]
	if _, err := w.must(ctx, "site", "add", "cloud", "--url", w.url, "--email", w.email, "--secret-file", w.tokenFile); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *killWorld) close() error {
	err := w.cloud.Process.Kill()
	_ = w.cloud.Wait() // says that it was killed
	return err
}

func (w *killWorld) state() string { return filepath.Join(w.dir, "state") }

func (w *killWorld) environment(more ...string) []string {
	return append([]string{
		"HOME=" + w.dir, "TMPDIR=" + w.dir, "PATH=" + os.Getenv("PATH"), "TANDEM_DATA_DIR=" + w.state(), "TANDEM_OUTPUT=json",
		"TANDEM_REQUEST_TIMEOUT=" + killTimeout.String(),
	}, more...)
}

// ending is how a process of the program ended.
type ending struct {
	killed bool
	code   int
	stdout *readyWriter
	stderr bytes.Buffer
}

// process is the program at work.
type process struct {
	ctx    context.Context
	cmd    *exec.Cmd
	ending *ending
}

// begin starts the program.
func (w *killWorld) begin(ctx context.Context, env []string, args ...string) (*process, error) {
	e := &ending{stdout: &readyWriter{ready: make(chan struct{})}}
	cmd := exec.CommandContext(ctx, w.program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = w.environment(env...), e.stdout, &e.stderr
	return &process{ctx, cmd, e}, cmd.Start()
}

// kill and interrupt may come too late: then the process has ended, and wait says how.
func (p *process) kill()      { _ = p.cmd.Process.Kill() }
func (p *process) interrupt() { _ = p.cmd.Process.Signal(os.Interrupt) }

// wait returns how the process ended.
func (p *process) wait() (*ending, error) {
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	e := p.ending
	if p.ctx.Err() != nil {
		return nil, fmt.Errorf("%s did not end: %w\n%s", p.cmd, p.ctx.Err(), e.stderr.String())
	}
	e.code = p.cmd.ProcessState.ExitCode()
	e.killed = e.code < 0
	return e, nil
}

// run runs the program to its end.
func (w *killWorld) run(ctx context.Context, env []string, args ...string) (*ending, error) {
	p, err := w.begin(ctx, env, args...)
	if err != nil {
		return nil, err
	}
	return p.wait()
}

// must runs the program and wants it to succeed.
func (w *killWorld) must(ctx context.Context, args ...string) (*ending, error) {
	e, err := w.run(ctx, nil, args...)
	if err == nil && e.code != 0 {
		err = fmt.Errorf("tandem %s: exit code %d\n%s%s", strings.Join(args, " "), e.code, e.stdout.String(), e.stderr.String())
	}
	return e, err
}

// finished wants a command that follows a run to have seen it FINISHED.
func finished(e *ending) error {
	var p api.Progress
	if err := json.Unmarshal([]byte(e.stdout.String()), &p); err != nil {
		return fmt.Errorf("no run in the answer: %w\n%s%s", err, e.stdout.String(), e.stderr.String())
	}
	if p.Status != migration.PlanFinished || e.code != 0 || p.Done != p.Total {
		return fmt.Errorf("run %s is %s, exit code %d\n%s", p.Run, p.Status, e.code, e.stderr.String())
	}
	return nil
}

// finish runs a command that follows a run and wants it to end FINISHED.
func (w *killWorld) finish(ctx context.Context, args ...string) error {
	e, err := w.run(ctx, nil, args...)
	if err != nil {
		return err
	}
	if err := finished(e); err != nil {
		report, reportErr := w.run(ctx, nil, "verify", "show", killPlan, "--output", "table")
		if reportErr != nil {
			return errors.Join(err, reportErr)
		}
		return fmt.Errorf("%w\n%s%s", err, report.stdout.String(), report.stderr.String())
	}
	return nil
}

// ask gets something from the control plane.
func (w *killWorld) ask(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.control+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// evidence is what is left of a migration: at the Cloud, and in the data directory.
type evidence struct {
	dump    []byte
	writes  map[confluence.Verb]int // that the Cloud answered with success
	refused map[confluence.Verb]int
	journal []store.JournalRow
	reports []string // of the run's findings: what was said about which content
}

// gather looks at the Cloud and into the data directory, which nobody works on.
func (w *killWorld) gather(ctx context.Context) (evidence, error) {
	var e evidence
	var err error
	if e.dump, err = w.ask(ctx, "/dump?form=neutral"); err != nil {
		return e, err
	}
	log, err := w.ask(ctx, "/requests")
	if err != nil {
		return e, err
	}
	if e.writes, e.refused, err = countWrites(log); err != nil {
		return e, err
	}
	left, err := os.ReadDir(filepath.Join(w.state(), "scratch"))
	if err != nil || len(left) > 0 {
		return e, errors.Join(fmt.Errorf("%d indexes of exports are left behind", len(left)), err)
	}
	st, err := store.Open(ctx, store.Options{Dir: w.state()})
	if err != nil {
		return e, err
	}
	if e.journal, err = st.Journal(ctx, store.JournalFilter{}); err == nil {
		err = e.readFindings(ctx, st)
	}
	return e, errors.Join(err, st.Close())
}

func (e *evidence) readFindings(ctx context.Context, st *store.Store) error {
	list, err := st.Findings(ctx, store.FindingFilter{})
	for _, f := range list {
		e.reports = append(e.reports, fmt.Sprintf("%s %s %s %s %s %q %s %s: %s (%d)", f.Run, f.Space, f.Severity, f.Code, f.Content.Kind, f.Content.Title,
			f.Where.Facet, f.Where.Detail, f.What, f.Count))
	}
	slices.Sort(e.reports)
	return err
}

// writeRoutes say which verb a write request makes. The first that fits counts.
var writeRoutes = []struct {
	methods string
	path    *regexp.Regexp
	verb    confluence.Verb
}{
	{"POST", regexp.MustCompile(`/rest/api/space(/_private)?$`), confluence.VerbSpace},
	{"POST", regexp.MustCompile(`/api/v2/(pages|blogposts)$`), confluence.VerbPost},
	{"PUT", regexp.MustCompile(`/api/v2/(pages|blogposts)/\d+$`), confluence.VerbPut},
	{"DELETE", regexp.MustCompile(`/api/v2/(pages|blogposts)/\d+$`), confluence.VerbTrash},
	{"PUT", regexp.MustCompile(`/content/\d+/move/\w+/\d+$`), confluence.VerbMove},
	{"POST", regexp.MustCompile(`/content/\d+/label$`), confluence.VerbLabel},
	{"DELETE", regexp.MustCompile(`/content/\d+/label$`), confluence.VerbUnlabel},
	{"POST", regexp.MustCompile(`/child/attachment$`), confluence.VerbAttach},
	{"POST", regexp.MustCompile(`/child/attachment/(att)?\d+/data$`), confluence.VerbReplace},
	{"POST", regexp.MustCompile(`/footer-comments$`), confluence.VerbComment},
	{"PUT", regexp.MustCompile(`/footer-comments/\d+$`), confluence.VerbRecomment},
	{"DELETE", regexp.MustCompile(`/footer-comments/\d+$`), confluence.VerbUncomment},
	{"PUT DELETE", regexp.MustCompile(`/content/\d+/restriction$`), confluence.VerbRestrict},
	{"POST", regexp.MustCompile(`/space/[^/]+/permission$|/spaces/\d+/role-assignments$`), confluence.VerbPermission},
}

func countWrites(log []byte) (made, refused map[confluence.Verb]int, err error) {
	made, refused = map[confluence.Verb]int{}, map[confluence.Verb]int{}
	for lines := json.NewDecoder(bytes.NewReader(log)); ; {
		var q struct {
			Method, Path string
			Status       int
		}
		if err := lines.Decode(&q); errors.Is(err, io.EOF) {
			return made, refused, nil
		} else if err != nil {
			return nil, nil, err
		}
		if q.Method == http.MethodGet || q.Method == http.MethodHead {
			continue
		}
		i := slices.IndexFunc(writeRoutes, func(r struct {
			methods string
			path    *regexp.Regexp
			verb    confluence.Verb
		}) bool {
			return slices.Contains(strings.Fields(r.methods), q.Method) && r.path.MatchString(q.Path)
		})
		switch {
		case i < 0:
			return nil, nil, fmt.Errorf("an unexpected write: %s %s %d", q.Method, q.Path, q.Status)
		case q.Status < 300:
			made[writeRoutes[i].verb]++
		default:
			refused[writeRoutes[i].verb]++
		}
	}
}

// setsState are the verbs whose writes set a state: made again, they change nothing.
var setsState = []confluence.Verb{
	confluence.VerbLabel, confluence.VerbUnlabel, confluence.VerbRestrict, confluence.VerbMove, confluence.VerbPermission, confluence.VerbHome,
}

// compare holds what a migration with kills left behind to what an undisturbed one did. A PUT may be saved: a body that is
// sent later may find the ids it waits for. A write that sets a state may be made once more where its outcome was lost.
// How many moves it takes depends on the order in which siblings came to be; of the verbs in timed the number hangs on
// what came to be first as well.
func (e evidence) compare(calm evidence, timed ...confluence.Verb) error {
	var wrong []error
	if !bytes.Equal(e.dump, calm.dump) {
		wrong = append(wrong, fmt.Errorf("the Cloud holds something else: %s", firstDifference(calm.dump, e.dump)))
	}
	if diff := cmp.Diff(calm.reports, e.reports); diff != "" {
		wrong = append(wrong, fmt.Errorf("the findings differ (+ are those of the run that was killed):\n%s", diff))
	}
	for _, v := range confluence.Verbs {
		made, want := e.writes[v], calm.writes[v]
		switch {
		case v == confluence.VerbMove, slices.Contains(timed, v):
		case slices.Contains(setsState, v) && made >= want-e.refused[v] && made <= want+e.absent(v):
		case v == confluence.VerbPut && made <= want:
		case made == want:
		default:
			wrong = append(wrong, fmt.Errorf("%s had %d effects, undisturbed %d", v, made, want))
		}
	}
	return errors.Join(append(wrong, e.consistent())...)
}

// absent counts the writes of a verb of which it was taken that they were not made.
func (e evidence) absent(v confluence.Verb) int {
	n := 0
	for _, row := range e.journal {
		if row.Verb == v && row.Outcome.State == store.StateAbsent {
			n++
		}
	}
	return n
}

// story tells what the journal knows of the writes that fit.
func (e evidence) story(fits func(store.JournalRow) bool) string {
	var b strings.Builder
	for _, row := range e.journal {
		if fits(row) {
			fmt.Fprintf(&b, "\n  %s %s %s: %s sent %s on version %d facets %b payload %.8s attempt %d; %s %s %s version %d", row.Op, row.Verb, row.NaturalKey,
				row.Run, row.SentAt.Format(time.StampMilli), row.PreVersion, row.Facets, row.PayloadDigest, row.Attempt,
				row.Outcome.State, row.Outcome.Code, row.Outcome.EndedAt.Format(time.StampMilli), row.Outcome.NewVersion)
		}
	}
	return b.String()
}

// consistent holds the journal to what the Cloud saw: no outcome open, each effect known, none made twice.
func (e evidence) consistent() error {
	var wrong []error
	done := map[confluence.Verb]int{}
	type effect struct {
		run     string
		verb    confluence.Verb
		twin    confluence.TwinID
		key     string
		payload confluence.Digest
	}
	seen := map[effect]bool{}
	for _, row := range e.journal {
		what := fmt.Sprintf("%s %s %s (%s)", row.Verb, row.NaturalKey, row.Op, row.Run)
		switch row.Outcome.State {
		case store.StateIntent, store.StateUnknown:
			wrong = append(wrong, fmt.Errorf("the outcome of %s is still open", what))
		case store.StateDone:
			done[row.Verb]++
			f := effect{row.Run, row.Verb, row.Twin, row.NaturalKey, row.PayloadDigest}
			if seen[f] && !slices.Contains(setsState, row.Verb) {
				wrong = append(wrong, fmt.Errorf("%s was made before:%s", what, e.story(func(r store.JournalRow) bool { return r.Twin == row.Twin })))
			}
			seen[f] = true
		}
		if len(row.Late) > 0 {
			wrong = append(wrong, fmt.Errorf("%s has a second outcome", what))
		}
	}
	for _, v := range confluence.Verbs {
		least, most := done[v], done[v]
		if slices.Contains(setsState, v) { // what is there already may be refused, and what was lost made again
			least, most = least-e.refused[v], most+e.absent(v)
		}
		if n := e.writes[v]; n < least || n > most {
			wrong = append(wrong, fmt.Errorf("the Cloud saw %d effects of %s, the journal knows %d and besides%s", n, v, done[v],
				e.story(func(r store.JournalRow) bool { return r.Verb == v && r.Outcome.State != store.StateDone })))
		}
	}
	return errors.Join(wrong...)
}

// firstDifference shows where two dumps part.
func firstDifference(want, got []byte) string {
	i := 0
	for i < len(want) && i < len(got) && want[i] == got[i] {
		i++
	}
	around := func(b []byte) string { return string(b[max(0, i-200):min(len(b), i+200)]) }
	return fmt.Sprintf("at byte %d of %d and %d\nundisturbed: %s\nnow:         %s", i, len(want), len(got), around(want), around(got))
}
