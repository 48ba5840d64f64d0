package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// ConflictReport is a conflict with what people need to settle it.
type ConflictReport struct {
	ID    string    `json:"id"` // such as C-7
	Pair  string    `json:"pair"`
	Sites [2]string `json:"sites"`
	State string    `json:"state"`
	Facet string    `json:"facet"`
	Kind  string    `json:"kind"`
	store.Conflict
	// Base and Bodies are the raw bodies, of a conflict about bodies and if asked for.
	Base   string    `json:"base,omitempty"`
	Bodies [2]string `json:"bodies,omitzero"`
}

// ConflictFilter selects conflicts. Members that are empty do not restrict.
type ConflictFilter struct {
	Pair  string // name
	Kind  string
	State string // open, resolved or closed
}

// Resolution is what a person decided about a conflict.
type Resolution struct {
	// Use is a site's name, "both", or empty with File.
	Use  string
	File []byte // a body in storage format
	// First is the site whose text comes first, with "both".
	First   string
	Comment string
	Who     string
	// Versions are those the person looked at; T-3108 if a side has moved on since. Zero: not checked.
	Versions [2]int
}

// Conflicts lists conflicts by number, without bodies.
func (e *Engine) Conflicts(ctx context.Context, f ConflictFilter) ([]ConflictReport, error) {
	names := map[int64]store.PairRow{}
	rows, err := e.store.PairRows(ctx)
	if err != nil {
		return nil, err
	}
	filter := store.ConflictFilter{Kind: f.Kind, State: f.State}
	for _, row := range rows {
		names[row.ID] = row
		if row.Spec.Name == f.Pair {
			filter.Pair = row.ID
		}
	}
	if f.Pair != "" && filter.Pair == 0 {
		return nil, confluence.Errorf(confluence.CodeNoSuchName, "no pair %q", f.Pair)
	}
	list, err := e.store.Conflicts(ctx, filter)
	if err != nil {
		return nil, err
	}
	out := make([]ConflictReport, 0, len(list))
	for _, c := range list {
		out = append(out, reportConflict(names[c.Pair], c))
	}
	return out, nil
}

func reportConflict(row store.PairRow, c store.Conflict) ConflictReport {
	r := ConflictReport{ID: c.Name(), Pair: row.Spec.Name, Sites: row.Sites, State: c.State, Kind: c.Kind, Conflict: c}
	if names := c.Facet.Names(); len(names) > 0 {
		r.Facet = names[0]
	}
	return r
}

// Conflict returns a conflict with the bodies of both sides; T-1004 if there is none.
func (e *Engine) Conflict(ctx context.Context, id string) (ConflictReport, error) {
	c, err := e.store.Conflict(ctx, id)
	if err != nil {
		return ConflictReport{}, err
	}
	row, err := e.store.PairRowOf(ctx, c.Pair)
	if err != nil {
		return ConflictReport{}, err
	}
	r := reportConflict(row, c)
	if c.Facet != reconcile.Body {
		return r, nil
	}
	if r.Base, err = e.text(ctx, c.Base); err != nil {
		return r, err
	}
	for side, d := range c.Sides {
		if r.Bodies[side], err = e.text(ctx, d); err != nil {
			return r, err
		}
	}
	return r, nil
}

// text returns a body that is kept; empty if there is none.
func (e *Engine) text(ctx context.Context, d confluence.Digest) (string, error) {
	if d.IsZero() {
		return "", nil
	}
	b, err := e.store.Blob(ctx, d)
	return string(b), ignoreMissing(err)
}
