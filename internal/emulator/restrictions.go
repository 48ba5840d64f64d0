package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// restrictionRequest is one operation of a restriction write.
type restrictionRequest struct {
	Operation    string `json:"operation"`
	Restrictions struct {
		User  json.RawMessage `json:"user"`
		Group json.RawMessage `json:"group"`
	} `json:"restrictions"`
}

func prepareRestrictions(c *call) (any, error) {
	var raw json.RawMessage
	if err := c.decode(&raw); err != nil {
		return nil, err
	}
	rows, err := rowsOf[restrictionRequest](raw)
	return rows, err
}

// rowsOf reads an array, or an object that holds it as results.
func rowsOf[T any](raw json.RawMessage) ([]T, error) {
	var rows []T
	if len(raw) == 0 || json.Unmarshal(raw, &rows) == nil {
		return rows, nil
	}
	var wrapped struct {
		Results []T `json:"results"`
	}
	if err := json.Unmarshal(raw, &wrapped); err != nil {
		return nil, invalid("Invalid list: " + err.Error())
	}
	return wrapped.Results, nil
}

// restrictable returns the content of a restriction call. A draft that was never published is not found there, unless
// the instance says otherwise (open-facts OF-22).
func (c *call) restrictable() (*content, error) {
	p, err := c.any(c.params[0])
	if err != nil {
		return nil, err
	}
	if p.kind == comment || p.kind == attachment || p.status == draft && c.set.draftRestrict == "refused" {
		return nil, failf(http.StatusNotFound, "NOT_FOUND", "No content found with id: ContentId{id=%s}", c.params[0])
	}
	return p, nil
}

// principals reads the users and groups of one operation.
func (c *call) principals(q restrictionRequest) ([]string, error) {
	users, err := rowsOf[struct {
		AccountID string `json:"accountId"`
	}](q.Restrictions.User)
	if err != nil {
		return nil, err
	}
	groups, err := rowsOf[struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}](q.Restrictions.Group)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, u := range users {
		if c.people.byID[u.AccountID] == nil {
			return nil, invalid("No user found with account id: " + u.AccountID)
		}
		out = append(out, "user:"+u.AccountID)
	}
	for _, g := range groups {
		found := c.people.groupByID(g.ID)
		if found == nil && g.ID == "" {
			found = c.people.group(g.Name)
		}
		if found == nil {
			return nil, invalid("No group found with id: " + g.ID + g.Name)
		}
		out = append(out, "group:"+found.name)
	}
	return out, nil
}

// writeRestrictions is PUT, which replaces the operations named, and POST, which adds to them.
func writeRestrictions(add bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, err := c.restrictable()
		if err != nil {
			return answer{}, err
		}
		if err := c.mayRestrict(p); err != nil {
			return answer{}, err
		}
		next := map[string][]string{}
		for _, q := range c.prepared.([]restrictionRequest) {
			if q.Operation != "read" && q.Operation != "update" {
				return answer{}, invalid("Restrictions are for read and update, not for " + q.Operation)
			}
			who, err := c.principals(q)
			if err != nil {
				return answer{}, err
			}
			if add {
				who = append(who, *c.restriction(p, q.Operation)...)
			}
			next[q.Operation] = who
		}
		if !add { // what a replacement does not name is open afterwards
			for _, operation := range []string{"read", "update"} {
				next[operation] = append([]string{}, next[operation]...)
			}
		}
		for operation, who := range next {
			slices.Sort(who)
			*c.restriction(p, operation) = slices.Compact(who)
		}
		c.touch(p)
		return c.restrictions(p)
	}
}

func (c *call) mayRestrict(p *content) error {
	if c.set.free {
		return fail(http.StatusForbidden, "FORBIDDEN", "com.atlassian.confluence.api.service.exceptions.PermissionException: Restrictions are not part of the Free plan")
	}
	if !p.edits(c.user) {
		return c.forbidden(nouns[p.kind], p.idText())
	}
	return nil
}

func (c *call) restriction(p *content, operation string) *[]string {
	if operation == "read" {
		return &p.extra().read
	}
	return &p.extra().update
}

func getRestrictions(c *call) (answer, error) {
	p, err := c.restrictable()
	if err != nil {
		return answer{}, err
	}
	return c.restrictions(p)
}

func clearRestrictions(c *call) (answer, error) {
	p, err := c.restrictable()
	if err == nil {
		err = c.mayRestrict(p)
	}
	if err != nil {
		return answer{}, err
	}
	p.extra().read, p.extra().update = nil, nil
	c.touch(p)
	return c.restrictions(p)
}

// restrictions answers both operations, whatever is restricted.
func (c *call) restrictions(p *content) (answer, error) {
	e := c.expand()
	read, update := p.restricted()
	rows := []object{}
	for _, r := range []struct {
		operation string
		who       []string
	}{{"read", read}, {"update", update}} {
		users := e["restrictions.user"] || e[r.operation+".restrictions.user"]
		groups := e["restrictions.group"] || e[r.operation+".restrictions.group"]
		rows = append(rows, c.restrictionV1(p, r.operation, r.who, users, groups))
	}
	return ok(object{
		"results": rows, "start": 0, "limit": 100, "size": len(rows), "restrictionsHash": c.uuid(append(append([]string{"restrictions"}, read...), update...)...),
		"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/content/" + p.idText() + "/restriction"},
	})
}

// restrictionV1 is one operation of a content's restrictions; lists that were not asked for are only named.
func (c *call) restrictionV1(p *content, operation string, who []string, users, groups bool) object {
	us, gs := []object{}, []object{}
	for _, w := range who {
		if id, ok := strings.CutPrefix(w, "user:"); ok {
			us = append(us, c.userV1(c.people.byID[id]))
		} else if g := c.people.group(strings.TrimPrefix(w, "group:")); g != nil {
			gs = append(gs, c.groupV1(g))
		}
	}
	list := func(rows []object) object {
		return object{"results": rows[:min(len(rows), 200)], "start": 0, "limit": 200, "size": min(len(rows), 200)}
	}
	inner, expandable := object{}, object{}
	if users {
		inner["user"] = list(us)
	} else {
		expandable["user"] = ""
	}
	if groups {
		inner["group"] = list(gs)
	} else {
		expandable["group"] = ""
	}
	inner["_expandable"] = expandable
	return object{
		"operation": operation, "restrictions": inner,
		"_expandable": object{"content": "/rest/api/content/" + p.idText()},
		"_links":      object{"self": c.base() + "/rest/api/content/" + p.idText() + "/restriction/byOperation/" + operation},
	}
}

func getByOperation(c *call) (answer, error) {
	p, err := c.restrictable()
	if err != nil {
		return answer{}, err
	}
	e := c.expand()
	read, update := p.restricted()
	users, groups := e["restrictions.user"], e["restrictions.group"]
	for _, o := range []string{"read", "update"} {
		users = users || e[o+".restrictions.user"]
		groups = groups || e[o+".restrictions.group"]
	}
	return ok(object{
		"read":   c.restrictionV1(p, "read", read, users, groups),
		"update": c.restrictionV1(p, "update", update, users, groups),
		"_links": object{"base": c.base(), "context": "/wiki", "self": c.base() + "/rest/api/content/" + p.idText() + "/restriction/byOperation"},
	})
}

func getOneOperation(c *call) (answer, error) {
	p, who, err := c.operation()
	if err != nil {
		return answer{}, err
	}
	e := c.expand()
	o := c.restrictionV1(p, c.params[1], *who, e["restrictions.user"], e["restrictions.group"])
	links := o["_links"].(object)
	links["base"], links["context"] = c.base(), "/wiki"
	return ok(o)
}

// operation returns the content and the list of principals that a byOperation call is about. The list is a copy where
// the content has no restrictions and the call only reads.
func (c *call) operation() (*content, *[]string, error) {
	p, err := c.restrictable()
	if err != nil {
		return nil, nil, err
	}
	if c.params[1] != "read" && c.params[1] != "update" {
		return nil, nil, invalid("Unknown operation: " + c.params[1])
	}
	if p.more == nil && !c.route.writes() {
		return p, &[]string{}, nil
	}
	return p, c.restriction(p, c.params[1]), nil
}

// oneOfRestriction probes, adds or removes one user or group of an operation: a probe answers 200 or 404.
func oneOfRestriction(byGroup bool) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		p, list, err := c.operation()
		if err != nil {
			return answer{}, err
		}
		kind, id := "user", c.query.Get("accountId")
		if byGroup {
			kind, id = "group", c.params[2]
		}
		who, err := c.subject(kind, id)
		if err != nil {
			return answer{}, err
		}
		there := slices.Contains(*list, who)
		if c.r.Method != http.MethodGet {
			if err := c.mayRestrict(p); err != nil {
				return answer{}, err
			}
			defer c.touch(p)
		}
		switch {
		case c.r.Method == http.MethodPut && !there:
			*list = append(slices.Clone(*list), who)
			slices.Sort(*list)
		case c.r.Method == http.MethodDelete && there:
			*list = slices.DeleteFunc(slices.Clone(*list), func(w string) bool { return w == who })
		case c.r.Method != http.MethodPut && !there:
			return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "Not in the list: "+id)
		}
		return answer{status: http.StatusOK}, nil
	}
}
