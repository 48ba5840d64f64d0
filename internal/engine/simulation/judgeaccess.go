package simulation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// judgeHidden: what tandem's account cannot see stays where it is (row 38).
func (l *life) judgeHidden(sides [2]*picture) {
	for _, o := range slices.Sorted(maps.Keys(l.crowd.hidden)) {
		there := 0
		for _, p := range sides {
			there += len(p.byOrigin()[o])
		}
		if there > 1 {
			l.wrong("I11", "%s, which tandem cannot see, stands on both sides", o)
		}
	}
}

// unseen are the pages that tandem's account cannot see on a side: those that people hid from it, and what they moved
// below these, which inherits who may read it. What is not seen is unknown, never deleted, and nothing is decided about it.
func (l *life) unseen(sides [2]*picture) map[string]bool {
	out := maps.Clone(l.crowd.hidden)
	for _, p := range sides {
		if p == nil {
			continue
		}
		for _, above := range p.pages {
			if !above.live() || !l.crowd.hidden[above.origin] {
				continue
			}
			for _, c := range p.pages {
				if c.live() && c.origin != "" && p.inside(c.ID, above.ID) {
					out[c.origin] = true
				}
			}
		}
	}
	return out
}

// reading is who could read a content after a write to it, as a site says.
type reading struct {
	N          int
	Content    string
	Version    int
	Principals []string
}

func (s *Site) readings() ([]reading, error) {
	var b bytes.Buffer
	if err := s.Readers(&b); err != nil {
		return nil, err
	}
	var out []reading
	for line := range bytes.Lines(b.Bytes()) {
		var r reading
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("simulation: a line of readers: %w", err)
		}
		out = append(out, r)
	}
	return out, nil
}

// judgeReaders: what only some may read on one side was at no moment there for others on the other (I11). It is judged of
// pages that were restricted before the other side had them, or on both sides before the life began, and that nobody
// opened.
func (l *life) judgeReaders(sides [2]*picture) error {
	for side, p := range sides {
		list, err := l.w.sites[side].readings()
		if err != nil {
			return err
		}
		l.judgeSecrets(confluence.Side(side), p, list)
		for _, r := range list {
			item := p.items[r.Content]
			if item == nil {
				continue
			}
			if !item.page() {
				item = p.items[p.container(item)]
			}
			if item == nil || !l.crowd.guarded[item.origin] || l.own(confluence.Side(side), item) {
				continue
			}
			if r.forOthers() {
				l.wrong("I11", "%s, which only alice may read, was there for %v on side %s (version %d of %s)", item.origin, r.Principals, letter(confluence.Side(side)), r.Version, r.Content)
			}
		}
	}
	return nil
}

// own reports whether a page was made on that side by a person: there it is restricted a moment after it is made.
func (l *life) own(side confluence.Side, i *item) bool {
	w := l.crowd.written[i.origin]
	return w == nil || w.side == side
}

// forOthers reports whether others than alice could read a content.
func (r reading) forOthers() bool {
	return slices.ContainsFunc(r.Principals, func(who string) bool { return who == "everyone" || who == "user:bob" || who == "user:carol" })
}

var versionSent = regexp.MustCompile(`"number":\s*(\d+)`)

// judgeSecrets: what was written on one side after a page was restricted there is nothing that others could read on the
// other side at the moment when it was written (I11). Where reads may be old, nobody can say what was seen.
func (l *life) judgeSecrets(side confluence.Side, p *picture, list []reading) {
	if l.storm != nil && l.storm.faults[faultStale] {
		return
	}
	for _, c := range l.w.calls {
		if c.Side != side || !c.Writes() || c.Status < 200 || c.Status > 299 {
			continue
		}
		for t, origin := range l.crowd.secret {
			number := versionSent.FindSubmatch(c.Body)
			if number == nil || l.crowd.written[t].side == side || !slices.Contains(c.words(), t) {
				continue
			}
			for _, r := range list {
				if item := p.items[r.Content]; item != nil && item.origin == origin && strconv.Itoa(r.Version) == string(number[1]) && r.forOthers() {
					l.wrong("I11", "%s of %s, which is for alice only, could be read by %v on side %s: %s", t, origin, r.Principals, letter(side), c)
				}
			}
		}
	}
}
