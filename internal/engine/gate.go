package engine

import (
	"context"
	"slices"

	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// gates are the phases that no space of a run begins before all others are through with the phases before them: what
// there is to refer to must be known before the first body is written, and must be there before the last one is.
var gates = []migration.Phase{migration.PhaseSpace, migration.PhaseRelink}

// mayBegin reports whether a space may begin a phase while others stand where they stand.
func mayBegin(phase migration.Phase, others []store.TaskRow) bool {
	if !slices.Contains(gates, phase) {
		return true
	}
	at := slices.Index(migration.Phases, phase)
	return !slices.ContainsFunc(others, func(r store.TaskRow) bool { return slices.Index(migration.Phases, r.Task.Phase) < at })
}

func besides(rows []store.TaskRow, space string) []store.TaskRow {
	return slices.DeleteFunc(slices.Clone(rows), func(r store.TaskRow) bool { return r.Space == space })
}

// atGate parks the chain where it has to wait for others. Who comes last wakes the rest.
func (s *spaceRun) atGate(ctx context.Context) error {
	if len(s.plan.Spaces) < 2 || !slices.Contains(gates, s.row.Task.Phase) {
		return nil
	}
	rows, err := s.e.store.Tasks(ctx, s.run.ID)
	if err != nil {
		return err
	}
	if !mayBegin(s.row.Task.Phase, besides(unfinished(rows), s.scope.Key)) {
		return errParked
	}
	return nil
}

// wakeOthers starts the chains for which this one was the last to wait for.
func (s *spaceRun) wakeOthers(ctx context.Context) error {
	if len(s.plan.Spaces) < 2 || !slices.Contains(gates, s.row.Task.Phase) {
		return nil
	}
	rows, err := s.e.store.Tasks(ctx, s.run.ID)
	if err != nil {
		return err
	}
	return s.e.wakeChains(ctx, s.run.ID, unfinished(rows), s.scope.Key)
}

// wakeChains gives a slice to every chain that stands at a gate which is open, but not to that of the space except. One
// that is at work already finds nothing to do afterwards.
func (e *Engine) wakeChains(ctx context.Context, runID string, left []store.TaskRow, except string) error {
	var awake []string
	for _, r := range left {
		if r.Space != except && slices.Contains(gates, r.Task.Phase) && mayBegin(r.Task.Phase, besides(left, r.Space)) {
			awake = append(awake, r.Space)
		}
	}
	if len(awake) == 0 {
		return nil
	}
	return e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		for _, space := range awake {
			if err := tx.AddSlice(store.Slice{Kind: sliceRun, Key: sliceKey(runID, space), Due: e.opt.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
}
