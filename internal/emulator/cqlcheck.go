package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// The operators that fields of Cloud take ("CQL fields").
var (
	cqlEquality = []string{"=", "!=", "in", "not in"}
	cqlWords    = []string{"~", "!~"}
	cqlDates    = []string{"=", "!=", "<", "<=", ">", ">="}
)

// cqlOperators are the fields of Cloud that take other operators than equality.
var cqlOperators = map[string][]string{
	"title": append(slices.Clone(cqlEquality), cqlWords...), "text": cqlWords, "sitesearch": cqlWords, "space.title": append(slices.Clone(cqlEquality), cqlWords...),
	"created": cqlDates, "lastmodified": cqlDates,
}

// searchContext is the parameter cqlcontext. The key of a space in it is no filter (open-facts OF-26).
type searchContext struct {
	SpaceKey string   `json:"spaceKey"`
	Content  string   `json:"contentId"`
	Statuses []string `json:"contentStatuses"`
}

func (c *call) searchContext() (searchContext, error) {
	var context searchContext
	if raw := c.query.Get("cqlcontext"); raw != "" && !c.set.noContext {
		if err := json.Unmarshal([]byte(raw), &context); err != nil {
			return context, invalid("Could not parse cqlcontext : " + err.Error())
		}
	}
	return context, nil
}

// archived reports which states a search looks at: the current one, or those that its context names.
func (s searchContext) states() map[status]bool {
	if len(s.Statuses) == 0 {
		return map[status]bool{current: true}
	}
	return map[status]bool{
		current: slices.Contains(s.Statuses, "current"), archived: slices.Contains(s.Statuses, "archived"),
	}
}

// cqlQuery reads a query, refuses what it cannot mean whether there is any content or not, and puts values in the place
// of functions.
func (c *call) cqlQuery(context searchContext, known func(field string) bool) (query, error) {
	q, err := parseCQL(c.query.Get("cql"))
	if err != nil {
		return q, badCQL(err.Error())
	}
	dropMiddle(q.where)
	return q, c.checkCQL(q.where, context, known)
}

func badCQL(why string) error { return invalid("Could not parse cql : " + why) }

// dropMiddle drops siteSearch in the middle of three clauses, as Cloud does without a word (register row CQ-03).
func dropMiddle(q *clause) {
	if q == nil {
		return
	}
	if q.op == "and" && len(q.kids) == 3 && q.kids[1].field == "sitesearch" {
		q.kids = []*clause{q.kids[0], q.kids[2]}
	}
	for _, kid := range q.kids {
		dropMiddle(kid)
	}
}

func (c *call) checkCQL(q *clause, context searchContext, known func(string) bool) error {
	if q == nil {
		return nil
	}
	for _, kid := range q.kids {
		if err := c.checkCQL(kid, context, known); err != nil {
			return err
		}
	}
	if q.field == "" {
		return nil
	}
	valid := cqlOperators[q.field]
	if valid == nil {
		valid = cqlEquality
	}
	if strings.HasPrefix(q.field, "user.") {
		valid = append(slices.Clone(cqlEquality), cqlWords...)
	}
	switch {
	case !known(q.field):
		return badCQL("no field " + q.field)
	case !slices.Contains(valid, q.op):
		return badCQL("the field " + q.field + " does not take " + q.op)
	}
	values := []string{}
	for _, v := range q.values {
		more, err := c.cqlValue(q, v, context)
		if err != nil {
			return err
		}
		values = append(values, more...)
	}
	q.values = values
	return nil
}

// cqlValue checks one value. A function gives its values, but that of a date, which is evaluated when it is compared.
func (c *call) cqlValue(q *clause, v string, context searchContext) ([]string, error) {
	if slices.Contains(cqlWords, q.op) && strings.TrimSpace(v) == "" { // register row ER-08
		return nil, fail(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "java.lang.NullPointerException")
	}
	name, _, isCall := strings.Cut(strings.TrimPrefix(v, "\x00"), "(")
	isCall = isCall && strings.HasPrefix(v, "\x00")
	if q.field == "created" || q.field == "lastmodified" {
		if isCall && name != "now" {
			_, argument, _ := strings.Cut(v, "(")
			date, err := c.callCQL(name, argument)
			if err != nil {
				return nil, badCQL(err.Error())
			}
			v = date
		}
		if _, err := cqlTime(v, c.zoneCQL(), c.now); err != nil {
			return nil, badCQL(err.Error())
		}
		return []string{v}, nil
	}
	if !isCall {
		return []string{v}, nil
	}
	switch name {
	case "currentuser":
		return []string{c.user.id}, nil
	case "currentspace":
		if context.SpaceKey != "" {
			return []string{context.SpaceKey}, nil
		}
	case "currentcontent":
		if context.Content != "" {
			return []string{context.Content}, nil
		}
	case "favouritespaces", "favoritespaces":
		out := []string{}
		for _, r := range c.world.annex.relations {
			if r.name == favourite && r.source == (end{"user", c.user.id}) && r.target.kind == "space" {
				out = append(out, r.target.key)
			}
		}
		return out, nil
	}
	return nil, badCQL("no function " + name + "() here")
}
