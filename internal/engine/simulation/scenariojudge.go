package simulation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// wrong is an assertion that does not hold.
func wrong(line int, format string, args ...any) error {
	return &Failure{line, fmt.Sprintf(format, args...)}
}

// check counts an assertion.
func (p *play) check(holds bool, line int, format string, args ...any) error {
	p.asserted++
	if holds {
		return nil
	}
	return wrong(line, format, args...)
}

// judge makes the scenario's assertions, in the order of want.yaml's keys in the format.
func (p *play) judge() error {
	states, err := p.states()
	if err != nil {
		return err
	}
	p.cast.meet(states)
	now, err := p.tandem.Standing()
	if err != nil {
		return err
	}
	if err := p.judgePages(states); err != nil {
		return now.explain(err, p.sc.Want)
	}
	if err := p.judgeStanding(now, states); err != nil {
		return err
	}
	if p.opt.Crash.N == 0 && !p.resent {
		if err := p.judgeCalls(); err != nil {
			return err
		}
	}
	if err := p.judgeReaders(); err != nil {
		return err
	}
	return p.judgeThen(now)
}

// judgePages is about what the sites hold.
func (p *play) judgePages(states [2]*siteState) error {
	for _, side := range confluence.Sides {
		if err := p.judgeSide(side, states[side]); err != nil {
			return err
		}
	}
	if p.sc.Want.Unequal {
		return nil
	}
	return p.judgeEqual(states)
}

// explain adds to what a site does not hold how the pair stands, where that is not as wanted either.
func (now standing) explain(err error, want wantFile) error {
	var f *Failure
	if !errors.As(err, &f) {
		return err
	}
	if now.Pair != want.Pair {
		f.What += fmt.Sprintf(" (the pair is %s%s)", now.Pair, because(now.Brake))
	}
	if len(now.Conflicts) > len(want.Conflicts) {
		f.What += fmt.Sprintf(" (open conflicts%s)", others(now.Conflicts))
	}
	return f
}

// judgeSide holds the pages of a side against what is wanted of them, and all others against the start.
func (p *play) judgeSide(side confluence.Side, s *siteState) error {
	want := p.sc.Want.Pages[side]
	named := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		id, err := p.wanted(side, s, name)
		if err != nil {
			return err
		}
		named[id] = true
		if err := p.judgePage(side, s, name, s.byID[id], want[name]); err != nil {
			return err
		}
	}
	for id, was := range p.begun[side] {
		if named[id] {
			continue
		}
		name := p.cast.names[side][id]
		now := s.byID[id]
		if err := p.check(now != nil, 0, "%s: page %q is gone, and want.yaml does not name it", siteNames[side], name); err != nil {
			return err
		}
		is := p.cast.neutralOf(side, s, now)
		if err := p.check(same(was, is), 0, "%s: page %q is not as at the start: %s", siteNames[side], name, difference(was, is)); err != nil {
			return err
		}
	}
	return p.judgeOthers(side, s, named)
}

// judgeOthers finds contents that nobody made and want.yaml does not name, and siblings that changed places.
func (p *play) judgeOthers(side confluence.Side, s *siteState, named map[string]bool) error {
	for _, c := range s.pages(scenarioKey) {
		name := p.cast.nameOf(side, c)
		_, old := p.begun[side][c.ID]
		known := old || named[c.ID] || p.cast.made[side][name] || p.cast.made[side.Other()][name]
		if err := p.check(known, 0, "%s: there is %s %q (%s), and want.yaml does not name it", siteNames[side], c.Kind, c.Title, c.Status); err != nil {
			return err
		}
	}
	for id := range p.begun[side] {
		if s.byID[id] == nil || p.start[side].byID[id] == nil {
			continue
		}
		before, _ := p.start[side].under(p.start[side].byID[id])
		after, _ := s.under(s.byID[id])
		stays := func(list, other []*content) (out []string) {
			for _, c := range list {
				if !named[c.ID] && slices.ContainsFunc(other, func(o *content) bool { return o.ID == c.ID }) {
					out = append(out, p.cast.nameOf(side, c))
				}
			}
			return out
		}
		was, is := stays(before, after), stays(after, before)
		if err := p.check(slices.Equal(was, is), 0, "%s: below %q stand %v, at the start %v", siteNames[side], p.cast.names[side][id], is, was); err != nil {
			return err
		}
	}
	return nil
}

// wanted is the id of a page that want.yaml names; empty where there is none.
func (p *play) wanted(side confluence.Side, s *siteState, name string) (string, error) {
	if name == "Home" {
		name = homeName
	}
	if id := p.cast.ids[side][name]; id != "" && s.byID[id] != nil {
		return id, nil
	}
	for _, c := range s.pages(scenarioKey) {
		if c.Title == name && p.cast.names[side][c.ID] == "" {
			return c.ID, nil
		}
	}
	return "", nil
}

// judgeStanding holds pair and conflicts against what is wanted.
func (p *play) judgeStanding(now standing, states [2]*siteState) error {
	w := p.sc.Want
	if err := p.check(now.Pair == w.Pair, 0, "the pair is %s, not %s%s", now.Pair, w.Pair, because(now.Brake)); err != nil {
		return err
	}
	if w.Brake != "" {
		if err := p.check(now.Brake == w.Brake, 0, "the pair is halted by brake %q, not %q", now.Brake, w.Brake); err != nil {
			return err
		}
	}
	left := slices.Clone(now.Conflicts)
	for _, c := range w.Conflicts {
		i := slices.IndexFunc(left, func(o openConflict) bool {
			return o.Page == called(c.Page) && (sameFacet(o.Facet, c.Facet) || sameFacet(o.Kind, c.Facet))
		})
		if err := p.check(i >= 0, c.Line, "there is no open conflict about %s of page %q%s", c.Facet, c.Page, others(left)); err != nil {
			return err
		}
		if c.Retrievable {
			if err := p.judgeKept(c, left[i], states); err != nil {
				return err
			}
		}
		left = slices.Delete(left, i, i+1)
	}
	return p.check(len(left) == 0, 0, "there are open conflicts that want.yaml does not name%s", others(left))
}

func because(brake string) string {
	if brake == "" {
		return ""
	}
	return " (" + brake + ")"
}

func others(list []openConflict) string {
	if len(list) == 0 {
		return ""
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Facet+" of "+c.Page)
	}
	return ": " + strings.Join(names, ", ")
}

// judgeKept holds a conflict against the promise that nothing of it is lost: each side still shows, or has in its
// history, what stood there.
func (p *play) judgeKept(c conflictWant, o openConflict, states [2]*siteState) error {
	for _, side := range confluence.Sides {
		id, err := p.wanted(side, states[side], c.Page)
		if err != nil {
			return err
		}
		row := states[side].byID[id]
		there := row != nil && len(row.Versions) > 0
		if err := p.check(there || o.Kept, c.Line, "what page %q held on %s cannot be had any more", c.Page, siteNames[side]); err != nil {
			return err
		}
	}
	return nil
}

// facetWords are the words for one facet.
var facetWords = map[string]string{"files": "attachments", "attachment": "attachments", "file": "attachments", "label": "labels", "restriction": "restrictions", "comment": "comments"}

func facetOf(word string) string {
	if f := facetWords[word]; f != "" {
		return f
	}
	return word
}

func sameFacet(a, b string) bool { return facetOf(a) == facetOf(b) }

// judgeReaders holds the readers' logs against who must never read what is written.
func (p *play) judgeReaders() error {
	for _, r := range p.sc.Want.Readers {
		name := r.Page
		if name == "Home" {
			name = homeName
		}
		for _, s := range p.shown {
			if s.page != name || s.step <= r.Since {
				continue
			}
			for _, who := range r.Never {
				if err := p.check(!s.readers[who], r.Line, "%s: %s could read page %q after a write in step %d", siteNames[s.side], who, r.Page, s.step); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// judgeThen runs one more sweep, which must have nothing to do.
func (p *play) judgeThen(now standing) error {
	p.cycles++
	p.observe(true)
	var err error
	if now.Pair == "active" {
		err = p.tandem.Sync("sweep")
	} else {
		err = p.w.Advance(20 * time.Minute) // nobody may ask for a cycle: whatever is due comes by itself
	}
	if err != nil {
		return fmt.Errorf("one more sweep: %w", err)
	}
	if p.broken != nil {
		return p.broken
	}
	n, what := 0, ""
	for _, c := range p.sent {
		if c.Cycle == p.cycles {
			n++
			what += fmt.Sprintf("; %s %s %s", siteNames[c.Side], c.Verb, c.Path)
		}
	}
	p.cycles-- // it is not one of the scenario's
	return p.check(p.sc.Want.Then.holds(n), 0, "one more sweep sent %d mutating calls, not %s%s", n, p.sc.Want.Then, what)
}
