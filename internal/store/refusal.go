package store

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// Refusal is a write of a pair that a site refused for good, and how often in a row.
type Refusal struct {
	Pair   int64
	Twin   confluence.TwinID
	Side   confluence.Side // that refused it
	Verb   confluence.Verb
	Facet  reconcile.Facets  // exactly one: that it is reported under
	About  confluence.Digest // of what was to be written, and over what
	Streak int
	At     time.Time // of the last one
	Code   confluence.Code
	What   string
}

// PutRefusal adds or replaces refusals.
func (tx *Tx) PutRefusal(refusals ...Refusal) error {
	for _, r := range refusals {
		if _, err := tx.exec("INSERT OR REPLACE INTO refusals (pair, twin, side, verb, facet, about, streak, at, code, what) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			r.Pair, string(r.Twin), int64(r.Side), string(r.Verb), int64(r.Facet), r.About[:], r.Streak, nanos(r.At), string(r.Code), r.What); err != nil {
			return err
		}
	}
	return nil
}

// ForgetRefusal removes refusals.
func (tx *Tx) ForgetRefusal(refusals ...Refusal) error {
	for _, r := range refusals {
		if _, err := tx.exec("DELETE FROM refusals WHERE pair = ? AND twin = ? AND side = ? AND verb = ?", r.Pair, string(r.Twin), int64(r.Side), string(r.Verb)); err != nil {
			return err
		}
	}
	return nil
}

// Refusals returns the refusals of a pair by twin, side and verb.
func (s *Store) Refusals(ctx context.Context, pair int64) ([]Refusal, error) {
	return list(ctx, s, func(r scanner) (x Refusal, err error) {
		err = r.Scan(&x.Pair, &x.Twin, &x.Side, &x.Verb, &x.Facet, digestCol{&x.About}, &x.Streak, timeCol{&x.At}, &x.Code, &x.What)
		return x, err
	}, "SELECT pair, twin, side, verb, facet, about, streak, at, code, what FROM refusals WHERE pair = ? ORDER BY twin, side, verb", pair)
}
