package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tandem-sync/tandem/internal/migration"
)

// PlanRow is a plan with how it stands.
type PlanRow struct {
	Plan     migration.Plan
	Status   migration.PlanStatus
	Created  time.Time
	Updated  time.Time
	Archived bool
}

const planCols = "status, created, updated, archived, doc"

func scanPlan(r scanner) (p PlanRow, err error) {
	var doc []byte
	if err := r.Scan(&p.Status, timeCol{&p.Created}, timeCol{&p.Updated}, &p.Archived, &doc); err != nil {
		return p, err
	}
	return p, json.Unmarshal(doc, &p.Plan)
}

// PutPlan adds or replaces a plan by its name. Created is kept, or set to now for a new one where it is zero; Updated is
// set to now.
func (tx *Tx) PutPlan(p PlanRow) error {
	doc, err := json.Marshal(p.Plan)
	if err != nil {
		return tx.fail(err)
	}
	now := tx.w.store.now()
	if p.Created.IsZero() {
		p.Created = now
	}
	_, err = tx.exec("INSERT INTO plans (name, "+planCols+") VALUES (?, ?, ?, ?, ?, ?)"+
		" ON CONFLICT (name) DO UPDATE SET status = excluded.status, updated = excluded.updated, archived = excluded.archived, doc = excluded.doc",
		p.Plan.Name, string(p.Status), nanos(p.Created), nanos(now), p.Archived, doc)
	return err
}

// DeletePlan removes a plan with its runs, their tasks, findings, proofs and logs. Pairs and the journal stay, so a plan
// of the same name takes over what arrived.
func (tx *Tx) DeletePlan(name string) error {
	for _, table := range []string{"tasks", "findings", "proofs", "log"} {
		if _, err := tx.exec("DELETE FROM "+table+" WHERE run IN (SELECT id FROM runs WHERE plan = ?)", name); err != nil {
			return err
		}
	}
	if _, err := tx.exec("DELETE FROM runs WHERE plan = ?", name); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM plans WHERE name = ?", name)
	return err
}

// Plan returns a plan; T-1004 if there is none of that name.
func (s *Store) Plan(ctx context.Context, name string) (PlanRow, error) {
	return one(ctx, s, scanPlan, "plan", name, "SELECT "+planCols+" FROM plans WHERE name = ?", name)
}

// Plans returns all plans by name.
func (s *Store) Plans(ctx context.Context) ([]PlanRow, error) {
	return list(ctx, s, scanPlan, "SELECT "+planCols+" FROM plans ORDER BY name")
}
