package store

import (
	"context"
	"database/sql"
	"sync"
)

// reads prepares statements of the reading connections once each.
type reads struct {
	db    *sql.DB
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func (r *reads) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if st := r.stmts[query]; st != nil {
		return st, nil
	}
	st, err := r.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	r.stmts[query] = st
	return st, nil
}

// scanner is a row of *sql.Rows or *sql.Row.
type scanner interface{ Scan(dest ...any) error }

// each calls fn for every row, in one consistent snapshot. fn may read and commit.
func each[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), fn func(T) error, query string, args ...any) error {
	st, err := s.reads.stmt(ctx, query)
	if err != nil {
		return coded(err)
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return coded(err)
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return coded(err)
		}
		if err := fn(v); err != nil {
			return err
		}
	}
	return coded(rows.Err())
}

// list returns all rows; nil where there are none.
func list[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := each(ctx, s, scan, func(v T) error { out = append(out, v); return nil }, query, args...)
	return out, err
}

// one returns the only row; T-1004 about what and name where there is none.
func one[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), what, name, query string, args ...any) (T, error) {
	var zero T
	st, err := s.reads.stmt(ctx, query)
	if err != nil {
		return zero, coded(err)
	}
	v, err := scan(st.QueryRowContext(ctx, args...))
	if err != nil {
		return zero, notFound(err, what, name)
	}
	return v, nil
}
