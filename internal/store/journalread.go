package store

import (
	"context"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// JournalRow is one row of the journal. Outcome.State is intent while nothing is known; ReadBack.At is zero before the
// change was read back.
type JournalRow struct {
	Seq int64 // grows with every intent
	Intent
	Outcome  Outcome
	ReadBack ReadBack
	// Late holds outcomes that came after the row was settled, oldest first.
	Late []Outcome
}

// JournalFilter selects rows of the journal. Members that are zero do not restrict.
type JournalFilter struct {
	Op     string
	Pair   int64
	Run    string
	Twin   confluence.TwinID
	Verbs  []confluence.Verb
	States []string
	Unread bool  // done, and not read back
	After  int64 // JournalRow.Seq of the last row of the page before
	Limit  int   // 0: all

	open bool // states intent and unknown
}

const journalCols = "seq, op, run, pair, slice, fence, cycle, twin, side, site, verb, target_id, facets, pre_version, pre_digest, payload_digest," +
	" payload_blob, natural_key, needs, attempt, retry_of, sent_at, timeout_ms, state, http_status, code, new_id, new_version, ended_at," +
	" content_digest, presentation_digest, raw_blob, read_version, read_at"

func scanJournal(r scanner) (j JournalRow, err error) {
	err = r.Scan(&j.Seq, &j.Op, &j.Run, &j.Pair, &j.Slice, &j.Fence, &j.Cycle, &j.Twin, &j.Side, &j.Site, &j.Verb, &j.TargetID, &j.Facets,
		&j.PreVersion, digestCol{&j.PreDigest}, digestCol{&j.PayloadDigest}, digestCol{&j.PayloadBlob}, &j.NaturalKey, &j.Needs, &j.Attempt,
		&j.RetryOf, timeCol{&j.SentAt}, &j.TimeoutMS, &j.Outcome.State, &j.Outcome.HTTPStatus, &j.Outcome.Code, &j.Outcome.NewID,
		&j.Outcome.NewVersion, timeCol{&j.Outcome.EndedAt}, digestCol{&j.ReadBack.Content}, digestCol{&j.ReadBack.Presentation},
		digestCol{&j.ReadBack.Raw}, &j.ReadBack.Version, timeCol{&j.ReadBack.At})
	j.Outcome.Op = j.Op
	return j, err
}

// where returns the condition and its arguments.
func (f JournalFilter) where() (string, []any) {
	conds, args := []string{"1"}, []any(nil)
	add := func(cond string, arg ...any) { conds, args = append(conds, cond), append(args, arg...) }
	if f.After > 0 {
		add("seq > ?", f.After)
	}
	if f.open {
		add("state IN ('intent', 'unknown')") // written out, so that the index of open rows serves
	}
	if f.Op != "" {
		add("op = ?", f.Op)
	}
	if f.Pair != 0 {
		add("pair = ?", f.Pair)
	}
	if f.Run != "" {
		add("run = ?", f.Run)
	}
	if f.Twin != "" {
		add("twin = ?", string(f.Twin))
	}
	if len(f.Verbs) > 0 {
		var vs []any
		for _, v := range f.Verbs {
			vs = append(vs, string(v))
		}
		add("verb IN ("+marks(len(vs))+")", vs...)
	}
	if len(f.States) > 0 {
		var ss []any
		for _, v := range f.States {
			ss = append(ss, v)
		}
		add("state IN ("+marks(len(ss))+")", ss...)
	}
	if f.Unread {
		add("state = 'done' AND read_at = 0")
	}
	return strings.Join(conds, " AND "), args
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// query returns the statement and its arguments.
func (f JournalFilter) query() (string, []any) {
	where, args := f.where()
	limit, order := f.Limit, "seq"
	if limit <= 0 {
		limit = -1
	}
	if f.open {
		order = "+seq" // few rows of many: from their index, not by walking the whole journal in order
	}
	return "SELECT " + journalCols + " FROM journal WHERE " + where + " ORDER BY " + order + " LIMIT ?", append(args, limit)
}

// Journal returns rows by Seq.
func (s *Store) Journal(ctx context.Context, f JournalFilter) ([]JournalRow, error) {
	query, args := f.query()
	rows, err := list(ctx, s, scanJournal, query, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	where, args := f.where()
	late, err := list(ctx, s, scanOutcome, "SELECT op, state, http_status, code, new_id, new_version, ended_at FROM journal_late"+
		" WHERE op IN (SELECT op FROM journal WHERE "+where+") ORDER BY id", args...)
	if err != nil || len(late) == 0 {
		return rows, err
	}
	at := map[string]int{}
	for i := range rows {
		at[rows[i].Op] = i
	}
	for _, o := range late {
		if i, ok := at[o.Op]; ok {
			rows[i].Late = append(rows[i].Late, o)
		}
	}
	return rows, nil
}

func scanOutcome(r scanner) (o Outcome, err error) {
	err = r.Scan(&o.Op, &o.State, &o.HTTPStatus, &o.Code, &o.NewID, &o.NewVersion, timeCol{&o.EndedAt})
	return o, err
}

// OpenIntents returns the rows whose outcome is not known (states intent and unknown), by Seq.
func (s *Store) OpenIntents(ctx context.Context, f JournalFilter) ([]JournalRow, error) {
	f.open = true
	return s.Journal(ctx, f)
}
