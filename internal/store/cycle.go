package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// The kinds of cycles.
const (
	CycleFeed  = "feed"  // what the feeds named
	CyclePage  = "page"  // single contents that a person named
	CycleSweep = "sweep" // both spaces listed
)

// The outcomes of cycles.
const (
	CycleOpen   = ""       // under way
	CycleDone   = "done"   // decided and carried
	CycleHalted = "halted" // a brake, or an error that no cycle gets past
	CycleEnded  = "ended"  // a person paused or retired the pair
	CycleFailed = "failed" // an error; the next cycle tries again
)

// Cycle is one pass of look, decide, apply over a pair.
type Cycle struct {
	Pair    int64     `json:"-"`
	Number  int64     `json:"number"`
	Kind    string    `json:"kind"`
	Answers int64     `json:"answers,omitempty"` // PairRow.Asked when it began
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"` // zero: under way
	Outcome string    `json:"outcome"`
	// Writes counts what each site accepted, by verb; the double checkpoint is not counted.
	Writes [2]map[confluence.Verb]int `json:"writes"`
	Calls  [2]int64                   `json:"calls"`  // requests of this cycle, reads included
	Looked [2]int                     `json:"looked"` // contents that were fetched
	// Unknown counts contents that could not be seen and of which nothing is known.
	Unknown [2]int `json:"unknown"`
	Merged  int    `json:"merged,omitempty"`
	Opened  int    `json:"opened,omitempty"` // conflicts
	Closed  int    `json:"closed,omitempty"`
	Open    int    `json:"open"` // conflicts open afterwards
	Failed  int    `json:"failed,omitempty"`
	DryRun  bool   `json:"dryRun,omitempty"`
	// Plan is what would have been done, where a brake or a dry run kept it from being done.
	Plan  []Planned          `json:"plan,omitempty"`
	Rows  map[int]int        `json:"rows,omitempty"` // rows of the decision table that decided
	Halt  *Halt              `json:"halt,omitempty"`
	Error *migration.Finding `json:"error,omitempty"`
	// Request is what a person asked of it.
	Request Request `json:"request,omitzero"`
}

// Planned is a change that was decided and not made.
type Planned struct {
	Side   confluence.Side   `json:"side"`
	Verb   confluence.Verb   `json:"verb"`
	Kind   confluence.Kind   `json:"kind"`
	Twin   confluence.TwinID `json:"twin"`
	Title  string            `json:"title"`
	Facets reconcile.Facets  `json:"facets"`
}

// Written is the number of changes that a side accepted.
func (c Cycle) Written(side confluence.Side) (n int) {
	for _, v := range c.Writes[side] {
		n += v
	}
	return n
}

func scanCycle(r scanner) (c Cycle, err error) {
	var pair int64
	var doc []byte
	if err := r.Scan(&pair, &doc); err != nil {
		return c, err
	}
	err = json.Unmarshal(doc, &c)
	c.Pair = pair
	return c, err
}

// NewCycle begins the next cycle of a pair, started now, and takes the request that it answers. An error makes the Commit
// fail.
func (tx *Tx) NewCycle(name, kind string) (Cycle, error) {
	c := Cycle{Kind: kind, Started: tx.w.store.now().UTC()}
	var request []byte
	found, err := tx.row("SELECT pair, cycle + 1, asked, request FROM kept WHERE name = ?", []any{name}, &c.Pair, &c.Number, &c.Answers, &request)
	if err == nil && !found {
		err = tx.fail(noPair(name))
	}
	if err == nil && request != nil {
		err = tx.failIf(json.Unmarshal(request, &c.Request))
	}
	if err != nil {
		return c, err
	}
	if _, err := tx.exec("UPDATE kept SET cycle = ?, request = NULL WHERE name = ?", c.Number, name); err != nil {
		return c, err
	}
	return c, tx.PutCycle(c)
}

// PutCycle replaces a cycle by pair and number.
func (tx *Tx) PutCycle(c Cycle) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec("INSERT OR REPLACE INTO cycles (pair, number, answers, started, ended, doc) VALUES (?, ?, ?, ?, ?, ?)",
		c.Pair, c.Number, c.Answers, nanos(c.Started), nanos(c.Ended), doc)
	return err
}

// KeepCycles forgets all but the newest cycles of a pair, and never those that wrote something or were halted.
func (tx *Tx) KeepCycles(pair int64, newest int) error {
	_, err := tx.exec("DELETE FROM cycles WHERE pair = ?1 AND number <= (SELECT max(number) FROM cycles WHERE pair = ?1) - ?2"+
		" AND ended > 0 AND json_extract(doc, '$.outcome') = 'done' AND json_extract(doc, '$.writes[0]') IS NULL AND json_extract(doc, '$.writes[1]') IS NULL", pair, newest)
	return err
}

// Cycle returns a cycle of a pair; T-1004 if it is not there.
func (s *Store) Cycle(ctx context.Context, pair, number int64) (Cycle, error) {
	return one(ctx, s, scanCycle, "cycle", fmt.Sprint(number), "SELECT pair, doc FROM cycles WHERE pair = ? AND number = ?", pair, number)
}

// Cycles returns the newest cycles of a pair, newest first, at most limit of them, all if limit is 0.
func (s *Store) Cycles(ctx context.Context, pair int64, limit int) ([]Cycle, error) {
	if limit <= 0 {
		limit = -1
	}
	return list(ctx, s, scanCycle, "SELECT pair, doc FROM cycles WHERE pair = ? ORDER BY number DESC LIMIT ?", pair, limit)
}

// AnswerTo returns the first ended cycle that answers a request of a pair; found is false while there is none.
func (s *Store) AnswerTo(ctx context.Context, pair, asked int64) (c Cycle, found bool, err error) {
	got, err := list(ctx, s, scanCycle, "SELECT pair, doc FROM cycles WHERE pair = ? AND answers >= ? AND ended > 0 ORDER BY number LIMIT 1", pair, asked)
	if err != nil || len(got) == 0 {
		return c, false, err
	}
	return got[0], true, nil
}

// Carried is one write of a cycle, as the journal has it.
type Carried struct {
	Cycle  int64
	Twin   confluence.TwinID
	Side   confluence.Side
	Verb   confluence.Verb
	Facets reconcile.Facets
	State  string
}

// Carried returns what the journal has of a cycle of a pair, in the order it was sent.
func (s *Store) Carried(ctx context.Context, pair, cycle int64) ([]Carried, error) {
	return list(ctx, s, func(r scanner) (c Carried, err error) {
		err = r.Scan(&c.Cycle, &c.Twin, &c.Side, &c.Verb, &c.Facets, &c.State)
		return c, err
	}, "SELECT cycle, twin, side, verb, facets, state FROM journal WHERE pair = ? AND cycle = ? AND cycle > 0 ORDER BY seq", pair, cycle)
}
