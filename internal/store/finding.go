package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// FindingFilter selects findings. Members that are empty do not restrict.
type FindingFilter struct {
	Run      string
	Space    string
	Severity string
	Code     confluence.Code
	State    string
	After    string // ID of the last finding of the page before; needs Run
	Limit    int    // 0: all
}

// subject is what there is one finding for in a run: content, code and facet; without a content, what it names instead.
func subject(f *migration.Finding) string {
	parts := []string{string(f.Code), f.Site, f.Space, f.Where.Facet, string(f.Content.Kind), string(f.Content.ID)}
	if f.Content.ID == "" {
		parts = append(parts, string(f.Content.Twin), f.Content.Title, f.Where.Path, f.Where.Detail, f.Check)
	}
	return strings.Join(parts, "\x00")
}

// AddFinding adds findings to a run. There is one per content, code and facet: several in one call become one, with
// their counts added up, and one that is there already is replaced but keeps its ID, its time and what a person said
// about it. So adding the same findings again, after a crash or by a second check, changes nothing.
func (tx *Tx) AddFinding(run string, findings ...migration.Finding) error {
	var order []string
	sum := map[string]migration.Finding{}
	for _, f := range findings {
		f.Run = run
		f.Count = max(f.Count, 1)
		key := subject(&f)
		if was, ok := sum[key]; ok {
			was.Count += f.Count
			sum[key] = was
			continue
		}
		order, sum[key] = append(order, key), f
	}
	for _, key := range order {
		if err := tx.putFinding(run, key, sum[key]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) putFinding(run, key string, f migration.Finding) error {
	was, found, err := tx.findingBy("subject", run, key)
	if err != nil {
		return err
	}
	switch {
	case found:
		f.ID, f.At, f.State, f.By, f.Reason = was.ID, was.At, was.State, was.By, was.Reason
	default:
		d := confluence.Sum([]byte(run + "\x00" + key))
		f.ID = "F" + hex.EncodeToString(d[:6])
		if f.At.IsZero() {
			f.At = tx.w.store.now().UTC()
		}
		if f.State == "" {
			f.State = migration.StateOpen
		}
	}
	doc, err := json.Marshal(f)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec("INSERT INTO findings (id, run, subject, space, severity, code, state, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"+
		" ON CONFLICT (run, subject) DO UPDATE SET severity = excluded.severity, state = excluded.state, doc = excluded.doc",
		f.ID, run, key, f.Space, f.Severity, string(f.Code), f.State, doc)
	return err
}

func (tx *Tx) findingBy(column, run, value string) (f migration.Finding, found bool, err error) {
	var doc []byte
	found, err = tx.row("SELECT doc FROM findings WHERE run = ? AND "+column+" = ?", []any{run, value}, &doc)
	if err == nil && found {
		if err = json.Unmarshal(doc, &f); err != nil {
			tx.fail(err)
		}
	}
	return f, found, err
}

// SetFinding records that a person accepted, settled or reopened a finding, and why.
func (tx *Tx) SetFinding(run, id, state, by, reason string) error {
	f, found, err := tx.findingBy("id", run, id)
	if err != nil {
		return err
	}
	if !found {
		return tx.fail(confluence.Errorf(confluence.CodeNoSuchName, "no finding %q in run %q", id, run))
	}
	f.State, f.By, f.Reason = state, by, reason
	doc, err := json.Marshal(f)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec("UPDATE findings SET state = ?, doc = ? WHERE run = ? AND id = ?", state, doc, run, id)
	return err
}

// RemoveFindings removes the open findings of a run that the filter selects, so that what is tried again can be judged
// anew. After and Limit count for nothing.
func (tx *Tx) RemoveFindings(f FindingFilter) error {
	f.State, f.After = migration.StateOpen, ""
	where, args := f.where()
	_, err := tx.exec("DELETE FROM findings WHERE "+where, args...)
	return err
}

func (f FindingFilter) where() (string, []any) {
	conds, args := []string{"1"}, []any(nil)
	for _, c := range []struct{ column, value string }{
		{"run", f.Run}, {"space", f.Space}, {"severity", f.Severity}, {"code", string(f.Code)}, {"state", f.State},
	} {
		if c.value != "" {
			conds, args = append(conds, c.column+" = ?"), append(args, c.value)
		}
	}
	if f.After != "" {
		conds, args = append(conds, "seq > (SELECT seq FROM findings WHERE run = ? AND id = ?)"), append(args, f.Run, f.After)
	}
	return strings.Join(conds, " AND "), args
}

// Findings returns findings in the order in which they were added.
func (s *Store) Findings(ctx context.Context, f FindingFilter) ([]migration.Finding, error) {
	where, args := f.where()
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	return list(ctx, s, func(r scanner) (v migration.Finding, err error) {
		var doc []byte
		if err := r.Scan(&doc); err != nil {
			return v, err
		}
		return v, json.Unmarshal(doc, &v)
	}, "SELECT doc FROM findings WHERE "+where+" ORDER BY seq LIMIT ?", append(args, limit)...)
}
