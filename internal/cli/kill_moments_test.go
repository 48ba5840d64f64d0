package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/api"
	"github.com/tandem-sync/tandem/internal/cli/bench"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
)

// killsAWorld is how often one run is killed at most before it is left to end.
const killsAWorld = 12

// killTally counts what was done to runs.
type killTally struct {
	worlds, server int // runs that ended, and how many of them a server worked on
	running        int // kills while a run was in progress
	opening        int // of these, before the process asked the Cloud anything
	before         int // kills before there was a run
}

// largeWiki is a wiki of a few hundred contents of all kinds.
type largeWiki struct {
	program, dir, export string
	calm                 evidence
	took                 time.Duration // an undisturbed run
	longest              float64       // time to the next kill, in undisturbed runs
}

func killAtMoments(t *testing.T, program string, all bool) {
	l, kills := &largeWiki{program: program, dir: t.TempDir(), longest: 0.12}, 20
	if all {
		l.longest, kills = 0.3, 200
	}
	l.export = filepath.Join(l.dir, "large.zip")
	totals, err := l.write()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.undisturbed(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var mu sync.Mutex
	var tally killTally
	next := 0
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next, tally.running < kills
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for seed, more := take(); more && !t.Failed(); seed, more = take() {
				got, err := l.endure(t.Context(), uint64(seed))
				if err != nil {
					t.Errorf("run %d: %v", seed, err)
				}
				mu.Lock()
				tally.add(got)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d pages, %d blog posts, %d comments, %d attachments; an undisturbed run takes %s and %d writes", totals.Pages, totals.BlogPosts,
		totals.FooterComments+totals.Replies, totals.Attachments, l.took.Round(time.Millisecond), sum(l.calm.writes))
	t.Logf("%d kills while a run was in progress (%d of them while the store or the export was being opened), %d before it was, "+
		"in %d runs (%d by a server), in %s", tally.running, tally.opening, tally.before, tally.worlds, tally.server, time.Since(began).Round(time.Second))
	if !t.Failed() && tally.running < kills {
		t.Errorf("%d kills, want %d", tally.running, kills)
	}
}

func (k *killTally) add(o killTally) {
	k.worlds, k.server = k.worlds+o.worlds, k.server+o.server
	k.running, k.opening, k.before = k.running+o.running, k.opening+o.opening, k.before+o.before
}

func sum(writes map[confluence.Verb]int) (n int) {
	for _, w := range writes {
		n += w
	}
	return n
}

func (l *largeWiki) write() (bench.Totals, error) {
	s := bench.Wiki(160)
	s.Seed, s.Spaces = 11, 2
	s.Ordered = 1 // siblings without an order of their own stand as they came to be, which no two runs do alike
	s.Body = bench.Sizes{Median: 900, Sigma: 0.8, Max: 8000}
	s.Files = bench.Sizes{Median: 2000, Sigma: 1, Max: 50_000}
	s.Around.Restricted, s.Around.Comments, s.Around.BlogPosts, s.Parts.IDLinks = 0.08, 0.5, 0.08, 0.2
	s.Export = backup.Options{Site: true}
	var out bytes.Buffer
	totals, err := bench.Generate(&out, s)
	if err != nil {
		return totals, err
	}
	return totals, os.WriteFile(l.export, out.Bytes(), 0o600)
}

func (l *largeWiki) world(ctx context.Context, name string) (*killWorld, error) {
	w, err := newKillWorld(ctx, l.program, filepath.Join(l.dir, name))
	if err != nil {
		return nil, err
	}
	if _, err := w.must(ctx, "plan", "create", killPlan, "--from", l.export, "--to", "cloud", "--space", "GEN1", "--space", "GEN2"); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (l *largeWiki) undisturbed(ctx context.Context) error {
	w, err := l.world(ctx, "calm")
	if err != nil {
		return err
	}
	defer w.close()
	began := time.Now()
	if err := w.finish(ctx, "run", "start", killPlan); err != nil {
		return err
	}
	l.took = time.Since(began)
	if l.calm, err = w.gather(ctx); err != nil {
		return err
	}
	return l.calm.consistent()
}

// endure kills one run again and again at random moments, lets it end, compares, and runs the plan once more: nothing
// may be left to write.
func (l *largeWiki) endure(ctx context.Context, seed uint64) (killTally, error) {
	var k killTally
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	name := fmt.Sprintf("run-%d", seed)
	w, err := l.world(ctx, name)
	if err != nil {
		return k, err
	}
	defer os.RemoveAll(filepath.Join(l.dir, name))
	defer w.close()
	random := rand.New(rand.NewPCG(38, seed))
	server := seed%3 == 2
	for killed := true; killed; {
		moment := time.Duration(random.Float64() * float64(l.took) * l.longest)
		if k.running >= killsAWorld {
			moment = time.Hour
		}
		if killed, err = w.disturb(ctx, server, moment, &k); err != nil {
			return k, fmt.Errorf("after %d kills: %w", k.running, err)
		}
	}
	k.worlds = 1
	if server {
		k.server = 1
	}
	got, err := w.gather(ctx)
	if err != nil {
		return k, err
	}
	if err := got.compare(l.calm, confluence.VerbPut); err != nil {
		return k, fmt.Errorf("after %d kills: %w", k.running, err)
	}
	return k, w.again(ctx, got)
}

// asked counts the requests that the Cloud has answered.
func (w *killWorld) asked(ctx context.Context) (n int64, err error) {
	text, err := w.ask(ctx, "/counters")
	if err != nil {
		return 0, err
	}
	var routes map[string]struct{ Reads, Writes int64 }
	err = json.Unmarshal(text, &routes)
	for _, r := range routes {
		n += r.Reads + r.Writes
	}
	return n, err
}

// disturb starts the program, which begins or goes on with the run, and kills it after a time. killed is false when the
// run ended before; then it has to be FINISHED.
func (w *killWorld) disturb(ctx context.Context, server bool, after time.Duration, k *killTally) (killed bool, err error) {
	was, err := w.asked(ctx)
	if err != nil {
		return false, err
	}
	work := w.carryOn
	if server {
		work = w.serveOn
	}
	killed, err = work(ctx, after)
	if err != nil || !killed {
		return killed, err
	}
	now, err := w.asked(ctx)
	if err != nil {
		return true, err
	}
	status, err := w.status(ctx)
	switch {
	case err != nil:
	case status == migration.PlanFinished:
		return false, nil // killed between the end of the run and its own
	case status == "":
		k.before++
	case now == was:
		k.opening++
		fallthrough
	default:
		k.running++
	}
	return true, err
}

// status says how the latest run stands; empty: there is none.
func (w *killWorld) status(ctx context.Context) (migration.PlanStatus, error) {
	e, err := w.run(ctx, nil, "run", "status", killPlan)
	if err != nil || strings.Contains(e.stderr.String(), "not run yet") {
		return "", err
	}
	var runs []api.Progress
	if err := json.Unmarshal([]byte(e.stdout.String()), &runs); err != nil || len(runs) != 1 {
		return "", fmt.Errorf("no status of the run (%v): %s%s", err, e.stdout.String(), e.stderr.String())
	}
	return runs[0].Status, nil
}

// carryOn works on the run in a process of its own, as one who types commands does.
func (w *killWorld) carryOn(ctx context.Context, after time.Duration) (killed bool, err error) {
	status, err := w.status(ctx)
	if err != nil {
		return false, err
	}
	args := []string{"run", "resume", killPlan}
	if status == "" {
		args[1] = "start"
	}
	p, err := w.begin(ctx, nil, args...)
	if err != nil {
		return false, err
	}
	timer := time.AfterFunc(after, p.kill)
	defer timer.Stop()
	e, err := p.wait()
	if err != nil || e.killed {
		return err == nil, err
	}
	return false, finished(e)
}

// serveOn works on the run in a server, which goes on with what it finds, and watches it from another process.
func (w *killWorld) serveOn(ctx context.Context, after time.Duration) (killed bool, err error) {
	p, err := w.begin(ctx, nil, "serve", "--listen", "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	timer := time.AfterFunc(after, p.kill)
	defer timer.Stop()
	ended := make(chan error, 1)
	go func() {
		e, err := p.wait()
		if err == nil && !e.killed && e.code != 0 {
			err = fmt.Errorf("the server ended with %d: %s", e.code, e.stderr.String())
		}
		killed = err == nil && e.killed
		ended <- err
	}()
	select {
	case err := <-ended:
		return killed, err
	case <-p.ending.stdout.ready:
	}
	watched, err := w.watch(ctx)
	if err == nil && finished(watched) == nil {
		timer.Stop()
		p.interrupt()
		return false, <-ended
	}
	if err != nil {
		p.kill()
	}
	if endedErr := <-ended; endedErr != nil || err != nil {
		return false, fmt.Errorf("%w %w", err, endedErr)
	}
	return killed, nil
}

// watch starts the run at a server, if there is none, and follows it.
func (w *killWorld) watch(ctx context.Context) (*ending, error) {
	e, err := w.run(ctx, nil, "run", "watch", killPlan)
	if err == nil && strings.Contains(e.stderr.String(), "not run yet") {
		if _, err = w.run(ctx, nil, "run", "start", killPlan); err == nil {
			return w.run(ctx, nil, "run", "watch", killPlan)
		}
	}
	return e, err
}

// killWhileOpening kills the program while it makes its first data directory and adds the first site. Whatever is left,
// the next start goes on from it.
func killWhileOpening(t *testing.T, program string, kills int) {
	dir := t.TempDir()
	w, err := newKillWorld(t.Context(), program, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	add := []string{"site", "add", "other", "--url", w.url, "--email", w.email, "--secret-file", w.tokenFile}
	began := time.Now()
	if _, err := w.must(t.Context(), add...); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	random := rand.New(rand.NewPCG(38, 0))
	done, known := 0, 0
	for tries := 0; done < kills && tries < 10*kills; tries++ {
		w.dir = filepath.Join(dir, fmt.Sprint(tries))
		killed, err := w.addKilled(t.Context(), time.Duration(random.Float64()*float64(took)), add)
		if err != nil {
			t.Fatalf("kill %d: %v", done+1, err)
		}
		if !killed {
			continue
		}
		done++
		was, err := w.addAgain(t.Context(), add)
		if err != nil {
			t.Fatalf("kill %d: %v", done, err)
		}
		if was {
			known++
		}
	}
	t.Logf("%d kills while the first store was being made and the first site added; %d times the site was known already", done, known)
	if done < kills {
		t.Errorf("%d kills, want %d", done, kills)
	}
}

// addKilled adds a site to a new data directory, and is killed after a time unless it has ended.
func (w *killWorld) addKilled(ctx context.Context, after time.Duration, add []string) (killed bool, err error) {
	if err := os.Mkdir(w.dir, 0o700); err != nil {
		return false, err
	}
	p, err := w.begin(ctx, nil, add...)
	if err != nil {
		return false, err
	}
	timer := time.AfterFunc(after, p.kill)
	defer timer.Stop()
	e, err := p.wait()
	return err == nil && e.killed, err
}

// addAgain adds the site unless it is known, and wants it to be usable with the credential that was sealed.
func (w *killWorld) addAgain(ctx context.Context, add []string) (known bool, err error) {
	e, err := w.must(ctx, "site", "list")
	if err != nil {
		return false, err
	}
	known = strings.Contains(e.stdout.String(), `"other"`)
	if !known {
		if _, err := w.must(ctx, add...); err != nil {
			return known, err
		}
	}
	_, err = w.must(ctx, "site", "test", "other")
	return known, err
}
