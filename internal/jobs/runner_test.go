package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// clock is an injected clock: it stands until Add, which wakes who waits for a time that has come.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
	// waits gets every time that somebody begins to wait for.
	waits chan time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), waiting: map[chan struct{}]time.Time{}, waits: make(chan time.Time, 10_000)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for w, until := range c.waiting {
		if !until.After(c.now) {
			close(w)
			delete(c.waiting, w)
		}
	}
}

func (c *clock) Wait(ctx context.Context, until time.Time) error {
	c.mu.Lock()
	w := make(chan struct{})
	if until.After(c.now) {
		c.waiting[w] = until
	} else {
		close(w)
	}
	c.mu.Unlock()
	c.waits <- until
	select {
	case <-w:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, w)
		return ctx.Err()
	}
}

// awaitWait returns when the runner waits for a time.
func (c *clock) awaitWait(t *testing.T, until time.Time) {
	t.Helper()
	for {
		select {
		case at := <-c.waits:
			if at.Equal(until) {
				return
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nobody waits for %v", until)
		}
	}
}

type fixture struct {
	t     *testing.T
	clock *clock
	store *store.Store
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: newClock()}
	f.open("")
	return f
}

func (f *fixture) open(dir string) {
	f.t.Helper()
	s, err := store.Open(ctx, store.Options{Dir: dir, Now: f.clock.Now})
	if err != nil {
		f.t.Fatal(err)
	}
	f.store = s
	f.t.Cleanup(func() {
		if f.store != s {
			return
		}
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
	})
}

// start runs a runner until the test ends or stop is called, which returns what Run returned.
func (f *fixture) start(o jobs.Options) (r *jobs.Runner, stop func() error) {
	f.t.Helper()
	o.Store = f.store
	o.Wait = f.clock.Wait
	if o.Owner == "" {
		o.Owner = "ann"
	}
	r = jobs.New(o)
	runCtx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(runCtx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	f.t.Cleanup(func() {
		if err := stop(); err != nil {
			f.t.Error(err)
		}
	})
	return r, stop
}

func (f *fixture) add(slices ...store.Slice) {
	f.t.Helper()
	f.commit(func(tx *store.Tx) error {
		for _, s := range slices {
			if err := tx.AddSlice(s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *fixture) commit(fn func(tx *store.Tx) error) {
	f.t.Helper()
	if err := f.store.Commit(ctx, store.Lease{}, fn); err != nil {
		f.t.Fatal(err)
	}
}

// idle waits until the runner is, at most 20 seconds.
func (f *fixture) idle(r *jobs.Runner) {
	f.t.Helper()
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := r.Idle(limited); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) slices() []store.Slice {
	f.t.Helper()
	all, err := f.store.Slices(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// recorder notes what was worked on.
type recorder struct {
	mu    sync.Mutex
	notes []string
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *recorder) want(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.notes, want) {
		t.Errorf("got %q, want %q", r.notes, want)
	}
}

func TestClaimsByPriorityThenTime(t *testing.T) {
	f := setUp(t)
	var rec recorder
	now := f.clock.Now()
	f.add(store.Slice{Kind: "k", Key: "late", Due: now}, store.Slice{Kind: "k", Key: "early", Due: now.Add(-time.Hour)},
		store.Slice{Kind: "k", Key: "first", Due: now, Priority: 9}, store.Slice{Kind: "other", Key: "x", Due: now})
	r, _ := f.start(jobs.Options{Workers: 1, Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
		rec.note("%s", s.Key)
		return jobs.Next{Done: true}, nil
	}}})
	f.idle(r)
	rec.want(t, "first", "early", "late")
	if left := f.slices(); len(left) != 1 || left[0].Kind != "other" || left[0].Owner != "" {
		t.Errorf("left %+v", left)
	}
}

func TestContinuesWithItsCursor(t *testing.T) {
	f := setUp(t)
	var rec recorder
	r, _ := f.start(jobs.Options{Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
		rec.note("%d%s", s.Generation, s.Cursor)
		return jobs.Next{Cursor: append(s.Cursor, 'x'), Done: len(s.Cursor) == 4}, nil
	}}})
	f.add(store.Slice{Kind: "k", Key: "a", Cursor: []byte("c")})
	f.idle(r)
	rec.want(t, "0c", "1cx", "2cxx", "3cxxx")
	if left := f.slices(); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestWorkThatCommitsItself(t *testing.T) {
	f := setUp(t)
	var rec recorder
	r, _ := f.start(jobs.Options{Work: map[string]jobs.Work{"k": func(ctx context.Context, s store.Slice) (jobs.Next, error) {
		rec.note("%d%s", s.Generation, s.Cursor)
		return jobs.Next{Committed: true}, f.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
			_ = tx.Log("r", store.LogLine{Text: "with the cursor"})
			if s.Generation == 2 {
				return tx.Finish(s)
			}
			return tx.Continue(s, []byte("mine"), time.Time{})
		})
	}}})
	f.add(store.Slice{Kind: "k", Key: "a"})
	f.idle(r)
	rec.want(t, "0", "1mine", "2mine")
}

func TestDueTime(t *testing.T) {
	f := setUp(t)
	var rec recorder
	worked := make(chan struct{}, 10)
	due := f.clock.Now().Add(time.Hour)
	f.add(store.Slice{Kind: "k", Key: "a", Due: due})
	r, _ := f.start(jobs.Options{Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
		rec.note("%s", f.clock.Now().Format("15:04"))
		worked <- struct{}{}
		return jobs.Next{Due: f.clock.Now().Add(30 * time.Minute), Done: s.Generation == 1}, nil
	}}})
	f.idle(r) // what is due later does not count
	f.clock.awaitWait(t, due)
	f.clock.Add(59 * time.Minute)
	f.idle(r)
	rec.want(t)
	f.clock.Add(time.Minute)
	<-worked
	f.idle(r)
	f.clock.awaitWait(t, due.Add(30*time.Minute))
	f.clock.Add(time.Hour)
	<-worked
	f.idle(r)
	rec.want(t, "10:00", "11:00")
	// An earlier wish wins over a later due time, at once.
	f.add(store.Slice{Kind: "k", Key: "b", Due: f.clock.Now().Add(time.Hour)})
	f.add(store.Slice{Kind: "k", Key: "b"})
	f.idle(r)
	rec.want(t, "10:00", "11:00", "11:00")
}

func TestRetriesWithBackoffThenParks(t *testing.T) {
	f := setUp(t)
	var rec recorder
	failed := make(chan bool, 10)
	broken := true
	r, _ := f.start(jobs.Options{Attempts: 4, Failed: func(s store.Slice, err error, parked bool) { failed <- parked },
		Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
			rec.note("%d at %s", s.Attempt, f.clock.Now().Format("04:05"))
			if broken {
				return jobs.Next{Cursor: []byte("lost")}, errors.New("no luck")
			}
			return jobs.Next{Done: true}, nil
		}}})
	f.add(store.Slice{Kind: "k", Key: "a", Cursor: []byte("kept")})
	for _, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		if <-failed {
			t.Error("parked too early")
		}
		f.clock.awaitWait(t, f.clock.Now().Add(pause))
		f.clock.Add(pause)
	}
	if !<-failed {
		t.Error("not parked")
	}
	f.idle(r)
	rec.want(t, "0 at 00:00", "1 at 00:01", "2 at 00:03", "3 at 00:07")
	s := f.slices()[0]
	if !s.Parked || s.Attempt != 4 || string(s.Cursor) != "kept" || !strings.Contains(s.Error, "no luck") || s.Owner != "" {
		t.Errorf("slice %+v", s)
	}
	f.clock.Add(24 * time.Hour)
	f.idle(r)
	rec.want(t, "0 at 00:00", "1 at 00:01", "2 at 00:03", "3 at 00:07")
	broken = false // nothing runs now
	f.add(store.Slice{Kind: "k", Key: "a"})
	f.idle(r)
	if left := f.slices(); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestBackoffIsBounded(t *testing.T) {
	f := setUp(t)
	failed := make(chan struct{}, 1)
	f.start(jobs.Options{Attempts: -1, Failed: func(store.Slice, error, bool) { failed <- struct{}{} },
		Work: map[string]jobs.Work{"k": func(context.Context, store.Slice) (jobs.Next, error) { return jobs.Next{}, errors.New("no") }}})
	f.add(store.Slice{Kind: "k", Key: "a"})
	for n := range 40 {
		<-failed
		s := f.slices()[0]
		pause := s.Due.Sub(f.clock.Now())
		if want := min(time.Second<<min(n, 30), 5*time.Minute); pause != want || s.Attempt != n+1 {
			t.Fatalf("attempt %d: pause %v, want %v", s.Attempt, pause, want)
		}
		f.clock.awaitWait(t, s.Due)
		f.clock.Add(pause)
	}
	<-failed
}

func TestPanicsAndExitsAreErrorsOfTheSlice(t *testing.T) {
	f := setUp(t)
	var mu sync.Mutex
	got := map[string]error{}
	r, stop := f.start(jobs.Options{Failed: func(s store.Slice, err error, _ bool) { mu.Lock(); defer mu.Unlock(); got[s.Key] = err },
		Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
			if s.Key == "panic" {
				panic("boom")
			}
			var m map[string]int
			m["nil map"] = 1
			return jobs.Next{}, nil
		}}})
	f.add(store.Slice{Kind: "k", Key: "panic"}, store.Slice{Kind: "k", Key: "runtime"})
	f.idle(r)
	for _, s := range f.slices() {
		if s.Attempt != 1 || s.Owner != "" || !strings.Contains(s.Error, "panic") || strings.Contains(s.Error, "goroutine") {
			t.Errorf("slice %+v", s)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	var p *jobs.PanicError
	if !errors.As(got["panic"], &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "runner_test.go") {
		t.Errorf("heard %v", got["panic"])
	}
	if len(got) != 2 {
		t.Errorf("heard %v", got)
	}
}

// A slice of each kind and key is worked on by one at a time, and a wish that comes meanwhile is not lost.
func TestUniqueAndNoLostWish(t *testing.T) {
	f := setUp(t)
	entered, leave := make(chan string, 10), make(chan struct{})
	r, _ := f.start(jobs.Options{Workers: 8, Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
		entered <- string(s.Cursor)
		<-leave
		return jobs.Next{Done: true}, nil
	}}})
	f.add(store.Slice{Kind: "k", Key: "a", Cursor: []byte("one")})
	if got := <-entered; got != "one" {
		t.Errorf("got %q", got)
	}
	for range 5 {
		f.add(store.Slice{Kind: "k", Key: "a", Cursor: []byte("two")})
	}
	// Another slice is taken up meanwhile, so the wish for the first one was seen and left.
	f.add(store.Slice{Kind: "k", Key: "b", Cursor: []byte("other")})
	if got := <-entered; got != "other" {
		t.Errorf("got %q", got)
	}
	close(leave)
	f.idle(r)
	if got := <-entered; got != "two" || len(entered) != 0 {
		t.Errorf("got %q and %d more", got, len(entered))
	}
}

func TestWorkersAreBounded(t *testing.T) {
	f := setUp(t)
	var mu sync.Mutex
	now, most := 0, 0
	arrived := make(chan struct{}, 30)
	leave := make(chan struct{})
	r, _ := f.start(jobs.Options{Workers: 3, Work: map[string]jobs.Work{"k": func(context.Context, store.Slice) (jobs.Next, error) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		arrived <- struct{}{}
		<-leave
		mu.Lock()
		now--
		mu.Unlock()
		return jobs.Next{Done: true}, nil
	}}})
	for i := range 30 {
		f.add(store.Slice{Kind: "k", Key: fmt.Sprint(i)})
	}
	for range 3 {
		<-arrived
	}
	close(leave)
	f.idle(r)
	if most != 3 {
		t.Errorf("%d at once", most)
	}
	if left := f.slices(); len(left) != 0 {
		t.Errorf("left %d", len(left))
	}
}

// What a dead process held is due at once, with the cursor of its last commit.
func TestCrash(t *testing.T) {
	f := &fixture{t: t, clock: newClock()}
	dir := filepath.Join(t.TempDir(), "data")
	f.open(dir)
	f.add(store.Slice{Kind: "k", Key: "a", Cursor: []byte("c")})
	f.commit(func(tx *store.Tx) error {
		_, found, err := tx.Claim("dead", []string{"k"}, time.Hour)
		if !found {
			t.Error("nothing to claim")
		}
		return err
	})
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	f.open(dir)
	var rec recorder
	r, _ := f.start(jobs.Options{Owner: "alive", Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
		rec.note("%s %s %d", s.Owner, s.Cursor, s.Fence)
		return jobs.Next{Done: true}, nil
	}}})
	f.idle(r)
	rec.want(t, "alive c 2")
}

// A frozen owner's slice is taken over when its time is out; what it writes when it thaws is refused, and its work told.
func TestFrozenOwnerIsFenced(t *testing.T) {
	f := setUp(t)
	frozen, thaw := make(chan store.Slice, 1), make(chan struct{})
	told := make(chan error, 1)
	var rec recorder
	// The frozen one: its clock of waiting stands, so it renews nothing.
	o := jobs.Options{Store: f.store, Owner: "frozen", Lease: time.Minute, Wait: func(ctx context.Context, _ time.Time) error { <-ctx.Done(); return ctx.Err() },
		Work: map[string]jobs.Work{"k": func(ctx context.Context, s store.Slice) (jobs.Next, error) {
			frozen <- s
			<-thaw
			<-ctx.Done()
			told <- context.Cause(ctx)
			return jobs.Next{Cursor: []byte("stale")}, nil
		}}}
	old := jobs.New(o)
	oldCtx, stopOld := context.WithCancel(ctx)
	oldEnded := make(chan error, 1)
	go func() { oldEnded <- old.Run(oldCtx) }()
	f.add(store.Slice{Kind: "k", Key: "a", Cursor: []byte("c")})
	claim := <-frozen

	r, _ := f.start(jobs.Options{Owner: "alive", Lease: time.Minute, Work: map[string]jobs.Work{"k": func(_ context.Context, s store.Slice) (jobs.Next, error) {
		rec.note("%s %d %d", s.Cursor, s.Fence-claim.Fence, s.Attempt)
		return jobs.Next{Cursor: []byte("fresh"), Due: f.clock.Now().Add(time.Hour)}, nil
	}}})
	f.clock.awaitWait(t, claim.LeaseEnd) // the living one waits for the frozen one's time
	rec.want(t)
	f.clock.Add(time.Minute)
	f.clock.awaitWait(t, f.clock.Now().Add(time.Hour))
	rec.want(t, "c 1 1")

	close(thaw)
	f.add(store.Slice{Kind: "none", Key: "wakes the frozen one's dispatcher"})
	if err := <-told; !errors.Is(err, store.ErrFenced) {
		t.Errorf("the frozen work was told %v", err)
	}
	stopOld()
	if err := <-oldEnded; err != nil {
		t.Error(err)
	}
	if s, err := f.store.Slice(ctx, "k", "a"); err != nil || string(s.Cursor) != "fresh" || s.Generation != 1 {
		t.Errorf("slice %+v %v", s, err)
	}
	f.idle(r)
}

// A living runner keeps the slice as long as the work takes.
func TestLongWorkIsRenewed(t *testing.T) {
	f := setUp(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	work := map[string]jobs.Work{"k": func(ctx context.Context, s store.Slice) (jobs.Next, error) {
		close(entered) // a second time would panic
		<-leave
		return jobs.Next{Done: true}, ctx.Err()
	}}
	r, _ := f.start(jobs.Options{Lease: time.Minute, Work: work})
	f.add(store.Slice{Kind: "k", Key: "a"})
	<-entered
	for range 10 {
		half := f.clock.Now().Add(30 * time.Second)
		f.clock.awaitWait(t, half)
		f.clock.Add(30 * time.Second)
	}
	f.clock.awaitWait(t, f.clock.Now().Add(30*time.Second))
	if due, err := f.store.DueSlices(ctx); err != nil || len(due) != 0 {
		t.Errorf("due %v %v", due, err)
	}
	close(leave)
	f.idle(r)
	if left := f.slices(); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

// Stop ends the works' contexts and waits for them; what they return counts, and being stopped is no failure.
func TestStop(t *testing.T) {
	f := setUp(t)
	entered := make(chan struct{}, 3)
	_, stop := f.start(jobs.Options{Work: map[string]jobs.Work{"k": func(ctx context.Context, s store.Slice) (jobs.Next, error) {
		entered <- struct{}{}
		<-ctx.Done()
		switch s.Key {
		case "saves":
			return jobs.Next{Cursor: []byte("saved")}, nil
		case "fails":
			return jobs.Next{}, errors.New("broken")
		}
		return jobs.Next{Cursor: []byte("dropped")}, fmt.Errorf("stopped: %w", ctx.Err())
	}}})
	f.add(store.Slice{Kind: "k", Key: "fails"}, store.Slice{Kind: "k", Key: "saves"}, store.Slice{Kind: "k", Key: "yields", Cursor: []byte("c")})
	for range 3 {
		<-entered
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	s := f.slices()
	if s[0].Attempt != 1 || !strings.Contains(s[0].Error, "broken") {
		t.Errorf("fails: %+v", s[0])
	}
	if string(s[1].Cursor) != "saved" || s[1].Generation != 1 {
		t.Errorf("saves: %+v", s[1])
	}
	if string(s[2].Cursor) != "c" || s[2].Attempt != 0 || s[2].Error != "" {
		t.Errorf("yields: %+v", s[2])
	}
	for _, v := range s {
		if v.Owner != "" {
			t.Errorf("still owned: %+v", v)
		}
	}
}

// Drain finishes what is at work undisturbed, keeps it leased, and takes up nothing else.
func TestDrain(t *testing.T) {
	f := setUp(t)
	entered, leave := make(chan struct{}, 9), make(chan struct{})
	r, stop := f.start(jobs.Options{Workers: 1, Lease: time.Minute, Work: map[string]jobs.Work{"k": func(ctx context.Context, s store.Slice) (jobs.Next, error) {
		entered <- struct{}{}
		<-leave
		return jobs.Next{Cursor: []byte("on")}, ctx.Err()
	}}})
	f.add(store.Slice{Kind: "k", Key: "a"}, store.Slice{Kind: "k", Key: "b"})
	<-entered
	impatient, cancel := context.WithCancel(ctx)
	cancel()
	if err := r.Drain(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	drained := make(chan error, 1)
	go func() { drained <- r.Drain(ctx) }()
	f.clock.awaitWait(t, f.clock.Now().Add(30*time.Second))
	f.clock.Add(30 * time.Second)
	f.clock.awaitWait(t, f.clock.Now().Add(30*time.Second)) // renewed
	close(leave)
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	s := f.slices()
	if len(entered) != 0 || string(s[0].Cursor) != "on" || s[1].Cursor != nil {
		t.Errorf("slices %+v", s)
	}
	if err := r.Run(ctx); err == nil {
		t.Error("Run ran twice")
	}
}

// A store that fails ends Run with its error; works are told and waited for.
func TestStoreFails(t *testing.T) {
	f := setUp(t)
	entered := make(chan struct{})
	r := jobs.New(jobs.Options{Store: f.store, Owner: "ann", Wait: f.clock.Wait, Work: map[string]jobs.Work{"k": func(ctx context.Context, s store.Slice) (jobs.Next, error) {
		close(entered)
		<-ctx.Done()
		return jobs.Next{}, ctx.Err()
	}}})
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	f.add(store.Slice{Kind: "k", Key: "a"})
	<-entered
	s := f.store
	f.store = nil
	f.clock.awaitWait(t, f.clock.Now().Add(90*time.Second))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f.clock.Add(90 * time.Second)
	if err := <-ended; !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestIdleWithoutARunner(t *testing.T) {
	f := setUp(t)
	r := jobs.New(jobs.Options{Store: f.store, Owner: "ann", Work: map[string]jobs.Work{"k": nil}})
	f.idle(r)
	f.add(store.Slice{Kind: "k", Key: "a"})
	limited, cancel := context.WithCancel(ctx)
	cancel()
	if err := r.Idle(limited); !errors.Is(err, context.Canceled) {
		t.Errorf("idle with a due slice: %v", err)
	}
	none := jobs.New(jobs.Options{Store: f.store, Owner: "bob"})
	f.idle(none)
}

// The real clock works too.
func TestRealClock(t *testing.T) {
	s, err := store.Open(ctx, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	worked := make(chan time.Time, 1)
	r := jobs.New(jobs.Options{Store: s, Owner: "ann", Work: map[string]jobs.Work{"k": func(context.Context, store.Slice) (jobs.Next, error) {
		worked <- time.Now()
		return jobs.Next{Done: true}, nil
	}}})
	runCtx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(runCtx) }()
	due := time.Now().Add(30 * time.Millisecond)
	if err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.AddSlice(store.Slice{Kind: "k", Key: "a", Due: due}) }); err != nil {
		t.Fatal(err)
	}
	if at := <-worked; at.Before(due) {
		t.Errorf("worked %v too early", due.Sub(at))
	}
	if err := r.Idle(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
