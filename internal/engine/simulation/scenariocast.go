package simulation

import (
	"cmp"
	"strings"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// people are the persons of every scenario; carol is no administrator and the only member of group g1.
var people = []string{"alice", "bob", "carol"}

// actors act on the two sides.
var actors = [2]string{"alice", "bob"}

// cast knows who and what is called how on the two sides. A page is called by its first title for the whole scenario,
// whatever its title is later.
type cast struct {
	accounts [2]map[string]string // person -> account id
	keys     [2]map[string]string // what bodies name persons by -> person
	service  [2]string            // account id of tandem
	ids      [2]map[string]string // page -> content id
	names    [2]map[string]string // content id -> page
	made     [2]map[string]bool   // pages that people made while the scenario ran
	remarks  map[string]string    // name of a comment -> its text
}

func newCast() *cast {
	c := &cast{remarks: map[string]string{}}
	for _, side := range confluence.Sides {
		c.accounts[side], c.keys[side] = map[string]string{}, map[string]string{}
		c.ids[side], c.names[side], c.made[side] = map[string]string{}, map[string]string{}, map[string]bool{}
	}
	return c
}

// call gives a content its name on a side.
func (c *cast) call(side confluence.Side, name, id string) {
	c.ids[side][name], c.names[side][id] = id, name
}

// nameOf is the name of a page, or its title where nobody gave it one.
func (c *cast) nameOf(side confluence.Side, p *content) string {
	return cmp.Or(c.names[side][p.ID], p.Title)
}

// person is who an account id, username or user key stands for; empty for nobody of the scenario.
func (c *cast) person(side confluence.Side, id string) string {
	if name := c.keys[side][id]; name != "" {
		return name
	}
	for name, account := range c.accounts[side] {
		if account == id {
			return name
		}
	}
	return ""
}

// meet finds the counterparts that tandem has made of pages that have a name on the other side only: they have the title
// that the page has there.
func (c *cast) meet(states [2]*siteState) {
	for _, side := range confluence.Sides {
		other := side.Other()
		for name, id := range c.ids[side] {
			if c.ids[other][name] != "" {
				continue
			}
			p := states[side].byID[id]
			if p == nil {
				continue
			}
			q := states[other].titled(p.Space, p.Title)
			if q != nil && c.names[other][q.ID] == "" && q.Kind == p.Kind {
				c.call(other, name, q.ID)
			}
		}
	}
}

// principal turns a principal of a scenario into that of a side.
func (c *cast) principal(side confluence.Side, principal string) string {
	if name, ok := strings.CutPrefix(principal, "user:"); ok {
		return "user:" + cmp.Or(c.accounts[side][name], name)
	}
	return principal
}
