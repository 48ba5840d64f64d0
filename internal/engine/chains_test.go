package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/emulator/backup"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// exportOf writes an export with whatever fill puts into it.
func exportOf(t *testing.T, dir, name string, fill func(*backup.Writer)) string {
	t.Helper()
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bw, err := backup.Create(f, backup.Options{Site: true})
	if err != nil {
		t.Fatal(err)
	}
	bw.User(backup.User{Key: aliceKey, Name: "alice", Email: "alice@example.com"})
	fill(bw)
	if err := bw.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// space writes a space and its pages; the first is the home page.
func space(bw *backup.Writer, key string, pages ...backup.Content) {
	bw.Space(backup.Space{Key: key, Name: "Space " + key, Home: pages[0].ID, Creator: aliceKey})
	for _, p := range pages {
		p.Space, p.Creator = key, aliceKey
		bw.Page(p)
	}
}

func page(id, parent int64, title, body string) backup.Content {
	return backup.Content{ID: id, Parent: parent, Title: title, Body: backup.Storage(body)}
}

// gate stands before the site and holds requests back.
type gate struct {
	next  http.RoundTripper
	holds func(*http.Request) bool
	open  chan struct{}
	once  sync.Once
	hit   chan struct{}
}

func newGate(holds func(*http.Request) bool) *gate {
	return &gate{holds: holds, open: make(chan struct{}), hit: make(chan struct{})}
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.holds(r) {
		g.once.Do(func() { close(g.hit) })
		<-g.open
	}
	return g.next.RoundTrip(r)
}

func isWrite(r *http.Request) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// TestTinySlicesComeToTheSameEnd runs with slices that are over before anything was done.
func TestTinySlicesComeToTheSameEnd(t *testing.T) {
	var want []byte
	var writes map[string]int
	for _, slice := range []time.Duration{0, 20 * time.Millisecond, time.Millisecond, time.Nanosecond} {
		t.Run(slice.String(), func(t *testing.T) {
			w := newWorld(t, nil)
			w.site.AddGroup("confluence-users")
			w.slice = slice
			w.open()
			w.addSite()
			w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
			run := w.migrate("P")
			w.mustFinish(run)
			if slice == 0 {
				want, writes = w.site.Dump("neutral"), w.sent(run.ID)
				return
			}
			w.mustEqual(want)
			if diff := cmp.Diff(writes, w.sent(run.ID)); diff != "" {
				t.Errorf("other writes than in one slice (-want +got):\n%s", diff)
			}
			p, err := w.engine.Progress(t.Context(), run.ID)
			if err != nil || p.Done != p.Total || p.Failures != 0 {
				t.Errorf("progress at the end: %d of %d, %d failures (%v)", p.Done, p.Total, p.Failures, err)
			}
		})
	}
}

// sent counts what a run sent by verb. Moves are left out: what calls that run side by side leave to be moved is chance.
func (w *world) sent(run string) map[string]int {
	w.t.Helper()
	rows, err := w.store.Journal(context.Background(), store.JournalFilter{Run: run})
	if err != nil {
		w.t.Fatal(err)
	}
	n := map[string]int{}
	for _, r := range rows {
		if r.Verb != confluence.VerbMove {
			n[string(r.Verb)]++
		}
	}
	return n
}

// TestPagesAreMovedOnceInTinySlices puts children into another order, one move in each slice.
func TestPagesAreMovedOnceInTinySlices(t *testing.T) {
	const children = 12
	w := newWorld(t, nil)
	w.slice = time.Nanosecond
	w.open()
	w.addSite()
	path := exportOf(t, w.dir, "order.zip", func(bw *backup.Writer) {
		pages := []backup.Content{page(1001, 0, "Home", "<p>home</p>")}
		for i := range int64(children) {
			p := page(1100+i, 1001, fmt.Sprintf("Child %02d", i), "<p>x</p>")
			p.Position, p.Positioned = int(children-i), true
			pages = append(pages, p)
		}
		space(bw, "ORD", pages...)
	})
	w.plan("P", path, migration.NewScope("ORD", ""))
	run := w.migrate("P")
	w.mustFinish(run)
	rows, err := w.store.Journal(t.Context(), store.JournalFilter{Run: run.ID, Verbs: []confluence.Verb{confluence.VerbMove}})
	if err != nil || len(rows) >= children {
		t.Errorf("%d moves (%v)", len(rows), err)
	}
}

// TestVerifyWaitsForTheRunToEnd asks for a proof while the run of that name writes.
func TestVerifyWaitsForTheRunToEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.site.AddGroup("confluence-users")
	g := newGate(isWrite)
	w.front = func(next http.RoundTripper) http.RoundTripper { g.next = next; return g }
	w.open()
	w.addSite()
	w.plan("P", smallExport(t, w.dir, ""), migration.NewScope("SMALL", ""))
	id, err := w.engine.Start(t.Context(), "P")
	if err != nil {
		t.Fatal(err)
	}
	<-g.hit
	err = w.engine.Verify(t.Context(), id, parity.Content)
	if err == nil || confluence.AsError(err).Code == confluence.CodeInternal {
		t.Errorf("verified while the run was writing: %v", err)
	}
	close(g.open)
	w.mustFinish(w.wait(id))
}

// crossing are two spaces that refer to each other by page id, by short link and by title, in bodies and comments.
func crossing(bw *backup.Writer) {
	one := `<p><a href="/pages/viewpage.action?pageId=2002">by id</a> <ac:link><ri:page ri:space-key="TWO" ri:content-title="Two child"/></ac:link></p>`
	two := `<p><a href="/pages/viewpage.action?pageId=1002">by id</a> <a href="/display/ONE/One+child">by title</a></p>`
	space(bw, "ONE", page(1001, 0, "One home", one), page(1002, 1001, "One child", one))
	space(bw, "TWO", page(2001, 0, "Two home", two), page(2002, 2001, "Two child", two))
	bw.Comment(backup.Comment{Container: 1002, Creator: aliceKey, Body: backup.Storage(`<p>see <a href="/pages/viewpage.action?pageId=2002">there</a></p>`)})
}

// TestLinksBetweenSpacesAreWrittenOnce has two spaces refer to each other, with as many chains at work as there are
// spaces, and with one after the other.
func TestLinksBetweenSpacesAreWrittenOnce(t *testing.T) {
	for _, workers := range []int{1, 4} {
		for _, order := range [][]string{{"ONE", "TWO"}, {"TWO", "ONE"}} {
			t.Run(fmt.Sprint(workers, order), func(t *testing.T) {
				w := newWorld(t, nil)
				w.workers = workers
				w.open()
				w.addSite()
				w.plan("P", exportOf(t, w.dir, "cross.zip", crossing),
					migration.NewScope(order[0], order[0]+"X"), migration.NewScope(order[1], order[1]+"X"))
				run := w.migrate("P")
				w.mustFinish(run)
				w.mustNotFind(run.ID, confluence.CodeDeadReference)
				rows, err := w.store.Journal(t.Context(), store.JournalFilter{Run: run.ID})
				if err != nil {
					t.Fatal(err)
				}
				times := map[string]int{}
				for _, r := range rows {
					times[string(r.Twin)+string(r.Verb)]++
				}
				for what, n := range times {
					if n > 2 { // the home page: once for its title, once for its links
						t.Errorf("%s %d times", what, n)
					}
				}
				before := w.writes()
				w.mustFinish(w.migrate("P"))
				if n := w.writes() - before; n != 0 {
					t.Errorf("the second run made %d writes", n)
				}
			})
		}
	}
}

func (w *world) mustNotFind(run string, code confluence.Code) {
	w.t.Helper()
	findings, err := w.store.Findings(context.Background(), store.FindingFilter{Run: run, Code: code})
	if err != nil || len(findings) > 0 {
		w.t.Errorf("%d findings %s (%v): %s", len(findings), code, err, w.story(run))
	}
}

// TestPauseBetweenTheSpacesOfARun pauses while one space is done with its contents and the other is not, and resumes:
// links across must still wait for the other space.
func TestPauseBetweenTheSpacesOfARun(t *testing.T) {
	w := newWorld(t, nil)
	w.workers = 4
	g := newGate(func(r *http.Request) bool { return false })
	w.front = func(next http.RoundTripper) http.RoundTripper { g.next = next; return g }
	w.open()
	w.addSite()
	w.plan("P", exportOf(t, w.dir, "cross.zip", func(bw *backup.Writer) {
		crossing(bw)
		for i := range int64(40) {
			bw.Page(backup.Content{ID: 3000 + i, Space: "TWO", Creator: aliceKey, Parent: 2001, Title: fmt.Sprint("More ", i), Body: backup.Storage("<p>x</p>")})
		}
	}), migration.NewScope("ONE", ""), migration.NewScope("TWO", ""))
	id, err := w.engine.Start(t.Context(), "P")
	if err != nil {
		t.Fatal(err)
	}
	run := store.Run{}
	for range 15 {
		if err := w.engine.Pause(t.Context(), id, "test"); err != nil {
			break // it has ended
		}
		if run = w.wait(id); run.Status != migration.PlanPaused {
			break
		}
		if err := w.engine.Resume(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Millisecond) // some work between two pauses
	}
	run = w.wait(id)
	w.mustFinish(run)
	w.mustNotFind(run.ID, confluence.CodeDeadReference)
}

// TestTwoPlansOfOneSpace starts two migrations of one space to one site: the second is skipped, the first is not.
func TestTwoPlansOfOneSpace(t *testing.T) {
	for _, slice := range []time.Duration{0, time.Millisecond} {
		t.Run(slice.String(), func(t *testing.T) {
			w := newWorld(t, nil)
			w.slice, w.workers = slice, 4
			// No page is made before one of the two has ended: the one that finds the other at work.
			ended, hold := make(chan struct{}), atomic.Bool{}
			w.front = func(next http.RoundTripper) http.RoundTripper {
				return transport(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/pages") && hold.Load() {
						select {
						case <-ended:
						case <-r.Context().Done():
							return nil, r.Context().Err()
						}
					}
					return next.RoundTrip(r)
				})
			}
			w.open()
			w.addSite()
			from, err := emulator.New(emulator.Options{Personality: "cloud", Seed: 2, Options: map[string]string{"CQ-01": "0s", "TR-03": "0s"}})
			if err != nil {
				t.Fatal(err)
			}
			row, token := w.secondSite("old", from)
			w.seed(row, token, "SRC", 30)
			hold.Store(true)
			for _, name := range []string{"P", "Q"} {
				p := migration.NewPlan()
				p.Name, p.From.Site, p.To.Site, p.Spaces = name, "old", "cloud", []migration.SpaceScope{migration.NewScope("SRC", "")}
				if _, err := w.engine.CreatePlan(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			one, err := w.engine.Start(t.Context(), "P")
			if err != nil {
				t.Fatal(err)
			}
			two, err := w.engine.Start(t.Context(), "Q")
			if err != nil {
				t.Fatal(err)
			}
			first := make(chan error, 2)
			for _, id := range []string{one, two} {
				go func() {
					_, err := w.engine.Wait(t.Context(), id)
					first <- err
				}()
			}
			if err := <-first; err != nil {
				t.Fatal(err)
			}
			close(ended)
			runs := []store.Run{w.wait(one), w.wait(two)}
			skipped := 0
			for _, r := range runs {
				tasks, err := w.store.Tasks(t.Context(), r.ID)
				if err != nil {
					t.Fatal(err)
				}
				if tasks[0].Task.Status == migration.TaskSkipped && tasks[0].Task.SkipReason == migration.SkipBeingImported {
					skipped++
				} else {
					w.mustFinish(r)
				}
			}
			if skipped != 1 {
				t.Errorf("%d skipped: %s\n%s", skipped, w.story(one), w.story(two))
			}
			if n := w.counts()["currentPages"]; n != 31 {
				t.Errorf("%d pages", n)
			}
		})
	}
}

// TestStopAfterAHalt stops a run the moment it has halted.
func TestStopAfterAHalt(t *testing.T) {
	for i := range 8 {
		w := newWorld(t, nil)
		w.timeout = testTimeout
		storm := &weather{from: 1 << 30, do: refuse(401, jsonType, `{"code":401,"message":"Unauthorized"}`, nil)}
		w.front = func(next http.RoundTripper) http.RoundTripper { storm.next = next; return storm }
		w.open()
		w.addSite()
		w.plan("P", exportOf(t, w.dir, "cross.zip", crossing), migration.NewScope("ONE", ""), migration.NewScope("TWO", ""))
		storm.begin(12+2*i, 0)
		id, err := w.engine.Start(t.Context(), "P")
		if err != nil {
			continue
		}
		run := w.wait(id)
		if run.Status != migration.PlanPaused {
			t.Fatalf("not halted: %s", w.story(id))
		}
		if err := w.engine.Stop(t.Context(), id, "test"); err != nil {
			t.Fatal(err)
		}
		w.mustReach(id, migration.PlanStopped)
		storm.lift()
		w.mustFinish(w.migrate("P"))
		w.close()
	}
}

// mustReach waits a little for a status.
func (w *world) mustReach(id string, status migration.PlanStatus) {
	w.t.Helper()
	events, end := w.engine.Subscribe()
	defer end()
	late := time.After(5 * time.Second)
	for {
		run, err := w.store.Run(context.Background(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if run.Status == status {
			return
		}
		select {
		case <-events:
		case <-late:
			w.t.Fatalf("never %s: %s", status, w.story(id))
		}
	}
}
