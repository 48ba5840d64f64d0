package bodytest

import (
	"slices"
	"strings"
)

// Effect says what an edit does to what a body says.
type Effect int

// The effects of edits.
const (
	Nothing Effect = iota // what servers and editors rewrite by themselves
	Looks                 // presentation only: widths, layout, breakout
	Meaning               // what a reader sees, or where it leads
)

// place is a node with the list it stands in.
type place struct {
	node *Node
	kids *[]*Node
	at   int
	in   []string // names of the elements around it, from the outside
}

func (p place) inside(names ...string) bool {
	return slices.ContainsFunc(p.in, func(name string) bool { return slices.Contains(names, name) })
}

// parent returns the name of the element around, empty at the top.
func (p place) parent() string {
	if len(p.in) == 0 {
		return ""
	}
	return p.in[len(p.in)-1]
}

func (b *Body) places() []place {
	var out []place
	var walk func(kids *[]*Node, in []string)
	walk = func(kids *[]*Node, in []string) {
		for i, n := range *kids {
			out = append(out, place{n, kids, i, in})
			walk(&n.Kids, append(slices.Clone(in), n.Name))
		}
	}
	walk(&b.Kids, nil)
	return out
}

func (p place) replace(by ...*Node) { *p.kids = slices.Replace(*p.kids, p.at, p.at+1, by...) }

// change is one way to edit: where it applies, and what it does there.
type change struct {
	name  string
	where func(place) bool
	do    func(place, Chooser)
}

// Edit returns a copy with one edit of that effect, and its name; nil if the body has no place for one.
func (b *Body) Edit(effect Effect, pick Chooser) (*Body, string) {
	changes := [...][]change{Nothing: nothings, Looks: looks, Meaning: meanings}[effect]
	edited := b.Clone()
	places := edited.places()
	first := pick(len(changes))
	for k := range changes {
		c := changes[(first+k)%len(changes)]
		var fit []place
		for _, p := range places {
			if c.where(p) {
				fit = append(fit, p)
			}
		}
		if len(fit) > 0 {
			c.do(fit[pick(len(fit))], pick)
			return edited, c.name
		}
	}
	return nil, ""
}

func named(names ...string) func(place) bool {
	return func(p place) bool { return slices.Contains(names, p.node.Name) && !p.uncounted() }
}

// uncounted reports whether a place is inside what does not count at all.
func (p place) uncounted() bool {
	return p.inside("ac:adf-fallback", "ac:task-id") || p.node.Name == "ac:task-id" || p.node.Comment
}

func isText(p place) bool {
	return p.node.Name == "" && !p.node.Comment && p.node.Text != "" && !p.uncounted()
}

// isProse is text in which white space collapses and markup may stand.
func isProse(p place) bool {
	return isText(p) && p.node.Form != Section && !isBlank(p.node.Text) &&
		!p.inside("ac:parameter", "ac:adf-attribute", "pre", "ac:task-status", "my-own")
}

func isBlank(s string) bool { return strings.Trim(s, " \n\t\r") == "" }

// blockParents hold blocks, with white space between them that is no text.
var blockParents = []string{"", "ac:layout-cell", "ac:rich-text-body", "blockquote", "ul", "ol", "tbody", "tr", "table",
	"ac:layout", "ac:layout-section", "ac:task-list", "ac:task", "ac:adf-content", "div"}

var blockNames = []string{"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "tbody", "tr", "td", "th",
	"blockquote", "pre", "hr", "div", "ac:layout-section", "ac:layout-cell", "ac:task", "ac:task-list"}

func isBlock(p place) bool {
	return slices.Contains(blockNames, p.node.Name) && slices.Contains(blockParents, p.parent()) && !p.uncounted()
}
