package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// scenarioKey is the key of the space on both sides.
const scenarioKey = "K"

// homeName is the home page's other name: its title is Home, scenarios call it H.
const homeName = "H"

// tree is the tree of S0 in the order in which its pages are made.
var tree = []struct{ title, under string }{
	{"A", homeName}, {"B", homeName}, {"C", homeName}, {"A1", "A"}, {"A2", "A"}, {"A1a", "A1"},
}

// paragraphs are p1 to p8 of a page.
func paragraphs(page string) string {
	var b strings.Builder
	for n := 1; n <= 8; n++ {
		fmt.Fprintf(&b, "<p>%s p%d alpha beta gamma delta</p>", page, n)
	}
	return b.String()
}

// extras are what A has besides: table t and macro m.
func extras(page string) string {
	var b strings.Builder
	b.WriteString("<table><tbody>")
	for r := 1; r <= 3; r++ {
		b.WriteString("<tr>")
		for c := 1; c <= 3; c++ {
			fmt.Fprintf(&b, "<td>%s t %d %d</td>", page, r, c)
		}
		b.WriteString("</tr>")
	}
	fmt.Fprintf(&b, `</tbody></table><ac:structured-macro ac:name="info"><ac:parameter ac:name="title">%s m</ac:parameter>`+
		`<ac:rich-text-body><p>%s m alpha beta gamma delta</p></ac:rich-text-body></ac:structured-macro>`, page, page)
	return b.String()
}

// build makes the start state on a side, page by page.
func (p *play) build(side confluence.Side) error {
	if err := p.w.AddSpace(side, scenarioKey, scenarioKey); err != nil {
		return err
	}
	state, err := p.state(side)
	if err != nil {
		return err
	}
	p.callHome(side, state)
	if err := p.furnish(side); err != nil {
		return err
	}
	for _, list := range [][]deed{p.sc.Start.Add, p.sc.Start.Change} {
		for _, d := range list {
			if err := p.act(side, actors[confluence.A], d); err != nil {
				return err
			}
		}
	}
	clear(p.cast.made[side])
	return nil
}

// callHome gives the home page of a side its name.
func (p *play) callHome(side confluence.Side, state *siteState) {
	for _, s := range state.Spaces {
		if s.Key == scenarioKey {
			p.cast.call(side, homeName, s.Home)
		}
	}
}

// populate gives a side the people of every scenario. What their accounts are called differs from side to side.
func (p *play) populate(side confluence.Side) error {
	s := p.w.Site(side)
	var members []string
	for _, name := range people {
		id := name
		if side == confluence.B {
			id = "712020:" + name
		}
		s.AddUser(id, strings.ToUpper(name[:1])+name[1:], name+"@example.test")
		p.cast.accounts[side][name] = id
		if name == "carol" {
			members = append(members, id)
		}
	}
	login, _ := s.Account()
	p.cast.service[side], _, _ = strings.Cut(login, "@")
	// tandem must be able to read what it is to carry.
	s.AddGroup("g1", append(members, p.cast.service[side])...)
	return p.keysOf(side)
}

// furnish makes the contents of S0 on a side; an empty start keeps the home page alone.
func (p *play) furnish(side confluence.Side) error {
	empty := p.sc.Start.Use == "empty"
	home := p.cast.ids[side][homeName]
	steps := []any{
		map[string]any{"rename": map[string]any{"page": home, "to": "Home"}},
		map[string]any{"body": map[string]any{"page": home, "text": paragraphs(homeName)}},
	}
	if empty {
		steps[1] = map[string]any{"body": map[string]any{"page": home, "text": "<p>Home</p>"}}
	}
	for _, s := range steps {
		if _, err := p.w.Act(side, p.cast.accounts[side][actors[confluence.A]], s); err != nil {
			return err
		}
	}
	var deeds []deed
	page := func(title, under, text string) {
		deeds = append(deeds, deed{Name: "create", Args: map[string]string{"title": title, "under": under, "text": text}})
	}
	if !empty {
		for _, t := range tree {
			text := paragraphs(t.title)
			if t.title == "A" {
				text += extras("A")
			}
			page(t.title, t.under, text)
		}
		on := func(name string, args map[string]string, lists map[string][]string) {
			args["page"] = "A"
			deeds = append(deeds, deed{Name: name, Pages: []string{"A"}, Args: args, Lists: lists})
		}
		on("label", map[string]string{}, map[string][]string{"add": {"x"}})
		on("attach", map[string]string{"name": "f.png", "bytes": "A f.png"}, nil)
		on("comment", map[string]string{"as": "c1", "text": "A c1"}, nil)
	}
	for n := 1; n <= p.sc.Start.Fill; n++ {
		title := "F" + padded(n, 3)
		page(title, homeName, paragraphs(title))
	}
	for _, d := range deeds {
		if err := p.act(side, actors[confluence.A], d); err != nil {
			return err
		}
	}
	return nil
}

// beginning is how long the start state is old when the baseline is taken: nothing in it is recent for any feed.
const beginning = time.Hour
