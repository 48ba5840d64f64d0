package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// Run is one execution of a plan.
type Run struct {
	ID     string // "PLAN#n"
	Plan   string
	Number int
	Status migration.PlanStatus
	// Want is what a person asked for: "pause", "stop", or nothing. It is read between items. Only WantRun changes it.
	Want     string
	Error    *migration.Finding // why it is halted or failed as a whole
	Started  time.Time
	Ended    time.Time
	Calls    [2]int64 // requests sent to each side. Only AddCalls changes it.
	Document []byte   // the plan as it was run
}

const runCols = "id, plan, number, status, want, error, started, ended, calls_a, calls_b, document"

func scanRun(r scanner) (v Run, err error) {
	var finding []byte
	err = r.Scan(&v.ID, &v.Plan, &v.Number, &v.Status, &v.Want, &finding, timeCol{&v.Started}, timeCol{&v.Ended}, &v.Calls[0], &v.Calls[1], &v.Document)
	if err != nil || finding == nil {
		return v, err
	}
	v.Error = new(migration.Finding)
	return v, json.Unmarshal(finding, v.Error)
}

// NewRun adds the next run of a plan, RUNNING and started now. Numbers are never used twice, even if the plan is deleted
// and made again. An error makes the Commit fail.
func (tx *Tx) NewRun(plan string) Run {
	r := Run{Plan: plan, Status: migration.PlanRunning, Started: tx.w.store.now().UTC()}
	if _, err := tx.row("INSERT INTO run_numbers (plan, last) VALUES (?, 1) ON CONFLICT (plan) DO UPDATE SET last = last + 1 RETURNING last", []any{plan}, &r.Number); err != nil {
		return r
	}
	r.ID = fmt.Sprintf("%s#%d", plan, r.Number)
	tx.exec("INSERT INTO runs ("+runCols+") VALUES (?, ?, ?, ?, '', NULL, ?, 0, 0, 0, NULL)", r.ID, plan, r.Number, string(r.Status), nanos(r.Started))
	return r
}

// PutRun writes status, error, times and document of a run that exists. Want and Calls are left as they are.
func (tx *Tx) PutRun(r Run) error {
	var finding []byte
	if r.Error != nil {
		var err error
		if finding, err = json.Marshal(r.Error); err != nil {
			return tx.fail(err)
		}
	}
	n, err := tx.exec("UPDATE runs SET status = ?, error = ?, started = ?, ended = ?, document = ? WHERE id = ?",
		string(r.Status), bytesArg(finding), nanos(r.Started), nanos(r.Ended), bytesArg(r.Document), r.ID)
	if err == nil && n == 0 {
		err = tx.fail(noRun(r.ID))
	}
	return err
}

// WantRun records what a person asks of a run: "pause", "stop", or "" to go on.
func (tx *Tx) WantRun(id, want string) error {
	n, err := tx.exec("UPDATE runs SET want = ? WHERE id = ?", want, id)
	if err == nil && n == 0 {
		err = tx.fail(noRun(id))
	}
	return err
}

// AddCalls adds to the count of requests that a run sent to a side.
func (tx *Tx) AddCalls(run string, side confluence.Side, n int64) error {
	query := "UPDATE runs SET calls_a = calls_a + ? WHERE id = ?"
	if side == confluence.B {
		query = "UPDATE runs SET calls_b = calls_b + ? WHERE id = ?"
	}
	_, err := tx.exec(query, n, run)
	return err
}

func noRun(id string) error { return confluence.Errorf(confluence.CodeNoSuchName, "no run %q", id) }

// Run returns a run; T-1004 if there is none of that id.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	return one(ctx, s, scanRun, "run", id, "SELECT "+runCols+" FROM runs WHERE id = ?", id)
}

// Runs returns the runs of a plan by number, or all runs if plan is empty.
func (s *Store) Runs(ctx context.Context, plan string) ([]Run, error) {
	if plan == "" {
		return list(ctx, s, scanRun, "SELECT "+runCols+" FROM runs ORDER BY plan, number")
	}
	return list(ctx, s, scanRun, "SELECT "+runCols+" FROM runs WHERE plan = ? ORDER BY number", plan)
}
