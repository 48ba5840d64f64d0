package store

import (
	"context"
	"fmt"
)

// Pragma returns what the writing connection says about a pragma.
func (s *Store) Pragma(name string) (value string, err error) {
	err = s.Commit(context.Background(), Lease{}, func(tx *Tx) error {
		_, err := tx.row("PRAGMA "+name, nil, &value)
		return err
	})
	return value, err
}

// FillDisk makes the file unable to grow by more than some pages, as a full disk would, and returns a function that
// gives room again.
func (s *Store) FillDisk(pages int) (free func(), err error) {
	var count int
	set := func(n int) error {
		return s.Commit(context.Background(), Lease{}, func(tx *Tx) error {
			var got int
			if _, err := tx.row("PRAGMA page_count", nil, &count); err != nil {
				return err
			}
			if n == 0 {
				n = count + pages
			}
			_, err := tx.row(fmt.Sprintf("PRAGMA max_page_count = %d", n), nil, &got)
			return err
		})
	}
	return func() { _ = set(1 << 30) }, set(0)
}

// Exec runs any statement.
func (tx *Tx) Exec(query string, args ...any) error {
	_, err := tx.exec(query, args...)
	return err
}

// File is the path of the database.
func (s *Store) File() string { return s.file() }

// Steps returns how the statements are carried out that look for a content by its id.
func (s *Store) Steps() (map[string][]string, error) {
	out := map[string][]string{}
	for name, query := range map[string]string{"twin on A": findTwin[0], "twin on B": findTwin[1], "pairs showing": pairsShowing} {
		rows, err := s.reads.db.Query("EXPLAIN QUERY PLAN "+query, "1", "2", "3")
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return nil, err
			}
			out[name] = append(out[name], step)
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
