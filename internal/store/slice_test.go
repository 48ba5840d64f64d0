package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
	"pgregory.net/rapid"
)

// modelSlice is what a slice should be.
type modelSlice struct {
	store.Slice
	again *store.Slice // AddSlice came while it was owned
}

// ready is when it may be claimed.
func (m *modelSlice) ready() time.Time {
	if m.Owner != "" {
		return m.LeaseEnd
	}
	return m.Due
}

// sliceModel checks the slices of one kind against a model, with any order of calls by any owners, living, frozen and
// dead.
type sliceModel struct {
	s      *store.Store
	c      *clock
	kind   string
	slices map[string]*modelSlice
	fences map[string]int64
	claims []store.Slice // ever made
}

func (m *sliceModel) commit(t *rapid.T, fn func(tx *store.Tx) error) error {
	return m.s.Commit(ctx, store.Lease{}, fn)
}

func (m *sliceModel) Add(t *rapid.T) {
	sl := store.Slice{Kind: m.kind, Key: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), Priority: rapid.IntRange(0, 2).Draw(t, "priority"),
		Cursor: []byte(rapid.SampledFrom([]string{"x", "y"}).Draw(t, "cursor")), Due: m.c.Now().Add(time.Duration(rapid.IntRange(-2, 3).Draw(t, "due")) * time.Minute)}
	if err := m.commit(t, func(tx *store.Tx) error { return tx.AddSlice(sl) }); err != nil {
		t.Fatal(err)
	}
	was := m.slices[sl.Key]
	if was == nil {
		sl.ID, sl.Fence = m.kind+"/"+sl.Key, m.fences[sl.Key]
		m.slices[sl.Key] = &modelSlice{Slice: sl}
		return
	}
	was.Priority = max(was.Priority, sl.Priority)
	if was.Parked {
		was.Parked, was.Attempt, was.Due = false, 0, sl.Due
	}
	if sl.Due.Before(was.Due) {
		was.Due = sl.Due
	}
	if was.Owner != "" {
		if was.again != nil && was.again.Due.Before(sl.Due) {
			sl.Due = was.again.Due
		}
		was.again = &sl
	}
}

func (m *sliceModel) Claim(t *rapid.T) {
	owner, ttl := rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "owner"), time.Duration(rapid.IntRange(1, 3).Draw(t, "ttl"))*time.Minute
	var got store.Slice
	var found bool
	if err := m.commit(t, func(tx *store.Tx) (err error) { got, found, err = tx.Claim(owner, []string{m.kind}, ttl); return err }); err != nil {
		t.Fatal(err)
	}
	var due []*modelSlice
	for _, s := range m.slices {
		if !s.Parked && !s.ready().After(m.c.Now()) {
			due = append(due, s)
		}
	}
	if found != (len(due) > 0) {
		t.Fatalf("claimed %v of %d due", found, len(due))
	}
	if !found {
		return
	}
	want := slices.MinFunc(due, func(a, b *modelSlice) int {
		return cmp.Or(b.Priority-a.Priority, a.ready().Compare(b.ready()), cmp.Compare(a.ID, b.ID))
	})
	if want.Owner != "" {
		want.Attempt++
	}
	want.Owner, want.LeaseEnd = owner, m.c.Now().Add(ttl)
	want.Fence++
	m.fences[want.Key] = want.Fence
	if d := gocmp.Diff(want.Slice, got); d != "" {
		t.Fatalf("claimed (-want +got):\n%s", d)
	}
	m.claims = append(m.claims, got)
}

// mine draws any claim ever made and returns its slice if the claim still counts.
func (m *sliceModel) mine(t *rapid.T) (claim store.Slice, now *modelSlice) {
	if len(m.claims) == 0 {
		t.Skip("nothing claimed")
	}
	claim = rapid.SampledFrom(m.claims).Draw(t, "claim")
	if s := m.slices[claim.Key]; s != nil && s.Fence == claim.Fence && s.Owner == claim.Owner {
		return claim, s
	}
	return claim, nil
}

// end applies a call that ends a claim. free changes the model where the claim counts.
func (m *sliceModel) end(t *rapid.T, call func(tx *store.Tx, claim store.Slice) error, free func(s *modelSlice)) {
	claim, s := m.mine(t)
	err := m.commit(t, func(tx *store.Tx) error { return call(tx, claim) })
	if s == nil {
		if !errors.Is(err, store.ErrFenced) {
			t.Fatalf("a claim that counts no more: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	free(s)
	s.Owner, s.LeaseEnd = "", time.Time{}
	if s.again != nil && s.again.Due.Before(s.Due) {
		s.Due = s.again.Due
	}
	s.again = nil
}

func (m *sliceModel) Continue(t *rapid.T) {
	due := m.c.Now().Add(time.Duration(rapid.IntRange(-1, 3).Draw(t, "due")) * time.Minute)
	m.end(t, func(tx *store.Tx, c store.Slice) error { return tx.Continue(c, []byte("next"), due) }, func(s *modelSlice) {
		s.Cursor, s.Due, s.Attempt, s.Error = []byte("next"), due, 0, ""
		s.Generation++
	})
}

func (m *sliceModel) Finish(t *rapid.T) {
	m.end(t, func(tx *store.Tx, c store.Slice) error { return tx.Finish(c) }, func(s *modelSlice) {
		if s.again == nil {
			delete(m.slices, s.Key)
			return
		}
		s.Cursor, s.Due, s.Attempt, s.Error = s.again.Cursor, s.again.Due, 0, ""
		s.Generation++
	})
}

func (m *sliceModel) Retry(t *rapid.T) {
	due, park := m.c.Now().Add(time.Minute), rapid.Bool().Draw(t, "park")
	pause := time.Duration(rapid.IntRange(0, 2).Draw(t, "pause")) * time.Minute
	why := confluence.Errorf(confluence.CodeLimited, "slow down")
	why.RetryAfter = pause
	m.end(t, func(tx *store.Tx, c store.Slice) error { return tx.Retry(c, due, why, park) }, func(s *modelSlice) {
		s.Due, s.Error, s.Parked = m.c.Now().Add(max(pause, time.Minute)), why.Error(), park && s.again == nil
		s.Attempt++
	})
}

func (m *sliceModel) Yield(t *rapid.T) {
	m.end(t, func(tx *store.Tx, c store.Slice) error { return tx.Yield(c) }, func(s *modelSlice) { s.Due = time.Time{} })
}

func (m *sliceModel) Renew(t *rapid.T) {
	claim, s := m.mine(t)
	until := m.c.Now().Add(2 * time.Minute)
	err := m.commit(t, func(tx *store.Tx) error { return tx.RenewSlice(claim, until) })
	if (s == nil) != errors.Is(err, store.ErrFenced) || (s != nil && err != nil) {
		t.Fatalf("renewed %v: %v", s, err)
	}
	if s != nil {
		s.LeaseEnd = until
	}
}

func (m *sliceModel) Remove(t *rapid.T) {
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
	if err := m.commit(t, func(tx *store.Tx) error { return tx.RemoveSlice(m.kind, key) }); err != nil {
		t.Fatal(err)
	}
	delete(m.slices, key)
}

func (m *sliceModel) Time(t *rapid.T) {
	m.c.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "seconds")) * time.Second)
}

func (m *sliceModel) Check(t *rapid.T) {
	all, err := m.s.Slices(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got, want, next := map[string]store.Slice{}, map[string]store.Slice{}, time.Time{}
	for _, s := range all {
		if s.Kind == m.kind {
			got[s.Key] = s
		}
	}
	some := false
	for key, s := range m.slices {
		want[key] = s.Slice
		if !s.Parked && (!some || s.ready().Before(next)) {
			next, some = s.ready(), true
		}
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Fatalf("slices (-want +got):\n%s", d)
	}
	due, ok, err := m.s.NextDue(ctx, m.kind)
	if err != nil || ok != some || !due.Equal(next) {
		t.Fatalf("next due %v %v %v, want %v %v", due, ok, err, next, some)
	}
}

func TestSlicesAgainstAModel(t *testing.T) {
	s, c := open(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &sliceModel{s: s, c: c, kind: fmt.Sprint("kind", run), slices: map[string]*modelSlice{}, fences: map[string]int64{}}
		rt.Repeat(rapid.StateMachineActions(m))
		for key := range m.slices {
			commit(t, s, func(tx *store.Tx) error { return tx.RemoveSlice(m.kind, key) })
		}
	})
}

// leaseModel checks leases by any order of calls: who may commit is the last who acquired and did not release.
type leaseModel struct {
	s    *store.Store
	c    *clock
	now  map[string]*store.Lease // that counts
	max  map[string]int64
	ever []store.Lease
	run  string
}

func (m *leaseModel) Acquire(t *rapid.T) {
	name := m.run + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name")
	owner := rapid.SampledFrom([]string{"ann", "bob", "cee"}).Draw(t, "owner")
	was := m.now[name]
	l, err := m.s.Acquire(ctx, name, owner, time.Minute)
	if was != nil && was.Owner != owner && was.Until.After(m.c.Now()) {
		if !errors.Is(err, store.ErrHeld) {
			t.Fatalf("got %v", err)
		}
		return
	}
	m.max[name]++
	want := store.Lease{Name: name, Owner: owner, Fence: m.max[name], Until: m.c.Now().Add(time.Minute)}
	if d := gocmp.Diff(want, l); d != "" || err != nil {
		t.Fatalf("%v (-want +got):\n%s", err, d)
	}
	m.now[name], m.ever = &l, append(m.ever, l)
}

func (m *leaseModel) any(t *rapid.T) (l store.Lease, counts bool) {
	if len(m.ever) == 0 {
		t.Skip("none")
	}
	l = rapid.SampledFrom(m.ever).Draw(t, "lease")
	now := m.now[l.Name]
	return l, now != nil && now.Fence == l.Fence
}

func (m *leaseModel) Commit(t *rapid.T) {
	l, counts := m.any(t)
	err := m.s.Commit(ctx, l, func(tx *store.Tx) error { return tx.Log("r", store.LogLine{}) })
	if counts != (err == nil) || (!counts && !errors.Is(err, store.ErrFenced)) {
		t.Fatalf("counts %v: %v", counts, err)
	}
}

func (m *leaseModel) Renew(t *rapid.T) {
	l, counts := m.any(t)
	got, err := m.s.Renew(ctx, l, time.Minute)
	if counts != (err == nil) || (!counts && !errors.Is(err, store.ErrFenced)) {
		t.Fatalf("counts %v: %v", counts, err)
	}
	if counts {
		m.now[l.Name].Until = m.c.Now().Add(time.Minute)
		if d := gocmp.Diff(*m.now[l.Name], got); d != "" {
			t.Fatal(d)
		}
	}
}

func (m *leaseModel) Release(t *rapid.T) {
	l, counts := m.any(t)
	if err := m.s.Release(ctx, l); err != nil {
		t.Fatal(err)
	}
	if counts {
		delete(m.now, l.Name)
	}
}

func (m *leaseModel) Time(t *rapid.T) {
	m.c.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
}

func (m *leaseModel) Check(*rapid.T) {}

func TestLeasesAgainstAModel(t *testing.T) {
	s, c := open(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &leaseModel{s: s, c: c, now: map[string]*store.Lease{}, max: map[string]int64{}, run: fmt.Sprint(run)}
		rt.Repeat(rapid.StateMachineActions(m))
	})
}

func TestSlicesChangedRings(t *testing.T) {
	s, _ := open(t)
	rung, end := s.SlicesChanged()
	heard := func() bool {
		select {
		case <-rung:
			return true
		default:
			return false
		}
	}
	add := func(tx *store.Tx) error { return tx.AddSlice(store.Slice{Kind: "k", Key: "a"}) }
	commit(t, s, logLine("r", "no slice"))
	if heard() {
		t.Error("rang for a log line")
	}
	if err := s.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { _ = add(tx); return errors.New("no") }); err == nil || heard() {
		t.Errorf("rang for a commit that failed: %v", err)
	}
	commit(t, s, add)
	commit(t, s, add)
	if !heard() || heard() {
		t.Error("two commits rang not exactly once")
	}
	end()
	commit(t, s, add)
	if heard() {
		t.Error("rang after its end")
	}
	if _, err := s.Slice(ctx, "k", "a"); err != nil {
		t.Error(err)
	}
	_, err := s.Slice(ctx, "k", "b")
	wantCode(t, err, confluence.CodeNoSuchName)
}
