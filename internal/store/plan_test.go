package store

import (
	"context"
	"strings"
	"testing"
)

// Questions that are asked while everything waits are answered from an index, however long the journal has grown.
func TestQuestionsUseAnIndex(t *testing.T) {
	s, err := Open(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	where := func(f JournalFilter) string { q, _ := f.query(); return q }
	for query, index := range map[string]string{
		where(JournalFilter{open: true}):           "journal_open",
		where(JournalFilter{open: true, Pair: 1}):  "journal_",
		where(JournalFilter{open: true, Run: "r"}): "journal_",
		where(JournalFilter{Twin: "t"}):            "journal_twin",
		where(JournalFilter{Op: "o"}):              "sqlite_autoindex_journal_1",
		"SELECT op FROM journal WHERE twin = ? AND side = ? AND site = ? AND verb = ? AND natural_key = ? AND state IN ('intent', 'unknown')": "journal_open",
		"SELECT " + observedCols + " FROM observed WHERE pair = ? AND side = ? ORDER BY kind, id":                                             "sqlite_autoindex_observed_1",
		"SELECT " + observedCols + " FROM observed WHERE pair = ? AND side = ? AND kind IN " + kinds + " AND id = ?":                          "kind=? AND id=?",
		"SELECT " + agreedCols + " FROM agreed WHERE pair = ? ORDER BY twin":                                                                  "sqlite_autoindex_agreed_1",
		"SELECT twin FROM agreed WHERE pair = ? AND id_b = ? AND id_b <> '' ORDER BY tomb LIMIT 1":                                            "agreed_id_b",
		"SELECT min(ready) FROM slices WHERE parked = 0":                                                                                      "slices_ready",
		"SELECT id FROM log WHERE run = ? AND id > ? ORDER BY id LIMIT 5":                                                                     "log_run",
	} {
		details, err := list(context.Background(), s, func(r scanner) (string, error) {
			var a, b, c int
			var detail string
			err := r.Scan(&a, &b, &c, &detail)
			return detail, err
		}, "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
		plan := strings.Join(details, "; ")
		if err != nil || !strings.Contains(plan, index) || !strings.Contains(plan, "SEARCH") && !strings.Contains(plan, "USING INDEX") {
			t.Errorf("%s\nplan: %s (%v)", query, plan, err)
		}
	}
}
