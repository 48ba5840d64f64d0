package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// work is what one slice does on one pair: it looks at both sides, carries decisions out on either and reads back what
// was written. The space of a migration and a cycle of a pair are made of it; it knows nothing of plans and runs.
type work struct {
	e        *Engine
	runID    string // under which journal rows and findings stand
	cycle    int64  // of journal rows; 0: none
	space    string // under which findings and events stand
	pair     store.Pair
	lease    store.Lease
	slice    store.Slice
	sites    [2]*site
	ids      [2]confluence.Identity
	people   *people
	asked    [2]usedPeople // that people was loaded for
	deadline time.Time
	planning time.Duration // how long the last plan took, with what it was made of
	gauge    gauge
	listing  listing
	ahead    *ahead // the next batch of the listing under way

	// paired: contents of either side get a twin and are carried, and what a listing does not show is not known to be
	// gone. Else a migration from A to B: what has no twin on B is a stranger there.
	paired   bool
	receives [2]bool          // of a pair: sides that are written to
	facets   reconcile.Facets // that take part
	// concurrent is how many connections to a site are wanted at most; 0: as many as it takes.
	concurrent int
	planned    map[string]string // keys on side B of spaces of side A that will have a pair
	near       bool              // the view is kept and follows what is written
	last       bool              // the last look at references that still wait for something
	fresh      bool              // the space on side B was made here, so that nobody can have opened it
	opens      bool              // the space on side B is opened at the end, and not before

	seen  *view         // what look saw last
	twins [2]*twinsByID // of the baseline
	stale atomic.Bool   // something was written since
	news  news          // and what; of a cycle

	keys        [2]map[string]string // by side: the keys, on the other, of the spaces that can be referred to
	permissions []confluence.Permission

	trashHolds [2]atomic.Bool // trashes that were seen to keep a title from others

	again bool // the last apply found something edited meanwhile: a plan made now decides otherwise

	touchedMu sync.Mutex
	touched   [2]map[confluence.TwinID]bool // contents written to and not read again, as far as this slice knows

	answered [2]map[confluence.TwinID]bool // contents that the answer to a write has shown; see applier.told

	heldMu   sync.Mutex
	heldBack map[confluence.TwinID]bool // bodies that are left alone for now
	refusals []refusal                  // of a pair, in this round
}

// listing is how far a scan of a side has come. A lost one costs repeated reading.
type listing struct {
	Scan string   `json:"scan,omitempty"` // of the listing under way
	Pass [2]int64 `json:"pass,omitzero"`  // of the listing under way; 0 = none
}

// gauge is told how a work gets on, and says whether somebody wants it to end. Its methods are safe for concurrent use.
type gauge interface {
	read(side confluence.Side, contents int)
	done(reconcile.Change)
	failed(reconcile.Change)
	wanted() bool // to pause or to stop
}

// takes reports whether a side is written to.
func (s *work) takes(side confluence.Side) bool {
	if !s.paired {
		return side == confluence.B
	}
	return s.receives[side]
}

// hold leaves a body alone for the rest of the phase.
func (s *work) hold(twin confluence.TwinID) {
	s.heldMu.Lock()
	defer s.heldMu.Unlock()
	if s.heldBack == nil {
		s.heldBack = map[confluence.TwinID]bool{}
	}
	s.heldBack[twin] = true
}

func (s *work) held(twin confluence.TwinID) bool {
	s.heldMu.Lock()
	defer s.heldMu.Unlock()
	return s.heldBack[twin]
}

// holdNone forgets what was held.
func (s *work) holdNone() {
	s.heldMu.Lock()
	defer s.heldMu.Unlock()
	s.heldBack = nil
}

// commit writes under the pair's lease: an execution that lost it changes nothing.
func (s *work) commit(ctx context.Context, fn func(*store.Tx) error) error {
	s.stale.Store(true)
	return s.note(ctx, fn)
}

// note is a commit that changes nothing of what a view shows: tasks, proofs, findings.
func (s *work) note(ctx context.Context, fn func(*store.Tx) error) error {
	if !s.near {
		return s.e.store.Commit(ctx, s.lease, fn)
	}
	var rows []store.Touched
	var more bool
	err := s.e.store.Commit(ctx, s.lease, func(tx *store.Tx) error {
		err := fn(tx)
		rows, more = tx.Touched()
		return err
	})
	if err != nil {
		rows, more = nil, true // it may have been kept all the same
	}
	s.news.add(s.pair.ID, rows, more)
	return err
}

// spaceOf returns what the connectors need to name the space of a side.
func (s *work) spaceOf(side confluence.Side) confluence.Space {
	return confluence.Space{ID: s.pair.Spaces[side], Key: s.pair.Keys[side], HomeID: s.pair.Homes[side]}
}

// shut reports whether nobody else can see the space of a side for certain: it was made here, and will be opened here.
func (s *work) shut(side confluence.Side) bool {
	return side == confluence.B && s.fresh && s.opens && !s.pair.Opened
}

// keyAcross returns the other side's key of a space of one side that takes part, or took part earlier.
func (s *work) keyAcross(from confluence.Side, key string) (string, bool) {
	if key == s.pair.Keys[from] {
		return s.pair.Keys[from.Other()], true
	}
	k, ok := s.keys[from][key]
	return k, ok
}

// connections is how many calls to a side may be in flight.
func (s *work) connections(side confluence.Side) int {
	n := s.ids[side].Caps.Concurrent
	if own := s.sites[side].row.Concurrent; own > 0 {
		n = own
	}
	if want := s.concurrent; want > 0 && (n == 0 || want < n) {
		n = want
	}
	return max(1, n)
}

// finding makes a finding of severity error about a content of a side.
func (s *work) finding(side confluence.Side, code confluence.Code, c confluence.Content, effect confluence.Effect, facet, what string) migration.Finding {
	entry := confluence.Lookup(code)
	return s.stamp(migration.Finding{
		Code: code, Severity: migration.SeverityError, Effect: effect, Site: s.sites[side].row.Name,
		Content: migration.FindingContent{Kind: c.Kind, ID: c.ID, Title: c.Title, Twin: s.twinOf(side, c.ID)},
		Where:   migration.FindingWhere{Facet: facet}, What: what, Cause: entry.Cause, Remedy: entry.Remedy, Count: 1,
	})
}

// stamp says where a finding belongs.
func (s *work) stamp(f migration.Finding) migration.Finding {
	f.Run = s.runID
	if f.Space == "" {
		f.Space = s.space
	}
	f.At = s.e.opt.Now().UTC()
	f.State = migration.StateOpen
	return f
}

func (s *work) addFindings(ctx context.Context, findings []migration.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	return s.note(ctx, func(tx *store.Tx) error { return tx.AddFinding(s.runID, findings...) })
}
