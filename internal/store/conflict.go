package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// The states of a conflict.
const (
	ConflictOpen     = "open"     // waits for a person, or for the sides to agree again
	ConflictResolved = "resolved" // a person decided, and it was carried out
	ConflictClosed   = "closed"   // the sides agree again, or it was a record only
)

// Conflict is a facet of a content that both sides changed and of which no lossless answer exists, or a record of one that
// a policy answered. Members that come in twos are of side A and side B.
type Conflict struct {
	Number int64             `json:"-"`
	Pair   int64             `json:"-"`
	Twin   confluence.TwinID `json:"-"`
	Facet  reconcile.Facets  `json:"-"` // exactly one
	Kind   string            `json:"-"` // body, title, parent, delete-edit, attachment, label, restriction, order, contested, cycle, ...
	State  string            `json:"-"`
	Opened time.Time         `json:"-"`
	Closed time.Time         `json:"-"`

	Content  confluence.Kind  `json:"content"`
	Title    string           `json:"title"` // of the content, for people
	ID       [2]confluence.ID `json:"id"`
	Row      int              `json:"row,omitempty"` // of the decision table
	What     string           `json:"what"`
	Policy   string           `json:"policy,omitempty"`
	Versions [2]int           `json:"versions"`
	By       [2]string        `json:"by,omitzero"` // who wrote those versions
	At       [2]time.Time     `json:"at,omitzero"`
	// Base and Sides are blobs of the raw bodies: what both last agreed on, and what each side holds. Zero: none.
	Base  confluence.Digest    `json:"base,omitzero"`
	Sides [2]confluence.Digest `json:"sides,omitzero"`
	// BaseValue and Values stand for a facet without a body: a title, the parent's title, names.
	BaseValue string    `json:"baseValue,omitempty"`
	Values    [2]string `json:"values,omitzero"`
	Cycle     int64     `json:"cycle"` // that found it
	// Decided is what a person or a policy decided; Comment and Who go with it.
	Decided string `json:"decided,omitempty"`
	Comment string `json:"comment,omitempty"`
	Who     string `json:"who,omitempty"`
}

// Name is the name of the conflict for people.
func (c Conflict) Name() string { return fmt.Sprintf("C-%d", c.Number) }

// ConflictNumber reads the name of a conflict.
func ConflictNumber(name string) (int64, bool) {
	text, ok := strings.CutPrefix(strings.ToUpper(name), "C-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

const conflictCols = "id, pair, twin, facet, kind, state, opened, closed, doc"

func scanConflict(r scanner) (c Conflict, err error) {
	var doc []byte
	if err := r.Scan(&c.Number, &c.Pair, &c.Twin, &c.Facet, &c.Kind, &c.State, timeCol{&c.Opened}, timeCol{&c.Closed}, &doc); err != nil {
		return c, err
	}
	return c, json.Unmarshal(doc, &c)
}

// PutConflict adds a conflict whose Number is 0, and sets its Number, or replaces the one of that number. An open one of the
// same pair, twin, facet and kind is replaced in its place and keeps its number and when it was opened. Times are set where
// they are zero.
func (tx *Tx) PutConflict(c *Conflict) error {
	now := tx.w.store.now().UTC()
	if c.State == "" {
		c.State = ConflictOpen
	}
	if c.Number == 0 && c.State == ConflictOpen {
		if _, err := tx.row("SELECT id, opened FROM conflicts WHERE pair = ? AND twin = ? AND facet = ? AND kind = ? AND state = 'open'",
			[]any{c.Pair, string(c.Twin), int64(c.Facet), c.Kind}, &c.Number, timeCol{&c.Opened}); err != nil {
			return err
		}
	}
	if c.Opened.IsZero() {
		c.Opened = now
	}
	if c.State != ConflictOpen && c.Closed.IsZero() {
		c.Closed = now
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return tx.fail(err)
	}
	var number any
	if c.Number != 0 {
		number = c.Number
	}
	_, err = tx.row("INSERT INTO conflicts ("+conflictCols+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"+
		" state = excluded.state, closed = excluded.closed, doc = excluded.doc RETURNING id",
		[]any{number, c.Pair, string(c.Twin), int64(c.Facet), c.Kind, c.State, nanos(c.Opened), nanos(c.Closed), doc}, &c.Number)
	return err
}

// ConflictFilter selects conflicts. Members that are zero do not restrict.
type ConflictFilter struct {
	Pair  int64
	Twin  confluence.TwinID
	Kind  string
	State string
}

// Conflicts returns conflicts by number.
func (s *Store) Conflicts(ctx context.Context, f ConflictFilter) ([]Conflict, error) {
	return list(ctx, s, scanConflict, "SELECT "+conflictCols+" FROM conflicts WHERE (?1 = 0 OR pair = ?1) AND (?2 = '' OR twin = ?2)"+
		" AND (?3 = '' OR kind = ?3) AND (?4 = '' OR state = ?4) ORDER BY id", f.Pair, string(f.Twin), f.Kind, f.State)
}

// Conflict returns a conflict by its name, such as C-7; T-1004 if there is none.
func (s *Store) Conflict(ctx context.Context, name string) (Conflict, error) {
	number, _ := ConflictNumber(name)
	return one(ctx, s, scanConflict, "conflict", name, "SELECT "+conflictCols+" FROM conflicts WHERE id = ?", number)
}
