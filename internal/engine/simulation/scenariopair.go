package simulation

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/engine"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// pairName is the name of a scenario's pair.
const pairName = "scenario"

// keysOf learns what bodies of a side name persons by.
func (p *play) keysOf(side confluence.Side) error {
	s := p.w.Site(side)
	for _, name := range people {
		id := p.cast.accounts[side][name]
		p.cast.keys[side][id] = name
		if s.Product() == "Cloud" {
			continue
		}
		answer, err := s.Ask(http.MethodGet, "/rest/api/user?username="+id, nil)
		if err != nil {
			return err
		}
		var user struct {
			UserKey string `json:"userKey"`
		}
		if err := json.Unmarshal(answer, &user); err != nil || user.UserKey == "" {
			return fmt.Errorf("user %s has no key: %s", id, answer)
		}
		p.cast.keys[side][user.UserKey] = name
	}
	return nil
}

// paired is tandem itself: the engine of the world with one pair.
type paired struct{ p *play }

func (p *play) engine() driver { return paired{p} }

// Begin joins the two spaces as the policy says, compares them, and takes what both
// hold as the baseline.
func (d paired) Begin() error {
	p := d.p
	err := p.w.Do(func(e *engine.Engine) error {
		_, err := e.ImportPeople(p.w.Context(), siteNames[confluence.A], siteNames[confluence.B], []byte(p.peopleCSV()))
		if err == nil {
			_, err = e.CreatePair(p.w.Context(), p.sc.Policy.spec())
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.w.Do(func(e *engine.Engine) error {
		preview, err := e.BaselinePair(p.w.Context(), pairName, "")
		if err != nil {
			return err
		}
		if preview.Differing+preview.Only[0]+preview.Only[1] > 0 {
			return fmt.Errorf("the two sides are not equal at the start: %+v", preview.Rows)
		}
		_, err = e.BaselinePair(p.w.Context(), pairName, preview.Digest)
		return err
	})
}

// peopleCSV maps the accounts of side A to those of side B.
func (p *play) peopleCSV() string {
	var b strings.Builder
	b.WriteString("source_key,source_name,source_email,match,account_id,used\r\n")
	for _, name := range people {
		id := p.cast.accounts[confluence.A][name]
		key := id
		for k, who := range p.cast.keys[confluence.A] {
			if who == name && k != id {
				key = k
			}
		}
		fmt.Fprintf(&b, "%s,%s,%s@example.test,email,%s,1\r\n", key, name, name, p.cast.accounts[confluence.B][name])
	}
	return b.String()
}

// spec is the pair that a policy describes.
func (f policyFile) spec() engine.PairSpec {
	s := migration.NewPair()
	s.Name, s.A, s.B = pairName, migration.PairEnd{Site: siteNames[0], Space: scenarioKey}, migration.PairEnd{Site: siteNames[1], Space: scenarioKey}
	switch f.Mode {
	case "to-dc":
		s.Direction = "to:" + siteNames[confluence.A]
	case "to-cloud":
		s.Direction = "to:" + siteNames[confluence.B]
	}
	s.Strict = cmp.Or(f.Strict, s.Strict)
	s.Deletes, s.DeleteVsEdit, s.OutOfScope = cmp.Or(f.Deletes, s.Deletes), cmp.Or(f.DeleteVsEdit, s.DeleteVsEdit), cmp.Or(f.OutOfScope, s.OutOfScope)
	s.RenameProtects, s.ResurrectAncestors, s.Prune = f.RenameProtects, f.Resurrect, f.Prune
	if f.Primary == sideNames[confluence.B] {
		s.Primary = siteNames[confluence.B]
	}
	s.Choices = map[string]string{}
	for facet, choice := range f.Facets {
		if facet == "parent" {
			facet = "tree"
		}
		switch choice {
		case sideNames[confluence.A]:
			choice = "prefer:" + siteNames[confluence.A]
		case sideNames[confluence.B]:
			choice = "prefer:" + siteNames[confluence.B]
		}
		s.Choices[facet] = choice
	}
	if len(f.Brakes) > 0 {
		s.Brakes = f.Brakes
	}
	return s
}

// Sync runs one cycle. A sweep is asked for as a person does; a feed comes with its time.
func (d paired) Sync(kind string) error {
	w := d.p.w
	if kind == "feed" {
		return d.p.pass(migration.DefaultFeed)
	}
	return d.settled(w.Do(func(e *engine.Engine) error {
		_, err := e.SyncPair(w.Context(), pairName, engine.SyncOptions{})
		return err
	}))
}

// settled lets happen what is due after an act in tandem. That the pair is halted, or takes no cycle, is no error of the
// scenario: how the pair stands is asserted. After a crash the engine that was started again goes on by itself.
func (d paired) settled(err error) error {
	if err != nil && d.p.opt.Log != nil {
		d.p.opt.Log.Info("answered", "error", err)
		cs, _ := d.p.w.Store().Cycles(d.p.w.Context(), 1, 3)
		for _, c := range cs {
			d.p.opt.Log.Info("cycle", "c", fmt.Sprintf("%+v", c))
		}
	}
	var e *confluence.Error
	if errors.As(err, &e) && (e.Code == confluence.CodeBrake || e.Code == confluence.CodePairState) || errors.Is(err, errCrashed) {
		err = nil
	}
	if err != nil {
		return err
	}
	return d.p.w.Settle()
}

// Order does what a person asks of tandem.
func (d paired) Order(st scriptStep) error {
	p, w := d.p, d.p.w
	return d.settled(w.Do(func(e *engine.Engine) (err error) {
		ctx := w.Context()
		switch {
		case st.Allow != "":
			p.cycles++
			p.observe(true)
			_, err = e.SyncPair(ctx, pairName, engine.SyncOptions{AllowBrake: st.Allow})
		case st.Resolve != nil:
			p.cycles++
			p.observe(true)
			err = p.resolve(e, *st.Resolve)
		case st.Order == "pause":
			_, err = e.PausePair(ctx, pairName, "the scenario says so")
		case st.Order == "resume":
			p.cycles++
			p.observe(true)
			_, err = e.ResumePair(ctx, pairName)
		case st.Order == "retire":
			_, err = e.RetirePair(ctx, pairName, "the scenario says so")
		default:
			err = errors.New("this step is not known to the runner")
		}
		return err
	}))
}

// resolve settles the open conflict about a facet of a page.
func (p *play) resolve(e *engine.Engine, r resolveStep) error {
	list, err := e.Conflicts(p.w.Context(), engine.ConflictFilter{Pair: pairName, State: store.ConflictOpen})
	if err != nil {
		return err
	}
	for _, c := range list {
		page, facet := p.conflictOf(c)
		if page != called(r.Page) || !sameFacet(facet, r.Facet) && !sameFacet(c.Kind, r.Facet) {
			continue
		}
		how := engine.Resolution{Use: r.Use, Who: "alice"}
		switch r.Use {
		case sideNames[confluence.A]:
			how.Use = siteNames[confluence.A]
		case sideNames[confluence.B]:
			how.Use = siteNames[confluence.B]
		case "both":
			how.First = siteNames[confluence.A]
		default:
			text, err := p.sc.named(r.Use)
			if err != nil {
				return err
			}
			how.Use, how.File = "", []byte(text)
		}
		_, err := e.ResolveConflict(p.w.Context(), c.ID, how)
		return err
	}
	return fmt.Errorf("there is no open conflict about %s of page %q", r.Facet, r.Page)
}

// conflictOf is the page and the facet of a conflict in the words of scenarios.
func (p *play) conflictOf(c engine.ConflictReport) (page, facet string) {
	for _, side := range confluence.Sides {
		state, err := p.state(side)
		if err != nil || c.Conflict.ID[side] == "" {
			continue
		}
		row := state.byID[string(c.Conflict.ID[side])]
		if row == nil {
			continue
		}
		if holder := state.holder(row); holder != nil {
			return p.cast.nameOf(side, holder), c.Facet
		}
	}
	return c.Title, c.Facet
}

// Standing says how the pair stands.
func (d paired) Standing() (out standing, err error) {
	p := d.p
	err = p.w.Do(func(e *engine.Engine) error {
		r, err := e.Pair(p.w.Context(), pairName)
		if err != nil {
			return err
		}
		out.Pair = string(r.State)
		if r.Halt != nil {
			out.Brake = r.Halt.Brake
			if out.Brake == "" && r.Halt.Error != nil {
				out.Brake = string(r.Halt.Error.Code)
			}
		}
		list, err := e.Conflicts(p.w.Context(), engine.ConflictFilter{Pair: pairName, State: store.ConflictOpen})
		for _, c := range list {
			page, facet := p.conflictOf(c)
			kept := !c.Sides[0].IsZero() && !c.Sides[1].IsZero()
			out.Conflicts = append(out.Conflicts, openConflict{Page: page, Facet: facet, Kind: c.Kind, Kept: kept})
		}
		return err
	})
	return out, err
}
