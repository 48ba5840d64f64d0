package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine/planted"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// write is one call about to be made: the change in the words of the side it goes to, and what is recorded around it.
type write struct {
	side    confluence.Side
	change  confluence.Change
	verb    confluence.Verb // of a write known only by its journal row; else that of change
	payload confluence.Payload
	twin    confluence.TwinID
	kind    confluence.Kind
	facets  reconcile.Facets
	target  confluence.ID // empty for creates
	expect  int
	// digest is what a probe compares a found body with: the content digest of the body as sent. Zero: no body.
	digest confluence.Digest
	blob   []byte            // the body as sent
	origin confluence.Digest // the blob of the other side's body that is carried
	key    string            // natural key
	// note returns what is to be said about the content besides, in the transaction of the outcome.
	note func() []migration.Finding
	// also and after write what else became known by the call, in the transaction of the outcome.
	also  func(*store.Tx, confluence.Result) error
	after func(*store.Tx) error
	// learned is the baseline row as it will be once the call has succeeded.
	learned func(res confluence.Result) *store.AgreedRow
	// complete is false where a body still holds references that cannot be written yet.
	complete bool
	title    string // that an update gives
	// skip: the side already has exactly this; nothing is sent.
	skip bool
	// author made the edit that is carried, on the other side; empty where none is to be named.
	author confluence.UserID
}

// carry makes one change: the writes it takes, one after the other. Where the version has moved on, the content is read
// again and what nobody touched is carried all the same. A refusal becomes a finding of its content.
func (a *applier) carry(ctx context.Context, c reconcile.Change) error {
	defer a.setOut(c)()
	c, changed, err := a.freshened(ctx, c)
	if err == nil {
		if err = a.carryOnce(ctx, c); err == nil && changed {
			err = overtaken(c, "was edited before in part")
		}
	}
	for range maxRereads {
		if !a.s.paired || confluence.ClassOf(err) != confluence.ClassConflict {
			break
		}
		again, changed := c, false
		if again, changed, err = a.reread(ctx, c); err != nil {
			break
		}
		if again.Facets == 0 {
			err = overtaken(c, "was edited meanwhile")
			break
		}
		c = again
		if err = a.carryOnce(ctx, c); err == nil && changed {
			err = overtaken(c, "was edited meanwhile in part")
		}
	}
	if learned, readErr := a.learnHolder(ctx, c, err); readErr != nil {
		err = readErr
	} else if learned {
		err = overtaken(c, "would get a title that another page has")
	}
	switch {
	case err == nil:
		a.s.gauge.done(c)
		return nil
	case errors.Is(err, errOvertaken), a.s.paired && confluence.ClassOf(err) == confluence.ClassConflict:
		a.touch(c.Side, c.Twin)
		a.overtaken.Store(true)
		return fmt.Errorf("%w: %w", errOvertaken, err)
	case ctx.Err() == nil && a.s.paired && leavesNoTrace(err):
		err = confluence.Errorf(confluence.CodeRefused, "%s", confluence.AsError(err).What).Because(err)
	case ctx.Err() != nil, halts(err), errors.Is(err, errNeed):
		return err
	}
	return a.s.refusedChange(ctx, a.view, c, err)
}

// outset is what the side that a change comes from showed when it began. What is read meanwhile is newer than what was
// decided about, and must not count as carried.
type outset struct {
	node  reconcile.Node
	print fingerprint
}

// setOut takes down what a change begins with, and returns the function that forgets it.
func (a *applier) setOut(c reconcile.Change) func() {
	from := c.Side.Other()
	x := outset{node: a.view.nodeOf(from, c.Twin)}
	x.print, _ = a.view.print(from, c.Twin)
	a.outsetMu.Lock()
	defer a.outsetMu.Unlock()
	a.outsets[c.N] = x
	return func() {
		a.outsetMu.Lock()
		defer a.outsetMu.Unlock()
		delete(a.outsets, c.N)
	}
}

// nodeFrom is the content of a change as the side it comes from showed it when the change began.
func (a *applier) nodeFrom(c reconcile.Change) reconcile.Node {
	a.outsetMu.Lock()
	defer a.outsetMu.Unlock()
	if x, ok := a.outsets[c.N]; ok {
		return x.node
	}
	return a.view.nodeOf(c.Side.Other(), c.Twin)
}

// printFrom is its body as it was then.
func (a *applier) printFrom(c reconcile.Change) fingerprint {
	a.outsetMu.Lock()
	defer a.outsetMu.Unlock()
	if x, ok := a.outsets[c.N]; ok {
		return x.print
	}
	print, _ := a.view.print(c.Side.Other(), c.Twin)
	return print
}

// leavesNoTrace reports whether a write was sent as often as may be and the site, which answers, shows nothing of it. That
// is a matter of its content: the others of the pair go on.
func leavesNoTrace(err error) bool {
	var x *confluence.Error
	return errors.As(err, &x) && x.Code == confluence.CodeUnknownOutcome && x.Outcome != confluence.OutcomeUnknown
}

// maxRereads is how often, within one change, a version may have moved on.
const maxRereads = 3

func (a *applier) carryOnce(ctx context.Context, c reconcile.Change) error {
	makings, err := a.prepare(ctx, c)
	for i := 0; err == nil && i < len(makings); i++ {
		var w *write
		if w, err = makings[i](); err != nil {
			break
		}
		if w.skip {
			a.passOver(c)
			continue
		}
		a.begun.Store(true)
		_, err = a.s.perform(ctx, w, a)
	}
	return err
}

// reread reads the content that a change goes to once more, and leaves out of the change what somebody has edited there
// since the plan was made: that is for the next plan to decide. changed reports whether there was such a facet.
func (a *applier) reread(ctx context.Context, c reconcile.Change) (again reconcile.Change, changed bool, err error) {
	d, ok := a.destOf(c.Side, c.Twin)
	if !ok || a.shown(c.Side, c.Twin) == nil {
		return c, false, overtaken(c, "is not known")
	}
	list, err := a.s.sites[c.Side].reader.Fetch(ctx, c.Kind, []confluence.ID{d.id}, confluence.AllFacets)
	if err != nil {
		return c, false, err
	}
	if len(list) == 0 || !present(list[0]) {
		return c, false, overtaken(c, "is not there any more")
	}
	return a.takeOver(ctx, c, list[0])
}

// takeOver lets what a side shows of a content now count as known, and leaves out of the change what was edited there.
func (a *applier) takeOver(ctx context.Context, c reconcile.Change, seen confluence.Content) (again reconcile.Change, changed bool, err error) {
	was := a.shown(c.Side, c.Twin)
	now, raw, _ := a.s.observed(c.Side, a.s.pair.Pass[c.Side], seen)
	now.Twin = c.Twin
	err = a.s.commit(ctx, func(tx *store.Tx) error {
		if raw != nil {
			tx.PutBlob(raw)
		}
		return tx.PutObserved(now)
	})
	if err != nil {
		return c, false, err
	}
	edited, err := a.edited(c, was, &now)
	if planted.On(planted.LastWriterWins) {
		edited = 0
	}
	if err != nil {
		return c, false, err
	}
	a.seenMu.Lock()
	a.view.seen[c.Side].put(c.Twin, &now)
	a.seenMu.Unlock()
	a.learn(c.Side, c.Twin, destination{id: seen.ID, version: now.Content.Version.Number})
	c.Facets &^= edited
	return c, edited != 0, nil
}

// edited are the facets of a change that somebody has edited on the side it goes to.
func (a *applier) edited(c reconcile.Change, was, now *store.Observed) (reconcile.Facets, error) {
	var f reconcile.Facets
	if a.titleNow(c.Side, c.Twin) != now.Content.Title {
		f |= reconcile.Title
	}
	if a.s.parentOf(a.view, c.Side, was.Content) != a.s.parentOf(a.view, c.Side, now.Content) {
		f |= reconcile.Parent
	}
	if was.Form.Skeleton != now.Form.Skeleton || was.RawBlob != now.RawBlob {
		own := a.s.pair.Keys[c.Side]
		before, err := a.view.printOf(c.Side, was, own)
		if err != nil {
			return f, err
		}
		after, err := a.view.printOf(c.Side, now, own)
		if err != nil {
			return f, err
		}
		if d, _ := a.destOf(c.Side, c.Twin); !before.same(after) && (d.sent.IsZero() || !saysTheSame(d.says, now)) {
			f |= reconcile.Body
		}
	}
	if c.Kind == confluence.Attachment && fileDigest(was.Content) != fileDigest(now.Content) {
		f |= reconcile.File
	}
	return c.Facets & f, nil
}

// saysTheSame reports whether an observation shows the body that was sent.
func saysTheSame(sent confluence.Digest, now *store.Observed) bool {
	is, err := observedDigest(now)
	return err == nil && !sent.IsZero() && sent == is
}

// passOver leaves out a write that would send what was sent before: a body that still waits for the id of something that
// has not arrived. It is planned again by every run until it can be written.
func (a *applier) passOver(c reconcile.Change) {
	if rewrites(c) {
		a.s.hold(c.Twin)
	}
}

// perform makes one write under the journal: intent, call, outcome. After an unknown outcome it looks at the site before
// anything is sent again.
func (s *work) perform(ctx context.Context, w *write, a *applier) (confluence.Result, error) {
	if row := s.sites[w.side].row; row.ReadOnly {
		return confluence.Result{}, confluence.Errorf(confluence.CodeReadOnlySite, "site %q is switched read-only", row.Name)
	}
	note := s.noteOf(ctx, w)
	var retryOf string
	for attempt := 1; ; attempt++ {
		in, err := s.intend(ctx, w, note, attempt, retryOf)
		if err != nil {
			return confluence.Result{}, err
		}
		res, err := s.call(ctx, in, w)
		if err == nil {
			return res, s.succeed(ctx, in, w, res, a)
		}
		if !confluence.Unknown(err) {
			res, err = s.refused(ctx, in, w, err)
			if err == nil {
				return res, s.succeed(ctx, in, w, res, a)
			}
			return res, err
		}
		if err := s.settle(ctx, store.Outcome{Op: in.Op, State: store.StateUnknown, Code: confluence.AsError(err).Code}); err != nil {
			return res, err
		}
		found, res, err := s.probe(ctx, in, w)
		if planted.On(planted.NoProbe) {
			found, err = false, nil
		}
		if err != nil {
			return res, err
		}
		if found {
			return res, s.succeed(ctx, in, w, res, a)
		}
		if err := s.absent(ctx, in, a); err != nil {
			return res, err
		}
		if retryOf = in.Op; attempt >= maxAttempts {
			return res, confluence.Errorf(confluence.CodeUnknownOutcome, "%s was sent %d times and is not there", w.describe(), attempt)
		}
	}
}

// maxAttempts bounds how often a write is sent that leaves no trace.
const maxAttempts = 4

// call sends the change. The failpoints stand where a crash hurts most.
func (s *work) call(ctx context.Context, in store.Intent, w *write) (confluence.Result, error) {
	verb := w.change.Verb()
	s.e.opt.Fail("before-call", verb)
	if until := overAt(in); s.e.opt.Now().After(until) {
		// This process slept since the intent. Another one may have taken over, and looked after this time whether the
		// write was made: what is sent now would be made twice (decision D30).
		return confluence.Result{}, &confluence.Error{Code: confluence.CodeUnknownOutcome, What: w.describe() + " was not sent in its time",
			Outcome: confluence.OutcomeUnknown}
	}
	if planted.On(planted.SentTwice) && verb == confluence.VerbLabel {
		_, _ = s.sites[w.side].writer.Apply(ctx, w.change, w.payload)
	}
	res, err := s.sites[w.side].writer.Apply(ctx, w.change, w.payload)
	s.e.opt.Fail("after-call", verb)
	if ctx.Err() != nil && err != nil {
		// The caller went away in the middle of the call; whether the site got it is open until the next start.
		return res, &confluence.Error{Code: confluence.CodeUnknownOutcome, What: w.describe() + " was interrupted",
			Outcome: confluence.OutcomeUnknown, Err: ctx.Err()}
	}
	return res, err
}

// intend makes the intent durable.
func (s *work) intend(ctx context.Context, w *write, note string, attempt int, retryOf string) (store.Intent, error) {
	in := store.Intent{
		Op: s.e.opt.NewID(), Run: s.runID, Pair: s.pair.ID, Slice: s.slice.ID, Fence: s.lease.Fence, Cycle: s.cycle,
		Twin: w.twin, Side: w.side, Site: s.sites[w.side].row.Name, Verb: w.change.Verb(),
		TargetID: w.target, Facets: w.facets, PreVersion: w.expect, PreDigest: w.origin, PayloadDigest: w.digest,
		NaturalKey: w.key, Attempt: attempt, RetryOf: retryOf,
		SentAt: s.e.opt.Now(), TimeoutMS: s.e.opt.Timeout.Milliseconds(),
	}
	w.change = withMessage(w.change, note, in.Op)
	lease := s.lease
	if planted.On(planted.FenceIgnored) {
		lease = store.Lease{}
	}
	s.stale.Store(true)
	err := s.e.store.Commit(ctx, lease, func(tx *store.Tx) error {
		if w.blob != nil {
			in.PayloadBlob = tx.PutBlob(w.blob)
		}
		return tx.Intend(in)
	})
	return in, err
}

// withMessage signs a change that makes a version with the journal's op id (decision D16), and says whose edit it is.
func withMessage(c confluence.Change, note, op string) confluence.Change {
	message := fmt.Sprintf("%s[tandem %s]", note, op)
	switch u := c.(type) {
	case confluence.Update:
		u.Message = message
		return u
	case confluence.Create:
		if note != "" {
			u.Message = message
		}
		return u
	}
	return c
}

// succeed records the outcome together with what is now known about the twin, in one transaction.
func (s *work) succeed(ctx context.Context, in store.Intent, w *write, res confluence.Result, a *applier) error {
	var row *store.AgreedRow
	shown, raw := a.told(w, res)
	err := s.commit(ctx, func(tx *store.Tx) error {
		row = w.learned(res)
		if shown != nil {
			tx.PutBlob(raw)
			if err := tx.PutObserved(*shown); err != nil {
				return err
			}
		}
		err := tx.Settle(store.Outcome{
			Op: in.Op, State: store.StateDone, NewID: res.ID, NewVersion: res.Version, EndedAt: s.e.opt.Now(),
		})
		if err == nil && row != nil {
			err = tx.PutAgreed(s.pair.ID, *row)
		}
		if err == nil && w.also != nil {
			err = w.also(tx, res)
		}
		if err == nil && w.after != nil {
			err = w.after(tx)
		}
		if err == nil && w.note != nil {
			err = tx.AddFinding(s.runID, w.note()...)
		}
		return err
	})
	if err != nil {
		return err
	}
	if a != nil && row != nil {
		d := destination{id: row.ID[w.side], version: row.Version[w.side], title: w.title}
		if w.blob != nil && w.kind != confluence.Comment {
			d.sent, d.says = confluence.Sum(w.blob), w.digest
		}
		a.learn(w.side, w.twin, d)
	}
	s.e.opt.Fail("after-outcome", in.Verb)
	return nil
}

func (s *work) settle(ctx context.Context, o store.Outcome) error {
	o.EndedAt = s.e.opt.Now()
	return s.commit(ctx, func(tx *store.Tx) error { return tx.Settle(o) })
}

// absent records that a write was not made, as far as the site shows. One that sets a state is never looked for, and may
// have been made all the same: what the destination shows of that facet next is taken as ours, and the source is sent
// again.
func (s *work) absent(ctx context.Context, in store.Intent, a *applier) error {
	o := store.Outcome{Op: in.Op, State: store.StateAbsent, EndedAt: s.e.opt.Now()}
	return s.commit(ctx, func(tx *store.Tx) error {
		if err := tx.Settle(o); err != nil {
			return err
		}
		if row := a.undecided(in); row != nil {
			return tx.PutAgreed(s.pair.ID, *row)
		}
		return nil
	})
}

// undecided is the baseline row of a content whose labels, restrictions or place may have been set or not; nil where that
// says nothing.
func (a *applier) undecided(in store.Intent) *store.AgreedRow {
	if a == nil || !a.view.seen[in.Side.Other()].has(in.Twin) || !a.view.agreed.has(in.Twin) {
		return nil
	}
	var f reconcile.Facets
	switch in.Verb {
	case confluence.VerbMove:
		return a.displaced(in.Side, in.Twin)
	case confluence.VerbLabel, confluence.VerbUnlabel:
		f = reconcile.Labels
	case confluence.VerbRestrict:
		f = reconcile.Restrictions
	default:
		return nil
	}
	a.touch(in.Side, in.Twin)
	if a.s.paired {
		return nil // sets are compared element by element with what the side shows next
	}
	a.rowMu.Lock()
	defer a.rowMu.Unlock()
	row := a.row(in.Side, in.Twin)
	row.Digest[in.Side.Other()][f.Index()], row.Digest[in.Side][f.Index()] = undecidedFacet, confluence.Digest{}
	row.Pending[in.Side] |= f
	row.Facets &^= f
	a.view.agreed.put(in.Twin, &row)
	return &row
}

// undecidedFacet stands for the source's labels or restrictions where it is not known whether they were set.
var undecidedFacet = confluence.Sum([]byte("set or not"))

// refused records a refusal. "Exists" and "the version has moved" are looked into first: what is in the way may be our own
// earlier write that was applied late.
func (s *work) refused(ctx context.Context, in store.Intent, w *write, cause error) (confluence.Result, error) {
	e := confluence.AsError(cause)
	if e.Class() == confluence.ClassExists && w.target == "" || e.Class() == confluence.ClassConflict && w.target != "" {
		found, res, err := s.probe(ctx, in, w)
		if err != nil && confluence.ClassOf(err) != confluence.ClassConflict {
			return res, err
		}
		if found {
			return res, nil
		}
	}
	err := s.settle(ctx, store.Outcome{Op: in.Op, State: store.StateRefused, HTTPStatus: e.Status, Code: e.Code})
	return confluence.Result{}, errors.Join(cause, err)
}

// describe names a write for a message.
func (w *write) describe() string { return fmt.Sprintf("%s %s", w.change.Verb(), w.key) }
