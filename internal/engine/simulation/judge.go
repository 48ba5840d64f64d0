package simulation

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
	"github.com/tandem-sync/tandem/internal/migration"
	"github.com/tandem-sync/tandem/internal/store"
)

// judgeMigration holds the destination against the source after a run without faults and edits.
func (l *life) judgeMigration() error {
	status, err := l.lastRun()
	if err != nil {
		return err
	}
	if status != migration.PlanFinished {
		findings, _ := l.w.Store().Findings(l.w.Context(), store.FindingFilter{Limit: 20})
		var said []string
		for _, f := range findings {
			said = append(said, fmt.Sprintf("%s %s %s", f.Code, f.What, f.Cause))
		}
		l.wrong("I1", "no run finishes after all faults: %s%s", l.failures(), strings.Join(said, "\n"))
		return nil
	}
	var sides [2]*picture
	for side := range sides {
		if sides[side], err = l.w.look(confluence.Side(side), spaceKey); err != nil {
			return err
		}
	}
	l.unwritten(confluence.A)
	l.judgePages(sides, func(origin, _ string) bool { return l.crowd.trashed[origin][confluence.A] != 0 })
	l.judgeOwn(sides)
	before := len(l.w.calls)
	if err := l.migrateOnce(); err != nil {
		return err
	}
	l.still("I2", before)
	return nil
}

// unwritten: a side that only sends gets no write (I14).
func (l *life) unwritten(side confluence.Side) {
	for _, c := range l.w.calls {
		if c.Side == side && c.Writes() {
			l.wrong("I14", "a write to a side that only sends: %s", c)
		}
	}
}

// still: no call since then changed anything.
func (l *life) still(invariant string, since int) {
	for _, c := range l.w.calls[since:] {
		if c.Writes() && c.Verb != confluence.VerbProperty {
			l.wrong(invariant, "nothing is left to do, and yet: %s %s", c, c.Body)
		}
	}
}

// wrote reports whether a call since then changed anything but a mark of tandem's own.
func (l *life) wrote(since int) bool {
	return slices.ContainsFunc(l.w.calls[since:], func(c *Call) bool { return c.Writes() && c.Verb != confluence.VerbProperty })
}

// judgePages holds both sides against each other, facet by facet. excused says what is left out: a facet of a page, or,
// for "", the page.
func (l *life) judgePages(sides [2]*picture, excused func(origin, facet string) bool) {
	pages := [2]map[string][]*item{sides[0].byOrigin(), sides[1].byOrigin()}
	origins := map[string]bool{}
	for _, m := range pages {
		for o := range m {
			origins[o] = true
		}
	}
	for side, p := range sides {
		p.standAlone(sides[1-side], func(origin string) bool { return excused(origin, "") })
	}
	for _, o := range slices.Sorted(maps.Keys(origins)) {
		if l.crowd.doubled[o] && l.crowd.others(o, "create") > 0 {
			continue // made alike on both sides, but one was changed before they could become twins
		}
		for side, m := range pages {
			if len(m[o]) > 1 && !l.crowd.renewed[o] {
				l.wrong("I5", "%s stands %d times on side %s: %q and %q", o, len(m[o]), letter(confluence.Side(side)), m[o][0].Title, m[o][1].Title)
			}
		}
		if excused(o, "") || l.crowd.renewed[o] {
			continue
		}
		if len(pages[0][o]) == 0 || len(pages[1][o]) == 0 {
			l.wrong("I1", "%s stands on one side only: A %d, B %d; trashed by people: %v", o, len(pages[0][o]), len(pages[1][o]), l.crowd.trashed[o])
			continue
		}
		for side := range pages {
			l.judgeOnce(confluence.Side(side), sides[side], pages[side][o][0])
		}
		twins := [2]*item{pages[0][o][0], pages[1][o][0]}
		for _, f := range facets {
			a, b := f.of(sides[0], twins[0]), f.of(sides[1], twins[1])
			if a != b && !excused(o, f.name) {
				law := "I1"
				if l.contested[o] {
					law = "I17" // a conflict about one facet holds no other
				}
				l.wrong(law, "%s of %s differs: A %q, B %q", f.name, o, a, b)
			}
		}
	}
}

// facets are what is compared of a page, each in a form that both sides share.
var facets = []struct {
	name string
	of   func(*picture, *item) string
}{
	{"title", func(_ *picture, c *item) string { return c.Title }},
	{"parent", func(p *picture, c *item) string {
		above := p.items[c.Parent]
		for above != nil && p.lone[above.origin] && above.Parent != "" {
			above = p.items[above.Parent]
		}
		if above != nil && c.Kind == "page" {
			return p.called(above.origin)
		}
		return ""
	}},
	{"body", func(_ *picture, c *item) string { return strings.Join(words(c.Body), " ") }},
	{"labels", func(_ *picture, c *item) string { return strings.Join(slices.Sorted(slices.Values(c.Labels)), " ") }},
	{"restrictions", func(_ *picture, c *item) string {
		return principals(c.Restrictions.Read) + " | " + principals(c.Restrictions.Update)
	}},
	{"attachments", func(p *picture, c *item) string {
		var out []string
		for _, f := range p.below(c.ID, "attachment") {
			out = append(out, f.File.Name+"="+f.File.SHA256[:8])
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}},
	{"comments", func(p *picture, c *item) string {
		var out []string
		for _, m := range p.below(c.ID, "comment") {
			above := ""
			if up := p.items[m.Comment.Parent]; up != nil && up.Kind == "comment" {
				above = "<" + strings.Join(words(up.Body), " ")
			} else if up := p.items[m.Parent]; up != nil && up.Kind == "comment" {
				above = "<" + strings.Join(words(up.Body), " ")
			}
			out = append(out, strings.Join(words(m.Body), " ")+above)
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}},
}

// principals are those of a restriction but for tandem's own account and those whom the other side does not know. Of one
// that names nobody else the brackets are left.
func principals(list []string) string {
	out := slices.DeleteFunc(slices.Clone(list), func(p string) bool {
		return p == tandem || p == "user:"+strangers[0] || p == "user:"+strangers[1]
	})
	if len(out) == 0 && len(list) > 0 {
		return "nobody"
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// judgeOwn: nothing stands on a side that no person wrote (I7), and no temporary title is left.
func (l *life) judgeOwn(sides [2]*picture) {
	for _, p := range sides {
		for _, c := range p.pages {
			if !c.live() {
				continue
			}
			if !l.crowd.titles[stem(c.Title)] {
				l.wrong("I7", "nobody gave the title %q on side %s", c.Title, letter(p.side))
			}
			for _, t := range words(c.Body) {
				if l.crowd.written[t] == nil {
					l.wrong("I7", "nobody wrote %q on side %s", t, letter(p.side))
				}
			}
		}
	}
}

var suffixes = regexp.MustCompile(` \((DC|Cloud|previous|conflict, [^)]*)( \d+)?\)$`)

// stem is a title without the suffixes that tell two pages apart.
func stem(title string) string {
	for suffixes.MatchString(title) {
		title = suffixes.ReplaceAllString(title, "")
	}
	return title
}
