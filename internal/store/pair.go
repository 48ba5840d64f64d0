package store

import (
	"context"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Pair joins a space of one site with a space of another. Members that come in twos are of side A and side B.
type Pair struct {
	ID           int64
	Sites        [2]string // names
	Keys         [2]string
	Spaces       [2]confluence.ID
	Homes        [2]confluence.ID
	Fingerprints [2]string
	Opened       bool     // the space on side B has been given its permissions
	Mine         bool     // the space on side B was made by tandem
	Pass         [2]int64 // number of the last complete scan of each side
}

const pairCols = "id, site_a, site_b, key_a, key_b, space_a, space_b, home_a, home_b, fingerprint_a, fingerprint_b, opened, mine, pass_a, pass_b"

func scanPair(r scanner) (p Pair, err error) {
	err = r.Scan(&p.ID, &p.Sites[0], &p.Sites[1], &p.Keys[0], &p.Keys[1], &p.Spaces[0], &p.Spaces[1], &p.Homes[0], &p.Homes[1],
		&p.Fingerprints[0], &p.Fingerprints[1], &p.Opened, &p.Mine, &p.Pass[0], &p.Pass[1])
	return p, err
}

// PutPair adds a pair whose ID is 0, and sets its ID, or replaces the one with that ID.
func (tx *Tx) PutPair(p *Pair) error {
	var id any
	if p.ID != 0 {
		id = p.ID
	}
	found, err := tx.row("INSERT INTO pairs ("+pairCols+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"+
		" ON CONFLICT (id) DO UPDATE SET site_a = excluded.site_a, site_b = excluded.site_b, key_a = excluded.key_a, key_b = excluded.key_b,"+
		" space_a = excluded.space_a, space_b = excluded.space_b, home_a = excluded.home_a, home_b = excluded.home_b,"+
		" fingerprint_a = excluded.fingerprint_a, fingerprint_b = excluded.fingerprint_b, opened = excluded.opened, mine = excluded.mine,"+
		" pass_a = excluded.pass_a, pass_b = excluded.pass_b RETURNING id",
		[]any{id, p.Sites[0], p.Sites[1], p.Keys[0], p.Keys[1], string(p.Spaces[0]), string(p.Spaces[1]), string(p.Homes[0]), string(p.Homes[1]),
			p.Fingerprints[0], p.Fingerprints[1], p.Opened, p.Mine, p.Pass[0], p.Pass[1]}, &p.ID)
	if err == nil && !found {
		err = tx.fail(fmt.Errorf("store: pair %v was not written", p.Keys))
	}
	return err
}

// Pair returns a pair by its id; T-1004 if there is none.
func (s *Store) Pair(ctx context.Context, id int64) (Pair, error) {
	return one(ctx, s, scanPair, "pair", fmt.Sprint(id), "SELECT "+pairCols+" FROM pairs WHERE id = ?", id)
}

// PairOf returns the pair of two spaces by site names and keys; T-1004 if there is none.
func (s *Store) PairOf(ctx context.Context, sites, keys [2]string) (Pair, error) {
	return one(ctx, s, scanPair, "pair", sites[0]+":"+keys[0]+" "+sites[1]+":"+keys[1],
		"SELECT "+pairCols+" FROM pairs WHERE site_a = ? AND site_b = ? AND key_a = ? AND key_b = ?", sites[0], sites[1], keys[0], keys[1])
}

// Pairs returns all pairs by id.
func (s *Store) Pairs(ctx context.Context) ([]Pair, error) {
	return list(ctx, s, scanPair, "SELECT "+pairCols+" FROM pairs ORDER BY id")
}
