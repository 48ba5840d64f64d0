package simulation

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// picture is what the state dump of a side says about the space of a case: the only thing that verdicts rest on.
type picture struct {
	side  confluence.Side
	home  string
	items map[string]*item  // by server id; pages, blog posts, attachments, comments
	pages []*item           // of the space, sorted by id; any status
	alias map[string]string // other names of pages by token: of those that are twins and contested
	lone  map[string]bool   // pages by token that may stand here although the other side has them no longer, or never had
}

type item struct {
	ID, Kind, Parent, Space, Status, Title, Body, Creator string

	Position     int
	Labels       []string
	Restrictions struct{ Read, Update []string }
	File         struct{ Name, SHA256 string }
	Comment      struct{ Kind, Parent, Resolution string }
	Version      int
	Versions     []struct {
		Number  int
		By      string
		Message string
	}
	origin string // the token of the page; "" without one
}

// glance is a picture and when it was taken: it is the same as long as nobody acts, nothing is called and no time passes.
type glance struct {
	key         string
	acts, calls int
	at          time.Time
	p           *picture
}

// look reads a side. The contents of a picture are not to be changed.
func (w *World) look(side confluence.Side, key string) (*picture, error) {
	now := glance{key: key, acts: w.acts, calls: w.answers, at: w.Now()}
	last := &w.glances[side]
	if now.p = last.p; now != *last {
		p, err := w.paint(side, key)
		if err != nil {
			return nil, err
		}
		now.p = p
		*last = now
	}
	p := *now.p
	p.alias, p.lone = map[string]string{}, map[string]bool{}
	return &p, nil
}

// paint makes a picture of a side as it stands.
func (w *World) paint(side confluence.Side, key string) (*picture, error) {
	var dump struct {
		Content []*item
		Spaces  []struct{ Key, Home string }
	}
	if err := json.Unmarshal(w.Dump(side, "full"), &dump); err != nil {
		return nil, fmt.Errorf("simulation: the dump of side %s cannot be read: %w", letter(side), err)
	}
	p := &picture{side: side, items: map[string]*item{}}
	for _, s := range dump.Spaces {
		if s.Key == key {
			p.home = s.Home
		}
	}
	for _, c := range dump.Content {
		if c.Space != key {
			continue
		}
		p.items[c.ID] = c
		if c.page() {
			c.origin = originOf(c.Body)
			p.pages = append(p.pages, c)
		}
	}
	slices.SortFunc(p.pages, func(a, b *item) int { return strings.Compare(a.ID, b.ID) })
	return p, nil
}

func (c *item) page() bool { return c.Kind == "page" || c.Kind == "blogpost" }

func (c *item) live() bool { return c.Status == "current" }

// tokens are the words of a body that people of the simulation wrote: o12 names a page, w34 an edit, c56 a comment.
var tokens = regexp.MustCompile(`\b[owc][0-9]+\b`)

func originOf(body string) string {
	for _, t := range words(body) {
		if t[0] == 'o' {
			return t
		}
	}
	return ""
}

// words are the tokens of a body in order; a part of an identifier with hyphens is none.
func words(body string) []string {
	var out []string
	for _, at := range tokens.FindAllStringIndex(body, -1) {
		if (at[0] == 0 || body[at[0]-1] != '-') && (at[1] == len(body) || body[at[1]] != '-') {
			out = append(out, body[at[0]:at[1]])
		}
	}
	return out
}

// called is the name of a page that both sides share.
func (p *picture) called(origin string) string {
	if a := p.alias[origin]; a != "" {
		return a
	}
	return origin
}

// standAlone notes the pages that only this side has, as far as that is excused, and those that the other side has archived:
// nothing can be put below them there. What stands below one of them stands on the other side below the nearest page above
// that is there (algorithms A4 row 6, A5).
func (p *picture) standAlone(other *picture, excused func(origin string) bool) {
	there := map[string]bool{}
	archived := map[string]bool{}
	for o, list := range other.byOrigin() {
		there[other.called(o)] = true
		archived[other.called(o)] = !slices.ContainsFunc(list, (*item).live)
	}
	for o := range p.byOrigin() {
		p.lone[o] = archived[p.called(o)] || !there[p.called(o)] && excused(o)
	}
}

// byOrigin returns the pages that are not in the trash by their token; pages that share one stand together.
func (p *picture) byOrigin() map[string][]*item {
	out := map[string][]*item{}
	for _, c := range p.pages {
		if c.origin != "" && c.Status != "trashed" {
			out[c.origin] = append(out[c.origin], c)
		}
	}
	return out
}

// below are the attachments or comments of a page that are not in the trash.
func (p *picture) below(page, kind string) []*item {
	var out []*item
	for _, c := range p.items {
		if c.Kind == kind && c.Status != "trashed" && p.container(c) == page {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *item) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// container is the page that a comment or attachment is on.
func (p *picture) container(c *item) string {
	for range 100 {
		above := p.items[c.Parent]
		if above == nil || above.page() {
			return c.Parent
		}
		c = above
	}
	return ""
}

// inside reports whether a page is another one or stands below it.
func (p *picture) inside(page, above string) bool {
	for range 200 {
		if page == above {
			return true
		}
		c := p.items[page]
		if c == nil {
			return false
		}
		page = c.Parent
	}
	return true
}
