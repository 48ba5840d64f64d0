package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/parity"
	"github.com/tandem-sync/tandem/internal/store"
)

// stepVerify reads both sides afresh, apart from what the writing noted down, and proves or disproves that they are
// equal.
func (s *spaceRun) stepVerify(ctx context.Context) error {
	proof, err := s.prove(ctx, parity.Everything, true)
	if err != nil {
		return err
	}
	if err := s.note(ctx, func(tx *store.Tx) error { return tx.PutProof(s.run.ID, s.pair.ID, proof) }); err != nil {
		return err
	}
	text := fmt.Sprintf("%s: proved equal, %d contents", s.scope.Key, proof.Leaves[confluence.A])
	if !proof.Equal {
		text = fmt.Sprintf("%s: %d differences", s.scope.Key, len(proof.Differences))
	}
	s.e.say(ctx, s.run.ID, s.scope.Key, "info", "", text)
	return s.enter(ctx, migration.PhaseOpen)
}

// prove compares the two sides of the pair at a depth. With moving, what people have edited at a living source since it was
// read is excepted: that is the proof of a run, about what it carried.
func (s *work) prove(ctx context.Context, depth parity.Depth, moving bool) (parity.Proof, error) {
	v, err := s.look(ctx)
	if err != nil {
		return parity.Proof{}, err
	}
	var witnesses [2]*witness
	for _, side := range confluence.Sides {
		witnesses[side] = newWitness(s, v, side, depth)
	}
	s.seen = nil
	v.forTheProof()
	err = s.e.spread(2, 2, func(side int) error {
		if err := witnesses[side].read(ctx); err != nil {
			return err
		}
		witnesses[side].hear()
		return nil
	})
	if err != nil {
		return parity.Proof{}, err
	}
	exceptions := slices.Concat(witnesses[confluence.A].exceptions, witnesses[confluence.B].exceptions)
	if moving {
		edited, findings, err := s.editedSince(ctx, witnesses[confluence.A])
		if err != nil {
			return parity.Proof{}, err
		}
		if err := s.addFindings(ctx, findings); err != nil {
			return parity.Proof{}, err
		}
		exceptions = append(exceptions, edited...)
	}
	leaves := [2]iter.Seq[parity.Leaf]{witnesses[confluence.A].leaves(), witnesses[confluence.B].leaves()}
	exceptions = append(exceptions, s.rootOrder(leaves[confluence.A])...)
	exceptions = append(exceptions, parity.Exception{Reason: parity.ReasonAuthorDate, Field: "author and date of every content"})
	return parity.CompareEach(s.space, depth, leaves, exceptions), nil
}

// forTheProof drops what a proof has no use for: it reads both sides anew.
func (v *view) forTheProof() {
	v.agreed, v.index, v.seen[confluence.B], v.ranks = nil, [2]*index{}, nil, [2]ranks{}
}

// rootOrder excepts the order of root pages where the destination cannot be put in order there.
func (s *work) rootOrder(leaves iter.Seq[parity.Leaf]) []parity.Exception {
	if s.ids[confluence.B].Caps.RootPosition {
		return nil
	}
	var list []parity.Exception
	for l := range leaves {
		if l.Kind == confluence.Page && l.Parent == "" && l.Ranked {
			list = append(list, parity.Exception{Reason: parity.ReasonRootOrder, Twin: l.Twin, Field: parity.FieldRank})
		}
	}
	return list
}

// Verify reads both sides of every space of a run anew, compares them at a depth and stores the proofs. Nothing is
// written to either site. It is refused while a run works on one of the spaces.
func (e *Engine) Verify(ctx context.Context, runID string, depth parity.Depth) error {
	run, err := e.store.Run(ctx, runID)
	if err != nil {
		return err
	}
	if run.Status == migration.PlanRunning {
		return confluence.Errorf(confluence.CodeUsage, "run %s is %s: it is proved when it comes to its end", runID, run.Status)
	}
	plan, err := migration.ParsePlan(run.Document, runID)
	if err != nil {
		return err
	}
	rows, err := e.store.Tasks(ctx, runID)
	if err != nil {
		return err
	}
	e.forgetCalls(ctx, plan)
	for _, row := range rows {
		if row.Pair == 0 {
			continue // nothing was ever begun there
		}
		if err := e.verifySpace(ctx, run, plan, row, depth); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) verifySpace(ctx context.Context, run store.Run, plan migration.Plan, row store.TaskRow, depth parity.Depth) error {
	s := e.newSpaceRun(run, plan, row)
	if err := s.openSites(ctx); err != nil {
		return err
	}
	if err := s.claim(ctx, asProof); errors.Is(err, errBeingImported) || errors.Is(err, errBeingProved) {
		return confluence.Errorf(confluence.CodeOtherMigration, "space %s %s", row.Space, migration.SkipBeingImported)
	} else if err != nil {
		return err
	}
	defer s.release()
	s.meter = &meter{e: e, run: run.ID, space: row.Space, sites: s.sites}
	s.gauge = s.meter
	defer s.meter.flush()
	if err := s.loadVerified(ctx, row); err != nil {
		return err
	}
	proof, err := s.prove(ctx, depth, false)
	if err != nil {
		return err
	}
	return s.note(ctx, func(tx *store.Tx) error { return tx.PutProof(run.ID, s.pair.ID, proof) })
}

func (s *spaceRun) loadVerified(ctx context.Context, row store.TaskRow) error {
	list, err := s.sites[confluence.A].reader.Spaces(ctx, []string{s.scope.Key})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		s.sourceSpace, s.permissions = list[0], list[0].Permissions
	}
	s.pair, err = s.e.store.Pair(ctx, row.Pair)
	return err
}
