package simulation

import (
	"fmt"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// backup is a copy of a side from before the life.
type backup struct {
	side confluence.Side
	site *Site
}

// backUp takes a copy of a side of some lives, which is put in its place when the life is over.
func (l *life) backUp() error {
	if l.Seed%3 != 1 {
		return nil
	}
	side := l.receiver()
	if l.mode == "both" {
		side = confluence.Side(l.Seed / 3 % 2)
	}
	s := l.w.sites[side]
	copied, err := s.Clone(emulator.CloneOptions{Now: l.w.clock.Now, After: l.w.after})
	if err != nil {
		return err
	}
	l.backup = &backup{side, &Site{Site: copied, Side: s.Side, Name: s.Name, URL: s.URL, handler: copied.Handler()}}
	return nil
}

// after is what comes when a life is over and everything is equal: a server restored from a backup (F12), or the end of
// the pair.
func (l *life) after() error {
	if l.backup != nil && l.marked(l.backup.side) {
		return l.restoreServer()
	}
	if l.Seed%3 == 2 {
		return l.retire()
	}
	return nil
}

// marked reports whether a cycle of this life left its mark on a side.
func (l *life) marked(side confluence.Side) bool {
	for _, c := range l.w.calls {
		if c.Side == side && c.Verb == confluence.VerbProperty && c.Writes() && c.Status < 300 && c.Status > 0 {
			return true
		}
	}
	return false
}

// restoreServer puts a backup in the place of a side. The pair halts and says so, and nothing is written.
func (l *life) restoreServer() error {
	b := l.backup
	l.count(fmt.Sprintf("F%d", faultRestored))
	l.w.sites[b.side], b.site = b.site, l.w.sites[b.side]
	before := len(l.w.calls)
	if err := l.sync(); err != nil && !tolerable(err) {
		return err
	}
	state, halt, err := l.standing()
	if err != nil {
		return err
	}
	if state != migration.PairHalted || halt == nil || halt.Brake != "checkpoint" {
		l.wrong("I4", "side %s was restored from a backup, and the pair is %s (%+v)", letter(b.side), state, halt)
	}
	l.still("I4", before)
	return nil
}

// retire ends the pair: from then on nothing is asked of its sites (I10).
func (l *life) retire() error {
	err := l.w.Do(func(e *engine.Engine) error {
		_, err := e.RetirePair(l.w.Context(), pairOfLife, "over")
		return err
	})
	if err != nil {
		return err
	}
	if err := l.w.Settle(); err != nil {
		return err
	}
	before := len(l.w.calls)
	if err := l.w.Advance(20 * time.Minute); err != nil {
		return err
	}
	for _, c := range l.w.calls[before:] {
		l.wrong("I10", "the pair is retired, and yet: %s", c)
	}
	l.count("retired")
	return nil
}

func (l *life) standing() (state migration.PairState, halt *store.Halt, err error) {
	err = l.w.Do(func(e *engine.Engine) error {
		r, err := e.Pair(l.w.Context(), pairOfLife)
		state, halt = r.State, r.Halt
		return err
	})
	return state, halt, err
}
