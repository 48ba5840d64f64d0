package emulator

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
		id, err := strconv.ParseInt(numeric(v), 10, 64)
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

// found is one page of a search.
type found struct {
	rows   []*content
	total  int
	limit  int
	cursor string
	cql    string
	words  []string // that the query looks for
}

// search runs the query of the call. limits are the most rows a page holds.
func (c *call) search(e expansions, prefix string) (found, error) {
	context, err := c.searchContext()
	if err != nil {
		return found{}, err
	}
	q, err := c.cqlQuery(context, func(field string) bool { return cqlFields[field] != nil })
	if err != nil {
		return found{}, err
	}
	_, limit, err := c.offsetTo(25, 1<<30)
	if err != nil {
		return found{}, err
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
	s := indexSearch{call: c, where: q.where, states: context.states()}
	f := found{limit: limit, cql: c.query.Get("cql"), words: q.where.words()}
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
	case "type":
		o.key = func(p *content) sortKey { return sortKey{S: p.typeKey(), ID: p.id} }
	case "space", "space.key":
		o.key = func(p *content) sortKey { return sortKey{S: p.space.key, ID: p.id} }
	case "creator":
		o.key = func(p *content) sortKey { return sortKey{S: p.creator.name, ID: p.id} }
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

// words are what a query looks for in texts.
func (q *clause) words() []string {
	switch {
	case q == nil || q.op == "not":
		return nil
	case q.op == "~" && (q.field == "title" || q.field == "text" || q.field == "sitesearch"):
		return strings.Fields(strings.NewReplacer("*", " ", "?", " ", `"`, " ").Replace(q.values[0]))
	}
	var out []string
	for _, kid := range q.kids {
		out = append(out, kid.words()...)
	}
	return out
}

// marked writes text as HTML with the words of the query between markers (register row CQ-04).
func marked(s string, words []string) string {
	s = html.EscapeString(s)
	if len(words) == 0 {
		return s
	}
	quoted := []string{}
	for _, w := range words {
		quoted = append(quoted, regexp.QuoteMeta(html.EscapeString(w)))
	}
	return regexp.MustCompile(`(?i)`+strings.Join(quoted, "|")).ReplaceAllString(s, "@@@hl@@@${0}@@@endhl@@@")
}

// excerpt is the beginning of a text, in the way that the parameter of that name asks for.
func (c *call) excerpt(p *content, words []string) string {
	short := []rune(c.plainText(p))
	s := string(short[:min(len(short), 300)])
	switch c.query.Get("excerpt") {
	case "none":
		return ""
	case "indexed":
		return html.EscapeString(s)
	case "indexed_unescaped":
		return s
	}
	return marked(s, words)
}

// estimate is what a search says of the number of its hits: beyond a few, a little too many or too few (register row
// PG-04).
func (c *call) estimate(total int, cql string) int {
	if total < 60 {
		return total
	}
	d := c.digest("total", cql)
	return total + (int(d[0])%5-2)*total/100
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
		rows = append(rows, object{
			"content": c.contentV1(p, below), "title": marked(p.title, f.words), "excerpt": c.excerpt(p, f.words),
			"url": p.webUI(), "resultGlobalContainer": object{"title": p.space.name, "displayUrl": "/spaces/" + p.space.key},
			"breadcrumbs": []object{}, "entityType": "content", "iconCssClass": "aui-icon content-type-" + p.kind.String(),
			"lastModified": p.last.at.String(), "friendlyLastModified": p.last.at.time().Format("Jan 02, 2006"), "score": 0.0,
		})
	}
	return ok(object{
		"results": rows, "start": 0, "limit": f.limit, "size": len(rows), "totalSize": max(c.estimate(f.total, f.cql), len(rows)), "cqlQuery": f.cql,
		"searchDuration": 12, "archivedResultCount": 0, "_links": c.searchLinks("/rest/api/search", f),
	})
}

func trimContext(path string) string { return strings.TrimPrefix(path, "/wiki") }
