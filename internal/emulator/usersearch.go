package emulator

import (
	"html"
	"slices"
	"strings"
)

// userFields are the fields of accounts, which only the search for users knows (register row CQ-03).
var userFields = map[string]func(u *user, op, value string) bool{
	"type":           func(_ *user, _, value string) bool { return strings.EqualFold(value, "user") },
	"user":           func(u *user, _, value string) bool { return u.id == value },
	"user.accountid": func(u *user, _, value string) bool { return u.id == value },
	"user.fullname": func(u *user, op, value string) bool {
		if !strings.HasSuffix(op, "~") {
			return strings.EqualFold(u.name, value)
		}
		names := strings.Fields(strings.ToLower(u.name)) // word by word, in order, by how they begin (cloud-api.md section 9)
		for word := range strings.FieldsSeq(strings.ToLower(value)) {
			word = strings.TrimSuffix(word, "*")
			at := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, word) })
			if at < 0 {
				return false
			}
			names = names[at+1:]
		}
		return true
	},
}

func (u *user) fits(q *clause) bool {
	switch {
	case q == nil:
		return true
	case q.op == "and":
		return !slices.ContainsFunc(q.kids, func(kid *clause) bool { return !u.fits(kid) })
	case q.op == "or":
		return slices.ContainsFunc(q.kids, u.fits)
	case q.op == "not":
		return !u.fits(q.kids[0])
	}
	negated := q.op == "!=" || q.op == "!~" || q.op == "not in"
	return negated != slices.ContainsFunc(q.values, func(v string) bool { return userFields[q.field](u, q.op, v) })
}

// searchUsers finds active accounts, by the words that their names begin with: at most 100 rows whatever the limit, no
// way on, and a total that is the number of these rows (register row PG-05).
func searchUsers(c *call) (answer, error) {
	q, err := c.cqlQuery(searchContext{}, func(field string) bool { return userFields[field] != nil })
	if err != nil {
		return answer{}, err
	}
	start, limit, err := c.offsetTo(25, 1<<30)
	if err != nil {
		return answer{}, err
	}
	var hits []*user
	for _, u := range c.people.users {
		if u.active && u.fits(q.where) {
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
