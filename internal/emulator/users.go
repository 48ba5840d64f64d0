package emulator

import (
	"net/http"
	"net/url"
	"strconv"
)

// accountType is app for service accounts (cloud-api.md section 9).
func (u *user) accountType() string {
	if u.service {
		return "app"
	}
	return "atlassian"
}

// userV1 is an account as REST v1 shows it.
func (c *call) userV1(u *user) object {
	state := "active"
	if !u.active {
		state = "inactive"
	}
	return object{
		"type": "known", "accountId": u.id, "accountType": u.accountType(), "email": u.email, "publicName": u.name,
		"displayName": u.name, "timeZone": u.zone.String(), "isExternalCollaborator": false, "isGuest": false, "locale": "en_US",
		"accountStatus":  state,
		"profilePicture": object{"path": "/wiki/aa-avatar/" + u.id, "width": 48, "height": 48, "isDefault": false},
		"_expandable":    object{"operations": "", "personalSpace": ""},
		"_links":         object{"self": c.base() + "/rest/api/user?accountId=" + url.QueryEscape(u.id)},
	}
}

// whole adds the links of an answer that is one object.
func (c *call) whole(o object) object {
	links := o["_links"].(object)
	links["base"], links["context"] = c.base(), "/wiki"
	return o
}

// userExpanded is an account with what was asked for besides.
func (c *call) userExpanded(u *user) object {
	o, e := c.userV1(u), c.expand()
	expandable := o["_expandable"].(object)
	if e["operations"] {
		o["operations"] = []object{{"operation": "use", "targetType": "application"}}
		delete(expandable, "operations")
	}
	if e["personalSpace"] {
		if s := c.personalSpace(u); s != nil {
			o["personalSpace"] = c.spaceV1(s, false)
			delete(expandable, "personalSpace")
		}
	}
	return c.whole(o)
}

// personalSpace returns the space of an account, if the caller sees it; its key must be looked up (register row SP-11).
func (c *call) personalSpace(u *user) *space {
	for _, s := range c.world.spaces {
		if s.kind == "personal" && s.creator == u && s.sees(c.user) {
			return s
		}
	}
	return nil
}

func currentUser(c *call) (answer, error) { return ok(c.userExpanded(c.user)) }

func getUser(c *call) (answer, error) {
	id := c.query.Get("accountId")
	u := c.people.byID[id]
	if u == nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No user found with account id: "+id)
	}
	return ok(c.userExpanded(u))
}

// bulkUsers looks at the first hundred ids only, and leaves unknown accounts out (register row US-02).
func bulkUsers(c *call) (answer, error) {
	ids := c.list("accountId")
	rows := []object{}
	for _, id := range ids[:min(len(ids), 100)] {
		if u := c.people.byID[id]; u != nil {
			rows = append(rows, c.userV1(u))
		}
	}
	return c.rowsV1(rows, 0, 100, false)
}

type usersRequest struct {
	IDs []string `json:"accountIds"`
}

func prepareUsers(c *call) (any, error) {
	var q usersRequest
	return &q, c.decode(&q)
}

func usersBulkV2(c *call) (answer, error) {
	q := c.prepared.(*usersRequest)
	if len(q.IDs) > 250 {
		return answer{}, invalid("At most 250 account ids in one call")
	}
	var rows []object
	for _, id := range q.IDs {
		u := c.people.byID[id]
		if u == nil {
			continue
		}
		o := c.userV1(u)
		row := object{
			"accountId": u.id, "accountType": o["accountType"], "accountStatus": o["accountStatus"], "email": u.email,
			"publicName": u.name, "displayName": u.name, "timeZone": u.zone.String(), "isExternalCollaborator": false,
			"profilePicture": object{"path": "/wiki/aa-avatar/" + u.id, "isDefault": false},
		}
		if s := c.personalSpace(u); s != nil {
			row["personalSpaceId"] = text(s.id)
		}
		rows = append(rows, row)
	}
	return c.listing(rows, "")
}

// offset reads start and limit of a v1 listing.
func (c *call) offset(def int) (start, limit int, err error) { return c.offsetTo(def, max(def, 200)) }

// offsetTo reads start and limit where at most so many rows are given, whatever is asked for.
func (c *call) offsetTo(def, most int) (start, limit int, err error) {
	limit = def
	for name, to := range map[string]*int{"start": &start, "limit": &limit} {
		if v := c.query.Get(name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 {
				return 0, 0, invalid("Invalid " + name + ": " + v)
			}
			*to = min(n, map[string]int{"start": 1 << 30, "limit": most}[name])
		}
	}
	return start, limit, nil
}

// rowsV1 answers a v1 listing; the way to the next page is relative to the context path.
func (c *call) rowsV1(rows []object, start, limit int, more bool) (answer, error) {
	return ok(c.arrayV1(rows, start, limit, more))
}

func (c *call) arrayV1(rows []object, start, limit int, more bool) object {
	links := object{"base": c.base(), "context": "/wiki", "self": c.base() + trimContext(c.r.URL.RequestURI())}
	if more {
		query := url.Values{}
		for k, v := range c.query {
			query[k] = v
		}
		query.Set("start", strconv.Itoa(start+limit))
		query.Set("limit", strconv.Itoa(limit))
		links["next"] = trimContext(c.r.URL.Path) + "?" + query.Encode()
	}
	return object{"results": rows, "start": start, "limit": limit, "size": len(rows), "_links": links}
}

// page of a slice by start and limit.
func slicePage[T any](rows []T, start, limit int) ([]T, bool) {
	start = min(start, len(rows))
	end := min(start+limit, len(rows))
	return rows[start:end], end < len(rows)
}

// anonymousUser is how callers without an account are shown.
func anonymousUser(c *call) (answer, error) {
	o := object{
		"type": "anonymous", "displayName": "Anonymous",
		"profilePicture": object{"path": "/wiki/aa-avatar/anonymous", "width": 48, "height": 48, "isDefault": true},
		"_expandable":    object{"operations": ""}, "_links": object{"self": c.base() + "/rest/api/user/anonymous"},
	}
	if c.expand()["operations"] {
		o["operations"] = []object{}
		delete(o["_expandable"].(object), "operations")
	}
	return ok(c.whole(o))
}

// errNoEmails is what a site says where addresses are not given away (register row ER-09).
var errNoEmails = fail(http.StatusNotImplemented, "NOT_IMPLEMENTED", "This API is not currently enabled")

func userEmail(c *call) (answer, error) {
	u := c.people.byID[c.query.Get("accountId")]
	switch {
	case !c.set.emails:
		return answer{}, errNoEmails
	case u == nil:
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "No user found with account id: "+c.query.Get("accountId"))
	}
	return ok(object{"accountId": u.id, "email": u.email})
}

// userEmails leaves unknown accounts out.
func userEmails(c *call) (answer, error) {
	if !c.set.emails {
		return answer{}, errNoEmails
	}
	rows := []object{}
	for _, id := range c.list("accountId") {
		if u := c.people.byID[id]; u != nil {
			rows = append(rows, object{"accountId": u.id, "email": u.email})
		}
	}
	return ok(rows)
}
