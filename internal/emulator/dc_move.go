package emulator

import (
	"cmp"
	"strconv"
)

// movePageDC is the way of the product's own pages to move a page: no new version (register rows TR-06, PA-15). What it
// refuses it answers with 200 and actionErrors, as forms of the product do.
func movePageDC(c *call) (answer, error) {
	if c.r.Method == "POST" && c.r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		if err := c.r.ParseForm(); err == nil {
			c.query = c.r.Form
		}
	}
	p, err := c.liveDC(c.query.Get("pageId"))
	if err != nil || p.kind != page {
		return answer{}, noContent(c.query.Get("pageId"))
	}
	if !p.edits(c.user) {
		return answer{}, notAllowed("Could not move the page " + p.idText())
	}
	if refused := c.movePage(p); refused != "" {
		return ok(object{"validationErrors": []string{}, "actionErrors": []string{refused}})
	}
	c.touch(p)
	return ok(object{"validationErrors": []string{}, "actionErrors": []string{}, "page": object{
		"id": text(p.id), "title": p.title, "spaceKey": p.space.key, "url": c.context + c.webDC(p),
	}})
}

// movePage moves a page as the query says; it returns why not.
func (c *call) movePage(p *content) (refused string) {
	where := cmp.Or(c.query.Get("position"), "append")
	to := p.space
	if key := c.query.Get("spaceKey"); key != "" {
		if to = c.world.keys[foldKey(key)]; to == nil || !to.sees(c.user) {
			return "The specified space does not exist."
		}
	}
	var target *content
	if where != "topLevel" {
		if target = c.moveTarget(to); target == nil {
			return "The specified target page does not exist."
		}
		to = target.space
	}
	parent := target
	switch where {
	case "topLevel", "append":
	case "above", "below":
		parent = target.parent
	default:
		return "Unknown position: " + where
	}
	switch {
	case p == target || inSubtree(parent, p):
		return "You cannot move a page to be underneath itself or its children."
	case to != p.space:
		if err := c.changeSpace(p, to); err != nil {
			return err.Error()
		}
	}
	old := p.parent
	c.moveTo(p, parent, map[string]string{"topLevel": "append", "append": "append", "above": "before", "below": "after"}[where], target)
	if old != p.parent && c.set.moveBumps {
		c.commit(p, "", false)
	}
	return ""
}

// moveTarget is the page that a move names, by id or by title.
func (c *call) moveTarget(in *space) *content {
	id, err := strconv.ParseInt(c.query.Get("targetId"), 10, 64)
	target := c.world.contents[id]
	if err != nil {
		target = c.holder(page, in, c.query.Get("targetTitle"), 0)
	}
	if target == nil || target.kind != page || target.status != current || !c.sees(target) {
		return nil
	}
	return target
}
