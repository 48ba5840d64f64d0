package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// leaseTime is how long a space stays with a proof that gives no sign of life. A run keeps its spaces as long as it is
// running, whatever the clock says: uploads and pauses that a site asks for take as long as they take.
const leaseTime = 3 * time.Minute

// proofPause is how long a run waits before it looks again whether a space is still being proved.
const proofPause = 2 * time.Second

// Whoever holds a space works on it as a run does, or reads it for a proof.
const (
	asRun   = "run"
	asProof = "proof"
)

var (
	errBeingImported = errors.New(migration.SkipBeingImported)
	errBeingProved   = errors.New("is being proved")
)

// claim takes the lease on source space and destination: two migrations of one space to one site exclude each other, and
// so do a migration and a proof.
func (s *spaceRun) claim(ctx context.Context, as string) error {
	name := fmt.Sprintf("space/%s/%s/%s", s.sourceName(), s.scope.Key, s.plan.To.Fingerprint)
	me := strings.Join([]string{as, s.run.ID, s.e.opt.Owner}, "|")
	if err := s.holder(ctx, name, me); err != nil {
		return err
	}
	lease, err := s.e.store.Acquire(ctx, name, me, leaseTime)
	if errors.Is(err, store.ErrHeld) {
		return errBeingProved // a run's would have been seen above
	}
	s.lease = lease
	return err
}

// holder refuses a space that a run has which is still running, and frees one that a run left behind.
func (s *spaceRun) holder(ctx context.Context, name, me string) error {
	held, err := s.e.store.Lease(ctx, name)
	if confluence.ClassOf(err) == confluence.ClassNotFound || err == nil && (held.Owner == "" || held.Owner == me) {
		return nil
	}
	if err != nil {
		return err
	}
	as, rest, _ := strings.Cut(held.Owner, "|")
	runID, _, _ := strings.Cut(rest, "|")
	if as != asRun {
		return nil
	}
	if runID != s.run.ID || strings.HasPrefix(me, asProof) {
		if busy, err := s.e.holds(ctx, runID, s.scope.Key); err != nil || busy {
			return errors.Join(err, errBeingImported)
		}
	}
	return s.e.store.Release(ctx, held)
}

// holds reports whether a run is not through with a space.
func (e *Engine) holds(ctx context.Context, runID, space string) (bool, error) {
	row, err := e.store.Task(ctx, runID, space)
	if err != nil || row.Task.Status.Final() {
		return false, ignoreMissing(err)
	}
	run, err := e.store.Run(ctx, runID)
	if err != nil || run.Status == migration.PlanRunning {
		return err == nil, ignoreMissing(err)
	}
	return e.busy(ctx, runID) // it has halted, and some of its chains are still ending
}

func ignoreMissing(err error) error {
	if confluence.ClassOf(err) == confluence.ClassNotFound {
		return nil
	}
	return err
}

// yieldSpace gives the space back at the end of a slice, if the run is through with it. Between two slices, and while it
// waits for other spaces, the run keeps it.
func (s *spaceRun) yieldSpace() {
	ctx := context.Background() // that of the slice may be over; giving back must not depend on it
	run, err := s.e.store.Run(ctx, s.run.ID)
	if err == nil && run.Status == migration.PlanRunning && run.Want == "" && !s.row.Task.Status.Final() {
		return
	}
	s.release()
}

func (s *spaceRun) release() {
	if err := s.e.store.Release(context.Background(), s.lease); err != nil {
		s.e.opt.Log.Warn("lease not released", "lease", s.lease.Name, "error", err)
	}
}
