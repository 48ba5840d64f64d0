package simulation

import (
	"fmt"
	"slices"

	"github.com/tandem-sync/tandem/internal/confluence"
)

// settle furnishes a small space: pages on three levels, some with files, comments, labels and restrictions.
func (c *crowd) settle() error {
	side := c.sides[0]
	under := func(of int) error {
		p, err := c.w.look(side, c.key)
		if err != nil {
			return err
		}
		var fit []*item
		for _, i := range p.pages {
			if i.live() && i.Kind == "page" && i.origin != "" {
				fit = append(fit, i)
			}
		}
		if of < 0 {
			return c.createBelow(side, p.items[p.home].ID, "")
		}
		return c.createBelow(side, fit[of%len(fit)].ID, "")
	}
	for i := range 14 {
		of := -1
		if i >= 5 {
			of = 1 + (i*7)%i
		}
		if err := under(of); err != nil {
			return err
		}
	}
	for range 4 {
		for _, habit := range []string{"append", "label", "label", "attach", "comment"} {
			if err := c.one(habit); err != nil {
				return err
			}
		}
	}
	for _, habit := range []string{"restrict closely", "restrict closely", "attach", "comment", "create"} {
		if err := c.one(habit); err != nil {
			return err
		}
	}
	return nil
}

// createBelow makes a page with nothing but its token.
func (c *crowd) createBelow(side confluence.Side, parent, kind string) error {
	o := c.fresh('o', side, "")
	q := map[string]any{"title": c.title(), "under": parent, "text": "<p>" + o + "</p>"}
	if kind != "" {
		q["kind"] = kind
	}
	return c.do(side, "create", o, map[string]any{"create": q})
}

func (c *crowd) moveBelow(p *picture, page, under *item) error {
	return c.do(p.side, "move", page.origin, map[string]any{"move": map[string]any{"page": page.ID, "under": under.ID}})
}

// trashLeaf puts a page without children in the trash.
func (c *crowd) trashLeaf(p *picture, page *item) error {
	for _, o := range p.pages {
		if o.live() && o.Kind == "page" && o.origin != "" && o.ID != p.home && !slices.ContainsFunc(p.pages, func(x *item) bool { return x.Parent == o.ID && x.Status != "trashed" }) {
			page = o
		}
	}
	return c.trash(p, page)
}

func (c *crowd) archive(p *picture, page *item) error {
	return c.do(p.side, "archive", page.origin, map[string]any{"archive": page.ID})
}

// moveOut moves a page to the space that is not kept.
func (c *crowd) moveOut(p *picture, page *item) error {
	c.gone[page.origin] = true
	return c.do(p.side, "move out", page.origin, map[string]any{"moveOut": map[string]any{"page": page.ID, "space": otherSpace}})
}

// overwrite uploads a new version of a file that is there.
func (c *crowd) overwrite(p *picture, page *item) error {
	files := p.below(page.ID, "attachment")
	if len(files) == 0 {
		return nil
	}
	c.n++
	q := map[string]any{"page": page.ID, "name": files[0].File.Name, "bytes": fmt.Sprintf("bytes %d", c.n)}
	return c.do(p.side, "overwrite", page.origin, map[string]any{"attach": q})
}

// thereAndBack writes a word and takes it back: there is a new version, and nothing has changed.
func (c *crowd) thereAndBack(p *picture, page *item) error {
	w := c.fresh('w', p.side, page.origin)
	c.written[w].dropped = true
	if err := c.setBody(p.side, "append", page, page.Body+"<p>"+w+"</p>"); err != nil {
		return err
	}
	return c.setBody(p.side, "take back", page, page.Body)
}

func (c *crowd) unlabel(p *picture, page *item) error {
	q := map[string]any{"page": page.ID, "remove": page.Labels[c.rand.IntN(len(page.Labels))]}
	return c.do(p.side, "label", page.origin, map[string]any{"label": q})
}

// renew purges a page and makes another one of the same title and text (F11).
func (c *crowd) renew(p *picture, page *item) error {
	c.count(fmt.Sprintf("F%d", faultNewIDs))
	c.renewed[page.origin] = true
	for _, t := range words(page.Body) {
		c.written[t].dropped = c.written[t].kind == 'c'
	}
	for _, m := range p.below(page.ID, "comment") {
		for _, t := range words(m.Body) {
			c.written[t].dropped = true
		}
	}
	for _, deed := range []string{"trash", "purge"} {
		if err := c.do(p.side, deed, page.origin, map[string]any{deed: page.ID}); err != nil {
			return err
		}
	}
	q := map[string]any{"title": page.Title, "under": page.Parent, "text": page.Body}
	return c.do(p.side, "create", page.origin, map[string]any{"create": q})
}

// closely are restrictions to one person beside tandem.
func (c *crowd) restrictClosely(p *picture, page *item) error {
	if page.ID == p.home {
		return nil
	}
	return c.restrictTo(p.side, page.origin, page.ID, []string{tandem, "user:alice"})
}

func (c *crowd) restrictTo(side confluence.Side, origin, id string, read []string) error {
	c.unhide(origin, read)
	return c.do(side, "restrict", origin, map[string]any{"restrict": map[string]any{"page": id, "read": read, "update": []string{}}})
}

// unhide notes that tandem's account sees a page from now on: a person let it in.
func (c *crowd) unhide(origin string, read []string) {
	if len(read) == 0 || slices.Contains(read, tandem) {
		delete(c.hidden, origin)
	}
}

// closeAndWrite restricts a page to one person, and writes something that is for that person only.
func (c *crowd) closeAndWrite(p *picture, page *item) error {
	if err := c.restrictClosely(p, page); err != nil {
		return err
	}
	if err := c.appendWord(p, page); err != nil {
		return err
	}
	c.secret[fmt.Sprintf("w%d", c.n)] = page.origin
	return nil
}

// strangers are people whom only one side knows.
var strangers = [2]string{"dave", "erin"}

// restrictStranger lets somebody read a page whom the other side does not know.
func (c *crowd) restrictStranger(p *picture, page *item) error {
	c.count(fmt.Sprintf("F%d", faultPeople))
	return c.restrictTo(p.side, page.origin, page.ID, []string{tandem, "user:alice", "user:" + strangers[p.side]})
}

// createHidden makes a page that tandem's account cannot see (row 38): it must stay where it is.
func (c *crowd) createHidden(p *picture, page *item) error {
	return c.createClosed(p.side, page.ID, []string{"user:alice"}, true)
}

// createRestricted makes a page that one person may read, and tandem.
func (c *crowd) createRestricted(p *picture, page *item) error {
	return c.createClosed(p.side, page.ID, []string{tandem, "user:alice"}, false)
}

func (c *crowd) createClosed(side confluence.Side, parent string, read []string, hidden bool) error {
	o := c.fresh('o', side, "")
	q := map[string]any{"title": c.title(), "under": parent, "text": "<p>" + o + "</p>"}
	ids, err := c.w.Act(side, "alice", map[string]any{"create": q})
	if err != nil {
		return err
	}
	c.count("act create")
	if hidden {
		c.count("row 38")
		c.hidden[o] = true
	} else {
		c.guarded[o] = true
	}
	return c.restrictTo(side, o, ids[0], read)
}

// others counts what people did to a page besides one kind of thing.
func (c *crowd) others(origin, kind string) int {
	n := 0
	for _, a := range c.acts {
		if a.Page == origin && a.Kind != kind {
			n++
		}
	}
	return n
}
