package store

import (
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
)

// The states of a journal row. Intent and unknown are open: what the site did is not known yet.
const (
	StateIntent    = "intent"    // committed, about to be sent or in flight
	StateUnknown   = "unknown"   // no usable answer, or found as an intent at start: to be probed
	StateDone      = "done"      // the site made the change
	StateRefused   = "refused"   // the site answered that it did not
	StateAbsent    = "absent"    // a probe showed that it was not made
	StateOvertaken = "overtaken" // a person wrote in between
)

// Intent says what is about to be done by one call. It holds no secret and no text: payloads are blobs.
type Intent struct {
	Op            string // ULID; stands in version messages as "[tandem OP]"
	Run           string
	Pair          int64
	Slice         string
	Fence         int64 // of the lease it is committed under; 0: taken from there
	Cycle         int64
	Twin          confluence.TwinID
	Side          confluence.Side
	Site          string
	Verb          confluence.Verb
	TargetID      confluence.ID // empty for creates
	Facets        reconcile.Facets
	PreVersion    int
	PreDigest     confluence.Digest
	PayloadDigest confluence.Digest
	PayloadBlob   confluence.Digest
	NaturalKey    string // what the site tells two of them apart by: space, title, parent; file name; label
	Needs         string
	Attempt       int
	RetryOf       string // op of the attempt before
	SentAt        time.Time
	TimeoutMS     int64
}

// Outcome is what became of an intent.
type Outcome struct {
	Op         string
	State      string
	HTTPStatus int
	Code       confluence.Code
	NewID      confluence.ID
	NewVersion int
	EndedAt    time.Time
}

// ReadBack is what the site showed after the call.
type ReadBack struct {
	Content      confluence.Digest
	Presentation confluence.Digest
	Raw          confluence.Digest // blob
	Version      int
	At           time.Time
}

// follows lists the states that may follow a state.
var follows = map[string][]string{
	StateIntent:  {StateDone, StateRefused, StateUnknown},
	StateUnknown: {StateUnknown, StateDone, StateRefused, StateAbsent, StateOvertaken},
}

// Intend writes an intent, before its call. It needs a lease, and its fence is that lease's. An intent for the same
// twin, side, site, verb and natural key that is still open makes it fail with T-5201: probe that one first.
func (tx *Tx) Intend(i Intent) error {
	if err := tx.needLease("an intent"); err != nil {
		return err
	}
	if i.Fence != 0 && i.Fence != tx.lease.Fence {
		return tx.fail(fmt.Errorf("%w: intent of fence %d under fence %d", ErrFenced, i.Fence, tx.lease.Fence))
	}
	var open string
	found, err := tx.row("SELECT op FROM journal WHERE twin = ? AND side = ? AND site = ? AND verb = ? AND natural_key = ? AND state IN ('intent', 'unknown')",
		[]any{string(i.Twin), int64(i.Side), i.Site, string(i.Verb), i.NaturalKey}, &open)
	if err != nil {
		return err
	}
	if found {
		return tx.fail(confluence.Errorf(confluence.CodeUnknownOutcome, "the outcome of an earlier %s is still open (%s)", i.Verb, open))
	}
	_, err = tx.exec("INSERT INTO journal (op, run, pair, slice, fence, cycle, twin, side, site, verb, target_id, facets, pre_version, pre_digest,"+
		" payload_digest, payload_blob, natural_key, needs, attempt, retry_of, sent_at, timeout_ms, state)"+
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'intent')",
		i.Op, i.Run, i.Pair, i.Slice, tx.lease.Fence, i.Cycle, string(i.Twin), int64(i.Side), i.Site, string(i.Verb), string(i.TargetID),
		int64(i.Facets), i.PreVersion, digestArg(i.PreDigest), digestArg(i.PayloadDigest), digestArg(i.PayloadBlob), i.NaturalKey, i.Needs,
		i.Attempt, i.RetryOf, nanos(i.SentAt), i.TimeoutMS)
	return err
}

// Settle records the outcome of an intent. It needs no lease, so that an owner that was shut out can still tell what its
// last calls did; such a commit can move nothing else. An outcome that comes when its row is settled already is kept
// beside it (JournalRow.Late), unless it says the same.
func (tx *Tx) Settle(o Outcome) error {
	var state string
	var id confluence.ID
	found, err := tx.row("SELECT state, new_id FROM journal WHERE op = ?", []any{o.Op}, &state, &id)
	if err != nil {
		return err
	}
	if !found {
		return tx.fail(confluence.Errorf(confluence.CodeNoSuchName, "no journal row %q", o.Op))
	}
	if o.EndedAt.IsZero() {
		o.EndedAt = tx.w.store.now()
	}
	follow, open := follows[state]
	switch {
	case open && slices.Contains(follow, o.State):
		_, err = tx.exec("UPDATE journal SET state = ?, http_status = ?, code = ?, new_id = ?, new_version = ?, ended_at = ? WHERE op = ?",
			o.State, o.HTTPStatus, string(o.Code), string(o.NewID), o.NewVersion, nanos(o.EndedAt), o.Op)
	case open:
		err = tx.fail(fmt.Errorf("store: journal row %s cannot go from %s to %s", o.Op, state, o.State))
	case state == o.State && id == o.NewID:
	default:
		_, err = tx.exec("INSERT INTO journal_late (op, state, http_status, code, new_id, new_version, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			o.Op, o.State, o.HTTPStatus, string(o.Code), string(o.NewID), o.NewVersion, nanos(o.EndedAt))
	}
	return err
}

// ReadBack records what the site showed of a change that is done, in one transaction with the baseline; it needs a lease.
func (tx *Tx) ReadBack(op string, r ReadBack) error {
	if err := tx.needLease("a read-back"); err != nil {
		return err
	}
	if r.At.IsZero() {
		r.At = tx.w.store.now()
	}
	n, err := tx.exec("UPDATE journal SET content_digest = ?, presentation_digest = ?, raw_blob = ?, read_version = ?, read_at = ? WHERE op = ? AND state = 'done'",
		digestArg(r.Content), digestArg(r.Presentation), digestArg(r.Raw), r.Version, nanos(r.At), op)
	if err == nil && n == 0 {
		err = tx.fail(fmt.Errorf("store: journal row %s is not done and cannot be read back", op))
	}
	return err
}
