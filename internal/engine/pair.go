package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// PairSpec is what a person wants to be kept together, and how.
type PairSpec = migration.PairSpec

// PairReport says how a pair stands.
type PairReport struct {
	Spec  PairSpec            `json:"spec"`
	State migration.PairState `json:"state"`
	Want  string              `json:"want,omitempty"` // asked for, and waiting for the write in progress to end
	// Shows is what the contents of an active pair say: "In sync", "Syncing", "newer on SITE", "Conflicts"; else empty.
	Shows     string       `json:"shows,omitempty"`
	Twins     int          `json:"twins"`  // pages and blog posts that are kept together
	InSync    int          `json:"inSync"` // of them, without an open conflict or an edit that waits
	Newer     [2]int       `json:"newer"`  // contents edited on each side that wait for a cycle
	Conflicts int          `json:"conflicts"`
	Oldest    time.Time    `json:"oldest,omitzero"` // edit that waits
	Halt      *store.Halt  `json:"halt,omitempty"`
	Reason    string       `json:"reason,omitempty"` // what a person said when pausing
	Epoch     int64        `json:"epoch"`
	Last      *store.Cycle `json:"last,omitempty"` // the newest cycle, under way while Ended is zero
	NextSweep time.Time    `json:"nextSweep,omitzero"`
	// Ages says since when labels and restrictions of each side may be unseen, where no listing carries them.
	Ages    [2]time.Time `json:"ages,omitzero"`
	Created time.Time    `json:"created"`
	Updated time.Time    `json:"updated"`
	Next    string       `json:"next,omitempty"` // the command that comes next
}

// CreatePair stores a pair as a draft. The sites must answer, and the spaces must be there: T-1004, T-4040; T-6202 if the
// name, or one of the two spaces, is taken by another pair. Nothing is compared yet.
func (e *Engine) CreatePair(ctx context.Context, spec PairSpec) (PairReport, error) {
	if err := spec.Validate(); err != nil {
		return PairReport{}, err
	}
	row, err := e.draftPair(ctx, &spec)
	if err != nil {
		return PairReport{}, err
	}
	if err := e.pairFree(ctx, row); err != nil {
		return PairReport{}, err
	}
	row.Sync.UID = e.opt.NewID()
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error {
		if err := tx.PutPair(&row.Pair); err != nil {
			return err
		}
		return tx.PutPairRow(&row)
	})
	if err != nil {
		return PairReport{}, err
	}
	e.pairEvent(EventPair, spec.Name, string(row.State))
	return e.Pair(ctx, spec.Name)
}

// draftPair binds a pair to its sites and spaces. The row of a migration between the same spaces is taken over.
func (e *Engine) draftPair(ctx context.Context, spec *PairSpec) (store.PairRow, error) {
	row := store.PairRow{State: migration.PairDraft}
	ends := []*migration.PairEnd{&spec.A, &spec.B}
	p, err := e.store.PairOf(ctx, [2]string{spec.A.Site, spec.B.Site}, [2]string{spec.A.Space, spec.B.Space})
	if err != nil && confluence.ClassOf(err) != confluence.ClassNotFound {
		return row, err
	}
	for side, end := range ends {
		s, err := e.open(ctx, end.Site)
		if err != nil {
			return row, err
		}
		id, err := e.identify(ctx, s, end.Fingerprint)
		if err != nil {
			return row, err
		}
		list, err := s.reader.Spaces(ctx, []string{end.Space})
		if err != nil {
			return row, err
		}
		if len(list) == 0 {
			return row, confluence.Errorf(confluence.CodeNotThere, "space %s of %s is not there, or not visible to tandem's account", end.Space, end.Site).
				At(confluence.Where{Site: end.Site, Space: end.Space})
		}
		end.Fingerprint = id.Fingerprint
		if was := p.Fingerprints[side]; was != "" && was != id.Fingerprint {
			return row, otherSite(end.Site, was, id.Fingerprint)
		}
		p.Sites[side], p.Keys[side], p.Fingerprints[side] = end.Site, end.Space, id.Fingerprint
		p.Spaces[side], p.Homes[side] = list[0].ID, list[0].HomeID
	}
	row.Pair, row.Spec = p, *spec
	return row, nil
}

// pairFree refuses a name or a space that is in use: a space is kept with one other at most.
func (e *Engine) pairFree(ctx context.Context, row store.PairRow) error {
	all, err := e.store.PairRows(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Spec.Name == row.Spec.Name || row.ID != 0 && other.ID == row.ID {
			return confluence.Errorf(confluence.CodePairTaken, "a pair %q of %s exists", other.Spec.Name, other.Spec.Describe())
		}
		if other.State == migration.PairRetired {
			continue
		}
		for side := range confluence.Sides {
			for there := range confluence.Sides {
				if other.Fingerprints[there] == row.Fingerprints[side] && other.Keys[there] == row.Keys[side] {
					return confluence.Errorf(confluence.CodePairTaken, "space %s is kept by pair %q already", row.Keys[side], other.Spec.Name)
				}
			}
		}
	}
	return nil
}

// EditPair changes how a pair is kept. Name, sites, spaces and the run it adopts stay. A change of direction, or a facet more,
// asks for a new baseline: the pair stops writing and is baselining, unless none was taken yet; T-6201 if it is halted or in
// cutover. What was agreed on stays known, so that edits that wait are still edits afterwards.
func (e *Engine) EditPair(ctx context.Context, name string, edit func(*PairSpec) error) (PairReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return PairReport{}, err
	}
	was := row.Spec
	if err := edit(&row.Spec); err != nil {
		return PairReport{}, err
	}
	row.Spec.Name, row.Spec.A, row.Spec.B, row.Spec.Adopt = was.Name, was.A, was.B, was.Adopt
	if err := row.Spec.Validate(); err != nil {
		return PairReport{}, err
	}
	anew := row.Sync.Epoch > 0 && row.State != migration.PairRetired && anewFor(was, row.Spec)
	if anew && row.State == migration.PairHalted {
		return PairReport{}, confluence.Errorf(confluence.CodePairState, "pair %s is halted: its direction and facets can be changed when it goes on", name)
	}
	if anew && row.State.Writes() {
		if _, err := e.PausePair(ctx, name, "direction or facets are changed"); err != nil {
			return PairReport{}, err
		}
	}
	err = e.changePair(ctx, name, func(r *store.PairRow) error {
		r.Spec = row.Spec
		if !anew || r.State == migration.PairBaselining {
			return nil
		}
		r.Sync.Reason = ""
		return movePair(r, migration.EventBaseline)
	})
	if err != nil {
		return PairReport{}, err
	}
	return e.Pair(ctx, name)
}

// anewFor reports whether another way to keep a pair asks for a new baseline.
func anewFor(was, is PairSpec) bool {
	if was.Receivers() != is.Receivers() {
		return true
	}
	return slices.ContainsFunc(is.Facets, func(f string) bool { return !slices.Contains(was.Facets, f) })
}

// Pairs reports all pairs by name.
func (e *Engine) Pairs(ctx context.Context) ([]PairReport, error) {
	rows, err := e.store.PairRows(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]PairReport, 0, len(rows))
	for _, row := range rows {
		r, err := e.reportPair(ctx, row)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Pair reports how a pair stands; T-1004 if there is none of that name.
func (e *Engine) Pair(ctx context.Context, name string) (PairReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return PairReport{}, err
	}
	return e.reportPair(ctx, row)
}

// Cycles returns the newest cycles of a pair, newest first, at most limit of them; 0: all that are kept.
func (e *Engine) Cycles(ctx context.Context, name string, limit int) ([]CycleReport, error) {
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return nil, err
	}
	list, err := e.store.Cycles(ctx, row.ID, limit)
	out := make([]CycleReport, 0, len(list))
	for _, c := range list {
		out = append(out, CycleReport{Pair: name, State: row.State, Cycle: c})
	}
	return out, err
}

func (e *Engine) reportPair(ctx context.Context, row store.PairRow) (PairReport, error) {
	tally, err := e.store.TallyPair(ctx, row.ID)
	if err != nil {
		return PairReport{}, err
	}
	cycles, err := e.store.Cycles(ctx, row.ID, 1)
	if err != nil {
		return PairReport{}, err
	}
	r := PairReport{
		Spec: row.Spec, State: row.State, Want: row.Want, Twins: tally.Twins, Newer: tally.Waiting, Conflicts: tally.Conflicts,
		Oldest: tally.Oldest, Halt: row.Sync.Halt, Reason: row.Sync.Reason, Epoch: row.Sync.Epoch, NextSweep: row.NextSweep,
		Ages: row.Sync.Audited, Created: row.Created, Updated: row.Updated,
	}
	r.InSync = max(0, tally.Twins-tally.Contested-tally.Waiting[0]-tally.Waiting[1])
	if len(cycles) > 0 {
		r.Last = &cycles[0]
	}
	r.Shows, r.Next = shows(r), nextStep(r)
	return r, nil
}

// shows derives what an active pair shows from its contents.
func shows(r PairReport) string {
	switch {
	case r.State != migration.PairActive && r.State != migration.PairCutover:
		return ""
	case r.Last != nil && r.Last.Ended.IsZero():
		return "Syncing"
	case r.Conflicts > 0:
		return "Conflicts"
	case r.Newer[0] > 0 && r.Newer[1] == 0:
		return "newer on " + r.Spec.A.Site
	case r.Newer[1] > 0 && r.Newer[0] == 0:
		return "newer on " + r.Spec.B.Site
	case r.Newer[0]+r.Newer[1] > 0:
		return "newer on both"
	}
	return "In sync"
}

func nextStep(r PairReport) string {
	switch r.State {
	case migration.PairDraft, migration.PairBaselining:
		return "tandem pair baseline " + r.Spec.Name
	case migration.PairPaused:
		return "tandem pair resume " + r.Spec.Name
	case migration.PairHalted:
		if r.Halt != nil && r.Halt.Brake != "" {
			return fmt.Sprintf("tandem pair sync %s --dry-run, then --allow-brake %s --reason …", r.Spec.Name, r.Halt.Brake)
		}
		return "tandem pair resume " + r.Spec.Name
	}
	if r.Conflicts > 0 {
		return "tandem conflict list --pair " + r.Spec.Name
	}
	return ""
}

// pairEvent tells whoever listens about a pair.
func (e *Engine) pairEvent(kind EventKind, name, text string) {
	e.hub.publish(Event{Kind: kind, Pair: name, Text: text, At: e.opt.Now().UTC()})
}

// pairLog is the name under which the log of a pair stands beside those of runs.
func pairLog(name string) string { return "pair/" + name }

// changePair reads a pair, changes it and writes it in one transaction. An error of edit changes nothing.
func (e *Engine) changePair(ctx context.Context, name string, edit func(*store.PairRow) error) error {
	if err := e.pairing.take(ctx); err != nil {
		return err
	}
	defer e.pairing.giveBack()
	row, err := e.store.PairRow(ctx, name)
	if err != nil {
		return err
	}
	was := row.State
	if err := edit(&row); err != nil {
		return err
	}
	err = e.store.Commit(ctx, store.Lease{}, func(tx *store.Tx) error { return tx.PutPairRow(&row) })
	if err == nil && row.State != was {
		e.say(ctx, pairLog(name), "", "info", "", fmt.Sprintf("pair %s: %s", name, row.State))
		e.pairEvent(EventPair, name, string(row.State))
	}
	return err
}

// movePair gives a pair the state that an event leads to; T-6201 if the event does not apply.
func movePair(row *store.PairRow, on migration.Event) error {
	next, ok := row.State.On(on)
	if !ok {
		return confluence.Errorf(confluence.CodePairState, "pair %s is %s: %s does not apply", row.Spec.Name, row.State, on)
	}
	row.State = next
	if next != migration.PairHalted {
		row.Sync.Halt = nil
	}
	return nil
}
