package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
)

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
