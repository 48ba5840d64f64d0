package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// judgeEqual holds the two sides against each other, page by page and facet by facet, but for what conflicts name.
func (p *play) judgeEqual(states [2]*siteState) error {
	held := map[string]map[string]bool{}
	for _, c := range p.sc.Want.Conflicts {
		name := called(c.Page)
		if held[name] == nil {
			held[name] = map[string]bool{}
		}
		held[name][facetOf(c.Facet)] = true
	}
	return p.judgeSame(states, held)
}

// judgeSame compares all pages but in the facets that are held.
func (p *play) judgeSame(states [2]*siteState, held map[string]map[string]bool) error {
	var live [2]map[string]*content
	for _, side := range confluence.Sides {
		live[side] = map[string]*content{}
		for _, c := range states[side].pages(scenarioKey) {
			if c.live() {
				live[side][p.cast.nameOf(side, c)] = c
			}
		}
	}
	names := maps.Clone(live[0])
	maps.Copy(names, live[1])
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, b := live[confluence.A][name], live[confluence.B][name]
		if a == nil || b == nil {
			there := confluence.A
			if a == nil {
				there = confluence.B
			}
			if err := p.check(held[name]["status"] || held[name]["delete"] || len(held[name]) > 0, 0, "page %q is on %s only", name, siteNames[there]); err != nil {
				return err
			}
			continue
		}
		one, other := p.cast.neutralOf(confluence.A, states[0], a), p.cast.neutralOf(confluence.B, states[1], b)
		excuse(&one, other, held[name])
		if err := p.check(same(one, other), 0, "the sides differ in page %q (DC, now Cloud): %s", name, difference(one, other)); err != nil {
			return err
		}
		if held[name]["order"] {
			continue
		}
		if err := p.judgeOrder(states, a, b, name, held); err != nil {
			return err
		}
	}
	return nil
}

// excuse makes equal what conflicts name.
func excuse(one *neutral, other neutral, held map[string]bool) {
	for facet, make := range map[string]func(){
		"body": func() { one.Body = other.Body }, "title": func() { one.Title = other.Title }, "parent": func() { one.Parent = other.Parent },
		"labels": func() { one.Labels = other.Labels }, "attachments": func() { one.Files = other.Files },
		"comments": func() { one.Comments = other.Comments }, "status": func() { one.Status = other.Status },
		"restrictions": func() { one.Read, one.Update = other.Read, other.Update },
		"contested":    func() { *one = other },
	} {
		if held[facet] {
			make()
		}
	}
}

// judgeOrder compares the children of a page where somebody chose their order on both sides.
func (p *play) judgeOrder(states [2]*siteState, a, b *content, name string, held map[string]map[string]bool) error {
	var order [2][]string
	for i, parent := range []*content{a, b} {
		side := confluence.Side(i)
		list, explicit := states[side].under(parent)
		if !explicit {
			return nil
		}
		for _, c := range list {
			if child := p.cast.nameOf(side, c); !held[child]["parent"] {
				order[side] = append(order[side], child)
			}
		}
	}
	return p.check(slices.Equal(order[0], order[1]), 0, "below page %q stand %v on DC and %v on Cloud", name, order[0], order[1])
}

// judgeCalls holds the calls of all cycles against their bounds.
func (p *play) judgeCalls() error {
	counts, refused := p.counts(1, p.cycles)
	want := p.sc.Want.Calls
	if want != nil {
		free := [2]map[confluence.Verb]bool{{}, {}}
		for _, sum := range want.Sums {
			n := 0
			for _, side := range confluence.Sides {
				for _, v := range sum.Verbs {
					n += counts[side][v]
					free[side][v] = true
				}
			}
			if err := p.check(sum.Span.holds(n), 0, "%v were sent %d times on both sides together, not %s", sum.Verbs, n, sum.Span); err != nil {
				return err
			}
		}
		if err := p.judgeAlternatives(want, counts, free); err != nil {
			return err
		}
		for _, pair := range want.Order {
			first, second := p.first(pair[0]), p.first(pair[1])
			if err := p.check(first >= 0 && second > first, 0, "%s %s was not sent before %s %s", sideNames[pair[0].Side], pair[0].Verb, sideNames[pair[1].Side], pair[1].Verb); err != nil {
				return err
			}
		}
	}
	return p.check(p.sc.Want.Refused.holds(refused), 0, "%d mutating calls were refused, not %s%s", refused, p.sc.Want.Refused, p.refusals())
}

// judgeAlternatives holds both sides' calls against their bounds, or against one of several.
func (p *play) judgeAlternatives(want *callsWant, counts [2]map[confluence.Verb]int, free [2]map[confluence.Verb]bool) error {
	whole := func(sides [2]verbsWant) string {
		for _, side := range confluence.Sides {
			if why := sides[side].violated(counts[side], free[side]); why != "" {
				return siteNames[side] + ": " + why
			}
		}
		return ""
	}
	if len(want.AnyOf) == 0 {
		why := whole(want.Sides)
		return p.check(why == "", want.line(), "%s", why)
	}
	var all []string
	for _, one := range want.AnyOf {
		why := whole(one)
		if why == "" {
			return p.check(true, 0, "")
		}
		all = append(all, why)
	}
	return p.check(false, want.line(), "no alternative of calls holds: %s", strings.Join(all, "; "))
}

func (c *callsWant) line() int {
	return cmp.Or(c.Sides[0].Line, c.Sides[1].Line)
}

// violated says what calls break the bounds of a side; empty: none. A verb that is not named must not be sent.
func (w verbsWant) violated(counts map[confluence.Verb]int, free map[confluence.Verb]bool) string {
	if len(w.AnyOf) > 0 {
		var all []string
		for _, one := range w.AnyOf {
			both := maps.Clone(one)
			maps.Copy(both, w.Counts)
			why := verbsWant{Counts: both, Sums: w.Sums}.violated(counts, free)
			if why == "" {
				return ""
			}
			all = append(all, why)
		}
		return "no alternative holds: " + strings.Join(all, ", or ")
	}
	free = maps.Clone(free)
	for _, sum := range w.Sums {
		n := 0
		for _, v := range sum.Verbs {
			n += counts[v]
			free[v] = true
		}
		if !sum.Span.holds(n) {
			return fmt.Sprintf("%v were sent %d times, not %s", sum.Verbs, n, sum.Span)
		}
	}
	for _, v := range append(slices.Clone(confluence.Verbs), unknownVerb) {
		want, named := w.Counts[v]
		if n := counts[v]; !want.holds(n) && (named || !free[v]) {
			return fmt.Sprintf("%s was sent %d times, not %s", v, n, want)
		}
	}
	return ""
}

// first is the place of the first call of a verb among all of the scenario's; -1 if there is none.
func (p *play) first(v sideVerb) int {
	return slices.IndexFunc(p.sent, func(c *sent) bool {
		return c.Cycle > 0 && c.Side == v.Side && c.Verb == v.Verb && !c.refused()
	})
}

func (p *play) refusals() string {
	var out []string
	for _, c := range p.sent {
		if c.refused() {
			out = append(out, fmt.Sprintf("%s %s %s %d", siteNames[c.Side], c.Verb, c.Path, c.Status))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return ": " + strings.Join(out, ", ")
}

// ownMark is what of a checkpoint is tandem's own, no state of the site: the digest of its baseline, and how many cycles it
// took to get there.
var ownMark = regexp.MustCompile(`"root":"[0-9a-f]*"|"cycle":[0-9]+`)

// differ says where two end states differ; empty if they do not.
func differ(a, b [2]string) string {
	for _, side := range confluence.Sides {
		a[side], b[side] = ownMark.ReplaceAllString(a[side], ""), ownMark.ReplaceAllString(b[side], "")
		if a[side] == b[side] {
			continue
		}
		i := 0
		for i < len(a[side]) && i < len(b[side]) && a[side][i] == b[side][i] {
			i++
		}
		cut := func(s string) string { return s[max(0, min(i-60, len(s))):min(i+100, len(s))] }
		return fmt.Sprintf("%s: …%s… without the crash, …%s… with it", siteNames[side], cut(a[side]), cut(b[side]))
	}
	return ""
}
