package store

import "context"

// SynchronousFull is SQLite's number for synchronous=FULL: a commit is on the disk when it returns.
const SynchronousFull = 2

// Synchronous returns what SQLite's synchronous pragma says on the connection that writes.
func (s *Store) Synchronous(ctx context.Context) (level int, err error) {
	err = s.Commit(ctx, Lease{}, func(tx *Tx) error {
		_, err := tx.row("PRAGMA synchronous", nil, &level)
		return err
	})
	return level, err
}
