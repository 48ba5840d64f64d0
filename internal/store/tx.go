package store

import (
	"database/sql"
	"errors"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Tx is the inside of one Commit. Its methods may be called only by the function given to Commit, from its goroutine.
//
// The first error of any of them makes the Commit fail, whether or not the caller looked at it, so methods that have no
// useful error may leave it out.
type Tx struct {
	w       *writer
	lease   Lease
	err     error
	poke    bool
	touched []Touched
	more    bool
}

// Touched names a row that a transaction wrote: of the baseline by its twin, else of what a side showed.
type Touched struct {
	Pair int64
	Twin confluence.TwinID
	Side confluence.Side
	ID   confluence.ID
}

// Touched returns what rows of the baseline and of observations were written so far. more is set where others were
// removed, which it does not name.
func (tx *Tx) Touched() (rows []Touched, more bool) { return tx.touched, tx.more }

// fail remembers the first error and returns err.
func (tx *Tx) fail(err error) error {
	if tx.err == nil {
		tx.err = err
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	st, err := tx.w.stmt(query)
	if err != nil {
		return 0, tx.fail(err)
	}
	res, err := st.Exec(args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, tx.fail(err)
	}
	return n, nil
}

// row reads one row into dest. found is false where there is none, which is no error.
func (tx *Tx) row(query string, args []any, dest ...any) (found bool, err error) {
	st, err := tx.w.stmt(query)
	if err != nil {
		return false, tx.fail(err)
	}
	switch err := st.QueryRow(args...).Scan(dest...); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, tx.fail(err)
	}
	return true, nil
}
