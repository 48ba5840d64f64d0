package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// cycleMeter counts what a cycle does while it runs, and hears that somebody wants it to end.
type cycleMeter struct {
	stop atomic.Bool

	mu      sync.Mutex
	looked  [2]int
	refused map[refusalKey]bool // in the cycle under way
	failing int                 // since the last take
}

// refusalKey is one change of one content of one side.
type refusalKey struct {
	twin confluence.TwinID
	side confluence.Side
	verb confluence.Verb
}

func (e *Engine) cycleMeter(name string) *cycleMeter {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.cycles[name]
	if m == nil {
		m = &cycleMeter{refused: map[refusalKey]bool{}}
		e.cycles[name] = m
	}
	return m
}

func (m *cycleMeter) read(side confluence.Side, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looked[side] += n
}

func (m *cycleMeter) done(reconcile.Change) {}

func (m *cycleMeter) failed(ch reconcile.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if key := (refusalKey{ch.Twin, ch.Side, ch.Verb}); !m.refused[key] {
		m.refused[key] = true
		m.failing++
	}
}

func (m *cycleMeter) refusedBefore(ch reconcile.Change) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refused[refusalKey{ch.Twin, ch.Side, ch.Verb}]
}

// begin forgets what was counted and refused before this cycle.
func (m *cycleMeter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused, m.looked, m.failing = map[refusalKey]bool{}, [2]int{}, 0
}

func (m *cycleMeter) wanted() bool { return m.stop.Load() }

// take returns what was counted since the last take.
func (m *cycleMeter) take() (looked [2]int, refused int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	looked, refused = m.looked, m.failing
	m.looked, m.failing = [2]int{}, 0
	return looked, refused
}

// init gives a cycle what needs no site.
func (c *cycle) init(e *Engine, slice store.Slice) {
	c.e, c.slice, c.pair, c.space = e, slice, c.row.Pair, c.row.Keys[confluence.A]
	c.runID, c.gauge, c.paired = pairLog(c.row.Spec.Name), c.meter, true
	c.receives = c.row.Spec.Receivers()
	c.deadline = e.opt.Now().Add(e.opt.Slice)
}

// load opens the sites and claims the spaces.
func (c *cycle) load(ctx context.Context) error {
	c.cycle = c.rec.Number
	for _, side := range confluence.Sides {
		var err error
		if c.sites[side], err = c.e.open(ctx, c.row.Sites[side]); err != nil {
			return onSide(side, err)
		}
		if c.cursor.Step == stepOpen {
			c.sites[side].calls.take(c.sites[side].reader) // sent by others
		}
		identify := c.e.recognised
		if c.rec.Request.Sweep || len(c.rec.Request.Allow) > 0 {
			identify = c.e.identify
		}
		if c.ids[side], err = identify(ctx, c.sites[side], c.row.Fingerprints[side]); err != nil {
			return onSide(side, err)
		}
		if err := c.e.checkClock(c.row, side, c.ids[side], c.rec.Request.Allow); err != nil {
			return err
		}
		if c.row.Spec.Receivers()[side] && c.sites[side].row.ReadOnly && !c.rec.DryRun {
			return onSide(side, confluence.Errorf(confluence.CodeReadOnlySite, "site %q is switched read-only", c.row.Sites[side]).
				At(confluence.Where{Site: c.row.Sites[side]}))
		}
	}
	for side, holds := range c.row.Sync.TrashHolds {
		c.trashHolds[side].Store(holds)
	}
	c.policy = policyOf(c.row, c.ids, c.sweeps(), c.rec.Request.Allow)
	c.facets = c.policy.Facets
	return c.claimSpaces(ctx)
}

// onSide says on which side an error came up, for the reason of a halt.
func onSide(side confluence.Side, err error) error { return &sideError{side, err} }

type sideError struct {
	side confluence.Side
	err  error
}

func (s *sideError) Error() string { return s.err.Error() }
func (s *sideError) Unwrap() error { return s.err }

// claimSpaces takes the lease on both spaces, by the name that migrations and proofs take it by.
func (c *cycle) claimSpaces(ctx context.Context) error {
	name := fmt.Sprintf("space/%s/%s/%s", c.row.Sites[confluence.A], c.row.Keys[confluence.A], c.row.Fingerprints[confluence.B])
	me := strings.Join([]string{cmp.Or(c.owner, asCycle), c.row.Spec.Name, c.e.opt.Owner}, "|")
	lease, err := c.e.store.Acquire(ctx, name, me, leaseTime)
	if errors.Is(err, store.ErrHeld) {
		return errBusyPair
	}
	c.lease = lease
	return err
}

// asCycle marks the lease of a cycle beside asRun and asProof.
const asCycle = "cycle"

// release gives the spaces back.
func (c *cycle) release() {
	if c.lease == (store.Lease{}) {
		return
	}
	if err := c.e.store.Release(context.Background(), c.lease); err != nil { // that of the slice may be over
		c.e.opt.Log.Warn("lease not released", "lease", c.lease.Name, "error", err)
	}
}

// policyOf turns what a person decided into what package reconcile goes by.
func policyOf(row store.PairRow, ids [2]confluence.Identity, sweep bool, allowed []string) reconcile.Policy {
	spec := row.Spec
	p := reconcile.Policy{
		Mode: modeOf(row), Facets: facetsOf(row), Primary: spec.PrimarySide(), Names: row.Sites, Choices: choicesOf(row),
		Deletes: spec.Deletes, DeleteVsEdit: spec.DeleteVsEdit, RenameProtects: spec.RenameProtects,
		ResurrectAncestors: spec.ResurrectAncestors, Prune: spec.Prune, OutOfScope: spec.OutOfScope, Sweep: sweep,
		Brakes: reconcile.Limits{
			DeleteShare: spec.BrakeShare("deletes", 0), DeleteLeast: spec.BrakeLeast(0), Listing: spec.BrakeShare("listing", 0),
			MassChange: spec.BrakeShare("mass-change", 0),
		},
		Allowed: map[string]bool{},
	}
	for side := range confluence.Sides {
		p.Position[side], p.RootPosition[side] = ids[side].Caps.Position, ids[side].Caps.RootPosition
		p.FoldTitle[side] = migration.FoldTitle
	}
	for _, name := range allowed {
		p.Allowed[name] = true
	}
	if planted.On(planted.SideA) {
		p.Primary = confluence.A
	}
	return p
}

func modeOf(row store.PairRow) reconcile.Mode {
	to := row.Spec.Receivers()
	if planted.On(planted.BothWays) {
		to = [2]bool{true, true}
	}
	mirror := row.Spec.Strict == "mirror"
	switch {
	case to[confluence.A] && to[confluence.B]:
		return reconcile.TwoWay
	case to[confluence.B] && mirror:
		return reconcile.MirrorAToB
	case to[confluence.B]:
		return reconcile.SafeAToB
	case mirror:
		return reconcile.MirrorBToA
	}
	return reconcile.SafeBToA
}

// facetNames are the facets of package reconcile behind the names that people use. Comments are contents of their own, and
// take part if they are named.
var facetNames = map[string]reconcile.Facets{
	"body": reconcile.Body, "title": reconcile.Title, "tree": reconcile.Parent, "order": reconcile.Order,
	"labels": reconcile.Labels, "attachments": reconcile.File, "restrictions": reconcile.Restrictions,
}

func facetsOf(row store.PairRow) reconcile.Facets {
	facets := reconcile.Status
	for _, name := range row.Spec.Facets {
		facets |= facetNames[name]
	}
	return facets
}

// choicesOf turns the choices by name into those by facet. The general one counts for what two people can write
// differently: bodies, titles, places and files.
func choicesOf(row store.PairRow) map[reconcile.Facets]reconcile.Choice {
	out := map[reconcile.Facets]reconcile.Choice{}
	if general := choiceOf(row, row.Spec.Conflicts); general != reconcile.Merge {
		for _, f := range []reconcile.Facets{reconcile.Body, reconcile.Title, reconcile.Parent, reconcile.File} {
			out[f] = general
		}
	}
	for name, word := range row.Spec.Choices {
		if f := facetNames[name]; f != 0 {
			out[f] = choiceOf(row, word)
		}
	}
	return out
}

func choiceOf(row store.PairRow, word string) reconcile.Choice {
	site, prefer := strings.CutPrefix(word, "prefer:")
	if !prefer {
		return reconcile.Choice(word)
	}
	if side, _ := row.Spec.SideOf(site); side == confluence.B {
		return reconcile.PreferB
	}
	return reconcile.PreferA
}
