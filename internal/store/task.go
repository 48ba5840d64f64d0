package store

import (
	"context"
	"encoding/json"

	"github.com/tandem-sync/tandem/internal/migration"
)

// TaskRow is a task of a run. There is one per run and source space.
type TaskRow struct {
	Run   string
	Space string // key at the source; empty for a task that belongs to no space
	Pair  int64  // 0 before there is one
	Task  migration.Task
}

func scanTask(r scanner) (t TaskRow, err error) {
	var doc []byte
	if err := r.Scan(&t.Run, &t.Space, &t.Pair, &doc); err != nil {
		return t, err
	}
	return t, json.Unmarshal(doc, &t.Task)
}

// PutTask adds or replaces a task.
func (tx *Tx) PutTask(t TaskRow) error {
	doc, err := json.Marshal(t.Task)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec("INSERT INTO tasks (run, space, pair, status, doc) VALUES (?, ?, ?, ?, ?)"+
		" ON CONFLICT (run, space) DO UPDATE SET pair = excluded.pair, status = excluded.status, doc = excluded.doc",
		t.Run, t.Space, t.Pair, string(t.Task.Status), doc)
	return err
}

// Tasks returns the tasks of a run in the order in which they were added.
func (s *Store) Tasks(ctx context.Context, run string) ([]TaskRow, error) {
	return list(ctx, s, scanTask, "SELECT run, space, pair, doc FROM tasks WHERE run = ? ORDER BY seq", run)
}

// Task returns one task; T-1004 if there is none.
func (s *Store) Task(ctx context.Context, run, space string) (TaskRow, error) {
	return one(ctx, s, scanTask, "task", run+" "+space, "SELECT run, space, pair, doc FROM tasks WHERE run = ? AND space = ?", run, space)
}
