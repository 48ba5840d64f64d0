package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/s2"
	"github.com/tandem-sync/tandem/internal/parity"
)

// ProofRow is the proof of one pair in one run.
type ProofRow struct {
	Run   string
	Pair  int64
	Proof parity.Proof
}

func scanProof(r scanner) (p ProofRow, err error) {
	var packed []byte
	if err := r.Scan(&p.Run, &p.Pair, &packed); err != nil {
		return p, err
	}
	doc, err := s2.Decode(nil, packed)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(doc, &p.Proof)
}

// PutProof stores the proof of a pair, in place of an earlier one of the same run.
func (tx *Tx) PutProof(run string, pair int64, p parity.Proof) error {
	doc, err := json.Marshal(p)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec("INSERT OR REPLACE INTO proofs (run, pair, space, depth, equal, packed) VALUES (?, ?, ?, ?, ?, ?)",
		run, pair, p.Space, string(p.Depth), p.Equal, s2.Encode(nil, doc))
	return err
}

// Proof returns the proof of a pair in a run; T-1004 if there is none.
func (s *Store) Proof(ctx context.Context, run string, pair int64) (parity.Proof, error) {
	p, err := one(ctx, s, scanProof, "proof", fmt.Sprintf("%s %d", run, pair), "SELECT run, pair, packed FROM proofs WHERE run = ? AND pair = ?", run, pair)
	return p.Proof, err
}

// Proofs returns the proofs of a run by pair.
func (s *Store) Proofs(ctx context.Context, run string) ([]ProofRow, error) {
	return list(ctx, s, scanProof, "SELECT run, pair, packed FROM proofs WHERE run = ? ORDER BY pair", run)
}
