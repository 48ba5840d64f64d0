package engine

import (
	"context"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/store"
)

// recallWritten lets everything be read again that earlier slices of this cycle wrote and did not read back. The baseline
// tells of what was agreed on by a write; what one side got of two edits that were joined, and places that siblings lost to
// others, only the slice knew that wrote it, and it may have crashed.
func (c *cycle) recallWritten(ctx context.Context) error {
	if !c.later {
		return nil
	}
	rows, err := c.e.store.Carried(ctx, c.row.ID, c.rec.Number)
	if err != nil {
		return err
	}
	moved := [2]map[confluence.TwinID]bool{{}, {}}
	for _, r := range rows[min(c.cursor.Read, len(rows)):] {
		if r.Verb == confluence.VerbProperty || r.Twin == "" || r.State == store.StateRefused {
			continue
		}
		c.touch(r.Side, r.Twin)
		if r.Verb == confluence.VerbMove {
			moved[r.Side][r.Twin] = true
		}
	}
	if len(moved[confluence.A])+len(moved[confluence.B]) == 0 {
		return nil
	}
	v, err := c.look(ctx)
	if err != nil {
		return err
	}
	for _, side := range confluence.Sides {
		c.touchSiblings(v, side, moved[side])
	}
	return nil
}

// touchSiblings lets be read again what stands beside contents that were moved.
func (c *cycle) touchSiblings(v *view, side confluence.Side, moved map[confluence.TwinID]bool) {
	parents := map[confluence.TwinID]bool{}
	for twin := range moved {
		if row := v.agreed.get(twin); row != nil {
			parents[row.Parent] = true
		}
	}
	for twin, row := range v.agreed.all() {
		if row.Kind == confluence.Page && parents[row.Parent] {
			c.touch(side, twin)
		}
	}
}

// unseen reports whether something is to be read again.
func (c *cycle) unseen() bool {
	c.touchedMu.Lock()
	defer c.touchedMu.Unlock()
	return len(c.touched[confluence.A])+len(c.touched[confluence.B]) > 0
}
