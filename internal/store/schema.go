package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"
	"github.com/tandem-sync/tandem/internal/confluence"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// applicationID marks the file as ours, in SQLite's header ("tndm").
const applicationID = 0x746e646d

// schemaVersion is the version of the newest migration this binary knows.
func schemaVersion() (int64, error) {
	names, err := fs.Glob(schemaFiles, "schema/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("store: no schema embedded: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// checkFile refuses a file that is damaged, not ours, or of a newer schema, without changing anything.
func (s *Store) checkFile(ctx context.Context) error {
	info, err := os.Stat(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		// Bodies stand in it: for the owner alone. What SQLite puts beside it gets the same mode.
		f, err := os.OpenFile(s.file(), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return unusable(err)
		}
		return unusable(f.Close())
	}
	if err != nil {
		return unusable(err)
	}
	if info.Size() == 0 {
		return nil // a crash before the first commit
	}
	db, err := sql.Open("sqlite", s.dsn("query_only(1)"))
	if err != nil {
		return err
	}
	defer db.Close()
	var id, tables, version int64
	if err := db.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)").Scan(&id, &tables); err != nil {
		return err
	}
	if tables == 0 {
		return nil
	}
	if id != applicationID {
		return confluence.Errorf(confluence.CodeStateDamaged, "the file is no state of tandem").At(confluence.Where{File: s.file()})
	}
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied = 1").Scan(&version); err != nil {
		return confluence.Errorf(confluence.CodeStateDamaged, "the state has no schema version").Because(err).At(confluence.Where{File: s.file()})
	}
	known, err := schemaVersion()
	if err != nil {
		return err
	}
	if version > known {
		return confluence.Errorf(confluence.CodeSchemaNewer, "the state has schema %d, this tandem knows up to %d", version, known).At(confluence.Where{File: s.file()})
	}
	return nil
}

// migrate brings the schema up to date, each step in a transaction of its own. There is no way down.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
