package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// brakes are the names of the rules that halt a pair. The first are decided by package reconcile, those with a constant
// here by what a site says about itself.
var brakes = []string{"deletes", brakeEmptied, "mass-change", "scope", brakeCanary, brakeOscillation, brakeCheckpoint, brakeClock}

const (
	brakeEmptied     = "emptied"     // a listing lacks a large part of what was there
	brakeCanary      = "canary"      // the space, or its home page, cannot be seen any more
	brakeOscillation = "oscillation" // the same facet was written again and again without anybody's edit
	brakeCheckpoint  = "checkpoint"  // a site was restored, is a clone, or belongs to another tandem too
	brakeClock       = "clock"       // the clock of a site is too far from ours
)

// clockLimit is how far the clock of a site may be from ours before its pairs are halted: times decide who edited last,
// and what a restored server lost.
const clockLimit = 5 * time.Minute

// errHalted ends a cycle whose pair a brake has halted.
var errHalted = errors.New("halted")

// halting is an error that carries why a pair is to be halted.
type halting struct{ halt store.Halt }

func (h *halting) Error() string { return "halted: " + h.halt.What }

// Is makes every halting an errHalted.
func (h *halting) Is(target error) bool { return target == errHalted }

// errorHalt is the halt of a pair that no cycle can get past an error.
func errorHalt(side confluence.Side, x *confluence.Error) store.Halt {
	f := migration.FromError(x)
	return store.Halt{Side: side, What: x.Error(), Error: &f}
}

// pairStops reports whether an error of a site halts its pairs: a person has to do something about it. A site that is down
// or asks to wait does not: the next cycle tries again.
func pairStops(x *confluence.Error) bool {
	switch x.Class() {
	case confluence.ClassUnauthorized, confluence.ClassForbidden:
		return true
	}
	return x.Code == confluence.CodeOtherSite || x.Code == confluence.CodeReadOnlySite || x.Code == confluence.CodeBlindAccount
}

// haltPair halts a pair, from whatever state it is in, and says why. A pair that is halted already keeps its reason.
func (e *Engine) haltPair(ctx context.Context, name string, h store.Halt) error {
	err := e.changePair(ctx, name, func(r *store.PairRow) error {
		if r.State == migration.PairHalted {
			return nil
		}
		h.Before, h.At, h.Cycle = r.State, e.opt.Now().UTC(), r.Cycle
		if err := movePair(r, migration.EventHalt); err != nil {
			return err
		}
		r.Sync.Halt = &h
		return nil
	})
	if err != nil {
		return err
	}
	code := confluence.CodeBrake
	if h.Brake == "" && h.Error != nil {
		code = h.Error.Code
	}
	e.say(ctx, pairLog(name), "", "error", code, fmt.Sprintf("pair %s halted: %s", name, h.What))
	return nil
}

// checkClock refuses a site whose clock is too far from ours. A site that shows no clock passes.
func (e *Engine) checkClock(row store.PairRow, side confluence.Side, id confluence.Identity, allowed []string) error {
	if id.Now.IsZero() || slices.Contains(allowed, brakeClock) {
		return nil
	}
	skew := id.Now.Sub(e.opt.Now())
	if limit := row.Spec.BrakeClock(clockLimit); skew.Abs() <= limit {
		return nil
	}
	return &halting{store.Halt{Brake: brakeClock, Side: side, Count: int(skew.Abs().Seconds()),
		What: fmt.Sprintf("the clock of %s is %s away from ours", row.Sites[side], skew.Round(time.Second).Abs())}}
}
