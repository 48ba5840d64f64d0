package emulator

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"time"
)

// queryDC is a query of the Confluence query language after its functions were evaluated.
func (c *call) queryDC() (query, error) {
	src := c.query.Get("cql")
	if strings.TrimSpace(src) == "" {
		return query{}, invalid("The query cannot be empty")
	}
	q, err := parseCQL(src)
	if err == nil {
		err = c.evaluate(q.where)
	}
	if err != nil {
		return q, invalid("Could not parse cql : " + err.Error())
	}
	return q, nil
}

// cqlAliases are other names of fields.
var cqlAliases = map[string]string{"space.key": "space", "lastmodified": "lastmodified", "currentspace": "space"}

// evaluate replaces functions of a clause by their values, and names of accounts by what the index holds.
func (c *call) evaluate(q *clause) error {
	if q == nil {
		return nil
	}
	for _, kid := range q.kids {
		if err := c.evaluate(kid); err != nil {
			return err
		}
	}
	if alias := cqlAliases[q.field]; alias != "" {
		q.field = alias
	}
	if q.field != "" {
		if _, known := c.cqlField(q.field); !known {
			return fmt.Errorf("no field %s", q.field)
		}
	}
	for i, v := range q.values {
		if call, isCall := strings.CutPrefix(v, "\x00"); isCall {
			name, argument, _ := strings.Cut(call, "(")
			var err error
			if v, err = c.callCQL(name, argument); err != nil {
				return err
			}
			q.values[i] = v
		}
		if q.field == "created" || q.field == "lastmodified" {
			if _, err := cqlTime(v, c.zoneCQL(), c.now); err != nil {
				return err
			}
		}
		if q.field == "creator" || q.field == "contributor" {
			u := c.people.named(v)
			if u == nil {
				u = c.people.keyed(v)
			}
			if u != nil {
				q.values[i] = u.id
			}
		}
	}
	return nil
}

// callCQL evaluates a function (register row CQ-05). now() is not in the list of functions of Data Center.
func (c *call) callCQL(name, argument string) (string, error) {
	here := c.now.In(c.zoneCQL())
	day := time.Date(here.Year(), here.Month(), here.Day(), 0, 0, 0, 0, here.Location())
	var t time.Time
	switch name {
	case "now":
		if c.set.nowRefused {
			return "", fmt.Errorf("no function now()")
		}
		return "\x00now(" + argument, nil
	case "currentuser":
		return c.user.username, nil
	case "currentspace", "currentcontent":
		var context struct{ SpaceKey, ContentID string }
		if err := json.Unmarshal([]byte(c.query.Get("cqlcontext")), &context); err != nil {
			return "", fmt.Errorf("the function %s() needs a context", name)
		}
		if name == "currentspace" {
			return context.SpaceKey, nil
		}
		return context.ContentID, nil
	case "startofday", "endofday":
		t = day
	case "startofweek", "endofweek":
		t = day.AddDate(0, 0, -int(day.Weekday()))
	case "startofmonth", "endofmonth":
		t = day.AddDate(0, 0, 1-day.Day())
	case "startofyear", "endofyear":
		t = time.Date(here.Year(), 1, 1, 0, 0, 0, 0, here.Location())
	default:
		return "", fmt.Errorf("no function %s()", name)
	}
	if strings.HasPrefix(name, "endof") {
		t = map[string]time.Time{
			"endofday": t.AddDate(0, 0, 1), "endofweek": t.AddDate(0, 0, 7), "endofmonth": t.AddDate(0, 1, 0), "endofyear": t.AddDate(1, 0, 0),
		}[name].Add(-time.Minute)
	}
	if argument != "" {
		by, err := cqlOffset(strings.TrimPrefix(argument, "+"))
		if err != nil {
			return "", err
		}
		t = t.Add(by)
	}
	return t.Format("2006-01-02 15:04"), nil
}

// zoneCQL is the zone in which dates are read: the caller's (open-facts OF-24).
func (c *call) zoneCQL() *time.Location {
	if c.user == nil || c.anonymous() || c.user.zone == nil {
		return c.set.zone
	}
	return c.user.zone
}

// hitsDC are the contents that a query finds, in order, and how many of them lie in archived spaces and are left out. In
// the order of changes, which contents are indexed by, no more than most are looked for.
func (c *call) hitsDC(q query, archivedToo bool, most int) (hits []*content, archivedOnes int, err error) {
	o, err := cqlOrder(c, q.order)
	if err != nil {
		return nil, 0, err
	}
	s := &indexSearch{call: c, where: q.where}
	candidates, _ := s.candidates(o, nil)
	for p := range s.hits(candidates) {
		switch {
		case p.kind == folder:
		case p.space.status == "archived" && !archivedToo:
			archivedOnes++
		default:
			hits = append(hits, p)
		}
		if o.changes && len(hits) == most {
			return hits, archivedOnes, s.err
		}
	}
	slices.SortStableFunc(hits, func(a, b *content) int { return o.compare(o.key(a), o.key(b)) })
	return hits, archivedOnes, s.err
}

// contentSearchDC is GET content/search: by offset, cut at 50, 200 or 1000 (register row PG-09).
func contentSearchDC(c *call) (answer, error) {
	q, err := c.queryDC()
	if err != nil {
		return answer{}, err
	}
	o, err := c.spanDC(25, c.expandDC(""))
	if err != nil {
		return answer{}, err
	}
	hits, _, err := c.hitsDC(q, true, o.start+o.limit+1)
	if err != nil {
		return answer{}, err
	}
	return c.contentsDC(hits, everything)
}

// searchDC is GET search: contents in an envelope, with how many there are in all (register row CQ-08).
func searchDC(c *call) (answer, error) {
	q, err := c.queryDC()
	if err != nil {
		return answer{}, err
	}
	hits, left, err := c.hitsDC(q, c.flag("includeArchivedSpaces", false), math.MaxInt)
	if err != nil {
		return answer{}, err
	}
	var rows []func() object
	e := c.expandDC("")
	for _, s := range c.spacesFound(q.where) {
		rows = append(rows, func() object { return c.spaceRow(s, e.below("space")) })
	}
	for _, p := range hits {
		rows = append(rows, func() object { return c.hitDC(p, e.below("content")) })
	}
	o, err := c.offsetsDC(25)
	if err != nil {
		return answer{}, err
	}
	o.limit = min(500, limitDC(o.limit, e, "content."))
	out := listDC(c, rows, o, func(func() object) bool { return true }, func(show func() object) object { return show() })
	out["totalSize"], out["cqlQuery"], out["searchDuration"], out["archivedResultCount"] = len(rows), c.query.Get("cql"), 12, left
	return ok(out)
}

// hitDC is a content as search shows it.
func (c *call) hitDC(p *content, e expansions) object {
	excerpt := ""
	if c.query.Get("excerpt") != "none" {
		plain := []rune(c.plainText(p))
		excerpt = string(plain[:min(len(plain), 300)])
	}
	title := p.title
	if p.kind == comment {
		title = "Re: " + p.root().title
	}
	space := c.spaceDC(p.space, nil)
	return object{
		"content": c.contentDC(p.now(), e), "title": html.EscapeString(title), "excerpt": excerpt, "url": c.webDC(p),
		"resultGlobalContainer": object{"title": p.space.name, "displayUrl": space["_links"].(object)["webui"]},
		"entityType":            "content", "iconCssClass": "aui-icon content-type-" + p.kind.String(),
		"lastModified": c.dateDC(p.last.at), "friendlyLastModified": p.last.at.time().Format("Jan 02, 2006"),
	}
}

// spacesFound are the spaces that a query for spaces finds; queries that do not name the type find none.
func (c *call) spacesFound(q *clause) []*space {
	if !q.asksFor("space") {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.world.spaces), func(s *space) bool {
		return !s.sees(c.user) || !q.canHit("space", s.key) || s.status == "archived" && !c.flag("includeArchivedSpaces", false)
	})
}

// asksFor reports whether a clause names the type.
func (q *clause) asksFor(kind string) bool {
	switch {
	case q == nil:
		return false
	case q.op == "and" || q.op == "or":
		return slices.ContainsFunc(q.kids, func(kid *clause) bool { return kid.asksFor(kind) })
	}
	return q.field == "type" && (q.op == "=" || q.op == "in") && slices.ContainsFunc(q.values, func(v string) bool { return strings.EqualFold(v, kind) })
}

func (c *call) spaceRow(s *space, e expansions) object {
	o := c.spaceDC(s, e)
	return object{
		"space": o, "title": html.EscapeString(s.name), "excerpt": "", "url": o["_links"].(object)["webui"], "entityType": "space",
		"resultGlobalContainer": object{"title": s.name, "displayUrl": o["_links"].(object)["webui"]},
		"iconCssClass":          "aui-icon content-type-space", "lastModified": c.dateDC(s.created),
		"friendlyLastModified": s.created.time().Format("Jan 02, 2006"),
	}
}

// cqlFieldsDC are the fields that only Data Center has, or that it reads in another way.
var cqlFieldsDC = map[string]cqlTest{
	"contributor": func(_ *call, p *content, _, value string) (bool, error) {
		by := func(u *user) bool { return u != nil && u.id == value }
		return by(p.creator) || by(p.last.by) || slices.ContainsFunc(p.older, func(v version) bool { return by(v.by) }), nil
	},
	"container": func(_ *call, p *content, _, value string) (bool, error) {
		return !p.tree() && p.parent != nil && text(p.parent.id) == value, nil
	},
	"creator": func(_ *call, p *content, _, value string) (bool, error) {
		return p.creator != nil && p.creator.id == value, nil
	},
	"space.type": func(_ *call, p *content, _, value string) (bool, error) {
		return strings.EqualFold(p.space.kind, value), nil
	},
	"space.title": worded(func(_ *call, p *content) string { return p.space.name }),
}

// cqlField finds a field by its name.
func (c *call) cqlField(name string) (cqlTest, bool) {
	if c.dc() {
		if test, ok := cqlFieldsDC[name]; ok {
			return test, true
		}
	}
	test, ok := cqlFields[name]
	return test, ok
}
