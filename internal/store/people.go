package store

import "context"

// PutPeople stores the people file between two sites.
func (tx *Tx) PutPeople(from, to string, csv []byte) error {
	if csv == nil {
		csv = []byte{}
	}
	_, err := tx.exec("INSERT OR REPLACE INTO people (from_site, to_site, csv) VALUES (?, ?, ?)", from, to, csv)
	return err
}

// People returns the people file between two sites; T-1004 if there is none.
func (s *Store) People(ctx context.Context, from, to string) ([]byte, error) {
	return one(ctx, s, func(r scanner) ([]byte, error) {
		var b []byte
		return b, r.Scan(&b)
	}, "people file", from+" "+to, "SELECT csv FROM people WHERE from_site = ? AND to_site = ?", from, to)
}
