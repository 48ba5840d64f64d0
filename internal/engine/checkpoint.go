package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// checkpointKey is the key of the property that a pair leaves on both spaces.
const checkpointKey = "tandem.pair"

// stepMark ends a cycle that was decided: its fuses are counted, and if it wrote something the sites get the checkpoint.
func (c *cycle) stepMark(ctx context.Context) error {
	v, err := c.look(ctx)
	if err != nil {
		return err
	}
	if err := c.fuse(ctx, v); err != nil {
		return err
	}
	m, err := c.marking(ctx, v)
	if err != nil {
		return err
	}
	switch {
	case m.due != [2]bool{}:
		err = c.writeCheckpoints(ctx, m)
	case m.carried != c.row.Sync.Carried:
		err = c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Carried = m.carried })
	}
	if err != nil {
		return err
	}
	return errCycleOver
}

// marking is what a cycle leaves on which sides.
type marking struct {
	mark    store.Checkpoint
	due     [2]bool
	carried [2]store.CarriedEntry // of sides that are not due, or do not take the checkpoint
}

// marking decides where a checkpoint is due. A sweep leaves the same one on both sides if anything was written since the
// last. A cycle that follows a feed mostly leaves none: the version that was carried stands on the one side, and the one
// that was written on the other, and whatever takes a server back behind the cycle takes these back too. They are noted
// here, and looked at wherever the checkpoint is (see checkCarried). Only where a side has no such version, a page that
// was made or a label, is the checkpoint itself left at once.
func (c *cycle) marking(ctx context.Context, v *view) (marking, error) {
	sync := c.row.Sync
	rows, err := c.wrote(ctx)
	if err != nil {
		return marking{}, err
	}
	m := marking{mark: sync.Root, carried: sync.Carried}
	broken := sync.Next != sync.Root
	whole := c.rec.Kind == store.CycleSweep || c.allowed(brakeCheckpoint) || broken
	owed := false
	for _, side := range confluence.Sides {
		owed = owed || !sync.Unmarked[side] && (sync.Carried[side] != (store.CarriedEntry{}) || sync.LeftOn(side) != sync.Root)
	}
	if len(rows) == 0 && !broken && !c.allowed(brakeCheckpoint) && !(whole && owed) {
		return m, nil
	}
	m.mark = store.Checkpoint{Pair: sync.UID, Epoch: sync.Epoch, Cycle: c.rec.Number, Root: rootOf(v)}
	for _, side := range confluence.Sides {
		entry := newestOf(v, rows, side)
		m.due[side] = whole || entry == (store.CarriedEntry{}) && !sync.Unmarked[side]
		if entry != (store.CarriedEntry{}) {
			m.carried[side] = entry
		}
	}
	if m.due != [2]bool{} && sync.Root == (store.Checkpoint{}) {
		m.due = [2]bool{true, true} // the first
	}
	return m, nil
}

// wrote lists what this cycle wrote, or may have, the checkpoint left out: what sets a state is not looked for after a
// crash, and where it stands as it was to be set nothing is sent again.
func (c *cycle) wrote(ctx context.Context) ([]store.Carried, error) {
	rows, err := c.e.store.Carried(ctx, c.row.ID, c.rec.Number)
	return slices.DeleteFunc(rows, func(r store.Carried) bool {
		return r.Verb == confluence.VerbProperty || r.State != store.StateDone && !(r.State == store.StateAbsent && setsState(r.Verb))
	}), err
}

// newestOf is the newest version, as a side shows it, of what an update carried from there or to there; zero if something
// was carried besides that leaves no version.
func newestOf(v *view, rows []store.Carried, side confluence.Side) (newest store.CarriedEntry) {
	for _, r := range rows {
		o := v.seen[side].get(r.Twin)
		if r.Verb != confluence.VerbPut || o == nil || o.Content.Kind != confluence.Page && o.Content.Kind != confluence.BlogPost {
			return store.CarriedEntry{}
		}
		if at := o.Content.Version; at.Number > 1 && at.At.After(newest.At) {
			newest = store.CarriedEntry{Kind: o.Content.Kind, ID: o.Content.ID, Version: at.Number, At: at.At}
		}
	}
	return newest
}

// setsState reports whether a write of a verb, sent twice, does the same once more.
func setsState(v confluence.Verb) bool {
	switch v {
	case confluence.VerbMove, confluence.VerbLabel, confluence.VerbUnlabel, confluence.VerbRestrict:
		return true
	}
	return false
}

// checkCheckpoints compares what the sites say was written last with what we know (algorithm A9.5). Both as we know it, or
// nothing on either side where nothing was written yet: go on. Older on one side: that server was restored from a backup,
// and its versions run backwards. Of another pair: a cloned site, or a second tandem.
func (c *cycle) checkCheckpoints(ctx context.Context) error {
	if c.allowed(brakeCheckpoint) {
		return nil
	}
	sync := c.row.Sync
	for _, side := range confluence.Sides {
		found, ok, err := c.checkpoint(ctx, side)
		blind := !c.keepsCheckpoint(side)
		if sync.Unmarked[side] && refusesProperty(err) {
			blind, err = true, nil
		}
		if err != nil {
			return onSide(side, err)
		}
		site, left := c.row.Sites[side], sync.LeftOn(side)
		what := ""
		switch {
		case !ok && (left == store.Checkpoint{}):
		case ok && (found.Checkpoint == left || found.Checkpoint == sync.Next):
		case ok && (left == store.Checkpoint{}) && found.Checkpoint.Pair == sync.UID && found.Checkpoint.Epoch < sync.Epoch:
			// Of an epoch before the baseline that was taken last, and nothing was written since.
		case !ok && blind:
		case !ok:
			what = fmt.Sprintf("%s does not know this pair any more: it was restored from a time before cycle %d, or the mark was removed", site, left.Cycle)
		case found.Checkpoint.Pair != sync.UID:
			what = fmt.Sprintf("space %s of %s is kept by another tandem, or the site is a copy of one that is", c.row.Keys[side], site)
		case found.Checkpoint.Epoch < left.Epoch || found.Checkpoint.Cycle < left.Cycle:
			what = fmt.Sprintf("%s was restored from a backup: it stands at cycle %d, and cycle %d was written", site, found.Checkpoint.Cycle, left.Cycle)
		default:
			what = fmt.Sprintf("%s stands at cycle %d, which this data directory does not know: it is an older copy", site, found.Checkpoint.Cycle)
		}
		if what == "" {
			what, err = c.checkCarried(ctx, side)
		}
		if err != nil {
			return onSide(side, err)
		}
		if what != "" {
			return &halting{store.Halt{Brake: brakeCheckpoint, Side: side, What: what}}
		}
	}
	return nil
}

// checkCarried looks whether a side still holds the newest edit of it that was carried since its checkpoint was left: if
// it shows an older version of that content, made earlier, the server was restored. That it shows none proves nothing.
func (c *cycle) checkCarried(ctx context.Context, side confluence.Side) (what string, err error) {
	was := c.row.Sync.Carried[side]
	if was.ID == "" {
		return "", nil
	}
	seen, err := c.sites[side].reader.Fetch(ctx, was.Kind, []confluence.ID{was.ID}, 0)
	if err != nil || len(seen) == 0 {
		return "", err
	}
	now := seen[0].Version
	if now.Number >= was.Version || !now.At.Before(was.At) {
		return "", nil
	}
	return fmt.Sprintf("%s was restored from a backup: %s stands at version %d, and version %d was carried", c.row.Sites[side],
		describe(seen[0]), now.Number, was.Version), nil
}

// marked is a checkpoint as a site holds it, with the version of its property.
type marked struct {
	store.Checkpoint
	version int
}

// keepsCheckpoint reports whether a site can hold a checkpoint.
func (c *cycle) keepsCheckpoint(side confluence.Side) bool {
	_, ok := c.sites[side].reader.(confluence.Properties)
	return ok && c.ids[side].Caps.Properties && c.row.Spec.Receivers()[side]
}

// refusesProperty reports whether an account may not read or write properties, or the site has none.
func refusesProperty(err error) bool {
	switch confluence.ClassOf(err) {
	case confluence.ClassForbidden, confluence.ClassUnsupported, confluence.ClassNotFound:
		return true
	}
	return false
}

func (c *cycle) checkpoint(ctx context.Context, side confluence.Side) (m marked, found bool, err error) {
	if !c.keepsCheckpoint(side) {
		return m, false, nil
	}
	p, found, err := c.sites[side].reader.(confluence.Properties).Property(ctx, c.spaceOf(side), "", checkpointKey)
	if err != nil || !found {
		return m, false, err
	}
	m.version = p.Version
	if err := json.Unmarshal(p.Value, &m.Checkpoint); err != nil {
		m.Checkpoint = store.Checkpoint{} // somebody's else
	}
	return m, true, nil
}

// writeCheckpoints leaves the same checkpoint on the sites where it is due. What is about to be written is remembered
// before, so that a crash in between is not taken for a restored server.
func (c *cycle) writeCheckpoints(ctx context.Context, m marking) error {
	if err := c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Next = m.mark }); err != nil {
		return err
	}
	var version [2]int
	for _, side := range confluence.Sides {
		if !m.due[side] || !c.keepsCheckpoint(side) {
			continue
		}
		var err error
		if version[side], err = c.writeCheckpoint(ctx, side, m.mark); err != nil {
			return onSide(side, err)
		}
	}
	return c.saveCheckpoint(ctx, func(s *store.PairSync) {
		if s.Left == [2]store.Checkpoint{} {
			s.Left = [2]store.Checkpoint{s.Root, s.Root}
		}
		s.Root, s.Carried = m.mark, m.carried
		for side := range confluence.Sides {
			if m.due[side] && !s.Unmarked[side] {
				s.Left[side], s.LeftVersion[side], s.Carried[side] = m.mark, version[side], store.CarriedEntry{}
			}
		}
	})
}

// writeCheckpoint leaves a checkpoint on a side and returns the version of the property, 0 if that is not known. The
// property is not read before: it is written as the successor of the version that was left, and a site where it is another
// one by now refuses that. Then it is read, and if what stands there is not ours the pair halts.
func (c *cycle) writeCheckpoint(ctx context.Context, side confluence.Side, mark store.Checkpoint) (int, error) {
	was := marked{c.row.Sync.LeftOn(side), c.row.Sync.LeftVersion[side]}
	blind := was.version > 0 && !c.allowed(brakeCheckpoint)
	for {
		if !blind {
			var err error
			was, _, err = c.checkpoint(ctx, side)
			if c.row.Sync.Unmarked[side] && refusesProperty(err) {
				return 0, nil
			}
			if err != nil || was.Checkpoint == mark {
				return was.version, err
			}
		}
		res, err := c.sendCheckpoint(ctx, side, mark, was.version)
		unmarked := c.row.Sync.Unmarked[side]
		switch class := confluence.ClassOf(err); {
		case blind && (class == confluence.ClassConflict || class == confluence.ClassNotFound || class == confluence.ClassExists):
			if err := c.checkCheckpoints(ctx); err != nil {
				return 0, err
			}
			blind = false
			continue
		case refusesProperty(err) && unmarked:
			return 0, nil
		case refusesProperty(err):
			// The account may write pages and no properties: the pair goes on without this net.
			c.e.say(ctx, c.runID, c.space, "warning", confluence.AsError(err).Code,
				fmt.Sprintf("no checkpoint can be left on %s: a restored or cloned site will not be noticed", c.row.Sites[side]))
			return 0, c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Unmarked[side] = true })
		case err == nil && unmarked:
			err = c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Unmarked[side] = false })
		}
		return res.Version, err
	}
}

func (c *cycle) sendCheckpoint(ctx context.Context, side confluence.Side, mark store.Checkpoint, expect int) (confluence.Result, error) {
	value, err := json.Marshal(mark)
	if err != nil {
		return confluence.Result{}, err
	}
	w := &write{side: side, twin: spaceTwin(c.pair), key: naturalKey("checkpoint", fmt.Sprint(mark.Cycle)), expect: expect,
		change: confluence.SetProperty{Space: c.spaceOf(side), Key: checkpointKey, Value: value, Expect: expect}}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	return c.perform(ctx, w, nil)
}

func (c *cycle) saveCheckpoint(ctx context.Context, edit func(*store.PairSync)) error {
	edit(&c.row.Sync)
	return c.e.changePair(ctx, c.row.Spec.Name, func(r *store.PairRow) error {
		edit(&r.Sync)
		return nil
	})
}

// rootOf stands for all that both sides agree on.
func rootOf(v *view) confluence.Digest {
	h := sha256.New()
	for twin, a := range v.agreed.all() {
		if a.Tomb {
			continue
		}
		h.Write([]byte(string(twin) + "\x00"))
		for side := range confluence.Sides {
			for _, d := range a.Digest[side] {
				h.Write(d[:])
			}
		}
	}
	return confluence.Digest(h.Sum(nil))
}
