package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Slice is one short, restartable piece of work. There is at most one of each kind and key.
type Slice struct {
	ID         string // KIND/KEY if it is left empty
	Kind       string
	Key        string
	Generation int64     // grows with every continuation
	Due        time.Time // zero: at once
	Priority   int       // larger comes first
	Attempt    int       // failures and crashes since it last got on
	Owner      string    // empty: nobody works on it
	Fence      int64
	LeaseEnd   time.Time
	Cursor     []byte
	Parked     bool   // it failed too often and waits for AddSlice
	Error      string // what the last attempt failed with, for people
}

const sliceCols = "id, kind, key, generation, due, priority, attempt, owner, fence, lease_end, cursor, parked, error"

func scanSlice(r scanner) (s Slice, err error) {
	err = r.Scan(&s.ID, &s.Kind, &s.Key, &s.Generation, timeCol{&s.Due}, &s.Priority, &s.Attempt, &s.Owner, &s.Fence, timeCol{&s.LeaseEnd}, &s.Cursor, &s.Parked, &s.Error)
	return s, err
}

// AddSlice adds a slice, free and with no attempt made. If there is one of its kind and key already, that one stays with
// its cursor and becomes due at the earlier of both times, is no longer parked, and gets the higher priority; if it is
// being worked on, it will be due again after that work, with the new slice's cursor if the work finishes it. So no
// wake-up is lost.
func (tx *Tx) AddSlice(s Slice) error {
	tx.poke = true
	if s.ID == "" {
		s.ID = s.Kind + "/" + s.Key
	}
	due := nanos(s.Due)
	_, err := tx.exec("INSERT INTO slices (id, kind, key, generation, due, ready, priority, attempt, owner, fence, lease_end, cursor, parked, error)"+
		" VALUES (?1, ?2, ?3, 0, ?4, ?4, ?5, 0, '', coalesce((SELECT fence FROM slice_fences WHERE id = ?1), 0), 0, ?6, 0, '')"+
		" ON CONFLICT (kind, key) DO UPDATE SET priority = max(priority, excluded.priority),"+
		" due = CASE WHEN parked THEN excluded.due ELSE min(due, excluded.due) END,"+
		" ready = CASE WHEN owner <> '' THEN ready WHEN parked THEN excluded.due ELSE min(due, excluded.due) END,"+
		" again_due = CASE WHEN owner <> '' THEN min(coalesce(again_due, excluded.due), excluded.due) END,"+
		" again_cursor = CASE WHEN owner <> '' THEN excluded.cursor END,"+
		" attempt = CASE WHEN parked THEN 0 ELSE attempt END, parked = 0",
		s.ID, s.Kind, s.Key, due, s.Priority, bytesArg(s.Cursor))
	return err
}

// Claim takes the slice that is due first by priority, then time, of the kinds given, for ttl. found is false where none
// is due. A slice whose owner let its time run out is due; that counts as a failed attempt.
func (tx *Tx) Claim(owner string, kinds []string, ttl time.Duration) (s Slice, found bool, err error) {
	if len(kinds) == 0 {
		return Slice{}, false, nil
	}
	now := tx.w.store.now()
	args := []any{nanos(now)}
	for _, k := range kinds {
		args = append(args, k)
	}
	st, err := tx.w.stmt("SELECT " + sliceCols + " FROM slices WHERE parked = 0 AND ready <= ? AND kind IN (" + marks(len(kinds)) + ") ORDER BY priority DESC, ready, id LIMIT 1")
	if err != nil {
		return Slice{}, false, tx.fail(err)
	}
	rows, err := st.Query(args...)
	if err != nil {
		return Slice{}, false, tx.fail(err)
	}
	found = rows.Next()
	if found {
		s, err = scanSlice(rows)
	}
	if err := firstOf(err, rows.Err(), rows.Close()); err != nil || !found {
		return Slice{}, false, tx.failIf(err)
	}
	if s.Owner != "" {
		s.Attempt++
	}
	s.Owner, s.LeaseEnd = owner, now.Add(ttl).UTC()
	s.Fence++
	if _, err := tx.exec("UPDATE slices SET owner = ?, fence = ?, attempt = ?, lease_end = ?, ready = ? WHERE id = ?",
		owner, s.Fence, s.Attempt, nanos(s.LeaseEnd), nanos(s.LeaseEnd), s.ID); err != nil {
		return Slice{}, false, err
	}
	_, err = tx.exec("INSERT INTO slice_fences (id, fence) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET fence = excluded.fence", s.ID, s.Fence)
	return s, err == nil, err
}

// held fails with ErrFenced where nothing was changed, because the slice is no longer the caller's.
func (tx *Tx) held(s Slice, n int64, err error) error {
	tx.poke = true
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("%w: slice %s at fence %d", ErrFenced, s.ID, s.Fence))
	}
	return err
}

// free is what a slice becomes when its owner is through with it. ?1 is when it is due, ?2 to ?4 who may do that.
const free = " owner = '', lease_end = 0, due = min(?1, coalesce(again_due, ?1)), ready = min(?1, coalesce(again_due, ?1)), again_due = NULL, again_cursor = NULL" +
	" WHERE id = ?2 AND owner = ?3 AND fence = ?4"

// Continue ends the work on a slice and puts its continuation in its place: same kind and key, next generation, a new
// cursor, due at the given time (zero: at once). ErrFenced if the slice is not the caller's any more.
func (tx *Tx) Continue(s Slice, cursor []byte, due time.Time) error {
	n, err := tx.exec("UPDATE slices SET cursor = ?5, generation = generation + 1, attempt = 0, error = '',"+free, nanos(due), s.ID, s.Owner, s.Fence, bytesArg(cursor))
	return tx.held(s, n, err)
}

// Finish ends the work on a slice and removes it, or starts it anew if AddSlice asked for it meanwhile. ErrFenced if the
// slice is not the caller's any more.
func (tx *Tx) Finish(s Slice) error {
	n, err := tx.exec("DELETE FROM slices WHERE id = ? AND owner = ? AND fence = ? AND again_due IS NULL", s.ID, s.Owner, s.Fence)
	if err != nil || n > 0 {
		tx.poke = true
		return err
	}
	n, err = tx.exec("UPDATE slices SET cursor = again_cursor, generation = generation + 1, attempt = 0, error = '',"+
		" owner = '', lease_end = 0, due = again_due, ready = again_due, again_due = NULL, again_cursor = NULL"+
		" WHERE id = ? AND owner = ? AND fence = ?", s.ID, s.Owner, s.Fence)
	return tx.held(s, n, err)
}

// Retry ends a failed attempt: the slice keeps its cursor, shows why it failed, and is due at the given time, or later
// where the site behind err asked for a longer pause. With park it is not due before AddSlice names it again. ErrFenced
// if the slice is not the caller's any more.
func (tx *Tx) Retry(s Slice, due time.Time, err error, park bool) error {
	e := confluence.AsError(err)
	if pause := tx.w.store.now().Add(e.RetryAfter); pause.After(due) {
		due = pause
	}
	n, err := tx.exec("UPDATE slices SET attempt = attempt + 1, error = ?5, parked = ?6 AND again_due IS NULL,"+free, nanos(due), s.ID, s.Owner, s.Fence, e.Error(), park)
	return tx.held(s, n, err)
}

// Yield gives a slice back as it was claimed, due at once, with no attempt counted: its owner is shutting down. ErrFenced
// if the slice is not the caller's any more.
func (tx *Tx) Yield(s Slice) error {
	n, err := tx.exec("UPDATE slices SET"+free, 0, s.ID, s.Owner, s.Fence)
	return tx.held(s, n, err)
}

// RenewSlice gives the owner of a slice more time. ErrFenced if it is not the caller's any more.
func (tx *Tx) RenewSlice(s Slice, until time.Time) error {
	n, err := tx.exec("UPDATE slices SET lease_end = ?1, ready = ?1 WHERE id = ?2 AND owner = ?3 AND fence = ?4", nanos(until), s.ID, s.Owner, s.Fence)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("%w: slice %s at fence %d", ErrFenced, s.ID, s.Fence))
	}
	return err
}

// RemoveSlice removes a slice, whoever has it; its owner is shut out. One that is not there is no error.
func (tx *Tx) RemoveSlice(kind, key string) error {
	tx.poke = true
	_, err := tx.exec("DELETE FROM slices WHERE kind = ? AND key = ?", kind, key)
	return err
}

// Slices returns all slices by kind and key.
func (s *Store) Slices(ctx context.Context) ([]Slice, error) {
	return list(ctx, s, scanSlice, "SELECT "+sliceCols+" FROM slices ORDER BY kind, key")
}

// Slice returns one slice; T-1004 if there is none.
func (s *Store) Slice(ctx context.Context, kind, key string) (Slice, error) {
	return one(ctx, s, scanSlice, "slice", kind+"/"+key, "SELECT "+sliceCols+" FROM slices WHERE kind = ? AND key = ?", kind, key)
}

// DueSlices returns the slices of these kinds that can be claimed now, in the order of Claim. No kinds: of all.
func (s *Store) DueSlices(ctx context.Context, kinds ...string) ([]Slice, error) {
	where, args := ofKinds(kinds)
	return list(ctx, s, scanSlice, "SELECT "+sliceCols+" FROM slices WHERE parked = 0 AND ready <= ?"+where+" ORDER BY priority DESC, ready, id", append([]any{nanos(s.now())}, args...)...)
}

// NextDue returns when the next slice of these kinds can be claimed, which may be in the past; ok is false where none is
// waiting. No kinds: of all.
func (s *Store) NextDue(ctx context.Context, kinds ...string) (due time.Time, ok bool, err error) {
	where, args := ofKinds(kinds)
	ready, err := one(ctx, s, func(r scanner) (n *int64, err error) {
		err = r.Scan(&n)
		return n, err
	}, "slice", "", "SELECT min(ready) FROM slices WHERE parked = 0"+where, args...)
	if err != nil || ready == nil {
		return time.Time{}, false, err
	}
	return timeOf(*ready), true, nil
}

func ofKinds(kinds []string) (where string, args []any) {
	if len(kinds) == 0 {
		return "", nil
	}
	for _, k := range kinds {
		args = append(args, k)
	}
	return " AND kind IN (" + marks(len(kinds)) + ")", args
}

func (tx *Tx) failIf(err error) error {
	if err != nil {
		return tx.fail(err)
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
