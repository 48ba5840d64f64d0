package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

func lines(t testing.TB, s *store.Store, run string) []string {
	t.Helper()
	ls, err := s.Log(context.Background(), run, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range ls {
		out = append(out, l.Text)
	}
	return out
}

func logLine(run, text string) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.Log(run, store.LogLine{Level: "info", Text: text}) }
}

func TestCommitIsDurableByDefault(t *testing.T) {
	s := openAt(t, store.Options{Dir: dataDir(t)})
	defer s.Close()
	for name, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} {
		if got, err := s.Pragma(name); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}

func TestCommitKeepsAllOrNothing(t *testing.T) {
	s, _ := open(t)
	ctx := context.Background()
	mine := errors.New("changed my mind")
	err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if err := tx.Log("r", store.LogLine{Text: "lost"}); err != nil {
			return err
		}
		return mine
	})
	if !errors.Is(err, mine) {
		t.Fatalf("got %v", err)
	}
	// An error that the function drops still makes it fail.
	err = s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		_ = tx.Log("r", store.LogLine{Text: "lost too"})
		_ = tx.PutRun(store.Run{ID: "nowhere"})
		return nil
	})
	wantCode(t, err, confluence.CodeNoSuchName)
	commit(t, s, logLine("r", "kept"))
	equal(t, []string{"kept"}, lines(t, s, "r"))
}

// Failures in a group touch nobody else in it.
func TestCommitsOfAGroupAreIndependent(t *testing.T) {
	s, _ := open(t)
	ctx := context.Background()
	entered, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		commit(t, s, func(tx *store.Tx) error { close(entered); <-leave; return nil })
	})
	<-entered // everything below waits for the writer and will be grouped
	queued := make(chan struct{}, 30)
	errs := make([]error, 30)
	for i := range errs {
		wg.Go(func() {
			queued <- struct{}{}
			errs[i] = s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
				if err := tx.Log("r", store.LogLine{Text: fmt.Sprint(i % 3)}); err != nil {
					return err
				}
				if i%3 == 1 {
					return fmt.Errorf("no %d", i)
				}
				return nil
			})
		})
	}
	for range errs {
		<-queued
	}
	close(leave)
	wg.Wait()
	for i, err := range errs {
		if (err != nil) != (i%3 == 1) || (err != nil && err.Error() != fmt.Sprintf("no %d", i)) {
			t.Errorf("commit %d: %v", i, err)
		}
	}
	got := lines(t, s, "r")
	if len(got) != 20 || strings.Contains(strings.Join(got, ""), "1") {
		t.Errorf("kept %v", got)
	}
}

func TestCommitRaisesPanicsAtTheCaller(t *testing.T) {
	s, _ := open(t)
	func() {
		defer func() {
			if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "boom") {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = s.Commit(context.Background(), store.Lease{}, func(tx *store.Tx) error {
			_ = tx.Log("r", store.LogLine{Text: "lost"})
			panic("boom")
		})
	}()
	commit(t, s, logLine("r", "kept"))
	equal(t, []string{"kept"}, lines(t, s, "r"))
}

func TestCommitAfterTheWriterDied(t *testing.T) {
	c := newClock()
	s := openAt(t, store.Options{Now: c.Now})
	err := s.Commit(context.Background(), store.Lease{}, func(tx *store.Tx) error { runtime.Goexit(); return nil })
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := s.Commit(context.Background(), store.Lease{}, logLine("r", "x")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommitAndContext(t *testing.T) {
	s, _ := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	entered, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
			close(entered)
			<-leave
			return tx.Log("r", store.LogLine{Text: "begun"})
		})
	}()
	<-entered
	waiting := make(chan error, 1)
	go func() { waiting <- s.Commit(ctx, store.Lease{}, logLine("r", "not begun")) }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a commit that had not begun: %v", err)
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Errorf("a commit that had begun: %v", err)
	}
	equal(t, []string{"begun"}, lines(t, s, "r"))
}

func TestCommitAfterClose(t *testing.T) {
	s := openAt(t, store.Options{Dir: dataDir(t)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(context.Background(), store.Lease{}, logLine("r", "x")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

// Commits that race with Close either are there afterwards or say that they are not.
func TestCommitsRacingWithClose(t *testing.T) {
	dir := dataDir(t)
	said := map[string]bool{}
	for round := range 10 {
		s := openAt(t, store.Options{Dir: dir})
		var wg sync.WaitGroup
		var mu sync.Mutex
		first := make(chan struct{}, 1)
		for g := range 8 {
			wg.Go(func() {
				for n := 0; ; n++ {
					text := fmt.Sprintf("%d-%d-%d", round, g, n)
					err := s.Commit(context.Background(), store.Lease{}, logLine("r", text))
					mu.Lock()
					said[text] = err == nil
					mu.Unlock()
					if errors.Is(err, store.ErrClosed) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					select {
					case first <- struct{}{}:
					default:
					}
				}
			})
		}
		<-first
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	}
	s := openAt(t, store.Options{Dir: dir})
	defer s.Close()
	there := lines(t, s, "r")
	for _, text := range there {
		if !said[text] {
			t.Errorf("%s is there and was said not to be", text)
		}
		delete(said, text)
	}
	for text, ok := range said {
		if ok {
			t.Errorf("%s was said to be there", text)
		}
	}
}

func TestTxIsDeadAfterItsCommit(t *testing.T) {
	s, _ := open(t)
	var kept *store.Tx
	commit(t, s, func(tx *store.Tx) error { kept = tx; return nil })
	defer func() {
		if recover() == nil {
			t.Error("it went on")
		}
	}()
	_ = kept.Log("r", store.LogLine{})
}

func TestDiskFull(t *testing.T) {
	s := openAt(t, store.Options{Dir: dataDir(t)})
	defer s.Close()
	commit(t, s, logLine("r", "before"))
	free, err := s.FillDisk(5)
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	err = s.Commit(context.Background(), store.Lease{}, logLine("r", big))
	e := wantCode(t, err, confluence.CodeStateDamaged)
	if !strings.Contains(e.What, "full") || strings.Contains(e.Error(), "xxx") {
		t.Errorf("says %v", e)
	}
	commit(t, s, logLine("r", "small"))
	free()
	commit(t, s, logLine("r", "after"))
	equal(t, []string{"before", "small", "after"}, lines(t, s, "r"))
}

// Reads neither wait for the writer nor see what is not committed.
func TestReadsDoNotWait(t *testing.T) {
	s, _ := open(t)
	commit(t, s, logLine("r", "one"))
	entered, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.Commit(context.Background(), store.Lease{}, func(tx *store.Tx) error {
			err := tx.Log("r", store.LogLine{Text: "two"})
			close(entered)
			<-leave
			return err
		})
	}()
	<-entered
	equal(t, []string{"one"}, lines(t, s, "r"))
	close(leave)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	equal(t, []string{"one", "two"}, lines(t, s, "r"))
}

func TestStreamingFunctionMayReadAndCommit(t *testing.T) {
	s, _ := open(t)
	commit(t, s, func(tx *store.Tx) error { return tx.PutObserved(samplePages(1, 50, 1)...) })
	n := 0
	err := s.EachObserved(context.Background(), 1, confluence.A, func(o store.Observed) error {
		n++
		rows, err := s.ObservedByID(context.Background(), 1, confluence.A, o.ID)
		if err != nil || len(rows) != 1 {
			return fmt.Errorf("%d rows: %w", len(rows), err)
		}
		o.Pass = 2
		return s.Commit(context.Background(), store.Lease{}, func(tx *store.Tx) error { return tx.PutObserved(o) })
	})
	if err != nil || n != 50 {
		t.Errorf("%d rows, %v", n, err)
	}
	stop := errors.New("enough")
	n = 0
	err = s.EachObserved(context.Background(), 1, confluence.A, func(store.Observed) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}
