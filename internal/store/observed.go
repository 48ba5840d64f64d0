package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// Observed is what a side showed of one content when it was last read. The raw body is a blob, not part of it.
type Observed struct {
	Pair    int64
	Side    confluence.Side
	ID      confluence.ID // Content.ID
	Twin    confluence.TwinID
	Content confluence.Content // without Body.Raw
	Form    ObservedForm
	RawBlob confluence.Digest // of the raw body
	FileSum string            // SHA-256 of an attachment's bytes in lower-case hex, once they were read
	Pass    int64             // number of the scan that showed it last
}

// ObservedForm is what the body's canonical form said.
type ObservedForm struct {
	Skeleton     confluence.Digest
	Presentation confluence.Digest
	Content      confluence.Digest
	Format       string // version of the canonical form, or whatever the caller tells forms apart by
	Opaque       bool   // the body could not be parsed
	Late         []confluence.TwinID
	Refs         []byte // references as resolved; the caller's own encoding
}

// kinds are all kinds of content, so that a search by id alone can use the index that begins with the kind.
const kinds = "('page', 'blogpost', 'comment', 'attachment', 'folder', 'whiteboard', 'database', 'embed')"

const observedCols = "pair, side, kind, id, title, space, twin, pass, skeleton, presentation, content, format, opaque, raw, file_sum, late, refs, doc"

func scanObserved(r scanner) (o Observed, err error) {
	var late string
	var doc []byte
	c := &o.Content
	err = r.Scan(&o.Pair, &o.Side, &c.Kind, &o.ID, &c.Title, &c.SpaceKey, &o.Twin, &o.Pass, digestCol{&o.Form.Skeleton}, digestCol{&o.Form.Presentation},
		digestCol{&o.Form.Content}, &o.Form.Format, &o.Form.Opaque, digestCol{&o.RawBlob}, &o.FileSum, &late, &o.Form.Refs, &doc)
	if err != nil {
		return o, err
	}
	c.ID = o.ID
	if late != "" {
		for t := range strings.SplitSeq(late, "\n") {
			o.Form.Late = append(o.Form.Late, confluence.TwinID(t))
		}
	}
	return o, readContent(doc, c)
}

// PutObserved adds or replaces contents, by pair, side, kind and id.
func (tx *Tx) PutObserved(rows ...Observed) error {
	for i := range rows {
		o := &rows[i]
		doc, err := writeContent(&o.Content)
		if err != nil {
			return tx.fail(err)
		}
		late := make([]string, len(o.Form.Late))
		for i, t := range o.Form.Late {
			late[i] = string(t)
		}
		id := o.ID
		if id == "" {
			id = o.Content.ID
		}
		tx.touched = append(tx.touched, Touched{Pair: o.Pair, Side: o.Side, ID: id})
		if _, err := tx.exec("INSERT OR REPLACE INTO observed ("+observedCols+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			o.Pair, int64(o.Side), string(o.Content.Kind), string(id), o.Content.Title, o.Content.SpaceKey, string(o.Twin), o.Pass,
			digestArg(o.Form.Skeleton), digestArg(o.Form.Presentation), digestArg(o.Form.Content), o.Form.Format, o.Form.Opaque,
			digestArg(o.RawBlob), o.FileSum, strings.Join(late, "\n"), bytesArg(o.Form.Refs), doc); err != nil {
			return err
		}
	}
	return nil
}

// TouchObserved records that a scan showed contents again, unchanged.
func (tx *Tx) TouchObserved(pair int64, side confluence.Side, pass int64, ids ...confluence.ID) error {
	for _, id := range ids {
		tx.touched = append(tx.touched, Touched{Pair: pair, Side: side, ID: id})
		if _, err := tx.exec("UPDATE observed SET pass = ? WHERE pair = ? AND side = ? AND kind IN "+kinds+" AND id = ?", pass, pair, int64(side), string(id)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetObserved removes what no scan since beforePass has shown.
func (tx *Tx) ForgetObserved(pair int64, side confluence.Side, beforePass int64) error {
	tx.more = true
	_, err := tx.exec("DELETE FROM observed WHERE pair = ? AND side = ? AND pass < ?", pair, int64(side), beforePass)
	return err
}

// EachObserved calls fn for every content that a side showed, ordered by kind and id as text, from one consistent
// snapshot and without holding them in memory. An error of fn ends it and is returned.
func (s *Store) EachObserved(ctx context.Context, pair int64, side confluence.Side, fn func(Observed) error) error {
	return each(ctx, s, scanObserved, fn, "SELECT "+observedCols+" FROM observed WHERE pair = ? AND side = ? ORDER BY kind, id", pair, int64(side))
}

// ObservedByID returns contents by id, in the order of ids; those that are not there are left out.
func (s *Store) ObservedByID(ctx context.Context, pair int64, side confluence.Side, ids ...confluence.ID) ([]Observed, error) {
	var out []Observed
	for _, id := range ids {
		rows, err := list(ctx, s, scanObserved, "SELECT "+observedCols+" FROM observed WHERE pair = ? AND side = ? AND kind IN "+kinds+" AND id = ?", pair, int64(side), string(id))
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

const pairsShowing = "SELECT DISTINCT o.pair FROM observed o CROSS JOIN pairs p ON p.id = o.pair" +
	" WHERE o.id = ?1 AND (o.side = 0 AND p.site_a = ?2 OR o.side = 1 AND p.site_b = ?2) ORDER BY o.pair"

// PairsShowing returns the pairs in which a site was seen with a content, by number. None is no error.
func (s *Store) PairsShowing(ctx context.Context, site string, id confluence.ID) ([]int64, error) {
	return list(ctx, s, func(r scanner) (pair int64, err error) { return pair, r.Scan(&pair) },
		pairsShowing, string(id), site)
}

// CountObserved counts the contents of a side by kind.
func (s *Store) CountObserved(ctx context.Context, pair int64, side confluence.Side) (map[confluence.Kind]int, error) {
	type row struct {
		kind confluence.Kind
		n    int
	}
	out := map[confluence.Kind]int{}
	err := each(ctx, s, func(r scanner) (v row, err error) { err = r.Scan(&v.kind, &v.n); return v, err }, func(v row) error { out[v.kind] = v.n; return nil },
		"SELECT kind, count(*) FROM observed WHERE pair = ? AND side = ? GROUP BY kind", pair, int64(side))
	return out, err
}

// TitleRow is what resolving a reference by title needs of a content.
type TitleRow struct {
	Kind  confluence.Kind
	Title string
	Space string // key
	ID    confluence.ID
	Twin  confluence.TwinID
}

// TitleIndex calls fn for every content that a side showed, ordered by kind and id as text.
func (s *Store) TitleIndex(ctx context.Context, pair int64, side confluence.Side, fn func(TitleRow) error) error {
	return each(ctx, s, func(r scanner) (t TitleRow, err error) {
		err = r.Scan(&t.Kind, &t.Title, &t.Space, &t.ID, &t.Twin)
		return t, err
	}, fn, "SELECT kind, title, space, id, twin FROM observed WHERE pair = ? AND side = ? ORDER BY kind, id", pair, int64(side))
}

func writeContent(c *confluence.Content) ([]byte, error) { return json.Marshal(docOf(c)) }

func readContent(doc []byte, c *confluence.Content) error {
	var d contentDoc
	if err := json.Unmarshal(doc, &d); err != nil {
		return err
	}
	d.into(c)
	return nil
}
