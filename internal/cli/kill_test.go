package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// TestKill kills the program as kill -9 does, starts it again, and wants the result of a run that nobody disturbed. The
// emulated Cloud is a process of its own. TANDEM_KILLS=all does all there is (make kill), TANDEM_KILLS=1/PUT:after-call:2
// kills at that one point; else a share is done.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal kills a process here in the middle of a call")
	}
	program := filepath.Join(t.TempDir(), "tandem")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/tandem").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	which := os.Getenv("TANDEM_KILLS")
	all := which == "all"
	t.Run("Failpoints", func(t *testing.T) { t.Parallel(); killAtFailpoints(t, program, which) })
	if which == "" || all {
		t.Run("Moments", func(t *testing.T) { t.Parallel(); killAtMoments(t, program, all) })
		t.Run("Opening", func(t *testing.T) { t.Parallel(); killWhileOpening(t, program, map[bool]int{false: 8, true: 60}[all]) })
	}
}

// killPoint is where a run is killed: the n-th call of a verb in the run of an edition.
type killPoint struct {
	edition killEdition
	verb    confluence.Verb
	point   string
	n       int
}

// String names the point as TANDEM_FAILPOINT does, after the edition.
func (p killPoint) String() string { return fmt.Sprintf("%d/%s", p.edition, p.variable()) }

func (p killPoint) variable() string { return fmt.Sprintf("%s:%s:%d", p.verb, p.point, p.n) }

// smallWiki is where the exports of the small wiki lie.
type smallWiki struct {
	program, dir string
	twice        bool                     // run the plan once more after each kill
	calm         map[killEdition]evidence // after the undisturbed run of each edition
}

func (s *smallWiki) export(e killEdition) string {
	return filepath.Join(s.dir, fmt.Sprintf("edition-%d.zip", e))
}

func (s *smallWiki) people() string { return filepath.Join(s.dir, "people.csv") }

func killAtFailpoints(t *testing.T, program, which string) {
	s := &smallWiki{program: program, dir: t.TempDir(), twice: which != "", calm: map[killEdition]evidence{}}
	for _, e := range []killEdition{1, 2} {
		if err := writeKillExport(s.export(e), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.people(), []byte(killPeople), 0o600); err != nil {
		t.Fatal(err)
	}
	points, err := s.undisturbed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantVerbs(t, points)
	switch which {
	case "all":
	case "":
		points = share(points)
	default:
		points = slices.DeleteFunc(points, func(p killPoint) bool { return which != p.String() })
	}
	began, kills := time.Now(), 0
	work := make(chan killPoint)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for p := range work {
				if err := s.killAt(t.Context(), p); err != nil {
					t.Errorf("%s: %v", p, err)
				}
			}
		})
	}
	for _, p := range points {
		kills++
		work <- p
	}
	close(work)
	wg.Wait()
	t.Logf("%d kills at failpoints, each from a fresh start, in %s", kills, time.Since(began).Round(time.Second))
}

// share leaves of the points of each verb the first of each kind, and the last one after a call.
func share(points []killPoint) []killPoint {
	last := map[killPoint]int{}
	for _, p := range points {
		last[killPoint{p.edition, p.verb, p.point, 0}] = p.n
	}
	return slices.DeleteFunc(points, func(p killPoint) bool {
		return p.n != 1 && (p.point != "after-call" || p.n != last[killPoint{p.edition, p.verb, p.point, 0}])
	})
}

// wantVerbs wants the small wiki to make every change that a migration knows.
func wantVerbs(t *testing.T, points []killPoint) {
	for _, v := range []confluence.Verb{
		confluence.VerbSpace, confluence.VerbPost, confluence.VerbPut, confluence.VerbMove, confluence.VerbLabel, confluence.VerbUnlabel,
		confluence.VerbRestrict, confluence.VerbAttach, confluence.VerbReplace, confluence.VerbComment, confluence.VerbRecomment,
		confluence.VerbPermission, confluence.VerbTrash,
	} {
		if !slices.ContainsFunc(points, func(p killPoint) bool { return p.verb == v }) {
			t.Errorf("no write of verb %s occurs", v)
		}
	}
}

// undisturbed migrates both editions and lists every failpoint that is passed.
func (s *smallWiki) undisturbed(ctx context.Context) ([]killPoint, error) {
	w, err := newKillWorld(ctx, s.program, filepath.Join(s.dir, "calm"))
	if err != nil {
		return nil, err
	}
	defer w.close()
	var points []killPoint
	passed := 0
	for _, e := range []killEdition{1, 2} {
		if err := s.migrate(ctx, w, e); err != nil {
			return nil, err
		}
		got, err := w.gather(ctx)
		if err != nil {
			return nil, err
		}
		if err := got.consistent(); err != nil {
			return nil, err
		}
		s.calm[e] = got
		calls := map[confluence.Verb]int{}
		for _, row := range got.journal[passed:] {
			if row.Outcome.State != store.StateDone {
				return nil, fmt.Errorf("undisturbed, and yet %s %s is %s", row.Verb, row.NaturalKey, row.Outcome.State)
			}
			calls[row.Verb]++
		}
		passed = len(got.journal)
		if e == 1 {
			delete(calls, confluence.VerbMove) // as many as it takes, siblings being made side by side; the second has one
		}
		for _, v := range confluence.Verbs {
			for n := range calls[v] {
				for _, point := range []string{"before-call", "after-call", "after-outcome"} {
					points = append(points, killPoint{e, v, point, n + 1})
				}
			}
		}
	}
	return points, nil
}

// prepare makes the plan of an edition.
func (s *smallWiki) prepare(ctx context.Context, w *killWorld, e killEdition) error {
	args := []string{"plan", "edit", killPlan, "--from", s.export(e)}
	if e == 1 {
		args = []string{"plan", "create", killPlan, "--from", s.export(e), "--to", "cloud", "--space", "KILL", "--space", "NEWS", "--people", s.people()}
	}
	_, err := w.must(ctx, args...)
	return err
}

func (s *smallWiki) migrate(ctx context.Context, w *killWorld, e killEdition) error {
	if err := s.prepare(ctx, w, e); err != nil {
		return err
	}
	return w.finish(ctx, "run", "start", killPlan)
}

// killAt migrates up to a failpoint, starts the program again, and compares.
func (s *smallWiki) killAt(ctx context.Context, p killPoint) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp(s.dir, "kill-")
	if err != nil {
		return err
	}
	w, err := newKillWorld(ctx, s.program, dir)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	defer func() { err = errors.Join(err, w.close()) }()
	for e := killEdition(1); e < p.edition; e++ {
		if err := s.migrate(ctx, w, e); err != nil {
			return err
		}
	}
	if err := s.prepare(ctx, w, p.edition); err != nil {
		return err
	}
	ended, err := w.run(ctx, []string{"TANDEM_FAILPOINT=" + p.variable()}, "run", "start", killPlan)
	if err != nil {
		return err
	}
	if !ended.killed {
		return fmt.Errorf("the failpoint was not passed: exit code %d\n%s%s", ended.code, ended.stdout.String(), ended.stderr.String())
	}
	if err := w.finish(ctx, "run", "resume", killPlan); err != nil {
		return err
	}
	got, err := w.gather(ctx)
	if err != nil {
		return err
	}
	if err := got.compare(s.calm[p.edition]); err != nil || !s.twice {
		return err
	}
	return w.again(ctx, got)
}

// again runs the plan once more: nothing may be left to write.
func (w *killWorld) again(ctx context.Context, was evidence) error {
	if err := w.finish(ctx, "run", "start", killPlan); err != nil {
		return err
	}
	now, err := w.gather(ctx)
	if err == nil && sum(now.writes) != sum(was.writes) {
		err = fmt.Errorf("the next run wrote %d times", sum(now.writes)-sum(was.writes))
	}
	return err
}
