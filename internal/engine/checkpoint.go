package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// checkpointKey is the key of the property that a pair leaves on both spaces.
const checkpointKey = "tandem.pair"

// stepMark ends a cycle that was decided: its fuses are counted, and if it wrote something both sites get the checkpoint.
func (c *cycle) stepMark(ctx context.Context) error {
	v, err := c.look(ctx)
	if err != nil {
		return err
	}
	if err := c.fuse(ctx, v); err != nil {
		return err
	}
	written, err := c.wroteAnything(ctx)
	if err != nil {
		return err
	}
	if written || c.allowed(brakeCheckpoint) || c.row.Sync.Next != c.row.Sync.Root {
		if err := c.writeCheckpoints(ctx, v); err != nil {
			return err
		}
	}
	return errCycleOver
}

// wroteAnything reports whether the cycle has written, or may have: what sets a state is not looked for after a crash, and
// where it stands as it was to be set nothing is sent again.
func (c *cycle) wroteAnything(ctx context.Context) (bool, error) {
	rows, err := c.e.store.Carried(ctx, c.row.ID, c.rec.Number)
	for _, r := range rows {
		if r.State == store.StateDone && r.Verb != confluence.VerbProperty || r.State == store.StateAbsent && setsState(r.Verb) {
			return true, err
		}
	}
	return false, err
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
		if err != nil {
			return onSide(side, err)
		}
		site := c.row.Sites[side]
		what := ""
		switch {
		case !ok && (sync.Root == store.Checkpoint{}):
		case ok && (found.Checkpoint == sync.Root || found.Checkpoint == sync.Next):
		case !ok && !c.keepsCheckpoint(side):
		case !ok:
			what = fmt.Sprintf("%s does not know this pair any more: it was restored from a time before cycle %d, or the mark was removed", site, sync.Root.Cycle)
		case found.Checkpoint.Pair != sync.UID:
			what = fmt.Sprintf("space %s of %s is kept by another tandem, or the site is a copy of one that is", c.row.Keys[side], site)
		case found.Checkpoint.Epoch < sync.Root.Epoch || found.Checkpoint.Cycle < sync.Root.Cycle:
			what = fmt.Sprintf("%s was restored from a backup: it stands at cycle %d, and cycle %d was written", site, found.Checkpoint.Cycle, sync.Root.Cycle)
		default:
			what = fmt.Sprintf("%s stands at cycle %d, which this data directory does not know: it is an older copy", site, found.Checkpoint.Cycle)
		}
		if what != "" {
			return &halting{store.Halt{Brake: brakeCheckpoint, Side: side, What: what}}
		}
	}
	return nil
}

// marked is a checkpoint as a site holds it, with the version of its property.
type marked struct {
	store.Checkpoint
	version int
}

// keepsCheckpoint reports whether a site can hold a checkpoint.
func (c *cycle) keepsCheckpoint(side confluence.Side) bool {
	_, ok := c.sites[side].reader.(confluence.Properties)
	return ok && c.ids[side].Caps.Properties && c.row.Spec.Receivers()[side] && !c.row.Sync.Unmarked[side]
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

// writeCheckpoints leaves the same checkpoint on both sites. What is about to be written is remembered before, so that a
// crash in between is not taken for a restored server.
func (c *cycle) writeCheckpoints(ctx context.Context, v *view) error {
	mark := store.Checkpoint{Pair: c.row.Sync.UID, Epoch: c.row.Sync.Epoch, Cycle: c.rec.Number, Root: rootOf(v)}
	if err := c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Next = mark }); err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		if !c.keepsCheckpoint(side) {
			continue
		}
		if err := c.writeCheckpoint(ctx, side, mark); err != nil {
			return onSide(side, err)
		}
	}
	return c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Root = mark })
}

func (c *cycle) writeCheckpoint(ctx context.Context, side confluence.Side, mark store.Checkpoint) error {
	was, _, err := c.checkpoint(ctx, side)
	if err != nil || was.Checkpoint == mark {
		return err
	}
	value, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	w := &write{side: side, twin: spaceTwin(c.pair), key: naturalKey("checkpoint", fmt.Sprint(mark.Cycle)), expect: was.version,
		change: confluence.SetProperty{Space: c.spaceOf(side), Key: checkpointKey, Value: value, Expect: was.version}}
	w.learned = func(confluence.Result) *store.AgreedRow { return nil }
	_, err = c.perform(ctx, w, nil)
	switch confluence.ClassOf(err) {
	case confluence.ClassForbidden, confluence.ClassUnsupported, confluence.ClassNotFound:
		// The account may write pages and no properties: the pair goes on without this net.
		c.e.say(ctx, c.runID, c.space, "warning", confluence.AsError(err).Code,
			fmt.Sprintf("no checkpoint can be left on %s: a restored or cloned site will not be noticed", c.row.Sites[side]))
		return c.saveCheckpoint(ctx, func(s *store.PairSync) { s.Unmarked[side] = true })
	}
	return err
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
	var b []byte
	for twin, a := range v.agreed.all() {
		if a.Tomb {
			continue
		}
		b = append(append(b, twin...), 0)
		for side := range confluence.Sides {
			for _, d := range a.Digest[side] {
				b = append(b, d[:]...)
			}
		}
	}
	return confluence.Sum(b)
}
