package store

import (
	"context"
	"fmt"
	"time"
)

// Lease is the right to act on something, by name: a pair, a run, a source space with its destination. Fence grows with
// every owner and is what counts: an owner whose fence is no longer the newest can commit nothing under it, even if its
// time had not run out by its own clock.
type Lease struct {
	Name  string
	Owner string
	Fence int64
	Until time.Time
}

// Acquire takes the lease for ttl. It returns ErrHeld while another owner's time runs. The owner that holds it already
// gets it under a new fence, which shuts out its earlier holder; so two activities that must exclude each other need
// different owners.
func (s *Store) Acquire(ctx context.Context, name, owner string, ttl time.Duration) (Lease, error) {
	if name == "" || owner == "" {
		return Lease{}, fmt.Errorf("store: a lease needs a name and an owner")
	}
	now := s.now()
	l := Lease{Name: name, Owner: owner, Until: now.Add(ttl).UTC()}
	err := s.Commit(ctx, Lease{}, func(tx *Tx) error {
		var holder string
		var until time.Time
		if _, err := tx.row("SELECT owner, fence, until FROM leases WHERE name = ?", []any{name}, &holder, &l.Fence, timeCol{&until}); err != nil {
			return err
		}
		if holder != "" && holder != owner && until.After(now) {
			return fmt.Errorf("%w: %s has %s until %s", ErrHeld, holder, name, until.Format(time.RFC3339))
		}
		l.Fence++
		_, err := tx.exec("INSERT INTO leases (name, owner, fence, until) VALUES (?, ?, ?, ?)"+
			" ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = excluded.fence, until = excluded.until",
			name, owner, l.Fence, nanos(l.Until))
		return err
	})
	if err != nil {
		return Lease{}, err
	}
	return l, nil
}

// Renew gives the lease ttl from now. ErrFenced if another owner has taken over; one that ran out and that nobody took
// can be renewed.
func (s *Store) Renew(ctx context.Context, l Lease, ttl time.Duration) (Lease, error) {
	l.Until = s.now().Add(ttl).UTC()
	err := s.Commit(ctx, l, func(tx *Tx) error {
		_, err := tx.exec("UPDATE leases SET until = ? WHERE name = ?", nanos(l.Until), l.Name)
		return err
	})
	if err != nil {
		return Lease{}, err
	}
	return l, nil
}

// Release gives the lease back. Its fence counts no more. Releasing one that was taken over does nothing.
func (s *Store) Release(ctx context.Context, l Lease) error {
	return s.Commit(ctx, Lease{}, func(tx *Tx) error { return tx.Release(l) })
}

// Release gives the lease back when the transaction commits, as Store.Release.
func (tx *Tx) Release(l Lease) error {
	_, err := tx.exec("UPDATE leases SET owner = '', until = 0 WHERE name = ? AND owner = ? AND fence = ?", l.Name, l.Owner, l.Fence)
	return err
}

// Lease returns the lease as it stands; Owner is empty where nobody has it.
func (s *Store) Lease(ctx context.Context, name string) (Lease, error) {
	return one(ctx, s, func(r scanner) (Lease, error) {
		l := Lease{Name: name}
		return l, r.Scan(&l.Owner, &l.Fence, timeCol{&l.Until})
	}, "lease", name, "SELECT owner, fence, until FROM leases WHERE name = ?", name)
}

func (tx *Tx) checkFence(l Lease) error {
	var owner string
	var fence int64
	if _, err := tx.row("SELECT owner, fence FROM leases WHERE name = ?", []any{l.Name}, &owner, &fence); err != nil {
		return err
	}
	if owner == "" || owner != l.Owner || fence != l.Fence {
		return tx.fail(fmt.Errorf("%w: %s is at fence %d, not %d", ErrFenced, l.Name, fence, l.Fence))
	}
	return nil
}

// needLease refuses writes that only the current owner may make, where Commit was not given a lease.
func (tx *Tx) needLease(what string) error {
	if tx.lease == (Lease{}) {
		return tx.fail(fmt.Errorf("store: %s needs a lease", what))
	}
	return nil
}
