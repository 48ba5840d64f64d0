package simulation

import (
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// crowd are the people of a case: what they do is drawn from the seed, and what they did is written down, so that it can
// be held against what becomes of it. Every text that they write is a word of its own.
type crowd struct {
	w     *World
	rand  *rand.Rand
	key   string // of the space
	sides []confluence.Side
	users []string
	n     int
	// Calm: nobody deletes, restricts or moves away; for what must be compared with another run.
	acts []act
	// titles are all that people gave; words the fate of each word they wrote.
	titles  map[string]bool
	written map[string]*word
	// trashed are pages by token that a person put in the trash on a side, with the number of the act; restored ones are
	// taken out.
	trashed     map[string][2]int
	everTrashed map[string]int
	// gone are pages that were purged or moved out of the space, and those restricted for good.
	gone map[string]bool
	// hidden are pages that tandem's account cannot see; guarded those that only alice may read beside it, since before the
	// other side had them.
	hidden, guarded map[string]bool
	lastTitle       string
	// doubled are pages that people made alike on both sides.
	doubled map[string]bool
	// secret are words for alice only, with their pages.
	secret map[string]string
	// renewed are pages that were purged and made anew.
	renewed map[string]bool
	may     []string // habits of step; empty: all
	count   func(string)
}

// act is one thing that a person did.
type act struct {
	Side confluence.Side
	Kind string
	Page string // token
	At   time.Time
	Call int // calls before it
}

// word is one text that a person wrote.
type word struct {
	side    confluence.Side
	page    string // token of its page
	kind    byte   // o, w, c
	at      int    // number of the act
	dropped bool   // a person who saw it took it out again
}

func newCrowd(w *World, r *rand.Rand, key string, count func(string), sides ...confluence.Side) *crowd {
	return &crowd{
		w: w, rand: r, key: key, sides: sides, users: []string{"alice", "bob"}, count: count,
		titles: map[string]bool{}, written: map[string]*word{}, trashed: map[string][2]int{}, everTrashed: map[string]int{}, gone: map[string]bool{}, hidden: map[string]bool{}, guarded: map[string]bool{}, doubled: map[string]bool{}, renewed: map[string]bool{}, secret: map[string]string{},
	}
}

func (c *crowd) fresh(kind byte, side confluence.Side, page string) string {
	c.n++
	t := fmt.Sprintf("%c%d", kind, c.n)
	if kind == 'o' {
		page = t
	}
	c.written[t] = &word{side: side, page: page, kind: kind, at: len(c.acts)}
	return t
}

func (c *crowd) title() string {
	c.n++
	t := fmt.Sprintf("T%d", c.n)
	c.titles[t], c.lastTitle = true, t
	return t
}

func (c *crowd) do(side confluence.Side, kind, page string, action map[string]any) error {
	user := c.users[c.rand.IntN(len(c.users))]
	if _, err := c.w.Act(side, user, action); err != nil {
		return fmt.Errorf("simulation: %s on %s: %w", kind, letter(side), err)
	}
	c.acts = append(c.acts, act{Side: side, Kind: kind, Page: page, At: c.w.Now(), Call: len(c.w.calls)})
	c.count("act " + kind)
	return nil
}

// verb is one kind of thing to do, with its weight.
type habit struct {
	name   string
	weight int
	do     func(c *crowd, p *picture, page *item) error
}

// habits are what people do. A habit that does not fit what is there does nothing.
var habits = []habit{
	{"append", 12, (*crowd).appendWord},
	{"replace", 8, (*crowd).replaceWord},
	{"drop", 3, (*crowd).dropWord},
	{"create", 8, (*crowd).create},
	{"rename", 5, (*crowd).rename},
	{"swap titles", 2, (*crowd).swap},
	{"move", 6, (*crowd).move},
	{"order", 3, (*crowd).order},
	{"trash", 3, (*crowd).trash},
	{"trash leaf", 0, (*crowd).trashLeaf},
	{"restrict closely", 0, (*crowd).restrictClosely},
	{"restore", 2, (*crowd).restore},
	{"label", 4, (*crowd).label},
	{"attach", 4, (*crowd).attach},
	{"detach", 2, (*crowd).detach},
	{"comment", 4, (*crowd).comment},
	{"edit comment", 2, (*crowd).editComment},
	{"drop comment", 1, (*crowd).dropComment},
	{"restrict", 3, (*crowd).restrict},
	{"resave", 1, (*crowd).resave},
}

// step lets somebody do something.
func (c *crowd) step() error { return c.one(c.may...) }

// one lets somebody do one of some habits, of all if none is named.
func (c *crowd) one(only ...string) error {
	side := c.sides[c.rand.IntN(len(c.sides))]
	p, err := c.w.look(side, c.key)
	if err != nil {
		return err
	}
	live := slices.DeleteFunc(slices.Clone(p.pages), func(i *item) bool { return !i.live() || i.origin == "" })
	if len(live) == 0 {
		return nil
	}
	total := 0
	for _, d := range habits {
		if len(only) == 0 || slices.Contains(only, d.name) {
			total += d.weight
		}
	}
	n := c.rand.IntN(max(total, 1))
	for _, d := range habits {
		if len(only) > 0 && !slices.Contains(only, d.name) {
			continue
		}
		if n -= d.weight; n < 0 || total == 0 {
			return d.do(c, p, live[c.rand.IntN(len(live))])
		}
	}
	return nil
}

func (c *crowd) setBody(side confluence.Side, kind string, page *item, body string) error {
	return c.do(side, kind, page.origin, map[string]any{"body": map[string]any{"page": page.ID, "text": body}})
}

func (c *crowd) appendWord(p *picture, page *item) error {
	w := c.fresh('w', p.side, page.origin)
	return c.setBody(p.side, "append", page, page.Body+"<p>"+w+" "+texts[c.rand.IntN(len(texts))]+"</p>")
}

// texts are what people write besides: what servers and editors treat in ways of their own.
var texts = []string{"", "", "", "<strong>bold</strong>", "a &amp; b", "caf&eacute;", `<a href="https://example.test/">out</a>`}

// replaceWord puts a new word in the place of one that is there.
func (c *crowd) replaceWord(p *picture, page *item) error {
	old := c.pick(page)
	if old == "" {
		return c.appendWord(p, page)
	}
	w := c.fresh('w', p.side, page.origin)
	c.written[old].dropped = true
	return c.setBody(p.side, "replace", page, strings.Replace(page.Body, old, w, 1))
}

func (c *crowd) dropWord(p *picture, page *item) error {
	old := c.pick(page)
	if old == "" {
		return nil
	}
	c.written[old].dropped = true
	return c.setBody(p.side, "drop", page, strings.Replace(page.Body, old, "", 1))
}

// pick draws one of the words of edits in a body.
func (c *crowd) pick(page *item) string {
	var own []string
	for _, t := range words(page.Body) {
		if t[0] == 'w' {
			own = append(own, t)
		}
	}
	if len(own) == 0 {
		return ""
	}
	return own[c.rand.IntN(len(own))]
}

func (c *crowd) create(p *picture, page *item) error {
	parent := page
	if parent.Kind != "page" {
		parent = p.items[p.home]
	}
	if parent == nil {
		return nil
	}
	o := c.fresh('o', p.side, "")
	text := "<p>" + o + "</p>"
	if c.rand.IntN(3) == 0 {
		text += `<p>see <ac:link><ri:page ri:content-title="` + html.EscapeString(page.Title) + `" /></ac:link></p>`
	}
	q := map[string]any{"title": c.title(), "under": parent.ID, "text": text}
	if c.rand.IntN(8) == 0 {
		q["kind"] = "blog"
	}
	return c.do(p.side, "create", o, map[string]any{"create": q})
}

func (c *crowd) rename(p *picture, page *item) error {
	return c.do(p.side, "rename", page.origin, map[string]any{"rename": map[string]any{"page": page.ID, "to": c.title()}})
}

// swap gives two pages each other's titles.
func (c *crowd) swap(p *picture, page *item) error {
	for _, other := range p.pages {
		if other == page || !other.live() || other.origin == "" || other.Kind != "page" || page.Kind != "page" {
			continue
		}
		steps := []struct{ page, to string }{{page.ID, c.title()}, {other.ID, page.Title}, {page.ID, other.Title}}
		for _, s := range steps {
			if err := c.do(p.side, "swap titles", page.origin, map[string]any{"rename": map[string]any{"page": s.page, "to": s.to}}); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

func (c *crowd) another(p *picture, page *item, fits func(*item) bool) *item {
	var fit []*item
	for _, o := range p.pages {
		if o != page && o.live() && o.Kind == "page" && o.origin != "" && fits(o) {
			fit = append(fit, o)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return fit[c.rand.IntN(len(fit))]
}

func (c *crowd) move(p *picture, page *item) error {
	if page.Kind != "page" || page.ID == p.home {
		return nil
	}
	under := c.another(p, page, func(o *item) bool { return !p.inside(o.ID, page.ID) && o.ID != page.Parent })
	if under == nil {
		return nil
	}
	return c.do(p.side, "move", page.origin, map[string]any{"move": map[string]any{"page": page.ID, "under": under.ID}})
}

func (c *crowd) order(p *picture, page *item) error {
	if page.Kind != "page" || page.ID == p.home {
		return nil
	}
	beside := c.another(p, page, func(o *item) bool { return o.Parent == page.Parent && o.Parent != "" })
	if beside == nil {
		return nil
	}
	where := []string{"before", "after"}[c.rand.IntN(2)]
	return c.do(p.side, "order", page.origin, map[string]any{"move": map[string]any{"page": page.ID, where: beside.ID}})
}

func (c *crowd) trash(p *picture, page *item) error {
	if page.ID == p.home {
		return nil
	}
	t := c.trashed[page.origin]
	t[p.side] = len(c.acts) + 1
	c.trashed[page.origin] = t
	c.everTrashed[page.origin]++
	return c.do(p.side, "trash", page.origin, map[string]any{"trash": page.ID})
}

func (c *crowd) restore(p *picture, _ *item) error {
	for _, page := range p.pages {
		if page.Status != "trashed" || c.trashed[page.origin][p.side] == 0 || c.taken(p, page) {
			continue
		}
		delete(c.trashed, page.origin)
		return c.do(p.side, "restore", page.origin, map[string]any{"restore": page.ID})
	}
	return nil
}

// taken reports whether another page has the title of one.
func (c *crowd) taken(p *picture, page *item) bool {
	return slices.ContainsFunc(p.pages, func(o *item) bool { return o != page && o.Status != "trashed" && o.Title == page.Title })
}

func (c *crowd) label(p *picture, page *item) error {
	q := map[string]any{"page": page.ID}
	if len(page.Labels) > 0 && c.rand.IntN(2) == 0 {
		q["remove"] = page.Labels[c.rand.IntN(len(page.Labels))]
	} else {
		q["add"] = fmt.Sprintf("l%d", c.rand.IntN(6))
	}
	return c.do(p.side, "label", page.origin, map[string]any{"label": q})
}

func (c *crowd) attach(p *picture, page *item) error {
	c.n++
	q := map[string]any{"page": page.ID, "name": fmt.Sprintf("f%d.txt", c.rand.IntN(3)), "bytes": fmt.Sprintf("bytes %d", c.n)}
	return c.do(p.side, "attach", page.origin, map[string]any{"attach": q})
}

func (c *crowd) detach(p *picture, page *item) error {
	files := p.below(page.ID, "attachment")
	if len(files) == 0 {
		return nil
	}
	q := map[string]any{"page": page.ID, "name": files[c.rand.IntN(len(files))].File.Name}
	return c.do(p.side, "detach", page.origin, map[string]any{"detach": q})
}

func (c *crowd) comment(p *picture, page *item) error {
	q := map[string]any{"page": page.ID}
	if there := p.below(page.ID, "comment"); len(there) > 0 && c.rand.IntN(2) == 0 {
		q["reply"] = there[c.rand.IntN(len(there))].ID
	}
	q["text"] = c.fresh('c', p.side, page.origin)
	return c.do(p.side, "comment", page.origin, map[string]any{"comment": q})
}

func (c *crowd) editComment(p *picture, page *item) error {
	there := p.below(page.ID, "comment")
	if len(there) == 0 {
		return nil
	}
	old := there[c.rand.IntN(len(there))]
	for _, t := range words(old.Body) {
		c.written[t].dropped = true
	}
	q := map[string]any{"page": page.ID, "comment": old.ID, "text": c.fresh('c', p.side, page.origin)}
	return c.do(p.side, "edit comment", page.origin, map[string]any{"editComment": q})
}

func (c *crowd) dropComment(p *picture, page *item) error {
	there := p.below(page.ID, "comment")
	if len(there) == 0 {
		return nil
	}
	old := there[c.rand.IntN(len(there))]
	for _, other := range there {
		if other == old || p.answers(other, old.ID) {
			for _, t := range words(other.Body) {
				c.written[t].dropped = true
			}
		}
	}
	return c.do(p.side, "drop comment", page.origin, map[string]any{"dropComment": map[string]any{"page": page.ID, "comment": old.ID}})
}

// answers reports whether a comment stands below another one.
func (p *picture) answers(c *item, above string) bool {
	for range 100 {
		if c == nil || c.page() {
			return false
		}
		if c.Parent == above || c.Comment.Parent == above {
			return true
		}
		next := c.Parent
		if c.Comment.Parent != "" {
			next = c.Comment.Parent
		}
		c = p.items[next]
	}
	return false
}

// tandem is the account that tandem acts as.
const tandem = "user:svc-tandem"

// restrict tightens or loosens a page. Tandem's account keeps its access: what it cannot see is nothing of a case.
func (c *crowd) restrict(p *picture, page *item) error {
	sets := [][]string{{}, {tandem, "user:alice", "user:bob"}, {tandem, "user:alice"}, {tandem, "group:g1", "user:alice"}}
	read := sets[c.rand.IntN(len(sets))]
	update := [][]string{{}, {tandem, "user:alice"}}[c.rand.IntN(2)]
	delete(c.guarded, page.origin)
	c.unhide(page.origin, read)
	maps.DeleteFunc(c.secret, func(_, origin string) bool { return origin == page.origin })
	return c.do(p.side, "restrict", page.origin, map[string]any{"restrict": map[string]any{"page": page.ID, "read": read, "update": update}})
}

func (c *crowd) resave(p *picture, page *item) error {
	return c.do(p.side, "resave", page.origin, map[string]any{"resave": page.ID})
}
