package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// BaselinePreview is what a baseline found: how the contents of two spaces belong together. Digest stands for exactly
// this; a person confirms it by giving it back.
type BaselinePreview struct {
	Pair    string `json:"pair"`
	Digest  string `json:"digest"`
	Adopted string `json:"adopted,omitempty"` // the run that the pair continues
	// Matched counts pages and blog posts with a twin, by how they were found.
	Matched struct {
		Map   int `json:"map"`   // by the map of a migration
		Title int `json:"title"` // by title and path
	} `json:"matched"`
	Equal     int    `json:"equal"`
	Differing int    `json:"differing"`
	Only      [2]int `json:"only"` // on one side alone
	// Rows lists what is not simply equal, at most 1,000 of them.
	Rows []BaselineRow `json:"rows,omitempty"`
	// Taken is set when the baseline has taken effect.
	Taken bool                `json:"taken"`
	State migration.PairState `json:"state"`
}

// BaselineRow is one content that differs, or is on one side alone.
type BaselineRow struct {
	Twin   confluence.TwinID `json:"twin,omitempty"`
	Kind   confluence.Kind   `json:"kind"`
	Title  string            `json:"title"`
	ID     [2]confluence.ID  `json:"id"`
	Facets reconcile.Facets  `json:"-"`
	Differ []string          `json:"differ,omitempty"` // names of facets
	Only   string            `json:"only,omitempty"`   // the site that alone has it
}

// maxBaselineRows bounds what a preview lists; its counts are always complete.
const maxBaselineRows = 1000

// BaselinePair establishes what both sides of a pair agree on. Without a digest it only shows: with it, as the preview
// named it, the baseline takes effect and the pair becomes active; T-3108 if it would not be the same any more. Nothing is
// written to either site. A pair that adopts a finished run takes over what that run recorded and compares nothing again.
func (e *Engine) BaselinePair(ctx context.Context, name, digest string) (BaselinePreview, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return BaselinePreview{}, err
	}
	if _, ok := row.State.On(migration.EventBaseline); !ok && row.State != migration.PairBaselining {
		return BaselinePreview{}, confluence.Errorf(confluence.CodePairState, "pair %s is %s: no baseline can be taken", name, row.State)
	}
	preview := e.compareSpaces
	if row.Spec.Adopt != "" && row.Sync.Epoch == 0 {
		preview = e.adoptRun
	}
	b, take, err := preview(ctx, row, digest != "")
	if err != nil || digest == "" {
		return b, err
	}
	if !strings.EqualFold(b.Digest, digest) {
		return b, confluence.Errorf(confluence.CodeStale, "the baseline of pair %s would be %s, not %s", name, b.Digest, digest)
	}
	if err := take(ctx); err != nil {
		return b, err
	}
	b.Taken = true
	after, err := e.store.PairRow(ctx, name)
	b.State = after.State
	return b, err
}

// takeBaseline begins an epoch: the pair becomes active and its first cycle, a sweep, is due.
func (e *Engine) takeBaseline(ctx context.Context, name, digest string, edit func(*store.PairRow)) error {
	err := e.changePair(ctx, name, func(r *store.PairRow) error {
		if r.State != migration.PairBaselining {
			if err := movePair(r, migration.EventBaseline); err != nil {
				return err
			}
		}
		if err := movePair(r, migration.EventBased); err != nil {
			return err
		}
		r.Sync.Epoch++
		r.Sync.Baseline, r.Sync.Absent = digest, nil
		r.NextSweep = e.opt.Now().UTC()
		edit(r)
		return nil
	})
	if err != nil {
		return err
	}
	return e.startPair(ctx, name)
}

// adoptRun shows what a finished run left, and takes it as it is.
func (e *Engine) adoptRun(ctx context.Context, row store.PairRow, _ bool) (BaselinePreview, func(context.Context) error, error) {
	b := BaselinePreview{Pair: row.Spec.Name, Adopted: row.Spec.Adopt, State: row.State}
	run, err := e.store.Run(ctx, row.Spec.Adopt)
	if err != nil {
		return b, nil, err
	}
	task, err := e.adoptable(ctx, row, run)
	if err != nil {
		return b, nil, err
	}
	var sum summing
	sum.add("adopt", run.ID, fmt.Sprint(row.ID))
	err = e.store.EachAgreed(ctx, row.ID, func(a store.AgreedRow) error {
		if a.Tomb || a.Kind != confluence.Page && a.Kind != confluence.BlogPost {
			return nil
		}
		sum.add(string(a.Twin), string(a.ID[0]), string(a.ID[1]), fmt.Sprint(a.Version))
		if a.ID[0] == "" || a.ID[1] == "" {
			b.Only[confluence.A]++
			return nil
		}
		b.Matched.Map++
		b.Equal++
		return nil
	})
	if err != nil {
		return b, nil, err
	}
	b.Digest = sum.short()
	return b, func(ctx context.Context) error {
		return e.takeBaseline(ctx, row.Spec.Name, b.Digest, func(r *store.PairRow) {
			r.Sync.Scanned = [2]time.Time{task.Started, task.Started}
		})
	}, nil
}

// adoptable refuses a run that did not finish, or that was about other spaces.
func (e *Engine) adoptable(ctx context.Context, row store.PairRow, run store.Run) (migration.Task, error) {
	tasks, err := e.store.Tasks(ctx, run.ID)
	if err != nil {
		return migration.Task{}, err
	}
	for _, t := range tasks {
		if t.Pair != row.ID {
			continue
		}
		if !run.Status.Final() || t.Task.Status != migration.TaskComplete {
			return t.Task, confluence.Errorf(confluence.CodePairState, "run %s did not bring space %s over completely: it is %s", run.ID, t.Space, t.Task.Status)
		}
		return t.Task, nil
	}
	return migration.Task{}, confluence.Errorf(confluence.CodeUsage, "run %s did not bring %s to %s of %s", run.ID, row.Keys[0], row.Keys[1], row.Sites[1])
}

// summing is what a baseline says so far, in a digest whose beginning a person can repeat.
type summing struct {
	h   hash.Hash
	any bool
}

func (s *summing) add(parts ...string) {
	if s.h == nil {
		s.h = sha256.New()
	}
	for _, p := range parts {
		if s.any {
			p = "\x00" + p
		}
		s.any = true
		s.h.Write([]byte(p))
	}
}

func (s *summing) short() string {
	s.add()
	return hex.EncodeToString(s.h.Sum(nil))[:12]
}
