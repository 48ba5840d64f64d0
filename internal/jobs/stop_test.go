package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tandem-sync/tandem/internal/jobs"
	"github.com/tandem-sync/tandem/internal/store"
)

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
