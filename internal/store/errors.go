package store

import (
	"database/sql"
	"errors"

	"github.com/tandem-sync/tandem/internal/confluence"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrHeld says that another owner holds the lease, or the slice, and its time has not run out.
	ErrHeld = errors.New("store: held by another owner")
	// ErrFenced says that the lease or slice was taken over by another owner since. Nothing was written.
	ErrFenced = errors.New("store: shut out by a newer owner")
	// ErrClosed says that the store was closed before the commit began. Nothing was written.
	ErrClosed = errors.New("store: closed")
)

// coded turns what SQLite says into an error a person can act on. Errors that have a code, and those of the caller's own
// function, pass as they are.
func coded(err error) error {
	var se *sqlite.Error
	if err == nil || !errors.As(err, &se) {
		return err
	}
	var ce *confluence.Error
	if errors.As(err, &ce) {
		return err
	}
	what := ""
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		what = "the disk with the data directory is full"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		what = "the state in the data directory is damaged"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		what = "the state in the data directory cannot be read or written"
	default:
		return err
	}
	return confluence.Errorf(confluence.CodeStateDamaged, "%s", what).Because(err)
}

// notFound turns "no rows" into T-1004 about what was looked for.
func notFound(err error, what, name string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return confluence.Errorf(confluence.CodeNoSuchName, "no %s %q", what, name)
	}
	return coded(err)
}
