package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
)

// PairRow is a pair as a person composed it, with how it stands. Pair.ID names it in every other table.
type PairRow struct {
	Pair
	Spec  migration.PairSpec
	State migration.PairState
	// Want is what a person asked for: "pause", "retire", or nothing. It is read between items. Only WantPair changes it.
	Want    string
	Created time.Time
	Updated time.Time
	// Cycle is the number of the last cycle, 0 before the first. Only NewCycle changes it.
	Cycle     int64
	NextSweep time.Time
	// Asked counts what people asked for; a cycle answers all up to the number it read. Only AskPair changes it.
	Asked int64
	Sync  PairSync
	// Request is what was asked and not answered yet, zero if nothing is. Only AskPair and NewCycle change it.
	Request Request
}

// Request is what people ask of the next cycle of a pair: a sweep, or single contents looked at.
type Request struct {
	Sweep  bool            `json:"sweep,omitempty"`
	Pages  []RequestedPage `json:"pages,omitempty"`
	Allow  []string        `json:"allow,omitempty"` // brakes that may pass once
	DryRun bool            `json:"dryRun,omitempty"`
}

// RequestedPage is a content that a person wants looked at, on the side where they saw it.
type RequestedPage struct {
	Side confluence.Side `json:"side"`
	ID   confluence.ID   `json:"id"`
}

// Zero reports whether nothing is asked.
func (r Request) Zero() bool {
	return !r.Sweep && len(r.Pages) == 0 && len(r.Allow) == 0 && !r.DryRun
}

func (r Request) and(more Request) Request {
	r.Sweep, r.DryRun = r.Sweep || more.Sweep, more.DryRun
	r.Pages, r.Allow = append(r.Pages, more.Pages...), append(r.Allow, more.Allow...)
	return r
}

// PairSync is what the cycles of a pair remember.
type PairSync struct {
	// UID tells this pair from every other, also from one of the same name in another data directory.
	UID   string `json:"uid"`
	Epoch int64  `json:"epoch"` // counts baselines, from 1
	Swept int64  `json:"swept"` // the last epoch of which a sweep was completed
	// Root is the last checkpoint that was written, Next the one that is being written; zero before the first.
	Root Checkpoint `json:"checkpoint,omitzero"`
	Next Checkpoint `json:"next,omitzero"`
	// Left is what stands on each side and LeftVersion the version of that property, 0 if not known; see LeftOn. Carried is,
	// of a side that holds an older one than Root, the newest edit of that side that was carried since.
	Left        [2]Checkpoint   `json:"left,omitzero"`
	LeftVersion [2]int          `json:"leftVersion,omitzero"`
	Carried     [2]CarriedEntry `json:"carried,omitzero"`
	// Unmarked are sides that refused the last checkpoint: what was left there before, if anything, is all they hold.
	Unmarked [2]bool `json:"unmarked,omitzero"`
	// TrashHolds are sides that refused a title because a page in the trash has it.
	TrashHolds [2]bool `json:"trashHolds,omitzero"`
	// Scanned is when the last complete listing of each side began, by that site's clock.
	Scanned [2]time.Time `json:"scanned"`
	// Audit is the content, by id as text, with which the reading of facets that no listing carries goes on; Round is when
	// this round began, Audited the one before it.
	Audit   [2]confluence.ID `json:"audit"`
	Round   [2]time.Time     `json:"round"`
	Audited [2]time.Time     `json:"audited"`
	Quiet   int              `json:"quiet"` // sweeps in a row that found nothing
	// Baseline is the digest of the preview that a person confirmed.
	Baseline string `json:"baseline,omitempty"`
	Take     string `json:"take,omitempty"` // what the baseline does with differing contents
	// Absent are contents of the baseline that one complete sweep did not see, by twin and side: when the sweep began.
	Absent map[string]time.Time `json:"absent,omitempty"`
	// Halt says why the pair is halted.
	Halt *Halt `json:"halt,omitempty"`
	// Reason is what a person said when pausing or retiring.
	Reason string `json:"reason,omitempty"`
}

// LeftOn is the checkpoint that a side holds, as far as is known.
func (s PairSync) LeftOn(side confluence.Side) Checkpoint {
	if s.Left[side] == (Checkpoint{}) && !s.Unmarked[side] {
		return s.Root // written before sides were told apart
	}
	return s.Left[side]
}

// CarriedEntry is a version of a content that was carried to the other side.
type CarriedEntry struct {
	Kind    confluence.Kind `json:"kind"`
	ID      confluence.ID   `json:"id"`
	Version int             `json:"version"`
	At      time.Time       `json:"at"`
}

// Checkpoint is what a pair leaves on both sites after a cycle that wrote.
type Checkpoint struct {
	Pair  string            `json:"pair"` // PairSync.UID
	Epoch int64             `json:"epoch"`
	Cycle int64             `json:"cycle"`
	Root  confluence.Digest `json:"root"`
}

// Halt is why a pair is halted.
type Halt struct {
	Brake  string              `json:"brake"` // empty: an error that no cycle can get past
	Side   confluence.Side     `json:"side"`
	What   string              `json:"what"`
	Count  int                 `json:"count,omitempty"`
	Of     int                 `json:"of,omitempty"`
	Sample []string            `json:"sample,omitempty"` // titles
	Error  *migration.Finding  `json:"error,omitempty"`
	Cycle  int64               `json:"cycle"`
	At     time.Time           `json:"at"`
	Before migration.PairState `json:"before"`
}

const keptCols = "p.id, p.site_a, p.site_b, p.key_a, p.key_b, p.space_a, p.space_b, p.home_a, p.home_b, p.fingerprint_a, p.fingerprint_b, p.opened, p.mine, p.pass_a, p.pass_b," +
	" k.state, k.want, k.created, k.updated, k.cycle, k.next_sweep, k.asked, k.doc, k.sync, k.request"

const keptFrom = " FROM kept k JOIN pairs p ON p.id = k.pair"

func scanKept(r scanner) (k PairRow, err error) {
	var doc, sync, request []byte
	p := &k.Pair
	err = r.Scan(&p.ID, &p.Sites[0], &p.Sites[1], &p.Keys[0], &p.Keys[1], &p.Spaces[0], &p.Spaces[1], &p.Homes[0], &p.Homes[1],
		&p.Fingerprints[0], &p.Fingerprints[1], &p.Opened, &p.Mine, &p.Pass[0], &p.Pass[1],
		&k.State, &k.Want, timeCol{&k.Created}, timeCol{&k.Updated}, &k.Cycle, timeCol{&k.NextSweep}, &k.Asked, &doc, &sync, &request)
	if err == nil {
		err = firstOf(json.Unmarshal(doc, &k.Spec), json.Unmarshal(sync, &k.Sync))
	}
	if err == nil && request != nil {
		err = json.Unmarshal(request, &k.Request)
	}
	return k, err
}

// PutPairRow adds a pair by its name, or replaces spec, state, next sweep and what its cycles remember. Its row of pairs is
// added where ID is 0, which sets the ID, and left as it is otherwise; so are Want, Cycle, Asked and Request. Created is
// kept, or set to now for a new one.
func (tx *Tx) PutPairRow(k *PairRow) error {
	if k.ID == 0 {
		if err := tx.PutPair(&k.Pair); err != nil {
			return err
		}
	}
	doc, err := json.Marshal(k.Spec)
	if err != nil {
		return tx.fail(err)
	}
	sync, err := json.Marshal(k.Sync)
	if err != nil {
		return tx.fail(err)
	}
	now := tx.w.store.now()
	if k.Created.IsZero() {
		k.Created = now.UTC()
	}
	k.Updated = now.UTC()
	_, err = tx.exec("INSERT INTO kept (name, pair, state, want, created, updated, cycle, next_sweep, asked, doc, sync) VALUES (?, ?, ?, '', ?, ?, 0, ?, 0, ?, ?)"+
		" ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated = excluded.updated, next_sweep = excluded.next_sweep, doc = excluded.doc, sync = excluded.sync",
		k.Spec.Name, k.ID, string(k.State), nanos(k.Created), nanos(now), nanos(k.NextSweep), doc, sync)
	return err
}

// WantPair records what a person asks of a pair: "pause", "retire", or "" to go on.
func (tx *Tx) WantPair(name, want string) error {
	n, err := tx.exec("UPDATE kept SET want = ? WHERE name = ?", want, name)
	if err == nil && n == 0 {
		err = tx.fail(noPair(name))
	}
	return err
}

// AskPair adds to what the next cycle of a pair is asked for, and returns the number to wait for.
func (tx *Tx) AskPair(name string, more Request) (int64, error) {
	var asked int64
	var doc []byte
	found, err := tx.row("SELECT asked, request FROM kept WHERE name = ?", []any{name}, &asked, &doc)
	if err == nil && !found {
		err = tx.fail(noPair(name))
	}
	if err != nil {
		return 0, err
	}
	var was Request
	if doc != nil {
		if err := json.Unmarshal(doc, &was); err != nil {
			return 0, tx.fail(err)
		}
	}
	if doc, err = json.Marshal(was.and(more)); err != nil {
		return 0, tx.fail(err)
	}
	_, err = tx.exec("UPDATE kept SET asked = ?, request = ? WHERE name = ?", asked+1, doc, name)
	return asked + 1, err
}

func noPair(name string) error {
	return confluence.Errorf(confluence.CodeNoSuchName, "no pair %q", name)
}

// PairRow returns a pair by its name; T-1004 if there is none.
func (s *Store) PairRow(ctx context.Context, name string) (PairRow, error) {
	return one(ctx, s, scanKept, "pair", name, "SELECT "+keptCols+keptFrom+" WHERE k.name = ?", name)
}

// PairRowOf returns the pair over a row of pairs; T-1004 if nobody composed one.
func (s *Store) PairRowOf(ctx context.Context, pair int64) (PairRow, error) {
	return one(ctx, s, scanKept, "pair", fmt.Sprint(pair), "SELECT "+keptCols+keptFrom+" WHERE k.pair = ?", pair)
}

// PairRows returns all composed pairs by name.
func (s *Store) PairRows(ctx context.Context) ([]PairRow, error) {
	return list(ctx, s, scanKept, "SELECT "+keptCols+keptFrom+" ORDER BY k.name")
}

// PairTally is how the contents of a pair stand.
type PairTally struct {
	Twins     int    // pages and blog posts that both sides agreed on
	Waiting   [2]int // contents that the feed of each side named and no cycle has looked at
	Conflicts int    // open
	Contested int    // pages and blog posts of open conflicts
	Oldest    time.Time
}

// TallyPair counts the contents of a pair.
func (s *Store) TallyPair(ctx context.Context, pair int64) (PairTally, error) {
	return one(ctx, s, func(r scanner) (t PairTally, err error) {
		err = r.Scan(&t.Twins, &t.Waiting[0], &t.Waiting[1], &t.Conflicts, &t.Contested, timeCol{&t.Oldest})
		return t, err
	}, "pair", fmt.Sprint(pair), "SELECT"+
		" (SELECT count(*) FROM agreed WHERE pair = ?1 AND tomb = 0 AND kind IN ('page', 'blogpost') AND id_a <> '' AND id_b <> ''),"+
		" (SELECT count(*) FROM hints WHERE pair = ?1 AND side = 0), (SELECT count(*) FROM hints WHERE pair = ?1 AND side = 1),"+
		" (SELECT count(*) FROM conflicts WHERE pair = ?1 AND state = 'open'),"+
		" (SELECT count(DISTINCT twin) FROM conflicts WHERE pair = ?1 AND state = 'open'),"+
		" (SELECT min(at) FROM hints WHERE pair = ?1)", pair)
}
