package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// place of a content in a listing of children.
func childPosition(p *content) any {
	if p.position == unset {
		return nil
	}
	return p.position
}

func (c *call) childRow(p *content) object {
	return object{
		"id": p.idText(), "status": p.status.String(), "title": p.title, "type": p.kind.String(), "spaceId": text(p.space.id),
		"childPosition": childPosition(p),
	}
}

func (c *call) childRows(p *content) []object {
	var out []object
	for _, kid := range c.children(p, c.stamp()) {
		if c.sees(kid) {
			out = append(out, c.childRow(kid))
		}
	}
	return out
}

// placed is a row of a listing in tree order, with its number as the cursor.
type placed struct {
	at, depth int
	*content
}

func byPlace(p placed) sortKey { return sortKey{N: int64(p.at + 1)} }

// listsChild reports whether listings of children show a content: drafts of the caller are among them (open-facts OF-20).
func (c *call) listsChild(p *content) bool {
	return c.sees(p) && (p.status != draft || !c.set.cloud.hideDrafts)
}

// childOrder reads the sort parameter of a listing of children; by default they come in display order.
func (c *call) childOrder() (order[placed], error) {
	name, desc := strings.CutPrefix(c.query.Get("sort"), "-")
	o := order[placed]{key: byPlace, desc: desc, sorted: !desc}
	switch name {
	case "", "child-position":
		return o, nil
	case "id", "created-date", "modified-date":
		by := contentOrders[name].key
		o.key, o.sorted = func(p placed) sortKey { return by(p.content) }, false
		return o, nil
	}
	return o, invalid("Provided value {" + c.query.Get("sort") + "} for 'sort' is not valid")
}

// directChildren lists pages and folders below a content, drafts of the caller among them (register row TR-01).
func directChildren(k kind, all bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		w, err := c.window(25)
		if err != nil {
			return answer{}, err
		}
		var rows []placed
		for i, kid := range c.children(p, c.stamp()) {
			if c.listsChild(kid) && (all || kid.kind == page) {
				rows = append(rows, placed{at: i, content: kid})
			}
		}
		o, err := c.childOrder()
		if err != nil {
			return answer{}, err
		}
		picked, cursor := pick(rows, func(placed) bool { return true }, o, w)
		var out []object
		for _, r := range picked {
			row := c.childRow(r.content)
			if !all {
				delete(row, "type")
			}
			out = append(out, row)
		}
		return c.listing(out, cursor)
	}
}

// descendants lists the tree below a content in tree order, down to a depth; what is deeper is cut without a sign.
func descendants(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		w, err := c.window(25)
		if err != nil {
			return answer{}, err
		}
		depth := 2
		if v := c.query.Get("depth"); v != "" {
			if depth, err = strconv.Atoi(v); err != nil || depth < 1 || depth > 10 {
				return answer{}, invalid("Provided value {" + v + "} for 'depth' is not valid: it must be between 1 and 10")
			}
		}
		var rows []placed
		var walk func(p *content, level int)
		walk = func(p *content, level int) {
			for _, kid := range c.children(p, c.stamp()) {
				if c.listsChild(kid) {
					rows = append(rows, placed{len(rows), level, kid})
					if level < depth {
						walk(kid, level+1)
					}
				}
			}
		}
		walk(p, 1)
		picked, cursor := pick(rows, func(placed) bool { return true }, order[placed]{key: byPlace, sorted: true}, w)
		var out []object
		for _, r := range picked {
			row := c.childRow(r.content)
			delete(row, "spaceId")
			row["parentId"], row["depth"], row["lastModified"] = r.parent.idText(), r.depth, r.last.at.String()
			out = append(out, row)
		}
		return c.listing(out, cursor)
	}
}

// ancestors lists what stands above a content, top first, without a cursor: with a limit, the nearest ones.
func ancestors(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		w, err := c.window(25)
		if err != nil {
			return answer{}, err
		}
		var rows []object
		for at := p.parent; at != nil && len(rows) < w.limit; at = at.parent {
			if c.hides(at) {
				continue
			}
			rows = append(rows, object{"id": at.idText(), "type": at.kind.String()})
		}
		slices.Reverse(rows)
		a, err := c.listing(rows, "")
		if o, found := a.json.(object); found && k != page { // by the document, and no live answer shows more
			delete(o, "_links")
		}
		return a, err
	}
}

// move is PUT content/{id}/move/{position}/{targetId}: no new version (open-facts OF-06).
func move(c *call) (answer, error) {
	p, err := c.movable(c.params[0])
	if err != nil {
		return answer{}, err
	}
	target, err := c.movable(c.params[2])
	if err != nil {
		return answer{}, err
	}
	where := c.params[1]
	parent := target.parent
	switch {
	case where == "append":
		parent = target
	case where != "before" && where != "after":
		return answer{}, invalid("Invalid position: " + where)
	}
	if p == target || inSubtree(parent, p) {
		return answer{}, invalid("Cannot move a page below itself: the move would make a loop")
	}
	if p.space != target.space {
		if err := c.changeSpace(p, target.space); err != nil {
			return answer{}, err
		}
	}
	old := p.parent
	c.moveTo(p, parent, where, target)
	if old != p.parent && c.set.moveBumps {
		c.commit(p, "", false)
	}
	c.lag(p, old, false, c.stamp())
	c.touch(p)
	return ok(object{"pageId": p.idText()})
}

// movable returns a page or folder that the caller may move.
func (c *call) movable(id string) (*content, error) {
	p, err := c.any(id)
	switch {
	case err != nil:
		return nil, err
	case !p.tree() || p.status == trashed:
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No page with id %s", id)
	case !p.edits(c.user):
		return nil, c.forbidden("page", id)
	}
	return p, nil
}

// moveTo puts a content at a place; positions of its new siblings stay where there is room.
func (s *Site) moveTo(p, parent *content, where string, target *content) {
	from := p.parent
	s.unlink(p)
	p.parent = parent
	s.moves(p, from)
	list := siblings(p.space, parent)
	if s.set.freshPosition == "by set" {
		if where == "append" {
			s.linkBySet(p, list)
		} else {
			s.orderBySet(p, list, where, target)
		}
		return
	}
	s.initialise(*list)
	at := len(*list)
	if where != "append" {
		at = slices.Index(*list, target)
		if where == "after" {
			at++
		}
	}
	s.insert(p, list, at)
}

// changeSpace takes a content and all below it to another space.
func (c *call) changeSpace(p *content, to *space) error {
	if !to.allowed(c.user, "create", "page") {
		return fail(http.StatusForbidden, "FORBIDDEN", "You do not have permission to create pages in the target space")
	}
	var tree []*content
	var walk func(*content)
	walk = func(at *content) {
		tree = append(tree, at)
		for _, kid := range slices.Concat(at.kids, at.customs()) {
			walk(kid)
		}
	}
	walk(p)
	for _, at := range tree {
		if c.holder(at.kind, to, at.title, at.created) != nil {
			return invalid("A page with the title " + strconv.Quote(at.title) + " already exists in the target space")
		}
	}
	before := p.space
	c.unlink(p)
	p.parent = nil
	for _, at := range tree {
		c.release(at)
		from := &at.space.pages
		into := &to.pages
		if at.kind != page {
			from, into = &at.space.folders, &to.folders
		}
		*from = without(*from, at)
		at.space = to
		to.changed(at)
		for _, sub := range slices.Concat(at.files(), at.comments()) {
			sub.space = to
			to.changed(sub)
		}
		i, _ := slices.BinarySearchFunc(*into, at.id, func(o *content, id int64) int { return int(o.id - id) })
		*into = slices.Insert(*into, i, at)
		c.reserve(at)
	}
	to.roots = append(to.roots, p) // moveTo takes it from there
	c.relocated(tree, before)
	return nil
}

// any returns a content of any kind by id, for v1.
func (c *call) any(id string) (*content, error) {
	n, err := strconv.ParseInt(numeric(id), 10, 64)
	p := c.world.contents[n]
	if err != nil || p == nil || !c.sees(p) {
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No content found with id: ContentId{id=%s}", id)
	}
	return p, nil
}

// numeric takes the prefix of attachment ids away.
func numeric(id string) string { return strings.TrimPrefix(id, "att") }

// archiveRequest is the body of POST content/archive.
type archiveRequest struct {
	Pages []struct {
		ID any `json:"id"`
	} `json:"pages"`
}

func prepareArchive(c *call) (any, error) {
	var q archiveRequest
	return &q, c.decode(&q)
}

const archiveTask = "archivePages"

// archivePages archives pages as a long task (register row DL-07).
func archivePages(c *call) (answer, error) {
	q := c.prepared.(*archiveRequest)
	var pages []*content
	for _, row := range q.Pages {
		id := strings.Trim(string(encode(row.ID)), `"`)
		p, err := c.any(id)
		switch {
		case err != nil: // the live suite of confluence.js; register row ER-08
			return answer{}, fail(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "No content found with id: "+id)
		case p.kind != page || p.status == trashed:
			return answer{}, invalid("No page with id " + id)
		case p.status == archived:
			return answer{}, invalid("Page is already archived: " + id)
		case !p.edits(c.user) || !p.space.allowed(c.user, "archive", "page"):
			return answer{}, invalid("No permission to archive page " + id)
		}
		pages = append(pages, p)
	}
	switch {
	case len(pages) == 0 || len(pages) > 300:
		return answer{}, invalid("1 to 300 pages can be archived in one call")
	case c.set.free:
		return answer{}, invalid("Archiving is not part of the Free plan")
	case len(pages) > 1 && !c.set.premium:
		return answer{}, invalid("Archiving more than one page in one call takes the Premium plan")
	case c.underWay(archiveTask):
		return answer{}, invalid("Another archive job is under way")
	}
	return c.submit(archiveTask, nil, func(stamp) error {
		for _, p := range pages {
			if p.status == current {
				p.status = archived
			}
		}
		return nil
	})
}

// deleteTree trashes a page and everything below it, as a long task.
func deleteTree(c *call) (answer, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return answer{}, err
	}
	switch {
	case p.kind != page || p.status != current:
		return answer{}, invalid("Only the tree below a current page can be deleted: " + c.params[0])
	case !p.removes(c.user):
		return answer{}, c.forbidden("page", c.params[0])
	}
	return c.submit("deletePageTree", nil, func(stamp) error { c.trashTree(p); return nil })
}

func (s *Site) trashTree(p *content) {
	for _, kid := range slices.Clone(p.kids) {
		s.trashTree(kid)
	}
	if p.status != trashed {
		s.trash(p)
	}
}
