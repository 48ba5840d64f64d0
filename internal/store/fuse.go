package store

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// Fuse counts in how many cycles in a row a facet of a content was written without a person's edit in between.
type Fuse struct {
	Pair   int64
	Twin   confluence.TwinID
	Facet  reconcile.Facets // exactly one
	Cycle  int64            // that wrote it last
	Streak int
	Frozen bool // written no more until a person says so
	// Value is the digest of what both sides agreed on after that cycle.
	Value confluence.Digest
}

// PutFuse adds or replaces fuses.
func (tx *Tx) PutFuse(fuses ...Fuse) error {
	for _, f := range fuses {
		if _, err := tx.exec("INSERT OR REPLACE INTO fuses (pair, twin, facet, cycle, streak, frozen, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
			f.Pair, string(f.Twin), int64(f.Facet), f.Cycle, f.Streak, f.Frozen, digestArg(f.Value)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetFuses removes the fuses of a pair that no cycle since has written, but for frozen ones; with all, those too.
func (tx *Tx) ForgetFuses(pair, since int64, all bool) error {
	_, err := tx.exec("DELETE FROM fuses WHERE pair = ? AND cycle < ? AND (? OR frozen = 0)", pair, since, all)
	return err
}

// Fuses returns the fuses of a pair by twin and facet.
func (s *Store) Fuses(ctx context.Context, pair int64) ([]Fuse, error) {
	return list(ctx, s, func(r scanner) (f Fuse, err error) {
		err = r.Scan(&f.Pair, &f.Twin, &f.Facet, &f.Cycle, &f.Streak, &f.Frozen, digestCol{&f.Value})
		return f, err
	}, "SELECT pair, twin, facet, cycle, streak, frozen, value FROM fuses WHERE pair = ? ORDER BY twin, facet", pair)
}
