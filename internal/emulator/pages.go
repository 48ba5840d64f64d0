package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// nouns are how error texts call contents.
var nouns = map[kind]string{
	page: "page", blogPost: "blog post", folder: "folder", comment: "comment", attachment: "attachment",
	whiteboard: "whiteboard", database: "database", embed: "embed", customContent: "custom content",
}

// visible returns a content of that kind if it exists and the caller may read it. A purged content gives the bare 404.
func (c *call) visible(id string, k kind) (*content, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, invalid("Provided value {" + id + "} for 'id' is not the correct type. Expected type is ContentId")
	}
	p := c.world.contents[n]
	if p == nil && n <= c.world.next && n >= firstID {
		return nil, bare()
	}
	if p == nil || p.kind != k || !c.sees(p) {
		return nil, missing(nouns[k], id)
	}
	return p, nil
}

// firstID is below every id the site gives.
const firstID = 1 << 20

var pageStatuses = []string{"current", "archived", "deleted", "trashed"}

// filter reads what listings of pages and blog posts have in common.
func (c *call) filter(valid []string, def ...status) (func(*content) bool, error) {
	statuses, err := c.statuses(valid, def...)
	if err != nil {
		return nil, err
	}
	ids, err := c.ids("id", 250)
	if err != nil {
		return nil, err
	}
	title, byTitle := c.query["title"]
	return func(p *content) bool {
		return statuses[p.status] && (ids == nil || ids[p.id]) && (!byTitle || fold(p.title) == fold(title[0])) &&
			p.status != draft && c.sees(p)
	}, nil
}

func listPages(c *call) (answer, error) {
	return c.listContents(page, []string{"id", "created-date", "modified-date", "title"}, pageStatuses, current, archived)
}

func listBlogPosts(c *call) (answer, error) {
	return c.listContents(blogPost, []string{"id", "created-date", "modified-date"}, []string{"current", "deleted", "trashed"}, current)
}

func (c *call) listContents(k kind, sorts, valid []string, def ...status) (answer, error) {
	spaces, err := c.ids("space-id", 100)
	if err != nil {
		return answer{}, err
	}
	keep, err := c.filter(valid, def...)
	if err != nil {
		return answer{}, err
	}
	if keep, err = c.bySubtype(keep); err != nil {
		return answer{}, err
	}
	if ids, _ := c.ids("id", 250); ids != nil {
		return c.listRows(c.named(ids, k, spaces), keep, sorts)
	}
	return c.listIndexed(k, c.spacesSeen(spaces), keep, sorts)
}

// named returns contents by id, in id order.
func (c *call) named(ids map[int64]bool, k kind, spaces map[int64]bool) []*content {
	var out []*content
	for id := range ids {
		if p := c.world.contents[id]; p != nil && p.kind == k && (spaces == nil || spaces[p.space.id]) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *content) int { return int(a.id - b.id) })
	return out
}

func (c *call) listRows(rows []*content, keep func(*content) bool, sorts []string) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	o, err := c.order(sorts...)
	if err != nil {
		return answer{}, err
	}
	picked, cursor := pick(rows, keep, o, w)
	return c.listPicked(picked, cursor)
}

// listIndexed lists contents of spaces by the index that fits what is asked for.
func (c *call) listIndexed(k kind, spaces []*space, keep func(*content) bool, sorts []string) (answer, error) {
	w, err := c.window(25)
	if err != nil {
		return answer{}, err
	}
	o, err := c.order(sorts...)
	if err != nil {
		return answer{}, err
	}
	if title, asked := c.query["title"]; asked {
		if rows, found := c.titled(k, spaces, title[0]); found {
			o.sorted = false
			picked, cursor := pick(rows, keep, o, w)
			return c.listPicked(picked, cursor)
		}
	}
	picked, cursor := pickFrom(c.world.contentsOf(k, spaces, o, w.after), keep, o, w)
	return c.listPicked(picked, cursor)
}

func (c *call) listPicked(picked []*content, cursor string) (answer, error) {
	var out []object
	var err error
	for _, p := range picked {
		row := c.pageV2(p)
		if p.kind == page {
			row["subtype"] = p.subtype()
		}
		if row["body"], err = c.bodyV2(p, p.body, bulkForms...); err != nil {
			return answer{}, err
		}
		out = append(out, row)
	}
	return c.listing(out, cursor)
}

func listSpacePages(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		s, err := c.spaceByID(c.params[0])
		if err != nil {
			return answer{}, err
		}
		keep, err := c.filter(pageStatuses, current, archived)
		if err != nil {
			return answer{}, err
		}
		if depth := c.query.Get("depth"); depth == "root" {
			all := keep
			keep = func(p *content) bool { return all(p) && p.parent == nil }
		} else if depth != "" && depth != "all" {
			return answer{}, invalid("Provided value {" + depth + "} for 'depth' is not valid")
		}
		return c.listIndexed(k, []*space{s}, keep, []string{"id", "created-date", "modified-date", "title"})
	}
}

// getPage answers a page or a blog post, now or as one of its versions.
func getPage(k kind) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.visible(c.params[0], k)
		if err != nil {
			return answer{}, err
		}
		valid := []string{"current", "archived", "trashed", "deleted", "historical", "draft"}
		statuses, err := c.statuses(valid, current, archived, trashed)
		if err != nil {
			return answer{}, err
		}
		asDraft := c.flag("get-draft", false) || statuses[draft]
		historical := c.query.Get("version") != ""
		if p.status == draft && !asDraft || p.status != draft && !statuses[p.status] && !asDraft && !historical {
			return answer{}, missing(nouns[k], c.params[0])
		}
		return c.pageAnswer(p, asDraft)
	}
}

func (c *call) pageAnswer(p *content, asDraft bool) (answer, error) {
	o := c.single(c.pageV2(p))
	var err error
	body := p.body
	if asDraft && p.more != nil && p.more.pending != nil {
		d := p.more.pending
		o["status"], o["title"], body = "draft", d.title, d.body
		o["version"] = versionV2(1, &version{at: d.at, by: d.by})
	} else if body, err = c.wantedVersion(p, o); err != nil {
		return answer{}, err
	}
	if o["body"], err = c.bodyV2(p, body, singleForms...); err != nil {
		return answer{}, err
	}
	if !c.flag("include-version", true) {
		delete(o, "version")
	}
	c.includes(p, o)
	return ok(o)
}

// versionAt returns one version of a content and its body.
func (c *content) versionAt(number int) (*version, span, bool) {
	if number == c.number() {
		return &c.last, c.body, true
	}
	at := number - int(c.firstAt)
	if at < 0 || at >= len(c.older) || c.older[at].gone {
		return nil, 0, false
	}
	return &c.older[at], c.older[at].body, true
}

// versionsV2 lists the versions, newest first.
func (c *content) versionsV2() []object {
	out := []object{versionV2(c.number(), &c.last)}
	for i := len(c.older) - 1; i >= 0; i-- {
		out = append(out, versionV2(int(c.firstAt)+i, &c.older[i]))
	}
	return out
}

func listVersions(k kind, member string) func(*call) (answer, error) {
	return versionsOf(ofKind(k), member)
}

// versionsOf lists the versions of a content, newest first, each with the content as it was under the name member.
func versionsOf(find finder, member string) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := find(c)
		if err != nil {
			return answer{}, err
		}
		w, err := c.window(25)
		if err != nil {
			return answer{}, err
		}
		o := order[int]{key: func(n int) sortKey { return sortKey{N: int64(n)} }, desc: c.query.Get("sort") != "modified-date"}
		numbers := make([]int, 0, p.number())
		for n := int(p.firstAt); n <= p.number(); n++ {
			numbers = append(numbers, n)
		}
		forms := bulkForms
		if p.kind == customContent {
			forms = customBulkForms
		}
		rows, cursor := pick(numbers, func(int) bool { return true }, o, w)
		var out []object
		for _, n := range rows {
			v, at, _ := p.versionAt(n)
			row := versionV2(n, v)
			delete(row, "ncsStepVersion") // not in listings of versions, by a public audit of live answers
			entity := object{"id": p.idText(), "title": p.heading()}
			if v.title != "" {
				entity["title"] = v.title
			}
			if entity["body"], err = c.bodyV2(p, at, forms...); err != nil {
				return answer{}, err
			}
			row[member] = entity
			out = append(out, row)
		}
		return c.listing(out, cursor)
	}
}

// heading is what answers call a content: a comment by what it is on.
func (c *content) heading() string {
	if c.kind == comment {
		return "Re: " + c.root().title
	}
	return c.title
}

func getVersion(k kind) func(*call) (answer, error) { return versionOf(ofKind(k)) }

func versionOf(find finder) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := find(c)
		if err != nil {
			return answer{}, err
		}
		n, err := strconv.Atoi(c.params[1])
		v, _, found := p.versionAt(n)
		if err != nil || !found {
			return answer{}, failf(http.StatusNotFound, "NOT_FOUND", "Cannot find version [%s] of content with id [%s]", c.params[1], p.idText())
		}
		o := versionV2(n, v)
		delete(o, "ncsStepVersion")
		o["contentTypeModified"], o["collaborators"] = false, []string{v.by.id}
		if n > int(p.firstAt) {
			o["prevVersion"] = n - 1
		}
		if n < p.number() {
			o["nextVersion"] = n + 1
		}
		return ok(o)
	}
}
