package store

import (
	"context"
	"fmt"

	"github.com/klauspost/compress/s2"
	"github.com/tandem-sync/tandem/internal/confluence"
)

// PutBlob stores bytes under their digest, compressed, once. An error makes the Commit fail.
func (tx *Tx) PutBlob(b []byte) confluence.Digest {
	d := confluence.Sum(b)
	var there int
	if found, err := tx.row("SELECT 1 FROM blobs WHERE digest = ?", []any{d[:]}, &there); found || err != nil {
		return d
	}
	tx.exec("INSERT INTO blobs (digest, size, packed) VALUES (?, ?, ?)", d[:], len(b), s2.Encode(nil, b))
	return d
}

// Blob returns the bytes that were stored under a digest; T-1004 if there are none, T-1503 if they are not those bytes
// any more.
func (s *Store) Blob(ctx context.Context, d confluence.Digest) ([]byte, error) {
	packed, err := one(ctx, s, func(r scanner) ([]byte, error) {
		var b []byte
		return b, r.Scan(&b)
	}, "blob", d.String(), "SELECT packed FROM blobs WHERE digest = ?", d[:])
	if err != nil {
		return nil, err
	}
	b, err := s2.Decode(nil, packed)
	if err == nil && confluence.Sum(b) != d {
		err = fmt.Errorf("other bytes than were stored")
	}
	if err != nil {
		return nil, confluence.Errorf(confluence.CodeStateDamaged, "the blob %s is damaged", d).Because(err)
	}
	return b, nil
}
