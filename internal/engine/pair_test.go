package engine_test

import (
	"context"
	"testing"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

func wantCode(t *testing.T, what string, err error, code confluence.Code) {
	t.Helper()
	if err == nil || confluence.AsError(err).Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// A pair goes only the ways that its table has, and every refusal says so.
func TestPairLifecycle(t *testing.T) {
	w := newSync(t)
	w.space(1, "K", "Keep")
	ctx := context.Background()
	spec := w.spec("keep")
	r, err := w.engine.CreatePair(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != migration.PairDraft || r.Spec.A.Fingerprint == "" || r.Spec.B.Fingerprint == "" {
		t.Errorf("a new pair is %+v", r)
	}
	_, err = w.engine.CreatePair(ctx, spec)
	wantCode(t, "a second pair of one name", err, confluence.CodePairTaken)
	other := w.spec("other")
	_, err = w.engine.CreatePair(ctx, other)
	wantCode(t, "a second pair of one space", err, confluence.CodePairTaken)
	other.A.Space = "NOWHERE"
	_, err = w.engine.CreatePair(ctx, other)
	wantCode(t, "a space that is not there", err, confluence.CodeNotThere)
	_, err = w.engine.PausePair(ctx, "keep", "")
	wantCode(t, "pausing a draft", err, confluence.CodePairState)
	_, err = w.engine.SyncPair(ctx, "keep", engine.SyncOptions{})
	wantCode(t, "a cycle of a draft", err, confluence.CodePairState)
	_, err = w.engine.Pair(ctx, "nobody")
	wantCode(t, "a pair that is not there", err, confluence.CodeNoSuchName)
	r, err = w.engine.EditPair(ctx, "keep", func(p *engine.PairSpec) error {
		p.Deletes, p.Name = "ignore", "renamed"
		return nil
	})
	if err != nil || r.Spec.Deletes != "ignore" || r.Spec.Name != "keep" {
		t.Errorf("edited: %+v, %v", r.Spec, err)
	}
	if _, err := w.engine.RetirePair(ctx, "keep", "over"); err != nil {
		t.Fatal(err)
	}
	r, err = w.engine.Pair(ctx, "keep")
	if err != nil || r.State != migration.PairRetired || r.Reason != "over" {
		t.Errorf("retired: %+v, %v", r, err)
	}
	if slice, err := w.store.Slice(ctx, "cycle", "keep"); err == nil {
		t.Errorf("a retired pair has slice %+v", slice)
	}
	_, err = w.engine.ResumePair(ctx, "keep")
	wantCode(t, "resuming a retired pair", err, confluence.CodePairState)
}

// What a brake halts says so to whoever asks for a cycle.
func TestHaltedPairRefuses(t *testing.T) {
	w := newSync(t)
	w.space(1, "K", "Keep")
	ctx := context.Background()
	if _, err := w.engine.CreatePair(ctx, w.spec("keep")); err != nil {
		t.Fatal(err)
	}
	row, err := w.store.PairRow(ctx, "keep")
	if err != nil {
		t.Fatal(err)
	}
	row.State, row.Sync.Halt = migration.PairHalted, &store.Halt{Brake: "deletes", What: "9 of 23 pages would be trashed"}
	if err := w.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutPairRow(&row) }); err != nil {
		t.Fatal(err)
	}
	_, err = w.engine.SyncPair(ctx, "keep", engine.SyncOptions{})
	wantCode(t, "a cycle of a halted pair", err, confluence.CodeBrake)
	_, err = w.engine.SyncPair(ctx, "keep", engine.SyncOptions{AllowBrake: "hand"})
	wantCode(t, "a brake that is none", err, confluence.CodeUsage)
}
