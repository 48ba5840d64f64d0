package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// FeedMark is how far the feed of a site was read. Times are those of the site's own clock.
type FeedMark struct {
	// Since is the newest change that was seen; the next reading reaches back from there by the lag of the site's index.
	Since time.Time `json:"since"`
	// Read is when the last reading began.
	Read time.Time `json:"read"`
	// Lags are the latest delays with which changes showed, newest last.
	Lags []time.Duration `json:"lags,omitempty"`
	// Seen are the newest versions that were seen within the reach, by kind and id.
	Seen map[string]SeenVersion `json:"seen,omitempty"`
	// Skew is the site's clock minus ours, when it was last known.
	Skew time.Duration `json:"skew,omitempty"`
	// Failures counts readings in a row that failed.
	Failures int `json:"failures,omitempty"`
	// Intervals counts readings since the mark was made.
	Intervals int64 `json:"intervals"`
}

// SeenVersion is a version that a feed showed.
type SeenVersion struct {
	Number int               `json:"n"`
	Status confluence.Status `json:"s,omitempty"`
	At     time.Time         `json:"at"`
}

// PutFeed stores how far the feed of a site was read.
func (tx *Tx) PutFeed(site string, m FeedMark) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec("INSERT OR REPLACE INTO feeds (site, doc) VALUES (?, ?)", site, doc)
	return err
}

// Feed returns how far the feed of a site was read; T-1004 if it never was.
func (s *Store) Feed(ctx context.Context, site string) (FeedMark, error) {
	return one(ctx, s, func(r scanner) (m FeedMark, err error) {
		var doc []byte
		if err := r.Scan(&doc); err != nil {
			return m, err
		}
		return m, json.Unmarshal(doc, &m)
	}, "feed of site", site, "SELECT doc FROM feeds WHERE site = ?", site)
}

// Hint says that a content of a pair changed, so that a cycle looks at it. It proves nothing.
type Hint struct {
	Pair      int64
	Side      confluence.Side
	Kind      confluence.Kind
	ID        confluence.ID
	Version   int
	Container confluence.ID
	At        time.Time // of the change, by the site's clock; zero: not known
	Noted     time.Time // when it was noted; set by PutHint
}

// PutHint adds hints, or replaces those of the same content. One that replaces another is noted later than that, whatever
// the clock does.
func (tx *Tx) PutHint(hints ...Hint) error {
	for _, h := range hints {
		if _, err := tx.exec(`INSERT INTO hints (pair, side, kind, id, version, container, at, noted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET version = excluded.version, container = excluded.container, at = excluded.at,
			noted = MAX(excluded.noted, hints.noted + 1)`,
			h.Pair, int64(h.Side), string(h.Kind), string(h.ID), h.Version, string(h.Container), nanos(h.At), nanos(tx.w.store.now())); err != nil {
			return err
		}
	}
	return nil
}

// DropHint removes a hint as it was read. One of the same content that was noted since is news, and stays.
func (tx *Tx) DropHint(h Hint) error {
	_, err := tx.exec("DELETE FROM hints WHERE pair = ? AND side = ? AND kind = ? AND id = ? AND noted = ?",
		h.Pair, int64(h.Side), string(h.Kind), string(h.ID), nanos(h.Noted))
	return err
}

// Hints returns the hints of a pair by side, kind and id.
func (s *Store) Hints(ctx context.Context, pair int64) ([]Hint, error) {
	return list(ctx, s, func(r scanner) (h Hint, err error) {
		err = r.Scan(&h.Pair, &h.Side, &h.Kind, &h.ID, &h.Version, &h.Container, timeCol{&h.At}, timeCol{&h.Noted})
		return h, err
	}, "SELECT pair, side, kind, id, version, container, at, noted FROM hints WHERE pair = ? ORDER BY side, kind, id", pair)
}
