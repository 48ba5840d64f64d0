package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// AgreedRow is one row of the baseline of a pair: what both sides last agreed on about one content, and what their
// bodies were, as blobs.
type AgreedRow struct {
	reconcile.Agreed
	Ancestor confluence.Digest    // canonical ancestor of the two bodies
	Raw      [2]confluence.Digest // raw body of each side as last read back
	Refs     [2][]byte            // references as resolved on each side; the caller's own encoding
	// Pending are facets that were written to a side and not read back yet: the digest of the other side is what was
	// carried.
	Pending [2]reconcile.Facets
	Sent    [2]confluence.Digest // content digest of the body as it was last sent to a side, references as written
}

const agreedCols = "twin, kind, id_a, id_b, version_a, version_b, title_a, title_b, parent, facets, tomb, digests_a, digests_b, ancestor, raw_a, raw_b, refs_a, refs_b," +
	" pending_a, pending, sent_a, sent, doc"

// agreedDoc is the part of a row that is stored but never searched. Its member names are part of the file's format.
type agreedDoc struct {
	Labels    [2][]string         `json:"labels,omitzero"`
	Readers   [2][]string         `json:"readers,omitzero"`
	Editors   [2][]string         `json:"editors,omitzero"`
	Resolved  bool                `json:"resolved,omitempty"`
	Owed      [2]reconcile.Facets `json:"owed,omitzero"`
	Landed    [2]bool             `json:"landed,omitzero"`
	Detached  bool                `json:"detached,omitempty"`
	Contested bool                `json:"contested,omitempty"`
	Held      reconcile.Facets    `json:"held,omitempty"`
}

func (d *agreedDoc) empty() bool {
	for side := range 2 {
		if len(d.Labels[side])+len(d.Readers[side])+len(d.Editors[side]) > 0 || d.Owed[side] != 0 || d.Landed[side] {
			return false
		}
	}
	return !d.Resolved && !d.Detached && !d.Contested && d.Held == 0
}

// pack returns the document of a row, nil for nothing.
func (a *AgreedRow) pack() ([]byte, error) {
	d := agreedDoc{Labels: a.Labels, Resolved: a.Resolved, Owed: a.Owed, Landed: a.Landed, Detached: a.Detached, Contested: a.Contested, Held: a.Held}
	for side := range 2 {
		d.Readers[side], d.Editors[side] = texts(a.Readers[side]), texts(a.Editors[side])
	}
	if d.empty() {
		return nil, nil
	}
	return json.Marshal(d)
}

func (a *AgreedRow) unpack(doc []byte) error {
	if len(doc) == 0 {
		return nil
	}
	var d agreedDoc
	if err := json.Unmarshal(doc, &d); err != nil {
		return err
	}
	a.Labels, a.Resolved, a.Owed, a.Landed, a.Detached, a.Contested, a.Held = d.Labels, d.Resolved, d.Owed, d.Landed, d.Detached, d.Contested, d.Held
	for side := range 2 {
		a.Readers[side], a.Editors[side] = principals(d.Readers[side]), principals(d.Editors[side])
	}
	return nil
}

func scanAgreed(r scanner) (a AgreedRow, err error) {
	var digests [2][]byte
	var doc []byte
	err = r.Scan(&a.Twin, &a.Kind, &a.ID[0], &a.ID[1], &a.Version[0], &a.Version[1], &a.Title[0], &a.Title[1], &a.Parent, &a.Facets, &a.Tomb,
		&digests[0], &digests[1], digestCol{&a.Ancestor}, digestCol{&a.Raw[0]}, digestCol{&a.Raw[1]}, &a.Refs[0], &a.Refs[1],
		&a.Pending[0], &a.Pending[1], digestCol{&a.Sent[0]}, digestCol{&a.Sent[1]}, &doc)
	if err == nil {
		err = a.unpack(doc)
	}
	for i := range digests {
		if err == nil {
			err = unpackDigests(digests[i], a.Digest[i][:])
		}
	}
	return a, err
}

// packDigests writes which digests are there as 16 bits, then those digests; nil if there are none.
func packDigests(ds []confluence.Digest) []byte {
	var mask uint16
	out := make([]byte, 2, 2+len(ds)*len(confluence.Digest{}))
	for i, d := range ds {
		if !d.IsZero() {
			mask |= 1 << i
			out = append(out, d[:]...)
		}
	}
	if mask == 0 {
		return nil
	}
	binary.LittleEndian.PutUint16(out, mask)
	return out
}

func unpackDigests(b []byte, ds []confluence.Digest) error {
	if len(b) == 0 {
		return nil
	}
	damaged := fmt.Errorf("store: digests of %d bytes", len(b))
	if len(b) < 2 {
		return damaged
	}
	mask, rest := binary.LittleEndian.Uint16(b), b[2:]
	if mask>>len(ds) != 0 {
		return damaged
	}
	for i := range ds {
		if mask&(1<<i) == 0 {
			continue
		}
		if len(rest) < len(ds[i]) {
			return damaged
		}
		rest = rest[copy(ds[i][:], rest):]
	}
	if len(rest) > 0 {
		return damaged
	}
	return nil
}

// PutAgreed adds or replaces rows of the baseline by twin. It needs a lease: only the current owner moves a baseline.
func (tx *Tx) PutAgreed(pair int64, rows ...AgreedRow) error {
	if err := tx.needLease("the baseline"); err != nil {
		return err
	}
	for i := range rows {
		a := &rows[i]
		doc, err := a.pack()
		if err != nil {
			return tx.fail(err)
		}
		tx.touched = append(tx.touched, Touched{Pair: pair, Twin: a.Twin})
		if _, err := tx.exec("INSERT OR REPLACE INTO agreed (pair, "+agreedCols+") VALUES ("+marks(24)+")",
			pair, string(a.Twin), string(a.Kind), string(a.ID[0]), string(a.ID[1]), a.Version[0], a.Version[1], a.Title[0], a.Title[1],
			string(a.Parent), int64(a.Facets), a.Tomb, bytesArg(packDigests(a.Digest[0][:])), bytesArg(packDigests(a.Digest[1][:])),
			digestArg(a.Ancestor), digestArg(a.Raw[0]), digestArg(a.Raw[1]), bytesArg(a.Refs[0]), bytesArg(a.Refs[1]),
			int64(a.Pending[0]), int64(a.Pending[1]), digestArg(a.Sent[0]), digestArg(a.Sent[1]), bytesArg(doc)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetAgreed removes rows of the baseline.
func (tx *Tx) ForgetAgreed(pair int64, twins ...confluence.TwinID) error {
	if err := tx.needLease("the baseline"); err != nil {
		return err
	}
	tx.more = true
	for _, t := range twins {
		if _, err := tx.exec("DELETE FROM agreed WHERE pair = ? AND twin = ?", pair, string(t)); err != nil {
			return err
		}
	}
	return nil
}

// EachAgreed calls fn for every row of the baseline of a pair by twin, as EachObserved.
func (s *Store) EachAgreed(ctx context.Context, pair int64, fn func(AgreedRow) error) error {
	return each(ctx, s, scanAgreed, fn, "SELECT "+agreedCols+" FROM agreed WHERE pair = ? ORDER BY twin", pair)
}

// AgreedByTwin returns rows of the baseline in the order of twins; those that are not there are left out.
func (s *Store) AgreedByTwin(ctx context.Context, pair int64, twins ...confluence.TwinID) ([]AgreedRow, error) {
	var out []AgreedRow
	for _, t := range twins {
		rows, err := list(ctx, s, scanAgreed, "SELECT "+agreedCols+" FROM agreed WHERE pair = ? AND twin = ?", pair, string(t))
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// TwinOf returns the twin id of a content of one side of a pair; T-1004 if it has none. Of a content that lives and one
// that is gone under the same id, the living one counts.
func (s *Store) TwinOf(ctx context.Context, pair int64, side confluence.Side, id confluence.ID) (confluence.TwinID, error) {
	query := "SELECT twin FROM agreed WHERE pair = ? AND id_a = ? AND id_a <> '' ORDER BY tomb LIMIT 1"
	if side == confluence.B {
		query = "SELECT twin FROM agreed WHERE pair = ? AND id_b = ? AND id_b <> '' ORDER BY tomb LIMIT 1"
	}
	return one(ctx, s, func(r scanner) (t confluence.TwinID, err error) {
		err = r.Scan(&t)
		return t, err
	}, "twin of content", string(id), query, pair, string(id))
}

// Found is a content of a site that has a twin in some pair.
type Found struct {
	Pair Pair
	Side confluence.Side // on which the site stands in that pair
	Twin confluence.TwinID
	Kind confluence.Kind
	ID   [2]confluence.ID
}

// findTwin asks for a content by its id on either side. CROSS JOIN keeps the order of the tables: the id comes first, and
// what it costs does not hang on how many pairs and contents there are.
var findTwin = func() (q [2]string) {
	const cols = "SELECT p.id, p.site_a, p.site_b, p.key_a, p.key_b, p.space_a, p.space_b, p.home_a, p.home_b, p.fingerprint_a," +
		" p.fingerprint_b, p.opened, p.mine, p.pass_a, p.pass_b, a.twin, a.kind, a.id_a, a.id_b FROM agreed a CROSS JOIN pairs p ON p.id = a.pair"
	q[confluence.A] = cols + " WHERE p.site_a = ?1 AND a.id_a = ?2 AND a.id_a <> '' AND a.tomb = 0 ORDER BY p.id, a.twin"
	q[confluence.B] = cols + " WHERE p.site_b = ?1 AND a.id_b = ?2 AND a.id_b <> '' AND a.tomb = 0 ORDER BY p.id, a.twin"
	return q
}()

// FindTwin looks for a content of a site in all pairs, by pair. Contents that are gone are left out. None found is no
// error.
func (s *Store) FindTwin(ctx context.Context, site string, id confluence.ID) ([]Found, error) {
	var out []Found
	for side, query := range findTwin {
		rows, err := list(ctx, s, func(r scanner) (Found, error) {
			f := Found{Side: confluence.Side(side)}
			p := &f.Pair
			err := r.Scan(&p.ID, &p.Sites[0], &p.Sites[1], &p.Keys[0], &p.Keys[1], &p.Spaces[0], &p.Spaces[1], &p.Homes[0], &p.Homes[1],
				&p.Fingerprints[0], &p.Fingerprints[1], &p.Opened, &p.Mine, &p.Pass[0], &p.Pass[1], &f.Twin, &f.Kind, &f.ID[0], &f.ID[1])
			return f, err
		}, query, site, string(id))
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}
