package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if childMain() {
		return
	}
	goleak.VerifyTestMain(m)
}

// clock is an injected clock.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func openAt(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open returns a store that is closed with the test.
func open(t testing.TB) (*store.Store, *clock) {
	t.Helper()
	c := newClock()
	s := openAt(t, store.Options{Now: c.Now})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, c
}

func dataDir(t testing.TB) string { return filepath.Join(t.TempDir(), "data") }

func commit(t testing.TB, s *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Commit(context.Background(), store.Lease{}, fn); err != nil {
		t.Fatal(err)
	}
}

func lease(t testing.TB, s *store.Store, name string) store.Lease {
	t.Helper()
	l, err := s.Acquire(context.Background(), name, "owner-"+name, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func commitUnder(t testing.TB, s *store.Store, l store.Lease, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Commit(context.Background(), l, fn); err != nil {
		t.Fatal(err)
	}
}

func equal(t testing.TB, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func wantCode(t testing.TB, err error, code confluence.Code) *confluence.Error {
	t.Helper()
	var e *confluence.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want an error %s", err, code)
	}
	return e
}

func digestOf(s string) confluence.Digest { return confluence.Sum([]byte(s)) }

func twin(n int) confluence.TwinID { return confluence.TwinID(fmt.Sprintf("twin-%06d", n)) }
