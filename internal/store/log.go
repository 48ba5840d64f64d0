package store

import (
	"context"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// LogLine is one line of the log of a run, for people.
type LogLine struct {
	N     int64 // grows; set by the store
	At    time.Time
	Level string // info, warning or error
	Code  confluence.Code
	Text  string
	Space string
}

// Log adds a line. At is set to now where it is zero.
func (tx *Tx) Log(run string, l LogLine) error {
	if l.At.IsZero() {
		l.At = tx.w.store.now()
	}
	_, err := tx.exec("INSERT INTO log (run, at, level, code, space, text) VALUES (?, ?, ?, ?, ?, ?)", run, nanos(l.At), l.Level, string(l.Code), l.Space, l.Text)
	return err
}

// Log returns lines of a run after line number after, at most limit of them, all if limit is 0.
func (s *Store) Log(ctx context.Context, run string, after int64, limit int) ([]LogLine, error) {
	if limit <= 0 {
		limit = -1
	}
	return list(ctx, s, func(r scanner) (l LogLine, err error) {
		err = r.Scan(&l.N, timeCol{&l.At}, &l.Level, &l.Code, &l.Space, &l.Text)
		return l, err
	}, "SELECT id, at, level, code, space, text FROM log WHERE run = ? AND id > ? ORDER BY id LIMIT ?", run, after, limit)
}
