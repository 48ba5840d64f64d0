package emulator

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-sync/tandem/internal/emulator/markup"
)

// containsFold reports whether s contains part, whatever the case.
func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// indexed is when the index has the content's last version, as far as it has it: the index lags (register row CQ-01).
func (c *call) indexed(p *content) (version, bool) {
	seen := c.stamp() - stamp(c.set.indexLag.Milliseconds())
	if p.last.at <= seen {
		return p.last, true
	}
	for _, v := range slices.Backward(p.older) {
		if v.at <= seen {
			return v, true
		}
	}
	return version{}, false
}

// withIDs are the contents whose ids a clause lists, if it only fits those.
func (c *call) withIDs(where *clause) (out []*content, only bool) {
	ids, only := where.onlyIDs()
	seen := map[int64]bool{}
	for _, v := range ids {
		id, err := strconv.ParseInt(v, 10, 64)
		p := c.world.contents[id]
		if err == nil && p != nil && !seen[id] && p.space.sees(c.user) {
			seen[id] = true
			out = append(out, p)
		}
	}
	return out, only
}

// onlyIDs are the ids that a clause lists, if it only fits contents of those.
func (q *clause) onlyIDs() (ids []string, only bool) {
	switch {
	case q == nil:
	case q.op == "and":
		for _, kid := range q.kids {
			if ids, only := kid.onlyIDs(); only {
				return ids, true
			}
		}
	case (q.field == "id" || q.field == "content") && (q.op == "=" || q.op == "in"):
		return q.values, true
	}
	return nil, false
}

// canHit reports whether a content with that value of a field can fit the clause; it looks only at what must hold.
func (q *clause) canHit(field, value string) bool {
	switch {
	case q == nil:
		return true
	case q.op == "and":
		return !slices.ContainsFunc(q.kids, func(kid *clause) bool { return !kid.canHit(field, value) })
	case (q.field == field || q.field == field+".key") && (q.op == "=" || q.op == "in"):
		return slices.ContainsFunc(q.values, func(v string) bool { return strings.EqualFold(v, value) })
	}
	return true
}

// matches evaluates a clause.
func (c *call) matches(q *clause, p *content) (bool, error) {
	switch q.op {
	case "and", "or":
		for _, kid := range q.kids {
			hit, err := c.matches(kid, p)
			if err != nil || hit == (q.op == "or") {
				return hit, err
			}
		}
		return q.op == "and", nil
	case "not":
		hit, err := c.matches(q.kids[0], p)
		return !hit, err
	}
	test, ok := c.cqlField(q.field)
	if !ok {
		return false, invalid("Could not parse cql : no field " + q.field)
	}
	negated := q.op == "!=" || q.op == "!~" || q.op == "not in"
	for _, v := range q.values {
		hit, err := test(c, p, q.op, v)
		if err != nil {
			return false, err
		}
		if hit {
			return !negated, nil
		}
	}
	return negated, nil
}

type cqlTest func(c *call, p *content, op, value string) (bool, error)

func equals(get func(*content) string) cqlTest {
	return func(_ *call, p *content, _, value string) (bool, error) { return strings.EqualFold(get(p), value), nil }
}

func dated(get func(*call, *content) stamp) cqlTest {
	return func(c *call, p *content, op, value string) (bool, error) {
		t, err := cqlTime(value, c.zoneCQL(), c.now)
		if err != nil {
			return false, invalid("Could not parse cql : " + err.Error())
		}
		const minute = 60_000
		at, want := int64(get(c, p))/minute, t.UnixMilli()/minute
		switch op {
		case "<":
			return at < want, nil
		case "<=":
			return at <= want, nil
		case ">":
			return at > want, nil
		case ">=":
			return at >= want, nil
		}
		return at == want, nil
	}
}

// worded compares text word by word; an empty text breaks the server (register row ER-08).
func worded(get func(*call, *content) string) cqlTest {
	return func(c *call, p *content, op, value string) (bool, error) {
		if strings.TrimSpace(value) == "" && strings.HasSuffix(op, "~") {
			return false, fail(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "java.lang.NullPointerException")
		}
		if !strings.HasSuffix(op, "~") {
			return strings.EqualFold(get(c, p), value), nil
		}
		have := get(c, p)
		for word := range strings.FieldsSeq(value) {
			if !containsFold(have, strings.Trim(word, "*")) {
				return false, nil
			}
		}
		return true, nil
	}
}

// cqlFields are the fields of contents. There is none for the status.
var cqlFields = map[string]cqlTest{
	"space":     equals(func(p *content) string { return p.space.key }),
	"space.key": equals(func(p *content) string { return p.space.key }),
	"type":      equals(func(p *content) string { return p.typeKey() }),
	"id":        equals(func(p *content) string { return text(p.id) }),
	"content":   equals(func(p *content) string { return text(p.id) }),
	"creator":   equals(func(p *content) string { return p.creator.id }),
	"title":     worded(func(_ *call, p *content) string { return p.title }),
	"text":      worded(func(c *call, p *content) string { return c.plainText(p) }),
	"sitesearch": worded(func(c *call, p *content) string {
		return p.title + " " + c.plainText(p)
	}),
	"label": func(_ *call, p *content, _, value string) (bool, error) {
		return slices.ContainsFunc(p.labels, func(l *label) bool { return strings.EqualFold(l.name, value) }), nil
	},
	"parent": func(_ *call, p *content, _, value string) (bool, error) {
		return p.tree() && p.parent != nil && text(p.parent.id) == value, nil
	},
	"ancestor": func(_ *call, p *content, _, value string) (bool, error) {
		for at := p.parent; at != nil; at = at.parent {
			if text(at.id) == value {
				return true, nil
			}
		}
		return false, nil
	},
	"created": dated(func(_ *call, p *content) stamp { return p.created }),
	"lastmodified": dated(func(c *call, p *content) stamp {
		v, _ := c.indexed(p)
		return v.at
	}),
}

func (c *call) plainText(p *content) string {
	plain, err := markup.Text(c.heap.text(p.body))
	if err != nil {
		return ""
	}
	return plain
}

// found is one page of a search.
type found struct {
	rows   []*content
	total  int
	limit  int
	cursor string
	cql    string
}

// search runs the query of the call. limits are the most rows a page holds.
func (c *call) search(e expansions, prefix string) (found, error) {
	src := c.query.Get("cql")
	q, err := parseCQL(src)
	if err != nil {
		return found{}, invalid("Could not parse cql : " + err.Error())
	}
	limit := 25
	if v := c.query.Get("limit"); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 0 {
			return found{}, invalid("Invalid limit: " + v)
		}
	}
	after, err := readCursor(c.query.Get("cursor"))
	if err != nil {
		return found{}, err
	}
	o, err := cqlOrder(c, q.order)
	if err != nil {
		return found{}, err
	}
	w := window{limit: c.searchPage(min(limit, searchCap(e, prefix)), after), after: after}
	s := indexSearch{call: c, where: q.where, archived: strings.Contains(c.query.Get("cqlcontext"), `"archived"`)}
	f := found{limit: limit, cql: src}
	f.rows, f.cursor, f.total, err = s.run(o, w)
	return f, err
}

// searchCap is how many rows a page holds at most, without saying so (open-facts OF-18, register row PG-04).
func searchCap(e expansions, prefix string) int {
	for _, heavy := range []string{"body.export_view", "body.styled_view"} {
		if e[prefix+heavy] {
			return 25
		}
	}
	if e[prefix+"body"] {
		return 50
	}
	return 100
}

// searchPage makes some full pages shorter: a short page is not the end.
func (c *call) searchPage(size int, after *sortKey) int {
	if size < 50 || after == nil {
		return size
	}
	d := c.digest("page", after.cursor())
	return size - []int{0, 2, 9}[int(d[0])%3]*size/100
}

func cqlOrder(c *call, by []orderBy) (order[*content], error) {
	if len(by) == 0 {
		return contentOrders["id"], nil
	}
	o := order[*content]{desc: by[0].desc}
	switch by[0].field {
	case "lastmodified":
		o.key = func(p *content) sortKey {
			v, _ := c.indexed(p)
			return sortKey{N: int64(v.at), ID: p.id}
		}
		o.changes = true
	case "created":
		o.key = contentOrders["created-date"].key
	case "title":
		o.key = contentOrders["title"].key
	case "id", "content":
		o.key = byID
	default:
		return o, invalid("Could not parse cql : cannot order by " + by[0].field)
	}
	return o, nil
}

// searchLinks are the links of a search; the way on is below the context path and carries only what the server keeps.
func (c *call) searchLinks(path string, f found) object {
	links := object{"base": c.base(), "context": "/wiki", "self": c.base() + path + "?" + c.query.Encode()}
	if f.cursor != "" {
		query := url.Values{"next": {"true"}, "cursor": {f.cursor}, "limit": {strconv.Itoa(f.limit)}, "cql": {f.cql}}
		for _, keep := range []string{"expand", "cqlcontext"} {
			if v := c.query[keep]; len(v) > 0 {
				query[keep] = v
			}
		}
		links["next"] = path + "?" + query.Encode()
	}
	return links
}

func contentSearch(c *call) (answer, error) {
	e := c.expand()
	f, err := c.search(e, "")
	if err != nil {
		return answer{}, err
	}
	rows := []object{}
	for _, p := range f.rows {
		rows = append(rows, c.contentV1(p, e))
	}
	return ok(object{
		"results": rows, "start": 0, "limit": f.limit, "size": len(rows), "_links": c.searchLinks("/rest/api/content/search", f),
	})
}

func siteSearch(c *call) (answer, error) {
	e := c.expand()
	f, err := c.search(e, "content.")
	if err != nil {
		return answer{}, err
	}
	below := e.below("content")
	rows := []object{}
	for _, p := range f.rows {
		excerpt := []rune(c.plainText(p))
		rows = append(rows, object{
			"content": c.contentV1(p, below), "title": html.EscapeString(p.title), "excerpt": string(excerpt[:min(len(excerpt), 300)]),
			"url": p.webUI(), "resultGlobalContainer": object{"title": p.space.name, "displayUrl": "/spaces/" + p.space.key},
			"breadcrumbs": []object{}, "entityType": "content", "iconCssClass": "aui-icon content-type-" + p.kind.String(),
			"lastModified": p.last.at.String(), "friendlyLastModified": p.last.at.time().Format("Jan 02, 2006"), "score": 0.0,
		})
	}
	return ok(object{
		"results": rows, "start": 0, "limit": f.limit, "size": len(rows), "totalSize": f.total, "cqlQuery": f.cql,
		"searchDuration": 12, "archivedResultCount": 0, "_links": c.searchLinks("/rest/api/search", f),
	})
}

// searchUsers finds active accounts by words of their name: at most 100 rows, no way on (register row PG-05).
func searchUsers(c *call) (answer, error) {
	q, err := parseCQL(c.query.Get("cql"))
	if err != nil || q.where == nil || q.where.field != "user.fullname" && q.where.field != "user" && q.where.field != "type" {
		return answer{}, invalid("Could not parse cql : " + c.query.Get("cql"))
	}
	start, limit, err := c.offset(25)
	if err != nil {
		return answer{}, err
	}
	var hits []*user
	for _, u := range c.people.users {
		want := q.where.values[0]
		if q.where.field == "user.fullname" && want == "" {
			return answer{}, fail(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "java.lang.NullPointerException")
		}
		if u.active && (q.where.field == "type" || q.where.field == "user" && u.id == want || q.where.field == "user.fullname" && containsFold(u.name, want)) {
			hits = append(hits, u)
		}
	}
	picked, _ := slicePage(hits, start, min(limit, 100))
	rows := []object{}
	for _, u := range picked {
		rows = append(rows, object{
			"user": c.userV1(u), "title": html.EscapeString(u.name), "excerpt": "", "url": "/people/" + u.id, "breadcrumbs": []object{},
			"entityType": "user", "iconCssClass": "aui-icon icon-user", "lastModified": c.stamp().String(), "score": 0.0,
		})
	}
	return ok(object{
		"results": rows, "start": start, "limit": limit, "size": len(rows), "totalSize": len(rows), "cqlQuery": c.query.Get("cql"),
		"searchDuration": 5, "_links": object{"base": c.base(), "context": "/wiki"},
	})
}

func trimContext(path string) string { return strings.TrimPrefix(path, "/wiki") }
