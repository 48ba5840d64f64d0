package simulation

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/emulator"
)

// crashHere plays on, in a world of its own, as if the engine had crashed in place of an event, where that is a point of a
// write: before and after its call, after its outcome, and in a commit that follows its answer.
func (p *play) crashHere(e Event) {
	at := CrashPoint{At: e.Point}
	switch {
	case e.Kind == Commit && p.returned > 0:
		p.returned--
		at.At = "in-commit"
	case e.Kind == Commit:
		return
	case e.Point == "before-call":
		p.writes++
	case e.Point == "after-call":
		p.returned++
	}
	at.N = p.writes
	b, err := p.branch()
	if err != nil {
		p.fail(fmt.Errorf("no crash %s of write %d: %w", at.At, at.N, err))
		return
	}
	r, err := b.playOn()
	p.opt.crashed(at, r, errors.Join(err, b.w.Close()))
}

// branch is a play that goes on from this moment by itself, with an engine that was started again after a crash.
func (p *play) branch() (*play, error) {
	b := *p
	b.opt.crashed, b.crash, b.crashed, b.resent = nil, nil, true, true
	b.cast = p.cast.copied()
	b.sent, b.at = make([]*sent, len(p.sent)), map[*Call]*sent{}
	for i, s := range p.sent {
		one := *s
		b.sent[i] = &one
	}
	b.touched = map[string]map[string]bool{}
	for page, facets := range p.touched {
		b.touched[page] = maps.Clone(facets)
	}
	b.edited, b.whole = maps.Clone(p.edited), maps.Clone(p.whole)
	b.during = make([]*waiting, len(p.during))
	for i, d := range p.during {
		one := *d
		b.during[i] = &one
	}
	b.seen = [2]int{} // the sites' logs begin anew
	b.shown = slices.Clone(p.shown)
	for _, side := range confluence.Sides {
		b.observed[side] = maps.Clone(p.observed[side])
		b.marks[side] = slices.Clone(p.marks[side])
	}
	b.tandem = b.engine()
	var err error
	b.w, err = p.w.branch(b.before)
	return &b, err
}

// playOn ends the step under way and does the others.
func (p *play) playOn() (ScenarioResult, error) {
	var err error
	if left := p.until.Sub(p.w.Now()); !p.until.IsZero() {
		err = p.pass(max(left, 0))
	} else {
		err = p.w.Settle()
	}
	st := p.list[p.step-1]
	if st.Cycle != "" {
		err = p.cycled(err)
	}
	if err = errors.Join(err, p.broken); err != nil {
		return p.result(p.misstep(st, err))
	}
	return p.result(p.script())
}

func (c *cast) copied() *cast {
	out := newCast()
	out.service, out.remarks = c.service, maps.Clone(c.remarks)
	for _, side := range confluence.Sides {
		out.accounts[side], out.keys[side] = maps.Clone(c.accounts[side]), maps.Clone(c.keys[side])
		out.ids[side], out.names[side], out.made[side] = maps.Clone(c.ids[side]), maps.Clone(c.names[side]), maps.Clone(c.made[side])
	}
	return out
}

// branch makes a world that goes on from this moment by itself: with the sites as they are, and an engine that was started
// again on what is durable. Rules of faults begin to count anew, and what a site was to do later by itself never happens.
func (w *World) branch(before func(Event) Fate) (*World, error) {
	opt := w.opt
	opt.Dir, opt.Before = "", before
	b, err := empty(opt)
	if err != nil {
		return nil, err
	}
	b.births, b.drift = w.births, w.drift
	b.clock.set(w.Now())
	state := filepath.Join(b.dir, "state-0")
	err = errors.Join(copyState(w.proc.dir, state), copyFile(filepath.Join(w.dir, "key"), filepath.Join(b.dir, "key")))
	for side, s := range w.sites {
		if err != nil {
			break
		}
		var clone *emulator.Site
		if clone, err = s.Clone(emulator.CloneOptions{Now: b.clock.Now, After: b.after}); err == nil {
			b.sites[side] = &Site{Site: clone, Side: s.Side, Name: s.Name, URL: s.URL, handler: clone.Handler()}
		}
	}
	if err == nil {
		err = b.startProcess(state)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}
