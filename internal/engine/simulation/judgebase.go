package simulation

import (
	"maps"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/reconcile"
	"github.com/tandem-sync/tandem/internal/store"
)

// past is what a site held at any moment, by id of a content and name of a facet: the witness of what can have been
// observed there.
type past map[string]map[string]bool

func (p past) add(id, value string) {
	if p[id] == nil {
		p[id] = map[string]bool{}
	}
	p[id][value] = true
}

// witness watches both sites from now on. Of pages in the trash nobody knows any more what they were: for these what the
// baseline says so far is believed.
func (l *life) witness() error {
	for side := range l.past {
		l.past[side] = past{}
		l.see(confluence.Side(side))
	}
	l.w.changed = l.see
	var live [2]map[string]bool
	for side := range live {
		p, err := l.w.look(confluence.Side(side), spaceKey)
		if err != nil {
			return err
		}
		live[side] = map[string]bool{}
		for _, c := range p.pages {
			live[side][c.ID] = c.live()
		}
	}
	return l.eachAgreed(true, func(a store.AgreedRow, s *Site, says []string) {
		for _, v := range says {
			if id := string(a.ID[l.sideOf(s)]); !live[s.Side][id] {
				l.past[s.Side].add(id, v)
			}
		}
	})
}

// sideOf is the side of the pair that a site stands on.
func (l *life) sideOf(s *Site) confluence.Side {
	if l.exchanged {
		return s.Side.Other()
	}
	return s.Side
}

// see writes down what a side holds.
func (l *life) see(side confluence.Side) {
	p, err := l.w.look(side, spaceKey)
	if err != nil {
		l.wrong("I13", "%v", err)
		return
	}
	for _, c := range p.pages {
		for _, v := range heldBy(p, c) {
			l.past[side].add(c.ID, v)
		}
	}
}

// heldBy are the facets of a page in the words of a baseline.
func heldBy(p *picture, c *item) []string {
	return []string{
		"title " + c.Title, "parent " + c.Parent, "body " + c.Body, "labels " + strings.Join(slices.Sorted(slices.Values(c.Labels)), " "),
		"readers " + baselineNames(c.Restrictions.Read), "editors " + baselineNames(c.Restrictions.Update),
	}
}

// baselineNames are the people of a restriction as a baseline names them: without tandem's account, unless there is nobody
// else.
func baselineNames(list []string) string {
	out := slices.DeleteFunc(slices.Clone(list), func(p string) bool { return p == tandem })
	if len(out) == 0 && len(list) > 0 {
		return "nobody"
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// judgeBase: what the baseline says of a facet of a page that both sides agree on was there on both sides (I13).
func (l *life) judgeBase() error {
	if l.w.changed == nil {
		return nil
	}
	return l.eachAgreed(false, func(a store.AgreedRow, s *Site, says []string) {
		seen := l.past[s.Side][string(a.ID[l.sideOf(s)])]
		if seen == nil {
			return // out of the space since before somebody watched
		}
		for _, v := range says {
			if facet, _, _ := strings.Cut(v, " "); !seen[v] {
				l.wrong("I13", "the baseline of %s (%q) says of %s on side %s: %q, which never stood there", a.Twin, a.Title, facet, letter(s.Side), v)
			}
		}
	})
}

// eachAgreed calls fn for both sites of each page of the baseline, with what is agreed about it there. gone: also of those
// that are gone on both.
func (l *life) eachAgreed(gone bool, fn func(a store.AgreedRow, s *Site, says []string)) error {
	st := l.w.Store()
	row, err := st.PairRow(l.w.Context(), pairOfLife)
	if err != nil {
		return err
	}
	people, err := l.namesOf()
	if err != nil {
		return err
	}
	twins := map[confluence.TwinID]store.AgreedRow{}
	err = st.EachAgreed(l.w.Context(), row.ID, func(a store.AgreedRow) error {
		twins[a.Twin] = a
		return nil
	})
	if err != nil {
		return err
	}
	for _, twin := range slices.Sorted(maps.Keys(twins)) {
		a := twins[twin]
		if a.Tomb && !gone || a.Detached || a.Contested || a.Kind != confluence.Page && a.Kind != confluence.BlogPost {
			continue
		}
		for side, s := range l.ends() {
			says, err := l.agreed(a, twins, confluence.Side(side), people)
			if err != nil {
				return err
			}
			fn(a, s, says)
		}
	}
	return nil
}

// agreed is what a row of the baseline says of a side, but for what was written there and not read back.
func (l *life) agreed(a store.AgreedRow, twins map[confluence.TwinID]store.AgreedRow, side confluence.Side, people map[string]string) ([]string, error) {
	var out []string
	has := func(f reconcile.Facets) bool {
		return a.Facets.Has(f) && (a.Pending[0]|a.Pending[1])&f == 0 && a.Owed[side]&f == 0
	}
	if has(reconcile.Title) {
		out = append(out, "title "+a.Title[side])
	}
	if has(reconcile.Labels) {
		out = append(out, "labels "+strings.Join(a.Labels[side], " "))
	}
	if has(reconcile.Restrictions) {
		out = append(out, "readers "+named(a.Readers[side], people), "editors "+named(a.Editors[side], people))
	}
	if above, ok := twins[a.Parent]; has(reconcile.Parent) && ok && above.ID[side] != "" && !above.Tomb {
		out = append(out, "parent "+string(above.ID[side]))
	}
	if has(reconcile.Body) && !a.Raw[side].IsZero() {
		raw, err := l.w.Store().Blob(l.w.Context(), a.Raw[side])
		if err != nil {
			return nil, err
		}
		out = append(out, "body "+string(raw))
	}
	return out, nil
}

// named turns the neutral names of a baseline into those of a dump.
func named(list []confluence.Principal, people map[string]string) string {
	var out []string
	for _, p := range list {
		name := strings.TrimPrefix(string(p), "there ")
		if known := people[name]; known != "" {
			name = known
		}
		out = append(out, name)
	}
	return baselineNames(out)
}

// namesOf are the names in dumps of people that the baseline names as side A of the pair does.
func (l *life) namesOf() (map[string]string, error) {
	out := map[string]string{}
	s := l.ends()[confluence.A]
	login, _ := s.Account()
	me, _, _ := strings.Cut(login, "@")
	for _, name := range []string{"alice", "bob", "carol", strangers[s.Side], me} {
		key, err := s.keyOf(name)
		if err != nil {
			return nil, err
		}
		out["user:"+key] = "user:" + name
	}
	return out, nil
}
